package billing_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/billing"
	"linecard/internal/catalog"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/errs"
	"linecard/internal/usage"
)

func lines(i billing.Invoice) string {
	var out []string
	for _, l := range i.Lines.V {
		sub := ""
		if l.SubPartnerID != "" {
			sub = " " + l.SubPartnerName
		}
		out = append(out, fmt.Sprintf("%s%s %s × %s = %s", l.Item, sub, l.Quantity, catalog.PriceText(l.Price), billing.Money(l.Amount, i.Currency)))
	}
	return strings.Join(out, "; ") + "; total " + billing.Money(i.Total, i.Currency)
}

// WS-58, WS-70, WS-79: the invoice of the example, and the roundings of single lines.
func TestTheStatementIsThatOfTheExample(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.june()
		i, err := w.billing.DraftInvoice(ctx, catalogtest.System, w.P.ID, "2024-06")
		w.OK(err)
		if got, want := lines(i), "calling 75 × 10.00 = 25.00; suite 15.5 × 18.00 = 9.30; calling Sub S 30 × 10.00 = 10.00; total 44.30"; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		again, err := w.billing.DraftInvoice(ctx, catalogtest.System, w.P.ID, "2024-06")
		if err != nil || again.ID != i.ID || lines(again) != lines(i) {
			t.Errorf("%+v, %v", again, err)
		}
		operator := w.As(w.Operator, access.OperatorBilling)
		i, err = w.billing.IssueInvoice(ctx, operator, i.ID, 0)
		if err != nil || i.Number != "2024-000001" || i.State != billing.Issued {
			t.Errorf("%+v, %v", i, err)
		}
		_, err = w.billing.DraftInvoice(ctx, catalogtest.System, w.P.ID, "2024-06")
		catalogtest.Code(t, err, "invoice_exists")
		var page, table bytes.Buffer
		w.OK(i.WritePDF(&page, billing.Letterhead{From: "Uplink", To: "Partner P"}))
		w.OK(i.WriteLines(&table))
		if !bytes.HasPrefix(page.Bytes(), []byte("%PDF-")) || page.Len() > 200_000 || !strings.Contains(table.String(), ",44.30,EUR") {
			t.Errorf("%d bytes\n%s", page.Len(), table.String())
		}
		_, err = w.billing.VoidInvoice(ctx, operator, i.ID, 0)
		w.OK(err)
		l, err := w.billing.Invoices(ctx, w.admin(w.P), billing.InvoiceQuery{})
		if err != nil || len(l.Items) != 2 {
			t.Fatalf("%+v, %v", l, err)
		}
		sum := int64(0)
		for _, x := range l.Items {
			sum += x.Total
		}
		if sum != 0 {
			t.Errorf("the credit note does not take all back: %d", sum)
		}
		next, err := w.billing.DraftInvoice(ctx, catalogtest.System, w.P.ID, "2024-06")
		if err != nil || next.ID == i.ID {
			t.Errorf("%+v, %v", next, err)
		}
	})
}

// WS-73, WS-79, WS-58: drafts are the operator's; a sub-partner has no statement and sees no price.
func TestASubPartnerSeesNoStatementAndNoPrice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.june()
		i, err := w.billing.DraftInvoice(ctx, catalogtest.System, w.P.ID, "2024-06")
		w.OK(err)
		if _, err := w.billing.Invoice(ctx, w.admin(w.P), i.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a draft is shown to the partner: %v", err)
		}
		_, err = w.billing.IssueInvoice(ctx, w.admin(w.P), i.ID, 0)
		if err == nil {
			t.Error("a partner issues its own statement")
		}
		i, err = w.billing.IssueInvoice(ctx, catalogtest.System, i.ID, 0)
		w.OK(err)
		if _, err := w.billing.Invoice(ctx, w.As(w.P, access.PartnerBillingRead), i.ID); err != nil {
			t.Error(err)
		}
		for _, who := range []access.Actor{w.admin(w.S), w.admin(w.Q)} {
			if _, err := w.billing.Invoice(ctx, who, i.ID); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s: %v", who.Tenant.Name, err)
			}
			if l, err := w.billing.Invoices(ctx, who, billing.InvoiceQuery{}); err != nil || len(l.Items) > 0 {
				t.Errorf("%s: %v, %v", who.Tenant.Name, l, err)
			}
		}
		sub, err := w.Catalog.Subscription(ctx, w.admin(w.S), w.S.ID)
		if err != nil || sub.ID == "" || len(sub.Prices)+len(sub.Items) > 0 || sub.Currency != "" {
			t.Errorf("%+v, %v", sub, err)
		}
		var table bytes.Buffer
		w.OK(w.billing.WriteCustomerStatement(ctx, w.admin(w.S), w.S.ID, "2024-06", &table))
		if strings.Contains(table.String(), "COST") || strings.Contains(table.String(), "10.00") || !strings.Contains(table.String(), w.C.ID) || strings.Contains(table.String(), w.A.ID) {
			t.Errorf("%s", table.String())
		}
	})
}

// WS-2: usage before a new price is rated with the old one.
func TestANewPriceHoldsFromItsDay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.assign(w.A, "calling", usage.User, "U1", "05-10 08:00", "")
		prices := []catalog.Price{{Item: "calling", ValidFrom: "2024-01-01", Price: 100000}, {Item: "calling", ValidFrom: "2024-06-11", Price: 130000}}
		_, err := w.Catalog.EditSubscription(ctx, catalogtest.System, w.P.ID, catalog.SubscriptionPatch{Prices: &prices})
		w.OK(err)
		w.Clock.Set(instant("2024-07-20 10:00"))
		i, err := w.billing.DraftInvoice(ctx, catalogtest.System, w.P.ID, "2024-06")
		w.OK(err)
		if got, want := lines(i), "calling 10 × 10.00 = 3.33; calling 20 × 13.00 = 8.67; total 12.00"; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	})
}

// WS-2, WS-59: retail prices beside transfer prices, the same quantity.
func TestAPartnerRatesItsCustomersWithItsOwnPrices(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.june()
		me := w.admin(w.P)
		_, err := w.Catalog.SetRetail(ctx, me, w.P.ID, "EUR", []catalog.RetailPrice{{Price: catalog.Price{Item: "calling", ValidFrom: "2024-01-01", Price: 150000}},
			{CustomerID: w.B.ID, Price: catalog.Price{Item: "calling", ValidFrom: "2024-01-01", Price: 140000}}}, 0)
		w.OK(err)
		got := map[string]string{}
		w.OK(w.billing.CustomerStatement(ctx, me, w.P.ID, "2024-06", func(c billing.Charged) error {
			got[w.named(c.CustomerID)+" "+c.Item] = fmt.Sprint(c.Quantity, " ", c.Months, " ", billing.Money(c.Amount, "EUR"), " ", billing.Money(c.CostAmount, "EUR"), " ", c.External, " ", c.Effective, " ", c.Cancelled)
			return nil
		}))
		want := map[string]string{"A calling": "60 2 30.00 20.00 ext-A 2024-06-01 ", "B calling": "15 0.5 7.00 5.00 ext-B 2024-06-01 2024-06-15",
			"B suite": "15.5 0.516667 0.00 9.30 ext-B 2024-06-15 ", "C calling": "30 1 15.00 10.00 ext-C 2024-06-01 "}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v\nwant %v", got, want)
		}
		_, err = w.Catalog.Retail(ctx, w.admin(w.Q), w.P.ID)
		catalogtest.Code(t, err, "not_found")
		_, err = w.Catalog.SetRetail(ctx, w.admin(w.Q), w.Q.ID, "EUR", []catalog.RetailPrice{{CustomerID: w.A.ID, Price: catalog.Price{Item: "calling", ValidFrom: "2024-01-01", Price: 1}}}, 0)
		catalogtest.Code(t, err, "invalid_fields")
	})
}
