package api

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/tenant"
)

// Order is what a provider orders for a customer (CH-28).
type Order struct {
	ID           string      `json:"id"`
	CustomerID   string      `json:"customer_id"`
	CustomerName string      `json:"customer_name"`
	Number       int64       `json:"number" doc:"Counts from 1 for each customer"`
	State        string      `json:"state" enum:"draft,submitted,fulfilled,cancelled"`
	Note         string      `json:"note"`
	Lines        []OrderLine `json:"lines"`
	History      []OrderStep `json:"history"`
	Created      time.Time   `json:"created"`
	Updated      time.Time   `json:"updated"`
}

// OrderLine is one position of an order.
type OrderLine struct {
	Item     string `json:"item" doc:"Code of an item"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
	Wanted   string `json:"wanted,omitempty" example:"2026-03-31" doc:"Date; absent: as soon as possible"`
}

// OrderStep is one step of an order's history.
type OrderStep struct {
	State string    `json:"state"`
	At    time.Time `json:"at"`
	By    string    `json:"by"`
}

func orderOf(o tenant.Order) Order {
	out := Order{ID: o.ID, CustomerID: o.CustomerID, CustomerName: o.CustomerName, Number: o.Number, State: string(o.State), Note: o.Note,
		Lines: []OrderLine{}, History: []OrderStep{}, Created: o.Created.Time, Updated: o.Updated.Time}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, OrderLine(l))
	}
	for _, h := range o.History.V {
		out.History = append(out.History, OrderStep{State: string(h.State), At: h.At.Time, By: h.By})
	}
	return out
}

// OrderRef names the order in a path.
type OrderRef struct {
	Order string `path:"order" doc:"Id of the order"`
}

type listOrdersIn struct {
	Paged
	Sort       string `query:"sort" enum:"created,-created"`
	CustomerID string `query:"customer_id"`
	State      string `query:"state" enum:"draft,submitted,fulfilled,cancelled"`
}

func (a *API) listOrders(ctx context.Context, c *call, in *listOrdersIn) (List[Order], error) {
	all, next, err := a.d.Tenants.Orders(ctx, c.actor, tenant.OrderQuery{CustomerID: in.CustomerID, State: tenant.OrderState(in.State), Page: in.page(in.Sort)})
	return listOf(all, next, orderOf), err
}

// OrderInput is what is ordered.
type OrderInput struct {
	Lines  []OrderLine `json:"lines" minItems:"1" maxItems:"100"`
	Note   string      `json:"note,omitempty" maxLength:"2000"`
	Submit bool        `json:"submit,omitempty" doc:"Hand it to the operator at once"`
}

func (o OrderInput) order() tenant.NewOrder {
	n := tenant.NewOrder{Note: o.Note, Submit: o.Submit}
	for _, l := range o.Lines {
		n.Lines = append(n.Lines, tenant.OrderLine(l))
	}
	return n
}

// NewOrder is an order for a customer.
type NewOrder struct {
	CustomerID string `json:"customer_id"`
	OrderInput
}

type createOrderIn struct{ Body NewOrder }

func (a *API) createOrder(ctx context.Context, c *call, in *createOrderIn) (Order, error) {
	o, err := a.d.Tenants.CreateOrder(ctx, c.actor, in.Body.CustomerID, in.Body.order())
	if err == nil {
		c.created("/orders/"+o.ID, o.Version)
	}
	return orderOf(o), err
}

func (a *API) getOrder(ctx context.Context, c *call, in *OrderRef) (Order, error) {
	o, err := a.d.Tenants.Order(ctx, c.actor, in.Order)
	c.tagged(o.Version)
	return orderOf(o), err
}

type editOrderIn struct {
	OrderRef
	Body OrderInput
}

func (a *API) editOrder(ctx context.Context, c *call, in *editOrderIn) (Order, error) {
	return a.moveOrder(func(ctx context.Context, actor access.Actor, id string, v int64) (tenant.Order, error) {
		return a.d.Tenants.EditOrder(ctx, actor, id, in.Body.order(), v)
	})(ctx, c, &in.OrderRef)
}

// moveOrder is the frame of the steps of an order.
func (a *API) moveOrder(step func(ctx context.Context, actor access.Actor, id string, ifVersion int64) (tenant.Order, error)) func(context.Context, *call, *OrderRef) (Order, error) {
	return func(ctx context.Context, c *call, in *OrderRef) (Order, error) {
		o, err := step(ctx, c.actor, in.Order, c.ifVersion())
		c.tagged(o.Version)
		return orderOf(o), err
	}
}

// Item is something that can be ordered.
type Item struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Active bool   `json:"active" doc:"May be ordered now"`
}

func (a *API) listItems(ctx context.Context, _ *call, _ *struct{}) (List[Item], error) {
	all, err := a.d.Tenants.Items(ctx, a.d.DB)
	return listOf(all, "", func(i tenant.Item) Item { return Item(i) }), err
}

// ItemInput is what an item is called and whether it can be ordered.
type ItemInput struct {
	Name   string `json:"name" minLength:"1" maxLength:"128"`
	Active bool   `json:"active"`
}

type putItemIn struct {
	Item string `path:"item" maxLength:"64" doc:"Code of the item"`
	Body ItemInput
}

func (a *API) putItem(ctx context.Context, c *call, in *putItemIn) (Item, error) {
	i := Item{Code: in.Item, Name: in.Body.Name, Active: in.Body.Active}
	return i, a.d.Tenants.PutItem(ctx, c.actor, tenant.Item(i))
}

// Limits tells how much of each item a customer may use.
type Limits struct {
	Limits map[string]int64 `json:"limits" doc:"Quantity by code of the item"`
}

func (a *API) getLimits(ctx context.Context, c *call, in *CustomerRef) (Limits, error) {
	if _, err := a.find(ctx, c, in.Customer, customerKinds); err != nil {
		return Limits{}, err
	}
	c.taggedLoosely(0)
	all, err := a.d.Tenants.Limits(ctx, a.d.DB, in.Customer)
	return Limits{all}, err
}
