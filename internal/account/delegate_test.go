package account

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

// authorised lets p manage the devices of its customer.
func (w *world) authorised(in tenant.Authorisation) {
	w.t.Helper()
	admin := w.actor(w.invited(Invitation{TenantID: w.cp.ID, Email: newEmail(), Name: "Cus Tomer", Roles: []access.Role{access.CustomerFullAdmin}}))
	_, err := w.tenants.Authorise(w.ctx(), admin, w.cp.ID, in)
	w.ok(err)
}

func (w *world) withdraw() {
	w.t.Helper()
	admin := w.actor(w.invited(Invitation{TenantID: w.cp.ID, Email: newEmail(), Name: "Cus Tomer", Roles: []access.Role{access.CustomerFullAdmin}}))
	_, err := w.tenants.Withdraw(w.ctx(), admin, w.cp.ID, w.p.ID)
	w.ok(err)
}

func TestDeviceManagementIsEnteredWithAnAuthorisationOnly(t *testing.T) { // CH-29
	each(t, func(t *testing.T, w *world) {
		a, token := w.as(w.person(w.p, access.PartnerFullAdmin))
		_, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.DevicePortal})
		refused(t, err, errs.Forbidden, "not_authorised_by_customer")
		if w.seen(token).Acting != nil {
			t.Fatal("it is inside")
		}
		w.authorised(tenant.Authorisation{})
		in, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.DevicePortal})
		w.ok(err)
		seen := w.seen(token)
		for _, in := range []access.Actor{in, seen} {
			if in.ID != a.ID || in.Acting == nil || in.Acting.Tenant.ID != w.cp.ID || in.Acting.ReadOnly || in.Place().ID != w.cp.ID || in.Tenant.ID != w.p.ID {
				t.Errorf("%+v", in)
			}
		}
		if !seen.Can(access.DeviceEdit) || seen.Can(access.RedirectEdit) || seen.Can(access.TokenManage) {
			t.Error("the wrong things are possible inside")
		}
		_, err = w.svc.Enter(w.ctx(), seen, Entry{TenantID: w.cp.ID, Door: access.DevicePortal})
		refused(t, err, errs.Conflict, "already_inside")
	})
}

func TestTheRedirectPortalNeedsNoAuthorisation(t *testing.T) { // CH-30
	each(t, func(t *testing.T, w *world) {
		a, token := w.as(w.person(w.p, access.PartnerFullAdmin))
		_, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.RedirectPortal})
		w.ok(err)
		if in := w.seen(token); in.Acting == nil || !in.Can(access.RedirectEdit) || in.Can(access.DeviceView) {
			t.Errorf("%+v", in.Acting)
		}
		only, err := w.tenants.CreateCustomer(w.ctx(), system, tenant.NewCustomer{OwnerID: w.p.ID, Details: details("DMP only"), PermissionTypes: []string{tenant.DMP}})
		w.ok(err)
		b := w.actor(w.person(w.p, access.PartnerFullAdmin))
		_, err = w.svc.Enter(w.ctx(), b, Entry{TenantID: only.ID, Door: access.RedirectPortal})
		refused(t, err, errs.Forbidden, "permission_type_missing")
		_, err = w.svc.Enter(w.ctx(), b, Entry{TenantID: w.cq.ID, Door: access.RedirectPortal})
		refused(t, err, errs.NotFound, "not_found")
		stranger := w.actor(w.sub([]access.Action{access.CustomerView}, w.cp.ID))
		_, err = w.svc.Enter(w.ctx(), stranger, Entry{TenantID: w.cp.ID, Door: access.RedirectPortal})
		refused(t, err, errs.Forbidden, "forbidden")
	})
}

func TestAWithdrawnAuthorisationEndsTheVisitAtTheNextRequest(t *testing.T) { // CH-31
	each(t, func(t *testing.T, w *world) {
		w.authorised(tenant.Authorisation{})
		a, token := w.as(w.person(w.p, access.PartnerFullAdmin))
		_, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.DevicePortal})
		w.ok(err)
		w.withdraw()
		refused(t, w.alive(token), errs.Forbidden, "visit_over")
		if back := w.seen(token); back.Acting != nil || back.Place().ID != w.p.ID {
			t.Errorf("%+v", back)
		}
		for _, at := range []tenant.Tenant{w.p, w.cp} {
			w.expectLog(at, "session/leave success Pat Doe@Partner P")
			w.expectLog(at, "customer/withdraw_authorisation success Cus Tomer")
		}
	})
}

func TestAnAuthorisationThatEndsOrOnlyLooksIsFollowed(t *testing.T) { // CH-31
	each(t, func(t *testing.T, w *world) {
		w.authorised(tenant.Authorisation{ReadOnly: true, Until: db.At(w.clock.Now().Add(10 * time.Minute))})
		a, token := w.as(w.person(w.p, access.PartnerFullAdmin))
		in, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.DevicePortal})
		w.ok(err)
		if !in.Acting.ReadOnly || in.Can(access.DeviceEdit) || !in.Can(access.DeviceView) {
			t.Errorf("%+v", in.Acting)
		}
		w.authorised(tenant.Authorisation{Until: db.At(w.clock.Now().Add(10 * time.Minute))}) // more than when it was entered
		if w.seen(token).Can(access.DeviceEdit) {
			t.Error("a visit that began read-only may write now")
		}
		w.clock.Advance(10*time.Minute + time.Second)
		refused(t, w.alive(token), errs.Forbidden, "visit_over")
	})
}

func TestAVisitLastsEightHoursAtMost(t *testing.T) { // CH-32
	each(t, func(t *testing.T, w *world) {
		a, token := w.as(w.person(w.p, access.PartnerFullAdmin))
		_, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.RedirectPortal})
		w.ok(err)
		for range 8 * 4 {
			w.clock.Advance(15 * time.Minute)
			w.seen(token)
		}
		w.clock.Advance(time.Second)
		refused(t, w.alive(token), errs.Forbidden, "visit_over")
		if w.seen(token).Acting != nil { // the own session goes on
			t.Error("it is still inside")
		}
	})
}

func TestAVisitEndsWithItsSession(t *testing.T) { // CH-32
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		a, token := w.as(acc)
		in, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.RedirectPortal})
		w.ok(err)
		w.ok(w.svc.SignOut(w.ctx(), in))
		refused(t, w.alive(token), errs.Unauthenticated, "not_signed_in")
		w.expectLog(w.cp, "session/leave success Pat Doe@Partner P")
		if slices.Contains(w.logged(w.cp), "session/sign-out success Pat Doe") {
			t.Error("the customer reads of sessions that are none of its business")
		}
		if w.actor(acc).Acting != nil {
			t.Error("the next session began inside")
		}
	})
}

func TestBothLogsShowEntryChangeAndLeaveUnderTheOwnIdentity(t *testing.T) { // CH-32
	each(t, func(t *testing.T, w *world) {
		w.authorised(tenant.Authorisation{})
		a, token := w.as(w.person(w.p, access.PartnerFullAdmin))
		_, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.DevicePortal})
		w.ok(err)
		contact := "Somebody Else"
		_, err = w.tenants.Edit(w.ctx(), w.seen(token), w.cp.ID, tenant.Patch{Contact: &contact})
		w.ok(err)
		out, err := w.svc.Leave(w.ctx(), w.seen(token))
		w.ok(err)
		if out.Acting != nil || w.seen(token).Acting != nil {
			t.Error("it is still inside")
		}
		for _, at := range []tenant.Tenant{w.p, w.cp} {
			w.expectLog(at, "customer/enter success Pat Doe")
			w.expectLog(at, "customer/edit success Pat Doe@Partner P")
			w.expectLog(at, "session/leave success Pat Doe@Partner P")
		}
		_, err = w.svc.Leave(w.ctx(), out)
		w.ok(err)
	})
}

func TestAReadOnlyRoleGetsAReadOnlyVisit(t *testing.T) { // WS-29
	each(t, func(t *testing.T, w *world) {
		w.authorised(tenant.Authorisation{})
		for _, door := range []access.Portal{access.DevicePortal, access.RedirectPortal} {
			a, token := w.as(w.person(w.p, access.PartnerReadonlyAdmin))
			in, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: door})
			w.ok(err)
			for _, in := range []access.Actor{in, w.seen(token)} {
				if !in.Acting.ReadOnly {
					t.Errorf("%s: %+v", door, in.Acting)
				}
			}
			name := "x"
			_, err = w.tenants.Edit(w.ctx(), w.seen(token), w.cp.ID, tenant.Patch{Contact: &name})
			if errs.KindOf(err) != errs.Forbidden {
				t.Errorf("it may edit: %v", err)
			}
		}
	})
}

func TestTheOperatorsPeopleSayWhyTheyEnter(t *testing.T) { // spec 4.4: operator_support, delegated sessions with reason
	each(t, func(t *testing.T, w *world) {
		a, token := w.as(w.person(w.operator, access.OperatorSupport))
		_, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.DevicePortal, Reason: "  "})
		faulty(t, err, "reason", "required")
		_, err = w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.DevicePortal, Reason: "a\u202eb"})
		faulty(t, err, "reason", "forbidden_character")
		_, err = w.svc.Enter(w.ctx(), a, Entry{TenantID: w.cp.ID, Door: access.DevicePortal, Reason: "Ticket 4711: phones do not boot"})
		w.ok(err)
		if in := w.seen(token); in.Acting == nil || in.Acting.Tenant.ID != w.cp.ID {
			t.Errorf("%+v", in.Acting)
		}
		for _, at := range []tenant.Tenant{w.operator, w.cp} {
			w.expectLog(at, "session/reason success Pat Doe@Uplink")
		}
		var data string
		w.ok(w.db.Get(w.ctx(), &data, `SELECT data FROM journal_entries WHERE action = 'session/reason' AND tenant_id = $1`, w.cp.ID))
		if data != `{"reason":"Ticket 4711: phones do not boot"}` {
			t.Error(data)
		}
	})
}

func TestASubPartnersPortalIsEnteredWithBothRoles(t *testing.T) { // WS-84
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.Enter(w.ctx(), w.actor(w.person(w.p, access.PartnerFullAdmin)), Entry{TenantID: w.s.ID, Door: access.PartnerPortal})
		if err == nil {
			t.Fatal("one role was enough")
		}
		a, token := w.as(w.person(w.p, access.PartnerFullAdmin, access.PartnerWholesaleAdmin))
		_, err = w.svc.Enter(w.ctx(), a, Entry{TenantID: w.s.ID, Door: access.PartnerPortal})
		w.ok(err)
		if in := w.seen(token); in.Place().ID != w.s.ID || in.Can(access.TokenManage) {
			t.Errorf("%+v", in)
		}
		w.expectLog(w.s, "sub_partner/enter success Pat Doe")
	})
}

func TestMachinesEnterNobody(t *testing.T) { // CH-32: a visit is a session
	each(t, func(t *testing.T, w *world) {
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		_, bearer, err := w.svc.CreateToken(w.ctx(), a, NewToken{Name: "m"})
		w.ok(err)
		m, err := w.svc.AuthenticateBearer(w.ctx(), bearer, Request{})
		w.ok(err)
		_, err = w.svc.Enter(w.ctx(), m, Entry{TenantID: w.cp.ID, Door: access.RedirectPortal})
		refused(t, err, errs.Forbidden, "people_only")
	})
}

func TestOneSessionIsInOnePlace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		second := w.customer(w.p, "Second")
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		var in atomic.Int64
		var wg sync.WaitGroup
		for _, id := range []string{w.cp.ID, second.ID, w.cp.ID, second.ID} {
			wg.Go(func() {
				_, err := w.svc.Enter(w.ctx(), a, Entry{TenantID: id, Door: access.RedirectPortal})
				if err == nil {
					in.Add(1)
				} else if errs.CodeOf(err) != "already_inside" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in.Load() != 1 {
			t.Errorf("entered %d times", in.Load())
		}
	})
}
