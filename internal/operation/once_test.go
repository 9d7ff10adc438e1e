package operation_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/secret"
)

func service(t testing.TB, d *db.DB) *operation.Service {
	t.Helper()
	box, err := secret.Open(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return operation.NewService(operation.Deps{DB: d, Box: box})
}

// effects makes a table for the effects of requests.
func effects(t testing.TB, d *db.DB) {
	t.Helper()
	if _, err := d.Exec(context.Background(), `CREATE TABLE test_effects (what TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
}

func effect(ctx context.Context, d *db.DB, what string) error {
	return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO test_effects (what) VALUES ($1)`, what)
		return err
	})
}

func number(t testing.TB, d *db.DB, sql string) (n int) {
	t.Helper()
	if err := d.Get(context.Background(), &n, sql); err != nil {
		t.Fatal(err)
	}
	return n
}

func allowed(context.Context) error { return nil }

func key(name, body string) operation.Key {
	h := sha256.Sum256([]byte(body))
	return operation.Key{Actor: "ann", Method: "POST", Path: "/api/v1/customers", Key: name, BodyHash: h[:], Recheck: allowed}
}

func TestSixteenEqualRequestsAtOnceTakeEffectOnceAndGetTheSameAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := service(t, d)
		effects(t, d)
		var replays atomic.Int32
		var wg sync.WaitGroup
		want := operation.Answer{Status: 201, Header: http.Header{"Location": {"/api/v1/customers/1"}}, Body: []byte(`{"id":"1"}`)}
		for range 16 {
			wg.Go(func() {
				got, replayed, err := s.Once(context.Background(), key("k", "b"), func(ctx context.Context) (operation.Answer, error) {
					return want, effect(ctx, d, "made")
				})
				if err != nil {
					t.Error(err)
				}
				if replayed {
					replays.Add(1)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
		wg.Wait()
		if n := number(t, d, `SELECT COUNT(*) FROM test_effects`); n != 1 || replays.Load() != 15 {
			t.Errorf("%d effects and %d replays", n, replays.Load())
		}
	})
}

func TestAWaitingRequestRunsWhenTheFirstOneFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := service(t, d)
		effects(t, d)
		var tries, failures, answers atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, _, err := s.Once(context.Background(), key("k", "b"), func(ctx context.Context) (operation.Answer, error) {
					if err := effect(ctx, d, "made"); err != nil {
						return operation.Answer{}, err
					}
					if tries.Add(1) <= 3 {
						return operation.Answer{}, errs.New(errs.Unavailable, "database_unavailable", "Away.")
					}
					return operation.Answer{Status: 204}, nil
				})
				if err != nil {
					failures.Add(1)
				} else {
					answers.Add(1)
				}
			})
		}
		wg.Wait()
		if n := number(t, d, `SELECT COUNT(*) FROM test_effects`); n != 1 || failures.Load() != 3 || answers.Load() != 5 {
			t.Errorf("%d effects, %d failures, %d answers", n, failures.Load(), answers.Load())
		}
	})
}

func TestOnlyTheSameRequestIsReplayed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := service(t, d)
		runs := 0
		ask := func(k operation.Key) (bool, error) {
			_, replayed, err := s.Once(context.Background(), k, func(context.Context) (operation.Answer, error) {
				runs++
				return operation.Answer{Status: 200}, nil
			})
			return replayed, err
		}
		if replayed, err := ask(key("kk", "b")); replayed || err != nil {
			t.Fatal(replayed, err)
		}
		for _, change := range []func(*operation.Key){
			func(k *operation.Key) { k.Actor = "bob" },
			func(k *operation.Key) { k.Method = "PUT" },
			func(k *operation.Key) { k.Path += "/1" },
			func(k *operation.Key) { k.Key += "1" },
			func(k *operation.Key) { k.Path, k.Key = k.Path+"k", "k" }, // parts do not run into each other
		} {
			k := key("kk", "b")
			change(&k)
			if replayed, err := ask(k); replayed || err != nil {
				t.Errorf("%+v: replayed %v, %v", k, replayed, err)
			}
		}
		if runs != 6 {
			t.Error("runs:", runs)
		}
		if _, err := ask(key("kk", "other")); errs.KindOf(err) != errs.Mismatch || errs.CodeOf(err) != "idempotency_key_reused" {
			t.Error("another body:", err)
		}
		no := errs.New(errs.Forbidden, "forbidden", "No.")
		k := key("kk", "b")
		k.Recheck = func(context.Context) error { return no }
		if _, err := ask(k); !errors.Is(err, no) {
			t.Error("rights were withdrawn, yet:", err)
		}
		k.Recheck = nil
		if _, err := ask(k); err == nil {
			t.Error("without a second check nothing may be replayed")
		}
	})
}

func TestAnAnswerThatIsARefusalIsNotStoredAndLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := service(t, d)
		effects(t, d)
		for i, status := range []int{400, 503, 302, 200} {
			got, replayed, err := s.Once(context.Background(), key("k", "b"), func(ctx context.Context) (operation.Answer, error) {
				return operation.Answer{Status: status}, effect(ctx, d, "made")
			})
			if err != nil || replayed || got.Status != status {
				t.Errorf("try %d: %d %v %v", i, got.Status, replayed, err)
			}
		}
		if n := number(t, d, `SELECT COUNT(*) FROM test_effects`); n != 1 {
			t.Errorf("%d effects", n)
		}
	})
}

func TestStoredAnswersAreSealedAndForgottenInTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		s := service(t, d)
		q := queue.New(d, queue.Options{})
		s.Register(q)
		runs := map[bool]int{}
		ask := func(holdsSecret bool) {
			t.Helper()
			got, _, err := s.Once(context.Background(), key(fmt.Sprint(holdsSecret), "b"), func(context.Context) (operation.Answer, error) {
				runs[holdsSecret]++
				return operation.Answer{Status: 201, Body: []byte("plain-to-see"), Secret: holdsSecret}, nil
			})
			if err != nil || string(got.Body) != "plain-to-see" {
				t.Fatal(string(got.Body), err)
			}
		}
		both := func(wantSecret, wantOther int) {
			t.Helper()
			ask(true)
			ask(false)
			if runs[true] != wantSecret || runs[false] != wantOther {
				t.Errorf("runs %v, want %d and %d", runs, wantSecret, wantOther)
			}
		}
		both(1, 1)
		var rows [][]byte
		if err := d.Select(context.Background(), &rows, `SELECT answer FROM operation_keys`); err != nil || len(rows) != 2 {
			t.Fatal(len(rows), err)
		}
		for _, r := range rows {
			if bytes.Contains(r, []byte("plain")) {
				t.Error("an answer lies open in the database")
			}
		}
		clock.Advance(time.Hour - time.Second)
		both(1, 1)
		clock.Advance(time.Second)
		both(2, 1)
		clock.Advance(23 * time.Hour)
		both(3, 2)
		clock.Advance(24 * time.Hour)
		if _, err := q.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return queue.Insert(ctx, tx, "operation.purge", struct{}{}, queue.Opts{})
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := number(t, d, `SELECT COUNT(*) FROM operation_keys`); n != 0 {
			t.Errorf("%d expired keys are left", n)
		}
	})
}

func TestADryRunNeitherStoresNorUsesTheKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		s := service(t, d)
		effects(t, d)
		for _, ctx := range []context.Context{db.DryRun(context.Background()), context.Background(), db.DryRun(context.Background())} {
			_, replayed, err := s.Once(ctx, key("k", "b"), func(ctx context.Context) (operation.Answer, error) {
				return operation.Answer{Status: 201}, effect(ctx, d, "made")
			})
			if err != nil || replayed {
				t.Fatal(replayed, err)
			}
		}
		if n := number(t, d, `SELECT COUNT(*) FROM test_effects`); n != 1 {
			t.Errorf("%d effects", n)
		}
	})
}

func TestMalformedKeysAreRefusedByName(t *testing.T) {
	s := operation.NewService(operation.Deps{})
	for _, bad := range []string{"", strings.Repeat("k", 256), "a\nb", "a\x00", "é", "\x7f"} {
		_, _, err := s.Once(context.Background(), key(bad, "b"), nil)
		if e := errs.As(err); e.Kind != errs.Invalid || len(e.Fields) != 1 || e.Fields[0].Code != "bad_idempotency_key" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Against a model that keeps answers in a map, whatever the order of requests, failures and time.
func TestKeysBehaveLikeAMapOfAnswers(t *testing.T) {
	clock := dbtest.NewClock()
	d := dbtest.Open(t, dbtest.SQLiteURL(t), clock)
	s := service(t, d)
	effects(t, d)
	type entry struct {
		body, answer string
		until        time.Time
	}
	model, serial := map[string]entry{}, 0
	wantEffects := 0
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 20).Draw(rt, "requests") {
			clock.Advance(time.Duration(rapid.IntRange(0, 20).Draw(rt, "minutes")) * time.Minute)
			k := key(rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "key"), "")
			k.Actor = rapid.SampledFrom([]string{"ann", "bob"}).Draw(rt, "actor")
			body := rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "body")
			h := sha256.Sum256([]byte(body))
			k.BodyHash = h[:]
			fails, hides := rapid.Bool().Draw(rt, "fails"), rapid.Bool().Draw(rt, "secret")
			serial++
			answer := fmt.Sprint(serial)
			got, replayed, err := s.Once(context.Background(), k, func(ctx context.Context) (operation.Answer, error) {
				if err := effect(ctx, d, answer); err != nil || fails {
					return operation.Answer{}, errors.Join(err, errors.New("failed"))
				}
				return operation.Answer{Status: 200, Body: []byte(answer), Secret: hides}, nil
			})
			name := k.Actor + "/" + k.Key
			known, ok := model[name]
			ok = ok && known.until.After(clock.Now())
			switch {
			case ok && known.body != body:
				if errs.KindOf(err) != errs.Mismatch {
					rt.Fatalf("other body: %v", err)
				}
			case ok:
				if err != nil || !replayed || string(got.Body) != known.answer {
					rt.Fatalf("replay: %q %v %v, want %q", got.Body, replayed, err, known.answer)
				}
			case fails:
				if err == nil || replayed {
					rt.Fatal("the failure is hidden")
				}
			default:
				if err != nil || replayed || string(got.Body) != answer {
					rt.Fatalf("first: %q %v %v", got.Body, replayed, err)
				}
				life := 24 * time.Hour
				if hides {
					life = time.Hour
				}
				model[name] = entry{body, answer, clock.Now().Add(life)}
				wantEffects++
			}
			if n := number(t, d, `SELECT COUNT(*) FROM test_effects`); n != wantEffects {
				rt.Fatalf("%d effects, want %d", n, wantEffects)
			}
		}
	})
}
