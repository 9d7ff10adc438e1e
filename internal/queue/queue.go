// Package queue owns work that is done later or again and again: durable jobs, schedules, loops of a node, and duties that one
// node at a time has. It is the only room that may start goroutine loops.
//
// A job is a row, inserted in the transaction of the change that causes it, and it runs at least once: handlers must be
// idempotent, or finish their job inside their own transaction (Job.Complete). A node that stops beating is declared dead by
// the others, who run its jobs again and take over its duties. Nothing here compares the clocks of two nodes to decide that.
//
// It must not know what a job does, nor any table but queue_*. The surface follows River's (kind, args, unique, scheduled,
// periodic, transactional insert), so that River can take its place one day.
package queue

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"linecard/internal/db"
)

// Options of New. The zero value is right for one node among many.
type Options struct {
	Node  string        // name for people, in the log; need not be unique
	Log   *slog.Logger  // nil: slog.Default
	Alone bool          // no other process calls Run on this database: Run takes over at once what an earlier one left behind
	Grace time.Duration // how long Run waits for running jobs once it is told to stop; 0: 10 s
	Poll  time.Duration // how often an idle node looks for work that others left; 0: 500 ms
	Beat  time.Duration // sign of life; a node is dead after three missed ones; 0: 1.5 s
	// Observe is told of every run of a job, for metrics; it must return fast.
	Observe func(Run)

	crash bool // tests: stop like a killed process, releasing nothing
}

// Run is one finished run of a job.
type Run struct {
	Kind    string
	Outcome Outcome
	Waited  time.Duration // from when it was due until it started
	Took    time.Duration
}

// Outcome says how a run of a job ended.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Retried Outcome = "retried" // failed, will run again
	Snoozed Outcome = "snoozed"
	Dead    Outcome = "dead" // failed for good, kept for people to look at
)

// Queue works on one database. Register everything first, then call Run.
type Queue struct {
	d   *db.DB
	o   Options
	log *slog.Logger

	handlers  map[string]*handler
	schedules map[string]*schedule
	loops     map[string]*loop
	duties    map[string]*duty

	wake chan struct{} // there may be work
	done combiner

	mu      sync.Mutex
	life    *life // of this process as a node; nil before it joined
	peers   map[string]peer
	handing sync.WaitGroup // running handlers
	started bool
}

// New gives a queue that does nothing yet.
func New(d *db.DB, o Options) *Queue {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Node == "" {
		o.Node = "node"
	}
	o.Grace = or(o.Grace, 10*time.Second)
	o.Poll = or(o.Poll, 500*time.Millisecond)
	o.Beat = or(o.Beat, 1500*time.Millisecond)
	if o.Observe == nil {
		o.Observe = func(Run) {}
	}
	q := &Queue{d: d, o: o, log: o.Log.With("room", "queue", "node", o.Node),
		handlers: map[string]*handler{}, schedules: map[string]*schedule{}, loops: map[string]*loop{}, duties: map[string]*duty{},
		wake: make(chan struct{}, 1), peers: map[string]peer{}}
	q.Loop("queue.purge", time.Hour, q.purge)
	return q
}

// Wake makes this node look for work now instead of at its next poll. Insert does it by itself after the commit.
func (q *Queue) Wake() { poke(q.wake) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// jittered spreads what many nodes do at the same interval: 80 to 120 percent of d.
func jittered(d time.Duration) time.Duration {
	if d < 5 {
		return d
	}
	return d*4/5 + rand.N(d*2/5)
}

// pause waits for d, for a poke, or for the end of ctx; false when ctx has ended.
func pause(ctx context.Context, d time.Duration, poked <-chan struct{}) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-poked:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
