package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", without cgo

	"linecard/internal/errs"
)

// liteEngine is SQLite in WAL mode: one connection writes, many read. synchronous=FULL makes every commit durable; because
// the file sync is most of a commit's cost, transactions that wait for the writer share one (see writer).
type liteEngine struct {
	file    string
	readers *statements
	w       *writer
	pools   []*sql.DB
	epochs  epochs
}

const litePragmas = "_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)&_pragma=temp_store(MEMORY)"

func openSQLite(path string, o Options) (engine, error) {
	if path == "" || path == "/" {
		return nil, errs.BadField("db", "bad_url", "The database address names no file: sqlite:///path/to/linecard.db.")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, errs.New(errs.Unavailable, "database_unavailable", "The folder of the database cannot be made.").Because(err)
	}
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + litePragmas
	wdb, err := sql.Open("sqlite", file+"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return nil, translate(err)
	}
	wdb.SetMaxOpenConns(1)
	n := o.Conns
	if n == 0 {
		n = max(4, runtime.GOMAXPROCS(0))
	}
	rdb, err := sql.Open("sqlite", file+"&_pragma=query_only(1)")
	if err != nil {
		return nil, translate(err)
	}
	rdb.SetMaxOpenConns(n)
	rdb.SetMaxIdleConns(n)
	e := &liteEngine{file: path, pools: []*sql.DB{wdb, rdb}, w: &writer{db: wdb}, readers: newStatements(rdb), epochs: epochs{began: time.Now()}}
	e.w.committed = &e.epochs.own
	return e, nil
}

func (e *liteEngine) dialect() dialect { return sqlite }

func (e *liteEngine) epoch(ctx context.Context, lag time.Duration) (int64, bool) {
	if lag < glance {
		return 0, false
	}
	return e.epochs.now(ctx, e.pools[1])
}

func (e *liteEngine) pool(write bool) runner {
	if write {
		return loneWrite{e.w}
	}
	return e.readers
}

func (e *liteEngine) transact(ctx context.Context, dry bool, fn func(runner) error) error {
	return e.w.do(ctx, dry, fn)
}

func (e *liteEngine) ping(ctx context.Context) error {
	// The writer's connection makes the file and its WAL, without which a query_only reader cannot open it.
	if err := e.w.do(ctx, true, func(runner) error { return nil }); err != nil {
		return err
	}
	return e.pools[1].PingContext(ctx)
}

func (e *liteEngine) close() error {
	var all []error
	e.epochs.close()
	all = append(all, e.readers.close(), e.w.close())
	for i := len(e.pools) - 1; i >= 0; i-- {
		all = append(all, e.pools[i].Close())
	}
	return errors.Join(all...)
}

// loneWrite runs each statement as a transaction of its own on the writer.
type loneWrite struct{ w *writer }

func (l loneWrite) ExecContext(ctx context.Context, q string, args ...any) (res sql.Result, err error) {
	for range txAttempts { // another member of the group may take it down, and this one with it
		err = l.w.do(ctx, false, func(r runner) error { res, err = r.ExecContext(ctx, q, args...); return err })
		if !errors.Is(err, errGroupLost) {
			return res, err
		}
	}
	return nil, errAway.Because(err)
}

func (l loneWrite) QueryContext(context.Context, string, ...any) (*sql.Rows, error) {
	return nil, errors.New("db: the pool reads on its reader")
}

// writer is the one connection that changes the file. Transactions run on it one after another, each under a savepoint;
// those that were waiting anyway are committed together, with one file sync for all, and all are answered after it.
type writer struct {
	db      *sql.DB
	waiting atomic.Int64
	mu      sync.Mutex // held while a transaction runs
	conn    *sql.Conn
	stmts   *statements
	open    *group
	size    int       // transactions in the open group
	since   time.Time // when the open group began

	committed *atomic.Int64 // counts groups that are durable
}

// group is what one COMMIT makes durable.
type group struct {
	done chan struct{}
	err  error
}

const (
	groupMost = 64                    // transactions that one commit may carry
	groupAge  = 10 * time.Millisecond // how long the first of them may be kept waiting by the others
)

// errGroupLost tells a transaction that succeeded by itself that its group could not be committed; it is run again.
var errGroupLost = errors.New("db: the shared commit was lost")

func (w *writer) do(ctx context.Context, dry bool, fn func(runner) error) error {
	w.waiting.Add(1)
	w.mu.Lock()
	w.waiting.Add(-1)
	g, err := w.run(ctx, dry, fn)
	w.mu.Unlock()
	if g == nil {
		return err
	}
	<-g.done
	if err == nil {
		err = g.err
	}
	return err
}

// run holds mu. It gives the group whose commit the caller must await, nil when there is nothing to await.
func (w *writer) run(ctx context.Context, dry bool, fn func(runner) error) (await *group, err error) {
	// An interrupted statement would roll the whole group back, so a caller that has gone is refused before, not during.
	if err = ctx.Err(); err == nil {
		err = w.begin(context.WithoutCancel(ctx))
	}
	if err != nil {
		w.settle(false)
		return nil, translate(err)
	}
	ctx = context.WithoutCancel(ctx)
	mine, returned := w.open, false
	defer func() {
		if returned {
			return
		}
		p := recover() // nil when fn has ended its goroutine
		w.undo(ctx, mine)
		w.settle(false)
		w.mu.Unlock()
		if p != nil {
			panic(p)
		}
	}()
	one := &turn{on: w.stmts}
	err = fn(one)
	returned = true
	if err == nil {
		err = one.broken
	}
	if err != nil || dry {
		w.undo(ctx, mine)
		w.settle(false)
		return nil, err
	}
	if _, err = w.stmts.ExecContext(ctx, "RELEASE one"); err != nil {
		w.fail(mine, err)
		return nil, translate(err)
	}
	w.size++
	w.settle(true)
	return mine, nil
}

// turn runs the statements of one transaction. They are not interrupted when the caller goes, because that would make SQLite
// roll the whole group back; a caller that has gone is refused the next one. After a fault that may have made SQLite roll back
// by itself (disk full) nothing runs any more: it would commit statement by statement.
type turn struct {
	on     runner
	broken error
}

func (t *turn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := t.ready(ctx); err != nil {
		return nil, err
	}
	res, err := t.on.ExecContext(context.WithoutCancel(ctx), query, args...)
	return res, t.seen(err)
}

func (t *turn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := t.ready(ctx); err != nil {
		return nil, err
	}
	rows, err := t.on.QueryContext(context.WithoutCancel(ctx), query, args...)
	return rows, t.seen(err)
}

func (t *turn) ready(ctx context.Context) error {
	if t.broken != nil {
		return t.broken
	}
	return ctx.Err()
}

func (t *turn) seen(err error) error {
	if err != nil && t.broken == nil {
		if fault := translate(err); errs.KindOf(fault) == errs.Unavailable {
			t.broken = fault
		}
	}
	return err
}

// begin opens a group when none is open, and the savepoint of this transaction.
func (w *writer) begin(ctx context.Context) error {
	if w.conn == nil {
		c, err := w.db.Conn(ctx)
		if err != nil {
			return err
		}
		w.conn, w.stmts = c, newStatements(c)
	}
	if w.open == nil {
		if _, err := w.stmts.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		w.open, w.size, w.since = &group{done: make(chan struct{})}, 0, time.Now()
	}
	if _, err := w.stmts.ExecContext(ctx, "SAVEPOINT one"); err != nil {
		w.fail(w.open, err)
		return err
	}
	return nil
}

// undo takes back the current transaction alone. When SQLite has rolled back everything by itself (disk full), the group
// is lost and its other members learn it.
func (w *writer) undo(ctx context.Context, g *group) {
	if w.open != g || g == nil {
		return
	}
	if _, err := w.stmts.ExecContext(ctx, "ROLLBACK TO one"); err != nil {
		w.fail(g, err)
		return
	}
	if _, err := w.stmts.ExecContext(ctx, "RELEASE one"); err != nil {
		w.fail(g, err)
	}
}

// settle commits the open group unless others are about to join it. added says whether the last transaction wrote.
func (w *writer) settle(added bool) {
	g := w.open
	if g == nil {
		return
	}
	if w.waiting.Load() > 0 && w.size < groupMost && time.Since(w.since) < groupAge {
		return
	}
	end := "COMMIT"
	if w.size == 0 && !added {
		end = "ROLLBACK"
	}
	if _, err := w.stmts.ExecContext(context.Background(), end); err != nil {
		w.fail(g, err)
		return
	}
	w.open = nil
	w.committed.Add(1) // before anybody learns that it is durable
	close(g.done)
}

// fail rolls the group back and tells its members. The connection is not used again: one that could not roll back would
// refuse every later BEGIN.
func (w *writer) fail(g *group, cause error) {
	_, _ = w.stmts.ExecContext(context.Background(), "ROLLBACK")
	_ = w.stmts.close()
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = w.conn.Close()
	w.conn, w.stmts = nil, nil
	if fault := translate(cause); errs.KindOf(fault) == errs.Unavailable {
		g.err = fault
	} else {
		g.err = errGroupLost
	}
	w.open = nil
	close(g.done)
}

func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil {
		return nil
	}
	return errors.Join(w.stmts.close(), w.conn.Close())
}

// backup copies the running database with SQLite's own consistent snapshot.
func (e *liteEngine) backup(ctx context.Context, file string) error {
	if _, err := os.Stat(file); err == nil {
		return errs.New(errs.Conflict, "file_exists", "The backup file exists already. Name another one.")
	}
	d, err := sql.Open("sqlite", "file:"+(&url.URL{Path: e.file}).EscapedPath()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return translate(err)
	}
	defer d.Close()
	if _, err := d.ExecContext(ctx, "VACUUM INTO $1", strings.TrimSpace(file)); err != nil {
		return translate(err)
	}
	return syncFile(file)
}

func syncFile(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return errs.New(errs.Unavailable, "backup_failed", "The backup file cannot be read back.").Because(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return errs.New(errs.Unavailable, "backup_failed", "The backup file could not be made durable.").Because(err)
	}
	return nil
}
