package door_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/portal/browsertest"
	"linecard/internal/portal/portaltest"
	"linecard/internal/tenant"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

func freeze(t *testing.T, w *portaltest.World) {
	t.Helper()
	if _, err := w.Tenants.Freeze(t.Context(), w.Actor(w.Partner), w.Customer.Tenant.ID, tenant.Freeze{Reason: "unpaid"}); err != nil {
		t.Fatal(err)
	}
}

// mails counts what the mailbox holds for an address.
func mails(t *testing.T, w *portaltest.World, to string) int {
	t.Helper()
	all, _, err := w.Mail.Mailbox(t.Context(), db.Page{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range all {
		if m.To == to {
			n++
		}
	}
	return n
}

// forgotten asks for a link with the right answer to the captcha.
func forgotten(t *testing.T, w *portaltest.World, b *portaltest.Browser, email string) portaltest.Answer {
	t.Helper()
	id := b.Get("/recover/partner").Value("captcha")
	return b.Post("/recover/partner", "email", email, "captcha", id, "answer", w.Captcha(id))
}

// CH-8: wrong captcha, no mail; right one, one mail; unknown address, the same page and no mail.
func TestRecoveryAnswersAlikeForKnownAndUnknownAddresses(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.Browser(t)
		before := mails(t, w, w.Partner.Email)
		id := b.Get("/recover/partner").Value("captcha")
		a := b.Post("/recover/partner", "email", w.Partner.Email, "captcha", id, "answer", "nonsense")
		if a.Status != http.StatusBadRequest || !a.Has("The characters do not match the picture.") || a.Value("captcha") == id || a.Value("email") != w.Partner.Email {
			t.Errorf("wrong captcha: %d %s", a.Status, a.Says())
		}
		known := forgotten(t, w, b, w.Partner.Email)
		unknown := forgotten(t, w, b, "nobody@brightline.example")
		if known.Status != http.StatusSeeOther || known.To != unknown.To || b.Get(known.To).Body != b.Get(unknown.To).Body {
			t.Errorf("known %d %q, unknown %d %q", known.Status, known.To, unknown.Status, unknown.To)
		}
		eventually(t, func() bool { return mails(t, w, w.Partner.Email) == before+1 })
		if n := mails(t, w, "nobody@brightline.example"); n != 0 {
			t.Errorf("%d mails to a stranger", n)
		}
	})
}

func TestAnotherPictureKeepsWhatWasTyped(t *testing.T) {
	w := portaltest.Start(t)
	b := w.Browser(t)
	id := b.Get("/recover/partner").Value("captcha")
	a := b.Post("/recover/partner", "email", "mara@brightline.example", "captcha", id, "renew", "1")
	if a.Status != http.StatusOK || a.Value("captcha") == id || a.Value("email") != "mara@brightline.example" {
		t.Errorf("%d %q %q", a.Status, a.Value("captcha"), a.Value("email"))
	}
	picture, sound := b.Get("/captcha/"+id+"/picture.png"), b.Get("/captcha/"+id+"/sound.wav")
	if !bytes.HasPrefix([]byte(picture.Body), []byte("\x89PNG")) || !strings.HasPrefix(sound.Body, "RIFF") || picture.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("picture %d, sound %d", picture.Status, sound.Status)
	}
	if a := b.Get("/captcha/no-such/picture.png"); a.Status != http.StatusNotFound {
		t.Errorf("unknown puzzle: %d", a.Status)
	}
}

// CH-9: ten minutes, once, and a page that offers a new one afterwards.
func TestAResetLinkWorksOnceForTenMinutes(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.Browser(t)
		other := w.SignedIn(t, w.Partner)
		forgotten(t, w, b, w.Partner.Email)
		link := w.AwaitLink()
		w.Clock.Advance(9*time.Minute + 59*time.Second)
		if a := b.Get(link); a.Status != http.StatusOK || !a.Has("Choose a new password", w.Partner.Email, "At least 10 characters") {
			t.Fatalf("at 9:59: %d %s", a.Status, a.Says())
		}
		if a := b.Post(link, "password", "a whole new password", "again", "another one"); a.Status != http.StatusBadRequest {
			t.Errorf("two different entries: %d", a.Status)
		}
		if a := b.Post(link, "password", "a whole new password", "again", "a whole new password"); a.To != "/partner" {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		if a := b.Get("/partner"); !a.Has("Your password is set.") {
			t.Error(a.Says())
		}
		if a := other.Get("/account"); a.Status != http.StatusSeeOther {
			t.Errorf("another session lives on: %d", a.Status)
		}
		if a := b.SignIn(w.Partner, "a whole new password"); a.Status != http.StatusSeeOther {
			t.Errorf("%d", a.Status)
		}
		if a := w.Browser(t).Get(link); a.Status != http.StatusGone || !a.Has("This link was used already") {
			t.Errorf("second use: %d %s", a.Status, a.Says())
		}
	})
}

func TestAnExpiredLinkOffersANewOne(t *testing.T) {
	w := portaltest.Start(t)
	b := w.Browser(t)
	forgotten(t, w, b, w.Partner.Email)
	link := w.AwaitLink()
	w.Clock.Advance(10*time.Minute + time.Second)
	a := b.Get(link)
	if a.Status != http.StatusGone || !a.Has("This link has expired") || !strings.Contains(a.Body, `href="/recover/partner"`) {
		t.Errorf("%d %s", a.Status, a.Says())
	}
	if a := b.Get("/link/nonsense"); a.Status != http.StatusGone {
		t.Errorf("unknown link: %d", a.Status)
	}
}

func TestAnInvitationSetsTheFirstPassword(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		if _, err := w.Accounts.Invite(t.Context(), w.Actor(w.Customer), account.Invitation{Email: "kim@harbour.example", Name: "Kim", Locale: "zh-CN",
			Roles: w.Customer.Account.Roles}); err != nil {
			t.Fatal(err)
		}
		b := w.Browser(t)
		if a := b.Get(w.LastLink()); !a.Has("设置您的密码", "kim@harbour.example") {
			t.Errorf("in the language of the invitation: %s", a.Says())
		}
		if a := b.Post(w.LastLink(), "password", "a whole new password", "again", "a whole new password"); a.To != "/customer" {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		if a := b.SignIn(portaltest.Person{Realm: account.CustomerRealm, Email: "kim@harbour.example"}, "a whole new password"); a.Status != http.StatusSeeOther {
			t.Errorf("%d", a.Status)
		}
	})
}

// eventually waits for what is sent behind the answer.
func eventually(t *testing.T, what func() bool) {
	t.Helper()
	dbtest.Eventually(t, "a mail", what)
}
