package parts

import (
	"strconv"

	"github.com/a-h/templ"

	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// OrderState says where an order stands (CH-28).
func OrderState(r *page.Request, s tenant.OrderState) ui.Badge {
	tones := map[tenant.OrderState]ui.Tone{tenant.Draft: ui.Neutral, tenant.Submitted: ui.Busy, tenant.Fulfilled: ui.OK, tenant.Cancelled: ui.Off}
	return ui.Badge{Tone: tones[s], Text: r.T("orders.state." + string(s))}
}

// OrderTable lists orders; of one customer, or of several with their names.
func OrderTable(r *page.Request, orders []tenant.Order, named bool) ui.Table {
	t := ui.Table{ID: "orders", Caption: r.T("nav.orders"), Columns: []ui.Column{{Label: r.T("orders.order")}}}
	if named {
		t.Columns = append(t.Columns, ui.Column{Label: r.T("customer.name")})
	}
	t.Columns = append(t.Columns, ui.Column{Label: r.T("customer.state")}, ui.Column{Label: r.T("orders.lines")}, ui.Column{Label: r.T("orders.changed"), Minor: true})
	for _, o := range orders {
		number := r.T("orders.number", "number", strconv.FormatInt(o.Number, 10))
		cells := []templ.Component{ui.Two(number, ui.Date(r.Context(), o.Created.Time), "/orders/"+o.ID)}
		if named {
			cells = append(cells, ui.Text(o.CustomerName))
		}
		cells = append(cells, OrderState(r, o.State), ui.Text(OrderLines(r, o)), ui.Text(ui.DateTime(r.Context(), o.Updated.Time)))
		t.Rows = append(t.Rows, ui.Row{ID: o.ID, Name: number, Dim: o.State == tenant.Cancelled, Cells: cells})
	}
	return t
}

// OrderLines words the lines of an order shortly: the first and how many more.
func OrderLines(r *page.Request, o tenant.Order) string {
	if len(o.Lines) == 0 {
		return "–"
	}
	first := ui.Number(r.Context(), o.Lines[0].Quantity) + " × " + o.Lines[0].Item
	if more := len(o.Lines) - 1; more > 0 {
		first += " " + ui.N(r.Context(), "orders.more_lines", more)
	}
	return first
}
