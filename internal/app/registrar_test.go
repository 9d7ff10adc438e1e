package app_test

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/queue"
	"linecard/internal/registrar"
	"linecard/internal/registrar/registrartest"
	"linecard/internal/secret"
	"linecard/internal/sim"
	"linecard/internal/subscriber"
)

// callingNode is a world of phones with subscribers and a real Kamailio.
type callingNode struct {
	*phonesNode
	lines *subscriber.Service
	calls *registrar.Service
	queue *queue.Queue
	sip   *registrartest.Kamailio
	clock *dbtest.Clock
}

func newCallingNode(t *testing.T, d *db.DB, clock *dbtest.Clock) *callingNode {
	t.Helper()
	clock.Set(time.Now()) // Kamailio has no other clock
	ctx, quiet := context.Background(), slog.New(slog.DiscardHandler)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	n := &callingNode{sip: registrartest.Start(t), clock: clock}
	w := devicetest.New(t, d)
	offers := catalog.NewService(catalog.Needs{DB: d, Journal: w.Journal, Tenants: w.Tenants})
	_, err := offers.Subscribe(ctx, devicetest.System, w.Partner.ID, catalog.NewSubscription{Currency: "EUR", Start: "2020-01-01", BillingDay: 1, Items: []string{"calling"},
		Prices: []catalog.Price{{Item: "calling", ValidFrom: "2020-01-01", Price: 100000}}})
	must(err)
	_, err = offers.SetSubscriptionState(ctx, devicetest.System, w.Partner.ID, catalog.Sells, 0)
	must(err)
	n.lines = subscriber.NewService(subscriber.Needs{DB: d, Journal: w.Journal, Tenants: w.Tenants, Catalog: offers, Operations: w.Operations, Box: w.Box})
	n.lines.Connect(w.Devices)
	w.Devices.Manage(n.lines)
	n.calls = registrar.NewService(registrar.Needs{DB: d, Journal: w.Journal, Tenants: w.Tenants, Lines: n.lines, Box: w.Box, Log: quiet,
		Guard: deliver.NewGuard(deliver.GuardOptions{Plain: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})})
	n.queue = queue.New(d, queue.Options{Log: quiet})
	n.calls.Register(n.queue)
	n.phonesNode = newPhonesNode(t, w)
	must(d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return offers.SetCustomerPackages(ctx, tx, devicetest.System, w.Acme, []catalog.PackageLimit{{Code: "calling"}})
	}))
	name, zone, language := "HQ", "Europe/Berlin", "de-DE"
	_, err = n.lines.CreateLocation(ctx, devicetest.System, w.Acme.ID, subscriber.LocationPatch{Name: &name, TimeZone: &zone, Language: &language,
		Address: &subscriber.Address{Line1: "Unter den Linden 1", City: "Berlin", PostalCode: "10117", Country: "DE"}})
	must(err)
	_, _, err = n.lines.SetCalling(ctx, devicetest.System, w.Acme.ID, subscriber.Calling{Realm: registrartest.Domain,
		Registrars: []phone.Server{{Host: n.sip.At.Addr().String(), Port: int(n.sip.At.Port())}}, Transport: phone.UDP}, 0)
	must(err)
	domain, address, database, word := registrartest.Domain, "http://"+n.sip.At.String()+"/RPC", secret.Hide(n.sip.Database), secret.Hide(n.sip.Secret)
	_, err = n.calls.Create(ctx, access.Actor{ID: "p", Kind: access.System, Tenant: w.Partner.Access()}, registrar.Kamailio,
		registrar.Patch{Name: &name, Domain: &domain, Address: &address, DatabaseURL: &database, Secret: &word})
	must(err)
	return n
}

// work moves the clock and does what is due.
func (n *callingNode) work(t *testing.T, later time.Duration) {
	t.Helper()
	n.clock.Advance(later)
	if _, err := n.queue.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Issue 4, item 11: from a subscriber to a phone that is registered at a real registrar with what its file says, is woken through it,
// gets new credentials without being refused once, and is refused when the subscriber is gone.
func TestASubscribersPhoneRegistersAtKamailioIsWokenRotatedAndRefusedAfterItIsDeleted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		ctx := context.Background()
		n := newCallingNode(t, d, clock)
		id := sim.Identities(1, 1, sim.Poly)[0]
		dev := n.Phone(t, n.Acme.ID, id.MAC.String())
		u, err := n.lines.CreateUser(ctx, devicetest.System, n.Acme.ID, subscriber.NewUser{Email: "ann@acme.test", FirstName: "Ann", LastName: "Lee", Package: "calling", Extension: "1001"})
		if err != nil {
			t.Fatal(err)
		}
		all, _, err := n.lines.Lines(ctx, devicetest.System, n.Acme.ID, subscriber.LineQuery{HolderID: u.ID})
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		line, err := n.lines.PlaceLine(ctx, devicetest.System, n.Acme.ID, all[0].ID, dev.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		n.work(t, 0)
		status := func() registrar.Status {
			t.Helper()
			st, err := n.calls.Status(ctx, devicetest.System, n.Acme.ID, line.ID)
			if err != nil {
				t.Fatal(err)
			}
			return st
		}
		if st := status(); st.State != registrar.Published || st.Registered {
			t.Fatalf("%+v", st)
		}
		// What the phone fetches over the network is all that it knows.
		desk := n.phones(t, []sim.Identity{id})[0]
		boot := func() (user, name, word string) {
			t.Helper()
			sim.Fleet{Phones: []*sim.Phone{desk}}.Run(ctx)
			p := desk.Parameters()
			return p["reg.1.address"], p["reg.1.auth.userId"], p["reg.1.auth.password"]
		}
		user, name, word := boot()
		user, _, _ = strings.Cut(user, "@")
		if user != line.User || name == "" || word == "" || desk.Parameters()["reg.1.server.1.address"] != n.sip.At.Addr().String() {
			t.Fatalf("the file says %q and %q", user, name)
		}
		sip := registrartest.NewPhone(t, n.sip.At, registrartest.Domain)
		if got := sip.Register(user, name, word); got != 200 {
			t.Fatalf("%d", got)
		}
		if got := sip.Register(user, name, "wrong"); got == 200 {
			t.Fatal("a wrong password registers")
		}
		n.work(t, 31*time.Second)
		st := status()
		if !st.Registered || len(st.Registrations) != 1 || st.Registrations[0].AuthID != name || !strings.HasPrefix(st.Registrations[0].UserAgent, "Yealink") {
			t.Fatalf("%+v", st)
		}
		notified := func(why string) {
			t.Helper()
			select {
			case m := <-sip.Got:
				if !strings.HasPrefix(m, "NOTIFY sip:"+user+"@") || !strings.Contains(m, "\r\nEvent: check-sync;reboot=false\r\n") {
					t.Fatal(m)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("no check-sync ", why)
			}
		}
		if err := n.calls.Sync(ctx, devicetest.System, n.Acme.ID, line.ID); err != nil {
			t.Fatal(err)
		}
		n.work(t, 0)
		notified("when asked for")

		if _, err := n.lines.Rotate(ctx, devicetest.System, n.Acme.ID, line.ID, 0); err != nil {
			t.Fatal(err)
		}
		if _, held, _ := boot(); held != name {
			t.Error("the phone gets a name that does not register yet")
		}
		n.work(t, 0)
		notified("in a rotation")
		if got := sip.Register(user, name, word); got != 200 {
			t.Errorf("the old name is answered %d during the rotation", got)
		}
		_, fresh, freshWord := boot()
		if got := sip.Register(user, fresh, freshWord); fresh == name || got != 200 {
			t.Fatalf("%q is answered %d", fresh, got)
		}
		n.work(t, 31*time.Second)
		if st := status(); st.Rotation.Running || st.Registrations[0].AuthID != fresh {
			t.Errorf("%+v", st)
		}
		if got := sip.Register(user, name, word); got == 200 {
			t.Error("the old name registers after the rotation")
		}

		if err := n.lines.DeleteUser(ctx, devicetest.System, n.Acme.ID, u.ID, 0); err != nil {
			t.Fatal(err)
		}
		n.work(t, 0)
		if got := sip.Register(user, fresh, freshWord); got == 200 {
			t.Error("the line of a deleted subscriber registers")
		}
		for _, table := range []string{"subscriber", "uri", "location"} {
			var left int
			if err := n.sip.DB.QueryRow(ctx, `SELECT COUNT(*) FROM `+table).Scan(&left); err != nil || left != 0 {
				t.Errorf("%d rows are left in %s, %v", left, table, err)
			}
		}
		if _, err := n.calls.Status(ctx, devicetest.System, n.Acme.ID, line.ID); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		if _, name, _ := boot(); name == fresh {
			t.Error("the phone keeps the line of a deleted subscriber")
		}
	})
}
