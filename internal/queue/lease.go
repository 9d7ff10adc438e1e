package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Lease is the right to do a singleton's duty. Epoch grows each time the duty changes hands.
type Lease struct {
	Name   string
	Epoch  int64
	holder string
}

// ErrLeaseLost is what Hold answers to a node that does not have the duty any more. A duty that returns it stops quietly.
var ErrLeaseLost = errs.New(errs.Conflict, "lease_lost", "Another server has taken over this work.")

// Hold makes the transaction valid only while the lease is in force: it locks the lease's row until the commit, and answers
// ErrLeaseLost when somebody else has taken over. A node that was paused and wakes up late therefore cannot write.
func (l Lease) Hold(ctx context.Context, tx *db.Tx) error {
	if err := tx.LockRow(ctx, "queue_leases", duties+l.Name); err != nil {
		return err
	}
	var now struct {
		Holder string
		Epoch  int64
	}
	if err := tx.Get(ctx, &now, `SELECT holder, epoch FROM queue_leases WHERE id = $1`, duties+l.Name); err != nil {
		return err
	}
	if now.Holder != l.holder || now.Epoch != l.Epoch {
		return ErrLeaseLost
	}
	return nil
}

// duty is a registered singleton.
type duty struct {
	name  string
	every time.Duration
	fn    func(ctx context.Context, l Lease) error
	kick  chan struct{}

	faults int // in a row

	mu   sync.Mutex
	stop context.CancelFunc // of the pass that runs, nil when none does
}

const duties = "duty." // names of leases that are duties; those of lanes begin with "lanes."

// dutyFaults is how many failures in a row make a node let another one try.
const dutyFaults = 5

// Singleton registers what one node at a time does, again and again with the pause every in between (and at once on Kick).
// When its node dies, another one takes over within 10 s; when it stops, within about 2 s. fn writes under Lease.Hold only.
// Its ctx ends when the node can no longer be sure of the lease. An error is logged and the next pass comes later; after
// five in a row another node gets the chance. It panics when the name is taken.
func (q *Queue) Singleton(name string, every time.Duration, fn func(ctx context.Context, l Lease) error) {
	if q.duties[name] != nil || q.loops[name] != nil {
		panic("queue: the name " + name + " is registered twice")
	}
	q.duties[name] = &duty{name: name, every: every, fn: fn, kick: make(chan struct{}, 1)}
}

func (q *Queue) leaseNames() []string {
	var names []string
	for name := range q.duties {
		names = append(names, duties+name)
	}
	for kind := range q.handlers {
		names = append(names, "lanes."+kind)
	}
	return names
}

func (q *Queue) kickDuties() {
	for _, d := range q.duties {
		poke(d.kick)
	}
}

// suspendDuties ends the passes that run, because the lease may be somebody else's by now.
func (q *Queue) suspendDuties() {
	for _, d := range q.duties {
		d.mu.Lock()
		if d.stop != nil {
			d.stop()
		}
		d.mu.Unlock()
	}
}

// attend does the duty whenever this node has it, until ctx ends.
func (q *Queue) attend(ctx context.Context, d *duty) {
	trouble := q.trouble("duty " + d.name)
	for ctx.Err() == nil {
		l := q.alive()
		if l == nil {
			pause(ctx, q.o.Beat, d.kick)
			continue
		}
		lease, ok, err := q.acquire(ctx, d.name, l.worker)
		switch {
		case err != nil && ctx.Err() == nil:
			pause(ctx, trouble.note(err), nil)
		case !ok:
			pause(ctx, jittered(q.o.Beat), d.kick)
		case !q.serve(ctx, d, l, lease, trouble):
			// Let another node try; come back when it had time to.
			if err := q.release(ctx, lease); err == nil {
				pause(ctx, 4*q.o.Beat, nil)
			}
		}
	}
}

// serve does pass after pass with one lease. It ends when the lease may be lost (true) or when this node fails at it (false).
func (q *Queue) serve(ctx context.Context, d *duty, l *life, lease Lease, trouble *trouble) bool {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(l.ctx, stop)()
	d.mu.Lock()
	d.stop = stop
	d.mu.Unlock()
	for d.faults < dutyFaults {
		err := q.safely(func() error { return d.fn(ctx, lease) })
		if ctx.Err() != nil || errors.Is(err, ErrLeaseLost) {
			return true
		}
		wait := d.every
		if err != nil {
			d.faults++
			wait = max(wait, trouble.note(err))
		} else {
			d.faults = 0
			trouble.note(nil)
		}
		if !pause(ctx, jittered(wait), d.kick) {
			return true
		}
	}
	d.faults = 0
	return false
}

// acquire takes the lease when it is free or its holder is no node any more.
func (q *Queue) acquire(ctx context.Context, name, worker string) (Lease, bool, error) {
	var now struct {
		Holder string
		Epoch  int64
		Held   bool
	}
	id := duties + name
	if err := q.d.Get(ctx, &now, `SELECT holder, epoch, EXISTS (SELECT 1 FROM queue_nodes n WHERE n.id = queue_leases.holder) AS held
		FROM queue_leases WHERE id = $1`, id); err != nil {
		return Lease{}, false, err
	}
	if now.Held {
		return Lease{Name: name, Epoch: now.Epoch, holder: worker}, now.Holder == worker, nil
	}
	// A node that is dead stays dead (ids are not used again), so the epoch alone says that nobody was quicker.
	n, err := q.d.Exec(ctx, `UPDATE queue_leases SET holder = $1, epoch = epoch + 1 WHERE id = $2 AND epoch = $3`, worker, id, now.Epoch)
	return Lease{Name: name, Epoch: now.Epoch + 1, holder: worker}, n == 1, err
}

func (q *Queue) release(ctx context.Context, l Lease) error {
	_, err := q.d.Exec(ctx, `UPDATE queue_leases SET holder = '' WHERE id = $1 AND holder = $2 AND epoch = $3`,
		duties+l.Name, l.holder, l.Epoch)
	return err
}

// safely turns a panic of fn into an error.
func (q *Queue) safely(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errPanic.Because(fmt.Errorf("%v", p))
			q.log.Error("a loop panicked", "panic", fmt.Sprint(p), "stack", stack())
		}
	}()
	return fn()
}
