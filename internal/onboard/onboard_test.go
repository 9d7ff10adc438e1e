package onboard_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// world is an operator with a partner, all rooms real.
type world struct {
	t        *testing.T
	db       *db.DB
	clock    *dbtest.Clock
	svc      *onboard.Service
	tenants  *tenant.Service
	accounts *account.Service
	sent     []deliver.Letter
	operator onboard.Made
	p        onboard.Made
}

// Mail notes letters whose transaction has committed, as the real outbox keeps them.
func (b *box) Mail(ctx context.Context, tx *db.Tx, l deliver.Letter) (string, error) {
	tx.AfterCommit(func() { b.w.sent = append(b.w.sent, l) })
	return b.Mailer.Mail(ctx, tx, l)
}

type box struct {
	*deliver.Mailer
	w *world
}

const word = "Right-horse-7-battery"

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := &world{t: t, db: d, clock: clock}
		seal, err := secret.Open(filepath.Join(t.TempDir(), "key"))
		w.ok(err)
		log := slog.New(slog.DiscardHandler)
		mailer := deliver.NewMailer(d, deliver.MailerOptions{Box: seal, Log: log})
		j := journal.New(d, journal.Options{Box: seal, Log: log})
		w.tenants = tenant.NewService(d, j)
		link := func(realm account.Realm, path string) string {
			return "https://" + string(realm) + ".example.test" + path
		}
		post := &box{mailer, w}
		w.accounts = account.NewService(account.Deps{DB: d, Tenants: w.tenants, Journal: j, Mail: post, Box: seal, Hasher: account.NewHasher(0, 0), Log: log, Link: link})
		w.svc = onboard.NewService(onboard.Deps{DB: d, Tenants: w.tenants, Accounts: w.accounts, Mails: mailer, Post: post, Link: link})
		system := access.SystemActor("test")
		w.operator, err = w.svc.CreateOperator(t.Context(), system, tenant.Details{Name: "Uplink", Email: "noc@uplink.test"}, onboard.First{Password: secret.Hide(word)})
		w.ok(err)
		w.p, err = w.svc.CreatePartner(t.Context(), w.as(w.operator), tenant.Details{Name: "Partner P", Email: "p@example.test", Contact: "Ann Lee"}, onboard.First{})
		w.ok(err)
		test(t, w)
	})
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) as(m onboard.Made) access.Actor {
	return access.Actor{ID: m.Admin.ID, Account: m.Admin.ID, Kind: access.Person, Name: m.Admin.Name, Email: m.Admin.Email, Tenant: m.Tenant.Access(), Roles: m.Admin.Roles}
}

func customer(name, email string) tenant.NewCustomer {
	return tenant.NewCustomer{PermissionTypes: []string{tenant.DMP, tenant.RPS}, Details: tenant.Details{Name: name, Email: email, Contact: "Bo Chan", Locale: "zh-CN"}}
}

var linkToken = regexp.MustCompile(`/([^/]+)$`)

// take gives the letters that were sent since the last time.
func (w *world) take() []deliver.Letter {
	all := w.sent
	w.sent = nil
	return all
}

func (w *world) token(l deliver.Letter) string {
	w.t.Helper()
	m := linkToken.FindStringSubmatch(l.Values["link"])
	if m == nil {
		w.t.Fatalf("no link in %+v", l.Values)
	}
	return m[1]
}

func (w *world) signIn(realm account.Realm, email string) error {
	_, err := w.accounts.SignIn(w.t.Context(), account.SignIn{Realm: realm, Email: email, Password: secret.Hide(word), IP: "192.0.2.1"})
	return err
}

func refused(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if err == nil || errs.KindOf(err) != kind || errs.CodeOf(err) != code {
		t.Fatalf("%v, want %s", err, code)
	}
}

// CH-17, CH-19
func TestANewCustomersRegisteredAddressGetsOneMailWhoseLinkWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.take()
		made, err := w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Acme", "it@acme.test"), onboard.First{})
		w.ok(err)
		sent := w.take()
		if len(sent) != 1 || sent[0].To != "it@acme.test" || sent[0].Locale != "zh-CN" || !strings.HasPrefix(sent[0].Values["link"], "https://customer.") {
			t.Fatalf("sent %+v", sent)
		}
		states, err := w.svc.MailStates(t.Context(), w.load(made.Tenant.ID))
		w.ok(err)
		if m := states[made.Tenant.ID]; m.State != deliver.MailQueued || m.To != "it@acme.test" {
			t.Errorf("the provider sees %+v", m)
		}
		w.ok(w.accounts.SetPasswordByLink(t.Context(), w.token(sent[0]), secret.Hide(word), "192.0.2.1"))
		w.ok(w.signIn(account.CustomerRealm, "it@acme.test"))
		refused(t, w.accounts.SetPasswordByLink(t.Context(), w.token(sent[0]), secret.Hide(word), "192.0.2.1"), errs.Gone, "link_used")
		if err := w.signIn(account.PartnerRealm, "it@acme.test"); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("the partner portal answers %v (CH-10)", err)
		}
	})
}

func (w *world) load(id string) tenant.Tenant {
	w.t.Helper()
	t, err := w.tenants.Load(w.t.Context(), w.db, id)
	w.ok(err)
	return t
}

// CH-17: duplicate e-mail, and nothing half made.
func TestACustomerWhoseAdministratorCannotBeMadeIsNotMadeEither(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, err := w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Acme", "it@acme.test"), onboard.First{})
		w.ok(err)
		_, err = w.accounts.Invite(t.Context(), w.as(made), account.Invitation{Email: "second@acme.test", Name: "Second", Roles: []access.Role{access.CustomerSupport}})
		w.ok(err)
		w.take()
		for _, taken := range []string{"IT@acme.test", "second@acme.test"} {
			_, err = w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Other", taken), onboard.First{})
			refused(t, err, errs.Conflict, "email_taken")
			if f := errs.As(err).Fields; len(f) != 1 || f[0].Name != "email" {
				t.Errorf("%s: the fault names %+v", taken, f)
			}
		}
		l, err := w.tenants.List(t.Context(), w.as(w.p), tenant.Query{Kind: access.Customer})
		w.ok(err)
		if l.Total != 1 || len(w.take()) != 0 {
			t.Errorf("%d customers, want 1, and no mail", l.Total)
		}
	})
}

// CH-15
func TestAPartnersFirstAdministratorSeesSubPartnersToo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub, err := w.svc.CreateSubPartner(t.Context(), w.as(w.p), tenant.NewSubPartner{Details: tenant.Details{Name: "Sub", Email: "s@example.test", Contact: "Cy"}}, onboard.First{})
		w.ok(err)
		got, err := w.tenants.Get(t.Context(), w.as(w.p), sub.Tenant.ID)
		w.ok(err)
		if got.Name != "Sub" || sub.Admin.Realm != account.PartnerRealm {
			t.Errorf("got %+v with %+v", got, sub.Admin)
		}
		made, err := w.svc.CreateCustomer(t.Context(), w.as(sub), customer("Of sub", "of@sub.test"), onboard.First{})
		w.ok(err)
		if made.Tenant.ParentID != sub.Tenant.ID {
			t.Errorf("it belongs to %s", made.Tenant.ParentName)
		}
	})
}

// CH-17, CH-87: a sub account with the function makes customers, although it may not manage accounts otherwise.
func TestASubAccountWithTheFunctionOnboardsCustomers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Acme", "it@acme.test"), onboard.First{})
		w.ok(err)
		sub, err := w.accounts.Invite(t.Context(), w.as(w.p), account.Invitation{Email: "sub@example.test", Name: "Sub", Roles: []access.Role{access.PartnerSubAccount},
			Functions: []access.Action{access.CustomerView, access.CustomerCreate}, AllCustomers: true})
		w.ok(err)
		a := w.as(onboard.Made{Tenant: w.p.Tenant, Admin: sub})
		a.Functions, a.AllCustomers = sub.Functions, true
		_, err = w.svc.CreateCustomer(t.Context(), a, customer("Beta", "it@beta.test"), onboard.First{})
		w.ok(err)
		a.Functions = []access.Action{access.CustomerView}
		_, err = w.svc.CreateCustomer(t.Context(), a, customer("Gamma", "it@gamma.test"), onboard.First{})
		refused(t, err, errs.Forbidden, "forbidden")
	})
}

// CH-20
func TestTheInvitationIsSentAgainAtMostOnceAMinuteAndReplacesTheFormerLink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, err := w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Acme", "it@acme.test"), onboard.First{})
		w.ok(err)
		sent := w.take()
		first := w.token(sent[len(sent)-1])
		_, err = w.svc.ResetPassword(t.Context(), w.as(w.p), made.Tenant.ID)
		refused(t, err, errs.TooMany, "too_soon")
		w.clock.Advance(time.Minute)
		_, err = w.svc.ResetPassword(t.Context(), w.as(w.p), made.Tenant.ID)
		w.ok(err)
		sent = w.take()
		if len(sent) != 1 || sent[0].Template != deliver.AccountInvitation {
			t.Fatalf("sent %+v", sent)
		}
		if err := w.accounts.SetPasswordByLink(t.Context(), first, secret.Hide(word), "192.0.2.1"); errs.KindOf(err) != errs.Gone {
			t.Errorf("the former link answers %v", err)
		}
		w.ok(w.accounts.SetPasswordByLink(t.Context(), w.token(sent[0]), secret.Hide(word), "192.0.2.1"))
	})
}

// CH-22
func TestAResetMailsALinkWhileTheOldPasswordStillWorks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, err := w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Acme", "it@acme.test"), onboard.First{})
		w.ok(err)
		sent := w.take()
		w.ok(w.accounts.SetPasswordByLink(t.Context(), w.token(sent[len(sent)-1]), secret.Hide(word), "192.0.2.1"))
		_, err = w.svc.ResetPassword(t.Context(), w.as(made), made.Tenant.ID)
		refused(t, err, errs.Forbidden, "forbidden")
		_, err = w.svc.ResetPassword(t.Context(), w.as(w.p), made.Tenant.ID)
		w.ok(err)
		sent = w.take()
		if len(sent) != 1 || sent[0].Template != deliver.PasswordResetByAdmin || sent[0].To != "it@acme.test" {
			t.Fatalf("sent %+v", sent)
		}
		w.ok(w.signIn(account.CustomerRealm, "it@acme.test"))
		w.clock.Advance(24*time.Hour - time.Second)
		w.ok(w.accounts.SetPasswordByLink(t.Context(), w.token(sent[0]), secret.Hide("Other-horse-8-battery"), "192.0.2.1"))
		if err := w.signIn(account.CustomerRealm, "it@acme.test"); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("the old password answers %v", err)
		}
	})
}

// CH-23
func TestWithAChangedEmailTheAdministratorSignsInWithTheNewOneOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, err := w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Acme", "a@acme.test"), onboard.First{Password: secret.Hide(word)})
		w.ok(err)
		w.take()
		email := "b@acme.test"
		_, err = w.tenants.Edit(t.Context(), w.as(w.p), made.Tenant.ID, tenant.Patch{Email: &email})
		w.ok(err)
		told := map[string]bool{}
		for _, l := range w.take() {
			told[l.To] = true
		}
		if !told["a@acme.test"] || !told["b@acme.test"] {
			t.Errorf("told were %v", told)
		}
		if err := w.signIn(account.CustomerRealm, "a@acme.test"); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("the old address answers %v", err)
		}
		w.ok(w.signIn(account.CustomerRealm, "b@acme.test"))
	})
}

// CH-3, CH-24, CH-25, CH-27
func TestASuppliedPasswordMustBeChangedAndFreezingAndArchivingReachThePeople(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, err := w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Acme", "a@acme.test"), onboard.First{Password: secret.Hide(word)})
		w.ok(err)
		if !made.Admin.MustChange {
			t.Error("a password that somebody else chose stays (CH-3)")
		}
		_, err = w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Other", "o@acme.test"), onboard.First{Password: secret.Hide(word), Keep: true})
		refused(t, err, errs.Forbidden, "more_than_own_rights")
		_, err = w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Other", "o@acme.test"), onboard.First{Password: secret.Hide("short")})
		refused(t, err, errs.Invalid, "invalid_fields")

		_, err = w.tenants.Freeze(t.Context(), w.as(w.p), made.Tenant.ID, tenant.Freeze{})
		w.ok(err)
		if err := w.signIn(account.CustomerRealm, "a@acme.test"); errs.CodeOf(err) != "frozen" {
			t.Errorf("a frozen customer's sign-in answers %v", err)
		}
		_, err = w.tenants.Unfreeze(t.Context(), w.as(w.p), made.Tenant.ID)
		w.ok(err)
		w.ok(w.signIn(account.CustomerRealm, "a@acme.test"))
		_, err = w.tenants.Archive(t.Context(), w.as(w.p), made.Tenant.ID, "Acme")
		w.ok(err)
		_, err = w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Acme", "a@acme.test"), onboard.First{})
		w.ok(err) // the address is free again
	})
}

// CH-29, CH-31, WS-155
func TestOrganisationsAreToldWhatOthersDecideAboutThem(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, err := w.svc.CreateCustomer(t.Context(), w.as(w.p), customer("Acme", "a@acme.test"), onboard.First{})
		w.ok(err)
		w.take()
		told := func(to string, kind deliver.Template) {
			t.Helper()
			sent := w.take()
			if len(sent) != 1 || sent[0].To != to || sent[0].Template != kind {
				t.Errorf("sent %+v, want %s to %s", sent, kind, to)
			}
		}
		_, err = w.tenants.RequestAuthorisation(t.Context(), w.as(w.p), made.Tenant.ID)
		w.ok(err)
		told("a@acme.test", deliver.AuthorisationRequested)
		_, err = w.tenants.Authorise(t.Context(), w.as(made), made.Tenant.ID, tenant.Authorisation{})
		w.ok(err)
		told("p@example.test", deliver.AuthorisationGranted)
		_, err = w.tenants.Restrict(t.Context(), w.as(w.p), made.Tenant.ID, true)
		w.ok(err)
		told("a@acme.test", deliver.RestrictedMode)
		_, err = w.tenants.Restrict(t.Context(), w.as(w.p), made.Tenant.ID, false)
		w.ok(err)
		if sent := w.take(); len(sent) != 0 {
			t.Errorf("sent %+v", sent)
		}
	})
}
