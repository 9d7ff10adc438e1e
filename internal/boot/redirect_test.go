package boot_test

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"linecard/internal/boot"
	"linecard/internal/config"
	"linecard/internal/config/configtest"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/redirect"
	"linecard/internal/tenant"
)

// Decision 17: a phone hears where to go in an opened window only; before that it is told what every MAC is told.
func TestTheRedirectServiceTellsNothingButInAnOpenedWindow(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		rps := redirect.NewService(redirect.Needs{DB: n.DB, Journal: n.Journal, Tenants: n.Tenants, Operations: n.Operations, Box: n.Box, Makers: n.Makers})
		permissions := []string{tenant.DMP, tenant.RPS}
		if _, err := n.Tenants.Edit(ctx, devicetest.System, n.Acme.ID, tenant.Patch{PermissionTypes: &permissions}); err != nil {
			t.Fatal(err)
		}
		h, err := boot.New(boot.Options{Config: configtest.New(t, n.World, config.Options{}), Devices: n.Devices, Redirects: rps, Makers: n.Makers, Box: n.Box, Clock: n.clock})
		if err != nil {
			t.Fatal(err)
		}
		n.server = httptest.NewTLSServer(httpx.Edge{Name: "phones", Log: slog.New(slog.DiscardHandler)}.Wrap(h))
		t.Cleanup(n.server.Close)

		s, err := rps.CreateServer(ctx, devicetest.System, n.Acme.ID, redirect.NewServer{Name: "Main", URL: "https://phones.example/p/acme"})
		if err != nil {
			t.Fatal(err)
		}
		const yealink = "805ec00a0b0c"
		e, err := rps.CreateEntry(ctx, devicetest.System, n.Acme.ID, redirect.NewEntry{MAC: yealink, ServerID: s.ID})
		if err != nil {
			t.Fatal(err)
		}
		known, body := n.ask(t, "GET", "/rps/"+yealink+".cfg")
		unknown, none := n.ask(t, "GET", "/rps/805ec00a0b0d.cfg")
		if known.StatusCode != http.StatusNotFound || unknown.StatusCode != known.StatusCode || body != none || known.Header.Get("Www-Authenticate") != "" {
			t.Errorf("%d %q, %d %q", known.StatusCode, body, unknown.StatusCode, none)
		}
		n.status(t, http.StatusMethodNotAllowed, "PUT", "/rps/"+yealink+".cfg")
		if _, err := rps.OpenWindow(ctx, devicetest.System, n.Acme.ID, e.ID, 0, 0); err != nil {
			t.Fatal(err)
		}
		got, file := n.ask(t, "GET", "//rps//"+strings.ToUpper(yealink)+".cfg", "User-Agent: Yealink SIP-T54W 96.86.0.45 80:5e:c0:0a:0b:0c")
		if got.StatusCode != http.StatusOK || !strings.Contains(file, "https://phones.example/p/acme") || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %q", got.StatusCode, file)
		}
	})
}

// CH-41, decision 13: who has the phone in hand and gave it its account gets the MAC from one who only wrote it down.
func TestAPhoneWithItsMakersCertificateAndAnAccountSettlesADispute(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		rps := redirect.NewService(redirect.Needs{DB: n.DB, Journal: n.Journal, Tenants: n.Tenants, Operations: n.Operations, Box: n.Box, Makers: n.Makers, Holders: n.Devices})
		n.Devices.Respect(rps)
		permissions := []string{tenant.DMP, tenant.RPS}
		for _, c := range []string{n.Acme.ID, n.Globex.ID} {
			if _, err := n.Tenants.Edit(ctx, devicetest.System, c, tenant.Patch{PermissionTypes: &permissions}); err != nil {
				t.Fatal(err)
			}
		}
		n.AutoAdd(t, n.Acme.ID, device.On)
		entry, err := rps.CreateEntry(ctx, devicetest.System, n.Globex.ID, redirect.NewEntry{MAC: unknown, UniqueURL: "https://globex.example/"})
		if err != nil {
			t.Fatal(err)
		}
		n.handler, err = boot.New(boot.Options{Config: configtest.New(t, n.World, config.Options{}), Devices: n.Devices, Redirects: rps, Makers: n.Makers, Box: n.Box, Clock: n.clock})
		if err != nil {
			t.Fatal(err)
		}
		now := n.clock.Now()
		root := newAuthority(t, "Maker Root", nil, now)
		if _, err := n.Devices.AddMakerRoot(ctx, devicetest.System, device.NewMakerRoot{PEM: root.pem()}); err != nil {
			t.Fatal(err)
		}
		if err := n.handler.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		addr := n.real(t, false)
		cert := root.phone(t, strings.ToUpper(unknown), now.Add(24*time.Hour))
		boots := func(c ...tls.Certificate) int {
			t.Helper()
			code, _, err := with(t, addr, &tls.Config{Certificates: c}, "/p/acme/"+unknown+".cfg", right)
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		// Globex wrote it down and nobody asked for it: it is Globex's, with or without a certificate.
		if a, b := boots(), boots(cert); a != http.StatusNotFound || b != a {
			t.Errorf("%d, %d", a, b)
		}
		if _, err := n.Devices.Create(ctx, devicetest.System, n.Acme.ID, device.New{MAC: unknown}); errs.CodeOf(err) != "mac_unavailable" {
			t.Error(err)
		}
		if _, err := rps.CreateClaim(ctx, devicetest.System, n.Acme.ID, redirect.NewClaim{MAC: unknown, Reason: "It stands on our desk"}); err != nil {
			t.Fatal(err)
		}
		if code := boots(); code != http.StatusNotFound {
			t.Errorf("without a certificate: %d", code)
		}
		if code := boots(cert); code != http.StatusOK {
			t.Errorf("with certificate and account: %d", code)
		}
		if _, err := rps.GetEntry(ctx, devicetest.System, n.Globex.ID, entry.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the entry of who only wrote it down: %v", err)
		}
		claims, _, err := rps.Claims(ctx, devicetest.System, n.Acme.ID, false, db.Page{})
		if err != nil || len(claims) != 1 || claims[0].State != redirect.Released || claims[0].DecidedBy != "certificate" {
			t.Errorf("%+v, %v", claims, err)
		}
		if e, err := rps.CreateEntry(ctx, devicetest.System, n.Acme.ID, redirect.NewEntry{MAC: unknown, UniqueURL: "https://acme.example/"}); err != nil || e.Proof != redirect.ByCertificate {
			t.Errorf("%q, %v", e.Proof, err)
		}

		// An entry of its own is proven by the phone's coming, and no account that everybody knows proves anything.
		own, err := rps.CreateEntry(ctx, devicetest.System, n.Acme.ID, redirect.NewEntry{MAC: mac, UniqueURL: "https://acme.example/"})
		if err != nil || own.Proof != redirect.Unproven {
			t.Fatalf("%q, %v", own.Proof, err)
		}
		proof := func() redirect.Proof {
			e, err := rps.GetEntry(ctx, devicetest.System, n.Acme.ID, own.ID)
			if err != nil {
				t.Fatal(err)
			}
			return e.Proof
		}
		mine := root.phone(t, strings.ToUpper(mac), now.Add(24*time.Hour))
		for _, header := range [][]string{nil, {right}} {
			if code, _, err := with(t, addr, &tls.Config{Certificates: []tls.Certificate{mine}}, params, header...); err != nil || code != http.StatusOK {
				t.Errorf("%d, %v", code, err)
			}
			if want := map[bool]redirect.Proof{true: redirect.ByCertificate}[header != nil]; proof() != want {
				t.Errorf("with %v: %q", header, proof())
			}
		}
	})
}
