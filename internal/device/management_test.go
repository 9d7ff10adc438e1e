package device_test

import (
	"fmt"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// WS-147: each pack appears with what its models can do; WS-142: each option can be chosen.
func TestTheCatalogueNamesEveryMakerAndHowItsPhonesAreConfigured(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		w := devicetest.New(t, d)
		options := map[string]device.Management{}
		able := map[string]bool{}
		for _, l := range w.Devices.Models() {
			options[l.Maker] = l.Options[0]
			able[l.Maker] = able[l.Maker] || len(l.Abilities) > 0
		}
		for maker, want := range map[string]device.Management{"poly": device.Native, "yealink": device.Native, "cisco": device.Native, "grandstream": device.ThirdParty, "snom": device.ThirdParty} {
			if options[maker] != want || want == device.Native && !able[maker] {
				t.Errorf("%s: %q, abilities %v", maker, options[maker], able[maker])
			}
		}
		for i, c := range []struct {
			management, maker, code string
		}{{"platform_native", "poly", ""}, {"platform_third_party", "snom", ""}, {"customer_managed", "poly", ""}, {"partner_managed", "snom", ""}, {"platform_native", "snom", "invalid"}, {"by_magic", "poly", "invalid"}} {
			_, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: fmt.Sprintf("0004f20000%02x", i), Maker: c.maker, Management: c.management})
			if got := errs.CodeOf(err); (err == nil) != (c.code == "") || err != nil && errs.KindOf(err) != errs.Invalid {
				t.Errorf("%+v: %s", c, got)
			}
		}
	})
}

// WS-144.
func TestACustomerWithoutThirdPartyPhonesNeitherSeesNorGetsThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		w := devicetest.New(t, d)
		if p, err := w.Devices.Policy(ctx, devicetest.System, w.Acme.ID); err != nil || !p.ThirdParty {
			t.Fatalf("%+v, %v", p, err)
		}
		full := access.Actor{ID: db.NewID(), Kind: access.Person, Tenant: w.Acme.Access(), Roles: []access.Role{access.CustomerFullAdmin}}
		if _, err := w.Devices.SetPolicy(ctx, full, w.Acme.ID, device.Policy{}); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("a customer decides for itself: %v", err)
		}
		if _, err := w.Devices.SetPolicy(ctx, devicetest.System, w.Acme.ID, device.Policy{}); err != nil {
			t.Fatal(err)
		}
		all, err := w.Devices.ModelsFor(ctx, full, w.Acme.ID)
		if err != nil || len(all) == 0 || len(all) >= len(w.Devices.Models()) {
			t.Errorf("%d of %d, %v", len(all), len(w.Devices.Models()), err)
		}
		_, err = w.Devices.Create(ctx, full, w.Acme.ID, device.New{MAC: "000413000001", Maker: "snom"})
		if errs.CodeOf(err) != "third_party_off" || errs.KindOf(err) != errs.Forbidden {
			t.Error(err)
		}
		m, _ := phone.HexMAC("000413000002")
		if err := w.Devices.AddArrived(ctx, device.Arrival{CustomerID: w.Acme.ID, MAC: m, Maker: "snom"}); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		if got := outcomes(imports(t, w, w.Acme.ID, "", "mac_address\n000413000003\n64167f000001\n")); got != "2 000413000003 failed third_party_off\n3 64167f000001 added" {
			t.Error(got)
		}
		if _, err := w.Devices.SetPolicy(ctx, devicetest.System, w.Acme.ID, device.Policy{ThirdParty: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Devices.Create(ctx, full, w.Acme.ID, device.New{MAC: "000413000001", Maker: "snom"}); err != nil {
			t.Error(err)
		}
	})
}

// WS-145, WS-146: a device that somebody else configures has lines, and its tool gets all of them in a few calls; no file is made for it.
func TestADeviceThatOthersConfigureGetsCredentialsAndNoFiles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		w := devicetest.New(t, d)
		for i := range 7 {
			x, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: fmt.Sprintf("64167f0000%02x", i), Management: string(device.ByPartner)})
			if err != nil {
				t.Fatal(err)
			}
			user, word := fmt.Sprint(100+i), secret.Hide(fmt.Sprint("word-", i))
			if _, err := w.Devices.AddLine(ctx, devicetest.System, w.Acme.ID, x.ID, device.LinePatch{User: &user, Password: &word, Registrars: &[]phone.Server{{Host: "sip.example.net"}}}); err != nil {
				t.Fatal(err)
			}
		}
		served := w.Phone(t, w.Acme.ID, "64167f0000ff")
		var got []device.External
		for cursor := ""; ; {
			page, next, err := w.Devices.External(ctx, devicetest.System, w.Acme.ID, db.Page{Limit: 3, Cursor: cursor})
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, page...); next == "" {
				break
			}
			cursor = next
		}
		if len(got) != 7 {
			t.Fatalf("%d devices", len(got))
		}
		for i, x := range got {
			if len(x.Lines) != 1 || x.Lines[0].Password != fmt.Sprint("word-", i) || x.Lines[0].User != fmt.Sprint(100+i) || x.Management != device.ByPartner || !x.Fetched.IsZero() {
				t.Errorf("%d: %+v", i, x)
			}
			if _, err := w.Devices.Setup(ctx, w.Acme.ID, x.MAC); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s has files: %v", x.MAC, err)
			}
		}
		again, _, err := w.Devices.External(ctx, devicetest.System, w.Acme.ID, db.Page{})
		if err != nil || len(again) != 7 || again[0].Fetched.IsZero() {
			t.Errorf("%d, %v", len(again), err)
		}
		viewer := access.Actor{ID: db.NewID(), Kind: access.Person, Tenant: w.Partner.Access(), Roles: []access.Role{access.PartnerReadonlyAdmin}}
		if _, _, err := w.Devices.External(ctx, viewer, w.Acme.ID, db.Page{}); errs.KindOf(err) != errs.Forbidden {
			t.Error(err)
		}
		var planned int
		if err := w.Devices.Setups(ctx, w.DB, w.Acme.ID, func(s device.Setup) error { planned++; return nil }); err != nil || planned != 1 {
			t.Errorf("%d are planned for, %v", planned, err)
		}
		// There and back.
		if _, err := w.Devices.SetManagement(ctx, devicetest.System, w.Acme.ID, served.ID, device.ByCustomer, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Devices.Setup(ctx, w.Acme.ID, served.MAC); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
		if x, err := w.Devices.SetManagement(ctx, devicetest.System, w.Acme.ID, served.ID, device.Native, 0); err != nil || x.Version != served.Version+2 {
			t.Errorf("%+v, %v", x, err)
		}
		if _, err := w.Devices.Setup(ctx, w.Acme.ID, served.MAC); err != nil {
			t.Error(err)
		}
	})
}
