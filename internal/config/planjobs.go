package config

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/profile"
	"linecard/internal/queue"
	"linecard/internal/revision"
)

// The kinds of jobs, and of the operation of a long plan.
const (
	makeKind = "config.plan.make"
	runKind  = "config.plan.run"
)

// planArgs names the plan that a job is about.
type planArgs struct {
	ID string `json:"id"`
}

// runArgs says what shall happen to a plan later.
type runArgs struct {
	ID        string   `json:"id"`
	Version   int64    `json:"version"` // of the plan when it was scheduled: a plan that was taken back since is left alone
	DeviceIDs []string `json:"device_ids,omitempty"`
}

// Register gives the queue the room's work: plans over many phones, and plans that happen later.
func (p *Plans) Register(q *queue.Queue) {
	queue.Handle(q, makeKind, p.runMake, queue.Policy{MaxAttempts: 4, Timeout: 10 * time.Minute, Concurrency: 2})
	queue.Handle(q, watchKind, p.watch, queue.Policy{MaxAttempts: 1, Timeout: time.Minute, Concurrency: 1})
	q.Periodic(watchKind, "@every 1m", watchKind, struct{}{})
	queue.Handle(q, runKind, p.runScheduled, queue.Policy{MaxAttempts: 8, Timeout: 10 * time.Minute, Concurrency: 2})
}

func placeOf(k access.TenantKind, id string) profile.Place {
	switch k {
	case access.Operator:
		return profile.AtOperator()
	case access.Customer:
		return profile.AtCustomer(id)
	}
	return profile.AtPartner(id)
}

// runMake computes a plan over many phones. What it concerns is written in pieces, so that others get their turn; only the last
// transaction makes the plan Ready.
func (p *Plans) runMake(ctx context.Context, j queue.Job[planArgs]) error {
	row, err := planByID(ctx, p.db, j.Args.ID)
	if err != nil || row.State != Working {
		return err
	}
	out, vector, err := p.lookAgain(ctx, row)
	if err != nil {
		if ctx.Err() != nil || j.Attempt < j.MaxAttempts && !final(err) {
			return err
		}
		return p.fail(ctx, row, err, j.Complete)
	}
	if err := p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM config_plan_devices WHERE plan_id = $1`, row.ID)
		return err
	}); err != nil {
		return err
	}
	const piece = 2000
	for rest := out.concerned; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		if err := p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return keepConcerned(ctx, tx, row.ID, rest[:min(piece, len(rest))])
		}); err != nil {
			return err
		}
	}
	return p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if row, err = p.hold(ctx, tx, row.TenantID, row.ID, Working); err != nil {
			return err
		}
		row.ready(out, vector)
		if err := row.save(ctx, tx); err != nil {
			return err
		}
		if err := p.operations.Succeed(ctx, tx, row.OperationID, map[string]any{"plan_id": row.ID, "devices_affected": row.Affected}); err != nil {
			return err
		}
		return j.Complete(ctx, tx)
	})
}

func (p *Plans) lookAgain(ctx context.Context, row planRow) (outcome, revision.Vector, error) {
	change, err := row.open(p.box)
	if err != nil {
		return outcome{}, revision.Vector{}, err
	}
	t, err := p.tenants.Load(ctx, p.db, row.TenantID)
	if err != nil {
		return outcome{}, revision.Vector{}, err
	}
	sc, err := p.reach(ctx, p.db, t, placeOf(t.Kind, t.ID))
	if err != nil {
		return outcome{}, revision.Vector{}, err
	}
	return p.look(ctx, sc, change, func(n int64) error { return p.operations.Progress(ctx, row.OperationID, n, sc.phones) })
}

// final says whether trying again gives the same refusal.
func final(err error) bool {
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.NotFound, errs.Conflict, errs.Invalid, errs.Stale:
		return true
	}
	return false
}

// fail notes why a plan came to nothing.
func (p *Plans) fail(ctx context.Context, row planRow, fault error, complete func(context.Context, *db.Tx) error) error {
	return p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := p.hold(ctx, tx, row.TenantID, row.ID, row.State)
		if err != nil {
			return err
		}
		e := errs.As(fault)
		now.State, now.Ended, now.Fault = Failed, tx.Now(), operation.Fault{Code: e.Code, Message: e.Message, Params: e.Params}
		if err := now.save(ctx, tx); err != nil {
			return err
		}
		if now.OperationID != "" && row.State == Working {
			if err := p.operations.Fail(ctx, tx, now.OperationID, fault); err != nil {
				return err
			}
		}
		t, err := p.tenants.Load(ctx, tx, row.TenantID)
		if err != nil {
			return err
		}
		n := p.news(t, now.Plan, "failed", "fail")
		n.Data["code"] = e.Code
		if err := p.journal.Append(ctx, tx, now.By, n); err != nil {
			return err
		}
		return complete(ctx, tx)
	})
}

// schedule leaves a plan to a later moment.
func (p *Plans) schedule(ctx context.Context, actor access.Actor, at profile.Place, row planRow, g Go) (Plan, error) {
	t, err := p.allowed(ctx, p.db, actor, access.ProfileView, at)
	if err != nil {
		return Plan{}, err
	}
	when := p.db.Now().Time
	if g.NotBefore.After(when) {
		when = g.NotBefore
	}
	when = g.Window.next(when, zone(t.TimeZone))
	var done planRow
	err = p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if done, err = p.hold(ctx, tx, row.TenantID, row.ID, row.State); err != nil {
			return err
		}
		if done.State != Ready {
			return errPlanState
		}
		done.State, done.NotBefore, done.Window, done.By, done.Applier = Scheduled, db.At(when), g.Window, actor, actor.Name
		if err := done.save(ctx, tx); err != nil {
			return err
		}
		if err := queue.Insert(ctx, tx, runKind, runArgs{ID: row.ID, Version: done.Version, DeviceIDs: g.DeviceIDs}, queue.Opts{RunAt: when, Scope: row.Scope}); err != nil {
			return err
		}
		n := p.news(t, done.Plan, "scheduled", "schedule")
		n.Data["not_before"] = when.UTC().Format(time.RFC3339)
		return p.journal.Append(ctx, tx, actor, n)
	})
	return done.Plan, err
}

// runScheduled does what was scheduled, with the rights that its actor has by then. A plan that is outdated fails and says so.
func (p *Plans) runScheduled(ctx context.Context, j queue.Job[runArgs]) error {
	row, err := planByID(ctx, p.db, j.Args.ID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return nil
		}
		return err
	}
	if row.State != Scheduled || row.Version != j.Args.Version {
		return nil
	}
	now := p.db.Now().Time
	t, err := p.tenants.Load(ctx, p.db, row.TenantID)
	if err != nil {
		return err
	}
	if !row.Window.open(now, zone(t.TimeZone)) { // a server that was away in the night does not do it at noon
		return queue.Snooze(row.Window.next(now, zone(t.TimeZone)).Sub(now))
	}
	at := placeOf(row.TenantKind, row.TenantID)
	if len(j.Args.DeviceIDs) > 0 {
		_, err = p.stage(ctx, row.By, at, row.ID, j.Args.DeviceIDs)
	} else {
		_, err = p.commit(ctx, row.By, at, row)
	}
	if err != nil && (final(err) || j.Attempt == j.MaxAttempts) && ctx.Err() == nil {
		return p.fail(ctx, row, err, j.Complete)
	}
	return err
}

// planByID gives a plan whosever it is.
func planByID(ctx context.Context, q db.Q, id string) (planRow, error) {
	var c planColumns
	err := q.Get(ctx, &c, `SELECT `+planNames+` FROM config_plans WHERE id = $1`, id)
	return c.row(), err
}
