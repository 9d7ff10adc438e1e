package dbtest

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

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
	made := 0
	version := randomName()
	migrate := func(url string) error {
		made++
		c := connect(t, url) // left open: the template must be ready all the same
		run(t, c, `CREATE TABLE things (id TEXT)`)
		run(t, c, `INSERT INTO things VALUES ('seeded')`)
		return nil
	}
	for range 2 {
		name := Template(t, server, version, migrate)
		var id string
		if err := connect(t, FreshDatabase(t, server, name)).QueryRow(t.Context(), `SELECT id FROM things`).Scan(&id); err != nil || id != "seeded" {
			t.Fatalf("the copy has %q, %v", id, err)
		}
	}
	if made != 1 {
		t.Errorf("the template was made %d times", made)
	}
	if err := onServer(server, "DROP DATABASE "+quoted("template_"+version)); err != nil {
		t.Error(err)
	}
}

func TestATemplateThatCouldNotBeMadeIsMadeAgain(t *testing.T) {
	server := PostgresURL(t)
	name := "template_" + randomName()
	if err := prepare(server, name, func(string) error { return errors.New("no") }); err == nil {
		t.Fatal("taken as ready")
	}
	if err := prepare(server, name, func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := onServer(server, "DROP DATABASE "+quoted(name)); err != nil {
		t.Error(err)
	}
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
