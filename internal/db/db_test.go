package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
)

func table(t *testing.T, d *db.DB) {
	t.Helper()
	for _, s := range []string{
		`CREATE TABLE db_things (id TEXT PRIMARY KEY, scope TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, n BIGINT NOT NULL DEFAULT 0, at BIGINT, ok BOOLEAN NOT NULL DEFAULT FALSE, extra TEXT NOT NULL DEFAULT '')`,
		`CREATE UNIQUE INDEX db_things_name ON db_things (name)`,
		`CREATE UNIQUE INDEX db_things_scope_n ON db_things (scope, n)`,
	} {
		if _, err := d.Exec(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
}

type thing struct {
	ID    string                  `db:"id"`
	Scope string                  `db:"scope"`
	Name  string                  `db:"name"`
	N     int64                   `db:"n"`
	At    db.Time                 `db:"at"`
	OK    bool                    `db:"ok"`
	Extra db.JSON[map[string]int] `db:"extra"`
}

func TestAStoredRowReadsBackAsItWas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		table(t, d)
		ctx := context.Background()
		want := thing{ID: db.NewID(), Scope: "0.", Name: "Ünïted", N: 7, At: d.Now(), OK: true, Extra: db.AsJSON(map[string]int{"a": 1})}
		if _, err := d.Exec(ctx, `INSERT INTO db_things (id, scope, name, n, at, ok, extra) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
			want.ID, want.Scope, want.Name, want.N, want.At, want.OK, want.Extra); err != nil {
			t.Fatal(err)
		}
		var got thing
		if err := d.Get(ctx, &got, `SELECT * FROM db_things WHERE id = $1`, want.ID); err != nil {
			t.Fatal(err)
		}
		if got.At != want.At || got.Name != want.Name || !got.OK || got.Extra.V["a"] != 1 {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if err := d.Get(ctx, &got, `SELECT * FROM db_things WHERE id = $1`, "x"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("an absent row gave %v", err)
		}
	})
}

func TestAUniqueViolationIsRecognisedByItsColumns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		table(t, d)
		ctx := context.Background()
		put := func(id, scope, name string, n int) error {
			_, err := d.Exec(ctx, `INSERT INTO db_things (id, scope, name, n) VALUES ($1,$2,$3,$4)`, id, scope, name, n)
			return err
		}
		if err := put("a", "0.", "one", 1); err != nil {
			t.Fatal(err)
		}
		err := put("b", "0.", "one", 2)
		if !db.IsUnique(err, "db_things", "name") || db.IsUnique(err, "db_things", "scope", "n") || errs.KindOf(err) != errs.Conflict {
			t.Errorf("same name: %v", err)
		}
		if err := put("b", "0.", "two", 1); !db.IsUnique(err, "db_things", "scope", "n") {
			t.Errorf("same scope and n: %v", err)
		}
		if err := put("a", "0.", "three", 3); !db.IsUnique(err, "db_things", "id") {
			t.Errorf("same id: %v", err)
		}
	})
}

func TestAFailedTransactionLeavesNothingAndOthersInItsGroupStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		table(t, d)
		ctx := context.Background()
		boom := errors.New("boom")
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					if _, err := tx.Exec(ctx, `INSERT INTO db_things (id, name, n) VALUES ($1,$1,$2)`, fmt.Sprint(i), i); err != nil {
						return err
					}
					if i%2 == 0 {
						return boom
					}
					return nil
				})
				if (i%2 == 0) != errors.Is(err, boom) || (i%2 == 1 && err != nil) {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		var n, odd int
		if err := d.Get(ctx, &n, `SELECT count(*) FROM db_things`); err != nil {
			t.Fatal(err)
		}
		if err := d.Get(ctx, &odd, `SELECT count(*) FROM db_things WHERE n % 2 = 1`); err != nil {
			t.Fatal(err)
		}
		if n != 32 || odd != 32 {
			t.Errorf("%d rows, %d of them from transactions that succeeded", n, odd)
		}
	})
}

func TestANestedTransactionJoinsTheOuterOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		table(t, d)
		ctx := context.Background()
		after := 0
		err := d.Tx(ctx, func(ctx context.Context, _ *db.Tx) error {
			if err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				tx.AfterCommit(func() { after++ })
				_, err := tx.Exec(ctx, `INSERT INTO db_things (id, name) VALUES ('a', 'a')`)
				return err
			}); err != nil {
				return err
			}
			var n int
			if err := d.Get(ctx, &n, `SELECT count(*) FROM db_things`); err != nil || n != 1 {
				t.Errorf("a read inside the transaction saw %d rows (%v)", n, err)
			}
			return errors.New("no")
		})
		var n int
		if err2 := d.Get(ctx, &n, `SELECT count(*) FROM db_things`); err == nil || err2 != nil || n != 0 || after != 0 {
			t.Errorf("err %v, rows %d, hooks %d", err, n, after)
		}
	})
}

func TestAPoolWriteInsideATransactionPanics(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		table(t, d)
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
			if _, err := d.Exec(context.Background(), `INSERT INTO db_things (id, name) VALUES ('b', 'b')`); err != nil {
				t.Errorf("the database does not work after a panic inside a transaction: %v", err)
			}
		}()
		_ = d.Tx(context.Background(), func(ctx context.Context, _ *db.Tx) error {
			_, err := d.Exec(ctx, `INSERT INTO db_things (id, name) VALUES ('a', 'a')`)
			return err
		})
	})
}

func TestADryRunChecksEverythingAndWritesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		table(t, d)
		ctx := db.DryRun(context.Background())
		ran := false
		put := func(ctx context.Context) error {
			return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				tx.AfterCommit(func() { ran = true })
				_, err := tx.Exec(ctx, `INSERT INTO db_things (id, name) VALUES ('a', 'a')`)
				return err
			})
		}
		if err := put(ctx); err != nil || ran {
			t.Fatalf("%v, hook ran: %v", err, ran)
		}
		if err := put(context.Background()); err != nil || !ran {
			t.Fatalf("%v, hook ran: %v", err, ran)
		}
		if err := put(ctx); errs.KindOf(err) != errs.Conflict {
			t.Errorf("the dry run did not meet the constraint: %v", err)
		}
	})
}

func TestAListPagesByKeyWithoutLossWhileRowsComeAndGo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		table(t, d)
		ctx := context.Background()
		for i := range 25 {
			if _, err := d.Exec(ctx, `INSERT INTO db_things (id, name, n, scope) VALUES ($1, $2, $3, $1)`, fmt.Sprintf("%02d", i), fmt.Sprintf("n%02d", i), i/3); err != nil {
				t.Fatal(err)
			}
		}
		for _, sort := range []string{"", "name", "-name", "n", "-n"} {
			var seen []string
			cursor := ""
			for pages := 0; ; pages++ {
				a := d.Args()
				k, err := db.Page{Limit: 7, Cursor: cursor, Sort: sort}.Keyset(a, "id", db.Sort{Name: "name", Column: "name"}, db.Sort{Name: "n", Column: "n", Number: true})
				if err != nil {
					t.Fatal(err)
				}
				var rows []thing
				if err := d.Select(ctx, &rows, `SELECT * FROM db_things WHERE `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
					t.Fatal(err)
				}
				rows, cursor = db.Cut(k, rows, func(r thing) (any, string) {
					if k.SortName() == "n" {
						return r.N, r.ID
					}
					return r.Name, r.ID
				})
				for _, r := range rows {
					seen = append(seen, r.ID)
				}
				if cursor == "" {
					break
				}
			}
			uniq := map[string]bool{}
			for _, s := range seen {
				uniq[s] = true
			}
			if len(seen) != 25 || len(uniq) != 25 {
				t.Errorf("sort %q: %d rows, %d different", sort, len(seen), len(uniq))
			}
		}
		for _, p := range []db.Page{{Limit: 1001}, {Limit: -1}, {Sort: "secret"}, {Cursor: "%%%"}, {Cursor: "e30"}} {
			if _, err := p.Keyset(d.Args(), "id", db.Sort{Name: "name", Column: "name"}); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%+v: %v", p, err)
			}
		}
	})
}

func TestAFilterInSQLAgreesWithItselfInMemory(t *testing.T) {
	scopes := []string{"0.", "0.a.", "0.a.b.", "0.a.b.c.", "0.aa.", "0.b.", "0.b.x.", "0.A."}
	filters := []db.Filter{{}, db.Everything, {Within: []string{"0.a."}}, {Within: []string{"0.a.", "0.b.x."}}, {Exactly: []string{"0.a.b.", "0.b."}},
		{Within: []string{"0."}, Except: []string{"0.a."}}, {Within: []string{"0."}, Except: []string{"0.a"}}, {Within: []string{"0.b."}, Exactly: []string{"0.aa."}, Except: []string{"0.b.x."}}}
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		table(t, d)
		ctx := context.Background()
		for i, s := range scopes {
			if _, err := d.Exec(ctx, `INSERT INTO db_things (id, name, scope, n) VALUES ($1, $1, $2, $3)`, fmt.Sprint(i), s, i); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range filters {
			a := d.Args()
			var got []string
			if err := d.Select(ctx, &got, `SELECT scope FROM db_things WHERE `+f.SQL(a, "scope")+` ORDER BY n`, a.List()...); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, s := range scopes {
				if f.Includes(s) {
					want = append(want, s)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%+v: SQL %v, memory %v", f, got, want)
			}
		}
	})
}

func TestALockedRowMakesCheckThenWriteOneStep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		table(t, d)
		ctx := context.Background()
		if _, err := d.Exec(ctx, `INSERT INTO db_things (id, name, n) VALUES ('limit', 'limit', 0)`); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 24 {
			wg.Go(func() {
				_ = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					if err := tx.LockRow(ctx, "db_things", "limit"); err != nil {
						return err
					}
					var n int
					if err := tx.Get(ctx, &n, `SELECT n FROM db_things WHERE id = 'limit'`); err != nil || n >= 5 {
						return errors.Join(err, errors.New("full"))
					}
					_, err := tx.Exec(ctx, `UPDATE db_things SET n = n + 1 WHERE id = 'limit'`)
					return err
				})
			})
		}
		wg.Wait()
		var n int
		if err := d.Get(ctx, &n, `SELECT n FROM db_things WHERE id = 'limit'`); err != nil || n != 5 {
			t.Errorf("n = %d (%v), the limit is 5", n, err)
		}
	})
}

func TestABackupOfARunningFileOpensAsADatabase(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLiteURL(t), dbtest.NewClock())
	ctx := context.Background()
	if err := db.SetSetting(ctx, d, "k", "v"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "copy.db")
	if err := d.Backup(ctx, file); err != nil {
		t.Fatal(err)
	}
	if err := d.Backup(ctx, file); errs.KindOf(err) != errs.Conflict {
		t.Errorf("a backup over an existing file: %v", err)
	}
	c := dbtest.Open(t, "sqlite://"+file, dbtest.NewClock())
	if v, err := db.Setting(ctx, c, "k"); v != "v" || err != nil {
		t.Errorf("%q %v", v, err)
	}
}

func TestADatabaseThatIsAwayIsUnavailableAndComesBack(t *testing.T) {
	_, err := db.Open(context.Background(), "postgres://nobody@127.0.0.1:1/none?connect_timeout=1", db.Options{Clock: dbtest.NewClock()})
	if e := errs.As(err); e.Kind != errs.Unavailable || e.RetryAfter < time.Second {
		t.Errorf("%v", err)
	}
	if _, err := db.Open(context.Background(), "mysql://x", db.Options{}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("%v", err)
	}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(context.Background(), "sqlite://"+blocked+"/x/linecard.db", db.Options{}); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestSeveralNodesThatStartAtOnceMigrateOnce(t *testing.T) {
	url := dbtest.FreshDatabase(t, dbtest.PostgresURL(t))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			d, err := db.Open(context.Background(), url, db.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Close()
			if err := d.Migrate(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
