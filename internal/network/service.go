package network

import (
	"context"
	"net/netip"
	"sync"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Service is the use cases of sites. Sites are configuration of phones: who may see phones may see them, who may change
// phones may change them.
type Service struct {
	db         *db.DB
	journal    *journal.Journal
	tenants    *tenant.Service
	operations *operation.Service
	hooks      []Hook

	mu   sync.Mutex
	maps map[string]kept // by customer
}

// Needs is what the room is made of.
type Needs struct {
	DB         *db.DB
	Journal    *journal.Journal
	Tenants    *tenant.Service
	Operations *operation.Service // long imports
}

// NewService makes the room. From then on a new customer has the sites Internet and Intranet (DM-35).
func NewService(n Needs) *Service {
	n.Tenants.OnChange(founded)
	return &Service{db: n.DB, journal: n.Journal, tenants: n.Tenants, operations: n.Operations, maps: map[string]kept{}}
}

// Change is what a hook gets: after subnets have changed, before removed sites are gone.
type Change struct {
	CustomerID string
	Map        *Map           // as it will be
	Areas      []netip.Prefix // public subnets that came or went; the site of an address outside of them is what it was
	Removed    []string       // sites that are about to go; nothing may refer to them afterwards
}

// Hook acts on a change in its transaction; an error undoes the change.
type Hook func(ctx context.Context, tx *db.Tx, c Change) error

// OnChange registers a hook. Rooms above register theirs while the program is wired, before anything runs.
func (s *Service) OnChange(h Hook) { s.hooks = append(s.hooks, h) }

// allowed gives the customer when the actor may do the action there. What is no customer is NotFound like an unknown one.
func (s *Service) allowed(ctx context.Context, q db.Q, actor access.Actor, act access.Action, customerID string) (tenant.Tenant, error) {
	t, target, err := s.tenants.Target(ctx, q, actor, customerID)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err == nil && t.Kind != access.Customer {
		err = errs.Missing("object")
	}
	return t, err
}

// begin decides about a change and locks what changes of a customer's sites wait for.
func (s *Service) begin(ctx context.Context, tx *db.Tx, actor access.Actor, customerID string) (tenant.Tenant, *estate, error) {
	if err := tx.LockRow(ctx, "tenant_tenants", customerID); err != nil {
		return tenant.Tenant{}, nil, err
	}
	t, err := s.allowed(ctx, tx, actor, access.DeviceEdit, customerID)
	if err != nil {
		return t, nil, err
	}
	if t.State == tenant.Archived {
		return t, nil, errArchived
	}
	if err := s.Hold(ctx, tx, t); err != nil {
		return t, nil, err
	}
	all, err := load(ctx, tx, t.ID)
	return t, newEstate(all), err
}

// Hold keeps the customer's sites from changing until the transaction ends, so that what is computed from the Map stays true.
// Rows of several customers are held in the order of their ids.
func (s *Service) Hold(ctx context.Context, tx *db.Tx, t tenant.Tenant) error {
	if err := ensure(ctx, tx, t); err != nil {
		return err
	}
	return tx.LockRow(ctx, "network_customers", t.ID)
}

// Create adds a site (DM-42). A name that is used is the conflict name_taken, a subnet that another site has subnet_taken with
// the site's name, more than MaxSites is site_limit.
func (s *Service) Create(ctx context.Context, actor access.Actor, customerID string, n New) (Site, error) {
	var made Site
	_, faults := Patch{Name: &n.Name, Description: &n.Description, LocationName: &n.LocationName, DownloadPath: &n.DownloadPath, Subnets: &n.Subnets}.apply(&made)
	var out Site
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, e, err := s.begin(ctx, tx, actor, customerID)
		if err == nil {
			err = faults
		}
		if err == nil {
			err = e.admit(made)
		}
		if err != nil {
			return err
		}
		out = made
		out.ID = db.NewID()
		return s.write(ctx, tx, actor, t, e, step{after: &out})
	})
	return out, err
}

// Get gives a site of the customer; NotFound when it has none with this id.
func (s *Service) Get(ctx context.Context, actor access.Actor, customerID, id string) (Site, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return Site{}, err
	}
	return get(ctx, s.db, customerID, id)
}

// List gives the sites of a customer, page by page.
func (s *Service) List(ctx context.Context, actor access.Actor, customerID string, q Query) (Listing, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return Listing{}, err
	}
	return list(ctx, s.db, customerID, q)
}

// Edit changes a site; its phones, and those that it takes, move in the same transaction (DM-47, DM-49). Internet is site_fixed.
// Stale when IfVersion is not the present version.
func (s *Service) Edit(ctx context.Context, actor access.Actor, customerID, id string, p Patch) (Site, error) {
	var out Site
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, e, err := s.begin(ctx, tx, actor, customerID)
		if err != nil {
			return err
		}
		before, err := changeable(e, id, p.IfVersion)
		if err != nil {
			return err
		}
		out = before
		fields, err := p.apply(&out)
		if err == nil && len(fields) > 0 {
			err = e.admit(out)
		}
		if err != nil || len(fields) == 0 {
			return err
		}
		return s.write(ctx, tx, actor, t, e, step{&before, &out, fields})
	})
	return out, err
}

// Delete removes one site; its phones move to the site that matches then (DM-52).
func (s *Service) Delete(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, e, err := s.begin(ctx, tx, actor, customerID)
		if err != nil {
			return err
		}
		before, err := changeable(e, id, ifVersion)
		if err != nil {
			return err
		}
		return s.write(ctx, tx, actor, t, e, step{before: &before})
	})
}

func changeable(e *estate, id string, ifVersion int64) (Site, error) {
	site, ok := e.sites[id]
	switch {
	case !ok:
		return site, errs.Missing("site")
	case site.Fixed:
		return site, errFixed
	case ifVersion != 0 && ifVersion != site.Version:
		return site, errStale
	}
	return site, nil
}

// write makes the steps true, which the estate has admitted: rows, map, hooks, one revision, a journal row for each site. The
// order lets sites swap subnets: all old ones go before the new ones come.
func (s *Service) write(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, e *estate, steps ...step) error {
	c := Change{CustomerID: t.ID}
	var gone []string
	var come []Site
	for _, x := range steps {
		if x.before != nil {
			e.drop(x.before.ID)
		}
		if !x.moved() {
			continue
		}
		if x.before != nil {
			gone = append(gone, x.before.ID)
			c.cover(x.before.Subnets)
		}
		if x.after != nil {
			c.cover(x.after.Subnets)
		}
	}
	if len(gone) > 0 {
		if err := clearSubnets(ctx, tx, gone); err != nil {
			return err
		}
	}
	for _, x := range steps {
		if x.after == nil {
			c.Removed = append(c.Removed, x.before.ID)
			continue
		}
		if err := store(ctx, tx, t, x); err != nil {
			return err
		}
		e.set(*x.after)
		if x.moved() {
			come = append(come, *x.after)
		}
	}
	if err := insertSubnets(ctx, tx, come); err != nil {
		return err
	}
	if len(gone)+len(come) > 0 {
		c.Map = NewMap(e.list())
		if err := s.moved(ctx, tx, c); err != nil {
			return err
		}
	}
	if err := revision.Bump(ctx, tx, revision.Customer, t.ID); err != nil {
		return err
	}
	for _, x := range steps {
		if err := s.journal.Append(ctx, tx, actor, news(t, x)); err != nil {
			return err
		}
	}
	return nil
}

func store(ctx context.Context, tx *db.Tx, t tenant.Tenant, x step) error {
	x.after.Updated = tx.Now()
	if x.before != nil {
		x.after.Version = x.before.Version + 1
		return update(ctx, tx, *x.after)
	}
	x.after.CustomerID, x.after.Scope, x.after.Created, x.after.Version = t.ID, t.Scope, tx.Now(), 1
	return insert(ctx, tx, *x.after)
}

// moved tells that subnets have changed, and takes removed sites away once nobody refers to them.
func (s *Service) moved(ctx context.Context, tx *db.Tx, c Change) error {
	if _, err := tx.Exec(ctx, `UPDATE network_customers SET map = $2 WHERE id = $1`, c.CustomerID, db.NewID()); err != nil {
		return err
	}
	for _, h := range s.hooks {
		if err := h(ctx, tx, c); err != nil {
			return err
		}
	}
	for _, id := range c.Removed {
		if err := remove(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

func (c *Change) cover(subnets []Subnet) {
	for _, n := range subnets {
		if n.Public != zeros {
			c.Areas = append(c.Areas, n.Public)
		}
	}
}

func news(t tenant.Tenant, x step) journal.News {
	n := journal.News{Type: "site.edited", Action: "site/edit", Tenant: t.Access(), Data: map[string]any{"customer_id": t.ID}}
	site := x.after
	switch {
	case x.before == nil:
		n.Type, n.Action = "site.created", "site/create"
	case x.after == nil:
		n.Type, n.Action, site = "site.deleted", "site/delete", x.before
	default:
		n.Data["fields"] = x.fields
	}
	n.Target = journal.Target{Kind: "site", ID: site.ID, Name: site.Name}
	return n
}

// keptMost bounds how many customers' maps are kept in memory.
const keptMost = 4096

type kept struct {
	token string
	m     *Map
}

// Map gives the map of the customer's sites as q sees it. It costs one indexed read as long as no subnet has changed; a customer
// without sites is NotFound. It decides nothing.
func (s *Service) Map(ctx context.Context, q db.Q, customerID string) (*Map, error) {
	var token string
	if err := q.Get(ctx, &token, `SELECT map FROM network_customers WHERE id = $1`, customerID); err != nil {
		return nil, err
	}
	return s.MapAt(ctx, q, customerID, token)
}

// MapAt is Map for who has read the token already, from network_customers.map in a statement of its own.
func (s *Service) MapAt(ctx context.Context, q db.Q, customerID, token string) (*Map, error) {
	s.mu.Lock()
	have := s.maps[customerID]
	s.mu.Unlock()
	if have.token == token {
		return have.m, nil
	}
	all, err := load(ctx, q, customerID)
	if err != nil {
		return nil, err
	}
	m := NewMap(all)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.maps) >= keptMost {
		for id := range s.maps { // any of them
			delete(s.maps, id)
			break
		}
	}
	s.maps[customerID] = kept{token, m}
	return m, nil
}
