package subscriber_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"

	"linecard/internal/account"
	"linecard/internal/catalog"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
	"linecard/internal/usage"
)

var ctx = context.Background()

// world is catalogtest's tree with this room: customers A and B of P, C of its sub-partner S, D of Q. A may have everything; B calling
// twice at most.
type world struct {
	*catalogtest.World
	t    testing.TB
	subs *subscriber.Service
	ops  *operation.Service
	hq   subscriber.Location // of A
	box  *secret.Box

	letters []deliver.Letter
}

// Mail notes letters whose transaction has committed.
func (w *world) Mail(_ context.Context, tx *db.Tx, l deliver.Letter) (string, error) {
	tx.AfterCommit(func() { w.letters = append(w.letters, l) })
	return db.NewID(), nil
}

var system = catalogtest.System

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	catalogtest.Each(t, func(t *testing.T, c *catalogtest.World) { test(t, newWorld(t, c)) })
}

func newWorld(tb testing.TB, c *catalogtest.World) *world {
	tb.Helper()
	w := &world{World: c, t: tb}
	box, err := secret.Open(filepath.Join(tb.TempDir(), "key"))
	w.OK(err)
	w.box = box
	quiet := slog.New(slog.DiscardHandler)
	mailer := deliver.NewMailer(c.DB, deliver.MailerOptions{Box: box, Log: quiet})
	accounts := account.NewService(account.Deps{DB: c.DB, Tenants: c.Tenants, Journal: c.Journal, Mail: mailer, Box: box, Hasher: account.NewHasher(0, 0),
		Log: quiet, Link: func(r account.Realm, path string) string { return "https://portal.example/" + string(r) + path }})
	w.ops = operation.NewService(operation.Deps{DB: c.DB, Box: box, Log: quiet})
	w.subs = subscriber.NewService(subscriber.Needs{DB: c.DB, Journal: c.Journal, Tenants: c.Tenants, Catalog: c.Catalog, Accounts: accounts, Operations: w.ops, Box: box,
		Post: w, Link: func(path string) string { return "https://portal.example" + path }})
	w.sells(c.A, nil, "calling", "suite", "meetings", "common_area", "enhanced_calling", "attendant_console")
	two := int64(2)
	w.sells(c.B, &two, "calling")
	w.sells(c.C, nil, "calling", "meetings")
	w.sells(c.D, nil, "calling")
	w.hq = w.location(c.A, "Berlin")
	return w
}

func (w *world) sells(t tenant.Tenant, most *int64, codes ...string) {
	w.t.Helper()
	var all []catalog.PackageLimit
	for _, c := range codes {
		all = append(all, catalog.PackageLimit{Code: c, Max: most})
	}
	w.OK(w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return w.Catalog.SetCustomerPackages(ctx, tx, system, t, all)
	}))
}

func (w *world) location(t tenant.Tenant, name string) subscriber.Location {
	w.t.Helper()
	zone, language := "Europe/Berlin", "de-DE"
	l, err := w.subs.CreateLocation(ctx, system, t.ID, subscriber.LocationPatch{Name: &name, TimeZone: &zone, Language: &language,
		Address: &subscriber.Address{Line1: "Unter den Linden 1", City: "Berlin", PostalCode: "10117", Country: "DE"}})
	w.OK(err)
	return l
}

func person(n int) subscriber.NewUser {
	return subscriber.NewUser{Email: "u" + strconv.Itoa(n) + "@acme.test", FirstName: "Ann", LastName: "Lee " + strconv.Itoa(n), Package: "calling", Extension: strconv.Itoa(1000 + n)}
}

func (w *world) user(t tenant.Tenant, n subscriber.NewUser) subscriber.User {
	w.t.Helper()
	u, err := w.subs.CreateUser(ctx, system, t.ID, n)
	w.OK(err)
	return u
}

func (w *world) used(t tenant.Tenant, code string) int64 {
	w.t.Helper()
	all, err := w.Catalog.CustomerPackages(ctx, w.DB, t.ID)
	w.OK(err)
	for _, p := range all {
		if p.Code == code {
			return p.Used
		}
	}
	return 0
}

func (w *world) spans(h subscriber.Holder) []usage.Span {
	w.t.Helper()
	all, err := usage.OfHolder(ctx, w.DB, usage.Kind(h.Kind), h.ID)
	w.OK(err)
	return all
}

func (w *world) count(stmt string, args ...any) int {
	w.t.Helper()
	var n int
	w.OK(w.DB.Get(ctx, &n, stmt, args...))
	return n
}

func refused(t testing.TB, err error, code string) {
	t.Helper()
	if err == nil {
		t.Errorf("not refused, want %s", code)
		return
	}
	e := errs.As(err)
	if e.Code == code {
		return
	}
	for _, f := range e.Fields {
		if f.Code == code {
			return
		}
	}
	t.Errorf("got %v (%+v), want %s", err, e.Fields, code)
}

func openOnly(t *testing.T, f func(t *testing.T, w *world)) { // PostgreSQL alone: concurrent writers exist there only
	t.Helper()
	clock := dbtest.NewClock()
	f(t, newWorld(t, catalogtest.New(t, dbtest.Open(t, dbtest.MigratedPostgresURL(t), clock), clock)))
}

func newWorldOf(tb testing.TB, d *db.DB, clock *dbtest.Clock) *world {
	tb.Helper()
	return newWorld(tb, catalogtest.New(tb, d, clock))
}
