package tenant_test

import (
	"context"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

func (w *world) enter(a access.Actor, id string, p access.Portal) (access.Delegation, error) {
	w.t.Helper()
	var d access.Delegation
	err := w.db.Tx(w.ctx(), func(ctx context.Context, tx *db.Tx) (err error) {
		d, err = w.svc.Enter(ctx, tx, a, id, p)
		return err
	})
	return d, err
}

func (w *world) relations(a access.Actor, id string) map[access.RelationScope]tenant.Relation {
	w.t.Helper()
	all, err := w.svc.Authorisations(w.ctx(), a, id)
	w.ok(err)
	out := map[access.RelationScope]tenant.Relation{}
	for _, r := range all {
		if _, known := out[r.Scope]; !known { // the newest of each
			out[r.Scope] = r
		}
	}
	return out
}

// CH-29, CH-31
func TestDeviceManagementNeedsTheCustomersAuthorisation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		partner, admin := w.full(w.p), w.admin(w.cp)
		_, err := w.enter(partner, w.cp.ID, access.DevicePortal)
		refused(t, err, errs.Forbidden, "not_authorised_by_customer")
		refused(t, w.decide(partner, access.DeviceView, w.cp.ID), errs.Forbidden, "not_authorised_by_customer")

		r, err := w.svc.RequestAuthorisation(w.ctx(), partner, w.cp.ID)
		w.ok(err)
		again, err := w.svc.RequestAuthorisation(w.ctx(), partner, w.cp.ID)
		w.ok(err)
		if r.State != tenant.Requested || again.ID != r.ID {
			t.Errorf("first %+v, again %+v", r, again)
		}
		_, err = w.enter(partner, w.cp.ID, access.DevicePortal)
		refused(t, err, errs.Forbidden, "not_authorised_by_customer")

		r, err = w.svc.Authorise(w.ctx(), admin, w.cp.ID, tenant.Authorisation{})
		w.ok(err)
		if r.State != tenant.Granted || r.ID != again.ID || r.ManagerID != w.p.ID || r.Since.IsZero() {
			t.Errorf("granted %+v", r)
		}
		d, err := w.enter(partner, w.cp.ID, access.DevicePortal)
		w.ok(err)
		if d.Tenant.ID != w.cp.ID || d.ReadOnly || d.Via != access.DeviceManage {
			t.Errorf("delegation %+v", d)
		}
		inside := partner
		inside.Acting = &d
		w.ok(w.decide(inside, access.DeviceEdit, w.cp.ID))
		if got := w.relations(admin, w.cp.ID)[access.DeviceManage]; got.EnteredBy != partner.Name || got.Entered.IsZero() {
			t.Errorf("the last entry is missing: %+v", got)
		}

		r, err = w.svc.Withdraw(w.ctx(), admin, w.cp.ID, "")
		w.ok(err)
		refused(t, w.decide(inside, access.DeviceView, w.cp.ID), errs.Forbidden, "not_authorised_by_customer")
		_, err = w.svc.Withdraw(w.ctx(), admin, w.cp.ID, "")
		refused(t, err, errs.NotFound, "not_found")
		if got := w.relations(admin, w.cp.ID)[access.DeviceManage]; got.State != tenant.WithdrawnOnce || r.EndedAt.IsZero() {
			t.Errorf("after withdrawing %+v", got)
		}
		_, err = w.svc.Authorise(w.ctx(), admin, w.cp.ID, tenant.Authorisation{})
		w.ok(err)
		w.ok(w.decide(inside, access.DeviceView, w.cp.ID))
	})
}

// CH-31: never the reseller itself, whatever its roles, and not from inside either.
func TestOnlyTheCustomersFullAdministratorAuthorises(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		inside := w.full(w.p)
		inside.Acting = &access.Delegation{Tenant: w.cp.Access(), Portal: access.RedirectPortal, Via: access.RedirectManage}
		for code, a := range map[string]access.Actor{"only_customer_authorises": w.root(), "forbidden": w.both(w.p)} {
			_, err := w.svc.Authorise(w.ctx(), a, w.cp.ID, tenant.Authorisation{ManagerID: w.p.ID})
			refused(t, err, errs.Forbidden, code)
			_, err = w.svc.Withdraw(w.ctx(), a, w.cp.ID, w.p.ID)
			refused(t, err, errs.Forbidden, code)
		}
		_, err := w.svc.Authorise(w.ctx(), inside, w.cp.ID, tenant.Authorisation{})
		refused(t, err, errs.Forbidden, "forbidden")
		for _, role := range []access.Role{access.CustomerDeviceAdmin, access.CustomerReadonlyAdmin, access.CustomerUserAdmin, access.CustomerSupport} {
			_, err := w.svc.Authorise(w.ctx(), w.as(w.cp, role), w.cp.ID, tenant.Authorisation{})
			refused(t, err, errs.Forbidden, "forbidden")
		}
		for _, stranger := range []tenant.Tenant{w.q, w.operator, w.s, w.cq, w.cp} {
			_, err := w.svc.Authorise(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.Authorisation{ManagerID: stranger.ID})
			refused(t, err, errs.NotFound, "not_found")
		}
	})
}

// CH-31
func TestAnAuthorisationMayBeReadOnlyAndEndsAtItsDate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		partner, admin := w.full(w.p), w.admin(w.cp)
		_, err := w.svc.Authorise(w.ctx(), admin, w.cp.ID, tenant.Authorisation{Until: w.db.Now()})
		faulty(t, err, "until in_the_past")
		until := db.At(w.clock.Now().Add(time.Hour))
		_, err = w.svc.Authorise(w.ctx(), admin, w.cp.ID, tenant.Authorisation{ReadOnly: true, Until: until})
		w.ok(err)
		w.ok(w.decide(partner, access.DeviceView, w.cp.ID))
		refused(t, w.decide(partner, access.DeviceEdit, w.cp.ID), errs.Forbidden, "read_only_session")
		d, err := w.enter(partner, w.cp.ID, access.DevicePortal)
		w.ok(err)
		if !d.ReadOnly {
			t.Error("the delegation is not read-only")
		}
		w.clock.Advance(time.Hour - time.Millisecond)
		w.ok(w.decide(partner, access.DeviceView, w.cp.ID))
		w.clock.Advance(time.Millisecond)
		refused(t, w.decide(partner, access.DeviceView, w.cp.ID), errs.Forbidden, "not_authorised_by_customer")
		if got := w.relations(admin, w.cp.ID)[access.DeviceManage]; got.State != tenant.Expired {
			t.Errorf("after its end it is %s", got.State)
		}
		r, err := w.svc.RequestAuthorisation(w.ctx(), partner, w.cp.ID)
		w.ok(err)
		if r.State != tenant.Requested {
			t.Errorf("a new request is %s", r.State)
		}
		r, err = w.svc.Authorise(w.ctx(), admin, w.cp.ID, tenant.Authorisation{})
		w.ok(err)
		w.ok(w.decide(partner, access.DeviceEdit, w.cp.ID))
		_, err = w.svc.Authorise(w.ctx(), admin, w.cp.ID, tenant.Authorisation{ReadOnly: true})
		w.ok(err)
		refused(t, w.decide(partner, access.DeviceEdit, w.cp.ID), errs.Forbidden, "read_only_session")
	})
}

// CH-30
func TestTheRedirectPortalNeedsOnlyThePermissionType(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		partner := w.full(w.p)
		d, err := w.enter(partner, w.cp.ID, access.RedirectPortal)
		w.ok(err)
		inside := partner
		inside.Acting = &d
		w.ok(w.decide(inside, access.RedirectEdit, w.cp.ID))
		refused(t, w.decide(inside, access.DeviceView, w.cp.ID), errs.Forbidden, "not_authorised_by_customer")
		_, err = w.enter(partner, w.cp.ID, access.RedirectPortal)
		w.ok(err)
		got := w.relations(w.admin(w.cp), w.cp.ID)
		if r := got[access.RedirectManage]; r.EnteredBy != partner.Name || r.ManagerID != w.p.ID || r.State != tenant.Granted {
			t.Errorf("the customer sees %+v", r)
		}
		dmp := []string{tenant.DMP}
		_, err = w.svc.Edit(w.ctx(), partner, w.cp.ID, tenant.Patch{PermissionTypes: &dmp})
		w.ok(err)
		_, err = w.enter(partner, w.cp.ID, access.RedirectPortal)
		refused(t, err, errs.Forbidden, "permission_type_missing")
		refused(t, w.decide(inside, access.RedirectView, w.cp.ID), errs.Forbidden, "permission_type_missing")
		if r := w.relations(w.admin(w.cp), w.cp.ID)[access.RedirectManage]; r.State != tenant.Ended {
			t.Errorf("without the permission type the relation is %s", r.State)
		}
	})
}

// WS-81
func TestManagedByRelationsAppearWithTheTenantAndEndWithIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.relations(w.both(w.p), w.s.ID)[access.WholesaleManage]
		if r.ManagerID != w.p.ID || r.State != tenant.Granted {
			t.Errorf("parent → sub-partner: %+v", r)
		}
		r = w.relations(w.admin(w.cs), w.cs.ID)[access.WholesaleManage]
		if r.ManagerID != w.p.ID || r.State != tenant.Granted || !r.Since.Equal(w.cs.Created.Time) {
			t.Errorf("parent → sub-partner's customer: %+v", r)
		}
		if _, has := w.relations(w.admin(w.cp), w.cp.ID)[access.WholesaleManage]; has {
			t.Error("a channel customer is not managed under the wholesale offer")
		}
		_, err := w.svc.Archive(w.ctx(), w.full(w.s), w.cs.ID, "S-cust")
		w.ok(err)
		if r = w.relations(w.full(w.s), w.cs.ID)[access.WholesaleManage]; r.State != tenant.Ended {
			t.Errorf("after archiving it is %s", r.State)
		}
	})
}

//
func TestUnderTheWholesaleOfferDeviceManagementIsImplicit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := newCustomer("Offer")
		in.Wholesale = true
		c, err := w.svc.CreateCustomer(w.ctx(), w.full(w.s), in)
		w.ok(err)
		for _, a := range []access.Actor{w.full(w.s), w.both(w.p)} {
			_, err = w.enter(a, c.ID, access.DevicePortal)
			w.ok(err)
		}
		// The managed-by relation alone gives the parent no more than the owner has.
		for _, a := range []access.Actor{w.full(w.s), w.both(w.p)} {
			_, err = w.enter(a, w.cs.ID, access.DevicePortal)
			refused(t, err, errs.Forbidden, "not_authorised_by_customer")
		}
	})
}

// WS-83, WS-84, WS-80
func TestBothRolesEnterASubPartnersPortalAndWorkThereAsThemselves(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.enter(w.full(w.p), w.s.ID, access.PartnerPortal)
		refused(t, err, errs.NotFound, "not_found")
		_, err = w.enter(w.both(w.p), w.s.ID, access.DevicePortal)
		refused(t, err, errs.Forbidden, "forbidden")
		d, err := w.enter(w.both(w.p), w.s.ID, access.PartnerPortal)
		w.ok(err)
		inside := w.both(w.p)
		inside.Acting = &d
		c, err := w.svc.CreateCustomer(w.ctx(), inside, newCustomer("On behalf"))
		w.ok(err)
		if c.ParentID != w.s.ID {
			t.Errorf("it belongs to %s", c.ParentName)
		}
		var tenants []string
		w.ok(w.db.Select(w.ctx(), &tenants, `SELECT tenant_id FROM journal_entries WHERE target_id = $1 ORDER BY id`, c.ID))
		same(t, "logs", tenants, []string{w.p.ID, w.s.ID}) // CH-32: both tenants' logs show it
		same(t, "list", names(w.list(inside, tenant.Query{Kind: access.Customer})), []string{"On behalf", "S-cust"})
		_, err = w.svc.List(w.ctx(), inside, tenant.Query{Kind: access.SubPartner})
		refused(t, err, errs.Forbidden, "not_in_cross_launch") // WS-85
		_, err = w.svc.Get(w.ctx(), inside, w.cp.ID)
		refused(t, err, errs.NotFound, "not_found")

		// Inside the sub-partner's portal its authorisations count: what the customer granted to S, P may do there.
		_, err = w.svc.Authorise(w.ctx(), w.admin(w.cs), w.cs.ID, tenant.Authorisation{})
		w.ok(err)
		w.ok(w.decide(inside, access.DeviceView, w.cs.ID))
		refused(t, w.decide(w.both(w.p), access.DeviceView, w.cs.ID), errs.Forbidden, "not_authorised_by_customer")
	})
}

func TestOfManyRequestsAtOnceOneRelationComes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		failures := w.race(8, func(int) error {
			_, err := w.svc.RequestAuthorisation(w.ctx(), w.full(w.p), w.cp.ID)
			return err
		})
		if len(failures) > 0 {
			t.Fatal(failures)
		}
		var n int
		w.ok(w.db.Get(w.ctx(), &n, `SELECT COUNT(*) FROM tenant_relations WHERE managed_id = $1`, w.cp.ID))
		if n != 1 {
			t.Errorf("%d relations", n)
		}
	})
}

// CH-29 … CH-31: what a provider's webhooks may hear of its customers' phones follows the relation that is in force.
func TestAProviderIsAuthorisedOnlyWhileTheRelationHolds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		may := func(provider tenant.Tenant, need access.RelationScope) bool {
			t.Helper()
			all, err := w.svc.Authorised(w.ctx(), w.db, provider.Scope, need, []string{w.cp.Scope, "0.unknown."})
			w.ok(err)
			return all[w.cp.Scope]
		}
		if may(w.p, access.DeviceManage) {
			t.Error("authorised by nobody")
		}
		_, err := w.svc.Authorise(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.Authorisation{})
		w.ok(err)
		if !may(w.p, access.DeviceManage) || may(w.operator, access.DeviceManage) {
			t.Error("the grant is not the partner's alone")
		}
		if rps := w.cp.Permissions.Has(tenant.RPS); may(w.p, access.RedirectManage) != rps {
			t.Errorf("redirection follows the permission type, which is %v", rps)
		}
		_, err = w.svc.Withdraw(w.ctx(), w.admin(w.cp), w.cp.ID, w.p.ID)
		w.ok(err)
		if may(w.p, access.DeviceManage) {
			t.Error("authorised after the withdrawal")
		}
	})
}
