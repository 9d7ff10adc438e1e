package config_test

import (
	"strings"
	"testing"

	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/phone"
	"linecard/internal/profile"
)

// Decision 14: what was changed on the phone stands above all that it is given, is marked, masked like the rest, and goes when it is cleared.
func TestWhatWasChangedOnThePhoneStandsAboveAllInTheEffectiveView(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p := d.profile(t, d.at, "P", "up.backlight.timeout=40 voice.volume=3")
		d.put(t, d.at, profile.Global, "-", p.ID)
		mac := d.device.MAC.String()
		upload := func(name, body string) {
			t.Helper()
			if err := d.Devices.Uploads().Put(ctx, device.Upload{DeviceID: d.device.ID, Name: name, Kind: phone.Overrides, Body: []byte(body)}); err != nil {
				t.Fatal(err)
			}
		}
		look := func() (config.Effective, map[string]config.Value) {
			t.Helper()
			e, err := d.plans.Effective(ctx, devicetest.System, d.Acme.ID, d.device.ID)
			if err != nil {
				t.Fatal(err)
			}
			by := map[string]config.Value{}
			for i, v := range e.Values {
				by[v.Name] = v
				if i > 0 && e.Values[i-1].Name >= v.Name {
					t.Errorf("%s after %s", v.Name, e.Values[i-1].Name)
				}
			}
			return e, by
		}
		_, before := look()
		if v := before["up.backlight.timeout"]; v.Value != "40" || v.Container != config.Global {
			t.Fatalf("%+v", v)
		}
		upload(mac+"-web.cfg", `<PHONE_CONFIG><OVERRIDES up.backlight.timeout="10" device.auth.localAdminPassword="h1dden" only.on.web="1"/></PHONE_CONFIG>`)
		upload(mac+"-phone.cfg", `<PHONE_CONFIG><OVERRIDES up.backlight.timeout="20"/></PHONE_CONFIG>`)
		e, now := look()
		v := now["up.backlight.timeout"]
		if v.Value != "20" || v.Container != config.OnPhone || v.Key != mac+"-phone.cfg" || len(v.Overruled) != 2 || v.Overruled[0].Value != "10" || v.Overruled[0].Container != config.OnPhone || v.Overruled[1].Value != "40" {
			t.Errorf("%+v", v)
		}
		if w := now["only.on.web"]; w.Value != "1" || w.Container != config.OnPhone || len(w.Overruled) != 0 {
			t.Errorf("%+v", w)
		}
		if s := now["device.auth.localAdminPassword"]; s.Value == "" || strings.Contains(s.Value, "h1dden") {
			t.Errorf("a secret is shown: %+v", s)
		}
		if w := now["voice.volume"]; w.Container != config.Global || len(e.Unreadable) != 0 {
			t.Errorf("%+v %v", w, e.Unreadable)
		}
		upload(mac+"-phone.cfg", `<PHONE_CONFIG><OVERRIDES up.backlight.timeout="`)
		if e, now = look(); len(e.Unreadable) != 1 || e.Unreadable[0] != mac+"-phone.cfg" || now["up.backlight.timeout"].Value != "10" {
			t.Errorf("%v %+v", e.Unreadable, now["up.backlight.timeout"])
		}
		files, err := d.Devices.FilesFromPhone(ctx, devicetest.System, d.Acme.ID, d.device.ID)
		if err != nil || len(files) != 2 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			if err := d.Devices.DeleteUpload(ctx, devicetest.System, d.Acme.ID, d.device.ID, f.ID, false); err != nil {
				t.Fatal(err)
			}
		}
		if e, now = look(); len(e.Values) != len(before) || now["up.backlight.timeout"].Value != "40" {
			t.Errorf("after it was cleared: %+v", now["up.backlight.timeout"])
		}
	})
}
