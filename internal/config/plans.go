package config

import (
	"context"
	"errors"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/profile"
	"linecard/internal/queue"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Plans is the use cases of plans: make, look, apply, undo.
type Plans struct {
	*Service
	journal    *journal.Journal
	tenants    *tenant.Service
	operations *operation.Service
}

// PlansNeeds is what plans are made of beside what phones get.
type PlansNeeds struct {
	Config     *Service
	Journal    *journal.Journal
	Tenants    *tenant.Service
	Operations *operation.Service
}

// NewPlans makes the use cases of plans.
func NewPlans(n PlansNeeds) *Plans {
	return &Plans{Service: n.Config, journal: n.Journal, tenants: n.Tenants, operations: n.Operations}
}

// atOnce is how many phones a plan looks at within the request; more are done in the background.
const atOnce = 1000

// scope is the tenant that a plan belongs to, and the customers that it may concern.
type planScope struct {
	tenant.Tenant
	at        profile.Place
	customers []named
	phones    int64
	keys      []revision.Key // counters of the tenants above and within
}

type named struct {
	customer
	name string
}

// allowed gives the tenant of a place when the actor may do the action there.
func (p *Plans) allowed(ctx context.Context, q db.Q, actor access.Actor, act access.Action, at profile.Place) (tenant.Tenant, error) {
	id := at.ID
	if at.Level == profile.OperatorLevel {
		o, err := p.tenants.Operator(ctx, q)
		if err != nil {
			return tenant.Tenant{}, err
		}
		id = o.ID
	}
	t, target, err := p.tenants.Target(ctx, q, actor, id)
	if err == nil && !fits(at.Level, t.Kind) {
		err = errs.Missing("object")
	}
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	return t, err
}

func fits(l profile.Level, k access.TenantKind) bool {
	switch l {
	case profile.OperatorLevel:
		return k == access.Operator
	case profile.PartnerLevel:
		return k == access.Partner || k == access.SubPartner
	}
	return k == access.Customer
}

// Make computes what a change would do and writes nothing else. A change that looks at more than 1000 phones is computed in the
// background: then the plan is Working and names its operation.
func (p *Plans) Make(ctx context.Context, actor access.Actor, at profile.Place, a Asked) (Plan, error) {
	t, err := p.allowed(ctx, p.db, actor, a.action(), at)
	if err == nil && t.State == tenant.Archived {
		err = errs.New(errs.Conflict, "archived", "It is archived and cannot be changed any more.")
	}
	if err != nil {
		return Plan{}, err
	}
	change, err := p.compile(ctx, actor, at, t, a)
	if err != nil {
		return Plan{}, err
	}
	sc, err := p.reach(ctx, p.db, t, at)
	if err != nil {
		return Plan{}, err
	}
	row := planRow{Plan: Plan{ID: db.NewID(), TenantID: t.ID, TenantKind: t.Kind, Scope: t.Scope, Kind: a.Kind, State: Working,
		Actor: actor.Name, Created: p.db.Now(), Version: 1}}
	if err := row.seal(p.box, change, Change{}); err != nil {
		return Plan{}, err
	}
	if sc.phones > atOnce {
		return p.start(ctx, actor, row)
	}
	out, vector, err := p.look(ctx, sc, change, func(int64) error { return nil })
	if err != nil {
		return Plan{}, err
	}
	err = p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		row.ready(out, vector)
		if err := row.insert(ctx, tx, actor); err != nil {
			return err
		}
		if err := keepConcerned(ctx, tx, row.ID, out.concerned); err != nil {
			return err
		}
		return p.journal.Append(ctx, tx, actor, p.news(t, row.Plan, "made", "make"))
	})
	if err != nil {
		return Plan{}, err
	}
	return row.Plan, p.veil(ctx, actor, &row.Plan)
}

// start leaves the work to the background.
func (p *Plans) start(ctx context.Context, actor access.Actor, row planRow) (Plan, error) {
	err := p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := p.operations.Start(ctx, tx, actor, makeKind, row.Scope, row.TenantID)
		if err != nil {
			return err
		}
		row.OperationID = o.ID
		if err := row.insert(ctx, tx, actor); err != nil {
			return err
		}
		return queue.Insert(ctx, tx, makeKind, planArgs{row.ID}, queue.Opts{Scope: row.Scope})
	})
	return row.Plan, err
}

// look computes what a change would do. The vector is the one under which it was seen.
func (p *Plans) look(ctx context.Context, sc planScope, change Change, progress func(int64) error) (outcome, revision.Vector, error) {
	for range attempts {
		vector, err := revision.Of(ctx, p.db, sc.keys...)
		if err != nil {
			return outcome{}, vector, err
		}
		t := newTally()
		for _, c := range sc.customers {
			if err := t.customer(ctx, p.Service, p.db, c.customer, c.name, change, progress); err != nil {
				return outcome{}, vector, err
			}
		}
		now, err := revision.Of(ctx, p.db, sc.keys...)
		if err != nil || now == vector {
			return t.done(), vector, err
		}
	}
	return outcome{}, revision.Vector{}, errMoving
}

// news tells what happened to a plan. No value of a change stands in it.
func (p *Plans) news(t tenant.Tenant, plan Plan, what, verb string) journal.News {
	return journal.News{Type: "plan." + what, Action: "plan/" + verb, Tenant: t.Access(), Target: journal.Target{Kind: "plan", ID: plan.ID, Name: plan.Kind},
		Data: map[string]any{"kind": plan.Kind, "devices_affected": plan.Affected, "tenant_id": t.ID}}
}

// Get gives a plan of the place; NotFound when there is none.
func (p *Plans) Get(ctx context.Context, actor access.Actor, at profile.Place, id string) (Plan, error) {
	t, err := p.allowed(ctx, p.db, actor, access.ProfileView, at)
	if err != nil {
		return Plan{}, err
	}
	row, err := getPlan(ctx, p.db, t.ID, id)
	if err != nil {
		return Plan{}, err
	}
	return row.Plan, p.veil(ctx, actor, &row.Plan)
}

// veil takes the samples out of a plan above customers that show phones of customers who have not let the actor see them (CH-29). How
// many phones there are is no secret to their provider.
func (p *Plans) veil(ctx context.Context, actor access.Actor, plans ...*Plan) error {
	var ids []string
	for _, x := range plans {
		if x.TenantKind == access.Customer {
			continue
		}
		for _, s := range x.Summary.Samples {
			ids = append(ids, s.CustomerID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	open, err := p.open(ctx, actor, ids)
	if err != nil {
		return err
	}
	for _, x := range plans {
		x.Summary.Samples = slices.DeleteFunc(slices.Clone(x.Summary.Samples), func(s Sample) bool { return x.TenantKind != access.Customer && !open[s.CustomerID] })
	}
	return nil
}

// open tells which of these customers let the actor see their phones.
func (p *Plans) open(ctx context.Context, actor access.Actor, ids []string) (map[string]bool, error) {
	f, err := p.tenants.Visible(ctx, p.db, actor, access.DeviceView, true)
	if err != nil {
		if errs.KindOf(err) == errs.Forbidden {
			return nil, nil
		}
		return nil, err
	}
	slices.Sort(ids)
	a := p.db.Args()
	var seen []string
	if err := p.db.Select(ctx, &seen, `SELECT id FROM tenant_tenants WHERE `+a.In("id", slices.Compact(ids))+` AND `+f.SQL(a, "scope"), a.List()...); err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(seen))
	for _, id := range seen {
		out[id] = true
	}
	return out, nil
}

// List gives the plans of the place, the latest first.
func (p *Plans) List(ctx context.Context, actor access.Actor, at profile.Place, page db.Page) ([]Plan, string, error) {
	t, err := p.allowed(ctx, p.db, actor, access.ProfileView, at)
	if err != nil {
		return nil, "", err
	}
	all, next, err := listPlans(ctx, p.db, t.ID, page)
	if err != nil {
		return nil, "", err
	}
	each := make([]*Plan, len(all))
	for i := range all {
		each[i] = &all[i]
	}
	return all, next, p.veil(ctx, actor, each...)
}

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
