package account

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

const another = "Another-horse-8-stable"

// solved gives a captcha id and its answer.
func (w *world) solved() (string, string) {
	w.t.Helper()
	id, err := w.svc.NewCaptcha(w.ctx())
	w.ok(err)
	c, err := w.svc.Captcha(w.ctx(), id)
	w.ok(err)
	return id, c.Answer
}

func (w *world) recover(acc Account) {
	w.t.Helper()
	id, answer := w.solved()
	w.ok(w.svc.Recover(w.ctx(), Recovery{Realm: acc.Realm, Email: acc.Email, CaptchaID: id, Answer: answer, IP: "192.0.2.9"}))
	w.runRecoveries()
}

func TestForgottenPasswordsAreRecoveredByMail(t *testing.T) { // CH-8
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		id, answer := w.solved()
		wrong := "000000"
		if answer == wrong {
			wrong = "111111"
		}
		ask := func(email, id, answer string) error {
			return w.svc.Recover(w.ctx(), Recovery{Realm: PartnerRealm, Email: email, CaptchaID: id, Answer: answer})
		}
		refused(t, ask(acc.Email, id, wrong), errs.Invalid, "captcha_wrong")
		refused(t, ask(acc.Email, id, answer), errs.Invalid, "captcha_wrong") // one try only
		if n := w.runRecoveries(); n != 0 {
			t.Fatalf("%d jobs after a wrong captcha", n)
		}
		id, answer = w.solved()
		w.ok(ask(strings.ToUpper(acc.Email), id, answer))
		id, answer = w.solved()
		w.ok(ask("nobody@example.test", id, answer))
		if n := w.runRecoveries(); n != 2 {
			t.Fatalf("%d jobs for a known and an unknown address", n)
		}
		sent := w.mail.take()
		if len(sent) != 1 || sent[0].To != acc.Email || sent[0].Template != deliver.PasswordReset || !sent[0].Expires.Equal(w.clock.Now().Add(10*time.Minute)) {
			t.Fatalf("sent %+v", sent)
		}
		if !strings.HasPrefix(sent[0].Values["link"], "https://partner.example.test/link/") {
			t.Errorf("link %s", sent[0].Values["link"])
		}
		w.expectLog(w.p, "account/recover success Pat Doe")
	})
}

func TestACaptchaExpiresAndIsDrawnABoundedNumberOfTimes(t *testing.T) { // CH-8
	each(t, func(t *testing.T, w *world) {
		id, answer := w.solved()
		for range captchaDraw - 1 {
			_, err := w.svc.Captcha(w.ctx(), id)
			w.ok(err)
		}
		_, err := w.svc.Captcha(w.ctx(), id)
		refused(t, err, errs.NotFound, "not_found")
		w.ok(w.svc.solve(w.ctx(), id, answer))
		id, answer = w.solved()
		w.clock.Advance(5*time.Minute + time.Second)
		_, err = w.svc.Captcha(w.ctx(), id)
		refused(t, err, errs.NotFound, "not_found")
		refused(t, w.svc.solve(w.ctx(), id, answer), errs.Invalid, "captcha_wrong")
		id, answer = w.solved()
		w.ok(w.svc.solve(db.DryRun(w.ctx()), id, answer))
		refused(t, w.svc.solve(w.ctx(), id, answer), errs.Invalid, "captcha_wrong") // a dry run takes it as well
	})
}

func TestNobodySuspendedGetsAResetLinkAndNobodyTwiceAMinute(t *testing.T) { // CH-8
	each(t, func(t *testing.T, w *world) {
		acc, frozen, off := w.person(w.p, access.PartnerFullAdmin), w.person(w.cp, access.CustomerFullAdmin), w.person(w.p, access.PartnerSupport)
		_, err := w.tenants.Freeze(w.ctx(), system, w.cp.ID, tenant.Freeze{})
		w.ok(err)
		yes := true
		_, err = w.svc.Edit(w.ctx(), system, off.ID, Patch{Disabled: &yes})
		w.ok(err)
		for _, who := range []Account{acc, acc, frozen, off} {
			w.recover(who)
		}
		if n := w.mail.count(); n != 1 {
			t.Fatalf("%d mails", n)
		}
		w.clock.Advance(time.Minute)
		w.recover(acc)
		if n := w.mail.count(); n != 2 {
			t.Fatalf("%d mails a minute later", n)
		}
	})
}

func TestAResetLinkWorksOnceWithinTenMinutes(t *testing.T) { // CH-9
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		_, browser := w.as(acc)
		w.recover(acc)
		link := w.linkTo(acc.Email, deliver.PasswordReset)
		w.clock.Advance(9*time.Minute + 59*time.Second)
		got, err := w.svc.OpenLink(w.ctx(), link)
		w.ok(err)
		if got.Purpose != ResetLink || got.Realm != PartnerRealm || got.Email != acc.Email {
			t.Errorf("%+v", got)
		}
		faulty(t, w.svc.SetPasswordByLink(w.ctx(), link, secret.Hide("short"), "192.0.2.9"), "password", "too_short")
		w.ok(w.svc.SetPasswordByLink(w.ctx(), link, secret.Hide(another), "192.0.2.9"))
		refused(t, w.svc.SetPasswordByLink(w.ctx(), link, secret.Hide(word+"x"), "192.0.2.9"), errs.Gone, "link_used")
		_, err = w.svc.OpenLink(w.ctx(), link)
		refused(t, err, errs.Gone, "link_used")
		refused(t, w.alive(browser), errs.Unauthenticated, "not_signed_in")
		refused(t, w.signIn(acc, word), errs.Unauthenticated, "bad_credentials")
		w.ok(w.signIn(acc, another))
	})
}

func TestAResetLinkExpiresAfterTenMinutes(t *testing.T) { // CH-9
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		w.recover(acc)
		link := w.linkTo(acc.Email, deliver.PasswordReset)
		w.clock.Advance(10*time.Minute + time.Second)
		_, err := w.svc.OpenLink(w.ctx(), link)
		refused(t, err, errs.Gone, "link_expired")
		refused(t, w.svc.SetPasswordByLink(w.ctx(), link, secret.Hide(another), ""), errs.Gone, "link_expired")
		_, err = w.svc.OpenLink(w.ctx(), "no such link")
		refused(t, err, errs.Gone, "link_expired")
		w.ok(w.signIn(acc, word))
	})
}

func TestANewerLinkEndsTheOlderOne(t *testing.T) { // CH-9
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		w.recover(acc)
		older := w.linkTo(acc.Email, deliver.PasswordReset)
		w.clock.Advance(2 * time.Minute)
		w.recover(acc)
		newer := w.linkTo(acc.Email, deliver.PasswordReset)
		refused(t, w.svc.SetPasswordByLink(w.ctx(), older, secret.Hide(another), ""), errs.Gone, "link_expired")
		w.ok(w.svc.SetPasswordByLink(w.ctx(), newer, secret.Hide(another), ""))
	})
}

func TestOfTwoThatFollowALinkAtOnceOneWins(t *testing.T) { // CH-9
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		w.recover(acc)
		link := w.linkTo(acc.Email, deliver.PasswordReset)
		var won, lost atomic.Int64
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				switch err := w.svc.SetPasswordByLink(w.ctx(), link, secret.Hide(another+string(rune('a'+i))), ""); {
				case err == nil:
					won.Add(1)
				case errs.KindOf(err) == errs.Gone:
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || lost.Load() != 5 {
			t.Errorf("%d set the password, %d were told that the link was used", won.Load(), lost.Load())
		}
	})
}

func TestALinkLiftsTheLock(t *testing.T) { // CH-4: the counter is reset by a password reset
	each(t, func(t *testing.T, w *world) {
		acc := w.person(w.p, access.PartnerFullAdmin)
		for range 10 {
			_ = w.signIn(acc, "wrong")
		}
		w.recover(acc)
		w.ok(w.svc.SetPasswordByLink(w.ctx(), w.linkTo(acc.Email, deliver.PasswordReset), secret.Hide(another), ""))
		w.ok(w.signIn(acc, another))
	})
}

func TestAnInvitationSetsTheFirstPasswordWithin72Hours(t *testing.T) { // CH-19
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc, err := w.svc.Invite(w.ctx(), boss, Invitation{Email: newEmail(), Name: "New Person", Roles: []access.Role{access.PartnerSupport}, Locale: "zh-CN"})
		w.ok(err)
		sent := w.mail.take()
		if len(sent) != 1 || sent[0].Template != deliver.AccountInvitation || sent[0].Locale != "zh-CN" || sent[0].Values["organisation"] != "Partner P" ||
			!sent[0].Expires.Equal(w.clock.Now().Add(72*time.Hour)) {
			t.Fatalf("sent %+v", sent)
		}
		w.mail.sent = sent
		link := w.linkTo(acc.Email, deliver.AccountInvitation)
		refused(t, w.signIn(acc, word), errs.Unauthenticated, "bad_credentials")
		w.clock.Advance(71 * time.Hour)
		w.ok(w.svc.SetPasswordByLink(w.ctx(), link, secret.Hide(word), ""))
		w.ok(w.signIn(acc, word))
		if got, _ := byID(w.ctx(), w.db, acc.ID); got.State != Active || got.MustChange {
			t.Errorf("%+v", got)
		}
	})
}

func TestAnInvitationIsSentAgainAtMostOnceAMinuteAndEndsTheEarlierOne(t *testing.T) { // CH-20
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc, err := w.svc.Invite(w.ctx(), boss, Invitation{Email: newEmail(), Name: "New Person", Roles: []access.Role{access.PartnerSupport}})
		w.ok(err)
		first := w.linkTo(acc.Email, deliver.AccountInvitation)
		_, err = w.svc.ResetPassword(w.ctx(), boss, acc.ID)
		refused(t, err, errs.TooMany, "too_soon")
		if errs.As(err).RetryAfter <= 0 {
			t.Error("it does not say when")
		}
		w.clock.Advance(time.Minute)
		_, err = w.svc.ResetPassword(w.ctx(), boss, acc.ID)
		w.ok(err)
		if second := w.linkTo(acc.Email, deliver.AccountInvitation); second == first {
			t.Fatal("no new link")
		}
		refused(t, w.svc.SetPasswordByLink(w.ctx(), first, secret.Hide(word), ""), errs.Gone, "link_expired")
		w.ok(w.svc.SetPasswordByLink(w.ctx(), w.linkTo(acc.Email, deliver.AccountInvitation), secret.Hide(word), ""))
		w.expectLog(w.p, "account/invite success Pat Doe")
	})
}

func TestOfTwoResendsAtOnceOneComesTooSoon(t *testing.T) { // CH-20
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		acc := w.person(w.p, access.PartnerSupport)
		var sent atomic.Int64
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				_, err := w.svc.ResetPassword(w.ctx(), boss, acc.ID)
				if err == nil {
					sent.Add(1)
				} else if errs.KindOf(err) != errs.TooMany {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if sent.Load() != 1 || w.mail.count() != 1 {
			t.Errorf("%d resends, %d mails", sent.Load(), w.mail.count())
		}
	})
}

func TestAResellerResetsAnEnterprisePasswordByMail(t *testing.T) { // CH-22
	each(t, func(t *testing.T, w *world) {
		boss := w.actor(w.person(w.p, access.PartnerFullAdmin))
		first := w.invited(Invitation{TenantID: w.cp.ID, Email: w.cp.Email, Name: "First", Roles: []access.Role{access.CustomerFullAdmin}, First: true})
		_, err := w.svc.ResetFirst(w.ctx(), boss, w.cp.ID)
		w.ok(err)
		w.ok(w.signIn(first, word)) // the present password works until the link is used
		w.clock.Advance(23*time.Hour + 59*time.Minute)
		w.ok(w.svc.SetPasswordByLink(w.ctx(), w.linkTo(w.cp.Email, deliver.PasswordResetByAdmin), secret.Hide(another), ""))
		refused(t, w.signIn(first, word), errs.Unauthenticated, "bad_credentials")
		w.ok(w.signIn(first, another))
		w.expectLog(w.p, "account/reset-password success Pat Doe")

		_, err = w.svc.ResetFirst(w.ctx(), w.actor(w.person(w.q, access.PartnerFullAdmin)), w.cp.ID)
		refused(t, err, errs.NotFound, "not_found")
		_, err = w.svc.ResetFirst(w.ctx(), w.actor(w.person(w.p, access.PartnerSupport)), w.cp.ID)
		refused(t, err, errs.Forbidden, "forbidden")
	})
}

func TestANewAddressIsProvedBeforeItSignsIn(t *testing.T) { // CH-12
	each(t, func(t *testing.T, w *world) {
		admin := w.actor(w.person(w.operator, access.OperatorAdmin))
		acc := w.person(w.p, access.PartnerFullAdmin)
		next := newEmail()
		_, err := w.svc.Edit(w.ctx(), w.actor(acc), acc.ID, Patch{Email: &next})
		refused(t, err, errs.Forbidden, "email_read_only")
		_, err = w.svc.Edit(w.ctx(), admin, acc.ID, Patch{Email: &next})
		w.ok(err)
		w.ok(w.signIn(acc, word))
		w.recover(acc)
		reset := w.linkTo(acc.Email, deliver.PasswordReset)
		link := w.linkTo(next, deliver.EmailConfirm)
		if got, err := w.svc.OpenLink(w.ctx(), link); err != nil || got.Purpose != EmailLink || got.Email != next {
			t.Errorf("%+v %v", got, err)
		}
		refused(t, w.svc.SetPasswordByLink(w.ctx(), link, secret.Hide(another), ""), errs.Gone, "link_expired")
		w.ok(w.svc.ConfirmEmail(w.ctx(), link, "192.0.2.9"))
		refused(t, w.svc.ConfirmEmail(w.ctx(), link, ""), errs.Gone, "link_used")
		refused(t, w.signIn(acc, word), errs.Unauthenticated, "bad_credentials")
		acc.Email = next
		w.ok(w.signIn(acc, word))
		_, err = w.svc.OpenLink(w.ctx(), reset) // it lies in the mailbox of the old address
		refused(t, err, errs.Gone, "link_expired")
		var told []string
		for _, l := range w.mail.take() {
			if l.Template == deliver.EmailChangedOld || l.Template == deliver.EmailChangedNew {
				told = append(told, l.To)
			}
		}
		if len(told) != 2 || told[1] != next {
			t.Errorf("told %v", told)
		}
	})
}

func TestAnAddressIsTakenOnlyOncePerPortal(t *testing.T) { // CH-12, invariant 6
	each(t, func(t *testing.T, w *world) {
		admin := w.actor(w.person(w.operator, access.OperatorAdmin))
		a, b := w.person(w.p, access.PartnerFullAdmin), w.person(w.q, access.PartnerFullAdmin)
		upper := strings.ToUpper(a.Email)
		_, err := w.svc.Edit(w.ctx(), admin, b.ID, Patch{Email: &upper})
		refused(t, err, errs.Conflict, "email_taken")
		_, err = w.svc.Invite(w.ctx(), system, Invitation{TenantID: w.q.ID, Email: upper, Name: "Twin", Roles: []access.Role{access.PartnerFullAdmin}})
		refused(t, err, errs.Conflict, "email_taken")
		faulty(t, err, "email", "taken")
		w.invited(Invitation{TenantID: w.cp.ID, Email: upper, Name: "Elsewhere", Roles: []access.Role{access.CustomerFullAdmin}})

		next := newEmail() // free when asked for, taken when confirmed
		_, err = w.svc.Edit(w.ctx(), admin, b.ID, Patch{Email: &next})
		w.ok(err)
		w.invited(Invitation{TenantID: w.p.ID, Email: next, Name: "Faster", Roles: []access.Role{access.PartnerSupport}})
		refused(t, w.svc.ConfirmEmail(w.ctx(), w.linkTo(next, deliver.EmailConfirm), ""), errs.Conflict, "email_taken")
	})
}

func TestAChangedRegisteredAddressMovesTheFirstAdministrator(t *testing.T) { // CH-23
	each(t, func(t *testing.T, w *world) {
		first := w.invited(Invitation{TenantID: w.cp.ID, Email: w.cp.Email, Name: "First", Roles: []access.Role{access.CustomerFullAdmin}, First: true})
		next := newEmail()
		_, err := w.tenants.Edit(w.ctx(), system, w.cp.ID, tenant.Patch{Email: &next})
		w.ok(err)
		refused(t, w.signIn(first, word), errs.Unauthenticated, "bad_credentials")
		moved := first
		moved.Email = next
		w.ok(w.signIn(moved, word))
		var told []string
		for _, l := range w.mail.take() {
			told = append(told, l.To)
		}
		slices.Sort(told)
		want := []string{first.Email, next}
		slices.Sort(want)
		if !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}

func TestWhoNeverSetAPasswordIsInvitedAgainAtTheNewAddress(t *testing.T) { // CH-19, CH-23
	each(t, func(t *testing.T, w *world) {
		first, err := w.svc.Invite(w.ctx(), system, Invitation{TenantID: w.cp.ID, Email: w.cp.Email, Name: "First", Roles: []access.Role{access.CustomerFullAdmin}, First: true})
		w.ok(err)
		old := w.linkTo(first.Email, deliver.AccountInvitation)
		next := newEmail()
		_, err = w.tenants.Edit(w.ctx(), system, w.cp.ID, tenant.Patch{Email: &next})
		w.ok(err)
		refused(t, w.svc.SetPasswordByLink(w.ctx(), old, secret.Hide(word), ""), errs.Gone, "link_expired")
		w.ok(w.svc.SetPasswordByLink(w.ctx(), w.linkTo(next, deliver.AccountInvitation), secret.Hide(word), ""))
		first.Email = next
		w.ok(w.signIn(first, word))
	})
}

func TestANewPasswordEndsEveryLinkThatCouldSetAnother(t *testing.T) { // CH-9, CH-19
	each(t, func(t *testing.T, w *world) {
		acc, err := w.svc.Invite(w.ctx(), system, Invitation{TenantID: w.p.ID, Email: newEmail(), Name: "New", Roles: []access.Role{access.PartnerSupport}})
		w.ok(err)
		invitation := w.linkTo(acc.Email, deliver.AccountInvitation)
		w.recover(acc) // who lost the invitation asks on the sign-in page
		w.ok(w.svc.SetPasswordByLink(w.ctx(), w.linkTo(acc.Email, deliver.PasswordReset), secret.Hide(word), ""))
		refused(t, w.svc.SetPasswordByLink(w.ctx(), invitation, secret.Hide(another), ""), errs.Gone, "link_expired")
		w.clock.Advance(time.Minute)
		w.recover(acc)
		reset := w.linkTo(acc.Email, deliver.PasswordReset)
		w.ok(w.svc.ChangePassword(w.ctx(), w.actor(acc), secret.Hide(word), secret.Hide(another)))
		refused(t, w.svc.SetPasswordByLink(w.ctx(), reset, secret.Hide(word+"y"), ""), errs.Gone, "link_expired")
	})
}

// WS-83: a partner's administrator with both roles helps the first person of a sub-partner; one role alone, a stranger and the sub-partner's
// own customers do not.
func TestWhoSeesToSubPartnersResetsTheirFirstAdministrator(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.invited(Invitation{TenantID: w.s.ID, Email: newEmail(), Name: "First", Roles: []access.Role{access.PartnerFullAdmin}, First: true})
		both := w.actor(w.person(w.p, access.PartnerFullAdmin, access.PartnerWholesaleAdmin))
		w.clock.Advance(2 * time.Minute)
		got, err := w.svc.ResetFirst(w.ctx(), both, w.s.ID)
		w.ok(err)
		if got.ID != first.ID {
			t.Errorf("%+v", got)
		}
		_, err = w.svc.ResetFirst(w.ctx(), w.actor(w.person(w.p, access.PartnerFullAdmin)), w.s.ID)
		if errs.KindOf(err) != errs.NotFound && errs.KindOf(err) != errs.Forbidden || err == nil {
			t.Errorf("with one role: %v", err)
		}
		_, err = w.svc.ResetFirst(w.ctx(), both, w.p.ID)
		refused(t, err, errs.Forbidden, "forbidden")
	})
}
