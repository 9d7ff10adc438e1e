package app_test

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/boot"
	"linecard/internal/config"
	"linecard/internal/config/configtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/httpx"
	"linecard/internal/phone"
	"linecard/internal/sim"
)

// phonesNode is what phones see of one node.
type phonesNode struct {
	*devicetest.World
	handler *boot.Handler
	server  *httptest.Server
}

func newPhonesNode(t *testing.T, w *devicetest.World) *phonesNode {
	t.Helper()
	cfg := configtest.New(t, w, config.Options{})
	h, err := boot.New(boot.Options{Config: cfg, Devices: w.Devices, Uploads: w.Devices.Uploads(), Software: w.Software, Makers: w.Makers, Box: w.Box, Clock: w.DB.Clock(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	n := &phonesNode{World: w, handler: h}
	n.server = httptest.NewTLSServer(httpx.Edge{Name: "phones", Log: slog.New(slog.DiscardHandler)}.Wrap(h))
	t.Cleanup(n.server.Close)
	return n
}

// phones makes simulated phones of Acme that ask this node.
func (n *phonesNode) phones(t *testing.T, ids []sim.Identity) []*sim.Phone {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(n.server.Certificate())
	var out []*sim.Phone
	for i, id := range ids {
		p, err := sim.New(sim.Options{Identity: id, Base: n.server.URL + "/p/acme", User: devicetest.User, Password: devicetest.Password,
			Auth: []sim.Auth{sim.Offered, sim.Basic, sim.Digest}[i%3], Remember: i%2 == 0, Serial: i%5 == 0, Roots: roots, Clock: db.System{}, Retry: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// A fleet boots twice, the second time from another node, and restarts for a change and for nothing else.
func TestSixtyPhonesBootAndRestartOnlyForAChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := context.Background()
		w := devicetest.New(t, d)
		a, b := newPhonesNode(t, w), newPhonesNode(t, w.Node(t, d))
		ids := sim.Identities(60, 1, sim.Poly)
		for _, id := range ids {
			w.Phone(t, w.Acme.ID, id.MAC.String())
		}
		run := func(what string, phones []*sim.Phone, wantChanged int64) {
			t.Helper()
			var strange atomic.Int64
			r := sim.Fleet{Phones: phones, Trip: func(_ *sim.Phone, trip sim.Trip) {
				for _, x := range trip.Exchanges {
					switch x.Status {
					case 200, 401, 404:
					default:
						strange.Add(1)
					}
				}
			}}.Run(ctx)
			if r.Trips != 60 || r.Configured != 60 || r.Changed != wantChanged || r.Errors != 0 || strange.Load() != 0 {
				t.Errorf("%s: %+v", what, r)
			}
			t.Logf("%s: %d requests in %.2f s, p50 %.1f ms, p99 %.1f ms", what, r.Requests, r.Seconds, r.P50, r.P99)
		}
		onA := a.phones(t, ids)
		run("first boot", onA, 0)
		run("nothing changed", onA, 0)
		window := phone.PollWindow{Start: 60, End: 120, Days: 1}
		if _, err := w.Devices.SetProvisioning(ctx, devicetest.System, w.Acme.ID, device.ProvisioningPatch{Poll: &window}); err != nil {
			t.Fatal(err)
		}
		run("a new window", onA, 60)
		onB := b.phones(t, ids)
		for i, p := range onB { // the same phones: they keep the account that their first boot gave them
			p.Restore(onA[i].State())
		}
		run("the other node", onB, 0)
		for i, p := range onB {
			if p.Parameters()["prov.polling.time"] != "01:00" || onA[i].Parameters()["prov.polling.timeRandomEnd"] != "02:00" {
				t.Fatalf("%v", p.Parameters())
			}
		}
		for _, n := range []*phonesNode{a, b} {
			if err := n.handler.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		var seen int
		if err := d.Get(ctx, &seen, `SELECT COUNT(*) FROM device_sightings WHERE last_seen IS NOT NULL AND software_version <> ''`); err != nil || seen != 60 {
			t.Errorf("%d phones seen, %v", seen, err)
		}
	})
}

// The phones of all makers at once, with the address's prefix as all that says whose a phone is.
func TestPhonesOfEveryMakerBootAndTakeAChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx := context.Background()
		n := newPhonesNode(t, devicetest.New(t, d))
		ids := sim.Identities(40, 3)
		for _, id := range ids {
			if got := n.Phone(t, n.Acme.ID, id.MAC.String()); got.Maker != string(id.Maker) {
				t.Fatalf("%s is taken for a phone of %s", id.Known(), got.Maker)
			}
		}
		phones := n.phones(t, ids)
		for what, wantChanged := range []int64{0, 0, 40} {
			if what == 2 {
				window := phone.PollWindow{Start: 60, End: 120, Days: 2}
				if _, err := n.Devices.SetProvisioning(ctx, devicetest.System, n.Acme.ID, device.ProvisioningPatch{Poll: &window}); err != nil {
					t.Fatal(err)
				}
			}
			if r := (sim.Fleet{Phones: phones}).Run(ctx); r.Configured != 40 || r.Changed != wantChanged || r.Errors != 0 {
				t.Errorf("boot %d: %+v", what, r)
			}
		}
		for _, p := range phones {
			want := map[sim.Maker][2]string{sim.Poly: {"prov.polling.time", "01:00"}, sim.Cisco: {"Resync_At_Random_Delay", "3600"},
				sim.Grandstream: {"P8459", "2"}, sim.Snom: {"prov_polling_period", "172800"}, sim.Yealink: {"static.auto_provision.flexible.begin_time", "01:00"}}[p.Maker]
			if p.Name == "SIP-T46G" { // before generation 81
				want = [2]string{"auto_provision.weekly.end_time", "02:00"}
			}
			if got := p.Parameters()[want[0]]; got != want[1] {
				t.Errorf("%s %s: %v", p.Maker, p.Name, p.Parameters())
			}
		}
	})
}

func TestAPhoneWithTheWrongPasswordGetsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		n := newPhonesNode(t, devicetest.New(t, d))
		ids := sim.Identities(3, 2, sim.Poly)
		for _, id := range ids {
			n.Phone(t, n.Acme.ID, id.MAC.String())
		}
		for _, p := range n.phones(t, ids) {
			p.Password = "guess"
			trip := p.Boot(context.Background())
			if trip.Configured || trip.Fault != "master file: Unauthorized" || len(p.Parameters()) != 0 {
				t.Errorf("%+v", trip)
			}
		}
	})
}
