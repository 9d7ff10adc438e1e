package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/db/dbtest"
)

// TestMain lets this test binary be the program itself: a process that a test starts with beMain set runs main.
func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const beMain = "LINECARD_TEST_BE_MAIN"

// node is a linecard process that a test started.
type node struct {
	t      testing.TB
	cmd    *exec.Cmd
	log    *lockedBuffer
	portal string
	phones string
	ended  chan struct{}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// site is the place of an installation: its stores and its addresses, which stay the same over restarts.
type site struct {
	dir, db      string
	http, phones string
	extra        []string
}

// newSite gives an installation on SQLite, or on the database named.
func newSite(t testing.TB, database string) site {
	s := site{dir: t.TempDir(), http: freeAddress(t), phones: freeAddress(t)}
	s.db = database
	if s.db == "" {
		s.db = "sqlite://" + filepath.Join(s.dir, "linecard.db")
	}
	return s
}

// beside gives a second node of the same installation.
func (s site) beside(t testing.TB) site {
	s.http, s.phones = freeAddress(t), freeAddress(t)
	return s
}

func (s site) stores() []string {
	return []string{"--db", s.db, "--blob", "file://" + filepath.Join(s.dir, "files"), "--key-file", filepath.Join(s.dir, "keys.json")}
}

func freeAddress(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// command prepares a process of the program.
func command(t testing.TB, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, args...)
	c.Env = append(os.Environ(), beMain+"=1")
	return c
}

// output runs the program to its end and gives stdout; a failure fails the test.
func output(t testing.TB, args ...string) string {
	t.Helper()
	c := command(t, args...)
	var errOut bytes.Buffer
	c.Stderr = &errOut
	out, err := c.Output()
	if err != nil {
		t.Fatalf("linecard %s: %v\n%s", strings.Join(args, " "), err, errOut.String())
	}
	return string(out)
}

// serve starts the product and waits until it is ready.
func (s site) serve(t testing.TB) *node {
	t.Helper()
	args := append([]string{"serve", "--http", s.http, "--phones", s.phones, "--public-url", "http://" + s.http, "--drain", "3s", "--requests-per-second", "100000"}, s.stores()...)
	return s.start(t, append(args, s.extra...)...)
}

func (s site) start(t testing.TB, args ...string) *node {
	t.Helper()
	n := &node{t: t, cmd: command(t, args...), log: &lockedBuffer{}, portal: "http://" + s.http, phones: "https://" + s.phones, ended: make(chan struct{})}
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = n.cmd.Wait(); close(n.ended) }()
	t.Cleanup(func() { n.kill() })
	n.ready()
	return n
}

// ready waits until the node says that it can work.
func (n *node) ready() {
	n.t.Helper()
	client := http.Client{Timeout: time.Second}
	dbtest.Eventually(n.t, "the node becomes ready\n"+n.log.String(), func() bool {
		select {
		case <-n.ended:
			n.t.Fatalf("the node ended:\n%s", n.log.String())
		default:
		}
		res, err := client.Get(n.portal + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the process as a power cut would, and waits for its end.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	<-n.ended
}

// stop asks the process to end and gives its exit code.
func (n *node) stop() int {
	n.t.Helper()
	_ = n.cmd.Process.Signal(os.Interrupt)
	select {
	case <-n.ended:
	case <-time.After(15 * time.Second):
		n.t.Fatalf("the node does not stop:\n%s", n.log.String())
	}
	return n.cmd.ProcessState.ExitCode()
}

// caller talks to a node's API as one account.
type caller struct {
	base  string
	token string
	http  http.Client
}

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    string
}

func (c *caller) do(ctx context.Context, method, path string, in any, header ...string) (answer, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, header: res.Header, raw: string(b)}
	_ = json.Unmarshal(b, &a.body)
	return a, nil
}

// must does a request that has to succeed.
func (c *caller) must(t testing.TB, method, path string, in any, header ...string) answer {
	t.Helper()
	a, err := c.do(context.Background(), method, path, in, header...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.status >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, a.status, a.raw)
	}
	return a
}

// bootstrap makes the operator of an installation and gives a caller with all its rights.
func (s site) bootstrap(t testing.TB) *caller {
	t.Helper()
	output(t, append([]string{"admin", "bootstrap", "--email", "ada@operator.example", "--json"}, s.stores()...)...)
	var out struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal([]byte(output(t, append([]string{"admin", "token", "--email", "ada@operator.example", "--json"}, s.stores()...)...)), &out); err != nil {
		t.Fatal(err)
	}
	return &caller{base: "http://" + s.http, token: out.Token, http: http.Client{Timeout: 20 * time.Second}}
}

// phoneClient trusts the self-made authority of a site.
func (s site) phoneClient(t testing.TB) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(s.dir, "phones-tls", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
}

// text gives a string field of an answer.
func (a answer) text(name string) string { return fmt.Sprint(a.body[name]) }

// lines gives the lines of a text.
func lines(s string) []string {
	var out []string
	sc := bufio.NewScanner(strings.NewReader(s))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		out = append(out, sc.Text())
	}
	return out
}
