package queue

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"linecard/internal/errs"
)

// dispatch claims jobs for the free places of each kind until ctx ends.
func (q *Queue) dispatch(ctx context.Context) {
	trouble := q.trouble("claiming jobs")
	for ctx.Err() == nil {
		n, err := q.round(ctx)
		switch {
		case err != nil:
			if !pause(ctx, trouble.note(err), nil) {
				return
			}
		case n == 0:
			trouble.note(nil)
			pause(ctx, jittered(q.o.Poll), q.wake)
		default:
			trouble.note(nil)
		}
	}
}

// round starts what is due and says how many jobs that were.
func (q *Queue) round(ctx context.Context) (int, error) {
	l := q.alive()
	if l == nil {
		return 0, nil
	}
	if err := q.tick(ctx); err != nil {
		return 0, err
	}
	kinds, err := q.due(ctx)
	if err != nil {
		return 0, err
	}
	started := 0
	for _, kind := range kinds {
		h := q.handlers[kind]
		if h == nil {
			continue // a newer version's
		}
		room := h.p.Concurrency - q.busy(h, 0)
		if room <= 0 {
			continue
		}
		jobs, err := q.claim(ctx, h, l.worker, room)
		for _, c := range jobs {
			q.busy(h, 1)
			q.handing.Go(func() {
				q.work(l, h, c)
				q.busy(h, -1)
				q.Wake()
			})
		}
		started += len(jobs)
		if err != nil {
			return started, err
		}
	}
	return started, nil
}

// busy changes and gives the number of jobs of a kind that run here.
func (q *Queue) busy(h *handler, by int) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	h.busy += by
	return h.busy
}

// work runs one job and records how it ended.
func (q *Queue) work(l *life, h *handler, c *claimed) {
	run := Run{Kind: h.kind, Waited: max(q.d.Now().Sub(c.RunAt.Time), 0)}
	began := time.Now() // the machine's clock: how long it really took
	err := q.call(l.jobs, h, c)
	run.Took = time.Since(began)
	if q.o.crash && l.jobs.Err() != nil {
		return
	}
	e := q.judge(l, h, c, err)
	run.Outcome = e.outcome
	q.finish(l, e)
	q.o.Observe(run)
	if err != nil && e.outcome != Snoozed {
		q.log.Warn("a job failed", "kind", h.kind, "job", c.ID, "attempt", c.Attempt, "outcome", e.outcome, "err", err)
	}
}

// ending is how a run ended and what becomes of the job.
type ending struct {
	c       *claimed
	outcome Outcome
	pause   time.Duration // until the next run
	uncount bool          // the run was no attempt
	fault   string
}

func (q *Queue) judge(l *life, h *handler, c *claimed, err error) ending {
	e := ending{c: c}
	var s snooze
	var stop *cancel
	switch {
	case err == nil:
		e.outcome = Done
	case errors.As(err, &s):
		e.outcome, e.pause, e.uncount = Snoozed, time.Duration(s), true
	case errors.As(err, &stop):
		e.outcome, e.fault = Dead, safeText(stop.err)
	case l.jobs.Err() != nil: // this node stops: others go on with it
		e.outcome, e.uncount = Snoozed, true
	case int(c.Attempt) >= h.p.MaxAttempts:
		e.outcome, e.fault = Dead, safeText(err)
	default:
		e.outcome, e.fault = Retried, safeText(err)
		e.pause = max(h.p.Backoff(int(c.Attempt)), errs.As(err).RetryAfter)
	}
	return e
}

func stack() string { return string(debug.Stack()) }
