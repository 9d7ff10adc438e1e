package config

import (
	"context"
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
			out := t.done()
			if change.Import != nil {
				out.summary.Import = &change.Import.Counts
			}
			return out, vector, err
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
	return p.Find(ctx, actor, at, PlanQuery{Page: page})
}

// PlanQuery chooses plans of a place; empty fields choose all.
type PlanQuery struct {
	State PlanState
	Since time.Duration // made so long ago at most
	Page  db.Page
}

// Find gives the plans that a query chooses, the latest first.
func (p *Plans) Find(ctx context.Context, actor access.Actor, at profile.Place, by PlanQuery) ([]Plan, string, error) {
	t, err := p.allowed(ctx, p.db, actor, access.ProfileView, at)
	if err != nil {
		return nil, "", err
	}
	all, next, err := listPlans(ctx, p.db, t.ID, by)
	if err != nil {
		return nil, "", err
	}
	each := make([]*Plan, len(all))
	for i := range all {
		each[i] = &all[i]
	}
	return all, next, p.veil(ctx, actor, each...)
}
