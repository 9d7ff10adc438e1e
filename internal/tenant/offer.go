package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// What room onboard does to a customer on the way into the wholesale offer and out of it. It has decided about rights, so these ask
// nobody; each is a change with its journal row and event.

// The states of the compliance check beside ScreeningClear (spec 4.5, customer_compliance).
const (
	ScreeningPending   = "pending"
	ScreeningEscalated = "escalated"
	ScreeningApproved  = "approved"
	ScreeningDenied    = "denied"
)

var errLegacy = errs.New(errs.Conflict, "offer_conflict", "This organisation belongs to the older offer. Move it with the migration tool first.")

// OfferConflict refuses a customer of the older offer (WS-40); nil for everybody else.
func OfferConflict(t Tenant) error {
	if t.Legacy {
		return errLegacy
	}
	return nil
}

// SetScreening notes where the compliance check of a customer stands (WS-44 … WS-46). The same state again changes nothing.
func (s *Service) SetScreening(ctx context.Context, actor access.Actor, id, state string) (Tenant, error) {
	return s.settle(ctx, actor, id, func(_ context.Context, _ *db.Tx, t *Tenant) (string, map[string]any, error) {
		if t.Screening == state {
			return "", nil, nil
		}
		t.Screening = state
		return "screening_changed", map[string]any{"screening": state}, nil
	})
}

// BeginOffer makes a customer one of the wholesale offer: its owner and the partner above manage it from now on (WS-81, WS-115). What
// it is already changes nothing.
func (s *Service) BeginOffer(ctx context.Context, actor access.Actor, id string) (Tenant, error) {
	return s.settle(ctx, actor, id, func(ctx context.Context, tx *db.Tx, t *Tenant) (string, map[string]any, error) {
		if err := OfferConflict(*t); err != nil {
			return "", nil, err
		}
		managers := []string{t.ParentID}
		if t.ParentKind == access.SubPartner {
			parent, err := load(ctx, tx, t.ParentID)
			if err != nil {
				return "", nil, err
			}
			managers = append(managers, parent.ParentID)
		}
		for _, m := range managers {
			n, err := tx.Exec(ctx, `UPDATE tenant_relations SET read_only = FALSE WHERE manager_id = $1 AND managed_id = $2 AND scope = 'wholesale_manage' AND state = 'granted'`, m, t.ID)
			if err != nil {
				return "", nil, err
			}
			if n > 0 {
				continue
			}
			if err := insertRelation(ctx, tx, Relation{ID: db.NewID(), ManagerID: m, ManagedID: t.ID, Scope: access.WholesaleManage, State: Granted, Since: tx.Now()}); err != nil {
				return "", nil, err
			}
		}
		if t.Wholesale {
			return "", nil, nil
		}
		t.Wholesale = true
		return "offer_begun", nil, nil
	})
}

// EndOffer takes a customer out of the wholesale offer: the relations that came with it end, the organisation stays (WS-81, WS-141).
func (s *Service) EndOffer(ctx context.Context, actor access.Actor, id string) (Tenant, error) {
	return s.settle(ctx, actor, id, func(ctx context.Context, tx *db.Tx, t *Tenant) (string, map[string]any, error) {
		if _, err := tx.Exec(ctx, `UPDATE tenant_relations SET state = 'ended', ended = $1 WHERE managed_id = $2 AND scope = 'wholesale_manage' AND state = 'granted'`,
			tx.Now(), t.ID); err != nil {
			return "", nil, err
		}
		if !t.Wholesale {
			return "", nil, nil
		}
		t.Wholesale, t.Restricted = false, false
		return "offer_ended", nil, nil
	})
}

// settle is change for a step that the house itself makes: nobody's rights are asked.
func (s *Service) settle(ctx context.Context, actor access.Actor, id string, apply func(context.Context, *db.Tx, *Tenant) (string, map[string]any, error)) (Tenant, error) {
	var out Tenant
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "tenant_tenants", id); err != nil {
			return err
		}
		before, err := load(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case before.Kind != access.Customer:
			return errWrongKind
		case before.State == Archived:
			return errArchived
		}
		after := before
		what, data, err := apply(ctx, tx, &after)
		if out = after; err != nil || what == "" {
			return err
		}
		after.Version++
		after.Updated = tx.Now()
		if err := update(ctx, tx, after); err != nil {
			return taken(err)
		}
		out = after
		return s.record(ctx, tx, actor, Change{What: What(what), Before: before, After: after}, data)
	})
	return out, err
}

// Clashes tells which fields of a customer that is to be made below parent are taken already, in the order in which a person would
// correct them. The unique indexes decide; this is for whoever wants to know before.
func (s *Service) Clashes(ctx context.Context, q db.Q, parent Tenant, d Details) ([]*errs.Error, error) {
	partner := parent.ID
	if parent.Kind == access.SubPartner {
		partner = parent.ParentID
	}
	var out []*errs.Error
	for _, x := range []struct {
		fault *errs.Error
		sql   string
		args  []any
	}{
		{errExternalTaken, `partner_id = $1 AND external_id_fold = $2 AND external_id_fold <> '' AND kind = 'customer'`, []any{partner, db.Fold(d.ExternalID)}},
		{errEmailTaken, `realm = 'customer' AND email_fold = $1 AND email_fold <> ''`, []any{db.Fold(d.Email)}},
		{errNameTaken, `parent_id = $1 AND kind = 'customer' AND name_fold = $2`, []any{parent.ID, db.Fold(d.Name)}},
	} {
		if x.args[len(x.args)-1] == "" {
			continue
		}
		var n int64
		if err := q.Get(ctx, &n, `SELECT COUNT(*) FROM tenant_tenants WHERE state = 'active' AND `+x.sql, x.args...); err != nil {
			return nil, err
		}
		if n > 0 {
			out = append(out, x.fault)
		}
	}
	return out, nil
}

var (
	errExternalTaken = ofField(errs.New(errs.Conflict, "external_id_taken", "This external id is in use already."), "external_id")
	errEmailTaken    = ofField(errs.New(errs.Conflict, "email_taken", "This e-mail address is in use already."), "email")
	errNameTaken     = ofField(errs.New(errs.Conflict, "name_taken", "There is one with this name already."), "name")
)

func ofField(e *errs.Error, name string) *errs.Error {
	e.Fields = []errs.Field{{Name: name, Code: e.Code, Message: e.Message}}
	return e
}

// Manages says whether a relation is in force by which one tenant manages the devices or the service of another (CH-31, WS-115).
func (s *Service) Manages(ctx context.Context, q db.Q, managerID, managedID string) (bool, error) {
	var n int64
	err := q.Get(ctx, &n, `SELECT COUNT(*) FROM tenant_relations WHERE manager_id = $1 AND managed_id = $2 AND state = 'granted' AND NOT read_only
		AND scope IN ('device_manage', 'wholesale_manage') AND (until IS NULL OR until > $3)`, managerID, managedID, q.Now())
	return n > 0, err
}
