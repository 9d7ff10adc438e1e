package usage

import (
	"context"
	"time"

	"linecard/internal/db"
)

// How far the watermark may move without being asked twice, and how far apart the two askings must be. A clock that stands wrong for a
// moment must not settle years to come, because no usage could begin in them any more.
const (
	leap    = 48 * time.Hour
	asked   = 5 * time.Minute
	forgets = 26 * time.Hour
)

var marks = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"}

// Settle makes everything below until (unix seconds) final and visible: it waits for transactions that are writing the ledger, and
// what comes later gets a later instant. Unavailable (usage_not_settled) when until has not come yet, or when the clock has leapt by
// more than two days since the last time; then the next asking, five minutes later or more, is believed.
func Settle(ctx context.Context, d *db.DB, until int64) error {
	settled := false
	err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		settled = false
		for _, m := range marks {
			if err := tx.LockRow(ctx, "usage_marks", m); err != nil {
				return err
			}
		}
		var at struct {
			Instant int64 `db:"instant"`
			Seen    int64 `db:"seen"`
		}
		if err := tx.Get(ctx, &at, `SELECT instant, seen FROM usage_marks WHERE id = '0'`); err != nil {
			return err
		}
		now := tx.Now().Unix()
		switch since := time.Duration(now-at.Seen) * time.Second; {
		case until <= at.Instant:
			settled = true
			return nil
		case until > now:
			return nil
		case at.Instant != 0 && time.Duration(min(until-at.Instant, 1<<32))*time.Second > leap && (at.Seen == 0 || since < asked || since > forgets):
			if at.Seen != 0 && since >= 0 && since < asked {
				return nil
			}
			_, err := tx.Exec(ctx, `UPDATE usage_marks SET seen = $1`, now)
			return err
		}
		settled = true
		_, err := tx.Exec(ctx, `UPDATE usage_marks SET instant = $1, seen = 0`, until)
		return err
	})
	if err == nil && !settled {
		err = errUnsettle.Retry(asked)
	}
	return err
}

// Settled gives the watermark in unix seconds; 0 when nothing was settled yet.
func Settled(ctx context.Context, q db.Q) (int64, error) {
	var at int64
	err := q.Get(ctx, &at, `SELECT instant FROM usage_marks WHERE id = '0'`)
	return at, err
}
