package statements

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/billing"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

var invoiceTones = map[string]ui.Tone{billing.Draft: ui.Busy, billing.Issued: ui.Info, billing.Paid: ui.OK, billing.Void: ui.Off}

func invoiceState(r *page.Request, i billing.Invoice) ui.Badge {
	return ui.Badge{Tone: invoiceTones[i.State], Text: r.T("invoices.state." + i.State)}
}

// shown is the number of a statement; a draft has none.
func shown(r *page.Request, i billing.Invoice) string {
	if i.Number == "" {
		return r.T("invoices.draft")
	}
	return i.Number
}

func money(i billing.Invoice) string { return billing.Money(i.Total, i.Currency) + " " + i.Currency }

// Invoices lists monthly statements, the newest period first (WS-58).
func (p Pages) Invoices(r *page.Request) error {
	c, err := p.invoicesPage(r, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

func (p Pages) invoicesPage(r *page.Request, refused error) (templ.Component, error) {
	l := parts.ListOf(r, "-start_date", "state", "partner_id")
	found, err := p.Billing.Invoices(r.Context(), r.Actor, billing.InvoiceQuery{PartnerID: l.Get("partner_id"), State: l.Get("state"), Page: l.Page()})
	if err != nil {
		return nil, err
	}
	s := r.Shell(r.T("nav.invoices"), r.T("invoices.lead"))
	names := map[string]string{}
	operator := r.Place.Kind == access.Operator
	var partners []tenant.Tenant
	if operator {
		all, err := p.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: access.Partner, Page: db.Page{Limit: db.MaxLimit}})
		if err != nil {
			return nil, err
		}
		partners = all.Items
		for _, x := range partners {
			names[x.ID] = x.Name
		}
	}
	state := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []string{billing.Draft, billing.Issued, billing.Paid, billing.Void} {
		if v != billing.Draft || operator {
			state.Options = append(state.Options, ui.Option{Value: v, Label: r.T("invoices.state." + v), Selected: v == l.Get("state")})
		}
	}
	f := l.Filters(nil)
	f.Fields = []templ.Component{state}
	t := ui.Table{ID: "invoices", Caption: r.T("nav.invoices"), Pager: l.Pager(r, len(found.Items), -1, found.Next), Columns: []ui.Column{{Label: r.T("invoices.number")}, l.Column(r.T("reports.period"), "-start_date"), {Label: r.T("customer.state")}, {Label: r.T("invoices.total"), Number: true}},
		Empty: ui.Empty{Icon: "file-text", Title: r.T("invoices.none"), Text: r.T("invoices.none_text")}}
	if operator {
		t.Columns = append(t.Columns, ui.Column{Label: r.T("kind.partner")})
	}
	for _, i := range found.Items {
		at := "/invoices/" + i.ID
		row := ui.Row{ID: i.ID, Name: shown(r, i), Dim: i.State == billing.Void, Cells: []templ.Component{ui.Two(shown(r, i), r.T("invoices.kind."+i.Kind), at), ui.NoWrap(i.Start + " – " + i.End), invoiceState(r, i), ui.NoWrap(money(i))},
			Actions: []ui.Action{{Label: r.T("invoices.pdf"), URL: at + "/files/" + billing.FilePDF, Icon: "download"}}}
		if operator {
			row.Cells = append(row.Cells, parts.Dash(names[i.PartnerID]))
		}
		t.Rows = append(t.Rows, row)
	}
	if !operator || !r.Actor.Can(access.InvoiceEdit) {
		return ui.Full(s, f, t), nil
	}
	faults := ui.FaultsOf(r.Context(), refused, "month", r.T("invoices.month"), "partner_id", r.T("kind.partner"))
	who := ui.Select{Name: "partner_id", Label: r.T("kind.partner"), Fault: faults.For("partner_id")}
	for _, x := range partners {
		who.Options = append(who.Options, ui.Option{Value: x.ID, Label: x.Name, Selected: x.ID == r.PostFormValue("partner_id")})
	}
	return ui.Full(s, f, t, ui.CardOf(r.T("invoices.make"), ui.Para(r.T("invoices.make_text")), ui.FormOf(ui.Form{URL: "/invoices", Faults: faults, Submit: r.T("invoices.make"), Columns: true}, who,
		ui.Select{Name: "month", Label: r.T("invoices.month"), Fault: faults.For("month"), Options: months(r, r.PostFormValue("month"))}))), nil
}

// DraftInvoice orders the draft of a month; it is made in the background.
func (p Pages) DraftInvoice(r *page.Request) error {
	r.Tries("invoice/create", r.Actor.Place(), journal.Target{Kind: "invoice"})
	if _, err := p.Billing.OrderInvoice(r.Context(), r.Actor, r.PostFormValue("partner_id"), r.PostFormValue("month")); err != nil {
		c, faulty := p.invoicesPage(r, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Done("/invoices", r.T("invoices.ordered"))
}

// Invoice is the page of one statement, its lines in sections by sub-partner (WS-58, WS-79).
func (p Pages) Invoice(r *page.Request) error {
	i, err := p.Billing.Invoice(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	at := "/invoices/" + i.ID
	s := r.Shell(r.T("invoices.kind."+i.Kind)+" "+shown(r, i), r.T("invoices.show_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.invoices"), URL: "/invoices"}}
	b := invoiceState(r, i)
	s.Badge = &b
	s.Actions = []ui.Action{{Label: r.T("invoices.pdf"), URL: at + "/files/" + billing.FilePDF, Icon: "download", Style: "primary"}, {Label: r.T("invoices.csv"), URL: at + "/files/" + billing.FileLines, Icon: "download"},
		{Label: r.T("invoices.prices"), URL: at + "/files/" + billing.FilePrices, Icon: "download"}}
	if r.Place.Kind == access.Operator && r.Actor.Can(access.InvoiceEdit) {
		for _, step := range steps(i) {
			s.Actions = append(s.Actions, ui.Action{Label: r.T("invoices.step." + step), URL: at + "/steps/" + step, How: ui.Confirm})
		}
	}
	var missing templ.Component
	t := ui.Table{ID: "lines", Caption: r.T("invoices.lines"), Columns: []ui.Column{{Label: r.T("users.package")}, {Label: r.T("invoices.days"), Minor: true}, {Label: r.T("invoices.quantity"), Number: true}, {Label: r.T("invoices.price"), Number: true}, {Label: r.T("invoices.amount"), Number: true}},
		Empty: ui.Empty{Icon: "file-text", Title: r.T("invoices.no_lines")}}
	for n, x := range i.Lines.V {
		price := catalog.PriceText(x.Price)
		if !x.Priced {
			price = "–"
			missing = ui.Notice{Tone: ui.Warn, Title: r.T("invoices.price_missing"), Text: r.T("invoices.price_missing_text")}
		}
		name := ui.Two(x.Name, x.SKU, "")
		if x.SubPartnerName != "" {
			name = ui.Stack(name, ui.Tag(x.SubPartnerName))
		}
		t.Rows = append(t.Rows, ui.Row{ID: ui.Int(int64(n)), Name: x.Name, Cells: []templ.Component{name, ui.NoWrap(x.From + " – " + x.To), ui.Text(x.Quantity), ui.Text(price), ui.Text(billing.Money(x.Amount, i.Currency))}})
	}
	facts := ui.GridOf(ui.Stat{Label: r.T("invoices.total"), Value: money(i)}, ui.Stat{Label: r.T("reports.period"), Value: i.Start, Note: i.End}, ui.Stat{Label: r.T("invoices.issued"), Value: ui.Date(r.Context(), i.Issued.Time)})
	return r.Show(ui.Full(s, missing, facts, t))
}

// steps are what can be done with a statement next.
func steps(i billing.Invoice) []string {
	switch {
	case i.State == billing.Draft:
		return []string{"issue", "void"}
	case i.State == billing.Issued && i.Kind == billing.KindInvoice:
		return []string{"pay", "void"}
	case i.State == billing.Paid && i.Kind == billing.KindInvoice:
		return []string{"void"}
	}
	return nil
}

// InvoiceFile gives the page as PDF, the lines or the price list as CSV.
func (p Pages) InvoiceFile(r *page.Request) error {
	body, media, err := p.Billing.InvoiceFile(r.Context(), r.Actor, r.PathValue("id"), r.PathValue("name"))
	if err != nil {
		return err
	}
	return r.File(r.PathValue("name"), media, body)
}

var invoiceSteps = map[string]bool{"issue": true, "pay": true, "void": true}

// AskStep says what a step of a statement means.
func (p Pages) AskStep(r *page.Request) error {
	i, err := p.Billing.Invoice(r.Context(), r.Actor, r.PathValue("id"))
	step := r.PathValue("step")
	if err == nil && !invoiceSteps[step] {
		err = errs.Missing("object")
	}
	if err != nil {
		return err
	}
	at := "/invoices/" + i.ID
	s := r.Shell(r.T("invoices.step."+step), "")
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.invoices"), URL: "/invoices"}, {Label: shown(r, i), URL: at}}
	text := r.T("invoices.step_text." + step)
	if step == "void" && i.State == billing.Draft {
		text = r.T("invoices.drop_text")
	}
	return r.Show(ui.Full(s, ui.Question{Title: r.T("invoices.step."+step) + " – " + shown(r, i), Text: text, URL: at + "/steps/" + step, Submit: r.T("invoices.step." + step), Danger: step == "void", CancelURL: at, Hidden: []ui.Hidden{page.Versioned(i.Version)}}))
}

// Step issues a statement, notes its payment, or takes it back.
func (p Pages) Step(r *page.Request) error {
	id, step := r.PathValue("id"), r.PathValue("step")
	r.Tries("invoice/"+step, r.Actor.Place(), journal.Target{Kind: "invoice", ID: id})
	var i billing.Invoice
	var err error
	switch step {
	case "issue":
		i, err = p.Billing.IssueInvoice(r.Context(), r.Actor, id, r.Version())
	case "pay":
		i, err = p.Billing.PayInvoice(r.Context(), r.Actor, id, r.Version())
	case "void":
		i, err = p.Billing.VoidInvoice(r.Context(), r.Actor, id, r.Version())
	default:
		err = errs.Missing("object")
	}
	if err != nil {
		return err
	}
	if step == "void" && i.State == billing.Draft {
		return r.Done("/invoices", r.T("invoices.dropped"))
	}
	return r.Done("/invoices/"+i.ID, r.T("invoices.done."+step))
}
