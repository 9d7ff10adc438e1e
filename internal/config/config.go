// Package config owns the decision what a phone gets: it reads all inputs of one moment, lets the phone's maker render them,
// and keeps the bytes as long as nothing they depend on has changed.
//
// It must not know how phones ask (boot) or spell (phone). Nothing is rendered before it is asked for (architecture,
// section 4). When the database does not answer, what was served last is served again for a bounded time (decision 11).
package config

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/network"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/revision"
	"linecard/internal/secret"
)

// Request is what a phone wants, after it was let in.
type Request struct {
	Door    device.Door
	MAC     phone.MAC
	Name    string // as phone.Identity.Name
	Address string // the form of address the phone uses; files may name others by it (decision 9)
	Model   string // as the phone tells now; "" when it does not
	Version string
	// Trusted says that it is this phone for sure: it showed its own account or its maker's certificate, or somebody opened a window
	// for it. Others get no secret (decision 15).
	Trusted bool
	From    netip.Addr // from where it asks: decides its site (DM-46)
}

// File is what a phone gets. The body is shared: nobody may change it.
type File struct {
	DeviceID    string
	Body        []byte
	ETag        string // quoted hash of the bytes: it changes only when they do
	ContentType string
	Stale       bool // from before the database went away
}

// Options bound what is kept.
type Options struct {
	// Keep is for how long what was last served is served while the database does not answer. It is also how long a removed
	// phone or a changed password can go unnoticed then. 0 → 60 minutes (decision 11); negative: not at all.
	Keep time.Duration
	// Bytes bounds the rendered files that are kept. 0 → 64 MiB.
	Bytes uint64
	// Doors bounds the customers whose doors are kept for an outage. 0 → 20,000.
	Doors int
	// Estates bounds the customers whose profiles, containers and sites are kept in memory. 0 → 500.
	Estates int
}

// Needs is what the room is made of.
type Needs struct {
	DB       *db.DB
	Devices  *device.Service
	Profiles *profile.Service
	Networks *network.Service
	Software *firmware.Service // nil: nobody is told to run anything
	Makers   phone.Makers
	Box      *secret.Box // opens and seals the changes of plans: they may hold passwords
	// Address gives where the phones of a customer's host fetch, without a trailing slash; nil when it is not known: then nothing
	// can link to resource files.
	Address func(host string) string
}

// Service answers what a phone gets. It is safe for concurrent use.
type Service struct {
	db       *db.DB
	devices  *device.Service
	profiles *profile.Service
	networks *network.Service
	makers   phone.Makers
	box      *secret.Box
	address  func(host string) string
	names    func(ctx context.Context, q db.Q, customerID string) (map[string]string, error)
	software *firmware.Service
	keep     time.Duration
	files    *otter.Cache[key, *file]
	doors    *otter.Cache[string, *door]
	estates  *otter.Cache[string, *keptEstate]
	counts   counts
	away     atomic.Int64 // unix milliseconds when the database last failed to answer
}

// pause is for how long the database is not asked again after a fault by those who can be served without it: in an outage
// they would all wait for their time-out, one after another.
const pause = time.Second

// counts are what happened since the start.
type counts struct{ hits, renders, stale atomic.Int64 }

// Counts gives how often bytes came from memory, were rendered, and were served or let in without the database.
func (s *Service) Counts() (hits, renders, stale int64) {
	return s.counts.hits.Load(), s.counts.renders.Load(), s.counts.stale.Load()
}

// key is everything beside the counters that the bytes of one file depend on (decision 9).
type key struct {
	customer, name, address, model, version string
	mac                                     phone.MAC
	trusted                                 bool
	from                                    netip.Addr
}

// file is what is kept of a rendering.
type file struct {
	File
	vector revision.Vector
	until  time.Time    // when it becomes another without any change; zero: never
	good   atomic.Int64 // unix milliseconds when the database last said that it is right
	epoch  atomic.Int64 // of the database when it did
}

type door struct {
	device.Door
	good atomic.Int64
}

// New makes the room.
func New(n Needs, o Options) (*Service, error) {
	if o.Keep == 0 {
		o.Keep = time.Hour
	}
	if o.Bytes == 0 {
		o.Bytes = 64 << 20
	}
	if o.Doors == 0 {
		o.Doors = 20_000
	}
	if o.Estates == 0 {
		o.Estates = 500
	}
	s := &Service{db: n.DB, devices: n.Devices, profiles: n.Profiles, networks: n.Networks, makers: n.Makers, box: n.Box, address: n.Address, software: n.Software, keep: o.Keep}
	var err error
	if s.files, err = otter.New(&otter.Options[key, *file]{MaximumWeight: o.Bytes, Weigher: weigh}); err != nil {
		return nil, err
	}
	if s.doors, err = otter.New(&otter.Options[string, *door]{MaximumSize: o.Doors}); err != nil {
		return nil, err
	}
	s.estates, err = otter.New(&otter.Options[string, *keptEstate]{MaximumSize: o.Estates})
	return s, err
}

// weigh is about what an entry takes: its bytes, and half a kilobyte for key, vector and links.
func weigh(_ key, f *file) uint32 { return uint32(len(f.Body)) + 512 }

// Door gives the door of the customer with this host; NotFound when there is none. While the database does not answer, it is
// the door as last seen for Options.Keep, and stale is true.
func (s *Service) Door(ctx context.Context, host string) (d device.Door, stale bool, err error) {
	kept, known := s.doors.GetIfPresent(host)
	if known = known && s.fresh(kept.good.Load()); known && s.resting() {
		s.counts.stale.Add(1)
		return kept.Door, true, nil
	}
	d, err = s.devices.Door(ctx, host)
	switch {
	case err == nil:
		s.keepDoor(host, d)
		return d, false, nil
	case saysNo(err):
		s.doors.Invalidate(host)
		return device.Door{}, false, err
	}
	s.failed(err)
	if known {
		s.counts.stale.Add(1)
		return kept.Door, true, nil
	}
	return device.Door{}, false, err
}

// exact is the lag that files stand: a phone that just missed a change would come back a day later.
const exact = 100 * time.Millisecond

// Epoch is that of the database for doors, which may lag a second behind what another node wrote.
func (s *Service) Epoch(ctx context.Context) (int64, bool) { return s.db.Epoch(ctx, time.Second) }

// failed notes when the database did not answer; other faults do not count.
func (s *Service) failed(err error) {
	if k := errs.KindOf(err); (k == errs.Unavailable || k == errs.TimedOut) && !errors.Is(err, errMoving) {
		s.away.Store(s.now())
	}
}

// resting says whether the database failed a moment ago.
func (s *Service) resting() bool { return s.now()-s.away.Load() < pause.Milliseconds() }

func (s *Service) keepDoor(host string, d device.Door) {
	if kept, ok := s.doors.GetIfPresent(host); ok && kept.Same(d) {
		kept.good.Store(s.now())
		return
	}
	n := &door{Door: d}
	n.good.Store(s.now())
	s.doors.Set(host, n)
}

// File gives a file of a phone; NotFound when the customer has no such phone or the phone no such file. A fault is never
// NotFound: then the bytes last served are given for Options.Keep, or the error is that of the fault.
func (s *Service) File(ctx context.Context, r Request) (File, error) {
	k := key{customer: r.Door.CustomerID, name: r.Name, address: r.Address, model: r.Model, version: r.Version, mac: r.MAC, trusted: r.Trusted, from: r.From}
	kept, known := s.files.GetIfPresent(k)
	if known && s.resting() && s.fresh(kept.good.Load()) {
		return s.last(kept, nil)
	}
	epoch, told := s.db.Epoch(ctx, exact) // before anything is read: what is written meanwhile begins another one
	if known {
		current := kept.until.IsZero() || s.db.Now().Before(kept.until)
		if told && current && kept.epoch.Load() == epoch {
			kept.good.Store(s.now())
			s.counts.hits.Add(1)
			return kept.File, nil
		}
		holds, err := kept.vector.Holds(ctx, s.db)
		switch {
		case err == nil && holds && current:
			kept.good.Store(s.now())
			kept.epoch.Store(epoch)
			s.counts.hits.Add(1)
			return kept.File, nil
		case err != nil && !saysNo(err):
			return s.last(kept, err)
		}
	}
	made, err := s.make(ctx, r)
	switch {
	case err == nil:
		made.good.Store(s.now())
		made.epoch.Store(epoch)
		s.files.Set(k, made)
		return made.File, nil
	case saysNo(err):
		s.files.Invalidate(k)
		return File{}, err
	case known:
		return s.last(kept, err)
	}
	s.failed(err)
	return File{}, err
}

// last gives what was served before, when that is not too long ago; else the fault.
func (s *Service) last(kept *file, fault error) (File, error) {
	if fault != nil {
		s.failed(fault)
	}
	if !s.fresh(kept.good.Load()) {
		return File{}, fault
	}
	s.counts.stale.Add(1)
	f := kept.File
	f.Stale = true
	return f, nil
}

// saysNo tells a refusal, which is an answer, from a fault, which is none.
func saysNo(err error) bool { return errs.KindOf(err) == errs.NotFound }

func (s *Service) now() int64 { return s.db.Now().UnixMilli() }

func (s *Service) fresh(good int64) bool { return s.now()-good < s.keep.Milliseconds() }

// errMoving says that something was changed again and again while the inputs were read.
var errMoving = errs.New(errs.Unavailable, "too_busy", "Too many changes at the same time. Please try again.").Retry(time.Second)

// errNoMaker is a fault of ours: the database knows a maker that this program was built without.
var errNoMaker = errs.New(errs.Internal, "internal", "Something went wrong on our side.")

// attempts is how often inputs are read before errMoving.
const attempts = 5

// make reads the inputs of one moment and renders them.
func (s *Service) make(ctx context.Context, r Request) (*file, error) {
	for range attempts {
		f, ok, err := s.try(ctx, r)
		if err != nil || ok {
			return f, err
		}
	}
	return nil, errMoving
}

// try reads the counters, the inputs, and the counters again. Every change of an input bumps a counter in its transaction, so
// equal counters mean that the inputs are of one moment, on any database and without holding a transaction open.
func (s *Service) try(ctx context.Context, r Request) (*file, bool, error) {
	id, err := s.devices.Find(ctx, r.Door.CustomerID, r.MAC)
	if err != nil {
		return nil, false, err
	}
	keys := append(r.Door.Above[:len(r.Door.Above):len(r.Door.Above)], revision.Key{Kind: revision.Device, ID: id})
	before, err := revision.Of(ctx, s.db, keys...)
	if err != nil {
		return nil, false, err
	}
	e, o, err := s.inputsOf(ctx, r)
	if err != nil {
		return nil, false, err
	}
	after, err := revision.Of(ctx, s.db, keys...)
	if err != nil || before != after || id != o.DeviceID {
		return nil, false, err
	}
	res, err := e.resolve(&o, false)
	if err != nil {
		return nil, false, err
	}
	in := e.inputs(&o, res, r.Trusted)
	software, _ := e.choose(&o, res, s.db.Now().Time)
	in.Image = software.Image
	out, err := res.maker.Render(r.Name, in)
	if err != nil {
		return nil, false, err
	}
	s.counts.renders.Add(1)
	return &file{vector: after, until: software.Next, File: File{DeviceID: o.DeviceID, Body: out.Body, ContentType: out.ContentType, ETag: etag(out.Body)}}, true, nil
}

// inputsOf reads what the files of a phone that asks depend on now, trials included.
func (s *Service) inputsOf(ctx context.Context, r Request) (*estate, own, error) {
	c := customer{id: r.Door.CustomerID, scope: r.Door.Scope, host: r.Door.Host, above: r.Door.Above}
	e, _, err := s.estateOf(ctx, c)
	if err != nil {
		return nil, own{}, err
	}
	o, err := s.ownOf(ctx, s.db, c.id, r.MAC)
	if err != nil {
		return nil, own{}, err
	}
	e.place(&o, r)
	trial, plan, err := s.trial(ctx, s.db, o.DeviceID)
	if err != nil || plan == "" {
		return e, o, err
	}
	return trial.with(e, o)
}

// inputsFor reads what the files of a phone depend on as it last asked, with the plan whose trial it is in, or with another
// change instead.
func (s *Service) inputsFor(ctx context.Context, c customer, mac phone.MAC, instead *Change) (*estate, own, string, error) {
	e, _, err := s.estateOf(ctx, c)
	if err != nil {
		return nil, own{}, "", err
	}
	o, err := s.ownOf(ctx, s.db, c.id, mac)
	if err != nil {
		return nil, own{}, "", err
	}
	e.place(&o, stored(o))
	if instead != nil {
		e, o, err = instead.with(e, o)
		return e, o, "", err
	}
	trial, plan, err := s.trial(ctx, s.db, o.DeviceID)
	if err != nil || plan == "" {
		return e, o, "", err
	}
	e, o, err = trial.with(e, o)
	return e, o, plan, err
}

// etag is a quoted hash of the bytes, the same on every node.
func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}
