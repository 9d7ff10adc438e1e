package account

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Entry is a request to work inside another tenant under one's own identity (CH-29, CH-30, CH-32, WS-29, WS-84).
type Entry struct {
	TenantID string
	Door     access.Portal
	Reason   string // the operator's people must say why
}

var (
	errReason    = errs.BadField("reason", "required", "Say why you enter this organisation.")
	errVisiting  = errs.New(errs.Conflict, "already_inside", "You act for another organisation already. Leave it first.")
	errVisitOver = errs.New(errs.Forbidden, "visit_over", "You no longer act for the other organisation: the time is over or the authorisation was withdrawn.")
)

// Enter turns the actor's session into a delegated one for at most eight hours. Without the customer's authorisation device
// management is Forbidden, the redirect portal needs none. Both logs show it.
func (s *Service) Enter(ctx context.Context, a access.Actor, e Entry) (access.Actor, error) {
	var c errs.Checker
	reason := c.Text("reason", e.Reason, 0, 500)
	switch {
	case a.Kind != access.Person:
		return a, errOnlyPeople
	case a.Acting != nil:
		return a, errVisiting
	case a.Tenant.Kind == access.Operator && reason == "":
		return a, errReason
	case c.Failed("reason"):
		return a, c.Err()
	}
	var d access.Delegation
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if d, err = s.tenants.Enter(ctx, tx, a, e.TenantID, e.Door); err != nil {
			return err
		}
		d.ReadOnly = d.ReadOnly || looksOnly(a)
		n, err := tx.Exec(ctx, `UPDATE account_sessions SET acting = $2, acting_door = $3, acting_ro = $4, acting_till = $5
			WHERE id = $1 AND acting = ''`, a.SessionID, d.Tenant.ID, d.Portal, d.ReadOnly, db.At(tx.Now().Add(delegationLife)))
		if err == nil && n == 0 {
			err = errVisiting // by another tab, or the session has just ended, which the next request tells
		}
		if err != nil || reason == "" {
			return err
		}
		inside := a
		inside.Acting = &d
		return s.note(ctx, tx, inside, "", "session/reason", d.Tenant, a.ID, a.Email, map[string]any{"reason": reason})
	})
	if err != nil {
		return a, err
	}
	a.Acting = &d
	return a, nil
}

// acting gives the actor inside the tenant its session has entered. The door is checked again with every request, so a
// withdrawn authorisation ends the visit at the next one (CH-31); then, and after eight hours, the session is its own again.
func (s *Service) acting(ctx context.Context, a access.Actor, ses Session) (access.Actor, error) {
	t, target, err := s.tenants.Target(ctx, s.db, a, ses.Acting)
	if err == nil && s.db.Now().After(ses.Until.Time) {
		err = errVisitOver
	}
	var d access.Delegation
	if err == nil {
		d, err = access.Enter(a, access.Portal(ses.Door), target)
	}
	if err == nil {
		d.ReadOnly = d.ReadOnly || ses.ReadOnly || looksOnly(a)
		a.Acting = &d
		return a, nil
	}
	if k := errs.KindOf(err); k != errs.Forbidden && k != errs.NotFound {
		return a, err
	}
	cause := errs.CodeOf(err)
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := leave(ctx, tx, ses.ID)
		if err != nil || n == 0 || t.ID == "" {
			return err
		}
		inside := a
		inside.Acting = &access.Delegation{Tenant: t.Access(), Portal: access.Portal(ses.Door)}
		return s.note(ctx, tx, inside, "", "session/leave", t.Access(), a.ID, a.Email, map[string]any{"because": cause})
	})
	if err != nil {
		return a, err
	}
	return a, errVisitOver
}

// Leave ends the delegated part of the session; outside of one it does nothing.
func (s *Service) Leave(ctx context.Context, a access.Actor) (access.Actor, error) {
	if a.Acting == nil {
		return a, nil
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if n, err := leave(ctx, tx, a.SessionID); err != nil || n == 0 {
			return err
		}
		return s.note(ctx, tx, a, "", "session/leave", a.Acting.Tenant, a.ID, a.Email, nil)
	})
	if err == nil {
		a.Acting = nil
	}
	return a, err
}

func leave(ctx context.Context, tx *db.Tx, sessionID string) (int64, error) {
	return tx.Exec(ctx, `UPDATE account_sessions SET acting = '', acting_door = '', acting_till = NULL WHERE id = $1 AND acting <> ''`, sessionID)
}

// looksOnly says whether nothing of what the actor may do changes anything: its visits are read-only (WS-29).
func looksOnly(a access.Actor) bool {
	return !slices.ContainsFunc(access.Granted(a.Roles, a.Functions), func(act access.Action) bool {
		return act != access.Self && access.Writes(act)
	})
}
