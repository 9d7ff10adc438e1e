package portal_test

import (
	"net/http"
	"testing"

	"linecard/internal/branding"
	"linecard/internal/portal/portaltest"
)

func init() {
	scenes = append(scenes, []scene{
		{name: "manual", path: at("/docs/customers")},
		{name: "manual-inside", as: "partner", path: at("/docs/getting-started")},
		{name: "manual-tables", as: "operator", path: at("/docs/operating")},
	}...)
}

// The manual needs no session, says when it is there in English only, and speaks of an offer by its own name.
func TestTheManualIsServedInTheLookOfTheOffer(t *testing.T) {
	w := portaltest.Start(t)
	b := w.Browser(t)
	if a := b.Get("/docs"); a.Status != http.StatusSeeOther || a.To != "/docs/getting-started" {
		t.Errorf("%d %q", a.Status, a.To)
	}
	if a := b.Get("/docs/coverage"); a.Status != http.StatusNotFound {
		t.Errorf("a file outside of the contents: %d", a.Status)
	}
	b.Header.Set("Accept-Language", "zh-CN")
	if a := b.Get("/docs/getting-started"); !a.Has("入门") || a.Has("仅有英文") {
		t.Errorf("a page with a translation: %s", a.Says())
	}
	if a := b.Get("/docs/profiles"); !a.Has("仅有英文", "What a profile is") {
		t.Errorf("a page without one: %s", a.Says())
	}
	if _, err := w.Branding.Set(t.Context(), w.Actor(w.Partner), w.Partner.Tenant.ID, branding.Own{Product: "Blue *Voice*"}, 0); err != nil {
		t.Fatal(err)
	}
	if a := w.SignedIn(t, w.Customer).Get("/docs/getting-started"); !a.Has("Blue *Voice* is where") || a.Has("Linecard") {
		t.Errorf("in an offer: %s", a.Says())
	}
}
