package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/tenant"
)

var keepRelease = flag.Bool("keep-release", false, "write the databases of this release to testdata, for the tests of later ones")

// TestDatabasesOfEarlierReleasesMigrate opens a database that each release has left behind, on both engines: it migrates, its
// tree is whole, its record still proves itself, and it can be worked with. Before a release is tagged its databases are kept:
//
//	go test ./internal/app -run EarlierReleases -keep-release
func TestDatabasesOfEarlierReleasesMigrate(t *testing.T) {
	if *keepRelease {
		keep(t)
	}
	kept, err := filepath.Glob("testdata/release_*.gz")
	if err != nil || len(kept) < 2 {
		t.Fatalf("%d databases of earlier releases are kept (%v)", len(kept), err)
	}
	for _, file := range kept {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".gz"), func(t *testing.T) {
			core := worldOf(t, unzip(t, file), strings.Contains(file, ".sqlite."))
			operator, err := core.Tenants.Operator(t.Context(), core.DB)
			if err != nil {
				t.Fatal(err)
			}
			system := access.SystemActor("test")
			list, err := core.Tenants.List(t.Context(), system, tenant.Query{Kind: access.Customer})
			if err != nil || list.Total != int64(len(seedCustomers)) {
				t.Fatalf("%d customers below %s (%v)", list.Total, operator.Name, err)
			}
			name := "Edda Wren-Hale"
			if _, err := core.Tenants.Edit(t.Context(), system, list.Items[0].ID, tenant.Patch{Contact: &name}); err != nil {
				t.Errorf("a customer cannot be changed: %v", err)
			}
			if _, err := core.Journal.Sequence(t.Context()); err != nil {
				t.Fatal(err)
			}
			// The head outside belongs to the installation that was left behind; the chain itself must still fit.
			r, err := core.Journal.Verify(t.Context(), nil)
			if err != nil || r.Entries < 20 || (r.Fault != nil && r.Fault.What != "head_gone") {
				t.Errorf("the record: %+v %+v %v", r, r.Fault, err)
			}
		})
	}
}

// worldOf opens an installation whose database is what a release has left behind.
func worldOf(t *testing.T, left []byte, lite bool) *Core {
	t.Helper()
	dir := t.TempDir()
	s := Settings{Stores: Stores{DB: "sqlite://" + filepath.Join(dir, "linecard.db"), Blob: "file://" + filepath.Join(dir, "files"), KeyFile: filepath.Join(dir, "keys.json")},
		PublicURL: "http://localhost", MailFrom: "Linecard <linecard@localhost>"}
	if lite {
		if err := os.WriteFile(filepath.Join(dir, "linecard.db"), left, 0o600); err != nil {
			t.Fatal(err)
		}
	} else {
		s.DB = dbtest.FreshDatabase(t, dbtest.PostgresURL(t))
		psql := exec.CommandContext(t.Context(), "psql", "-q", "-v", "ON_ERROR_STOP=1", s.DB)
		psql.Stdin = bytes.NewReader(left)
		if out, err := psql.CombinedOutput(); err != nil {
			t.Fatalf("psql: %v\n%s", err, out)
		}
	}
	core, err := Open(t.Context(), s, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = core.Close() })
	return core
}

func unzip(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// keep writes the demo's world of this release, on both engines.
func keep(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	stores := func(url string) Settings {
		return Settings{Stores: Stores{DB: url, Blob: "file://" + filepath.Join(dir, "files"), KeyFile: filepath.Join(dir, "keys.json")},
			PublicURL: "http://localhost", MailFrom: "Linecard <linecard@localhost>"}
	}
	seed := func(url string) {
		clock := &demoClock{}
		core, err := Open(t.Context(), stores(url), Options{Log: slog.New(slog.DiscardHandler), Clock: clock, Demo: true})
		if err != nil {
			t.Fatal(err)
		}
		defer core.Close()
		if _, err := (&seeder{Core: core, clock: clock, rand: seedRand(1), fleet: 12}).world(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := core.Journal.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	lite := "sqlite://" + filepath.Join(dir, "linecard.db")
	seed(lite)
	d, err := db.Open(t.Context(), lite, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadFile(filepath.Join(dir, "copy.db"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, "testdata/release_"+release+".sqlite.db.gz", left)
	pg := dbtest.FreshDatabase(t, dbtest.PostgresURL(t))
	seed(pg)
	dump, err := exec.CommandContext(context.Background(), "pg_dump", "--no-owner", "--no-privileges", pg).Output()
	if err != nil {
		t.Fatal(err)
	}
	write(t, "testdata/release_"+release+".postgres.sql.gz", dump)
}

func write(t *testing.T, file string, b []byte) {
	t.Helper()
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
