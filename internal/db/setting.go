package db

import (
	"context"

	"linecard/internal/errs"
)

// Setting gives a value that belongs to this database as a whole (the demo's mark, the pinned render version);
// "" when it was never set.
func Setting(ctx context.Context, q Q, name string) (string, error) {
	var v string
	err := q.Get(ctx, &v, `SELECT value FROM db_settings WHERE name = $1`, name)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return "", nil
	}
	return v, err
}

// SetSetting stores a value of this database as a whole.
func SetSetting(ctx context.Context, q Q, name, value string) error {
	_, err := q.Exec(ctx, `INSERT INTO db_settings (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
