package boot

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/phone"
	"linecard/internal/redirect"
)

// Redirects answers phones that only know the address of the redirect service.
type Redirects interface {
	Serve(ctx context.Context, r redirect.Request) (redirect.File, error)
	// Proved hears that a phone came to a customer's address with its maker's certificate and that customer's account.
	Proved(ctx context.Context, customerID string, mac phone.MAC) error
}

// provenFor is for how long a phone of the customer need not prove again whose it is.
const provenFor = 10 * time.Minute

// proves tells the redirect service of a phone that has both its maker's certificate and an account which only its customer gives away:
// the customer's claim on the MAC is proven by it (CH-41, decision 13). When that cannot be noted the phone is served all the same, and
// the next request tries again.
func (v *visit) proves(ctx context.Context) {
	if !v.witnessed || v.stale || v.h.redirects == nil || !v.h.nonces.accepts(v.given) {
		return
	}
	key, now := claimKey{v.CustomerID, v.cert}, v.h.clock.Now().UnixMilli()
	if at, ok := v.h.proven.GetIfPresent(key); ok && v.Claim.DeviceID != "" && now-at < provenFor.Milliseconds() {
		return
	}
	if err := v.h.redirects.Proved(ctx, v.CustomerID, v.cert); err != nil {
		httpx.LogCause(v.r.Context(), err)
		return
	}
	v.h.proven.Set(key, now)
}

// redirected gives the path below /rps/; false for any other. A customer's own host name has no redirect service.
func (h *Handler) redirected(r *http.Request) (string, bool) {
	if h.redirects == nil || h.label(r) != "" {
		return "", false
	}
	segments, ok := split(r.URL.EscapedPath())
	if !ok || len(segments) < 2 || segments[0] != "rps" {
		return "", false
	}
	return strings.Join(segments[1:], "/"), true
}

// redirect answers without credentials: decision 17 says who gets what.
func (v *visit) redirect(ctx context.Context, path string) {
	if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead {
		v.Header().Set("Allow", "GET, HEAD")
		v.answer("method", http.StatusMethodNotAllowed)
		return
	}
	f, err := v.h.redirects.Serve(ctx, redirect.Request{Path: path, UserAgent: v.r.UserAgent(), Certificate: v.cert, From: httpx.ClientIP(v.r.Context())})
	switch errs.KindOf(err) {
	case errs.NotFound:
		v.answer("not_found", http.StatusNotFound)
		return
	case errs.Forbidden:
		v.answer("stopped", http.StatusForbidden)
		return
	case errs.TooMany:
		v.Header().Set("Retry-After", seconds(max(errs.As(err).RetryAfter, 1)))
		v.answer("limited", http.StatusTooManyRequests)
		return
	}
	if err != nil {
		v.fault(err)
		return
	}
	v.h.count(v.r.Context(), "redirected")
	head := v.Header()
	head.Set("Cache-Control", "no-store")
	if f.ContentType != "" {
		head.Set("Content-Type", f.ContentType)
		head.Set("X-Content-Type-Options", "nosniff")
	}
	if f.Location != "" {
		head.Set("Location", f.Location)
	}
	head.Set("Content-Length", strconv.Itoa(len(f.Body)))
	v.WriteHeader(f.Status)
	if v.r.Method == http.MethodGet {
		_, _ = v.Write(f.Body)
	}
}
