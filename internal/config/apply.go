package config

import (
	"context"
	"errors"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/profile"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Apply makes a plan happen as it was shown: all of it, later, or on some phones for trial. plan_outdated when anything has moved
// since. A plan on trial that is applied without phones is applied for all, and its trial ends.
func (p *Plans) Apply(ctx context.Context, actor access.Actor, at profile.Place, id string, g Go) (Plan, error) {
	out, err := p.happen(ctx, actor, at, id, g)
	if err != nil {
		return Plan{}, err
	}
	return out, p.veil(ctx, actor, &out)
}

func (p *Plans) happen(ctx context.Context, actor access.Actor, at profile.Place, id string, g Go) (Plan, error) {
	row, err := p.wanted(ctx, actor, at, id, g.IfVersion)
	if err != nil {
		return Plan{}, err
	}
	if err := g.check(); err != nil {
		return Plan{}, err
	}
	if row.State != Ready && (row.State != Staged || len(g.DeviceIDs) > 0) {
		return Plan{}, errPlanState
	}
	now := p.db.Now().Time
	switch {
	case len(g.DeviceIDs) > 0 && (g.NotBefore.After(now) || !g.Window.open(now, zone(row.Zone))):
		return p.schedule(ctx, actor, at, row, g)
	case len(g.DeviceIDs) > 0:
		return p.stage(ctx, actor, at, row.ID, g.DeviceIDs)
	case g.NotBefore.After(now) || !g.Window.open(now, zone(row.Zone)), row.Looked > atOnce && row.State == Ready:
		return p.schedule(ctx, actor, at, row, g) // a large one at once, but in the background
	}
	return p.commit(ctx, actor, at, row)
}

// wanted gives a plan that the actor may apply or undo.
func (p *Plans) wanted(ctx context.Context, actor access.Actor, at profile.Place, id string, ifVersion int64) (planRow, error) {
	t, err := p.allowed(ctx, p.db, actor, access.ProfileView, at)
	if err != nil {
		return planRow{}, err
	}
	row, err := getPlan(ctx, p.db, t.ID, id)
	if err != nil {
		return row, err
	}
	if _, err := p.allowed(ctx, p.db, actor, Asked{Kind: row.Kind}.action(), at); err != nil {
		return row, err
	}
	if ifVersion != 0 && ifVersion != row.Version {
		return row, errStalePlan
	}
	row.Zone = t.TimeZone
	return row, nil
}

func (g Go) check() error {
	if g.Window != nil && g.Window.Start == g.Window.End {
		return errWindow
	}
	return nil
}

// zone gives a time zone by its name; UTC when it is not known.
func zone(name string) *time.Location {
	if l, err := time.LoadLocation(name); err == nil {
		return l
	}
	return time.UTC
}

// open says whether the instant lies in the window. Without one any time is right.
func (w *Window) open(at time.Time, in *time.Location) bool {
	if w == nil {
		return true
	}
	local := at.In(in)
	now := local.Hour()*60 + local.Minute()
	start, end := int(w.Start), int(w.End)
	if start < end {
		return now >= start && now < end
	}
	return now >= start || now < end
}

// next gives the first instant from at on that lies in the window.
func (w *Window) next(at time.Time, in *time.Location) time.Time {
	if w.open(at, in) {
		return at
	}
	local := at.In(in)
	start := time.Date(local.Year(), local.Month(), local.Day(), int(w.Start)/60, int(w.Start)%60, 0, 0, in)
	if !start.After(at) {
		start = time.Date(local.Year(), local.Month(), local.Day()+1, int(w.Start)/60, int(w.Start)%60, 0, 0, in)
	}
	return start.UTC()
}

// commit applies a plan for all its phones. What it would do is computed once more before, so that it happens as shown or not at
// all; inside the transaction only the counters are compared and the rows written (decision 1).
func (p *Plans) commit(ctx context.Context, actor access.Actor, at profile.Place, row planRow) (Plan, error) {
	change, err := row.open(p.box)
	if err != nil {
		return Plan{}, err
	}
	t, err := p.allowed(ctx, p.db, actor, Asked{Kind: row.Kind}.action(), at)
	if err != nil {
		return Plan{}, err
	}
	sc, err := p.reach(ctx, p.db, t, at)
	if err != nil {
		return Plan{}, err
	}
	out, vector, err := p.look(ctx, sc, change, func(int64) error { return nil })
	if err != nil {
		return Plan{}, err
	}
	if fingerprint(vector) != row.MadeOn || out.digest != row.Digest {
		return Plan{}, errPlanMoved
	}
	inverse, err := p.inverse(ctx, actor, at, t, change)
	if err != nil {
		return Plan{}, err
	}
	var done planRow
	err = p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if done, err = p.hold(ctx, tx, row.TenantID, row.ID, row.State); err != nil {
			return err
		}
		if now, err := revision.Of(ctx, tx, sc.keys...); err != nil || now != vector {
			return errors.Join(err, moved(err))
		}
		if err := p.endTrial(ctx, tx, row.ID); err != nil {
			return err
		}
		if err := p.write(ctx, actor, at, change); err != nil {
			return err
		}
		after, err := revision.Of(ctx, tx, sc.keys...)
		if err != nil {
			return err
		}
		if err := done.seal(p.box, change, inverse); err != nil {
			return err
		}
		done.State, done.Applied, done.AppliedOn, done.By, done.Applier = Applied, tx.Now(), fingerprint(after), actor, actor.Name
		if err := done.save(ctx, tx); err != nil {
			return err
		}
		return p.journal.Append(ctx, tx, actor, p.news(t, done.Plan, "applied", "apply"))
	})
	return done.Plan, err
}

// moved is plan_outdated when nothing else is wrong.
func moved(err error) error {
	if err != nil {
		return nil
	}
	return errPlanMoved
}

// hold locks a plan's row and gives it when it is still in the state that the caller saw.
func (p *Plans) hold(ctx context.Context, tx *db.Tx, tenantID, id string, in PlanState) (planRow, error) {
	if err := tx.LockRow(ctx, "config_plans", id); err != nil {
		return planRow{}, err
	}
	row, err := getPlan(ctx, tx, tenantID, id)
	if err == nil && row.State != in {
		err = errPlanState
	}
	return row, err
}

// Undo takes back what a plan did: the inverse of an applied one, the trial of a staged one, the date of a scheduled one.
// plan_outdated when profiles, containers, sites or settings have moved since.
func (p *Plans) Undo(ctx context.Context, actor access.Actor, at profile.Place, id string, ifVersion int64) (Plan, error) {
	row, err := p.wanted(ctx, actor, at, id, ifVersion)
	if err != nil {
		return Plan{}, err
	}
	t, err := p.allowed(ctx, p.db, actor, Asked{Kind: row.Kind}.action(), at)
	if err != nil {
		return Plan{}, err
	}
	var done planRow
	err = p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if done, err = p.hold(ctx, tx, row.TenantID, row.ID, row.State); err != nil {
			return err
		}
		what, verb := "withdrawn", "withdraw"
		switch done.State {
		case Staged:
			err = p.endTrial(ctx, tx, id)
			done.State = Withdrawn
		case Scheduled:
			done.State = Withdrawn
		case Applied:
			if row.Kind == ImportDevices {
				return errImportStays
			}
			what, verb = "undone", "undo"
			err = p.revert(ctx, tx, actor, at, t, &done)
		default:
			err = errPlanState
		}
		if err != nil {
			return err
		}
		done.Ended = tx.Now()
		if err := done.save(ctx, tx); err != nil {
			return err
		}
		return p.journal.Append(ctx, tx, actor, p.news(t, done.Plan, what, verb))
	})
	if err != nil {
		return Plan{}, err
	}
	return done.Plan, p.veil(ctx, actor, &done.Plan)
}

// revert writes the inverse of an applied plan.
func (p *Plans) revert(ctx context.Context, tx *db.Tx, actor access.Actor, at profile.Place, t tenant.Tenant, row *planRow) error {
	sc, err := p.reach(ctx, tx, t, at)
	if err != nil {
		return err
	}
	now, err := revision.Of(ctx, tx, sc.keys...)
	if err != nil {
		return err
	}
	if fingerprint(now) != row.AppliedOn {
		return errPlanMoved
	}
	inverse, err := row.openInverse(p.box)
	if err != nil {
		return err
	}
	row.State = Undone
	return p.write(ctx, actor, at, inverse)
}

// stage gives the change to some of its phones, for trial.
func (p *Plans) stage(ctx context.Context, actor access.Actor, at profile.Place, id string, ids []string) (Plan, error) {
	t, err := p.allowed(ctx, p.db, actor, access.ProfileView, at)
	if err != nil {
		return Plan{}, err
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var row planRow
	err = p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if row, err = getPlan(ctx, tx, t.ID, id); err != nil {
			return err
		}
		if row, err = p.hold(ctx, tx, t.ID, id, row.State); err != nil {
			return err
		}
		if row.State != Ready && row.State != Scheduled {
			return errPlanState
		}
		sc, err := p.reach(ctx, tx, t, at)
		if err != nil {
			return err
		}
		if now, err := revision.Of(ctx, tx, sc.keys...); err != nil || fingerprint(now) != row.MadeOn {
			return errors.Join(err, moved(err))
		}
		if err := begin(ctx, tx, row.ID, ids); err != nil {
			return err
		}
		row.State, row.By, row.Applier = Staged, actor, actor.Name
		if err := row.save(ctx, tx); err != nil {
			return err
		}
		n := p.news(t, row.Plan, "staged", "stage")
		n.Data["devices_in_trial"] = len(ids)
		return p.journal.Append(ctx, tx, actor, n)
	})
	return row.Plan, err
}
