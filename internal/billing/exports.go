package billing

import (
	"context"
	"encoding/csv"
	"io"
	"math/big"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/errs"
	"linecard/internal/usage"
)

// WriteLines writes a statement as CSV: a row for each line and one for the total.
func (i Invoice) WriteLines(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write([]string{"NUMBER", "PERIOD_START", "PERIOD_END", "SUB_PARTNER_NAME", "SUB_PARTNER_ORG_ID", "SERVICE_NAME", "SKU", "DESCRIPTION", "RULE", "FROM", "TO", "QUANTITY", "DAYS", "UNIT_PRICE", "AMOUNT", "CURRENCY"})
	for _, l := range i.Lines.V {
		_ = out.Write([]string{i.Number, i.Start, i.End, harmless(l.SubPartnerName), l.SubPartnerID, l.Item, l.SKU, harmless(l.Name), string(l.Rule), l.From, l.To, l.Quantity, text(l.Days), catalog.PriceText(l.Price),
			Money(l.Amount, i.Currency), i.Currency})
	}
	_ = out.Write([]string{i.Number, i.Start, i.End, "", "", "TOTAL", "", "", "", "", "", "", "", "", Money(i.Total, i.Currency), i.Currency})
	out.Flush()
	return out.Error()
}

// WritePrices writes a price list as CSV.
func WritePrices(w io.Writer, currency string, prices []catalog.Price) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write([]string{"SERVICE_NAME", "VALID_FROM", "UNIT_PRICE", "CURRENCY"})
	for _, p := range prices {
		_ = out.Write([]string{p.Item, p.ValidFrom, catalog.PriceText(p.Price), currency})
	}
	out.Flush()
	return out.Error()
}

// Charged is what a provider's customer used of one item in a month, for the provider's own accounting (WS-59).
type Charged struct {
	CustomerID, External, Name string
	SubPartnerID               string
	Item, SKU, Description     string
	Quantity                   string // unit-days of prorated items, units of others: as in the reports
	Months                     string // unit-months: what unit price and cost are for
	Price                      int64  // retail, ten-thousandths; 0 without a list
	Amount                     int64  // retail, minor units
	Currency                   string // of the retail list; "" without
	Cost                       int64  // transfer price; 0 for sub-partners, who do not see it (WS-73)
	CostAmount                 int64
	CostCurrency               string
	Effective, Cancelled       string // first day of use in the month; last one when nothing is held at its end, else ""
}

// CustomerStatement walks what the customers of a provider used in a billing month, by item and customer, rated with the provider's retail
// prices; a partner sees its transfer prices beside them. A partner's statement holds the customers of its sub-partners too.
func (s *Service) CustomerStatement(ctx context.Context, actor access.Actor, providerID, month string, fn func(Charged) error) error {
	w, err := s.whose(ctx, s.db, actor, access.ReportView, providerID, "", true)
	if err != nil {
		return err
	}
	sub, err := s.catalog.SubscriptionOf(ctx, s.db, w.partnerID)
	if err != nil {
		return errs.Missing("object")
	}
	win, err := monthly(month, sub.BillingDay, s.db.Now())
	if err != nil {
		return err
	}
	n, err := s.names(ctx, s.db, w.partnerID)
	if err != nil {
		return err
	}
	retail, err := s.catalog.RetailOf(ctx, s.db, w.tenant.ID)
	if err != nil {
		return err
	}
	var transfer []catalog.Price
	if w.tenant.Kind == access.Partner {
		if transfer, err = s.catalog.PricesOf(ctx, s.db, sub.ID); err != nil {
			return err
		}
	}
	days := (win.until - win.from) / daySeconds
	r := Report{PartnerID: w.partnerID, SubPartnerID: w.sub.ID, WithSubs: w.withSubs, Type: TypeCustomer, Category: Reconciliation}
	return s.count(ctx, s.db, r, win, func(x row) error {
		of := int64(1)
		if x.Rule == usage.Prorated {
			of = days * daySeconds
		}
		c := Charged{CustomerID: x.Customer, External: n.external[x.Customer], Name: n.customers[x.Customer], SubPartnerID: x.SubPartner, Item: x.Item, SKU: x.SKU,
			Description: n.items[x.Item].Name, Quantity: x.Quantity(), Months: months(x.N, of), Effective: day(x.First)}
		if x.Last < win.until-1 {
			c.Cancelled = day(x.Last)
		}
		if price, found := retailOn(retail, x.Customer, x.Item, day(win.until-1)); found {
			c.Price, c.Currency, c.Amount = price, retail.Currency, amount(price, x.N, of, retail.Currency)
		}
		if price, found := priceOn(transfer, x.Item, day(win.until-1)); found {
			c.Cost, c.CostCurrency, c.CostAmount = price, sub.Currency, amount(price, x.N, of, sub.Currency)
		}
		return fn(c)
	})
}

// months prints n / of with at most six decimals, rounded half to even.
func months(n *big.Int, of int64) string {
	return roundHalfEven(new(big.Rat).SetFrac(n, big.NewInt(of)))
}

// retailOn gives the retail price on a day: the customer's own before the general one.
func retailOn(l catalog.RetailList, customer, item, on string) (int64, bool) {
	for _, who := range []string{customer, ""} {
		price, found := int64(0), false
		for _, p := range l.Prices {
			if p.CustomerID == who && p.Item == item && p.ValidFrom <= on {
				price, found = p.Price.Price, true
			}
		}
		if found {
			return price, true
		}
	}
	return 0, false
}

// WriteCustomerStatement writes CustomerStatement as CSV that service automation tools import; columns of costs only for partners.
func (s *Service) WriteCustomerStatement(ctx context.Context, actor access.Actor, providerID, month string, w io.Writer) error {
	owner, err := s.whose(ctx, s.db, actor, access.ReportView, providerID, "", true)
	if err != nil {
		return err
	}
	costs := owner.tenant.Kind == access.Partner
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := []string{"CUSTOMER_EXTERNAL_ID", "CUSTOMER_ORG_ID", "CUSTOMER_NAME", "PRODUCT_CODE", "SERVICE_NAME", "DESCRIPTION", "QUANTITY", "BILLABLE_QUANTITY", "UNIT_PRICE", "AMOUNT", "CURRENCY", "EFFECTIVE_DATE", "CANCELLED_DATE"}
	if costs {
		head = append(head, "UNIT_COST", "COST", "COST_CURRENCY", "SUB_PARTNER_ORG_ID")
	}
	_ = out.Write(head)
	err = s.CustomerStatement(ctx, actor, providerID, month, func(c Charged) error {
		cells := []string{harmless(c.External), c.CustomerID, harmless(c.Name), c.SKU, c.Item, harmless(c.Description), c.Quantity, c.Months, catalog.PriceText(c.Price), Money(c.Amount, c.Currency), c.Currency, c.Effective, c.Cancelled}
		if c.Currency == "" {
			cells[8], cells[9] = "", ""
		}
		if costs {
			cells = append(cells, catalog.PriceText(c.Cost), Money(c.CostAmount, c.CostCurrency), c.CostCurrency, c.SubPartnerID)
		}
		return out.Write(cells)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	return err
}
