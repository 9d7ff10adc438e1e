package account

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// BenchmarkSignInRefusals is an attack of 64 clients at once: a third guesses passwords of addresses that exist, a third
// tries addresses that nobody has, a third hammers addresses that are locked. Target: 100 refusals a second on two cores
// while the memory stays bounded, because hashes queue for a second's work and the rest is sent away.
func BenchmarkSignInRefusals(b *testing.B) {
	for name, open := range map[string]func(*testing.B, *dbtest.Clock) *db.DB{
		"sqlite":   func(b *testing.B, c *dbtest.Clock) *db.DB { return dbtest.Open(b, dbtest.SQLiteURL(b), c) },
		"postgres": func(b *testing.B, c *dbtest.Clock) *db.DB { return dbtest.Open(b, dbtest.MigratedPostgresURL(b), c) },
	} {
		b.Run(name, func(b *testing.B) {
			clock := dbtest.NewClock()
			w := newWorld(b, open(b, clock), clock)
			var known, locked []string
			for range 200 {
				known = append(known, w.person(w.p, access.PartnerSupport).Email)
			}
			for range 5 {
				acc := w.person(w.p, access.PartnerSupport)
				for range 10 {
					_ = w.signIn(acc, "wrong")
				}
				locked = append(locked, acc.Email)
			}
			w.svc.hasher = NewHasher(0, 0) // the real costs and queue
			attack(b, w, known, locked)
		})
	}
}

func attack(b *testing.B, w *world, known, locked []string) {
	var n, wrong, lock, busy atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var heap uint64
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			email := fmt.Sprintf("nobody%d@example.test", i)
			switch i % 3 {
			case 0:
				email = known[i/3%len(known)]
			case 1:
				email = locked[i/3%len(locked)]
			}
			began := time.Now()
			_, err := w.svc.SignIn(w.ctx(), SignIn{Realm: PartnerRealm, Email: email, Password: secret.Hide("guess"), IP: "192.0.2.66"})
			needed := time.Since(began)
			switch errs.KindOf(err) {
			case errs.Unauthenticated:
				wrong.Add(1)
			case errs.Locked:
				lock.Add(1)
			case errs.Unavailable:
				busy.Add(1)
			default:
				b.Errorf("%v", err)
			}
			mu.Lock()
			took = append(took, needed)
			if i%50 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap = max(heap, m.HeapInuse)
			}
			mu.Unlock()
		}
	})
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "refusals/s")
	b.ReportMetric(float64(wrong.Load())/b.Elapsed().Seconds(), "looked-at/s")
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(heap)/(1<<20), "peak-MiB")
	b.ReportMetric(100*float64(busy.Load())/float64(b.N), "%busy")
	b.ReportMetric(100*float64(lock.Load())/float64(b.N), "%locked")
}
