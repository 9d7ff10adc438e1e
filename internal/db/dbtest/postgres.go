package dbtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"linecard/internal/db/dbtest/pgserver"
)

var shared struct {
	once sync.Once
	url  string
	hold func() // holds the file whose lock says that this process uses the server; collected, it would be closed
	err  error
}

// PostgresURL returns the URL of a PostgreSQL server for tests: the one in LINECARD_TEST_POSTGRES when that is set,
// else one that all test binaries of this person share and that ends soon after the last of them.
// Where there is no PostgreSQL the test is skipped, but in CI (CI or LINECARD_REQUIRE_POSTGRES set) it fails.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	shared.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if shared.url = os.Getenv("LINECARD_TEST_POSTGRES"); shared.url != "" {
			return
		}
		shared.url, shared.hold, shared.err = pgserver.Acquire(ctx) // released by the end of this process
	})
	switch {
	case errors.Is(shared.err, pgserver.ErrMissing) && !required():
		tb.Skip("SKIPPED ON POSTGRESQL: ", shared.err)
	case shared.err != nil:
		tb.Fatal("PostgreSQL for tests: ", shared.err)
	}
	return shared.url
}

func required() bool { return os.Getenv("CI") != "" || os.Getenv("LINECARD_REQUIRE_POSTGRES") != "" }

// FreshDatabase creates a database with a random name on the server at serverURL and returns its URL; it is dropped,
// with whatever connections are left, when the test ends. With a template (the name of a database nobody is connected
// to) the new one begins as its copy, otherwise empty.
func FreshDatabase(tb testing.TB, serverURL string, template ...string) string {
	tb.Helper()
	from := "template0" // template1 may have a connection, which would refuse the copy
	if len(template) > 0 {
		from = template[0]
	}
	u, err := url.Parse(serverURL)
	if err != nil {
		tb.Fatal("PostgreSQL URL: ", err)
	}
	name := randomName()
	if err := create(serverURL, name, from); err != nil {
		tb.Fatal("create a database for the test: ", err)
	}
	tb.Cleanup(func() {
		if err := onServer(serverURL, "DROP DATABASE IF EXISTS "+quoted(name)+" WITH (FORCE)"); err != nil {
			tb.Error("drop the test's database: ", err)
		}
	})
	u.Path = "/" + name
	return u.String()
}

// Template returns the name of a database for FreshDatabase to copy, which migrate has prepared. It is made once on a
// server for each version (a hash of what migrate would do) and shared by all test binaries: a copy takes a twentieth of
// the time of a migration. It stays on the server.
func Template(tb testing.TB, serverURL, version string, migrate func(url string) error) string {
	tb.Helper()
	name := "template_" + version
	if err := prepare(serverURL, name, migrate); err != nil {
		tb.Fatal("prepare a template database: ", err)
	}
	return name
}

// prepare makes the database name unless it is there. A lock on the server lets one binary do it while the others wait;
// the database has its name only when it is ready, so one left half done by a killed test is never taken.
func prepare(serverURL, name string, migrate func(url string) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return err
	}
	var there bool
	if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	u, err := url.Parse(serverURL)
	if err != nil {
		return err
	}
	draft := randomName()
	if err := create(serverURL, draft, "template0"); err != nil {
		return err
	}
	u.Path = "/" + draft
	if err := migrate(u.String()); err != nil {
		return errors.Join(err, onServer(serverURL, "DROP DATABASE "+quoted(draft)+" WITH (FORCE)"))
	}
	// A connection that migrate has closed may be there for another moment; nobody may be connected while it is renamed.
	if _, err := c.Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", draft); err != nil {
		return err
	}
	_, err = c.Exec(ctx, "ALTER DATABASE "+quoted(draft)+" RENAME TO "+quoted(name))
	return err
}

// create copies a database file by file, which without waiting for disks is three to eight times faster than the
// default of PostgreSQL 15. Older servers know no other way and refuse the word.
func create(serverURL, name, from string) error {
	sql := "CREATE DATABASE " + quoted(name) + " TEMPLATE " + quoted(from)
	err := onServer(serverURL, sql+" STRATEGY FILE_COPY")
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42601" { // syntax error
		err = onServer(serverURL, sql)
	}
	return err
}

func randomName() string {
	b := make([]byte, 10)
	_, _ = rand.Read(b) // never fails
	return "test_" + hex.EncodeToString(b)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// onServer runs one statement on its own connection.
func onServer(serverURL, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, serverURL)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, sql)
	return err
}
