package billing

import (
	"cmp"
	"context"
	"math/big"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/tenant"
	"linecard/internal/usage"
)

// The states of a statement (WS-58), and its kinds.
const (
	Draft  = "draft"
	Issued = "issued"
	Paid   = "paid"
	Void   = "void"

	KindInvoice    = "invoice"
	KindCreditNote = "credit_note"
)

// Invoice is the monthly statement of a partner, or a credit note that takes one back.
type Invoice struct {
	ID             string          `db:"id"`
	Number         string          `db:"number"` // "" of a draft
	Kind           string          `db:"kind"`
	PartnerID      string          `db:"partner_id"`
	Scope          string          `db:"scope"`
	SubscriptionID string          `db:"subscription_id"`
	Currency       string          `db:"currency"`
	Start          string          `db:"start_date"` // first day
	End            string          `db:"end_date"`   // last day
	State          string          `db:"state"`
	Corrects       string          `db:"corrects"` // of a credit note: the invoice
	Lines          db.JSON[[]Line] `db:"lines"`
	Total          int64           `db:"total"` // minor units: the sum of the printed lines
	Created        db.Time         `db:"created"`
	Updated        db.Time         `db:"updated"`
	Issued         db.Time         `db:"issued"`
	Version        int64           `db:"version"`
}

// Line is what a package or an add-on comes to at one price.
type Line struct {
	SubPartnerID   string     `json:"sub_partner_id,omitempty"` // whose customers used it; "" the partner's own (WS-79)
	SubPartnerName string     `json:"sub_partner_name,omitempty"`
	Item           string     `json:"item"`
	SKU            string     `json:"sku"`
	Name           string     `json:"name"`
	Rule           usage.Rule `json:"rule"`
	From           string     `json:"from"` // days for which the price was valid
	To             string     `json:"to"`
	Quantity       string     `json:"quantity"` // unit-days of prorated items, units of others
	N              string     `json:"n"`        // unit-seconds or units, exact
	Days           int64      `json:"days"`     // of the whole period
	Price          int64      `json:"price"`    // ten-thousandths per unit and month
	Priced         bool       `json:"priced"`   // false: the price list has none
	Amount         int64      `json:"amount"`   // minor units
}

const invoiceColumns = `SELECT id, number, kind, partner_id, scope, subscription_id, currency, start_date, end_date, state, corrects, lines, total, created, updated, issued, version FROM billing_invoices`

var (
	errInvoiceExists = errs.New(errs.Conflict, "invoice_exists", "The statement of this month was issued already. Void it first.")
	errInvoiceState  = errs.New(errs.Conflict, "invoice_state", "The statement cannot go from its present state to this one.")
	errMonth         = errs.BadField("month", "bad_month", "Give the month as YYYY-MM; its billing period must have ended.")
	errNoPrice       = errs.New(errs.Conflict, "price_missing", "The price list has no price for something that was used. Add it and draft the statement again.")
)

// monthly is the billing period that begins in a month, YYYY-MM.
func monthly(month string, billingDay int64, now db.Time) (window, error) {
	t, err := time.Parse("2006-01", month)
	if err != nil || t.Format("2006-01") != month || t.Year() < 2000 || t.Year() > 2199 {
		return window{}, errMonth
	}
	from := time.Date(t.Year(), t.Month(), int(billingDay), 0, 0, 0, 0, time.UTC)
	w := window{from.Unix(), from.AddDate(0, 1, 0).Unix(), int(billingDay)}
	if w.until > midnight(now) {
		return w, errMonth
	}
	return w, nil
}

type statementArgs struct {
	PartnerID   string       `json:"partner_id"`
	Month       string       `json:"month"`
	OperationID string       `json:"operation_id"`
	Actor       access.Actor `json:"actor"`
}

// OrderInvoice orders the draft of a month's statement; the operation's result names it. A draft that is there is made anew (WS-58).
func (s *Service) OrderInvoice(ctx context.Context, actor access.Actor, partnerID, month string) (operation.Operation, error) {
	var op operation.Operation
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.partner(ctx, tx, actor, access.InvoiceEdit, partnerID)
		if err != nil {
			return err
		}
		sub, err := s.catalog.SubscriptionOf(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if _, err := monthly(month, sub.BillingDay, tx.Now()); err != nil {
			return err
		}
		if op, err = s.operations.Start(ctx, tx, actor, "billing.statement", t.Scope, t.ID); err != nil {
			return err
		}
		return queue.Insert(ctx, tx, statementKind, statementArgs{t.ID, month, op.ID, actor}, queue.Opts{Scope: t.Scope, Lane: t.ID})
	})
	return op, err
}

// partner decides about statements: of a partner only; a sub-partner has none (WS-79).
func (s *Service) partner(ctx context.Context, q db.Q, actor access.Actor, act access.Action, id string) (tenant.Tenant, error) {
	t, target, err := s.tenants.Target(ctx, q, actor, id)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err == nil && t.Kind != access.Partner {
		err = errs.Missing("object")
	}
	return t, err
}

func (s *Service) runStatement(ctx context.Context, j queue.Job[statementArgs]) error {
	i, err := s.DraftInvoice(ctx, j.Args.Actor, j.Args.PartnerID, j.Args.Month)
	switch {
	case errs.CodeOf(orOK(err)) == "usage_not_settled":
		return queue.Snooze(5*time.Minute + time.Second)
	case err != nil && (j.Attempt == j.MaxAttempts || errs.KindOf(err) == errs.Conflict || errs.KindOf(err) == errs.Invalid):
		return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.operations.Fail(ctx, tx, j.Args.OperationID, err) })
	case err != nil:
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.operations.Succeed(ctx, tx, j.Args.OperationID, map[string]string{"invoice_id": i.ID})
	})
}

var ok = errs.New(errs.Internal, "internal", "Something went wrong on our side.")

// orOK makes nil an error that is none of those that are looked for.
func orOK(err error) error {
	if err == nil {
		return ok
	}
	return err
}

// DraftInvoice computes the statement of a month and keeps it as a draft; the actor's right was decided when it was ordered. The conflict
// invoice_exists when it was issued already.
func (s *Service) DraftInvoice(ctx context.Context, actor access.Actor, partnerID, month string) (Invoice, error) {
	sub, err := s.catalog.SubscriptionOf(ctx, s.db, partnerID)
	if err != nil {
		return Invoice{}, err
	}
	w, err := monthly(month, sub.BillingDay, s.db.Now())
	if err == nil {
		err = usage.Settle(ctx, s.db, w.until)
	}
	if err != nil {
		return Invoice{}, err
	}
	lines, err := s.lines(ctx, sub, w)
	if err != nil {
		return Invoice{}, err
	}
	out := Invoice{ID: db.NewID(), Kind: KindInvoice, PartnerID: partnerID, Scope: sub.Scope, SubscriptionID: sub.ID, Currency: sub.Currency, Start: day(w.from), End: day(w.until - 1),
		State: Draft, Lines: db.AsJSON(lines), Version: 1}
	for _, l := range lines {
		out.Total += l.Amount
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "tenant_tenants", partnerID); err != nil {
			return err
		}
		var have Invoice
		err := tx.Get(ctx, &have, invoiceColumns+` WHERE subscription_id = $1 AND start_date = $2 AND kind = 'invoice' AND state <> 'void'`, sub.ID, out.Start)
		switch {
		case err != nil && errs.KindOf(err) != errs.NotFound:
			return err
		case err == nil && have.State != Draft:
			return errInvoiceExists.With("id", have.ID)
		case err == nil:
			out.ID, out.Version = have.ID, have.Version+1
			if _, err := tx.Exec(ctx, `DELETE FROM billing_invoices WHERE id = $1`, have.ID); err != nil {
				return err
			}
		}
		out.Created, out.Updated = tx.Now(), tx.Now()
		if err := insertInvoice(ctx, tx, out); err != nil {
			return err
		}
		return s.news(ctx, tx, actor, out, "drafted")
	})
	return out, err
}

func insertInvoice(ctx context.Context, tx *db.Tx, i Invoice) error {
	_, err := tx.Exec(ctx, `INSERT INTO billing_invoices (id, number, kind, partner_id, scope, subscription_id, currency, start_date, end_date, state, corrects, lines, total, created, updated, issued, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`, i.ID, i.Number, i.Kind, i.PartnerID, i.Scope, i.SubscriptionID, i.Currency, i.Start, i.End,
		i.State, i.Corrects, i.Lines, i.Total, i.Created, i.Updated, i.Issued, i.Version)
	return err
}

func (s *Service) news(ctx context.Context, tx *db.Tx, actor access.Actor, i Invoice, how string) error {
	t, err := s.tenants.Load(ctx, tx, i.PartnerID)
	if err != nil {
		return err
	}
	verb := map[string]string{"drafted": "draft", "issued": "issue", "paid": "pay", "voided": "void"}[how]
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "invoice." + how, Action: "invoice/" + verb, Tenant: t.Access(), Quiet: how == "drafted",
		Target: journal.Target{Kind: "invoice", ID: i.ID, Name: i.Number}, Data: map[string]any{"billing_start_date": i.Start, "billing_end_date": i.End, "currency": i.Currency, "total_minor": i.Total}})
}

// lineKey is what lines agree in before they are rounded.
type lineKey struct {
	sub, item, sku string
	rule           usage.Rule
	price          int64
	priced         bool
}

// lines rates the usage of a subscription. Usage before a new price is rated with the old one (WS-2): prorated items are counted between
// the days on which prices change, others have the price of the period's last day.
func (s *Service) lines(ctx context.Context, sub catalog.Subscription, w window) ([]Line, error) {
	prices, err := s.catalog.PricesOf(ctx, s.db, sub.ID)
	if err != nil {
		return nil, err
	}
	n, err := s.names(ctx, s.db, sub.PartnerID)
	if err != nil {
		return nil, err
	}
	type part struct {
		n        big.Int
		from, to int64
	}
	parts := map[lineKey]*part{}
	gather := func(of window, take func(usage.Rule) bool) error {
		r := Report{PartnerID: sub.PartnerID, WithSubs: true, Type: TypePartner, Category: Reconciliation}
		return s.count(ctx, s.db, r, of, func(x row) error {
			if x.Subscription != sub.ID || !take(x.Rule) {
				return nil
			}
			price, priced := priceOn(prices, x.Item, day(of.until-1))
			k := lineKey{x.SubPartner, x.Item, x.SKU, x.Rule, price, priced}
			p := parts[k]
			if p == nil {
				p = &part{from: of.from, to: of.until}
				parts[k] = p
			}
			p.n.Add(&p.n, x.N)
			p.from, p.to = min(p.from, of.from), max(p.to, of.until)
			return nil
		})
	}
	cuts := changes(prices, w)
	if len(cuts) == 2 {
		err = gather(w, func(usage.Rule) bool { return true })
	} else {
		err = gather(w, func(r usage.Rule) bool { return r != usage.Prorated })
		for i := 1; i < len(cuts) && err == nil; i++ {
			err = gather(window{cuts[i-1], cuts[i], w.billingDay}, func(r usage.Rule) bool { return r == usage.Prorated })
		}
	}
	if err != nil {
		return nil, err
	}
	out := []Line{}
	days := (w.until - w.from) / daySeconds
	for k, p := range parts {
		l := Line{SubPartnerID: k.sub, SubPartnerName: n.subs[k.sub], Item: k.item, SKU: k.sku, Name: n.items[k.item].Name, Rule: k.rule, From: day(p.from), To: day(p.to - 1),
			Quantity: row{what: what{Rule: k.rule}, N: &p.n}.Quantity(), N: p.n.String(), Days: days, Price: k.price, Priced: k.priced}
		of := int64(1)
		if k.rule == usage.Prorated {
			of = days * daySeconds
		}
		l.Amount = amount(k.price, &p.n, of, sub.Currency)
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.SubPartnerID, b.SubPartnerID), cmp.Compare(a.Item, b.Item), cmp.Compare(a.From, b.From), cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Price, b.Price))
	})
	return out, nil
}

// priceOn gives the price that is valid on a day; false when the list has none.
func priceOn(prices []catalog.Price, item, on string) (price int64, found bool) {
	for _, p := range prices { // by item and day
		if p.Item == item && p.ValidFrom <= on {
			price, found = p.Price, true
		}
	}
	return price, found
}

// changes are the instants inside the window at which some price changes, with both ends.
func changes(prices []catalog.Price, w window) []int64 {
	out := []int64{w.from, w.until}
	for _, p := range prices {
		if t, valid := date(p.ValidFrom); valid && t.Unix() > w.from && t.Unix() < w.until {
			out = append(out, t.Unix())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// draftDue drafts the statements of billing periods that ended and have none yet, partner by partner.
func (s *Service) draftDue(ctx context.Context) error {
	var due []struct {
		PartnerID  string `db:"partner_id"`
		ID         string `db:"id"`
		BillingDay int64  `db:"billing_day"`
		Start      string `db:"start_date"`
	}
	if err := s.db.Select(ctx, &due, `SELECT partner_id, id, billing_day, start_date FROM catalog_subscriptions WHERE state IN ('active', 'suspended') ORDER BY id`); err != nil {
		return err
	}
	now := s.db.Now()
	for _, d := range due {
		last := time.Date(now.Year(), now.Month(), int(d.BillingDay), 0, 0, 0, 0, time.UTC)
		if last.After(now.Time) {
			last = last.AddDate(0, -1, 0)
		}
		from := last.AddDate(0, -1, 0).Format(time.DateOnly)
		if last.Format(time.DateOnly) <= d.Start {
			continue
		}
		var n int64
		if err := s.db.Get(ctx, &n, `SELECT COUNT(*) FROM billing_invoices WHERE subscription_id = $1 AND start_date = $2`, d.ID, from); err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		if _, err := s.DraftInvoice(ctx, access.SystemActor("billing"), d.PartnerID, from[:7]); err != nil && errs.KindOf(err) != errs.Conflict {
			return err
		}
	}
	return nil
}
