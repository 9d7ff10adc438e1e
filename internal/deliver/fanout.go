package deliver

import (
	"context"
	"slices"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/journal"
	"linecard/internal/queue"
)

// Register gives the queue the work of webhooks: one node turns events into deliveries, all nodes send them.
func (w *Webhooks) Register(q *queue.Queue) {
	q.Singleton("deliver.fanout", 100*time.Millisecond, func(ctx context.Context, l queue.Lease) error {
		return w.fanout(ctx, l.Hold)
	})
	// Calls wait on the network and cost little, so many may run; a webhook gets two of them, and while it fails only one
	// now and then (see drain), so that dead endpoints do not fill the places.
	queue.Handle(q, sendKind, w.send, queue.Policy{Timeout: 3 * callLimit, Concurrency: 200, LaneConcurrency: 2})
	queue.Handle(q, drainKind, w.drain, queue.Policy{Concurrency: 4})
	queue.Handle(q, replayKind, w.replay, queue.Policy{Timeout: 10 * time.Minute, Concurrency: 2})
	queue.Handle(q, sweepKind, w.sweep, queue.Policy{Timeout: 10 * time.Minute, Concurrency: 1})
	q.Periodic(sweepKind, "@every 10m", sweepKind, struct{}{})
}

// Kinds of jobs.
const (
	sendKind   = "deliver.webhook"        // one delivery, once
	drainKind  = "deliver.webhook_drain"  // what is due of one webhook becomes sendKind jobs
	replayKind = "deliver.webhook_replay" // old events become deliveries again
	sweepKind  = "deliver.webhook_sweep"
)

type sendArgs struct {
	Delivery string `json:"delivery"`
	Probe    bool   `json:"probe"` // goes out although the webhook pauses
}

type hookArgs struct {
	Webhook string `json:"webhook"`
}

func lane(webhookID string) string { return "webhook:" + webhookID }

// Fanout turns new events into deliveries until none is left; the queue runs it all the time, tests call it themselves.
func (w *Webhooks) Fanout(ctx context.Context) error {
	return w.fanout(ctx, func(context.Context, *db.Tx) error { return nil })
}

const (
	eventsAtOnce     = 500
	deliveriesAtOnce = 500 // of one transaction, unless one event alone goes to more webhooks
)

// target is what the fan-out needs of a webhook.
type target struct {
	ID     string             `db:"id"`
	Scope  string             `db:"scope"`
	Filter db.JSON[db.Filter] `db:"filter"`
	Types  db.JSON[[]string]  `db:"types"`
	From   int64              `db:"from_position"`
}

func (t target) wants(e journal.Entry, may consents) bool {
	return e.Position > t.From && t.Filter.V.Includes(e.Scope) && journal.Matches(t.Types.V, e.Type) && may.told(t.Scope, e)
}

// consents is which customers' phones which providers may hear of now (CH-29, CH-31): what happens to a customer's phones is told to its
// provider's webhooks only while the customer has authorised it. An event is looked at when it is handed out, and once more when it is
// sent, so that a withdrawal holds back also what was waiting.
type consents map[consent]map[string]bool // scopes of customers

type consent struct {
	provider string // scope
	need     access.RelationScope
}

// needed gives the relation that a webhook of this scope needs to be told of the event; "" for none.
func needed(scope string, e journal.Entry) access.RelationScope {
	if operator := strings.Count(scope, ".") == 1; operator || e.Scope == scope {
		return ""
	}
	act := access.EventNeeds(e.Type)
	if act == "" {
		return ""
	}
	return access.Needs(act)
}

func (c consents) told(scope string, e journal.Entry) bool {
	need := needed(scope, e)
	return need == "" || c[consent{scope, need}][e.Scope]
}

// consents asks what these webhooks need to be told of these events: one question for each provider and relation, and none for events
// that need no authorisation.
func (w *Webhooks) consents(ctx context.Context, events []journal.Entry, hooks ...target) (consents, error) {
	ask := map[consent][]string{}
	for _, h := range hooks {
		for _, e := range events {
			need := needed(h.Scope, e)
			if k := (consent{h.Scope, need}); need != "" && strings.HasPrefix(e.Scope, h.Scope) && journal.Matches(h.Types.V, e.Type) && !slices.Contains(ask[k], e.Scope) {
				ask[k] = append(ask[k], e.Scope)
			}
		}
	}
	out := consents{}
	if w.authorised == nil {
		return out, nil
	}
	for k, customers := range ask {
		var err error
		if out[k], err = w.authorised(ctx, w.d, k.provider, k.need, customers); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (w *Webhooks) fanout(ctx context.Context, fence func(context.Context, *db.Tx) error) error {
	for ctx.Err() == nil {
		var at int64
		if err := w.d.Get(ctx, &at, `SELECT position FROM deliver_cursor WHERE id = 'fanout'`); err != nil {
			return err
		}
		events, next, err := w.j.Events(ctx, w.d, journal.EventQuery{Filter: db.Everything, After: journal.Cursor(at), Limit: eventsAtOnce})
		if err != nil {
			return err
		}
		end, err := journal.Position(next)
		if err != nil || end == at {
			return err
		}
		var hooks []target
		if len(events) > 0 {
			if err := w.d.Select(ctx, &hooks, `SELECT id, scope, filter, types, from_position FROM deliver_webhooks WHERE enabled`); err != nil {
				return err
			}
		}
		may, err := w.consents(ctx, events, hooks...)
		if err != nil {
			return err
		}
		if err := w.pass(ctx, fence, span{at, end}, events, hooks, may); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// span is from where to where the cursor moves.
type span struct{ at, end int64 }

// pass makes the deliveries of events, moving the cursor from at to end, in one or more transactions. Effect and cursor are
// always together; a delivery that is there already is left alone (decision 4).
func (w *Webhooks) pass(ctx context.Context, fence func(context.Context, *db.Tx) error, s span, events []journal.Entry, hooks []target, may consents) error {
	at, end := s.at, s.end
	for i := 0; ; {
		from, n := i, 0
		to := end
		for i < len(events) && n < deliveriesAtOnce {
			for _, h := range hooks {
				if h.wants(events[i], may) {
					n++
				}
			}
			i++
		}
		if i < len(events) {
			to = events[i-1].Position
		}
		err := w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := fence(ctx, tx); err != nil {
				return err
			}
			moved, err := tx.Exec(ctx, `UPDATE deliver_cursor SET position = $1 WHERE id = 'fanout' AND position = $2`, to, at)
			if err != nil {
				return err
			}
			if moved == 0 {
				return queue.ErrLeaseLost
			}
			for _, e := range events[from:i] {
				for _, h := range hooks {
					if h.wants(e, may) {
						if err := w.enqueue(ctx, tx, h.ID, e.ID, e.Position, e.Type); err != nil {
							return err
						}
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		at = to
		if i >= len(events) {
			return nil
		}
	}
}

// enqueue makes a pending delivery and the job that sends it, unless the event is on its way to this webhook already.
func (w *Webhooks) enqueue(ctx context.Context, tx *db.Tx, hook, event string, position int64, eventType string) error {
	id, fresh, err := w.add(ctx, tx, hook, event, position, eventType)
	if err != nil || !fresh {
		return err
	}
	return queue.Insert(ctx, tx, sendKind, sendArgs{Delivery: id}, queue.Opts{Lane: lane(hook)})
}

// add makes a pending delivery; fresh is false when the event was on its way already.
func (w *Webhooks) add(ctx context.Context, tx *db.Tx, hook, event string, position int64, eventType string) (id string, fresh bool, err error) {
	id = db.NewID()
	now := tx.Now()
	n, err := tx.Exec(ctx, `INSERT INTO deliver_deliveries (id, webhook_id, event_id, position, type, state, attempts, last_status, last_error, next_at, created, since)
		VALUES ($1, $2, $3, $4, $5, 'pending', 0, 0, '', $6, $7, $7) ON CONFLICT (webhook_id, event_id) DO NOTHING`,
		id, hook, event, position, eventType, db.At(now.Add(jobPatience)), now)
	return id, n == 1, err
}

// jobPatience is how long a delivery is left to its job before the sweep makes another one.
const jobPatience = time.Hour
