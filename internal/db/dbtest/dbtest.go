// Package dbtest gives tests real databases: an own SQLite file and an own PostgreSQL database for each, migrated and empty,
// and a clock that moves when told.
//
// It must not be imported by anything but tests.
package dbtest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"linecard/internal/db"
)

// Start is the instant at which every test clock begins.
var Start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// Clock is a clock for tests. It stands still until Advance.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock gives a clock that shows Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// Set moves the clock to t.
func (c *Clock) Set(t time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = t }

// Each runs the test on SQLite and on PostgreSQL, each time with a migrated empty database of its own.
func Each(t *testing.T, test func(t *testing.T, d *db.DB, clock *Clock)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		clock := NewClock()
		test(t, Open(t, SQLiteURL(t), clock), clock)
	})
	t.Run("postgres", func(t *testing.T) {
		clock := NewClock()
		test(t, Open(t, MigratedPostgresURL(t), clock), clock)
	})
}

// MigratedPostgresURL names a migrated database of this test on the shared PostgreSQL. It is a copy of one that was migrated
// once, which takes a fraction of the time.
func MigratedPostgresURL(tb testing.TB) string {
	tb.Helper()
	server := PostgresURL(tb)
	return FreshDatabase(tb, server, Template(tb, server, db.Fingerprint(), migrate))
}

var lite struct {
	once sync.Once
	copy []byte
	err  error
}

// SQLiteURL names a migrated database file in a folder of this test.
func SQLiteURL(tb testing.TB) string {
	tb.Helper()
	lite.once.Do(func() {
		dir, err := os.MkdirTemp("", "linecard-template-")
		if lite.err = err; err != nil {
			return
		}
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, "template.db")
		if lite.err = migrate("sqlite://" + file); lite.err == nil {
			lite.copy, lite.err = os.ReadFile(file)
		}
	})
	if lite.err != nil {
		tb.Fatal("prepare a template database: ", lite.err)
	}
	file := filepath.Join(tb.TempDir(), "linecard.db")
	if err := os.WriteFile(file, lite.copy, 0o600); err != nil {
		tb.Fatal(err)
	}
	return "sqlite://" + file
}

func migrate(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, url, db.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(ctx), d.Close())
}

// Open opens and migrates the database at url for a test; it is closed at the end.
func Open(tb testing.TB, url string, clock db.Clock) *db.DB {
	tb.Helper()
	d, err := db.Open(context.Background(), url, db.Options{Clock: clock, Strict: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatalf("open %s: %v", url, err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	if err := d.Migrate(context.Background()); err != nil {
		tb.Fatalf("migrate: %v", err)
	}
	return d
}

// Eventually waits until cond holds and fails the test when it does not within 30 seconds of real time. It is for what
// other goroutines or processes do; time of the product is moved with Clock.
func Eventually(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if cond() {
			return
		}
		select {
		case <-deadline.C:
			tb.Fatalf("not within 30 s: %s", what)
		case <-tick.C:
		}
	}
}
