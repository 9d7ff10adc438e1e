package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"linecard/internal/db/dbtest"
)

// wire is a TCP relay between a server and its database that a test can cut and mend.
type wire struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	cut      bool
	open     map[net.Conn]bool
}

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, to: to, open: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); w.set(true) })
	go w.accept()
	return w
}

func (w *wire) accept() {
	for {
		c, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.join(c)
	}
}

func (w *wire) join(c net.Conn) {
	defer c.Close()
	w.mu.Lock()
	cut := w.cut
	w.open[c] = true
	w.mu.Unlock()
	if cut {
		return
	}
	d, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer d.Close()
	go func() { _, _ = io.Copy(d, c); d.Close() }()
	_, _ = io.Copy(c, d)
}

// set cuts the wire, ending all connections, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	if cut {
		for c := range w.open {
			c.Close()
		}
		w.open = map[net.Conn]bool{}
	}
}

// TestWhenTheDatabaseIsGoneClientsAreToldToComeBackAndPhonesAreServed cuts the wire to PostgreSQL: the API answers 503 with
// Retry-After, a phone that was served before gets the same bytes, one that was not gets 503 and never 404; when the wire is
// mended everything works again without a restart.
func TestWhenTheDatabaseIsGoneClientsAreToldToComeBackAndPhonesAreServed(t *testing.T) {
	direct, err := url.Parse(dbtest.MigratedPostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(t, direct.Host)
	through := *direct
	through.Host = w.listener.Addr().String()
	s := newSite(t, through.String())
	operator := s.bootstrap(t)
	n := s.serve(t)
	partner := operator.must(t, "POST", "/api/v1/partners", map[string]any{"name": "Wire", "email": "w@wire.example", "contact": "W"}).text("id")
	customer := operator.must(t, "POST", "/api/v1/customers", map[string]any{"owner_id": partner, "name": "Harbour", "email": "h@wire.example", "contact": "H", "permission_types": []string{"DMP"}})
	id, host := customer.text("id"), customer.text("host")
	operator.must(t, "PATCH", "/api/v1/customers/"+id+"/provisioning", map[string]any{"account": map[string]any{"user": "phones", "password": "correct-horse-battery"}})
	for _, mac := range []string{"64167f0a0b0c", "64167f0a0b0d"} {
		operator.must(t, "POST", "/api/v1/customers/"+id+"/devices", map[string]any{"mac": mac, "maker": "poly", "name": mac})
	}
	phone := s.phoneClient(t)
	before := masterFile(t, phone, n.phones, host, "phones", "correct-horse-battery")
	if before == "" {
		t.Fatal("the phone was not served before the fault")
	}

	w.set(true)
	for _, method := range []string{"GET", "PATCH"} {
		var in any
		if method == "PATCH" {
			in = map[string]any{"contact": "nobody will read this"}
		}
		a, err := operator.do(t.Context(), method, "/api/v1/customers/"+id, in)
		if err != nil || a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("%s without a database: %d, Retry-After %q, %v %s", method, a.status, a.header.Get("Retry-After"), err, a.raw)
		}
	}
	if after := masterFile(t, phone, n.phones, host, "phones", "correct-horse-battery"); after != before {
		t.Errorf("the known phone got other bytes: %q", after)
	}
	if status := phoneStatus(t, phone, n.phones, host, "64167f0a0b0d.cfg"); status != http.StatusServiceUnavailable {
		t.Errorf("a phone that was not served before got %d", status)
	}
	dbtest.Eventually(t, "readyz says that the node cannot work", func() bool { return probe(t, n.portal+"/readyz") == http.StatusServiceUnavailable })
	if status := probe(t, n.portal+"/healthz"); status != http.StatusOK {
		t.Errorf("healthz says %d", status)
	}

	w.set(false)
	dbtest.Eventually(t, "the API works again", func() bool {
		a, err := operator.do(t.Context(), "PATCH", "/api/v1/customers/"+id, map[string]any{"contact": "back"})
		return err == nil && a.status == http.StatusOK
	})
	dbtest.Eventually(t, "the cold phone is served", func() bool {
		return phoneStatus(t, phone, n.phones, host, "64167f0a0b0d.cfg") == http.StatusOK
	})
}

func probe(t *testing.T, address string) int {
	t.Helper()
	res, err := http.Get(address) //nolint:gosec // of this test's own node
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func phoneStatus(t *testing.T, c *http.Client, phones, host, file string) int {
	t.Helper()
	req, err := http.NewRequest("GET", fmt.Sprintf("%s/p/%s/%s", phones, host, file), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("phones", "correct-horse-battery")
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// TestWhenTheDiskIsFullChangesAreRefusedReadsWorkAndNothingIsLost fills a small disk under SQLite: changes answer 503 with
// Retry-After, reads go on, and when there is room again changes work without a restart and the record is whole.
func TestWhenTheDiskIsFullChangesAreRefusedReadsWorkAndNothingIsLost(t *testing.T) {
	s := newSite(t, "")
	disk := filepath.Join(s.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=12m"); err != nil {
		if os.Getuid() == 0 {
			t.Fatalf("a small disk cannot be mounted: %v", err)
		}
		t.Skip("SKIPPED: mounting a small disk needs root")
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, 0) })
	s.db = "sqlite://" + filepath.Join(disk, "linecard.db")
	operator := s.bootstrap(t)
	n := s.serve(t)
	t.Cleanup(n.kill) // before the disk goes away
	partner := operator.must(t, "POST", "/api/v1/partners", map[string]any{"name": "Disk", "email": "d@disk.example", "contact": "D"}).text("id")

	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	acked := map[string]bool{}
	refused := answer{}
	for i := 0; refused.status == 0 && i < 2000; i++ {
		name := fmt.Sprintf("Customer %d", i)
		a, err := operator.do(context.Background(), "POST", "/api/v1/customers", map[string]any{"owner_id": partner, "name": name,
			"email": fmt.Sprintf("c%d@disk.example", i), "contact": strings.Repeat("c", 100), "permission_types": []string{"DMP"}})
		switch {
		case err != nil:
			t.Fatal(err)
		case a.status == http.StatusCreated:
			acked[a.text("id")] = true
		default:
			refused = a
		}
	}
	if refused.status != http.StatusServiceUnavailable || refused.header.Get("Retry-After") == "" {
		t.Fatalf("on a full disk a change got %d, Retry-After %q: %s", refused.status, refused.header.Get("Retry-After"), refused.raw)
	}
	if a, err := operator.do(t.Context(), "GET", "/api/v1/partners/"+partner, nil); err != nil || a.status != http.StatusOK {
		t.Errorf("a read on a full disk: %d %v", a.status, err)
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	dbtest.Eventually(t, "changes work again", func() bool {
		a, err := operator.do(t.Context(), "PATCH", "/api/v1/partners/"+partner, map[string]any{"contact": "room again"})
		return err == nil && a.status == http.StatusOK
	})
	for id := range acked {
		operator.must(t, "GET", "/api/v1/customers/"+id, nil)
	}
	if code := n.stop(); code != 0 {
		t.Errorf("an orderly stop ended with %d:\n%s", code, n.log.String())
	}
	output(t, append([]string{"audit", "verify"}, s.stores()...)...)
}

// fill writes a file until the disk is full.
func fill(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for {
		if _, err := f.Write(block); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			return
		}
	}
}
