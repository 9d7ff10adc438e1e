package billing_test

import (
	"context"
	"runtime"
	"testing"

	"linecard/internal/billing"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
)

// subscribers is how many the benchmark bills: 100,000 with a package over 31 days, in 1,000 customers, a third of them with a second one.
const subscribers = 100_000

// watched counts what is written and looks at the memory in use now and then.
type watched struct {
	bytes int64
	next  int64
	heap  uint64
}

func (w *watched) Write(b []byte) (int, error) {
	if w.bytes += int64(len(b)); w.bytes >= w.next {
		w.next = w.bytes + 2<<20
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		w.heap = max(w.heap, m.HeapAlloc)
	}
	return len(b), nil
}

// BenchmarkAUserReportOver100000SubscribersAnd31Days must take at most ten seconds, with memory that does not grow with the rows.
func BenchmarkAUserReportOver100000SubscribersAnd31Days(b *testing.B) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", dbtest.SQLiteURL}, {"postgres", dbtest.MigratedPostgresURL}} {
		b.Run(engine.name, func(b *testing.B) {
			clock := dbtest.NewClock()
			d := dbtest.Open(b, engine.url(b), clock)
			w := newWorld(b, d, clock)
			fill(b, w)
			r := billing.Report{PartnerID: w.P.ID, Start: "2024-07-01", End: "2024-07-31", Type: billing.TypeUser, Category: billing.Reconciliation}
			var out watched
			b.ResetTimer()
			for range b.N {
				out = watched{heap: out.heap}
				rows, err := w.billing.WriteReport(ctx, r, &out)
				if err != nil || rows < subscribers {
					b.Fatalf("%d rows, %v", rows, err)
				}
			}
			b.ReportMetric(float64(out.heap)/(1<<20), "MB-heap")
			b.ReportMetric(float64(out.bytes)/(1<<20), "MB-file")
		})
	}
}

func fill(b *testing.B, w *world) {
	b.Helper()
	from := instant("2024-07-01 00:00").Unix()
	w.OK(w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, v := range []struct {
			item, mark string
			each       int
		}{{"calling", "a", 1}, {"suite", "b", 3}} {
			if _, err := tx.Exec(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
				INSERT INTO usage_spans (id, item, sku, rule, partner_id, sub_partner_id, subscription_id, customer_id, scope, holder_kind, holder_id, external_id, units, started, ended, corrects, note, created)
				SELECT $2 || i, $3, $4, 'prorated', $5, '', 's', 'customer-' || (i % 1000), $6, 'user', 'user-' || i, '', 1, $7 + (i * 7919) % 2000000, CASE WHEN i % 4 = 0 THEN $8 + (i * 7919) % 2000000 + 500000 END, '', '', 0
				FROM n WHERE i % $9 = 0`, subscribers, v.mark, v.item, v.item, w.P.ID, w.P.Scope, from, from, v.each); err != nil {
				return err
			}
		}
		return nil
	}))
	w.Clock.Set(instant("2024-09-01 00:00"))
}
