package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// The flags frozen, provisioning_suspended and restricted_by_partner are independent and combine freely.

func byKind(customer, sub, partner access.Action) func(Tenant) access.Action {
	return func(t Tenant) access.Action {
		switch t.Kind {
		case access.Customer:
			return customer
		case access.SubPartner:
			return sub
		}
		return partner
	}
}

var freezing = byKind(access.CustomerFreeze, access.SubPartnerSuspend, access.PartnerFreeze)

// Freeze keeps a tenant and its people from signing in (CH-15, CH-24). What lies below it is not touched, and a customer's
// phones are served further unless told otherwise (CH-26). Freezing what is frozen changes reason and option.
func (s *Service) Freeze(ctx context.Context, actor access.Actor, id string, f Freeze) (Tenant, error) {
	return s.change(ctx, actor, id, f.IfVersion, freezing, func(_ context.Context, _ *db.Tx, _ access.Target, t *Tenant) (string, map[string]any, error) {
		var c errs.Checker
		reason := c.Lines("reason", f.Reason, 0, 500)
		if err := c.Err(); err != nil {
			return "", nil, err
		}
		if t.Kind == access.Operator || own(actor, *t) || f.StopsService && t.Kind != access.Customer {
			return "", nil, errWrongKind
		}
		if t.Frozen && t.FreezeReason == reason && t.FreezeStopsService == f.StopsService {
			return "", nil, nil
		}
		t.Frozen, t.FreezeReason, t.FreezeStopsService = true, reason, f.StopsService
		return string(Froze), map[string]any{"reason": reason, "stops_service": f.StopsService}, nil
	})
}

// Unfreeze lets a tenant sign in again with the same passwords (CH-25).
func (s *Service) Unfreeze(ctx context.Context, actor access.Actor, id string) (Tenant, error) {
	return s.change(ctx, actor, id, 0, freezing, func(_ context.Context, _ *db.Tx, _ access.Target, t *Tenant) (string, map[string]any, error) {
		if !t.Frozen {
			return "", nil, nil
		}
		t.Frozen, t.FreezeReason, t.FreezeStopsService = false, "", false
		return string(Unfroze), nil, nil
	})
}

// Suspend keeps a sub-partner from creating and updating customers; deleting stays possible and users keep working (WS-89).
func (s *Service) Suspend(ctx context.Context, actor access.Actor, id string) (Tenant, error) {
	return s.suspend(ctx, actor, id, true, "suspended")
}

// Resume ends a suspension (WS-89).
func (s *Service) Resume(ctx context.Context, actor access.Actor, id string) (Tenant, error) {
	return s.suspend(ctx, actor, id, false, "resumed")
}

func (s *Service) suspend(ctx context.Context, actor access.Actor, id string, on bool, what string) (Tenant, error) {
	return s.change(ctx, actor, id, 0, freezing, func(_ context.Context, _ *db.Tx, _ access.Target, t *Tenant) (string, map[string]any, error) {
		if t.Kind != access.SubPartner {
			return "", nil, errWrongKind
		}
		if t.ProvisioningSuspended == on {
			return "", nil, nil
		}
		t.ProvisioningSuspended = on
		return what, nil, nil
	})
}

// Restrict turns the restricted-by-partner mode of a customer on or off, at once (WS-153, WS-154).
func (s *Service) Restrict(ctx context.Context, actor access.Actor, id string, on bool) (Tenant, error) {
	restrict := byKind(access.CustomerRestrict, access.SubPartnerSuspend, access.PartnerFreeze)
	return s.change(ctx, actor, id, 0, restrict, func(_ context.Context, _ *db.Tx, _ access.Target, t *Tenant) (string, map[string]any, error) {
		if t.Kind != access.Customer {
			return "", nil, errWrongKind
		}
		if t.Restricted == on {
			return "", nil, nil
		}
		t.Restricted = on
		if on {
			return string(Restricted), nil, nil
		}
		return "unrestricted", nil, nil
	})
}
