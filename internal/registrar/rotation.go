package registrar

import (
	"context"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// rotating is a line whose new credentials register at a registrar.
type rotating struct {
	waiting
	Offered db.Time `db:"offered"`
	Overdue bool    `db:"overdue"`
	Phones  int     `db:"phones"`
}

// rotations ends those whose new credentials were seen from every phone of the line, and reports those that take too long
// (decision 20). A time-out takes nothing away, neither the old credentials nor the new: a phone that is off may have either of them,
// and it must register when it comes back, or it could not call for help (decision 22). So it ends by itself even then.
func (s *Service) rotations(ctx context.Context, v Platform) error {
	after := ""
	for {
		var rows []rotating
		if err := s.db.Select(ctx, &rows, `SELECT p.id, p.line_id, p.customer_id, p.user_part, p.wanted, p.leaving, p.generation, p.next_auth_id, p.offered, p.overdue,
			(SELECT COUNT(*) FROM subscriber_appearances a WHERE a.line_id = p.line_id) AS phones
			FROM registrar_publications p WHERE p.platform_id = $1 AND p.line_id > $2 AND p.next_auth_id <> '' AND p.wanted AND NOT p.leaving ORDER BY p.line_id LIMIT $3`,
			v.ID, after, atOnce); err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].LineID
		ids := make([]string, len(rows))
		for i, r := range rows {
			ids[i] = r.LineID
		}
		all, err := registrationsOf(ctx, s.db, ids)
		if err != nil {
			return err
		}
		by := map[string][]Registration{}
		for _, r := range all {
			by[r.LineID] = append(by[r.LineID], r)
		}
		for _, r := range rows {
			if err := s.follow(ctx, v, r, by[r.LineID]); err != nil {
				return err
			}
		}
	}
}

// follow looks at one rotation.
func (s *Service) follow(ctx context.Context, v Platform, r rotating, seen []Registration) error {
	now := s.db.Now()
	switch {
	case done(r, seen, now):
		return s.end(ctx, r)
	case !r.Overdue && now.Sub(r.Offered.Time) >= v.Settings.V.overdueAfter():
		return s.report(ctx, r)
	}
	return nil
}

// done says whether every phone of the line registers with the new name. A phone that shows two registrations counts as what is
// newer; one whose registrar does not tell the name counts as old.
func done(r rotating, seen []Registration, now db.Time) bool {
	fresh := map[string]bool{}
	for _, x := range seen {
		if x.AuthID == r.NextAuthID && x.live(now.Time) {
			fresh[x.Phone] = true
		}
	}
	for _, x := range seen {
		if x.AuthID != r.NextAuthID && x.live(now.Time) && !fresh[x.Phone] {
			return false
		}
	}
	return len(fresh) >= max(1, r.Phones)
}

// end makes the new credentials the only ones; the registrar hears of it as of each change of a line.
func (s *Service) end(ctx context.Context, r rotating) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// Another rotation may have begun meanwhile, whose new name nobody has seen.
		if err := tx.LockToRead(ctx, "subscriber_lines", r.LineID); err != nil {
			return err
		}
		var next string
		if err := tx.Get(ctx, &next, `SELECT COALESCE(next_auth_id, '') FROM subscriber_lines WHERE id = $1`, r.LineID); err != nil || next != r.NextAuthID {
			return err
		}
		_, err := s.lines.EndRotation(ctx, systemActor, r.CustomerID, r.LineID)
		return err
	})
	return gone(err)
}

func (s *Service) report(ctx context.Context, r rotating) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE registrar_publications SET overdue = TRUE WHERE id = $1 AND next_auth_id = $2 AND NOT overdue`, r.ID, r.NextAuthID)
		if err != nil || n == 0 {
			return err
		}
		t, err := accessOf(ctx, tx, r.CustomerID)
		if err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, systemActor, journal.News{Type: "line.rotation_overdue", Action: "line/rotate", Tenant: t, NoLog: true,
			Target: journal.Target{Kind: "line", ID: r.LineID, Name: r.User}, Data: map[string]any{"customer_id": t.ID, "managed": true}})
	})
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	return err
}
