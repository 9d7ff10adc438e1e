package config

import (
	"context"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Effective is what a phone gets, value by value. Secrets are masked.
type Effective struct {
	DeviceID string
	Values   []Value // sorted by name, the losers of each beside it
	Software firmware.Choice
	Paired   firmware.Choice // of the device that is paired with it
	Files    []string        // their names, in the order in which the phone asks
	Misfits  []phone.Misfit
	Trial    string // id of the plan whose change it has for trial; "" none
	// Unreadable names files in which the phone keeps what was changed on it and that nobody understands.
	Unreadable []string
}

// device gives a phone of a customer with what its files depend on, for people: as it asked last.
func (p *Plans) device(ctx context.Context, actor access.Actor, act access.Action, customerID, deviceID string) (tenant.Tenant, *estate, own, string, error) {
	t, err := p.allowed(ctx, p.db, actor, act, profile.AtCustomer(customerID))
	if err != nil {
		return t, nil, own{}, "", err
	}
	d, err := p.devices.ByID(ctx, p.db, t.ID, deviceID)
	if err != nil {
		return t, nil, own{}, "", err
	}
	sc, err := p.reach(ctx, p.db, t, profile.AtCustomer(t.ID))
	if err != nil || len(sc.customers) == 0 {
		return t, nil, own{}, "", orMissing(err)
	}
	e, o, trial, err := p.inputsFor(ctx, sc.customers[0].customer, d.MAC, nil)
	return t, e, o, trial, err
}

func orMissing(err error) error {
	if err == nil {
		err = errs.Missing("device")
	}
	return err
}

// Effective shows what a phone goes by and where each value comes from, what it overrules, and what does not fit (DM-163): what it gets,
// and above that what was changed on it (decision 14).
func (p *Plans) Effective(ctx context.Context, actor access.Actor, customerID, deviceID string) (Effective, error) {
	_, e, o, trial, err := p.device(ctx, actor, access.ProfileView, customerID, deviceID)
	if err != nil {
		return Effective{}, err
	}
	r, err := e.resolve(&o, true)
	if err != nil {
		return Effective{}, err
	}
	out := Effective{DeviceID: deviceID, Values: r.values, Misfits: r.misfits, Trial: trial, Files: r.maker.Files(e.inputs(&o, r, true))}
	out.Software, out.Paired = e.choose(&o, r, p.db.Now().Time)
	files, err := p.devices.ChangedOnPhone(ctx, o.DeviceID)
	if err != nil {
		return Effective{}, err
	}
	out.Values, out.Unreadable = overlaid(r.maker, out.Values, files)
	for i := range out.Values {
		v := &out.Values[i]
		hidden := phone.Hidden(r.maker, v.Setting)
		for j := range v.Overruled {
			if hidden || phone.Hidden(r.maker, phone.Setting{Name: v.Name, Value: v.Overruled[j].Value}) {
				v.Overruled[j].Value = masked
			}
		}
		if hidden {
			v.Value = masked
		}
	}
	return out, nil
}

// Rendered gives a file as the phone would get it now, with secrets masked; NotFound when the phone has no such file.
func (p *Plans) Rendered(ctx context.Context, actor access.Actor, customerID, deviceID, name string) (File, error) {
	_, e, o, _, err := p.device(ctx, actor, access.ProfileView, customerID, deviceID)
	if err != nil {
		return File{}, err
	}
	return e.file(&o, name, p.db.Now().Time, func(maker phone.Renderer, in phone.Inputs) { mask(maker, in.Settings, nil) })
}

// Reveal gives a file as the phone would get it now, secrets in clear. It needs a right of its own and is written into the operation
// log (decision 16).
func (p *Plans) Reveal(ctx context.Context, actor access.Actor, customerID, deviceID, name string) (File, error) {
	t, e, o, _, err := p.device(ctx, actor, access.SecretReveal, customerID, deviceID)
	if err != nil {
		return File{}, err
	}
	f, err := e.file(&o, name, p.db.Now().Time, func(phone.Renderer, phone.Inputs) {})
	if err != nil {
		return File{}, err
	}
	err = p.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return p.journal.Append(ctx, tx, actor, journal.News{Action: "device_file/reveal", Tenant: t.Access(), Quiet: true,
			Target: journal.Target{Kind: "device", ID: deviceID, Name: name}})
	})
	if err != nil {
		return File{}, err
	}
	return f, nil
}

// file renders one file of a phone after its inputs were treated.
func (e *estate) file(o *own, name string, now time.Time, treat func(phone.Renderer, phone.Inputs)) (File, error) {
	r, err := e.resolve(o, false)
	if err != nil {
		return File{}, err
	}
	in := e.inputs(o, r, true)
	software, _ := e.choose(o, r, now)
	in.Image = software.Image
	treat(r.maker, in)
	f, err := r.maker.Render(name, in)
	if err != nil {
		return File{}, err
	}
	return File{DeviceID: o.DeviceID, Body: f.Body, ContentType: f.ContentType, ETag: etag(f.Body)}, nil
}

// PlanFile is how one file of one phone becomes different, or that nothing in its files does (Name "").
type PlanFile struct {
	DeviceID   string
	CustomerID string
	FileDiff
	Stays []string // parameters that are taken away but that the phone keeps
}

// Files shows what a plan does to its phones, phone by phone; an applied one shows what it did. plan_outdated when that cannot be told
// any more, because something has moved since.
func (p *Plans) Files(ctx context.Context, actor access.Actor, at profile.Place, id string, page db.Page) ([]PlanFile, string, error) {
	t, err := p.allowed(ctx, p.db, actor, access.ProfileView, at)
	if err != nil {
		return nil, "", err
	}
	row, err := getPlan(ctx, p.db, t.ID, id)
	if err != nil {
		return nil, "", err
	}
	change, back, err := p.shownChange(ctx, t, at, row)
	if err != nil {
		return nil, "", err
	}
	all, next, err := concernedOf(ctx, p.db, row.ID, page)
	if err != nil {
		return nil, "", err
	}
	sc, err := p.reach(ctx, p.db, t, at)
	if err != nil {
		return nil, "", err
	}
	customers := map[string]customer{}
	for _, c := range sc.customers {
		customers[c.id] = c.customer
	}
	if at.Level != profile.CustomerLevel { // phones of customers who have not let the actor see them are left out (CH-29)
		ids := make([]string, len(all))
		for i, x := range all {
			ids[i] = x.CustomerID
		}
		open, err := p.open(ctx, actor, ids)
		if err != nil {
			return nil, "", err
		}
		all = slices.DeleteFunc(all, func(x concerned) bool { return !open[x.CustomerID] })
	}
	var out []PlanFile
	for _, x := range all {
		c, ok := customers[x.CustomerID]
		if !ok {
			continue
		}
		some, err := p.filesOf(ctx, c, x, change, back)
		if err != nil {
			return nil, "", err
		}
		out = append(out, some...)
	}
	return out, next, nil
}

// shownChange gives the change whose effect can be shown now; back says that it leads from the state after the plan to the one before.
func (p *Plans) shownChange(ctx context.Context, t tenant.Tenant, at profile.Place, row planRow) (c Change, back bool, err error) {
	sc, err := p.reach(ctx, p.db, t, at)
	if err != nil {
		return c, false, err
	}
	now, err := revision.Of(ctx, p.db, sc.keys...)
	if err != nil {
		return c, false, err
	}
	switch {
	case row.State == Working, row.State == Applied && row.Kind == ImportDevices: // what it did cannot be told without what was there
		return c, false, errPlanState
	case row.State == Applied && fingerprint(now) == row.AppliedOn:
		c, err = row.openInverse(p.box)
		return c, true, err
	case row.State != Applied && fingerprint(now) == row.MadeOn:
		c, err = row.open(p.box)
		return c, false, err
	}
	return c, false, errPlanMoved
}

func (p *Plans) filesOf(ctx context.Context, c customer, x concerned, change Change, back bool) ([]PlanFile, error) {
	d, err := p.devices.ByID(ctx, p.db, x.CustomerID, x.DeviceID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return nil, nil
		}
		return nil, err
	}
	e, o, _, err := p.inputsFor(ctx, c, d.MAC, &Change{})
	if err != nil {
		return nil, err
	}
	with, err := change.on(e)
	if err != nil {
		return nil, err
	}
	then, err := with.phone(o)
	if err != nil {
		return nil, err
	}
	was, err := e.resolve(&o, false)
	if err != nil {
		return nil, err
	}
	will, err := with.resolve(&then, false)
	if err != nil {
		return nil, err
	}
	before, after, a, b := e, with.estate, &o, &then
	if back {
		before, after, a, b, was, will = after, before, b, a, will, was
	}
	kept := stays(will.maker, differ(was.values, will.values))
	var out []PlanFile
	for _, f := range before.diffs(a, was, after, b, will) {
		out = append(out, PlanFile{DeviceID: x.DeviceID, CustomerID: x.CustomerID, FileDiff: f, Stays: kept})
	}
	if len(out) == 0 {
		out = append(out, PlanFile{DeviceID: x.DeviceID, CustomerID: x.CustomerID, Stays: kept})
	}
	return out, nil
}
