package subscriber_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/subscriber"
)

// crowd is how many users the benchmark lists: a tenth of them with one customer, a few with another partner's, the rest with another one
// of the first partner.
const crowd = 1_000_000

// BenchmarkPagesOfAMillionUsers takes pages of a hundred at the beginning and in the middle of lists, as a customer, a partner, one that
// has few, and the operator. The target is 100 ms for the slowest twentieth; what is reported is the worst list's.
func BenchmarkPagesOfAMillionUsers(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.MigratedPostgresURL} {
		b.Run(name, func(b *testing.B) {
			clock := dbtest.NewClock()
			w := newWorldOf(b, dbtest.Open(b, url(b), clock), clock)
			n := crowd
			if testing.Short() {
				n = crowd / 20
			}
			w.fill(n)
			operator := access.Actor{ID: "o", Account: "o", Kind: access.Person, Name: "O", Tenant: w.Operator.Access(), Roles: []access.Role{access.OperatorAdmin}}
			worst, slowest := time.Duration(0), ""
			for b.Loop() {
				for _, who := range []struct {
					name string
					a    access.Actor
					by   subscriber.HolderQuery
				}{{"customer", w.As(w.P, access.PartnerFullAdmin), subscriber.HolderQuery{CustomerID: w.A.ID}}, {"partner", w.As(w.P, access.PartnerFullAdmin), subscriber.HolderQuery{}},
					{"partner's own", w.As(w.P, access.PartnerFullAdmin), subscriber.HolderQuery{ProviderID: w.P.ID}},
					{"partner with few", w.As(w.Q, access.PartnerFullAdmin), subscriber.HolderQuery{}}, {"operator", operator, subscriber.HolderQuery{}}} {
					for _, sort := range []string{"name", "-created", "created"} {
						if took := w.pages(b, who.a, who.by, sort); took > worst {
							worst, slowest = took, who.name+" by "+sort
						}
					}
				}
			}
			b.Log("slowest: ", slowest)
			b.ReportMetric(float64(worst.Microseconds())/1000, "p95-ms")
		})
	}
}

// pages walks a list for some pages, and gives the time that 95 of a hundred keep.
func (w *world) pages(b *testing.B, a access.Actor, by subscriber.HolderQuery, sort string) time.Duration {
	b.Helper()
	var all []time.Duration
	by.Page = db.Page{Limit: 100, Sort: sort}
	for range 20 {
		start := time.Now()
		some, next, err := w.subs.Users(ctx, a, by)
		all = append(all, time.Since(start))
		if err != nil || len(some) == 0 {
			b.Fatalf("%d users, %v", len(some), err)
		}
		if by.Page.Cursor = next; next == "" {
			break
		}
	}
	slices.Sort(all)
	return all[len(all)*95/100]
}

// fill makes users by SQL alone, because by the use cases it takes minutes.
func (w *world) fill(n int) {
	w.t.Helper()
	for from := 0; from < n; from += 50_000 {
		w.OK(w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2)
				INSERT INTO subscriber_holders (id, customer_id, scope, kind, email, email_fold, first_name, last_name, display_name, name_fold, external_id, package, location_id, place,
				extension, status, active, created, updated, status_changed, version)
				SELECT 'crowd-' || i, CASE WHEN i % 10000 = 7 THEN $3 WHEN i % 10 = 3 THEN $4 ELSE $5 END, CASE WHEN i % 10000 = 7 THEN $6 WHEN i % 10 = 3 THEN $7 ELSE $8 END, 'user',
				'u' || i || '@crowd.test', 'u' || i || '@crowd.test', 'Ann', 'Lee', 'Ann Lee', (i * 7919) % 1000003 || ' ann lee', '', 'meetings', NULL, 'x', '', 'provisioned', TRUE,
				1700000000000 + (i * 104729) % 1000003, 0, 0, 1 FROM n`, from, min(from+50_000, n), w.D.ID, w.A.ID, w.B.ID, w.D.Scope, w.A.Scope, w.B.Scope)
			return err
		}))
	}
	if !w.DB.Embedded() { // as its own housekeeping does sooner or later
		_, err := w.DB.Exec(ctx, `ANALYZE subscriber_holders`)
		w.OK(err)
	}
}
