package db

import (
	"context"
	"math/rand/v2"
	"time"

	"linecard/internal/errs"
)

// Tx is a transaction. Whatever is written through it is durable once DB.Tx has returned nil, and not before.
type Tx struct {
	db     *DB
	run    runner
	after  []func()
	closed bool
	moment Time // of Moment; zero until it was asked for
}

type txKey struct{}
type dryKey struct{}

// joined gives the transaction of d that ctx is inside of, nil when there is none.
func joined(ctx context.Context, d *DB) *Tx {
	if tx, ok := ctx.Value(txKey{}).(*Tx); ok && tx.db == d && !tx.closed {
		return tx
	}
	return nil
}

// DryRun makes every transaction below ctx roll back at its end although it reports success: all checks and constraints
// have run, nothing is written, and AfterCommit hooks are dropped.
func DryRun(ctx context.Context) context.Context { return context.WithValue(ctx, dryKey{}, true) }

// IsDryRun says whether ctx came from DryRun, for effects outside the database.
func IsDryRun(ctx context.Context) bool { return isDry(ctx) }

func isDry(ctx context.Context) bool { dry, _ := ctx.Value(dryKey{}).(bool); return dry }

// ForReal undoes DryRun below ctx, for what must be counted even though nothing else is stored: a wrong password, a solved captcha.
func ForReal(ctx context.Context) context.Context { return context.WithValue(ctx, dryKey{}, false) }

// InTx says whether ctx is inside a transaction of d, for work that must not be done there.
func (d *DB) InTx(ctx context.Context) bool { return joined(ctx, d) != nil }

// txAttempts is how often a transaction that lost against another one is tried.
const txAttempts = 8

// Tx runs fn in a transaction and commits when it returns nil. A nested call joins the outer transaction: only the
// outermost commits, and an error there undoes all. A transaction that lost against a concurrent one is run again, so fn
// must be repeatable and must not touch network, files or slow hashes. The ctx given to fn carries the transaction.
func (d *DB) Tx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if tx := joined(ctx, d); tx != nil {
		return fn(ctx, tx)
	}
	for attempt := 1; ; attempt++ {
		tx := &Tx{db: d}
		err := d.transact(ctx, isDry(ctx), func(r runner) error {
			tx.run = r
			defer func() { tx.closed = true }()
			return fn(context.WithValue(ctx, txKey{}, tx), tx)
		})
		if err == nil {
			if !isDry(ctx) {
				for _, f := range tx.after {
					f()
				}
			}
			return nil
		}
		if !lost(err) {
			return err
		}
		if attempt == txAttempts || ctx.Err() != nil {
			return errs.New(errs.Unavailable, "too_busy", "Too many changes at the same time. Please try again.").
				Because(err).Retry(time.Second)
		}
		pause := time.NewTimer(time.Duration(rand.Int64N(int64(attempt) * int64(5*time.Millisecond))))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// OneByOne runs fn for each id in a transaction of its own, and counts those of which fn says that it did something. An error ends it;
// what was done before stays. It is for long work over many rows that must not keep others waiting.
func (d *DB) OneByOne(ctx context.Context, ids []string, fn func(ctx context.Context, tx *Tx, id string) (bool, error)) (int, error) {
	n := 0
	for _, id := range ids {
		done := false
		err := d.Tx(ctx, func(ctx context.Context, tx *Tx) (err error) {
			done, err = fn(ctx, tx, id)
			return err
		})
		if err != nil {
			return n, err
		}
		if done {
			n++
		}
	}
	return n, nil
}

// Exec changes rows.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return exec(ctx, t.run, query, args)
}

// Get reads one row; NotFound when there is none.
func (t *Tx) Get(ctx context.Context, dst any, query string, args ...any) error {
	return get(ctx, t.run, dst, query, args)
}

// Select reads all rows.
func (t *Tx) Select(ctx context.Context, dst any, query string, args ...any) error {
	return sel(ctx, t.run, dst, query, args)
}

// Each reads row by row. No other statement may run on the transaction meanwhile.
func (t *Tx) Each(ctx context.Context, fn func(func(any) error) error, query string, args ...any) error {
	return each(ctx, t.run, fn, query, args)
}

// Args starts a list of statement arguments.
func (t *Tx) Args() *Args { return t.db.Args() }

// AfterCommit runs f once the outermost transaction is durable; never after a rollback or a dry run.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// LockRow makes this transaction wait for others that locked the same row, so that a check and the write that follows it
// are one step. A row that does not exist is NotFound. SQLite has one writer at a time, so there it only checks presence.
func (t *Tx) LockRow(ctx context.Context, table, id string) error {
	var got string
	return t.Get(ctx, &got, "SELECT id FROM "+table+" WHERE id = $1"+t.forUpdate(""), id)
}

// LockToRead is LockRow for a caller that reads the row next, and so sees itself whether it exists: on SQLite it needs no statement.
func (t *Tx) LockToRead(ctx context.Context, table, id string) error {
	if t.db.dialect() == sqlite {
		return nil
	}
	return t.LockRow(ctx, table, id)
}

// LockRowShared keeps others from locking the row with LockRow until this transaction ends, but not from sharing it. On SQLite,
// which has one writer at a time, it only checks presence.
func (t *Tx) LockRowShared(ctx context.Context, table, id string) error {
	suffix := ""
	if t.db.dialect() == postgres {
		suffix = " FOR SHARE"
	}
	var got string
	return t.Get(ctx, &got, "SELECT id FROM "+table+" WHERE id = $1"+suffix, id)
}

// GetShared is Get of one row that stays as it is until this transaction ends: who locks it in full waits, and is waited for.
func (t *Tx) GetShared(ctx context.Context, dst any, query string, args ...any) error {
	if t.db.dialect() == postgres {
		query += " FOR SHARE"
	}
	return t.Get(ctx, dst, query, args...)
}

// ShareToRead is LockToRead that does not keep others from doing the same: only who locks the row in full waits, and is waited for.
func (t *Tx) ShareToRead(ctx context.Context, table, id string) error {
	if t.db.dialect() == sqlite {
		return nil
	}
	return t.LockRowShared(ctx, table, id)
}

// Moment is Now as it was when this transaction first asked: what ends and what begins in a transaction does so at the same moment.
func (t *Tx) Moment() Time {
	if t.moment.IsZero() {
		t.moment = t.Now()
	}
	return t.moment
}

func (t *Tx) forUpdate(suffix string) string {
	if t.db.dialect() == postgres {
		return " FOR UPDATE" + suffix
	}
	return ""
}

// SkipLocked is the end of a SELECT that claims rows which no other transaction holds.
func (t *Tx) SkipLocked() string { return t.forUpdate(" SKIP LOCKED") }
