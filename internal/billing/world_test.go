package billing_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/billing"
	"linecard/internal/blob"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/operation"
	"linecard/internal/secret"
	"linecard/internal/tenant"
	"linecard/internal/usage"
)

var ctx = context.Background()

type world struct {
	*catalogtest.World
	t       testing.TB
	billing *billing.Service
	subs    map[string]string // subscription of a partner
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newWorld(t, d, clock)) })
}

func newWorld(t testing.TB, d *db.DB, clock *dbtest.Clock) *world {
	t.Helper()
	clock.Set(time.Date(2024, 5, 1, 9, 0, 0, 0, time.UTC))
	w := &world{World: catalogtest.New(t, d, clock), t: t, subs: map[string]string{}}
	box, err := secret.Open(filepath.Join(t.TempDir(), "key"))
	w.OK(err)
	files, err := blob.Open(ctx, "file://"+t.TempDir())
	w.OK(err)
	ops := operation.NewService(operation.Deps{DB: d, Box: box, Log: slog.New(slog.DiscardHandler)})
	w.billing = billing.NewService(billing.Needs{DB: d, Box: box, Files: files, Journal: w.Journal, Tenants: w.Tenants, Catalog: w.Catalog, Operations: ops, Log: slog.New(slog.DiscardHandler)})
	return w
}

// instant reads "06-10 12:00" of 2024, or with its year.
func instant(s string) time.Time {
	if len(s) < 16 {
		s = "2024-" + s
	}
	if len(s) > 16 {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			panic(err)
		}
		return at
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", s, time.UTC)
	if err != nil {
		panic(err)
	}
	return at
}

// assign opens a span at an instant and, unless until is "", closes it.
func (w *world) assign(c tenant.Tenant, item string, holder usage.Kind, id, from, until string, units ...int64) {
	w.t.Helper()
	i, err := w.Catalog.Code(ctx, w.DB, item)
	w.OK(err)
	sold, err := w.Catalog.SoldTo(ctx, w.DB, c)
	w.OK(err)
	w.Clock.Set(instant(from))
	s := usage.Span{CustomerID: c.ID, Scope: c.Scope, PartnerID: sold.PartnerID, SubPartnerID: sold.SubPartnerID, SubscriptionID: sold.SubscriptionID,
		Item: i.Code, SKU: i.SKU, Holder: holder, HolderID: id, Rule: usage.Rule(i.Rule)}
	if len(units) > 0 {
		s.Units = units[0]
	}
	w.OK(w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return usage.Open(ctx, tx, s) }))
	if until != "" {
		w.Clock.Set(instant(until))
		w.OK(w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return usage.Close(ctx, tx, i.Code, holder, id) }))
	}
}

// order creates a report and makes it.
func (w *world) order(actor access.Actor, n billing.NewReport) billing.Report {
	w.t.Helper()
	r, err := w.billing.CreateReport(ctx, actor, n)
	w.OK(err)
	w.OK(w.billing.MakeReport(ctx, r.ID))
	r, err = w.billing.Report(ctx, actor, r.ID)
	w.OK(err)
	if r.Status != billing.Completed {
		w.t.Fatalf("%+v", r)
	}
	return r
}

func (w *world) fetch(r billing.Report, form string) string {
	w.t.Helper()
	q, _ := w.billing.Link(r, form)
	until, key, _ := strings.Cut(strings.TrimPrefix(q, "until="), "&key=")
	f, _, err := w.billing.Fetch(ctx, r.ID, form, until, key)
	w.OK(err)
	defer f.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(f)
	w.OK(err)
	return b.String()
}

// table gives the rows of a report by column.
func (w *world) table(r billing.Report) []map[string]string {
	w.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(w.fetch(r, billing.CSV))).ReadAll()
	w.OK(err)
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, c := range row {
			m[rows[0][i]] = c
		}
		out = append(out, m)
	}
	return out
}

func (w *world) admin(t tenant.Tenant) access.Actor {
	return w.As(t, access.PartnerFullAdmin, access.PartnerWholesaleAdmin)
}
