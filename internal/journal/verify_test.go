package journal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// tamper is a change that somebody with the database's password makes, and what Verify must say of it.
type tamper struct {
	name string
	sql  []string
	at   int64
	what journal.FaultKind
}

const chainLength = 9

// matrix is every way to lie that a stored row offers.
func matrix() []tamper {
	all := []tamper{
		{"first deleted", []string{`DELETE FROM journal_entries WHERE position = 1`}, 1, journal.Missing},
		{"middle deleted", []string{`DELETE FROM journal_entries WHERE position = 5`}, 5, journal.Missing},
		{"last deleted", []string{`DELETE FROM journal_entries WHERE position = 9`}, 9, journal.Truncated},
		{"deleted and closed up", []string{`DELETE FROM journal_entries WHERE position = 5`,
			`UPDATE journal_entries SET position = position - 1000 WHERE position > 5`, `UPDATE journal_entries SET position = position + 999 WHERE position < 0`}, 5, journal.Altered},
		{"all deleted", []string{`DELETE FROM journal_entries`}, 1, journal.Truncated},
		{"all deleted with the heads", []string{`DELETE FROM journal_entries`, `UPDATE journal_head SET position = 0, hash = ''`}, 1, journal.Truncated},
		{"tail cut with the head moved back", []string{`DELETE FROM journal_entries WHERE position > 6`,
			`UPDATE journal_head SET position = 6, hash = (SELECT hash FROM journal_entries WHERE position = 6)`}, 7, journal.Truncated},
		{"two exchanged", []string{`UPDATE journal_entries SET position = -3 WHERE position = 3`, `UPDATE journal_entries SET position = 3 WHERE position = 4`,
			`UPDATE journal_entries SET position = 4 WHERE position = -3`}, 3, journal.Altered},
		{"two exchanged, hashes left in place", []string{`UPDATE journal_entries SET position = -3 WHERE position = 3`, `UPDATE journal_entries SET position = 3 WHERE position = 4`,
			`UPDATE journal_entries SET position = 4 WHERE position = -3`, `UPDATE journal_entries SET hash = CASE position WHEN 3 THEN (SELECT hash FROM journal_entries WHERE position = 4)
			ELSE (SELECT hash FROM journal_entries WHERE position = 3) END WHERE position IN (3, 4)`}, 3, journal.Altered},
		{"one inserted behind the end", []string{`INSERT INTO journal_entries SELECT 'new', 10, time, type, action, scope, tenant_id, actor_id, actor_kind, actor_name, actor_fold,
			actor_tenant_id, actor_tenant_name, acting, target_kind, target_id, target_name, ip, request_id, result, reason, data, in_log, is_event, hash
			FROM journal_entries WHERE position = 9`}, 10, journal.Altered},
		{"one inserted before the beginning", []string{`UPDATE journal_entries SET position = 0 WHERE position = 9`}, 0, journal.Inserted},
		{"one taken back into waiting", []string{`UPDATE journal_entries SET position = NULL WHERE position = 4`}, 4, journal.Missing},
		{"hash removed", []string{`UPDATE journal_entries SET hash = NULL WHERE position = 4`}, 4, journal.Altered},
		{"beginning cut with a false anchor", []string{`DELETE FROM journal_entries WHERE position <= 3`,
			`UPDATE journal_anchor SET position = 3, hash = (SELECT hash FROM journal_head)`}, 3, journal.AnchorBad},
		{"beginning cut with a fitting anchor and a made-up signature", []string{
			`UPDATE journal_anchor SET mac = 'aa', position = 3, hash = (SELECT hash FROM journal_entries WHERE position = 3)`, `DELETE FROM journal_entries WHERE position <= 3`}, 3, journal.AnchorBad},
		{"beginning cut with the anchor removed", []string{`DELETE FROM journal_entries WHERE position <= 3`, `DELETE FROM journal_anchor`}, 1, journal.Missing},
		{"head in the database moved on", []string{`UPDATE journal_head SET position = 12`}, 10, journal.Truncated},
		{"head in the database with another hash", []string{`UPDATE journal_head SET hash = 'x'`}, 9, journal.Altered},
	}
	for _, column := range strings.Fields("id type action scope tenant_id actor_id actor_kind actor_name actor_fold actor_tenant_id actor_tenant_name target_kind target_id target_name ip request_id result reason data hash") {
		all = append(all, tamper{"column " + column, []string{`UPDATE journal_entries SET ` + column + ` = ` + column + ` || 'x' WHERE position = 5`}, 5, journal.Altered})
	}
	for _, column := range []string{"acting", "in_log", "is_event"} {
		all = append(all, tamper{"column " + column, []string{`UPDATE journal_entries SET ` + column + ` = NOT ` + column + ` WHERE position = 5`}, 5, journal.Altered})
	}
	return append(all, tamper{"column time", []string{`UPDATE journal_entries SET time = time + 1 WHERE position = 5`}, 5, journal.Altered},
		tamper{"text moved between neighbouring columns", []string{`UPDATE journal_entries SET target_kind = '', target_id = target_kind || target_id WHERE position = 5`}, 5, journal.Altered})
}

var errUndo = errors.New("undo")

// CH-85: whatever is changed, removed, added or exchanged is found, with the first place of it.
func TestEveryWayToTamperIsFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		ctx := context.Background()
		fill(t, w, j, chainLength)
		sequence(t, j)
		if err := j.Publish(ctx); err != nil {
			t.Fatal(err)
		}
		if r, err := j.Verify(ctx, nil); err != nil || r.Fault != nil || r.Entries != chainLength || r.To != chainLength || r.Behind != 0 {
			t.Fatalf("the untouched chain: %+v %v", r, err)
		}
		for _, c := range matrix() {
			var r journal.Report
			// Verify joins the transaction, which is undone afterwards.
			err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
				for _, sql := range c.sql {
					if _, err := tx.Exec(ctx, sql); err != nil {
						return fmt.Errorf("%s: %w", sql, err)
					}
				}
				var err error
				if r, err = j.Verify(ctx, nil); err != nil {
					return err
				}
				return errUndo
			})
			if !errors.Is(err, errUndo) {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if r.Fault == nil || r.Fault.Position != c.at || r.Fault.What != c.what {
				t.Errorf("%s: found %+v, want %s at %d", c.name, r.Fault, c.what, c.at)
			}
		}
		if r, err := j.Verify(ctx, nil); err != nil || r.Fault != nil {
			t.Errorf("the chain after all was undone: %+v %v", r, err)
		}
	})
}

// A chain that is written anew fits itself; only the head outside shows it.
func TestARewrittenChainIsFoundByTheHeadOutside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		ctx := context.Background()
		fill(t, w, j, chainLength)
		sequence(t, j)
		if err := j.Publish(ctx); err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{`UPDATE journal_entries SET position = NULL, hash = NULL WHERE position >= 4`,
			`UPDATE journal_head SET position = 3, hash = (SELECT hash FROM journal_entries WHERE position = 3)`,
			`UPDATE journal_entries SET data = '{}' WHERE position IS NULL`} {
			if _, err := d.Exec(ctx, sql); err != nil {
				t.Fatal(err)
			}
		}
		sequence(t, j) // the attacker has the program, but not the key
		r, err := j.Verify(ctx, nil)
		if err != nil || r.Fault == nil || r.Fault.What != journal.Rewritten || r.Fault.Position != chainLength {
			t.Fatalf("%+v %v", r, err)
		}
		// The server must not cover it up by publishing the new end, neither this one nor one that starts later.
		clock.Advance(time.Hour)
		for _, server := range []*journal.Journal{j, w.journal()} {
			if err := server.Publish(ctx); !errors.Is(err, journal.ErrHeadAhead) || !errors.Is(server.Trouble(), journal.ErrHeadAhead) {
				t.Errorf("publishing over the evidence: %v", err)
			}
		}
		if r, err := j.Verify(ctx, nil); err != nil || r.Fault == nil {
			t.Errorf("the evidence is gone: %+v %v", r, err)
		}
	})
}

func TestACutTailIsNotCoveredUpByNewEntries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		ctx := context.Background()
		fill(t, w, j, chainLength)
		sequence(t, j)
		if err := j.Publish(ctx); err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{`DELETE FROM journal_entries WHERE position > 6`,
			`UPDATE journal_head SET position = 6, hash = (SELECT hash FROM journal_entries WHERE position = 6)`} {
			if _, err := d.Exec(ctx, sql); err != nil {
				t.Fatal(err)
			}
		}
		fill(t, w, j, 20)
		sequence(t, j)
		clock.Advance(time.Hour)
		if err := w.journal().Publish(ctx); !errors.Is(err, journal.ErrHeadAhead) {
			t.Errorf("publish: %v", err)
		}
		r, err := j.Verify(ctx, nil)
		if err != nil || r.Fault == nil || r.Fault.What != journal.Rewritten {
			t.Fatalf("%+v %v", r.Fault, err)
		}
		if err := j.AcceptHead(ctx, admin, operator); err == nil {
			t.Error("a partner accepted the head")
		}
		if err := j.AcceptHead(ctx, chief, operator); err != nil {
			t.Fatal(err)
		}
		if r, err := j.Verify(ctx, nil); err != nil || r.Fault != nil {
			t.Errorf("after the operator accepted a restored database: %+v %v", r, err)
		}
		rows := logOf(t, w, j, operator.ID, journal.Query{Action: "journal/accept-head"})
		if len(rows) != 1 || rows[0].Data["before"].(map[string]any)["position"] != float64(chainLength) {
			t.Errorf("what was accepted is not in the journal: %+v", rows)
		}
	})
}

func TestAForgedOrMissingHeadIsFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		ctx := context.Background()
		fill(t, w, j, 3)
		sequence(t, j)
		look := func() *journal.Fault {
			t.Helper()
			r, err := j.Verify(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			return r.Fault
		}
		if f := look(); f == nil || f.What != journal.HeadGone {
			t.Errorf("no head: %+v", f)
		}
		if err := j.Publish(ctx); err != nil {
			t.Fatal(err)
		}
		h, err := j.ReadHead(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{strings.Repeat("x", 9000), "{}", fmt.Sprintf(`{"position":2,"hash":%q,"time":%q,"mac":%q}`, h.Hash, h.Time.Format(time.RFC3339Nano), h.MAC)} {
			if _, err := w.files.Put(ctx, "journal/head.json", strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			if f := look(); f == nil || f.What != journal.HeadForged {
				t.Errorf("%.30s: %+v", text, f)
			}
			if err := w.journal().Publish(ctx); !errors.Is(err, journal.ErrHeadForged) {
				t.Errorf("a forged head was written over: %v", err)
			}
		}
	})
}

func TestWaitingRowsAreCountedAndAHeadBehindIsFine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		ctx := context.Background()
		fill(t, w, j, 3)
		sequence(t, j)
		if err := j.Publish(ctx); err != nil {
			t.Fatal(err)
		}
		fill(t, w, j, 4)
		sequence(t, j)
		if err := j.Publish(ctx); err != nil { // too soon: at most once a second
			t.Fatal(err)
		}
		fill(t, w, j, 5)
		var done, all int64
		r, err := j.Verify(ctx, func(d, a int64) { done, all = d, a })
		if err != nil || r.Fault != nil || r.Entries != 7 || r.Waiting != 5 || r.Behind != 4 || done != 7 || all != 7 {
			t.Errorf("%+v %v, progress %d of %d", r, err, done, all)
		}
	})
}

// CH-85: entries are kept for 400 days by default, and their end leaves the rest provable.
func TestOldEntriesEndAndTheRestStaysProvable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		ctx := context.Background()
		fill(t, w, j, 1200)
		clock.Advance(100 * 24 * time.Hour)
		fill(t, w, j, 5)
		sequence(t, j)
		if err := j.Publish(ctx); err != nil {
			t.Fatal(err)
		}
		clock.Advance(300 * 24 * time.Hour)
		if n, err := j.Prune(ctx); n != 0 || err != nil {
			t.Fatalf("%d removed at 400 days sharp, %v", n, err)
		}
		clock.Advance(time.Millisecond)
		if n, err := j.Prune(ctx); n != 1200 || err != nil {
			t.Fatalf("%d removed, %v", n, err)
		}
		r, err := j.Verify(ctx, nil)
		if err != nil || r.Fault != nil || r.From != 1200 || r.To != 1205 || r.Entries != 5 {
			t.Fatalf("%+v %v", r, err)
		}
		if got, _ := eventsOf(t, w, j, journal.EventQuery{}); len(got) != 5 || got[0].Position != 1201 {
			t.Errorf("a reader from the beginning gets %d events", len(got))
		}
		if _, err := d.Exec(ctx, `DELETE FROM journal_entries WHERE position = 1201`); err != nil {
			t.Fatal(err)
		}
		if r, err := j.Verify(ctx, nil); err != nil || r.Fault == nil || r.Fault.Position != 1201 {
			t.Errorf("removed without the anchor: %+v %v", r, err)
		}
		clock.Advance(1000 * 24 * time.Hour)
		if n, err := j.Prune(ctx); n != 0 || errs.CodeOf(err) != "journal_damaged" {
			t.Errorf("evidence of tampering aged away: %d, %v", n, err)
		}
	})
}

func TestTheOperatorSetsTheRetentionButNotBelowNinetyDays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		ctx := context.Background()
		cases := []struct {
			who  access.Actor
			days int
			kind errs.Kind
			ok   bool
		}{{chief, 90, 0, true}, {chief, 89, errs.Invalid, false}, {chief, 0, errs.Invalid, false}, {admin, 500, errs.NotFound, false}}
		for _, c := range cases {
			err := j.SetRetention(ctx, c.who, operator, c.days)
			if (err == nil) != c.ok || err != nil && errs.KindOf(err) != c.kind {
				t.Errorf("%s, %d days: %v", c.who.Name, c.days, err)
			}
		}
		if days, err := j.Retention(ctx, d); days != 90 || err != nil {
			t.Errorf("%d %v", days, err)
		}
		rows := logOf(t, w, j, operator.ID, journal.Query{})
		if len(rows) != 1 || rows[0].Data["before"] != 400.0 || rows[0].Data["after"] != 90.0 {
			t.Errorf("%+v", rows)
		}
	})
}

func BenchmarkSequence(b *testing.B) {
	for _, c := range []struct{ name, url string }{{"sqlite", dbtest.SQLiteURL(b)}, {"postgres", dbtest.FreshDatabase(b, dbtest.PostgresURL(b))}} {
		b.Run(c.name, func(b *testing.B) {
			d := dbtest.Open(b, c.url, dbtest.NewClock())
			j := journal.New(d, journal.Options{})
			w := world{d: d}
			for b.Loop() {
				b.StopTimer()
				fill(b, w, j, 10000)
				b.StartTimer()
				if n, err := j.Sequence(context.Background()); n != 10000 || err != nil {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(b.N)*10000/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkAppendInOneTransaction(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLiteURL(b), dbtest.NewClock())
	j := journal.New(d, journal.Options{})
	err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for b.Loop() {
			if err := j.Append(ctx, tx, admin, news(1)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
