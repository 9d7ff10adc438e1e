package device_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
	"linecard/internal/network"
)

// DM-35: the migrations give customers that are older than sites their two, and put their phones to Internet.
func TestCustomersThatAreOlderThanSitesGetTheirs(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		d := w.Phone(t, w.Acme.ID, "0004f2abcdef")
		err := w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, table := range []string{"device_places", "network_subnets", "network_sites", "network_customers"} {
				if _, err := tx.Exec(ctx, `DELETE FROM `+table); err != nil {
					return err
				}
			}
			for _, file := range []string{"0100_network.sql", "0110_device_site.sql"} {
				text, err := os.ReadFile("../db/migrations/" + file)
				if err != nil {
					return err
				}
				n := 0
				for statement := range strings.SplitSeq(string(text), ";") {
					if _, insert, found := strings.Cut(statement, "INSERT INTO "); found {
						n++
						if _, err := tx.Exec(ctx, "INSERT INTO "+insert); err != nil {
							return err
						}
					}
				}
				if n == 0 {
					t.Errorf("%s fills nothing", file)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		at(t, w, d, "Internet", false)
		l, err := w.Networks.List(ctx, devicetest.Admin(w.Acme), w.Acme.ID, network.Query{})
		if err != nil || l.Total != 2 || !l.Items[0].Fixed || !l.Items[1].Placeholder() {
			t.Fatalf("%+v, %v", l, err)
		}
		ids := t0(t, w, w.Acme)
		seen(t, w, clock, d, "20.2.0.1", "")
		at(t, w, d, "B-2", false)
		if err := w.Networks.Delete(ctx, devicetest.System, w.Acme.ID, ids["Intranet"], 0); err != nil {
			t.Error(err)
		}
	})
}
