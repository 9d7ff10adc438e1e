package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/httpx"
)

const clients = 16

// benchWorld is a world on SQLite with the clock of the machine, its API on a real listener beside a handler that only
// writes bytes.
func benchWorld(b *testing.B) (w *world, url string) {
	b.Helper()
	return benchWorldOn(b, dbtest.SQLiteURL(b))
}

// benchWorldOn is benchWorld on any database.
func benchWorldOn(b *testing.B, database string) (w *world, url string) {
	b.Helper()
	d, err := db.Open(context.Background(), database, db.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	w = &world{tb: b, db: d}
	w.wire(1_000_000)
	w.seed()
	mux := httpx.NewMux()
	mux.Handle("/api/", w.api.Handler())
	mux.HandleFunc("GET /bare", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write(w.bare)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.ok(err)
	srv, err := httpx.Listen(httpx.Config{Listener: l, Handler: mux, Edge: httpx.Edge{Name: "portal", Log: slog.New(slog.DiscardHandler)}})
	w.ok(err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx) }()
	b.Cleanup(func() { stop(); <-done })
	return w, "http://" + l.Addr().String()
}

// rate sends requests from 16 clients for a while and gives how many were answered in a second.
func rate(b *testing.B, during time.Duration, send func(c *http.Client, i int64) int, want int) float64 {
	b.Helper()
	t := &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients}
	defer t.CloseIdleConnections()
	c := &http.Client{Transport: t}
	var n, bad atomic.Int64
	start := time.Now()
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for time.Since(start) < during {
				if send(c, n.Add(1)) != want {
					bad.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if bad.Load() > 0 {
		b.Fatalf("%d of %d answers were not %d", bad.Load(), n.Load(), want)
	}
	return float64(n.Load()) / time.Since(start).Seconds()
}

func ask(b *testing.B, c *http.Client, method, url, token string, body any) int {
	var rd io.Reader
	if body != nil {
		raw, _ := json.Marshal(body)
		rd = bytes.NewReader(raw)
	}
	r, err := http.NewRequest(method, url, rd)
	if err != nil {
		b.Error(err)
		return 0
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.Do(r)
	if err != nil {
		b.Error(err)
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

const (
	round  = 700 * time.Millisecond
	rounds = 4
)

// BenchmarkReadOneObject compares an authenticated read of one customer with a handler of the same server that writes
// the same bytes without looking at anything.
// The target is a ratio of 0.5. The two take turns, so that a busy moment of the machine strikes both.
func BenchmarkReadOneObject(b *testing.B) {
	w, url := benchWorld(b)
	token := w.as(w.p, access.PartnerFullAdmin)
	path := url + "/api/v1/customers/" + w.c.ID
	w.bare = w.get(token, "/customers/"+w.c.ID).Body.Bytes() // the same answer, ready made
	for b.Loop() {
		var bare, read float64
		for range rounds {
			bare += rate(b, round, func(c *http.Client, _ int64) int { return ask(b, c, "GET", url+"/bare", token, nil) }, 200)
			read += rate(b, round, func(c *http.Client, _ int64) int { return ask(b, c, "GET", path, token, nil) }, 200)
		}
		b.ReportMetric(read/rounds, "reads/s")
		b.ReportMetric(bare/rounds, "bare/s")
		b.ReportMetric(read/bare, "ratio")
	}
}

// BenchmarkSingleCreates compares creates by 16 clients, one object a request, each durable, with how often a single writer can
// sync a file of the same disk. The target is a ratio of 0.35.
func BenchmarkSingleCreates(b *testing.B) {
	for _, kind := range []string{"customers", "devices"} {
		b.Run(kind, func(b *testing.B) {
			w, url := benchWorld(b)
			partner, customer := w.as(w.p, access.PartnerFullAdmin), w.as(w.c, access.CustomerFullAdmin)
			var serial atomic.Int64
			create := func(c *http.Client, _ int64) int {
				n := serial.Add(1)
				if kind == "devices" {
					return ask(b, c, "POST", url+"/api/v1/customers/"+w.c.ID+"/devices", customer, map[string]any{"mac": fmt.Sprintf("0004f2%06x", n)})
				}
				return ask(b, c, "POST", url+"/api/v1/customers", partner, map[string]any{"name": fmt.Sprint("Customer ", n), "email": fmt.Sprintf("bench%d@example.test", n),
					"contact": "Ann Lee", "permission_types": []string{"DMP"}})
			}
			for b.Loop() {
				var made, synced float64
				for range rounds {
					synced += fsyncs(b, round/2)
					made += rate(b, round, create, http.StatusCreated)
				}
				b.ReportMetric(made/rounds, "creates/s")
				b.ReportMetric(synced/rounds, "fsync/s")
				b.ReportMetric(made/synced, "ratio")
			}
		})
	}
}

// fsyncs says how often in a second 4 KiB can be appended to a file and synced, one after the other.
func fsyncs(b *testing.B, during time.Duration) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "fsync"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	n := 0
	start := time.Now()
	for ; time.Since(start) < during; n++ {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(start).Seconds()
}
