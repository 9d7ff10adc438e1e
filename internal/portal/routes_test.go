package portal_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"linecard/internal/access"
	"linecard/internal/portal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/portaltest"
)

// public are the addresses that need no session. A new one is added here on purpose or not at all.
var public = []string{
	"GET /brand/{file}", "GET /captcha/{id}/picture.png", "GET /captcha/{id}/sound.wav", "GET /code/{realm}", "GET /customer", "GET /demo/mail", "GET /demo/mail/{id}",
	"GET /design", "GET /design/{part}", "GET /docs", "GET /docs/{page}", "GET /help", "GET /link/{token}", "GET /move/{token}", "GET /operator", "GET /partner", "GET /recover/{realm}", "GET /static/",
	"GET /{$}", "POST /code/{realm}", "POST /customer", "POST /link/{token}", "POST /move/{token}", "POST /operator", "POST /partner", "POST /preferences",
	"POST /recover/{realm}", "POST /sign-out",
}

func TestOnlyTheListedAddressesNeedNoSession(t *testing.T) {
	if diff := cmp.Diff(public, page.Open(portal.Routes(&portal.Deps{Mailbox: true}))); diff != "" {
		t.Errorf("(-listed +open)\n%s", diff)
	}
}

func TestEveryOtherAddressSendsStrangersToSignIn(t *testing.T) {
	w := portaltest.Start(t)
	for _, route := range portal.Routes(&w.Deps) {
		if route.Needs == page.Public || route.Needs == page.Bare {
			continue
		}
		method, path, _ := strings.Cut(route.Pattern, " ")
		a := w.Browser(t).Send(method, filled(path), nil)
		if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.To, "/") || strings.HasPrefix(a.To, "//") {
			t.Errorf("%s without a session: %d %q", route.Pattern, a.Status, a.To)
		}
	}
}

// filled puts something into the places of a pattern.
func filled(path string) string {
	for strings.Contains(path, "{") {
		before, rest, _ := strings.Cut(path, "{")
		_, after, _ := strings.Cut(rest, "}")
		path = before + "x" + after
	}
	return path
}

func TestNoPageOpensToAnActorWithoutItsActionOrPlace(t *testing.T) {
	w := portaltest.Start(t)
	people := map[page.Places]portaltest.Person{page.Operator: w.Operator, page.Partner: w.Partner, page.SubPartner: w.SubPartner, page.Customer: w.Customer}
	for place, p := range people {
		b, actor := w.SignedIn(t, p), w.Actor(p)
		for _, route := range portal.Routes(&w.Deps) {
			method, path, _ := strings.Cut(route.Pattern, " ")
			if route.Needs == page.Public || route.Needs == page.Bare || (route.In&place != 0 && actor.Can(route.Needs)) {
				continue
			}
			a := b.Send(method, filled(path), nil)
			want := http.StatusForbidden
			if route.In&place == 0 {
				want = http.StatusNotFound
			}
			if a.Status != want {
				t.Errorf("%s as %s: %d, want %d", route.Pattern, p.Email, a.Status, want)
			}
		}
	}
}

func TestEveryRouteNamesAnActionThatExists(t *testing.T) {
	for _, route := range portal.Routes(&portal.Deps{}) {
		if !slices.Contains([]access.Action{page.Public, page.Bare}, route.Needs) && !access.Known(route.Needs) {
			t.Errorf("%s needs %q, which is no action", route.Pattern, route.Needs)
		}
	}
}
