// Package db owns the databases: it opens SQLite or PostgreSQL, runs transactions and migrations, and holds the few places
// where the two differ. It also gives ids, the clock, text folding, list filters and key paging, because all of these shape SQL.
//
// It must not know any table but its own (db_*), nor what a tenant or an actor is. Outside this package nothing asks which
// database it is talking to, and no driver error leaves it: they come out as errs kinds.
package db

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"linecard/internal/errs"
)

// Clock tells the time. Production uses System; tests inject their own.
type Clock interface{ Now() time.Time }

// System is the clock of the machine.
type System struct{}

// Now is the current time of the machine.
func (System) Now() time.Time { return time.Now() }

// Options of Open. The zero value is right for production.
type Options struct {
	Clock  Clock        // nil: System
	Log    *slog.Logger // nil: slog.Default
	Strict bool         // panic on a pool write inside a transaction instead of refusing it; tests set it
	Conns  int          // most connections that read (SQLite) or work (PostgreSQL) at once; 0: a fitting default
}

// DB is an open database. As a Q it is the pool: each statement stands alone.
type DB struct {
	engine
	clock  Clock
	log    *slog.Logger
	strict bool
}

// engine is what SQLite and PostgreSQL do differently.
type engine interface {
	// pool runs a single statement outside any transaction; write says whether it may change rows.
	pool(write bool) runner
	// transact runs fn in a transaction and returns its first error, translated.
	transact(ctx context.Context, dry bool, fn func(runner) error) error
	dialect() dialect
	// epoch is DB.Epoch.
	epoch(ctx context.Context, lag time.Duration) (int64, bool)
	migrate(ctx context.Context) error
	backup(ctx context.Context, file string) error
	ping(ctx context.Context) error
	close() error
}

// Open opens the database at rawURL: sqlite:///path/to/file (made when absent) or postgres://….
// It does not migrate. An address that cannot be understood gives Invalid, one that cannot be reached Unavailable.
func Open(ctx context.Context, rawURL string, o Options) (*DB, error) {
	if o.Clock == nil {
		o.Clock = System{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	d := &DB{clock: o.Clock, log: o.Log, strict: o.Strict}
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errs.BadField("db", "bad_url", "The database address cannot be understood.")
	}
	switch u.Scheme {
	case "sqlite":
		path := u.Path
		if u.Host != "" { // sqlite://relative/path
			path = u.Host + u.Path
		}
		d.engine, err = openSQLite(path, o)
	case "postgres", "postgresql":
		d.engine, err = openPostgres(ctx, rawURL, o)
	default:
		return nil, errs.BadField("db", "bad_url", "The database address must begin with sqlite:// or postgres://.")
	}
	if err != nil {
		return nil, err
	}
	if err := d.Ping(ctx); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// Now is the time of the injected clock in UTC, cut to milliseconds, as it will be stored.
func (d *DB) Now() Time { return At(d.clock.Now()) }

// Clock gives the injected clock, for rooms that hand it on.
func (d *DB) Clock() Clock { return d.clock }

// Ping asks the database for an answer; Unavailable when none comes.
func (d *DB) Ping(ctx context.Context) error { return translate(d.ping(ctx)) }

// Close ends all connections.
func (d *DB) Close() error { return d.close() }

// Backup writes a consistent copy of a running SQLite database to file, which must not exist.
// On PostgreSQL it answers Unsupported: pg_dump is the way there.
func (d *DB) Backup(ctx context.Context, file string) error { return d.backup(ctx, file) }

// Embedded says whether the database is a file of this process (SQLite), so that backup can copy it.
func (d *DB) Embedded() bool { return d.dialect() == sqlite }

type dialect int

const (
	sqlite dialect = iota
	postgres
)

// squeeze makes SQL readable in one log line.
func squeeze(sql string) string { return strings.Join(strings.Fields(sql), " ") }
