package home_test

import (
	"net/http"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/portal"
	"linecard/internal/portal/portaltest"
	"linecard/internal/secret"
)

func TestTheOverviewCountsWhatTheActorSeesAndShowsItsLog(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		for _, c := range []struct {
			who   portaltest.Person
			says  []string
			never []string
		}{
			{w.Operator, []string{"Partners 1", "Customers 2", "Frozen customers 0", "Operator created"}, []string{"Partner created Brightline"}},
			{w.Partner, []string{"Customers 1", "Partner created"}, []string{"青禾"}},
			{w.SubPartner, []string{"Customers 1", "Sub-partner created"}, []string{"Harbour"}},
			{w.Customer, []string{"All phones 0", "What needs attention", "Customer created"}, []string{"Brightline", "Partners"}},
		} {
			a := w.SignedIn(t, c.who).Get("/")
			if a.Status != http.StatusOK || !a.Has(c.says...) {
				t.Errorf("%s: %d %s", c.who.Email, a.Status, a.Says())
			}
			for _, n := range c.never {
				if a.Has(n) {
					t.Errorf("%s sees %q: %s", c.who.Email, n, a.Says())
				}
			}
		}
	})
}

func TestTheOverviewShowsNoLogToWhoMayNotSeeIt(t *testing.T) {
	w := portaltest.Start(t)
	if _, err := w.Accounts.Invite(t.Context(), portaltest.System, account.Invitation{TenantID: w.Customer.Tenant.ID, Email: "desk@harbour.example", Name: "Desk",
		Roles: []access.Role{access.Helpdesk}, Password: secret.Hide(portaltest.Password), Keep: true}); err != nil {
		t.Fatal(err)
	}
	a := w.SignedIn(t, portaltest.Person{Realm: account.CustomerRealm, Email: "desk@harbour.example"}).Get("/")
	if a.Status != http.StatusOK || a.Has("operation log") {
		t.Errorf("%d %s", a.Status, a.Says())
	}
}

// CH-96: both topics, before signing in too, and links that lead on.
func TestHelpHasTheTopicsAndLeadsOn(t *testing.T) {
	w := portaltest.Start(t)
	for name, b := range map[string]*portaltest.Browser{"stranger": w.Browser(t), "customer": w.SignedIn(t, w.Customer)} {
		a := b.Get("/help")
		if a.Status != http.StatusOK || !a.Has("Forgotten password", "A customer does not receive our mails", "Situation", "Cause", "Solution") || !strings.Contains(a.Body, `href="/recover/partner"`) {
			t.Errorf("%s: %d %s", name, a.Status, a.Says())
		}
		if strings.Contains(a.Body, "mara@brightline.example") != (name == "customer") {
			t.Errorf("%s: the provider's address", name)
		}
	}
}

// CH-92: the mail goes to the next tier, with who, from where and which page.
func TestFeedbackGoesToTheNextTier(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Customer)
		if a := b.Get("/account"); !strings.Contains(a.Body, `href="/feedback?from=%2Faccount"`) {
			t.Error("no way to it")
		}
		if a := b.Post("/feedback", "topic", "", "message", strings.Repeat("x", 4001), "email", "nobody"); a.Status != http.StatusBadRequest || strings.Count(a.Body, `aria-invalid="true"`) != 3 {
			t.Errorf("%d %s", a.Status, a.Says())
		}
		if a := b.Post("/feedback", "topic", "Phones", "message", "They do not ring.\nSince noon.", "email", w.Customer.Email, "from", "/account"); a.To != "/" {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		var got deliver.Kept
		dbtest.Eventually(t, "the mail", func() bool {
			all, _, err := w.Mail.Mailbox(t.Context(), db.Page{Limit: 50})
			for _, m := range all {
				if m.Kind == "feedback" {
					got = m
				}
			}
			return err == nil && got.ID != ""
		})
		for _, want := range []string{"Priya Raman", "priya@harbour.example", "Harbour Dental Group", "They do not ring.", "/account"} {
			if !strings.Contains(got.Text, want) {
				t.Errorf("the mail lacks %q: %s", want, got.Text)
			}
		}
		if got.To != w.Partner.Tenant.Email {
			t.Errorf("to %s", got.To)
		}
		if a := w.SignedIn(t, w.Operator).Get("/feedback"); a.Status != http.StatusNotFound {
			t.Errorf("nobody stands above the operator: %d", a.Status)
		}
	})
}

// Decision 26: only in the demo, only for who sits at this machine.
func TestTheMailboxIsOnlyInTheDemoAndOnlyOnThisMachine(t *testing.T) {
	if a := portaltest.Start(t).Browser(t).Get("/demo/mail"); a.Status != http.StatusNotFound {
		t.Errorf("outside the demo: %d", a.Status)
	}
	w := portaltest.Start(t, func(d *portal.Deps) { d.Mailbox = true })
	if _, err := w.Accounts.ResetPassword(t.Context(), w.Actor(w.Operator), w.Operator.Account.ID); err != nil {
		t.Fatal(err)
	}
	b := w.Browser(t)
	list := b.Get("/demo/mail")
	path := list.Link("/demo/mail/")
	if list.Status != http.StatusOK || path == "" {
		t.Fatalf("%d %s", list.Status, list.Says())
	}
	if a := b.Get(path); a.Status != http.StatusOK || a.Link(w.URL+"/link/") == "" {
		t.Errorf("%d %s", a.Status, a.Says())
	}
	if a := b.Get("/demo/mail/no-such"); a.Status != http.StatusNotFound {
		t.Errorf("unknown: %d", a.Status)
	}
	far := w.From(t, "203.0.113.9")
	if a := far.Get("/demo/mail"); a.Status != http.StatusNotFound {
		t.Errorf("from elsewhere: %d", a.Status)
	}
	if a := far.Get(path); a.Status != http.StatusNotFound {
		t.Errorf("from elsewhere: %d", a.Status)
	}
}
