package portal_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/portaltest"
	"linecard/internal/portal/ui"
)

func TestRefusalsArePagesWithASentenceAnIdAndNothingRaw(t *testing.T) {
	w := portaltest.Start(t)
	secretText := "password=hunter2 at 10.1.2.3"
	site, err := page.New(w.Deps, []page.Route{
		{Pattern: "GET /plain", Needs: page.Public, Serve: func(*page.Request) error { return errors.New(secretText) }},
		{Pattern: "GET /boom", Needs: page.Public, Serve: func(*page.Request) error { panic(secretText) }},
		{Pattern: "GET /away", Needs: page.Public, Serve: func(*page.Request) error {
			return errs.New(errs.Unavailable, "test_away", "The database is away.").Retry(7 * time.Second).Because(errors.New(secretText))
		}},
		{Pattern: "GET /many", Needs: page.Public, Serve: func(*page.Request) error { return httpx.TooMany(90 * time.Second) }},
		{Pattern: "GET /gone", Needs: page.Public, Serve: func(*page.Request) error {
			return errs.New(errs.Gone, "link_used", "This link was used already. Ask for a new one.")
		}},
		{Pattern: "GET /partner", Needs: page.Public, Serve: func(*page.Request) error { return errs.New(errs.Forbidden, "forbidden", "No.") }},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(httpx.Edge{Log: w.Log}.Wrap(site))
	defer server.Close()
	b := w.At(t, server.URL)
	for _, c := range []struct {
		method, path string
		status       int
		retry, says  string
	}{
		{"GET", "/plain", 500, "", "Something went wrong on our side"},
		{"GET", "/boom", 500, "", "Something went wrong on our side"},
		{"GET", "/away", 503, "7", "We cannot answer right now"},
		{"GET", "/many", 429, "90", "Too many attempts"},
		{"GET", "/gone", 410, "", "This link was used already."},
		{"GET", "/nothing", 404, "", "There is nothing here"},
		{"POST", "/partner", 405, "", "This address does not accept that method."},
		{"GET", "/partner", 403, "", "You may not do this"},
	} {
		a := b.Send(c.method, c.path, nil)
		if a.Status != c.status || a.Header.Get("Retry-After") != c.retry || !a.Has(c.says, "Number of this request:") {
			t.Errorf("%s: %d %q %s", c.path, a.Status, a.Header.Get("Retry-After"), a.Says())
		}
		if strings.Contains(a.Body, "hunter2") || strings.Contains(a.Body, "10.1.2.3") {
			t.Errorf("%s shows the cause", c.path)
		}
		if a.Header.Get("Content-Security-Policy") != ui.ContentPolicy || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", c.path, a.Header)
		}
	}
	if a := b.Send("POST", "/partner", nil); a.Header.Get("Allow") == "" {
		t.Error("405 without Allow")
	}
}

func TestAnUnknownAddressKeepsTheShellOfWhoIsSignedIn(t *testing.T) {
	w := portaltest.Start(t)
	a := w.SignedIn(t, w.Partner).Get("/no-such-page")
	if a.Status != http.StatusNotFound || !a.Has("Brightline Telecom", "There is nothing here", "Mara Lindqvist") {
		t.Errorf("%d %s", a.Status, a.Says())
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Partner)
	for name, header := range map[string][2]string{"origin": {"Origin", "https://evil.example"}, "fetch metadata": {"Sec-Fetch-Site", "cross-site"}} {
		b.Header.Set(header[0], header[1])
		if a := b.Post("/account", "name", "Mallory"); a.Status != http.StatusForbidden || !a.Has("another website") {
			t.Errorf("%s: %d %s", name, a.Status, a.Says())
		}
		if a := b.Post("/sign-out"); a.Status != http.StatusForbidden {
			t.Errorf("%s: sign-out %d", name, a.Status)
		}
		b.Header.Del(header[0])
	}
	b.Header.Set("Origin", w.URL)
	if a := b.Post("/account", "name", "Mara L."); a.Status != http.StatusSeeOther {
		t.Errorf("our own form: %d %s", a.Status, a.Says())
	}
}

func TestOnHTTPSCookiesStayThere(t *testing.T) {
	w := portaltest.Start(t)
	site, err := page.New(w.Deps, []page.Route{{Pattern: "GET /x", Needs: page.Public, Serve: func(r *page.Request) error {
		r.Flash(ui.OK, "done")
		return r.Adopt("", account.PartnerRealm)
	}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(httpx.Edge{Log: w.Log}.Wrap(site))
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Get(server.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if len(res.Cookies()) < 2 {
		t.Fatalf("%v", res.Cookies())
	}
	for _, c := range res.Cookies() {
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || (strings.HasSuffix(c.Name, "session") && !strings.HasPrefix(c.Name, "__Host-")) {
			t.Errorf("%s", c)
		}
	}
	if res.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
}

// CH-32: the banner says for whom, as whom and from where, until the person leaves.
func TestADelegatedSessionShowsItAndCanBeLeft(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Partner)
		token := b.Cookie("lc_session")
		a, err := w.Accounts.Authenticate(t.Context(), token, account.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Accounts.Enter(t.Context(), a, account.Entry{TenantID: w.Customer.Tenant.ID, Door: access.RedirectPortal}); err != nil {
			t.Fatal(err)
		}
		home := b.Get("/")
		if !home.Has("You act for Harbour Dental Group as Mara Lindqvist of Brightline Telecom.", "Ends 2 Mar 2026, 17:00.", "Leave") {
			t.Errorf("%s", home.Says())
		}
		if a := b.Post("/leave"); a.To != "/" {
			t.Errorf("%d %q", a.Status, a.To)
		}
		if home := b.Get("/"); home.Has("You act for") || !home.Has("You no longer act for Harbour Dental Group.") {
			t.Errorf("%s", home.Says())
		}
	})
}

func TestAVisitThatIsOverLeadsHomeWithANotice(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Partner)
	a, err := w.Accounts.Authenticate(t.Context(), b.Cookie("lc_session"), account.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Accounts.Enter(t.Context(), a, account.Entry{TenantID: w.Customer.Tenant.ID, Door: access.RedirectPortal}); err != nil {
		t.Fatal(err)
	}
	for range 17 { // busy for more than eight hours
		w.Clock.Advance(29 * time.Minute)
		b.Get("/session")
	}
	got := b.Get("/account")
	for i := 0; got.Status == http.StatusSeeOther && i < 3; i++ {
		got = b.Get(got.To)
	}
	if got.Has("You act for") || !got.Has("You no longer act for the other organisation", "Brightline Telecom") {
		t.Errorf("%d %s", got.Status, got.Says())
	}
}

// WS-155: customer administrators see the banner on every page, partner staff and others do not.
func TestRestrictedModeIsToldToTheCustomersPeopleOnly(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Customer)
		if a := b.Get("/account"); a.Has("Restricted mode is on") {
			t.Error("before")
		}
		if _, err := w.Tenants.Restrict(t.Context(), portaltest.System, w.Customer.Tenant.ID, true); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/", "/account", "/help", "/feedback", "/no-such-page"} {
			if a := b.Get(path); !a.Has("Restricted mode is on") {
				t.Errorf("%s: no banner", path)
			}
		}
		if a := w.SignedIn(t, w.Partner).Get("/"); a.Has("Restricted mode is on") {
			t.Error("partner staff see it")
		}
	})
}

// CH-83: a refused attempt is one row of the log, with its reason; a typing mistake is none.
func TestARefusedFormIsOneFailureRow(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Partner)
		failures := func() []journal.Entry {
			rows, _, err := w.Journal.Log(t.Context(), w.DB, w.Partner.Tenant.ID, journal.Query{Result: journal.Failure, Page: db.Page{Limit: 50}})
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		b.Post("/account", "name", "", "phone", "")
		if rows := failures(); len(rows) != 0 {
			t.Errorf("a typing mistake left %d rows", len(rows))
		}
		b.Post("/account/password", "old_password", "wrong", "new_password", "something else now", "again", "something else now")
		b.Post("/account/sessions/no-such-session/end")
		rows := failures()
		if len(rows) != 2 || rows[1].Action != "account/password" || rows[1].Actor.Name != "Mara Lindqvist" || rows[0].Reason != "not_found" {
			t.Errorf("%d rows: %+v", len(rows), rows)
		}
	})
}

// Two people, or two windows: the second save shows both values and asks again.
func TestAnOvertakenFormShowsBothValues(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Partner)
		version := b.Get("/account").Value("version")
		name := "Mara of the other window"
		if _, err := w.Accounts.EditMe(t.Context(), w.Actor(w.Partner), account.Profile{Name: &name}); err != nil {
			t.Fatal(err)
		}
		a := b.Post("/account", "name", "Mara here", "phone", "", "locale", "", "time_zone", "", "version", version)
		if a.Status != http.StatusPreconditionFailed || a.Value("name") != "Mara here" || !a.Has("Meanwhile saved by somebody else: "+name) || a.Value("version") == version {
			t.Fatalf("%d %q %s", a.Status, a.Value("name"), a.Says())
		}
		a = b.Post("/account", "name", "Mara here", "phone", "", "locale", "", "time_zone", "", "version", a.Value("version"))
		if a.To != "/account" || !b.Get("/account").Has("Your settings are saved.") || b.Get("/account").Value("name") != "Mara here" {
			t.Errorf("%d %s", a.Status, a.Says())
		}
	})
}

func TestAWayThatLeadsNowhereStopsTheProgram(t *testing.T) {
	w := portaltest.Empty(t)
	if _, err := page.New(w.Deps, nil, []page.Way{{Label: "nav.overview", URL: "/nowhere"}}); err == nil {
		t.Error("the navigation may lead nowhere")
	}
	twice := page.Route{Pattern: "GET /x", Needs: page.Public, Serve: func(*page.Request) error { return nil }}
	if _, err := page.New(w.Deps, []page.Route{twice, twice}, nil); err == nil {
		t.Error("a pattern may stand twice")
	}
	if _, err := page.New(w.Deps, []page.Route{{Pattern: "GET /x", In: page.Anywhere, Needs: "no.such_action", Serve: twice.Serve}}, nil); err == nil {
		t.Error("a route may need what does not exist")
	}
}
