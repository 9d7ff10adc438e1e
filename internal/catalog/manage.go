package catalog

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// NewSubscription is the input of Subscribe.
type NewSubscription struct {
	Currency   string   // ISO 4217
	Start      string   // YYYY-MM-DD; "": today
	BillingDay int64    // 1 to 28; 0: 1
	Items      []string // codes or aliases
	Prices     []Price
}

// SubscriptionPatch is a partial change; nil leaves a field as it is. Items and Prices replace all that there were.
type SubscriptionPatch struct {
	BillingDay *int64
	Items      *[]string
	Prices     *[]Price
	IfVersion  int64
}

var (
	errExists = errs.New(errs.Conflict, "subscription_exists", "The partner has a subscription already. Close it first.")
	errState  = errs.New(errs.Conflict, "subscription_state", "The subscription cannot go from its present state to this one.")
	errNotPar = errs.New(errs.Conflict, "wrong_kind", "This is not possible for this kind of organisation.")
	errSold   = errs.New(errs.Conflict, "package_sold", "Customers of this partner have this package. Take it away from them first.")
)

// partner decides about something of a partner's subscription; a sub-partner has none of its own.
func (s *Service) partner(ctx context.Context, q db.Q, actor access.Actor, act access.Action, id string) (tenant.Tenant, error) {
	t, target, err := s.tenants.Target(ctx, q, actor, id)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err == nil && t.Kind != access.Partner && t.Kind != access.SubPartner {
		err = errs.Missing("object")
	}
	return t, err
}

// Subscribe makes the subscription of a partner, in state draft (WS-54). The conflict subscription_exists while it has another one.
func (s *Service) Subscribe(ctx context.Context, actor access.Actor, partnerID string, in NewSubscription) (Subscription, error) {
	var out Subscription
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockToRead(ctx, "tenant_tenants", partnerID); err != nil {
			return err
		}
		t, err := s.partner(ctx, tx, actor, access.SubscriptionEdit, partnerID)
		switch {
		case err != nil:
			return err
		case t.Kind != access.Partner:
			return errNotPar
		}
		var c errs.Checker
		out = Subscription{ID: db.NewID(), PartnerID: t.ID, Scope: t.Scope, State: Draft, Created: tx.Now(), Updated: tx.Now(), Version: 1}
		out.Currency = currency(&c, "currency", in.Currency)
		if out.Start = in.Start; out.Start == "" {
			out.Start = tx.Now().Format(time.DateOnly)
		}
		day(&c, "start", out.Start)
		if out.BillingDay = in.BillingDay; out.BillingDay == 0 {
			out.BillingDay = 1
		}
		c.Range("billing_day", out.BillingDay, 1, 28)
		if err := s.priced(ctx, tx, &c, &out, in.Items, in.Prices); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO catalog_subscriptions (id, partner_id, scope, currency, start_date, billing_day, state, created, updated, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)`, out.ID, out.PartnerID, out.Scope, out.Currency, out.Start, out.BillingDay, string(out.State), out.Created, out.Updated)
		if db.IsUnique(err, "catalog_subscriptions", "partner_id") {
			return errExists
		}
		if err == nil {
			err = s.storeItems(ctx, tx, out)
		}
		if err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, news(t, out, "created", nil))
	})
	return out, err
}

func news(t tenant.Tenant, sub Subscription, what string, fields []string) journal.News {
	verb := map[string]string{"created": "create", "edited": "edit", "activated": "activate", "suspended": "suspend", "closed": "close"}[what]
	n := journal.News{Type: "subscription." + what, Action: "subscription/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "subscription", ID: sub.ID, Name: t.Name}, Data: map[string]any{"partner_id": t.ID}}
	if fields != nil {
		n.Data["fields"] = fields
	}
	return n
}

// priced checks items and prices and puts them into the subscription, by code and day.
func (s *Service) priced(ctx context.Context, q db.Q, c *errs.Checker, sub *Subscription, codes []string, prices []Price) error {
	sub.Items, sub.Prices = []string{}, []Price{}
	for n, code := range codes {
		i, err := s.Code(ctx, q, code)
		if err != nil && errs.CodeOf(err) != "unknown_package" {
			return err
		}
		if err != nil {
			c.Add(errs.Field{Name: "items[" + strconv.Itoa(n) + "]", Code: "unknown_package", Message: "There is no such package or add-on."})
		} else if !slices.Contains(sub.Items, i.Code) {
			sub.Items = append(sub.Items, i.Code)
		}
	}
	slices.Sort(sub.Items)
	var err error
	sub.Prices, err = s.checkPrices(ctx, q, c, prices)
	return err
}

// most is the dearest price: ten million a month.
const most = 10_000_000 * 10_000

func (s *Service) checkPrices(ctx context.Context, q db.Q, c *errs.Checker, prices []Price) ([]Price, error) {
	out := make([]Price, 0, len(prices))
	seen := map[[2]string]bool{}
	for n, p := range prices {
		here := "prices[" + strconv.Itoa(n) + "]"
		i, err := s.Code(ctx, q, p.Item)
		if err != nil && errs.CodeOf(err) != "unknown_package" {
			return nil, err
		}
		if err != nil {
			c.Add(errs.Field{Name: here + ".item", Code: "unknown_package", Message: "There is no such package or add-on."})
			continue
		}
		p.Item = i.Code
		day(c, here+".valid_from", p.ValidFrom)
		c.Range(here+".price", p.Price, 0, most)
		if key := [2]string{p.Item, p.ValidFrom}; seen[key] {
			c.Add(errs.Field{Name: here, Code: "duplicate", Message: "Two prices of one package begin on the same day."})
		} else {
			seen[key] = true
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Price) int {
		if a.Item != b.Item {
			return compare(a.Item, b.Item)
		}
		return compare(a.ValidFrom, b.ValidFrom)
	})
	return out, nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

var threeLetters = regexp.MustCompile(`^[A-Z]{3}$`)

func currency(c *errs.Checker, name, s string) string {
	if !threeLetters.MatchString(s) {
		c.Add(errs.Field{Name: name, Code: "bad_currency", Message: "Give the currency as three capital letters of ISO 4217, for example EUR."})
	}
	return s
}

func day(c *errs.Checker, name, s string) {
	if t, err := time.Parse(time.DateOnly, s); err != nil || t.Format(time.DateOnly) != s || t.Year() < 2000 || t.Year() > 2199 {
		c.Add(errs.Field{Name: name, Code: "bad_date", Message: "Give the day as YYYY-MM-DD."})
	}
}

func (s *Service) storeItems(ctx context.Context, tx *db.Tx, sub Subscription) error {
	for _, table := range []string{"catalog_subscription_items", "catalog_prices"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE subscription_id = $1`, sub.ID); err != nil {
			return err
		}
	}
	for _, i := range sub.Items {
		if _, err := tx.Exec(ctx, `INSERT INTO catalog_subscription_items (subscription_id, item_id) VALUES ($1, $2)`, sub.ID, i); err != nil {
			return err
		}
	}
	for _, p := range sub.Prices {
		if _, err := tx.Exec(ctx, `INSERT INTO catalog_prices (subscription_id, item_id, valid_from, price) VALUES ($1, $2, $3, $4)`, sub.ID, p.Item, p.ValidFrom, p.Price); err != nil {
			return err
		}
	}
	return nil
}

// PricesOf gives the transfer prices of a subscription by item and day. It decides nothing.
func (s *Service) PricesOf(ctx context.Context, q db.Q, subscriptionID string) ([]Price, error) {
	all := []Price{}
	err := q.Select(ctx, &all, `SELECT item_id, valid_from, price FROM catalog_prices WHERE subscription_id = $1 ORDER BY item_id, valid_from`, subscriptionID)
	return all, err
}

// Subscription gives the subscription of a partner with items and prices; NotFound when it has none. Of a sub-partner it is the parent's
// with nothing but its id and state (WS-73).
func (s *Service) Subscription(ctx context.Context, actor access.Actor, partnerID string) (Subscription, error) {
	t, err := s.partner(ctx, s.db, actor, access.SubscriptionView, partnerID)
	if err != nil {
		return Subscription{}, err
	}
	if t.Kind == access.SubPartner {
		sub, err := s.SubscriptionOf(ctx, s.db, t.ParentID)
		return Subscription{ID: sub.ID, PartnerID: t.ID, State: sub.State, Items: []string{}, Prices: []Price{}, Version: 1}, err
	}
	sub, err := s.SubscriptionOf(ctx, s.db, t.ID)
	if err == nil {
		sub.Prices, err = s.PricesOf(ctx, s.db, sub.ID)
	}
	return sub, err
}

// change locks the subscription of a partner, decides, and stores what apply makes of it; apply says what the event is called, "" for nothing to do.
func (s *Service) change(ctx context.Context, actor access.Actor, partnerID string, ifVersion int64, apply func(ctx context.Context, tx *db.Tx, sub *Subscription) (string, []string, error)) (Subscription, error) {
	var out Subscription
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.partner(ctx, tx, actor, access.SubscriptionEdit, partnerID)
		if err != nil {
			return err
		}
		if out, err = s.SubscriptionOf(ctx, tx, t.ID); err != nil {
			return err
		}
		if err := tx.LockRow(ctx, "catalog_subscriptions", out.ID); err != nil {
			return err
		}
		if out, err = s.SubscriptionOf(ctx, tx, t.ID); err != nil {
			return err
		}
		if out.Prices, err = s.PricesOf(ctx, tx, out.ID); err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != out.Version {
			return errStale
		}
		what, fields, err := apply(ctx, tx, &out)
		if err != nil || what == "" {
			return err
		}
		out.Version++
		out.Updated = tx.Now()
		if _, err := tx.Exec(ctx, `UPDATE catalog_subscriptions SET billing_day = $2, state = $3, updated = $4, version = $5 WHERE id = $1`,
			out.ID, out.BillingDay, string(out.State), out.Updated, out.Version); err != nil {
			return err
		}
		if fields != nil {
			if err := s.storeItems(ctx, tx, out); err != nil {
				return err
			}
		}
		return s.journal.Append(ctx, tx, actor, news(t, out, what, fields))
	})
	return out, err
}

// EditSubscription changes items, prices and billing day. What customers have cannot be left out (package_sold). Stale when IfVersion
// is not the present version.
func (s *Service) EditSubscription(ctx context.Context, actor access.Actor, partnerID string, p SubscriptionPatch) (Subscription, error) {
	return s.change(ctx, actor, partnerID, p.IfVersion, func(ctx context.Context, tx *db.Tx, sub *Subscription) (string, []string, error) {
		before := *sub
		items, prices := sub.Items, sub.Prices
		if p.Items != nil {
			items = *p.Items
		}
		if p.Prices != nil {
			prices = *p.Prices
		}
		var c errs.Checker
		if p.BillingDay != nil {
			sub.BillingDay = c.Range("billing_day", *p.BillingDay, 1, 28)
		}
		if err := s.priced(ctx, tx, &c, sub, items, prices); err != nil {
			return "", nil, err
		}
		if err := c.Err(); err != nil {
			return "", nil, err
		}
		for _, i := range before.Items {
			if slices.Contains(sub.Items, i) {
				continue
			}
			if sold, err := s.sold(ctx, tx, sub.Scope, i); err != nil || sold {
				if err == nil {
					err = errSold.With("package", i)
				}
				return "", nil, err
			}
		}
		var fields []string
		for name, differs := range map[string]bool{"billing_day": before.BillingDay != sub.BillingDay, "items": !slices.Equal(before.Items, sub.Items), "prices": !slices.Equal(before.Prices, sub.Prices)} {
			if differs {
				fields = append(fields, name)
			}
		}
		if fields == nil {
			return "", nil, nil
		}
		slices.Sort(fields)
		return "edited", fields, nil
	})
}

// sold says whether a customer below the scope has the item.
func (s *Service) sold(ctx context.Context, q db.Q, scope, item string) (bool, error) {
	a := q.Args()
	var n int64
	stmt := `SELECT COUNT(*) FROM catalog_customer_packages c JOIN tenant_tenants t ON t.id = c.customer_id
		WHERE c.item_id = ` + a.Add(item) + ` AND ` + (db.Filter{Within: []string{scope}}).SQL(a, "t.scope")
	err := q.Get(ctx, &n, stmt, a.List()...)
	return n > 0, err
}

var steps = map[SubscriptionState][]SubscriptionState{
	Draft:     {Sells, Closed},
	Sells:     {Suspended, Closed},
	Suspended: {Sells, Closed},
}

// SetSubscriptionState moves a subscription on: draft → active ↔ suspended → closed (WS-54). Other ways are the conflict
// subscription_state; the state it has already is no fault.
func (s *Service) SetSubscriptionState(ctx context.Context, actor access.Actor, partnerID string, to SubscriptionState, ifVersion int64) (Subscription, error) {
	return s.change(ctx, actor, partnerID, ifVersion, func(_ context.Context, _ *db.Tx, sub *Subscription) (string, []string, error) {
		if sub.State == to {
			return "", nil, nil
		}
		if !slices.Contains(steps[sub.State], to) {
			return "", nil, errState
		}
		sub.State = to
		return map[SubscriptionState]string{Sells: "activated", Suspended: "suspended", Closed: "closed"}[to], nil, nil
	})
}
