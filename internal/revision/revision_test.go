package revision_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/revision"
)

func bump(t *testing.T, d *db.DB, kind revision.Kind, id string) {
	t.Helper()
	if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return revision.Bump(ctx, tx, kind, id)
	}); err != nil {
		t.Error(err)
	}
}

func of(t *testing.T, q db.Q, keys ...revision.Key) revision.Vector {
	t.Helper()
	v, err := revision.Of(context.Background(), q, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var (
	oper = revision.Key{Kind: revision.Operator, ID: "o1"}
	cust = revision.Key{Kind: revision.Customer, ID: "c1"}
	dev  = revision.Key{Kind: revision.Device, ID: "d1"}
)

func TestAVectorMovesWithItsOwnCountersAndNoOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		v := of(t, d, oper, cust, dev)
		if v != of(t, d, dev, cust, oper, dev) {
			t.Error("the order of keys matters")
		}
		bump(t, d, revision.Device, "d2")
		if v != of(t, d, oper, cust, dev) {
			t.Error("another device's counter counts")
		}
		for _, k := range []revision.Key{oper, cust, dev, dev} {
			bump(t, d, k.Kind, k.ID)
			if holds, err := v.Holds(context.Background(), d); err != nil || holds {
				t.Error(k, "does not count:", err)
			}
			now := of(t, d, v.Keys()...)
			if holds, err := now.Holds(context.Background(), d); err != nil || !holds {
				t.Error(k, "counts for nothing:", err)
			}
			if now == v {
				t.Error(k, "does not count")
			}
			v = now
		}
		if want := "customer:c1=1 device:d1=2 operator:o1=1"; v.String() != want {
			t.Errorf("%s, want %s", v, want)
		}
		back, err := revision.Parse(v.String())
		if err != nil || back != v {
			t.Error("does not read back:", back, err)
		}
	})
}

func TestARolledBackBumpDoesNotCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		bump(t, d, revision.Customer, "c1")
		before := of(t, d, cust)
		_ = d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if err := revision.Bump(ctx, tx, revision.Customer, "c1"); err != nil {
				t.Error(err)
			}
			if of(t, tx, cust) == before {
				t.Error("the transaction does not see its own bump")
			}
			return errors.New("no")
		})
		if of(t, d, cust) != before {
			t.Error("it counts")
		}
	})
}

func TestNoConcurrentBumpIsLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					bump(t, d, revision.Customer, "c1")
				}
			})
		}
		wg.Wait()
		if got := of(t, d, cust).String(); got != "customer:c1=80" {
			t.Error(got)
		}
	})
}

func TestTextThatIsNoVectorIsRefused(t *testing.T) {
	for _, s := range []string{"x", "customer:c1", "customer:c1=", "customer:=1", "c1=1", "customer:c1=1 y"} {
		if v, err := revision.Parse(s); err == nil {
			t.Errorf("%q reads as %v", s, v)
		}
	}
}
