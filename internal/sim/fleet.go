package sim

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"linecard/internal/phone"
)

// Pattern is when the phones of a fleet ask.
type Pattern string

// The patterns.
const (
	BootAtOnce Pattern = "boot"   // every phone boots once, all at the same moment
	Herd       Pattern = "herd"   // power is back: every phone boots once, at a moment of its own within Window
	Steady     Pattern = "steady" // each boots once within the first Every and polls each Every, until the context ends
)

// Fleet is many phones.
type Fleet struct {
	Phones  []*Phone
	Pattern Pattern
	Every   time.Duration // of Steady
	Window  time.Duration // of Herd; 0: 30 s
	Open    int           // of Herd: how many at most are at it at the same time; 0: 4000
	Again   time.Duration // of Herd: how long after a visit without success a phone boots again; 0: it does not
	Seed    uint64        // of Herd: the same moments for the same seed
	// Expect gives the bytes that a phone must get at a path (in small letters), false when nothing is known; nil: nothing is.
	Expect func(mac phone.MAC, name string) ([]byte, bool)
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

	Connections int64 `json:"connections"`
	Resumed     int64 `json:"resumed"` // connections with a TLS session that was known
	// Wrong are files that were not the phone's own, as far as can be seen without knowing the server; WrongWhy counts them by kind.
	Wrong    int64            `json:"wrong_bytes"`
	WrongWhy map[string]int64 `json:"wrong_bytes_why,omitempty"`
	// Blocked are answers 401, 403 and 429 to a phone that had given its account.
	Blocked int64 `json:"wrong_blocks"`
	// Of Herd: from the moment at which a phone wanted to start to the end of the visit that configured it, in seconds.
	PhoneP50 float64 `json:"phone_p50_s"`
	PhoneP99 float64 `json:"phone_p99_s"`
	Slowest  float64 `json:"slowest_phone_s"`
	// Awake are phones that got their configuration, each once.
	Awake int64 `json:"awake"`
}

// tally collects results of many goroutines.
type tally struct {
	mu    sync.Mutex
	r     Result
	times histogram
	woken histogram
	check *check
}

// Run lets the phones ask and gives how it went when all are done (BootAtOnce) or the context has ended (Steady).
func (f Fleet) Run(ctx context.Context) Result {
	t := &tally{r: Result{Phones: len(f.Phones), Statuses: map[string]int64{}, Faults: map[string]int64{}}}
	if len(f.Phones) == 0 {
		return t.r
	}
	t.check = newCheck(f.Phones, f.Expect)
	for _, p := range f.Phones {
		p.look = t.check.file
	}
	began := f.Phones[0].Clock.Now()
	if f.Pattern == Herd {
		f.stampede(ctx, t)
	} else {
		f.everybody(ctx, t)
	}
	t.r.Seconds = f.Phones[0].Clock.Now().Sub(began).Seconds()
	t.r.Wrong, t.r.WrongWhy = t.check.wrong, t.check.why
	t.r.Awake, t.r.PhoneP50, t.r.PhoneP99, t.r.Slowest = t.woken.n, t.woken.at(.5)/1000, t.woken.at(.99)/1000, float64(t.woken.max)/1000/1000
	t.r.P50, t.r.P95, t.r.P99, t.r.Max = t.times.at(.50), t.times.at(.95), t.times.at(.99), float64(t.times.max)/1000
	return t.r
}

// everybody lives at the same time.
func (f Fleet) everybody(ctx context.Context, t *tally) {
	var all sync.WaitGroup
	for _, p := range f.Phones {
		all.Go(func() {
			defer p.Close()
			f.live(ctx, p, t)
		})
	}
	all.Wait()
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
	t.check.account(p)
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

// woke notes how long a phone took to get its configuration.
func (t *tally) woke(took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.woken.add(took)
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
	t.r.Connections += int64(trip.Connections)
	t.r.Resumed += int64(trip.Resumed)
	for _, x := range trip.Exchanges {
		t.r.Requests++
		if x.Refused {
			t.r.Blocked++
		}
		t.r.Bytes += x.Bytes
		if x.Status == 0 {
			t.r.Errors++
			continue
		}
		t.r.Statuses[strconv.Itoa(x.Status)]++
		t.times.add(x.Took)
	}
}
