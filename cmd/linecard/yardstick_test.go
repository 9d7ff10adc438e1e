package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/db/dbtest"
)

// What the benchmarks of whole processes share: certificates, an installation with one customer, processor time of a process,
// Debian's nginx with the same bytes as files, and a client that costs little.

const (
	benchUser = "phones"
	benchWord = "correct-horse-battery"
)

// benchCertificates writes an ECDSA and an RSA certificate for 127.0.0.1 and gives who trusts them.
func benchCertificates(b *testing.B, dir string) (certs, keys []string, roots *x509.CertPool) {
	b.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	roots = x509.NewCertPool()
	for i, key := range []crypto.Signer{ec, rs} {
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: "bench"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			b.Fatal(err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			b.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			b.Fatal(err)
		}
		roots.AddCert(leaf)
		cert, file := filepath.Join(dir, fmt.Sprintf("bench%d.pem", i)), filepath.Join(dir, fmt.Sprintf("bench%d.key", i))
		for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, file: {Type: "PRIVATE KEY", Bytes: private}} {
			if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
				b.Fatal(err)
			}
		}
		certs, keys = append(certs, cert), append(keys, file)
	}
	return certs, keys, roots
}

// benchSite is an installation with one customer whose phones have an account.
type benchSite struct {
	site
	node     *node
	operator *caller
	roots    *x509.CertPool
	certs    []string
	keys     []string
	customer string
	base     string // provisioning address
}

// newBenchSite makes it; env goes to the server's process.
func newBenchSite(b *testing.B, database string) *benchSite {
	b.Helper()
	s := &benchSite{site: newSite(b, database)}
	s.certs, s.keys, s.roots = benchCertificates(b, s.dir)
	s.extra = []string{"--log-level", "error", "--phones-cert", strings.Join(s.certs, ","), "--phones-key", strings.Join(s.keys, ",")}
	s.operator = s.bootstrap(b)
	s.node = s.serve(b)
	partner := s.operator.must(b, "POST", "/api/v1/partners", map[string]any{"name": "Bench", "email": "p@bench.example", "contact": "B"}).text("id")
	made := s.operator.must(b, "POST", "/api/v1/customers", map[string]any{"owner_id": partner, "name": "Bench", "email": "c@bench.example", "contact": "C", "permission_types": []string{"DMP"}})
	s.customer, s.base = made.text("id"), s.node.phones+"/p/"+made.text("host")
	s.operator.must(b, "PATCH", "/api/v1/customers/"+s.customer+"/provisioning", map[string]any{"account": map[string]any{"user": benchUser, "password": benchWord}})
	return s
}

// add makes phones by the API, many at a time; each is made of mac, maker and model.
func (s *benchSite) add(b *testing.B, n int, phone func(int) (mac, maker, model string)) {
	b.Helper()
	var next atomic.Int64
	var failed atomic.Pointer[string]
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && failed.Load() == nil; i = next.Add(1) - 1 {
				mac, maker, model := phone(int(i))
				a, err := s.operator.do(context.Background(), "POST", "/api/v1/customers/"+s.customer+"/devices", map[string]any{"mac": mac, "maker": maker, "model": model, "name": fmt.Sprintf("Phone-%d", i)})
				if err != nil || a.status >= 300 {
					why := fmt.Sprint(err, " ", a.status, " ", a.raw)
					failed.Store(&why)
				}
			}
		})
	}
	all.Wait()
	if why := failed.Load(); why != nil {
		b.Fatal(*why)
	}
}

// processorTime is what a process has used so far, in user and kernel.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skip("processor time of processes is read from /proc: ", err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // from the third on
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * (time.Second / 100) // USER_HZ is 100 on every Linux
}

// peakMemory is the largest resident set of a process so far, in MiB.
func peakMemory(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("memory of processes is read from /proc: ", err)
	}
	for _, l := range lines(string(text)) {
		if f := strings.Fields(l); len(f) > 1 && f[0] == "VmHWM:" {
			kb, _ := strconv.ParseFloat(f[1], 64)
			return kb / 1024
		}
	}
	b.Fatal("no VmHWM")
	return 0
}

// nginx serves a folder as Debian's nginx does with one worker, TLS and Basic, and gives its address and process.
func nginx(b *testing.B, dir string, certs, keys []string) (address string, pid int) {
	b.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program = "/usr/sbin/nginx"; !exists(program) {
			b.Skip("nginx is the yardstick and is not installed (scripts/test-deps.sh nginx)")
		}
	}
	address = freeAddress(b)
	conf := "master_process off;\ndaemon off;\nworker_processes 1;\npid " + dir + "/nginx.pid;\nerror_log " + dir + "/error.log crit;\nevents { worker_connections 4096; }\nhttp {\n access_log off;\n server {\n" +
		"  listen " + address + " ssl reuseport;\n  ssl_protocols TLSv1.2 TLSv1.3;\n  ssl_session_cache none;\n  keepalive_requests 1000000000;\n  root " + dir + "/www;\n  auth_basic phones;\n  auth_basic_user_file " + dir + "/users;\n  types { }\n  default_type \"text/xml; charset=utf-8\";\n"
	for i := range certs {
		conf += "  ssl_certificate " + certs[i] + ";\n  ssl_certificate_key " + keys[i] + ";\n"
	}
	for _, t := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		conf += "  " + t + "_temp_path " + dir + "/tmp-" + t + ";\n"
	}
	for path, text := range map[string]string{"nginx.conf": conf + " }\n}\n", "users": benchUser + ":{PLAIN}" + benchWord + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	c := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	dbtest.Eventually(b, "nginx listens "+said.String(), func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return address, c.Process.Pid
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// asker asks one server for files with Basic, on kept or on new connections.
type asker struct {
	address string
	paths   []string
	tls     *tls.Config
	keep    bool
}

// ask makes n requests from some clients at a time; an answer other than 200 fails the benchmark.
func (a asker) ask(b *testing.B, n int) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var c *askerConn
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if c == nil {
					conn, err := tls.Dial("tcp", a.address, a.tls)
					if err != nil {
						b.Error(err)
						return
					}
					c = &askerConn{conn, bufio.NewReader(conn)}
				}
				if err := c.get(a.paths[int(i)%len(a.paths)], a.address); err != nil {
					b.Error(err)
					return
				}
				if !a.keep {
					_ = c.conn.Close()
					c = nil
				}
			}
			if c != nil {
				_ = c.conn.Close()
			}
		})
	}
	all.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

type askerConn struct {
	conn net.Conn
	in   *bufio.Reader
}

var basicHeader = "Basic " + base64.StdEncoding.EncodeToString([]byte(benchUser+":"+benchWord))

func (c *askerConn) get(path, host string) error {
	_, err := io.WriteString(c.conn, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nUser-Agent: FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 Type/Application\r\nAccept: */*\r\nAuthorization: "+basicHeader+"\r\n\r\n")
	if err != nil {
		return err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || n == 0) {
		err = fmt.Errorf("%s: %d with %d bytes", path, res.StatusCode, n)
	}
	return err
}
