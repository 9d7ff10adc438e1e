// Package httpx owns how requests reach Linecard and how refusals leave it: listeners, TLS and certificates that reload, source
// addresses, request ids, the access log, limits of size, speed and number, metrics, health, and the one table from error kind to
// HTTP status.
//
// It must not know people, tenants, phones, the database or any wire type but the problem document: handlers are given to it.
package httpx

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"
)

// Clock is the source of "now" for limits, logs and expiry. Socket deadlines use the machine's clock, because the kernel does.
type Clock interface{ Now() time.Time }

func clockOr(c Clock) Clock {
	if c == nil {
		return systemClock{}
	}
	return c
}

// Middleware puts something before a handler.
type Middleware func(http.Handler) http.Handler

// Chain puts middlewares before h; the first one listed sees the request first.
func Chain(h http.Handler, ms ...Middleware) http.Handler {
	for i := len(ms) - 1; i >= 0; i-- {
		h = ms[i](h)
	}
	return h
}

// visit is what is known of one request. It hangs in the context as one pointer, so that the path of a phone's request costs one
// allocation and inner handlers can tell the access log what they found out.
type visit struct {
	ip       netip.Addr
	scheme   string
	host     string
	id       string
	log      *slog.Logger
	route    string
	code     string
	indirect bool // came with forwarding headers from a peer that is not a trusted proxy
	told     atomic.Bool
}

type visitKey struct{}

var nobody = &visit{}

func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return nobody
}

// ClientIP gives the address the request came from, after PROXY protocol and trusted proxies. It is the one notion of "from where"
// for limits, sites and events (decision 27). The zero Addr comes back outside a request of an Edge.
func ClientIP(ctx context.Context) netip.Addr { return visitOf(ctx).ip }

// FromThisMachine says whether the request came from loopback, not by a proxy that nobody configured, and was made for a
// loopback address: a website whose name was made to lead here has another one.
func FromThisMachine(ctx context.Context) bool {
	v := visitOf(ctx)
	if v.indirect || !Loopback.Contains(v.ip) {
		return false
	}
	host := v.host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && Loopback.Contains(a)
}

// Scheme gives "https" or "http" as the client used it; "" outside a request of an Edge.
func Scheme(ctx context.Context) string { return visitOf(ctx).scheme }

// Host gives the host[:port] the client asked for, lower case; "" outside a request of an Edge.
func Host(ctx context.Context) string { return visitOf(ctx).host }

// RequestID gives the id that is answered in X-Request-Id and stands in every log line of the request; "" outside a request.
func RequestID(ctx context.Context) string { return visitOf(ctx).id }

// SetRoute names the route for the access log and the metrics, for handlers that parse their paths themselves. The name must come
// from a fixed set (never from the path), since it becomes a metric label. Outside a request of an Edge nothing happens.
func SetRoute(ctx context.Context, name string) {
	if v := visitOf(ctx); v != nobody {
		v.route = name
	}
}

// logOf gives the logger of the request's listener, or the default one.
func logOf(ctx context.Context) *slog.Logger {
	if l := visitOf(ctx).log; l != nil {
		return l
	}
	return slog.Default()
}
