package subscriber_test

import (
	"fmt"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/subscriber"
)

// DM-21, surfaces: extension, E.164, name and e-mail over all that the actor may see, and nothing beyond.
func TestASearchFindsPeoplePlacesAndNumbersOfThoseWhomTheActorSees(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.sells(w.A, nil, "calling")
		w.sells(w.B, nil, "calling")
		berlin := w.location(w.A, "Berlin Mitte")
		n := person(1)
		n.LocationID, n.LastName = berlin.ID, "Østergård"
		u := w.user(w.A, n)
		other := person(2)
		other.LocationID, other.Email, other.LastName, other.Extension = w.location(w.B, "Berlin Nord").ID, "x@dee.test", "Østberg", "1001"
		w.user(w.B, other)
		if _, err := w.subs.AddNumbers(ctx, system, w.A.ID, subscriber.NewNumbers{LocationID: berlin.ID, Ranges: []subscriber.NumberRange{{First: "+4930123450", Last: "+4930123451"}}}); err != nil {
			t.Fatal(err)
		}
		find := func(who access.Actor, text string) string {
			t.Helper()
			hits, _, err := w.subs.Search(ctx, who, text, 20)
			if err != nil {
				return errs.CodeOf(err)
			}
			var out []string
			for _, h := range hits {
				out = append(out, fmt.Sprint(h.Type, ":", h.Text))
			}
			return strings.Join(out, " ")
		}
		mine := access.Actor{ID: db.NewID(), Kind: access.Person, Tenant: w.A.Access(), Roles: []access.Role{access.CustomerFullAdmin}}
		for text, want := range map[string]string{
			"1001": "user:1001", "østerg": "user:Østergård", "U1@ACME": "user:u1@acme.test", "berlin m": "location:Berlin Mitte", "+49 30 12345": "number:+4930123450 number:+4930123451",
			"004930123451": "number:+4930123451", "nobody": "", "Østb": "", "%": "", "_": "",
		} {
			if got := find(mine, text); got != want {
				t.Errorf("%q finds %q, want %q", text, got, want)
			}
		}
		if got := find(system, "øst"); got != "user:Østberg user:Østergård" {
			t.Errorf("over both customers: %q", got)
		}
		last := "Young"
		if _, err := w.subs.EditUser(ctx, system, w.A.ID, u.ID, subscriber.HolderPatch{LastName: &last}); err != nil {
			t.Fatal(err)
		}
		if a, b := find(mine, "øst"), find(mine, "young"); a != "" || b != "user:Young" {
			t.Errorf("after a new name: %q, %q", a, b)
		}
		device := access.Actor{ID: db.NewID(), Kind: access.Person, Tenant: w.A.Access(), Roles: []access.Role{access.PartnerBillingRead}}
		if got := find(device, "1001"); got != "forbidden" {
			t.Errorf("without a right: %q", got)
		}
		if hits, more, err := w.subs.Search(ctx, mine, "+4930", 1); err != nil || len(hits) != 1 || !more {
			t.Errorf("%v %v %v", hits, more, err)
		}
	})
}
