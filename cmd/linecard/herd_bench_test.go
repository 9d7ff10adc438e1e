package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/sim"
)

// databases are where the benchmarks of whole processes run.
var databases = []struct {
	name string
	url  func(testing.TB) string
}{{"sqlite", func(testing.TB) string { return "" }}, {"postgres", dbtest.MigratedPostgresURL}}

// BenchmarkHerd is power coming back: 5,000 phones of every maker want to boot within 30 s against one server on the same
// computer. The figures are of the server but for those of the slowest phone.
func BenchmarkHerd(b *testing.B) {
	for _, at := range databases {
		b.Run(at.name, func(b *testing.B) {
			s := newBenchSite(b, at.url(b))
			ids := sim.Identities(5000, 1)
			s.add(b, len(ids), func(i int) (string, string, string) { return ids[i].MAC.String(), string(ids[i].Maker), ids[i].Known() })
			trust := sim.NewTrust(s.roots)
			b.ResetTimer()
			for range b.N {
				var phones []*sim.Phone
				for i, id := range ids {
					p, err := sim.New(sim.Mixed(i, sim.Options{Identity: id, Base: s.base, User: benchUser, Password: benchWord, Trust: trust, Clock: db.System{}}, true))
					if err != nil {
						b.Fatal(err)
					}
					phones = append(phones, p)
				}
				pid := s.node.cmd.Process.Pid
				used := processorTime(b, pid)
				r := sim.Fleet{Phones: phones, Pattern: sim.Herd, Window: 30 * time.Second}.Run(context.Background())
				if r.Awake < int64(r.Phones) {
					b.Logf("%d of %d configured: %v, answers %v", r.Awake, r.Phones, r.Faults, r.Statuses)
				}
				if r.Wrong != 0 || r.Blocked != 0 || r.Errors != 0 {
					b.Errorf("%d wrong, %d blocked, %d without an answer: %v %v", r.Wrong, r.Blocked, r.Errors, r.WrongWhy, r.Statuses)
				}
				b.ReportMetric(100*float64(r.Awake)/float64(r.Phones), "%configured")
				b.ReportMetric(float64(r.Wrong), "wrong-bytes")
				b.ReportMetric(float64(r.Blocked), "wrong-blocks")
				b.ReportMetric(r.Seconds, "seconds")
				b.ReportMetric(r.PhoneP99, "p99-phone-s")
				b.ReportMetric(r.Slowest, "slowest-phone-s")
				b.ReportMetric(r.P99, "p99-ms")
				b.ReportMetric(float64(r.Requests)/float64(r.Phones), "requests/phone")
				b.ReportMetric((processorTime(b, pid) - used).Seconds(), "server-cpu-s")
				b.ReportMetric(peakMemory(b, pid), "server-MiB")
			}
		})
	}
}

// BenchmarkAgainstNginx asks for the master files of ten phones here, and for the same bytes as static files from Debian's nginx
// with TLS and Basic, in turns. Both have one processor for themselves (GOMAXPROCS=1, one worker). of_nginx is processor time of
// the server for one request, divided by nginx's, for new connections; for kept ones it is requests in a second of processor
// time, divided by nginx's.
func BenchmarkAgainstNginx(b *testing.B) {
	for _, at := range databases {
		b.Run(at.name, func(b *testing.B) {
			b.Setenv("GOMAXPROCS", "1")
			s := newBenchSite(b, at.url(b))
			paths := s.ten(b)
			www := filepath.Join(s.dir, "www")
			client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.roots}}}
			for _, path := range paths {
				file := filepath.Join(www, path)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					b.Fatal(err)
				}
				if err := os.WriteFile(file, fetch(b, client, s.node.phones+path), 0o644); err != nil {
					b.Fatal(err)
				}
			}
			address, nginxPID := nginx(b, s.dir, s.certs, s.keys)
			modern := &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519}}
			old := &tls.Config{RootCAs: s.roots, MaxVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519}, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}
			for _, way := range []struct {
				name string
				tls  *tls.Config
				keep bool
				n    int
			}{{"new-ecdsa", modern, false, 1000}, {"new-rsa", old, false, 600}, {"kept", modern, true, 10_000}} {
				b.Run(way.name, func(b *testing.B) {
					ours, theirs := asker{s.phones, paths, way.tls, way.keep}, asker{address, paths, way.tls, way.keep}
					ours.ask(b, way.n/10)
					theirs.ask(b, way.n/10)
					var cost, yardstick time.Duration
					n := 0
					b.ResetTimer()
					for range b.N {
						before := processorTime(b, s.node.cmd.Process.Pid)
						ours.ask(b, way.n)
						cost += processorTime(b, s.node.cmd.Process.Pid) - before
						before = processorTime(b, nginxPID)
						theirs.ask(b, way.n)
						yardstick += processorTime(b, nginxPID) - before
						n += way.n
					}
					us := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(n) }
					b.ReportMetric(us(cost), "cpu-µs")
					b.ReportMetric(us(yardstick), "nginx-cpu-µs")
					if way.keep {
						b.ReportMetric(us(yardstick)/us(cost), "of_nginx")
					} else {
						b.ReportMetric(us(cost)/us(yardstick), "of_nginx")
					}
				})
			}
		})
	}
}

// BenchmarkCostByFleet is what a request for a master file costs the server when the customer has ten phones, ten thousand and a
// million: of ten that are in memory, and of thousands of which each asks once.
func BenchmarkCostByFleet(b *testing.B) {
	for _, at := range databases {
		b.Run(at.name, func(b *testing.B) {
			b.Setenv("GOMAXPROCS", "1")
			s := newBenchSite(b, at.url(b))
			paths := s.ten(b)
			modern := &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519}}
			have := 10
			smallest := map[string]float64{}
			for _, fleet := range []int{10, 10_000, 1_000_000} {
				s.grow(b, have, fleet)
				have = fleet
				ways := map[string]asker{"in-memory": {s.phones, paths, modern, true}}
				if fleet > 10 {
					ways["each-once"] = asker{s.phones, s.some(fleet, 5000), modern, true}
				}
				for _, way := range []string{"in-memory", "each-once"} {
					a, ok := ways[way]
					if !ok {
						continue
					}
					b.Run(fmt.Sprintf("%d/%s", fleet, way), func(b *testing.B) {
						n, asked := map[string]int{"in-memory": 20_000, "each-once": len(a.paths)}[way], 0
						var cost time.Duration
						b.ResetTimer()
						for range b.N {
							if way == "each-once" { // nothing in memory
								b.StopTimer()
								s.restart(b)
								b.StartTimer()
							} else {
								a.ask(b, n/10)
							}
							pid := s.node.cmd.Process.Pid
							before := processorTime(b, pid)
							a.ask(b, n)
							cost += processorTime(b, pid) - before
							asked += n
						}
						each := float64(cost.Microseconds()) / float64(asked)
						if _, known := smallest[way]; !known {
							smallest[way] = each
						}
						b.ReportMetric(each, "cpu-µs")
						b.ReportMetric(each/smallest[way], "of_smallest")
					})
				}
			}
		})
	}
}

// restart ends the server in order and starts it again on the same address.
func (s *benchSite) restart(b *testing.B) {
	b.Helper()
	s.node.stop()
	s.node = s.serve(b)
}

// ten makes ten phones of Poly and gives the paths of their master files.
func (s *benchSite) ten(b *testing.B) []string {
	b.Helper()
	s.add(b, 10, func(i int) (string, string, string) { return benchMAC(i), "poly", "VVX411" })
	return s.some(10, 10)
}

// some gives the paths of n master files, spread over a fleet.
func (s *benchSite) some(fleet, n int) []string {
	prefix := strings.TrimPrefix(s.base, s.node.phones)
	var out []string
	for i := range n {
		out = append(out, prefix+"/"+benchMAC(i*(fleet/n))+".cfg")
	}
	return out
}

func benchMAC(i int) string { return fmt.Sprintf("64167f%06x", i) }

// grow copies the first phone, row by row, until there are so many: the API would take an hour for a million.
func (s *benchSite) grow(b *testing.B, from, to int) {
	b.Helper()
	if from >= to {
		return
	}
	ctx := context.Background()
	s.node.stop()
	d, err := db.Open(ctx, s.db, db.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	var first string
	if err := d.Get(ctx, &first, `SELECT id FROM device_devices WHERE mac = $1`, benchMAC(0)); err != nil {
		b.Fatal(err)
	}
	id, mac := `'bench' || n.i`, `printf('64167f%06x', n.i)`
	if !d.Embedded() {
		mac = `'64167f' || lpad(to_hex(n.i), 6, '0')`
	}
	for _, table := range []string{"device_devices", "device_sightings", "device_places"} {
		key := map[string]string{"device_devices": "id"}[table]
		if key == "" {
			key = "device_id"
		}
		var columns, values []string
		ask := `SELECT name FROM pragma_table_info($1)`
		if !d.Embedded() {
			ask = `SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = current_schema()`
		}
		if err := d.Select(ctx, &columns, ask, table); err != nil {
			b.Fatal(err)
		}
		for _, c := range columns {
			switch c {
			case key:
				values = append(values, id)
			case "mac":
				values = append(values, mac)
			default:
				values = append(values, "t."+c)
			}
		}
		for at := from; at < to; at += 50_000 {
			end := min(at+50_000, to)
			copied := fmt.Sprintf(`INSERT INTO %s (%s) WITH RECURSIVE n(i) AS (SELECT CAST(%d AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d) SELECT %s FROM n, %s t WHERE t.%s = $1`,
				table, strings.Join(columns, ", "), at, end, strings.Join(values, ", "), table, key)
			if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, copied, first); return err }); err != nil {
				b.Fatal(table, err)
			}
		}
	}
	if !d.Embedded() {
		for _, table := range []string{"device_devices", "device_sightings", "device_places"} {
			if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, `ANALYZE `+table); return err }); err != nil {
				b.Fatal(err)
			}
		}
	}
	s.node = s.serve(b)
}

// fetch gets a file with the account of the phones.
func fetch(b *testing.B, c *http.Client, url string) []byte {
	b.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.SetBasicAuth(benchUser, benchWord)
	req.Header.Set("User-Agent", "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 Type/Application")
	res, err := c.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatal(url, res.StatusCode, err)
	}
	return body
}
