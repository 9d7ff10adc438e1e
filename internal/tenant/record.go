package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/revision"
)

// record ends every change in its transaction: the counter of the tenant moves, the journal gets its row, the hooks run.
func (s *Service) record(ctx context.Context, tx *db.Tx, actor access.Actor, c Change, data map[string]any) error {
	if err := bump(ctx, tx, c.After); err != nil {
		return err
	}
	if err := s.journal.Append(ctx, tx, actor, news(c.After, string(c.What), data)); err != nil {
		return err
	}
	return s.tell(ctx, tx, actor, c)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, actor access.Actor, c Change) error {
	for _, h := range s.hooks {
		if err := h(ctx, tx, actor, c); err != nil {
			return err
		}
	}
	return nil
}

// verbs are the words of the operation log for what events call by its result (CH-83).
var verbs = map[string]string{
	"created": "create", "edited": "edit", "frozen": "freeze", "unfrozen": "unfreeze", "suspended": "suspend", "resumed": "resume",
	"restricted": "restrict", "unrestricted": "unrestrict", "archived": "archive", "policy_changed": "policy",
	"authorisation_requested": "request_authorisation", "authorisation_granted": "authorise",
	"authorisation_withdrawn": "withdraw_authorisation", "entered": "enter",
	"screening_changed": "screening", "offer_begun": "begin_offer", "offer_ended": "end_offer",
}

// news words an event about a tenant: type "customer.frozen", log action "customer/freeze".
func news(t Tenant, what string, data map[string]any) journal.News {
	kind := string(t.Kind)
	return journal.News{Type: kind + "." + what, Action: kind + "/" + verbs[what], Tenant: t.Access(),
		Target: journal.Target{Kind: kind, ID: t.ID, Name: t.Name}, Data: data}
}

// bump counts the change for whoever keeps something computed from it. The levels have the same names in both rooms.
func bump(ctx context.Context, tx *db.Tx, t Tenant) error {
	return revision.Bump(ctx, tx, revision.Kind(t.Kind), t.ID)
}

// change is the frame of all changes to an existing tenant: lock, decide, check state and version, apply, write, record.
// apply works on a copy and says what the event is called; "" means that nothing is to be done, which is no fault.
func (s *Service) change(ctx context.Context, actor access.Actor, id string, ifVersion int64,
	action func(Tenant) access.Action, apply func(ctx context.Context, tx *db.Tx, target access.Target, t *Tenant) (what string, data map[string]any, err error),
) (Tenant, error) {
	var out Tenant
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockToRead(ctx, "tenant_tenants", id); err != nil {
			return err
		}
		before, target, err := s.Target(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := access.Decide(actor, action(before), target); err != nil {
			return err
		}
		switch {
		case before.State == Archived:
			return errArchived
		case ifVersion != 0 && ifVersion != before.Version:
			return errStale
		}
		after := before
		what, data, err := apply(ctx, tx, target, &after)
		if err != nil || what == "" {
			out = shown(actor, before)
			return err
		}
		after.Version++
		after.Updated = tx.Now()
		if err := update(ctx, tx, after); err != nil {
			return taken(err)
		}
		out = shown(actor, after)
		if after.Email != before.Email {
			if err := s.tell(ctx, tx, actor, Change{What: EmailChanged, Before: before, After: after}); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, actor, Change{What: What(what), Before: before, After: after}, data)
	})
	return out, err
}

func update(ctx context.Context, tx *db.Tx, t Tenant) error {
	a := tx.Args()
	set := ""
	for i, f := range changeable(t) {
		if i > 0 {
			set += ", "
		}
		set += f.col + " = " + a.Add(f.val)
	}
	n, err := tx.Exec(ctx, "UPDATE tenant_tenants SET "+set+" WHERE id = "+a.Add(t.ID), a.List()...)
	if err == nil && n == 0 {
		return errs.Missing("object")
	}
	return err
}
