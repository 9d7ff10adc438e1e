package device

import (
	"context"
	"slices"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Managed knows the lines that Linecard itself makes for users and workspaces (decision 19).
type Managed interface {
	// LinesOf gives the managed lines of these devices by number, with passwords in clear.
	LinesOf(ctx context.Context, q db.Q, deviceIDs []string) (map[string][]phone.Line, error)
}

// Manage tells who has the managed lines. It is called while the program is wired; without it phones have external lines only.
func (s *Service) Manage(m Managed) { s.managed = m }

// join puts managed lines among the external ones of the setups. A managed line wins its number, and what it wins over is not lost but
// waits (decision 19).
func (s *Service) join(ctx context.Context, q db.Q, all []*Setup, ever []int) error {
	var ids []string
	for i, one := range all {
		if one.Ever = max(one.Ever, ever[i]); ever[i] > 0 {
			ids = append(ids, one.DeviceID)
		}
	}
	if len(ids) == 0 || s.managed == nil {
		return nil
	}
	lines, err := s.managed.LinesOf(ctx, q, ids)
	if err != nil {
		return err
	}
	for _, one := range all {
		mine := lines[one.DeviceID]
		if len(mine) == 0 {
			continue
		}
		kept := slices.DeleteFunc(one.Lines, func(l phone.Line) bool {
			return slices.ContainsFunc(mine, func(m phone.Line) bool { return m.Number == l.Number })
		})
		one.Lines = append(kept, mine...)
		slices.SortFunc(one.Lines, func(a, b phone.Line) int { return a.Number - b.Number })
	}
	return nil
}

// HasDevice gives NotFound when the customer has no device with this id. It decides nothing.
func (s *Service) HasDevice(ctx context.Context, q db.Q, customerID, deviceID string) error {
	var id string
	err := q.Get(ctx, &id, `SELECT id FROM device_devices WHERE id = $1 AND customer_id = $2`, deviceID, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("device")
	}
	return err
}
