package subscriber_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/subscriber"
)

// WS-110: E.164, once on the platform, of one location, and available again after its user.
func TestANumberIsOnceOnThePlatformAndGoesBackWhenItsUserGoes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		out, err := w.subs.AddNumbers(ctx, system, w.A.ID, subscriber.NewNumbers{LocationID: w.hq.ID,
			Ranges: []subscriber.NumberRange{{First: "+4930901820", Last: "+4930901829"}, {First: "030 901821"}, {First: "12"}}})
		w.OK(err)
		if len(out) != 12 || out[0].Err != nil || out[9].Number.Number != "+4930901829" {
			t.Fatalf("%+v", out)
		}
		refused(t, out[10].Err, "number_exists")
		refused(t, out[11].Err, "bad_number")
		if out, _ := w.subs.AddNumbers(ctx, system, w.D.ID, subscriber.NewNumbers{Ranges: []subscriber.NumberRange{{First: "+4930901820"}}}); out[0].Err == nil {
			t.Error("one number with two customers")
		}
		n := person(1)
		n.Extension, n.Number = "", "030 901820"
		u := w.user(w.A, n)
		if u.Number != "+4930901820" {
			t.Errorf("%+v", u)
		}
		n2 := person(2)
		n2.Number = n.Number
		_, err = w.subs.CreateUser(ctx, system, w.A.ID, n2)
		refused(t, err, "number_unavailable")
		other := w.location(w.A, "Hamburg")
		n2.LocationID, n2.Number = other.ID, "+4930901821"
		_, err = w.subs.CreateUser(ctx, system, w.A.ID, n2)
		refused(t, err, "number_unavailable")
		refused(t, w.subs.DeleteNumber(ctx, system, w.A.ID, u.Number, 0), "number_assigned")
		nobody := ""
		_, err = w.subs.EditNumber(ctx, system, w.A.ID, u.Number, subscriber.NumberPatch{HolderID: &nobody})
		refused(t, err, "extension_or_number")
		w.OK(w.subs.DeleteUser(ctx, system, w.A.ID, u.ID, 0))
		got, err := w.subs.Number(ctx, system, w.A.ID, "+4930901820")
		if err != nil || got.State() != "available" || got.LocationID != w.hq.ID {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// WS-133.
func TestALongFileOfUsersIsDoneInTheBackgroundAndAgainChangesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	each(t, func(t *testing.T, w *world) {
		var b strings.Builder
		b.WriteString("Mail,Vorname,Nachname,Paket,Durchwahl,Ignored\n")
		const n = 1500
		for i := range n {
			fmt.Fprintf(&b, "u%d@acme.test,Ann,Lee,calling,%d,x\n", i, 10000+i)
		}
		b.WriteString("bad,Ann,Lee,calling,9,x\n")
		f := subscriber.ImportFile{Data: []byte(b.String()), Mapping: map[string]string{"email": "Mail", "first_name": "Vorname", "last_name": "Nachname", "package": "Paket", "extension": "Durchwahl"}}
		dry, _, err := w.subs.ImportUsers(db.DryRun(ctx), system, w.A.ID, f)
		if err != nil || dry.Added != n || dry.Failed != 1 {
			t.Fatalf("%+v, %v", dry, err)
		}
		q := queue.New(w.DB, queue.Options{Node: "test", Log: slog.New(slog.DiscardHandler), Alone: true, Grace: time.Second, Beat: 10 * time.Millisecond})
		w.subs.Register(q)
		run, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- q.Run(run) }()
		report, op, err := w.subs.ImportUsers(ctx, system, w.A.ID, f)
		if err != nil || report != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(60 * time.Second)
		for !op.State.Final() && time.Now().Before(deadline) {
			<-time.After(20 * time.Millisecond)
			if op, err = w.ops.Get(ctx, system, op.ID); err != nil {
				t.Fatal(err)
			}
		}
		stop()
		<-done
		if op.State != operation.Succeeded || !strings.Contains(string(op.Result), `"added":1500,"updated":0,"unchanged":0,"failed":1`) {
			t.Fatalf("%s %.200s %+v", op.State, op.Result, op.Fault)
		}
		again, _, err := w.subs.ImportUsers(db.DryRun(ctx), system, w.A.ID, subscriber.ImportFile{Data: []byte(b.String()[:4000]), Mapping: f.Mapping})
		if err != nil || again.Unchanged < 50 || again.Updated != 0 {
			t.Errorf("%+v, %v", again, err)
		}
		if w.used(w.A, "calling") != n {
			t.Error("not all are counted")
		}
	})
}

// WS-121: precheck ok ⇔ apply ok, on random input without concurrency.
func TestWhatTheCheckLetsPassIsMadeAndWhatItRefusesIsNot(t *testing.T) {
	cases := 10_000
	if testing.Short() {
		cases = 500
	}
	clock := dbtest.NewClock()
	d := dbtest.Open(t, dbtest.SQLiteURL(t), clock)
	w := newWorldOf(t, d, clock)
	_, err := w.subs.AddNumbers(ctx, system, w.A.ID, subscriber.NewNumbers{LocationID: w.hq.ID, Ranges: []subscriber.NumberRange{{First: "+4930901000", Last: "+4930901099"}}})
	w.OK(err)
	second := w.location(w.A, "Hamburg")
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	ok, portion := 0, 20
	for range cases / portion {
		var all []subscriber.NewUser
		for range portion {
			n := subscriber.NewUser{Email: pick("x"+strconv.Itoa(r.IntN(cases))+"@a.test", "y"+strconv.Itoa(r.IntN(cases))+"@a.test", "z"+strconv.Itoa(r.IntN(cases))+"@a.test", "x"+strconv.Itoa(r.IntN(50))+"@a.test", "nobody"), FirstName: pick("A", "A", "A", "A", "A", ""), LastName: pick("B", "B", "B", "B", "B", "\u202e"),
				ExternalID: pick("", "", "e"+strconv.Itoa(r.IntN(cases))), Package: pick("calling", "suite", "meetings", "webex_voice", "calling", "suite", "meetings", "common_area", "gold"),
				LocationID: pick(w.hq.ID, w.hq.ID, w.hq.ID, second.ID, second.ID, "", "x"), Extension: pick("", strconv.Itoa(10000+r.IntN(90000)), strconv.Itoa(10000+r.IntN(90000)), strconv.Itoa(1000+r.IntN(300)), "x1"),
				Number: pick("", "", "", "", "", "+49309010"+fmt.Sprintf("%02d", r.IntN(100)), "12"), Lenient: r.IntN(2) == 0}
			if r.IntN(5) == 0 {
				n.AddOns = []string{pick("attendant_console", "suite", "calling_plan")}
			}
			all = append(all, n)
		}
		said, err := w.subs.CheckUsers(ctx, system, w.A.ID, all)
		w.OK(err)
		made, err := w.subs.CreateUsers(ctx, system, w.A.ID, all)
		w.OK(err)
		for i, fs := range said {
			passes := true
			for _, f := range fs {
				passes = passes && f.Severity != subscriber.Error
			}
			if passes != (made[i].Err == nil) {
				t.Fatalf("the check says %v (%+v), the create %v: %+v", passes, fs, made[i].Err, all[i])
			}
			if passes {
				ok++
			}
		}
	}
	if ok < cases/50 {
		t.Errorf("only %d of %d pass: the test shows little", ok, cases)
	}
	t.Logf("%d of %d pass", ok, cases)
}

func BenchmarkBulkOfUsers(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.MigratedPostgresURL} {
		b.Run(name, func(b *testing.B) {
			clock := dbtest.NewClock()
			w := newWorldOf(b, dbtest.Open(b, url(b), clock), clock)
			n := 0
			b.ResetTimer()
			for b.Loop() {
				var all []subscriber.NewUser
				for range 1000 {
					p := person(n)
					p.Extension = strconv.Itoa(10_000_000 + n)
					all, n = append(all, p), n+1
				}
				if _, err := w.subs.CreateUsers(ctx, system, w.A.ID, all); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "users/s")
		})
	}
}

func TestPasswordsOfLinesAreSealedWithTheNewestKeyAndStaySame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user(w.A, person(1))
		lines, _, err := w.subs.Lines(ctx, system, w.A.ID, subscriber.LineQuery{HolderID: u.ID})
		w.OK(err)
		_, err = w.subs.Rotate(ctx, system, w.A.ID, lines[0].ID, 0)
		w.OK(err)
		was, err := w.subs.Credentials(ctx, w.DB, []string{lines[0].ID})
		w.OK(err)
		w.OK(w.box.Rotate())
		if n, err := w.subs.Reseal(ctx); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if n, err := w.subs.Reseal(ctx); err != nil || n != 0 {
			t.Error(n, err)
		}
		now, err := w.subs.Credentials(ctx, w.DB, []string{lines[0].ID})
		if err != nil || len(now) != 2 || now[0].Password != was[0].Password || now[1].Password != was[1].Password {
			t.Error("other passwords", err)
		}
	})
}
