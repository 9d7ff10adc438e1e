package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
)

// fast are options with which death and take-over need fractions of a second.
func fast() Options {
	return quiet(Options{Beat: 60 * time.Millisecond, Poll: 20 * time.Millisecond, Grace: 5 * time.Second})
}

// start runs q until stop is called or the test ends, and waits for its end.
func start(t testing.TB, q *Queue) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := q.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func TestEveryJobRunsExactlyOnceOnTwoNodesWithFourWorkersEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		const jobs = 400
		var runs [jobs]atomic.Int32
		var total atomic.Int32
		var perNode [2]atomic.Int32
		for node := range 2 {
			q := New(d, fast())
			Handle(q, "note", func(_ context.Context, j Job[note]) error {
				runs[j.Args.N].Add(1)
				total.Add(1)
				perNode[node].Add(1)
				return nil
			}, Policy{Concurrency: 4})
			start(t, q)
		}
		var wg sync.WaitGroup
		for part := range 4 {
			wg.Go(func() {
				for i := part; i < jobs; i += 4 {
					o := Opts{}
					if i%3 == 0 {
						o.Lane = fmt.Sprint(i % 12)
					}
					insert(t, d, "note", note{i}, o)
				}
			})
		}
		wg.Wait()
		dbtest.Eventually(t, "all jobs done", func() bool { return total.Load() >= jobs && count(t, d, "1 = 1") == 0 })
		for i := range runs {
			if n := runs[i].Load(); n != 1 {
				t.Errorf("job %d ran %d times", i, n)
			}
		}
		t.Log("per node:", perNode[0].Load(), perNode[1].Load())
	})
}

func TestTheJobsOfAKilledNodeRunAgainElsewhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		began := make(chan struct{}, 10)
		o := fast()
		o.crash = true
		a, b := New(d, o), New(d, fast())
		Handle(a, "note", func(ctx context.Context, _ Job[note]) error {
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}, Policy{})
		var attempts []int
		var mu sync.Mutex
		Handle(b, "note", func(_ context.Context, j Job[note]) error {
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, j.Attempt)
			return nil
		}, Policy{})
		killA := start(t, a)
		for i := range 3 {
			insert(t, d, "note", note{i}, Opts{Unique: fmt.Sprint(i)})
		}
		for range 3 {
			<-began
		}
		killA()
		if count(t, d, "state = 'running'") != 3 {
			t.Fatal("a killed node releases nothing")
		}
		start(t, b)
		dbtest.Eventually(t, "the other node did them", func() bool { return count(t, d, "1 = 1") == 0 })
		mu.Lock()
		defer mu.Unlock()
		if fmt.Sprint(attempts) != "[1 1 1]" {
			t.Error("being lost counted as an attempt, or something ran twice:", attempts)
		}
	})
}

func TestWhoWorksAloneTakesOverAtOnceWhatWasLeftBehind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		for _, s := range []string{
			`INSERT INTO queue_nodes (id, name, beat) VALUES ('old', 'old', 1)`,
			`INSERT INTO queue_leases (id, holder, epoch) VALUES ('duty.seq', 'old', 7)`,
			`INSERT INTO queue_jobs (id, kind, lane, args, state, priority, run_at, attempt, lost, worker, last_error, scope, created)
			 VALUES ('j', 'note', 'note/', '{}', 'running', 0, 0, 1, 0, 'old', '', '', 0)`} {
			if _, err := d.Exec(context.Background(), s); err != nil {
				t.Fatal(err)
			}
		}
		q := New(d, quiet(Options{Alone: true})) // real beats: waiting for death would take 4.5 s
		var epoch atomic.Int64
		Handle(q, "note", func(context.Context, Job[note]) error { return nil }, Policy{})
		q.Singleton("seq", time.Hour, func(_ context.Context, l Lease) error { epoch.Store(l.Epoch); return nil })
		began := time.Now()
		start(t, q)
		dbtest.Eventually(t, "job and duty", func() bool { return epoch.Load() == 8 && count(t, d, "1 = 1") == 0 })
		if took := time.Since(began); took > 4*time.Second {
			t.Error("it took", took)
		}
	})
}

func TestANodeThatWasSilentTooLongStopsItsJobsAndJoinsAnew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		q := New(d, fast())
		var runs, stopped atomic.Int32
		Handle(q, "note", func(ctx context.Context, _ Job[note]) error {
			if runs.Add(1) == 1 {
				<-ctx.Done()
				stopped.Add(1)
				return ctx.Err()
			}
			return nil
		}, Policy{})
		start(t, q)
		insert(t, d, "note", note{}, Opts{})
		dbtest.Eventually(t, "it runs", func() bool { return runs.Load() == 1 })
		if _, err := d.Exec(context.Background(), `DELETE FROM queue_nodes`); err != nil { // others declare it dead
			t.Fatal(err)
		}
		dbtest.Eventually(t, "it ran again", func() bool { return count(t, d, "1 = 1") == 0 })
		if runs.Load() != 2 || stopped.Load() != 1 {
			t.Errorf("%d runs, %d stopped", runs.Load(), stopped.Load())
		}
	})
}

func TestADeadEndpointDelaysNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		var mu sync.Mutex
		healthy := map[string]int{}
		var dead, deadNow, deadMost atomic.Int32
		for range 2 {
			q := New(d, fast())
			Handle(q, "hook", func(ctx context.Context, j Job[note]) error {
				if j.Lane == "dead" {
					deadMost.Store(max(deadMost.Load(), deadNow.Add(1)))
					defer deadNow.Add(-1)
					dead.Add(1)
					<-ctx.Done()
					return ctx.Err()
				}
				mu.Lock()
				defer mu.Unlock()
				healthy[j.Lane]++
				return nil
			}, Policy{Timeout: 100 * time.Millisecond, Concurrency: 4})
			defer start(t, q)()
		}
		ctx := context.Background()
		if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return Insert(ctx, tx, "hook", note{}, Opts{Lane: "dead"})
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Exec(ctx, `INSERT INTO queue_jobs (id, kind, lane, args, state, priority, run_at, attempt, lost, worker, last_error, scope, created)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
			SELECT 'dead' || i, 'hook', 'hook/dead', '{}', 'ready', 0, 0, 0, 0, '', '', '', 0 FROM n`); err != nil {
			t.Fatal(err)
		}
		dbtest.Eventually(t, "the dead lane is at work", func() bool { return dead.Load() > 0 })
		before, began := dead.Load(), time.Now()
		for lane := range 50 {
			insert(t, d, "hook", note{}, Opts{Lane: fmt.Sprintf("lane%02d", lane)})
			insert(t, d, "hook", note{}, Opts{Lane: fmt.Sprintf("lane%02d", lane)})
		}
		dbtest.Eventually(t, "all healthy lanes served", func() bool {
			mu.Lock()
			defer mu.Unlock()
			for lane := range 50 {
				if healthy[fmt.Sprintf("lane%02d", lane)] != 2 {
					return false
				}
			}
			return true
		})
		t.Logf("100 jobs of 50 healthy lanes in %v beside a dead lane with 10,000, which had %d runs meanwhile",
			time.Since(began).Round(time.Millisecond), dead.Load()-before)
		if deadMost.Load() != 1 {
			t.Errorf("%d jobs of one lane ran at once on two nodes", deadMost.Load())
		}
	})
}

func TestALaneRunsItsShareAtOnceOverAllNodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		var now, most [3]atomic.Int32
		var total atomic.Int32
		for range 2 {
			q := New(d, fast())
			Handle(q, "hook", func(_ context.Context, j Job[note]) error {
				n := now[j.Args.N].Add(1)
				for m := most[j.Args.N].Load(); n > m && !most[j.Args.N].CompareAndSwap(m, n); m = most[j.Args.N].Load() {
				}
				_ = count(t, d, "1 = 1") // something that takes a moment
				now[j.Args.N].Add(-1)
				total.Add(1)
				return nil
			}, Policy{Concurrency: 8, LaneConcurrency: 2})
			start(t, q)
		}
		for i := range 90 {
			insert(t, d, "hook", note{i % 3}, Opts{Lane: fmt.Sprint(i % 3)})
		}
		dbtest.Eventually(t, "all done", func() bool { return total.Load() == 90 })
		for i := range most {
			if most[i].Load() > 2 {
				t.Errorf("lane %d ran %d at once", i, most[i].Load())
			}
		}
	})
}

func TestAClaimThatIsNotCommittedYetCountsForItsLane(t *testing.T) {
	d := dbtest.Open(t, dbtest.FreshDatabase(t, dbtest.PostgresURL(t)), dbtest.NewClock())
	q := New(d, fast())
	Handle(q, "hook", func(context.Context, Job[note]) error { return nil }, Policy{})
	l, err := q.join(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	insert(t, d, "hook", note{}, Opts{Lane: "a"})
	got := make(chan int, 1)
	if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { // another node claims
		if err := tx.LockRow(ctx, "queue_leases", "lanes.hook"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE queue_jobs SET state = 'running', worker = 'other'`); err != nil {
			return err
		}
		insert(t, d, "hook", note{}, Opts{Lane: "a", Priority: -1}) // a new head of the lane
		go func() {
			jobs, err := q.claimLanes(context.Background(), q.handlers["hook"], l.worker, 1)
			if err != nil {
				t.Error(err)
			}
			got <- len(jobs)
		}()
		dbtest.Eventually(t, "the claim waits or is done", func() bool {
			var waiting int
			if err := d.Get(context.Background(), &waiting, `SELECT COUNT(*) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock'`); err != nil {
				t.Fatal(err)
			}
			return waiting > 0 || len(got) > 0
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != 0 {
		t.Errorf("%d jobs of a lane that is full were claimed", n)
	}
}

func TestASingletonMovesWhenItsNodeStopsOrDiesAndTheOldOneCannotWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		var mu sync.Mutex
		leases := map[string]Lease{}
		var atOnce, overlap atomic.Int32
		node := func(name string, crash bool) (stop func()) {
			o := fast()
			o.crash = crash
			q := New(d, o)
			q.Singleton("seq", 5*time.Millisecond, func(ctx context.Context, l Lease) error {
				if atOnce.Add(1) > 1 {
					overlap.Add(1)
				}
				defer atOnce.Add(-1)
				mu.Lock()
				leases[name] = l
				mu.Unlock()
				return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return l.Hold(ctx, tx) })
			})
			return start(t, q)
		}
		has := func(name string) func() bool {
			return func() bool { mu.Lock(); defer mu.Unlock(); return leases[name].Epoch > 0 }
		}
		stopA := node("a", false)
		dbtest.Eventually(t, "a has the duty", has("a"))
		killB := node("b", true)
		stopA()
		dbtest.Eventually(t, "b has it when a stopped", has("b"))
		killB()
		node("c", false)
		dbtest.Eventually(t, "c has it when b died", has("c"))
		mu.Lock()
		defer mu.Unlock()
		if !(leases["a"].Epoch < leases["b"].Epoch && leases["b"].Epoch < leases["c"].Epoch) {
			t.Error("epochs do not grow:", leases)
		}
		for name, l := range leases {
			err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return l.Hold(ctx, tx) })
			if name != "c" && !errors.Is(err, ErrLeaseLost) || name == "c" && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if overlap.Load() > 0 {
			t.Error("two nodes did the duty at once")
		}
	})
}

func TestADutyThatFailsHereIsTriedElsewhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		var worked atomic.Bool
		bad, good := New(d, fast()), New(d, fast())
		var failed atomic.Int32
		bad.Singleton("seq", time.Millisecond, func(context.Context, Lease) error { failed.Add(1); panic("no key file") })
		good.Singleton("seq", time.Millisecond, func(context.Context, Lease) error { worked.Store(true); return nil })
		start(t, bad)
		dbtest.Eventually(t, "it fails", func() bool { return failed.Load() > 0 })
		start(t, good)
		dbtest.Eventually(t, "the other one does it", worked.Load)
	})
}

func TestAScheduleFiresOncePerTimeOnThreeNodesAndOnceAfterAPause(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		var fired atomic.Int32
		var nodes []*Queue
		for range 3 {
			q := New(d, fast())
			Handle(q, "tick", func(context.Context, Job[note]) error { fired.Add(1); return nil }, Policy{})
			q.Periodic("hourly", "0 * * * *", "tick", note{})
			start(t, q)
			nodes = append(nodes, q)
		}
		dbtest.Eventually(t, "all joined", func() bool {
			for _, q := range nodes {
				if q.alive() == nil {
					return false
				}
			}
			return true
		})
		for i := int32(1); i <= 5; i++ {
			clock.Advance(time.Hour)
			dbtest.Eventually(t, "it fires", func() bool { return fired.Load() >= i && count(t, d, "1 = 1") == 0 })
			if fired.Load() != i {
				t.Fatalf("fired %d times in %d hours", fired.Load(), i)
			}
		}
		clock.Advance(5*time.Hour + time.Minute) // nobody looked meanwhile
		dbtest.Eventually(t, "it fires", func() bool { return fired.Load() >= 6 && count(t, d, "1 = 1") == 0 })
		var next db.Time
		if err := d.Get(context.Background(), &next, `SELECT next_run_at FROM queue_schedules WHERE id = 'hourly'`); err != nil {
			t.Fatal(err)
		}
		if want := dbtest.Start.Add(11 * time.Hour); fired.Load() != 6 || !next.Equal(want) {
			t.Errorf("fired %d times; next %v, want %v", fired.Load(), next, want)
		}
	})
}

func TestEveryKeepsItsGrid(t *testing.T) {
	q := New(nil, quiet(Options{}))
	q.Periodic("p", "@every 10m", "tick", nil)
	due := db.At(dbtest.Start)
	for late, want := range map[time.Duration]time.Duration{0: 10 * time.Minute, time.Minute: 10 * time.Minute,
		10 * time.Minute: 20 * time.Minute, 25 * time.Minute: 30 * time.Minute} {
		if got := q.schedules["p"].next(due, db.At(due.Add(late))); got.Sub(due.Time) != want {
			t.Errorf("%v late: next after %v, want %v", late, got.Sub(due.Time), want)
		}
	}
}

func TestStoppingWaitsForJobsAndHandsBackTheSlowOnes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		o := fast()
		o.Grace = 150 * time.Millisecond
		q := New(d, o)
		var began, ended atomic.Int32
		finish := make(chan struct{})
		Handle(q, "quick", func(context.Context, Job[note]) error { began.Add(1); <-finish; ended.Add(1); return nil }, Policy{})
		Handle(q, "slow", func(ctx context.Context, _ Job[note]) error { began.Add(1); <-ctx.Done(); return ctx.Err() }, Policy{})
		stop := start(t, q)
		insert(t, d, "quick", note{}, Opts{})
		insert(t, d, "slow", note{}, Opts{})
		dbtest.Eventually(t, "both run", func() bool { return began.Load() == 2 })
		time.AfterFunc(20*time.Millisecond, func() { close(finish) })
		stop()
		if ended.Load() != 1 || count(t, d, "1 = 1") != 1 || count(t, d, "kind = 'slow' AND state = 'ready' AND attempt = 0") != 1 {
			t.Error("the quick job did not finish, or the slow one was not handed back as it was")
		}
		var nodes int
		if err := d.Get(context.Background(), &nodes, `SELECT COUNT(*) FROM queue_nodes`); err != nil || nodes != 0 {
			t.Error("the node is still a member:", nodes, err)
		}
	})
}

// logLines counts log records with a text.
type logLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *logLines) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), s)
}

func TestAnOutageOfTheDatabaseIsWaitedForAndLoggedOnce(t *testing.T) {
	server := dbtest.PostgresURL(t)
	own := dbtest.FreshDatabase(t, server)
	d := dbtest.Open(t, own, dbtest.NewClock())
	u, err := url.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	admin, err := pgx.Connect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	run := func(sql string) {
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(sql, err)
		}
	}
	var lines logLines
	o := fast()
	o.Log = slog.New(slog.NewTextHandler(&lines, nil))
	q := New(d, o)
	var done, passes atomic.Int32
	release := make(chan struct{})
	Handle(q, "note", func(context.Context, Job[note]) error { <-release; done.Add(1); return nil }, Policy{})
	q.Singleton("seq", time.Millisecond, func(ctx context.Context, l Lease) error {
		passes.Add(1)
		return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return l.Hold(ctx, tx) })
	})
	start(t, q)
	insert(t, d, "note", note{}, Opts{})
	dbtest.Eventually(t, "it runs", func() bool { return count(t, d, "state = 'running'") == 1 && passes.Load() > 0 })
	run(`ALTER DATABASE "` + name + `" ALLOW_CONNECTIONS false`)
	run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '` + name + `'`)
	close(release) // the job ends while its end cannot be recorded
	dbtest.Eventually(t, "the outage is noticed", func() bool { return lines.count("claiming jobs") == 1 && done.Load() == 1 })
	time.AfterFunc(600*time.Millisecond, func() { lines.mu.Lock(); lines.b.WriteString("TIME IS UP"); lines.mu.Unlock() })
	dbtest.Eventually(t, "many tries failed", func() bool { return lines.count("TIME IS UP") > 0 })
	if n := lines.count(`what="claiming jobs"`); n != 1 {
		t.Errorf("%d lines about one outage", n)
	}
	before := passes.Load()
	run(`ALTER DATABASE "` + name + `" ALLOW_CONNECTIONS true`)
	dbtest.Eventually(t, "everything goes on", func() bool {
		return passes.Load() > before+3 && lines.count("works again") >= 2 && count(t, d, "1 = 1") == 0
	})
	if done.Load() != 1 {
		t.Errorf("the job ran %d times", done.Load())
	}
}
