package journal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/queue"
	"linecard/internal/secret"
)

var (
	operator = access.Tenant{ID: "op", Kind: access.Operator, Scope: "0.", Name: "Operator"}
	partner  = access.Tenant{ID: "pa", Kind: access.Partner, Scope: "0.a.", Name: "Alpha"}
	customer = access.Tenant{ID: "cu", Kind: access.Customer, Scope: "0.a.c.", Name: "Cafe"}
	other    = access.Tenant{ID: "ot", Kind: access.Customer, Scope: "0.b.d.", Name: "Other"}

	admin = access.Actor{ID: "u-admin", Kind: access.Person, Name: "Ada", Email: "ada@alpha.example", Tenant: partner,
		Roles: []access.Role{access.PartnerFullAdmin}, IP: "192.0.2.7", RequestID: "r1"}
	chief = access.Actor{ID: "u-chief", Kind: access.Person, Name: "Otto", Tenant: operator, Roles: []access.Role{access.OperatorAdmin}}
)

// world is what one journal needs outside the database.
type world struct {
	d     *db.DB
	clock *dbtest.Clock
	box   *secret.Box
	files blob.Store
}

func newWorld(t *testing.T, d *db.DB, clock *dbtest.Clock) world {
	t.Helper()
	dir := t.TempDir()
	box, err := secret.Open(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(context.Background(), "file://"+filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	return world{d, clock, box, files}
}

func (w world) journal() *journal.Journal {
	return journal.New(w.d, journal.Options{Box: w.box, Files: w.files, Log: slog.New(slog.DiscardHandler)})
}

func news(i int) journal.News {
	return journal.News{Type: "customer.edited", Action: "customer/edit", Tenant: customer,
		Target: journal.Target{Kind: "customer", ID: customer.ID, Name: customer.Name}, Data: map[string]any{"n": i}}
}

func write(t *testing.T, w world, j *journal.Journal, a access.Actor, n journal.News) {
	t.Helper()
	if err := w.d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return j.Append(ctx, tx, a, n) }); err != nil {
		t.Fatal(err)
	}
}

func sequence(t *testing.T, j *journal.Journal) {
	t.Helper()
	if _, err := j.Sequence(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func logOf(t *testing.T, w world, j *journal.Journal, tenant string, by journal.Query) []journal.Entry {
	t.Helper()
	rows, _, err := j.Log(context.Background(), w.d, tenant, by)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func eventsOf(t *testing.T, w world, j *journal.Journal, by journal.EventQuery) ([]journal.Entry, string) {
	t.Helper()
	if len(by.Filter.Within) == 0 {
		by.Filter = db.Everything
	}
	rows, next, err := j.Events(context.Background(), w.d, by)
	if err != nil {
		t.Fatal(err)
	}
	return rows, next
}

// CH-83: user, action, address, time and result of what people of the channel do.
func TestAnEditedCustomerIsARowInTheLogAndAnEvent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		write(t, w, j, admin, news(1))
		rows := logOf(t, w, j, partner.ID, journal.Query{})
		if len(rows) != 1 {
			t.Fatalf("%d rows in the partner's log", len(rows))
		}
		e := rows[0]
		if e.Actor.Label() != "Ada" || e.Action != "customer/edit" || e.IP != "192.0.2.7" || !e.Time.Equal(clock.Now()) || e.Result != journal.Success ||
			e.Target.Name != "Cafe" || e.RequestID != "r1" || e.Data["n"] != 1.0 {
			t.Errorf("%+v", e)
		}
		if got := logOf(t, w, j, customer.ID, journal.Query{}); len(got) != 0 {
			t.Errorf("the customer's log shows what the partner did from its own portal: %+v", got)
		}
		if got, _ := eventsOf(t, w, j, journal.EventQuery{}); len(got) != 0 {
			t.Error("an event is visible before it has a position")
		}
		sequence(t, j)
		got, _ := eventsOf(t, w, j, journal.EventQuery{})
		if len(got) != 1 || got[0].Type != "customer.edited" || got[0].Scope != customer.Scope || got[0].Position != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// CH-32, CH-85: both tenants' logs show who acted, as user@partner.
func TestADelegatedActionStandsInTheLogsOfBothTenants(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		acting := admin
		acting.Acting = &access.Delegation{Tenant: customer, Portal: access.DevicePortal, Via: access.DeviceManage}
		write(t, w, j, acting, news(1))
		if err := j.Fail(context.Background(), acting, "customer/edit", customer, journal.Target{Kind: "customer", ID: customer.ID}, errs.Missing("customer")); err != nil {
			t.Fatal(err)
		}
		for _, tenant := range []access.Tenant{partner, customer} {
			rows := logOf(t, w, j, tenant.ID, journal.Query{Asc: true})
			if len(rows) != 2 || rows[0].Actor.Label() != "Ada@Alpha" || rows[1].Result != journal.Failure || rows[1].Reason != "not_found" {
				t.Errorf("log of %s: %+v", tenant.Name, rows)
			}
		}
		if rows := logOf(t, w, j, other.ID, journal.Query{}); len(rows) != 0 {
			t.Errorf("a third tenant sees %+v", rows)
		}
		sequence(t, j)
		if got, _ := eventsOf(t, w, j, journal.EventQuery{}); len(got) != 1 {
			t.Errorf("%d events of one action", len(got))
		}
	})
}

// CH-31: a withdrawn authorisation stands in the logs of both sides although the customer did it at home.
func TestNewsCanConcernAFurtherTenant(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		n := news(1)
		n.Also = []access.Tenant{partner, customer}
		own := access.Actor{ID: "u1", Kind: access.Person, Name: "Carl", Tenant: customer}
		write(t, w, j, own, n)
		for _, tenant := range []string{partner.ID, customer.ID} {
			if rows := logOf(t, w, j, tenant, journal.Query{}); len(rows) != 1 {
				t.Errorf("%d rows in the log of %s", len(rows), tenant)
			}
		}
	})
}

func TestQuietNewsIsNoEventAndUnloggedNewsNoRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		write(t, w, j, admin, journal.News{Action: "session/create", Tenant: partner, Quiet: true})
		unlogged := news(2)
		unlogged.NoLog = true
		acting := admin
		acting.Acting = &access.Delegation{Tenant: customer}
		write(t, w, j, acting, unlogged)
		write(t, w, j, access.SystemActor("scheduler"), news(3))
		sequence(t, j)
		got, _ := eventsOf(t, w, j, journal.EventQuery{})
		if len(got) != 2 || got[0].Data["n"] != 2.0 || got[1].Actor.Name != "scheduler" {
			t.Errorf("%+v", got)
		}
		if rows := logOf(t, w, j, partner.ID, journal.Query{}); len(rows) != 1 || rows[0].Action != "session/create" {
			t.Errorf("partner's log: %+v", rows)
		}
		if rows := logOf(t, w, j, customer.ID, journal.Query{}); len(rows) != 1 || rows[0].Actor.Kind != access.System {
			t.Errorf("what Linecard does by itself stands in the log of the object's tenant: %+v", rows)
		}
		for _, bad := range []journal.News{{}, {Action: "x"}, {Action: "x", Type: "y"}, {Action: "x", Quiet: true, NoLog: true}} {
			if err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return j.Append(ctx, tx, admin, bad) }); err == nil {
				t.Errorf("%+v was accepted", bad)
			}
		}
	})
}

func TestAFailureStaysAlthoughTheCallerHasGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		nobody := access.Actor{Name: "who\x00\u202eami\n" + strings.Repeat("x", 1000), IP: "198.51.100.1"}
		wrong := errs.New(errs.Unauthenticated, "wrong_password", "no")
		if err := j.Fail(gone, nobody, "session/create", partner, journal.Target{}, fmt.Errorf("deep: %w", wrong)); err != nil {
			t.Fatal(err)
		}
		rows := logOf(t, w, j, partner.ID, journal.Query{Result: journal.Failure})
		if len(rows) != 1 || rows[0].Actor.ID != "" || rows[0].Reason != "wrong_password" || len([]rune(rows[0].Actor.Name)) != 256 ||
			strings.ContainsAny(rows[0].Actor.Name, "\x00\n") {
			t.Errorf("%+v", rows)
		}
	})
}

// CH-84: three days and two types of action; the filters find what they should.
func TestTheLogIsNarrowedByDateActionActorAddressAndResult(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		zone := time.FixedZone("east", 9*3600)
		day := func(n, hour int) time.Time { return time.Date(2026, 5, n, hour, 0, 0, 0, zone) }
		for n := 1; n <= 3; n++ {
			for i, action := range []string{"customer/create", "customer/edit"} {
				clock.Set(day(n, 23*i)) // the first and the last hour of the viewer's day
				a := admin
				if n == 3 {
					a.Name, a.Email, a.IP = "Bob_", "bob@alpha.example", "2001:db8::1"
				}
				write(t, w, j, a, journal.News{Type: "x.y", Action: action, Tenant: customer, Data: map[string]any{"day": n}})
			}
		}
		clock.Advance(time.Minute)
		if err := j.Fail(context.Background(), admin, "customer/edit", customer, journal.Target{}, errs.Missing("customer")); err != nil {
			t.Fatal(err)
		}
		second := journal.Query{From: day(2, 0), To: day(3, 0)}
		edits := second
		edits.Action = "customer/edit"
		cases := []struct {
			name string
			by   journal.Query
			want int
		}{
			{"all", journal.Query{}, 7}, {"day 2", second, 2}, {"day 2, edits", edits, 1}, {"path", journal.Query{Path: " EDIT "}, 4},
			{"path is text", journal.Query{Path: "%"}, 0}, {"actor", journal.Query{Actor: "BOB@"}, 2}, {"actor's name", journal.Query{Actor: "bob_"}, 2},
			{"underscore is text", journal.Query{Actor: "a_a"}, 0}, {"address", journal.Query{IP: "192.0.2."}, 5}, {"address from its beginning", journal.Query{IP: "2.7"}, 0},
			{"failures", journal.Query{Result: journal.Failure}, 1}, {"nobody", journal.Query{Actor: "nobody"}, 0},
		}
		for _, c := range cases {
			if got := logOf(t, w, j, partner.ID, c.by); len(got) != c.want {
				t.Errorf("%s: %d rows, want %d", c.name, len(got), c.want)
			}
		}
		newest, oldest := logOf(t, w, j, partner.ID, journal.Query{}), logOf(t, w, j, partner.ID, journal.Query{Asc: true})
		if newest[0].Result != journal.Failure || oldest[0].Data["day"] != 1.0 {
			t.Error("the order is not newest first, or not turned round by Asc")
		}
		if _, _, err := j.Log(context.Background(), d, partner.ID, journal.Query{Result: "maybe"}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("an unknown result: %v", err)
		}
		actions, err := j.Actions(context.Background(), d, partner.ID)
		if err != nil || fmt.Sprint(actions) != "[customer/create customer/edit]" {
			t.Errorf("%v %v", actions, err)
		}
	})
}

func TestAnExportHasNoLimit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		const rows = 2345
		fill(t, w, j, rows)
		last, n := -1.0, 0
		if err := j.LogEach(context.Background(), d, partner.ID, journal.Query{Asc: true, Page: db.Page{Limit: 3}}, func(e journal.Entry) error {
			n++
			if e.Data["n"].(float64) != last+1 {
				return fmt.Errorf("%v after %v", e.Data["n"], last)
			}
			last++
			return nil
		}); err != nil || n != rows {
			t.Fatalf("%d rows, %v", n, err)
		}
		stop := errors.New("stop")
		if err := j.LogEach(context.Background(), d, partner.ID, journal.Query{}, func(journal.Entry) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("the reader's own error: %v", err)
		}
	})
}

// fill writes n rows, many to a transaction.
func fill(t testing.TB, w world, j *journal.Journal, n int) {
	t.Helper()
	for from := 0; from < n; from += 500 {
		if err := w.d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			for i := from; i < min(n, from+500); i++ {
				if err := j.Append(ctx, tx, admin, news(i)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEventsAreFilteredByScopeAndType(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		for i, n := range []journal.News{
			{Type: "customer.created", Action: "a", Tenant: customer}, {Type: "customer.edited", Action: "a", Tenant: other},
			{Type: "customerx.edited", Action: "a", Tenant: customer}, {Type: "device.seen", Action: "a", Tenant: customer}} {
			n.Data = map[string]any{"n": i}
			write(t, w, j, chief, n)
		}
		sequence(t, j)
		below := db.Filter{Within: []string{"0.a."}}
		cases := []struct {
			by   journal.EventQuery
			want string
		}{
			{journal.EventQuery{}, "0123"}, {journal.EventQuery{Filter: below}, "023"}, {journal.EventQuery{Types: []string{"customer.*"}}, "01"},
			{journal.EventQuery{Filter: below, Types: []string{"customer.*", "device.seen"}}, "03"}, {journal.EventQuery{Types: []string{"*"}}, "0123"},
			{journal.EventQuery{Types: []string{"device.gone"}}, ""}, {journal.EventQuery{After: journal.Cursor(3)}, "3"},
		}
		for _, c := range cases {
			got, next := eventsOf(t, w, j, c.by)
			s := ""
			for _, e := range got {
				s += fmt.Sprint(e.Data["n"])
				if len(c.by.Types) > 0 && !journal.Matches(c.by.Types, e.Type) {
					t.Errorf("SQL chose %s for %v, memory does not", e.Type, c.by.Types)
				}
			}
			if s != c.want || next != journal.Cursor(4) {
				t.Errorf("%+v: %s and %s, want %s", c.by, s, next, c.want)
			}
		}
		for _, bad := range []journal.EventQuery{{After: "%"}, {After: journal.Cursor(5)}, {After: "cDAx"}, {Limit: 1001}, {Limit: -1}} {
			if _, _, err := j.Events(context.Background(), d, bad); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if rows, _, err := j.Events(context.Background(), d, journal.EventQuery{}); err != nil || len(rows) != 0 {
			t.Errorf("the zero filter lets %d events through (%v)", len(rows), err)
		}
		all, _ := eventsOf(t, w, j, journal.EventQuery{})
		if _, err := j.Event(context.Background(), d, below, all[1].ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a foreign event by its id: %v", err)
		}
		if e, err := j.Event(context.Background(), d, below, all[0].ID); err != nil || e.Type != "customer.created" {
			t.Errorf("%+v %v", e, err)
		}
	})
}

// Decision 4: a reader that polls while two nodes write, commit late and sequence sees every committed event once, in order.
func TestNoCursorSkipsAnEventThatCommittedLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		one, two := w.journal(), w.journal()
		const writers, each = 8, 30
		var work sync.WaitGroup
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		var nodes sync.WaitGroup
		for _, j := range []*journal.Journal{one, two} {
			nodes.Go(func() {
				tick := time.NewTicker(3 * time.Millisecond)
				defer tick.Stop()
				for ctx.Err() == nil {
					if _, err := j.Sequence(ctx); err != nil && ctx.Err() == nil {
						t.Error(err)
					}
					select {
					case <-tick.C:
					case <-ctx.Done():
					}
				}
			})
		}
		for i := range writers {
			work.Go(func() {
				for n := range each {
					err := d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
						if err := []*journal.Journal{one, two}[i%2].Append(ctx, tx, admin, news(i*each+n)); err != nil {
							return err
						}
						if n%7 == 0 {
							return errs.Missing("luck") // rolled back: must never be seen
						}
						var x int
						for range i * 3 { // writers take differently long between insert and commit
							if err := tx.Get(ctx, &x, `SELECT COUNT(*) FROM journal_head`); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil && errs.KindOf(err) != errs.NotFound && ctx.Err() == nil {
						t.Error(err)
					}
				}
			})
		}
		seen, want := map[int]bool{}, 0
		for i := range writers * each {
			if i%each%7 != 0 {
				want++
			}
		}
		done := make(chan struct{})
		go func() { work.Wait(); close(done) }()
		cursor, last, finished := "", int64(0), false
		dbtest.Eventually(t, "every event seen", func() bool {
			select {
			case <-done:
				finished = true
			default:
			}
			rows, next := eventsOf(t, w, one, journal.EventQuery{After: cursor, Limit: 7})
			for _, e := range rows {
				n := int(e.Data["n"].(float64))
				if seen[n] || e.Position <= last || n%each%7 == 0 {
					t.Fatalf("event %d at %d: seen before: %v, last position %d", n, e.Position, seen[n], last)
				}
				seen[n], last = true, e.Position
			}
			cursor = next
			return finished && len(seen) == want
		})
		stop()
		nodes.Wait()
		report, err := one.Verify(context.Background(), nil)
		if err != nil || report.Fault == nil || report.Fault.What != journal.HeadGone || report.Entries != int64(want) {
			t.Errorf("%+v %v", report, err)
		}
	})
}

func TestTheQueueSequencesAndKeepsTheHeadOutside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		q := queue.New(d, queue.Options{Log: slog.New(slog.DiscardHandler)})
		j.Register(q)
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(ctx) }()
		defer func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}()
		write(t, w, j, admin, news(1))
		dbtest.Eventually(t, "the event is visible", func() bool { got, _ := eventsOf(t, w, j, journal.EventQuery{}); return len(got) == 1 })
		clock.Advance(2 * time.Second)
		dbtest.Eventually(t, "the head is outside", func() bool { h, err := j.ReadHead(ctx); return err == nil && h.Position == 1 })
		if r, err := j.Verify(ctx, nil); err != nil || r.Fault != nil || r.Behind != 0 {
			t.Errorf("%+v %v", r, err)
		}
	})
}

// CH-88: the log of enterprise B is invisible to who was given A.
func TestASubAccountSeesNoLogRowsAboutCustomersThatItWasNotGiven(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := newWorld(t, d, clock)
		j := w.journal()
		other := access.Tenant{ID: "other", Kind: access.Customer, Scope: partner.Scope + "cz.", Name: "Other"}
		for _, of := range []access.Tenant{customer, other, partner} {
			n := news(1)
			n.Tenant, n.Target.ID = of, of.ID
			write(t, w, j, admin, n)
		}
		sub := access.Actor{ID: "sub", Account: "sub", Kind: access.Person, Tenant: partner, Roles: []access.Role{access.PartnerSubAccount},
			Functions: []access.Action{access.LogView}, Customers: []access.Tenant{customer}}
		seen := map[string]bool{}
		for _, e := range logOf(t, w, j, partner.ID, journal.Query{Viewer: sub}) {
			seen[e.Target.ID] = true
		}
		if !seen[customer.ID] || !seen[partner.ID] || seen[other.ID] {
			t.Errorf("%v", seen)
		}
		if n := len(logOf(t, w, j, partner.ID, journal.Query{Viewer: admin})); n != 3 {
			t.Errorf("an administrator sees %d rows", n)
		}
		sub.AllCustomers = true
		if n := len(logOf(t, w, j, partner.ID, journal.Query{Viewer: sub})); n != 3 {
			t.Errorf("a sub account for all customers sees %d rows", n)
		}
	})
}
