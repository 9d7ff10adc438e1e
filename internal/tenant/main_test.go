package tenant_test

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// world is a small tree: an operator, partners p and q, sub-partner s of p, customers of p, q and s.
type world struct {
	t        *testing.T
	db       *db.DB
	clock    *dbtest.Clock
	svc      *tenant.Service
	operator tenant.Tenant
	p, q, s  tenant.Tenant
	cp, cq   tenant.Tenant
	cs       tenant.Tenant
}

var system = access.SystemActor("test")

// each runs the test on both databases in a fresh world.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newWorld(t, d, clock)) })
}

func newWorld(t *testing.T, d *db.DB, clock *dbtest.Clock) *world {
	t.Helper()
	w := &world{t: t, db: d, clock: clock}
	w.svc = tenant.NewService(d, journal.New(d, journal.Options{Log: slog.New(slog.DiscardHandler)}))
	var err error
	w.operator, err = w.svc.CreateOperator(t.Context(), system, tenant.Details{Name: "Uplink"})
	w.ok(err)
	admin := w.as(w.operator, access.OperatorAdmin)
	w.p, err = w.svc.CreatePartner(t.Context(), admin, details("Partner P"))
	w.ok(err)
	w.q, err = w.svc.CreatePartner(t.Context(), admin, details("Partner Q"))
	w.ok(err)
	w.s, err = w.svc.CreateSubPartner(t.Context(), w.both(w.p), tenant.NewSubPartner{Details: details("Sub S")})
	w.ok(err)
	w.cp = w.customer(w.p, "Acme")
	w.cq = w.customer(w.q, "Acme")
	w.cs = w.customer(w.s, "S-cust")
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

var mails atomic.Int64

// details are valid fields with an address that no other call has given.
func details(name string) tenant.Details {
	return tenant.Details{Name: name, Email: "m" + strconv.FormatInt(mails.Add(1), 10) + "@example.test", Contact: "Ann Lee"}
}

func newCustomer(name string) tenant.NewCustomer {
	return tenant.NewCustomer{Details: details(name), PermissionTypes: []string{tenant.DMP, tenant.RPS}}
}

func (w *world) customer(owner tenant.Tenant, name string) tenant.Tenant {
	w.t.Helper()
	c, err := w.svc.CreateCustomer(w.t.Context(), w.full(owner), newCustomer(name))
	w.ok(err)
	return c
}

// as is a person of a tenant with these roles.
func (w *world) as(t tenant.Tenant, roles ...access.Role) access.Actor {
	return access.Actor{ID: "person-" + t.ID, Kind: access.Person, Name: "Pat of " + t.Name, Tenant: t.Access(), Roles: roles}
}

func (w *world) full(t tenant.Tenant) access.Actor { return w.as(t, access.PartnerFullAdmin) }

func (w *world) both(t tenant.Tenant) access.Actor {
	return w.as(t, access.PartnerFullAdmin, access.PartnerWholesaleAdmin)
}

func (w *world) admin(t tenant.Tenant) access.Actor { return w.as(t, access.CustomerFullAdmin) }

func (w *world) root() access.Actor { return w.as(w.operator, access.OperatorAdmin) }

func (w *world) ctx() context.Context { return w.t.Context() }

// refused expects an error of this kind and code.
func refused(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if err == nil {
		t.Fatalf("it succeeded, want %s", code)
	}
	if errs.KindOf(err) != kind || errs.CodeOf(err) != code {
		t.Fatalf("%v (kind %d), want code %s and kind %d", err, errs.KindOf(err), code, kind)
	}
}

// faulty expects field faults with exactly these "field code" pairs, in any order.
func faulty(t *testing.T, err error, want ...string) {
	t.Helper()
	have := map[string]bool{}
	if err != nil {
		for _, f := range errs.As(err).Fields {
			have[f.Name+" "+f.Code] = true
		}
	}
	for _, f := range want {
		if !have[f] {
			t.Errorf("no fault %q in %v", f, err)
		}
		delete(have, f)
	}
	for f := range have {
		t.Errorf("unexpected fault %q", f)
	}
}

func TestATreeIsBuiltFromTheTop(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ child, parent tenant.Tenant }{{w.p, w.operator}, {w.s, w.p}, {w.cp, w.p}, {w.cs, w.s}} {
			if c.child.ParentID != c.parent.ID || c.child.Scope != c.parent.Scope+c.child.Key+"." {
				t.Errorf("%s does not lie below %s: %s", c.child.Name, c.parent.Name, c.child.Scope)
			}
			got, err := w.svc.Load(w.ctx(), w.db, c.child.ID)
			w.ok(err)
			if got.Name != c.child.Name || got.ParentName != c.parent.Name || got.Scope != c.child.Scope {
				t.Errorf("stored is %+v", got)
			}
		}
	})
}
