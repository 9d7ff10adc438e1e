package boot_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"linecard/internal/boot"
	"linecard/internal/config"
	"linecard/internal/config/configtest"
	"linecard/internal/device/devicetest"
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
