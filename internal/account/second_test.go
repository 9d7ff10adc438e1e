package account

import (
	"bytes"
	"image/png"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// code is what the person's app shows now.
func (w *world) code(key []byte) string {
	return totpCode(key, w.clock.Now().Unix()/int64(totpStep/time.Second))
}

// enrolled turns the second factor on and gives the key and the recovery codes.
func (w *world) enrolled(acc Account) ([]byte, []string) {
	w.t.Helper()
	a := w.actor(acc)
	e, err := w.svc.BeginSecondFactor(w.ctx(), a, "Uplink")
	w.ok(err)
	key := w.key(acc)
	if e.Secret != TOTPText(key) || !strings.Contains(e.URL, "Uplink") {
		w.t.Errorf("%+v", e)
	}
	if _, err := png.Decode(bytes.NewReader(e.QR)); err != nil {
		w.t.Error(err)
	}
	codes, err := w.svc.ConfirmSecondFactor(w.ctx(), a, w.code(key))
	w.ok(err)
	w.clock.Advance(totpStep)
	return key, codes
}

func (w *world) key(acc Account) []byte {
	w.t.Helper()
	stored, err := byID(w.ctx(), w.db, acc.ID)
	w.ok(err)
	key, err := w.svc.box.Open(stored.TOTPSecret, sealPlace(acc.ID))
	w.ok(err)
	return key
}

// half signs in with the password alone.
func (w *world) half(acc Account) string {
	w.t.Helper()
	in, err := w.svc.SignIn(w.ctx(), SignIn{Realm: acc.Realm, Email: acc.Email, Password: secret.Hide(word)})
	w.ok(err)
	if !in.NeedsCode {
		w.t.Fatal("no code is asked for")
	}
	return in.Token
}

func TestASecondFactorIsAskedForOnceItIsOn(t *testing.T) { // CH-1
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		_, elsewhere := w.as(acc)
		a := w.actor(acc)
		_, err := w.svc.BeginSecondFactor(w.ctx(), a, "Uplink")
		w.ok(err)
		w.ok(w.signIn(acc, word)) // not in force before it was confirmed
		_, err = w.svc.ConfirmSecondFactor(w.ctx(), a, "000000")
		faulty(t, err, "code", "wrong_code")
		key, codes := w.enrolled(acc)
		if len(codes) != 10 {
			t.Errorf("%d recovery codes", len(codes))
		}
		refused(t, w.alive(elsewhere), errs.Unauthenticated, "not_signed_in")
		half := w.half(acc)
		refused(t, w.alive(half), errs.Unauthenticated, "not_signed_in") // good for nothing but the code
		in, err := w.svc.ConfirmCode(w.ctx(), half, w.code(key), Request{IP: "192.0.2.7"})
		w.ok(err)
		if in.Token == half {
			t.Error("the session kept its token")
		}
		b := w.seen(in.Token)
		_, err = w.svc.ConfirmCode(w.ctx(), half, w.code(key), Request{})
		refused(t, err, errs.Unauthenticated, "not_signed_in")
		_, err = w.svc.BeginSecondFactor(w.ctx(), b, "Uplink")
		refused(t, err, errs.Conflict, "second_factor_on")
		_, err = w.svc.ConfirmSecondFactor(w.ctx(), b, w.code(key))
		refused(t, err, errs.Conflict, "second_factor_on")
	})
}

func TestTheSecretOfTheSecondFactorIsStoredSealed(t *testing.T) { // decision 16
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		key, _ := w.enrolled(acc)
		stored, err := byID(w.ctx(), w.db, acc.ID)
		w.ok(err)
		if bytes.Contains(stored.TOTPSecret, key) {
			t.Error("it lies open")
		}
		if n, err := w.svc.Reseal(w.ctx()); err != nil || n != 0 {
			t.Errorf("%d resealed: %v", n, err)
		}
		w.ok(w.svc.box.Rotate())
		if n, err := w.svc.Reseal(w.ctx()); err != nil || n != 1 {
			t.Errorf("%d resealed: %v", n, err)
		}
		if w.svc.box.NeedsReseal(func() []byte { s, _ := byID(w.ctx(), w.db, acc.ID); return s.TOTPSecret }()) || !bytes.Equal(w.key(acc), key) {
			t.Error("it was not sealed anew")
		}
	})
}

func TestACodeWorksOnce(t *testing.T) { // RFC 6238 section 5.2
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		key, _ := w.enrolled(acc)
		one, two := w.half(acc), w.half(acc)
		code := w.code(key)
		_, err := w.svc.ConfirmCode(w.ctx(), one, code, Request{})
		w.ok(err)
		_, err = w.svc.ConfirmCode(w.ctx(), two, code, Request{})
		refused(t, err, errs.Unauthenticated, "bad_code")
		w.clock.Advance(totpStep)
		_, err = w.svc.ConfirmCode(w.ctx(), two, code, Request{}) // nor as the code of the step before
		refused(t, err, errs.Unauthenticated, "bad_code")
		_, err = w.svc.ConfirmCode(w.ctx(), two, w.code(key), Request{})
		w.ok(err)
	})
}

func TestACodeThatSeveralUseAtOnceLetsOneIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		key, codes := w.enrolled(acc)
		for _, code := range []string{w.code(key), codes[0]} {
			var halves []string
			for range 4 {
				halves = append(halves, w.half(acc))
			}
			var in atomic.Int64
			var wg sync.WaitGroup
			for _, half := range halves {
				wg.Go(func() {
					_, err := w.svc.ConfirmCode(w.ctx(), half, code, Request{})
					if err == nil {
						in.Add(1)
					} else if errs.CodeOf(err) != "bad_code" {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if in.Load() != 1 {
				t.Errorf("%s let %d in", code, in.Load())
			}
			w.ok(w.svc.Release(w.ctx(), acc.Realm, acc.Email)) // those that came too late count as wrong ones
		}
	})
}

func TestARecoveryCodeWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		_, codes := w.enrolled(acc)
		typed := strings.ToLower(strings.ReplaceAll(codes[3], "-", " "))
		_, err := w.svc.ConfirmCode(w.ctx(), w.half(acc), typed, Request{})
		w.ok(err)
		_, err = w.svc.ConfirmCode(w.ctx(), w.half(acc), codes[3], Request{})
		refused(t, err, errs.Unauthenticated, "bad_code")
		_, err = w.svc.ConfirmCode(w.ctx(), w.half(acc), codes[4], Request{})
		w.ok(err)
	})
}

func TestWrongCodesLockLikeWrongPasswords(t *testing.T) { // CH-4
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		key, codes := w.enrolled(acc)
		half := w.half(acc) // counts as one, since only the code makes it a success
		for i := range 8 {
			_, err := w.svc.ConfirmCode(w.ctx(), half, "000000", Request{})
			if errs.CodeOf(err) != "bad_code" {
				t.Fatalf("code %d: %v", i+1, err)
			}
		}
		_, err := w.svc.ConfirmCode(w.ctx(), half, "000000", Request{})
		refused(t, err, errs.Locked, "account_locked")
		for _, right := range []string{w.code(key), codes[0]} {
			_, err = w.svc.ConfirmCode(w.ctx(), half, right, Request{})
			refused(t, err, errs.Locked, "account_locked")
		}
		refused(t, w.signIn(acc, word), errs.Locked, "account_locked")
		w.expectLog(w.p, "session/second-factor failure bad_code Pat Doe")
		w.clock.Advance(5*time.Minute + time.Second)
		_, err = w.svc.ConfirmCode(w.ctx(), half, w.code(key), Request{})
		refused(t, err, errs.Unauthenticated, "not_signed_in") // the first step has expired as well
		_, err = w.svc.ConfirmCode(w.ctx(), w.half(acc), w.code(key), Request{})
		w.ok(err)
	})
}

func TestARightPasswordAloneDoesNotResetTheCount(t *testing.T) { // CH-4: else codes could be guessed for ever
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		w.enrolled(acc)
		for i := 0; ; i++ {
			in, err := w.svc.SignIn(w.ctx(), SignIn{Realm: acc.Realm, Email: acc.Email, Password: secret.Hide(word)})
			if errs.KindOf(err) == errs.Locked {
				break
			}
			w.ok(err)
			if _, err := w.svc.ConfirmCode(w.ctx(), in.Token, "000000", Request{}); errs.KindOf(err) == errs.Locked {
				break
			}
			if i > 10 {
				t.Fatal("never locked")
			}
		}
	})
}

func TestTheSecondFactorIsTurnedOffWithThePassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		key, codes := w.enrolled(acc)
		in, err := w.svc.ConfirmCode(w.ctx(), w.half(acc), w.code(key), Request{})
		w.ok(err)
		a := w.seen(in.Token)
		faulty(t, w.svc.DropSecondFactor(w.ctx(), a, secret.Hide("wrong")), "password", "wrong_password")
		refused(t, w.svc.ResetSecondFactor(w.ctx(), a, acc.ID), errs.Forbidden, "own_second_factor")
		w.ok(w.svc.DropSecondFactor(w.ctx(), a, secret.Hide(word)))
		w.ok(w.signIn(acc, word))
		var left int64
		w.ok(w.db.Get(w.ctx(), &left, `SELECT COUNT(*) FROM account_recovery_codes`))
		if left != 0 {
			t.Errorf("%d of %d recovery codes are left", left, len(codes))
		}
	})
}

func TestAnAdministratorHelpsWhoLostTheSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerSupport)
		w.enrolled(acc)
		refused(t, w.svc.ResetSecondFactor(w.ctx(), w.actor(w.person(w.q, access.PartnerFullAdmin)), acc.ID), errs.NotFound, "not_found")
		w.ok(w.svc.ResetSecondFactor(w.ctx(), w.actor(w.person(w.p, access.PartnerFullAdmin)), acc.ID))
		w.ok(w.signIn(acc, word))
		w.expectLog(w.p, "account/second-factor success Pat Doe")
	})
}

func TestMachinesDoNotTouchTheSecondFactorOrPassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.actor(w.person(w.p, access.PartnerFullAdmin))
		_, plain := w.token(a, NewToken{Name: "m"})
		m, err := w.bearer(plain)
		w.ok(err)
		_, err = w.svc.BeginSecondFactor(w.ctx(), m, "x")
		refused(t, err, errs.Forbidden, "people_only")
		_, err = w.svc.ConfirmSecondFactor(w.ctx(), m, "000000")
		refused(t, err, errs.Forbidden, "people_only")
		refused(t, w.svc.DropSecondFactor(w.ctx(), m, secret.Hide(word)), errs.Forbidden, "people_only")
		refused(t, w.svc.ChangePassword(w.ctx(), m, secret.Hide(word), secret.Hide(another)), errs.Forbidden, "people_only")
		refused(t, w.svc.SignOut(w.ctx(), m), errs.Forbidden, "people_only")
	})
}

func TestTheOwnerOfTheMachineRescuesAnAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.operator, access.OperatorAdmin)
		w.enrolled(acc)
		for range 10 {
			_ = w.signIn(acc, "wrong")
		}
		w.ok(w.svc.Release(w.ctx(), OperatorRealm, acc.Email))
		refused(t, w.signIn(acc, "wrong"), errs.Unauthenticated, "bad_credentials")
		password, err := w.svc.Rescue(w.ctx(), OperatorRealm, acc.Email)
		w.ok(err)
		in, err := w.svc.SignIn(w.ctx(), SignIn{Realm: OperatorRealm, Email: acc.Email, Password: secret.Hide(password)})
		w.ok(err)
		if in.NeedsCode || !in.MustChange {
			t.Errorf("%+v", in)
		}
		_, err = w.svc.Rescue(w.ctx(), OperatorRealm, "nobody@example.test")
		refused(t, err, errs.NotFound, "not_found")
	})
}
