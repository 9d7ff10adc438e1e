package ui

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestLanguageIsAccountThenCookieThenBrowserThenEnglish(t *testing.T) {
	for _, c := range []struct{ account, cookie, browser, want string }{
		{"", "", "", "en"},
		{"", "", "fr-FR, de;q=0.8", "en"},
		{"", "", "zh", "zh-CN"},
		{"", "", "zh-Hans-SG, en;q=0.5", "zh-CN"},
		{"", "", "fr, zh-CN;q=0.9, en;q=0.8", "zh-CN"},
		{"", "en", "zh-CN", "en"},
		{"zh-CN", "en", "en", "zh-CN"},
		{"xx-nonsense-!!", "zh-CN", "en", "zh-CN"},
		{"", "'; drop", strings.Repeat("zh,", 500), "en"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", c.browser)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: langCookie, Value: c.cookie})
		}
		if got := FromRequest(r, Settings{Locale: c.account}).Locale; got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

func TestPreferencesAreKeptInCookiesAndLeadBack(t *testing.T) {
	body := url.Values{"lang": {"zh-CN"}, "theme": {"dark"}, "back": {"/customers?q=a&sort=-name"}}.Encode()
	r := httptest.NewRequest(http.MethodPost, PreferencesPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	SetPreferences(w, r)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/customers?q=a&sort=-name" {
		t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	next := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range w.Result().Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("%s is not guarded", c.Name)
		}
		next.AddCookie(c)
	}
	if p := FromRequest(next, Settings{}); p.Locale != "zh-CN" || p.Theme != Dark {
		t.Errorf("%+v", p)
	}
}

func TestAnUnknownLanguageIsIgnored(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, PreferencesPath, strings.NewReader("lang=klingon&theme=pink"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	SetPreferences(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == langCookie || c.Value != "" {
			t.Errorf("stored %s=%s", c.Name, c.Value)
		}
	}
}

func TestTheWayBackNeverLeavesThisServer(t *testing.T) {
	for in, want := range map[string]string{
		"/a?b=c": "/a?b=c", "": "/", "//evil.example": "/", "https://evil.example/": "/", "/\\evil.example": "/",
		"\\\\evil.example": "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: x": "/", "a/b": "/", "/\t/evil.example": "/",
	} {
		if got := LocalPath(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}
