// Package orders owns the pages of what providers order for their customers and the operator fulfils (CH-28), and of the list
// of what can be ordered.
//
// It must not know what fulfilling changes: the service raises the limits.
package orders

import (
	"strconv"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Pages are the pages of orders.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	return []page.Route{
		{Pattern: "GET /orders", In: page.Anywhere, Needs: access.OrderView, Serve: p.List},
		{Pattern: "GET /orders/new", In: page.Resellers | page.Operator, Needs: access.OrderCreate, Serve: p.Add},
		{Pattern: "POST /orders/new", In: page.Resellers | page.Operator, Needs: access.OrderCreate, Serve: p.Create},
		{Pattern: "GET /orders/{id}", In: page.Anywhere, Needs: access.OrderView, Serve: p.Show},
		{Pattern: "GET /orders/{id}/edit", In: page.Resellers | page.Operator, Needs: access.OrderCreate, Serve: p.Edit},
		{Pattern: "POST /orders/{id}/edit", In: page.Resellers | page.Operator, Needs: access.OrderCreate, Serve: p.Save},
		{Pattern: "POST /orders/{id}/submit", In: page.Resellers | page.Operator, Needs: access.OrderCreate, Serve: p.Submit},
		{Pattern: "GET /orders/{id}/cancel", In: page.Staff, Needs: access.OrderView, Serve: p.AskCancel},
		{Pattern: "POST /orders/{id}/cancel", In: page.Staff, Needs: access.OrderView, Serve: p.Cancel},
		{Pattern: "GET /orders/{id}/fulfil", In: page.Operator, Needs: access.OrderFulfil, Serve: p.AskFulfil},
		{Pattern: "POST /orders/{id}/fulfil", In: page.Operator, Needs: access.OrderFulfil, Serve: p.Fulfil},
		{Pattern: "GET /items", In: page.Operator, Needs: access.PlatformEdit, Serve: p.Items},
		{Pattern: "POST /items", In: page.Operator, Needs: access.PlatformEdit, Serve: p.PutItem},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Group: "", Label: "nav.orders", URL: "/orders", Icon: "list-details"}}

func number(r *page.Request, o tenant.Order) string {
	return r.T("orders.number", "number", strconv.FormatInt(o.Number, 10))
}

// List shows the orders that the person may see, of one customer or of all, the newest first.
func (p Pages) List(r *page.Request) error {
	l := parts.ListOf(r, "", "customer", "state")
	q := tenant.OrderQuery{CustomerID: l.Get("customer"), State: tenant.OrderState(l.Get("state")), Page: l.Page()}
	s := r.Shell(r.T("nav.orders"), r.T("orders.lead"))
	inside := r.Place.Kind == access.Customer
	add := ui.Action{Label: r.T("orders.new"), URL: "/orders/new", Icon: "plus", Style: "primary"}
	if q.CustomerID != "" && !inside {
		c, may, err := parts.Look(r, p.Deps, q.CustomerID, access.Customer)
		if err != nil {
			return err
		}
		add.URL += "?customer=" + c.ID
		s.Crumbs = []ui.Crumb{{Label: r.T("nav.customers"), URL: "/customers"}, {Label: c.Name, URL: "/customers/" + c.ID}}
		s.Actions = may.Offer(access.OrderCreate, add)
	} else if r.Actor.Can(access.OrderCreate) && !inside {
		s.Actions = []ui.Action{add}
	}
	if r.Actor.Can(access.PlatformEdit) && r.Place.Kind == access.Operator {
		s.Actions = append(s.Actions, ui.Action{Label: r.T("items.title"), URL: "/items"})
	}
	orders, next, err := p.Tenants.Orders(r.Context(), r.Actor, q)
	if err != nil {
		return err
	}
	t := parts.OrderTable(r, orders, !inside && q.CustomerID == "")
	t.Pager = l.Pager(r, len(orders), -1, next)
	t.Empty = ui.Empty{Icon: "list-details", Title: r.T("orders.none"), Text: r.T("orders.none_text")}
	if q.State != "" {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("orders.none_such"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: "/orders"}}}
	} else if len(s.Actions) > 0 && r.Actor.Can(access.OrderCreate) {
		t.Empty.Actions = s.Actions[:1]
	}
	f := l.Filters(nil)
	state := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []tenant.OrderState{tenant.Draft, tenant.Submitted, tenant.Fulfilled, tenant.Cancelled} {
		state.Options = append(state.Options, ui.Option{Value: string(v), Label: r.T("orders.state." + string(v)), Selected: v == q.State})
	}
	f.Fields = []templ.Component{state}
	if q.CustomerID != "" {
		f.Fields = append(f.Fields, ui.Carry("customer", q.CustomerID))
	}
	return r.Show(ui.Full(s, f, t))
}

// look gives the order of the address, its customer, and what the person may do with it.
func (p Pages) look(r *page.Request) (tenant.Order, parts.May, error) {
	o, err := p.Tenants.Order(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return o, parts.May{}, err
	}
	may, err := parts.MayFor(r, p.Deps, o.CustomerID)
	return o, may, err
}

func (p Pages) tries(r *page.Request, what string, o tenant.Order, may parts.May) {
	r.Tries("order/"+what, may.Target().Tenant, journal.Target{Kind: "order", ID: o.ID, Name: o.CustomerName})
}

// Show is the page of one order with its history.
func (p Pages) Show(r *page.Request) error {
	o, may, err := p.look(r)
	if err != nil {
		return err
	}
	items, err := p.itemNames(r)
	if err != nil {
		return err
	}
	s := r.Shell(number(r, o), r.T("orders.show_lead"))
	badge := parts.OrderState(r, o.State)
	s.Badge, s.Crumbs = &badge, crumbs(r)
	s.Actions = controls(r, o, may)
	lines := ui.Table{ID: "lines", Caption: r.T("orders.lines"), Columns: []ui.Column{{Label: r.T("orders.item")}, {Label: r.T("orders.quantity"), Number: true}, {Label: r.T("orders.wanted")}}}
	for _, l := range o.Lines {
		wanted := l.Wanted
		if wanted == "" {
			wanted = r.T("orders.soon")
		}
		lines.Rows = append(lines.Rows, ui.Row{Name: l.Item, Cells: []templ.Component{ui.Two(items[l.Item], l.Item, ""), ui.Text(ui.Number(r.Context(), l.Quantity)), ui.Text(wanted)}})
	}
	var history []ui.Event
	for i := len(o.History.V) - 1; i >= 0; i-- {
		m := o.History.V[i]
		state := parts.OrderState(r, m.State)
		history = append(history, ui.Event{Tone: state.Tone, Title: state.Text, Actor: m.By, At: m.At.Time})
	}
	note := parts.Dash(o.Note)
	if o.Note != "" {
		note = ui.Lines(o.Note)
	}
	return r.Show(ui.Full(s, lines, ui.GridOf(
		ui.CardOf(r.T("customers.details"), ui.Definitions([]ui.Def{{Term: r.T("customer.name"), Value: p.customer(r, o)}, {Term: r.T("orders.note"), Value: note}})),
		ui.CardOf(r.T("orders.history"), ui.Timeline(history)))))
}

func (p Pages) customer(r *page.Request, o tenant.Order) templ.Component {
	if r.Place.Kind == access.Customer {
		return ui.Text(o.CustomerName)
	}
	return ui.Link(o.CustomerName, "/customers/"+o.CustomerID)
}

func crumbs(r *page.Request) []ui.Crumb {
	return []ui.Crumb{{Label: r.T("nav.orders"), URL: "/orders"}}
}

// controls are what can be done with an order where it stands.
func controls(r *page.Request, o tenant.Order, may parts.May) []ui.Action {
	if r.Place.Kind == access.Customer { // who works inside a customer looks at its orders; its provider places them
		return nil
	}
	to := func(what string) string { return "/orders/" + o.ID + "/" + what }
	var all []ui.Action
	version := []ui.Hidden{page.Versioned(o.Version)}
	switch o.State {
	case tenant.Draft:
		all = parts.Actions(may.Offer(access.OrderCreate, ui.Action{Label: r.T("orders.submit"), URL: to("submit"), How: ui.Post, Style: "primary", Hidden: version}),
			may.Offer(access.OrderCreate, ui.Action{Label: r.T("action.edit"), URL: to("edit"), Icon: "pencil"}))
	case tenant.Submitted:
		if r.Place.Kind == access.Operator {
			all = may.Offer(access.OrderFulfil, ui.Action{Label: r.T("orders.fulfil"), URL: to("fulfil"), How: ui.Confirm, Icon: "check", Style: "primary"})
		}
	default:
		return nil
	}
	return append(all, may.Offer(cancelling(r), ui.Action{Label: r.T("orders.cancel"), URL: to("cancel"), How: ui.Confirm, Icon: "x"})...)
}

// cancelling is what it takes to cancel: the provider ordered, the operator would fulfil.
func cancelling(r *page.Request) access.Action {
	if r.Actor.Tenant.Kind == access.Operator {
		return access.OrderFulfil
	}
	return access.OrderCreate
}

// Submit hands a draft to the operator.
func (p Pages) Submit(r *page.Request) error {
	return p.move(r, "submit", "orders.submitted", func(id string, v int64) (tenant.Order, error) {
		return p.Tenants.SubmitOrder(r.Context(), r.Actor, id, v)
	})
}

// Cancel ends an order without effect.
func (p Pages) Cancel(r *page.Request) error {
	return p.move(r, "cancel", "orders.cancelled", func(id string, v int64) (tenant.Order, error) {
		return p.Tenants.CancelOrder(r.Context(), r.Actor, id, v)
	})
}

// Fulfil marks an order as done and raises the limits of the customer.
func (p Pages) Fulfil(r *page.Request) error {
	return p.move(r, "fulfil", "orders.fulfilled", func(id string, v int64) (tenant.Order, error) {
		return p.Tenants.FulfilOrder(r.Context(), r.Actor, id, v)
	})
}

func (p Pages) move(r *page.Request, what, done string, step func(id string, version int64) (tenant.Order, error)) error {
	o, may, err := p.look(r)
	if err != nil {
		return err
	}
	p.tries(r, what, o, may)
	if o, err = step(o.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/orders/"+o.ID, r.T(done, "order", number(r, o), "name", o.CustomerName))
}

// AskCancel asks before an order ends.
func (p Pages) AskCancel(r *page.Request) error {
	return p.ask(r, cancelling(r), ui.Question{Title: r.T("orders.cancel_title"), Text: r.T("orders.cancel_text"), Submit: r.T("orders.cancel"), Danger: true}, "cancel")
}

// AskFulfil says what fulfilling does.
func (p Pages) AskFulfil(r *page.Request) error {
	return p.ask(r, access.OrderFulfil, ui.Question{Title: r.T("orders.fulfil_title"), Text: r.T("orders.fulfil_text"), Submit: r.T("orders.fulfil")}, "fulfil")
}

func (p Pages) ask(r *page.Request, act access.Action, q ui.Question, what string) error {
	o, may, err := p.look(r)
	if err == nil {
		err = access.Decide(r.Actor, act, may.Target())
	}
	if err != nil {
		return err
	}
	q.URL, q.CancelURL, q.Hidden = "/orders/"+o.ID+"/"+what, "/orders/"+o.ID, []ui.Hidden{page.Versioned(o.Version)}
	for _, l := range o.Lines {
		q.Consequences = append(q.Consequences, ui.Number(r.Context(), l.Quantity)+" × "+l.Item)
	}
	s := r.Shell(q.Submit, "")
	s.Crumbs = append(crumbs(r), ui.Crumb{Label: o.CustomerName + " · " + number(r, o), URL: "/orders/" + o.ID})
	return r.Show(ui.Full(s, q))
}
