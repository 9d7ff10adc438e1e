package device_test

import (
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/secret"
)

func line(t *testing.T, w *devicetest.World, d device.Device, user, password string) device.Line {
	t.Helper()
	word := secret.Hide(password)
	l, err := w.Devices.AddLine(ctx, devicetest.System, d.CustomerID, d.ID, device.LinePatch{User: &user, Password: &word,
		Registrars: &[]phone.Server{{Host: "pbx.example.net", Port: 5061}}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Decisions 14, 16 and 19.
func TestALineIsSealedCountedAndRememberedWhenItGoes(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		d := w.Phone(t, w.Acme.ID, "0004f2000001")
		a, b := line(t, w, d, "100", "first-S3cret"), line(t, w, d, "101", "second-S3cret")
		if a.Number != 1 || b.Number != 2 || !a.HasPassword || a.Password != "" {
			t.Errorf("%+v %+v", a, b)
		}
		var stored string
		if err := w.DB.Get(ctx, &stored, `SELECT data FROM device_lines WHERE id = $1`, a.ID); err != nil || strings.Contains(stored, "S3cret") {
			t.Errorf("%s, %v", stored, err)
		}
		shown, word, err := w.Devices.RevealLine(ctx, me, w.Acme.ID, d.ID, a.ID)
		if err != nil || word.Reveal() != "first-S3cret" || shown.User != "100" || logged(t, w.DB, "line/reveal") != 1 {
			t.Errorf("%v, %v", shown, err)
		}
		viewer := me
		viewer.Roles = []access.Role{access.Helpdesk}
		_, _, err = w.Devices.RevealLine(ctx, viewer, w.Acme.ID, d.ID, a.ID)
		code(t, err, "forbidden")
		before := vector(t, w.DB, revision.Device, d.ID)
		if err := w.Devices.DeleteLine(ctx, me, w.Acme.ID, d.ID, b.ID, 0); err != nil {
			t.Fatal(err)
		}
		s, err := w.Devices.Setup(ctx, w.Acme.ID, d.MAC)
		if err != nil || s.Ever != 2 || len(s.Lines) != 1 || vector(t, w.DB, revision.Device, d.ID) == before {
			t.Errorf("%+v, %v", s, err)
		}
		number, same := 1, "100"
		_, err = w.Devices.AddLine(ctx, me, w.Acme.ID, d.ID, device.LinePatch{Number: &number, User: &same})
		code(t, err, "line_number_taken")
		number = 7
		moved, err := w.Devices.EditLine(ctx, me, w.Acme.ID, d.ID, a.ID, device.LinePatch{Number: &number, IfVersion: 1})
		if err != nil || moved.Number != 7 || !moved.HasPassword || moved.Version != 2 {
			t.Errorf("%+v, %v", moved, err)
		}
		_, err = w.Devices.EditLine(ctx, me, w.Acme.ID, d.ID, a.ID, device.LinePatch{Number: &number, IfVersion: 1})
		code(t, err, "stale")
		s, _ = w.Devices.Setup(ctx, w.Acme.ID, d.MAC)
		if s.Ever != 7 || s.Lines[0].Number != 7 || s.Lines[0].Password != "first-S3cret" {
			t.Errorf("%+v", s)
		}
		foreign := w.Phone(t, w.Globex.ID, "0004f2000002")
		theirs := line(t, w, foreign, "100", "x")
		_, err = w.Devices.Line(ctx, me, w.Acme.ID, d.ID, theirs.ID)
		code(t, err, "not_found")
		_, err = w.Devices.Lines(ctx, me, w.Globex.ID, foreign.ID)
		code(t, err, "not_found")
	})
}

func TestWhatNoLineCanHoldIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		d := w.Phone(t, w.Acme.ID, "0004f2000001")
		text := func(s string) *string { return &s }
		number := func(n int) *int { return &n }
		hosts := func(h ...string) *[]phone.Server {
			out := make([]phone.Server, len(h))
			for i, s := range h {
				out[i].Host = s
			}
			return &out
		}
		word, sips := secret.Hide(" spaces "), phone.Transport("sips")
		for field, p := range map[string]device.LinePatch{
			"user": {User: text("")}, "user ": {User: text("a b")}, "user  ": {User: text("a\nb")}, "number": {User: text("1"), Number: number(101)}, "number ": {User: text("1"), Number: number(0)},
			"registrars[0].host": {User: text("1"), Registrars: hosts("a b")}, "proxies[1].host": {User: text("1"), Proxies: hosts("ok.example", "-bad-")},
			"registrars": {User: text("1"), Registrars: hosts("a", "b", "c", "d", "e")}, "password": {User: text("1"), Password: &word},
			"transport": {User: text("1"), Transport: &sips}, "expires": {User: text("1"), Expires: number(5)},
		} {
			_, err := w.Devices.AddLine(ctx, devicetest.System, w.Acme.ID, d.ID, p)
			if err == nil || len(errs.As(err).Fields) != 1 || errs.As(err).Fields[0].Name != firstWord(field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := w.Devices.AddLine(ctx, devicetest.System, w.Acme.ID, d.ID, device.LinePatch{User: text("+4989123"), Proxies: hosts("[2001:db8::1]", "10.0.0.1", "_sip.example")}); err != nil {
			t.Error(err)
		}
	})
}

func TestKeysAreCheckedKeptAndMisfitsTold(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		d := w.Phone(t, w.Acme.ID, "64167f000001")
		k, err := w.Devices.SetKeys(ctx, me, w.Acme.ID, d.ID, []phone.Key{
			{Position: 2, Type: phone.KeyBLF, Target: "200", Label: "Jon"}, {Position: 1, Type: phone.KeyLine}, {Page: 20, Position: 200, Type: phone.KeySpeedDial, Target: "1"}}, 0)
		if err != nil || k.Version != 1 || len(k.Own) != 3 || k.Own[0].Type != phone.KeyLine || len(k.Effective) != 3 {
			t.Fatalf("%+v, %v", k, err)
		}
		if len(k.Misfits) == 0 || k.Misfits[0].Code == "" || k.Misfits[0].Reason == "" {
			t.Errorf("a key on the twentieth module fits: %+v", k.Misfits)
		}
		_, err = w.Devices.SetKeys(ctx, me, w.Acme.ID, d.ID, nil, 7)
		code(t, err, "stale")
		for field, in := range map[string]phone.Key{
			"keys[0].position": {Position: 0, Type: phone.KeyLine}, "keys[0].page": {Page: 21, Position: 1, Type: phone.KeyLine}, "keys[0].type": {Position: 1, Type: "fax", Target: "1"},
			"keys[0].target": {Position: 1, Type: phone.KeyBLF}, "keys[0].target ": {Position: 1, Type: phone.KeyURL, Target: "javascript:x"}, "keys[0].label": {Position: 1, Type: phone.KeyLine, Label: "a\nb"},
			"keys[0].target  ": {Position: 1, Type: phone.KeyDTMF, Target: "12x"},
		} {
			_, err := w.Devices.SetKeys(ctx, me, w.Acme.ID, d.ID, []phone.Key{in}, 0)
			if err == nil || len(errs.As(err).Fields) != 1 || errs.As(err).Fields[0].Name != firstWord(field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		_, err = w.Devices.SetKeys(ctx, me, w.Acme.ID, d.ID, []phone.Key{{Position: 1, Type: phone.KeyLine}, {Position: 1, Type: phone.KeyLine}}, 0)
		fault(t, err, "keys[1].position", "place_taken")
	})
}

// DM-3, DM-4, DM-227, DM-242, DM-243.
func TestADeviceCanBeKnownByItsSerialNumber(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		a, err := w.Devices.Create(ctx, me, w.Acme.ID, device.New{Serial: "8218404C20CCF9", Family: "poly studio"})
		if err != nil || a.Serial != "8218404c20ccf9" || !a.MAC.IsZero() || a.Family != "Poly Studio" || a.Shown() != "PolyStudio-20ccf9" {
			t.Fatalf("%+v, %v", a, err)
		}
		if _, err := w.Devices.Create(ctx, me, w.Acme.ID, device.New{Serial: "8218404c20ccfa", Family: "Poly Studio"}); err != nil {
			t.Errorf("a second one without a MAC: %v", err)
		}
		_, err = w.Devices.Create(ctx, me, w.Acme.ID, device.New{Serial: "8218404c20ccf9", Family: "Poly Studio"})
		code(t, err, "device_exists")
		_, err = w.Devices.Create(ctx, devicetest.Admin(w.Globex), w.Globex.ID, device.New{Serial: "8218404c20ccf9", Family: "Poly Studio"})
		code(t, err, "mac_unavailable")
		_, err = w.Devices.Create(ctx, me, w.Acme.ID, device.New{Serial: "8218-404c", Family: "Poly Studio"})
		fault(t, err, "serial", "bad_serial")
		_, err = w.Devices.Create(ctx, me, w.Acme.ID, device.New{Family: "Poly Studio"})
		fault(t, err, "serial", "required")
		_, err = w.Devices.Create(ctx, me, w.Acme.ID, device.New{Serial: "8218404c20ccf9", Family: "Studio"})
		if err == nil {
			t.Error("an unknown type is taken")
		}
		p, err := w.Devices.Create(ctx, me, w.Acme.ID, device.New{MAC: "0004f23ea4e1", Model: "VVX 500"})
		if err != nil || p.Shown() != "VVX500-3ea4e1" {
			t.Errorf("%s, %v", p.Shown(), err)
		}
	})
}
