package httpx

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"linecard/internal/errs"
)

// maxRoutes bounds the route label; routes beyond it are counted as "other". Routes are patterns, never paths.
const maxRoutes = 400

// Metrics is the registry of one process with the request metrics in it. Other rooms register their own on Registry.
// A nil *Metrics counts nothing.
type Metrics struct {
	Registry *prometheus.Registry

	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inflight *prometheus.GaugeVec
	conns    *prometheus.GaugeVec

	mu     sync.RWMutex
	routes map[string]bool
}

// NewMetrics gives a registry with request, connection, Go and process metrics.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "linecard_http_requests_total",
			Help: "Answered requests."}, []string{"listener", "route", "class"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "linecard_http_request_seconds",
			Help: "Time from the request's head to the end of its handler.", Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}},
			[]string{"listener", "route", "class"}),
		inflight: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "linecard_http_requests_in_flight",
			Help: "Requests being worked on."}, []string{"listener"}),
		conns: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "linecard_http_connections",
			Help: "Open connections."}, []string{"listener"}),
		routes: map[string]bool{},
	}
	m.Registry.MustRegister(m.requests, m.duration, m.inflight, m.conns,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

type observation struct {
	listener, route string
	status          int
	took            time.Duration
	broken          bool
}

func (m *Metrics) begin(listener string) {
	if m != nil {
		m.inflight.WithLabelValues(listener).Inc()
	}
}

func (m *Metrics) observe(o observation) {
	if m == nil {
		return
	}
	class := "broken"
	if !o.broken {
		class = strconv.Itoa(o.status/100) + "xx"
	}
	route := m.routeLabel(o.route)
	m.inflight.WithLabelValues(o.listener).Dec()
	m.requests.WithLabelValues(o.listener, route, class).Inc()
	m.duration.WithLabelValues(o.listener, route, class).Observe(o.took.Seconds())
}

func (m *Metrics) routeLabel(route string) string {
	if route == "" {
		return "other"
	}
	m.mu.RLock()
	known := m.routes[route]
	m.mu.RUnlock()
	if known {
		return route
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.routes) >= maxRoutes && !m.routes[route] {
		return "other"
	}
	m.routes[route] = true
	return route
}

func (m *Metrics) connections(listener string, delta float64) {
	if m != nil {
		m.conns.WithLabelValues(listener).Add(delta)
	}
}

// Handler answers scrapes. It is open: put a Guard before it.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Guard lets requests through that come from the machine itself, from one of Networks, or with the bearer token.
type Guard struct {
	Token    string // "" = no token opens
	Networks Networks
}

var (
	errGuardToken   = errs.New(errs.Unauthenticated, "bearer_token_needed", "Send the configured bearer token.")
	errGuardNetwork = errs.New(errs.Forbidden, "network_not_allowed", "This address is open to configured networks only.")
)

// Wrap refuses everybody else: 401 when a token is configured, 403 otherwise. A request on loopback that carries forwarding
// headers of a proxy nobody configured is not from the machine itself.
func (g Guard) Wrap(next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(g.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visitOf(r.Context())
		if !v.indirect && (Loopback.Contains(v.ip) || g.Networks.Contains(v.ip)) {
			next.ServeHTTP(w, r)
			return
		}
		if g.Token == "" {
			WriteProblem(w, r, errGuardNetwork)
			return
		}
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(token))
		if strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		WriteProblem(w, r, errGuardToken)
	})
}
