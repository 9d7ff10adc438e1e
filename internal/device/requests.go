package device

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
)

// Asked is one request of a phone: what it wanted and what it got. It holds no secret.
type Asked struct {
	DeviceID string    `json:"-"`
	At       time.Time `json:"-"`
	Millis   int64     `json:"t"`
	IP       string    `json:"i,omitempty"`
	Method   string    `json:"m"`
	File     string    `json:"f"` // below the provisioning address
	Status   int       `json:"s"`
	Bytes    int64     `json:"b,omitempty"`
	ETag     string    `json:"e,omitempty"` // of the bytes it got: equal tags, equal configuration
	TLS      string    `json:"v,omitempty"` // "1.3"
	Account  string    `json:"a,omitempty"` // own, own_previous, customer, customer_previous, certificate; "" when none was right
	Fault    string    `json:"x,omitempty"` // why it was refused
}

// KeptRequests is how many requests of a phone are kept.
const KeptRequests = 200

// askedAtOnce is how many rows one statement writes.
const askedAtOnce = 200

// Note writes what phones asked, one row for each phone. It gives the phones that are gone, too; they are left out. Within a batch the
// requests of a phone must be in order.
func (s *Service) Note(ctx context.Context, batch map[string][]Asked) error {
	ids := make([]string, 0, len(batch))
	for id := range batch {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for some := range slices.Chunk(ids, askedAtOnce) {
		if err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.note(ctx, tx, some, batch) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) note(ctx context.Context, tx *db.Tx, ids []string, batch map[string][]Asked) error {
	a := tx.Args()
	rows := make([]string, 0, len(ids))
	for _, id := range ids {
		all := batch[id]
		for i := range all {
			all[i].Millis = all[i].At.UnixMilli()
		}
		text, err := json.Marshal(all)
		if err != nil {
			return err
		}
		rows = append(rows, "("+a.Add(db.NewID())+", "+a.Add(id)+", CAST("+a.Add(db.At(all[0].At))+" AS BIGINT), CAST("+a.Add(int64(len(all)))+" AS BIGINT), "+a.Add(string(text))+")")
	}
	_, err := tx.Exec(ctx, `INSERT INTO device_requests (id, device_id, time, n, requests)
		SELECT v.column1, v.column2, v.column3, v.column4, v.column5 FROM (VALUES `+strings.Join(rows, ", ")+`) AS v
		JOIN device_devices d ON d.id = v.column2`, a.List()...)
	return err
}

// TrimRequests removes what is older than the last KeptRequests of these phones.
func (s *Service) TrimRequests(ctx context.Context, ids []string) error {
	for some := range slices.Chunk(ids, askedAtOnce) {
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			a := tx.Args()
			keep := a.Add(int64(KeptRequests))
			_, err := tx.Exec(ctx, `DELETE FROM device_requests WHERE id IN (SELECT id FROM (SELECT id, SUM(n) OVER (PARTITION BY device_id
				ORDER BY time DESC, id DESC) - n AS newer FROM device_requests WHERE `+a.In("device_id", some)+`) x WHERE newer >= CAST(`+keep+` AS BIGINT))`, a.List()...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Requests gives the last KeptRequests requests of a phone, the newest first.
func (s *Service) Requests(ctx context.Context, actor access.Actor, customerID, id string) ([]Asked, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return nil, err
	}
	d, err := get(ctx, s.db, customerID, id)
	if err != nil {
		return nil, err
	}
	var rows []string
	if err := s.db.Select(ctx, &rows, `SELECT requests FROM device_requests WHERE device_id = $1 ORDER BY time DESC, id DESC LIMIT $2`, d.ID, KeptRequests); err != nil {
		return nil, err
	}
	var out []Asked
	for _, text := range rows {
		var some []Asked
		if err := json.Unmarshal([]byte(text), &some); err != nil {
			return nil, err
		}
		for i := range some {
			some[i].At = time.UnixMilli(some[i].Millis).UTC()
		}
		out = append(out, some...)
	}
	slices.SortStableFunc(out, func(a, b Asked) int { return b.At.Compare(a.At) })
	return out[:min(len(out), KeptRequests)], nil
}
