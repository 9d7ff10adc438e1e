package tenant_test

import (
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

func licences(n int64) tenant.NewOrder {
	return tenant.NewOrder{Lines: []tenant.OrderLine{{Item: "device_licence", Quantity: n}}}
}

// CH-28
func TestAFulfilledOrderRaisesTheLimitByItsQuantity(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		partner, billing := w.full(w.p), w.as(w.operator, access.OperatorBilling)
		for _, n := range []int64{5, 2} {
			in := licences(n)
			in.Lines = append(in.Lines, tenant.OrderLine{Item: "device_licence", Quantity: 1, Wanted: "2026-04-01"})
			o, err := w.svc.CreateOrder(w.ctx(), partner, w.cp.ID, in)
			w.ok(err)
			_, err = w.svc.FulfilOrder(w.ctx(), billing, o.ID, 0)
			refused(t, err, errs.Conflict, "order_state")
			_, err = w.svc.SubmitOrder(w.ctx(), partner, o.ID, 0)
			w.ok(err)
			_, err = w.svc.FulfilOrder(w.ctx(), partner, o.ID, 0)
			refused(t, err, errs.Forbidden, "forbidden")
			o, err = w.svc.FulfilOrder(w.ctx(), billing, o.ID, 0)
			w.ok(err)
			if o.State != tenant.Fulfilled || len(o.History.V) != 3 || o.History.V[2].By != billing.Name {
				t.Errorf("order %+v", o)
			}
			_, err = w.svc.CancelOrder(w.ctx(), partner, o.ID, 0)
			refused(t, err, errs.Conflict, "order_state")
		}
		limits, err := w.svc.Limits(w.ctx(), w.db, w.cp.ID)
		w.ok(err)
		if limits["device_licence"] != 9 {
			t.Errorf("limits %v, want 9", limits)
		}
	})
}

func TestAnOrderIsFulfilledOnceHoweverManyTry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := licences(3)
		in.Submit = true
		o, err := w.svc.CreateOrder(w.ctx(), w.full(w.p), w.cp.ID, in)
		w.ok(err)
		lost := w.race(8, func(i int) error {
			if i%2 == 0 {
				_, err := w.svc.CancelOrder(w.ctx(), w.full(w.p), o.ID, 0)
				return err
			}
			_, err := w.svc.FulfilOrder(w.ctx(), w.root(), o.ID, 0)
			return err
		})
		if len(lost) != 7 {
			t.Errorf("%d of 8 lost, want 7: %v", len(lost), lost)
		}
		o, err = w.svc.Order(w.ctx(), w.full(w.p), o.ID)
		w.ok(err)
		limits, err := w.svc.Limits(w.ctx(), w.db, w.cp.ID)
		w.ok(err)
		want := map[tenant.OrderState]int64{tenant.Fulfilled: 3, tenant.Cancelled: 0}[o.State]
		if limits["device_licence"] != want {
			t.Errorf("%s, but the limit is %d", o.State, limits["device_licence"])
		}
	})
}

func TestOrdersOfOneCustomerAreNumberedWithoutGapsOrDoubles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if lost := w.race(6, func(int) error {
			_, err := w.svc.CreateOrder(w.ctx(), w.full(w.p), w.cp.ID, licences(1))
			return err
		}); len(lost) > 0 {
			t.Fatal(lost)
		}
		all, _, err := w.svc.Orders(w.ctx(), w.full(w.p), tenant.OrderQuery{CustomerID: w.cp.ID})
		w.ok(err)
		seen := map[int64]bool{}
		for _, o := range all {
			seen[o.Number] = true
			if len(o.Lines) != 1 || o.Lines[0].Quantity != 1 {
				t.Errorf("lines of %d: %+v", o.Number, o.Lines)
			}
		}
		for n := int64(1); n <= 6; n++ {
			if !seen[n] {
				t.Errorf("number %d is missing: %v", n, seen)
			}
		}
	})
}

// CH-28
func TestAnOrderTellsAllItsFaultsAndOnlyADraftCanBeEdited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		partner := w.full(w.p)
		_, err := w.svc.CreateOrder(w.ctx(), partner, w.cp.ID, tenant.NewOrder{})
		faulty(t, err, "lines out_of_range")
		_, err = w.svc.CreateOrder(w.ctx(), partner, w.cp.ID, tenant.NewOrder{Lines: []tenant.OrderLine{
			{Item: "gold", Quantity: 1}, {Item: "device_licence", Quantity: 0, Wanted: "soon"}}})
		faulty(t, err, "lines[0].item unknown_item", "lines[1].quantity out_of_range", "lines[1].wanted bad_date")
		o, err := w.svc.CreateOrder(w.ctx(), partner, w.cp.ID, licences(1))
		w.ok(err)
		in := licences(7)
		in.Note, in.Submit = "please hurry", true
		_, err = w.svc.EditOrder(w.ctx(), partner, o.ID, in, 9)
		refused(t, err, errs.Stale, "stale")
		_, err = w.svc.EditOrder(w.ctx(), partner, o.ID, in, o.Version)
		w.ok(err)
		got, err := w.svc.Order(w.ctx(), partner, o.ID)
		w.ok(err)
		if got.Note != in.Note || got.State != tenant.Submitted || len(got.Lines) != 1 || got.Lines[0].Quantity != 7 || got.Version != 2 {
			t.Errorf("got %+v", got)
		}
		_, err = w.svc.EditOrder(w.ctx(), partner, o.ID, in, 0)
		refused(t, err, errs.Conflict, "order_state")
		w.ok(w.svc.PutItem(w.ctx(), w.root(), tenant.Item{Code: "gold", Name: "Gold", Active: true}))
		refused(t, w.svc.PutItem(w.ctx(), partner, tenant.Item{Code: "lead", Name: "Lead"}), errs.NotFound, "not_found")
		_, err = w.svc.CreateOrder(w.ctx(), partner, w.cp.ID, tenant.NewOrder{Lines: []tenant.OrderLine{{Item: "gold", Quantity: 1}}})
		w.ok(err)
	})
}

// CH-33
func TestOrdersStayWithinTheirTenant(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var ids []string
		for i := range 3 {
			w.clock.Advance(time.Second)
			o, err := w.svc.CreateOrder(w.ctx(), w.full(w.p), w.cp.ID, licences(int64(i+1)))
			w.ok(err)
			ids = append(ids, o.ID)
		}
		sub := w.as(w.p, access.PartnerSubAccount)
		sub.Functions, sub.Customers = []access.Action{access.OrderView}, nil
		for _, a := range []access.Actor{w.full(w.q), w.both(w.s), w.admin(w.cq), sub} {
			_, err := w.svc.Order(w.ctx(), a, ids[0])
			refused(t, err, errs.NotFound, "not_found")
			_, err = w.svc.SubmitOrder(w.ctx(), a, ids[0], 0)
			refused(t, err, errs.NotFound, "not_found")
			all, _, err := w.svc.Orders(w.ctx(), a, tenant.OrderQuery{CustomerID: w.cp.ID})
			w.ok(err)
			if len(all) != 0 {
				t.Errorf("%s sees %d orders", a.Name, len(all))
			}
		}
		page := db.Page{Limit: 2}
		first, next, err := w.svc.Orders(w.ctx(), w.root(), tenant.OrderQuery{State: tenant.Draft, Page: page})
		w.ok(err)
		page.Cursor = next
		second, last, err := w.svc.Orders(w.ctx(), w.admin(w.cp), tenant.OrderQuery{Page: page})
		w.ok(err)
		if len(first) != 2 || first[0].ID != ids[2] || len(second) != 1 || second[0].ID != ids[0] || last != "" {
			t.Errorf("pages %v and %v", first, second)
		}
	})
}
