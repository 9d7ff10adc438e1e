package journal

import (
	"context"
	"errors"
	"time"

	"linecard/internal/queue"
)

// pace is the pause between two looks for rows that wait. It is not woken by each commit on purpose: one transaction for all
// rows of the last few tens of milliseconds costs one file sync, one for each row would double the cost of every change.
const pace = 40 * time.Millisecond

const pruneKind = "journal.prune"

// Register gives the queue the journal's work: the sequencer, on one node at a time, and the daily end of old entries.
func (j *Journal) Register(q *queue.Queue) {
	q.Singleton("journal.sequence", pace, func(ctx context.Context, lease queue.Lease) error {
		_, err := j.sequence(ctx, lease.Hold)
		if err != nil {
			return err
		}
		// A head that cannot be written must not stop the sequencer, nor wander from node to node with it.
		if err := j.Publish(ctx); err != nil && ctx.Err() == nil {
			if errors.Is(err, ErrHeadForged) || errors.Is(err, ErrHeadAhead) {
				j.log.Error("the journal was tampered with, or an older database was restored; run: linecard audit verify", "err", err)
			} else {
				j.log.Warn("the journal's head could not be written outside the database", "err", err)
			}
		}
		return nil
	})
	queue.Handle(q, pruneKind, func(ctx context.Context, _ queue.Job[struct{}]) error {
		n, err := j.Prune(ctx)
		if n > 0 {
			j.log.Info("journal entries past their retention time removed", "entries", n)
		}
		return err
	}, queue.Policy{Timeout: 30 * time.Minute, MaxAttempts: 5, Concurrency: 1})
	q.Periodic(pruneKind, "23 2 * * *", pruneKind, struct{}{})
}

// Trouble is the last fault of publishing the head, nil when the last attempt went well; for the platform's status page.
// Only the node that has the sequencer knows it.
func (j *Journal) Trouble() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seen.fault
}
