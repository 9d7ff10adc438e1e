package door_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"linecard/internal/account"
	"linecard/internal/portal"
	"linecard/internal/portal/portaltest"
	"linecard/internal/secret"
)

// CH-1: wrong password and unknown address look the same; the right pair gives a session cookie and the home page.
func TestSigningInTellsNothingAboutWhichAddressesExist(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		wrong := w.Browser(t).Post("/partner", "email", w.Partner.Email, "password", "wrong wrong wrong")
		unknown := w.Browser(t).Post("/partner", "email", "nobody@brightline.example", "password", "wrong wrong wrong")
		elsewhere := w.Browser(t).Post("/partner", "email", w.Customer.Email, "password", portaltest.Password) // CH-10
		for name, a := range map[string]portaltest.Answer{"wrong": wrong, "unknown": unknown, "other portal": elsewhere} {
			if a.Status != http.StatusUnauthorized || !a.Has("E-mail address or password is wrong.") {
				t.Errorf("%s: %d %s", name, a.Status, a.Says())
			}
		}
		b := w.Browser(t)
		a := b.Post("/partner", "email", "  MARA@brightline.example ", "password", portaltest.Password)
		if a.Status != http.StatusSeeOther || a.To != "/" || b.Cookie("lc_session") == "" {
			t.Fatalf("%d %q %s", a.Status, a.To, a.Says())
		}
		set := strings.Join(a.Header.Values("Set-Cookie"), "\n")
		if !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") || !strings.Contains(set, "Path=/") {
			t.Errorf("cookie: %s", set)
		}
		if home := b.Get("/"); home.Status != http.StatusOK || !home.Has("Brightline Telecom", "Mara Lindqvist") {
			t.Errorf("%d %s", home.Status, home.Says())
		}
	})
}

func TestAnEmptyFieldIsToldAtTheField(t *testing.T) {
	w := portaltest.Start(t)
	a := w.Browser(t).Post("/partner", "email", "", "password", "")
	if a.Status != http.StatusBadRequest || strings.Count(a.Says(), "Please fill in this field.") < 2 {
		t.Errorf("%d %s", a.Status, a.Says())
	}
}

// CH-4: ten wrong attempts lock, with the same answer for the right password, until the five minutes are over.
func TestALockedAddressIsToldWhenToTryAgain(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.Browser(t)
		for range 10 {
			b.SignIn(w.Partner, "wrong wrong wrong")
		}
		w.Clock.Advance(4*time.Minute + 59*time.Second)
		a := b.SignIn(w.Partner, portaltest.Password)
		if a.Status != http.StatusLocked || a.Header.Get("Retry-After") == "" || !a.Has("Too many wrong attempts.", "1 minute") {
			t.Errorf("%d %q %s", a.Status, a.Header.Get("Retry-After"), a.Says())
		}
		w.Clock.Advance(2 * time.Second)
		if a := b.SignIn(w.Partner, portaltest.Password); a.Status != http.StatusSeeOther {
			t.Errorf("after the lock: %d %s", a.Status, a.Says())
		}
	})
}

func TestTooManyAttemptsOfOneAddressAreRefusedWithATime(t *testing.T) {
	w := portaltest.Start(t, func(d *portal.Deps) { d.SignInsPerMinute = 3 })
	b := w.Browser(t)
	for range 3 {
		b.SignIn(w.Partner, "wrong wrong wrong")
	}
	a := b.SignIn(w.Partner, portaltest.Password)
	if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || !a.Has("Too many attempts") {
		t.Errorf("%d %s", a.Status, a.Says())
	}
	w.Clock.Advance(time.Minute)
	if a := b.SignIn(w.Partner, portaltest.Password); a.Status != http.StatusSeeOther {
		t.Errorf("a minute later: %d", a.Status)
	}
}

// CH-2: the language chosen before signing in is that of the session, of the account and of the page after signing out.
func TestALanguageChosenAtTheDoorStays(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.Browser(t)
		if a := b.Post("/preferences", "lang", "zh-CN", "back", "/partner"); a.To != "/partner" {
			t.Fatalf("%d %q", a.Status, a.To)
		}
		if a := b.Get("/partner"); !a.Has("登录") {
			t.Errorf("before: %s", a.Says())
		}
		b.SignIn(w.Partner, portaltest.Password)
		if a := b.Get("/"); !a.Has("操作日志") {
			t.Errorf("inside: %s", a.Says())
		}
		if a := b.Post("/sign-out"); a.To != "/partner" {
			t.Errorf("sign-out leads to %q", a.To)
		}
		if a := b.Get("/partner"); !a.Has("登录") {
			t.Errorf("after: %s", a.Says())
		}
		if a := w.SignedIn(t, w.Partner).Get("/"); !a.Has("操作日志") {
			t.Errorf("another browser: %s", a.Says())
		}
	})
}

// CH-5: the old cookie is worth nothing after signing out.
func TestAfterSigningOutTheOldCookieIsWorthNothing(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Partner)
		old := b.Cookie("lc_session")
		b.Post("/sign-out")
		thief := w.Browser(t)
		thief.Header.Set("Cookie", "lc_session="+old)
		if a := thief.Get("/account"); a.Status != http.StatusSeeOther {
			t.Errorf("%d", a.Status)
		}
	})
}

// CH-6: polling is no activity; the former page comes back after signing in again.
func TestAnIdleSessionEndsAlthoughThePagePolls(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Partner)
		w.Clock.Advance(29*time.Minute + 59*time.Second)
		if a := b.Get("/account"); a.Status != http.StatusOK {
			t.Fatalf("at 29:59: %d", a.Status)
		}
		b.Header.Set("X-Poll", "1")
		for range 60 {
			w.Clock.Advance(30 * time.Second)
			if a := b.Get("/session"); a.Status != http.StatusNoContent {
				t.Fatalf("polling: %d", a.Status)
			}
		}
		w.Clock.Advance(time.Second)
		if a := b.Get("/session"); a.Status != http.StatusUnauthorized {
			t.Errorf("a poll of an ended session: %d", a.Status)
		}
		b.Header.Del("X-Poll")
		a := b.Get("/account/sessions?x=1")
		if a.Status != http.StatusSeeOther || a.To != "/partner?return=%2Faccount%2Fsessions%3Fx%3D1" {
			t.Fatalf("%d %q", a.Status, a.To)
		}
		form := b.Get(a.To)
		if !form.Has("Your session is over.") {
			t.Errorf("no notice: %s", form.Says())
		}
		a = b.Post("/partner", "email", w.Partner.Email, "password", portaltest.Password, "return", form.Value("return"))
		if a.To != "/account/sessions?x=1" {
			t.Errorf("comes back to %q", a.To)
		}
	})
}

func TestAFormSentAfterTheSessionEndedSaysThatNothingWasSaved(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Partner)
	w.Clock.Advance(31 * time.Minute)
	b.Header.Set("Referer", w.URL+"/account")
	a := b.Post("/account", "name", "New Name")
	if a.To != "/partner?return=%2Faccount" {
		t.Errorf("%q", a.To)
	}
	if a := b.Get(a.To); !a.Has("nothing was saved") {
		t.Error(a.Says())
	}
}

func TestSigningInNeverLeadsToAnotherSite(t *testing.T) {
	w := portaltest.Start(t)
	for _, back := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/partner", "/link/x", "/\tevil", strings.Repeat("/a", 600)} {
		a := w.Browser(t).Post("/partner", "email", w.Partner.Email, "password", portaltest.Password, "return", back)
		if a.To != "/" {
			t.Errorf("%.40q leads to %q", back, a.To)
		}
	}
}

// CH-3: nothing but changing the password works before it was changed.
func TestASuppliedPasswordMustBeChangedFirst(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		if _, err := w.Accounts.Invite(t.Context(), w.Actor(w.Partner), account.Invitation{Email: "new@brightline.example", Name: "New",
			Roles: w.Partner.Account.Roles, Password: secret.Hide("the supplied one")}); err != nil {
			t.Fatal(err)
		}
		p := portaltest.Person{Realm: account.PartnerRealm, Email: "new@brightline.example"}
		b := w.Browser(t)
		if a := b.SignIn(p, "the supplied one"); a.To != "/first-password" {
			t.Fatalf("%d %q", a.Status, a.To)
		}
		for _, path := range []string{"/", "/account", "/account/password", "/help", "/no-such-page"} {
			if a := b.Get(path); path != "/no-such-page" && a.To != "/first-password" {
				t.Errorf("%s: %d %q", path, a.Status, a.To)
			}
		}
		if a := b.Post("/account", "name", "x"); a.To != "/first-password" {
			t.Errorf("POST: %d %q", a.Status, a.To)
		}
		if a := b.Post("/first-password", "old_password", "the supplied one", "new_password", "something else now", "again", "different"); !a.Has("Both entries must be the same.") {
			t.Errorf("%d %s", a.Status, a.Says())
		}
		if a := b.Post("/first-password", "old_password", "the supplied one", "new_password", "short", "again", "short"); !a.Has("The password is too short.") {
			t.Errorf("%d %s", a.Status, a.Says())
		}
		if a := b.Post("/first-password", "old_password", "the supplied one", "new_password", "something else now", "again", "something else now"); a.To != "/" {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		if a := b.Get("/"); a.Status != http.StatusOK || !a.Has("Your password is changed.") {
			t.Errorf("%d %s", a.Status, a.Says())
		}
		if a := w.Browser(t).SignIn(p, "the supplied one"); a.Status != http.StatusUnauthorized {
			t.Errorf("the old password: %d", a.Status)
		}
	})
}

// CH-24: a frozen organisation signs nobody in, and its open sessions end.
func TestAFrozenOrganisationIsOutAtOnce(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Customer)
		freeze(t, w)
		if a := b.Get("/account"); a.Status != http.StatusSeeOther {
			t.Errorf("%d", a.Status)
		}
		a := w.Browser(t).SignIn(w.Customer, portaltest.Password)
		if a.Status != http.StatusForbidden || !a.Has("This account is suspended.") {
			t.Errorf("%d %s", a.Status, a.Says())
		}
	})
}

func TestBeforeTheFirstStartThePageSaysHowToSetUp(t *testing.T) {
	w := portaltest.Empty(t)
	if a := w.Browser(t).Get("/operator"); a.Status != http.StatusOK || !a.Has("Not set up yet", "linecard admin bootstrap") {
		t.Errorf("%d %s", a.Status, a.Says())
	}
}
