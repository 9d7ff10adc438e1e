// Package registrartest runs Debian's Kamailio for tests, on the configuration that people are shown, and a phone that registers there.
//
// It must not be imported by anything but tests.
package registrartest

import (
	"bytes"
	"context"
	_ "embed"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"linecard/internal/db/dbtest"
)

// Domain is the realm of its users.
const Domain = "sip.example.net"

//go:embed kamailio.cfg
var configuration []byte

var ctx = context.Background()

const tables = "/usr/share/kamailio/postgres"

// program finds a program of Debian. Where it is missing the test is skipped, but in CI it fails.
func program(tb testing.TB, name, debian string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path = "/usr/sbin/" + name; exec.Command(path, "-v").Run() == nil {
			return path
		}
		if os.Getenv("CI") != "" {
			tb.Fatalf("%s is missing (Debian: %s); scripts/test-deps.sh sip installs it", name, debian)
		}
		tb.Skipf("SKIPPED WITHOUT %s: install %s (scripts/test-deps.sh sip)", strings.ToUpper(name), debian)
	}
	return path
}

// output collects what a program says.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) { o.mu.Lock(); defer o.mu.Unlock(); return o.b.Write(p) }
func (o *output) String() string              { o.mu.Lock(); defer o.mu.Unlock(); return o.b.String() }

// Kamailio is a running one.
type Kamailio struct {
	At       netip.AddrPort
	Database string // its address for Linecard
	Secret   string // of its commands
	DB       *pgx.Conn
}

// Start runs Debian's Kamailio on the configuration that we show people, with a database that its own scripts made.
func Start(tb testing.TB) *Kamailio {
	tb.Helper()
	bin := program(tb, "kamailio", "kamailio, kamailio-postgres-modules")
	if _, err := os.Stat(tables + "/usrloc-create.sql"); err != nil {
		program(tb, "kamailio-postgres-modules", "kamailio-postgres-modules")
	}
	raw := dbtest.FreshDatabase(tb, dbtest.PostgresURL(tb))
	k := &Kamailio{Secret: "Rpc-Secret-of-the-test"}
	conn, err := pgx.Connect(ctx, raw)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close(context.Background()) })
	k.DB = conn
	for _, name := range []string{"standard", "auth_db", "usrloc", "uri_db"} {
		sql, err := os.ReadFile(filepath.Join(tables, name+"-create.sql"))
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := conn.PgConn().Exec(ctx, string(sql)).ReadAll(); err != nil {
			tb.Fatal(name, ": ", err)
		}
	}
	u, err := url.Parse(raw)
	if err != nil {
		tb.Fatal(err)
	}
	u.RawQuery = "sslmode=disable"
	k.Database = u.String()
	u.RawQuery = ""
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	k.At = l.Addr().(*net.TCPAddr).AddrPort()
	l.Close()
	dir := tb.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kamailio.cfg"), configuration, 0o600); err != nil {
		tb.Fatal(err)
	}
	var said output
	cmd := exec.Command(bin, "-DD", "-E", "-f", filepath.Join(dir, "kamailio.cfg"), "-Y", dir, "-P", filepath.Join(dir, "pid"), "-m", "64", "-M", "8",
		"-A", "LISTEN="+k.At.String(), "-A", `DOMAIN="`+Domain+`"`, "-A", `DBURL="`+u.String()+`"`, "-A", `RPCSECRET="Bearer `+k.Secret+`"`)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Env = append(os.Environ(), "TZ=UTC")
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		if tb.Failed() {
			tb.Log("Kamailio said:\n" + said.String())
		}
	})
	dbtest.Eventually(tb, "Kamailio listens", func() bool {
		select {
		case <-ended:
			tb.Fatal("Kamailio ended:\n" + said.String())
		default:
		}
		c, err := net.DialTimeout("tcp", k.At.String(), time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return k
}
