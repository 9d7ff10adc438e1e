package portal_test

import (
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/portal/portaltest"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// scenes are all pages that have a picture. Areas add theirs here.
var scenes = []scene{
	{name: "choice", path: at("/")},
	{name: "sign-in", path: at("/partner")},
	{name: "sign-in-operator", path: at("/operator")},
	{name: "sign-in-wrong", path: at("/customer"), then: func(s *stage) {
		s.Fill("#f-email", "priya@harbour.example")
		s.Fill("#f-password", "something wrong")
		s.Submit("main button.btn-primary")
	}},
	{name: "recover", path: at("/recover/partner")},
	{name: "recover-sent", path: at("/recover/partner?sent=1")},
	{name: "link", path: func(s *stage) string { return s.LastLink() }},
	{name: "link-expired", path: at("/link/expired")},
	{name: "move", path: func(s *stage) string { return s.AskedToMove() }},
	{name: "move-expired", path: at("/move/expired")},
	{name: "first-password", path: at("/customer"), then: func(s *stage) {
		s.Fill("#f-email", "new@harbour.example")
		s.Fill("#f-password", "the supplied one")
		s.Submit("main button.btn-primary")
	}},
	{name: "second-step", path: at("/partner"), then: func(s *stage) {
		s.Fill("#f-email", "second@brightline.example")
		s.Fill("#f-password", portaltest.Password)
		s.Submit("main button.btn-primary")
	}},
	{name: "help", path: at("/help")},
	{name: "not-found", path: at("/no-such-page")},
	{name: "overview-operator", as: "operator", path: at("/")},
	{name: "overview-partner", as: "partner", path: at("/")},
	{name: "overview-sub-partner", as: "sub-partner", path: at("/")},
	{name: "overview-customer", as: "customer", path: at("/")},
	{name: "not-found-inside", as: "partner", path: at("/no-such-page")},
	{name: "account", as: "partner", path: at("/account")},
	{name: "account-faults", as: "partner", path: at("/account"), then: func(s *stage) {
		s.Fill("#f-name", "")
		s.Fill("#f-phone", "not a number at all")
		s.Submit("main form button.btn-primary")
	}},
	{name: "account-password", as: "partner", path: at("/account/password")},
	{name: "account-second-factor", as: "partner", path: at("/account/second-factor")},
	{name: "account-enrol", as: "partner", path: at("/account/second-factor"), then: func(s *stage) { s.Submit("main button.btn-primary") }},
	{name: "account-sessions", as: "partner", path: at("/account/sessions")},
	{name: "help-inside", as: "customer", path: at("/help")},
	{name: "feedback", as: "customer", path: at("/feedback")},
	{name: "mailbox", path: at("/demo/mail")},
	{name: "mail", path: at("/demo/mail"), then: func(s *stage) { s.Submit("main li a") }},
}

// furnish gives the world what the pages are to show.
func furnish(t *testing.T, w *portaltest.World) {
	t.Helper()
	mara := w.Actor(w.Partner)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.Tenants.CreateCustomer(t.Context(), mara, tenant.NewCustomer{PermissionTypes: []string{tenant.DMP},
		Details: tenant.Details{Name: "Meridian Logistics", Email: "ops@meridian.example", Contact: "Jonas Okafor"}})
	ok(err)
	_, err = w.Tenants.Restrict(t.Context(), portaltest.System, w.Customer.Tenant.ID, true)
	ok(err)
	_, err = w.Accounts.Invite(t.Context(), w.Actor(w.Customer), account.Invitation{Email: "new@harbour.example", Name: "Noor", Roles: w.Customer.Account.Roles,
		Password: secret.Hide("the supplied one")})
	ok(err)
	secondFactor(t, w)
	_, err = w.Accounts.Invite(t.Context(), w.Actor(w.Customer), account.Invitation{Email: "kim@harbour.example", Name: "Kim", Roles: []access.Role{access.CustomerSupport}})
	ok(err)
	dbtest.Eventually(t, "the invitation's mail", func() bool {
		mails, _, err := w.Mail.Mailbox(t.Context(), db.Page{Limit: 10})
		return err == nil && len(mails) > 0
	})
}

// secondFactor gives second@brightline.example a second factor and its secret back.
func secondFactor(t *testing.T, w *portaltest.World) account.Enrolment {
	t.Helper()
	p := portaltest.Person{Realm: account.PartnerRealm, Email: "second@brightline.example"}
	if _, err := w.Accounts.Invite(t.Context(), portaltest.System, account.Invitation{TenantID: w.Partner.Tenant.ID, Email: p.Email, Name: "Second",
		Roles: w.Partner.Account.Roles, Password: secret.Hide(portaltest.Password), Keep: true}); err != nil {
		t.Fatal(err)
	}
	a := w.Actor(p)
	e, err := w.Accounts.BeginSecondFactor(t.Context(), a, "Linecard")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Accounts.ConfirmSecondFactor(t.Context(), a, codeOf(t, e.Secret, w.Clock.Now())); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(totpStep) // a code works once
	return e
}
