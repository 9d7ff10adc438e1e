package db_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
)

func TestAnEpochEndsWithEveryCommitAndIsToldToOtherProcessesSoon(t *testing.T) {
	url := "sqlite://" + filepath.Join(t.TempDir(), "a.db")
	one := dbtest.Open(t, url, dbtest.NewClock())
	two, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	epoch := func(d *db.DB) int64 {
		t.Helper()
		n, ok := d.Epoch(t.Context(), 100*time.Millisecond)
		if !ok {
			t.Fatal("an embedded database cannot tell")
		}
		return n
	}
	write := func(d *db.DB, name string) {
		t.Helper()
		if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO revision_counters (id, kind, n) VALUES ($1, 'device', 1)`, name)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	before := epoch(one)
	write(one, "a")
	after := epoch(one)
	if after == before {
		t.Error("an own commit is not told at once")
	}
	if err := one.Tx(db.DryRun(t.Context()), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM revision_counters`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	dbtest.Eventually(t, "the epoch", func() bool { was := epoch(one); return was == epoch(one) })
	settled := epoch(one)
	write(two, "b")
	dbtest.Eventually(t, "the epoch", func() bool { return epoch(one) != settled })
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := two.Epoch(t.Context(), time.Second); ok {
		t.Error("a closed database tells an epoch")
	}
}

func TestPostgreSQLTellsWhatThisProcessWroteAndASecondOfOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		before, ok := d.Epoch(t.Context(), time.Second)
		if !ok {
			t.Fatal("it cannot tell")
		}
		if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO revision_counters (id, kind, n) VALUES ('a', 'device', 1)`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if after, _ := d.Epoch(t.Context(), time.Second); after == before {
			t.Error("an own commit is not told")
		}
		if _, ok := d.Epoch(t.Context(), 100*time.Millisecond); ok != d.Embedded() {
			t.Errorf("embedded %v, tells %v", d.Embedded(), ok)
		}
	})
}
