package account

import (
	"context"

	"linecard/internal/queue"
)

// Register gives the queue the room's periodic work: expired sessions, links, captchas and tokens go once an hour.
func (s *Service) Register(q *queue.Queue) {
	queue.Handle(q, "account.purge", func(ctx context.Context, _ queue.Job[struct{}]) error { return s.purge(ctx) }, queue.Policy{})
	q.Periodic("account.purge", "@every 1h", "account.purge", struct{}{})
}
