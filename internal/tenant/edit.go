package tenant

import (
	"context"
	"strconv"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

var (
	errReserved = errs.New(errs.Forbidden, "reserved_for_provider", "Only your provider can change this. Ask it.")
	errInUse    = errs.New(errs.Conflict, "permission_in_use", "Something still needs this permission type. Confirm that you want to take it away.")
)

// Edit changes fields of a tenant (CH-11, CH-23). All faults are told at once and nothing is written then. A tenant's own
// people may change how it is reached, but not its registered e-mail (CH-12), its permission types or its external id.
func (s *Service) Edit(ctx context.Context, actor access.Actor, id string, p Patch) (Tenant, error) {
	return s.change(ctx, actor, id, p.IfVersion, func(t Tenant) access.Action { return editing(actor, t) },
		func(ctx context.Context, tx *db.Tx, target access.Target, t *Tenant) (string, map[string]any, error) {
			if own(actor, *t) {
				if err := p.ownAllowed(actor, target); err != nil {
					return "", nil, err
				}
			}
			before := *t
			if err := p.apply(t); err != nil {
				return "", nil, err
			}
			if err := s.removable(ctx, tx, before, *t, p.ConfirmRemoval); err != nil {
				return "", nil, err
			}
			fields := changed(before, *t)
			if len(fields) == 0 {
				return "", nil, nil
			}
			return "edited", map[string]any{"fields": fields}, nil
		})
}

func own(actor access.Actor, t Tenant) bool {
	return actor.Kind != access.System && actor.Place().ID == t.ID
}

// editing is the action that changes a tenant: for one's own organisation it is a matter of its settings.
func editing(actor access.Actor, t Tenant) access.Action {
	switch {
	case t.Kind == access.Customer:
		return access.CustomerEdit
	case own(actor, t):
		return access.SettingsEdit
	case t.Kind == access.SubPartner:
		return access.SubPartnerEdit
	}
	return access.PartnerEdit
}

func (p Patch) ownAllowed(actor access.Actor, target access.Target) error {
	if target.Tenant.Kind != access.Operator {
		for field, given := range map[string]bool{"email": p.Email != nil, "permission_types": p.PermissionTypes != nil,
			"external_id": p.ExternalID != nil, "remarks": p.Remarks != nil} {
			if given {
				return errReserved.With("field", field)
			}
		}
	}
	if p.Name != nil {
		return access.Decide(actor, access.CompanyName, target)
	}
	return nil
}

func (p Patch) apply(t *Tenant) error {
	d := Details{Name: t.Name, Email: t.Email, Contact: t.Contact, Phone: t.Phone, Country: t.Country, Address: t.Address,
		Remarks: t.Remarks, ExternalID: t.ExternalID, Locale: t.Locale, TimeZone: t.TimeZone}
	for _, f := range []struct{ to, from *string }{{&d.Name, p.Name}, {&d.Email, p.Email}, {&d.Contact, p.Contact}, {&d.Phone, p.Phone},
		{&d.Country, p.Country}, {&d.Address, p.Address}, {&d.Remarks, p.Remarks}, {&d.ExternalID, p.ExternalID},
		{&d.Locale, p.Locale}, {&d.TimeZone, p.TimeZone}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	var c errs.Checker
	d = d.checked(&c, t.Kind != access.Operator)
	t.Name, t.Email, t.Contact, t.Phone, t.Country, t.Address = d.Name, d.Email, d.Contact, d.Phone, d.Country, d.Address
	t.Remarks, t.ExternalID, t.Locale, t.TimeZone = d.Remarks, d.ExternalID, d.Locale, d.TimeZone
	if p.Host != nil || p.PermissionTypes != nil {
		if t.Kind != access.Customer {
			return errWrongKind
		}
	}
	if p.Host != nil {
		t.Host = checkHost(&c, "host", *p.Host)
	}
	if p.PermissionTypes != nil {
		t.Permissions = checkPermissions(&c, *p.PermissionTypes)
	}
	return c.Err()
}

// removable refuses to take a permission type away that something still needs, unless confirmed (CH-18).
func (s *Service) removable(ctx context.Context, tx *db.Tx, before, after Tenant, confirmed bool) error {
	gone := map[string]bool{}
	for _, p := range before.Permissions {
		gone[p] = !after.Permissions.Has(p)
	}
	if confirmed || !gone[DMP] && !gone[RPS] {
		return nil
	}
	held, err := s.held(ctx, tx, before.ID)
	if err != nil {
		return err
	}
	var needs []Holding
	for _, h := range held {
		if gone[h.Permission] {
			needs = append(needs, h)
		}
	}
	if len(needs) > 0 {
		return withHoldings(errInUse, needs)
	}
	return nil
}

// held asks every room what it still has of the customer.
func (s *Service) held(ctx context.Context, q db.Q, customerID string) ([]Holding, error) {
	var all []Holding
	for _, h := range s.holdings {
		some, err := h(ctx, q, customerID)
		if err != nil {
			return nil, err
		}
		for _, x := range some {
			if x.Count > 0 {
				all = append(all, x)
			}
		}
	}
	return all, nil
}

// withHoldings tells what is in the way, each kind with its count.
func withHoldings(e *errs.Error, held []Holding) error {
	for _, h := range held {
		e = e.With(h.Kind, strconv.FormatInt(h.Count, 10))
		e.Fields = append(e.Fields[:len(e.Fields):len(e.Fields)], errs.Field{Name: h.Kind, Code: "remaining",
			Message: strconv.FormatInt(h.Count, 10) + " remain.", Params: map[string]string{"count": strconv.FormatInt(h.Count, 10)}})
	}
	return e
}

// changed names the fields that differ, for the journal; their values may be personal and stay out of it.
func changed(a, b Tenant) []string {
	var out []string
	note := func(name string, differs bool) {
		if differs {
			out = append(out, name)
		}
	}
	note("name", a.Name != b.Name)
	note("email", a.Email != b.Email)
	note("contact", a.Contact != b.Contact)
	note("phone", a.Phone != b.Phone)
	note("country", a.Country != b.Country)
	note("address", a.Address != b.Address)
	note("remarks", a.Remarks != b.Remarks)
	note("external_id", a.ExternalID != b.ExternalID)
	note("locale", a.Locale != b.Locale)
	note("time_zone", a.TimeZone != b.TimeZone)
	note("host", a.Host != b.Host)
	note("permission_types", a.Permissions.Has(DMP) != b.Permissions.Has(DMP) || a.Permissions.Has(RPS) != b.Permissions.Has(RPS))
	return out
}
