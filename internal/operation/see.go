package operation

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// visible is the condition on rows that the actor may see: those it started inside the tenant it works in, and those of
// tenants within its filter. Who sees chosen customers only does not see what others do at its own tenant's level, because
// that may speak of customers it must not know (CH-88).
func visible(arg *db.Args, a access.Actor) string {
	if a.Kind == access.System {
		return "1 = 1"
	}
	if a.ID == "" || a.Place().Scope == "" || a.MustChangePassword {
		return "1 = 0"
	}
	own := "(actor_id = " + arg.Add(a.ID) + " AND " + db.Filter{Within: []string{a.Place().Scope}}.SQL(arg, "scope") + ")"
	f, err := access.Visible(a, access.OperationGet, true)
	if err != nil {
		return own
	}
	f.Exactly = nil
	return "(" + own + " OR " + f.SQL(arg, "scope") + ")"
}

// Get gives an operation. One that the actor may not see is NotFound, like an unknown one. A role or token that may not
// look at operations still sees its own.
func (s *Service) Get(ctx context.Context, a access.Actor, id string) (Operation, error) {
	return get(ctx, s.db, a, id)
}

func get(ctx context.Context, q db.Q, a access.Actor, id string) (Operation, error) {
	arg := q.Args()
	var o Operation
	err := q.Get(ctx, &o, `SELECT `+columns+` FROM operation_operations WHERE id = `+arg.Add(id)+` AND `+visible(arg, a), arg.List()...)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("operation")
	}
	return o, err
}

// Query chooses operations of a list; empty fields choose all.
type Query struct {
	Kind  string
	State State
	Page  db.Page
}

// List gives the operations the actor may see, the newest first, and the cursor of the next page ("" at the end).
func (s *Service) List(ctx context.Context, a access.Actor, what Query) ([]Operation, string, error) {
	arg := s.db.Args()
	where := visible(arg, a)
	if what.Kind != "" {
		where += " AND kind = " + arg.Add(what.Kind)
	}
	if what.State != "" {
		where += " AND state = " + arg.Add(string(what.State))
	}
	k, err := what.Page.Keyset(arg, "id", db.Sort{Name: "created", Column: "created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []Operation
	if err := s.db.Select(ctx, &all, `SELECT `+columns+` FROM operation_operations WHERE `+where+` AND `+k.Where+
		` ORDER BY `+k.OrderBy+` LIMIT `+arg.Add(k.Limit), arg.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(o Operation) (any, string) { return o.Created.UnixMilli(), o.ID })
	return all, next, nil
}

// Cancel ends an operation that has not ended; its worker learns it at its next Progress or Succeed. Only who started it may,
// and not in a session that only looks; for others it is Forbidden when they see it and NotFound when not.
func (s *Service) Cancel(ctx context.Context, tx *db.Tx, a access.Actor, id string) error {
	o, err := get(ctx, tx, a, id)
	if err != nil {
		return err
	}
	if a.Kind != access.System && (o.ActorID != a.ID || a.Acting != nil && a.Acting.ReadOnly) {
		return errNotYours
	}
	now := tx.Now()
	n, err := tx.Exec(ctx, `UPDATE operation_operations SET state = 'cancelled', touched = $2, finished = $3, version = version + 1
		WHERE id = $1`+stillOpen, id, now, now)
	if err == nil && n == 0 {
		return errFinal
	}
	return err
}
