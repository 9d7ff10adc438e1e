package device_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/tenant"
)

func alone(context.Context, *db.Tx) error { return nil }

// DM-13 … DM-17: every number of a dashboard is the length of the list behind it.
func TestEveryNumberOfADashboardIsTheLengthOfItsList(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		var all []device.Device
		for i, model := range []string{"VVX450", "VVX450", "CCX500", ""} {
			d, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: fmt.Sprintf("0004f20000%02d", i), Model: model})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, d)
		}
		w.Phone(t, w.Globex.ID, "0004f20000ff")
		if err := w.Devices.Saw(ctx, []device.Sighting{{DeviceID: all[0].ID, At: clock.Now(), IP: "192.0.2.1", Model: "VVX500", Version: "6.4", Result: device.NotProvisioned},
			{DeviceID: all[1].ID, At: clock.Now().Add(-60 * 24 * time.Hour), IP: "192.0.2.2", Version: "6.3", Result: device.Provisioned}}); err != nil {
			t.Fatal(err)
		}
		got, err := w.Devices.Tally(ctx, devicetest.System, w.Acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Total != 4 || got.Online != 1 || got.Offline != 1 || got.Never != 2 || got.Failed != 1 {
			t.Errorf("got %+v", got)
		}
		if diff := cmp.Diff([]device.Share{{Value: "", Devices: 1}, {Value: "CCX500", Devices: 1}, {Value: "VVX450", Devices: 1}, {Value: "VVX500", Devices: 1}}, got.Models); diff != "" {
			t.Error(diff)
		}
		length := func(q device.Query) int64 {
			t.Helper()
			l, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, q)
			if err != nil {
				t.Fatal(err)
			}
			if int64(len(l.Items)) != l.Total {
				t.Errorf("%+v: %d rows, total %d", q, len(l.Items), l.Total)
			}
			return l.Total
		}
		value := func(s device.Share) string {
			if s.Value == "" {
				return device.Unknown
			}
			return s.Value
		}
		for _, s := range got.Models {
			if n := length(device.Query{Model: value(s)}); n != s.Devices {
				t.Errorf("model %q: %d on the dashboard, %d in the list", s.Value, s.Devices, n)
			}
		}
		for _, s := range got.Versions {
			if n := length(device.Query{Version: value(s)}); n != s.Devices {
				t.Errorf("version %q: %d on the dashboard, %d in the list", s.Value, s.Devices, n)
			}
		}
		for _, s := range got.Families {
			if n := length(device.Query{Family: value(s)}); n != s.Devices {
				t.Errorf("type %q: %d on the dashboard, %d in the list", s.Value, s.Devices, n)
			}
		}
		for _, s := range got.Sites {
			if n := length(device.Query{Site: s.Value}); n != s.Devices {
				t.Errorf("site: %d on the dashboard, %d in the list", s.Devices, n)
			}
		}
		for status, n := range map[device.Status]int64{device.Online: got.Online, device.Offline: got.Offline, device.Never: got.Never} {
			if has := length(device.Query{Status: status}); has != n {
				t.Errorf("%s: %d on the dashboard, %d in the list", status, n, has)
			}
		}
		if length(device.Query{Result: device.NotProvisioned}) != 1 || length(device.Query{}) != 4 || length(device.Query{Maker: "poly"}) != 4 {
			t.Error("a list counts wrong")
		}
	})
}

// The numbers above customers are those of the customers that somebody sees, and only of those.
func TestNumbersAboveCustomersAreOfThoseThatSomebodySees(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		w.Phone(t, w.Acme.ID, "0004f2000001")
		w.Phone(t, w.Acme.ID, "0004f2000002")
		w.Phone(t, w.Globex.ID, "0004f2000003")
		if err := w.Devices.Recount(ctx, alone); err != nil {
			t.Fatal(err)
		}
		gone := w.Phone(t, w.Acme.ID, "0004f2000004")
		clock.Advance(10 * time.Minute)
		if err := w.Devices.Delete(ctx, devicetest.System, w.Acme.ID, gone.ID, 0); err != nil {
			t.Fatal(err)
		}
		if err := w.Devices.Recount(ctx, alone); err != nil {
			t.Fatal(err)
		}
		mara := access.Actor{Kind: access.Person, ID: "mara", Name: "Mara", Tenant: w.Partner.Access(), Roles: []access.Role{access.PartnerFullAdmin}}
		for _, who := range []struct {
			actor            access.Actor
			total, customers int64
		}{{devicetest.System, 3, 2}, {mara, 0, 0}} {
			got, err := w.Devices.Fleet(ctx, who.actor)
			if err != nil {
				t.Fatal(err)
			}
			parts, next, total, err := w.Devices.Parts(ctx, who.actor, device.ByStatus, string(device.Never), db.Page{})
			if err != nil {
				t.Fatal(err)
			}
			if got.Total != who.total || got.Never != who.total || got.Customers != who.customers || total != who.total || int64(len(parts)) != who.customers || next != "" {
				t.Errorf("%s: %+v, parts %+v of %d", who.actor.Name, got, parts, total)
			}
		}
		if _, err := w.Tenants.Authorise(ctx, devicetest.System, w.Globex.ID, tenant.Authorisation{}); err != nil {
			t.Fatal(err)
		}
		got, err := w.Devices.Fleet(ctx, mara)
		if err != nil || got.Total != 1 || got.Customers != 1 {
			t.Errorf("after Globex authorised its provider: %+v %v", got, err)
		}
	})
}
