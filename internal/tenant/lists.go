package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
)

// What lists show beside the tenants themselves. The callers have the ids from List, so these decide nothing.

// AuthorisationStates tells for each customer where the device authorisation towards the actor's organisation stands; those
// without any are absent (CH-16).
func (s *Service) AuthorisationStates(ctx context.Context, actor access.Actor, customerIDs []string) (map[string]RelationState, error) {
	a := s.db.Args()
	stmt := `SELECT managed_id, state, until FROM tenant_relations WHERE scope = 'device_manage' AND manager_id = ` + a.Add(actor.Place().ID) +
		` AND ` + a.In("managed_id", customerIDs) + ` ORDER BY id`
	var rows []struct {
		ID    string        `db:"managed_id"`
		State RelationState `db:"state"`
		Until db.Time       `db:"until"`
	}
	if err := s.db.Select(ctx, &rows, stmt, a.List()...); err != nil {
		return nil, err
	}
	out := map[string]RelationState{}
	for _, r := range rows { // the newest comes last
		if r.State == Granted && !r.Until.IsZero() && !r.Until.After(s.db.Now().Time) {
			r.State = Expired
		}
		out[r.ID] = r.State
	}
	return out, nil
}

// CustomerCounts tells how many customers in use each partner or sub-partner owns itself; those without any are absent (WS-83).
func (s *Service) CustomerCounts(ctx context.Context, ownerIDs []string) (map[string]int64, error) {
	a := s.db.Args()
	stmt := `SELECT parent_id, COUNT(*) AS n FROM tenant_tenants WHERE kind = 'customer' AND state = 'active' AND ` +
		a.In("parent_id", ownerIDs) + ` GROUP BY parent_id`
	var rows []struct {
		ID string `db:"parent_id"`
		N  int64  `db:"n"`
	}
	if err := s.db.Select(ctx, &rows, stmt, a.List()...); err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, r := range rows {
		out[r.ID] = r.N
	}
	return out, nil
}

// SetMail remembers the last account mail of a tenant, so that its delivery can be shown (CH-19, CH-20). It is no change of the
// tenant: version and revision stay.
func (s *Service) SetMail(ctx context.Context, tx *db.Tx, id, mailID string) error {
	_, err := tx.Exec(ctx, `UPDATE tenant_tenants SET mail_id = $1 WHERE id = $2`, mailID, id)
	return err
}
