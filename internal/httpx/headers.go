package httpx

import (
	"net/http"
	"strconv"
	"time"
)

// StrictCSP allows our own files and nothing else: no inline script or style, no frames, no foreign host.
const StrictCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Security says what browsers are told. The zero value is the strictest.
type Security struct {
	CSP  string        // "" = StrictCSP
	HSTS time.Duration // sent over TLS only; 0 = 1 year, negative = not sent
}

// Headers sets the security headers before the handler, which may replace them.
func (s Security) Headers() Middleware {
	if s.CSP == "" {
		s.CSP = StrictCSP
	}
	if s.HSTS == 0 {
		s.HSTS = 365 * 24 * time.Hour
	}
	hsts := "max-age=" + strconv.Itoa(int(s.HSTS/time.Second))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", s.CSP)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			// Not "no-referrer": that makes browsers send "Origin: null" with forms, which the check against foreign forms needs.
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
			if s.HSTS > 0 && Scheme(r.Context()) == "https" {
				h.Set("Strict-Transport-Security", hsts)
			}
			next.ServeHTTP(w, r)
		})
	}
}
