package queue

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
)

// nodeEnv holds the database of a process that is one node of the kill test.
const nodeEnv = "LINECARD_QUEUE_TEST_NODE"

func TestMain(m *testing.M) {
	if url := os.Getenv(nodeEnv); url != "" {
		nodeProcess(url)
		return
	}
	os.Exit(m.Run())
}

// nodeProcess works on jobs that take effect and end in one transaction, until it is killed.
func nodeProcess(url string) {
	d, err := db.Open(context.Background(), url, db.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	q := New(d, Options{Beat: 100 * time.Millisecond, Poll: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	Handle(q, "effect", func(ctx context.Context, j Job[note]) error {
		return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO test_effects (n) VALUES ($1)`, j.Args.N); err != nil {
				return err
			}
			return j.Complete(ctx, tx)
		})
	}, Policy{Concurrency: 3})
	fmt.Println("ready")
	_ = q.Run(context.Background())
}

// spawn starts a node as a process of its own; kill ends it without warning.
func spawn(t *testing.T, url string) (kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), nodeEnv+"="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	t.Cleanup(kill)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal("the node did not start: ", err)
	}
	return kill
}

func effects(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.Get(context.Background(), &n, `SELECT COUNT(*) FROM test_effects`); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestProcessesKilledAtRandomLoseNoJobAndRepeatNoEffect(t *testing.T) {
	const jobs, kills = 800, 8
	run := func(t *testing.T, url string, nodes int) {
		d := dbtest.Open(t, url, db.System{})
		if _, err := d.Exec(context.Background(), `CREATE TABLE test_effects (n BIGINT NOT NULL)`); err != nil {
			t.Fatal(err)
		}
		inserted := make(chan struct{})
		go func() {
			defer close(inserted)
			for i := range jobs {
				insert(t, d, "effect", note{i}, Opts{})
			}
		}()
		caught := 0 // jobs that ran when their node was killed, about
		running := make([]func(), nodes)
		for i := range running {
			running[i] = spawn(t, url)
		}
		for i := range kills {
			at := jobs*(i+1)/(kills+2) + rand.IntN(jobs/(kills+2))
			dbtest.Eventually(t, "work goes on", func() bool { return effects(t, d) >= at })
			caught += count(t, d, "state = 'running'")
			running[i%nodes]()
			running[i%nodes] = spawn(t, url)
		}
		<-inserted
		dbtest.Eventually(t, "all jobs are done", func() bool { return count(t, d, "1 = 1") == 0 })
		var got struct{ All, Different int }
		if err := d.Get(context.Background(), &got, `SELECT COUNT(*) AS "all", COUNT(DISTINCT n) AS different FROM test_effects`); err != nil {
			t.Fatal(err)
		}
		if got.All != jobs || got.Different != jobs {
			t.Errorf("%d effects of %d different jobs, want %d of each", got.All, got.Different, jobs)
		}
		t.Logf("%d kills caught about %d jobs at work", kills, caught)
	}
	t.Run("sqlite", func(t *testing.T) { run(t, dbtest.SQLiteURL(t), 1) })
	t.Run("postgres", func(t *testing.T) { run(t, dbtest.FreshDatabase(t, dbtest.PostgresURL(t)), 2) })
}

func TestADutyMovesWithinTenSecondsWithTheSettingsOfProduction(t *testing.T) {
	d := dbtest.Open(t, dbtest.FreshDatabase(t, dbtest.PostgresURL(t)), db.System{})
	node := func(crash bool) (q *Queue, has *atomic.Bool) {
		has = &atomic.Bool{}
		q = New(d, quiet(Options{crash: crash}))
		q.Singleton("seq", 10*time.Millisecond, func(context.Context, Lease) error { has.Store(true); return nil })
		return q, has
	}
	a, aHas := node(true)
	b, bHas := node(false)
	kill := start(t, a)
	dbtest.Eventually(t, "the first node has it", aHas.Load)
	start(t, b)
	dbtest.Eventually(t, "the second node has joined", func() bool { return b.alive() != nil })
	began := time.Now()
	kill()
	dbtest.Eventually(t, "the second node has it", bHas.Load) // 10 s
	t.Log("moved after", time.Since(began).Round(10*time.Millisecond))
}
