package account

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

func subAccount(functions []access.Action, customers ...string) Invitation {
	return Invitation{Email: newEmail(), Name: "Sub Person", Roles: []access.Role{access.PartnerSubAccount}, Functions: functions, Customers: customers}
}

func TestASubAccountIsInvitedAndMustSetItsPassword(t *testing.T) { // CH-86, CH-87
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc, err := w.svc.Invite(w.ctx(), boss, subAccount([]access.Action{access.CustomerView, access.LogView}, w.cp.ID))
		w.ok(err)
		if !acc.IsSub() || !slices.Equal(acc.Customers, []string{w.cp.ID}) || acc.State != Invited || acc.TenantID != w.p.ID {
			t.Errorf("%+v", acc)
		}
		w.ok(w.svc.SetPasswordByLink(w.ctx(), w.linkTo(acc.Email, deliver.SubAccountInvitation), secret.Hide(word), ""))
		a := w.actor(acc)
		for act, may := range map[access.Action]bool{access.CustomerView: true, access.LogView: true, access.Self: true, access.CustomerEdit: false, access.AccountView: false, access.AccountSub: false, access.TokenManage: false} {
			if a.Can(act) != may {
				t.Errorf("%s: %v", act, !may)
			}
		}
	})
}

func TestASubAccountNeedsACustomerFirst(t *testing.T) { // CH-86
	each(t, func(t *testing.T, w *world) {
		empty, err := w.tenants.CreatePartner(w.ctx(), system, details("Empty"))
		w.ok(err)
		_, err = w.svc.Invite(w.ctx(), w.actor(w.person(empty, access.PartnerFullAdmin)), subAccount([]access.Action{access.CustomerView}, w.cp.ID))
		refused(t, err, errs.Conflict, "no_customer_yet")
	})
}

func TestFunctionsAndCustomersOfASubAccountAreChecked(t *testing.T) { // CH-87, CH-88
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		other := w.customer(w.q, "Foreign")
		view := []access.Action{access.CustomerView}
		for name, c := range map[string]struct {
			in          Invitation
			field, code string
		}{
			"no function":      {subAccount(nil, w.cp.ID), "functions", "required"},
			"unknown function": {subAccount([]access.Action{"customer.eat"}, w.cp.ID), "functions", "unknown_function"},
			"no such function": {subAccount([]access.Action{access.TokenManage}, w.cp.ID), "functions", "unknown_function"},
			"no customer":      {subAccount(view), "customers", "required"},
			"foreign customer": {subAccount(view, w.cp.ID, other.ID), "customers", "unknown_customer"},
			"no such customer": {subAccount(view, "nothing"), "customers", "unknown_customer"},
			"a partner":        {subAccount(view, w.p.ID), "customers", "unknown_customer"},
			"no role":          {Invitation{Email: newEmail(), Name: "N"}, "roles", "required"},
			"foreign role":     {Invitation{Email: newEmail(), Name: "N", Roles: []access.Role{access.OperatorAdmin}}, "roles", "unknown_role"},
			"bad address":      {Invitation{Email: "nope", Name: "N", Roles: []access.Role{access.PartnerSupport}}, "email", "bad_email"},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := w.svc.Invite(w.ctx(), boss, c.in)
				faulty(t, err, c.field, c.code)
			})
		}
	})
}

func TestASubAccountSeesItsCustomersOnly(t *testing.T) { // CH-88
	each(t, func(t *testing.T, w *world) {
		second := w.customer(w.p, "Second")
		a := w.actor(w.sub([]access.Action{access.CustomerView, access.CustomerCreate}, w.cp.ID))
		names := func(a access.Actor) (out []string) {
			l, err := w.tenants.List(w.ctx(), a, tenant.Query{Kind: access.Customer})
			w.ok(err)
			for _, c := range l.Items {
				out = append(out, c.Name)
			}
			return out
		}
		if got := names(a); !slices.Equal(got, []string{"Acme"}) {
			t.Fatalf("it sees %v", got)
		}
		_, err := w.tenants.Get(w.ctx(), a, second.ID)
		refused(t, err, errs.NotFound, "not_found")
		made, err := w.tenants.CreateCustomer(w.ctx(), a, tenant.NewCustomer{Details: details("Third"), PermissionTypes: []string{tenant.DMP}})
		w.ok(err)
		acc, err := byID(w.ctx(), w.db, a.ID)
		w.ok(err)
		if got := names(w.actor(acc)); !slices.Equal(got, []string{"Acme", "Third"}) { // what it made belongs to it
			t.Errorf("it sees %v after making %s", got, made.Name)
		}
		everything := w.invited(Invitation{TenantID: w.p.ID, Email: newEmail(), Name: "All", Roles: []access.Role{access.PartnerSubAccount}, Functions: []access.Action{access.CustomerView}, AllCustomers: true})
		w.customer(w.p, "Future")
		if got := names(w.actor(everything)); !slices.Equal(got, []string{"Acme", "Future", "Second", "Third"}) {
			t.Errorf("all including future ones are %v", got)
		}
	})
}

func TestAGrantorNeverGrantsMoreThanItHas(t *testing.T) { // CH-87
	each(t, func(t *testing.T, w *world) {
		second := w.customer(w.p, "Second")
		lead := w.actor(w.sub([]access.Action{access.AccountSub, access.CustomerView, access.LogView}, w.cp.ID))
		view := []access.Action{access.CustomerView}
		made, err := w.svc.Invite(w.ctx(), lead, subAccount(view, w.cp.ID))
		w.ok(err)
		_, err = w.svc.Invite(w.ctx(), lead, subAccount([]access.Action{access.CustomerView, access.CustomerFreeze}, w.cp.ID))
		refused(t, err, errs.Forbidden, "more_than_own_rights")
		_, err = w.svc.Invite(w.ctx(), lead, subAccount(view, second.ID))
		refused(t, err, errs.Forbidden, "more_than_own_rights")
		all := subAccount(view)
		all.AllCustomers = true
		_, err = w.svc.Invite(w.ctx(), lead, all)
		refused(t, err, errs.Forbidden, "more_than_own_rights")
		_, err = w.svc.Invite(w.ctx(), lead, Invitation{Email: newEmail(), Name: "N", Roles: []access.Role{access.PartnerFullAdmin}})
		refused(t, err, errs.Forbidden, "forbidden")
		both := subAccount(view, w.cp.ID)
		both.Roles = append(both.Roles, access.PartnerFullAdmin)
		_, err = w.svc.Invite(w.ctx(), lead, both)
		refused(t, err, errs.Forbidden, "forbidden")

		more := []access.Action{access.CustomerView, access.CustomerFreeze}
		_, err = w.svc.Edit(w.ctx(), lead, made.ID, Patch{Functions: &more})
		refused(t, err, errs.Forbidden, "more_than_own_rights")
		wide := []string{w.cp.ID, second.ID}
		_, err = w.svc.Edit(w.ctx(), lead, made.ID, Patch{Customers: &wide})
		refused(t, err, errs.Forbidden, "more_than_own_rights")
		stronger := w.sub([]access.Action{access.CustomerFreeze}, w.cp.ID)
		refused(t, w.svc.Delete(w.ctx(), lead, stronger.ID), errs.Forbidden, "more_than_own_rights")
		_, err = w.svc.ResetPassword(w.ctx(), lead, w.person(w.p, access.PartnerFullAdmin).ID)
		refused(t, err, errs.Forbidden, "forbidden")
		own := []access.Action{access.CustomerView}
		_, err = w.svc.Edit(w.ctx(), lead, lead.ID, Patch{Functions: &own})
		refused(t, err, errs.Conflict, "own_account")
	})
}

func TestADeletedAccountLosesEverythingAtOnceAndItsAddressIsFree(t *testing.T) { // CH-89
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc := w.person(w.p, access.PartnerFullAdmin)
		a, token := w.as(acc)
		_, bearer, err := w.svc.CreateToken(w.ctx(), a, NewToken{Name: "machine"})
		w.ok(err)
		_, err = w.svc.AuthenticateBearer(w.ctx(), bearer, Request{})
		w.ok(err)
		refused(t, w.svc.Delete(w.ctx(), a, a.ID), errs.Conflict, "own_account")
		refused(t, w.svc.Delete(w.ctx(), w.actor(w.person(w.q, access.PartnerFullAdmin)), acc.ID), errs.NotFound, "not_found")
		w.ok(w.svc.Delete(w.ctx(), boss, acc.ID))
		refused(t, w.alive(token), errs.Unauthenticated, "not_signed_in")
		_, err = w.svc.AuthenticateBearer(w.ctx(), bearer, Request{})
		refused(t, err, errs.Unauthenticated, "invalid_token")
		refused(t, w.signIn(acc, word), errs.Unauthenticated, "bad_credentials")
		refused(t, w.svc.Delete(w.ctx(), boss, acc.ID), errs.NotFound, "not_found")
		w.expectLog(w.p, "token/create success Pat Doe") // old rows keep the name
		w.invited(Invitation{TenantID: w.p.ID, Email: acc.Email, Name: "Next", Roles: []access.Role{access.PartnerSupport}})
	})
}

func TestASubAccountsPasswordIsResetByMail(t *testing.T) { // CH-90
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc := w.sub([]access.Action{access.CustomerView}, w.cp.ID)
		_, err := w.svc.ResetPassword(w.ctx(), boss, acc.ID)
		w.ok(err)
		w.ok(w.signIn(acc, word))
		w.ok(w.svc.SetPasswordByLink(w.ctx(), w.linkTo(acc.Email, deliver.PasswordResetByAdmin), secret.Hide(another), ""))
		refused(t, w.signIn(acc, word), errs.Unauthenticated, "bad_credentials")
		w.ok(w.signIn(acc, another))
	})
}

func TestChangedRightsHoldInOpenSessionsAtOnce(t *testing.T) { // CH-91
	each(t, func(t *testing.T, w *world) {
		second := w.customer(w.p, "Second")
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc := w.sub([]access.Action{access.CustomerView, access.RedirectView}, w.cp.ID)
		_, token := w.as(acc)
		if !w.seen(token).Can(access.RedirectView) {
			t.Fatal("it cannot look at the redirect service")
		}
		less, other := []access.Action{access.CustomerView}, []string{second.ID}
		got, err := w.svc.Edit(w.ctx(), boss, acc.ID, Patch{Functions: &less, Customers: &other})
		w.ok(err)
		if !slices.Equal(got.Functions, less) || !slices.Equal(got.Customers, other) {
			t.Errorf("%+v", got)
		}
		a := w.seen(token)
		_, err = w.tenants.Get(w.ctx(), a, w.cp.ID)
		refused(t, err, errs.NotFound, "not_found")
		if a.Can(access.RedirectView) {
			t.Error("it still can look at the redirect service")
		}
		yes, no := true, false
		_, err = w.svc.Edit(w.ctx(), boss, acc.ID, Patch{Disabled: &yes})
		w.ok(err)
		refused(t, w.alive(token), errs.Unauthenticated, "not_signed_in")
		refused(t, w.signIn(acc, word), errs.Forbidden, "frozen")
		refused(t, w.signIn(acc, "wrong"), errs.Unauthenticated, "bad_credentials")
		_, err = w.svc.Edit(w.ctx(), boss, acc.ID, Patch{Disabled: &no})
		w.ok(err)
		w.ok(w.signIn(acc, word))
	})
}

func TestListsHoldOnesOwnPeople(t *testing.T) { // CH-91, CH-33
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		lead := w.sub([]access.Action{access.AccountSub, access.CustomerView}, w.cp.ID)
		w.person(w.q, access.PartnerFullAdmin)
		yes := true
		all, _, err := w.svc.List(w.ctx(), boss, "", Query{})
		w.ok(err)
		subs, _, err := w.svc.List(w.ctx(), boss, "", Query{Subs: &yes})
		w.ok(err)
		seen, _, err := w.svc.List(w.ctx(), w.actor(lead), "", Query{})
		w.ok(err)
		if len(all) != 2 || len(subs) != 1 || len(seen) != 1 || seen[0].ID != lead.ID {
			t.Errorf("%d, %d, %d", len(all), len(subs), len(seen))
		}
		_, _, err = w.svc.List(w.ctx(), boss, w.q.ID, Query{})
		refused(t, err, errs.NotFound, "not_found")
		_, _, err = w.svc.List(w.ctx(), w.actor(w.sub([]access.Action{access.CustomerView}, w.cp.ID)), "", Query{})
		refused(t, err, errs.Forbidden, "forbidden")
		found, _, err := w.svc.List(w.ctx(), boss, "", Query{Text: "PAT", Role: access.PartnerFullAdmin, State: Active, Page: db.Page{Sort: "email"}})
		w.ok(err)
		if len(found) != 1 || found[0].ID != boss.ID {
			t.Errorf("found %+v", found)
		}
		_, err = w.svc.Get(w.ctx(), w.actor(w.person(w.q, access.PartnerFullAdmin)), lead.ID)
		refused(t, err, errs.NotFound, "not_found")
	})
}

func TestAListIsPagedWithoutGapsInEveryOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		for range 6 {
			w.person(w.p, access.PartnerSupport) // all with the same name, at the same instant
		}
		for _, sort := range []string{"", "-name", "email", "-email", "created", "-created"} {
			seen, cursor := map[string]bool{}, ""
			for range 10 {
				part, next, err := w.svc.List(w.ctx(), boss, "", Query{Page: db.Page{Limit: 2, Sort: sort, Cursor: cursor}})
				w.ok(err)
				for _, a := range part {
					if seen[a.ID] {
						t.Fatalf("%s: %s twice", sort, a.ID)
					}
					seen[a.ID] = true
				}
				if cursor = next; next == "" {
					break
				}
			}
			if len(seen) != 7 {
				t.Errorf("%s: %d of 7", sort, len(seen))
			}
		}
	})
}

func TestTwoChangesOfOneAccountDoNotUndoEachOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc := w.person(w.p, access.PartnerSupport)
		var wg sync.WaitGroup
		name, phone, yes := "New Name", "+49 30 1", true
		for _, p := range []Patch{{Name: &name}, {Phone: &phone}, {Disabled: &yes}} {
			wg.Go(func() {
				if _, err := w.svc.Edit(w.ctx(), boss, acc.ID, p); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := byID(w.ctx(), w.db, acc.ID)
		w.ok(err)
		if got.Name != name || got.Phone != phone || got.State != Disabled || got.Version != 4 {
			t.Errorf("%+v", got)
		}
		_, err = w.svc.Edit(w.ctx(), boss, acc.ID, Patch{Name: &name, IfVersion: 1})
		refused(t, err, errs.Stale, "changed_meanwhile")
	})
}

func TestThereIsOneFirstAdministrator(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var made atomic.Int64
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				_, err := w.svc.Invite(w.ctx(), system, Invitation{TenantID: w.cp.ID, Email: newEmail(), Name: "First", Roles: []access.Role{access.CustomerFullAdmin}, First: true})
				if err == nil {
					made.Add(1)
				} else if errs.KindOf(err) != errs.Conflict {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 {
			t.Errorf("%d first administrators", made.Load())
		}
	})
}

func TestWhoMayCreateATenantMayInviteItsFirstAdministratorAtTheRegisteredAddress(t *testing.T) { // CH-17, CH-19
	each(t, func(t *testing.T, w *world) {
		seller := w.actor(w.sub([]access.Action{access.CustomerView, access.CustomerCreate}, w.cp.ID))
		first := func(email string, roles ...access.Role) Invitation {
			return Invitation{TenantID: w.cp.ID, Email: email, Name: "First", Roles: roles, First: true}
		}
		_, err := w.svc.Invite(w.ctx(), seller, first(newEmail(), access.CustomerFullAdmin))
		faulty(t, err, "email", "not_registered")
		_, err = w.svc.Invite(w.ctx(), seller, first(w.cp.Email, access.CustomerSupport))
		refused(t, err, errs.Forbidden, "more_than_own_rights")
		_, err = w.svc.Invite(w.ctx(), w.actor(w.person(w.p, access.PartnerSupport)), first(w.cp.Email, access.CustomerFullAdmin))
		refused(t, err, errs.Forbidden, "forbidden")
		_, err = w.svc.Invite(w.ctx(), w.actor(w.person(w.q, access.PartnerFullAdmin)), first(w.cp.Email, access.CustomerFullAdmin))
		refused(t, err, errs.NotFound, "not_found")
		_, err = w.svc.Invite(w.ctx(), seller, first(w.cp.Email, access.CustomerFullAdmin))
		w.ok(err)
		_, err = w.svc.Invite(w.ctx(), seller, Invitation{TenantID: w.cp.ID, Email: newEmail(), Name: "Second", Roles: []access.Role{access.CustomerFullAdmin}})
		refused(t, err, errs.Forbidden, "forbidden")
	})
}

func TestADryRunInvitesNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		in := Invitation{Email: newEmail(), Name: "Dry", Roles: []access.Role{access.PartnerSupport}}
		acc, err := w.svc.Invite(db.DryRun(w.ctx()), boss, in)
		w.ok(err)
		if acc.Email != in.Email || w.mail.count() != 0 {
			t.Errorf("%+v, %d mails", acc, w.mail.count())
		}
		_, err = w.svc.Get(w.ctx(), boss, acc.ID)
		refused(t, err, errs.NotFound, "not_found")
	})
}

func TestNobodyIsInvitedToAnArchivedCustomer(t *testing.T) { // CH-27
	each(t, func(t *testing.T, w *world) {
		_, err := w.tenants.Archive(w.ctx(), w.actor(w.person(w.p, access.PartnerFullAdmin)), w.cp.ID, w.cp.Name)
		w.ok(err)
		_, err = w.svc.Invite(w.ctx(), w.actor(w.person(w.operator, access.OperatorAdmin)), Invitation{TenantID: w.cp.ID, Email: newEmail(), Name: "Late",
			Roles: []access.Role{access.CustomerFullAdmin}})
		refused(t, err, errs.Conflict, "archived")
	})
}
