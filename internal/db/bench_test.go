package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
)

// BenchmarkDurableTransactions is the price of synchronous=FULL on SQLite: each transaction is on the disk before it is
// answered. "of_fsync" is its rate divided by the rate at which one client can append a page to a file of the same disk and
// sync it, measured in the same run. With many clients a file sync is shared, so the ratio may pass 1.
func BenchmarkDurableTransactions(b *testing.B) {
	for _, clients := range []int{1, 16} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			d := dbtest.Open(b, dbtest.SQLiteURL(b), db.System{})
			ctx := context.Background()
			if _, err := d.Exec(ctx, `CREATE TABLE db_rows (id TEXT PRIMARY KEY, name TEXT)`); err != nil {
				b.Fatal(err)
			}
			syncs := serialSyncs(b)
			one := func() error {
				return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Exec(ctx, `INSERT INTO db_rows (id, name) VALUES ($1, 'x')`, db.NewID())
					return err
				})
			}
			b.ResetTimer()
			left := make(chan struct{}, clients)
			for c := range clients {
				share := b.N / clients
				if c < b.N%clients {
					share++
				}
				go func() {
					defer func() { left <- struct{}{} }()
					for range share {
						if err := one(); err != nil {
							b.Error(err)
							return
						}
					}
				}()
			}
			for range clients {
				<-left
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/syncs, "of_fsync")
		})
	}
}

// serialSyncs is how often a second one client can append a page and sync the file.
func serialSyncs(b *testing.B) float64 {
	f, err := os.Create(filepath.Join(b.TempDir(), "syncs"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	begin, n := time.Now(), 0
	for ; time.Since(begin) < 300*time.Millisecond; n++ {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(begin).Seconds()
}
