package app

import (
	"log/slog"
	"path/filepath"
	"testing"

	"linecard/internal/access"
	"linecard/internal/billing"
)

// Issue 4: `linecard demo` shows last month's usage, a report and a statement.
func TestTheDemoShowsLastMonthsUsageAReportAndAStatement(t *testing.T) {
	dir := t.TempDir()
	clock := &demoClock{}
	clock.set(seedDays * 24 * 3600e9)
	core, err := Open(t.Context(), Settings{Stores: Stores{DB: "sqlite://" + filepath.Join(dir, "linecard.db"), Blob: "file://" + filepath.Join(dir, "files"), KeyFile: filepath.Join(dir, "keys.json")},
		PublicURL: "http://localhost", MailFrom: "Linecard <linecard@localhost>"}, Options{Log: slog.New(slog.DiscardHandler), Clock: clock, Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	defer core.Close()
	w, err := (&seeder{Core: core, clock: clock, rand: seedRand(1), fleet: 4}).world(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	system := access.SystemActor("test")
	reports, err := core.Billing.Reports(t.Context(), system, billing.ReportQuery{ProviderID: w.Partner.ID})
	if err != nil || len(reports.Items) != 2 {
		t.Fatalf("%+v, %v", reports, err)
	}
	for _, r := range reports.Items {
		if r.Status != billing.Completed || r.Rows < 6 {
			t.Errorf("%+v", r)
		}
	}
	invoices, err := core.Billing.Invoices(t.Context(), system, billing.InvoiceQuery{PartnerID: w.Partner.ID})
	if err != nil || len(invoices.Items) != 1 || invoices.Items[0].State != billing.Issued || invoices.Items[0].Total <= 0 {
		t.Fatalf("%+v, %v", invoices, err)
	}
	subPartner := false
	for _, l := range invoices.Items[0].Lines.V {
		t.Log(l.SubPartnerName, l.Item, l.Quantity, l.Amount)
		subPartner = subPartner || l.SubPartnerID == w.SubPartner.ID
	}
	if !subPartner {
		t.Error("the statement has no section of the sub-partner")
	}
}
