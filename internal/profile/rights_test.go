package profile_test

import (
	"slices"
	"testing"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/profile"
)

// Table 11.1, each cell (DM-136, DM-137): what the people of a customer may do with each type.
func TestWhatMayBeDoneWithAProfileIsDecidedByItsType(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		w.holders["device/dev1"], w.holders["device/dev2"] = w.c.ID, w.c.ID
		me, here := admin(w.c), at(w.c)
		standard, _ := w.named(w.c, "VVX basics")
		template, _ := w.named(w.c, "AdminPassword-Change-Template")
		provider := w.make(w.p, "Of the partner", "x=1")
		w.software("img")
		software, _ := w.named(w.c, "UCS img")
		type cell struct{ standard, template, user, imported, software, provider string }
		text := "changed"
		for _, row := range []struct {
			action string
			do     func(p profile.Profile) error
			want   cell
		}{
			{"view", func(p profile.Profile) error { _, err := w.Get(ctx, me, here, p.ID); return err }, cell{}},
			{"edit", func(p profile.Profile) error {
				_, _, err := w.Edit(ctx, me, here, p.ID, profile.Patch{Description: &text})
				return err
			}, cell{standard: "platform_profile", template: "platform_profile", software: "software_profile", provider: "provider_profile"}},
			{"copy", func(p profile.Profile) error { _, _, err := w.Copy(ctx, me, here, p.ID, profile.Twin{}); return err },
				cell{imported: "imported_profile", software: "software_profile"}},
			{"export", func(p profile.Profile) error { _, err := w.Export(ctx, me, here, p.ID, false); return err },
				cell{standard: "platform_profile", template: "platform_profile", imported: "imported_profile", software: "software_profile", provider: "provider_profile"}},
			{"assign to the customer", func(p profile.Profile) error { return w.put(w.c, profile.Global, "-", p) },
				cell{template: "profile_ids[0]:template_profile", imported: "profile_ids[0]:imported_profile"}},
			{"assign to a model", func(p profile.Profile) error { return w.put(w.c, profile.OfModel, "VVX 500", p) },
				cell{template: "profile_ids[0]:template_profile", imported: "profile_ids[0]:imported_profile"}},
			{"assign to its device", func(p profile.Profile) error { return w.put(w.c, profile.OfOneDevice, "dev1", p) },
				cell{template: "profile_ids[0]:template_profile"}},
			{"assign to another device", func(p profile.Profile) error { return w.put(w.c, profile.OfOneDevice, "dev2", p) },
				cell{template: "profile_ids[0]:template_profile", imported: "profile_ids[0]:imported_profile"}},
			{"delete", func(p profile.Profile) error { return w.Delete(ctx, me, here, p.ID, 0) },
				cell{standard: "platform_profile", template: "platform_profile", software: "software_profile", provider: "provider_profile"}},
		} {
			user, imported := w.make(w.c, "User made"), w.imported(w.c, "dev1", "reg.1.displayName=Jon")
			for _, x := range []struct {
				p    profile.Profile
				want string
			}{{standard, row.want.standard}, {template, row.want.template}, {user, row.want.user}, {imported, row.want.imported}, {software, row.want.software}, {provider, row.want.provider}} {
				code(t, row.action+" "+x.p.Name, row.do(x.p), x.want)
			}
			if row.action != "delete" {
				w.ok(w.Delete(ctx, me, here, user.ID, 0))
				w.ok(w.Delete(ctx, me, here, imported.ID, 0))
			}
		}
	})
}

// DM-136, DM-21 table 4.2, DM-22, DM-26: the list and its filters.
func TestTheListIsFilteredByTypeModeTextAndByWhoChangedIt(t *testing.T) {
	each(t, func(t *testing.T, w *world, clock *dbtest.Clock) {
		w.make(w.c, "b sip")
		w.make(w.c, "A")
		w.make(w.c, "c")
		w.imported(w.c, "dev1", "a=1")
		w.software("img")
		_, _, err := w.Create(ctx, admin(w.c), at(w.c), profile.New{Name: "Yea", Mode: "yealink", Description: "third floor"})
		w.ok(err)
		w.make(w.d, "Foreign")
		w.make(w.q, "Foreign too")
		w.make(w.p, "Of P")
		list := func(q profile.Query) []string {
			t.Helper()
			var got []string
			for q.Page.Limit = 2; ; { // pages of two hold what one page would (DM-25)
				l, err := w.List(ctx, admin(w.c), at(w.c), q)
				w.ok(err)
				for _, p := range l.Items {
					got = append(got, p.Name)
				}
				if q.Page.Cursor = l.Next; l.Next == "" {
					if int(l.Total) != len(got) {
						t.Errorf("%d of %d", len(got), l.Total)
					}
					return got
				}
			}
		}
		types := func(all ...profile.Type) profile.Query { return profile.Query{Types: all} }
		imported := profile.ImportedName("dev1")
		for _, x := range []struct {
			what string
			q    profile.Query
			want []string
		}{
			{"all", profile.Query{}, []string{"A", "AdminPassword-Change-Template", "b sip", "c", imported, "Of P", "UCS img", "VVX basics", "Yea"}},
			{"standard", types(profile.Platform), []string{"AdminPassword-Change-Template", "VVX basics"}},
			{"user", types(profile.User), []string{"A", "b sip", "c", "Of P", "Yea"}},
			{"standard and user", types(profile.Platform, profile.User), []string{"A", "AdminPassword-Change-Template", "b sip", "c", "Of P", "VVX basics", "Yea"}},
			{"software", types(profile.Software), []string{"UCS img"}},
			{"imported", types(profile.Imported), []string{imported}},
			{"own", profile.Query{Own: true, Types: []profile.Type{profile.User}}, []string{"A", "b sip", "c", "Yea"}},
			{"mode", profile.Query{Modes: []string{"yealink"}}, []string{"Yea"}},
			{"modified by", profile.Query{ModifiedBy: "of acme"}, []string{"A", "b sip", "c", "Yea"}},
			{"text", profile.Query{Text: "SIP"}, []string{"b sip", "VVX basics"}},
			{"text in a filtered list", profile.Query{Text: "sip", Types: []profile.Type{profile.User}}, []string{"b sip"}},
			{"hidden description", profile.Query{Text: "floor"}, []string{"Yea"}},
			{"wildcards are literal", profile.Query{Text: "%"}, nil},
			{"backwards", profile.Query{Types: []profile.Type{profile.User}, Page: db.Page{Sort: "-name"}}, []string{"Yea", "Of P", "c", "b sip", "A"}},
		} {
			if got := list(x.q); !slices.Equal(got, x.want) {
				t.Errorf("%s: %q, want %q", x.what, got, x.want)
			}
		}
		for _, sort := range []string{"updated", "-updated", "mode", "type", "modified_by"} {
			if got := list(profile.Query{Page: db.Page{Sort: sort}}); len(got) != 9 {
				t.Errorf("sorted by %s: %q", sort, got)
			}
		}
		_, err = w.List(ctx, admin(w.c), at(w.c), profile.Query{Types: []profile.Type{"odd"}})
		code(t, "an odd type", err, "type:unknown_value")
	})
}

// DM-139: what the two columns mean for each type.
func TestModifiedByAndDateModifiedMeanWhatTheTypeSays(t *testing.T) {
	each(t, func(t *testing.T, w *world, clock *dbtest.Clock) {
		start := clock.Now()
		clock.Advance(60e9)
		user := w.make(w.c, "Mine")
		clock.Advance(60e9)
		imported := w.imported(w.c, "dev1", "x=1")
		clock.Advance(60e9)
		software := w.software("img")
		clock.Advance(60e9)
		text := "x"
		edited, _, err := w.Edit(ctx, as(w.c, "customer_full_admin"), at(w.c), user.ID, profile.Patch{Description: &text})
		w.ok(err)
		clock.Advance(60e9)
		w.imported(w.c, "dev1", "x=2")
		again := w.imported(w.c, "dev1", "x=2") // the same again is no change
		standard, _ := w.named(w.c, "VVX basics")
		for _, x := range []struct {
			p       profile.Profile
			minutes int
			by      string
		}{{standard, 0, ""}, {user, 1, "Ann of Acme"}, {edited, 4, "Ann of Acme"}, {imported, 2, ""}, {again, 5, ""}, {software, 3, ""}} {
			if got := int(x.p.Updated.Sub(start).Minutes()); got != x.minutes || x.p.ModifiedBy != x.by {
				t.Errorf("%s: after %d minutes by %q, want %d by %q", x.p.Name, got, x.p.ModifiedBy, x.minutes, x.by)
			}
		}
	})
}
