package self_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/journal"
	"linecard/internal/portal/portaltest"
	"linecard/internal/tenant"
)

// CH-11: saved, shown again, and one row in the log.
func TestContactDataIsSavedAndLogged(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Customer)
		a := b.Post("/account", "name", "Priya R.", "phone", "+44 20 7946 0143", "locale", "", "time_zone", "Asia/Shanghai", "version", b.Get("/account").Value("version"))
		if a.To != "/account" {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		if a := b.Get("/account"); a.Value("phone") != "+44 20 7946 0143" || !a.Has("Your settings are saved.") {
			t.Errorf("%q %s", a.Value("phone"), a.Says())
		}
		if a := b.Get("/account/sessions"); !a.Has("2 Mar 2026, 17:00") { // 09:00 UTC
			t.Errorf("times are not in the account's zone: %s", a.Says())
		}
		rows, _, err := w.Journal.Log(t.Context(), w.DB, w.Customer.Tenant.ID, journal.Query{Action: "account/edit", Page: db.Page{Limit: 10}})
		if err != nil || len(rows) != 1 {
			t.Errorf("%d rows %v", len(rows), err)
		}
	})
}

func TestFaultsOfContactDataAreToldTogetherAndNothingIsSaved(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Customer)
	a := b.Post("/account", "name", "", "phone", "none", "locale", "xx-unknown", "time_zone", "Mars/Olympus")
	if a.Status != http.StatusBadRequest || strings.Count(a.Body, `aria-invalid="true"`) != 4 {
		t.Errorf("%d, %d fields: %s", a.Status, strings.Count(a.Body, `aria-invalid="true"`), a.Says())
	}
	if a := b.Get("/account"); a.Value("name") != "Priya Raman" {
		t.Errorf("%q", a.Value("name"))
	}
}

// CH-12: the address is shown, not offered for change, with whom to ask; a posted one changes nothing.
func TestTheRegisteredAddressCannotBeChangedByOneself(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Customer)
	a := b.Get("/account")
	if !regexp.MustCompile(`<input[^>]*name="email"[^>]*readonly`).MatchString(a.Body) || !a.Has("Brightline Telecom can change it for you.") {
		t.Error(a.Says())
	}
	b.Post("/account", "name", "Priya", "email", "other@harbour.example")
	if a := b.Get("/account"); a.Value("email") != w.Customer.Email {
		t.Errorf("%q", a.Value("email"))
	}
}

// CH-13, CH-14: wrong old, different entries and broken rules are told; afterwards the old one is worth nothing.
func TestThePasswordIsChangedByItsRules(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b, other := w.SignedIn(t, w.Customer), w.SignedIn(t, w.Customer)
		if a := b.Get("/account/password"); !a.Has("At least 10 characters", "Not one of your last 5 passwords") {
			t.Error(a.Says())
		}
		change := func(old, password, again string) portaltest.Answer {
			return b.Post("/account/password", "old_password", old, "new_password", password, "again", again)
		}
		for _, c := range []struct{ old, password, again, says string }{
			{portaltest.Password, "something else now", "something different", "Both entries must be the same."},
			{"not the old one", "something else now", "something else now", "The current password is wrong."},
			{portaltest.Password, "short", "short", "The password is too short."},
			{portaltest.Password, portaltest.Password, portaltest.Password, "This password was used before."},
			{portaltest.Password, "priya@harbour.example", "priya@harbour.example", "must not be the e-mail address"},
		} {
			if a := change(c.old, c.password, c.again); a.Status != http.StatusBadRequest || !a.Has(c.says) {
				t.Errorf("%s: %d %s", c.says, a.Status, a.Says())
			}
		}
		if a := change(portaltest.Password, "something else now", "something else now"); a.To != "/account/password" {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		if a := b.Get("/account"); a.Status != http.StatusOK {
			t.Errorf("the own session: %d", a.Status)
		}
		if a := other.Get("/account"); a.Status != http.StatusSeeOther {
			t.Errorf("another session: %d", a.Status)
		}
		if a := w.Browser(t).SignIn(w.Customer, portaltest.Password); a.Status != http.StatusUnauthorized {
			t.Errorf("the old password: %d", a.Status)
		}
	})
}

func TestAnOldPasswordIsRemindedOfWhereThePolicySaysSo(t *testing.T) {
	w := portaltest.Start(t)
	days := 30
	if _, err := w.Tenants.SetPolicy(t.Context(), w.Actor(w.Operator), w.Operator.Tenant.ID, tenant.OwnPolicy{PasswordMaxAge: &days}, 0); err != nil {
		t.Fatal(err)
	}
	if a := w.SignedIn(t, w.Customer).Get("/"); a.Has("Your password is old") {
		t.Error("reminded at once")
	}
	w.Clock.Advance(31 * 24 * time.Hour)
	b := w.SignedIn(t, w.Customer)
	for _, path := range []string{"/", "/account/password"} {
		if a := b.Get(path); !a.Has("Your password is old") {
			t.Errorf("%s: %s", path, a.Says())
		}
	}
}

// codeOf computes what an authenticator app shows (RFC 6238).
func codeOf(t *testing.T, key string, now time.Time) string {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(key, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, raw)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(now.Unix()/30)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:])&0x7fffffff)%1_000_000)
}

func TestTheSecondFactorIsTurnedOnAskedForAndTurnedOff(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Customer)
		a := b.Post("/account/second-factor")
		key := a.Value("secret")
		if a.Status != http.StatusOK || key == "" || !strings.Contains(a.Body, "data:image/png;base64,") {
			t.Fatalf("%d %s", a.Status, a.Says())
		}
		wrong := b.Post("/account/second-factor/confirm", "code", "000000", "secret", key)
		if wrong.Status != http.StatusBadRequest || wrong.Value("secret") != key || !wrong.Has("The code is wrong.") {
			t.Errorf("%d %q %s", wrong.Status, wrong.Value("secret"), wrong.Says())
		}
		on := b.Post("/account/second-factor/confirm", "code", codeOf(t, key, w.Clock.Now()), "secret", key)
		codes := regexp.MustCompile(`<li><code class="mono">([^<]+)</code>`).FindAllStringSubmatch(on.Body, -1)
		if on.Status != http.StatusOK || len(codes) != 10 || on.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d, %d codes: %s", on.Status, len(codes), on.Says())
		}
		w.Clock.Advance(30 * time.Second)
		for name, code := range map[string]string{"app": codeOf(t, key, w.Clock.Now()), "recovery": codes[0][1]} {
			b := w.Browser(t)
			if a := b.SignIn(w.Customer, portaltest.Password); a.To != "/code/customer" {
				t.Fatalf("%s: %d %q", name, a.Status, a.To)
			}
			if a := b.Get("/account"); a.Status != http.StatusSeeOther {
				t.Errorf("%s: half signed in sees %d", name, a.Status)
			}
			if a := b.Post("/code/customer", "code", "000000"); a.Status != http.StatusUnauthorized || !a.Has("The code is wrong or was used already.") {
				t.Errorf("%s: %d %s", name, a.Status, a.Says())
			}
			if a := b.Post("/code/customer", "code", code, "return", "/account"); a.To != "/account" {
				t.Errorf("%s: %d %s", name, a.Status, a.Says())
			}
			if a := b.Get("/account"); a.Status != http.StatusOK {
				t.Errorf("%s: signed in sees %d", name, a.Status)
			}
		}
		late := w.Browser(t)
		late.SignIn(w.Customer, portaltest.Password)
		w.Clock.Advance(6 * time.Minute)
		if a := late.Post("/code/customer", "code", codeOf(t, key, w.Clock.Now())); a.To != "/customer" {
			t.Errorf("too late: %d %q", a.Status, a.To)
		}
		if a := b.Post("/account/second-factor/off", "password", "wrong"); a.Status != http.StatusBadRequest {
			t.Errorf("off with a wrong password: %d", a.Status)
		}
		if a := b.Post("/account/second-factor/off", "password", portaltest.Password); a.To != "/account/second-factor" {
			t.Errorf("off: %d %s", a.Status, a.Says())
		}
		if a := w.Browser(t).SignIn(w.Customer, portaltest.Password); a.To != "/" {
			t.Errorf("afterwards: %d %q", a.Status, a.To)
		}
	})
}

func TestSessionsAreListedAndCanBeEnded(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.Browser(t)
		b.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
		b.SignIn(w.Customer, portaltest.Password)
		w.Clock.Advance(time.Minute)
		other := w.SignedIn(t, w.Customer)
		list := b.Get("/account/sessions")
		if !list.Has("Firefox, Linux This session", "127.0.0.1", "Unknown browser") {
			t.Error(list.Says())
		}
		ends := regexp.MustCompile(`/account/sessions/([^/]+)/end`).FindAllStringSubmatch(list.Body, -1)
		if len(ends) != 2 {
			t.Fatalf("%d sessions", len(ends))
		}
		if a := b.Post(ends[0][0]); a.To != "/account/sessions" {
			t.Errorf("%d", a.Status)
		}
		if a := other.Get("/account"); a.Status != http.StatusSeeOther {
			t.Errorf("the ended session: %d", a.Status)
		}
		if a := b.Post(ends[1][0]); a.To != "/customer" {
			t.Errorf("the own one: %d %q", a.Status, a.To)
		}
		foreign := w.SignedIn(t, w.Partner)
		mine := w.SignedIn(t, w.Customer)
		id := regexp.MustCompile(`/account/sessions/[^/]+/end`).FindString(mine.Get("/account/sessions").Body)
		if a := foreign.Post(id); a.Status != http.StatusNotFound {
			t.Errorf("somebody else's: %d", a.Status)
		}
	})
}

// CH-2: the switch inside a session is kept with the account.
func TestALanguageSwitchedInsideIsKeptWithTheAccount(t *testing.T) {
	w := portaltest.Start(t)
	b := w.SignedIn(t, w.Customer)
	b.Post("/preferences", "lang", "zh-CN", "back", "/account")
	if a := w.SignedIn(t, w.Customer).Get("/account"); !a.Has("账号设置") {
		t.Error(a.Says())
	}
	b.Post("/preferences", "theme", "dark", "back", "/account")
	if a := b.Get("/account"); !strings.Contains(a.Body, `data-theme="dark"`) {
		t.Error("the theme is not kept")
	}
	b.Post("/preferences", "lang", "no-such", "back", "/account")
	if a := b.Get("/account"); !a.Has("账号设置") {
		t.Error("an unknown language changed it")
	}
	if a := b.Post("/preferences", "lang", "en", "back", "https://evil.example"); a.To != "/" {
		t.Errorf("leads to %q", a.To)
	}
}
