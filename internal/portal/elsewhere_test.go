package portal_test

import (
	"net/http"
	"testing"

	"linecard/internal/portal/portaltest"
)

// A sub-partner's portal has the addresses of one's own. A form that was opened for one organisation and sent while the session
// works in another one must change neither (CH-32, WS-84).
func TestAFormThatWasOpenedForAnotherOrganisationChangesNothing(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Partner)
		if a := b.Post("/sub-partners/"+w.SubPartner.Tenant.ID+"/enter", "door", "partner"); a.Status != http.StatusSeeOther {
			t.Fatalf("entering the sub-partner: %d %s", a.Status, a.Says())
		}
		made := []string{"csrf", w.Partner.Tenant.ID, "name", "Twice", "email", "twice@brightline.example", "contact", "T", "permission_types", "DMP"}
		a := b.Post("/customers/new", made...)
		if a.Status != http.StatusConflict || !a.Has("another organisation") {
			t.Errorf("a form of the own organisation sent inside the sub-partner: %d %s", a.Status, a.Says())
		}
		made[1] = w.SubPartner.Tenant.ID
		if a := b.Post("/customers/new", made...); a.Status != http.StatusSeeOther {
			t.Errorf("a form of the sub-partner: %d %s", a.Status, a.Says())
		}
	})
}
