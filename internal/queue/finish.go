package queue

import (
	"context"
	"sync"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// finish records the end of a run. While the database is away it keeps trying, as long as this node lives: the job's place
// stays taken, which is what an outage should look like.
func (q *Queue) finish(l *life, e ending) {
	trouble := q.trouble("recording the end of a job")
	for {
		ctx, stop := context.WithTimeout(context.WithoutCancel(l.ctx), 10*time.Second)
		err := q.record(ctx, e)
		stop()
		wait := trouble.note(err)
		if err == nil || !pause(l.ctx, wait, nil) {
			return
		}
	}
}

const mine = ` WHERE id = $1 AND worker = $2 AND attempt = $3 AND state = 'running'`

func (q *Queue) record(ctx context.Context, e ending) error {
	c := e.c
	switch e.outcome {
	case Done:
		return q.done.delete(ctx, q.d, c)
	case Dead:
		_, err := q.d.Exec(ctx, `UPDATE queue_jobs SET state = 'failed', worker = '', finished = $4, last_error = $5`+mine,
			c.ID, c.Worker, c.Attempt, q.d.Now(), e.fault)
		return err
	}
	attempt := c.Attempt
	if e.uncount {
		attempt--
	}
	// Back to the waiting ones, unless one with the same key waits already: that one will do its work.
	n, err := q.d.Exec(ctx, `UPDATE queue_jobs SET state = 'ready', worker = '', attempt = $4, run_at = $5, last_error = $6,
		unique_key = unique_name`+mine+` AND NOT EXISTS (SELECT 1 FROM queue_jobs o
		WHERE o.state = 'ready' AND o.unique_key = queue_jobs.unique_name)`,
		c.ID, c.Worker, c.Attempt, attempt, db.At(q.d.Now().Add(e.pause)), e.fault)
	if err != nil && !db.IsUnique(err, "queue_jobs", "unique_key") {
		return err
	}
	if err == nil && n == 1 {
		return nil
	}
	_, err = q.d.Exec(ctx, `DELETE FROM queue_jobs`+mine, c.ID, c.Worker, c.Attempt)
	return err
}

// combiner lets jobs that end at the same time share one statement and one commit.
type combiner struct {
	mu    sync.Mutex
	busy  bool
	batch *batch
}

type batch struct {
	worker string
	ids    []string
	done   chan struct{}
	err    error
}

const batchMost = 500

// delete removes a finished job. Only the node that runs it may, and a node's id is never used again.
func (b *combiner) delete(ctx context.Context, d *db.DB, c *claimed) error {
	b.mu.Lock()
	if b.batch != nil && (b.batch.worker != c.Worker || len(b.batch.ids) >= batchMost) {
		b.mu.Unlock()
		_, err := d.Exec(ctx, `DELETE FROM queue_jobs`+mine, c.ID, c.Worker, c.Attempt)
		return err
	}
	if b.batch == nil {
		b.batch = &batch{worker: c.Worker, done: make(chan struct{})}
	}
	my := b.batch
	my.ids = append(my.ids, c.ID)
	lead := !b.busy
	b.busy = true
	b.mu.Unlock()
	if lead {
		b.flush(ctx, d)
	}
	select {
	case <-my.done:
		return my.err
	case <-ctx.Done():
		return errs.New(errs.TimedOut, "cancelled", "The request was given up before it was done.").Because(ctx.Err())
	}
}

// flush writes batch after batch until none has gathered meanwhile.
func (b *combiner) flush(ctx context.Context, d *db.DB) {
	for {
		b.mu.Lock()
		now := b.batch
		b.batch = nil
		if now == nil {
			b.busy = false
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		a := d.Args()
		sql := `DELETE FROM queue_jobs WHERE worker = ` + a.Add(now.worker) + ` AND state = 'running' AND ` + a.In("id", now.ids)
		_, now.err = d.Exec(ctx, sql, a.List()...)
		close(now.done)
	}
}
