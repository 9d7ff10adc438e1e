package httpx

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestRequestsAreCountedByListenerRouteAndClass(t *testing.T) {
	m := NewMetrics()
	clock := newFakeClock()
	mux := NewMux()
	mux.HandleFunc("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) { clock.advance(30 * time.Millisecond) })
	mux.HandleFunc("GET /boom", func(http.ResponseWriter, *http.Request) { panic("boom") })
	e := Edge{Name: "api", Clock: clock, Metrics: m}
	for i := range 3 {
		through(e, mux, httptest.NewRequest("GET", fmt.Sprint("/things/", i), nil))
	}
	through(e, mux, httptest.NewRequest("GET", "/boom", nil))
	through(e, mux, httptest.NewRequest("GET", "/random/path", nil))
	text := scrape(t, m)
	for _, want := range []string{
		`linecard_http_requests_total{class="2xx",listener="api",route="GET /things/{id}"} 3`,
		`linecard_http_requests_total{class="5xx",listener="api",route="GET /boom"} 1`,
		`linecard_http_requests_total{class="4xx",listener="api",route="other"} 1`,
		`linecard_http_request_seconds_bucket{class="2xx",listener="api",route="GET /things/{id}",le="0.025"} 0`,
		`linecard_http_request_seconds_bucket{class="2xx",listener="api",route="GET /things/{id}",le="0.05"} 3`,
		`linecard_http_requests_in_flight{listener="api"} 0`,
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(text, "random") {
		t.Error("a path became a label")
	}
}

func TestRoutesWithoutEndDoNotGrowTheMetrics(t *testing.T) {
	m := NewMetrics()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { SetRoute(r.Context(), r.URL.Path) }) // what one must not do
	for i := range maxRoutes + 100 {
		through(Edge{Name: "x", Metrics: m}, h, httptest.NewRequest("GET", fmt.Sprint("/", i), nil))
	}
	text := scrape(t, m)
	if n := strings.Count(text, "linecard_http_requests_total{"); n != maxRoutes+1 {
		t.Errorf("%d series", n)
	}
	if !strings.Contains(text, `linecard_http_requests_total{class="2xx",listener="x",route="other"} 100`) {
		t.Error("routes beyond the bound are not counted as other")
	}
}

func TestOpenConnectionsAreCountedAndForgotten(t *testing.T) {
	m := NewMetrics()
	s := serve(t, Config{Handler: reading, Edge: Edge{Name: "phones", Metrics: m}})
	c := dial(t, s)
	res, _ := talk(t, c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_, _ = io.Copy(io.Discard, res.Body)
	if !strings.Contains(scrape(t, m), `linecard_http_connections{listener="phones"} 1`) {
		t.Error("the open connection is not counted")
	}
	c.Close()
	eventually(t, func() bool { return strings.Contains(scrape(t, m), `linecard_http_connections{listener="phones"} 0`) })
}

func TestMetricsAreForTheMachineItselfConfiguredNetworksAndTokens(t *testing.T) {
	nets := Networks{netip.MustParsePrefix("10.9.0.0/16")}
	for _, c := range []struct {
		name  string
		guard Guard
		peer  string
		head  map[string]string
		want  int
	}{
		{"loopback", Guard{}, "127.0.0.1:1", nil, 200},
		{"loopback of IPv6", Guard{}, "[::1]:1", nil, 200},
		{"a stranger", Guard{}, "192.0.2.1:1", nil, 403},
		{"a configured network", Guard{Networks: nets}, "10.9.1.1:1", nil, 200},
		{"another network", Guard{Networks: nets}, "10.8.1.1:1", nil, 403},
		{"the token", Guard{Token: "t0p"}, "192.0.2.1:1", map[string]string{"Authorization": "Bearer t0p"}, 200},
		{"the token in other case", Guard{Token: "t0p"}, "192.0.2.1:1", map[string]string{"Authorization": "bearer t0p"}, 200},
		{"a wrong token", Guard{Token: "t0p"}, "192.0.2.1:1", map[string]string{"Authorization": "Bearer T0P"}, 401},
		{"no token", Guard{Token: "t0p"}, "192.0.2.1:1", nil, 401},
		{"an empty token where none is configured", Guard{}, "192.0.2.1:1", map[string]string{"Authorization": "Bearer "}, 403},
		{"a proxy on this machine that nobody configured", Guard{}, "127.0.0.1:1", map[string]string{"X-Forwarded-For": "192.0.2.1"}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/metrics", nil)
			r.RemoteAddr = c.peer
			for k, v := range c.head {
				r.Header.Set(k, v)
			}
			res := through(Edge{}, c.guard.Wrap(NewMetrics().Handler()), r)
			if res.StatusCode != c.want || (res.Header.Get("WWW-Authenticate") != "") != (c.want == 401) {
				t.Errorf("got %d %q, want %d", res.StatusCode, res.Header.Get("WWW-Authenticate"), c.want)
			}
		})
	}
}
