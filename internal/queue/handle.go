package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Policy says how jobs of a kind are run. The zero value is a fair default.
type Policy struct {
	MaxAttempts     int                             // failures after which a job is dead; 0: 20
	Timeout         time.Duration                   // after which the handler's ctx ends; 0: one minute
	Backoff         func(attempt int) time.Duration // pause after the n-th failure; nil: 1 s, 2 s, 4 s … 1 h, each ±20 %
	Concurrency     int                             // most jobs of this kind at once on one node; 0: 10. Kinds do not take room from each other
	LaneConcurrency int                             // most jobs of one lane at once on all nodes together; 0: 1
}

// Job is what a handler gets.
type Job[A any] struct {
	ID          string
	Kind        string
	Lane        string // as given to Insert
	Scope       string
	Attempt     int // 1 for the first run; a run that was snoozed or lost with its node does not count
	MaxAttempts int // Attempt == MaxAttempts is the last one
	Created     db.Time
	Args        A
	c           *claimed
}

// Complete ends the job inside the handler's own transaction, so that effect and end commit together and the effect happens
// exactly once. When the job has meanwhile been given to another node it answers Conflict, and the transaction must roll back.
func (j Job[A]) Complete(ctx context.Context, tx *db.Tx) error {
	n, err := tx.Exec(ctx, `DELETE FROM queue_jobs WHERE id = $1 AND worker = $2 AND attempt = $3 AND state = 'running'`,
		j.c.ID, j.c.Worker, j.c.Attempt)
	if err == nil && n == 0 {
		err = errJobLost
	}
	return err
}

var (
	errJobLost    = errs.New(errs.Conflict, "job_lost", "The job was given to another server.")
	errBadArgs    = errs.New(errs.Internal, "job_args_unreadable", "The job's data cannot be read by this version.")
	errPanic      = errs.New(errs.Internal, "job_panicked", "The job failed on our side.")
	errWorkerLost = errs.New(errs.Internal, "job_worker_lost", "The servers that ran the job died again and again.")
	errTimedOut   = errs.New(errs.TimedOut, "job_timed_out", "The job took too long.")
)

// Snooze, returned by a handler, runs the job again after d; the run does not count as an attempt.
func Snooze(d time.Duration) error { return snooze(d) }

// Cancel, returned by a handler, makes the job dead at once because repeating is pointless; err says why.
func Cancel(err error) error { return &cancel{err} }

type snooze time.Duration

func (s snooze) Error() string { return "snoozed for " + time.Duration(s).String() }

type cancel struct{ err error }

func (c *cancel) Error() string { return "cancelled: " + c.err.Error() }
func (c *cancel) Unwrap() error { return c.err }

// handler is a registered kind; busy and after are the dispatcher's.
type handler struct {
	kind  string
	p     Policy
	run   func(ctx context.Context, c *claimed) error
	busy  int    // running here, guarded by Queue.mu
	after string // lane that was served last, so that lanes take turns
}

var kindForm = regexp.MustCompile(`^[a-z][a-z0-9_.-]*$`)

// Handle registers what runs jobs of a kind. A node claims only kinds it has a handler for, so a newer version may bring new
// kinds while older nodes still run. It panics when the kind is taken or malformed.
func Handle[A any](q *Queue, kind string, fn func(ctx context.Context, j Job[A]) error, p Policy) {
	if !kindForm.MatchString(kind) || q.handlers[kind] != nil {
		panic("queue: the kind " + kind + " is malformed or registered twice")
	}
	p.MaxAttempts = or(p.MaxAttempts, 20)
	p.Timeout = or(p.Timeout, time.Minute)
	p.Concurrency = or(p.Concurrency, 10)
	p.LaneConcurrency = or(p.LaneConcurrency, 1)
	if p.Backoff == nil {
		p.Backoff = Exponential(time.Second, time.Hour)
	}
	q.handlers[kind] = &handler{kind: kind, p: p, run: func(ctx context.Context, c *claimed) error {
		j := Job[A]{ID: c.ID, Kind: kind, Lane: c.Lane[len(kind)+1:], Scope: c.Scope, Attempt: int(c.Attempt),
			MaxAttempts: p.MaxAttempts, Created: c.Created, c: c}
		if err := json.Unmarshal([]byte(c.Args), &j.Args); err != nil {
			return Cancel(errBadArgs.Because(err))
		}
		return fn(ctx, j)
	}}
}

// Exponential gives a backoff that begins at first, doubles, and ends at most, each ±20 %.
func Exponential(first, most time.Duration) func(attempt int) time.Duration {
	return func(attempt int) time.Duration {
		d := most
		if n := attempt - 1; n < 32 && first<<n < most && first<<n > 0 {
			d = first << n
		}
		return d*4/5 + rand.N(max(d*2/5, 1))
	}
}

// call runs the handler within its time; a panic becomes an error.
func (q *Queue) call(ctx context.Context, h *handler, c *claimed) (err error) {
	ctx, stop := context.WithTimeout(ctx, h.p.Timeout)
	defer stop()
	defer func() {
		if p := recover(); p != nil {
			err = errPanic.Because(fmt.Errorf("%v", p))
			q.log.Error("a job panicked", "kind", h.kind, "job", c.ID, "panic", fmt.Sprint(p), "stack", stack())
		}
	}()
	return h.run(ctx, c)
}

// safeText is what may be kept and shown of a failure: code and sentence, never the cause.
func safeText(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		err = errTimedOut
	}
	e := errs.As(err)
	return e.Code + ": " + e.Message
}
