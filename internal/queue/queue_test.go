package queue

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
)

type note struct{ N int }

func quiet(o Options) Options {
	o.Log = slog.New(slog.DiscardHandler)
	return o
}

func insert(t testing.TB, d *db.DB, kind string, args any, o Opts) {
	t.Helper()
	if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return Insert(ctx, tx, kind, args, o)
	}); err != nil {
		t.Fatal(err)
	}
}

func drain(t testing.TB, q *Queue) int {
	t.Helper()
	n, err := q.Drain(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func count(t testing.TB, d *db.DB, where string) (n int) {
	t.Helper()
	if err := d.Get(context.Background(), &n, `SELECT COUNT(*) FROM queue_jobs WHERE `+where); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAJobRunsOnceWithItsArgumentsAndLeavesNoRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		var got []int
		Handle(q, "note", func(_ context.Context, j Job[note]) error { got = append(got, j.Args.N); return nil }, Policy{})
		insert(t, d, "note", note{7}, Opts{})
		if n := drain(t, q); n != 1 || len(got) != 1 || got[0] != 7 {
			t.Fatalf("ran %d, got %v", n, got)
		}
		if n := count(t, d, "1 = 1"); n != 0 {
			t.Fatalf("%d rows are left", n)
		}
	})
}

func TestAJobOfARolledBackTransactionNeverExists(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		Handle(q, "note", func(context.Context, Job[note]) error { t.Error("it ran"); return nil }, Policy{})
		no := errors.New("no")
		err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if err := Insert(ctx, tx, "note", note{}, Opts{}); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		if n := drain(t, q); n != 0 {
			t.Fatalf("%d jobs ran", n)
		}
	})
}

func TestAFailingJobRunsAgainLaterAndLaterAndIsDeadAtTheEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		var attempts []int
		Handle(q, "note", func(_ context.Context, j Job[note]) error {
			attempts = append(attempts, j.Attempt)
			return errs.New(errs.Unavailable, "database_unavailable", "Away.").Because(errors.New("password=hunter2"))
		}, Policy{MaxAttempts: 3, Backoff: func(n int) time.Duration { return time.Duration(n) * time.Minute }})
		insert(t, d, "note", note{}, Opts{Lane: "x", Scope: "o."})
		for _, after := range []time.Duration{0, 59 * time.Second, time.Second, 119 * time.Second, time.Second, time.Hour} {
			clock.Advance(after)
			drain(t, q)
		}
		if len(attempts) != 3 {
			t.Fatalf("attempts %v", attempts)
		}
		dead, _, err := q.Dead(context.Background(), DeadQuery{Kind: "note", Lane: "x"})
		if err != nil || len(dead) != 1 {
			t.Fatal(dead, err)
		}
		if d := dead[0]; d.Fault != "database_unavailable: Away." || d.Attempts != 3 || d.Lane != "x" || d.Scope != "o." {
			t.Fatalf("%+v", d)
		}
		if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return Retry(ctx, tx, dead[0].ID) }); err != nil {
			t.Fatal(err)
		}
		if drain(t, q) != 1 || attempts[3] != 1 {
			t.Fatalf("a retried job begins anew: %v", attempts)
		}
	})
}
