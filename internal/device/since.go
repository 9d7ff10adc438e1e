package device

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"linecard/internal/db"
)

// Since gives what these phones asked from an instant on, each in order; a phone that did not ask is absent. It decides nothing.
func (s *Service) Since(ctx context.Context, q db.Q, ids []string, from time.Time) (map[string][]Asked, error) {
	out := map[string][]Asked{}
	for some := range slices.Chunk(ids, askedAtOnce) {
		a := q.Args()
		var rows []struct {
			DeviceID string `db:"device_id"`
			Requests string `db:"requests"`
		}
		err := q.Select(ctx, &rows, `SELECT device_id, requests FROM device_requests WHERE time >= `+a.Add(db.At(from))+` AND `+a.In("device_id", some)+` ORDER BY device_id, time, id`, a.List()...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			var all []Asked
			if err := json.Unmarshal([]byte(r.Requests), &all); err != nil {
				return nil, err
			}
			for _, x := range all {
				if x.At = time.UnixMilli(x.Millis).UTC(); !x.At.Before(from) {
					out[r.DeviceID] = append(out[r.DeviceID], x)
				}
			}
		}
	}
	return out, nil
}
