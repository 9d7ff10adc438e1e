package redirect

import (
	"context"
	"slices"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/queue"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Connector is an account of the operator, a partner or a sub-partner at a maker's redirect cloud (CH-40). For an entry the
// nearest one above its customer counts.
type Connector struct {
	ID         string                     `db:"id"`
	TenantID   string                     `db:"tenant_id"`
	Scope      string                     `db:"scope"`
	Maker      string                     `db:"maker"`
	Name       string                     `db:"name"`
	Endpoint   string                     `db:"endpoint"`
	KeyID      string                     `db:"key_id"`
	Secret     []byte                     `db:"secret"` // sealed
	Settings   db.JSON[ConnectorSettings] `db:"settings"`
	Enabled    bool                       `db:"enabled"`
	DryRun     bool                       `db:"dry_run"` // everything is computed, nothing is sent
	LastOK     db.Time                    `db:"last_ok"`
	Fault      string                     `db:"fault"` // code of the last failure of the whole connector; "" when it works
	FaultAt    db.Time                    `db:"fault_at"`
	PauseUntil db.Time                    `db:"pause_until"` // the cloud asked us to wait
	Reconciled db.Time                    `db:"reconciled"`
	Drifted    int64                      `db:"drifted"`   // of ours, when last read back: missing there or different
	Strangers  int64                      `db:"strangers"` // what stands there and is not ours
	Created    db.Time                    `db:"created"`
	Updated    db.Time                    `db:"updated"`
	Version    int64                      `db:"version"`
}

// ConnectorSettings are paces and sizes, which makers change; 0 is the default.
type ConnectorSettings struct {
	PerSecond int `json:"per_second,omitempty"` // calls; default 20, of 50 that Yealink allows, since two jobs may run
	PauseS    int `json:"pause_s,omitempty"`    // seconds after "too many requests"; default 30, the least that Yealink asks for
	PageSize  int `json:"page_size,omitempty"`  // entries of one answer; default 100
	BatchSize int `json:"batch_size,omitempty"` // entries of one call; default 100
}

func (s ConnectorSettings) filled() ConnectorSettings {
	for _, f := range []struct {
		v       *int
		initial int
	}{{&s.PerSecond, 20}, {&s.PauseS, 30}, {&s.PageSize, 100}, {&s.BatchSize, 100}} {
		if *f.v == 0 {
			*f.v = f.initial
		}
	}
	return s
}

// CloudMakers names the makers with whose clouds Linecard speaks; for others there is the export file.
func CloudMakers() []string { return []string{"yealink"} }

// ConnectorPatch is a partial change; nil leaves a field as it is.
type ConnectorPatch struct {
	Name, Endpoint, KeyID *string
	Secret                *secret.String
	Enabled, DryRun       *bool
	Settings              *ConnectorSettings
	IfVersion             int64
}

const connectorColumns = `id, tenant_id, scope, maker, name, endpoint, key_id, secret, settings, enabled, dry_run, last_ok, fault, fault_at, pause_until, reconciled,
	drifted, strangers, created, updated, version`

var errOneConnector = errs.New(errs.Conflict, "connector_exists", "There is a connector for this maker already.")

func (s *Service) applyConnector(p ConnectorPatch, v *Connector) ([]string, error) {
	var c errs.Checker
	var changed []string
	set := fieldSetter(&changed)
	set("name", &v.Name, p.Name, func(t string) string { return c.Text("name", t, 1, 64) })
	set("endpoint", &v.Endpoint, p.Endpoint, func(t string) string {
		t = strings.TrimRight(c.Text("endpoint", t, 1, 256), "/")
		if c.Failed("endpoint") {
			return t
		}
		u, err := s.guard.CheckURL("endpoint", t)
		if err != nil {
			for _, f := range errs.As(err).Fields {
				c.Add(f)
			}
		} else if u.RawQuery != "" {
			c.Add(errs.Field{Name: "endpoint", Code: "bad_url", Message: "This is not a valid address."})
		}
		return t
	})
	set("key_id", &v.KeyID, p.KeyID, func(t string) string { return credential(&c, "key_id", t, 1, 128) })
	if p.Secret != nil {
		credential(&c, "secret", p.Secret.Reveal(), 1, 256)
		changed = append(changed, "secret")
	}
	if p.Settings != nil && *p.Settings != v.Settings.V {
		f := p.Settings.filled()
		c.Range("settings.per_second", int64(f.PerSecond), 1, 1000)
		c.Range("settings.pause_s", int64(f.PauseS), 1, 3600)
		c.Range("settings.page_size", int64(f.PageSize), 1, 500)
		c.Range("settings.batch_size", int64(f.BatchSize), 1, 200)
		v.Settings, changed = db.AsJSON(*p.Settings), append(changed, "settings")
	}
	for _, b := range []struct {
		name     string
		to, from *bool
	}{{"enabled", nil, p.Enabled}, {"dry_run", nil, p.DryRun}} {
		to := map[string]*bool{"enabled": &v.Enabled, "dry_run": &v.DryRun}[b.name]
		if b.from != nil && *b.from != *to {
			*to, changed = *b.from, append(changed, b.name)
		}
	}
	return changed, c.Err()
}

// owner gives the organisation whose connectors the actor manages: where it works. Customers have none.
func (s *Service) owner(ctx context.Context, q db.Q, actor access.Actor) (tenant.Tenant, error) {
	t, target, err := s.tenants.Target(ctx, q, actor, actor.Place().ID)
	if err == nil {
		err = access.Decide(actor, access.RedirectConnect, target)
	}
	if err == nil && t.Kind == access.Customer {
		err = errs.Missing("object")
	}
	return t, err
}

// CreateConnector adds an account at a maker's cloud. connector_exists when the organisation has one for the maker. What it is
// for is pushed from then on, unless it is disabled or only rehearses.
func (s *Service) CreateConnector(ctx context.Context, actor access.Actor, maker string, p ConnectorPatch) (Connector, error) {
	v := Connector{ID: db.NewID(), Maker: maker, Enabled: true, Version: 1}
	empty := ""
	for _, f := range []**string{&p.Name, &p.Endpoint, &p.KeyID} {
		if *f == nil {
			*f = &empty
		}
	}
	if p.Secret == nil {
		none := secret.Hide("")
		p.Secret = &none
	}
	var c errs.Checker
	c.OneOf("maker", maker, CloudMakers()...)
	if _, err := s.applyConnector(p, &v); err != nil {
		for _, f := range errs.As(err).Fields {
			c.Add(f)
		}
	}
	var err error
	if v.Secret, err = s.box.Seal([]byte(p.Secret.Reveal()), connectorSealed(v.ID)); err != nil {
		return Connector{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.owner(ctx, tx, actor)
		if err == nil {
			err = c.Err()
		}
		if err != nil {
			return err
		}
		v.TenantID, v.Scope, v.Created, v.Updated = t.ID, t.Scope, tx.Now(), tx.Now()
		if _, err := tx.Exec(ctx, `INSERT INTO redirect_connectors (`+connectorColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
			$18, $19, $20, $21)`, v.ID, v.TenantID, v.Scope, v.Maker, v.Name, v.Endpoint, v.KeyID, v.Secret, v.Settings, v.Enabled, v.DryRun, v.LastOK, v.Fault, v.FaultAt,
			v.PauseUntil, v.Reconciled, v.Drifted, v.Strangers, v.Created, v.Updated, v.Version); err != nil {
			if db.IsUnique(err, "redirect_connectors", "tenant_id", "maker") {
				return errOneConnector.Because(err)
			}
			return err
		}
		if err := spread(ctx, tx, v); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, connectorNews(t.Access(), v, "created", "create", nil))
	})
	if err != nil {
		return Connector{}, err
	}
	return v, nil
}

func connectorSealed(id string) string { return "redirect_connectors/secret/" + id }

// Connectors gives those of the actor's organisation.
func (s *Service) Connectors(ctx context.Context, actor access.Actor, page db.Page) ([]Connector, string, error) {
	t, err := s.owner(ctx, s.db, actor)
	if err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	where := "tenant_id = " + a.Add(t.ID)
	k, err := page.Keyset(a, "id", db.Sort{Name: "name", Column: "name"}, db.Sort{Name: "created", Column: "created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []Connector
	if err := s.db.Select(ctx, &all, `SELECT `+connectorColumns+` FROM redirect_connectors WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(v Connector) (any, string) {
		if k.SortName() == "created" {
			return v.Created.UnixMilli(), v.ID
		}
		return v.Name, v.ID
	})
	return all, next, nil
}

// GetConnector gives one of the actor's organisation; NotFound for an unknown one and for another's.
func (s *Service) GetConnector(ctx context.Context, actor access.Actor, id string) (Connector, error) {
	t, err := s.owner(ctx, s.db, actor)
	if err != nil {
		return Connector{}, err
	}
	return connectorOf(ctx, s.db, t.ID, id)
}

func connectorOf(ctx context.Context, q db.Q, tenantID, id string) (Connector, error) {
	var v Connector
	err := q.Get(ctx, &v, `SELECT `+connectorColumns+` FROM redirect_connectors WHERE id = $1 AND ($2 = '' OR tenant_id = $3)`, id, tenantID, tenantID)
	if err != nil {
		return Connector{}, missing(err, "connector")
	}
	return v, nil
}

// EditConnector changes one; what waits is pushed with the new values.
func (s *Service) EditConnector(ctx context.Context, actor access.Actor, id string, p ConnectorPatch) (Connector, error) {
	return s.changeConnector(ctx, actor, id, p.IfVersion, func(ctx context.Context, tx *db.Tx, v *Connector) (step, error) {
		was := *v
		changed, err := s.applyConnector(p, v)
		if err != nil || len(changed) == 0 {
			return step{}, err
		}
		if p.Secret != nil {
			if v.Secret, err = s.box.Seal([]byte(p.Secret.Reveal()), connectorSealed(id)); err != nil {
				return step{}, err
			}
		}
		v.Fault, v.FaultAt, v.PauseUntil = "", db.Time{}, db.Time{}
		if was.Endpoint != v.Endpoint || was.KeyID != v.KeyID { // another account: it knows nothing of what the old one has
			if _, err := tx.Exec(ctx, `DELETE FROM redirect_remotes WHERE connector_id = $1`, id); err != nil {
				return step{}, err
			}
			if _, err := tx.Exec(ctx, `UPDATE redirect_pushes SET remote_id = '', drift = '' WHERE connector_id = $1`, id); err != nil {
				return step{}, err
			}
		}
		if was.DryRun != v.DryRun {
			if _, err := tx.Exec(ctx, `UPDATE redirect_pushes SET state = 'pending' WHERE connector_id = $1 AND state = 'not_pushed'`, id); err != nil {
				return step{}, err
			}
		}
		again := slices.ContainsFunc(changed, func(f string) bool { return f == "endpoint" || f == "key_id" || f == "dry_run" })
		return step{what: "edited", verb: "edit", data: map[string]any{"fields": changed}, push: again}, wake(ctx, tx, id, v.Scope, time.Time{})
	})
}

func (s *Service) changeConnector(ctx context.Context, actor access.Actor, id string, ifVersion int64, apply func(ctx context.Context, tx *db.Tx, v *Connector) (step, error)) (Connector, error) {
	var out Connector
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.owner(ctx, tx, actor)
		if err != nil {
			return err
		}
		if err := tx.LockRow(ctx, "redirect_connectors", id); err != nil {
			return missing(err, "connector")
		}
		v, err := connectorOf(ctx, tx, t.ID, id)
		if err == nil && ifVersion != 0 && ifVersion != v.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		out = v
		did, err := apply(ctx, tx, &v)
		if err != nil || did.what == "" {
			return err
		}
		v.Version++
		v.Updated = tx.Now()
		if _, err := tx.Exec(ctx, `UPDATE redirect_connectors SET name = $2, endpoint = $3, key_id = $4, secret = $5, settings = $6, enabled = $7, dry_run = $8, fault = $9,
			fault_at = $10, pause_until = $11, updated = $12, version = $13 WHERE id = $1`, id, v.Name, v.Endpoint, v.KeyID, v.Secret, v.Settings, v.Enabled, v.DryRun,
			v.Fault, v.FaultAt, v.PauseUntil, v.Updated, v.Version); err != nil {
			return err
		}
		out = v
		if did.push {
			if err := spread(ctx, tx, v); err != nil {
				return err
			}
		}
		return s.journal.Append(ctx, tx, actor, connectorNews(t.Access(), v, did.what, did.verb, did.data))
	})
	return out, err
}

// DeleteConnector removes it with all that is known about the cloud. What stands in the cloud stays there.
func (s *Service) DeleteConnector(ctx context.Context, actor access.Actor, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.owner(ctx, tx, actor)
		if err != nil {
			return err
		}
		v, err := connectorOf(ctx, tx, t.ID, id)
		if err == nil && ifVersion != 0 && ifVersion != v.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM redirect_connectors WHERE id = $1`, id); err != nil {
			return err
		}
		// Another one above may be the nearest now.
		var next []Connector
		a := tx.Args()
		if err := tx.Select(ctx, &next, `SELECT `+connectorColumns+` FROM redirect_connectors WHERE maker = `+a.Add(v.Maker)+` AND `+a.In("scope", above(v.Scope)), a.List()...); err != nil {
			return err
		}
		for _, n := range next {
			if err := spread(ctx, tx, n); err != nil {
				return err
			}
		}
		return s.journal.Append(ctx, tx, actor, connectorNews(t.Access(), v, "deleted", "delete", nil))
	})
}

// Reconcile has the cloud read back now, and what waits pushed.
func (s *Service) Reconcile(ctx context.Context, actor access.Actor, id string) (Connector, error) {
	var out Connector
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.owner(ctx, tx, actor)
		if err != nil {
			return err
		}
		if out, err = connectorOf(ctx, tx, t.ID, id); err != nil {
			return err
		}
		if err := queue.Insert(ctx, tx, reconcileKind, connectorArgs{id}, queue.Opts{Unique: id, Lane: id, Scope: t.Scope}); err != nil {
			return err
		}
		if err := wake(ctx, tx, id, t.Scope, time.Time{}); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, connectorNews(t.Access(), out, "reconcile_asked", "reconcile", nil))
	})
	return out, err
}

// above lists a scope and all scopes that it lies in, the widest first.
func above(scope string) []string {
	var out []string
	for i, c := range scope {
		if c == '.' {
			out = append(out, scope[:i+1])
		}
	}
	return out
}

func connectorNews(t access.Tenant, v Connector, what, verb string, data map[string]any) journal.News {
	if data == nil {
		data = map[string]any{}
	}
	data["maker"] = v.Maker
	return journal.News{Type: "redirect_connector." + what, Action: "redirect_connector/" + verb, Tenant: t,
		Target: journal.Target{Kind: "redirect_connector", ID: v.ID, Name: v.Name}, Data: data}
}
