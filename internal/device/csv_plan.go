package device

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/tenant"
)

var (
	errSkipped    = errs.New(errs.Conflict, "row_exists", "The device is there already.")
	errNoSuch     = errs.New(errs.Invalid, "row_unknown_group", "There is no such device group.")
	errNoSuchSite = errs.New(errs.Invalid, "row_unknown_site", "There is no such network site, so the device is where its address says.")
)

// intent is what an import does with one unit.
type intent struct {
	*unit
	device  Device // as it will be
	was     Device // zero when it is new
	fresh   bool
	groups  []string // ids, as they will be
	regroup bool
	siteID  string // to pin it to; "" none
	outcome Outcome
}

// importPlan is what an import does with some units.
type importPlan struct {
	all   []*intent // of all units, in their order
	fresh []*intent // those that are added
	known []*intent // those that are updated
}

func (p *importPlan) outcomes() []Outcome {
	var out []Outcome
	for _, x := range p.all {
		out = append(out, x.rows(x.outcome)...)
	}
	return out
}

// estate is what is there of what some units speak of.
type estate struct {
	byMAC, bySerial map[string]Device // of any customer
	groups          map[string]string // ids by folded name
	groupsOf        map[string][]string
	sites           map[string]string  // ids by folded name
	claimed         map[phone.MAC]bool // by others, at the redirect service
	thirdParty      bool               // the customer gets phones that are served by template (WS-144)
}

// plan decides about units. left is how many devices the customer can still get.
func (s *Service) plan(ctx context.Context, q db.Q, t tenant.Tenant, f ImportFile, units []*unit, left int64) (*importPlan, error) {
	e, err := readEstate(ctx, q, t.ID, units)
	if err != nil {
		return nil, err
	}
	var macs []phone.MAC
	for _, u := range units {
		if !u.mac.IsZero() && e.byMAC[u.mac.String()].ID == "" {
			macs = append(macs, u.mac)
		}
	}
	allowed, err := policy(ctx, q, t.ID)
	if err != nil {
		return nil, err
	}
	e.thirdParty = allowed.ThirdParty
	if e.claimed, err = s.elsewhere(ctx, q, t.ID, macs); err != nil {
		return nil, err
	}
	p := &importPlan{}
	for _, u := range units {
		x := &intent{unit: u}
		p.all = append(p.all, x)
		err := s.decide(x, e, t, f)
		if err == nil && x.fresh {
			if left--; left < 0 {
				err = errTooMany
			}
		}
		switch {
		case err == errSkipped || u.skip != nil && err == u.skip:
			x.outcome = failure(Outcome{}, err)
			x.outcome.Outcome = RowSkipped
		case err != nil:
			x.outcome = failure(Outcome{}, err)
		case x.fresh:
			x.outcome.Outcome = RowAdded
			p.fresh = append(p.fresh, x)
		default:
			x.outcome.Outcome = RowUpdated
			p.known = append(p.known, x)
		}
	}
	return p, nil
}

// decide says what becomes of one unit; an error is why nothing does.
func (s *Service) decide(x *intent, e *estate, t tenant.Tenant, f ImportFile) error {
	u := x.unit
	switch {
	case u.err != nil:
		return u.err
	case u.skip != nil:
		return u.skip
	}
	was, there := e.byMAC[u.mac.String()]
	if u.mac.IsZero() {
		there = false
	}
	holder, taken := was, there // of the MAC that is information only
	if u.family.bySerial {
		was, there = e.bySerial[u.serial]
	}
	switch {
	case there && was.CustomerID != t.ID:
		return errElsewhere
	case there && was.BySerial != u.family.bySerial:
		return errExists // the MAC is told of a device that is known by its serial number
	case !there && e.claimed[u.mac], taken && u.family.bySerial && holder.ID != was.ID && holder.CustomerID != t.ID:
		return errElsewhere
	case taken && u.family.bySerial && holder.ID != was.ID:
		return errExists
	case there && f.Mode == ModeSkip:
		return errSkipped
	}
	if !there && !e.thirdParty && s.served(u.maker) == ThirdParty {
		return errThirdParty
	}
	x.fresh, x.was = !there, was
	if !x.fresh {
		x.device = was
	} else {
		x.device = Device{ID: db.NewID(), CustomerID: t.ID, Scope: t.Scope, MAC: u.mac, Serial: u.serial, BySerial: u.family.bySerial, Maker: u.maker, Version: 1, Status: Never}
	}
	u.describe(&x.device)
	if err := s.checkAttributes(x.device.Maker, u.attributes); err != nil {
		return err
	}
	x.regroupAs(e, f)
	if u.site != "" {
		if id, has := e.sites[db.Fold(u.site)]; has {
			x.siteID = id
		} else {
			u.warn(errNoSuchSite, u.site)
		}
	}
	return nil
}

// describe writes what the unit says into a device; what it does not say stays.
func (u *unit) describe(d *Device) {
	set := func(to *string, v string) {
		if v != "" {
			*to = v
		}
	}
	set(&d.Name, u.name)
	set(&d.Description, u.about)
	set(&d.Model, u.model)
	set(&d.Family, u.family.Name)
	set(&d.Serial, u.serial)
	if d.BySerial && !u.mac.IsZero() {
		d.MAC = u.mac
	}
}

// checkAttributes refuses what the maker cannot write into its files.
func (s *Service) checkAttributes(maker string, all []profile.Attribute) error {
	if len(all) == 0 {
		return nil
	}
	m, err := s.makers.Get(maker)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Value == profile.Mask {
			continue
		}
		if err := m.Check(phone.Setting{Name: a.Name, Value: a.Value}); err != nil {
			return err
		}
	}
	return nil
}

// regroupAs computes the groups that the device will have (DM-246, DM-250, DM-251).
func (x *intent) regroupAs(e *estate, f ImportFile) {
	now := e.groupsOf[x.was.ID]
	if x.fresh {
		now = nil
	}
	x.groups = now
	if !x.groupsGiven {
		return
	}
	var want []string
	if f.Mode == ModeMerge {
		want = slices.Clone(now)
	}
	for _, name := range x.unit.groups {
		id, has := e.groups[db.Fold(name)]
		if !has {
			x.warn(errNoSuch, name)
			continue
		}
		if !slices.Contains(want, id) {
			want = append(want, id)
		}
	}
	x.groups, x.regroup = want, !slices.Equal(want, now)
}

func readEstate(ctx context.Context, q db.Q, customerID string, units []*unit) (*estate, error) {
	e := &estate{byMAC: map[string]Device{}, bySerial: map[string]Device{}, groups: map[string]string{}, sites: map[string]string{}}
	var macs, serials, names, sites []string
	for _, u := range units {
		if !u.mac.IsZero() {
			macs = append(macs, u.mac.String())
		}
		if u.family.bySerial && u.serial != "" {
			serials = append(serials, u.serial)
		}
		for _, g := range u.groups {
			names = append(names, db.Fold(g))
		}
		if u.site != "" {
			sites = append(sites, db.Fold(u.site))
		}
	}
	const some = `SELECT id, customer_id, scope, mac, serial, by_serial, family, maker, model, name, description, created, updated, version FROM device_devices WHERE `
	var all []Device
	a := q.Args()
	if err := q.Select(ctx, &all, some+a.In("mac", macs)+` AND mac <> '000000000000'`, a.List()...); err != nil {
		return nil, err
	}
	var more []Device
	if len(serials) > 0 {
		a = q.Args()
		if err := q.Select(ctx, &more, some+`by_serial AND `+a.In("serial", serials), a.List()...); err != nil {
			return nil, err
		}
	}
	var ids []string
	for _, d := range append(all, more...) {
		if !d.MAC.IsZero() {
			e.byMAC[d.MAC.String()] = d
		}
		if d.BySerial {
			e.bySerial[d.Serial] = d
		}
		if d.CustomerID == customerID {
			ids = append(ids, d.ID)
		}
	}
	var err error
	if len(ids) > 0 {
		if e.groupsOf, err = groupsOf(ctx, q, ids); err != nil {
			return nil, err
		}
	}
	if err = named(ctx, q, "device_groups", customerID, names, e.groups); err == nil {
		err = named(ctx, q, "network_sites", customerID, sites, e.sites)
	}
	return e, err
}

// named fills in the ids of a customer's groups or sites by their folded names.
func named(ctx context.Context, q db.Q, table, customerID string, names []string, into map[string]string) error {
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	a := q.Args()
	var rows []struct {
		ID   string `db:"id"`
		Name string `db:"name_fold"`
	}
	err := q.Select(ctx, &rows, `SELECT id, name_fold FROM `+table+` WHERE customer_id = `+a.Add(customerID)+` AND `+a.In("name_fold", slices.Compact(names)), a.List()...)
	for _, r := range rows {
		into[r.Name] = r.ID
	}
	return err
}

// importSome does some units in the caller's transaction.
func (s *Service) importSome(ctx context.Context, tx *db.Tx, actor access.Actor, customerID string, f ImportFile, units []*unit) ([]Outcome, error) {
	for _, u := range units { // the transaction may run again
		u.warnings = slices.DeleteFunc(u.warnings, func(w Warning) bool { return w.Code == errNoSuch.Code || w.Code == errNoSuchSite.Code })
	}
	t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
	if err != nil {
		return nil, err
	}
	if err := ensure(ctx, tx, t); err != nil {
		return nil, err
	}
	c, err := load(ctx, tx, t.ID)
	if err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, tx, t, f, units, MaxDevices-c.Devices)
	if err != nil {
		return nil, err
	}
	if err := s.carryOut(ctx, tx, actor, t, f, p); err != nil {
		return nil, err
	}
	return p.outcomes(), nil
}
