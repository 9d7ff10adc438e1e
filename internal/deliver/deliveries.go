package deliver

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/queue"
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID         string        `db:"id"`
	WebhookID  string        `db:"webhook_id"`
	EventID    string        `db:"event_id"` // the webhook-id of the request
	Position   int64         `db:"position"` // of the event; 0 for a test
	Type       string        `db:"type"`
	State      DeliveryState `db:"state"`
	Attempts   int           `db:"attempts"`
	LastStatus int           `db:"last_status"` // HTTP status of the last attempt; 0: no answer
	LastError  string        `db:"last_error"`  // one of the Fault codes; "" after success
	NextAt     db.Time       `db:"next_at"`     // zero when it is not pending
	LastAt     db.Time       `db:"last_at"`
	Created    db.Time       `db:"created"`
	Since      db.Time       `db:"since"`
}

// DeliveryState says how far a delivery is.
type DeliveryState string

// The states.
const (
	Pending   DeliveryState = "pending"
	Delivered DeliveryState = "delivered"
	Dead      DeliveryState = "dead" // given up; Retry sends it again
)

const deliveryColumns = `id, webhook_id, event_id, position, type, state, attempts, last_status, last_error, next_at, last_at, created, since`

// Deliveries lists what went, goes or failed to go to a webhook, the newest first; state "" is all, Dead the dead letters.
func (w *Webhooks) Deliveries(ctx context.Context, actor access.Actor, target access.Target, id string, state DeliveryState, page db.Page) ([]Delivery, string, error) {
	if _, err := w.Get(ctx, actor, target, id); err != nil {
		return nil, "", err
	}
	a := w.d.Args()
	where := "webhook_id = " + a.Add(id)
	switch state {
	case "":
	case Pending, Delivered, Dead:
		where += " AND state = " + a.Add(state)
	default:
		return nil, "", errs.BadField("state", "unknown_state", "The state must be pending, delivered or dead.")
	}
	k, err := page.Keyset(a, "id", db.Sort{Name: "created", Column: "created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []Delivery
	if err := w.d.Select(ctx, &all, `SELECT `+deliveryColumns+` FROM deliver_deliveries WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+
		` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(d Delivery) (any, string) { return d.Created.UnixMilli(), d.ID })
	return all, next, nil
}

// deadMost bounds how many dead letters of a webhook are counted.
const deadMost = 1000

// Buried is a webhook with dead letters.
type Buried struct {
	ID          string `db:"id"`
	URL         string `db:"url"`
	Description string `db:"description"`
	Dead        int64  `db:"dead"` // at most 1000 are counted
}

// Buried gives the webhooks of the tenant that have dead letters, for dashboards.
func (w *Webhooks) Buried(ctx context.Context, actor access.Actor, target access.Target) ([]Buried, error) {
	if err := access.Decide(actor, access.EventView, target); err != nil {
		return nil, err
	}
	var all []Buried
	err := w.d.Select(ctx, &all, `SELECT id, url, description, dead FROM (SELECT h.id, h.url, h.description, h.created,
		(SELECT COUNT(*) FROM (SELECT 1 FROM deliver_deliveries d WHERE d.webhook_id = h.id AND d.state = 'dead' LIMIT $2) AS x) AS dead
		FROM deliver_webhooks h WHERE h.tenant_id = $1) AS h WHERE dead > 0 ORDER BY created, id`, target.Tenant.ID, deadMost)
	return all, err
}

// DeadLetters lists what was given up, the newest first.
func (w *Webhooks) DeadLetters(ctx context.Context, actor access.Actor, target access.Target, id string, page db.Page) ([]Delivery, string, error) {
	return w.Deliveries(ctx, actor, target, id, Dead, page)
}

// Retry gives a dead letter all its attempts again, now. One that is not dead is left alone. NotFound when there is none.
func (w *Webhooks) Retry(ctx context.Context, actor access.Actor, target access.Target, id, delivery string) error {
	return w.ready(ctx, actor, target, id, func(ctx context.Context, tx *db.Tx, h Webhook) error {
		var state DeliveryState
		if err := tx.Get(ctx, &state, `SELECT state FROM deliver_deliveries WHERE id = $1 AND webhook_id = $2`, delivery, h.ID); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return errs.Missing("delivery")
			}
			return err
		}
		if state != Dead {
			return nil
		}
		if err := w.again(ctx, tx, delivery, h.ID); err != nil {
			return err
		}
		return w.j.Append(ctx, tx, actor, h.quiet("retry", target, map[string]any{"delivery": delivery}))
	})
}

// RetryAll gives all dead letters of a webhook their attempts again and says how many.
func (w *Webhooks) RetryAll(ctx context.Context, actor access.Actor, target access.Target, id string) (n int64, err error) {
	err = w.ready(ctx, actor, target, id, func(ctx context.Context, tx *db.Tx, h Webhook) error {
		if n, err = tx.Exec(ctx, `UPDATE deliver_deliveries SET state = 'pending', attempts = 0, since = $2, next_at = $2 WHERE webhook_id = $1 AND state = 'dead'`,
			h.ID, tx.Now()); err != nil {
			return err
		}
		if err := w.drainAt(ctx, tx, h.ID, tx.Now()); err != nil {
			return err
		}
		return w.j.Append(ctx, tx, actor, h.quiet("retry", target, map[string]any{"deliveries": n}))
	})
	return n, err
}

// again makes a delivery pending with all its attempts and inserts its job; it does not wait for the webhook's pause.
func (w *Webhooks) again(ctx context.Context, tx *db.Tx, delivery, hook string) error {
	if _, err := tx.Exec(ctx, `UPDATE deliver_deliveries SET state = 'pending', attempts = 0, since = $2, next_at = $3 WHERE id = $1`,
		delivery, tx.Now(), db.At(tx.Now().Add(jobPatience))); err != nil {
		return err
	}
	return queue.Insert(ctx, tx, sendKind, sendArgs{Delivery: delivery, Probe: true}, queue.Opts{Lane: lane(hook)})
}

// ready decides, reads the webhook and runs fn in a transaction; Conflict when the webhook is switched off.
func (w *Webhooks) ready(ctx context.Context, actor access.Actor, target access.Target, id string, fn func(context.Context, *db.Tx, Webhook) error) error {
	if err := access.Decide(actor, access.WebhookEdit, target); err != nil {
		return err
	}
	return w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := w.get(ctx, tx, target.Tenant.ID, id)
		if err != nil {
			return err
		}
		if !h.Enabled {
			return errHookOff
		}
		return fn(ctx, tx, h)
	})
}

// Test sends an event of type webhook.test to this webhook alone and gives the delivery, whose state tells how it went.
func (w *Webhooks) Test(ctx context.Context, actor access.Actor, target access.Target, id string) (d Delivery, err error) {
	err = w.ready(ctx, actor, target, id, func(ctx context.Context, tx *db.Tx, h Webhook) error {
		delivery, _, err := w.add(ctx, tx, h.ID, db.NewID(), 0, TestType)
		if err != nil {
			return err
		}
		if err := w.again(ctx, tx, delivery, h.ID); err != nil { // a test goes out even while the webhook pauses
			return err
		}
		if err := tx.Get(ctx, &d, `SELECT `+deliveryColumns+` FROM deliver_deliveries WHERE id = $1`, delivery); err != nil {
			return err
		}
		return w.j.Append(ctx, tx, actor, h.quiet("test", target, nil))
	})
	return d, err
}

type replayArgs struct {
	Webhook string `json:"webhook"`
	After   int64  `json:"after"`
	To      int64  `json:"to"`
}

// Replay sends all events again that came after the cursor and that the webhook chooses, also those it had received: their
// webhook-id is the same, so a receiver can drop what it knows. The cursor is that of the event log; "" is the oldest event
// that is kept.
func (w *Webhooks) Replay(ctx context.Context, actor access.Actor, target access.Target, id, after string) error {
	from, err := journal.Position(after)
	if err != nil {
		return err
	}
	return w.ready(ctx, actor, target, id, func(ctx context.Context, tx *db.Tx, h Webhook) error {
		to, err := w.newest(ctx, tx)
		if err != nil {
			return err
		}
		if err := queue.Insert(ctx, tx, replayKind, replayArgs{h.ID, from, to}, queue.Opts{Scope: h.Scope}); err != nil {
			return err
		}
		return w.j.Append(ctx, tx, actor, h.quiet("replay", target, map[string]any{"after": after}))
	})
}

// replay makes deliveries of old events, portion by portion. Running it again does nothing to what is pending by then.
func (w *Webhooks) replay(ctx context.Context, j queue.Job[replayArgs]) error {
	for at := j.Args.After; at < j.Args.To; {
		var h Webhook
		if err := w.d.Get(ctx, &h, `SELECT `+hookColumns+` FROM deliver_webhooks WHERE id = $1`, j.Args.Webhook); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return nil
			}
			return err
		}
		if !h.Enabled {
			return nil
		}
		events, next, err := w.j.Events(ctx, w.d, journal.EventQuery{Filter: h.Filter.V, Types: h.Types.V, After: journal.Cursor(at), Limit: drainAtOnce})
		if err != nil {
			return err
		}
		if at, err = journal.Position(next); err != nil {
			return err
		}
		may, err := w.consents(ctx, events, target{Scope: h.Scope, Types: h.Types})
		if err != nil {
			return err
		}
		if err := w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, e := range events {
				if e.Position > j.Args.To {
					break
				}
				if !may.told(h.Scope, e) {
					continue
				}
				now := tx.Now()
				if _, err := tx.Exec(ctx, `INSERT INTO deliver_deliveries (id, webhook_id, event_id, position, type, state, attempts, last_status, last_error, next_at, created, since)
					VALUES ($1, $2, $3, $4, $5, 'pending', 0, 0, '', $6, $6, $6) ON CONFLICT (webhook_id, event_id) DO UPDATE
					SET state = 'pending', attempts = 0, next_at = excluded.next_at, since = excluded.since WHERE deliver_deliveries.state <> 'pending'`,
					db.NewID(), h.ID, e.ID, e.Position, e.Type, now); err != nil {
					return err
				}
			}
			return w.drainAt(ctx, tx, h.ID, tx.Now())
		}); err != nil {
			return err
		}
	}
	return nil
}

// quiet is a log row without an event.
func (h Webhook) quiet(action string, target access.Target, data map[string]any) journal.News {
	n := h.news("", action, target, data)
	n.Type, n.Quiet = "", true
	return n
}
