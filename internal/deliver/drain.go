package deliver

import (
	"context"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/queue"
)

// FaultPaused is the code of a dead letter that was never sent because its webhook failed all the time.
const FaultPaused = "endpoint_failing"

// drainAtOnce is how many deliveries of a working webhook become jobs in one go.
const drainAtOnce = 200

// drain turns what is due of a webhook into jobs: all of it for one that works, a single probe for one that fails. So a dead
// endpoint costs one call per pause however much waits for it.
func (w *Webhooks) drain(ctx context.Context, j queue.Job[hookArgs]) error {
	return w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var h Webhook
		if err := tx.Get(ctx, &h, `SELECT `+hookColumns+` FROM deliver_webhooks WHERE id = $1`, j.Args.Webhook); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return nil
			}
			return err
		}
		now := tx.Now()
		if !h.Enabled {
			return nil
		}
		if h.NotBefore.After(now.Time) {
			return w.drainAt(ctx, tx, h.ID, h.NotBefore)
		}
		if _, err := tx.Exec(ctx, `UPDATE deliver_deliveries SET state = 'dead', next_at = NULL, last_error = CASE last_error WHEN '' THEN $3 ELSE last_error END
			WHERE webhook_id = $1 AND state = 'pending' AND since < $2`, h.ID, db.At(now.Add(-deadAge)), FaultPaused); err != nil {
			return err
		}
		most := drainAtOnce
		if h.Fails > 0 {
			most = 1
		}
		var due []string
		if err := tx.Select(ctx, &due, `SELECT id FROM deliver_deliveries WHERE webhook_id = $1 AND state = 'pending' AND next_at <= $2
			ORDER BY next_at, position LIMIT $3`, h.ID, now, most); err != nil {
			return err
		}
		for _, id := range due {
			if _, err := tx.Exec(ctx, `UPDATE deliver_deliveries SET next_at = $2 WHERE id = $1`, id, db.At(now.Add(jobPatience))); err != nil {
				return err
			}
			if err := queue.Insert(ctx, tx, sendKind, sendArgs{Delivery: id, Probe: h.Fails > 0}, queue.Opts{Lane: lane(h.ID)}); err != nil {
				return err
			}
		}
		return w.drainNext(ctx, tx, h, len(due) == most)
	})
}

// drainNext arranges the next look at a webhook: at once while it works and more is due, else when the next delivery is. After
// a probe its result arranges it (failed, succeeded).
func (w *Webhooks) drainNext(ctx context.Context, tx *db.Tx, h Webhook, full bool) error {
	switch {
	case h.Fails > 0 && full:
		return nil
	case full:
		return w.drainAt(ctx, tx, h.ID, tx.Now())
	}
	var next db.Time
	if err := tx.Get(ctx, &next, `SELECT MIN(next_at) FROM deliver_deliveries WHERE webhook_id = $1 AND state = 'pending'`, h.ID); err != nil || next.IsZero() {
		return err
	}
	return w.drainAt(ctx, tx, h.ID, next)
}

// How long finished deliveries can be looked at.
const (
	keepDelivered = 14 * 24 * time.Hour
	keepDead      = 30 * 24 * time.Hour
)

// sweep finds deliveries that lost their job, removes old ones, and forgets the secrets before a rotation when their time is over.
func (w *Webhooks) sweep(ctx context.Context, _ queue.Job[struct{}]) error {
	now := w.d.Now()
	var stuck []string
	if err := w.d.Select(ctx, &stuck, `SELECT DISTINCT webhook_id FROM deliver_deliveries WHERE state = 'pending' AND next_at <= $1`, db.At(now.Add(-time.Minute))); err != nil {
		return err
	}
	for _, id := range stuck {
		if err := w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return w.drainAt(ctx, tx, id, tx.Now()) }); err != nil {
			return err
		}
	}
	for {
		n, err := w.d.Exec(ctx, `DELETE FROM deliver_deliveries WHERE id IN (SELECT id FROM deliver_deliveries
			WHERE state <> 'pending' AND created < $1 AND (state = 'delivered' OR created < $2) ORDER BY created LIMIT 500)`,
			db.At(now.Add(-keepDelivered)), db.At(now.Add(-keepDead)))
		if err != nil {
			return err
		}
		if n < 500 {
			break
		}
	}
	_, err := w.d.Exec(ctx, `UPDATE deliver_webhooks SET old_secret = NULL, old_until = NULL WHERE old_until <= $1`, now)
	return err
}

// Reseal seals anew the secrets that were sealed with an older key than the newest, and gives of how many webhooks those were.
func (w *Webhooks) Reseal(ctx context.Context) (int, error) {
	var ids []string
	if err := w.d.Select(ctx, &ids, `SELECT id FROM deliver_webhooks ORDER BY id`); err != nil {
		return 0, err
	}
	return w.d.OneByOne(ctx, ids, w.resealOne)
}

// resealOne leaves the version of the webhook as it is, since nothing changes that anybody can see.
func (w *Webhooks) resealOne(ctx context.Context, tx *db.Tx, id string) (bool, error) {
	var h Webhook
	err := tx.LockRow(ctx, "deliver_webhooks", id)
	if err == nil {
		err = tx.Get(ctx, &h, `SELECT `+hookColumns+` FROM deliver_webhooks WHERE id = $1`, id)
	}
	if err != nil && errs.KindOf(err) == errs.NotFound { // deleted meanwhile
		return false, nil
	}
	if err != nil || !w.box.NeedsReseal(h.Secret) && !w.box.NeedsReseal(h.OldSecret) {
		return false, err
	}
	for _, sealed := range []*[]byte{&h.Secret, &h.OldSecret} {
		if *sealed == nil {
			continue
		}
		plain, err := w.box.Open(*sealed, secretContext(id))
		if err != nil { // that of one webhook must not keep the others waiting
			w.log.Error("a webhook's secret cannot be opened", "webhook", id, "err", err)
			return false, nil
		}
		if *sealed, err = w.box.Seal(plain, secretContext(id)); err != nil {
			return false, err
		}
	}
	_, err = tx.Exec(ctx, `UPDATE deliver_webhooks SET secret = $2, old_secret = $3 WHERE id = $1`, id, h.Secret, h.OldSecret)
	return err == nil, err
}
