package parts

import (
	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// May answers for one organisation what the person can do with it, by asking access as the services will.
type May struct {
	r      *page.Request
	target access.Target
}

// Look gives an organisation that the person may see, with what they may do to it. kinds, when named, are the only ones that
// belong on the page; everything else is NotFound.
func Look(r *page.Request, d *page.Deps, id string, kinds ...access.TenantKind) (tenant.Tenant, May, error) {
	t, err := d.Tenants.Get(r.Context(), r.Actor, id)
	if err != nil {
		return t, May{}, err
	}
	if len(kinds) > 0 && !isOne(t.Kind, kinds) {
		return tenant.Tenant{}, May{}, errs.Missing("object")
	}
	_, target, err := d.Tenants.Target(r.Context(), d.DB, r.Actor, t.ID)
	return t, May{r, target}, err
}

func isOne(k access.TenantKind, kinds []access.TenantKind) bool {
	for _, other := range kinds {
		if k == other {
			return true
		}
	}
	return false
}

// Here gives what the person may do in the tenant where they work.
func Here(r *page.Request, d *page.Deps) (May, error) {
	_, target, err := d.Tenants.Target(r.Context(), d.DB, r.Actor, r.Place.ID)
	return May{r, target}, err
}

// Target is what the decisions are about, for services that take it.
func (m May) Target() access.Target { return m.target }

// Do says whether the action would be allowed.
func (m May) Do(act access.Action) bool { return access.Decide(m.r.Actor, act, m.target) == nil }

// Offer gives the control when the action is allowed, the same control switched off with the reason when only the state of
// the object stands in the way, and nothing when the role lacks the action.
func (m May) Offer(act access.Action, a ui.Action) []ui.Action {
	err := access.Decide(m.r.Actor, act, m.target)
	switch {
	case err == nil:
		return []ui.Action{a}
	case !m.r.Actor.Can(act), errs.KindOf(err) == errs.NotFound, errs.CodeOf(err) == "forbidden":
		return nil
	}
	return []ui.Action{Off(a, ui.ErrText(m.r.Context(), errs.As(err)))}
}

// Door gives the control that enters the organisation, switched off with the reason when the door is closed (CH-29, CH-30).
func (m May) Door(p access.Portal, a ui.Action) []ui.Action {
	_, err := access.Enter(m.r.Actor, p, m.target)
	switch {
	case err == nil && m.r.Actor.Acting == nil:
		return []ui.Action{a}
	case err == nil, errs.KindOf(err) == errs.NotFound, errs.CodeOf(err) == "forbidden", errs.CodeOf(err) == "permission_type_missing":
		return nil
	}
	return []ui.Action{Off(a, ui.ErrText(m.r.Context(), errs.As(err)))}
}

// Opens says whether the door is open.
func (m May) Opens(p access.Portal) error {
	_, err := access.Enter(m.r.Actor, p, m.target)
	return err
}

// Off switches a control off and says why.
func Off(a ui.Action, why string) ui.Action {
	a.Disabled, a.Why, a.URL = true, why, ""
	return a
}

// Actions sets several lists of controls one after the other.
func Actions(lists ...[]ui.Action) []ui.Action {
	var all []ui.Action
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// MayFor gives what the person may do to an organisation that the caller has decided they may see something of.
func MayFor(r *page.Request, d *page.Deps, id string) (May, error) {
	_, target, err := d.Tenants.Target(r.Context(), d.DB, r.Actor, id)
	return May{r, target}, err
}
