package onboard

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

// changing locks a customer for a change and decides.
func (s *Service) changing(ctx context.Context, tx *db.Tx, actor access.Actor, act access.Action, id, onBehalfOf string, ifVersion int64) (tenant.Tenant, Customer, error) {
	if err := tx.LockToRead(ctx, "tenant_tenants", id); err != nil {
		return tenant.Tenant{}, Customer{}, err
	}
	t, c, err := s.seen(ctx, tx, actor, act, id, onBehalfOf)
	if err != nil {
		return t, c, err
	}
	if err := tx.LockRow(ctx, "onboard_customers", id); err != nil {
		return t, c, err
	}
	if c, err = s.filled(ctx, tx, id); err != nil {
		return t, c, err
	}
	if ifVersion != 0 && ifVersion != c.Version {
		return t, c, errStale
	}
	return t, c, tenant.OfferConflict(t)
}

// Update changes the wholesale service of a customer in the background (WS-138). A package that is left out and is still assigned is
// the conflict package_in_use at once; a customer that is being worked on is customer_busy, or customer_pending during its check.
func (s *Service) Update(ctx context.Context, actor access.Actor, id string, ch Change) (Customer, error) {
	var out Customer
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, c, err := s.changing(ctx, tx, actor, access.CustomerEdit, id, ch.OnBehalfOf, ch.IfVersion)
		switch {
		case err != nil:
			return err
		case c.Status == StatusReview:
			return errPending
		case c.Compliance == tenant.ScreeningDenied:
			return errDenied
		case c.Status.busy():
			return errBusy
		}
		have, err := s.catalog.CustomerPackages(ctx, tx, id)
		if err != nil {
			return err
		}
		p, err := s.planChange(ctx, tx, actor, t, c, ch, have)
		if err != nil {
			return err
		}
		if err := p.err(); err != nil {
			return err
		}
		steps, err := s.changeNow(ctx, tx, &c, t, p, ch, have)
		if err != nil {
			return err
		}
		c.Kind = runUpdate
		if err := s.begin(ctx, tx, actor, &c, steps); err != nil {
			return err
		}
		out, err = s.filled(ctx, tx, id)
		return err
	})
	return neutral(out), err
}

// planChange works a change out by the rules of a creation.
func (s *Service) planChange(ctx context.Context, q db.Q, actor access.Actor, t tenant.Tenant, c Customer, ch Change, have []catalog.PackageLimit) (*plan, error) {
	owner, err := s.tenants.Load(ctx, q, t.ParentID)
	if err != nil {
		return nil, err
	}
	p := &plan{owner: owner, address: c.Address.V}
	p.template.ID, p.template.CarrierID = c.Settings.V.TemplateID, c.Settings.V.CarrierID
	p.want.Locales = c.Want.V.Locales
	var f errs.Checker
	if ch.Address != nil {
		p.address = CheckAddress(&f, "address", *ch.Address)
	}
	p.details = tenant.Details{ExternalID: t.ExternalID}
	if ch.ExternalID != nil {
		p.details.ExternalID = f.Text("external_id", *ch.ExternalID, 1, longestExternalID)
	}
	p.refuse("", f.Err())
	r := Request{Limits: map[string]int64{}, Location: ch.Location, Numbers: ch.Numbers, SubPartnerAdmin: ch.SubPartnerAdmin}
	for _, h := range have {
		r.Packages = append(r.Packages, h.Code)
	}
	if ch.Packages != nil {
		r.Packages = *ch.Packages
	}
	for _, h := range have { // a limit that nobody names stays
		if h.Max != nil && slices.Contains(r.Packages, h.Code) {
			r.Limits[h.Code] = *h.Max
		}
	}
	for code, n := range ch.Limits {
		if i, err := s.catalog.Code(ctx, q, code); err == nil {
			code = i.Code
		}
		r.Limits[code] = n
	}
	if ch.MeetingsZone != nil {
		r.MeetingsZone = *ch.MeetingsZone
	}
	items, err := s.chosen(ctx, q, p, r.Packages, r.Limits)
	if err != nil {
		return nil, err
	}
	if err := s.planGain(ctx, q, p, items, have, ch.Location); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context, db.Q, access.Actor, *plan, Request) error{s.planPlaces, s.planSubPartner} {
		if err := step(ctx, q, actor, p, r); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// planGain checks what is new: it must be sold, and calling needs a carrier and a location.
func (s *Service) planGain(ctx context.Context, q db.Q, p *plan, items []catalog.Item, have []catalog.PackageLimit, location *Headquarters) error {
	called := false
	for _, h := range have {
		i, err := s.catalog.Code(ctx, q, h.Code)
		if err != nil {
			return err
		}
		called = called || i.HasCalling()
		if h.Used > 0 && !slices.ContainsFunc(p.want.Packages, func(w catalog.PackageLimit) bool { return w.Code == h.Code }) {
			p.refuse("packages", errInUse.With("package", h.Code))
		}
	}
	for _, i := range items {
		if slices.ContainsFunc(have, func(h catalog.PackageLimit) bool { return h.Code == i.Code }) {
			continue
		}
		if _, err := s.catalog.MaySell(ctx, q, p.owner.ID, []string{i.Code}); err != nil {
			if !permanent(err) {
				return err
			}
			p.refuse("packages", err)
		}
		if i.Kind == catalog.Base && i.Code != catalog.MeetingsPackage && p.template.CarrierID == "" {
			p.refuse("", errPSTN)
		}
		if i.HasCalling() && !called && location == nil {
			p.refuse("", errLocationNeed)
			called = true
		}
	}
	return nil
}

var (
	errInUse = errs.New(errs.Conflict, "package_in_use", "This package is still assigned. Take it away from everybody first.")
	errStill = errs.New(errs.Conflict, "still_assigned", "Users or workspaces still have packages. Take them away first, or remove them with the service.")
)

// changeNow writes what changes at once and gives the steps for the rest.
func (s *Service) changeNow(ctx context.Context, tx *db.Tx, c *Customer, t tenant.Tenant, p *plan, ch Change, have []catalog.PackageLimit) ([]stepOf, error) {
	var steps []stepOf
	address := written(p.address)
	patch := tenant.Patch{}
	if p.details.ExternalID != t.ExternalID {
		patch.ExternalID = &p.details.ExternalID
	}
	if p.address != c.Address.V {
		patch.Address, patch.Country = &address, &p.address.Country
		steps = append(steps, stepOf{stepScreening, ""})
	}
	if patch != (tenant.Patch{}) {
		if _, err := s.tenants.Edit(ctx, house, t.ID, patch); err != nil {
			return nil, err
		}
		c.ExternalID = p.details.ExternalID
	}
	c.Address.V = p.address
	p.want.NoInvite = true
	c.Want.V = p.want
	for _, h := range have {
		if !slices.ContainsFunc(p.want.Packages, func(w catalog.PackageLimit) bool { return w.Code == h.Code }) {
			steps = append(steps, stepOf{stepRemove, h.Code})
			if err := setPackage(ctx, tx, c.ID, h.Code, PackageDeleting, nil); err != nil {
				return nil, err
			}
		}
	}
	// What failed before and is not wanted any more is forgotten.
	keep := []string{""}
	for _, w := range p.want.Packages {
		keep = append(keep, w.Code)
	}
	for _, h := range have {
		keep = append(keep, h.Code)
	}
	for _, was := range c.Packages {
		if !slices.Contains(keep, was.Code) {
			if _, err := tx.Exec(ctx, `DELETE FROM onboard_packages WHERE customer_id = $1 AND item_id = $2`, c.ID, was.Code); err != nil {
				return nil, err
			}
		}
	}
	steps = append(steps, s.serviceSteps(p.want, have)...)
	for _, st := range steps {
		if st.name != stepPackage {
			continue
		}
		if err := setPackage(ctx, tx, c.ID, st.subject, PackageProvisioning, nil); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// Remove ends the wholesale service of a customer in the background; the organisation stays (WS-141). While somebody still has a
// package it is the conflict still_assigned, unless they are to go with it. A suspended sub-partner may remove (WS-89).
func (s *Service) Remove(ctx context.Context, actor access.Actor, id string, r Removal) (Customer, error) {
	var out Customer
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, c, err := s.changing(ctx, tx, actor, access.CustomerOffboard, id, r.OnBehalfOf, r.IfVersion)
		switch {
		case err != nil:
			return err
		case c.Status == StatusDeleting:
			return errBusy
		}
		if s.places != nil && !r.Cascade {
			n, err := s.places.InUse(ctx, tx, id)
			if err != nil {
				return err
			}
			if n > 0 {
				return errStill.With("count", itoa(n))
			}
		}
		have, err := s.catalog.CustomerPackages(ctx, tx, id)
		if err != nil {
			return err
		}
		var steps []stepOf
		if r.Cascade {
			steps = append(steps, stepOf{stepRelease, ""})
		}
		if _, err := tx.Exec(ctx, `DELETE FROM onboard_packages WHERE customer_id = $1`, id); err != nil {
			return err
		}
		for _, h := range have {
			steps = append(steps, stepOf{stepRemove, h.Code})
			if err := setPackage(ctx, tx, id, h.Code, PackageDeleting, nil); err != nil {
				return err
			}
		}
		steps = append(steps, stepOf{stepSite, ""}, stepOf{stepEnd, ""})
		c.Kind, c.Want = runDelete, db.AsJSON(Want{Packages: []catalog.PackageLimit{}, Cascade: r.Cascade, Locales: c.Want.V.Locales})
		if err := s.begin(ctx, tx, actor, &c, steps); err != nil {
			return err
		}
		out, err = s.filled(ctx, tx, id)
		return err
	})
	return neutral(out), err
}

var errNothing = errs.New(errs.Conflict, "nothing_to_retry", "Nothing of the last run has failed.")

// Retry does again what failed in the last run of a customer, and what was left out because of it (WS-39). A denied customer stays so.
func (s *Service) Retry(ctx context.Context, actor access.Actor, id string, ifVersion int64) (Customer, error) {
	var out Customer
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, c, err := s.changing(ctx, tx, actor, access.CustomerEdit, id, "", ifVersion)
		switch {
		case err != nil:
			return err
		case c.Compliance == tenant.ScreeningDenied:
			return errDenied
		case c.Consent == "denied":
			return errConsent
		case c.Status.busy():
			return errBusy
		}
		all, err := s.steps(ctx, tx, id, c.Run)
		if err != nil {
			return err
		}
		failed := slices.IndexFunc(all, func(st Step) bool { return st.State == StepFailed })
		if failed < 0 {
			return errNothing
		}
		stopped := slices.Contains([]string{stepConsent, stepScreening, stepRelations, stepRelease}, all[failed].Name)
		var steps []stepOf
		for _, st := range all[failed:] {
			// Numbers need the location of their own run.
			if st.State == StepFailed || stopped && st.State == StepSkipped || st.Name == stepSite {
				steps = append(steps, stepOf{st.Name, st.Subject})
			}
			if st.State == StepFailed && st.Name == stepPackage {
				if err := setPackage(ctx, tx, id, st.Subject, PackageProvisioning, nil); err != nil {
					return err
				}
			}
		}
		if err := s.begin(ctx, tx, actor, &c, steps); err != nil {
			return err
		}
		out, err = s.filled(ctx, tx, id)
		return err
	})
	return neutral(out), err
}
