package customers

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// ordersShown is how many orders the customer's page shows; the list of orders has all.
const ordersShown = 5

// orderCard shows the newest orders of the customer (CH-28).
func (p Pages) orderCard(r *page.Request, c tenant.Tenant, may parts.May) (templ.Component, error) {
	if !may.Do(access.OrderView) {
		return nil, nil
	}
	orders, _, err := p.Tenants.Orders(r.Context(), r.Actor, tenant.OrderQuery{CustomerID: c.ID, Page: db.Page{Limit: ordersShown}})
	if err != nil {
		return nil, err
	}
	var add []ui.Action
	if c.State == tenant.Active {
		add = may.Offer(access.OrderCreate, ui.Action{Label: r.T("orders.new"), URL: "/orders/new?customer=" + c.ID, Icon: "plus"})
	}
	t := parts.OrderTable(r, orders, false)
	t.Empty = ui.Empty{Icon: "list-details", Title: r.T("orders.none"), Text: r.T("orders.none_text"), Actions: add}
	var more templ.Component
	if len(orders) > 0 {
		more = ui.Buttons(append(add, ui.Action{Label: r.T("orders.all"), URL: "/orders?customer=" + c.ID, Style: "quiet"})...)
	}
	return ui.Stack(ui.Heading(r.T("nav.orders")), t, more), nil
}
