package access

import (
	"slices"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Decide says whether the actor may do the action to the target. nil is yes. What the actor cannot see is NotFound, the
// same as an unknown object; what it sees but may not do is Forbidden with a code that says why.
func Decide(a Actor, act Action, t Target) error {
	if a.Kind == System {
		return nil
	}
	r, ok := rules[act]
	if !ok || a.ID == "" || t.Tenant.Scope == "" {
		return errs.Missing("object")
	}
	if a.MustChangePassword && act != Self {
		return errMustChange
	}
	if !reaches(a, t.Tenant) {
		return errs.Missing("object")
	}
	if !a.holds(act) {
		return errForbidden
	}
	if a.Limits != nil && !slices.Contains(a.Limits, act) {
		return errTokenScope
	}
	if a.Acting != nil {
		if err := a.actingAllows(act); err != nil {
			return err
		}
	}
	if r.own && !ownOrganisation(a, t.Tenant) {
		return errForbidden
	}
	if err := related(a, r, t); err != nil {
		return err
	}
	return restricted(a, act, r, t)
}

// reaches says whether the target lies where the actor may look: within its own tenant or the one it entered, within a
// sub account's chosen customers, and in a sub-partner's tree only for who may do so (WS-76, WS-83, CH-33, CH-88).
func reaches(a Actor, t Tenant) bool {
	if a.Acting != nil {
		// What is entered must be within reach itself and lie behind that door; working inside it only narrows what is.
		outside := a
		outside.Acting = nil
		entered := a.Acting.Tenant
		return doors[a.Acting.Portal].leadsTo == entered.Kind && t.Within(entered) && reaches(outside, entered) && reaches(outside, t)
	}
	if !t.Within(a.Tenant) {
		return false
	}
	if t.Scope == a.Tenant.Scope {
		return true
	}
	if a.Tenant.Kind == Partner && underSubPartner(a.Tenant, t) && !bothPartnerRoles(a) {
		return false
	}
	if a.Narrowed() {
		return slices.ContainsFunc(a.Customers, func(c Tenant) bool { return c.below(a.Tenant) && t.Within(c) })
	}
	return true
}

// underSubPartner says whether t is a sub-partner of partner p or lies below one. Keys of sub-partners carry a mark in
// the scope, so this needs no look-up: see SubPartnerMark.
func underSubPartner(p, t Tenant) bool {
	rest := strings.TrimPrefix(t.Scope, p.Scope)
	return strings.HasPrefix(rest, SubPartnerMark)
}

// SubPartnerMark begins the short key of every sub-partner and of no other tenant.
const SubPartnerMark = "s"

// Narrowed says whether the actor sees chosen customers only (CH-88).
func (a Actor) Narrowed() bool {
	return a.Has(PartnerSubAccount) && !a.AllCustomers && !a.Has(PartnerFullAdmin)
}

// actingAllows refuses what a delegated session never offers, whatever the role.
func (a Actor) actingAllows(act Action) error {
	r := rules[act]
	if r.notActing {
		return errNotCrossLaunch
	}
	if a.Acting.ReadOnly && r.write && act != Self {
		return errReadOnly
	}
	if act == Self || a.Acting.Portal == PartnerPortal {
		return nil
	}
	switch {
	case r.needs == RedirectManage && a.Acting.Portal != RedirectPortal, r.needs == DeviceManage && a.Acting.Portal != DevicePortal:
		return errNotAuthorised
	}
	return nil
}

// ownOrganisation says whether t is where the actor belongs, or the sub-partner whose portal it entered. The operator's
// people look after everybody. Without this a reseller could make itself an administrator of its customer and authorise
// itself (CH-31).
func ownOrganisation(a Actor, t Tenant) bool {
	return a.Tenant.Kind == Operator || t.ID == a.Tenant.ID ||
		a.Acting != nil && a.Acting.Portal == PartnerPortal && t.ID == a.Acting.Tenant.ID
}

// related checks the permission type and the relation that the action needs.
func related(a Actor, r rule, t Target) error {
	if r.permission != "" && t.Tenant.Kind == Customer && !slices.Contains(t.Permissions, r.permission) {
		return errNoPermission
	}
	if r.needs == "" || a.Tenant.Kind == Operator || a.Tenant.ID == t.Tenant.ID {
		return nil
	}
	grant, ok := t.grant(r.needs)
	switch {
	case !ok:
		return errNotAuthorised
	case grant.ReadOnly && r.write:
		return errReadOnly
	}
	return nil
}

// restricted applies the four independent flags.
func restricted(a Actor, act Action, r rule, t Target) error {
	f := t.Flags
	own := a.Tenant.ID == t.Tenant.ID
	switch {
	case f.Frozen && own, t.ActorFrozen:
		return errFrozen
	case f.ProvisioningSuspended && r.provision && (a.Tenant.Kind == SubPartner || a.Tenant.Kind == Partner):
		return errSuspended // by the sub-partner or on its behalf; its customers keep working (WS-89)
	case f.ScreeningPending && r.screening:
		return errScreening
	case f.RestrictedByPartner && r.control != "" && a.Tenant.Kind == Customer:
		return errRestricted.With("control", r.control)
	}
	return nil
}

// Visible gives the filter over scopes for a list of what the actor may see with this action. An actor that may not see
// such things at all gets Forbidden. Rows of sub-partners are left out of a partner's lists unless wide is asked for, which
// only who may see sub-partners gets (WS-87). Where the action needs a relation, people of partners and sub-partners see only
// the customers in authorised, which tenant.Service.Visible knows.
func Visible(a Actor, act Action, wide bool, authorised ...Tenant) (db.Filter, error) {
	if a.Kind == System {
		return db.Everything, nil
	}
	if a.ID == "" || a.Tenant.Scope == "" || !Known(act) {
		return db.Filter{}, errForbidden
	}
	if a.MustChangePassword && act != Self {
		return db.Filter{}, errMustChange
	}
	if !a.holds(act) {
		return db.Filter{}, errForbidden
	}
	if a.Limits != nil && !slices.Contains(a.Limits, act) {
		return db.Filter{}, errTokenScope
	}
	place := a.Place()
	if a.Acting != nil {
		if err := a.actingAllows(act); err != nil {
			return db.Filter{}, err
		}
		if !reaches(a, place) {
			return db.Filter{}, errForbidden
		}
	}
	f := db.Filter{Within: []string{place.Scope}}
	if a.Narrowed() && a.Acting == nil {
		f = db.Filter{Exactly: []string{a.Tenant.Scope}}
		for _, c := range a.Customers {
			if c.below(a.Tenant) {
				f.Within = append(f.Within, c.Scope)
			}
		}
	}
	if a.Tenant.Kind == Partner && a.Acting == nil && !(wide && bothPartnerRoles(a)) {
		f.Except = []string{a.Tenant.Scope + SubPartnerMark}
	}
	if rules[act].needs != "" && (place.Kind == Partner || place.Kind == SubPartner) {
		f = onlyRelated(f, place, authorised)
	}
	return f, nil
}

// onlyRelated cuts a filter down to the place itself and the authorised tenants that it lets through.
func onlyRelated(f db.Filter, place Tenant, authorised []Tenant) db.Filter {
	out := db.Filter{Exactly: []string{place.Scope}, Except: f.Except}
	for _, t := range authorised {
		if t.Kind == Customer && f.Includes(t.Scope) {
			out.Within = append(out.Within, t.Scope)
		}
	}
	return out
}
