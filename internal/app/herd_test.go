package app_test

import (
	"cmp"
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device/devicetest"
	"linecard/internal/sim"
)

// herd makes a mixed herd of Acme that asks at this address.
func herd(t *testing.T, s *httptest.Server, ids []sim.Identity) []*sim.Phone {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	trust := sim.NewTrust(roots)
	var out []*sim.Phone
	for i, id := range ids {
		p, err := sim.New(sim.Mixed(i, sim.Options{Identity: id, Base: s.URL + "/p/acme", User: devicetest.User, Password: devicetest.Password, Trust: trust,
			Clock: db.System{}, Retry: 10 * time.Millisecond}, runtime.GOOS == "linux"))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// Issue 3, "Must show", on a small scale: power is back, every phone is configured, with its own bytes, and none is turned away.
func TestAHerdOfEveryMakerIsServedWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		n := newPhonesNode(t, devicetest.New(t, d))
		ids := sim.Identities(300, 11)
		for _, id := range ids {
			n.Phone(t, n.Acme.ID, id.MAC.String())
		}
		phones := herd(t, n.server, ids)
		for _, what := range []string{"lean", "full"} {
			for i, p := range phones {
				p.Lean = what == "lean"
				p.Choices.PlainUploads = i%2 == 0
			}
			r := sim.Fleet{Phones: phones, Pattern: sim.Herd, Window: time.Second}.Run(context.Background())
			if r.Awake != 300 || r.Configured != 300 || r.Wrong != 0 || r.Blocked != 0 || r.Errors != 0 || r.Statuses["503"] != 0 {
				t.Errorf("%s: %+v", what, r)
			}
			t.Logf("%s: %d requests, %d connections, %d resumed, p99 %.1f ms, slowest phone %.2f s", what, r.Requests, r.Connections, r.Resumed, r.P99, r.Slowest)
		}
	})
}

// Promise 4, decision 11: power is back before the database. Phones that nobody knows yet hear 503 and come again; nobody hears
// 404 for what there is, and nobody is given an empty file.
func TestNoPhoneIsToldThatItDoesNotExistWhileTheDatabaseIsLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		w := devicetest.New(t, d)
		gone, err := db.Open(context.Background(), dbtest.SQLiteURL(t), db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		late, alive := newPhonesNode(t, w.Node(t, gone)), newPhonesNode(t, w)
		if err := gone.Close(); err != nil {
			t.Fatal(err)
		}
		var back atomic.Bool
		s := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			n := late
			if back.Load() {
				n = alive
			}
			n.server.Config.Handler.ServeHTTP(rw, r)
		}))
		t.Cleanup(s.Close)
		comeLate(t, alive, s, sim.Identities(100, 12), func() { back.Store(true) })
	})
}

// The same with one process, whose database is cut off and comes back.
func TestANodeServesAgainWhenItsDatabaseIsBack(t *testing.T) {
	address := dbtest.MigratedPostgresURL(t)
	w := devicetest.New(t, dbtest.Open(t, address, dbtest.NewClock()))
	line := newLine(t, address)
	own, err := db.Open(context.Background(), line.url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	n := newPhonesNode(t, w.Node(t, own))
	ids := sim.Identities(60, 13)
	line.cut()
	comeLate(t, &phonesNode{World: w}, n.server, ids, line.restore)
}

// comeLate lets phones of Acme boot against a server whose database is away until restore is called, which happens when each of
// them has come in vain.
func comeLate(t *testing.T, w *phonesNode, s *httptest.Server, ids []sim.Identity, restore func()) {
	t.Helper()
	for _, id := range ids {
		w.Phone(t, w.Acme.ID, id.MAC.String())
	}
	var mu sync.Mutex
	back, wrong, failed := false, map[int]int{}, map[*sim.Phone]bool{}
	phones := herd(t, s, ids)
	for _, p := range phones {
		p.Watch = func(_ *sim.Phone, x sim.Exchange, _ []byte) {
			mu.Lock()
			defer mu.Unlock()
			if !back && x.Status != http.StatusUnauthorized && x.Status != http.StatusServiceUnavailable && x.Method == http.MethodGet {
				wrong[x.Status]++
			}
		}
	}
	r := sim.Fleet{Phones: phones, Pattern: sim.Herd, Window: 200 * time.Millisecond, Again: 50 * time.Millisecond, Trip: func(p *sim.Phone, trip sim.Trip) {
		mu.Lock()
		defer mu.Unlock()
		if failed[p] = failed[p] || !trip.Configured; len(failed) == len(phones) && !back {
			back = true
			restore()
		}
	}}.Run(context.Background())
	if r.Awake != int64(len(ids)) || r.Wrong != 0 || r.Blocked != 0 || r.Statuses["503"] < int64(len(ids)) || len(wrong) != 0 {
		t.Errorf("%+v\nwhile the database was away: %v", r, wrong)
	}
	for fault := range r.Faults {
		if !strings.HasSuffix(fault, http.StatusText(http.StatusServiceUnavailable)) {
			t.Errorf("a phone ended with %q", fault)
		}
	}
}

// line is a connection to PostgreSQL that can be cut.
type line struct {
	t               *testing.T
	url             string
	network, server string // where PostgreSQL is
	address         string // where the line is
	mu              sync.Mutex
	listener        net.Listener // nil: cut
	active          []net.Conn
}

// newLine listens between a node and the server at this address.
func newLine(t *testing.T, address string) *line {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{t: t, network: "tcp", server: u.Host, address: "127.0.0.1:0"}
	q := u.Query()
	if socket := q.Get("host"); strings.HasPrefix(socket, "/") {
		l.network, l.server = "unix", socket+"/.s.PGSQL."+cmp.Or(q.Get("port"), u.Port(), "5432")
	}
	l.restore()
	q.Del("host")
	q.Del("port")
	u.Host, u.RawQuery = l.address, q.Encode()
	l.url = u.String()
	t.Cleanup(l.cut)
	return l
}

func (l *line) serve(from net.Listener) {
	for {
		near, err := from.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial(l.network, l.server)
		if err != nil {
			_ = near.Close()
			continue
		}
		l.mu.Lock()
		l.active = append(l.active, near, far)
		l.mu.Unlock()
		go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
		go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
	}
}

// cut breaks what is connected and refuses what would like to be.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener == nil {
		return
	}
	_ = l.listener.Close()
	l.listener = nil
	for _, c := range l.active {
		_ = c.Close()
	}
	l.active = nil
}

func (l *line) restore() {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, err := net.Listen("tcp", l.address)
	if err != nil {
		l.t.Error(err)
		return
	}
	l.listener, l.address = from, from.Addr().String()
	go l.serve(from)
}
