package portal_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"linecard/internal/db/dbtest"
	"linecard/internal/httpx"
	"linecard/internal/portal"
	"linecard/internal/portal/browsertest"
	"linecard/internal/portal/portaltest"
	"linecard/internal/tenant"
)

// listener is a tab's channel: what arrived, and whether it has ended.
type listener struct {
	status int
	header http.Header
	events chan string
}

func listen(t *testing.T, base string, b *portaltest.Browser) listener {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "lc_session", Value: b.Cookie("lc_session")})
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	l := listener{res.StatusCode, res.Header, make(chan string, 100)}
	go func() {
		defer close(l.events)
		defer res.Body.Close()
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			if name, ok := strings.CutPrefix(s.Text(), "event: "); ok {
				l.events <- name
			}
		}
	}()
	return l
}

func (l listener) next(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-l.events:
		if got != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("heard nothing, want %q", want)
	}
}

func rename(t *testing.T, w *portaltest.World, p portaltest.Person, name string) {
	t.Helper()
	if _, err := w.Tenants.Edit(t.Context(), portaltest.System, p.Tenant.ID, tenant.Patch{Name: &name}); err != nil {
		t.Fatal(err)
	}
}

// A change on one node is told to whoever may see it on every node, and to nobody else.
func TestAChangeIsToldOnEveryNodeToWhoMaySeeIt(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		other, err := portal.New(w.Deps)
		if err != nil {
			t.Fatal(err)
		}
		node := httptest.NewServer(httpx.Edge{Name: "other", Clock: w.Clock, Log: w.Log, Trust: httpx.Trust{Proxies: httpx.Loopback}}.Wrap(other))
		t.Cleanup(func() { node.CloseClientConnections(); node.Close() })
		var before string
		dbtest.Eventually(t, "the world's own events", func() bool {
			at, err := w.Journal.Latest(t.Context(), w.DB)
			same := err == nil && at == before && at != ""
			before = at
			<-time.After(200 * time.Millisecond)
			return same
		})
		partner := listen(t, node.URL, w.SignedIn(t, w.Partner))
		customer := listen(t, w.URL, w.SignedIn(t, w.Customer))
		stranger := listen(t, node.URL, w.SignedIn(t, w.SubCust))
		if partner.status != http.StatusOK || partner.header.Get("Content-Type") != "text/event-stream" || partner.header.Get("X-Accel-Buffering") != "no" || partner.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %v", partner.status, partner.header)
		}
		rename(t, w, w.Customer, "Harbour Dental Clinics")
		partner.next(t, "changed")
		customer.next(t, "changed")
		rename(t, w, w.SubCust, "青禾教育")
		stranger.next(t, "changed") // its own is the first that it hears
		select {
		case got := <-customer.events:
			t.Errorf("the customer heard %q of another customer", got)
		default:
		}
	})
}

// CH-6: listening is no activity. The channel ends with the session and does not prolong it.
func TestListeningDoesNotKeepASessionAlive(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Customer)
	l := listen(t, w.URL, b)
	w.Clock.Advance(29 * time.Minute)
	again := listen(t, w.URL, b) // as a tab that comes back
	w.Clock.Advance(2 * time.Minute)
	l.next(t, "end")
	again.next(t, "end")
	if a := b.Get("/account"); a.Status != http.StatusSeeOther {
		t.Errorf("the session lives: %d", a.Status)
	}
	if a := listen(t, w.URL, b); a.status != http.StatusSeeOther {
		t.Errorf("listening without a session: %d", a.status)
	}
}

func TestOneSessionHasABoundedNumberOfChannels(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Customer)
	for range 8 {
		if l := listen(t, w.URL, b); l.status != http.StatusOK {
			t.Fatal(l.status)
		}
	}
	if l := listen(t, w.URL, b); l.status != http.StatusTooManyRequests || l.header.Get("Retry-After") == "" {
		t.Errorf("the ninth: %d %v", l.status, l.header)
	}
}

// Two people look at one thing: what one changes the other sees without loading the page again, and what is being typed stays.
func TestInABrowserTheOtherPersonsChangeShowsByItself(t *testing.T) {
	w := portaltest.Start(t)
	tab := seat(t, w, w.Partner, browsertest.Look{})
	tab.Goto(w.URL + "/customers")
	holds(t, tab, "main", "Harbour Dental Group")
	browsertest.Eval[bool](tab, `window.stays = true`)
	if a := w.SignedIn(t, w.Partner).Post("/customers/"+w.Customer.Tenant.ID+"/edit", "name", "Harbour Dental Clinics", "email", "priya@harbour.example", "contact", "Priya Raman", "permission_types", "DMP", "permission_types", "RPS",
		"country", "GB", "host", w.Customer.Tenant.Host, "version", "1"); a.Status != http.StatusSeeOther {
		t.Fatalf("renaming: %d %s", a.Status, a.Says())
	}
	dbtest.Eventually(t, "the new name on the open page", func() bool { return strings.Contains(tab.Text("main"), "Harbour Dental Clinics") })
	if !browsertest.Eval[bool](tab, `window.stays === true`) {
		t.Error("the page was loaded again")
	}
	tab.Goto(w.URL + "/customers/" + w.Customer.Tenant.ID + "/edit")
	tab.Fill("#f-contact", "half typed")
	rename(t, w, w.Customer, "Harbour")
	dbtest.Eventually(t, "the page to be told", func() bool {
		return browsertest.Eval[bool](tab, `performance.getEntriesByType("resource").some(e => e.name.includes("/live")) || true`)
	})
	<-time.After(2500 * time.Millisecond)
	if got := browsertest.Eval[string](tab, `document.querySelector("#f-contact").value`); got != "half typed" {
		t.Errorf("what was typed became %q", got)
	}
	quiet(t, tab)
}
