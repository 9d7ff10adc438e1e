package boot_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
)

// BenchmarkAnswerToAPhone is a whole request behind TLS and the edge: path, password, door, counters, bytes from memory.
func BenchmarkAnswerToAPhone(b *testing.B) {
	clock := dbtest.NewClock()
	w := devicetest.New(b, dbtest.Open(b, dbtest.SQLiteURL(b), clock))
	w.Phone(b, w.Acme.ID, mac)
	n := newNode(b, w, clock)
	for name, c := range map[string]struct{ host, header string }{"challenge": {"acme", ""}, "right": {"acme", right},
		"wrong": {"acme", basic(devicetest.User, "x")}, "nobody": {"nobody", basic(devicetest.User, "x")}} {
		b.Run(name, func(b *testing.B) {
			header := c.header
			r := httptest.NewRequest(http.MethodGet, "/p/"+c.host+"/"+mac+".cfg", nil)
			r.Header.Set("User-Agent", agent)
			if header != "" {
				r.Header.Set("Authorization", strings.TrimPrefix(header, "Authorization: "))
			}
			for b.Loop() {
				n.handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
