package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"linecard/internal/billing"
	"linecard/internal/onboard"
	"linecard/internal/portal/portaltest"
	"linecard/internal/subscriber"
)

// The pages of the wholesale offer change what they say, tell what was refused, and show nothing of others.
func TestThePagesOfTheWholesaleOfferDoWhatTheySay(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		x := doTrade(t, w)
		s := doSell(t, w, x)
		partner, customer, operator, compliance := w.SignedIn(t, w.Partner), w.SignedIn(t, w.Customer), w.SignedIn(t, w.Operator), w.SignedIn(t, x.people["operator-compliance"])
		at := "/customers/" + w.Customer.Tenant.ID
		want := func(a portaltest.Answer, status int, texts ...string) {
			t.Helper()
			if a.Status != status || !a.Has(texts...) {
				t.Errorf("%d, want %d with %q: %s", a.Status, status, texts, a.Says())
			}
		}
		t.Run("WS-136 a package changes, and losing calling is asked for", func(t *testing.T) {
			u := at + "/users/" + s.user.ID
			want(partner.Post(u+"/package", "package", "meetings"), http.StatusConflict, "Change package")
			want(partner.Post(u+"/package", "package", "calling"), http.StatusSeeOther)
			want(partner.Get(u), http.StatusOK, "Edda Wren now has", "201")
		})
		t.Run("WS-110 numbers are added one by one, and a bad one stays in the form", func(t *testing.T) {
			want(partner.Post(at+"/numbers/new", "numbers", "+44 20 7946 0750 - +44 20 7946 0754\nnonsense", "location_id", s.location.ID), http.StatusOK, "5 numbers are added.", "nonsense", "1 number could not be added")
			want(customer.Get("/numbers?q=0752"), http.StatusOK, "+442079460752")
			if a := customer.Get("/numbers/new"); a.Status != http.StatusForbidden && a.Status != http.StatusNotFound {
				t.Errorf("a customer brings numbers: %d", a.Status)
			}
		})
		t.Run("DM decision 16: a password is shown once, to whom it may be", func(t *testing.T) {
			want(customer.Post("/lines/"+s.line.ID+"/reveal"), http.StatusOK, "Password")
			support := w.SignedIn(t, x.people["customer-support"])
			if a := support.Post("/lines/" + s.line.ID + "/reveal"); a.Status == http.StatusOK {
				t.Error("the help desk sees a password")
			}
		})
		t.Run("WS-135 a directory gets a token that is shown once", func(t *testing.T) {
			a := customer.Post("/directory/token")
			want(a, http.StatusOK, "/scim/v2", "Token")
			if b := customer.Get("/directory"); b.Has("scim-token") {
				t.Error("the token is shown again")
			}
		})
		t.Run("WS-44 a provider sees no match, and WS-46 a decision needs a reason", func(t *testing.T) {
			if a := partner.Get("/customers/" + s.held.ID + "/service"); a.Has("Evil Corp Ltd") || !a.Has("Pending compliance review") {
				t.Error(a.Says())
			}
			want(partner.Get("/compliance"), http.StatusNotFound)
			want(compliance.Get("/compliance"), http.StatusOK, "EVIL CORP.", "Evil Corp Ltd")
			want(compliance.Post("/compliance/"+s.held.ID, "do", "deny", "reason", " "), http.StatusBadRequest, "must not be empty")
			want(compliance.Post("/compliance/"+s.held.ID, "do", "deny", "reason", "It is them"), http.StatusSeeOther)
			c, err := w.Onboard.Case(t.Context(), w.Actor(w.Operator), s.held.ID)
			if err != nil || c.Compliance != "denied" || c.Reason != "It is them" {
				t.Errorf("%+v %v", c.Compliance, err)
			}
		})
		t.Run("WS-64 WS-66 a report has its file until it is deleted", func(t *testing.T) {
			if a := partner.Get("/reports/" + s.report.ID + "/files/csv"); a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") {
				t.Errorf("%d %s", a.Status, a.Header.Get("Content-Type"))
			}
			again := partner.Post("/reports/new", "billing_start_date", s.report.Start, "billing_end_date", s.report.End, "type", "CUSTOMER", "category", billing.Reconciliation)
			want(again, http.StatusConflict, "Delete it first")
			if !strings.Contains(again.Body, `href="/reports/`+s.report.ID) {
				t.Error("no way to the report that is there")
			}
			want(partner.Post("/reports/"+s.report.ID+"/delete"), http.StatusSeeOther)
			want(partner.Get("/reports/"+s.report.ID), http.StatusNotFound)
		})
		t.Run("WS-58 a statement is printed, and WS-73 not for a sub-partner", func(t *testing.T) {
			if a := partner.Get("/invoices/" + s.invoice.ID + "/files/statement.pdf"); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "%PDF") {
				t.Errorf("%d", a.Status)
			}
			want(w.SignedIn(t, w.SubPartner).Get("/invoices/"+s.invoice.ID), http.StatusNotFound)
			want(operator.Post("/invoices/"+s.invoice.ID+"/steps/pay"), http.StatusSeeOther)
		})
		t.Run("WS-2 prices are added and taken out", func(t *testing.T) {
			page := partner.Get("/retail")
			want(partner.Post("/retail", "currency", "GBP", "version", page.Value("version"), "price[0].item", "suite", "price[0].price", "twelve"), http.StatusBadRequest, "at most four decimals")
			want(partner.Post("/retail", "currency", "GBP", "version", page.Value("version"), "price[0].item", "suite", "price[0].price", "26.50"), http.StatusSeeOther)
			want(partner.Get("/retail"), http.StatusOK, "26.50 GBP")
		})
		t.Run("WS-74 a request is rejected with a reason", func(t *testing.T) {
			to := "/sub-partner-requests/" + s.request.ID + "/reject"
			want(operator.Post(to), http.StatusBadRequest)
			want(operator.Post(to, "reason", "Not in this region"), http.StatusSeeOther)
			want(partner.Get("/sub-partner-requests"), http.StatusOK, "Not in this region")
		})
		t.Run("WS-141 a service with users ends only with them", func(t *testing.T) {
			to := "/customers/" + s.ready.ID + "/service/remove"
			if _, err := w.Subscriber.CreateUser(t.Context(), w.Actor(w.Partner), s.ready.ID, subscriber.NewUser{Email: "one@pell.example", FirstName: "One", LastName: "Person", Package: "meetings"}); err != nil {
				t.Fatal(err)
			}
			want(partner.Post(to), http.StatusConflict, "still have packages")
			want(partner.Post(to, "cascade", "on"), http.StatusSeeOther)
			if c, err := w.Onboard.Wholesale(t.Context(), w.Actor(w.Partner), s.ready.ID, ""); err == nil && c.Status == onboard.StatusProvisioned {
				t.Errorf("it goes on: %s", c.Status)
			}
		})
		t.Run("a foreign customer is unknown", func(t *testing.T) {
			for _, path := range []string{"/users", "/locations", "/numbers", "/lines", "/service", "/directory", "/users/" + s.user.ID, "/lines/" + s.line.ID, "/users/export.csv"} {
				want(w.SignedIn(t, w.SubPartner).Get(at+path), http.StatusNotFound)
			}
			want(partner.Get("/customers/"+x.plain.ID+"/users/"+s.user.ID), http.StatusNotFound)
		})
	})
}
