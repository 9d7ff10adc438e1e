package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
)

// What lists show beside the tenants themselves. The callers have the ids from List, so these decide nothing.

// AuthorisationStates tells for each customer where the device authorisation towards the actor's organisation stands, for the
// operator's people that towards its owner (CH-16). Customers without any are absent; under the wholesale offer the owner is
// authorised by the offer itself.
func (s *Service) AuthorisationStates(ctx context.Context, actor access.Actor, customerIDs []string) (map[string]RelationState, error) {
	a := s.db.Args()
	manager := "t.parent_id"
	if actor.Place().Kind != access.Operator {
		manager = a.Add(actor.Place().ID)
	}
	stmt := `SELECT t.id, t.wholesale AND t.parent_id = ` + manager + ` AS offer, COALESCE(r.state, '') AS state, r.until FROM tenant_tenants t
		LEFT JOIN tenant_relations r ON r.managed_id = t.id AND r.scope = 'device_manage' AND r.manager_id = ` + manager + `
		WHERE ` + a.In("t.id", customerIDs) + ` ORDER BY r.id`
	var rows []struct {
		ID    string        `db:"id"`
		Offer bool          `db:"offer"`
		State RelationState `db:"state"`
		Until db.Time       `db:"until"`
	}
	if err := s.db.Select(ctx, &rows, stmt, a.List()...); err != nil {
		return nil, err
	}
	out := map[string]RelationState{}
	for _, r := range rows { // the newest comes last
		switch {
		case r.Offer:
			out[r.ID] = Granted
		case r.State == Granted && !r.Until.IsZero() && !r.Until.After(s.db.Now().Time):
			out[r.ID] = Expired
		case r.State != "":
			out[r.ID] = r.State
		}
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
