package dbtest

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func run(t *testing.T, c *pgx.Conn, sql string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatal(sql, ": ", err)
	}
}

func TestTwoFreshDatabasesDoNotSeeEachOther(t *testing.T) {
	server := PostgresURL(t)
	one, two := connect(t, FreshDatabase(t, server)), connect(t, FreshDatabase(t, server))
	run(t, one, `CREATE TABLE things (id TEXT)`)
	if _, err := two.Exec(t.Context(), `SELECT id FROM things`); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Fatal("the second database knows the first one's table: ", err)
	}
}

func TestAFreshDatabaseBeginsAsACopyOfItsTemplate(t *testing.T) {
	server := PostgresURL(t)
	template := FreshDatabase(t, server)
	c := connect(t, template)
	run(t, c, `CREATE TABLE things (id TEXT)`)
	run(t, c, `INSERT INTO things VALUES ('seeded')`)
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(template)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	var id string
	// The server may need a moment to notice that the connection above is gone, and refuses to copy until then.
	deadline := time.Now().Add(10 * time.Second)
	for busy(t, server, name) {
		if time.Now().After(deadline) {
			t.Fatal("the template stays in use")
		}
	}
	if err := connect(t, FreshDatabase(t, server, name)).QueryRow(t.Context(), `SELECT id FROM things`).Scan(&id); err != nil || id != "seeded" {
		t.Fatalf("the copy has %q, %v", id, err)
	}
}

func busy(t *testing.T, server, name string) bool {
	t.Helper()
	var n int
	if err := connect(t, server).QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = $1`, name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n > 0
}

func TestADatabaseIsGoneAfterItsTestEvenWhenSomebodyIsStillConnected(t *testing.T) {
	server := PostgresURL(t)
	var name string
	t.Run("with a connection left open", func(t *testing.T) {
		u := FreshDatabase(t, server)
		if _, err := pgx.Connect(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		parsed, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		name = strings.TrimPrefix(parsed.Path, "/")
	})
	var n int
	if err := connect(t, server).QueryRow(t.Context(), `SELECT count(*) FROM pg_database WHERE datname = $1`, name).Scan(&n); err != nil || n != 0 {
		t.Fatalf("%d databases named %s are left, %v", n, name, err)
	}
}

func TestTheServerSpeaksUTF8AndComparesByCodePoint(t *testing.T) {
	c := connect(t, FreshDatabase(t, PostgresURL(t)))
	var encoding string
	var ordered bool
	if err := c.QueryRow(t.Context(), `SELECT current_setting('server_encoding'), 'Z' < 'a'`).Scan(&encoding, &ordered); err != nil {
		t.Fatal(err)
	}
	if encoding != "UTF8" || !ordered {
		t.Fatalf("encoding %s, 'Z' < 'a' is %v", encoding, ordered)
	}
}
