package account

import (
	"context"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// world is a small tree with people: an operator, partners p and q, sub-partner s of p, customers of p and q.
type world struct {
	t        testing.TB
	db       *db.DB
	clock    *dbtest.Clock
	svc      *Service
	tenants  *tenant.Service
	journal  *journal.Journal
	mail     *outbox
	operator tenant.Tenant
	p, q, s  tenant.Tenant
	cp, cq   tenant.Tenant
}

// outbox is the real one, and keeps the letters whose transactions have committed.
type outbox struct {
	*deliver.Mailer
	mu   sync.Mutex
	sent []deliver.Letter
}

func (o *outbox) Mail(ctx context.Context, tx *db.Tx, l deliver.Letter) (string, error) {
	tx.AfterCommit(func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.sent = append(o.sent, l)
	})
	return o.Mailer.Mail(ctx, tx, l)
}

func (o *outbox) count() int { o.mu.Lock(); defer o.mu.Unlock(); return len(o.sent) }

// take empties the box.
func (o *outbox) take() []deliver.Letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.sent
	o.sent = nil
	return all
}

const word = "Right-horse-7-battery"

var system = access.SystemActor("test")

// oneHasher is shared by the tests and cheap, because they hash thousands of times; password_test.go tests the real one.
var oneHasher = func() *Hasher {
	h := NewHasher(0, 1000)
	h.cost.memory, h.cost.time = 64, 1
	return h
}()

// each runs the test on both databases in a fresh world.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel() // most of the time goes into making databases
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newWorld(t, d, clock)) })
}

func newWorld(t testing.TB, d *db.DB, clock *dbtest.Clock) *world {
	t.Helper()
	w := &world{t: t, db: d, clock: clock}
	box, err := secret.Open(filepath.Join(t.TempDir(), "key"))
	w.ok(err)
	log := slog.New(slog.DiscardHandler)
	w.mail = &outbox{Mailer: deliver.NewMailer(d, deliver.MailerOptions{Box: box, Log: log})}
	w.journal = journal.New(d, journal.Options{Box: box, Log: log})
	w.tenants = tenant.NewService(d, w.journal)
	w.svc = NewService(Deps{DB: d, Tenants: w.tenants, Journal: w.journal, Mail: w.mail, Box: box, Hasher: oneHasher, Log: log, Remember: time.Minute,
		Link: func(realm Realm, path string) string { return "https://" + string(realm) + ".example.test" + path }})
	w.operator, err = w.tenants.CreateOperator(w.ctx(), system, tenant.Details{Name: "Uplink", Email: "noc@uplink.test"})
	w.ok(err)
	w.p, err = w.tenants.CreatePartner(w.ctx(), system, details("Partner P"))
	w.ok(err)
	w.q, err = w.tenants.CreatePartner(w.ctx(), system, details("Partner Q"))
	w.ok(err)
	w.s, err = w.tenants.CreateSubPartner(w.ctx(), system, tenant.NewSubPartner{ParentID: w.p.ID, Details: details("Sub S")})
	w.ok(err)
	w.cp, w.cq = w.customer(w.p, "Acme"), w.customer(w.q, "Other")
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ctx() context.Context {
	if w.t.Context().Err() != nil {
		return context.Background()
	}
	return w.t.Context()
}

var mails struct {
	sync.Mutex
	n int
}

func newEmail() string {
	mails.Lock()
	defer mails.Unlock()
	mails.n++
	return "m" + strconv.Itoa(mails.n) + "@example.test"
}

func details(name string) tenant.Details {
	return tenant.Details{Name: name, Email: newEmail(), Contact: "Ann Lee"}
}

func (w *world) customer(owner tenant.Tenant, name string) tenant.Tenant {
	w.t.Helper()
	c, err := w.tenants.CreateCustomer(w.ctx(), system, tenant.NewCustomer{OwnerID: owner.ID, Details: details(name), PermissionTypes: []string{tenant.DMP, tenant.RPS}})
	w.ok(err)
	return c
}

var wordHash = sync.OnceValue(func() string {
	h, err := oneHasher.Hash(context.Background(), word)
	if err != nil {
		panic(err)
	}
	return h
})

// person makes an account that signs in with word.
func (w *world) person(t tenant.Tenant, roles ...access.Role) Account {
	w.t.Helper()
	return w.invited(Invitation{TenantID: t.ID, Email: newEmail(), Name: "Pat Doe", Roles: roles})
}

func (w *world) invited(in Invitation) Account {
	w.t.Helper()
	in.Hashed, in.Keep = Hashed{wordHash()}, true
	acc, err := w.svc.Invite(w.ctx(), system, in)
	w.ok(err)
	return acc
}

// sub makes a sub account of p with functions and customers.
func (w *world) sub(functions []access.Action, customers ...string) Account {
	w.t.Helper()
	return w.invited(Invitation{TenantID: w.p.ID, Email: newEmail(), Name: "Sub Person", Roles: []access.Role{access.PartnerSubAccount},
		Functions: functions, Customers: customers})
}

// as signs the account in and gives its actor and token.
func (w *world) as(acc Account) (access.Actor, string) {
	w.t.Helper()
	in, err := w.svc.SignIn(w.ctx(), SignIn{Realm: acc.Realm, Email: acc.Email, Password: secret.Hide(word), IP: "192.0.2.7"})
	w.ok(err)
	return w.seen(in.Token), in.Token
}

func (w *world) actor(acc Account) access.Actor { w.t.Helper(); a, _ := w.as(acc); return a }

func (w *world) seen(token string) access.Actor {
	w.t.Helper()
	a, err := w.svc.Authenticate(w.ctx(), token, Request{IP: "192.0.2.7", Activity: true})
	w.ok(err)
	return a
}

func (w *world) signIn(acc Account, password string) error {
	_, err := w.svc.SignIn(w.ctx(), SignIn{Realm: acc.Realm, Email: acc.Email, Password: secret.Hide(password), IP: "192.0.2.66"})
	return err
}

// alive says what a request with the session token would meet.
func (w *world) alive(token string) error {
	_, err := w.svc.Authenticate(w.ctx(), token, Request{})
	return err
}

// linkTo gives the token of the last letter of a kind to an address.
func (w *world) linkTo(email string, kind deliver.Template) string {
	w.t.Helper()
	w.mail.mu.Lock()
	defer w.mail.mu.Unlock()
	for _, l := range slices.Backward(w.mail.sent) {
		if l.To == email && l.Template == kind {
			u, err := url.Parse(l.Values["link"])
			w.ok(err)
			return strings.TrimPrefix(u.Path, "/link/")
		}
	}
	w.t.Fatalf("no %s for %s in %v", kind, email, w.mail.sent)
	return ""
}

// logged gives what stands in a tenant's log as "action result who", newest first.
func (w *world) logged(t tenant.Tenant) []string {
	w.t.Helper()
	rows, _, err := w.journal.Log(w.ctx(), w.db, t.ID, journal.Query{Page: db.Page{Limit: 200}})
	w.ok(err)
	var out []string
	for _, r := range rows {
		line := r.Action + " " + r.Result
		if r.Reason != "" {
			line += " " + r.Reason
		}
		out = append(out, line+" "+r.Actor.Label())
	}
	return out
}

func (w *world) expectLog(t tenant.Tenant, want string) {
	w.t.Helper()
	if have := w.logged(t); !slices.Contains(have, want) {
		w.t.Errorf("the log of %s lacks %q:\n%s", t.Name, want, strings.Join(have, "\n"))
	}
}

// forget runs the job that Recover left behind.
func (w *world) runRecoveries() int {
	w.t.Helper()
	var jobs []db.JSON[forgotten]
	w.ok(w.db.Select(w.ctx(), &jobs, `SELECT args FROM queue_jobs WHERE kind = $1`, recoverKind))
	for _, j := range jobs {
		w.ok(w.svc.sendReset(w.ctx(), j.V, func(context.Context, *db.Tx) error { return nil }))
	}
	_, err := w.db.Exec(w.ctx(), `DELETE FROM queue_jobs WHERE kind = $1`, recoverKind)
	w.ok(err)
	return len(jobs)
}

// refused expects an error of this kind and code.
func refused(t testing.TB, err error, kind errs.Kind, code string) {
	t.Helper()
	if err == nil {
		t.Fatalf("it succeeded, want %s", code)
	}
	if errs.KindOf(err) != kind || errs.CodeOf(err) != code {
		t.Fatalf("%v (kind %d), want code %s and kind %d", err, errs.KindOf(err), code, kind)
	}
}

// faulty expects one fault of a field.
func faulty(t testing.TB, err error, field, code string) {
	t.Helper()
	if err == nil || !slices.ContainsFunc(errs.As(err).Fields, func(f errs.Field) bool { return f.Name == field && f.Code == code }) {
		t.Fatalf("%v has no fault %s of %s", err, code, field)
	}
}
