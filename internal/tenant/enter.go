package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Enter decides whether the actor may go through a portal's door, remembers the entry for the customer's list and writes it
// into both tenants' logs (CH-29, CH-30, CH-32, WS-84). The caller keeps the delegation in the session, in this transaction.
func (s *Service) Enter(ctx context.Context, tx *db.Tx, actor access.Actor, id string, p access.Portal) (access.Delegation, error) {
	t, target, err := s.Locked(ctx, tx, actor, id)
	if err != nil {
		return access.Delegation{}, err
	}
	d, err := access.Enter(actor, p, target)
	if err != nil {
		return access.Delegation{}, err
	}
	if err := s.RecordEntry(ctx, tx, actor, t.ID, d.Via); err != nil {
		return access.Delegation{}, err
	}
	n := news(t, "entered", map[string]any{"portal": string(p), "read_only": d.ReadOnly})
	n.Also = []access.Tenant{t.Access()}
	return d, s.journal.Append(ctx, tx, actor, n)
}

// RecordEntry notes the last entry at the relation that opened the door. The implicit relation of the redirect portal gets
// its row with the first entry; the row itself never gives a right.
func (s *Service) RecordEntry(ctx context.Context, tx *db.Tx, actor access.Actor, id string, via access.RelationScope) error {
	n, err := tx.Exec(ctx, `UPDATE tenant_relations SET entered = $1, entered_by = $2 WHERE manager_id = $3 AND managed_id = $4 AND scope = $5
		AND state = 'granted'`, tx.Now(), actor.Name, actor.Tenant.ID, id, string(via))
	if err != nil || n > 0 || via != access.RedirectManage {
		return err
	}
	return insertRelation(ctx, tx, Relation{ID: db.NewID(), ManagerID: actor.Tenant.ID, ManagedID: id, Scope: via, State: Granted,
		Since: tx.Now(), Entered: tx.Now(), EnteredBy: actor.Name})
}

// Authorisations lists who may act for a customer or could before, newest first: what was asked, granted and withdrawn, with
// the last entry of each, and the implicit ones of the redirect permission (CH-30, CH-31).
func (s *Service) Authorisations(ctx context.Context, actor access.Actor, customerID string) ([]Relation, error) {
	t, target, err := s.Target(ctx, s.db, actor, customerID)
	if err != nil {
		return nil, err
	}
	if err := access.Decide(actor, viewing(actor, t), target); err != nil {
		return nil, err
	}
	var out []Relation
	if err := s.db.Select(ctx, &out, relationColumns+` WHERE r.managed_id = $1 ORDER BY r.id DESC`, t.ID); err != nil {
		return nil, err
	}
	for i, r := range out {
		switch {
		case r.State != Granted:
		case r.Scope == access.RedirectManage && !t.Permissions.Has(RPS):
			out[i].State = Ended
		case !r.Until.IsZero() && !r.Until.After(s.db.Now().Time):
			out[i].State, out[i].EndedAt = Expired, r.Until
		}
	}
	if t.Permissions.Has(RPS) {
		out, err = s.withImplicit(ctx, t, out)
	}
	return out, err
}

// withImplicit adds the relation that every provider above the customer has by the redirect permission (CH-30).
func (s *Service) withImplicit(ctx context.Context, t Tenant, have []Relation) ([]Relation, error) {
	for id := t.ParentID; id != ""; {
		m, err := load(ctx, s.db, id)
		if err != nil {
			return nil, err
		}
		if m.Kind == access.Operator {
			break
		}
		known := false
		for _, r := range have {
			known = known || r.ManagerID == m.ID && r.Scope == access.RedirectManage
		}
		if !known {
			have = append(have, Relation{ManagerID: m.ID, ManagerName: m.Name, ManagedID: t.ID, Scope: access.RedirectManage, State: Granted, Since: t.Created})
		}
		id = m.ParentID
	}
	return have, nil
}

// Locked is Target for a transaction that adds something to a tenant: its row is locked, so that it cannot be archived or
// suspended meanwhile. An archived one is a conflict for who may see it and NotFound for everybody else.
func (s *Service) Locked(ctx context.Context, tx *db.Tx, actor access.Actor, id string) (Tenant, access.Target, error) {
	if err := tx.LockToRead(ctx, "tenant_tenants", id); err != nil {
		return Tenant{}, access.Target{}, err
	}
	t, target, err := s.Target(ctx, tx, actor, id)
	if err != nil || t.State != Archived {
		return t, target, err
	}
	if err := access.Decide(actor, viewing(actor, t), target); err != nil {
		return Tenant{}, access.Target{}, errs.Missing("object")
	}
	return Tenant{}, access.Target{}, errArchived
}
