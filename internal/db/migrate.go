package db

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrate brings the schema up to this program's version. Several nodes may start at once: on PostgreSQL one holds a lock
// in a table while the others wait (decision 8).
func (d *DB) Migrate(ctx context.Context) error { return d.migrate(ctx) }

func (e *liteEngine) migrate(ctx context.Context) error {
	// The migrations run on a connection of their own: the writer's begins and ends its transactions itself.
	m, err := sql.Open("sqlite", "file:"+(&url.URL{Path: e.file}).EscapedPath()+"?"+litePragmas+"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return translate(err)
	}
	defer m.Close()
	m.SetMaxOpenConns(1)
	return migrateWith(ctx, m, goose.DialectSQLite3, sqlite)
}

func (e *pgEngine) migrate(ctx context.Context) error {
	locker, err := lock.NewPostgresTableLocker(
		lock.WithTableName("db_migration_locks"),
		lock.WithTableLockTimeout(200*time.Millisecond, 1500),
		lock.WithTableLogger(slog.New(slog.DiscardHandler)),
	)
	if err != nil {
		return err
	}
	return migrateWith(ctx, e.db, goose.DialectPostgres, postgres, goose.WithLocker(locker))
}

func migrateWith(ctx context.Context, on *sql.DB, gd goose.Dialect, d dialect, opts ...goose.ProviderOption) error {
	sub, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	opts = append(opts, goose.WithTableName("db_migrations"), goose.WithDisableGlobalRegistry(true),
		goose.WithSlog(slog.New(slog.DiscardHandler)))
	p, err := goose.NewProvider(gd, on, dialectFS{sub, d}, opts...)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return translate(err)
}

// dialectFS hands out the migrations with the few types replaced that the two databases name differently:
// {{key}} is text compared by bytes, {{bytes}} is a byte string.
type dialectFS struct {
	fs.FS
	d dialect
}

func (f dialectFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	defer file.Close()
	b, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	words := strings.NewReplacer("{{key}}", "TEXT", "{{bytes}}", "BLOB")
	if f.d == postgres {
		words = strings.NewReplacer("{{key}}", `TEXT COLLATE "C"`, "{{bytes}}", "BYTEA")
	}
	return &migration{Reader: bytes.NewReader([]byte(words.Replace(string(b)))), info: info}, nil
}

func (f dialectFS) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(f.FS, name) }

type migration struct {
	*bytes.Reader
	info fs.FileInfo
}

func (m *migration) Stat() (fs.FileInfo, error) { return m.info, nil }
func (m *migration) Close() error               { return nil }

// Fingerprint names the schema that Migrate makes: two programs with the same one have the same migrations.
func Fingerprint() string {
	sum := sha256.New()
	names, _ := fs.Glob(migrationFiles, "migrations/*.sql")
	for _, n := range names {
		b, _ := migrationFiles.ReadFile(n)
		fmt.Fprintf(sum, "%s %d\n", n, len(b))
		sum.Write(b)
	}
	return hex.EncodeToString(sum.Sum(nil)[:10])
}
