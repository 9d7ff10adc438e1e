package boot

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
	"time"

	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/httpx"
	"linecard/internal/phone"
)

// limits slow down who guesses. They count what was wrong, and right credentials are never asked about them: genuine phones behind the
// same address are served whatever somebody there tries.
type limits struct {
	address  *httpx.Limiter // wrong credentials of an address
	pair     *httpx.Limiter // of an address at one host
	phones   *httpx.Limiter // different phones tried at one host, from wherever
	arrivals *httpx.Limiter // phones added by themselves to a customer
	walks    *walks
}

func newLimits(failures httpx.Rate, clock db.Clock) limits {
	return limits{address: httpx.NewLimiter(failures, 0, clock), pair: httpx.NewLimiter(failures, 0, clock),
		phones:   httpx.NewLimiter(httpx.Rate{Burst: 1000, Every: time.Second}, 1<<14, clock),
		arrivals: httpx.NewLimiter(httpx.Rate{Burst: 20_000, Every: 100 * time.Millisecond}, 1<<12, clock),
		walks:    &walks{seed: maphash.MakeSeed(), from: map[[2]string]*walk{}}}
}

// allow takes a token for wrong credentials from each bucket. Hosts that nobody has have buckets like others, so that being limited tells
// nothing.
func (l *limits) allow(host, address string, mac phone.MAC) (bool, time.Duration) {
	ok, after := l.address.Allow(address)
	if pair, wait := l.pair.Allow(host + " " + address); !pair {
		ok, after = false, max(after, wait)
	}
	if !mac.IsZero() && l.walks.first(host, mac) {
		if phones, wait := l.phones.Allow(host); !phones {
			ok, after = false, max(after, wait)
		}
	}
	return ok, after
}

// walk gives whether so many different phones of the customer were asked for in vain from this address that somebody tries them all, and
// the event that tells so, once a minute.
func (l *limits) walk(customerID, address string, mac phone.MAC, known bool, now time.Time) (bool, *device.Alarm) {
	return l.walks.step(customerID, address, mac, known, now)
}

// A walk is at least walkPhones different phones within walkTime.
const (
	walkPhones = 32
	walkTime   = 10 * time.Minute
	walkTold   = time.Minute
	mostWalks  = 4096
	recentMACs = 1 << 16
)

// walks remembers which phones were asked for in vain from where, in bounded memory.
type walks struct {
	mu     sync.Mutex
	seed   maphash.Seed
	from   map[[2]string]*walk
	recent [recentMACs]uint64 // hosts and MACs that failed lately; a collision forgets one
}

type walk struct {
	since  time.Time
	macs   map[phone.MAC]struct{} // until there are walkPhones
	tries  int64
	known  int64 // of them, phones that the customer has
	told   time.Time
	beyond bool
}

// first says whether this phone did not fail lately.
func (w *walks) first(host string, mac phone.MAC) bool {
	var h maphash.Hash
	h.SetSeed(w.seed)
	_, _ = h.WriteString(host)
	_, _ = h.Write(mac[:])
	sum := h.Sum64() | 1
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], sum)
	at := &w.recent[binary.BigEndian.Uint16(b[:2])]
	w.mu.Lock()
	defer w.mu.Unlock()
	was := *at
	*at = sum
	return was != sum
}

func (w *walks) step(customerID, address string, mac phone.MAC, known bool, now time.Time) (bool, *device.Alarm) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := [2]string{customerID, address}
	k := w.from[at]
	if k == nil || now.Sub(k.since) > walkTime && now.Sub(k.told) > walkTime {
		if k == nil && len(w.from) >= mostWalks {
			w.forget(now)
		}
		k = &walk{since: now, macs: map[phone.MAC]struct{}{}}
		w.from[at] = k
	}
	k.tries++
	if known {
		k.known++
	}
	if !k.beyond && !mac.IsZero() {
		k.macs[mac] = struct{}{}
		if k.beyond = len(k.macs) >= walkPhones; k.beyond {
			k.macs = nil
		}
	}
	if !k.beyond || now.Sub(k.told) < walkTold {
		return k.beyond, nil
	}
	k.told = now
	return true, &device.Alarm{CustomerID: customerID, What: "enumeration", Address: address,
		Data: map[string]any{"tries": k.tries, "of_own_phones": k.known, "since": k.since.UTC().Format(time.RFC3339)}}
}

// forget makes room: what is over goes, and when nothing is, one that is not yet a walk.
func (w *walks) forget(now time.Time) {
	for at, k := range w.from {
		if now.Sub(k.since) > walkTime && now.Sub(k.told) > walkTime {
			delete(w.from, at)
		}
	}
	for at, k := range w.from {
		if len(w.from) < mostWalks {
			return
		}
		if !k.beyond {
			delete(w.from, at)
		}
	}
	for at := range w.from {
		if len(w.from) < mostWalks {
			return
		}
		delete(w.from, at)
	}
}
