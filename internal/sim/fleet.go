package sim

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// Pattern is when the phones of a fleet ask.
type Pattern string

// The patterns.
const (
	BootAtOnce Pattern = "boot"   // every phone boots once, all at the same moment
	Steady     Pattern = "steady" // each boots once within the first Every and polls each Every, until the context ends
)

// Fleet is many phones.
type Fleet struct {
	Phones  []*Phone
	Pattern Pattern
	Every   time.Duration // of Steady
	// Trip hears of each finished visit when it is not nil; calls come from many goroutines.
	Trip func(*Phone, Trip)
}

// Result is how it went. Times are of single requests, in milliseconds, within 3 percent.
type Result struct {
	Phones     int              `json:"phones"`
	Trips      int64            `json:"trips"`      // boots and polls
	Configured int64            `json:"configured"` // trips that ended with a complete configuration
	Changed    int64            `json:"changed"`    // of those, which brought another configuration than the one in force
	Requests   int64            `json:"requests"`
	Statuses   map[string]int64 `json:"statuses"` // answers by status
	Errors     int64            `json:"errors"`   // requests without an answer
	Bytes      int64            `json:"bytes"`
	Faults     map[string]int64 `json:"faults,omitempty"` // why trips ended without a configuration
	P50        float64          `json:"p50_ms"`
	P95        float64          `json:"p95_ms"`
	P99        float64          `json:"p99_ms"`
	Max        float64          `json:"max_ms"`
	Seconds    float64          `json:"seconds"`
}

// tally collects results of many goroutines.
type tally struct {
	mu    sync.Mutex
	r     Result
	times histogram
}

// Run lets the phones ask and gives how it went when all are done (BootAtOnce) or the context has ended (Steady).
func (f Fleet) Run(ctx context.Context) Result {
	t := &tally{r: Result{Phones: len(f.Phones), Statuses: map[string]int64{}, Faults: map[string]int64{}}}
	if len(f.Phones) == 0 {
		return t.r
	}
	began := f.Phones[0].Clock.Now()
	var all sync.WaitGroup
	for _, p := range f.Phones {
		all.Go(func() {
			defer p.Close()
			f.live(ctx, p, t)
		})
	}
	all.Wait()
	t.r.Seconds = f.Phones[0].Clock.Now().Sub(began).Seconds()
	t.r.P50, t.r.P95, t.r.P99, t.r.Max = t.times.at(.50), t.times.at(.95), t.times.at(.99), float64(t.times.max)/1000
	return t.r
}

// live is the life of one phone.
func (f Fleet) live(ctx context.Context, p *Phone, t *tally) {
	if f.Pattern != Steady {
		f.visit(p, t, p.Boot(ctx))
		return
	}
	wait := rand.N(max(f.Every, 1))
	for trip := p.Boot; pause(ctx, wait); trip = p.Poll {
		f.visit(p, t, trip(ctx))
		wait = f.Every
	}
}

func (f Fleet) visit(p *Phone, t *tally, trip Trip) {
	t.add(trip)
	if f.Trip != nil {
		f.Trip(p, trip)
	}
}

// pause waits and says whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// maxFaults bounds the different faults that are told apart.
const maxFaults = 50

func (t *tally) add(trip Trip) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.r.Trips++
	if trip.Configured {
		t.r.Configured++
	}
	if trip.Changed {
		t.r.Changed++
	}
	if trip.Fault != "" {
		why := trip.Fault
		if _, known := t.r.Faults[why]; !known && len(t.r.Faults) >= maxFaults {
			why = "other"
		}
		t.r.Faults[why]++
	}
	for _, x := range trip.Exchanges {
		t.r.Requests++
		t.r.Bytes += x.Bytes
		if x.Status == 0 {
			t.r.Errors++
			continue
		}
		t.r.Statuses[strconv.Itoa(x.Status)]++
		t.times.add(x.Took)
	}
}
