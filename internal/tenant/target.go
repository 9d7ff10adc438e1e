package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
)

// Target gives a tenant together with all that a decision about it needs: its flags, those it inherits, its permission types
// and the relations in force towards the actor. Everybody who decides about something of a tenant gets the target here.
// It decides nothing itself, but unknown ids are NotFound with the error that access gives for foreign ones.
func (s *Service) Target(ctx context.Context, q db.Q, actor access.Actor, id string) (Tenant, access.Target, error) {
	t, target, err := s.ungranted(ctx, q, actor, id)
	if err == nil {
		target.Grants, err = grants(ctx, q, actor, t)
	}
	return t, target, err
}

// ungranted is Target without the relations, for actions that need none: one statement instead of two.
func (s *Service) ungranted(ctx context.Context, q db.Q, actor access.Actor, id string) (Tenant, access.Target, error) {
	t, x, err := s.row(ctx, q, actor, id)
	if err != nil {
		return Tenant{}, access.Target{}, err
	}
	return t, access.Target{
		Tenant: t.Access(),
		Flags: access.Flags{
			Frozen:                t.Frozen,
			ProvisioningSuspended: t.ProvisioningSuspended || x.ParentSuspended, // a suspended sub-partner's customers too (WS-89)
			RestrictedByPartner:   t.Restricted,
			ScreeningPending:      t.Screening != ScreeningClear && t.Screening != "approved",
		},
		Permissions: t.Permissions,
		ActorFrozen: x.ActorBarred,
	}, nil
}

// grants lists the relations in force now from the actor's tenant to t, or from the sub-partner in whose portal the actor
// works. Relations of tenants above the actor's are not among them: rights never flow to somebody below who holds them.
func grants(ctx context.Context, q db.Q, actor access.Actor, t Tenant) ([]access.Grant, error) {
	if actor.Kind == access.System || actor.Tenant.Kind == access.Operator || actor.Tenant.ID == t.ID {
		return nil, nil // these need none
	}
	within := t.Access().Within(actor.Tenant) && actor.Tenant.Kind != access.Customer
	a := q.Args()
	stmt := `SELECT scope, read_only FROM tenant_relations WHERE state = 'granted' AND scope <> 'redirect_manage' AND managed_id = ` + a.Add(t.ID) +
		` AND ` + a.In("manager_id", managers(actor)) + ` AND (until IS NULL OR until > ` + a.Add(q.Now()) + `) ORDER BY read_only, scope`
	var rows []struct {
		Scope    access.RelationScope `db:"scope"`
		ReadOnly bool                 `db:"read_only"`
	}
	if err := q.Select(ctx, &rows, stmt, a.List()...); err != nil {
		return nil, err
	}
	var out []access.Grant
	for _, r := range rows {
		out = append(out, access.Grant{Scope: r.Scope, ReadOnly: r.ReadOnly})
		if r.Scope == access.WholesaleManage && t.Wholesale {
			out = append(out, access.Grant{Scope: access.DeviceManage, ReadOnly: r.ReadOnly}) // implicit under the offer
		}
	}
	if within && t.Permissions.Has(RPS) {
		out = append(out, access.Grant{Scope: access.RedirectManage}) // the permission type is the consent (CH-30, A-7)
	}
	return out, nil
}

// Visible is access.Visible with the relations that it cannot know: where the action needs one, a provider's people get only
// the customers with which it is in force now. Lists over several customers take their filter here.
func (s *Service) Visible(ctx context.Context, q db.Q, actor access.Actor, act access.Action, wide bool) (db.Filter, error) {
	f, err := access.Visible(actor, act, wide)
	place := actor.Place()
	if err != nil || access.Needs(act) == "" || place.Kind != access.Partner && place.Kind != access.SubPartner {
		return f, err
	}
	a := q.Args()
	stmt := `SELECT t.id, t.kind, t.scope, t.name FROM tenant_tenants t WHERE t.kind = 'customer' AND ` + (db.Filter{Within: []string{place.Scope}}).SQL(a, "t.scope")
	if access.Needs(act) == access.RedirectManage {
		stmt += ` AND t.permission_types LIKE ` + a.Add(`%"`+RPS+`"%`)
	} else {
		stmt += ` AND EXISTS (SELECT 1 FROM tenant_relations r WHERE r.managed_id = t.id AND r.state = 'granted'
			AND (r.scope = ` + a.Add(string(access.Needs(act))) + ` OR r.scope = 'wholesale_manage' AND t.wholesale)
			AND ` + a.In("r.manager_id", managers(actor)) + ` AND (r.until IS NULL OR r.until > ` + a.Add(q.Now()) + `))`
	}
	var rows []struct {
		ID    string            `db:"id"`
		Kind  access.TenantKind `db:"kind"`
		Scope string            `db:"scope"`
		Name  string            `db:"name"`
	}
	if err := q.Select(ctx, &rows, stmt, a.List()...); err != nil {
		return db.Filter{}, err
	}
	var authorised []access.Tenant
	for _, r := range rows {
		authorised = append(authorised, access.Tenant(r))
	}
	return access.Visible(actor, act, wide, authorised...)
}

// Authorised says which of these customers, by scope, have a relation in force now that gives the provider with this scope what is
// needed. It decides nothing about persons.
func (s *Service) Authorised(ctx context.Context, q db.Q, provider string, need access.RelationScope, customers []string) (map[string]bool, error) {
	a := q.Args()
	stmt := `SELECT t.scope FROM tenant_tenants t WHERE t.kind = 'customer' AND ` + a.In("t.scope", customers)
	if need == access.RedirectManage {
		stmt += ` AND ` + (db.Filter{Within: []string{provider}}).SQL(a, "t.scope") + ` AND t.permission_types LIKE ` + a.Add(`%"`+RPS+`"%`) // CH-30
	} else {
		stmt += ` AND EXISTS (SELECT 1 FROM tenant_relations r JOIN tenant_tenants m ON m.id = r.manager_id WHERE r.managed_id = t.id AND r.state = 'granted'
			AND m.scope = ` + a.Add(provider) + ` AND (r.scope = ` + a.Add(string(need)) + ` OR r.scope = 'wholesale_manage' AND t.wholesale)
			AND (r.until IS NULL OR r.until > ` + a.Add(q.Now()) + `))`
	}
	var scopes []string
	err := q.Select(ctx, &scopes, stmt, a.List()...)
	out := make(map[string]bool, len(scopes))
	for _, sc := range scopes {
		out[sc] = true
	}
	return out, err
}

// managers are the tenants whose relations count for the actor: its own, and the sub-partner whose portal it entered.
func managers(actor access.Actor) []string {
	m := []string{actor.Tenant.ID}
	if actor.Acting != nil && actor.Acting.Portal == access.PartnerPortal {
		m = append(m, actor.Acting.Tenant.ID)
	}
	return m
}
