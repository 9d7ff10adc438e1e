package portal_test

import (
	"context"
	"strconv"
	"testing"

	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/portal/portaltest"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// moves counts those who were asked, because each needs an address of its own.
var moves int

// AskedToMove has somebody of one organisation asked to move to another, and gives the path of the mail's link.
func (s *stage) AskedToMove() string {
	saleOf(s.t, s.World) // the partner of the scenes sells more than this needs
	return askedToMove(s.t, s.World)
}

func askedToMove(t *testing.T, w *portaltest.World) string {
	t.Helper()
	ctx := t.Context()
	moves++
	n := strconv.Itoa(moves)
	if _, err := w.Catalog.SubscriptionOf(ctx, w.DB, w.Partner.Tenant.ID); err != nil {
		must[catalog.Subscription](t)(w.Catalog.Subscribe(ctx, portaltest.System, w.Partner.Tenant.ID, catalog.NewSubscription{Currency: "GBP", Start: "2020-01-01", BillingDay: 1, Items: []string{"meetings"}}))
		must[catalog.Subscription](t)(w.Catalog.SetSubscriptionState(ctx, portaltest.System, w.Partner.Tenant.ID, catalog.Sells, 0))
	}
	organisation := func(name, email string) tenant.Tenant {
		made, err := w.Onboard.CreateCustomer(ctx, portaltest.System, tenant.NewCustomer{OwnerID: w.Partner.Tenant.ID, Wholesale: true, PermissionTypes: []string{tenant.DMP},
			Details: tenant.Details{Name: name, Email: email, Contact: "Ann Lee", Country: "GB"}}, portaltest.First)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return w.Catalog.SetCustomerPackages(ctx, tx, portaltest.System, made.Tenant, []catalog.PackageLimit{{Code: "meetings"}})
		}); err != nil {
			t.Fatal(err)
		}
		return made.Tenant
	}
	from, to := organisation("Elm Street Dental "+n, "it"+n+"@elmstreet.example"), organisation("Pier Six Logistics "+n, "it"+n+"@piersix.example")
	u := subscriber.NewUser{Email: "ann" + n + "@lee.example", FirstName: "Ann", LastName: "Lee", Package: "meetings", AskConsent: true}
	must[subscriber.User](t)(w.Subscriber.CreateUser(ctx, portaltest.System, from.ID, u))
	must[subscriber.User](t)(w.Subscriber.CreateUser(ctx, portaltest.System, to.ID, u))
	return w.LastMove()
}

// WS-116
func TestAPersonMovesByTheLinkOfItsMailAndOnlyOnce(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		path := askedToMove(t, w)
		v := w.Browser(t)
		if a := v.Get(path); a.Status != 200 || !a.Has("Pier Six Logistics") || !a.Has("Elm Street Dental") {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if a := v.Get(path); a.Status != 200 { // looking decides nothing
			t.Fatalf("%d", a.Status)
		}
		if a := v.Post(path); a.Status != 200 || !a.Has("You have moved to Pier Six Logistics") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		for _, a := range []portaltest.Answer{v.Get(path), v.Post(path), v.Get("/move/unknown")} {
			if a.Status != 410 || !a.Has("This link has expired") {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}
	})
}
