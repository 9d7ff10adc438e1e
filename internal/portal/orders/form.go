package orders

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// typed is the form of an order as it was filled. The texts of quantities stay as typed, so that a mistyped one is shown again.
type typed struct {
	customer string
	note     string
	lines    []typedLine
	version  int64
	err      error
}

type typedLine struct{ item, quantity, wanted string }

// linesMost is how many lines the form can grow to; an order through the API can have more.
const linesMost = 30

// lineName begins the names of a line's fields, as the service names their faults.
func lineName(i int) string { return "lines[" + strconv.Itoa(i) + "]." }

func read(r *page.Request) typed {
	t := typed{customer: r.PostFormValue("customer"), note: r.PostFormValue("note"), version: r.Version()}
	for i := range linesMost {
		at := lineName(i)
		if !r.PostForm.Has(at + "item") {
			break
		}
		t.lines = append(t.lines, typedLine{r.PostFormValue(at + "item"), strings.TrimSpace(r.PostFormValue(at + "quantity")), strings.TrimSpace(r.PostFormValue(at + "wanted"))})
	}
	return t
}

// order leaves empty lines out. A quantity that is no number is one below the smallest, which the service refuses by name.
func (t *typed) order(submit bool) tenant.NewOrder {
	kept := t.lines[:0]
	in := tenant.NewOrder{Note: t.note, Submit: submit}
	for _, l := range t.lines {
		if l.item == "" && l.quantity == "" && l.wanted == "" {
			continue
		}
		n, err := strconv.ParseInt(l.quantity, 10, 64)
		if err != nil {
			n = 0
		}
		kept = append(kept, l)
		in.Lines = append(in.Lines, tenant.OrderLine{Item: l.item, Quantity: n, Wanted: l.wanted})
	}
	t.lines = kept
	return in
}

// Add shows the empty form, for the customer that the address names or with a choice of one.
func (p Pages) Add(r *page.Request) error {
	form, err := p.addPage(r, typed{customer: r.URL.Query().Get("customer"), lines: make([]typedLine, 1)})
	if err != nil {
		return err
	}
	return r.Show(form)
}

// Create orders, as a draft or submitted at once. The button for another line only gives the form back.
func (p Pages) Create(r *page.Request) error {
	t := read(r)
	if r.PostFormValue("do") == "line" {
		t.lines = append(t.lines, typedLine{})
		form, err := p.addPage(r, t)
		if err != nil {
			return err
		}
		return r.Show(form)
	}
	r.Tries("order/create", r.Actor.Place(), journal.Target{Kind: "order"})
	o, err := p.Tenants.CreateOrder(r.Context(), r.Actor, t.customer, t.order(r.PostFormValue("do") == "submit"))
	if err != nil {
		if errs.KindOf(err) != errs.Invalid {
			return err
		}
		t.err = err
		form, faulty := p.addPage(r, t)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, form)
	}
	return r.Done("/orders/"+o.ID, r.T("orders.created", "order", number(r, o), "name", o.CustomerName))
}

func (p Pages) addPage(r *page.Request, t typed) (templ.Component, error) {
	s := r.Shell(r.T("orders.new"), r.T("orders.new_lead"))
	s.Crumbs = crumbs(r)
	who := []templ.Component{}
	cancel := "/orders"
	if t.customer != "" {
		c, _, err := parts.Look(r, p.Deps, t.customer, access.Customer)
		if err != nil {
			return nil, err
		}
		who = append(who, ui.Section{Title: c.Name, Text: c.Email}, ui.Carry("customer", c.ID))
		cancel = "/customers/" + c.ID
	} else {
		found, err := p.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: access.Customer, Page: db.Page{Limit: db.MaxLimit}})
		if err != nil {
			return nil, err
		}
		if len(found.Items) == 0 {
			return ui.Full(s, ui.CardOf("", ui.Empty{Icon: "building", Title: r.T("customers.none"), Text: r.T("orders.no_customer")})), nil
		}
		choice := ui.Select{Name: "customer", Label: r.T("customer.name"), Wide: true}
		for _, c := range found.Items {
			choice.Options = append(choice.Options, ui.Option{Value: c.ID, Label: c.Name})
		}
		who = append(who, choice)
	}
	return p.formPage(r, s, t, "/orders/new", cancel, who)
}

// formPage is the form with its lines.
func (p Pages) formPage(r *page.Request, s ui.Shell, t typed, url, cancel string, who []templ.Component) (templ.Component, error) {
	items, err := p.Tenants.Items(r.Context(), p.DB)
	if err != nil {
		return nil, err
	}
	f := ui.FaultsOf(r.Context(), t.err, labels(r, len(t.lines))...)
	fields := append(who, ui.Section{Title: r.T("orders.lines"), Text: r.T("orders.lines_text")})
	if len(t.lines) == 0 {
		t.lines = make([]typedLine, 1)
	}
	for i, l := range t.lines {
		at := lineName(i)
		choice := ui.Select{Name: at + "item", Label: r.T("orders.item"), Fault: f.For(at + "item"), Options: []ui.Option{{Label: "–"}}}
		for _, it := range items {
			if it.Active || it.Code == l.item {
				choice.Options = append(choice.Options, ui.Option{Value: it.Code, Label: it.Name, Selected: it.Code == l.item})
			}
		}
		fields = append(fields, ui.Line(r.T("orders.line", "n", i+1), choice,
			ui.Input{Name: at + "quantity", Label: r.T("orders.quantity"), Kind: "number", Value: l.quantity, Fault: f.For(at + "quantity")},
			ui.Input{Name: at + "wanted", Label: r.T("orders.wanted"), Kind: "date", Value: l.wanted, Optional: true, Fault: f.For(at + "wanted")}))
	}
	if len(t.lines) < linesMost {
		fields = append(fields, ui.Buttons(ui.Action{Label: r.T("orders.another"), How: ui.Submit, Name: "do", Value: "line", Icon: "plus"}))
	}
	fields = append(fields, ui.Area{Name: "note", Label: r.T("orders.note"), Value: t.note, Optional: true, Max: 2000, Fault: f.For("note")})
	form := ui.Form{URL: url, Faults: f, Cancel: cancel, Guard: true, Columns: true, Hidden: []ui.Hidden{page.Versioned(t.version)}, Extra: []ui.Action{
		{Label: r.T("orders.submit"), How: ui.Submit, Name: "do", Value: "submit", Style: "primary"},
		{Label: r.T("orders.save_draft"), How: ui.Submit, Name: "do", Value: "draft"}}}
	return ui.Full(s, ui.CardOf("", ui.FormOf(form, fields...))), nil
}

func labels(r *page.Request, lines int) []string {
	all := []string{"note", r.T("orders.note"), "lines", r.T("orders.lines")}
	for i := range lines {
		at := lineName(i)
		all = append(all, at+"item", r.T("orders.item"), at+"quantity", r.T("orders.quantity"), at+"wanted", r.T("orders.wanted"))
	}
	return all
}

// Edit shows the form of a draft.
func (p Pages) Edit(r *page.Request) error {
	o, may, err := p.look(r)
	if err == nil {
		err = access.Decide(r.Actor, access.OrderCreate, may.Target())
	}
	if err != nil {
		return err
	}
	if o.State != tenant.Draft {
		return r.Redirect("/orders/" + o.ID)
	}
	t := typed{note: o.Note, version: o.Version}
	for _, l := range o.Lines {
		t.lines = append(t.lines, typedLine{l.Item, strconv.FormatInt(l.Quantity, 10), l.Wanted})
	}
	form, err := p.editPage(r, o, t)
	if err != nil {
		return err
	}
	return r.Show(form)
}

// Save changes a draft, and submits it when asked.
func (p Pages) Save(r *page.Request) error {
	o, may, err := p.look(r)
	if err != nil {
		return err
	}
	t := read(r)
	if r.PostFormValue("do") == "line" {
		t.lines = append(t.lines, typedLine{})
		form, err := p.editPage(r, o, t)
		if err != nil {
			return err
		}
		return r.Show(form)
	}
	p.tries(r, "edit", o, may)
	after, err := p.Tenants.EditOrder(r.Context(), r.Actor, o.ID, t.order(r.PostFormValue("do") == "submit"), r.Version())
	if err != nil {
		if k := errs.KindOf(err); k != errs.Invalid && k != errs.Stale {
			return err
		}
		t.err, t.version = err, o.Version
		form, faulty := p.editPage(r, o, t)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, form)
	}
	return r.Done("/orders/"+after.ID, r.T("orders.saved", "order", number(r, after)))
}

func (p Pages) editPage(r *page.Request, o tenant.Order, t typed) (templ.Component, error) {
	s := r.Shell(r.T("orders.edit", "order", number(r, o)), r.T("orders.new_lead"))
	s.Crumbs = append(crumbs(r), ui.Crumb{Label: o.CustomerName + " · " + number(r, o), URL: "/orders/" + o.ID})
	return p.formPage(r, s, t, "/orders/"+o.ID+"/edit", "/orders/"+o.ID, nil)
}
