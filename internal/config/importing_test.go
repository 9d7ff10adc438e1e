package config_test

import (
	"fmt"
	"strings"
	"testing"

	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// served are the files that a phone of Acme gets now, as one text.
func (d *desk) served(t *testing.T, id string) string {
	t.Helper()
	e, err := d.plans.Effective(ctx, devicetest.System, d.Acme.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, name := range e.Files {
		f, err := d.plans.Rendered(ctx, devicetest.System, d.Acme.ID, id, name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s\n%s\n", name, f.Body)
	}
	return out.String()
}

// Surfaces: an import is a plan. What it shows is what phones get after it, for files of every mode; it can be tried on some phones first.
func TestAnImportIsSeenBeforeItHappens(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		mac := d.device.MAC.String()
		other := d.Phone(t, d.Acme.ID, "64167f00aa01")
		if _, err := d.Devices.CreateGroup(ctx, devicetest.System, d.Acme.ID, device.NewGroup{Name: "Sales"}); err != nil {
			t.Fatal(err)
		}
		user, word := "900", secret.Hide("w0rd")
		if _, err := d.Devices.AddLine(ctx, devicetest.System, d.Acme.ID, d.device.ID, device.LinePatch{User: &user, Password: &word, Registrars: &[]phone.Server{{Host: "sip.example.net"}}}); err != nil {
			t.Fatal(err)
		}
		untouched := d.served(t, other.ID)
		for i, c := range []struct{ mode, file string }{
			{device.ModeMerge, "mac_address,endpoint_name,endpoint_group,up.backlight.timeout,reg.2.address\n" + mac + ",Desk,Sales,11,901\n64167f00bb01,New,,12,902\nnonsense,,,,\n"},
			{device.ModeOverwrite, "mac_address,endpoint_name,voice.volume\n" + mac + ",Desk,7\n"},
			{device.ModeMerge, "mac_address,up.backlight.timeout,reg.1.address,reg.1.auth.userId,reg.1.auth.password\n" + mac + ",13,903,903,pw-903\n"},
			{device.ModeOverwrite, "mac_address,up.backlight.timeout\n" + mac + ",\n"},
		} {
			before := d.served(t, d.device.ID)
			plan := d.plan(t, config.Asked{Kind: config.ImportDevices, Import: &config.ImportFile{Data: []byte(c.file), Mode: c.mode}})
			if got := d.served(t, d.device.ID); got != before {
				t.Fatalf("%d: a plan changes something", i)
			}
			counts := plan.Summary.Import
			if want := map[bool]config.ImportCounts{true: {Added: 1, Updated: 1, Failed: 1}, false: {Updated: 1}}[i == 0]; counts == nil || counts.Added != want.Added || counts.Updated != want.Updated || counts.Failed != want.Failed {
				t.Fatalf("%d: %+v", i, counts)
			}
			if i == 0 && (len(counts.Rows) != 1 || counts.Rows[0].Line != 4) {
				t.Errorf("%+v", counts.Rows)
			}
			if plan.Affected != 1 || plan.State != config.Ready {
				t.Errorf("%d: %+v", i, plan)
			}
			// Tried on the phone, it gives what it gives when it is applied.
			if _, err := d.plans.Apply(ctx, devicetest.System, d.at, plan.ID, config.Go{DeviceIDs: []string{d.device.ID}}); err != nil {
				t.Fatal(err)
			}
			tried := d.served(t, d.device.ID)
			if _, err := d.plans.Apply(ctx, devicetest.System, d.at, plan.ID, config.Go{}); err != nil {
				t.Fatal(err)
			}
			if after := d.served(t, d.device.ID); after != tried || after == before {
				t.Errorf("%d: tried\n%s\napplied\n%s", i, tried, after)
			}
			_, err := d.plans.Undo(ctx, devicetest.System, d.at, plan.ID, 0)
			if errs.CodeOf(err) != "import_not_undone" {
				t.Errorf("%d: %v", i, err)
			}
		}
		if d.served(t, other.ID) != untouched {
			t.Error("a phone that is not in the file is different")
		}
		l, err := d.Devices.List(ctx, devicetest.System, d.Acme.ID, device.Query{Text: "64167f00bb01"})
		if err != nil || len(l.Items) != 1 || l.Items[0].Name != "New" {
			t.Errorf("%+v, %v", l.Items, err)
		}
		// What was shown is not what would happen any more.
		plan := d.plan(t, config.Asked{Kind: config.ImportDevices, Import: &config.ImportFile{Data: []byte("mac_address,voice.volume\n" + mac + ",9\n64167f00bb02,9\n"), Mode: device.ModeMerge}})
		d.Phone(t, d.Acme.ID, "64167f00bb02")
		_, err = d.plans.Apply(ctx, devicetest.System, d.at, plan.ID, config.Go{})
		if errs.CodeOf(err) != "plan_outdated" {
			t.Errorf("%v", err)
		}
		for text, code := range map[string]string{"": "invalid_fields", "a,b\n1,2\n": "csv_header", "mac_address\n" + strings.Repeat("64167f00cc01\n", 1): ""} {
			_, err := d.plans.Make(ctx, devicetest.System, d.at, config.Asked{Kind: config.ImportDevices, Import: &config.ImportFile{Data: []byte(text)}})
			if got := errs.CodeOf(err); err != nil && got != code || err == nil && code != "" {
				t.Errorf("%q: %v", text, err)
			}
		}
		viewer := devicetest.Admin(d.Globex)
		if _, err := d.plans.Make(ctx, viewer, d.at, config.Asked{Kind: config.ImportDevices, Import: &config.ImportFile{Data: []byte("mac_address\n")}}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a foreign customer: %v", err)
		}
	})
}
