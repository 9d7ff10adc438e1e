package billing

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/usage"
)

// NewCharge is a one-off charge to a customer, for an item of the catalogue whose rule is once (WS-71: the setup service is one).
type NewCharge struct {
	Item  string // code or alias
	Units int64
	Note  string
}

var errNotOnce = errs.New(errs.Conflict, "not_a_one_off", "This item is metered over time and cannot be charged once.")

// Charge puts a one-off charge into the ledger now; it stands in the reports and the statement of the period. The conflict not_a_one_off
// for items that are metered over time.
func (s *Service) Charge(ctx context.Context, actor access.Actor, customerID string, n NewCharge) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, target, err := s.tenants.Locked(ctx, tx, actor, customerID)
		if err == nil {
			err = access.Decide(actor, access.InvoiceEdit, target)
		}
		if err != nil {
			return err
		}
		if t.Kind != access.Customer {
			return errs.Missing("object")
		}
		var c errs.Checker
		c.Range("units", n.Units, 1, 1_000_000)
		n.Note = c.Text("note", n.Note, 0, 200)
		if err := c.Err(); err != nil {
			return err
		}
		item, err := s.catalog.Code(ctx, tx, n.Item)
		if err != nil {
			return err
		}
		if item.Rule != string(usage.Once) {
			return errNotOnce
		}
		sold, err := s.catalog.SoldTo(ctx, tx, t)
		if err != nil {
			return err
		}
		if err := usage.Open(ctx, tx, usage.Span{CustomerID: t.ID, Scope: t.Scope, PartnerID: sold.PartnerID, SubPartnerID: sold.SubPartnerID, SubscriptionID: sold.SubscriptionID,
			Item: item.Code, SKU: item.SKU, Holder: usage.Customer, HolderID: t.ID, Units: n.Units, Rule: usage.Once, Note: n.Note}); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "customer.charged", Action: "customer/charge", Tenant: t.Access(),
			Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: map[string]any{"item": item.Code, "units": n.Units}})
	})
}
