package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

var errRemains = errs.New(errs.Conflict, "not_empty", "Something of it remains. Remove that first.")

// Archive takes a customer out of use for good: only when no room holds anything of it, and with its name typed as it is
// shown (CH-27). Its name, e-mail and external id become free, its relations end, its log stays.
func (s *Service) Archive(ctx context.Context, actor access.Actor, id, confirmName string) (Tenant, error) {
	archive := byKind(access.CustomerArchive, access.SubPartnerEdit, access.PartnerEdit)
	return s.change(ctx, actor, id, 0, archive, func(ctx context.Context, tx *db.Tx, _ access.Target, t *Tenant) (string, map[string]any, error) {
		if t.Kind != access.Customer {
			return "", nil, errWrongKind
		}
		if confirmName != t.Name {
			return "", nil, errConfirm
		}
		held, err := s.held(ctx, tx, t.ID)
		if err != nil {
			return "", nil, err
		}
		if open, err := openOrders(ctx, tx, t.ID); err != nil {
			return "", nil, err
		} else if open > 0 {
			held = append(held, Holding{Kind: "orders", Count: open})
		}
		if len(held) > 0 {
			return "", nil, withHoldings(errRemains, held)
		}
		if err := endRelations(ctx, tx, t.ID); err != nil {
			return "", nil, err
		}
		t.State, t.Archived = Archived, tx.Now()
		return string(Retired), nil, nil
	})
}
