package tenant_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

func names(l tenant.Listing) []string {
	out := []string{}
	for _, t := range l.Items {
		out = append(out, t.Name)
	}
	return out
}

func (w *world) list(a access.Actor, q tenant.Query) tenant.Listing {
	w.t.Helper()
	l, err := w.svc.List(w.ctx(), a, q)
	w.ok(err)
	return l
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

// CH-16
func TestTwoPartnersSeeExactlyTheirOwnCustomers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, n := range []string{"Beta", "Gamma"} {
			w.customer(w.p, n)
		}
		w.customer(w.q, "Delta")
		same(t, "P", names(w.list(w.full(w.p), tenant.Query{Kind: access.Customer})), []string{"Acme", "Beta", "Gamma"})
		same(t, "Q", names(w.list(w.full(w.q), tenant.Query{Kind: access.Customer})), []string{"Acme", "Delta"})
		same(t, "S", names(w.list(w.full(w.s), tenant.Query{Kind: access.Customer})), []string{"S-cust"})
		all := w.list(w.root(), tenant.Query{Kind: access.Customer})
		if all.Total != 6 || len(all.Items) != 6 {
			t.Errorf("the operator sees %d of 6", all.Total)
		}
		same(t, "operator's partners", names(w.list(w.root(), tenant.Query{Kind: access.Partner})), []string{"Partner P", "Partner Q"})
		same(t, "P's partners", names(w.list(w.full(w.p), tenant.Query{Kind: access.Partner})), []string{"Partner P"})
	})
}

// CH-16
func TestListsAreSortedAndPagedByKeyOnBothDatabasesAlike(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, n := range []string{"beta", "Alpha", "Ärger", "张三", "Zeta"} {
			w.clock.Advance(time.Second)
			w.customer(w.p, n)
		}
		frozen, err := w.svc.Freeze(w.ctx(), w.full(w.p), w.cp.ID, tenant.Freeze{})
		w.ok(err)
		for sort, want := range map[string][]string{
			"":         {"Acme", "Alpha", "beta", "Zeta", "Ärger", "张三"},
			"-name":    {"张三", "Ärger", "Zeta", "beta", "Alpha", "Acme"},
			"created":  {"Acme", "beta", "Alpha", "Ärger", "张三", "Zeta"},
			"-created": {"Zeta", "张三", "Ärger", "Alpha", "beta", "Acme"},
		} {
			var got []string
			for page := (db.Page{Limit: 2, Sort: sort}); ; {
				l := w.list(w.full(w.p), tenant.Query{Kind: access.Customer, Page: page})
				got = append(got, names(l)...)
				if page.Cursor = l.Next; l.Next == "" {
					break
				}
			}
			same(t, sort, got, want)
		}
		l := w.list(w.full(w.p), tenant.Query{Kind: access.Customer, Page: db.Page{Sort: "-status", Limit: 1}})
		if l.Items[0].ID != frozen.ID {
			t.Errorf("first by status is %s", l.Items[0].Name)
		}
		_, err = w.svc.List(w.ctx(), w.full(w.p), tenant.Query{Kind: access.Customer, Page: db.Page{Sort: "email; --"}})
		faulty(t, err, "sort unknown_sort")
	})
}

// CH-21
func TestSearchFindsPartsOfNameEmailContactAndExternalIDWhateverTheCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := tenant.NewCustomer{PermissionTypes: []string{tenant.DMP}, Details: tenant.Details{Name: "ÄCME Größe 100%", Email: "ops@acme.test",
			Contact: "Ann Lee-Öztürk", ExternalID: "KD_77"}}
		c, err := w.svc.CreateCustomer(w.ctx(), w.full(w.p), in)
		w.ok(err)
		in.Name, in.Email, in.ExternalID = "Foreign", "ops@acme2.test", "KD_77"
		_, err = w.svc.CreateCustomer(w.ctx(), w.full(w.q), in)
		w.ok(err)
		for text, found := range map[string]bool{"äcme": true, "GRÖSSE": true, "OPS@": true, "lee-ö": true, "  kd_77 ": true, "100%": true,
			"d_7": true, "dx7": false, "1%0": false, c.ID: true, "foreign": false, `\`: false, "'": false} {
			l := w.list(w.full(w.p), tenant.Query{Kind: access.Customer, Text: text})
			if got := len(l.Items) == 1 && l.Items[0].ID == c.ID && l.Total == 1; got != found || !found && l.Total != 0 {
				t.Errorf("%q finds %v", text, names(l))
			}
		}
		if l := w.list(w.full(w.p), tenant.Query{Kind: access.Customer, Text: "   "}); l.Total != 2 {
			t.Errorf("an empty text gives %d, want the full list", l.Total)
		}
		_, err = w.svc.List(w.ctx(), w.full(w.p), tenant.Query{Kind: access.Customer, Text: "a\x00b"})
		faulty(t, err, "q forbidden_character")
	})
}

// WS-87
func TestCustomersOfSubPartnersComeOnlyByExplicitSearchAndOnlyForBothRoles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.customer(w.s, "S-cust 2")
		w.customer(w.s, "S-cust 3")
		w.customer(w.p, "Own 2")
		both := w.both(w.p)
		same(t, "list", names(w.list(both, tenant.Query{Kind: access.Customer})), []string{"Acme", "Own 2"})
		same(t, "short text", names(w.list(both, tenant.Query{Kind: access.Customer, Text: "s"})), []string{"Acme", "Own 2"}) // found by their addresses
		found := w.list(both, tenant.Query{Kind: access.Customer, Text: "S-cust"})
		same(t, "search", names(found), []string{"S-cust", "S-cust 2", "S-cust 3"})
		for _, c := range found.Items {
			if c.ParentName != "Sub S" || c.ParentKind != access.SubPartner {
				t.Errorf("%s is not tagged with its sub-partner: %q", c.Name, c.ParentName)
			}
		}
		same(t, "named sub-partner", names(w.list(both, tenant.Query{Kind: access.Customer, ParentID: w.s.ID})), []string{"S-cust", "S-cust 2", "S-cust 3"})
		same(t, "role missing", names(w.list(w.full(w.p), tenant.Query{Kind: access.Customer, Text: "S-cust"})), []string{})
		same(t, "role missing, named", names(w.list(w.full(w.p), tenant.Query{Kind: access.Customer, ParentID: w.s.ID})), []string{})
		same(t, "foreign", names(w.list(w.both(w.q), tenant.Query{Kind: access.Customer, Text: "S-cust"})), []string{})
	})
}

// WS-83, WS-88
func TestSubPartnersAreListedForBothRolesAndFilteredByState(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		two, err := w.svc.CreateSubPartner(w.ctx(), w.both(w.p), tenant.NewSubPartner{Details: details("Sub T")})
		w.ok(err)
		_, err = w.svc.Suspend(w.ctx(), w.both(w.p), two.ID)
		w.ok(err)
		yes, no := true, false
		same(t, "all", names(w.list(w.both(w.p), tenant.Query{Kind: access.SubPartner})), []string{"Sub S", "Sub T"})
		same(t, "suspended", names(w.list(w.both(w.p), tenant.Query{Kind: access.SubPartner, Suspended: &yes})), []string{"Sub T"})
		same(t, "active", names(w.list(w.both(w.p), tenant.Query{Kind: access.SubPartner, Suspended: &no})), []string{"Sub S"})
		same(t, "foreign", names(w.list(w.both(w.q), tenant.Query{Kind: access.SubPartner})), []string{})
		for _, a := range []access.Actor{w.full(w.p), w.both(w.s), w.admin(w.cp), w.as(w.p, access.PartnerReadonlyAdmin)} {
			_, err := w.svc.List(w.ctx(), a, tenant.Query{Kind: access.SubPartner})
			refused(t, err, errs.Forbidden, "forbidden")
		}
	})
}

// CH-88
func TestAScopedSubAccountSeesItsCustomersAndNoOthers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.customer(w.p, "Beta")
		sub := w.as(w.p, access.PartnerSubAccount)
		sub.Functions, sub.Customers = []access.Action{access.CustomerView}, []access.Tenant{w.cp.Access()}
		same(t, "list", names(w.list(sub, tenant.Query{Kind: access.Customer})), []string{"Acme"})
		_, err := w.svc.Get(w.ctx(), sub, w.cp.ID)
		w.ok(err)
		_, err = w.svc.Get(w.ctx(), sub, b.ID)
		refused(t, err, errs.NotFound, "not_found")
		sub.AllCustomers = true
		same(t, "all", names(w.list(sub, tenant.Query{Kind: access.Customer})), []string{"Acme", "Beta"})
	})
}

// CH-33: a foreign id answers exactly like an unknown one, for every use case.
func TestForeignAndUnknownTenantsAnswerAlike(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		name := "New"
		cases := map[string]func(a access.Actor, id string) error{
			"get": func(a access.Actor, id string) error { _, err := w.svc.Get(w.ctx(), a, id); return err },
			"edit": func(a access.Actor, id string) error {
				_, err := w.svc.Edit(w.ctx(), a, id, tenant.Patch{Name: &name})
				return err
			},
			"stale": func(a access.Actor, id string) error {
				_, err := w.svc.Edit(w.ctx(), a, id, tenant.Patch{IfVersion: 99})
				return err
			},
			"freeze": func(a access.Actor, id string) error {
				_, err := w.svc.Freeze(w.ctx(), a, id, tenant.Freeze{})
				return err
			},
			"unfreeze": func(a access.Actor, id string) error { _, err := w.svc.Unfreeze(w.ctx(), a, id); return err },
			"suspend":  func(a access.Actor, id string) error { _, err := w.svc.Suspend(w.ctx(), a, id); return err },
			"resume":   func(a access.Actor, id string) error { _, err := w.svc.Resume(w.ctx(), a, id); return err },
			"restrict": func(a access.Actor, id string) error { _, err := w.svc.Restrict(w.ctx(), a, id, true); return err },
			"archive":  func(a access.Actor, id string) error { _, err := w.svc.Archive(w.ctx(), a, id, "Acme"); return err },
			"request": func(a access.Actor, id string) error {
				_, err := w.svc.RequestAuthorisation(w.ctx(), a, id)
				return err
			},
			"grant": func(a access.Actor, id string) error {
				_, err := w.svc.Authorise(w.ctx(), a, id, tenant.Authorisation{})
				return err
			},
			"withdraw": func(a access.Actor, id string) error { _, err := w.svc.Withdraw(w.ctx(), a, id, ""); return err },
			"who may":  func(a access.Actor, id string) error { _, err := w.svc.Authorisations(w.ctx(), a, id); return err },
			"order": func(a access.Actor, id string) error {
				_, err := w.svc.CreateOrder(w.ctx(), a, id, tenant.NewOrder{})
				return err
			},
			"policy": func(a access.Actor, id string) error { _, _, _, err := w.svc.Policy(w.ctx(), a, id); return err },
			"set policy": func(a access.Actor, id string) error {
				_, err := w.svc.SetPolicy(w.ctx(), a, id, tenant.OwnPolicy{}, 0)
				return err
			},
			"new below": func(a access.Actor, id string) error {
				_, err := w.svc.CreateCustomer(w.ctx(), a, tenant.NewCustomer{OwnerID: id})
				return err
			},
			"new sub": func(a access.Actor, id string) error {
				_, err := w.svc.CreateSubPartner(w.ctx(), a, tenant.NewSubPartner{ParentID: id})
				return err
			},
			"enter": func(a access.Actor, id string) error {
				return w.db.Tx(w.ctx(), func(ctx context.Context, tx *db.Tx) error {
					_, err := w.svc.Enter(ctx, tx, a, id, access.DevicePortal)
					return err
				})
			},
		}
		actors := []access.Actor{w.both(w.p), w.both(w.s), w.admin(w.cp), w.full(w.q)}
		foreign := map[string][]tenant.Tenant{w.p.ID: {w.operator, w.q, w.cq}, w.s.ID: {w.operator, w.p, w.cp, w.cq}, w.cp.ID: {w.operator, w.p, w.s, w.cs, w.cq},
			w.q.ID: {w.operator, w.p, w.s, w.cs, w.cp}}
		for name, do := range cases {
			for _, a := range actors {
				unknown := do(a, db.NewID())
				for _, f := range foreign[a.Tenant.ID] {
					got := do(a, f.ID)
					if errs.KindOf(unknown) != errs.NotFound || got == nil || got.Error() != unknown.Error() {
						t.Errorf("%s of %s by %s: %v, of an unknown one: %v", name, f.Name, a.Name, got, unknown)
					}
				}
			}
		}
	})
}

func TestACustomerIsFoundByItsHost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		got, err := w.svc.ByHost(w.ctx(), w.db, w.cp.Host)
		w.ok(err)
		if got.ID != w.cp.ID || !slices.Contains(got.Permissions, tenant.DMP) {
			t.Errorf("host %s is %+v", w.cp.Host, got)
		}
		_, err = w.svc.ByHost(w.ctx(), w.db, "")
		refused(t, err, errs.NotFound, "not_found")
	})
}
