package device

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

var errMoveHere = errs.BadField("customer_id", "same_customer", "The phone belongs to this customer already.")

// Move gives a phone to another customer. It is deleted in one and added to the other in one transaction, so that nothing of the first
// goes along but what the phone is and is called: lines, accounts, attributes of files, profiles, groups and uploads with all their
// secrets are gone. The actor needs the right to edit devices of both, and both logs show it.
func (s *Service) Move(ctx context.Context, actor access.Actor, customerID, id, to string, ifVersion int64) (Replaced, error) {
	var out Replaced
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// First whether the actor may look at all, so that nothing is told about the destination otherwise.
		if _, err := s.allowed(ctx, tx, actor, access.DeviceEdit, customerID); err != nil {
			return err
		}
		if to == customerID {
			return errMoveHere
		}
		ids := []string{customerID, to}
		slices.Sort(ids) // two moves in opposite directions take turns
		for _, c := range ids {
			if err := tx.LockRow(ctx, "tenant_tenants", c); err != nil {
				if errs.KindOf(err) == errs.NotFound {
					err = errs.Missing("object")
				}
				return err
			}
		}
		from, old, err := s.locked(ctx, tx, actor, customerID, id, ifVersion)
		if err != nil {
			return err
		}
		target, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, to)
		if err != nil {
			return err
		}
		// Of the entry the actor may know: it is the customer's from which the phone goes.
		if err := s.unclaimed(ctx, tx, target.ID, old.MAC); err != nil {
			if here := s.unclaimed(ctx, tx, from.ID, old.MAC); err == errElsewhere && here == nil {
				err = errEntryFirst
			}
			return err
		}
		if err := s.Delete(ctx, actor, from.ID, old.ID, old.Version); err != nil {
			return err
		}
		n := New{Maker: old.Maker, Model: old.Model, Name: old.Name, Description: old.Description, Serial: old.Serial, Family: old.Family}
		if !old.MAC.IsZero() {
			n.MAC = old.MAC.String()
		}
		if out.Device, err = s.Create(ctx, actor, target.ID, n); err != nil {
			return err
		}
		out.Carried = []string{"description", "maker", "model", "name"}
		out.Dropped = []string{"account", "attributes", "groups", "keys", "lines", "logs", "phone_files", "profiles", "requests", "site_pin"}
		return s.moved(ctx, tx, actor, from, target, old, out.Device)
	})
	return out, err
}

// moved tells both customers, each about its own device only.
func (s *Service) moved(ctx context.Context, tx *db.Tx, actor access.Actor, from, to tenant.Tenant, old, d Device) error {
	if err := s.journal.Append(ctx, tx, actor, news(from, old, "moved_away", "move", nil)); err != nil {
		return err
	}
	return s.journal.Append(ctx, tx, actor, news(to, d, "moved_here", "move", nil))
}
