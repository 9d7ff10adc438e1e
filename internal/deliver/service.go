package deliver

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/queue"
	"linecard/internal/secret"
)

// Create adds a webhook to the target's tenant and gives its secret, which is never shown again. It is told of events from
// now on. A bad address, text or type is Invalid and names the field; too many webhooks are Conflict.
func (w *Webhooks) Create(ctx context.Context, actor access.Actor, target access.Target, in WebhookInput) (Webhook, secret.String, error) {
	if err := access.Decide(actor, access.WebhookEdit, target); err != nil {
		return Webhook{}, secret.String{}, err
	}
	filter, err := visible(actor, target)
	if err != nil {
		return Webhook{}, secret.String{}, err
	}
	if err := w.check(in.URL, in.Description, in.Types); err != nil {
		return Webhook{}, secret.String{}, err
	}
	plain := newSecret()
	h := Webhook{ID: db.NewID(), TenantID: target.Tenant.ID, URL: in.URL, Description: in.Description, Types: db.AsJSON(in.Types), Enabled: true,
		Version: 1, Scope: target.Tenant.Scope, Filter: db.AsJSON(filter)}
	if h.Secret, err = w.box.Seal([]byte(plain.Reveal()), secretContext(h.ID)); err != nil {
		return Webhook{}, secret.String{}, err
	}
	err = w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		h.Created = tx.Now()
		if err := w.room(ctx, tx, h.TenantID); err != nil {
			return err
		}
		if h.From, err = w.newest(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO deliver_webhooks (`+hookColumns+`) VALUES
			($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)`,
			h.ID, h.TenantID, h.URL, h.Description, h.Types, h.Enabled, h.DisabledReason, h.Fails, h.FailingSince, h.LastSuccess, h.OldSecretUntil,
			h.Version, h.Created, h.Scope, h.Filter, h.Secret, h.OldSecret, h.From, h.NotBefore); err != nil {
			return err
		}
		return w.j.Append(ctx, tx, actor, h.news("created", "create", target, map[string]any{"types": in.Types}))
	})
	return h, plain, err
}

// room makes sure that the tenant may have one more webhook; who asks at the same time waits.
func (w *Webhooks) room(ctx context.Context, tx *db.Tx, tenantID string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO deliver_tenants (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`, tenantID); err != nil {
		return err
	}
	if err := tx.LockRow(ctx, "deliver_tenants", tenantID); err != nil {
		return err
	}
	var n int
	if err := tx.Get(ctx, &n, `SELECT COUNT(*) FROM deliver_webhooks WHERE tenant_id = $1`, tenantID); err != nil {
		return err
	}
	if n >= WebhooksPerTenant {
		return errTooManyHooks
	}
	return nil
}

// newest is the position of the newest event.
func (w *Webhooks) newest(ctx context.Context, q db.Q) (int64, error) {
	cursor, err := w.j.Latest(ctx, q)
	if err != nil {
		return 0, err
	}
	return journal.Position(cursor)
}

// Get gives one webhook; NotFound for an unknown one and for another tenant's.
func (w *Webhooks) Get(ctx context.Context, actor access.Actor, target access.Target, id string) (Webhook, error) {
	if err := access.Decide(actor, access.EventView, target); err != nil {
		return Webhook{}, err
	}
	return w.get(ctx, w.d, target.Tenant.ID, id)
}

// List gives the webhooks of a tenant, oldest first, and the cursor of the next page.
func (w *Webhooks) List(ctx context.Context, actor access.Actor, target access.Target, page db.Page) ([]Webhook, string, error) {
	if err := access.Decide(actor, access.EventView, target); err != nil {
		return nil, "", err
	}
	a := w.d.Args()
	where := "tenant_id = " + a.Add(target.Tenant.ID)
	k, err := page.Keyset(a, "id", db.Sort{Name: "created", Column: "created", Number: true})
	if err != nil {
		return nil, "", err
	}
	var all []Webhook
	if err := w.d.Select(ctx, &all, `SELECT `+hookColumns+` FROM deliver_webhooks WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+
		` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(h Webhook) (any, string) { return h.Created.UnixMilli(), h.ID })
	return all, next, nil
}

// Edit changes a webhook. Switching it on forgets its failures; what waited for it when it was switched off is a dead letter.
// From then on it gets what this actor may see: else somebody could turn a webhook of a colleague who sees more to an address
// of their own (WS-87).
func (w *Webhooks) Edit(ctx context.Context, actor access.Actor, target access.Target, id string, p WebhookPatch) (h Webhook, err error) {
	if err := access.Decide(actor, access.WebhookEdit, target); err != nil {
		return Webhook{}, err
	}
	filter, err := visible(actor, target)
	if err != nil {
		return Webhook{}, err
	}
	err = w.change(ctx, actor, target, id, p.IfVersion, func(ctx context.Context, tx *db.Tx, now *Webhook) error {
		changed := []string{}
		if p.URL != nil && *p.URL != now.URL {
			now.URL, changed = *p.URL, append(changed, "url")
		}
		if p.Description != nil && *p.Description != now.Description {
			now.Description, changed = *p.Description, append(changed, "description")
		}
		if p.Types != nil {
			now.Types, changed = db.AsJSON(*p.Types), append(changed, "types")
		}
		if err := w.check(now.URL, now.Description, now.Types.V); err != nil {
			return err
		}
		if p.Enabled != nil && *p.Enabled != now.Enabled {
			changed = append(changed, "enabled")
			now.Enabled, now.DisabledReason, now.Fails, now.FailingSince, now.NotBefore = true, "", 0, db.Time{}, db.Time{}
			if !*p.Enabled {
				now.Enabled, now.DisabledReason = false, SwitchedOff
				if err := w.bury(ctx, tx, now.ID); err != nil {
					return err
				}
			}
		}
		now.Filter = db.AsJSON(filter)
		h = *now
		return w.j.Append(ctx, tx, actor, h.news("edited", "edit", target, map[string]any{"changed": changed}))
	})
	if err != nil {
		return Webhook{}, err
	}
	h.Version++
	return h, nil
}

// change reads a webhook under a lock, lets fn alter it and writes it back with the next version.
func (w *Webhooks) change(ctx context.Context, actor access.Actor, target access.Target, id string, ifVersion int64,
	fn func(ctx context.Context, tx *db.Tx, now *Webhook) error) error {
	if err := access.Decide(actor, access.WebhookEdit, target); err != nil {
		return err
	}
	return w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := w.get(ctx, tx, target.Tenant.ID, id)
		if err != nil {
			return err
		}
		if err := tx.LockRow(ctx, "deliver_webhooks", id); err != nil {
			return err
		}
		if h, err = w.get(ctx, tx, target.Tenant.ID, id); err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != h.Version {
			return errHookStale
		}
		if err := fn(ctx, tx, &h); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE deliver_webhooks SET url = $2, description = $3, types = $4, enabled = $5, disabled_reason = $6, fails = $7,
			failing_since = $8, not_before = $9, secret = $10, old_secret = $11, old_until = $12, filter = $13, version = version + 1 WHERE id = $1`,
			id, h.URL, h.Description, h.Types, h.Enabled, h.DisabledReason, h.Fails, h.FailingSince, h.NotBefore, h.Secret, h.OldSecret, h.OldSecretUntil, h.Filter)
		return err
	})
}

// RotateSecret gives the webhook a new secret and returns it; it is never shown again. For the time of overlap (0 to 7 days)
// deliveries carry a signature of each, so that the receiver can change over without losing one.
func (w *Webhooks) RotateSecret(ctx context.Context, actor access.Actor, target access.Target, id string, overlap time.Duration) (secret.String, error) {
	if overlap < 0 || overlap > OverlapMost {
		return secret.String{}, errs.BadField("overlap", "out_of_range", "The old secret can stay valid for at most 7 days.")
	}
	plain := newSecret()
	sealed, err := w.box.Seal([]byte(plain.Reveal()), secretContext(id))
	if err != nil {
		return secret.String{}, err
	}
	err = w.change(ctx, actor, target, id, 0, func(ctx context.Context, tx *db.Tx, now *Webhook) error {
		now.OldSecret, now.OldSecretUntil = nil, db.Time{}
		if overlap > 0 {
			now.OldSecret, now.OldSecretUntil = now.Secret, db.At(tx.Now().Add(overlap))
		}
		now.Secret = sealed
		return w.j.Append(ctx, tx, actor, now.news("secret_rotated", "rotate-secret", target, nil))
	})
	if err != nil {
		return secret.String{}, err
	}
	return plain, nil
}

// Delete removes a webhook with everything that waits for it.
func (w *Webhooks) Delete(ctx context.Context, actor access.Actor, target access.Target, id string) error {
	if err := access.Decide(actor, access.WebhookEdit, target); err != nil {
		return err
	}
	return w.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err := w.get(ctx, tx, target.Tenant.ID, id)
		if err != nil {
			return err
		}
		if _, err := queue.Clear(ctx, tx, sendKind, lane(id)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM deliver_deliveries WHERE webhook_id = $1`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM deliver_webhooks WHERE id = $1`, id); err != nil {
			return err
		}
		return w.j.Append(ctx, tx, actor, h.news("deleted", "delete", target, nil))
	})
}
