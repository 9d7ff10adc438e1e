package device_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/network"
	"linecard/internal/phone"
	"linecard/internal/revision"
)

func group(t *testing.T, w *devicetest.World, customerID, name string, devices ...string) device.Group {
	t.Helper()
	g, err := w.Devices.CreateGroup(ctx, devicetest.System, customerID, device.NewGroup{Name: name, DeviceIDs: devices})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func groupsOf(t *testing.T, w *devicetest.World, d device.Device) []string {
	t.Helper()
	got, err := w.Devices.Get(ctx, devicetest.System, d.CustomerID, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.Devices.Setup(ctx, d.CustomerID, d.MAC)
	if err != nil || !slices.Equal(s.Groups, got.GroupIDs) {
		t.Errorf("the phone has %v, its setup %v (%v)", got.GroupIDs, s.Groups, err)
	}
	return got.GroupIDs
}

// DM-127, DM-128, DM-129, DM-131, DM-234.
func TestADeviceHasItsGroupsInAnOrderOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		one, two := w.Phone(t, w.Acme.ID, "0004f2000001"), w.Phone(t, w.Acme.ID, "0004f2000002")
		a := group(t, w, w.Acme.ID, "A", one.ID, two.ID)
		b := group(t, w, w.Acme.ID, "B", one.ID)
		c := group(t, w, w.Acme.ID, "C", two.ID, one.ID)
		is := func(d device.Device, want ...device.Group) {
			t.Helper()
			var ids []string
			for _, g := range want {
				ids = append(ids, g.ID)
			}
			if got := groupsOf(t, w, d); !slices.Equal(got, ids) {
				t.Errorf("got %v, want %v", got, ids)
			}
		}
		is(one, a, b, c)
		is(two, a, c)
		before, other := vector(t, w.DB, revision.Device, one.ID), vector(t, w.DB, revision.Device, two.ID)
		if _, err := w.Devices.TopGroup(ctx, me, w.Acme.ID, b.ID, 0); err != nil {
			t.Fatal(err)
		}
		is(one, b, a, c)
		is(two, a, c) // DM-131: other devices' order untouched
		if vector(t, w.DB, revision.Device, one.ID) == before || vector(t, w.DB, revision.Device, two.ID) != other {
			t.Error("exactly the counter of the phone whose order changed must move")
		}
		// Again changes nothing, so nobody restarts for it.
		before = vector(t, w.DB, revision.Device, one.ID)
		if _, err := w.Devices.TopGroup(ctx, me, w.Acme.ID, b.ID, 0); err != nil {
			t.Fatal(err)
		}
		if vector(t, w.DB, revision.Device, one.ID) != before {
			t.Error("a step that changes nothing moves a counter")
		}
		order := []string{c.ID, b.ID}
		d, err := w.Devices.Edit(ctx, me, w.Acme.ID, one.ID, device.Patch{GroupIDs: &order})
		if err != nil || !slices.Equal(d.GroupIDs, order) {
			t.Errorf("%v, %v", d.GroupIDs, err)
		}
		is(one, c, b)
		got, err := w.Devices.EditGroup(ctx, me, w.Acme.ID, c.ID, device.GroupPatch{DeviceIDs: &[]string{one.ID}, IfVersion: c.Version})
		if err != nil || got.Devices != 1 || got.Version != 2 {
			t.Errorf("%+v, %v", got, err)
		}
		is(two, a)
		is(one, c, b)
		_, err = w.Devices.EditGroup(ctx, me, w.Acme.ID, c.ID, device.GroupPatch{Add: []string{two.ID}, IfVersion: 1})
		code(t, err, "stale")
		foreign := w.Phone(t, w.Globex.ID, "0004f2000003")
		_, err = w.Devices.EditGroup(ctx, me, w.Acme.ID, c.ID, device.GroupPatch{Add: []string{foreign.ID}})
		fault(t, err, "device_ids", "unknown_device")
		theirs := group(t, w, w.Globex.ID, "A")
		_, err = w.Devices.Edit(ctx, me, w.Acme.ID, one.ID, device.Patch{GroupIDs: &[]string{theirs.ID}})
		fault(t, err, "group_ids", "unknown_group")
		_, err = w.Devices.Edit(ctx, me, w.Acme.ID, one.ID, device.Patch{GroupIDs: &[]string{a.ID, a.ID}})
		fault(t, err, "group_ids", "repeated")
		_, _, err = w.Devices.Group(ctx, me, w.Acme.ID, theirs.ID)
		code(t, err, "not_found")
	})
}

// DM-130: devices stay, the default list and whatever hangs on the group lose it.
func TestADeletedGroupLeavesItsDevices(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		var gone []string
		w.Devices.OnForget(func(_ context.Context, _ *db.Tx, customerID, kind, key string) error {
			gone = append(gone, kind+" "+key)
			return nil
		})
		d := w.Phone(t, w.Acme.ID, "0004f2000001")
		g := group(t, w, w.Acme.ID, "A", d.ID)
		if _, err := w.Devices.SetDefaultGroups(ctx, devicetest.System, w.Acme.ID, []string{g.ID}); err != nil {
			t.Fatal(err)
		}
		before := vector(t, w.DB, revision.Device, d.ID)
		if err := w.Devices.DeleteGroup(ctx, devicetest.System, w.Acme.ID, g.ID, 0); err != nil {
			t.Fatal(err)
		}
		if got := groupsOf(t, w, d); len(got) != 0 {
			t.Errorf("still in %v", got)
		}
		if vector(t, w.DB, revision.Device, d.ID) == before {
			t.Error("the phone would keep what the group gave it")
		}
		if l, err := w.Devices.DefaultGroups(ctx, devicetest.System, w.Acme.ID); err != nil || len(l) != 0 {
			t.Errorf("%v, %v", l, err)
		}
		s, err := w.Networks.Create(ctx, devicetest.System, w.Acme.ID, network.New{Name: "S", Subnets: []network.Networks{{Public: "20.1.0.0/16"}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Networks.Delete(ctx, devicetest.System, w.Acme.ID, s.ID, 0); err != nil {
			t.Fatal(err)
		}
		if err := w.Devices.Delete(ctx, devicetest.System, w.Acme.ID, d.ID, 0); err != nil {
			t.Fatal(err)
		}
		if want := []string{"group " + g.ID, "site " + s.ID, "device " + d.ID}; !slices.Equal(gone, want) {
			t.Errorf("told %v, want %v", gone, want)
		}
	})
}

// DM-32, DM-29.
func TestNamesOfGroupsAreUniqueInAnyCase(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		g := group(t, w, w.Acme.ID, "abc")
		other := group(t, w, w.Acme.ID, "other")
		group(t, w, w.Globex.ID, "abc") // another customer's is nothing to it
		_, err := w.Devices.CreateGroup(ctx, devicetest.System, w.Acme.ID, device.NewGroup{Name: "ABC"})
		code(t, err, "name_taken")
		name := "aBc"
		_, err = w.Devices.EditGroup(ctx, devicetest.System, w.Acme.ID, other.ID, device.GroupPatch{Name: &name})
		code(t, err, "name_taken")
		if _, err = w.Devices.EditGroup(ctx, devicetest.System, w.Acme.ID, g.ID, device.GroupPatch{Name: &name}); err != nil {
			t.Error(err)
		}
		for in, want := range map[string]string{"": "required", "Site A-1": "name_characters", "Müller": "name_characters", "a|b": "name_characters", "Room#4.(a)[2]_x": ""} {
			_, err := w.Devices.CreateGroup(ctx, devicetest.System, w.Acme.ID, device.NewGroup{Name: in})
			if want == "" && err != nil {
				t.Errorf("%q: %v", in, err)
			} else if want != "" {
				fault(t, err, "name", want)
			}
		}
	})
}

// DM-20, table 4.2.
func TestGroupsAreFoundByTheirDescriptionAndFiltered(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		d := w.Phone(t, w.Acme.ID, "0004f2000001")
		yes, no := true, false
		if _, err := w.Devices.CreateGroup(ctx, devicetest.System, w.Acme.ID, device.NewGroup{Name: "G1", Description: "Third floor", DeviceIDs: []string{d.ID}}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Devices.CreateGroup(ctx, devicetest.System, w.Acme.ID, device.NewGroup{Name: "G2", Default: true}); err != nil {
			t.Fatal(err)
		}
		for want, q := range map[string]device.GroupQuery{"G1": {Text: "FLOOR"}, "G1 ": {HasDevices: &yes}, "G2": {HasDevices: &no}, "G2 ": {Default: &yes}, "G1  ": {Default: &no}, "": {Text: "%"}} {
			l, err := w.Devices.Groups(ctx, devicetest.Admin(w.Acme), w.Acme.ID, q)
			got := ""
			for _, g := range l.Items {
				got += g.Name
			}
			if err != nil || got != fmt.Sprint(firstWord(want)) {
				t.Errorf("%+v: %q, %v", q, got, err)
			}
		}
	})
}

func firstWord(s string) string {
	for i, r := range s {
		if r == ' ' {
			return s[:i]
		}
	}
	return s
}

// Thousands at once: one counter, not one for each phone.
func TestAGroupOfThousandsMovesOneCounter(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		var ids []string
		for i := range 301 {
			ids = append(ids, w.Phone(t, w.Acme.ID, fmt.Sprintf("0004f2%06x", i)).ID)
		}
		customer, first := vector(t, w.DB, revision.Customer, w.Acme.ID), vector(t, w.DB, revision.Device, ids[0])
		g := group(t, w, w.Acme.ID, "All", ids...)
		if vector(t, w.DB, revision.Customer, w.Acme.ID) == customer || vector(t, w.DB, revision.Device, ids[0]) != first {
			t.Error("the customer's counter must move, and it alone")
		}
		n := 0
		err := w.Devices.Setups(ctx, w.DB, w.Acme.ID, func(s device.Setup) error {
			if !slices.Equal(s.Groups, []string{g.ID}) || s.DeviceID != ids[n] {
				t.Errorf("%+v", s)
			}
			n++
			return nil
		})
		if err != nil || n != 301 {
			t.Errorf("%d, %v", n, err)
		}
	})
}

func TestASetupIsTheSameAloneAndAmongAll(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		d := w.Phone(t, w.Acme.ID, "0004f2000001")
		low, high := group(t, w, w.Acme.ID, "Low", d.ID), group(t, w, w.Acme.ID, "High")
		if _, err := w.Devices.Edit(ctx, devicetest.System, w.Acme.ID, d.ID, device.Patch{GroupIDs: &[]string{high.ID, low.ID}}); err != nil {
			t.Fatal(err)
		}
		key := func(position int, label string) phone.Key {
			return phone.Key{Position: position, Type: phone.KeyBLF, Target: "200", Label: label}
		}
		keys := func(id string, keys ...phone.Key) {
			t.Helper()
			if _, _, err := w.Devices.SetKeyTemplate(ctx, devicetest.System, w.Acme.ID, id, keys, 0); err != nil {
				t.Fatal(err)
			}
		}
		keys(low.ID, key(1, "low"), key(2, "low"), key(3, "low"))
		keys(high.ID, key(2, "high"))
		if _, err := w.Devices.SetKeys(ctx, devicetest.System, w.Acme.ID, d.ID, []phone.Key{key(1, "own")}, 0); err != nil {
			t.Fatal(err)
		}
		line(t, w, d, "100", "pass")
		one, err := w.Devices.Setup(ctx, w.Acme.ID, d.MAC)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, k := range one.Keys {
			got += fmt.Sprint(k.Position, k.Label, " ")
		}
		if got != "1own 2high 3low " || one.Ever != 1 || len(one.Lines) != 1 || one.Lines[0].Password != "pass" || one.Lines[0].User != "100" {
			t.Errorf("%s, %+v", got, one)
		}
		err = w.Devices.Setups(ctx, w.DB, w.Acme.ID, func(s device.Setup) error {
			if fmt.Sprintf("%+v", s) != fmt.Sprintf("%+v", one) {
				t.Errorf("alone %+v\namong all %+v", one, s)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := w.Devices.Setup(ctx, w.Acme.ID, phone.MAC{}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a phone with a MAC of zeros: %v", err)
		}
	})
}
