package queue

import (
	"context"
	"sync"
	"time"

	"linecard/internal/errs"
)

// Run works until ctx ends. Then it claims nothing more, ends loops and duties, waits up to Options.Grace for running jobs,
// stops the rest, gives everything back to other nodes and returns nil. A database that is away, at the start or later, makes
// it wait, not fail. It panics when called twice.
func (q *Queue) Run(ctx context.Context) error {
	q.mu.Lock()
	if q.started {
		panic("queue: Run was called twice")
	}
	q.started = true
	q.mu.Unlock()
	trouble := q.trouble("joining")
	for {
		_, err := q.join(ctx, q.o.Alone)
		if err == nil {
			break
		}
		if ctx.Err() != nil || !pause(ctx, trouble.note(err), nil) {
			return nil
		}
	}
	trouble.note(nil)
	announce(q, true)
	defer announce(q, false)

	var loops sync.WaitGroup
	beats, stopBeats := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBeats()
	var beating sync.WaitGroup
	beating.Go(func() { q.beating(beats) })
	loops.Go(func() { q.dispatch(ctx) })
	for _, l := range q.loops {
		loops.Go(func() { q.repeat(ctx, l) })
	}
	for _, d := range q.duties {
		loops.Go(func() { q.attend(ctx, d) })
	}
	<-ctx.Done()
	if q.o.crash {
		stopBeats()
		q.alive().end()
		return nil
	}
	q.drainOut(&loops)
	stopBeats()
	beating.Wait()
	if l := q.alive(); l != nil {
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer stop()
		if err := q.leave(last, l); err != nil {
			q.log.Warn("could not hand back work; others take it over soon", "err", err)
		}
	}
	return nil
}

// drainOut waits for what runs, then ends it.
func (q *Queue) drainOut(loops *sync.WaitGroup) {
	idle := make(chan struct{})
	go func() {
		loops.Wait()
		q.handing.Wait()
		close(idle)
	}()
	grace := time.NewTimer(q.o.Grace)
	defer grace.Stop()
	select {
	case <-idle:
		return
	case <-grace.C:
	}
	if l := q.alive(); l != nil {
		// Beats go on meanwhile: nobody else starts a job that is only slow to stop.
		l.stopJobs()
	}
	grace.Reset(2 * time.Second)
	select {
	case <-idle:
	case <-grace.C:
		q.log.Warn("some jobs did not stop in time; others run them again")
	}
}

// Drain runs due schedules and due jobs one after another in the calling goroutine until nothing is due, and says how many
// jobs that were. It is for tests and for commands that work without Run: no waiting, no other goroutine. What a job's
// failure leads to is recorded as always; the error is the database's.
func (q *Queue) Drain(ctx context.Context) (int, error) {
	total := 0
	err := q.visit(ctx, func(l *life) error {
		for {
			n, err := q.drainRound(ctx, l)
			total += n
			if err != nil || n == 0 {
				return err
			}
		}
	})
	return total, err
}

func (q *Queue) drainRound(ctx context.Context, l *life) (int, error) {
	if err := q.tick(ctx); err != nil {
		return 0, err
	}
	kinds, err := q.due(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, kind := range kinds {
		h := q.handlers[kind]
		if h == nil {
			continue
		}
		jobs, err := q.claim(ctx, h, l.worker, 1)
		if err != nil {
			return n, err
		}
		for _, c := range jobs {
			q.work(l, h, c)
			n++
		}
	}
	return n, ctx.Err()
}

// Pass runs one pass of the loop or singleton of that name in the calling goroutine, for tests. A singleton that another
// node has answers Conflict; an unknown name NotFound.
func (q *Queue) Pass(ctx context.Context, name string) error {
	if l := q.loops[name]; l != nil {
		return l.fn(ctx)
	}
	d := q.duties[name]
	if d == nil {
		return errs.Missing("loop")
	}
	return q.visit(ctx, func(l *life) error {
		lease, ok, err := q.acquire(ctx, name, l.worker)
		if err != nil {
			return err
		}
		if !ok {
			return ErrLeaseLost
		}
		return d.fn(ctx, lease)
	})
}

// visit runs fn as the node that Run made, or as one that comes and goes.
func (q *Queue) visit(ctx context.Context, fn func(l *life) error) error {
	if l := q.alive(); l != nil {
		return fn(l)
	}
	l, err := q.join(ctx, false)
	if err != nil {
		return err
	}
	ended := fn(l)
	if err := q.leave(context.WithoutCancel(ctx), l); ended == nil {
		ended = err
	}
	return ended
}
