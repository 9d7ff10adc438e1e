package portal_test

import (
	"strings"
	"testing"

	"linecard/internal/portal/browsertest"
	"linecard/internal/portal/portaltest"
)

// seat opens a tab in which somebody is signed in.
func seat(t *testing.T, w *portaltest.World, p portaltest.Person, look browsertest.Look) *browsertest.Tab {
	t.Helper()
	tab := browsertest.Open(t, look)
	tab.SetCookie(w.URL, "lc_session", w.SignedIn(t, p).Cookie("lc_session"))
	return tab
}

func holds(t *testing.T, tab *browsertest.Tab, selector string, texts ...string) {
	t.Helper()
	got := tab.Text(selector)
	for _, text := range texts {
		if !strings.Contains(got, text) {
			t.Errorf("%s at %s lacks %q in: %s", selector, tab.URL(), text, got)
		}
	}
}

func quiet(t *testing.T, tab *browsertest.Tab) {
	t.Helper()
	for _, complaint := range tab.ConsoleErrors() {
		if !strings.Contains(complaint, "the server responded with a status of 4") {
			t.Error(complaint)
		}
	}
}

func TestInABrowserACustomerIsAddedFrozenAndThawed(t *testing.T) {
	w := portaltest.Start(t)
	tab := seat(t, w, w.Partner, browsertest.Look{})
	tab.Goto(w.URL + "/customers/new")
	tab.Fill("#f-name", "Acme")
	tab.Fill("#f-email", "ops@acme.test")
	tab.Fill("#f-contact", "Ann Lee")
	tab.Submit("main .form-actions button")
	holds(t, tab, "main", "Acme", "Account mail", "ops@acme.test", "is on its way")
	tab.Click(`.steps a[href$="/freeze"]`)
	tab.Wait("dialog[open]")
	holds(t, tab, "dialog", "Freeze Acme?", "emergency calls are never affected")
	for _, finding := range tab.Axe() {
		t.Error(finding)
	}
	tab.Fill("dialog #f-reason", "overdue")
	tab.Submit("dialog .form-actions button")
	holds(t, tab, "main", "This customer is frozen", "Reason: overdue")
	tab.Click(`.notice a[href$="/unfreeze"]`)
	tab.Wait("dialog[open]")
	tab.Submit("dialog .form-actions button")
	holds(t, tab, "main", "can sign in again")
	quiet(t, tab)
}

func TestInABrowserWithoutScriptsAnAuthorisationIsAskedGivenAndUsed(t *testing.T) {
	w := portaltest.Start(t)
	look := browsertest.Look{NoJS: true}
	partner, customer := seat(t, w, w.Partner, look), seat(t, w, w.Customer, look)
	at := w.URL + "/customers/" + w.Customer.Tenant.ID
	partner.Goto(at)
	holds(t, partner, "main", "Not authorised")
	partner.Submit(`main a[href$="/request-authorisation"]`)
	partner.Submit("[data-question] .form-actions button")
	holds(t, partner, "main", "Requested")
	customer.Goto(w.URL + "/authorisation")
	holds(t, customer, "main", "asks for authorisation")
	customer.Submit(`.notice a`)
	customer.Submit("main .form-actions button")
	holds(t, customer, "main", "is authorised", "granted by Priya Raman")
	partner.Goto(at)
	partner.Submit(`main form[action$="/enter"] button`)
	holds(t, partner, ".acting", "You act for Harbour Dental Group")
	partner.Submit(".acting form button")
	holds(t, partner, ".tenant", "Brightline Telecom")
}

func TestInABrowserASubAccountHasAShortMenu(t *testing.T) {
	w := portaltest.Start(t)
	x := doTrade(t, w)
	tab := seat(t, w, x.people["sub"], browsertest.Look{})
	tab.Goto(w.URL + "/")
	menu := tab.Text("#side")
	for _, absent := range []string{"Tokens", "Webhooks", "Administrators", "Indirect providers", "Policies"} {
		if strings.Contains(menu, absent) {
			t.Errorf("the menu offers %s", absent)
		}
	}
	for _, present := range []string{"Customers", "Operation log"} {
		if !strings.Contains(menu, present) {
			t.Errorf("the menu lacks %s: %s", present, menu)
		}
	}
}

func TestInABrowserTheLogIsFilteredAndTheExportKeepsTheFilter(t *testing.T) {
	w := portaltest.Start(t)
	doTrade(t, w)
	tab := seat(t, w, w.Partner, browsertest.Look{})
	tab.Goto(w.URL + "/log")
	tab.Fill("#f-path", "freeze")
	tab.Submit("form.filters button")
	holds(t, tab, "table", "customer/freeze", "Solvang Bryggeri AS")
	if rows := browsertest.Eval[int](tab, `document.querySelectorAll("tbody tr").length`); rows != 1 {
		t.Errorf("%d rows", rows)
	}
	csv := browsertest.Eval[string](tab, `fetch(document.querySelector('a[href^="/log.csv"]').href).then(r => r.text())`)
	if strings.Count(csv, "\n") != 2 || !strings.Contains(csv, "customer/freeze") {
		t.Errorf("the export holds %s", csv)
	}
	quiet(t, tab)
}

func TestInABrowserATokenCanBeCopied(t *testing.T) {
	w := portaltest.Start(t)
	tab := seat(t, w, w.Partner, browsertest.Look{})
	tab.Goto(w.URL + "/tokens/new")
	tab.Fill("#f-name", "Script")
	tab.Submit("main .form-actions button")
	if secret := tab.Text("#secret"); !strings.HasPrefix(secret, "lct_") {
		t.Fatalf("the secret is %q", secret)
	}
	tab.Wait("[data-copy=secret]")
	tab.Click("[data-copy=secret]")
	for _, finding := range tab.Axe() {
		t.Error(finding)
	}
	quiet(t, tab)
}

func TestInABrowserAWebhookIsAdded(t *testing.T) {
	w := portaltest.Start(t)
	tab := seat(t, w, w.Partner, browsertest.Look{})
	tab.Goto(w.URL + "/webhooks/new")
	tab.Fill("#f-url", "http://127.0.0.1/inside")
	tab.Submit("main .form-actions button")
	tab.Wait("#f-url-fault")
	tab.Fill("#f-url", "https://hooks.example.com/linecard")
	tab.Fill("#f-description", "Billing")
	tab.Submit("main .form-actions button")
	if secret := tab.Text("#secret"); !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("the secret is %q", secret)
	}
	tab.Submit("main .buttons a")
	holds(t, tab, "main", "Billing", "All events", "On")
	quiet(t, tab)
}

func TestInABrowserWhoIsOvertakenDecides(t *testing.T) {
	w := portaltest.Start(t)
	x := doTrade(t, w)
	tab := seat(t, w, w.Partner, browsertest.Look{})
	tab.Goto(w.URL + "/customers/" + x.plain.ID + "/edit")
	tab.Fill("#f-contact", "Mine")
	x.stale(t, w)
	tab.Submit("main .form-actions button")
	holds(t, tab, "main", "Meanwhile saved by somebody else: Oskar Lindqvist")
	tab.Submit("main .form-actions button")
	holds(t, tab, "main", "Mine", "is saved")
	quiet(t, tab)
}
