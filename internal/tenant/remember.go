package tenant

import (
	"context"
	"sync"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// remembered keeps rows of tenants as they were committed, because reading one with its 36 columns is half the cost of an API
// read. A kept row is never believed: each use asks the database for the version, which every change of the row raises, and
// for what may change without it. Rows seen inside a transaction are not kept, since it may still be undone.
type remembered struct {
	mu   sync.RWMutex
	kept map[string]Tenant
}

const rememberedMost = 8192

func (r *remembered) get(id string) (Tenant, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t, ok := r.kept[id]
	return t, ok
}

func (r *remembered) put(t Tenant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || len(r.kept) >= rememberedMost {
		r.kept = map[string]Tenant{}
	}
	r.kept[t.ID] = t
}

// around is what a decision needs beside the tenant's own row.
type around struct {
	ParentSuspended bool `db:"parent_suspended"`
	ActorBarred     bool `db:"actor_barred"`
}

const aroundColumns = `COALESCE(p.provisioning_suspended, FALSE) AS parent_suspended, COALESCE(a.frozen OR a.state = 'archived', FALSE) AS actor_barred`

// row gives a tenant and what is around it for this actor; NotFound with the error that access gives for foreign ones.
func (s *Service) row(ctx context.Context, q db.Q, actor access.Actor, id string) (Tenant, around, error) {
	pool, outside := q.(*db.DB)
	outside = outside && !pool.InTx(ctx)
	if outside {
		if t, x, ok, err := s.unchanged(ctx, q, actor, id); ok || err != nil {
			return t, x, missing(err)
		}
	}
	var all struct {
		Tenant
		around
	}
	err := q.Get(ctx, &all, selected+`, `+aroundColumns+from+` LEFT JOIN tenant_tenants a ON a.id = $2 WHERE t.id = $1`, id, actor.Tenant.ID)
	if err == nil && outside {
		s.rows.put(all.Tenant)
	}
	return all.Tenant, all.around, missing(err)
}

// unchanged gives a kept row when the database still has that version.
func (s *Service) unchanged(ctx context.Context, q db.Q, actor access.Actor, id string) (Tenant, around, bool, error) {
	t, kept := s.rows.get(id)
	if !kept {
		return Tenant{}, around{}, false, nil
	}
	var now struct {
		Version    int64  `db:"version"`
		MailID     string `db:"mail_id"`
		ParentName string `db:"parent_name"`
		around
	}
	err := q.Get(ctx, &now, `SELECT t.version, t.mail_id, COALESCE(p.name, '') AS parent_name, `+aroundColumns+from+
		` LEFT JOIN tenant_tenants a ON a.id = $2 WHERE t.id = $1`, id, actor.Tenant.ID)
	if err != nil || now.Version != t.Version {
		return Tenant{}, around{}, false, err
	}
	t.MailID, t.ParentName = now.MailID, now.ParentName
	return t, now.around, true, nil
}

func missing(err error) error {
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return errs.Missing("object")
	}
	return err
}
