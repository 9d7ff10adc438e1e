package catalog

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

// SubscriptionState is where a subscription stands.
type SubscriptionState string

// The states of a subscription (WS-54). Only an active one sells; what was assigned goes on in a suspended one.
const (
	Draft     SubscriptionState = "draft"
	Sells     SubscriptionState = "active"
	Suspended SubscriptionState = "suspended"
	Closed    SubscriptionState = "closed"
)

// Subscription is the blank order of a partner: no quantities, but what it may sell at which prices; all usage of its customers and of
// those of its sub-partners is charged to it (WS-54, WS-79).
type Subscription struct {
	ID         string            `db:"id"`
	PartnerID  string            `db:"partner_id"`
	Scope      string            `db:"scope"`
	Currency   string            `db:"currency"`   // ISO 4217
	Start      string            `db:"start_date"` // YYYY-MM-DD
	BillingDay int64             `db:"billing_day"`
	State      SubscriptionState `db:"state"`
	Created    db.Time           `db:"created"`
	Updated    db.Time           `db:"updated"`
	Version    int64             `db:"version"`

	Items  []string `db:"-"` // codes, in order
	Prices []Price  `db:"-"` // by item and day; empty where nobody asked for them
}

// Price is what an item costs per unit and month from a day on, in ten-thousandths of the currency's unit (WS-2).
type Price struct {
	Item      string `db:"item_id"`
	ValidFrom string `db:"valid_from"` // YYYY-MM-DD
	Price     int64  `db:"price"`
}

const subscriptionColumns = `SELECT id, partner_id, scope, currency, start_date, billing_day, state, created, updated, version FROM catalog_subscriptions`

var (
	errNoSubscription = errs.New(errs.Conflict, "no_subscription", "The partner has no active subscription. The operator sets it up.")
	errNotSold        = errs.New(errs.Forbidden, "package_not_in_subscription", "The subscription of the partner does not include this package.")
)

// Billed says who is charged for a customer of this provider: the partner itself, or the parent of a sub-partner, which is given then.
func (s *Service) Billed(ctx context.Context, q db.Q, provider string) (partnerID, subPartnerID string, err error) {
	t, err := s.tenants.Load(ctx, q, provider)
	switch {
	case err != nil:
		return "", "", err
	case t.Kind == access.SubPartner:
		return t.ParentID, t.ID, nil
	case t.Kind == access.Customer:
		return s.Billed(ctx, q, t.ParentID)
	}
	return t.ID, "", nil
}

// MaySell says whether the provider may sell all these codes, and gives the subscription that is charged (WS-12, WS-54, WS-79): of a
// sub-partner, its parent's. The conflict no_subscription when there is no active one; Forbidden package_not_in_subscription names
// the first code that it lacks; the conflict package_retired. Codes may be aliases. It decides nothing about rights.
func (s *Service) MaySell(ctx context.Context, q db.Q, providerID string, codes []string) (Subscription, error) {
	partnerID, _, err := s.Billed(ctx, q, providerID)
	if err != nil {
		return Subscription{}, err
	}
	sub, err := s.SubscriptionOf(ctx, q, partnerID)
	if err != nil && errs.KindOf(err) == errs.NotFound || err == nil && sub.State != Sells {
		return Subscription{}, errNoSubscription
	}
	if err != nil {
		return Subscription{}, err
	}
	for _, c := range codes {
		i, err := s.Code(ctx, q, c)
		switch {
		case err != nil:
			return sub, err
		case !slices.Contains(sub.Items, i.Code):
			return sub, errNotSold.With("package", i.Code)
		case i.State == Retired:
			return sub, errRetired.With("package", i.Code)
		}
	}
	return sub, nil
}

// SubscriptionOf gives the present subscription of a partner with its items, without prices; NotFound when there is none but closed
// ones. It decides nothing.
func (s *Service) SubscriptionOf(ctx context.Context, q db.Q, partnerID string) (Subscription, error) {
	var sub Subscription
	if err := q.Get(ctx, &sub, subscriptionColumns+` WHERE partner_id = $1 AND state <> 'closed'`, partnerID); err != nil {
		return sub, err
	}
	err := q.Select(ctx, &sub.Items, `SELECT item_id FROM catalog_subscription_items WHERE subscription_id = $1 ORDER BY item_id`, sub.ID)
	return sub, err
}

// Sold is Billed and MaySell for one customer: who is charged for it, for a span of the usage ledger.
type Sold struct {
	PartnerID, SubPartnerID, SubscriptionID string
}

// SoldTo gives who is charged for what the customer holds. A suspended subscription is charged too; the conflict no_subscription when
// there is none.
func (s *Service) SoldTo(ctx context.Context, q db.Q, customer tenant.Tenant) (Sold, error) {
	partner, sub, err := s.Billed(ctx, q, customer.ParentID)
	if err != nil {
		return Sold{}, err
	}
	var id string
	err = q.Get(ctx, &id, `SELECT id FROM catalog_subscriptions WHERE partner_id = $1 AND state IN ('active', 'suspended')`, partner)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errNoSubscription
	}
	return Sold{partner, sub, id}, err
}
