package profile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/tenant"
)

func ids(ps ...profile.Profile) []string {
	out := []string{}
	for _, p := range ps {
		out = append(out, p.ID)
	}
	return out
}

// DM-158, DM-159, DM-161: every level has its kinds; the order is what was given; whatever cannot stand there is refused by name.
func TestAContainerHoldsItsProfilesInTheGivenOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		for _, k := range []string{"device/d1", "site/s1", "group/g1"} {
			w.holders[k] = w.c.ID
		}
		own, partner := w.make(w.c, "Own", "x=1"), w.make(w.p, "Partner", "x=2")
		sub, foreign := w.make(w.s, "Sub", "x=3"), w.make(w.d, "Foreign")
		operator, _ := w.named(w.c, "VVX basics")
		set := func(x tenant.Tenant, kind profile.Kind, key string, v int64, list ...string) (profile.Container, error) {
			return w.SetContainer(ctx, admin(x), at(x), kind, key, list, v)
		}
		for _, x := range []struct {
			of   tenant.Tenant
			kind profile.Kind
			key  string
			list []profile.Profile
			want string
		}{
			{w.c, profile.OfOneDevice, "d1", []profile.Profile{own, partner, operator}, ""}, {w.c, profile.OfSite, "s1", []profile.Profile{operator, own}, ""},
			{w.c, profile.OfGroup, "g1", []profile.Profile{partner}, ""}, {w.c, profile.OfModel, "vvx_500", []profile.Profile{own}, ""},
			{w.c, profile.Global, "-", []profile.Profile{partner, own}, ""}, {w.p, profile.Defaults, "-", []profile.Profile{partner, operator}, ""},
			{w.p, profile.Enforced, "-", []profile.Profile{partner}, ""}, {w.s, profile.Enforced, "-", []profile.Profile{sub, partner, operator}, ""},
			{w.operator, profile.Enforced, "-", []profile.Profile{operator}, ""}, {w.cs, profile.Global, "-", []profile.Profile{sub, partner}, ""},
			{w.c, profile.OfOneDevice, "d2", nil, "not_found"}, {w.d, profile.OfOneDevice, "d1", nil, "not_found"}, {w.c, profile.OfModel, "--", nil, "not_found"},
			{w.c, profile.Global, "x", nil, "not_found"}, {w.c, profile.OfSite, "-", nil, "not_found"}, {w.c, profile.Defaults, "-", nil, "not_found"}, {w.c, "odd", "-", nil, "not_found"},
			{w.p, profile.Global, "-", nil, "not_found"}, {w.operator, profile.OfModel, "VVX500", nil, "not_found"},
			{w.c, profile.Global, "-", []profile.Profile{own, foreign, own}, "profile_ids[1]:unknown_profile profile_ids[2]:profile_twice"},
			{w.c, profile.Global, "-", []profile.Profile{sub}, "profile_ids[0]:unknown_profile"}, {w.p, profile.Defaults, "-", []profile.Profile{own}, "profile_ids[0]:unknown_profile"},
			{w.p, profile.Defaults, "-", []profile.Profile{sub}, "profile_ids[0]:unknown_profile"},
		} {
			c, err := set(x.of, x.kind, x.key, 0, ids(x.list...)...)
			what := fmt.Sprint(x.of.Name, " ", x.kind, " ", x.key)
			code(t, what, err, x.want)
			if x.want == "" {
				if got, err := w.Container(ctx, admin(x.of), at(x.of), x.kind, x.key); err != nil || !slices.Equal(got.ProfileIDs, ids(x.list...)) || got.Version != c.Version || c.Version != 2 {
					t.Errorf("%s: %+v %v", what, got, err)
				}
			}
		}
		c, err := set(w.c, profile.Global, "-", 2, own.ID, partner.ID) // dragged to the top (M4)
		if err != nil || c.Version != 3 || !slices.Equal(c.ProfileIDs, ids(own, partner)) {
			t.Error(c, err)
		}
		_, err = set(w.c, profile.Global, "-", 1, partner.ID)
		code(t, "an order seen before", err, "stale")
		if c, err = set(w.c, profile.Global, "-", 3); err != nil || len(c.ProfileIDs) != 0 || c.Version != 4 {
			t.Error(c, err)
		}
		all, next, err := w.Containers(ctx, admin(w.c), at(w.c), "", db.Page{Limit: 2})
		if err != nil || len(all) != 2 || next == "" || all[0].Kind != profile.OfOneDevice {
			t.Errorf("%+v %q %v", all, next, err)
		}
		more, next, err := w.Containers(ctx, admin(w.c), at(w.c), "", db.Page{Limit: 2, Cursor: next})
		if err != nil || len(more) != 2 || next != "" || more[0].Key != "VVX500" {
			t.Errorf("%+v %q %v", more, next, err)
		}
		// A provider hears where its profile is used only from customers that let it (CH-29).
		uses, total, err := w.Usage(ctx, admin(w.p), at(w.p), partner.ID)
		if err != nil || total != 2 || slices.ContainsFunc(uses, func(k profile.ContainerKey) bool { return k.TenantID != w.p.ID }) {
			t.Errorf("%+v %d %v", uses, total, err)
		}
		if _, total, err := w.Usage(ctx, admin(w.operator), profile.AtCustomer(w.c.ID), partner.ID); err != nil || total != 2 {
			t.Error(total, err)
		}
		if told := w.told("global/-"); !strings.Contains(told, `"before":[`) || !strings.Contains(told, own.ID) {
			t.Error(told)
		}
	})
}

// Whatever runs at once, a container is one of the orders that were set, and no version comes twice (decision 2).
func TestOrdersThatAreSetAtOnceNeverMix(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		var ps []profile.Profile
		for i := range 6 {
			ps = append(ps, w.make(w.c, fmt.Sprintf("P%d", i), "x=1"))
		}
		doomed := w.make(w.p, "Doomed", "x=1")
		var mu sync.Mutex
		versions, orders := map[int64]string{}, map[string]bool{"": true}
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				list := ids(ps[i%6], ps[(i+1)%6], ps[(i+2)%6])
				if i%3 == 0 {
					list = append(list, doomed.ID)
				}
				c, err := w.SetContainer(ctx, admin(w.c), at(w.c), profile.Global, "-", list, 0)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					if errs.KindOf(err) != errs.Invalid {
						t.Errorf("%d: %v", i, err)
					}
					return
				}
				was, twice := versions[c.Version]
				if now := strings.Join(list, " "); twice && was != now {
					t.Errorf("version %d is two orders", c.Version)
				} else {
					versions[c.Version] = now // the same order again is no change
				}
				orders[strings.Join(slices.DeleteFunc(list, func(id string) bool { return id == doomed.ID }), " ")] = true
			})
		}
		wg.Go(func() {
			if err := w.Delete(ctx, admin(w.p), at(w.p), doomed.ID, 0); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		c, err := w.Container(ctx, admin(w.c), at(w.c), profile.Global, "-")
		if err != nil || !orders[strings.Join(c.ProfileIDs, " ")] {
			t.Errorf("%+v %v", c, err)
		}
	})
}

func TestOneNameIsGivenOnceHoweverManyAskAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[string]int{}
		for i := range 8 {
			who := w.c
			if i%4 == 3 {
				who = w.operator
			}
			wg.Go(func() {
				p, _, err := w.Create(ctx, admin(who), at(who), profile.New{Name: "One", Mode: "poly"})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					got[p.Name]++
				} else if errs.CodeOf(err) != "name_taken" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got["One"] != 1 || got["One (platform)"] > 1 {
			t.Error(got)
		}
	})
}

// DM-140: the library comes, changes and goes with the program, under the same ids.
func TestTheLibraryFollowsTheProgram(t *testing.T) {
	each(t, func(t *testing.T, w *world, clock *dbtest.Clock) {
		basics, ok := w.named(w.cq, "VVX basics")
		if !ok || !basics.Builtin || basics.Type != profile.Platform || !strings.HasPrefix(basics.ID, "std-poly-") || w.Sources(basics.ID)["call.autoAnswer.SIP"] != (profile.Source{Source: "manual", Firmware: ">=5.9"}) {
			t.Fatalf("%+v", basics)
		}
		code(t, "the operator changes it", w.Delete(ctx, admin(w.operator), at(w.operator), basics.ID, 0), "platform_profile")
		w.ok(w.Publish(ctx))
		w.ok(w.put(w.c, profile.Global, "-", basics))
		w.ok(w.put(w.s, profile.Defaults, "-", basics))
		user := w.make(w.c, "New in 2")

		changed := library[0]
		changed.Settings = append(slices.Clone(changed.Settings), phone.StandardSetting{Setting: phone.Setting{Name: "a.b", Value: "1"}})
		w.poly.standards = []phone.Standard{changed, {Name: "New in 2", Maker: "poly"}}
		clock.Advance(60e9)
		w.wire()
		w.ok(w.Publish(ctx))
		again, _ := w.named(w.c, "VVX basics")
		if again.ID != basics.ID || again.Version != 2 || !again.Updated.After(basics.Updated.Time) || flat(again) != "a.b=1 call.autoAnswer.SIP=0" {
			t.Errorf("%+v", again)
		}
		if kept, _ := w.named(w.c, "New in 2"); kept.ID != user.ID {
			t.Error("a new profile of the platform took a user's name")
		}
		if _, ok := w.named(w.c, "New in 2 (platform)"); !ok {
			t.Error("the new one is not there")
		}
		if _, ok := w.named(w.c, "AdminPassword-Change-Template"); ok {
			t.Error("what the program does not have any more is still there")
		}
		l, err := w.Library(ctx, w.db, []string{w.c.ID, w.p.ID, w.operator.ID})
		if err != nil || !slices.Equal(l.Once["poly"], []string{"a.b", "call.autoAnswer.SIP"}) {
			t.Errorf("%v %v", l.Once, err)
		}

		w.poly.standards = nil // a program without it
		w.wire()
		w.ok(w.Publish(ctx))
		for _, x := range []tenant.Tenant{w.c, w.s} {
			kind := profile.Global
			if x.Kind != access.Customer {
				kind = profile.Defaults
			}
			if c, err := w.Container(ctx, admin(x), at(x), kind, "-"); err != nil || len(c.ProfileIDs) != 0 {
				t.Errorf("%+v %v", c, err)
			}
			var n int
			w.ok(w.db.Get(ctx, &n, `SELECT COUNT(*) FROM journal_entries WHERE action = 'profile/withdraw' AND tenant_id = $1`, x.ID))
			if n != 1 {
				t.Errorf("%s hears of it %d times", x.Name, n)
			}
		}

		// One that the operator made is withdrawn by the operator, with the same effect.
		own := w.make(w.operator, "Own", "x=1")
		w.ok(w.put(w.cq, profile.Global, "-", own))
		w.ok(w.Delete(ctx, admin(w.operator), at(w.operator), own.ID, 0))
		if c, err := w.Container(ctx, admin(w.cq), at(w.cq), profile.Global, "-"); err != nil || len(c.ProfileIDs) != 0 {
			t.Errorf("%+v %v", c, err)
		}
	})
}

// DM-155, DM-163, DM-164 (M10), DM-259, DM-260: profiles of an import of devices.
func TestAnImportGivesADeviceItsOwnProfileOnTop(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		w.holders["device/d1"] = w.c.ID
		other := w.make(w.c, "Other", "x=d", "z=9")
		w.ok(w.put(w.c, profile.OfOneDevice, "d1", other))
		do := func(rows ...profile.ImportedRow) (faults []profile.RowFault) {
			t.Helper()
			w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				faults, err = w.SetImported(ctx, tx, admin(w.c), w.c, rows)
				return err
			}))
			return faults
		}
		row := func(device string, pairs ...string) profile.ImportedRow {
			return profile.ImportedRow{DeviceID: device, Name: profile.ImportedName("0004F24FD08E" + device), Mode: "poly", Attributes: attrs(pairs...)}
		}
		faults := do(row("d1", "x=c", "reg.1.displayname=Jon", "REG.1.auth.password=geheim"), row("d2", "device.auth.localAdminPassword=456"), row("d3", "call.autoAnswer.SIP=odd"))
		if len(faults) != 1 || faults[0].Row != 1 || errs.As(faults[0].Err).Fields[0].Code != "factory_password" {
			t.Fatalf("%+v", faults)
		}
		ps, err := w.OfDevice(ctx, w.db, w.c.ID, "d1")
		if err != nil || len(ps) != 2 || ps[0].Name != "0004f24fd08ed1_csv_profile" || ps[0].DeviceID != "d1" || flat(ps[0]) != "reg.1.auth.password=geheim reg.1.displayName=Jon x=c" || ps[1].ID != other.ID {
			t.Fatalf("%+v %v", ps, err)
		}
		w.ok(w.put(w.c, profile.OfOneDevice, "d1", other, ps[0])) // moved below another (M7) it stays there
		more := row("d1", "x=e")
		more.Merge = true
		do(more)
		if ps, err = w.OfDevice(ctx, w.db, w.c.ID, "d1"); err != nil || ps[0].ID != other.ID || flat(ps[1]) != "reg.1.auth.password=geheim reg.1.displayName=Jon x=e" || ps[1].Version != 2 {
			t.Fatalf("%+v %v", ps, err)
		}
		do(row("d1", "only=1"))
		if ps, err = w.OfDevice(ctx, w.db, w.c.ID, "d1"); err != nil || flat(ps[1]) != "only=1" {
			t.Fatalf("%+v %v", ps, err)
		}
		var many []profile.ImportedRow
		for i := range 300 {
			many = append(many, row(fmt.Sprintf("m%03d", i), "x=1", fmt.Sprintf("y=%d", i)))
		}
		if faults := do(many...); len(faults) != 0 {
			t.Fatal(faults)
		}
		seen := 0
		w.ok(w.OfDevices(ctx, w.db, w.c.ID, func(device string, ps []profile.Profile) error {
			seen++
			want, err := w.OfDevice(ctx, w.db, w.c.ID, device)
			if err != nil || len(ps) != len(want) || fmt.Sprint(ps) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v (%v)", device, ps, want, err)
			}
			return err
		}))
		if seen != 302 {
			t.Errorf("%d devices have profiles", seen)
		}
		l, err := w.Library(ctx, w.db, []string{w.c.ID, w.operator.ID})
		w.ok(err)
		for _, p := range l.Profiles {
			if p.Type == profile.Imported {
				t.Error("the library has an imported profile")
			}
		}
		for k := range l.Containers {
			if k.Kind == profile.OfOneDevice {
				t.Error("the library has a container of a device")
			}
		}
		if !slices.Contains(l.Once["poly"], "reg.1.auth.password") {
			t.Errorf("what phones once got is forgotten: %v", l.Once)
		}
		w.ok(w.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return w.Forget(ctx, tx, w.c.ID, profile.OfOneDevice, "d1")
		}))
		if ps, err = w.OfDevice(ctx, w.db, w.c.ID, "d1"); err != nil || len(ps) != 0 {
			t.Error(ps, err)
		}
		if _, ok := w.named(w.c, "0004f24fd08ed1_csv_profile"); ok {
			t.Error("the profile of a device that is gone is still there")
		}
	})
}

// DM-123: an upload replaces the default for the tenant and those below it, a broken one changes nothing, and the default comes back.
func TestDictionariesAreUploadedInheritedAndRestored(t *testing.T) {
	each(t, func(t *testing.T, w *world, _ *dbtest.Clock) {
		search := func(x tenant.Tenant, text string) string {
			t.Helper()
			found, err := w.Search(ctx, admin(x), at(x), "poly", "", text)
			if err != nil {
				return errs.As(err).Fields[0].Code
			}
			var names []string
			for _, p := range found {
				names = append(names, p.Name)
			}
			return strings.Join(names, " ")
		}
		if search(w.c, "ca") != "call.autoAnswer.SIP" || search(w.c, "c") != "too_short" || search(w.c, "") != "required" && search(w.c, "") != "too_short" { // DM-145
			t.Error(search(w.c, "ca"), search(w.c, "c"), search(w.c, ""))
		}
		learn := func(x tenant.Tenant, text string) error {
			_, err := w.Learn(ctx, admin(x), at(x), profile.Lesson{Mode: "poly", File: "own.xsd", Data: []byte(text)})
			return err
		}
		w.ok(learn(w.p, "x.new\nx.other"))
		err := learn(w.p, "x.newer\n!")
		code(t, "a broken file", err, "dictionary_broken")
		if errs.As(err).Params["line"] != "2" || search(w.p, "x.new") != "x.new" || search(w.c, "x.ne") != "x.new" || search(w.c, "call") != "" || search(w.q, "x.ne") != "" || search(w.cq, "ca") == "" {
			t.Errorf("%q %q %q", search(w.p, "x.new"), search(w.c, "call"), search(w.cq, "ca"))
		}
		w.ok(learn(w.c, "x.own"))
		if search(w.c, "x.") != "x.own" || search(w.p, "x.") != "x.new x.other" {
			t.Error(search(w.c, "x."), search(w.p, "x."))
		}
		all, err := w.Dictionaries(ctx, admin(w.c), at(w.c), "")
		if err != nil || len(all) != 1 || all[0].FileName != "own.xsd" || all[0].TenantID != w.c.ID || all[0].Created.IsZero() || all[0].CreatedBy != "Ann of Acme" || all[0].Parameters != 1 {
			t.Fatalf("%+v %v", all, err)
		}
		code(t, "a foreign one", w.Restore(ctx, admin(w.d), at(w.d), all[0].ID), "not_found")
		w.ok(w.Restore(ctx, admin(w.c), at(w.c), all[0].ID))
		if search(w.c, "x.") != "x.new x.other" {
			t.Error(search(w.c, "x."))
		}
		above, err := w.Dictionaries(ctx, admin(w.p), at(w.p), "poly")
		w.ok(err)
		w.ok(w.Restore(ctx, admin(w.p), at(w.p), above[0].ID))
		if search(w.c, "ca") != "call.autoAnswer.SIP" {
			t.Error("the default is not back")
		}
		built, err := w.Dictionaries(ctx, admin(w.c), at(w.c), "poly")
		if err != nil || len(built) != 1 || built[0].ID != "" || built[0].Edition != "5.7.2" {
			t.Errorf("%+v %v", built, err)
		}
		_, err = w.Learn(ctx, admin(w.c), at(w.c), profile.Lesson{Mode: "cisco", Data: []byte("x")})
		code(t, "a mode without a maker", err, "no_dictionaries")
	})
}
