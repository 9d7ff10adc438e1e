package boot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"linecard/internal/device"
)

// maxSightings bounds what waits to be written; beyond it further phones are left out until the next Flush.
const maxSightings = 200_000

// sightings are the phones that asked since the last Flush, the last time of each.
type sightings struct {
	mu      sync.Mutex
	waiting map[string]device.Sighting
	dropped int64
}

func (h *Handler) saw(s device.Sighting) {
	b := &h.sightings
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == nil {
		b.waiting = map[string]device.Sighting{}
	}
	before, known := b.waiting[s.DeviceID]
	if !known && len(b.waiting) >= maxSightings {
		b.dropped++
		return
	}
	if known { // one request may tell less than the one before
		s.Model, s.Version, s.Result = cmp.Or(s.Model, before.Model), cmp.Or(s.Version, before.Version), worse(before.Result, s.Result)
	}
	b.waiting[s.DeviceID] = s
}

// worse is how a boot ended in which one file failed and another one did not: it did not get its configuration.
func worse(a, b string) string {
	if a == device.NotProvisioned || b == device.NotProvisioned {
		return device.NotProvisioned
	}
	return cmp.Or(b, a)
}

// Flush writes what happened: which phones were seen, what they asked, who was not let in, what people should know. What could not be
// written waits for the next time, but for the lists of requests. Register it as a loop of the queue, every second or so, and call it once
// more at the end.
func (h *Handler) Flush(ctx context.Context) error {
	return errors.Join(h.flushSeen(ctx), h.diary.flush(ctx, h.devices), h.knocks.flush(ctx, h.devices), h.flushAlarms(ctx))
}

func (h *Handler) flushSeen(ctx context.Context) error {
	b := &h.sightings
	b.mu.Lock()
	taken := b.waiting
	b.waiting = nil
	b.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	all := make([]device.Sighting, 0, len(taken))
	for _, s := range taken {
		all = append(all, s)
	}
	// In one order on every node, so that two that write the same phones do not wait for each other in a circle.
	slices.SortFunc(all, func(x, y device.Sighting) int { return cmp.Compare(x.DeviceID, y.DeviceID) })
	err := h.devices.Saw(ctx, all)
	if err != nil {
		h.putBack(all)
	}
	return err
}

func (h *Handler) putBack(all []device.Sighting) {
	b := &h.sightings
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == nil {
		b.waiting = map[string]device.Sighting{}
	}
	for _, s := range all {
		newer, known := b.waiting[s.DeviceID]
		switch {
		case known:
			newer.Model, newer.Version, newer.Result = cmp.Or(newer.Model, s.Model), cmp.Or(newer.Version, s.Version), cmp.Or(newer.Result, s.Result)
			b.waiting[s.DeviceID] = newer
		case len(b.waiting) < maxSightings:
			b.waiting[s.DeviceID] = s
		default:
			b.dropped++
		}
	}
}
