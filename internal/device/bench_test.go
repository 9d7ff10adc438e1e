package device_test

import (
	"context"
	"fmt"
	"testing"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
)

// estate gives each of these customers so many phones, written without the services: a million take a minute that way.
func estate(b *testing.B, w *devicetest.World, customers []string, each int) {
	b.Helper()
	for i, id := range customers {
		err := w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, stmt := range []string{
				`INSERT INTO device_devices (id, customer_id, scope, mac, maker, model, name, name_fold, description, search_fold, created, updated, version, serial, by_serial, family)
					WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
					SELECT 'e-' || $3 || '-' || CAST(n.i AS TEXT), t.id, t.scope, $4 || substr(CAST(1000000 + n.i AS TEXT), 2), 'poly', CASE n.i % 3 WHEN 0 THEN 'VVX250' WHEN 1 THEN 'VVX450' ELSE 'CCX500' END,
					'Desk-' || CAST(n.i AS TEXT), 'desk-' || CAST(n.i AS TEXT), '', 'desk-' || CAST(n.i AS TEXT), n.i, n.i, 1, '', FALSE, CASE n.i % 4 WHEN 0 THEN '' ELSE 'VVX' END
					FROM tenant_tenants t, n WHERE t.id = $1`,
				`INSERT INTO device_sightings (device_id, last_ip, model, software_version, last_seen, provision_result) SELECT id, '192.0.2.1', model, '6.4.' || CAST(created % 5 AS TEXT), created, 'SUCCESS'
					FROM device_devices WHERE customer_id = $1 AND $2 > 0 AND $3 <> '' AND $4 <> ''`,
				`INSERT INTO device_places (device_id, customer_id, site_id, pinned, public_key, private_ip) SELECT d.id, d.customer_id, s.id, FALSE, '', ''
					FROM device_devices d JOIN network_sites s ON s.customer_id = d.customer_id AND s.fixed WHERE d.customer_id = $1 AND $2 > 0 AND $3 <> '' AND $4 <> ''`,
				`UPDATE device_customers SET devices = $2 WHERE customer_id = $1 AND $3 <> '' AND $4 <> ''`,
			} {
				if _, err := tx.Exec(ctx, stmt, id, each, fmt.Sprint(i), fmt.Sprintf("%06x", 0x100000+i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func manyCustomers(b *testing.B, w *devicetest.World, n int) []string {
	b.Helper()
	var out []string
	for i := range n {
		c := w.Customer(b, fmt.Sprintf("host%d", i))
		w.SetAccount(b, c.ID, "phones", "word word 12")
		out = append(out, c.ID)
	}
	return out
}

// BenchmarkFleet is the dashboard of an operator with a million phones at 500 customers, and what the duty behind it costs.
func BenchmarkFleet(b *testing.B) {
	w := devicetest.New(b, dbtest.Open(b, dbtest.SQLiteURL(b), dbtest.NewClock()))
	estate(b, w, manyCustomers(b, w, 500), 2000)
	b.Run("recount", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.DB.Exec(ctx, `DELETE FROM device_counted`); err != nil {
				b.Fatal(err)
			}
			for range 4 {
				if err := w.Devices.Recount(ctx, alone); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("numbers", func(b *testing.B) {
		for b.Loop() {
			if got, err := w.Devices.Fleet(ctx, devicetest.System); err != nil || got.Total != 1_000_000 {
				b.Fatal(got.Total, err)
			}
		}
	})
	b.Run("parts", func(b *testing.B) {
		for b.Loop() {
			if parts, _, _, err := w.Devices.Parts(ctx, devicetest.System, device.ByModel, "VVX450", db.Page{}); err != nil || len(parts) != 50 {
				b.Fatal(len(parts), err)
			}
		}
	})
}

// BenchmarkList is the list of devices of a customer with as many as one can have, beside another as large: 100,000 in all (first result within 200 ms).
func BenchmarkList(b *testing.B) {
	w := devicetest.New(b, dbtest.Open(b, dbtest.SQLiteURL(b), dbtest.NewClock()))
	estate(b, w, []string{w.Acme.ID, w.Globex.ID}, device.MaxDevices)
	for name, q := range map[string]device.Query{"first": {}, "seen": {Page: db.Page{Sort: "-last_seen"}}, "mac": {Page: db.Page{Sort: "mac"}}, "text": {Text: "desk-4711"}, "common": {Text: "desk"}, "none": {Text: "zzz"},
		"status": {Status: device.Offline}, "model": {Model: "VVX450"}, "version": {Version: "6.4.3"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("dashboard", func(b *testing.B) {
		for b.Loop() {
			if got, err := w.Devices.Tally(ctx, devicetest.System, w.Acme.ID); err != nil || got.Total != device.MaxDevices {
				b.Fatal(got.Total, err)
			}
		}
	})
}
