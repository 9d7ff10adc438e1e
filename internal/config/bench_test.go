package config_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"linecard/internal/config"
	"linecard/internal/config/configtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
	"linecard/internal/profile"
	"linecard/internal/queue"
)

// fleet gives a customer many phones that are like its first one but for MAC, model and site.
func fleet(tb testing.TB, w *devicetest.World, customerID, like string, n int) {
	tb.Helper()
	err := w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, x := range []struct {
			stmt string
			args []any
		}{
			{`INSERT INTO device_devices (id, customer_id, scope, mac, maker, model, name, name_fold, description, search_fold, created, updated, version, serial, by_serial, family)
				WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
				SELECT 'fleet-' || CAST(1000000 + n.i AS TEXT), customer_id, scope, '64167f' || substr(CAST(1000000 + n.i AS TEXT), 2), maker,
					CASE n.i % 3 WHEN 0 THEN 'VVX250' WHEN 1 THEN 'VVX450' ELSE 'CCX500' END, '', '', '', '', created, updated, version, '', by_serial, family
				FROM device_devices, n WHERE device_devices.id = $1`, []any{like, n}},
			{`INSERT INTO device_sightings (device_id, last_ip, model, software_version) SELECT id, '', '', '' FROM device_devices WHERE id LIKE 'fleet-%'`, nil},
			{`INSERT INTO device_places (device_id, customer_id, site_id, pinned, public_key, private_ip)
				SELECT d.id, p.customer_id, p.site_id, p.pinned, '', '' FROM device_devices d, device_places p WHERE d.id LIKE 'fleet-%' AND p.device_id = $1`, []any{like}},
			{`INSERT INTO revision_counters (id, kind, n) SELECT id, 'device', 1 FROM device_devices WHERE id LIKE 'fleet-%'`, nil},
			{`UPDATE device_customers SET devices = devices + $2 WHERE customer_id = $1`, []any{customerID, n}},
		} {
			if _, err := tx.Exec(ctx, x.stmt, x.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkPlan is a change of one attribute for 50,000 phones: what it would do, phone by phone (goal of the product: 10 s).
func BenchmarkPlan(b *testing.B) {
	for _, at := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", dbtest.SQLiteURL}, {"postgres", dbtest.MigratedPostgresURL}} {
		b.Run(at.name, func(b *testing.B) {
			clock := dbtest.NewClock()
			f := newFixture(b, dbtest.Open(b, at.url(b), clock), clock)
			fleet(b, f.World, f.Acme.ID, f.device.ID, 49_999)
			place := profile.AtCustomer(f.Acme.ID)
			first := twenty(b, f, place)
			plans, q := configtest.Plans(f.World, f.config), queue.New(f.DB, queue.Options{Node: "bench"})
			plans.Register(q)
			b.ResetTimer()
			for i := range b.N {
				began, value := time.Now(), fmt.Sprint("new-", i)
				p, err := plans.Make(ctx, devicetest.System, place, config.Asked{Kind: config.ProfileUpdate, ProfileID: first, Attributes: map[string]*string{"x.0.0": &value}})
				if err != nil || p.State != config.Working {
					b.Fatal(p.State, err)
				}
				if _, err := q.Drain(ctx); err != nil {
					b.Fatal(err)
				}
				if p, err = plans.Get(ctx, devicetest.System, place, p.ID); err != nil || p.State != config.Ready || p.Affected != 50_000 {
					b.Fatalf("%+v, %v", p, err)
				}
				b.ReportMetric(time.Since(began).Seconds(), "plan-s")
			}
		})
	}
}

// twenty puts twenty profiles of twenty attributes into the global container and gives the first.
func twenty(b *testing.B, f *fixture, place profile.Place) string {
	b.Helper()
	var ids []string
	for n := range 20 {
		in := profile.New{Name: fmt.Sprint("P", n), Mode: profile.ModePoly}
		for a := range 20 {
			in.Attributes = append(in.Attributes, profile.Attribute{Name: fmt.Sprintf("x.%d.%d", n, a), Value: "1"})
		}
		p, _, err := f.Profiles.Create(ctx, devicetest.System, place, in)
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	if _, err := f.Profiles.SetContainer(ctx, devicetest.System, place, profile.Global, "-", ids, 0); err != nil {
		b.Fatal(err)
	}
	return ids[0]
}
