package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
)

func TestAPanicIsAFailureLikeAnyOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		var seen []Outcome
		q := New(d, quiet(Options{Observe: func(r Run) { seen = append(seen, r.Outcome) }}))
		Handle(q, "note", func(context.Context, Job[note]) error { panic("secret thing") }, Policy{MaxAttempts: 2})
		insert(t, d, "note", note{}, Opts{})
		drain(t, q)
		if n := count(t, d, "state = 'ready' AND last_error = 'job_panicked: The job failed on our side.'"); n != 1 {
			t.Error("the job does not wait for its next attempt")
		}
		if len(seen) != 1 || seen[0] != Retried {
			t.Error(seen)
		}
	})
}

func TestAJobThatOverstaysItsTimeIsStopped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		Handle(q, "note", func(ctx context.Context, _ Job[note]) error { <-ctx.Done(); return ctx.Err() },
			Policy{Timeout: 20 * time.Millisecond})
		insert(t, d, "note", note{}, Opts{})
		drain(t, q)
		if n := count(t, d, "state = 'ready' AND attempt = 1 AND last_error LIKE 'job_timed_out:%'"); n != 1 {
			t.Error("not recorded as timed out")
		}
	})
}

func TestSnoozingIsNoAttemptAndCancellingEndsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		runs := 0
		Handle(q, "note", func(_ context.Context, j Job[note]) error {
			if runs++; runs < 4 {
				return Snooze(time.Minute)
			}
			if j.Attempt != 1 {
				t.Error("attempt", j.Attempt)
			}
			return Cancel(errs.New(errs.Conflict, "gone_away", "It is gone."))
		}, Policy{MaxAttempts: 2})
		insert(t, d, "note", note{}, Opts{})
		for range 6 {
			drain(t, q)
			clock.Advance(time.Minute)
		}
		if runs != 4 || count(t, d, "state = 'failed' AND last_error = 'gone_away: It is gone.'") != 1 {
			t.Error("runs:", runs)
		}
	})
}

func TestAJobThatEndsInItsOwnTransactionTakesEffectOnceWhenTakenAway(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		effects, runs := 0, 0
		Handle(q, "note", func(ctx context.Context, j Job[note]) error {
			if runs++; runs == 1 { // as if this node had been declared dead meanwhile
				if _, err := d.Exec(ctx, `UPDATE queue_jobs SET state = 'ready', worker = '', attempt = 0`); err != nil {
					t.Error(err)
				}
			}
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return j.Complete(ctx, tx) })
			if err == nil {
				effects++
			}
			return err
		}, Policy{})
		insert(t, d, "note", note{}, Opts{})
		drain(t, q)
		if effects != 1 || runs != 2 || count(t, d, "1 = 1") != 0 {
			t.Errorf("%d effects in %d runs, %d rows left", effects, runs, count(t, d, "1 = 1"))
		}
	})
}

func TestAWaitingJobAbsorbsItsEqualsAndARunningOneDoesNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		runs := 0
		Handle(q, "sync", func(_ context.Context, j Job[note]) error {
			if runs++; runs == 1 { // a change arrives while the job runs
				insert(t, d, "sync", note{}, Opts{Unique: "c1"})
				insert(t, d, "sync", note{}, Opts{Unique: "c1"})
			}
			return nil
		}, Policy{})
		insert(t, d, "sync", note{}, Opts{Unique: "c1"})
		insert(t, d, "sync", note{}, Opts{Unique: "c1"})
		insert(t, d, "sync", note{}, Opts{Unique: "c2", RunAt: clock.Now().Add(time.Hour)})
		if drain(t, q) != 2 || runs != 2 {
			t.Errorf("%d runs, want 2", runs)
		}
		insert(t, d, "sync", note{}, Opts{Unique: "c2"}) // due earlier: the waiting one moves forward
		if drain(t, q) != 1 || count(t, d, "1 = 1") != 0 {
			t.Error("the later job was not moved forward")
		}
	})
}

func TestAFailedUniqueJobGivesWayToANewerOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		runs := 0
		Handle(q, "sync", func(_ context.Context, j Job[note]) error {
			if runs++; runs == 1 {
				insert(t, d, "sync", note{}, Opts{Unique: "c1", RunAt: clock.Now().Add(time.Second)})
			}
			return errors.New("away")
		}, Policy{})
		insert(t, d, "sync", note{}, Opts{Unique: "c1"})
		drain(t, q)
		if n := count(t, d, "unique_key = 'sync/c1' AND attempt = 0"); n != 1 || count(t, d, "1 = 1") != 1 {
			t.Error("the failed one did not give way")
		}
		clock.Advance(time.Second)
		drain(t, q)
		if n := count(t, d, "unique_key = 'sync/c1' AND attempt = 1"); n != 1 {
			t.Error("the key is not in force again after a failure")
		}
	})
}

func TestAJobDoesNotStartBeforeAnAbsorbedChangeIsVisible(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		if d.Embedded() {
			t.Skip("one writer at a time: the situation cannot arise")
		}
		q := New(d, quiet(Options{}))
		Handle(q, "sync", func(context.Context, Job[note]) error { return nil }, Policy{})
		for _, lane := range []string{"", "lane"} {
			insert(t, d, "sync", note{}, Opts{Unique: "c1", Lane: lane})
			if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				if err := Insert(ctx, tx, "sync", note{}, Opts{Unique: "c1", Lane: lane}); err != nil {
					return err
				}
				if n := drain(t, q); n != 0 {
					t.Error("it ran before the commit")
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if drain(t, q) != 1 {
				t.Error("it did not run after the commit")
			}
		}
	})
}

func TestUrgentJobsGoFirstAndEqualOnesInTheirOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		var got []int
		Handle(q, "note", func(_ context.Context, j Job[note]) error { got = append(got, j.Args.N); return nil }, Policy{})
		for i, o := range []Opts{{Priority: 2}, {}, {Priority: -1}, {}, {Priority: 2}} {
			insert(t, d, "note", note{i}, o)
			clock.Advance(time.Millisecond)
		}
		drain(t, q)
		want := [5]int{2, 1, 3, 0, 4}
		if len(got) != 5 || [5]int(got) != want {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestLanesTakeTurns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		var got string
		Handle(q, "note", func(_ context.Context, j Job[note]) error { got += j.Lane; return nil }, Policy{})
		for _, lane := range "aaaabbc" {
			insert(t, d, "note", note{}, Opts{Lane: string(lane)})
		}
		drain(t, q)
		if got != "abcabaa" {
			t.Error(got)
		}
		insert(t, d, "note", note{}, Opts{Lane: "a"})
		insert(t, d, "note", note{}, Opts{Lane: "b"})
		if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			n, err := Clear(ctx, tx, "note", "a")
			if n != 1 {
				t.Error("cleared", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got = ""; drain(t, q) != 1 || got != "b" {
			t.Error("after clearing a:", got)
		}
	})
}

func TestDepthCountsWhatWaitsRunsAndDied(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		Handle(q, "bad", func(context.Context, Job[note]) error { return Cancel(errors.New("no")) }, Policy{})
		insert(t, d, "bad", note{}, Opts{})
		drain(t, q)
		insert(t, d, "later", note{}, Opts{})
		insert(t, d, "later", note{}, Opts{RunAt: clock.Now().Add(time.Hour)})
		clock.Advance(time.Minute)
		got, err := q.Depth(context.Background())
		if err != nil || len(got) != 2 {
			t.Fatal(got, err)
		}
		if got[0].Kind != "bad" || got[0].Failed != 1 || got[0].Ready != 0 || got[1].Ready != 2 || got[1].Oldest != time.Minute {
			t.Errorf("%+v", got)
		}
		clock.Advance(deadKept + time.Second)
		if err := q.Pass(context.Background(), "queue.purge"); err != nil || count(t, d, "state = 'failed'") != 0 {
			t.Error("dead jobs are not purged:", err)
		}
	})
}

func TestAJobThatTakesItsNodesDownAgainAndAgainIsDead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q := New(d, quiet(Options{}))
		insert(t, d, "note", note{}, Opts{Unique: "k"})
		lose := func() {
			t.Helper()
			if _, err := d.Exec(context.Background(), `UPDATE queue_jobs SET state = 'running', worker = 'gone', attempt = attempt + 1
				WHERE state = 'ready'`); err != nil {
				t.Fatal(err)
			}
			drain(t, q) // joining sweeps
		}
		for range lostMost {
			lose()
		}
		if count(t, d, "state = 'ready' AND attempt = 0") != 1 {
			t.Fatal("given up too early, or counted as attempts")
		}
		lose()
		if count(t, d, "state = 'failed' AND finished IS NOT NULL AND last_error LIKE 'job_worker_lost:%'") != 1 {
			t.Error("it goes on for ever")
		}
	})
}
