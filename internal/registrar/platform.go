package registrar

import (
	"context"
	"regexp"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/queue"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

const platformColumns = `id, tenant_id, scope, kind, name, address, domain, database_url, secret, settings, enabled, last_ok, fault, fault_at, read_at, swept_at, checked,
	drifted, strangers, created, updated, version`

const selectPlatforms = `SELECT ` + platformColumns + ` FROM registrar_platforms`

func sealedAs(column, id string) string { return "registrar_platforms/" + column + "/" + id }

func platformOf(ctx context.Context, q db.Q, tenantID, id string) (Platform, error) {
	var v Platform
	err := q.Get(ctx, &v, selectPlatforms+` WHERE id = $1 AND ($2 = '' OR tenant_id = $3)`, id, tenantID, tenantID)
	if err != nil {
		return Platform{}, missing(err, "registrar")
	}
	return v, nil
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

// nearest gives the registrar in charge of a scope, also a disabled one, whose work waits; false for none.
func nearest(ctx context.Context, q db.Q, scope string) (Platform, bool, error) {
	a := q.Args()
	var all []Platform
	err := q.Select(ctx, &all, selectPlatforms+` WHERE `+a.In("scope", above(scope)), a.List()...)
	if err != nil || len(all) == 0 {
		return Platform{}, false, err
	}
	best := all[0]
	for _, v := range all[1:] {
		if len(v.Scope) > len(best.Scope) {
			best = v
		}
	}
	return best, true, nil
}

// domainForm is a name in the DNS or an IPv4 address; Kamailio's columns take 64 characters.
var domainForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

func word(c *errs.Checker, field, v string, least, most int) {
	if n := c.Text(field, v, least, most); !c.Failed(field) && (n != v || strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' })) {
		c.Add(errs.Field{Name: field, Code: "password_characters", Message: "Only letters, digits and signs of a plain keyboard, without spaces at the ends."})
	}
}

// change is the fields that a patch brings.
type change struct {
	fields            []string
	database, passkey *secret.String
}

func (s *Service) apply(p Patch, v *Platform) (change, error) {
	var c errs.Checker
	var did change
	set := func(field string, to, from *string, check func(string) string) {
		if from != nil {
			if t := check(*from); t != *to {
				*to, did.fields = t, append(did.fields, field)
			}
		}
	}
	add := func(field string, err error) {
		for _, f := range errs.As(err).Fields {
			c.Add(f)
		}
	}
	set("name", &v.Name, p.Name, func(t string) string { return c.Text("name", t, 1, 64) })
	set("domain", &v.Domain, p.Domain, func(t string) string {
		if t = strings.ToLower(strings.TrimSpace(t)); len(t) > 64 || !domainForm.MatchString(t) {
			c.Add(errs.Field{Name: "domain", Code: "bad_host", Message: "Give a host name or an IP address."})
		}
		return t
	})
	set("address", &v.Address, p.Address, func(t string) string {
		if t = strings.TrimSpace(t); t == "" {
			return t
		}
		if _, err := s.guard.CheckURL("address", t); err != nil {
			add("address", err)
		}
		return t
	})
	if p.DatabaseURL != nil {
		if _, err := databaseConfig(p.DatabaseURL.Reveal()); err != nil && v.Kind == Kamailio {
			c.Add(errs.Field{Name: "database_url", Code: "bad_database_url", Message: "Give postgres://user:password@host:port/database, with sslmode as the only option."})
		}
		did.database, did.fields = p.DatabaseURL, append(did.fields, "database_url")
	}
	if p.Secret != nil {
		if least := 0; true {
			if v.Kind == FreeSWITCH {
				least = 16 // it opens the passwords of all lines
			}
			word(&c, "secret", p.Secret.Reveal(), least, 256)
		}
		did.passkey, did.fields = p.Secret, append(did.fields, "secret")
	}
	if p.Settings != nil && *p.Settings != v.Settings.V {
		if _, err := time.LoadLocation(p.Settings.TimeZone); err != nil || p.Settings.TimeZone == "Local" || len(p.Settings.TimeZone) > 64 {
			c.Add(errs.Field{Name: "settings.time_zone", Code: "bad_time_zone", Message: "Give a time zone such as Europe/Berlin."})
		}
		if p.Settings.RotationHours != 0 {
			c.Range("settings.rotation_hours", int64(p.Settings.RotationHours), 1, 24*90)
		}
		v.Settings, did.fields = db.AsJSON(*p.Settings), append(did.fields, "settings")
	}
	if p.Enabled != nil && *p.Enabled != v.Enabled {
		v.Enabled, did.fields = *p.Enabled, append(did.fields, "enabled")
	}
	return did, c.Err()
}

// seal puts the secrets of a change into the platform. An empty one is none.
func (s *Service) seal(v *Platform, did change) error {
	for _, x := range []struct {
		column string
		to     *[]byte
		word   *secret.String
	}{{"database_url", &v.DatabaseURL, did.database}, {"secret", &v.Secret, did.passkey}} {
		if x.word == nil {
			continue
		}
		*x.to = nil
		if x.word.Empty() {
			continue
		}
		var err error
		if *x.to, err = s.box.Seal([]byte(x.word.Reveal()), sealedAs(x.column, v.ID)); err != nil {
			return err
		}
	}
	return nil
}

// Create adds the registrar of the actor's organisation; registrar_exists when there is one. All lines below it are published there,
// unless another one is nearer.
func (s *Service) Create(ctx context.Context, actor access.Actor, kind Kind, p Patch) (Platform, error) {
	v := Platform{ID: db.NewID(), Kind: kind, Enabled: true, Version: 1}
	var c errs.Checker
	c.OneOf("kind", string(kind), string(Kamailio), string(FreeSWITCH))
	empty, none := "", secret.Hide("")
	for _, f := range []**string{&p.Name, &p.Domain} {
		if *f == nil {
			*f = &empty
		}
	}
	if kind == Kamailio && p.DatabaseURL == nil {
		p.DatabaseURL = &none
	}
	if kind == FreeSWITCH && p.Secret == nil {
		p.Secret = &none
	}
	did, err := s.apply(p, &v)
	if err != nil {
		for _, f := range errs.As(err).Fields {
			c.Add(f)
		}
	}
	if err := s.seal(&v, did); err != nil {
		return Platform{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.owner(ctx, tx, actor)
		if err == nil {
			err = c.Err()
		}
		if err == nil && t.State == tenant.Archived {
			err = errArchived
		}
		if err != nil {
			return err
		}
		v.TenantID, v.Scope, v.Created, v.Updated = t.ID, t.Scope, tx.Now(), tx.Now()
		if _, err := tx.Exec(ctx, `INSERT INTO registrar_platforms (`+platformColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
			$19, $20, $21, $22)`, v.ID, v.TenantID, v.Scope, v.Kind, v.Name, v.Address, v.Domain, v.DatabaseURL, v.Secret, v.Settings, v.Enabled, v.LastOK, v.Fault, v.FaultAt,
			v.ReadAt, v.SweptAt, v.Checked, v.Drifted, v.Strangers, v.Created, v.Updated, v.Version); err != nil {
			if db.IsUnique(err, "registrar_platforms", "tenant_id") || db.IsUnique(err, "registrar_platforms", "scope") {
				return errOne.Because(err)
			}
			return err
		}
		if err := spread(ctx, tx, v.Scope); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, platformNews(t.Access(), v, "created", "create", nil))
	})
	if err != nil {
		return Platform{}, err
	}
	return v, nil
}

// Platforms gives that of the actor's organisation, in a list because there is none or one.
func (s *Service) Platforms(ctx context.Context, actor access.Actor, page db.Page) ([]Platform, string, error) {
	t, err := s.owner(ctx, s.db, actor)
	if err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	where := "tenant_id = " + a.Add(t.ID)
	k, err := page.Keyset(a, "id", db.Sort{Name: "name", Column: "name"})
	if err != nil {
		return nil, "", err
	}
	var all []Platform
	if err := s.db.Select(ctx, &all, selectPlatforms+` WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(v Platform) (any, string) { return v.Name, v.ID })
	return all, next, nil
}

// Platform gives the one of the actor's organisation; NotFound for an unknown one and for another's.
func (s *Service) Platform(ctx context.Context, actor access.Actor, id string) (Platform, error) {
	t, err := s.owner(ctx, s.db, actor)
	if err != nil {
		return Platform{}, err
	}
	return platformOf(ctx, s.db, t.ID, id)
}

// Edit changes a registrar. With another domain or database all lines are published anew.
func (s *Service) Edit(ctx context.Context, actor access.Actor, id string, p Patch) (Platform, error) {
	var out Platform
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.owner(ctx, tx, actor)
		if err != nil {
			return err
		}
		if err := tx.LockRow(ctx, "registrar_platforms", id); err != nil {
			return missing(err, "registrar")
		}
		v, err := platformOf(ctx, tx, t.ID, id)
		if err == nil && p.IfVersion != 0 && p.IfVersion != v.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		was := v
		did, err := s.apply(p, &v)
		if out = v; err != nil || len(did.fields) == 0 {
			return err
		}
		if err := s.seal(&v, did); err != nil {
			return err
		}
		v.Fault, v.FaultAt, v.Updated = "", db.Time{}, tx.Now()
		v.Version++
		if _, err := tx.Exec(ctx, `UPDATE registrar_platforms SET name = $2, address = $3, domain = $4, database_url = $5, secret = $6, settings = $7, enabled = $8, fault = $9,
			fault_at = $10, updated = $11, version = $12 WHERE id = $1`, id, v.Name, v.Address, v.Domain, v.DatabaseURL, v.Secret, v.Settings, v.Enabled, v.Fault, v.FaultAt,
			v.Updated, v.Version); err != nil {
			return err
		}
		out = v
		if was.Domain != v.Domain || did.database != nil {
			if _, err := tx.Exec(ctx, `UPDATE registrar_publications SET state = 'pending', generation = generation + 1 WHERE platform_id = $1`, id); err != nil {
				return err
			}
		}
		if err := wake(ctx, tx, publishKind, id, v.Scope); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, platformNews(t.Access(), v, "edited", "edit", map[string]any{"fields": did.fields}))
	})
	return out, err
}

// Delete forgets a registrar. What stands in it stays there, so that nobody loses the way to emergency services (decision 22); the one
// above is in charge then.
func (s *Service) Delete(ctx context.Context, actor access.Actor, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.owner(ctx, tx, actor)
		if err != nil {
			return err
		}
		v, err := platformOf(ctx, tx, t.ID, id)
		if err == nil && ifVersion != 0 && ifVersion != v.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM registrar_platforms WHERE id = $1`, id); err != nil {
			return err
		}
		if err := spread(ctx, tx, v.Scope); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, platformNews(t.Access(), v, "deleted", "delete", nil))
	})
}

// Check has a registrar compared with what shall stand there now, and read.
func (s *Service) Check(ctx context.Context, actor access.Actor, id string) (Platform, error) {
	var out Platform
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.owner(ctx, tx, actor)
		if err != nil {
			return err
		}
		if out, err = platformOf(ctx, tx, t.ID, id); err != nil {
			return err
		}
		for _, kind := range []string{checkKind, readKind} {
			if err := wake(ctx, tx, kind, id, out.Scope); err != nil {
				return err
			}
		}
		return s.journal.Append(ctx, tx, actor, platformNews(t.Access(), out, "check_asked", "check", nil))
	})
	return out, err
}

type spreadArgs struct {
	Scope string `json:"scope"`
}

// spread has the lines below a scope given to the registrar in charge, in a job: there may be many.
func spread(ctx context.Context, tx *db.Tx, scope string) error {
	return queue.Insert(ctx, tx, spreadKind, spreadArgs{scope}, queue.Opts{Unique: scope, Scope: scope})
}

// Reseal seals anew what was sealed with an older key than the newest, and gives how many.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	n := 0
	for _, column := range []string{"database_url", "secret"} {
		var ids []string
		if err := s.db.Select(ctx, &ids, `SELECT id FROM registrar_platforms WHERE `+column+` IS NOT NULL ORDER BY id`); err != nil {
			return n, err
		}
		for _, id := range ids {
			done := false
			err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				done = false
				if err := tx.LockRow(ctx, "registrar_platforms", id); err != nil {
					return err
				}
				var sealed []byte
				if err := tx.Get(ctx, &sealed, `SELECT `+column+` FROM registrar_platforms WHERE id = $1`, id); err != nil || !s.box.NeedsReseal(sealed) {
					return err
				}
				open, err := s.box.Open(sealed, sealedAs(column, id))
				if err != nil {
					return err
				}
				if sealed, err = s.box.Seal(open, sealedAs(column, id)); err != nil {
					return err
				}
				done = true
				_, err = tx.Exec(ctx, `UPDATE registrar_platforms SET `+column+` = $2 WHERE id = $1`, id, sealed)
				return err
			})
			if err != nil && errs.KindOf(err) != errs.NotFound { // removed meanwhile
				return n, err
			}
			if done {
				n++
			}
		}
	}
	return n, nil
}
