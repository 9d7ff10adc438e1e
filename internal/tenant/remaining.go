package tenant

import (
	"context"

	"linecard/internal/access"
)

// Remaining lists what keeps a customer from being archived: what rooms hold of it, and orders that wait (CH-27).
func (s *Service) Remaining(ctx context.Context, actor access.Actor, id string) ([]Holding, error) {
	t, target, err := s.Target(ctx, s.db, actor, id)
	if err != nil {
		return nil, err
	}
	if err := access.Decide(actor, viewing(actor, t), target); err != nil {
		return nil, err
	}
	held, err := s.held(ctx, s.db, t.ID)
	if err != nil {
		return nil, err
	}
	waiting, err := openOrders(ctx, s.db, t.ID)
	if waiting > 0 {
		held = append(held, Holding{Kind: "orders", Count: waiting})
	}
	return held, err
}
