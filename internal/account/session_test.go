package account

import (
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

func TestASuppliedPasswordMustBeChangedFirst(t *testing.T) { // CH-3
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc, err := w.svc.Invite(w.ctx(), boss, Invitation{Email: newEmail(), Name: "New Person", Roles: []access.Role{access.PartnerFullAdmin}, Password: secret.Hide(word)})
		w.ok(err)
		if n := w.mail.count(); n != 0 {
			t.Errorf("%d mails although the password was supplied", n)
		}
		in, err := w.svc.SignIn(w.ctx(), SignIn{Realm: PartnerRealm, Email: acc.Email, Password: secret.Hide(word)})
		w.ok(err)
		a := w.seen(in.Token)
		if !in.MustChange || !a.MustChangePassword {
			t.Fatal("the password need not be changed")
		}
		_, err = w.tenants.List(w.ctx(), a, tenant.Query{Kind: access.Customer})
		refused(t, err, errs.Forbidden, "password_change_required")
		_, _, err = w.svc.List(w.ctx(), a, "", Query{})
		refused(t, err, errs.Forbidden, "password_change_required")
		_, _, err = w.svc.CreateToken(w.ctx(), a, NewToken{Name: "x"})
		refused(t, err, errs.Forbidden, "password_change_required")
		faulty(t, w.svc.ChangePassword(w.ctx(), a, secret.Hide(word), secret.Hide(word)), "new_password", "reused")
		w.ok(w.svc.ChangePassword(w.ctx(), a, secret.Hide(word), secret.Hide(another)))
		_, err = w.tenants.List(w.ctx(), w.seen(in.Token), tenant.Query{Kind: access.Customer})
		w.ok(err)
		refused(t, w.signIn(acc, word), errs.Unauthenticated, "bad_credentials")
		if got, _ := byID(w.ctx(), w.db, acc.ID); got.State != Active {
			t.Errorf("state %s", got.State)
		}
	})
}

func TestTheSuppliedPasswordMustDifferEvenWithoutAMemory(t *testing.T) { // CH-3
	each(t, func(t *testing.T, w *world) {
		zero := 0
		_, err := w.tenants.SetPolicy(w.ctx(), system, w.operator.ID, tenant.OwnPolicy{PasswordLast: &zero}, 0)
		w.ok(err)
		acc := w.person(w.p, access.PartnerFullAdmin)
		a := w.actor(acc)
		faulty(t, w.svc.ChangePassword(w.ctx(), a, secret.Hide(word), secret.Hide(word)), "new_password", "reused")
	})
}

func TestOnlyTheSystemSuppliesAPasswordThatMayStay(t *testing.T) { // CH-3
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.Invite(w.ctx(), w.actor(w.person(w.p, access.PartnerFullAdmin)), Invitation{Email: newEmail(), Name: "N", Roles: []access.Role{access.PartnerSupport},
			Password: secret.Hide(word), Keep: true})
		refused(t, err, errs.Forbidden, "more_than_own_rights")
	})
}

func TestSignOutEndsTheSession(t *testing.T) { // CH-5
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		a, token := w.as(acc)
		_, other := w.as(acc)
		w.ok(w.svc.SignOut(w.ctx(), a))
		refused(t, w.alive(token), errs.Unauthenticated, "not_signed_in")
		w.ok(w.alive(other))
		w.ok(w.svc.SignOut(w.ctx(), a))
		w.expectLog(w.p, "session/sign-out success Pat Doe")
	})
}

func TestASessionEndsAfterThirtyIdleMinutesHoweverOftenThePagePolls(t *testing.T) { // CH-6
	each(t, func(t *testing.T, w *world) {
		_, token := w.as(w.person(w.p, access.PartnerFullAdmin))
		w.clock.Advance(4700 * time.Millisecond)
		w.seen(token) // the last action, a moment after signing in
		w.clock.Advance(29*time.Minute + 59*time.Second)
		w.seen(token)
		for range 60 { // the bell polls
			w.clock.Advance(30 * time.Second)
			w.ok(w.alive(token))
		}
		w.clock.Advance(time.Second)
		refused(t, w.alive(token), errs.Unauthenticated, "session_expired")
		_, err := w.svc.Authenticate(w.ctx(), token, Request{Activity: true})
		refused(t, err, errs.Unauthenticated, "session_expired")
	})
}

func TestTheIdleTimeIsThePolicyOfTheTenant(t *testing.T) { // CH-6
	each(t, func(t *testing.T, w *world) {
		ten := 10
		_, err := w.tenants.SetPolicy(w.ctx(), system, w.p.ID, tenant.OwnPolicy{IdleMinutes: &ten}, 0)
		w.ok(err)
		_, ours := w.as(w.person(w.p, access.PartnerFullAdmin))
		_, below := w.as(w.person(w.cp, access.CustomerFullAdmin))
		_, theirs := w.as(w.person(w.q, access.PartnerFullAdmin))
		w.clock.Advance(10*time.Minute + time.Second)
		refused(t, w.alive(ours), errs.Unauthenticated, "session_expired")
		refused(t, w.alive(below), errs.Unauthenticated, "session_expired")
		w.ok(w.alive(theirs))
	})
}

func TestASessionEndsAfterTwelveHoursHoweverBusy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, token := w.as(w.person(w.p, access.PartnerFullAdmin))
		for range 12 * 6 {
			w.clock.Advance(10 * time.Minute)
			w.seen(token)
		}
		w.clock.Advance(time.Second)
		refused(t, w.alive(token), errs.Unauthenticated, "session_expired")
	})
}

func TestPeopleSeeAndEndTheirOwnSessionsOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		_, idle := w.as(acc)
		w.clock.Advance(31 * time.Minute)
		a, token := w.as(acc)
		w.clock.Advance(time.Second)
		_, second := w.as(acc)
		stranger := w.actor(w.person(w.p, access.PartnerFullAdmin))
		list, err := w.svc.Sessions(w.ctx(), a)
		w.ok(err)
		if len(list) != 2 || list[1].ID != a.SessionID || list[0].IP != "192.0.2.7" {
			t.Fatalf("%+v", list)
		}
		refused(t, w.svc.EndSession(w.ctx(), stranger, list[0].ID), errs.NotFound, "not_found")
		w.ok(w.svc.EndSession(w.ctx(), a, list[0].ID))
		refused(t, w.alive(second), errs.Unauthenticated, "not_signed_in")
		w.ok(w.alive(token))
		refused(t, w.alive(idle), errs.Unauthenticated, "session_expired")
		refused(t, w.svc.EndSession(w.ctx(), a, list[0].ID), errs.NotFound, "not_found")
	})
}

func TestOwnContactDataIsEditedButNotTheAddress(t *testing.T) { // CH-11, CH-12
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerSupport)
		a := w.actor(acc)
		phone, zone, bad := "+49 30 123456", "Europe/Berlin", "Nowhere/City"
		got, err := w.svc.EditMe(w.ctx(), a, Profile{Phone: &phone, TimeZone: &zone, IfVersion: acc.Version})
		w.ok(err)
		if got.Phone != phone || got.TimeZone != zone || got.Email != acc.Email || got.Version != acc.Version+1 {
			t.Errorf("%+v", got)
		}
		_, err = w.svc.EditMe(w.ctx(), a, Profile{Phone: &phone, IfVersion: acc.Version})
		refused(t, err, errs.Stale, "changed_meanwhile")
		other := "12"
		_, err = w.svc.EditMe(w.ctx(), a, Profile{Phone: &other, TimeZone: &bad})
		faulty(t, err, "time_zone", "unknown_time_zone")
		got, err = w.svc.Me(w.ctx(), a)
		w.ok(err)
		if got.Phone != phone {
			t.Errorf("half of a wrong change was saved: %s", got.Phone)
		}
		w.expectLog(w.p, "account/edit success Pat Doe")
	})
}

func TestTheOwnPasswordIsChangedAndOtherSessionsEnd(t *testing.T) { // CH-13
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		a, token := w.as(acc)
		_, other := w.as(acc)
		faulty(t, w.svc.ChangePassword(w.ctx(), a, secret.Hide("wrong"), secret.Hide(another)), "old_password", "wrong_password")
		w.ok(w.svc.ChangePassword(w.ctx(), a, secret.Hide(word), secret.Hide(another)))
		w.ok(w.alive(token))
		refused(t, w.alive(other), errs.Unauthenticated, "not_signed_in")
		refused(t, w.signIn(acc, word), errs.Unauthenticated, "bad_credentials")
		w.ok(w.signIn(acc, another))
	})
}

func TestAWrongOldPasswordCountsTowardsTheLock(t *testing.T) { // CH-4, CH-13
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		a := w.actor(acc)
		for range 9 {
			faulty(t, w.svc.ChangePassword(w.ctx(), a, secret.Hide("wrong"), secret.Hide(another)), "old_password", "wrong_password")
		}
		refused(t, w.svc.ChangePassword(w.ctx(), a, secret.Hide("wrong"), secret.Hide(another)), errs.Locked, "account_locked")
		refused(t, w.svc.ChangePassword(w.ctx(), a, secret.Hide(word), secret.Hide(another)), errs.Locked, "account_locked")
		refused(t, w.signIn(acc, word), errs.Locked, "account_locked")
	})
}

func TestPasswordsFollowThePolicyAboveThem(t *testing.T) { // CH-14
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.cp, access.CustomerFullAdmin)
		a := w.actor(acc)
		set := func(now, next string) error {
			return w.svc.ChangePassword(w.ctx(), a, secret.Hide(now), secret.Hide(next))
		}
		faulty(t, set(word, "password1"), "new_password", "weak")
		faulty(t, set(word, "Xk9-Short"), "new_password", "too_short")
		faulty(t, set(word, acc.Email), "new_password", "same_as_email")
		faulty(t, set(word, word), "new_password", "reused")
		now := word
		for i := range 5 { // the last five are remembered
			next := another + string(rune('a'+i))
			w.clock.Advance(time.Minute)
			w.ok(set(now, next))
			if i < 4 {
				faulty(t, set(next, word), "new_password", "reused")
			}
			now = next
		}
		w.ok(set(now, word)) // the sixth is forgotten

		long := 24
		_, err := w.tenants.SetPolicy(w.ctx(), system, w.p.ID, tenant.OwnPolicy{PasswordMin: &long}, 0)
		w.ok(err)
		faulty(t, set(word, "Nineteen-letters-xy"), "new_password", "too_short")
		_, err = w.svc.HashPassword(w.ctx(), w.p.ID, "", secret.Hide("Nineteen-letters-xy"))
		faulty(t, err, "password", "too_short")
		_, err = w.svc.HashPassword(w.ctx(), w.q.ID, "", secret.Hide("Nineteen-letters-xy"))
		w.ok(err)
	})
}

func TestAnOldPasswordIsRemindedOfOnlyWhenThePolicySaysSo(t *testing.T) { // CH-14
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		w.clock.Advance(31 * 24 * time.Hour)
		a := w.actor(acc)
		if aged, err := w.svc.PasswordAged(w.ctx(), a); err != nil || aged {
			t.Errorf("%v %v", aged, err)
		}
		days := 30
		_, err := w.tenants.SetPolicy(w.ctx(), system, w.operator.ID, tenant.OwnPolicy{PasswordMaxAge: &days}, 0)
		w.ok(err)
		if aged, err := w.svc.PasswordAged(w.ctx(), a); err != nil || !aged {
			t.Errorf("%v %v", aged, err)
		}
		w.ok(w.svc.ChangePassword(w.ctx(), a, secret.Hide(word), secret.Hide(another)))
		if aged, _ := w.svc.PasswordAged(w.ctx(), a); aged {
			t.Error("a new password is old")
		}
	})
}

func TestExpiredThingsAreSweptAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		w.as(acc)
		w.solved()
		w.recover(acc)
		_ = w.signIn(Account{Realm: PartnerRealm, Email: "nobody@example.test"}, "wrong")
		w.ok(w.svc.purge(w.ctx()))
		count := func() (n int64) {
			w.ok(w.db.Get(w.ctx(), &n, `SELECT (SELECT COUNT(*) FROM account_sessions) + (SELECT COUNT(*) FROM account_captchas)
				+ (SELECT COUNT(*) FROM account_attempts) + (SELECT COUNT(*) FROM account_links)`))
			return n
		}
		if n := count(); n != 4 {
			t.Fatalf("%d rows before their time", n)
		}
		w.clock.Advance(32 * 24 * time.Hour)
		w.ok(w.svc.purge(w.ctx()))
		if n := count(); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}
