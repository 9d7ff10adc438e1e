package subscriber

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/phone"
	"linecard/internal/tenant"
)

// Credential is one pair with which a line may register now. While a line is rotated it has two (decision 20).
type Credential struct {
	LineID, CustomerID, Scope string
	User, Realm               string // address of record
	AuthID, Password          string
	Next                      bool // the one that phones are given
	DisplayName               string
	Extension, Number         string // of its holder
	Registrars, Proxies       []phone.Server
	Transport                 phone.Transport
}

// Credentials gives what these lines may register with, for who publishes them: none for a line that is gone or whose user is switched
// off. It decides nothing.
func (s *Service) Credentials(ctx context.Context, q db.Q, lineIDs []string) ([]Credential, error) {
	a := q.Args()
	var rows []line
	if err := q.Select(ctx, &rows, selectedLines+` WHERE `+a.In("l.id", lineIDs)+` AND s.active ORDER BY l.id`, a.List()...); err != nil {
		return nil, err
	}
	var out []Credential
	for _, r := range rows {
		r.Held = true // first as it registered until now
		p, err := s.onPhone(r, 1)
		if err != nil {
			return nil, err
		}
		c := Credential{LineID: r.ID, CustomerID: r.CustomerID, Scope: r.Scope, User: r.UserPart, Realm: r.Calling.V.realm(), AuthID: p.AuthUser, Password: p.Password,
			DisplayName: p.DisplayName, Extension: r.Extension, Number: r.Number, Registrars: p.Registrars, Proxies: p.Proxies, Transport: p.Transport}
		out = append(out, c)
		if r.NextAuthID != "" {
			word, err := s.box.Open(r.NextPassword, sealedAs(r.ID, r.NextAuthID))
			if err != nil {
				return nil, err
			}
			c.Next, c.AuthID, c.Password = true, r.NextAuthID, string(word)
			out = append(out, c)
		}
	}
	return out, nil
}

// Hold keeps the next credentials of these lines from their phones until Offer, because they would not register yet: who publishes
// lines says so in the transaction in which a rotation begins (decision 20).
func (s *Service) Hold(ctx context.Context, tx *db.Tx, lineIDs []string) error {
	if len(lineIDs) == 0 {
		return nil
	}
	a := tx.Args()
	_, err := tx.Exec(ctx, `UPDATE subscriber_lines SET held = TRUE WHERE next_auth_id IS NOT NULL AND `+a.In("id", lineIDs), a.List()...)
	return err
}

// Offer gives the phones of these lines the next credentials, which register now. A line that is not held is left alone.
func (s *Service) Offer(ctx context.Context, tx *db.Tx, lineIDs []string) error {
	if len(lineIDs) == 0 {
		return nil
	}
	a := tx.Args()
	n, err := tx.Exec(ctx, `UPDATE subscriber_lines SET held = FALSE WHERE held AND `+a.In("id", lineIDs), a.List()...)
	if err != nil || n == 0 {
		return err
	}
	return touch(ctx, tx, lineIDs)
}

// Rotate begins to give a line new credentials beside the old: its phones get the new ones, and both register (decision 20). Who
// publishes lines hears of it in the same transaction, and may Hold the new ones back until they stand where lines register.
func (s *Service) Rotate(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) (Line, error) {
	return s.changeLine(ctx, actor, access.LineEdit, customerID, id, ifVersion, func(_ context.Context, tx *db.Tx, _ tenant.Tenant, l *line) (string, map[string]any, error) {
		if l.NextAuthID != "" {
			return "", nil, errRotating
		}
		var err error
		l.NextAuthID, l.NextPassword, err = s.credentials(l.ID)
		l.Held = false
		l.Rotated = tx.Now()
		return "rotation_started", nil, err
	})
}

// EndRotation makes the new credentials the only ones, once they were seen registering. The old ones are gone.
func (s *Service) EndRotation(ctx context.Context, actor access.Actor, customerID, id string) (Line, error) {
	return s.changeLine(ctx, actor, access.LineEdit, customerID, id, 0, func(_ context.Context, _ *db.Tx, _ tenant.Tenant, l *line) (string, map[string]any, error) {
		if l.NextAuthID == "" {
			return "", nil, errNotRotating
		}
		l.AuthID, l.Password = l.NextAuthID, l.NextPassword
		l.NextAuthID, l.NextPassword, l.Rotated = "", nil, db.Time{}
		return "rotation_ended", nil, nil
	})
}

// AbandonRotation keeps the old credentials, because the new ones were not seen in time; the event says so.
func (s *Service) AbandonRotation(ctx context.Context, actor access.Actor, customerID, id string) (Line, error) {
	return s.changeLine(ctx, actor, access.LineEdit, customerID, id, 0, func(_ context.Context, _ *db.Tx, _ tenant.Tenant, l *line) (string, map[string]any, error) {
		if l.NextAuthID == "" {
			return "", nil, errNotRotating
		}
		l.NextAuthID, l.NextPassword, l.Rotated = "", nil, db.Time{}
		return "rotation_abandoned", nil, nil
	})
}

// Rotation is a line whose rotation has begun.
type Rotation struct {
	LineID     string  `db:"id"`
	CustomerID string  `db:"customer_id"`
	AuthID     string  `db:"auth_id"`
	NextAuthID string  `db:"next_auth_id"`
	Since      db.Time `db:"rotated"`
}

// Rotations lists rotations that have begun and not ended, oldest first, for who watches registrations. It decides nothing.
func (s *Service) Rotations(ctx context.Context, q db.Q, most int) ([]Rotation, error) {
	var all []Rotation
	err := q.Select(ctx, &all, `SELECT id, customer_id, auth_id, next_auth_id, rotated FROM subscriber_lines WHERE rotated IS NOT NULL ORDER BY rotated, id LIMIT $1`, most)
	return all, err
}
