package config_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"linecard/internal/catalog"
	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/subscriber"
)

// subscribers makes the room of managed lines on the services of the world, with a customer that may have calling.
func (f *fixture) subscribers(t *testing.T) *subscriber.Service {
	t.Helper()
	c := catalog.NewService(catalog.Needs{DB: f.DB, Journal: f.Journal, Tenants: f.Tenants})
	s := subscriber.NewService(subscriber.Needs{DB: f.DB, Journal: f.Journal, Tenants: f.Tenants, Catalog: c, Box: f.Box})
	s.Connect(f.Devices)
	f.Devices.Manage(s)
	_, err := c.Subscribe(ctx, devicetest.System, f.Partner.ID, catalog.NewSubscription{Currency: "EUR", Start: "2020-01-01", BillingDay: 1, Items: []string{"calling"}})
	must(t, err)
	_, err = c.SetSubscriptionState(ctx, devicetest.System, f.Partner.ID, catalog.Sells, 0)
	must(t, err)
	must(t, f.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return c.SetCustomerPackages(ctx, tx, devicetest.System, f.Acme, []catalog.PackageLimit{{Code: "calling"}})
	}))
	_, _, err = s.SetCalling(ctx, devicetest.System, f.Acme.ID, subscriber.Calling{Realm: "acme.sip.example", Registrars: []phone.Server{{Host: "sip1.example.net", Port: 5061}, {Host: "sip2.example.net"}},
		Proxies: []phone.Server{{Host: "edge1.example.net"}, {Host: "edge2.example.net"}}, Transport: phone.TLS}, 0)
	must(t, err)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// all is every file of the phone with this MAC in one text.
func (f *fixture) all(t *testing.T, mac string) string {
	t.Helper()
	var b strings.Builder
	door, _, err := f.config.Door(ctx, "acme")
	must(t, err)
	m, _ := phone.HexMAC(mac)
	for _, name := range []string{mac + ".cfg", mac + "-linecard.cfg"} {
		got, err := f.config.File(ctx, config.Request{Door: door, MAC: m, Name: name, Trusted: true})
		if err != nil && errs.KindOf(err) != errs.NotFound {
			t.Fatal(err)
		}
		b.Write(got.Body)
	}
	return b.String()
}

// Issue 4 item 6; decisions 14, 19 and 20.
func TestThePhonesNextConfigurationCarriesManagedLinesAndLosesThem(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		s := f.subscribers(t)
		user := func(n int) (subscriber.User, subscriber.Line) {
			u, err := s.CreateUser(ctx, devicetest.System, f.Acme.ID, subscriber.NewUser{Email: "u" + strconv.Itoa(n) + "@acme.test", FirstName: "Ann", LastName: "Lee" + strconv.Itoa(n),
				Package: "calling", Extension: strconv.Itoa(200 + n)})
			must(t, err)
			lines, _, err := s.Lines(ctx, devicetest.System, f.Acme.ID, subscriber.LineQuery{HolderID: u.ID})
			must(t, err)
			if len(lines) != 1 || !lines[0].NoEmergency() {
				t.Fatalf("a calling line without a location is not flagged: %+v", lines)
			}
			return u, lines[0]
		}
		u, l := user(1)
		_, second := user(2)
		if got := f.all(t, mac); strings.Contains(got, l.User) {
			t.Fatal("a line that is on no phone")
		}
		other := f.Phone(t, f.Acme.ID, "64167f0a0b0d")
		for _, d := range []string{f.device.ID, other.ID} { // one line on several phones
			_, err := s.PlaceLine(ctx, devicetest.System, f.Acme.ID, l.ID, d, 0)
			must(t, err)
		}
		_, err := s.PlaceLine(ctx, devicetest.System, f.Acme.ID, second.ID, f.device.ID, 0) // several lines on one phone
		must(t, err)
		_, authID, word, err := s.RevealLine(ctx, devicetest.System, f.Acme.ID, l.ID)
		must(t, err)
		got := f.all(t, mac)
		for _, want := range []string{l.User, authID, word.Reveal(), second.User, "sip1.example.net", "sip2.example.net", "edge1.example.net", "Ann Lee1"} {
			if !strings.Contains(got, want) {
				t.Errorf("the file lacks %s", want)
			}
		}
		if !strings.Contains(f.all(t, "64167f0a0b0d"), l.User) {
			t.Error("the other phone has nothing")
		}

		turned, err := s.Rotate(ctx, devicetest.System, f.Acme.ID, l.ID, 0)
		must(t, err)
		both, err := s.Credentials(ctx, f.DB, []string{l.ID})
		if err != nil || len(both) != 2 || both[0].AuthID != authID || both[1].AuthID != turned.NextAuthID || both[0].Password != word.Reveal() {
			t.Errorf("%v", err)
		}
		if got := f.all(t, mac); !strings.Contains(got, turned.NextAuthID) || strings.Contains(got, word.Reveal()) {
			t.Error("the phone is not given the new credentials")
		}
		_, err = s.EndRotation(ctx, devicetest.System, f.Acme.ID, l.ID)
		must(t, err)
		if now, _ := s.Credentials(ctx, f.DB, []string{l.ID}); len(now) != 1 || now[0].AuthID != turned.NextAuthID {
			t.Error("the old credentials are still there")
		}

		must(t, s.DeleteUser(ctx, devicetest.System, f.Acme.ID, u.ID, 0))
		got = f.all(t, mac)
		if strings.Contains(got, l.User) || strings.Contains(got, turned.NextAuthID) || !strings.Contains(got, second.User) {
			t.Error("the phone keeps what was deleted, or lost what was not")
		}
		must(t, s.DeleteLine(ctx, devicetest.System, f.Acme.ID, second.ID, 0))
		if strings.Contains(f.all(t, mac), second.User) {
			t.Error("the line is still there")
		}
	})
}
