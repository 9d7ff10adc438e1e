package device

import (
	"context"

	"linecard/internal/db"
)

// Counts tells how many devices customers have, for lists of customers (CH-16); one without is absent. A number says nothing
// about a single phone, so it needs no authorisation of the customer, only that the caller may see the customers.
func (s *Service) Counts(ctx context.Context, q db.Q, customerIDs []string) (map[string]int64, error) {
	out := map[string]int64{}
	if len(customerIDs) == 0 {
		return out, nil
	}
	a := q.Args()
	var rows []struct {
		ID string `db:"customer_id"`
		N  int64  `db:"devices"`
	}
	err := q.Select(ctx, &rows, `SELECT customer_id, devices FROM device_customers WHERE `+a.In("customer_id", customerIDs), a.List()...)
	for _, r := range rows {
		out[r.ID] = r.N
	}
	return out, err
}
