package boot_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"linecard/internal/db/dbtest"
	"linecard/internal/device"
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

// BenchmarkOwnAccount is what a phone's own account costs: its two passwords are opened and compared for each request.
func BenchmarkOwnAccount(b *testing.B) {
	clock := dbtest.NewClock()
	w := devicetest.New(b, dbtest.Open(b, dbtest.SQLiteURL(b), clock))
	w.Phone(b, w.Acme.ID, mac)
	n := newNode(b, w, clock)
	n.reads(b, params, right)
	a := n.own(b, w.Acme.ID, mac)
	for name, header := range map[string]string{"right": basic(a.User, a.Password), "wrong": basic(a.User, "x"), "unknown": basic("64167fffffff", "x")} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, params, nil)
			r.Header.Set("User-Agent", agent)
			r.Header.Set("Authorization", strings.TrimPrefix(header, "Authorization: "))
			for b.Loop() {
				n.handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

var guesses = flag.Int("guesses", 100_000, "how often BenchmarkGuesses guesses")

// BenchmarkGuesses makes the number of guesses that the issue names, with and without a leaked account, while 5,000 genuine phones come from
// the same address; any secret, and any phone that is not served, fails it.
func BenchmarkGuesses(b *testing.B) {
	clock := dbtest.NewClock()
	w := devicetest.New(b, dbtest.Open(b, dbtest.SQLiteURL(b), clock))
	w.Phone(b, w.Acme.ID, mac)
	w.AutoAdd(b, w.Acme.ID, device.Quarantine)
	n := newNode(b, w, clock)
	guess(b, n, *guesses, *guesses/20)
	b.ReportMetric(float64(*guesses/20), "genuine")
	b.ReportMetric(float64(*guesses), "guesses")
	b.ReportMetric(0, "secrets")
}
