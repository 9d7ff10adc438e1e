package api

import (
	"context"
	"strconv"
	"time"

	"linecard/internal/catalog"
	"linecard/internal/errs"
)

// Subscription is the blank order of a partner: what it may sell at which transfer prices (WS-54).
type Subscription struct {
	ID         string     `json:"id"`
	PartnerID  string     `json:"partner_id"`
	Currency   string     `json:"currency" example:"EUR"`
	Start      string     `json:"start" example:"2026-01-01"`
	BillingDay int64      `json:"billing_day"`
	State      string     `json:"state" enum:"draft,active,suspended,closed"`
	Items      []string   `json:"items"`
	Prices     []Price    `json:"prices"`
	Created    *time.Time `json:"created"`
	Updated    *time.Time `json:"updated"`
}

// Price is what an item costs per unit and month from a day on.
type Price struct {
	Item      string `json:"item" maxLength:"64" doc:"Code or alias of the package"`
	ValidFrom string `json:"valid_from" example:"2026-01-01"`
	Price     string `json:"price" example:"10.00" maxLength:"16" doc:"At most four decimals"`
}

func pricesOf(all []catalog.Price) []Price {
	out := []Price{}
	for _, p := range all {
		out = append(out, Price{p.Item, p.ValidFrom, catalog.PriceText(p.Price)})
	}
	return out
}

func readPrices(in []Price) ([]catalog.Price, error) {
	var c errs.Checker
	out := []catalog.Price{}
	for n, p := range in {
		out = append(out, catalog.Price{Item: p.Item, ValidFrom: p.ValidFrom, Price: readPrice(&c, n, p.Price)})
	}
	return out, c.Err()
}

func readPrice(c *errs.Checker, n int, s string) int64 {
	price, ok := catalog.ParsePrice(s)
	if !ok {
		c.Add(errs.Field{Name: "prices[" + strconv.Itoa(n) + "].price", Code: "bad_price", Message: "Give the price as a number with at most four decimals, for example 10.00."})
	}
	return price
}

type subscriptionIn struct{ PartnerRef }

func (a *API) subscriptionWire(c *call, s catalog.Subscription, err error) (Subscription, error) {
	c.tagged(s.Version)
	return Subscription{ID: s.ID, PartnerID: s.PartnerID, Currency: s.Currency, Start: s.Start, BillingDay: s.BillingDay, State: string(s.State), Items: orEmpty(s.Items), Prices: pricesOf(s.Prices),
		Created: when(s.Created), Updated: when(s.Updated)}, err
}

func (a *API) getSubscription(ctx context.Context, c *call, in *subscriptionIn) (Subscription, error) {
	s, err := a.d.Catalog.Subscription(ctx, c.actor, in.Partner)
	return a.subscriptionWire(c, s, err)
}

// NewSubscription is a subscription to make; it begins as a draft.
type NewSubscription struct {
	Currency   string   `json:"currency" example:"EUR" maxLength:"3"`
	Start      string   `json:"start,omitempty" doc:"Absent: today"`
	BillingDay int64    `json:"billing_day,omitempty" minimum:"1" maximum:"28" default:"1"`
	Items      []string `json:"items" maxItems:"200"`
	Prices     []Price  `json:"prices,omitempty" maxItems:"2000"`
}

type createSubscriptionIn struct {
	PartnerRef
	Body NewSubscription
}

func (a *API) createSubscription(ctx context.Context, c *call, in *createSubscriptionIn) (Subscription, error) {
	prices, err := readPrices(in.Body.Prices)
	if err != nil {
		return Subscription{}, err
	}
	b := in.Body
	s, err := a.d.Catalog.Subscribe(ctx, c.actor, in.Partner, catalog.NewSubscription{Currency: b.Currency, Start: b.Start, BillingDay: b.BillingDay, Items: b.Items, Prices: prices})
	if err == nil {
		c.created("/partners/"+in.Partner+"/subscription", s.Version)
	}
	return a.subscriptionWire(c, s, err)
}

// SubscriptionChanges are the fields that shall change; items and prices replace all that there were.
type SubscriptionChanges struct {
	BillingDay *int64    `json:"billing_day,omitempty" minimum:"1" maximum:"28"`
	Items      *[]string `json:"items,omitempty" maxItems:"200"`
	Prices     *[]Price  `json:"prices,omitempty" maxItems:"2000"`
}

type editSubscriptionIn struct {
	PartnerRef
	Body SubscriptionChanges
}

func (a *API) editSubscription(ctx context.Context, c *call, in *editSubscriptionIn) (Subscription, error) {
	p := catalog.SubscriptionPatch{BillingDay: in.Body.BillingDay, Items: in.Body.Items, IfVersion: c.ifVersion()}
	if in.Body.Prices != nil {
		prices, err := readPrices(*in.Body.Prices)
		if err != nil {
			return Subscription{}, err
		}
		p.Prices = &prices
	}
	s, err := a.d.Catalog.EditSubscription(ctx, c.actor, in.Partner, p)
	return a.subscriptionWire(c, s, err)
}

func (a *API) moveSubscription(ctx context.Context, c *call, partner string, to catalog.SubscriptionState) (Subscription, error) {
	s, err := a.d.Catalog.SetSubscriptionState(ctx, c.actor, partner, to, c.ifVersion())
	return a.subscriptionWire(c, s, err)
}

func (a *API) activateSubscription(ctx context.Context, c *call, in *subscriptionIn) (Subscription, error) {
	return a.moveSubscription(ctx, c, in.Partner, catalog.Sells)
}

func (a *API) suspendSubscription(ctx context.Context, c *call, in *subscriptionIn) (Subscription, error) {
	return a.moveSubscription(ctx, c, in.Partner, catalog.Suspended)
}

func (a *API) closeSubscription(ctx context.Context, c *call, in *subscriptionIn) (Subscription, error) {
	return a.moveSubscription(ctx, c, in.Partner, catalog.Closed)
}

// RetailPrices are what a provider asks of its own customers (WS-2).
type RetailPrices struct {
	Currency string        `json:"currency" maxLength:"3" doc:"Empty while there is no list"`
	Prices   []RetailPrice `json:"prices" maxItems:"5000"`
}

// RetailPrice is a price for all customers, or for one.
type RetailPrice struct {
	CustomerID string `json:"customer_id,omitempty" doc:"Absent: all that have none of their own"`
	Item       string `json:"item" maxLength:"64"`
	ValidFrom  string `json:"valid_from" example:"2026-01-01"`
	Price      string `json:"price" example:"15.00" maxLength:"16"`
}

func retailOf(c *call, l catalog.RetailList) RetailPrices {
	c.tagged(l.Version)
	out := RetailPrices{Currency: l.Currency, Prices: []RetailPrice{}}
	for _, p := range l.Prices {
		out.Prices = append(out.Prices, RetailPrice{p.CustomerID, p.Item, p.ValidFrom, catalog.PriceText(p.Price.Price)})
	}
	return out
}

func (a *API) getRetail(ctx context.Context, c *call, in *subscriptionIn) (RetailPrices, error) {
	l, err := a.d.Catalog.Retail(ctx, c.actor, in.Partner)
	return retailOf(c, l), err
}

type setRetailIn struct {
	PartnerRef
	Body RetailPrices
}

func (a *API) setRetail(ctx context.Context, c *call, in *setRetailIn) (RetailPrices, error) {
	var check errs.Checker
	var prices []catalog.RetailPrice
	for n, p := range in.Body.Prices {
		prices = append(prices, catalog.RetailPrice{CustomerID: p.CustomerID, Price: catalog.Price{Item: p.Item, ValidFrom: p.ValidFrom, Price: readPrice(&check, n, p.Price)}})
	}
	if err := check.Err(); err != nil {
		return RetailPrices{}, err
	}
	l, err := a.d.Catalog.SetRetail(ctx, c.actor, in.Partner, in.Body.Currency, prices, c.ifVersion())
	return retailOf(c, l), err
}
