package catalog_test

import (
	"context"
	"testing"

	"linecard/internal/catalog"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

var ctx = context.Background()

func limit(n int64) *int64 { return &n }

func set(w *catalogtest.World, t tenant.Tenant, want ...catalog.PackageLimit) error {
	return w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return w.Catalog.SetCustomerPackages(ctx, tx, catalogtest.System, t, want)
	})
}

func reserve(w *catalogtest.World, t tenant.Tenant, code string, by int64) error {
	return w.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return w.Catalog.Reserve(ctx, tx, t.ID, code, by) })
}

// WS-4: codes, aliases and flags of the five.
func TestTheCatalogueHasFivePackagesThatAlsoAnswerToTheirAliases(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		type row struct {
			alias            string
			calling          catalog.Calling
			messaging        bool
			meetings         catalog.Meetings
			user, place, has bool
		}
		for code, want := range map[string]row{
			"common_area":      {"common_area_calling", catalog.BasicCalling, false, catalog.NoMeetings, false, true, true},
			"enhanced_calling": {"webex_voice", catalog.SubsetCalling, false, catalog.NoMeetings, true, false, true},
			"calling":          {"webex_calling", catalog.AdvancedCalling, true, catalog.BasicMeetings, true, false, true},
			"suite":            {"webex_suite", catalog.FullCalling, true, catalog.FullMeetings, true, false, true},
			"meetings":         {"webex_meetings", catalog.NoCalling, true, catalog.FullMeetings, true, false, false},
		} {
			i, err := w.Catalog.Code(ctx, w.DB, want.alias)
			if err != nil || i.Code != code || i.Calling != want.calling || i.Messaging != want.messaging || i.Meetings != want.meetings ||
				i.ForUser() != want.user || i.ForWorkspace() != want.place || i.HasCalling() != want.has || i.Kind != catalog.Base {
				t.Errorf("%s: %+v, %v", code, i, err)
			}
		}
		all, err := w.Catalog.All(ctx, w.DB)
		if err != nil || len(all) != 7 {
			t.Errorf("%d items, %v", len(all), err)
		}
		_, err = w.Catalog.Code(ctx, w.DB, "gold")
		catalogtest.Code(t, err, "unknown_package")
	})
}

// WS-12, WS-54, WS-79.
func TestOnlyWhatTheSubscriptionListsCanBeSold(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		sub, err := w.Catalog.MaySell(ctx, w.DB, w.P.ID, []string{"webex_suite", "calling"})
		if err != nil || sub.PartnerID != w.P.ID {
			t.Fatalf("%+v, %v", sub, err)
		}
		if shared, err := w.Catalog.MaySell(ctx, w.DB, w.S.ID, []string{"calling"}); err != nil || shared.ID != sub.ID {
			t.Errorf("a sub-partner shares the subscription: %+v, %v", shared, err)
		}
		_, err = w.Catalog.MaySell(ctx, w.DB, w.P.ID, []string{"calling", "calling_plan"})
		catalogtest.Code(t, err, "package_not_in_subscription")
		if errs.As(err).Params["package"] != "calling_plan" || errs.KindOf(err) != errs.Forbidden {
			t.Errorf("%v", err)
		}
		catalogtest.Code(t, set(w, w.A, catalog.PackageLimit{Code: "calling_plan"}), "package_not_in_subscription")
		_, err = w.Catalog.SetSubscriptionState(ctx, catalogtest.System, w.P.ID, catalog.Suspended, 0)
		w.OK(err)
		_, err = w.Catalog.MaySell(ctx, w.DB, w.S.ID, nil)
		catalogtest.Code(t, err, "no_subscription")
		if sold, err := w.Catalog.SoldTo(ctx, w.DB, w.C); err != nil || sold != (catalog.Sold{PartnerID: w.P.ID, SubPartnerID: w.S.ID, SubscriptionID: sub.ID}) {
			t.Errorf("what is assigned goes on: %+v, %v", sold, err)
		}
	})
}

// WS-13.
func TestNoMoreThanTheLimitCanBeAssigned(t *testing.T) {
	catalogtest.Each(t, func(t *testing.T, w *catalogtest.World) {
		w.OK(set(w, w.A, catalog.PackageLimit{Code: "webex_calling", Max: limit(2)}, catalog.PackageLimit{Code: "suite"}))
		catalogtest.Code(t, reserve(w, w.A, "meetings", 1), "package_not_in_customer")
		w.OK(reserve(w, w.A, "calling", 1))
		w.OK(reserve(w, w.A, "calling", 1))
		catalogtest.Code(t, reserve(w, w.A, "calling", 1), "limit_reached")
		catalogtest.Code(t, set(w, w.A, catalog.PackageLimit{Code: "calling", Max: limit(1)}), "limit_below_use")
		catalogtest.Code(t, set(w, w.A, catalog.PackageLimit{Code: "suite"}), "package_in_use")
		w.OK(reserve(w, w.A, "calling", -2))
		w.OK(set(w, w.A, catalog.PackageLimit{Code: "calling", Max: limit(1)}))
		if err := reserve(w, w.A, "calling", -1); err == nil {
			t.Error("less than none is assigned")
		}
		have, err := w.Catalog.CustomerPackages(ctx, w.DB, w.A.ID)
		if err != nil || len(have) != 1 || have[0].Code != "calling" || *have[0].Max != 1 || have[0].Used != 0 {
			t.Errorf("%+v, %v", have, err)
		}
	})
}
