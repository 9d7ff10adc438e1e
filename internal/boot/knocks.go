package boot

import (
	"context"
	"net"
	"strings"
	"sync"

	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/phone"
)

// maxKnocks bounds what waits to be written.
const maxKnocks = 20_000

// knocks are those who asked in vain since the last Flush, folded.
type knocks struct {
	mu      sync.Mutex
	waiting map[knockKey]device.Knock
	dropped int64
}

type knockKey struct {
	customer, address string
	kind              device.KnockKind
	mac               phone.MAC
}

// knock notes that this phone asked in vain. Without a customer there is nobody to tell, and without a MAC nothing to adopt.
func (v *visit) knock(kind device.KnockKind, detail string) {
	if v.CustomerID == "" || v.id.MAC.IsZero() || v.stale {
		return
	}
	now := db.At(v.h.clock.Now())
	v.h.knocks.add(device.Knock{CustomerID: v.CustomerID, MAC: v.id.MAC, Kind: kind, Address: source(v.r.Context()), Maker: v.id.Maker, Model: v.id.Model,
		Software: v.id.Version, Detail: detail, Times: 1, First: now, Last: now})
}

func (k *knocks) add(x device.Knock) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.waiting == nil {
		k.waiting = map[knockKey]device.Knock{}
	}
	at := knockKey{x.CustomerID, x.Address, x.Kind, x.MAC}
	before, known := k.waiting[at]
	if !known && len(k.waiting) >= maxKnocks {
		k.dropped++
		return
	}
	if known {
		x.Times, x.First = x.Times+before.Times, before.First
	}
	k.waiting[at] = x
}

// flush writes what waits; what could not be written is put back as far as there is room.
func (k *knocks) flush(ctx context.Context, devices *device.Service) error {
	k.mu.Lock()
	taken := k.waiting
	k.waiting = nil
	k.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	all := make([]device.Knock, 0, len(taken))
	for _, x := range taken {
		all = append(all, x)
	}
	err := devices.Knocked(ctx, all)
	if err != nil {
		for _, x := range all {
			k.add(x)
		}
	}
	return err
}

// FailedHandshake notes that the TLS of a connection from this address failed, so that people see why a phone never comes. Which phone it
// was is not known, and whose it is only when others come from the same address; else nothing is noted.
func (h *Handler) FailedHandshake(address, why string) {
	ip, _, err := net.SplitHostPort(address)
	if err != nil {
		ip = address
	}
	p, ok := h.places.GetIfPresent(ip)
	if !ok || strings.HasSuffix(why, "EOF") { // who just hangs up has said nothing
		return
	}
	now := db.At(h.clock.Now())
	h.knocks.add(device.Knock{CustomerID: p.customer, Kind: device.FailedHandshake, Address: ip, Detail: why, Times: 1, First: now, Last: now})
}
