package account

import (
	"testing"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

func TestFreezingEndsSessionsAndRefusesTokensAtOnce(t *testing.T) { // CH-24, CH-25
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.cp, access.CustomerFullAdmin)
		a, token := w.as(acc)
		_, bearer, err := w.svc.CreateToken(w.ctx(), a, NewToken{Name: "m"})
		w.ok(err)
		bearerAlive := func() error {
			_, err := w.svc.AuthenticateBearer(w.ctx(), bearer, Request{})
			return err
		}
		w.ok(bearerAlive()) // remembered for a minute
		boss, theirs := w.as(w.person(w.p, access.PartnerFullAdmin))
		_, err = w.tenants.Freeze(w.ctx(), boss, w.cp.ID, tenant.Freeze{Reason: "unpaid"})
		w.ok(err)
		refused(t, w.alive(token), errs.Unauthenticated, "not_signed_in")
		refused(t, bearerAlive(), errs.Forbidden, "frozen")
		refused(t, w.signIn(acc, word), errs.Forbidden, "frozen")
		refused(t, w.signIn(acc, "wrong"), errs.Unauthenticated, "bad_credentials") // only who knows the password hears of it
		w.ok(w.alive(theirs))
		w.expectLog(w.cp, "session/sign-in failure frozen Pat Doe")
		_, err = w.tenants.Unfreeze(w.ctx(), boss, w.cp.ID)
		w.ok(err)
		w.ok(w.signIn(acc, word))
		w.ok(bearerAlive())
		refused(t, w.alive(token), errs.Unauthenticated, "not_signed_in")
	})
}

func TestAFrozenTenantsRightPasswordsDoNotLock(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.cp, access.CustomerFullAdmin)
		_, err := w.tenants.Freeze(w.ctx(), system, w.cp.ID, tenant.Freeze{})
		w.ok(err)
		for range 12 {
			refused(t, w.signIn(acc, word), errs.Forbidden, "frozen")
		}
		_, err = w.tenants.Unfreeze(w.ctx(), system, w.cp.ID)
		w.ok(err)
		w.ok(w.signIn(acc, word))
	})
}

func TestAnArchivedCustomersAddressIsFreeAgain(t *testing.T) { // CH-27
	each(t, func(t *testing.T, w *world) {
		acc := w.invited(Invitation{TenantID: w.cp.ID, Email: w.cp.Email, Name: "First", Roles: []access.Role{access.CustomerFullAdmin}, First: true})
		a, token := w.as(acc)
		_, bearer, err := w.svc.CreateToken(w.ctx(), a, NewToken{Name: "m"})
		w.ok(err)
		sub := w.sub([]access.Action{access.CustomerView}, w.cp.ID)
		_, err = w.tenants.Archive(w.ctx(), w.actor(w.person(w.p, access.PartnerFullAdmin)), w.cp.ID, w.cp.Name)
		w.ok(err)
		refused(t, w.alive(token), errs.Unauthenticated, "not_signed_in")
		_, err = w.svc.AuthenticateBearer(w.ctx(), bearer, Request{})
		refused(t, err, errs.Unauthenticated, "invalid_token")
		refused(t, w.signIn(acc, word), errs.Unauthenticated, "bad_credentials")
		if got := w.actor(sub).Customers; len(got) != 0 {
			t.Errorf("the sub account still has %v", got)
		}
		next := w.customer(w.p, "Next")
		w.invited(Invitation{TenantID: next.ID, Email: w.cp.Email, Name: "Again", Roles: []access.Role{access.CustomerFullAdmin}})
	})
}

func TestWhatBelongsToAFrozenPartnerGoesOn(t *testing.T) { // CH-24: what lies below is not touched
	each(t, func(t *testing.T, w *world) {
		_, below := w.as(w.person(w.cp, access.CustomerFullAdmin))
		_, theirs := w.as(w.person(w.p, access.PartnerFullAdmin))
		_, err := w.tenants.Freeze(w.ctx(), system, w.p.ID, tenant.Freeze{})
		w.ok(err)
		w.ok(w.alive(below))
		refused(t, w.alive(theirs), errs.Unauthenticated, "not_signed_in")
	})
}
