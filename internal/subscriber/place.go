package subscriber

import (
	"context"
	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/revision"
	"linecard/internal/tenant"
	"slices"
)

// PlaceLine puts a line on a phone of the customer; number 0 is the lowest registration that is free there.
func (s *Service) PlaceLine(ctx context.Context, actor access.Actor, customerID, id, deviceID string, number int) (Line, error) {
	return s.changeLine(ctx, actor, access.LineEdit, customerID, id, 0, func(ctx context.Context, tx *db.Tx, t tenant.Tenant, l *line) (string, map[string]any, error) {
		data := map[string]any{"device_id": deviceID}
		if s.devices == nil {
			return "", nil, errNoDevices
		}
		if err := s.devices.HasDevice(ctx, tx, t.ID, deviceID); err != nil {
			return "", nil, err
		}
		if number < 0 || number > maxOnPhone {
			return "", nil, errs.BadField("number", "out_of_range", "A number from 1 to 100.")
		}
		on, err := phonesOf(ctx, tx, l.ID)
		switch {
		case err != nil:
			return "", nil, err
		case slices.Contains(on, deviceID):
			return "", nil, errLineThere
		case len(on) >= maxPhonesOf:
			return "", nil, errPhoneLimit
		}
		if number == 0 {
			if number, err = freeOn(ctx, tx, deviceID); err != nil {
				return "", nil, err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO subscriber_appearances (device_id, number, line_id, customer_id) VALUES ($1, $2, $3, $4)`, deviceID, number, l.ID, t.ID); err != nil {
			if errs.CodeOf(err) == "already_exists" {
				err = errLineNumber.Because(err)
			}
			return "", nil, err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO subscriber_phones (id, ever) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET ever = excluded.ever
			WHERE subscriber_phones.ever < excluded.ever`, deviceID, number); err != nil {
			return "", nil, err
		}
		data["number"] = number
		return "placed", data, nil
	})
}

func phonesOf(ctx context.Context, q db.Q, lineID string) ([]string, error) {
	var ids []string
	err := q.Select(ctx, &ids, `SELECT device_id FROM subscriber_appearances WHERE line_id = $1`, lineID)
	return ids, err
}

// freeOn gives the lowest registration of a phone that neither a managed nor an external line has.
func freeOn(ctx context.Context, q db.Q, deviceID string) (int, error) {
	var used []int
	if err := q.Select(ctx, &used, `SELECT number FROM subscriber_appearances WHERE device_id = $1 UNION SELECT number FROM device_lines WHERE device_id = $2 ORDER BY 1`, deviceID, deviceID); err != nil {
		return 0, err
	}
	free := 1
	for _, n := range used {
		if n == free {
			free++
		}
	}
	if free > maxOnPhone {
		return 0, errLineNumber
	}
	return free, nil
}

// RemoveLine takes a line off a phone. Its other phones keep it.
func (s *Service) RemoveLine(ctx context.Context, actor access.Actor, customerID, id, deviceID string) (Line, error) {
	return s.changeLine(ctx, actor, access.LineEdit, customerID, id, 0, func(ctx context.Context, tx *db.Tx, t tenant.Tenant, l *line) (string, map[string]any, error) {
		n, err := tx.Exec(ctx, `DELETE FROM subscriber_appearances WHERE line_id = $1 AND device_id = $2`, l.ID, deviceID)
		if err == nil && n == 0 {
			err = errNotOnPhone
		}
		if err == nil {
			err = revision.Bump(ctx, tx, revision.Device, deviceID)
		}
		return "removed", map[string]any{"device_id": deviceID}, err
	})
}
