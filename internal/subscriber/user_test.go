package subscriber_test

import (
	"sync"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/subscriber"
)

// WS-10, WS-55, WS-112, WS-116.
func TestANewUserHasItsPackageItsLineAndIsMeteredFromThatSecond(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := person(1)
		n.Package, n.AddOns, n.ExternalID = "webex_suite", []string{"attendant_console"}, "crm-1"
		u := w.user(w.A, n)
		if u.Package != "suite" || u.LocationID != w.hq.ID || u.Extension != "1001" || u.AccountID == "" || u.Status != subscriber.Provisioned {
			t.Errorf("%+v", u)
		}
		spans := w.spans(u)
		if len(spans) != 2 || spans[0].Start != w.Clock.Now().Unix() || spans[0].PartnerID != w.P.ID || spans[0].ExternalID != "crm-1" {
			t.Errorf("%+v", spans)
		}
		if w.used(w.A, "suite") != 1 || w.used(w.A, "attendant_console") != 1 {
			t.Error("the limit does not count it")
		}
		lines, _, err := w.subs.Lines(ctx, system, w.A.ID, subscriber.LineQuery{HolderID: u.ID})
		if err != nil || len(lines) != 1 || lines[0].AuthID == "" || lines[0].NoEmergency() {
			t.Errorf("%+v, %v", lines, err)
		}
		second := w.user(w.A, person(2))
		if second.AccountID != "" {
			t.Error("only the first user becomes administrator")
		}
		got, err := w.subs.UserByID(ctx, w.As(w.P, access.PartnerFullAdmin), u.ID)
		if err != nil || got.AddOns[0] != "attendant_console" || got.AccountID != u.AccountID {
			t.Errorf("%+v, %v", got, err)
		}
		_, err = w.subs.UserByID(ctx, w.As(w.Q, access.PartnerFullAdmin), u.ID)
		refused(t, err, "not_found")
	})
}

func TestEachRuleRefusesByItsCode(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(w.A, func() subscriber.NewUser { n := person(1); n.ExternalID = "x1"; return n }())
		w.user(w.D, person(99))
		other := w.location(w.D, "Elsewhere")
		change := func(f func(n *subscriber.NewUser)) subscriber.NewUser { n := person(2); f(&n); return n }
		for code, n := range map[string]subscriber.NewUser{
			"required":                change(func(n *subscriber.NewUser) { n.LastName = "" }),
			"bad_email":               change(func(n *subscriber.NewUser) { n.Email = "nobody" }),
			"user_email_taken":        change(func(n *subscriber.NewUser) { n.Email = "U1@acme.test" }),
			"user_email_elsewhere":    change(func(n *subscriber.NewUser) { n.Email = "u99@acme.test" }),
			"external_id_taken":       change(func(n *subscriber.NewUser) { n.ExternalID = "x1" }),
			"unknown_package":         change(func(n *subscriber.NewUser) { n.Package = "gold" }),
			"package_not_in_customer": change(func(n *subscriber.NewUser) { n.Package = "calling_plan" }),
			"not_a_base_package":      change(func(n *subscriber.NewUser) { n.Package = "attendant_console" }),
			"wrong_holder":            change(func(n *subscriber.NewUser) { n.Package = "common_area" }),
			"not_an_add_on":           change(func(n *subscriber.NewUser) { n.AddOns = []string{"suite"} }),
			"dependency": change(func(n *subscriber.NewUser) {
				n.Package, n.Extension, n.AddOns = "meetings", "", []string{"attendant_console"}
			}),
			"extension_or_number": change(func(n *subscriber.NewUser) { n.Extension = "" }),
			"bad_extension":       change(func(n *subscriber.NewUser) { n.Extension = "1" }),
			"extension_taken":     change(func(n *subscriber.NewUser) { n.Extension = "1001" }),
			"not_applicable":      change(func(n *subscriber.NewUser) { n.Package = "meetings" }),
			"bad_number":          change(func(n *subscriber.NewUser) { n.Number = "+49" }),
			"number_unavailable":  change(func(n *subscriber.NewUser) { n.Number = "+493012345678" }),
			"not_found":           change(func(n *subscriber.NewUser) { n.LocationID = other.ID }),
		} {
			_, err := w.subs.CreateUser(ctx, system, w.A.ID, n)
			refused(t, err, code)
		}
		w.location(w.A, "Hamburg")
		_, err := w.subs.CreateUser(ctx, system, w.A.ID, person(2))
		refused(t, err, "location_required")
		if n := w.count(`SELECT COUNT(*) FROM subscriber_holders WHERE customer_id = $1`, w.A.ID); n != 1 {
			t.Errorf("%d users", n)
		}
	})
}

// WS-13.
func TestNoMoreUsersThanTheLimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(w.B, person(1))
		w.user(w.B, person(2))
		_, err := w.subs.CreateUser(ctx, system, w.B.ID, person(3))
		refused(t, err, "limit_reached")
	})
}

// WS-119, WS-136: the spans meet without a gap, and end with the user.
func TestAChangedPackageEndsAndBeginsAtTheSameInstant(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(w.A, person(1))
		n := person(2)
		n.Package, n.Extension = "meetings", ""
		u := w.user(w.A, n)
		w.Clock.Advance(90 * time.Minute)
		_, err := w.subs.SetPackage(ctx, system, w.A.ID, u.ID, subscriber.PackageChange{Package: "calling"})
		refused(t, err, "extension_or_number")
		got, err := w.subs.SetPackage(ctx, system, w.A.ID, u.ID, subscriber.PackageChange{Package: "calling", Extension: "1002", IfVersion: u.Version})
		if err != nil || got.Package != "calling" || got.Extension != "1002" || got.LocationID != w.hq.ID {
			t.Fatalf("%+v, %v", got, err)
		}
		spans := w.spans(u)
		if len(spans) != 2 || spans[0].End != spans[1].Start || spans[0].End != w.Clock.Now().Unix() {
			t.Errorf("%+v", spans)
		}
		if lines, _, _ := w.subs.Lines(ctx, system, w.A.ID, subscriber.LineQuery{HolderID: u.ID}); len(lines) != 1 {
			t.Errorf("%d lines", len(lines))
		}
		_, err = w.subs.SetPackage(ctx, system, w.A.ID, u.ID, subscriber.PackageChange{Package: "meetings"})
		refused(t, err, "calling_in_use")
		got, err = w.subs.SetPackage(ctx, system, w.A.ID, u.ID, subscriber.PackageChange{Package: "meetings", Confirm: true})
		if err != nil || got.Extension != "" || got.LocationID != "" || w.used(w.A, "calling") != 1 || w.used(w.A, "meetings") != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		w.Clock.Advance(time.Hour)
		w.OK(w.subs.DeleteUser(ctx, system, w.A.ID, u.ID, 0))
		for _, s := range w.spans(u) {
			if s.End > w.Clock.Now().Unix() {
				t.Errorf("goes on: %+v", s)
			}
		}
		if w.used(w.A, "meetings") != 0 {
			t.Error("still counted")
		}
		_, err = w.subs.User(ctx, system, w.A.ID, u.ID)
		refused(t, err, "not_found")
	})
}

// WS-14.
func TestAnAdministratorKeepsTheLevel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := person(1)
		n.Package = "suite"
		u := w.user(w.A, n)
		_, err := w.subs.SetPackage(ctx, system, w.A.ID, u.ID, subscriber.PackageChange{Package: "calling"})
		refused(t, err, "admin_downgrade")
	})
}

// WS-11.
func TestAnAddOnBlocksAPackageThatItDoesNotFitOrGoesWithIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.user(w.A, person(1))
		n := person(2)
		n.AddOns = []string{"attendant_console"}
		u := w.user(w.A, n)
		_, err := w.subs.SetPackage(ctx, system, w.A.ID, u.ID, subscriber.PackageChange{Package: "enhanced_calling"})
		refused(t, err, "dependency")
		got, err := w.subs.SetPackage(ctx, system, w.A.ID, u.ID, subscriber.PackageChange{Package: "enhanced_calling", Cascade: true})
		if err != nil || len(got.AddOns) != 0 || w.used(w.A, "attendant_console") != 0 || got.Extension != "1002" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// Decision 2: constraints, not check-then-write.
func TestOfManyAtOnceOneGetsTheAddressTheExternalIdAndTheRightToAdministrate(t *testing.T) {
	openOnly(t, func(t *testing.T, w *world) {
		const n = 12
		var wg sync.WaitGroup
		failed, made := make([]error, n), make([]subscriber.User, n)
		for i := range n {
			wg.Go(func() {
				u := person(i)
				switch i % 3 {
				case 0:
					u.ExternalID = "same"
				case 1:
					u.Email = "same@acme.test"
				case 2:
					u.Extension = "7777"
				}
				made[i], failed[i] = w.subs.CreateUser(ctx, system, w.A.ID, u)
			})
		}
		wg.Wait()
		ok, admins := [3]int{}, 0
		for i, err := range failed {
			if err == nil {
				ok[i%3]++
				if made[i].AccountID != "" {
					admins++
				}
				continue
			}
			refused(t, err, [3]string{"external_id_taken", "user_email_taken", "extension_taken"}[i%3])
		}
		if ok != [3]int{1, 1, 1} || admins != 1 {
			t.Errorf("%v made, %d administrators", ok, admins)
		}
		if used := w.used(w.A, "calling"); used != 3 {
			t.Errorf("%d counted", used)
		}
		if open := w.count(`SELECT COUNT(*) FROM usage_spans WHERE ended IS NULL AND customer_id = $1`, w.A.ID); open != 3 {
			t.Errorf("%d open spans", open)
		}
	})
}

func TestTwoChangesOfOnePackageAtOnceLeaveOne(t *testing.T) {
	openOnly(t, func(t *testing.T, w *world) {
		w.user(w.A, person(0))
		u := w.user(w.A, person(1))
		var wg sync.WaitGroup
		for _, p := range []string{"suite", "enhanced_calling", "suite", "enhanced_calling"} {
			wg.Go(func() { _, _ = w.subs.SetPackage(ctx, system, w.A.ID, u.ID, subscriber.PackageChange{Package: p}) })
		}
		wg.Wait()
		if n := w.count(`SELECT COUNT(*) FROM usage_spans WHERE ended IS NULL AND holder_id = $1`, u.ID); n != 1 {
			t.Errorf("%d open spans", n)
		}
		got, err := w.subs.User(ctx, system, w.A.ID, u.ID)
		if err != nil || w.used(w.A, got.Package) != 1 || w.used(w.A, "calling") != 1 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestABulkMakesWhatItCanAndSaysWhyNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var all []subscriber.NewUser
		for i := range 250 {
			all = append(all, person(i))
		}
		all[3].LastName = ""
		all[7].Extension = all[8].Extension
		all[120].Email = all[5].Email
		out, err := w.subs.CreateUsers(ctx, system, w.A.ID, all)
		w.OK(err)
		for i, r := range out {
			switch i {
			case 3:
				refused(t, r.Err, "required")
			case 8:
				refused(t, r.Err, "extension_taken")
			case 120:
				refused(t, r.Err, "user_email_taken")
			default:
				if r.Err != nil || r.User.ID == "" {
					t.Errorf("%d: %v", i, r.Err)
				}
			}
		}
		if n := w.used(w.A, "calling"); n != 247 {
			t.Errorf("%d counted", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM journal_entries WHERE type = 'user.created'`); n != 247 {
			t.Errorf("%d events", n)
		}
		if _, err := w.subs.CreateUsers(ctx, system, w.A.ID, make([]subscriber.NewUser, subscriber.MostAtOnce+1)); err == nil {
			t.Error("without bounds")
		}
	})
}

// WS-105, WS-109.
func TestALocationGoesOnlyWhenItIsEmpty(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if !w.hq.Headquarters {
			t.Error("the first is no headquarters")
		}
		u := w.user(w.A, person(1))
		refused(t, w.subs.DeleteLocation(ctx, system, w.A.ID, w.hq.ID, 0), "location_in_use")
		refused(t, w.subs.DeleteLocation(ctx, system, w.B.ID, w.hq.ID, 0), "not_found")
		w.OK(w.subs.DeleteUser(ctx, system, w.A.ID, u.ID, 0))
		w.OK(w.subs.DeleteLocation(ctx, system, w.A.ID, w.hq.ID, w.hq.Version))
		name := "Paris"
		_, err := w.subs.CreateLocation(ctx, system, w.A.ID, subscriber.LocationPatch{Name: &name})
		refused(t, err, "required")
	})
}
