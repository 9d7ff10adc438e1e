package portal_test

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/journal"
	"linecard/internal/portal/portaltest"
	"linecard/internal/tenant"
)

func TestACustomerIsAddedWithItsMailAndFoundAgain(t *testing.T) { // CH-17, CH-19, CH-21
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Partner)
		a := b.Post("/customers/new", "name", "Acme", "email", "ops@acme.test", "contact", "Ann Lee", "permission_types", "DMP", "permission_types", "RPS")
		if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.To, "/customers/") {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		if page := b.Get(a.To); !page.Has("Acme", "ops@acme.test", "Account mail", "DMP", "RPS") {
			t.Errorf("the customer's page says %s", page.Says())
		}
		for _, text := range []string{"acme", "OPS@", "lee"} {
			if found := b.Get("/customers?q=" + text); !found.Has("ops@acme.test", "1 match") || found.Has("Harbour Dental") {
				t.Errorf("searching %s: %s", text, found.Says())
			}
		}
	})
}

func TestFaultsStandBesideTheirFieldsAndKeepWhatWasTyped(t *testing.T) {
	w := portaltest.Start(t)
	a := w.SignedIn(t, w.Partner).Post("/customers/new", "name", "Keeps This", "email", "no address", "contact", "")
	if a.Status != http.StatusBadRequest || a.Value("name") != "Keeps This" || a.Value("email") != "no address" {
		t.Errorf("%d, name %q, email %q", a.Status, a.Value("name"), a.Value("email"))
	}
	for _, id := range []string{"f-email-fault", "f-contact-fault", "f-permission_types-fault"} {
		if !strings.Contains(a.Body, `id="`+id+`"`) {
			t.Errorf("%s is absent", id)
		}
	}
}

func TestAFrozenCustomerIsOutAtOnceAndInAgainAfter(t *testing.T) { // CH-24, CH-25
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		partner, customer := w.SignedIn(t, w.Partner), w.SignedIn(t, w.Customer)
		at := "/customers/" + w.Customer.Tenant.ID
		if a := partner.Get(at + "/freeze"); !a.Has("emergency calls are never affected", "Also stop provisioning") {
			t.Errorf("the dialog says %s", a.Says())
		}
		if a := partner.Post(at+"/freeze", "reason", "overdue"); a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		if a := customer.Get("/devices"); a.Status == http.StatusOK {
			t.Error("an open session goes on")
		}
		if a := partner.Get(at); !a.Has("This customer is frozen", "Reason: overdue") {
			t.Errorf("says %s", a.Says())
		}
		partner.Post(at + "/unfreeze")
		if a := w.Browser(t).SignIn(w.Customer, portaltest.Password); a.Status != http.StatusSeeOther {
			t.Errorf("after unfreezing: %d %s", a.Status, a.Says())
		}
	})
}

func TestAVisitNeedsAuthorisationAndShowsInBothLogs(t *testing.T) { // CH-29, CH-31, CH-32
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		partner, customer := w.SignedIn(t, w.Partner), w.SignedIn(t, w.Customer)
		at := "/customers/" + w.Customer.Tenant.ID
		if a := partner.Post(at+"/enter", "door", "device"); a.Status != http.StatusForbidden {
			t.Errorf("entering without authorisation: %d", a.Status)
		}
		partner.Post(at + "/request-authorisation")
		if a := customer.Get("/authorisation"); !a.Has("Brightline Telecom asks for authorisation") {
			t.Errorf("the customer sees %s", a.Says())
		}
		if a := customer.Post("/authorisation/grant", "manager", w.Partner.Tenant.ID, "level", "change"); a.Status != http.StatusSeeOther {
			t.Fatalf("granting: %d %s", a.Status, a.Says())
		}
		if a := partner.Post(at+"/enter", "door", "device"); a.Status != http.StatusSeeOther {
			t.Fatalf("entering: %d %s", a.Status, a.Says())
		}
		if a := partner.Get("/devices"); !a.Has("You act for Harbour Dental Group as Mara Lindqvist of Brightline Telecom.") {
			t.Errorf("no banner: %s", a.Says())
		}
		if a := partner.Post("/devices/new", "mac", "0004f2abcdef"); a.Status != http.StatusSeeOther {
			t.Errorf("adding a phone: %d %s", a.Status, a.Says())
		}
		if a := customer.Get("/log"); !a.Has("Mara Lindqvist@Brightline Telecom", "device/create", "customer/enter") {
			t.Errorf("the customer's log says %s", a.Says())
		}
		customer.Post("/authorisation/withdraw", "manager", w.Partner.Tenant.ID)
		if a := partner.Get("/devices"); a.Status == http.StatusOK {
			t.Error("the visit goes on after the authorisation was withdrawn")
		}
	})
}

func TestAReadOnlyVisitShowsNoControlThatChanges(t *testing.T) {
	w := portaltest.Start(t)
	if _, err := w.Tenants.Authorise(t.Context(), w.Actor(w.Customer), w.Customer.Tenant.ID, tenant.Authorisation{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	b := w.SignedIn(t, w.Partner)
	b.Post("/customers/"+w.Customer.Tenant.ID+"/enter", "door", "device")
	if a := b.Get("/devices"); a.Status != http.StatusOK || strings.Contains(a.Body, `href="/devices/new"`) {
		t.Errorf("%d: a control that adds is shown", a.Status)
	}
	if a := b.Post("/devices/new", "mac", "0004f2abcdef"); a.Status != http.StatusForbidden {
		t.Errorf("adding answered %d", a.Status)
	}
}

func TestASubAccountSeesOnlyItsFunctionsAndCustomers(t *testing.T) { // CH-86 … CH-88
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		x := doTrade(t, w)
		b := w.SignedIn(t, x.people["sub"])
		list := b.Get("/customers")
		if !list.Has(x.plain.Name) || list.Has(x.frozen.Name) || list.Has("Administrators") || list.Has("Tokens") {
			t.Errorf("it sees %s", list.Says())
		}
		if a := b.Get("/customers/" + x.frozen.ID); a.Status != http.StatusNotFound {
			t.Errorf("a customer that is not its own: %d", a.Status)
		}
		if a := b.Get("/customers/new"); a.Status != http.StatusForbidden {
			t.Errorf("a function that it lacks: %d", a.Status)
		}
	})
}

func TestIndirectProvidersNeedBothRoles(t *testing.T) { // WS-83, WS-87
	w := portaltest.Start(t)
	x := doTrade(t, w)
	both, one := w.SignedIn(t, w.Partner), w.SignedIn(t, x.people["partner-full"])
	if a := both.Get("/sub-partners"); !a.Has("Lotus Connect") {
		t.Errorf("with both roles: %s", a.Says())
	}
	if a := one.Get("/customers"); strings.Contains(a.Body, `href="/sub-partners"`) {
		t.Error("with one role the tab is shown")
	}
	if a := one.Get("/sub-partners"); a.Status != http.StatusForbidden {
		t.Errorf("with one role: %d", a.Status)
	}
	if a := both.Get("/customers"); a.Has("青禾教育科技") {
		t.Error("the list shows a sub-partner's customer without a search")
	}
	if a := both.Get("/customers?q=li@qinghe"); !a.Has("青禾教育科技", "via Lotus Connect") {
		t.Errorf("the search says %s", a.Says())
	}
	if a := one.Get("/customers?q=li@qinghe"); a.Has("青禾教育科技") {
		t.Error("with one role the search finds a sub-partner's customer")
	}
}

func TestAForeignObjectIsAsUnknownOnEveryBusinessPage(t *testing.T) { // CH-33
	w := portaltest.Start(t)
	x := doTrade(t, w)
	b := w.SignedIn(t, w.SubPartner) // sees nothing of the partner's
	for _, path := range []string{"/customers/" + x.plain.ID, "/customers/" + x.plain.ID + "/edit", "/customers/" + x.plain.ID + "/freeze", "/orders/" + x.draft.ID,
		"/orders?customer=" + x.plain.ID, "/people/" + x.sub.ID, "/sub-accounts/" + x.sub.ID, "/webhooks/" + x.hook.ID, "/tokens/" + x.token.ID + "/revoke"} {
		foreign, unknown := b.Get(path), b.Get(strings.NewReplacer(x.plain.ID, "none", x.draft.ID, "none", x.sub.ID, "none", x.hook.ID, "none", x.token.ID, "none").Replace(path))
		if foreign.Status != http.StatusNotFound || unknown.Status != http.StatusNotFound {
			t.Errorf("%s: foreign %d, unknown %d", path, foreign.Status, unknown.Status)
		}
	}
}

func TestWhoIsOvertakenSeesBothVersions(t *testing.T) {
	w := portaltest.Start(t)
	x := doTrade(t, w)
	b := w.SignedIn(t, w.Partner)
	at := "/customers/" + x.plain.ID + "/edit"
	form := b.Get(at)
	x.stale(t, w)
	a := b.Post(at, "version", form.Value("version"), "name", x.plain.Name, "email", x.plain.Email, "contact", "Mine", "host", x.plain.Host, "permission_types", "DMP")
	if a.Status != http.StatusPreconditionFailed || !a.Has("Meanwhile saved by somebody else: Oskar Lindqvist") || a.Value("contact") != "Mine" {
		t.Fatalf("%d %s", a.Status, a.Says())
	}
	again := b.Post(at, "version", a.Value("version"), "name", x.plain.Name, "email", x.plain.Email, "contact", "Mine", "host", x.plain.Host, "permission_types", "DMP")
	if again.Status != http.StatusSeeOther {
		t.Errorf("with the new version: %d %s", again.Status, again.Says())
	}
}

func TestArchivingListsWhatRemainsAndAsksForTheName(t *testing.T) { // CH-27
	w := portaltest.Start(t)
	x := doTrade(t, w)
	b := w.SignedIn(t, w.Partner)
	if a := b.Get("/customers/" + x.granted.ID + "/archive"); !a.Has("1 device remains") || strings.Contains(a.Body, "confirm_name") {
		t.Errorf("says %s", a.Says())
	}
	at := "/customers/" + x.plain.ID + "/archive"
	if a := b.Post(at, "confirm_name", "wrong"); a.Status != http.StatusBadRequest || !strings.Contains(a.Body, "f-confirm_name-fault") {
		t.Errorf("a wrong name: %d", a.Status)
	}
	if a := b.Post(at, "confirm_name", x.plain.Name); a.Status != http.StatusSeeOther {
		t.Errorf("the right name: %d %s", a.Status, a.Says())
	}
	if a := b.Get("/customers?state=archived"); !a.Has(x.plain.Name) {
		t.Errorf("archived ones: %s", a.Says())
	}
}

func TestAnOrderGoesFromDraftToFulfilled(t *testing.T) { // CH-28
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		partner, operator := w.SignedIn(t, w.Partner), w.SignedIn(t, w.Operator)
		a := partner.Post("/orders/new", "customer", w.Customer.Tenant.ID, "lines[0].item", "device_licence", "lines[0].quantity", "5", "lines[0].wanted", "", "do", "draft")
		if a.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		at := a.To
		if bad := partner.Post("/orders/new", "customer", w.Customer.Tenant.ID, "lines[0].item", "device_licence", "lines[0].quantity", "many", "lines[0].wanted", "", "do", "submit"); bad.Status != http.StatusBadRequest || bad.Value("lines[0].quantity") != "many" {
			t.Errorf("a quantity that is none: %d %q", bad.Status, bad.Value("lines[0].quantity"))
		}
		partner.Post(at+"/submit", "version", "1")
		if a := partner.Post(at+"/fulfil", "version", "2"); a.Status != http.StatusNotFound {
			t.Errorf("the partner fulfils: %d", a.Status)
		}
		if a := operator.Post(at+"/fulfil", "version", "2"); a.Status != http.StatusSeeOther {
			t.Fatalf("fulfilling: %d %s", a.Status, a.Says())
		}
		limits, err := w.Tenants.Limits(t.Context(), w.DB, w.Customer.Tenant.ID)
		if err != nil || limits["device_licence"] != 5 {
			t.Errorf("limits %v, %v", limits, err)
		}
	})
}

func TestTheLogIsFilteredAndExportedWhole(t *testing.T) { // CH-83, CH-84
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Partner)
		const rows = 1100 // more than one portion
		actor := w.Actor(w.Partner)
		for i := range rows {
			err := w.Journal.Fail(t.Context(), actor, "customer/freeze", actor.Tenant, journal.Target{Kind: "customer", ID: "x", Name: "=cmd " + strconv.Itoa(i)}, access.Decide(access.Actor{}, access.CustomerFreeze, access.Target{}))
			if err != nil {
				t.Fatal(err)
			}
		}
		if a := b.Get("/log?action=session/sign-in"); a.Has("customer/freeze =cmd") || !a.Has("session/sign-in") {
			t.Errorf("filtered by type: %s", a.Says())
		}
		if a := b.Get("/log?to=2001-01-01"); !a.Has("No row matches") {
			t.Errorf("filtered by day: %s", a.Says())
		}
		if a := b.Get("/log?from=nonsense"); a.Status != http.StatusBadRequest {
			t.Errorf("a day that is none: %d", a.Status)
		}
		a := b.Get("/log.csv?action=customer/freeze")
		all, err := csv.NewReader(strings.NewReader(a.Body)).ReadAll()
		if err != nil || len(all) != rows+1 {
			t.Fatalf("%d rows, %v", len(all), err)
		}
		if got := all[1][6]; !strings.HasPrefix(got, "'=cmd") {
			t.Errorf("a formula stays one: %q", got)
		}
	})
}

func TestATokenIsShownOnceAndNeverWiderThanItsMaker(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Customer)
	a := b.Post("/tokens/new", "name", "Script", "kind", "token", "rights", "some", "scopes", "device.view", "expires_in", "30")
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "lct_") || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", a.Status, a.Says())
	}
	if list := b.Get("/tokens"); !list.Has("Script", "1 scope") || strings.Contains(list.Body, "lct_") {
		t.Errorf("the list says %s", list.Says())
	}
	if wider := b.Post("/tokens/new", "name", "Wide", "kind", "token", "rights", "some", "scopes", "platform.edit"); wider.Status != http.StatusForbidden {
		t.Errorf("a wider one: %d", wider.Status)
	}
}

func TestAPolicyBelowTheOperatorOnlyTightens(t *testing.T) { // CH-14
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Partner)
	if a := b.Post("/policies", "password_min", "9"); a.Status != http.StatusBadRequest || !strings.Contains(a.Body, "f-password_min-fault") {
		t.Errorf("a looser one: %d", a.Status)
	}
	if a := b.Post("/policies", "password_min", "14"); a.Status != http.StatusSeeOther {
		t.Errorf("a stricter one: %d %s", a.Status, a.Says())
	}
	if a := b.Get("/policies"); !a.Has("14 characters") {
		t.Errorf("says %s", a.Says())
	}
}

func TestASecretIsRevealedByPostOnlyAndLogged(t *testing.T) { // decision 16
	w := portaltest.Start(t)
	x := doTrade(t, w)
	b := w.SignedIn(t, w.Customer)
	if a := b.Get("/provisioning"); strings.Contains(a.Body, "tide and stone 7") {
		t.Error("the page shows the password")
	}
	if a := b.Get("/provisioning/reveal"); a.Status == http.StatusOK {
		t.Error("a link reveals it")
	}
	if a := b.Post("/provisioning/reveal"); !strings.Contains(a.Body, "tide and stone 7") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s", a.Status, a.Says())
	}
	if a := b.Get("/log"); !a.Has("provisioning/reveal") {
		t.Error("the log says nothing")
	}
	if a := w.SignedIn(t, x.people["customer-readonly"]).Post("/provisioning/reveal"); a.Status != http.StatusForbidden {
		t.Errorf("without the right: %d", a.Status)
	}
}
