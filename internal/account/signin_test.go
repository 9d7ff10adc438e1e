package account

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

func TestARightPairOpensASession(t *testing.T) { // CH-1
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		typed := "  " + strings.ToUpper(acc.Email) + " "
		in, err := w.svc.SignIn(w.ctx(), SignIn{Realm: PartnerRealm, Email: typed, Password: secret.Hide(word), IP: "192.0.2.7", RequestID: "r1"})
		w.ok(err)
		if in.NeedsCode || in.MustChange || in.Token == "" {
			t.Fatalf("%+v", in)
		}
		a := w.seen(in.Token)
		if a.ID != acc.ID || a.Kind != access.Person || a.Tenant.ID != w.p.ID || a.IP != "192.0.2.7" || !a.Has(access.PartnerFullAdmin) {
			t.Errorf("%+v", a)
		}
		got, err := w.svc.Me(w.ctx(), a)
		w.ok(err)
		if !got.LastSignIn.Equal(w.clock.Now()) {
			t.Errorf("last sign-in %v", got.LastSignIn)
		}
		w.expectLog(w.p, "session/sign-in success Pat Doe")
		refused(t, w.alive(in.Token+"x"), errs.Unauthenticated, "not_signed_in")
	})
}

func TestWrongPasswordUnknownAddressAndWrongPortalAnswerAlike(t *testing.T) { // CH-1, CH-10
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.cp, access.CustomerFullAdmin)
		invited, err := w.svc.Invite(w.ctx(), system, Invitation{TenantID: w.p.ID, Email: newEmail(), Name: "No Password", Roles: []access.Role{access.PartnerFullAdmin}})
		w.ok(err)
		for name, in := range map[string]SignIn{
			"wrong":        {Realm: CustomerRealm, Email: acc.Email, Password: secret.Hide("wrong")},
			"unknown":      {Realm: CustomerRealm, Email: "nobody@example.test", Password: secret.Hide(word)},
			"other portal": {Realm: PartnerRealm, Email: acc.Email, Password: secret.Hide(word)},
			"no password":  {Realm: PartnerRealm, Email: invited.Email, Password: secret.Hide(word)},
			"empty":        {Realm: CustomerRealm, Email: acc.Email},
			"no address":   {Realm: CustomerRealm, Password: secret.Hide(word)},
			"endless":      {Realm: CustomerRealm, Email: strings.Repeat("a", 5000), Password: secret.Hide(word)},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := w.svc.SignIn(w.ctx(), in)
				refused(t, err, errs.Unauthenticated, "bad_credentials")
			})
		}
	})
}

func TestARefusedSignInStandsInOneLogWhoeverIsMeant(t *testing.T) { // CH-83
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		refused(t, w.signIn(acc, "wrong"), errs.Unauthenticated, "bad_credentials")
		w.expectLog(w.p, "session/sign-in failure bad_credentials Pat Doe")
		refused(t, w.signIn(Account{Realm: PartnerRealm, Email: "nobody@example.test"}, "wrong"), errs.Unauthenticated, "bad_credentials")
		w.expectLog(w.operator, "session/sign-in failure bad_credentials nobody@example.test")
	})
}

func TestTenWrongPasswordsLockForFiveMinutes(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		for name, who := range map[string]Account{"known": acc, "unknown": {Realm: PartnerRealm, Email: "nobody@example.test"}} {
			t.Run(name, func(t *testing.T) {
				for i := range 9 {
					if err := w.signIn(who, "wrong"); errs.KindOf(err) != errs.Unauthenticated {
						t.Fatalf("attempt %d: %v", i+1, err)
					}
				}
				err := w.signIn(who, "wrong")
				refused(t, err, errs.Locked, "account_locked")
				if errs.As(err).RetryAfter != 5*time.Minute {
					t.Errorf("retry after %v", errs.As(err).RetryAfter)
				}
			})
		}
		w.clock.Advance(4*time.Minute + 59*time.Second)
		err := w.signIn(acc, word)
		refused(t, err, errs.Locked, "account_locked")
		if errs.As(err).RetryAfter != time.Second {
			t.Errorf("retry after %v", errs.As(err).RetryAfter)
		}
		refused(t, w.signIn(Account{Realm: PartnerRealm, Email: "nobody@example.test"}, word), errs.Locked, "account_locked")
		w.clock.Advance(2 * time.Second)
		w.ok(w.signIn(acc, word))
		refused(t, w.signIn(Account{Realm: PartnerRealm, Email: "nobody@example.test"}, word), errs.Unauthenticated, "bad_credentials")
	})
}

func TestALockThatRanOutCountsFromOneAgain(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		for range 10 {
			_ = w.signIn(acc, "wrong")
		}
		w.clock.Advance(5*time.Minute + time.Second)
		for i := range 9 {
			if err := w.signIn(acc, "wrong"); errs.KindOf(err) != errs.Unauthenticated {
				t.Fatalf("attempt %d after the lock: %v", i+1, err)
			}
		}
		refused(t, w.signIn(acc, "wrong"), errs.Locked, "account_locked")
	})
}

func TestARightPasswordResetsTheCount(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		for range 3 {
			for range 9 {
				refused(t, w.signIn(acc, "wrong"), errs.Unauthenticated, "bad_credentials")
			}
			w.ok(w.signIn(acc, word))
			var rows int64
			w.ok(w.db.Get(w.ctx(), &rows, `SELECT COUNT(*) FROM account_attempts`))
			if rows != 0 {
				t.Fatalf("%d counters are left", rows)
			}
		}
	})
}

func TestParallelGuessesDoNotSlipPastTheLimit(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		var looked, locked atomic.Int64
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				try, err := w.svc.attempt(w.ctx(), acc.Realm, acc.EmailFold)
				switch errs.KindOf(err) {
				case errs.Locked:
					locked.Add(1)
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				looked.Add(1) // here a password would be looked at
				_ = w.svc.wrong(w.ctx(), try)
			})
		}
		wg.Wait()
		if looked.Load() != 10 || locked.Load() != 30 {
			t.Errorf("%d guesses were looked at and %d refused", looked.Load(), locked.Load())
		}
		refused(t, w.signIn(acc, word), errs.Locked, "account_locked")
	})
}

func TestGuessesThatNeverComeBackLockAsWell(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		for range 10 {
			_, err := w.svc.attempt(w.ctx(), acc.Realm, acc.EmailFold)
			w.ok(err)
		}
		refused(t, w.signIn(acc, word), errs.Locked, "account_locked")
		w.clock.Advance(5*time.Minute + time.Second)
		w.ok(w.signIn(acc, word))
	})
}

func TestTheOperatorSetsThresholdAndDurationForEveryAddress(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		three, minute := 3, 60
		_, err := w.tenants.SetPolicy(w.ctx(), system, w.operator.ID, tenant.OwnPolicy{LockAfter: &three, LockSeconds: &minute}, 0)
		w.ok(err)
		acc := w.person(w.p, access.PartnerFullAdmin)
		for _, who := range []Account{acc, {Realm: PartnerRealm, Email: "nobody@example.test"}} {
			_ = w.signIn(who, "wrong")
			_ = w.signIn(who, "wrong")
			err := w.signIn(who, "wrong")
			refused(t, err, errs.Locked, "account_locked")
			if errs.As(err).RetryAfter != time.Minute {
				t.Errorf("retry after %v", errs.As(err).RetryAfter)
			}
		}
	})
}

func TestBeingTooBusyCountsNothing(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		w.svc.hasher = NewHasher(1, 1)
		w.svc.hasher.running <- struct{}{}
		w.svc.hasher.waiting.Add(1) // somebody hashes and somebody waits
		for range 20 {
			refused(t, w.signIn(acc, "wrong"), errs.Unavailable, "sign_in_busy")
		}
		w.svc.hasher = oneHasher
		w.ok(w.signIn(acc, word))
	})
}

func TestAdministratorsUnlockEarly(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		boss, acc := w.person(w.p, access.PartnerFullAdmin), w.person(w.p, access.PartnerSupport)
		for range 10 {
			_ = w.signIn(acc, "wrong")
		}
		refused(t, w.signIn(acc, word), errs.Locked, "account_locked")
		refused(t, w.svc.Unlock(w.ctx(), w.actor(w.person(w.q, access.PartnerFullAdmin)), acc.ID), errs.NotFound, "not_found")
		refused(t, w.svc.Unlock(w.ctx(), w.actor(w.person(w.p, access.PartnerSupport)), acc.ID), errs.Forbidden, "forbidden")
		w.ok(w.svc.Unlock(w.ctx(), w.actor(boss), acc.ID))
		w.ok(w.signIn(acc, word))
		w.expectLog(w.p, "account/unlock success Pat Doe")
	})
}

func TestSignInDoesNotRunInsideATransaction(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		a := w.actor(acc)
		w.ok(w.db.Tx(w.ctx(), func(ctx context.Context, tx *db.Tx) error {
			_, err := w.svc.SignIn(ctx, SignIn{Realm: acc.Realm, Email: acc.Email, Password: secret.Hide(word)})
			refused(t, err, errs.Internal, "slow_work_in_transaction")
			refused(t, w.svc.ChangePassword(ctx, a, secret.Hide(word), secret.Hide("Another-horse-8")), errs.Internal, "slow_work_in_transaction")
			_, err = w.svc.HashPassword(ctx, w.p.ID, "", secret.Hide("Another-horse-8"))
			refused(t, err, errs.Internal, "slow_work_in_transaction")
			refused(t, w.svc.Recover(ctx, Recovery{}), errs.Internal, "slow_work_in_transaction")
			return nil
		}))
	})
}

func TestADryRunCountsWrongPasswordsToo(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		a := w.actor(acc)
		for range 9 {
			err := w.svc.ChangePassword(db.DryRun(w.ctx()), a, secret.Hide("guess"), secret.Hide("Another-horse-8"))
			faulty(t, err, "old_password", "wrong_password")
		}
		refused(t, w.svc.ChangePassword(db.DryRun(w.ctx()), a, secret.Hide("guess"), secret.Hide("Another-horse-8")), errs.Locked, "account_locked")
	})
}

func TestSigningInRacesWithANewPassword(t *testing.T) { // CH-9: sessions of the old password end
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		stale, err := byEmail(w.ctx(), w.db, acc.Realm, acc.EmailFold)
		w.ok(err)
		a, _, err := w.svc.actor(w.ctx(), stale)
		w.ok(err)
		w.ok(w.svc.ChangePassword(w.ctx(), w.actor(acc), secret.Hide(word), secret.Hide("Another-horse-8")))
		_, err = w.svc.enter(w.ctx(), SignIn{Realm: acc.Realm, Email: acc.Email, Password: secret.Hide(word)}, stale, a)
		refused(t, err, errs.Unauthenticated, "bad_credentials")
	})
}

func TestAnOldHashIsRenewedAtTheNextSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		cheap := phc{memory: 32, time: 1, threads: 1, salt: []byte("0123456789abcdef"), key: make([]byte, 32)}
		key, err := oneHasher.derive(w.ctx(), cheap, word)
		w.ok(err)
		cheap.key = key
		_, err = w.db.Exec(w.ctx(), `UPDATE account_accounts SET password_hash = $2 WHERE id = $1`, acc.ID, cheap.String())
		w.ok(err)
		w.ok(w.signIn(acc, word))
		now, err := byID(w.ctx(), w.db, acc.ID)
		w.ok(err)
		if oneHasher.NeedsRehash(now.PasswordHash) || now.PasswordHash == cheap.String() {
			t.Error("the cheap hash stayed")
		}
		w.ok(w.signIn(acc, word))
	})
}

func TestLogsHoldNoPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		_ = w.signIn(acc, "Sup3r-secret-guess")
		_ = w.signIn(Account{Realm: PartnerRealm, Email: "Sup3r-in-the-wrong-box"}, "guess")
		w.ok(w.svc.ChangePassword(w.ctx(), w.actor(acc), secret.Hide(word), secret.Hide("Another-horse-8")))
		var rows []string
		w.ok(w.db.Select(w.ctx(), &rows, `SELECT action || data || target_name || actor_name FROM journal_entries`))
		if slices.ContainsFunc(rows, func(r string) bool {
			return strings.Contains(r, "Sup3r") || strings.Contains(r, word) || strings.Contains(r, "argon2")
		}) {
			t.Error("a password stands in the journal")
		}
	})
}
