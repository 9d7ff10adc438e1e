// Package statements owns the pages of what is billed: reports over any period (WS-60 … WS-72), monthly statements with their files
// (WS-58), and the file from which a provider bills its own customers (WS-59).
//
// It must not know how usage is counted or money rounded: room billing computes, pages show.
package statements

import (
	"bytes"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/billing"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Pages are the pages of billing.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	row := func(pattern string, in page.Places, needs access.Action, serve page.Handler) page.Route {
		return page.Route{Pattern: pattern, In: in, Needs: needs, Serve: serve}
	}
	staff := page.Operator | page.Partner
	return []page.Route{
		row("GET /reports", page.Staff, access.ReportView, p.Reports),
		row("GET /reports/new", page.Staff, access.ReportEdit, p.AddReport), row("POST /reports/new", page.Staff, access.ReportEdit, p.CreateReport),
		row("GET /reports/{id}", page.Staff, access.ReportView, p.Report), row("GET /reports/{id}/progress", page.Staff, access.ReportView, p.ReportProgress),
		row("GET /reports/{id}/files/{form}", page.Staff, access.ReportView, p.ReportFile),
		row("GET /reports/{id}/delete", page.Staff, access.ReportEdit, p.AskDeleteReport), row("POST /reports/{id}/delete", page.Staff, access.ReportEdit, p.DeleteReport),
		row("GET /customer-statements", page.Resellers, access.ReportView, p.AskCustomerStatement), row("GET /customer-statements/{month}/file.csv", page.Resellers, access.ReportView, p.CustomerStatement),
		row("GET /invoices", staff, access.InvoiceView, p.Invoices),
		row("POST /invoices", page.Operator, access.InvoiceEdit, p.DraftInvoice),
		row("GET /invoices/{id}", staff, access.InvoiceView, p.Invoice), row("GET /invoices/{id}/files/{name}", staff, access.InvoiceView, p.InvoiceFile),
		row("GET /invoices/{id}/steps/{step}", page.Operator, access.InvoiceEdit, p.AskStep), row("POST /invoices/{id}/steps/{step}", page.Operator, access.InvoiceEdit, p.Step),
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Group: "nav.billing", Label: "nav.invoices", URL: "/invoices", Icon: "file-text"}, {Group: "nav.billing", Label: "nav.reports", URL: "/reports", Icon: "list-details"},
	{Group: "nav.billing", Label: "nav.customer_statements", URL: "/customer-statements", Icon: "download"}}

var reportTones = map[string]ui.Tone{billing.InProgress: ui.Busy, billing.Completed: ui.OK, billing.Failed: ui.Bad}

func reportState(r *page.Request, x billing.Report) ui.Badge {
	return ui.Badge{Tone: reportTones[x.Status], Text: r.T("reports.state." + x.Status)}
}

func period(r *page.Request, x billing.Report) string {
	if x.Category == billing.PointInTime {
		return r.T("reports.point", "date", ui.DateTime(r.Context(), x.Created.Time))
	}
	return x.Start + " – " + x.End
}

// Reports lists the reports that were ordered (WS-65).
func (p Pages) Reports(r *page.Request) error {
	l := parts.ListOf(r, "", "type", "status")
	found, err := p.Billing.Reports(r.Context(), r.Actor, billing.ReportQuery{Type: l.Get("type"), State: l.Get("status"), Page: l.Page()})
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.reports"), r.T("reports.lead"))
	if r.Way("/reports/new") != "" {
		s.Actions = []ui.Action{{Label: r.T("reports.add"), URL: "/reports/new", Icon: "plus", Style: "primary"}}
	}
	kind := ui.Select{Name: "type", Label: r.T("reports.type"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []string{billing.TypePartner, billing.TypeCustomer, billing.TypeUser} {
		kind.Options = append(kind.Options, ui.Option{Value: v, Label: r.T("reports.type." + v), Selected: v == l.Get("type")})
	}
	state := ui.Select{Name: "status", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []string{billing.InProgress, billing.Completed, billing.Failed} {
		state.Options = append(state.Options, ui.Option{Value: v, Label: r.T("reports.state." + v), Selected: v == l.Get("status")})
	}
	f := l.Filters(nil)
	f.Fields = []templ.Component{kind, state}
	t := ui.Table{ID: "reports", Caption: r.T("nav.reports"), Pager: l.Pager(r, len(found.Items), -1, found.Next), Columns: []ui.Column{{Label: r.T("reports.period")}, {Label: r.T("reports.type")}, {Label: r.T("customer.state")}, {Label: r.T("reports.rows"), Number: true}, {Label: r.T("customer.added"), Minor: true}},
		Empty: ui.Empty{Icon: "list-details", Title: r.T("reports.none"), Text: r.T("reports.none_text"), Actions: s.Actions}}
	if l.Filtered() {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("reports.none_found"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	for _, x := range found.Items {
		row := ui.Row{ID: x.ID, Name: period(r, x), Cells: []templ.Component{ui.Two(period(r, x), r.T("reports.category."+x.Category), "/reports/"+x.ID), ui.Text(r.T("reports.type." + x.Type)), reportState(r, x), parts.Count(r, x.Rows), ui.NoWrap(ui.DateTime(r.Context(), x.Created.Time))}}
		if x.Status == billing.Completed {
			row.Actions = []ui.Action{{Label: r.T("reports.csv"), URL: "/reports/" + x.ID + "/files/" + billing.CSV, Icon: "download"}}
		}
		t.Rows = append(t.Rows, row)
	}
	return r.Show(ui.Full(s, f, t))
}

// AddReport shows the form of a report; last month stands in it.
func (p Pages) AddReport(r *page.Request) error {
	first := time.Date(r.Now().UTC().Year(), r.Now().UTC().Month()-1, 1, 0, 0, 0, 0, time.UTC)
	c, err := p.reportForm(r, billing.NewReport{Start: first.Format(time.DateOnly), End: first.AddDate(0, 1, -1).Format(time.DateOnly), Type: billing.TypeCustomer, Category: billing.Reconciliation}, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

func (p Pages) reportForm(r *page.Request, t billing.NewReport, err error) (templ.Component, error) {
	s := r.Shell(r.T("reports.add"), r.T("reports.add_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.reports"), URL: "/reports"}}
	f := ui.FaultsOf(r.Context(), err, "billing_start_date", r.T("reports.from"), "billing_end_date", r.T("reports.until"), "type", r.T("reports.type"), "category", r.T("reports.category"), "sub_partner_id", r.T("reports.about"), "provider_id", r.T("kind.partner"))
	var fields []templ.Component
	if r.Place.Kind == access.Operator {
		partners, err := p.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: access.Partner, Page: db.Page{Limit: db.MaxLimit}})
		if err != nil {
			return nil, err
		}
		who := ui.Select{Name: "provider_id", Label: r.T("kind.partner"), Fault: f.For("provider_id")}
		for _, x := range partners.Items {
			who.Options = append(who.Options, ui.Option{Value: x.ID, Label: x.Name, Selected: x.ID == t.ProviderID})
		}
		fields = append(fields, who)
	}
	fields = append(fields, ui.Input{Name: "billing_start_date", Label: r.T("reports.from"), Kind: "date", Value: t.Start, Required: true, Fault: f.For("billing_start_date")},
		ui.Input{Name: "billing_end_date", Label: r.T("reports.until"), Kind: "date", Value: t.End, Required: true, Hint: r.T("reports.dates_hint"), Fault: f.For("billing_end_date")})
	kind := ui.Choices{Name: "type", Label: r.T("reports.type"), One: true, Fault: f.For("type")}
	for _, v := range []string{billing.TypePartner, billing.TypeCustomer, billing.TypeUser} {
		kind.Options = append(kind.Options, ui.Option{Value: v, Label: r.T("reports.type." + v), Hint: r.T("reports.type_hint." + v), Selected: v == t.Type})
	}
	category := ui.Choices{Name: "category", Label: r.T("reports.category"), One: true, Fault: f.For("category")}
	for _, v := range []string{billing.Reconciliation, billing.PointInTime} {
		category.Options = append(category.Options, ui.Option{Value: v, Label: r.T("reports.category." + v), Hint: r.T("reports.category_hint." + v), Selected: v == t.Category})
	}
	fields = append(fields, kind, category)
	if r.Place.Kind == access.Partner {
		about := ui.Select{Name: "about", Label: r.T("reports.about"), Fault: f.For("sub_partner_id"), Options: []ui.Option{{Label: r.T("reports.own")}, {Value: "all", Label: r.T("reports.with_subs"), Selected: t.WithSubs}}}
		if r.Actor.Can(access.SubPartnerView) {
			subs, _, err := p.Onboard.SubPartners(r.Context(), r.Actor, onboard.SubPartnerQuery{Page: db.Page{Limit: db.MaxLimit}})
			if err != nil {
				return nil, err
			}
			for _, x := range subs {
				about.Options = append(about.Options, ui.Option{Value: x.Tenant.ID, Label: x.Tenant.Name, Selected: x.Tenant.ID == t.SubPartnerID})
			}
		}
		fields = append(fields, about)
	}
	var there templ.Component
	if e := errs.As(err); err != nil && e.Code == "report_exists" { // WS-67
		n := ui.Notice{Tone: ui.Warn, Title: ui.ErrText(r.Context(), e), Text: r.T("reports.exists_text")}
		for _, name := range []string{"id", "report"} {
			if id := e.Params[name]; id != "" {
				n.Action = &ui.Action{Label: r.T("reports.open"), URL: "/reports/" + id}
			}
		}
		there, f = n, ui.Faults{}
	}
	return ui.Full(s, there, ui.CardOf("", ui.FormOf(ui.Form{URL: "/reports/new", Faults: f, Submit: r.T("reports.add"), Cancel: "/reports", Columns: true}, fields...))), nil
}

// CreateReport orders it; it is made in the background (WS-61).
func (p Pages) CreateReport(r *page.Request) error {
	v := r.PostFormValue
	in := billing.NewReport{ProviderID: v("provider_id"), Start: v("billing_start_date"), End: v("billing_end_date"), Type: v("type"), Category: v("category")}
	if in.Category == billing.PointInTime {
		in.Start, in.End = "", ""
	}
	if about := v("about"); about == "all" {
		in.WithSubs = true
	} else {
		in.SubPartnerID = about
	}
	r.Tries("report/create", r.Actor.Place(), journal.Target{Kind: "report"})
	x, err := p.Billing.CreateReport(r.Context(), r.Actor, in)
	if err != nil {
		in.Start, in.End = v("billing_start_date"), v("billing_end_date")
		c, faulty := p.reportForm(r, in, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Redirect("/reports/" + x.ID)
}

// downloads is where files of reports are fetched by link, without a session (WS-64).
const downloads = "/api/downloads/"

// Report shows one report: how far it is, its files, and links to hand out.
func (p Pages) Report(r *page.Request) error {
	x, err := p.Billing.Report(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	s := r.Shell(r.T("reports.title", "period", period(r, x)), r.T("reports.show_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.reports"), URL: "/reports"}}
	b := reportState(r, x)
	s.Badge = &b
	if r.Actor.Can(access.ReportEdit) {
		s.Actions = []ui.Action{{Label: r.T("reports.delete"), URL: "/reports/" + x.ID + "/delete", How: ui.Confirm, Icon: "trash"}}
	}
	about := r.T("reports.own")
	if x.WithSubs {
		about = r.T("reports.with_subs")
	} else if x.SubPartnerID != "" {
		if t, err := p.Tenants.Get(r.Context(), r.Actor, x.SubPartnerID); err == nil {
			about = t.Name
		}
	}
	defs := ui.Definitions([]ui.Def{{Term: r.T("reports.period"), Value: ui.Text(period(r, x))}, {Term: r.T("reports.type"), Value: ui.Text(r.T("reports.type." + x.Type))}, {Term: r.T("reports.category"), Value: ui.Text(r.T("reports.category." + x.Category))},
		{Term: r.T("reports.about"), Value: ui.Text(about)}, {Term: r.T("reports.rows"), Value: parts.Count(r, x.Rows)}, {Term: r.T("organisation.id"), Value: ui.Mono(x.ID)}, {Term: r.T("customer.added"), Value: ui.Text(ui.DateTime(r.Context(), x.Created.Time))}})
	return r.Show(ui.Full(s, ui.GridOf(ui.CardOf(r.T("customers.details"), defs), ui.CardOf(r.T("reports.files"), p.outcome(r, x)))))
}

// outcome is what became of a report; while it is made it refreshes itself.
func (p Pages) outcome(r *page.Request, x billing.Report) templ.Component {
	switch x.Status {
	case billing.InProgress:
		return ui.Progress{ID: "report", Label: r.T("reports.state." + x.Status), Text: r.T("import.running_text"), PollURL: "/reports/" + x.ID + "/progress"}
	case billing.Failed:
		return ui.Notice{Tone: ui.Bad, Title: parts.Says(r, x.Fault.V.Code, x.Fault.V.Message, x.Fault.V.Params), Text: r.T("reports.failed_text")}
	}
	at := "/reports/" + x.ID + "/files/"
	out := []templ.Component{ui.Buttons(ui.Action{Label: r.T("reports.csv"), URL: at + billing.CSV, Icon: "download", Style: "primary"}, ui.Action{Label: r.T("reports.json"), URL: at + billing.JSONLines, Icon: "download"})}
	if query, until := p.Billing.Link(x, billing.CSV); query != "" {
		out = append(out, ui.Secret{ID: "link", Label: r.T("reports.link"), Value: strings.TrimRight(p.PublicURL, "/") + downloads + x.ID + "." + billing.CSV + "?" + query}, ui.Para(r.T("reports.link_text", "until", ui.DateTime(r.Context(), until))))
	}
	return ui.Stack(out...)
}

// ReportProgress is the part of that page that refreshes itself.
func (p Pages) ReportProgress(r *page.Request) error {
	x, err := p.Billing.Report(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.Show(p.outcome(r, x))
}

// ReportFile gives the file of a report.
func (p Pages) ReportFile(r *page.Request) error {
	x, err := p.Billing.Report(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := r.PathValue("form")
	query, _ := p.Billing.Link(x, form)
	if query == "" || form != billing.CSV && form != billing.JSONLines {
		return errs.Missing("file")
	}
	body, err := p.open(r, x.ID, form, query)
	if err != nil {
		return err
	}
	media := parts.CSV
	if form == billing.JSONLines {
		media = "application/jsonl"
	}
	return r.File("report-"+x.Start+"-"+x.End+"."+form, media, body)
}

// open reads the file by a link of its own, so that there is one way to it.
func (p Pages) open(r *page.Request, id, form, query string) ([]byte, error) {
	v, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	f, _, err := p.Billing.Fetch(r.Context(), id, form, v.Get("until"), v.Get("key"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, f)
	return b.Bytes(), err
}

// AskDeleteReport says that links end with the report (WS-66).
func (p Pages) AskDeleteReport(r *page.Request) error {
	x, err := p.Billing.Report(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	s := r.Shell(r.T("reports.delete"), "")
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.reports"), URL: "/reports"}, {Label: period(r, x), URL: "/reports/" + x.ID}}
	return r.Show(ui.Full(s, ui.Question{Title: r.T("reports.delete_title", "period", period(r, x)), Text: r.T("reports.delete_text"), URL: "/reports/" + x.ID + "/delete", Submit: r.T("reports.delete"), Danger: true, CancelURL: "/reports/" + x.ID, Hidden: []ui.Hidden{page.Versioned(x.Version)}}))
}

// DeleteReport takes it away; the same period can be ordered again then.
func (p Pages) DeleteReport(r *page.Request) error {
	id := r.PathValue("id")
	r.Tries("report/delete", r.Actor.Place(), journal.Target{Kind: "report", ID: id})
	if err := p.Billing.DeleteReport(r.Context(), r.Actor, id, r.Version()); err != nil {
		return err
	}
	return r.Done("/reports", r.T("reports.deleted"))
}

// months are those that have ended, the newest first.
func months(r *page.Request, chosen string) []ui.Option {
	var out []ui.Option
	first := time.Date(r.Now().UTC().Year(), r.Now().UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for i := range 24 {
		v := first.AddDate(0, -i-1, 0).Format("2006-01")
		out = append(out, ui.Option{Value: v, Label: v, Selected: v == chosen})
	}
	return out
}

// AskCustomerStatement explains the file from which a provider bills, and offers months (WS-59).
func (p Pages) AskCustomerStatement(r *page.Request) error {
	s := r.Shell(r.T("nav.customer_statements"), r.T("cstatements.lead"))
	t := ui.Table{ID: "months", Caption: r.T("nav.customer_statements"), Columns: []ui.Column{{Label: r.T("invoices.month")}}}
	for _, m := range months(r, "")[:12] {
		t.Rows = append(t.Rows, ui.Row{ID: m.Value, Name: m.Label, Cells: []templ.Component{ui.Text(m.Label)}, Actions: []ui.Action{{Label: r.T("reports.csv"), URL: "/customer-statements/" + m.Value + "/file.csv", Icon: "download"}}})
	}
	var prices templ.Component
	if r.Way("/retail") != "" {
		prices = ui.Notice{Tone: ui.Info, Text: r.T("cstatements.prices"), Action: &ui.Action{Label: r.T("nav.retail"), URL: "/retail"}}
	}
	return r.Show(ui.Full(s, prices, t))
}

// CustomerStatement gives that file.
func (p Pages) CustomerStatement(r *page.Request) error {
	var b bytes.Buffer
	month := r.PathValue("month")
	if err := p.Billing.WriteCustomerStatement(r.Context(), r.Actor, r.Place.ID, month, &b); err != nil {
		return err
	}
	return r.File("customers-"+month+".csv", parts.CSV, b.Bytes())
}
