package billing_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/billing"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/usage"
)

// WS-62.
func TestAReportCoversDaysOfTheLastFiveYearsButNotToday(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.admin(w.P)
		for _, v := range []struct{ today, start, end, want string }{
			{"2024-06-15 10:00", "2019-06-15", "2024-06-14", ""},
			{"2024-06-15 10:00", "2019-06-14", "2024-06-14", "billing_start_date date_not_allowed"},
			{"2024-06-15 10:00", "2024-06-01", "2024-06-15", "billing_end_date date_not_allowed"},
			{"2024-06-15 10:00", "2024-06-01", "2024-06-16", "billing_end_date date_not_allowed"},
			{"2024-06-15 10:00", "2024-06-02", "2024-06-01", "billing_end_date end_before_start"},
			{"2024-06-15 10:00", "2024-6-1", "2024-06-10", "billing_start_date bad_date"},
			{"2024-06-15 10:00", "", "2024-06-10", "billing_start_date bad_date"},
			{"2024-02-29 10:00", "2019-02-28", "2024-02-28", ""},
			{"2024-02-29 10:00", "2019-02-27", "2024-02-28", "billing_start_date date_not_allowed"},
		} {
			w.Clock.Set(instant(v.today))
			_, err := w.billing.CreateReport(ctx, me, billing.NewReport{Start: v.start, End: v.end})
			got := ""
			if err != nil && errs.KindOf(err) == errs.Invalid {
				got = errs.As(err).Fields[0].Name + " " + errs.As(err).Fields[0].Code
			} else if err != nil {
				got = err.Error()
			}
			if got != v.want {
				t.Errorf("%+v: %s", v, got)
			}
		}
		_, err := w.billing.CreateReport(ctx, me, billing.NewReport{Start: "2024-01-01", End: "2024-01-31", Type: "DEPARTMENT"})
		catalogtest.Code(t, err, "invalid_fields")
	})
}

// WS-61, WS-67: in progress is given again, finished must be deleted first, failed is replaced.
func TestAFinishedReportIsDeletedBeforeItIsMadeAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.june()
		me, n := w.admin(w.P), billing.NewReport{Start: "2024-06-01", End: "2024-06-30", Type: "USER"}
		first, err := w.billing.CreateReport(ctx, me, n)
		w.OK(err)
		again, err := w.billing.CreateReport(ctx, me, n)
		if err != nil || again.ID != first.ID || first.Status != billing.InProgress {
			t.Errorf("%+v, %v", again, err)
		}
		w.OK(w.billing.MakeReport(ctx, first.ID))
		_, err = w.billing.CreateReport(ctx, me, n)
		catalogtest.Code(t, err, "report_exists")
		if errs.As(err).Params["id"] != first.ID {
			t.Errorf("%v", err)
		}
		w.OK(w.billing.DeleteReport(ctx, me, first.ID, 0))
		catalogtest.Code(t, w.billing.DeleteReport(ctx, me, first.ID, 0), "not_found")
		second, err := w.billing.CreateReport(ctx, me, n)
		if err != nil || second.ID == first.ID {
			t.Errorf("%+v, %v", second, err)
		}
		_, err = w.DB.Exec(ctx, `UPDATE billing_reports SET status = 'FAILED'`)
		w.OK(err)
		third, err := w.billing.CreateReport(ctx, me, n)
		if err != nil || third.ID == second.ID || third.Status != billing.InProgress {
			t.Errorf("%+v, %v", third, err)
		}
	})
}

// WS-64, WS-66: half an hour, without a session, and never after the report was deleted.
func TestALinkWorksForHalfAnHour(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.june()
		me := w.admin(w.P)
		r := w.order(me, billing.NewReport{Start: "2024-06-01", End: "2024-06-30"})
		q, _ := w.billing.Link(r, billing.CSV)
		until, key, _ := strings.Cut(strings.TrimPrefix(q, "until="), "&key=")
		open := func(id, form, until, key string) string {
			f, _, err := w.billing.Fetch(ctx, id, form, until, key)
			if err != nil {
				return errs.CodeOf(err)
			}
			return fmt.Sprint(f.Close())
		}
		start := w.Clock.Now()
		w.Clock.Advance(29*time.Minute + 59*time.Second)
		if got := open(r.ID, billing.CSV, until, key); got != "<nil>" {
			t.Errorf("before its end: %s", got)
		}
		for what, got := range map[string]string{"another form": open(r.ID, billing.JSONLines, until, key), "another end": open(r.ID, billing.CSV, until+"0", key),
			"another report": open(db.NewID(), billing.CSV, until, key), "no key": open(r.ID, billing.CSV, until, ""), "nonsense": open(r.ID, "exe", "x", "%%")} {
			if got != "not_found" {
				t.Errorf("%s: %s", what, got)
			}
		}
		w.Clock.Set(start.Add(30*time.Minute + time.Second))
		if got := open(r.ID, billing.CSV, until, key); got != "link_expired" {
			t.Errorf("after its end: %s", got)
		}
		q, _ = w.billing.Link(r, billing.CSV)
		until, key, _ = strings.Cut(strings.TrimPrefix(q, "until="), "&key=")
		w.OK(w.billing.DeleteReport(ctx, me, r.ID, 0))
		if got := open(r.ID, billing.CSV, until, key); got != "report_deleted" {
			t.Errorf("deleted: %s", got)
		}
	})
}

// WS-65.
func TestAListFindsExactlyThePeriodThatIsAskedFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.Clock.Set(instant("2024-07-20 10:00"))
		me := w.admin(w.P)
		for _, d := range [][2]string{{"2024-05-01", "2024-05-31"}, {"2024-05-10", "2024-05-20"}} {
			_, err := w.billing.CreateReport(ctx, me, billing.NewReport{Start: d[0], End: d[1]})
			w.OK(err)
		}
		for want, q := range map[int]billing.ReportQuery{1: {Start: "2024-05-01", End: "2024-05-31"}, 0: {Start: "2024-05-05"}, 2: {State: "in_progress", Type: "partner"}} {
			l, err := w.billing.Reports(ctx, me, q)
			if err != nil || len(l.Items) != want {
				t.Errorf("%+v: %d, %v", q, len(l.Items), err)
			}
		}
		l, err := w.billing.Reports(ctx, me, billing.ReportQuery{Page: db.Page{Limit: 1}})
		if err != nil || len(l.Items) != 1 || l.Items[0].Start != "2024-05-01" || l.Next == "" {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

// WS-60, WS-68, WS-73: nobody sees another's reports; reading is not writing.
func TestReportsOfOthersLookLikeUnknownOnes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.june()
		p, s, q := w.admin(w.P), w.admin(w.S), w.admin(w.Q)
		mine := w.order(p, billing.NewReport{Start: "2024-06-01", End: "2024-06-30"})
		theirs := w.order(s, billing.NewReport{Start: "2024-06-01", End: "2024-06-30"})
		for _, who := range []access.Actor{s, q, w.As(w.A, access.CustomerFullAdmin)} {
			if _, err := w.billing.Report(ctx, who, mine.ID); errs.KindOf(err) != errs.NotFound && errs.KindOf(err) != errs.Forbidden {
				t.Errorf("%s: %v", who.Tenant.Name, err)
			}
			if err := w.billing.DeleteReport(ctx, who, mine.ID, 0); err == nil {
				t.Errorf("%s deletes", who.Tenant.Name)
			}
		}
		if _, err := w.billing.Report(ctx, q, theirs.ID); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		_, err := w.billing.CreateReport(ctx, s, billing.NewReport{SubPartnerID: w.P.ID, Start: "2024-05-01", End: "2024-05-31"})
		catalogtest.Code(t, err, "not_found")
		_, err = w.billing.CreateReport(ctx, q, billing.NewReport{SubPartnerID: w.S.ID, Start: "2024-05-01", End: "2024-05-31"})
		catalogtest.Code(t, err, "not_found")
		_, err = w.billing.CreateReport(ctx, w.As(w.P, access.PartnerBillingRead), billing.NewReport{Start: "2024-05-01", End: "2024-05-31"})
		catalogtest.Code(t, err, "forbidden")
		if _, err := w.billing.Report(ctx, w.As(w.P, access.PartnerBillingRead), mine.ID); err != nil {
			t.Error(err)
		}
	})
}

// WS-72.
func TestAPointInTimeReportShowsWhatIsHeldNow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.june()
		r := w.order(w.admin(w.P), billing.NewReport{Category: "point_in_time", Type: "CUSTOMER"})
		if got := w.named(brief(w.table(r), "SERVICE_NAME", "CUSTOMER_ORG_ID", "QUANTITY")); got != "CALLING A 2; SUITE B 1" {
			t.Error(got)
		}
		_, err := w.billing.CreateReport(ctx, w.admin(w.P), billing.NewReport{Category: "POINT_IN_TIME", Type: "PARTNER"})
		catalogtest.Code(t, err, "invalid_fields")
	})
}

// WS-55, decision 6: a customer that is gone is still in the report; a report twice over the same days is the same.
func TestWhatWasSettledStaysAsItIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.june()
		me, n := w.admin(w.P), billing.NewReport{Start: "2024-06-01", End: "2024-06-30", Type: "USER"}
		r := w.order(me, n)
		before := w.fetch(r, billing.CSV)
		w.OK(w.billing.DeleteReport(ctx, me, r.ID, 0))
		w.Clock.Set(instant("06-20 10:00")) // a clock that stands wrong by a month cannot reach into what is settled
		w.OK(w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return usage.CloseAll(ctx, tx, usage.User, "U1") }))
		w.Clock.Set(instant("2024-07-21 10:00"))
		if after := w.fetch(w.order(me, n), billing.CSV); after != before {
			t.Errorf("%s\nwas\n%s", after, before)
		}
	})
}

// WS-67 with two at once: one report.
func TestTwoWhoOrderTheSameReportGetOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.Clock.Set(instant("2024-07-20 10:00"))
		ids := make([]string, 4)
		var all sync.WaitGroup
		for i := range ids {
			all.Add(1)
			go func() {
				defer all.Done()
				r, err := w.billing.CreateReport(ctx, w.admin(w.P), billing.NewReport{Start: "2024-05-01", End: "2024-05-31"})
				if err != nil {
					t.Error(err)
				}
				ids[i] = r.ID
			}()
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("%v", ids)
			}
		}
	})
}
