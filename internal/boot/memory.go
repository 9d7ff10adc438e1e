package boot

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// memory asks the database who is behind a door, and keeps what it said for an outage (decision 11). Only what there is is kept, so
// nobody fills it with guesses.
type memory struct {
	devices *device.Service
	epoch   func(context.Context) (int64, bool)
	clock   db.Clock
	keep    time.Duration
	doors   *otter.Cache[string, *keptDoor]
	claims  *otter.Cache[claimKey, *keptClaim]
	away    atomic.Int64 // unix milliseconds when the database last failed to answer
	stale   atomic.Int64 // how often it was done without
}

type claimKey struct {
	customer string
	mac      phone.MAC
}

type keptDoor struct {
	device.Door
	good  atomic.Int64 // unix milliseconds when the database last said so
	epoch atomic.Int64 // of the database when it did
}

type keptClaim struct {
	device.Claim
	good  atomic.Int64
	epoch atomic.Int64
}

func newMemory(devices *device.Service, epoch func(context.Context) (int64, bool), clock db.Clock, keep time.Duration) (*memory, error) {
	m := &memory{devices: devices, epoch: epoch, clock: clock, keep: keep}
	var err error
	if m.doors, err = otter.New(&otter.Options[string, *keptDoor]{MaximumSize: 20_000}); err != nil {
		return nil, err
	}
	m.claims, err = otter.New(&otter.Options[claimKey, *keptClaim]{MaximumSize: 100_000})
	return m, err
}

// pause is for how long the database is not asked again after a fault: in an outage all would wait for their time-out, one after another.
const pause = time.Second

// admitted is what admit says of a request.
type admitted struct {
	device.Entrance
	stale  bool // the database does not answer: this is from before
	behind bool // and nothing is known of the phone, not even that it is not there
}

// current gives what is behind a door when nothing was written since the database said so; false when it has to be asked.
func (m *memory) current(ctx context.Context, host string, mac phone.MAC) (admitted, bool) {
	now, ok := m.epoch(ctx)
	if !ok {
		return admitted{}, false
	}
	d, ok := m.doors.GetIfPresent(host)
	if !ok || d.epoch.Load() != now {
		return admitted{}, false
	}
	c, ok := m.claims.GetIfPresent(claimKey{d.CustomerID, mac})
	if !ok || c.epoch.Load() != now {
		return admitted{}, false
	}
	return admitted{Entrance: device.Entrance{Door: d.Door, Claim: c.Claim}}, true
}

// admit gives what is behind a door. While the database does not answer it is what was there last; a fault when the door is not
// remembered.
func (m *memory) admit(ctx context.Context, host string, mac phone.MAC) (admitted, error) {
	if m.now()-m.away.Load() < pause.Milliseconds() {
		if a, ok := m.last(host, mac); ok && !a.behind {
			return a, nil
		}
	}
	epoch, _ := m.epoch(ctx) // before it is read: what is written meanwhile begins another one
	e, err := m.devices.Admit(ctx, host, mac)
	if err == nil {
		m.remember(host, e, epoch)
		return admitted{Entrance: e}, nil
	}
	if k := errs.KindOf(err); k == errs.Unavailable || k == errs.TimedOut {
		m.away.Store(m.now())
	}
	if a, ok := m.last(host, mac); ok {
		return a, nil
	}
	return admitted{}, err
}

func (m *memory) now() int64 { return m.clock.Now().UnixMilli() }

func (m *memory) fresh(good int64) bool { return m.now()-good < m.keep.Milliseconds() }

// last gives what is remembered; false when the door is not.
func (m *memory) last(host string, mac phone.MAC) (admitted, bool) {
	d, ok := m.doors.GetIfPresent(host)
	if !ok || !m.fresh(d.good.Load()) {
		return admitted{}, false
	}
	m.stale.Add(1)
	a := admitted{Entrance: device.Entrance{Door: d.Door}, stale: true}
	if c, ok := m.claims.GetIfPresent(claimKey{d.CustomerID, mac}); ok && m.fresh(c.good.Load()) {
		a.Claim = c.Claim
	} else {
		a.behind = true
	}
	return a, true
}

func (m *memory) remember(host string, e device.Entrance, epoch int64) {
	if e.CustomerID == "" {
		m.doors.Invalidate(host)
		return
	}
	if kept, ok := m.doors.GetIfPresent(host); ok && kept.Same(e.Door) {
		kept.good.Store(m.now())
		kept.epoch.Store(epoch)
	} else {
		d := &keptDoor{Door: e.Door}
		d.good.Store(m.now())
		d.epoch.Store(epoch)
		m.doors.Set(host, d)
	}
	if e.Claim.DeviceID == "" {
		return
	}
	at := claimKey{e.CustomerID, e.Claim.MAC}
	if kept, ok := m.claims.GetIfPresent(at); ok && kept.Same(e.Claim) {
		kept.good.Store(m.now())
		kept.epoch.Store(epoch)
		return
	}
	c := &keptClaim{Claim: e.Claim}
	c.good.Store(m.now())
	c.epoch.Store(epoch)
	m.claims.Set(at, c)
}

func (m *memory) forget(customer string, mac phone.MAC) { m.claims.Invalidate(claimKey{customer, mac}) }
