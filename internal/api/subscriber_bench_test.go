package api_test

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// staffed gives customers of P that may have any number of users with calling.
func (w *world) staffed(n int) []string {
	w.tb.Helper()
	ctx := context.Background()
	_, err := w.d.Catalog.Subscribe(ctx, system, w.p.ID, catalog.NewSubscription{Currency: "EUR", Start: "2020-01-01", Items: []string{"calling"}})
	w.ok(err)
	_, err = w.d.Catalog.SetSubscriptionState(ctx, system, w.p.ID, catalog.Sells, 0)
	w.ok(err)
	ids := make([]string, n)
	for i := range ids {
		m, err := w.d.Tenants.CreateCustomer(ctx, system, tenant.NewCustomer{OwnerID: w.p.ID, Wholesale: true, Details: tenant.Details{Name: fmt.Sprint("Bench ", i), Email: mail(), Contact: "Ann Lee", Country: "DE"}, PermissionTypes: []string{tenant.DMP}})
		w.ok(err)
		w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return w.d.Catalog.SetCustomerPackages(ctx, tx, system, m, []catalog.PackageLimit{{Code: "calling"}})
		}))
		name, zone, language := "Office", "Europe/Berlin", "de"
		_, err = w.d.Subscriber.CreateLocation(ctx, system, m.ID, subscriber.LocationPatch{Name: &name, TimeZone: &zone, Language: &language,
			Address: &subscriber.Address{Line1: "Linden 1", City: "Berlin", PostalCode: "10117", Country: "DE"}})
		w.ok(err)
		_, err = w.d.Subscriber.CreateUser(ctx, system, m.ID, subscriber.NewUser{Email: mail(), FirstName: "Ann", LastName: "Lee", Package: "calling", Extension: "100"})
		w.ok(err) // the first one becomes administrator
		ids[i] = m.ID
	}
	return ids
}

func benchUser(n int64) map[string]any {
	return map[string]any{"email": fmt.Sprintf("bench%d@users.test", n), "first_name": "Ann", "last_name": "Lee", "package": "calling", "extension": strconv.FormatInt(10_000_000+n, 10)}
}

// BenchmarkSubscriberCreates is single creates over HTTP by 16 clients: a user with its line, its count under the limit, its span in the
// ledger and its event, each durable. The target on SQLite is 0.35 of the serial file syncs of the same disk, on PostgreSQL 0.3 of
// pgbench's simple update with as many clients on the same server; they take turns.
func BenchmarkSubscriberCreates(b *testing.B) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.MigratedPostgresURL} {
		b.Run(name, func(b *testing.B) {
			where := database(b)
			w, url := benchWorldOn(b, where)
			customers, token := w.staffed(clients), w.as(w.p, access.PartnerFullAdmin)
			unit, yardstick := "fsync/s", func() float64 { return fsyncs(b, round/2) }
			if name == "postgres" {
				unit, yardstick = "pgbench/s", simpleUpdates(b, where)
			}
			var serial atomic.Int64
			create := func(c *http.Client, _ int64) int {
				n := serial.Add(1)
				return ask(b, c, "POST", url+"/api/v1/customers/"+customers[n%clients]+"/users", token, benchUser(n))
			}
			for b.Loop() {
				var made, measure float64
				for range rounds {
					measure += yardstick()
					made += rate(b, round, create, http.StatusCreated)
				}
				b.ReportMetric(made/rounds, "creates/s")
				b.ReportMetric(measure/rounds, unit)
				b.ReportMetric(made/measure, "ratio")
			}
		})
	}
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// simpleUpdates prepares pgbench's tables beside ours and gives how many of its simple updates are done in a second by as many clients.
func simpleUpdates(b *testing.B, database string) func() float64 {
	b.Helper()
	program, err := exec.LookPath("pgbench")
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench"); err != nil && len(found) > 0 {
		program, err = found[len(found)-1], nil
	}
	if err != nil {
		b.Skip("pgbench is not installed")
	}
	run := func(args ...string) string {
		out, err := exec.CommandContext(b.Context(), program, append(args, database)...).CombinedOutput()
		if err != nil {
			b.Fatalf("pgbench: %v: %s", err, out)
		}
		return string(out)
	}
	run("-i", "-q", "-s", strconv.Itoa(clients))
	return func() float64 {
		m := tps.FindStringSubmatch(run("-N", "-n", "-c", strconv.Itoa(clients), "-j", "2", "-T", strconv.Itoa(max(1, int(round/time.Second)))))
		if m == nil {
			b.Fatal("pgbench tells no rate")
		}
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
}

// BenchmarkSubscriberBulk is creates over HTTP in portions of a thousand, two requests at a time. The target is 3,000 a second.
func BenchmarkSubscriberBulk(b *testing.B) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.MigratedPostgresURL} {
		b.Run(name, func(b *testing.B) {
			w, url := benchWorldOn(b, database(b))
			customers, token := w.staffed(2), w.as(w.p, access.PartnerFullAdmin)
			var serial atomic.Int64
			made, took := int64(0), time.Duration(0)
			for b.Loop() {
				start := time.Now()
				done := make(chan int, len(customers))
				for _, id := range customers {
					go func() {
						users := make([]any, subscriber.MostAtOnce)
						for i := range users {
							users[i] = benchUser(serial.Add(1))
						}
						done <- ask(b, http.DefaultClient, "POST", url+"/api/v1/customers/"+id+"/users/bulk", token, map[string]any{"users": users})
					}()
				}
				for range customers {
					if status := <-done; status != http.StatusOK {
						b.Fatal("answered ", status)
					}
				}
				took += time.Since(start)
				made += int64(len(customers) * subscriber.MostAtOnce)
			}
			var there int64
			w.ok(w.db.Get(context.Background(), &there, `SELECT COUNT(*) FROM subscriber_holders`))
			if there != made+int64(len(customers)) {
				b.Fatalf("%d of %d are there", there, made)
			}
			b.ReportMetric(float64(made)/took.Seconds(), "users/s")
		})
	}
}
