package queue

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Opts of Insert. The zero value runs the job as soon as the transaction has committed.
type Opts struct {
	RunAt    time.Time // zero: now
	Unique   string    // at most one job of the kind with this key waits; see Insert
	Priority int       // lower runs first among the due jobs of a lane
	Lane     string    // jobs of one lane run Policy.LaneConcurrency at a time, and lanes take turns
	Scope    string    // tenant scope it is done for, for people who look at dead jobs
}

var errJobTooBig = errs.New(errs.Internal, "job_args_too_big", "The job's data is too big; put it into a table and name the row.")

const argsMost = 256 << 10

// Insert adds a job in the caller's transaction: it exists if and only if the transaction commits, and this process looks
// for work right after. args is stored as JSON and must not hold secrets.
//
// With Opts.Unique, a job of the same kind and key that still waits absorbs this one: it keeps its own args, so the key must
// say all that matters, and moves forward when this one is due earlier, unless it waits after a failure. A running job does not absorb: it may have read the data before the change, so a
// second one is queued behind it and no change is lost. On PostgreSQL the waiting row stays locked until the caller commits,
// so it cannot start before the change is visible; callers with the same key wait for each other.
func Insert(ctx context.Context, tx *db.Tx, kind string, args any, o Opts) error {
	if !kindForm.MatchString(kind) {
		panic("queue: malformed kind " + kind)
	}
	b, err := json.Marshal(args)
	if err != nil {
		return err
	}
	if len(b) > argsMost {
		return errJobTooBig
	}
	now := tx.Now()
	at := db.At(o.RunAt)
	if o.RunAt.IsZero() {
		at = now
	}
	var key *string
	if o.Unique != "" {
		k := kind + "/" + o.Unique
		key = &k
	}
	_, err = tx.Exec(ctx, `INSERT INTO queue_jobs
		(id, kind, lane, args, unique_key, unique_name, state, priority, run_at, attempt, lost, worker, last_error, scope, created)
		VALUES ($1, $2, $3, $4, $5, $6, 'ready', $7, $8, 0, 0, '', '', $9, $10)
		ON CONFLICT (unique_key) WHERE state = 'ready' DO UPDATE SET run_at =
		CASE WHEN queue_jobs.attempt = 0 AND excluded.run_at < queue_jobs.run_at THEN excluded.run_at ELSE queue_jobs.run_at END`,
		db.NewID(), kind, kind+"/"+o.Lane, string(b), key, key, o.Priority, at, o.Scope, now)
	if err != nil {
		return err
	}
	tx.AfterCommit(wakeAll)
	return nil
}

// Clear removes the waiting jobs of a lane, because what they were for is gone (a deleted webhook). Those that run finish.
func Clear(ctx context.Context, tx *db.Tx, kind, lane string) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM queue_jobs WHERE state = 'ready' AND lane = $1`, kind+"/"+lane)
}

// running are the queues of this process, so that whoever inserts a job needs no queue in hand to wake them.
var running struct {
	mu  sync.Mutex
	set map[*Queue]bool
}

func wakeAll() {
	running.mu.Lock()
	defer running.mu.Unlock()
	for q := range running.set {
		q.Wake()
	}
}

func announce(q *Queue, on bool) {
	running.mu.Lock()
	defer running.mu.Unlock()
	if running.set == nil {
		running.set = map[*Queue]bool{}
	}
	if on {
		running.set[q] = true
	} else {
		delete(running.set, q)
	}
}

// lanesOf gives the range in which the lanes of a kind lie, without its unnamed lane: '/' is followed by '0'.
func lanesOf(kind string) (after, before string) { return kind + "/", kind + "0" }
