package billing

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Invoice gives a statement. A partner does not see drafts, a sub-partner nothing at all (WS-58, WS-73): both NotFound.
func (s *Service) Invoice(ctx context.Context, actor access.Actor, id string) (Invoice, error) {
	return s.invoice(ctx, s.db, actor, access.InvoiceView, id)
}

func (s *Service) invoice(ctx context.Context, q db.Q, actor access.Actor, act access.Action, id string) (Invoice, error) {
	var i Invoice
	if err := q.Get(ctx, &i, invoiceColumns+` WHERE id = $1`, id); err != nil {
		return i, err
	}
	if _, err := s.partner(ctx, q, actor, act, i.PartnerID); err != nil {
		return Invoice{}, err
	}
	if i.State == Draft && !seesDrafts(actor) {
		return Invoice{}, errs.Missing("object")
	}
	return i, nil
}

func seesDrafts(actor access.Actor) bool {
	return actor.Kind == access.System || actor.Tenant.Kind == access.Operator
}

// InvoiceQuery says which statements a list shall hold; days and state must be exactly these.
type InvoiceQuery struct {
	PartnerID    string // "": where the actor works; the operator sees all
	Start, State string
	Page         db.Page
}

// InvoiceListing is one page of a list.
type InvoiceListing struct {
	Items []Invoice
	Next  string // cursor of the next page, "" when this is the last
}

// Invoices lists statements, the newest period first.
func (s *Service) Invoices(ctx context.Context, actor access.Actor, want InvoiceQuery) (InvoiceListing, error) {
	a := s.db.Args()
	where := ` WHERE 1 = 1`
	if want.PartnerID == "" && actor.Place().Kind == access.Operator {
		if err := access.Decide(actor, access.InvoiceView, access.Target{Tenant: actor.Place()}); err != nil {
			return InvoiceListing{}, err
		}
	} else {
		id := want.PartnerID
		if id == "" {
			id = actor.Place().ID
		}
		t, target, err := s.tenants.Target(ctx, s.db, actor, id)
		if err == nil {
			err = access.Decide(actor, access.InvoiceView, target)
		}
		if err != nil {
			return InvoiceListing{}, err
		}
		where += ` AND partner_id = ` + a.Add(t.ID) // a sub-partner has none
	}
	if !seesDrafts(actor) {
		where += ` AND state <> 'draft'`
	}
	var c errs.Checker
	if want.State != "" {
		where += ` AND state = ` + a.Add(c.OneOf("state", want.State, Draft, Issued, Paid, Void))
	}
	if want.Start != "" {
		where += ` AND start_date = ` + a.Add(want.Start)
	}
	k, err := want.Page.Keyset(a, "id", db.Sort{Name: "start_date", Column: "start_date", Desc: true})
	if err == nil {
		err = c.Err()
	}
	if err != nil {
		return InvoiceListing{}, err
	}
	var l InvoiceListing
	if err := s.db.Select(ctx, &l.Items, invoiceColumns+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return l, err
	}
	l.Items, l.Next = db.Cut(k, l.Items, func(i Invoice) (any, string) { return i.Start, i.ID })
	return l, nil
}

// step locks a statement, decides and changes it.
func (s *Service) step(ctx context.Context, actor access.Actor, id string, ifVersion int64, how string, apply func(ctx context.Context, tx *db.Tx, i *Invoice) error) (Invoice, error) {
	var out Invoice
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "billing_invoices", id); err != nil {
			return err
		}
		var err error
		if out, err = s.invoice(ctx, tx, actor, access.InvoiceEdit, id); err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != out.Version {
			return errStale
		}
		if err := apply(ctx, tx, &out); err != nil {
			return err
		}
		out.Version++
		out.Updated = tx.Now()
		if _, err := tx.Exec(ctx, `UPDATE billing_invoices SET number = $2, state = $3, issued = $4, updated = $5, version = $6 WHERE id = $1`,
			out.ID, out.Number, out.State, out.Issued, out.Updated, out.Version); err != nil {
			return err
		}
		return s.news(ctx, tx, actor, out, how)
	})
	return out, err
}

// IssueInvoice gives a draft its number; from then on it does not change. The conflict price_missing while a line has no price.
func (s *Service) IssueInvoice(ctx context.Context, actor access.Actor, id string, ifVersion int64) (Invoice, error) {
	return s.step(ctx, actor, id, ifVersion, "issued", func(ctx context.Context, tx *db.Tx, i *Invoice) error {
		if i.State != Draft {
			return errInvoiceState
		}
		for _, l := range i.Lines.V {
			if !l.Priced {
				return errNoPrice.With("package", l.Item)
			}
		}
		i.State, i.Issued = Issued, tx.Now()
		var err error
		i.Number, err = number(ctx, tx, i.Start[:4])
		return err
	})
}

// PayInvoice notes that an issued statement was paid; payment itself happens elsewhere.
func (s *Service) PayInvoice(ctx context.Context, actor access.Actor, id string, ifVersion int64) (Invoice, error) {
	return s.step(ctx, actor, id, ifVersion, "paid", func(_ context.Context, _ *db.Tx, i *Invoice) error {
		if i.State != Issued || i.Kind != KindInvoice {
			return errInvoiceState
		}
		i.State = Paid
		return nil
	})
}

// VoidInvoice takes an issued or paid statement back by a credit note over the same amounts, or drops a draft. The month can be drafted
// again afterwards.
func (s *Service) VoidInvoice(ctx context.Context, actor access.Actor, id string, ifVersion int64) (Invoice, error) {
	return s.step(ctx, actor, id, ifVersion, "voided", func(ctx context.Context, tx *db.Tx, i *Invoice) error {
		if i.State == Void || i.Kind != KindInvoice {
			return errInvoiceState
		}
		was := i.State
		i.State = Void
		if was == Draft {
			return nil
		}
		credit := *i
		credit.ID, credit.Kind, credit.Corrects, credit.State, credit.Version = db.NewID(), KindCreditNote, i.ID, Issued, 1
		credit.Created, credit.Updated, credit.Issued, credit.Total = tx.Now(), tx.Now(), tx.Now(), -i.Total
		lines := make([]Line, len(i.Lines.V))
		for n, l := range i.Lines.V {
			l.Amount, l.Quantity, l.N = -l.Amount, negative(l.Quantity), negative(l.N)
			lines[n] = l
		}
		credit.Lines = db.AsJSON(lines)
		var err error
		if credit.Number, err = number(ctx, tx, tx.Now().Format("2006")); err != nil {
			return err
		}
		return insertInvoice(ctx, tx, credit)
	})
}

func negative(s string) string {
	if s == "0" {
		return s
	}
	if rest, minus := strings.CutPrefix(s, "-"); minus {
		return rest
	}
	return "-" + s
}

// number takes the next number of a statement: one row counts, so that none is missing and none comes twice.
func number(ctx context.Context, tx *db.Tx, year string) (string, error) {
	if err := tx.LockRow(ctx, "billing_numbers", "invoice"); err != nil {
		return "", err
	}
	var n int64
	if err := tx.Get(ctx, &n, `SELECT next FROM billing_numbers WHERE id = 'invoice'`); err != nil {
		return "", err
	}
	_, err := tx.Exec(ctx, `UPDATE billing_numbers SET next = next + 1 WHERE id = 'invoice'`)
	return fmt.Sprintf("%s-%06d", year, n), err
}

// Exact gives the exact number of unit-seconds or units of a line.
func (l Line) Exact() *big.Int {
	n, valid := new(big.Int).SetString(l.N, 10)
	if !valid {
		return new(big.Int)
	}
	return n
}
