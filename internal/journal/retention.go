package journal

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// How long entries are kept, in days (CH-85).
const (
	RetentionDefault = 400
	RetentionLeast   = 90
	RetentionMost    = 36500
)

const retentionSetting = "journal.retention_days"

// Retention gives for how many days entries are kept.
func (j *Journal) Retention(ctx context.Context, q db.Q) (int, error) {
	v, err := db.Setting(ctx, q, retentionSetting)
	if err != nil {
		return 0, err
	}
	days, err := strconv.Atoi(v)
	if err != nil || days < RetentionLeast {
		return RetentionDefault, nil
	}
	return days, nil
}

// SetRetention changes for how many days entries are kept: 90 to 36500, by who may edit the platform (CH-85).
func (j *Journal) SetRetention(ctx context.Context, actor access.Actor, operator access.Tenant, days int) error {
	if err := access.Decide(actor, access.PlatformEdit, access.Target{Tenant: operator}); err != nil {
		return err
	}
	if days < RetentionLeast || days > RetentionMost {
		return errs.BadField("days", "out_of_range", "Entries must be kept for at least 90 days.")
	}
	return j.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		before, err := j.Retention(ctx, tx)
		if err != nil {
			return err
		}
		if err := db.SetSetting(ctx, tx, retentionSetting, strconv.Itoa(days)); err != nil {
			return err
		}
		return j.Append(ctx, tx, actor, News{Type: "journal.retention_changed", Action: "journal/retention", Tenant: operator,
			Data: map[string]any{"before": before, "after": days}})
	})
}

func (j *Journal) anchorMAC(position int64, hash string) string {
	return hex.EncodeToString(j.box.MAC("journal.anchor", strconv.FormatInt(position, 10), hash))
}

// Prune removes the oldest entries that are past the retention time and moves the signed anchor behind them, so that the
// rest stays provable. It says how many went. Only whole beginnings go: an entry stays while an older position stays.
func (j *Journal) Prune(ctx context.Context) (int64, error) {
	days, err := j.Retention(ctx, j.d)
	if err != nil {
		return 0, err
	}
	before := db.At(j.d.Now().Add(-time.Duration(days) * 24 * time.Hour))
	for all := int64(0); ; {
		var n int64
		err := j.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = j.pruneSome(ctx, tx, before)
			return err
		})
		all += n
		if err != nil || n < batch {
			return all, err
		}
	}
}

func (j *Journal) pruneSome(ctx context.Context, tx *db.Tx, before db.Time) (int64, error) {
	if err := tx.LockRow(ctx, "journal_anchor", "anchor"); err != nil {
		return 0, err
	}
	a, err := j.anchor(ctx, tx)
	if err != nil {
		return 0, err
	}
	if !j.signed(a) {
		return 0, errAnchor // a false beginning must not be made a true one
	}
	var rows []row
	if err := tx.Select(ctx, &rows, `SELECT `+columns+` FROM journal_entries WHERE position > $1 ORDER BY position LIMIT $2`, a.Position, batch); err != nil {
		return 0, err
	}
	end := point{a.Position, a.Hash}
	for i := range rows {
		r := &rows[i]
		if r.Time >= before.UnixMilli() {
			break
		}
		if *r.Position != end.Position+1 || r.Hash == nil || *r.Hash != r.link(end.Hash, *r.Position) {
			return 0, errAnchor // evidence of a change must not age away
		}
		end = point{*r.Position, *r.Hash}
	}
	if end.Position == a.Position {
		return 0, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE journal_anchor SET position = $1, hash = $2, mac = $3 WHERE id = 'anchor'`,
		end.Position, end.Hash, j.anchorMAC(end.Position, end.Hash)); err != nil {
		return 0, err
	}
	return tx.Exec(ctx, `DELETE FROM journal_entries WHERE position <= $1`, end.Position)
}

var errAnchor = errs.New(errs.Conflict, "journal_damaged",
	"The oldest entries of the journal were changed, so none is removed. Run: linecard audit verify.")
