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

	"linecard/internal/db/dbtest/pgserver"
)

var shared struct {
	once sync.Once
	url  string
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
		shared.url, _, shared.err = pgserver.Acquire(ctx) // released by the end of this process
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
	if err := onServer(serverURL, "CREATE DATABASE "+quoted(name)+" TEMPLATE "+quoted(from)); err != nil {
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
