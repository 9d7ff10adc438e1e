package db

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"time"
)

// Epoch is a number that grows whenever something was committed, so that what was read before can be used again without asking as long
// as it stays the same (decision 10). What this process commits is told at once, before its caller learns that it is durable; what
// another one writes is told after lag at the latest. false when the database cannot tell that cheaply and has to be read: PostgreSQL
// for lags below a second, a database that is closed.
func (d *DB) Epoch(ctx context.Context, lag time.Duration) (int64, bool) { return d.epoch(ctx, lag) }

// glance is how often a SQLite file is looked at for what other processes wrote; of PostgreSQL it is taken as written once a second.
const (
	glance = 50 * time.Millisecond
	second = time.Second
)

// epochs counts commits of one SQLite file.
type epochs struct {
	own     atomic.Int64 // commits of this process
	foreign atomic.Int64 // times that the file had changed when it was looked at
	next    atomic.Int64 // when it is looked at again, in nanoseconds since began
	began   time.Time
	mu      sync.Mutex // of the look
	conn    *sql.Conn
	version int64
	closed  atomic.Bool
}

// now gives the epoch, and looks at the file when it is time. It is false while the file cannot be looked at.
func (e *epochs) now(ctx context.Context, pool *sql.DB) (int64, bool) {
	if e.closed.Load() {
		return 0, false
	}
	at := int64(time.Since(e.began))
	if due := e.next.Load(); at >= due && e.next.CompareAndSwap(due, at+int64(glance)) {
		if err := e.look(ctx, pool); err != nil {
			e.next.Store(at)
			return 0, false
		}
	}
	return e.own.Load() + e.foreign.Load(), true
}

// look notes whether the file was changed since the last look, by whomever.
func (e *epochs) look(ctx context.Context, pool *sql.DB) (err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ctx = context.WithoutCancel(ctx)
	if e.conn == nil {
		if e.conn, err = pool.Conn(ctx); err != nil {
			return err
		}
	}
	var version int64
	if err := e.conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version); err != nil {
		_ = e.conn.Close()
		e.conn = nil
		return err
	}
	if version != e.version {
		e.version = version
		e.foreign.Add(1)
	}
	return nil
}

func (e *epochs) close() {
	e.closed.Store(true)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.conn != nil {
		_ = e.conn.Close()
	}
}
