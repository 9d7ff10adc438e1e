package queue

import (
	"context"
	"sync/atomic"
	"testing"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
)

// BenchmarkJobs measures a job from its insertion (20 in a transaction) to the end that is recorded, on one node.
func BenchmarkJobs(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return dbtest.SQLiteURL(b) },
		"postgres": func() string { return dbtest.FreshDatabase(b, dbtest.PostgresURL(b)) },
	} {
		b.Run(name, func(b *testing.B) {
			d := dbtest.Open(b, url(), db.System{})
			q := New(d, quiet(Options{}))
			var left atomic.Int64
			left.Store(int64(b.N))
			done := make(chan struct{})
			Handle(q, "note", func(context.Context, Job[note]) error {
				if left.Add(-1) == 0 {
					close(done)
				}
				return nil
			}, Policy{Concurrency: 200})
			start(b, q)
			b.ResetTimer()
			for i := 0; i < b.N; i += 20 {
				if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
					for range min(20, b.N-i) {
						if err := Insert(ctx, tx, "note", note{i}, Opts{}); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
			<-done
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}
