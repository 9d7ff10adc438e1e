package httpx

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The edge against the bare handler: what every request of every listener pays.
func BenchmarkEdge(b *testing.B) {
	payload := make([]byte, 6<<10)
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(payload) })
	logged := slog.New(slog.NewJSONHandler(discard{}, nil))
	for name, h := range map[string]http.Handler{
		"bare":             bare,
		"edge_quiet":       Edge{Name: "phones", Log: logged, Metrics: NewMetrics(), Quiet: func(*http.Request, int) bool { return true }}.Wrap(bare),
		"edge_with_access": Edge{Name: "phones", Log: logged, Metrics: NewMetrics()}.Wrap(bare),
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/p/acme/0004f2abcdef.cfg", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
