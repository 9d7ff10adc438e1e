package db

import (
	"context"
	"database/sql"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"linecard/internal/errs"
)

// pgEngine is PostgreSQL, or an engine that speaks its protocol: no advisory locks, no LISTEN (architecture section 1).
type pgEngine struct {
	db        *sql.DB
	began     time.Time
	committed atomic.Int64 // transactions of this process
}

func openPostgres(_ context.Context, rawURL string, o Options) (engine, error) {
	cfg, err := pgx.ParseConfig(rawURL)
	if err != nil {
		// pgx puts the whole address, password included, into its message.
		return nil, errs.BadField("db", "bad_url", "The PostgreSQL address cannot be understood.")
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "linecard"
	}
	cfg.RuntimeParams["timezone"] = "UTC"
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	pool := stdlib.OpenDB(*cfg)
	n := o.Conns
	if n == 0 {
		n = 20
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return &pgEngine{db: pool, began: time.Now()}, nil
}

func (e *pgEngine) dialect() dialect { return postgres }

// epoch has no cheap way to see what others wrote, so a second is one epoch.
func (e *pgEngine) epoch(_ context.Context, lag time.Duration) (int64, bool) {
	if lag < second {
		return 0, false
	}
	return int64(time.Since(e.began)/second) + e.committed.Load(), true
}

func (e *pgEngine) pool(write bool) runner {
	if write {
		return counted{e}
	}
	return e.db
}

// counted runs statements that are transactions of their own.
type counted struct{ e *pgEngine }

func (c counted) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	res, err := c.e.db.ExecContext(ctx, q, args...)
	c.e.committed.Add(1)
	return res, err
}

func (c counted) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return c.e.db.QueryContext(ctx, q, args...)
}

func (e *pgEngine) ping(ctx context.Context) error { return e.db.PingContext(ctx) }

func (e *pgEngine) close() error { return e.db.Close() }

func (e *pgEngine) transact(ctx context.Context, dry bool, fn func(runner) error) (err error) {
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback()
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if dry {
		return nil
	}
	done = true
	err = tx.Commit()
	e.committed.Add(1) // also when nobody knows whether it was done
	return translate(err)
}

func (e *pgEngine) backup(context.Context, string) error {
	return errs.New(errs.Unsupported, "use_pg_dump", "Back up PostgreSQL with pg_dump and copy the files beside it; see the operating guide.")
}
