package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"linecard/internal/billing"
	"linecard/internal/catalog"
)

// Invoice is the monthly statement of a partner, or a credit note (WS-58).
type Invoice struct {
	ID               string        `json:"id"`
	Number           string        `json:"number" doc:"Empty for a draft"`
	Kind             string        `json:"kind" enum:"invoice,credit_note"`
	PartnerID        string        `json:"partner_id"`
	SubscriptionID   string        `json:"subscription_id"`
	Currency         string        `json:"currency"`
	BillingStartDate string        `json:"billing_start_date"`
	BillingEndDate   string        `json:"billing_end_date"`
	State            string        `json:"state" enum:"draft,issued,paid,void"`
	Corrects         string        `json:"corrects" doc:"Of a credit note: the statement that it takes back"`
	Lines            []InvoiceLine `json:"lines"`
	Total            string        `json:"total" example:"44.30" doc:"The sum of the printed lines"`
	Created          time.Time     `json:"created"`
	Updated          time.Time     `json:"updated"`
	Issued           *time.Time    `json:"issued"`
}

// InvoiceLine is what an item comes to at one price.
type InvoiceLine struct {
	SubPartnerID   string `json:"sub_partner_id" doc:"Whose customers used it; empty: the partner's own"`
	SubPartnerName string `json:"sub_partner_name"`
	Item           string `json:"item"`
	SKU            string `json:"sku"`
	Name           string `json:"name"`
	Rule           string `json:"rule"`
	From           string `json:"from"`
	To             string `json:"to"`
	Quantity       string `json:"quantity" doc:"Unit-days of pro-rated items, units of others"`
	Days           int64  `json:"days" doc:"Of the period"`
	Price          string `json:"price" doc:"Per unit and month"`
	Priced         bool   `json:"priced" doc:"False: the price list has no price for it"`
	Amount         string `json:"amount"`
}

func invoiceOf(i billing.Invoice) Invoice {
	out := Invoice{ID: i.ID, Number: i.Number, Kind: i.Kind, PartnerID: i.PartnerID, SubscriptionID: i.SubscriptionID, Currency: i.Currency, BillingStartDate: i.Start, BillingEndDate: i.End,
		State: i.State, Corrects: i.Corrects, Lines: []InvoiceLine{}, Total: billing.Money(i.Total, i.Currency), Created: i.Created.Time, Updated: i.Updated.Time, Issued: when(i.Issued)}
	for _, l := range i.Lines.V {
		out.Lines = append(out.Lines, InvoiceLine{SubPartnerID: l.SubPartnerID, SubPartnerName: l.SubPartnerName, Item: l.Item, SKU: l.SKU, Name: l.Name, Rule: string(l.Rule), From: l.From, To: l.To,
			Quantity: l.Quantity, Days: l.Days, Price: catalog.PriceText(l.Price), Priced: l.Priced, Amount: billing.Money(l.Amount, i.Currency)})
	}
	return out
}

func (a *API) invoiceWire(c *call, i billing.Invoice, err error) (Invoice, error) {
	c.tagged(i.Version)
	return invoiceOf(i), err
}

type listInvoicesIn struct {
	Paged
	PartnerID string `query:"partner_id" doc:"Absent: one's own, for the operator all"`
	Start     string `query:"billing_start_date" maxLength:"10"`
	State     string `query:"state" enum:"draft,issued,paid,void"`
	Sort      string `query:"sort" enum:"start_date,-start_date"`
}

func (a *API) listInvoices(ctx context.Context, c *call, in *listInvoicesIn) (List[Invoice], error) {
	l, err := a.d.Billing.Invoices(ctx, c.actor, billing.InvoiceQuery{PartnerID: in.PartnerID, Start: in.Start, State: in.State, Page: in.page(in.Sort)})
	return listOf(l.Items, l.Next, invoiceOf), err
}

// NewInvoice says which month shall be drafted.
type NewInvoice struct {
	PartnerID string `json:"partner_id"`
	Month     string `json:"month" maxLength:"7" example:"2026-01" doc:"In which the billing period begins"`
}

type createInvoiceIn struct{ Body NewInvoice }

func (a *API) createInvoice(ctx context.Context, c *call, in *createInvoiceIn) (Operation, error) {
	op, err := a.d.Billing.OrderInvoice(ctx, c.actor, in.Body.PartnerID, in.Body.Month)
	if err == nil {
		c.status, c.location = http.StatusAccepted, "/operations/"+op.ID
	}
	return operationWire(op), err
}

// InvoiceRef names a statement in a path.
type InvoiceRef struct {
	Invoice string `path:"invoice" doc:"Id of the statement"`
}

func (a *API) getInvoice(ctx context.Context, c *call, in *InvoiceRef) (Invoice, error) {
	i, err := a.d.Billing.Invoice(ctx, c.actor, in.Invoice)
	return a.invoiceWire(c, i, err)
}

func (a *API) issueInvoice(ctx context.Context, c *call, in *InvoiceRef) (Invoice, error) {
	i, err := a.d.Billing.IssueInvoice(ctx, c.actor, in.Invoice, c.ifVersion())
	return a.invoiceWire(c, i, err)
}

func (a *API) payInvoice(ctx context.Context, c *call, in *InvoiceRef) (Invoice, error) {
	i, err := a.d.Billing.PayInvoice(ctx, c.actor, in.Invoice, c.ifVersion())
	return a.invoiceWire(c, i, err)
}

func (a *API) voidInvoice(ctx context.Context, c *call, in *InvoiceRef) (Invoice, error) {
	i, err := a.d.Billing.VoidInvoice(ctx, c.actor, in.Invoice, c.ifVersion())
	return a.invoiceWire(c, i, err)
}

type invoiceFileIn struct {
	InvoiceRef
	Name string `path:"name" doc:"statement.pdf, lines.csv or prices.csv"`
}

func (a *API) getInvoiceFile(ctx context.Context, c *call, in *invoiceFileIn) (none, error) {
	body, media, err := a.d.Billing.InvoiceFile(ctx, c.actor, in.Invoice, in.Name)
	if err == nil {
		c.file(in.Name, media, body)
	}
	return none{}, err
}

type customerStatementIn struct {
	PartnerRef
	Month string `path:"month" doc:"YYYY-MM, in which the billing period begins"`
}

// getCustomerStatement makes the file before the first byte goes out, so that a refusal is a refusal: a row for each customer and item.
func (a *API) getCustomerStatement(ctx context.Context, c *call, in *customerStatementIn) (none, error) {
	var file bytes.Buffer
	if err := a.d.Billing.WriteCustomerStatement(ctx, c.actor, in.Partner, in.Month, &file); err != nil {
		return none{}, err
	}
	c.file("customers_"+in.Month+".csv", "text/csv; charset=utf-8; header=present", file.Bytes())
	return none{}, nil
}
