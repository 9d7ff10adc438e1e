package account

import (
	"context"

	"linecard/internal/queue"
)

// Register gives the queue the room's work: reset links that were asked for on the sign-in page, and once an hour the end of
// expired sessions, links, captchas and tokens.
func (s *Service) Register(q *queue.Queue) {
	queue.Handle(q, recoverKind, func(ctx context.Context, j queue.Job[forgotten]) error {
		return s.sendReset(ctx, j.Args, j.Complete)
	}, queue.Policy{})
	queue.Handle(q, "account.purge", func(ctx context.Context, _ queue.Job[struct{}]) error { return s.purge(ctx) }, queue.Policy{})
	q.Periodic("account.purge", "@every 1h", "account.purge", struct{}{})
}
