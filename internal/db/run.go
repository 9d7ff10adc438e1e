package db

import (
	"context"
	"database/sql"

	"github.com/georgysavva/scany/v2/sqlscan"

	"linecard/internal/errs"
)

// Q is where a statement runs: the pool (*DB) or a transaction (*Tx). Store functions take it as an explicit argument.
type Q interface {
	// Exec changes rows and says how many.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
	// Get scans one row into a struct (by `db` tags) or a scalar; no row is NotFound.
	Get(ctx context.Context, dst any, sql string, args ...any) error
	// Select scans all rows into *[]T; no rows leave an empty slice.
	Select(ctx context.Context, dst any, sql string, args ...any) error
	// Each hands over row by row without holding them all, for exports without a limit. An error from fn ends it.
	Each(ctx context.Context, fn func(scan func(dst any) error) error, sql string, args ...any) error
	// Args starts a list of statement arguments that knows the dialect.
	Args() *Args
	// Now is the time as it will be stored.
	Now() Time
}

// runner runs statements on a connection, a pool or a transaction.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func exec(ctx context.Context, r runner, query string, args []any) (int64, error) {
	res, err := r.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, translate(err)
	}
	n, err := res.RowsAffected()
	return n, translate(err)
}

func get(ctx context.Context, r runner, dst any, query string, args []any) error {
	err := sqlscan.Get(ctx, r, dst, query, args...)
	if sqlscan.NotFound(err) {
		return errs.Missing("object")
	}
	return translate(err)
}

func sel(ctx context.Context, r runner, dst any, query string, args []any) error {
	return translate(sqlscan.Select(ctx, r, dst, query, args...))
}

func each(ctx context.Context, r runner, fn func(func(any) error) error, query string, args []any) error {
	rows, err := r.QueryContext(ctx, query, args...)
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	sc := sqlscan.NewRowScanner(rows)
	for rows.Next() {
		if err := fn(func(dst any) error { return translate(sc.Scan(dst)) }); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}

var errPoolWrite = errs.New(errs.Internal, "pool_write_in_transaction", "Something went wrong on our side.")

// reader is where a read of the pool runs: inside a transaction it joins, so that it sees what was written there.
func (d *DB) reader(ctx context.Context) runner {
	if tx := joined(ctx, d); tx != nil {
		return tx.run
	}
	return d.pool(false)
}

// Exec changes rows outside any transaction. Inside one it refuses (tests: panics), because it would wait for itself on
// SQLite and would survive a rollback on PostgreSQL.
func (d *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if joined(ctx, d) != nil {
		if d.strict {
			panic("db: pool write inside a transaction: " + squeeze(query))
		}
		return 0, errPoolWrite
	}
	if isDry(ctx) {
		var n int64
		err := d.Tx(ctx, func(ctx context.Context, tx *Tx) (err error) {
			n, err = tx.Exec(ctx, query, args...)
			return err
		})
		return n, err
	}
	return exec(ctx, d.pool(true), query, args)
}

// Get reads one row; NotFound when there is none.
func (d *DB) Get(ctx context.Context, dst any, query string, args ...any) error {
	return get(ctx, d.reader(ctx), dst, query, args)
}

// Select reads all rows.
func (d *DB) Select(ctx context.Context, dst any, query string, args ...any) error {
	return sel(ctx, d.reader(ctx), dst, query, args)
}

// Each reads row by row.
func (d *DB) Each(ctx context.Context, fn func(func(any) error) error, query string, args ...any) error {
	return each(ctx, d.reader(ctx), fn, query, args)
}

// Args starts a list of statement arguments.
func (d *DB) Args() *Args { return &Args{dialect: d.dialect()} }
