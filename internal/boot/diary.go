package boot

import (
	"context"
	"net/http"
	"sync"
	"time"

	"linecard/internal/device"
)

// What waits to be written is bounded: beyond it requests are counted and left out.
const (
	maxDiary = 100_000
	maxOfOne = device.KeptRequests
	trimAt   = 100 // requests of one phone between two trims
)

// diary holds what phones asked since the last Flush.
type diary struct {
	mu      sync.Mutex
	waiting map[string][]device.Asked
	n       int
	since   map[string]int // requests of a phone since it was trimmed
	dropped int64
}

// note ends a request: it stands in the list of the phone's requests when it is known which phone it was. A wrong account is no proof
// that it was that phone; such requests are few in the list, or whoever guesses would push out what the phone did.
func (v *visit) note() {
	id := v.Claim.DeviceID
	if id == "" || v.stale || v.status == 0 {
		return
	}
	if v.account == noAccount {
		if v.given.scheme == noScheme || v.Claim.MAC != v.id.MAC {
			return
		}
		if ok, _ := v.h.complain.Allow("diary " + id); !ok {
			return
		}
	}
	now := v.h.clock.Now()
	v.h.diary.add(device.Asked{DeviceID: id, At: now, IP: source(v.r.Context()), Method: v.r.Method, File: clip(v.file), Status: v.status, Bytes: v.bytes,
		ETag: v.etag, TLS: tlsVersion(v.r.TLS), Account: string(v.account), Fault: v.reason})
	if v.account != noAccount && v.itself() {
		v.saw(now)
	}
}

// saw notes that the phone was heard of (DM-278). What only knows the customer's account is no message of a phone that has claimed one of
// its own.
func (v *visit) saw(now time.Time) {
	s := device.Sighting{DeviceID: v.Claim.DeviceID, At: now, IP: source(v.r.Context()), Model: v.id.Model, Version: v.id.Version, Result: v.result()}
	if v.id.Program != "" && v.id.Program != "application" {
		s.Version = "" // the updater's version says nothing about the telephone
	}
	v.h.saw(s)
}

// result says how asking for configuration ended (DM-124); "" when it was something else. A file that there is not is no failure: phones
// ask for several names and go on with the next.
func (v *visit) result() string {
	switch {
	case !configuration(v.id.Kind) || v.r.Method != http.MethodGet || v.status == http.StatusNotFound:
		return ""
	case v.status < 400:
		return device.Provisioned
	}
	return device.NotProvisioned
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200]
	}
	return s
}

func (d *diary) add(a device.Asked) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[string][]device.Asked{}
	}
	if d.n >= maxDiary || len(d.waiting[a.DeviceID]) >= maxOfOne {
		d.dropped++
		return
	}
	d.waiting[a.DeviceID] = append(d.waiting[a.DeviceID], a)
	d.n++
}

// flush writes what waits, and trims the lists that have grown. What could not be written is lost: it is a list for people to look at,
// and what comes next matters more.
func (d *diary) flush(ctx context.Context, devices *device.Service) error {
	d.mu.Lock()
	taken := d.waiting
	d.waiting, d.n = nil, 0
	if d.since == nil {
		d.since = map[string]int{}
	}
	var full []string
	for id, all := range taken {
		if d.since[id] += len(all); d.since[id] >= trimAt {
			full = append(full, id)
			delete(d.since, id)
		}
	}
	d.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	if err := devices.Note(ctx, taken); err != nil {
		return err
	}
	return devices.TrimRequests(ctx, full)
}

// remember notes whose phones come from an address, for handshakes that fail there.
func (v *visit) remember() {
	if ip := source(v.r.Context()); ip != "" {
		if p, ok := v.h.places.GetIfPresent(ip); !ok || p.customer != v.CustomerID {
			v.h.places.Set(ip, place{v.CustomerID})
		}
	}
}

// place is whose phones come from an address.
type place struct{ customer string }

// alarms are events that wait to be written.
type alarms struct {
	mu      sync.Mutex
	waiting []device.Alarm
}

// maxAlarms bounds what waits.
const maxAlarms = 1000

// alarm raises an event with the next Flush; of one kind, customer and address once a minute.
func (h *Handler) alarm(a device.Alarm) {
	if ok, _ := h.complain.Allow("alarm " + a.What + " " + a.CustomerID + " " + a.Address); !ok {
		return
	}
	h.alarms.mu.Lock()
	defer h.alarms.mu.Unlock()
	if len(h.alarms.waiting) < maxAlarms {
		h.alarms.waiting = append(h.alarms.waiting, a)
	}
}

func (h *Handler) flushAlarms(ctx context.Context) error {
	h.alarms.mu.Lock()
	taken := h.alarms.waiting
	h.alarms.waiting = nil
	h.alarms.mu.Unlock()
	for i, a := range taken {
		if err := h.devices.Alert(ctx, a); err != nil {
			h.alarms.mu.Lock()
			h.alarms.waiting = append(taken[i:], h.alarms.waiting...)
			h.alarms.mu.Unlock()
			return err
		}
	}
	return nil
}
