package catalog_test

import (
	"context"
	"sync"
	"testing"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/db"
	"linecard/internal/errs"
)

func items(t *testing.T, w *catalogtest.World) map[string]catalog.Item {
	t.Helper()
	all, err := w.Catalog.All(ctx, w.DB)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]catalog.Item{}
	for _, i := range all {
		out[i.Code] = i
	}
	return out
}

// WS-14, WS-136, WS-11.
func TestAnAdministratorIsNotGivenLess(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		all := items(t, w)
		for _, v := range []struct {
			from, to string
			admin    bool
			want     string
		}{
			{"suite", "calling", true, "admin_downgrade"}, {"suite", "calling", false, ""}, {"calling", "suite", true, ""}, {"suite", "meetings", true, "admin_downgrade"},
			{"meetings", "suite", true, ""}, {"meetings", "calling", true, "admin_downgrade"}, {"calling", "meetings", true, "admin_downgrade"}, {"calling", "enhanced_calling", true, "admin_downgrade"},
			{"enhanced_calling", "calling", true, ""}, {"common_area", "enhanced_calling", true, ""}, {"suite", "suite", true, ""}, {"suite", "attendant_console", false, "not_a_base_package"},
		} {
			got := ""
			if err := catalog.Change(all[v.from], all[v.to], v.admin); err != nil {
				got = errs.CodeOf(err)
			}
			if got != v.want {
				t.Errorf("%+v: %s", v, got)
			}
		}
		catalogtest.Code(t, catalog.Fits(all["attendant_console"], "meetings"), "dependency")
		if err := catalog.Fits(all["attendant_console"], "suite"); err != nil {
			t.Error(err)
		}
		catalogtest.Code(t, catalog.CanHold(all["common_area"], true), "wrong_holder")
		catalogtest.Code(t, catalog.CanHold(all["suite"], false), "wrong_holder")
	})
}

// WS-5, WS-6, WS-8, WS-15, WS-16, WS-17: features as data; the matrix says what Entitle does, before and after a change.
func TestTheMatrixAndTheRefusalComeFromOneTable(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		all := items(t, w)
		subscriber, location := 0, 0
		for _, f := range catalog.AllFeatures() {
			switch f.Level {
			case "subscriber":
				subscriber++
			case "location":
				location++
			}
			for _, less := range []string{"calling", "meetings", "enhanced_calling", "common_area"} {
				if _, has := all[less].Entitled(f.Key); has && all["suite"].Entitle(f.Key) != nil {
					t.Errorf("suite lacks %s of %s", f.Key, less)
				}
			}
		}
		if subscriber != 52 || location != 15 {
			t.Errorf("%d and %d features", subscriber, location)
		}
		catalogtest.Code(t, all["common_area"].Entitle("voicemail"), "not_entitled")
		catalogtest.Code(t, all["enhanced_calling"].Entitle("executive_assistant"), "not_entitled")
		agree := func() {
			t.Helper()
			list, err := w.Catalog.All(ctx, w.DB)
			w.OK(err)
			packages, rows := catalog.Matrix(list)
			if len(packages) != 5 || len(rows) != 52+15+2 {
				t.Fatalf("%d × %d", len(packages), len(rows))
			}
			for _, r := range rows[:52+15] {
				for n, c := range r.Cells {
					if c.Included != (packages[n].Entitle(r.Feature.Key) == nil) {
						t.Errorf("%s of %s: %v", r.Feature.Key, c.Package, c.Included)
					}
				}
			}
		}
		agree()
		features := map[string]string{"voicemail": "10 minutes"}
		operator := w.As(w.Operator, access.OperatorAdmin)
		i, err := w.Catalog.EditItem(ctx, operator, "common_area_calling", catalog.ItemPatch{Features: &features, IfVersion: 1})
		if limit, has := i.Entitled("voicemail"); err != nil || !has || limit != "10 minutes" || i.Version != 2 {
			t.Errorf("%+v, %v", i, err)
		}
		agree()
		_, err = w.Catalog.EditItem(ctx, operator, "common_area", catalog.ItemPatch{Features: &features, IfVersion: 1})
		catalogtest.Code(t, err, "stale")
		_, err = w.Catalog.EditItem(ctx, w.As(w.P, access.PartnerFullAdmin), "common_area", catalog.ItemPatch{Features: &features})
		if err == nil {
			t.Error("a partner changes the catalogue")
		}
		aliases := []string{"webex_suite"}
		_, err = w.Catalog.EditItem(ctx, operator, "calling", catalog.ItemPatch{Aliases: &aliases})
		catalogtest.Code(t, err, "package_name_taken")
	})
}

// WS-13 on PostgreSQL, where a check and a write can be torn apart: sixteen at once get exactly what the limit allows.
func TestSixteenAtOnceDoNotPassTheLimit(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		w.OK(set(w, w.A, catalog.PackageLimit{Code: "calling", Max: limit(5)}))
		var all sync.WaitGroup
		var mu sync.Mutex
		got := map[string]int{}
		for range 16 {
			all.Add(1)
			go func() {
				defer all.Done()
				err := w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return w.Catalog.Reserve(ctx, tx, w.A.ID, "calling", 1) })
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					got["reserved"]++
				} else {
					got[errs.CodeOf(err)]++
				}
			}()
		}
		all.Wait()
		if got["reserved"] != 5 || got["limit_reached"] != 11 {
			t.Errorf("%v", got)
		}
	})
}

// WS-54: draft → active ↔ suspended → closed; what customers have stays in it.
func TestASubscriptionGoesItsWay(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		billing := w.As(w.Operator, access.OperatorBilling)
		w.OK(set(w, w.C, catalog.PackageLimit{Code: "suite"}))
		few := []string{"calling"}
		_, err := w.Catalog.EditSubscription(ctx, billing, w.P.ID, catalog.SubscriptionPatch{Items: &few})
		catalogtest.Code(t, err, "package_sold")
		_, err = w.Catalog.Subscribe(ctx, billing, w.P.ID, catalog.NewSubscription{Currency: "EUR"})
		catalogtest.Code(t, err, "subscription_exists")
		for _, v := range []struct {
			to   catalog.SubscriptionState
			want string
		}{{catalog.Draft, "subscription_state"}, {catalog.Suspended, ""}, {catalog.Suspended, ""}, {catalog.Sells, ""}, {catalog.Closed, ""}, {catalog.Sells, "not_found"}} {
			_, err := w.Catalog.SetSubscriptionState(ctx, billing, w.P.ID, v.to, 0)
			if v.want == "" {
				w.OK(err)
			} else {
				catalogtest.Code(t, err, v.want)
			}
		}
		_, err = w.Catalog.Subscribe(ctx, billing, w.P.ID, catalog.NewSubscription{Currency: "eur", Start: "2026-2-1", BillingDay: 29, Items: []string{"gold"}})
		if len(errs.As(err).Fields) != 4 {
			t.Errorf("%v", err)
		}
		_, err = w.Catalog.Subscribe(ctx, w.As(w.P, access.PartnerFullAdmin), w.P.ID, catalog.NewSubscription{Currency: "EUR"})
		catalogtest.Code(t, err, "forbidden")
	})
}
