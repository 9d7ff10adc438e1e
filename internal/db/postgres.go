package db

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"linecard/internal/errs"
)

// pgEngine is PostgreSQL, or an engine that speaks its protocol: no advisory locks, no LISTEN (architecture section 1).
type pgEngine struct{ db *sql.DB }

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
	return &pgEngine{db: pool}, nil
}

func (e *pgEngine) dialect() dialect { return postgres }

func (e *pgEngine) epoch(context.Context) (int64, bool) { return 0, false }

func (e *pgEngine) pool(bool) runner { return e.db }

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
	return translate(tx.Commit())
}

func (e *pgEngine) backup(context.Context, string) error {
	return errs.New(errs.Unsupported, "use_pg_dump", "Back up PostgreSQL with pg_dump and copy the files beside it; see the operating guide.")
}
