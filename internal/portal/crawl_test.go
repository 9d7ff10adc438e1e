package portal_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/portal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/portaltest"
)

var (
	hrefs   = regexp.MustCompile(`href="([^"]*)"`)
	actions = regexp.MustCompile(`(?:<form[^>]*method="post"[^>]*action|formaction)="([^"]*)"`)
	// rawKey finds a text that no catalogue has, and a parameter that nobody gave.
	rawKey = regexp.MustCompile(`\b(customers?|partners|sub_partners|orders|items|devices|provisioning|authorisation|company|people|sub_accounts|log|policy|tokens|webhooks|organisation|right|role|role_hint|remaining|users|workspaces|locations|numbers|mlines|directory|wholesale|templates|carriers|requests|compliance|offer|subscription|retail|reports|invoices|wizard|address|mail|nav|action|kind)\.[a-z_]+(\.[a-z_]+)*\b|\{[a-z_]+\}`)
)

// Whoever signs in can follow every link that is shown to them, and every form leads to something that they may do: nothing
// leads nowhere, and no control is shown to whom it would be refused (rendered from the services' own decisions).
func TestEveryLinkAndFormLeadsSomewhereForEveryRole(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		x := doTrade(t, w)
		doSell(t, w, x)
		visits := map[string]func(b *portaltest.Browser) portaltest.Answer{
			"partner in customer": func(b *portaltest.Browser) portaltest.Answer {
				return b.Post("/customers/"+x.granted.ID+"/enter", "door", "device")
			},
			"partner in redirect": func(b *portaltest.Browser) portaltest.Answer {
				return b.Post("/customers/"+x.plain.ID+"/enter", "door", "redirect")
			},
			"partner in sub-partner": func(b *portaltest.Browser) portaltest.Answer {
				return b.Post("/sub-partners/" + w.SubPartner.Tenant.ID + "/enter")
			},
			"operator in customer": func(b *portaltest.Browser) portaltest.Answer {
				return b.Post("/customers/"+w.Customer.Tenant.ID+"/enter", "door", "device", "reason", "ticket 4711")
			},
		}
		people := map[string]portaltest.Person{"operator": w.Operator, "partner": w.Partner, "sub-partner": w.SubPartner, "customer": w.Customer,
			"partner in customer": w.Partner, "partner in redirect": w.Partner, "partner in sub-partner": w.Partner, "operator in customer": w.Operator}
		for name, p := range x.people {
			people[name] = p
		}
		for name, p := range people {
			t.Run(name, func(t *testing.T) {
				b := w.SignedIn(t, p)
				actor := w.Actor(p)
				if enter := visits[name]; enter != nil {
					if a := enter(b); a.Status != http.StatusSeeOther {
						t.Fatalf("entering: %d %s", a.Status, a.Says())
					}
					var err error
					if actor, err = w.Accounts.Authenticate(t.Context(), b.Cookie("lc_session"), account.Request{}); err != nil {
						t.Fatal(err)
					}
				}
				crawl(t, w, b, actor)
			})
		}
	})
}

// variants is how many addresses of one path are visited: filters, orders and doors of the same page.
const variants = 3

func crawl(t *testing.T, w *portaltest.World, b *portaltest.Browser, actor access.Actor, besides ...string) {
	t.Helper()
	table := newTable(&w.Deps)
	queue, seen, posted := []string{"/"}, map[string]bool{"/": true}, map[string]bool{}
	perPath := map[string]int{}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		a := b.Get(at)
		if a.Status == http.StatusSeeOther {
			continue
		}
		if a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", at, a.Status, a.Says())
			continue
		}
		if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			weigh(t, b, at, a)
			if raw := rawKey.FindString(a.Says()); raw != "" && !strings.HasPrefix(at, "/webhooks") && !strings.HasPrefix(at, "/tokens") &&
				!strings.HasPrefix(at, "/docs/") && !strings.HasPrefix(at, "/profiles/") && !strings.HasPrefix(at, "/plans/") && !strings.HasSuffix(at, "/configuration") {
				t.Errorf("%s says %q", at, raw)
			}
		}
		for _, m := range hrefs.FindAllStringSubmatch(a.Body, -1) {
			to := html.UnescapeString(m[1])
			if !inside(to) || seen[to] || slices.ContainsFunc(besides, func(p string) bool { return strings.HasPrefix(to, p) }) {
				continue
			}
			seen[to] = true
			u, err := url.Parse(to)
			if err != nil {
				t.Errorf("%s links to %q: %v", at, to, err)
				continue
			}
			if perPath[u.Path]++; perPath[u.Path] <= variants {
				queue = append(queue, to)
			}
		}
		for _, m := range actions.FindAllStringSubmatch(a.Body, -1) {
			to := html.UnescapeString(m[1])
			if posted[to] {
				continue
			}
			posted[to] = true
			route, ok := table.find("POST", to)
			switch {
			case !ok:
				t.Errorf("%s has a form that leads to %s, where nothing is", at, to)
			case route.Needs != page.Public && route.Needs != page.Bare && !actor.Can(route.Needs):
				t.Errorf("%s shows a form to %s, which needs %s", at, to, route.Needs)
			}
		}
	}
	if len(seen) < 5 {
		t.Errorf("only %d links found: the crawl does not work", len(seen))
	}
}

// inside says whether a link leads to a page of the portal.
func inside(to string) bool {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
		return false
	}
	return !slices.ContainsFunc([]string{"/static/", "/design", "/api/", "/demo/", "/sign-out"}, func(p string) bool { return strings.HasPrefix(to, p) })
}

// table finds the route that answers an address, as the portal's mux does.
type table struct {
	mux    *http.ServeMux
	routes map[string]page.Route
}

func newTable(d *portal.Deps) table {
	t := table{http.NewServeMux(), map[string]page.Route{}}
	for _, r := range portal.Routes(d) {
		t.routes[r.Pattern] = r
		t.mux.HandleFunc(r.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	return t
}

func (t table) find(method, to string) (page.Route, bool) {
	u, err := url.Parse(to)
	if err != nil {
		return page.Route{}, false
	}
	_, pattern := t.mux.Handler(&http.Request{Method: method, URL: u, Host: "localhost"})
	r, ok := t.routes[pattern]
	return r, ok
}
