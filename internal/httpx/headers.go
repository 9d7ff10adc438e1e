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
			if s.HSTS < 0 {
				h.Del("Strict-Transport-Security")
			} else if Scheme(r.Context()) == "https" {
				h.Set("Strict-Transport-Security", hsts)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// dataCSP is for answers that are no pages: a browser that shows one all the same loads nothing and lets nobody frame it.
const dataCSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// bare sets what every answer of a Mux says to browsers (ASVS v5.0.0-3.4.1, 3.4.3, 3.4.4, 3.4.6). Handlers may replace it; a Mux inside
// another leaves what the outer one and its handlers have set.
func bare(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if h.Get("Content-Security-Policy") != "" {
		return
	}
	h.Set("Content-Security-Policy", dataCSP)
	h.Set("X-Content-Type-Options", "nosniff")
	if Scheme(r.Context()) == "https" {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
