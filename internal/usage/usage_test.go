package usage_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"linecard/internal/catalog/catalogtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/usage"
)

var ctx = context.Background()

func span(w *catalogtest.World, item, holder string) usage.Span {
	return usage.Span{CustomerID: w.A.ID, Scope: w.A.Scope, PartnerID: w.P.ID, SubscriptionID: "sub", Item: item, SKU: "SKU-" + item, Holder: usage.User, HolderID: holder}
}

func open(w *catalogtest.World, s usage.Span) error {
	return w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return usage.Open(ctx, tx, s) })
}

func shut(w *catalogtest.World, item, holder string) error {
	return w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return usage.Close(ctx, tx, item, usage.User, holder) })
}

func history(t *testing.T, w *catalogtest.World, holder string) []usage.Span {
	t.Helper()
	all, err := usage.OfHolder(ctx, w.DB, usage.User, holder)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// WS-10, decision 6: one open span for each holder and item, by constraint; also against sixteen at once.
func TestOnlyOneOfManyOpensTheSameItem(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		var all sync.WaitGroup
		var mu sync.Mutex
		opened, refused := 0, 0
		for range 16 {
			all.Add(1)
			go func() {
				defer all.Done()
				err := open(w, span(w, "calling", "u1"))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					opened++
				case errs.CodeOf(err) == "already_metered":
					refused++
				default:
					t.Error(err)
				}
			}()
		}
		all.Wait()
		if opened != 1 || refused != 15 || len(history(t, w, "u1")) != 1 {
			t.Errorf("%d opened, %d refused", opened, refused)
		}
		w.OK(open(w, span(w, "suite", "u1"))) // another item is another span
		w.OK(w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return usage.CloseAll(ctx, tx, usage.User, "u1") }))
		for _, s := range history(t, w, "u1") {
			if s.End == usage.Forever {
				t.Errorf("%+v", s)
			}
		}
		w.OK(shut(w, "calling", "nobody"))
	})
}

// slow is a clock that moves with every look at it.
type slow struct{ *dbtest.Clock }

func (c slow) Now() time.Time { c.Advance(700 * time.Millisecond); return c.Clock.Now() }

// WS-136: what ends and what begins in one transaction do so at the same instant, however long it takes, so a day splits exactly.
func TestAChangeOfPackageHasOneInstant(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.MigratedPostgresURL} {
		t.Run(name, func(t *testing.T) {
			clock := dbtest.NewClock()
			w := catalogtest.New(t, dbtest.Open(t, url(t), slow{clock}), clock)
			w.OK(open(w, span(w, "calling", "u1")))
			clock.Advance(time.Hour)
			w.OK(w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				if err := usage.Close(ctx, tx, "calling", usage.User, "u1"); err != nil {
					return err
				}
				return usage.Open(ctx, tx, span(w, "suite", "u1"))
			}))
			all := history(t, w, "u1")
			if len(all) != 2 || all[0].End != all[1].Start || all[0].End-all[0].Start < 3600 {
				t.Errorf("%+v", all)
			}
		})
	}
}

// Issue 4, bad input: clock jumps do not bend the ledger.
func TestAClockThatJumpsDoesNotBendTheLedger(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		start := w.Clock.Now()
		w.OK(open(w, span(w, "calling", "back")))
		w.Clock.Set(start.Add(-48 * time.Hour))
		w.OK(shut(w, "calling", "back"))
		if s := history(t, w, "back")[0]; s.End != s.Start {
			t.Errorf("time ran backwards: %+v", s)
		}

		w.Clock.Set(start.Add(24 * time.Hour))
		today := w.Clock.Now().Truncate(24 * time.Hour).Unix()
		w.OK(usage.Settle(ctx, w.DB, today))
		w.Clock.Set(start.Add(-300 * 24 * time.Hour)) // behind what was settled: a report that was made stays as it is
		w.OK(open(w, span(w, "calling", "late")))
		if s := history(t, w, "late")[0]; s.Start != today {
			t.Errorf("%+v begins before %d", s, today)
		}

		w.Clock.Set(start.AddDate(6, 0, 0)) // a clock that stands years ahead settles nothing …
		catalogtest.Code(t, usage.Settle(ctx, w.DB, w.Clock.Now().Truncate(24*time.Hour).Unix()), "usage_not_settled")
		w.Clock.Set(start.Add(25 * time.Hour)) // … and once it is right again, everything begins when it does
		w.OK(open(w, span(w, "calling", "now")))
		if s := history(t, w, "now")[0]; s.Start != w.Clock.Now().Unix() {
			t.Errorf("%+v", s)
		}
		later := start.AddDate(0, 0, 30) // a server that was off for a month is believed when asked twice
		w.Clock.Set(later)
		catalogtest.Code(t, usage.Settle(ctx, w.DB, later.Truncate(24*time.Hour).Unix()), "usage_not_settled")
		w.Clock.Set(later.Add(6 * time.Minute))
		w.OK(usage.Settle(ctx, w.DB, later.Truncate(24*time.Hour).Unix()))
		catalogtest.Code(t, usage.Settle(ctx, w.DB, later.AddDate(0, 0, 1).Unix()), "usage_not_settled") // tomorrow has not come
	})
}

// Decision 6: who settles waits for those who are writing, and what they wrote is in it.
func TestSettlingWaitsForWhoIsWriting(t *testing.T) {
	clock := dbtest.NewClock()
	w := catalogtest.New(t, dbtest.Open(t, dbtest.MigratedPostgresURL(t), clock), clock)
	clock.Set(time.Date(2026, 3, 2, 23, 59, 59, 0, time.UTC))
	written, settled := make(chan struct{}), make(chan error, 1)
	go func() {
		<-written
		settled <- usage.Settle(ctx, w.DB, time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC).Unix())
	}()
	seen := false
	w.OK(w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := usage.Open(ctx, tx, span(w, "calling", "u1")); err != nil {
			return err
		}
		clock.Set(time.Date(2026, 3, 3, 0, 0, 5, 0, time.UTC))
		close(written)
		select {
		case <-settled:
			seen = true
		case <-time.After(300 * time.Millisecond):
		}
		return nil
	}))
	if seen {
		t.Fatal("it settled beneath a transaction that was writing")
	}
	w.OK(<-settled)
	if s := history(t, w, "u1")[0]; s.Start != time.Date(2026, 3, 2, 23, 59, 59, 0, time.UTC).Unix() {
		t.Errorf("%+v", s)
	}
}

// WS-55: what was wrong is put right by rows, never by changing one.
func TestACorrectionIsARowOfItsOwn(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		w.OK(open(w, span(w, "calling", "u1")))
		w.Clock.Advance(2 * time.Hour)
		w.OK(shut(w, "calling", "u1"))
		s := history(t, w, "u1")[0]
		correct := func(units, from, to int64) error {
			return w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				return usage.Correct(ctx, tx, s.ID, units, from, to, "assigned by mistake")
			})
		}
		catalogtest.Code(t, correct(-1, s.Start-1, s.End), "correction_outside")
		catalogtest.Code(t, correct(-1, s.Start, s.End+1), "correction_outside")
		w.OK(correct(-1, s.Start, s.Start+3600))
		all := history(t, w, "u1")
		if len(all) != 2 || all[0] != s && all[1] != s {
			t.Errorf("%+v", all)
		}
		sum := int64(0)
		w.OK(usage.Each(ctx, w.DB, usage.Query{PartnerID: w.P.ID, From: 0, Until: 1 << 40}, func(x usage.Span) error { sum += x.Units * (x.End - x.Start); return nil }))
		if sum != 3600 {
			t.Errorf("%d seconds", sum)
		}
	})
}
