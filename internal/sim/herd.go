package sim

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Mixed makes a phone of a mixed fleet out of what all have in common, by its place in the fleet: every fifth speaks TLS 1.2
// with RSA only, every second resumes its session, each opens two connections and asks three times for a file that is not
// there; every fifth comes from one and the same address, the others from one each. The addresses are of loopback, so sources
// is for servers on this machine only.
func Mixed(place int, o Options, sources bool) Options {
	o.Two, o.Remember, o.Lean = true, true, true
	o.Auth = []Auth{Offered, Basic, Digest}[place%3]
	o.RSAOnly, o.Resume = place%5 == 0, place%2 == 0
	o.Choices.TripleMissing = true
	if sources {
		o.Source = netip.AddrFrom4([4]byte{127, byte(100 + place>>16&63), byte(place >> 8), byte(place)})
		if place%5 == 1 {
			o.Source = netip.AddrFrom4([4]byte{127, 77, 0, 1})
		}
	}
	return o
}

// maxOpen is how many phones of a herd are at it at the same time when nobody says otherwise, so that memory and open files stay
// bounded. Who waits for it waits as a phone does: its time counts from the moment at which it wanted to start.
const maxOpen = 4000

// stampede lets each phone boot at a moment of its own within the window and gives up none of the moments when the server is slow.
func (f Fleet) stampede(ctx context.Context, t *tally) {
	window := f.Window
	if window == 0 {
		window = 30 * time.Second
	}
	open := f.Open
	if open == 0 {
		open = maxOpen
	}
	r := rand.New(rand.NewPCG(f.Seed, 1)) //nolint:gosec // the same herd for the same seed
	type start struct {
		at    time.Duration
		phone *Phone
	}
	starts := make([]start, len(f.Phones))
	for i, p := range f.Phones {
		starts[i] = start{time.Duration(r.Int64N(int64(max(window, 1)))), p}
	}
	slices.SortFunc(starts, func(a, b start) int { return int(a.at - b.at) })
	began, places := f.Phones[0].Clock.Now(), make(chan struct{}, open)
	var all sync.WaitGroup
	defer all.Wait()
	for _, s := range starts {
		if wait := s.at - s.phone.Clock.Now().Sub(began); wait > 0 && !pause(ctx, wait) {
			return
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		all.Go(func() {
			f.wake(ctx, s.phone, t, began.Add(s.at))
			<-places
		})
	}
}

// wake is a phone's morning: it boots, and boots again when it could not be configured and Again says so.
func (f Fleet) wake(ctx context.Context, p *Phone, t *tally, due time.Time) {
	defer p.Close()
	for {
		trip := p.Boot(ctx)
		f.visit(p, t, trip)
		if trip.Configured {
			t.woke(p.Clock.Now().Sub(due))
			return
		}
		if f.Again == 0 || !pause(ctx, f.Again) {
			return
		}
	}
}
