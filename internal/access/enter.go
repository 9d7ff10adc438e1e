package access

import (
	"slices"

	"linecard/internal/errs"
)

// doors says what each portal needs: the action, the kind of tenant behind it, the permission type and the relation.
var doors = map[Portal]struct {
	action     Action
	leadsTo    TenantKind
	permission string
	via        RelationScope
}{
	DevicePortal:   {CustomerEnter, Customer, "DMP", DeviceManage},
	RedirectPortal: {CustomerEnter, Customer, "RPS", RedirectManage},
	PartnerPortal:  {SubPartnerEnter, SubPartner, "", WholesaleManage},
}

// Enter decides whether the actor may go through a portal's door and work inside the target under its own identity. The
// device portal of a customer needs its authorisation (CH-29), the redirect portal only the permission type (CH-30), a
// sub-partner's portal both partner roles (WS-84). The delegation is read-only where the relation is.
func Enter(a Actor, p Portal, t Target) (Delegation, error) {
	door, ok := doors[p]
	if !ok || a.Kind == System {
		return Delegation{}, errs.Missing("object")
	}
	if err := Decide(a, door.action, t); err != nil {
		return Delegation{}, err
	}
	if t.Tenant.Kind != door.leadsTo || t.Tenant.ID == a.Tenant.ID {
		return Delegation{}, errForbidden
	}
	if door.permission != "" && !slices.Contains(t.Permissions, door.permission) {
		return Delegation{}, errNoPermission
	}
	d := Delegation{Tenant: t.Tenant, Portal: p, Via: door.via}
	if a.Tenant.Kind == Operator {
		return d, nil
	}
	grant, ok := t.grant(door.via)
	if !ok {
		return Delegation{}, errNotAuthorised
	}
	d.ReadOnly = grant.ReadOnly
	return d, nil
}

// grant gives the strongest relation of a scope.
func (t Target) grant(s RelationScope) (Grant, bool) {
	var best Grant
	found := false
	for _, g := range t.Grants {
		if g.Scope == s && (!found || !g.ReadOnly) {
			best, found = g, true
		}
	}
	return best, found
}
