package device

import (
	"context"
	"sync"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// AutoAdd is what happens with a phone that comes with the customer's account and that nobody announced (DM-228).
type AutoAdd string

// The choices. AsAccount is On for an account that the customer chose, and Quarantine for the well-known one.
const (
	AsAccount  AutoAdd = ""
	Off        AutoAdd = "off"        // it is neither added nor noted
	Quarantine AutoAdd = "quarantine" // it stands among the knocks until somebody adopts it
	On         AutoAdd = "on"
)

// with gives what the choice means for such an account.
func (a AutoAdd) with(factory bool) AutoAdd {
	switch {
	case a != AsAccount:
		return a
	case factory:
		return Quarantine
	}
	return On
}

// Arrival is a phone that came with the customer's account and is not known there.
type Arrival struct {
	CustomerID     string
	MAC            phone.MAC
	Maker          string
	Model, Version string // as it tells
}

// adding gathers arrivals that come at the same time, so that a herd is some transactions and not thousands (decision 13).
type adding struct {
	mu      sync.Mutex
	waiting map[string][]*arrival // by customer
	leading map[string]bool       // somebody is writing the arrivals of this customer
}

type arrival struct {
	Arrival
	done chan struct{}
	err  error
}

// arrivalsAtOnce is how many phones one transaction adds.
const arrivalsAtOnce = 200

// AddArrived adds a phone that nobody announced. A MAC that another customer has is NotFound, as if there were nothing to add: without
// proof a MAC is the claim of one customer, and nobody is told of which (decision 13). device_limit when the customer has too many.
// Concurrent calls share transactions. What waits ends with its own ctx.
func (s *Service) AddArrived(ctx context.Context, a Arrival) error {
	mine := &arrival{Arrival: a, done: make(chan struct{})}
	g := &s.claims.adding
	g.mu.Lock()
	if g.waiting == nil {
		g.waiting, g.leading = map[string][]*arrival{}, map[string]bool{}
	}
	g.waiting[a.CustomerID] = append(g.waiting[a.CustomerID], mine)
	lead := !g.leading[a.CustomerID]
	g.leading[a.CustomerID] = true
	g.mu.Unlock()
	if lead {
		s.lead(ctx, a.CustomerID)
	}
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return errs.New(errs.TimedOut, "too_busy", "Too many changes at the same time. Please try again.").Because(ctx.Err()).Retry(time.Second)
	}
}

// lead writes what waits for a customer until nothing does.
func (s *Service) lead(ctx context.Context, customerID string) {
	g := &s.claims.adding
	for {
		g.mu.Lock()
		all := g.waiting[customerID]
		n := min(len(all), arrivalsAtOnce)
		batch := all[:n:n]
		if g.waiting[customerID] = all[n:]; n == 0 {
			delete(g.waiting, customerID)
			delete(g.leading, customerID)
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		// Whoever leads writes for others too: their work must not end with its request.
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		add := func(ctx context.Context, tx *db.Tx) error { return s.addArrivals(ctx, tx, customerID, batch) }
		err := s.db.Tx(own, add)
		for range arrivalsAtOnce {
			if !db.IsUnique(err, "device_devices", "mac") {
				break
			}
			err = s.db.Tx(own, add) // another customer was quicker with one of them; now it shows
		}
		cancel()
		for _, a := range batch {
			if err != nil {
				a.err = err
			}
			close(a.done)
		}
	}
}

// addArrivals inserts or ignores, then looks what is there.
func (s *Service) addArrivals(ctx context.Context, tx *db.Tx, customerID string, batch []*arrival) error {
	actor := access.SystemActor("phones")
	t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
	if err != nil {
		return err
	}
	if err := s.networks.Hold(ctx, tx, t); err != nil {
		return err
	}
	m, err := s.networks.Map(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	var added []Device
	seen := map[phone.MAC]error{}
	macs := make([]phone.MAC, len(batch))
	for i, a := range batch {
		macs[i] = a.MAC
	}
	claimed, err := s.elsewhere(ctx, tx, t.ID, macs)
	if err != nil {
		return err
	}
	for mac := range claimed {
		seen[mac] = errs.Missing("device")
	}
	for _, a := range batch {
		err, twice := seen[a.MAC]
		if !twice {
			var d Device
			if d, err = s.addOne(ctx, tx, t, a.Arrival, m.Internet()); errs.KindOf(err) == errs.Conflict || errs.KindOf(err) == errs.NotFound || err == nil {
				seen[a.MAC] = err
			} else {
				return err
			}
			if d.ID != "" {
				added = append(added, d)
			}
		}
		a.err = err
	}
	if len(added) == 0 {
		return nil
	}
	return s.settled(ctx, tx, actor, t, added)
}

// addOne gives the zero Device when there is one already.
func (s *Service) addOne(ctx context.Context, tx *db.Tx, t tenant.Tenant, a Arrival, site string) (Device, error) {
	if here, err := known(ctx, tx, t.ID, a.MAC); err != nil || here {
		return Device{}, err
	}
	var there int
	if err := tx.Get(ctx, &there, `SELECT COUNT(*) FROM device_devices WHERE mac = $1`, a.MAC); err != nil {
		return Device{}, err
	}
	if there > 0 {
		return Device{}, errs.Missing("device")
	}
	if err := s.permitted(ctx, tx, t.ID, a.Maker); err != nil {
		if errs.KindOf(err) == errs.Forbidden {
			err = errs.Missing("device") // WS-144: as one that is not there
		}
		return Device{}, err
	}
	if err := count(ctx, tx, t, 1); err != nil {
		return Device{}, err
	}
	d := Device{ID: db.NewID(), CustomerID: t.ID, Scope: t.Scope, MAC: a.MAC, Maker: a.Maker, Created: tx.Now(), Updated: tx.Now(), Version: 1, SiteID: site}
	return d, insert(ctx, tx, d)
}

// settled gives new phones their default groups (DM-132), makes them found by search, gives them counters, and tells of them.
func (s *Service) settled(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, added []Device) error {
	var defaults []string
	if err := tx.Select(ctx, &defaults, `SELECT id FROM device_groups WHERE customer_id = $1 AND standard > 0 ORDER BY standard, id`, t.ID); err != nil {
		return err
	}
	ids, in := make([]string, len(added)), make([]membership, len(added))
	for i, d := range added {
		ids[i], in[i] = d.ID, membership{d.ID, t.ID, defaults}
	}
	if len(defaults) > 0 {
		if err := joinGroups(ctx, tx, in); err != nil {
			return err
		}
	}
	if err := s.reindex(ctx, tx, ids...); err != nil {
		return err
	}
	for _, d := range added {
		if err := revision.Bump(ctx, tx, revision.Device, d.ID); err != nil {
			return err
		}
		if err := s.journal.Append(ctx, tx, actor, news(t, d, "created", "auto_add", map[string]any{"auto_added": true})); err != nil {
			return err
		}
	}
	return nil
}
