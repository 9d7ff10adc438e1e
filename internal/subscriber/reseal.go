package subscriber

import (
	"context"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Reseal seals the passwords of lines with the newest key, line by line, and says how many it did. Files that wait for their import are
// gone soon and stay as they are.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	n, last := 0, ""
	for {
		var rows []struct {
			ID   string `db:"id"`
			Now  []byte `db:"password"`
			Next []byte `db:"next_password"`
		}
		if err := s.db.Select(ctx, &rows, `SELECT id, password, next_password FROM subscriber_lines WHERE id > $1 ORDER BY id LIMIT 1000`, last); err != nil || len(rows) == 0 {
			return n, err
		}
		for _, r := range rows {
			if last = r.ID; !s.box.NeedsReseal(r.Now) && (r.Next == nil || !s.box.NeedsReseal(r.Next)) {
				continue
			}
			err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.resealLine(ctx, tx, r.ID) })
			if err != nil && errs.KindOf(err) != errs.NotFound { // removed meanwhile
				return n, err
			}
			if err == nil {
				n++
			}
		}
	}
}

func (s *Service) resealLine(ctx context.Context, tx *db.Tx, id string) error {
	if err := tx.LockToRead(ctx, "subscriber_lines", id); err != nil {
		return err
	}
	var l struct {
		AuthID string `db:"auth_id"`
		NextID string `db:"next_auth_id"`
		Now    []byte `db:"password"`
		Next   []byte `db:"next_password"`
	}
	if err := tx.Get(ctx, &l, `SELECT auth_id, COALESCE(next_auth_id, '') AS next_auth_id, password, next_password FROM subscriber_lines WHERE id = $1`, id); err != nil {
		return err
	}
	for _, x := range []struct {
		as     string
		sealed *[]byte
	}{{sealedAs(id, l.AuthID), &l.Now}, {sealedAs(id, l.NextID), &l.Next}} {
		if *x.sealed == nil {
			continue
		}
		word, err := s.box.Open(*x.sealed, x.as)
		if err != nil {
			return err
		}
		if *x.sealed, err = s.box.Seal(word, x.as); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE subscriber_lines SET password = $2, next_password = $3 WHERE id = $1`, id, l.Now, l.Next)
	return err
}
