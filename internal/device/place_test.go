package device_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/network"
	"linecard/internal/tenant"
)

// world with the sites of set T0 (DM-46, table 6.1).
func t0(t *testing.T, w *devicetest.World, c tenant.Tenant) map[string]string {
	t.Helper()
	for _, s := range []network.New{
		{Name: "A-1", Subnets: []network.Networks{{Public: "20.1.0.0/16", Private: []string{"10.0.0.0/8"}}}},
		{Name: "A-2", Subnets: []network.Networks{{Public: "20.1.0.0/16", Private: []string{"10.33.24.0/24"}}}},
		{Name: "B-1", Subnets: []network.Networks{{Public: "20.56.31.0/8", Private: []string{"3.1.0.0/16"}}}},
		{Name: "B-2", Subnets: []network.Networks{{Public: "20.56.31.0/8"}}},
	} {
		if _, err := w.Networks.Create(ctx, devicetest.System, c.ID, s); err != nil {
			t.Fatal(err)
		}
	}
	return siteIDs(t, w, c)
}

func siteIDs(t *testing.T, w *devicetest.World, c tenant.Tenant) map[string]string {
	t.Helper()
	l, err := w.Networks.List(ctx, devicetest.System, c.ID, network.Query{Page: db.Page{Limit: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, s := range l.Items {
		ids[s.Name] = s.ID
	}
	return ids
}

// at checks at which site a device is stored.
func at(t *testing.T, w *devicetest.World, d device.Device, site string, pinned bool) {
	t.Helper()
	got, err := w.Devices.Get(ctx, devicetest.System, d.CustomerID, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	if s, err := w.Networks.Get(ctx, devicetest.System, d.CustomerID, got.SiteID); err == nil {
		name = s.Name
	}
	if name != site || got.SitePinned != pinned {
		t.Errorf("%s is at %s, pinned %t; want %s, %t", got.MAC, name, got.SitePinned, site, pinned)
	}
}

func seen(t *testing.T, w *devicetest.World, clock *dbtest.Clock, d device.Device, ip, private string) {
	t.Helper()
	clock.Advance(time.Second)
	if err := w.Devices.Saw(ctx, []device.Sighting{{DeviceID: d.ID, At: clock.Now(), IP: ip, PrivateIP: private}}); err != nil {
		t.Fatal(err)
	}
}

// DM-34, DM-47, DM-52; S1, S34.
func TestAPhoneFollowsItsAddressAndTheSubnetsThatPeopleEdit(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		d := w.Phone(t, w.Acme.ID, "0004f2abcdef")
		other := w.Phone(t, w.Globex.ID, "0004f2abcd00")
		seen(t, w, clock, other, "20.1.7.9", "10.33.24.5")
		at(t, w, d, "Internet", false)
		seen(t, w, clock, d, "20.1.7.9", "10.33.24.5")
		at(t, w, d, "Internet", false)

		ids := t0(t, w, w.Acme) // DM-42: it moves without asking again
		at(t, w, d, "A-2", false)
		at(t, w, other, "Internet", false)
		seen(t, w, clock, d, "20.1.7.9", "") // who does not tell the private address has not lost it
		at(t, w, d, "A-2", false)
		private := "10.40.0.1"
		got, err := w.Devices.Edit(ctx, devicetest.Admin(w.Acme), w.Acme.ID, d.ID, device.Patch{Whereabouts: device.Whereabouts{PrivateIP: &private}}) // DM-47
		if err != nil || got.PrivateIP != private || got.SiteID != ids["A-1"] || got.Version != d.Version+1 {
			t.Errorf("%+v, %v", got, err)
		}
		at(t, w, d, "A-1", false)
		seen(t, w, clock, d, "::ffff:20.1.7.9", "10.33.24.5")
		at(t, w, d, "A-2", false)
		if err := w.Networks.Delete(ctx, devicetest.System, w.Acme.ID, ids["A-2"], 0); err != nil { // S34
			t.Fatal(err)
		}
		at(t, w, d, "A-1", false)
		away := []network.Networks{{Public: "99.0.0.0/8"}}
		if _, err := w.Networks.Edit(ctx, devicetest.System, w.Acme.ID, ids["A-1"], network.Patch{Subnets: &away}); err != nil {
			t.Fatal(err)
		}
		at(t, w, d, "B-2", false)
		seen(t, w, clock, d, "2001:db8::1", "")
		at(t, w, d, "Internet", false)
		six := []network.Networks{{Public: "99.0.0.0/8"}, {Public: "2001:db8::/32"}}
		if _, err := w.Networks.Edit(ctx, devicetest.System, w.Acme.ID, ids["A-1"], network.Patch{Subnets: &six}); err != nil {
			t.Fatal(err)
		}
		at(t, w, d, "A-1", false)
		if err := w.Devices.Saw(ctx, []device.Sighting{{DeviceID: d.ID, At: dbtest.Start, IP: "20.2.0.1"}}); err != nil { // came late
			t.Fatal(err)
		}
		at(t, w, d, "A-1", false)
	})
}

// DM-34, DM-35, DM-41.
func TestTheCountsOfAllSitesAddUpToTheDevices(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		ids := t0(t, w, w.Acme)
		w.Phone(t, w.Globex.ID, "0004f2abcdef")
		if n, err := w.Devices.SiteCounts(ctx, w.DB, w.Acme.ID); err != nil || len(n) != 0 {
			t.Errorf("%v, %v", n, err)
		}
		for i := range 9 {
			d := w.Phone(t, w.Acme.ID, fmt.Sprintf("0004f200000%d", i))
			if i > 2 {
				seen(t, w, clock, d, fmt.Sprintf("20.%d.0.1", i), "")
			}
		}
		n, err := w.Devices.SiteCounts(ctx, w.DB, w.Acme.ID)
		if err != nil || n[ids["Internet"]] != 3 || n[ids["B-2"]] != 6 || len(n) != 2 {
			t.Errorf("%v, %v", n, err)
		}
		l, err := w.Devices.List(ctx, devicetest.Admin(w.Acme), w.Acme.ID, device.Query{Site: ids["B-2"]})
		if err != nil || l.Total != 6 || l.Items[0].SiteID != ids["B-2"] {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

// Decision 12.
func TestAPinBeatsTheAddressUntilItIsTakenAwayOrTheSiteGoes(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		ids := t0(t, w, w.Acme)
		me := devicetest.Admin(w.Acme)
		d := w.Phone(t, w.Acme.ID, "0004f2abcdef")
		edit := func(p device.Whereabouts) error {
			_, err := w.Devices.Edit(ctx, me, w.Acme.ID, d.ID, device.Patch{Whereabouts: p})
			return err
		}
		a1, none, foreign, yes, no := ids["A-1"], "", siteIDs(t, w, w.Globex)["Internet"], true, false
		if err := edit(device.Whereabouts{SiteID: &a1}); err != nil {
			t.Fatal(err)
		}
		at(t, w, d, "A-1", true)
		seen(t, w, clock, d, "20.2.0.1", "")
		at(t, w, d, "A-1", true)
		from := netip.MustParseAddr("20.2.0.1")
		if m, pinned, err := w.Devices.SiteAt(ctx, w.Acme.ID, d.ID, from); err != nil || m.SiteID != a1 || !pinned {
			t.Errorf("%+v, %t, %v", m, pinned, err)
		}
		if err := edit(device.Whereabouts{Pinned: &no}); err != nil {
			t.Fatal(err)
		}
		at(t, w, d, "B-2", false)
		if err := edit(device.Whereabouts{Pinned: &yes}); err != nil {
			t.Fatal(err)
		}
		at(t, w, d, "B-2", true)
		if err := w.Networks.Delete(ctx, me, w.Acme.ID, ids["B-2"], 0); err != nil { // DM-52
			t.Fatal(err)
		}
		at(t, w, d, "B-1", false) // the only one left with that subnet
		if err := edit(device.Whereabouts{SiteID: &a1, Pinned: &yes}); err != nil {
			t.Fatal(err)
		}
		if err := edit(device.Whereabouts{SiteID: &none}); err != nil {
			t.Fatal(err)
		}
		at(t, w, d, "B-1", false)

		fault(t, edit(device.Whereabouts{SiteID: &foreign}), "site_id", "unknown_site")
		fault(t, edit(device.Whereabouts{SiteID: &a1, Pinned: &no}), "site_pinned", "pin_contradicts")
		for _, bad := range []string{"x", "1.2.3", "fe80::1%eth0", "0.0.0.0"} {
			fault(t, edit(device.Whereabouts{PrivateIP: &bad}), "private_ip", "bad_address")
		}
		at(t, w, d, "B-1", false)
	})
}

// Decision 12: at boot the request's address decides first.
func TestTheSiteOfARequestIsThatOfItsOwnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		ids := t0(t, w, w.Acme)
		d := w.Phone(t, w.Acme.ID, "0004f2abcdef")
		seen(t, w, clock, d, "20.2.0.1", "10.33.24.5")
		m, pinned, err := w.Devices.SiteAt(ctx, w.Acme.ID, d.ID, netip.MustParseAddr("20.1.7.9"))
		if err != nil || m.SiteID != ids["A-2"] || pinned || m.Public.String() != "20.1.0.0/16" || m.Private.String() != "10.33.24.0/24" {
			t.Errorf("%+v, %t, %v", m, pinned, err)
		}
		at(t, w, d, "B-2", false)
		_, _, err = w.Devices.SiteAt(ctx, w.Globex.ID, d.ID, netip.MustParseAddr("20.1.7.9"))
		code(t, err, "not_found")
	})
}

// A phone that tells a new address while somebody edits subnets is, in the end, where both say.
func TestSightingsAndEditsAtTheSameMomentAgreeInTheEnd(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		var phones []device.Device
		for i := range 4 {
			phones = append(phones, w.Phone(t, w.Acme.ID, fmt.Sprintf("0004f200000%d", i)))
		}
		clock.Advance(time.Minute)
		for round := range 12 {
			clock.Advance(time.Second)
			var wg sync.WaitGroup
			for i, d := range phones {
				wg.Go(func() {
					ip := fmt.Sprintf("20.%d.0.%d", (round+i)%3, round)
					if err := w.Devices.Saw(ctx, []device.Sighting{{DeviceID: d.ID, At: clock.Now(), IP: ip}}); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Go(func() {
				in := network.New{Name: fmt.Sprint("s", round), Subnets: []network.Networks{{Public: fmt.Sprintf("20.%d.0.%d/32", round%3, round)}}}
				if _, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, in); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			m, err := w.Networks.Map(ctx, w.DB, w.Acme.ID)
			if err != nil {
				t.Fatal(err)
			}
			for i, d := range phones {
				got, err := w.Devices.Get(ctx, devicetest.System, w.Acme.ID, d.ID)
				want := m.Resolve(netip.MustParseAddr(fmt.Sprintf("20.%d.0.%d", (round+i)%3, round)), netip.Addr{}).SiteID
				if err != nil || got.SiteID != want {
					t.Fatalf("round %d: phone %d is at %s, want %s, %v", round, i, got.SiteID, want, err)
				}
			}
		}
	})
}

// The cost of one edit for a customer with many phones is that of the phones in its subnets.
func TestAnEditMovesThousandsOfPhonesInOneTransaction(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		const n = 3000
		first := w.Phone(t, w.Acme.ID, "0004f2abcdef")
		err := w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for i := range n {
				id := fmt.Sprintf("d%05d", i)
				for _, x := range []string{
					`INSERT INTO device_devices (id, customer_id, scope, mac, maker, model, name, name_fold, description, search_fold, created, updated, version) SELECT $1, customer_id, scope, $2, maker, model, name, name_fold, description, search_fold, created, updated, version FROM device_devices WHERE id = $3`,
					`INSERT INTO device_sightings (device_id, last_seen, last_ip, model, software_version) SELECT $1, NULL, $2, '', '' FROM device_sightings WHERE device_id = $3`,
					`INSERT INTO device_places SELECT $1, customer_id, site_id, FALSE, $2, '' FROM device_places WHERE device_id = $3`,
				} {
					value := fmt.Sprintf("0004f3%06x", i)
					if x[12] == 'd' && x[19] == 'p' {
						value = fmt.Sprintf("00000000000000000000ffff1401%04x", i)
					}
					if _, err := tx.Exec(ctx, x, id, value, first.ID); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		s, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: "A", Subnets: []network.Networks{{Public: "20.1.0.0/16"}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d phones moved in %v", n, time.Since(began))
		began = time.Now()
		if _, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: "B", Subnets: []network.Networks{{Public: "20.1.4.0/24"}}}); err != nil {
			t.Fatal(err)
		}
		t.Logf("256 of %d in %v", n, time.Since(began))
		if got, err := w.Devices.SiteCounts(ctx, w.DB, w.Acme.ID); err != nil || got[s.ID] != n-256 {
			t.Errorf("%v, %v", got, err)
		}
		if errs.KindOf(w.Networks.Delete(ctx, devicetest.System, w.Acme.ID, s.ID, 99)) != errs.Stale {
			t.Error("not stale")
		}
	})
}
