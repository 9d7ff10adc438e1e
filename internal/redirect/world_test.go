package redirect_test

import (
	"context"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/phone/cisco"
	"linecard/internal/phone/generic"
	"linecard/internal/phone/poly"
	"linecard/internal/phone/yealink"
	"linecard/internal/queue"
	"linecard/internal/redirect"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

var (
	ctx    = context.Background()
	system = access.SystemActor("test")
)

// world is an operator, partner P with customers A and B, partner Q with customer X; A, B and X have the redirect permission.
type world struct {
	t          *testing.T
	db         *db.DB
	clock      *dbtest.Clock
	box        *secret.Box
	key        string
	journal    *journal.Journal
	tenants    *tenant.Service
	operations *operation.Service
	r          *redirect.Service
	q          *queue.Queue
	holders    holders
	operator   tenant.Tenant
	p, pq      tenant.Tenant
	a, b, x    tenant.Tenant
}

// holders are MACs that another room has given away.
type holders map[phone.MAC]string

func (h holders) Holder(_ context.Context, _ db.Q, mac phone.MAC) (string, error) { return h[mac], nil }

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newWorld(t, d, clock)) })
}

func newWorld(t *testing.T, d *db.DB, clock *dbtest.Clock) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, db: d, clock: clock, key: filepath.Join(dir, "key"), holders: holders{}}
	var err error
	w.box, err = secret.Open(w.key)
	w.ok(err)
	files, err := blob.Open(ctx, "file://"+filepath.Join(dir, "files"))
	w.ok(err)
	quiet := slog.New(slog.DiscardHandler)
	w.journal = journal.New(d, journal.Options{Box: w.box, Files: files, Log: quiet})
	w.tenants = tenant.NewService(d, w.journal)
	w.operations = operation.NewService(operation.Deps{DB: d, Box: w.box, Log: quiet})
	w.r = redirect.NewService(redirect.Needs{DB: d, Journal: w.journal, Tenants: w.tenants, Operations: w.operations, Box: w.box, Makers: makers(), Holders: w.holders, Log: quiet,
		Guard: deliver.NewGuard(deliver.GuardOptions{Plain: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})})
	w.q = queue.New(d, queue.Options{Log: quiet, Poll: 10 * time.Millisecond, Grace: 200 * time.Millisecond})
	w.r.Register(w.q)
	w.operator, err = w.tenants.CreateOperator(ctx, system, details("Operator"))
	w.ok(err)
	w.p, err = w.tenants.CreatePartner(ctx, system, details("Partner P"))
	w.ok(err)
	w.pq, err = w.tenants.CreatePartner(ctx, system, details("Partner Q"))
	w.ok(err)
	w.a, w.b, w.x = w.customer(w.p, "Alpha"), w.customer(w.p, "Beta"), w.customer(w.pq, "Xi")
	return w
}

func makers() phone.Makers {
	return phone.Makers{poly.New(), yealink.New(), cisco.New(), generic.New(generic.Grandstream), generic.New(generic.Snom)}
}

func details(name string) tenant.Details {
	return tenant.Details{Name: name, Email: strings.ReplaceAll(strings.ToLower(name), " ", "") + "@example.net", Contact: "C"}
}

func (w *world) customer(owner tenant.Tenant, name string, permissions ...string) tenant.Tenant {
	w.t.Helper()
	if permissions == nil {
		permissions = []string{tenant.RPS}
	}
	c, err := w.tenants.CreateCustomer(ctx, system, tenant.NewCustomer{OwnerID: owner.ID, Host: strings.ToLower(name), Details: details(name), PermissionTypes: permissions})
	w.ok(err)
	return c
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// run starts the queue; it stops with the test.
func (w *world) run() {
	w.t.Helper()
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.q.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
}

func person(t tenant.Tenant, roles ...access.Role) access.Actor {
	return access.Actor{ID: "u-" + t.ID, Account: "u-" + t.ID, Kind: access.Person, Name: "Pat of " + t.Name, Tenant: t.Access(), Roles: roles}
}

func admin(t tenant.Tenant) access.Actor {
	switch t.Kind {
	case access.Operator:
		return person(t, access.OperatorAdmin)
	case access.Customer:
		return person(t, access.CustomerFullAdmin)
	}
	return person(t, access.PartnerFullAdmin)
}

func (w *world) server(c tenant.Tenant, name, url string) redirect.Server {
	w.t.Helper()
	v, err := w.r.CreateServer(ctx, admin(c), c.ID, redirect.NewServer{Name: name, URL: url})
	w.ok(err)
	return v
}

func (w *world) entry(c tenant.Tenant, n redirect.NewEntry) redirect.Entry {
	w.t.Helper()
	e, err := w.r.CreateEntry(ctx, admin(c), c.ID, n)
	w.ok(err)
	return e
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || errs.CodeOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func fault(t *testing.T, what string, err error, field, want string) {
	t.Helper()
	if err != nil && errs.KindOf(err) == errs.Invalid {
		for _, f := range errs.As(err).Fields {
			if f.Name == field && f.Code == want {
				return
			}
		}
	}
	t.Errorf("%s: got %v, want %s %s", what, err, field, want)
}

func mac(s string) phone.MAC {
	m, err := phone.ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return m
}

// logOf gives the actions in a tenant's operation log, the oldest first.
func (w *world) logOf(t tenant.Tenant) []string {
	w.t.Helper()
	var all []string
	w.ok(w.db.Select(ctx, &all, `SELECT action FROM journal_entries WHERE tenant_id = $1 AND in_log ORDER BY id`, t.ID))
	return all
}

func (w *world) eventually(what string, cond func() bool) {
	w.t.Helper()
	dbtest.Eventually(w.t, what, cond)
}
