// Package catalogtest gives tests of wholesale rooms a small tree: an operator, partners with a subscription, a sub-partner, and
// customers of each.
//
// It must not be imported by anything but tests.
package catalogtest

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// World is partners P (with the sub-partner S) and Q, each with an active subscription over all base packages and the attendant console,
// customers A and B of P, C of S, and D of Q.
type World struct {
	DB         *db.DB
	Clock      *dbtest.Clock
	Journal    *journal.Journal
	Tenants    *tenant.Service
	Catalog    *catalog.Service
	Operator   tenant.Tenant
	P, Q, S    tenant.Tenant
	A, B, C, D tenant.Tenant
	tb         testing.TB
}

// System is Linecard itself.
var System = access.SystemActor("test")

// Each runs the test on both databases in a fresh world.
func Each(t *testing.T, test func(t *testing.T, w *World)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, New(t, d, clock)) })
}

// New makes the world in a migrated database.
func New(tb testing.TB, d *db.DB, clock *dbtest.Clock) *World {
	tb.Helper()
	w := &World{DB: d, Clock: clock, tb: tb}
	w.Journal = journal.New(d, journal.Options{Log: slog.New(slog.DiscardHandler)})
	w.Tenants = tenant.NewService(d, w.Journal)
	w.Catalog = catalog.NewService(catalog.Needs{DB: d, Journal: w.Journal, Tenants: w.Tenants})
	ctx := context.Background()
	var err error
	w.Operator, err = w.Tenants.CreateOperator(ctx, System, tenant.Details{Name: "Uplink"})
	w.OK(err)
	w.P, err = w.Tenants.CreatePartner(ctx, System, w.details("Partner P"))
	w.OK(err)
	w.Q, err = w.Tenants.CreatePartner(ctx, System, w.details("Partner Q"))
	w.OK(err)
	w.S, err = w.Tenants.CreateSubPartner(ctx, System, tenant.NewSubPartner{ParentID: w.P.ID, Details: w.details("Sub S")})
	w.OK(err)
	w.A, w.B, w.C, w.D = w.Customer(w.P, "A"), w.Customer(w.P, "B"), w.Customer(w.S, "C"), w.Customer(w.Q, "D")
	for _, p := range []tenant.Tenant{w.P, w.Q} {
		w.Subscribe(p, "EUR")
	}
	return w
}

// Subscribe gives the partner an active subscription over everything, calling at 10.00 and suite at 18.00 a month.
func (w *World) Subscribe(p tenant.Tenant, currency string) catalog.Subscription {
	w.tb.Helper()
	ctx := context.Background()
	sub, err := w.Catalog.Subscribe(ctx, System, p.ID, catalog.NewSubscription{Currency: currency, Start: "2020-01-01", BillingDay: 1,
		Items: []string{"common_area", "enhanced_calling", "calling", "suite", "meetings", "attendant_console"},
		Prices: []catalog.Price{{Item: "calling", ValidFrom: "2020-01-01", Price: 100000}, {Item: "suite", ValidFrom: "2020-01-01", Price: 180000},
			{Item: "common_area", ValidFrom: "2020-01-01", Price: 39900}, {Item: "meetings", ValidFrom: "2020-01-01", Price: 70000},
			{Item: "enhanced_calling", ValidFrom: "2020-01-01", Price: 80000}, {Item: "attendant_console", ValidFrom: "2020-01-01", Price: 25000}}})
	w.OK(err)
	sub, err = w.Catalog.SetSubscriptionState(ctx, System, p.ID, catalog.Sells, 0)
	w.OK(err)
	return sub
}

// Customer adds a wholesale customer.
func (w *World) Customer(owner tenant.Tenant, name string) tenant.Tenant {
	w.tb.Helper()
	d := w.details(name + " " + owner.Name)
	d.ExternalID = "ext-" + name
	c, err := w.Tenants.CreateCustomer(context.Background(), System, tenant.NewCustomer{OwnerID: owner.ID, Details: d, PermissionTypes: []string{tenant.DMP, tenant.RPS}, Wholesale: true})
	w.OK(err)
	return c
}

// As is a person of the tenant with these roles.
func (w *World) As(t tenant.Tenant, roles ...access.Role) access.Actor {
	return access.Actor{ID: "who-" + t.ID, Account: "who-" + t.ID, Kind: access.Person, Name: "Ann", Tenant: t.Access(), Roles: roles}
}

// OK ends the test on an error.
func (w *World) OK(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

// Code reports when err has not this code.
func Code(tb testing.TB, err error, want string) {
	tb.Helper()
	if err == nil || errs.CodeOf(err) != want {
		tb.Errorf("got %v, want %s", err, want)
	}
}

var mails atomic.Int64

func (w *World) details(name string) tenant.Details {
	return tenant.Details{Name: name, Email: "m" + strconv.FormatInt(mails.Add(1), 10) + "@example.test", Contact: "Ann Lee", Country: "DE"}
}
