package device_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
)

func pageOf(n int) db.Page { return db.Page{Limit: n} }

func TestSearchFindsWhatPeopleTypeAndNothingForeign(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		a, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: "0004f23ea4e1", Name: "Lobby-01", Serial: "abc123xyz"})
		if err != nil {
			t.Fatal(err)
		}
		b, err := w.Devices.Create(ctx, devicetest.System, w.Globex.ID, device.New{MAC: "0004f23ea4e2", Name: "Lobby-02"})
		if err != nil {
			t.Fatal(err)
		}
		line(t, w, a, "1234", "x")
		line(t, w, a, "+498912345678", "x")
		line(t, w, b, "1234", "x")
		if err := w.Devices.Saw(ctx, []device.Sighting{{DeviceID: a.ID, At: clock.Now(), IP: "198.51.100.7", PrivateIP: "10.1.2.3"}}); err != nil {
			t.Fatal(err)
		}
		acme, partner := devicetest.Admin(w.Acme), access.Actor{ID: db.NewID(), Kind: access.Person, Name: "P", Tenant: w.Partner.Access(), Roles: []access.Role{access.PartnerFullAdmin}}
		search := func(actor access.Actor, text string) string {
			t.Helper()
			hits, _, err := w.Devices.Search(ctx, actor, text, 0)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			var out []string
			for _, h := range hits {
				out = append(out, h.Name+" "+h.By)
				if want := map[string]device.Status{a.ID: device.Online, b.ID: device.Never}[h.ID]; h.Status != want {
					t.Errorf("%s is %q, not %q", h.Name, h.Status, want) // DM-278
				}
			}
			return strings.Join(out, ",")
		}
		for text, by := range map[string]string{
			"3ea4": "mac", "00:04:F2:3E": "mac", "0004f23ea4e1": "mac", "4e1": "mac", "4f23e": "mac", "04-f2-3e": "mac", "f23ea": "mac", "4F2": "mac",
			"abc123": "serial", "123xyz": "serial", "lobby": "name", "LOBBY-0": "name", "lobby-01": "name", "1234": "line", "1234@pbx.exa": "line",
			"+49 89 12345678": "line", "089 12345678": "line", "12345678": "line", "498912": "line",
			"198.51.100.7": "address", "198.51.100.": "address", "198.51": "address", "10.1.2.3": "address",
		} {
			if got := search(acme, text); got != "Lobby-01 "+by {
				t.Errorf("%q: %q, want %s", text, got, by)
			}
		}
		for _, text := range []string{"3ea4e2", "lobby-02", "ffff", "%", "198.51.101.", "0.1.2.3", "lobby kitchen", "<8765"} {
			if len(text) < 2 {
				continue
			}
			if got := search(acme, text); got != "" {
				t.Errorf("%q finds %q", text, got)
			}
		}
		if got := search(devicetest.System, "1234"); got != "Lobby-01 line,Lobby-02 line" && got != "Lobby-02 line,Lobby-01 line" {
			t.Errorf("the operator finds %q", got)
		}
		if got := search(partner, "lobby"); got != "" {
			t.Errorf("a partner that nobody has authorised finds %q", got) // CH-29
		}
		// What it is found by follows each change.
		name := "Kitchen"
		if _, err := w.Devices.Edit(ctx, devicetest.System, w.Acme.ID, a.ID, device.Patch{Name: &name}); err != nil {
			t.Fatal(err)
		}
		if search(acme, "lobby") != "" || search(acme, "kitch") != "Kitchen name" {
			t.Error("the old name finds it still")
		}
		lines, _ := w.Devices.Lines(ctx, devicetest.System, w.Acme.ID, a.ID)
		if err := w.Devices.DeleteLine(ctx, devicetest.System, w.Acme.ID, a.ID, lines[0].ID, 0); err != nil {
			t.Fatal(err)
		}
		if got := search(acme, "1234@"); got != "" {
			t.Errorf("a line that is gone finds %q", got)
		}
		if err := w.Devices.Delete(ctx, devicetest.System, w.Acme.ID, a.ID, 0); err != nil {
			t.Fatal(err)
		}
		if got := search(acme, "3ea4"); got != "" {
			t.Errorf("a device that is gone: %q", got)
		}
		_, _, err = w.Devices.Search(ctx, acme, "x", 0)
		fault(t, err, "q", "too_short")
	})
}

// With LINECARD_LONG: an estate of 200,000 devices of 400 customers, and how long searches take.
func TestSearchInALargeEstateStaysQuick(t *testing.T) {
	if os.Getenv("LINECARD_LONG") == "" {
		t.Skip("LINECARD_LONG is not set")
	}
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		fill(t, w, 400, 500)
		acme := devicetest.Admin(w.Acme)
		actors := map[string]access.Actor{"all": devicetest.System, "one customer": acme}
		for _, text := range []string{"3ea4", "0004f2", "64167f00", "4f20", "phone", "phone-17", "l1017", "zzz", "00017", "198.51.100.7"} {
			for who, actor := range actors {
				var best time.Duration
				n := 0
				for i := range 3 {
					began := time.Now()
					hits, _, err := w.Devices.Search(ctx, actor, text, 0)
					if err != nil {
						t.Fatal(err)
					}
					if took := time.Since(began); i == 0 || took < best {
						best, n = took, len(hits)
					}
				}
				t.Logf("%-14s %-12s %8v, %d hits", text, who, best.Round(10*time.Microsecond), n)
			}
		}
	})
}

// fill writes customers with devices by SQL.
func fill(t *testing.T, w *devicetest.World, customers, each int) {
	t.Helper()
	first := w.Phone(t, w.Acme.ID, "0004f2f00000")
	var acme struct {
		Scope string `db:"scope"`
		Site  string `db:"site_id"`
	}
	if err := w.DB.Get(ctx, &acme, `SELECT d.scope, p.site_id FROM device_devices d JOIN device_places p ON p.device_id = d.id WHERE d.id = $1`, first.ID); err != nil {
		t.Fatal(err)
	}
	n := 0
	for c := range customers {
		owner := w.Acme
		if c > 0 {
			owner = w.Customer(t, fmt.Sprintf("c%d", c))
		}
		w.Phone(t, owner.ID, fmt.Sprintf("0004f2%06x", 0xf00001+c))
		err := w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			devices, sightings, places, tokens := tx.Args(), tx.Args(), tx.Args(), tx.Args()
			var d, s, p, k []string
			flush := func() error {
				for i, stmt := range []string{`INSERT INTO device_devices (id, customer_id, scope, mac, maker, model, name, name_fold, description, search_fold, created, updated, version) VALUES ` + strings.Join(d, ","),
					`INSERT INTO device_sightings (device_id, last_ip, model, software_version) VALUES ` + strings.Join(s, ","),
					`INSERT INTO device_places (device_id, customer_id, site_id, pinned, public_key, private_ip) VALUES ` + strings.Join(p, ","),
					`INSERT INTO device_tokens (device_id, customer_id, token) VALUES ` + strings.Join(k, ",")} {
					if _, err := tx.Exec(ctx, stmt, []*db.Args{devices, sightings, places, tokens}[i].List()...); err != nil {
						return err
					}
				}
				devices, sightings, places, tokens = tx.Args(), tx.Args(), tx.Args(), tx.Args()
				d, s, p, k = nil, nil, nil, nil
				return nil
			}
			for range each {
				n++
				id, mac, name := db.NewID(), fmt.Sprintf("%s%06x", []string{"0004f2", "64167f", "805ec0"}[n%3], n), fmt.Sprintf("Phone-%d", n)
				var row []string
				for _, v := range []string{id, owner.ID, owner.Scope, mac, "poly", "VVX411", name, db.Fold(name), "", db.Fold(name)} {
					row = append(row, devices.Add(v))
				}
				d = append(d, "("+strings.Join(row, ",")+",0,0,1)")
				s = append(s, "("+sightings.Add(id)+",'','','')")
				p = append(p, "("+places.Add(id)+","+places.Add(owner.ID)+","+places.Add(acme.Site)+",FALSE,"+places.Add(fmt.Sprintf("00000000000000000000ffffc633%02x%02x", n/256%256, n%256))+",'')")
				for _, x := range []string{mac, mac[6:], mac[7:], mac[8:], mac[9:], db.Fold(name), "n" + fmt.Sprint(n), "l" + fmt.Sprint(1000+n%100), "<" + fmt.Sprint(n%100)} {
					k = append(k, "("+tokens.Add(id)+","+tokens.Add(owner.ID)+","+tokens.Add(x)+")")
				}
				if len(d) == 50 {
					if err := flush(); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
