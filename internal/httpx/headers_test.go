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

func TestEveryAnswerOfAMuxTellsBrowsersToBeStrict(t *testing.T) { // ASVS v5.0.0-3.4.1, 3.4.3, 3.4.4, 3.4.6
	inner := NewMux()
	inner.HandleFunc("GET /page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<p>")) })
	mux := NewMux()
	mux.HandleFunc("GET /data", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	mux.Handle("/page", Chain(inner, Security{}.Headers()))
	for path, csp := range map[string]string{"/data": dataCSP, "/unknown": dataCSP, "/page": StrictCSP} {
		for _, method := range []string{"GET", "DELETE", "TRACE"} {
			res := through(Edge{}, mux, httptest.NewRequest(method, "https://x"+path, nil))
			h := res.Header
			if h.Get("Content-Security-Policy") != csp || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Strict-Transport-Security"), "max-age=31536000") {
				t.Errorf("%s %s: %v", method, path, h)
			}
			if method == "TRACE" && res.StatusCode < 400 { // 13.4.4
				t.Errorf("TRACE %s: %d", path, res.StatusCode)
			}
		}
	}
	if h := through(Edge{}, mux, httptest.NewRequest("GET", "http://x/data", nil)).Header; h.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without TLS")
	}
}
