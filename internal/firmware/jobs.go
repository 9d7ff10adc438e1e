package firmware

import (
	"context"
	"time"

	"linecard/internal/queue"
)

const (
	removeKind = "firmware.remove"
	finishKind = "firmware.finish"
	sweepKind  = "firmware.sweep"
)

type removeArgs struct {
	Blobs []string `json:"blobs"`
}

// Register gives the queue the room's work.
func (s *Service) Register(q *queue.Queue) {
	queue.Handle(q, removeKind, s.remove, queue.Policy{Timeout: 10 * time.Minute})
	queue.Handle(q, finishKind, s.finish, queue.Policy{Timeout: time.Hour, MaxAttempts: 5, Concurrency: 1})
	queue.Handle(q, sweepKind, func(ctx context.Context, _ queue.Job[struct{}]) error { return s.Sweep(ctx) }, queue.Policy{Timeout: 10 * time.Minute, MaxAttempts: 3, Concurrency: 1})
	q.Periodic(sweepKind, "@every 1h", sweepKind, struct{}{})
}

// remove deletes what a transaction has taken out of the tables. Deleting what is not there is no error, so it may run twice.
func (s *Service) remove(ctx context.Context, j queue.Job[removeArgs]) error {
	for _, key := range j.Args.Blobs {
		if err := s.files.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
