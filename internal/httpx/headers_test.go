package httpx

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestBrowsersAreToldToBeStrict(t *testing.T) {
	h := Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Security{}.Headers())
	plain := through(Edge{}, h, httptest.NewRequest("GET", "http://x/", nil)).Header
	csp := plain.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy lacks %q", want)
		}
	}
	if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
		t.Error(csp)
	}
	for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Strict-Transport-Security": ""} {
		if got := plain.Get(k); got != want {
			t.Errorf("%s: %q, want %q", k, got, want)
		}
	}
	secure := through(Edge{}, h, httptest.NewRequest("GET", "https://x/", nil)).Header
	if secure.Get("Strict-Transport-Security") != "max-age=31536000" {
		t.Error(secure)
	}
	off := Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), Security{HSTS: -time.Second}.Headers())
	if got := through(Edge{}, off, httptest.NewRequest("GET", "https://x/", nil)).Header.Get("Strict-Transport-Security"); got != "" {
		t.Error("HSTS although switched off:", got)
	}
}
