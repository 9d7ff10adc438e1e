package config_test

import (
	"strings"
	"testing"

	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Keys of a phone are planned, applied and undone like everything else that it gets.
func TestKeysOfAPhoneArePlannedToo(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		own := func(keys ...phone.Key) *[]phone.Key { all := append([]phone.Key{}, keys...); return &all }
		first := phone.Key{Page: 1, Position: 3, Type: phone.KeySpeedDial, Line: 1, Target: "4711", Label: "Front"}
		if _, err := d.Devices.SetKeys(ctx, devicetest.System, d.Acme.ID, d.device.ID, *own(first), 0); err != nil {
			t.Fatal(err)
		}
		model, number, user := "VVX450", 1, "101"
		if _, err := d.Devices.Edit(ctx, devicetest.System, d.Acme.ID, d.device.ID, device.Patch{Model: &model}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Devices.AddLine(ctx, devicetest.System, d.Acme.ID, d.device.ID, device.LinePatch{Number: &number, User: &user, Registrars: &[]phone.Server{{Host: "sip.example"}}}); err != nil {
			t.Fatal(err)
		}
		before := d.files(t, mac)
		if !strings.Contains(before, "4711") {
			t.Fatalf("the phone has no such key: %s", before)
		}
		other := first
		other.Target, other.Label = "4712", "Back"
		plan := d.plan(t, config.Asked{Kind: config.DeviceUpdate, DeviceID: d.device.ID, Keys: own(other)})
		if plan.Affected != 1 || !strings.Contains(plan.Summary.Samples[0].Diff, "4712") || d.files(t, mac) != before {
			t.Errorf("%+v", plan)
		}
		d.apply(t, plan.ID, config.Go{})
		if got := d.files(t, mac); !strings.Contains(got, "4712") || strings.Contains(got, "4711") {
			t.Errorf("the phone does not get what the plan showed: %s", got)
		}
		if _, err := d.plans.Undo(ctx, devicetest.System, d.at, plan.ID, 0); err != nil {
			t.Fatal(err)
		}
		if d.files(t, mac) != before {
			t.Error("undone, but not the same")
		}
		if _, err := d.plans.Make(ctx, devicetest.System, d.at, config.Asked{Kind: config.DeviceUpdate, DeviceID: d.device.ID, Keys: own(phone.Key{Page: 1, Position: 1, Type: "nothing"})}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a key of no type: %v", err)
		}
	})
}
