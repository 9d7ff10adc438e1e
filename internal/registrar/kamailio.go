package registrar

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"linecard/internal/deliver"
	"linecard/internal/errs"
)

// kamailio speaks with Kamailio through the tables that its own scripts create in PostgreSQL: `subscriber` has the digests, `uri` says
// which address of record a name may register (modules auth_db and uri_db), `location` what is registered (usrloc, with db_mode 1 to 3)
// and `location_attrs` with which name, when the configuration keeps it in the contact's attribute "auth":
//
//	modparam("usrloc", "xavp_contact", "contact")
//	$xavp(contact=>auth) = $au; save("location");
//
// testdata/kamailio.cfg is a whole configuration; the test of the product runs it.
type kamailio struct {
	v       Platform
	zone    *time.Location
	guard   *deliver.Guard
	http    *http.Client
	passkey string
	log     *slog.Logger
	conn    *pgx.Conn
}

var errDatabaseURL = errors.New("not an address of a PostgreSQL database")

// databaseConfig reads the address of a database. Only the host, and sslmode, are taken from it: other options of libpq would open files
// and sockets of this computer.
func databaseConfig(raw string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(raw)
	if err != nil || len(raw) > 1024 || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Hostname() == "" || strings.ContainsAny(u.Host, ",/%") || u.User.Username() == "" ||
		len(strings.Trim(u.Path, "/")) == 0 || u.Fragment != "" {
		return nil, errDatabaseURL
	}
	mode := "require" // digests are as good as passwords
	for key, values := range u.Query() {
		if key != "sslmode" || len(values) != 1 || !slices.Contains([]string{"disable", "prefer", "require", "verify-full"}, values[0]) {
			return nil, errDatabaseURL
		}
		mode = values[0]
	}
	u.RawQuery = "sslmode=" + mode + "&connect_timeout=5&application_name=linecard"
	cfg, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, errDatabaseURL // pgx's own error may quote the password
	}
	cfg.RuntimeParams["timezone"] = "UTC"            // Kamailio's instants have no zone: none must be added on the way
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec // works through a pooler as well
	return cfg, nil
}

func (k *kamailio) dial(ctx context.Context, raw string) error {
	cfg, err := databaseConfig(raw)
	if err != nil {
		return errAway
	}
	through := k.guard.Transport().DialContext
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if network != "tcp" {
			return nil, deliver.ErrRefusedAddress
		}
		return through(ctx, network, address)
	}
	k.conn, err = pgx.ConnectConfig(ctx, cfg)
	return k.fault(err)
}

func (k *kamailio) Close() {
	if k.conn != nil {
		ctx, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		_ = k.conn.Close(ctx)
	}
}

// fault turns an error of the database into one of ours. Its text, which may name hosts and users, is not kept.
func (k *kamailio) fault(err error) error {
	if err == nil || errs.KindOf(err) != errs.Internal {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case strings.HasPrefix(pg.Code, "28"):
			return errLocked
		case strings.HasPrefix(pg.Code, "42"):
			return errTables
		}
		k.log.Warn("a registrar's database refused a statement", "registrar", k.v.ID, "sqlstate", pg.Code)
	}
	return errAway
}

// Publish writes one batch in one transaction. Rows of a user that are not named go: that ends a rotation.
func (k *kamailio) Publish(ctx context.Context, all []User) error {
	var names, users, ids, ha1, ha1b []string
	for _, u := range all {
		names = append(names, u.Name)
		for _, a := range u.Accounts {
			users, ids, ha1, ha1b = append(users, u.Name), append(ids, a.AuthID), append(ha1, a.HA1), append(ha1b, a.HA1B)
		}
	}
	return k.fault(pgx.BeginFunc(ctx, k.conn, func(tx pgx.Tx) error {
		// First what shall be there, then what shall not: nobody is refused in between, whatever the isolation.
		if _, err := tx.Exec(ctx, `INSERT INTO subscriber (username, domain, password, ha1, ha1b)
			SELECT a, $1, '', h, b FROM unnest($2::text[], $3::text[], $4::text[]) AS t (a, h, b)
			ON CONFLICT (username, domain) DO UPDATE SET password = '', ha1 = excluded.ha1, ha1b = excluded.ha1b
			WHERE (subscriber.password, subscriber.ha1, subscriber.ha1b) <> ('', excluded.ha1, excluded.ha1b)`, k.v.Domain, ids, ha1, ha1b); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO uri (username, domain, uri_user, last_modified) SELECT a, $1, u, LOCALTIMESTAMP FROM unnest($2::text[], $3::text[]) AS t (a, u)
			ON CONFLICT (username, domain, uri_user) DO NOTHING`, k.v.Domain, ids, users); err != nil {
			return err
		}
		return k.drop(ctx, tx, names, ids)
	}))
}

// drop removes what stands of these users but for these names.
func (k *kamailio) drop(ctx context.Context, tx pgx.Tx, names, but []string) error {
	_, err := tx.Exec(ctx, `WITH old AS (DELETE FROM uri WHERE domain = $1 AND uri_user = ANY ($2::text[]) AND username <> ALL ($3::text[]) RETURNING username)
		DELETE FROM subscriber WHERE domain = $1 AND username IN (SELECT username FROM old)`, k.v.Domain, names, append([]string{}, but...))
	return err
}

// Remove takes users out, and ends their registrations at once where Kamailio takes commands. Where it does not, they end by
// themselves, because they cannot be renewed.
func (k *kamailio) Remove(ctx context.Context, names []string) error {
	err := pgx.BeginFunc(ctx, k.conn, func(tx pgx.Tx) error { return k.drop(ctx, tx, names, nil) })
	if err != nil || k.v.Address == "" {
		return k.fault(err)
	}
	for _, name := range names {
		if err := k.command(ctx, "ul.rm", "location", k.aor(name)); err != nil && !errors.Is(err, errCommand) { // refused: it is not registered
			k.log.Warn("registrations of a removed line end by themselves only", "registrar", k.v.ID, "error", errs.CodeOf(err))
			return nil
		}
	}
	return nil
}

func (k *kamailio) aor(name string) string {
	if k.v.Settings.V.UseDomain {
		return name + "@" + k.v.Domain
	}
	return name
}

// Differs compares names and digests.
func (k *kamailio) Differs(ctx context.Context, all []User) ([]string, error) {
	names := make([]string, len(all))
	for i, u := range all {
		names[i] = u.Name
	}
	there := map[string][]string{}
	rows, err := k.conn.Query(ctx, `SELECT u.uri_user, u.username, COALESCE(s.ha1, ''), COALESCE(s.ha1b, '') FROM uri u
		LEFT JOIN subscriber s ON s.username = u.username AND s.domain = u.domain WHERE u.domain = $1 AND u.uri_user = ANY ($2::text[])`, k.v.Domain, names)
	if err != nil {
		return nil, k.fault(err)
	}
	var user, name, ha1, ha1b string
	if _, err := pgx.ForEachRow(rows, []any{&user, &name, &ha1, &ha1b}, func() error {
		there[user] = append(there[user], name+" "+ha1+" "+ha1b)
		return nil
	}); err != nil {
		return nil, k.fault(err)
	}
	var out []string
	for _, u := range all {
		var want []string
		for _, a := range u.Accounts {
			want = append(want, a.AuthID+" "+a.HA1+" "+a.HA1B)
		}
		slices.Sort(want)
		slices.Sort(there[u.Name])
		if !slices.Equal(want, there[u.Name]) {
			out = append(out, u.Name)
		}
	}
	return out, nil
}

// Count counts addresses of record.
func (k *kamailio) Count(ctx context.Context) (int64, error) {
	var n int64
	err := k.conn.QueryRow(ctx, `SELECT COUNT(DISTINCT uri_user) FROM uri WHERE domain = $1`, k.v.Domain).Scan(&n)
	return n, k.fault(err)
}

// here takes an instant that Kamailio wrote as the local time of its server.
func (k *kamailio) here(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), k.zone).UTC()
}

// Registrations reads what was written since. A contact that is gone is missed by that, and ends by its time or in a reading of all.
func (k *kamailio) Registrations(ctx context.Context, since time.Time, fn func(Contact) error) error {
	from := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	if !since.IsZero() {
		l := since.In(k.zone)
		from = time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, time.UTC)
	}
	where, args := `l.last_modified >= $1`, []any{from}
	if k.v.Settings.V.UseDomain {
		where, args = where+` AND l.domain = $2`, append(args, k.v.Domain)
	}
	rows, err := k.conn.Query(ctx, `SELECT l.ruid, l.username, COALESCE((SELECT MAX(a.avalue) FROM location_attrs a WHERE a.ruid = l.ruid AND a.username = l.username AND a.aname = 'auth'), ''),
		l.contact, COALESCE(l.received, ''), COALESCE(l.instance, ''), l.user_agent, l.last_modified, l.expires FROM location l WHERE `+where, args...)
	if err != nil {
		return k.fault(err)
	}
	var c Contact
	var contact, received, instance string
	var modified, expires time.Time
	_, err = pgx.ForEachRow(rows, []any{&c.RemoteID, &c.User, &c.AuthID, &contact, &received, &instance, &c.UserAgent, &modified, &expires}, func() error {
		c.Registered, c.Until = k.here(modified), k.here(expires)
		if c.Address = hostOf(received); c.Address == "" {
			c.Address = hostOf(contact)
		}
		if c.Phone = instance; c.Phone == "" {
			c.Phone, _, _ = strings.Cut(hostOf(contact), ":")
			if h, _, err := net.SplitHostPort(hostOf(contact)); err == nil {
				c.Phone = h
			}
		}
		return fn(c)
	})
	return k.fault(err)
}

// hostOf gives host and port of a SIP address.
func hostOf(uri string) string {
	uri = strings.TrimPrefix(strings.TrimPrefix(uri, "sips:"), "sip:")
	uri, _, _ = strings.Cut(uri, ";")
	if _, after, found := strings.Cut(uri, "@"); found {
		uri = after
	}
	return uri
}
