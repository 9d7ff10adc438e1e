package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"linecard/internal/errs"
)

func liteWithThings(t *testing.T) (*DB, *writer) {
	t.Helper()
	d, err := Open(context.Background(), "sqlite://"+filepath.Join(t.TempDir(), "with space & percent %41.db"), Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if _, err := d.Exec(context.Background(), `CREATE TABLE things (name TEXT PRIMARY KEY, ballast TEXT NOT NULL DEFAULT '')`); err != nil {
		t.Fatal(err)
	}
	return d, d.engine.(*liteEngine).w
}

func put(ctx context.Context, tx *Tx, name string, ballast int) error {
	_, err := tx.Exec(ctx, `INSERT INTO things (name, ballast) VALUES ($1, hex(zeroblob($2)))`, name, ballast)
	return err
}

func names(t *testing.T, d *DB) map[string]bool {
	t.Helper()
	var all []string
	if err := d.Select(context.Background(), &all, `SELECT name FROM things`); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, n := range all {
		out[n] = true
	}
	return out
}

// queued starts fn while the writer is held, and comes back when it waits behind n-1 others.
func queued(t *testing.T, w *writer, n int64, fn func()) {
	t.Helper()
	go fn()
	for limit := time.Now().Add(10 * time.Second); w.waiting.Load() < n; runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatal("nobody waits for the writer")
		}
	}
}

func TestACallerWhoGoesInTheMiddleOfAStatementTakesNobodyAlong(t *testing.T) {
	d, w := liteWithThings(t)
	ctx := context.Background()
	var done sync.WaitGroup
	results := make([]error, 3)
	runs := 0
	gone, leave := context.WithCancel(ctx)
	w.mu.Lock()
	done.Add(3)
	queued(t, w, 1, func() {
		defer done.Done()
		_, results[0] = d.Exec(ctx, `INSERT INTO things (name) VALUES ('alone')`)
	})
	queued(t, w, 2, func() {
		defer done.Done()
		results[1] = d.Tx(ctx, func(ctx context.Context, tx *Tx) error { runs++; return put(ctx, tx, "together", 0) })
	})
	queued(t, w, 3, func() {
		defer done.Done()
		results[2] = d.Tx(gone, func(ctx context.Context, tx *Tx) error {
			go leave()
			_, err := tx.Exec(ctx, `INSERT INTO things (name) WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200000) SELECT 'gone' || n FROM c`)
			if err != nil {
				return err
			}
			<-gone.Done()
			return put(ctx, tx, "gone", 0)
		})
	})
	w.mu.Unlock()
	done.Wait()
	if results[0] != nil || results[1] != nil || runs != 1 {
		t.Errorf("others were taken along: %v, %v, run %d times", results[0], results[1], runs)
	}
	if errs.KindOf(results[2]) != errs.TimedOut && !errors.Is(results[2], context.Canceled) {
		t.Errorf("the caller that has gone got %v", results[2])
	}
	if got := names(t, d); len(got) != 2 || !got["alone"] || !got["together"] {
		t.Errorf("%d rows", len(got))
	}
}

// small lets the file grow by a few pages only, on every connection that the writer opens from now on.
func small(t *testing.T, d *DB, w *writer, pages int) (lift func()) {
	t.Helper()
	limit := func(n int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.conn == nil {
			c, err := w.db.Conn(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			w.conn, w.stmts = c, newStatements(c)
		}
		if _, err := w.conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	var have int
	if err := d.Get(context.Background(), &have, `PRAGMA page_count`); err != nil {
		t.Fatal(err)
	}
	limit(have + pages)
	return func() { limit(1 << 30) }
}

func TestAFullDiskRefusesWhatDoesNotFitAndLosesNothingThatWasAcknowledged(t *testing.T) {
	d, w := liteWithThings(t)
	ctx := context.Background()
	small(t, d, w, 10)
	var mu sync.Mutex
	acknowledged, refused := map[string]bool{}, 0
	var done sync.WaitGroup
	for i := range 16 {
		done.Go(func() {
			for n := range 8 {
				name, ballast := fmt.Sprintf("%d-%d", i, n), 10
				if (i+n)%8 == 0 {
					ballast = 40_000 // more than there is room for
				}
				err := d.Tx(ctx, func(ctx context.Context, tx *Tx) error {
					if err := put(ctx, tx, name, 0); err != nil {
						return err
					}
					return put(ctx, tx, name+"+", ballast)
				})
				mu.Lock()
				switch {
				case err == nil:
					acknowledged[name] = true
				case errs.KindOf(err) == errs.Unavailable && errs.As(err).RetryAfter > 0:
					refused++
				default:
					t.Errorf("%s: %v", name, err)
				}
				mu.Unlock()
			}
		})
	}
	done.Wait()
	got := names(t, d)
	for name := range acknowledged {
		if !got[name] || !got[name+"+"] {
			t.Errorf("%s was acknowledged and is lost", name)
		}
	}
	if len(got) != 2*len(acknowledged) {
		t.Errorf("%d rows of %d acknowledged pairs: something is half done", len(got), len(acknowledged))
	}
	if refused == 0 || len(acknowledged) == 0 {
		t.Errorf("%d refused and %d acknowledged prove nothing", refused, len(acknowledged))
	}
	if _, err := d.Exec(ctx, `INSERT INTO things (name, ballast) VALUES ('after', hex(zeroblob(100000)))`); err != nil {
		t.Error("it does not recover:", err)
	}
}

func TestWhatFollowsAFaultThatWasOverlookedIsNotWrittenByItself(t *testing.T) {
	d, w := liteWithThings(t)
	lift := small(t, d, w, 2)
	defer lift()
	err := d.Tx(context.Background(), func(ctx context.Context, tx *Tx) error {
		_ = put(ctx, tx, "too big", 100_000) // SQLite rolls everything back by itself here
		_ = put(ctx, tx, "after it", 0)
		return nil
	})
	if errs.KindOf(err) != errs.Unavailable {
		t.Errorf("it was reported as done: %v", err)
	}
	if got := names(t, d); len(got) != 0 {
		t.Errorf("half of it was written: %v", got)
	}
}

func TestAConnectionThatCannotRollBackIsReplaced(t *testing.T) {
	d, w := liteWithThings(t)
	ctx := context.Background()
	broken := errors.New("broken")
	err := d.Tx(ctx, func(ctx context.Context, tx *Tx) error {
		if err := put(ctx, tx, "undone", 0); err != nil {
			return err
		}
		_ = w.stmts.close()
		w.stmts.on = refusing{} // every later statement fails, ROLLBACK too
		return broken
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	for i := range 3 {
		if err := d.Tx(ctx, func(ctx context.Context, tx *Tx) error { return put(ctx, tx, fmt.Sprint(i), 0) }); err != nil {
			t.Fatal("the writer stays broken:", err)
		}
	}
	if got := names(t, d); len(got) != 3 {
		t.Errorf("%v", got)
	}
}

type refusing struct{}

func (refusing) PrepareContext(context.Context, string) (*sql.Stmt, error) {
	return nil, errors.New("disk I/O error")
}

func TestATransactionThatPanicsOrEndsItsGoroutineFreesTheWriter(t *testing.T) {
	d, _ := liteWithThings(t)
	for name, end := range map[string]func(){"a panic": func() { panic("no") }, "the end of the goroutine": runtime.Goexit} {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer func() { _ = recover() }()
			_ = d.Tx(context.Background(), func(ctx context.Context, tx *Tx) error {
				_ = put(ctx, tx, name, 0)
				end()
				return nil
			})
		}()
		<-ended
		within, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		free := make(chan error, 1)
		go func() {
			free <- d.Tx(within, func(ctx context.Context, tx *Tx) error { return put(ctx, tx, "after "+name, 0) })
		}()
		select {
		case err := <-free:
			if err != nil {
				t.Errorf("after %s: %v", name, err)
			}
		case <-within.Done():
			t.Fatalf("after %s the writer is held for ever", name)
		}
		cancel()
	}
	if got := names(t, d); len(got) != 2 {
		t.Errorf("%v", got)
	}
}
