package device

import (
	"context"
	"maps"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
)

var errNoDevices = errs.BadField("device_ids", "unknown_device", "The customer has no such device.")

// Arrange gives devices exactly these groups, each device its own list with the highest first. It is for changes of many devices at
// once; one journal row tells of all. A device or a group that the customer does not have refuses everything.
func (s *Service) Arrange(ctx context.Context, actor access.Actor, customerID string, groups map[string][]string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
		if err != nil {
			return err
		}
		ids := slices.Sorted(maps.Keys(groups))
		used := map[string]bool{}
		for _, list := range groups {
			if len(setOf(list)) != len(list) {
				return errGroupTwice
			}
			for _, g := range list {
				used[g] = true
			}
		}
		if err := ownGroups(ctx, tx, t.ID, slices.Sorted(maps.Keys(used))); err != nil {
			return err
		}
		for batch := range slices.Chunk(ids, placesAtOnce) {
			if err := arrange(ctx, tx, t.ID, batch, groups); err != nil {
				return err
			}
		}
		if err := regrouped(ctx, tx, t.ID, ids); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "device_group.arranged", Action: "device_group/arrange", Tenant: t.Access(),
			Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: map[string]any{"customer_id": t.ID, "devices": len(ids)}})
	})
}

// arrange writes the groups of some devices anew.
func arrange(ctx context.Context, tx *db.Tx, customerID string, ids []string, groups map[string][]string) error {
	a := tx.Args()
	var n int
	if err := tx.Get(ctx, &n, `SELECT COUNT(*) FROM device_devices WHERE customer_id = `+a.Add(customerID)+` AND `+a.In("id", ids), a.List()...); err != nil {
		return err
	}
	if n != len(ids) {
		return errNoDevices
	}
	a = tx.Args()
	if _, err := tx.Exec(ctx, `DELETE FROM device_members WHERE `+a.In("device_id", ids), a.List()...); err != nil {
		return err
	}
	a = tx.Args()
	var rows []string
	customer := a.Add(customerID)
	for _, id := range ids {
		device := a.Add(id)
		for place, g := range groups[id] {
			rows = append(rows, "("+customer+", "+device+", "+a.Add(g)+", CAST("+a.Add(int64(place))+" AS BIGINT))")
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO device_members (customer_id, device_id, group_id, place) VALUES `+strings.Join(rows, ", "), a.List()...)
	return err
}

// Templates gives the key templates of a customer's groups by the group's id; a group without one is absent. It decides nothing.
func (s *Service) Templates(ctx context.Context, q db.Q, customerID string) (map[string][]phone.Key, error) {
	var rows []struct {
		ID   string `db:"id"`
		Keys string `db:"keys"`
	}
	if err := q.Select(ctx, &rows, `SELECT id, keys FROM device_groups WHERE customer_id = $1 AND keys <> ''`, customerID); err != nil {
		return nil, err
	}
	out := make(map[string][]phone.Key, len(rows))
	for _, r := range rows {
		keys, err := readKeys(r.Keys)
		if err != nil {
			return nil, err
		}
		out[r.ID] = keys
	}
	return out, nil
}

// Layered gives the keys of a phone: its own, then those of its groups in their order for places that are free.
func Layered(own []phone.Key, groups []string, templates map[string][]phone.Key) []phone.Key {
	all := [][]phone.Key{own}
	for _, g := range groups {
		all = append(all, templates[g])
	}
	return layered(all...)
}

// Members gives the groups of devices that are in a group, or in any of these, by the device's id, the highest first. It decides nothing.
func (s *Service) Members(ctx context.Context, q db.Q, customerID string, deviceIDs []string) (map[string][]string, error) {
	out := map[string][]string{}
	for batch := range slices.Chunk(deviceIDs, 1000) {
		a := q.Args()
		var rows []struct {
			ID      string `db:"id"`
			GroupID string `db:"group_id"`
		}
		if err := q.Select(ctx, &rows, `SELECT d.id, COALESCE(m.group_id, '') AS group_id FROM device_devices d LEFT JOIN device_members m ON m.device_id = d.id
			WHERE d.customer_id = `+a.Add(customerID)+` AND `+a.In("d.id", batch)+` ORDER BY d.id, m.place, m.group_id`, a.List()...); err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.GroupID == "" {
				out[r.ID] = []string{}
			} else {
				out[r.ID] = append(out[r.ID], r.GroupID)
			}
		}
	}
	return out, nil
}

// InGroup gives the devices of a group; NotFound when the customer has no such group. It decides nothing.
func (s *Service) InGroup(ctx context.Context, q db.Q, customerID, groupID string) ([]string, error) {
	if _, err := getGroup(ctx, q, customerID, groupID); err != nil {
		return nil, err
	}
	return membersOf(ctx, q, groupID)
}

// ByID gives a device of the customer; NotFound when it has none with this id. It decides nothing.
func (s *Service) ByID(ctx context.Context, q db.Q, customerID, id string) (Device, error) {
	return get(ctx, q, customerID, id)
}
