package queue

import (
	"context"
	"time"
)

// loop is something that every node does by itself.
type loop struct {
	name  string
	every time.Duration
	fn    func(ctx context.Context) error
	kick  chan struct{}
}

// Loop registers what every node does by itself, with the pause every in between (and at once on Kick): flush a buffer, look
// at a file. The first pass runs at the start. An error is logged; the next pass comes later then. When Run is told to stop,
// ctx ends and no further pass comes: the owner writes what is left in its own Close. It panics when the name is taken.
func (q *Queue) Loop(name string, every time.Duration, fn func(ctx context.Context) error) {
	if q.duties[name] != nil || q.loops[name] != nil {
		panic("queue: the name " + name + " is registered twice")
	}
	q.loops[name] = &loop{name: name, every: every, fn: fn, kick: make(chan struct{}, 1)}
}

// Kick makes the loop or singleton of that name run its next pass now, on this node, if it is this node's to do.
func (q *Queue) Kick(name string) {
	if l := q.loops[name]; l != nil {
		poke(l.kick)
	}
	if d := q.duties[name]; d != nil {
		poke(d.kick)
	}
}

func (q *Queue) repeat(ctx context.Context, l *loop) {
	trouble := q.trouble("loop " + l.name)
	for ctx.Err() == nil {
		err := q.safely(func() error { return l.fn(ctx) })
		wait := l.every
		if ctx.Err() == nil {
			wait = max(wait, trouble.note(err))
		}
		pause(ctx, jittered(wait), l.kick)
	}
}

// trouble logs an outage once when it begins and once when it ends, and says how long to wait before the next try.
type trouble struct {
	q     *Queue
	what  string
	times int
}

// troubleAgain is after how many failures in a row there is another line, about a quarter of an hour.
const troubleAgain = 200

func (q *Queue) trouble(what string) *trouble { return &trouble{q: q, what: what} }

// note takes the result of a try. It gives 0 after a success, else a pause that grows from 100 ms to 5 s.
func (t *trouble) note(err error) time.Duration {
	if err == nil {
		if t.times > 0 {
			t.q.log.Info("works again", "what", t.what, "failures", t.times)
		}
		t.times = 0
		return 0
	}
	if t.times%troubleAgain == 0 {
		t.q.log.Warn("failed, will be tried again", "what", t.what, "failures", t.times+1, "err", err)
	}
	t.times++
	return jittered(min(100*time.Millisecond<<min(t.times-1, 10), 5*time.Second))
}
