package tenant_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

// CH-15
func TestAPartnerIsMadeByTheOperatorOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.CreatePartner(w.ctx(), w.both(w.p), details("Upstart"))
		refused(t, err, errs.NotFound, "not_found")
		_, err = w.svc.CreatePartner(w.ctx(), w.as(w.operator, access.OperatorSupport), details("Upstart"))
		refused(t, err, errs.Forbidden, "forbidden")
		_, err = w.svc.CreatePartner(w.ctx(), w.root(), details("  PARTNER   p"))
		refused(t, err, errs.Conflict, "name_taken")
		faulty(t, err, "name name_taken")
	})
}

// WS-73, WS-75, WS-83
func TestASubPartnerIsMadeByBothRolesTogetherAndOneLevelDeep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, one := range []access.Role{access.PartnerFullAdmin, access.PartnerWholesaleAdmin} {
			_, err := w.svc.CreateSubPartner(w.ctx(), w.as(w.p, one), tenant.NewSubPartner{Details: details("Another")})
			refused(t, err, errs.Forbidden, "forbidden")
		}
		_, err := w.svc.CreateSubPartner(w.ctx(), w.root(), tenant.NewSubPartner{ParentID: w.s.ID, Details: details("Deeper")})
		refused(t, err, errs.Conflict, "max_depth")
		_, err = w.svc.CreateSubPartner(w.ctx(), w.both(w.p), tenant.NewSubPartner{ParentID: w.s.ID, Details: details("Deeper")})
		refused(t, err, errs.Conflict, "max_depth")
		_, err = w.svc.CreateSubPartner(w.ctx(), w.both(w.q), tenant.NewSubPartner{ParentID: w.p.ID, Details: details("Foreign")})
		refused(t, err, errs.NotFound, "not_found")
		_, err = w.svc.CreateSubPartner(w.ctx(), w.root(), tenant.NewSubPartner{ParentID: w.cp.ID, Details: details("Odd")})
		refused(t, err, errs.Conflict, "wrong_kind")
		made, err := w.svc.CreateSubPartner(w.ctx(), w.root(), tenant.NewSubPartner{ParentID: w.q.ID, Details: details("Sub S")})
		w.ok(err)
		if made.ParentID != w.q.ID || !strings.HasPrefix(made.Key, access.SubPartnerMark) {
			t.Errorf("made %+v", made)
		}
	})
}

// WS-75
func TestAHundredAndFiftySubPartnersAreStoredAndReachableByPaging(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 149 {
			_, err := w.svc.CreateSubPartner(w.ctx(), w.both(w.p), tenant.NewSubPartner{Details: details("Sub " + db.NewID())})
			w.ok(err)
		}
		seen := map[string]bool{}
		for page := (db.Page{Limit: 40}); ; {
			l, err := w.svc.List(w.ctx(), w.both(w.p), tenant.Query{Kind: access.SubPartner, Page: page})
			w.ok(err)
			if l.Total != 150 {
				t.Fatalf("total %d", l.Total)
			}
			for _, s := range l.Items {
				seen[s.ID] = true
			}
			if page.Cursor = l.Next; l.Next == "" {
				break
			}
		}
		if len(seen) != 150 {
			t.Errorf("%d sub-partners are reachable, want 150 (WS-86)", len(seen))
		}
	})
}

// CH-17
func TestACustomerNeedsNameEmailContactAndPermissionTypeAndAllFaultsAreToldAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.CreateCustomer(w.ctx(), w.full(w.p), tenant.NewCustomer{})
		refused(t, err, errs.Invalid, "invalid_fields")
		faulty(t, err, "name required", "email required", "contact required", "permission_types permission_type_required")

		_, err = w.svc.CreateCustomer(w.ctx(), w.full(w.p), tenant.NewCustomer{PermissionTypes: []string{"DMP", "XYZ"}, Host: "www",
			Details: tenant.Details{Name: "Evil\u202etnemyap", Email: "a@b@c", Contact: strings.Repeat("x", 129), Phone: strings.Repeat("1", 33),
				Country: "XX", Address: "a\x00b", Remarks: "\xff", ExternalID: "a\u2066b", Locale: "klingon!", TimeZone: "Mars/Olympus"}})
		faulty(t, err, "name forbidden_character", "email bad_email", "contact too_long", "phone too_long", "country unknown_country",
			"address forbidden_character", "remarks bad_encoding", "external_id forbidden_character", "locale unknown_locale",
			"time_zone unknown_time_zone", "permission_types unknown_value", "host host_reserved")

		l, err := w.svc.List(w.ctx(), w.full(w.p), tenant.Query{Kind: access.Customer})
		w.ok(err)
		if l.Total != 1 {
			t.Errorf("%d customers, want the one from before: nothing may be written", l.Total)
		}
	})
}

// CH-17
func TestValuesAreStoredCleanAndComeBackComplete(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := tenant.NewCustomer{PermissionTypes: []string{"RPS", "DMP", "RPS"}, Host: "munich-2", Details: tenant.Details{Name: "  Müller & Söhne  ",
			Email: " Info@Mueller.test ", Contact: "张伟", Phone: "+49 89 1234", Country: "de", Address: "Weg 1\r\n80331 München",
			Remarks: "pays late", ExternalID: "K-17", Locale: "zh_cn", TimeZone: "Europe/Berlin"}}
		made, err := w.svc.CreateCustomer(w.ctx(), w.full(w.p), in)
		w.ok(err)
		got, err := w.svc.Get(w.ctx(), w.full(w.p), made.ID)
		w.ok(err)
		want := tenant.Details{Name: "Müller & Söhne", Email: "Info@Mueller.test", Contact: "张伟", Phone: "+49 89 1234", Country: "DE",
			Address: "Weg 1\n80331 München", Remarks: "pays late", ExternalID: "K-17", Locale: "zh-CN", TimeZone: "Europe/Berlin"}
		have := tenant.Details{Name: got.Name, Email: got.Email, Contact: got.Contact, Phone: got.Phone, Country: got.Country,
			Address: got.Address, Remarks: got.Remarks, ExternalID: got.ExternalID, Locale: got.Locale, TimeZone: got.TimeZone}
		if d := cmp.Diff(want, have); d != "" {
			t.Error(d)
		}
		if got.Host != "munich-2" || len(got.Permissions) != 2 || got.Version != 1 || got.State != tenant.Active || got.Frozen || got.Restricted {
			t.Errorf("got %+v", got)
		}
		own, err := w.svc.Get(w.ctx(), w.admin(made), made.ID)
		w.ok(err)
		if own.Remarks != "" {
			t.Error("the customer reads its provider's remarks about it")
		}
	})
}

// CH-17
func TestTwoCustomersOfOneOwnerCannotShareNameEmailExternalIDOrHost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := newCustomer("Straße")
		first.ExternalID, first.Host = "X1", "strasse-1"
		_, err := w.svc.CreateCustomer(w.ctx(), w.full(w.p), first)
		w.ok(err)
		for _, c := range []struct {
			field string
			owner tenant.Tenant
			set   func(*tenant.NewCustomer)
		}{
			{"name", w.p, func(n *tenant.NewCustomer) { n.Name = "STRASSE" }},
			{"email", w.q, func(n *tenant.NewCustomer) { n.Email = strings.ToUpper(first.Email) }},
			{"external_id", w.s, func(n *tenant.NewCustomer) { n.ExternalID = "x1" }},
			{"host", w.q, func(n *tenant.NewCustomer) { n.Host = "strasse-1" }},
		} {
			n := newCustomer("Other " + db.NewID())
			c.set(&n)
			_, err := w.svc.CreateCustomer(w.ctx(), w.full(c.owner), n)
			refused(t, err, errs.Conflict, c.field+"_taken")
			faulty(t, err, c.field+" "+c.field+"_taken")
		}
		elsewhere := newCustomer("Strasse")
		elsewhere.ExternalID = "X1"
		_, err = w.svc.CreateCustomer(w.ctx(), w.full(w.q), elsewhere)
		if err != nil {
			t.Error("another partner may use the same name and external id:", err)
		}
	})
}

// CH-18
func TestPermissionTypesDecideWhichPortalWorks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := newCustomer("Redirect only")
		in.PermissionTypes = []string{tenant.RPS}
		c, err := w.svc.CreateCustomer(w.ctx(), w.full(w.p), in)
		w.ok(err)
		admin := w.admin(c)
		refused(t, w.decide(admin, access.DeviceView, c.ID), errs.Forbidden, "permission_type_missing")
		w.ok(w.decide(admin, access.RedirectView, c.ID))
		both := []string{tenant.RPS, tenant.DMP}
		_, err = w.svc.Edit(w.ctx(), w.full(w.p), c.ID, tenant.Patch{PermissionTypes: &both})
		w.ok(err)
		w.ok(w.decide(admin, access.DeviceView, c.ID))
		w.ok(w.decide(admin, access.RedirectView, c.ID))
	})
}

func (w *world) decide(a access.Actor, act access.Action, id string) error {
	w.t.Helper()
	_, target, err := w.svc.Target(w.ctx(), w.db, a, id)
	if err != nil {
		return err
	}
	return access.Decide(a, act, target)
}

func TestOnlyTheSystemMakesTheOneOperator(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.CreateOperator(w.ctx(), w.root(), tenant.Details{Name: "Second"})
		refused(t, err, errs.NotFound, "not_found")
		_, err = w.svc.CreateOperator(w.ctx(), system, tenant.Details{Name: "Second"})
		refused(t, err, errs.Conflict, "operator_exists")
	})
}

func TestKeysTellTheKindAndOnlySubPartnersBeginWithTheirMark(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := regexp.MustCompile(`^[opsc][a-z2-7]{7}$`)
		for mark, x := range map[string]tenant.Tenant{"o": w.operator, "p": w.p, "s": w.s, "c": w.cs} {
			if !key.MatchString(x.Key) || x.Key[:1] != mark {
				t.Errorf("key %q of a %s", x.Key, x.Kind)
			}
		}
	})
}

// The schema itself refuses what the program never writes (spec 4.3, invariants 1 and 2).
func TestTheSchemaRefusesABrokenTree(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// Each statement moves a row to where it must not be; the same statement with right values passes.
		for name, c := range map[string]struct {
			set  string
			args []any
		}{
			"a customer below a customer":       {`parent_id = $1, parent_kind = 'customer', parent_scope = $2, scope = $2 || key || '.'`, []any{w.cq.ID, w.cq.Scope}},
			"a customer below the operator":     {`parent_id = $1, parent_kind = 'operator', parent_scope = $2, scope = $2 || key || '.'`, []any{w.operator.ID, w.operator.Scope}},
			"a lie about the parent's kind":     {`parent_id = $1, parent_kind = 'partner', parent_scope = $2, scope = $2 || key || '.'`, []any{w.operator.ID, w.operator.Scope}},
			"a lie about the parent's scope":    {`parent_scope = $1, scope = $1 || key || '.'`, []any{w.q.Scope}},
			"a scope that is not its own":       {`scope = $1`, []any{w.p.Scope + "cother."}},
			"a customer without owner":          {`parent_id = NULL, parent_kind = NULL, parent_scope = NULL, scope = key || '.'`, nil},
			"a customer's key like another's":   {`key = 'sabcdefg', scope = parent_scope || 'sabcdefg.'`, nil},
			"a customer without permission":     {`permission_types = '[]'`, nil},
			"a customer without host":           {`host = ''`, nil},
			"a customer suspended as a partner": {`provisioning_suspended = TRUE`, nil},
			"service stopped without freezing":  {`freeze_stops_service = TRUE`, nil},
			"a customer in another realm":       {`realm = 'partner'`, nil},
		} {
			args := append(append([]any{}, c.args...), w.cp.ID)
			_, err := w.db.Exec(w.ctx(), `UPDATE tenant_tenants SET `+c.set+` WHERE id = $`+string(rune('1'+len(c.args))), args...)
			if err == nil || errs.KindOf(err) != errs.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := w.db.Exec(w.ctx(), `UPDATE tenant_tenants SET parent_id = $1, parent_scope = $2, partner_id = $1, scope = $2 || key || '.', name_fold = 'moved' WHERE id = $3`,
			w.q.ID, w.q.Scope, w.cp.ID)
		if err != nil {
			t.Error("a proper move is refused too: ", err)
		}
	})
}

func TestOfManyWhoCreateTheSameAtOnceOneWins(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for field, set := range map[string]func(n *tenant.NewCustomer){
			"name":        func(n *tenant.NewCustomer) { n.Name = "Same" },
			"email":       func(n *tenant.NewCustomer) { n.Email = "same@example.test" },
			"external_id": func(n *tenant.NewCustomer) { n.ExternalID = "same" },
			"host":        func(n *tenant.NewCustomer) { n.Host = "same-host" },
		} {
			failures := w.race(8, func(int) error {
				n := newCustomer("Race " + db.NewID())
				set(&n)
				_, err := w.svc.CreateCustomer(w.ctx(), w.full(w.q), n)
				return err
			})
			if len(failures) != 7 {
				t.Errorf("%s: %d of 8 lost, want 7", field, len(failures))
			}
			for _, err := range failures {
				refused(t, err, errs.Conflict, field+"_taken")
			}
		}
	})
}

func TestManyCustomersOfOneNameGetHostsOfTheirOwnAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owners := []tenant.Tenant{w.s}
		for range 5 {
			p, err := w.svc.CreatePartner(w.ctx(), w.root(), details("Partner "+db.NewID()))
			w.ok(err)
			owners = append(owners, p)
		}
		failures := w.race(len(owners), func(i int) error {
			_, err := w.svc.CreateCustomer(w.ctx(), w.full(owners[i]), newCustomer("Café Zürich"))
			return err
		})
		if len(failures) > 0 {
			t.Fatal(failures)
		}
		l, err := w.svc.List(w.ctx(), w.root(), tenant.Query{Kind: access.Customer, Text: "zürich"})
		w.ok(err)
		hosts := map[string]bool{}
		for _, c := range l.Items {
			hosts[c.Host] = true
			if !strings.HasPrefix(c.Host, "cafe-zurich") {
				t.Errorf("host %q of %s", c.Host, c.Name)
			}
		}
		if len(hosts) != len(owners) {
			t.Errorf("%d hosts for %d customers", len(hosts), len(owners))
		}
	})
}

// race runs n at once and gives the errors.
func (w *world) race(n int, do func(i int) error) []error {
	w.t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failures []error
	start := make(chan struct{})
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			if err := do(i); err != nil {
				mu.Lock()
				failures = append(failures, err)
				mu.Unlock()
			}
		}()
	}
	close(start)
	wg.Wait()
	return failures
}

func TestARowThatIsTriedOnlyLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		made, err := w.svc.CreateCustomer(db.DryRun(w.ctx()), w.full(w.p), newCustomer("Tried"))
		w.ok(err)
		if _, err := w.svc.Load(w.ctx(), w.db, made.ID); errs.KindOf(err) != errs.NotFound {
			t.Error("a dry run left a customer:", err)
		}
	})
}

// DM-117, table 9.1 of the device requirements.
func TestHostNamesFollowTheRules(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		for host, code := range map[string]string{
			"ab": "", "7a": "", "0-0": "", strings.Repeat("x", 31): "", "a_b": "", "tee": "", "www2": "", "t-1": "",
			"a": "host_length", strings.Repeat("x", 32): "host_length", "Ab": "host_chars", "a.b": "host_chars", "ü1": "host_chars",
			"-a": "host_ends", "a_": "host_ends", "t1": "host_reserved", "www": "host_reserved", "ops1": "host_reserved",
			"service": "host_reserved", "console-x": "host_reserved",
		} {
			_, err := w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Host: &host})
			switch {
			case code == "" && err != nil:
				t.Errorf("%q: %v", host, err)
			case code != "":
				faulty(t, err, "host "+code)
			}
		}
	})
}
