package device

import (
	"context"

	"linecard/internal/db"
	"linecard/internal/phone"
)

// Holder gives the customer that has a device with this MAC, "" for none; for rooms that must not give the MAC to a second
// customer (invariant 6). It decides nothing.
func (s *Service) Holder(ctx context.Context, q db.Q, mac phone.MAC) (customerID string, err error) {
	err = q.Get(ctx, &customerID, `SELECT COALESCE((SELECT customer_id FROM device_devices WHERE mac = $1), '')`, mac)
	return customerID, err
}
