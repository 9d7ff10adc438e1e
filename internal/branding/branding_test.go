package branding_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linecard/internal/access"
	"linecard/internal/branding"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

type world struct {
	t                    *testing.T
	svc                  *branding.Service
	db                   *db.DB
	o, p, q, sub         tenant.Tenant
	cp, cq, csub         tenant.Tenant
	root, pa, qa, sa, ca access.Actor
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		j := journal.New(d, journal.Options{Log: slog.New(slog.DiscardHandler)})
		tenants := tenant.NewService(d, j)
		w := &world{t: t, db: d, svc: branding.NewService(branding.Needs{DB: d, Journal: j, Tenants: tenants, Main: "portal.uplink.example:8443"})}
		sys := access.SystemActor("test")
		made := func(x tenant.Tenant, err error) tenant.Tenant {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		details := func(name string) tenant.Details {
			return tenant.Details{Name: name, Email: strings.ToLower(name) + "@example.test", Contact: "Ann"}
		}
		w.o = made(tenants.CreateOperator(t.Context(), sys, tenant.Details{Name: "Uplink"}))
		w.p = made(tenants.CreatePartner(t.Context(), sys, details("P")))
		w.q = made(tenants.CreatePartner(t.Context(), sys, details("Q")))
		w.sub = made(tenants.CreateSubPartner(t.Context(), sys, tenant.NewSubPartner{ParentID: w.p.ID, Details: details("S")}))
		customer := func(owner tenant.Tenant, name string) tenant.Tenant {
			return made(tenants.CreateCustomer(t.Context(), sys, tenant.NewCustomer{OwnerID: owner.ID, Details: details(name), PermissionTypes: []string{tenant.DMP}}))
		}
		w.cp, w.cq, w.csub = customer(w.p, "CP"), customer(w.q, "CQ"), customer(w.sub, "CS")
		as := func(x tenant.Tenant, r access.Role) access.Actor {
			return access.Actor{ID: "person-" + x.ID, Kind: access.Person, Name: "Pat", Tenant: x.Access(), Roles: []access.Role{r}}
		}
		w.root, w.pa, w.qa, w.sa, w.ca = as(w.o, access.OperatorAdmin), as(w.p, access.PartnerFullAdmin), as(w.q, access.PartnerFullAdmin), as(w.sub, access.PartnerFullAdmin), as(w.cp, access.CustomerFullAdmin)
		test(t, w)
	})
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) holds(x tenant.Tenant) branding.Brand {
	w.t.Helper()
	b, err := w.svc.In(w.t.Context(), w.db, x.Scope)
	w.ok(err)
	return b
}

func refused(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if errs.KindOf(err) != kind || errs.CodeOf(err) != code {
		t.Errorf("%v (kind %d), want %s", err, errs.KindOf(err), code)
	}
}

// WS-23, WS-92: set at a partner it holds for its customers, field by field, and never for anybody else's.
func TestABrandHoldsBelowAndNowhereElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.Set(t.Context(), w.pa, w.p.ID, branding.Own{Product: "Blue Voice", Sender: "Blue post", SupportURL: "https://help.blue.example/", Colours: branding.Colours{AccentLight: "#1D4ED8", AccentDark: "#93c5fd"}}, 0)
		w.ok(err)
		_, err = w.svc.Set(t.Context(), w.sa, w.sub.ID, branding.Own{Product: "Lotus"}, 0)
		w.ok(err)
		for _, x := range []tenant.Tenant{w.p, w.cp} {
			if b := w.holds(x); b.Product != "Blue Voice" || b.Colours.AccentLight != "#1d4ed8" || b.SenderName() != "Blue post" {
				t.Errorf("%s: %+v", x.Name, b)
			}
		}
		for _, x := range []tenant.Tenant{w.sub, w.csub} {
			if b := w.holds(x); b.Product != "Lotus" || b.SenderName() != "Lotus" || b.SupportURL != "https://help.blue.example/" || b.Colours.AccentDark != "#93c5fd" {
				t.Errorf("%s: %+v", x.Name, b)
			}
		}
		for _, x := range []tenant.Tenant{w.o, w.q, w.cq} {
			if b := w.holds(x); b.Custom() {
				t.Errorf("%s: %+v", x.Name, b)
			}
		}
	})
}

// WS-94: a customer's own branding stays below another provider's; without one the provider's shows.
func TestACustomersOwnBrandingStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.SetLogo(t.Context(), w.pa, w.cp.ID, picture(t, 20, 20, color.NRGBA{200, 10, 10, 255}), 0)
		w.ok(err)
		own := w.holds(w.cp).Logo
		_, err = w.svc.SetLogo(t.Context(), w.pa, w.p.ID, picture(t, 30, 20, color.NRGBA{10, 10, 200, 255}), 0)
		w.ok(err)
		if got := w.holds(w.cp).Logo; got != own || got.Hash == "" {
			t.Errorf("the customer's logo became %+v", got)
		}
		_, err = w.svc.RemoveLogo(t.Context(), w.pa, w.cp.ID, 0)
		w.ok(err)
		if got := w.holds(w.cp).Logo; got != w.holds(w.p).Logo || got == own {
			t.Errorf("without its own: %+v", got)
		}
		if _, err := w.svc.Picture(t.Context(), own.Hash); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a picture that nobody uses: %v", err)
		}
	})
}

// WS-92: the provider's administrators; a customer reads and does not write; strangers find nothing.
func TestOnlyTheProviderBrands(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		try := func(a access.Actor, x tenant.Tenant) error {
			_, err := w.svc.Set(t.Context(), a, x.ID, branding.Own{Product: "X"}, 0)
			return err
		}
		refused(t, try(w.ca, w.cp), errs.Forbidden, "branding_of_provider")
		refused(t, try(w.qa, w.p), errs.NotFound, "not_found")
		refused(t, try(w.qa, w.cp), errs.NotFound, "not_found")
		reader := w.pa
		reader.Roles = []access.Role{access.PartnerReadonlyAdmin}
		refused(t, try(reader, w.p), errs.Forbidden, "forbidden")
		_, err := w.svc.SetLogo(t.Context(), w.ca, w.cp.ID, nil, 0)
		refused(t, err, errs.Forbidden, "branding_of_provider")
		if _, _, _, err := w.svc.Get(t.Context(), w.ca, w.cp.ID); err != nil {
			t.Error(err)
		}
		w.ok(try(w.pa, w.p))
		_, err = w.svc.Set(t.Context(), w.pa, w.p.ID, branding.Own{}, 7)
		refused(t, err, errs.Stale, "changed_meanwhile")
	})
}

func TestFieldsOfABrandAreChecked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.Set(t.Context(), w.pa, w.p.ID, branding.Own{Product: strings.Repeat("x", 65), SupportURL: "http://plain.example", Colours: branding.Colours{
			AccentLight: "#ffcc00", AccentDark: "red", NavigationLight: "#12345"}}, 0)
		var got []string
		for _, f := range errs.As(err).Fields {
			got = append(got, f.Name+" "+f.Code)
			if f.Code == "low_contrast" && (f.Params["nearest"] == "" || branding.Contrast(f.Params["nearest"], "#ffffff") < branding.Readable) {
				t.Errorf("suggested %v", f.Params)
			}
		}
		if want := "product_name too_long,support_url not_https,accent_light low_contrast,accent_dark bad_colour,navigation_light bad_colour"; strings.Join(got, ",") != want {
			t.Errorf("%v", got)
		}
		for _, bad := range []string{"javascript:alert(1)", "https://", "https://u:p@x.example/", "https://x.example/\"><script>"} {
			if _, err := w.svc.Set(t.Context(), w.pa, w.p.ID, branding.Own{SupportURL: bad}, 0); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", bad, err)
			}
		}
	})
}

// WS-92: whatever four colours are chosen, everything that is written on or with them can be read.
func TestEverySheetCanBeRead(t *testing.T) {
	for _, k := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.47}, {"#0b5d52", "#ffffff", 7.7}} {
		if got := branding.Contrast(k.a, k.b); got < k.want-.1 || got > k.want+.1 {
			t.Errorf("contrast of %s and %s: %.2f, want %.2f", k.a, k.b, got, k.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		hex := rapid.StringMatching(`[0-9a-f]{6}`)
		css, ok := branding.Sheet(hex.Draw(t, "al") + "-" + hex.Draw(t, "ad") + "-" + hex.Draw(t, "nl") + "-" + hex.Draw(t, "nd"))
		if !ok {
			t.Fatal("refused")
		}
		light, dark := map[string]string{}, map[string]string{}
		for line := range strings.SplitSeq(css, "\n") {
			name, value, found := strings.Cut(strings.TrimSpace(line), ": light-dark(")
			if found {
				l, d, _ := strings.Cut(strings.TrimSuffix(value, ");"), ", ")
				light[name], dark[name] = l, d
			}
		}
		for i, v := range []map[string]string{light, dark} {
			for _, pair := range [][2]string{{"--on-brand", "--brand"}, {"--brand-ink", "--brand-soft"}, {"--rail-ink", "--rail"}, {"--rail-quiet", "--rail"},
				{"--rail-strong", "--rail-hover"}, {"--rail-strong", "--rail-on"}} {
				if r := branding.Contrast(v[pair[0]], v[pair[1]]); r < branding.Readable-.001 {
					t.Fatalf("scheme %d: %s on %s: %.2f (%s on %s)\n%s", i, pair[0], pair[1], r, v[pair[0]], v[pair[1]], css)
				}
			}
			for _, ground := range [][]string{{"#ffffff", "#f4f6f3", "#eef1ed", "#f3f6f3"}, {"#131b19", "#0c1211", "#0f1614", "#18221f", "#1a2421"}}[i] {
				if r := branding.Contrast(v["--brand-ink"], ground); r < branding.Readable-.001 {
					t.Fatalf("scheme %d: link on %s: %.2f", i, ground, r)
				}
			}
		}
	})
	for _, bad := range []string{"", "0b5d52", "0b5d52-3dbba6-10241f-0a100g", "0B5D52-3dbba6-10241f-0a100f", "0b5d52-3dbba6-10241f-0a100f-000000", "0b5d52-3dbba6-10241f-}*{a:b"} {
		if _, ok := branding.Sheet(bad); ok {
			t.Errorf("%q gave a sheet", bad)
		}
	}
}

func picture(t *testing.T, w, h int, c color.Color) []byte {
	t.Helper()
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for x := range w / 2 {
		for y := range h {
			p.Set(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// WS-92: pictures are drawn anew and bounded; nothing that is no picture is kept.
func TestALogoIsItsPixelsOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		hidden := append(picture(t, 900, 300, color.NRGBA{10, 20, 30, 255}), "<script>alert(1)</script>"...)
		b, err := w.svc.SetLogo(t.Context(), w.pa, w.p.ID, hidden, 0)
		w.ok(err)
		if b.Logo.Width != 288 || b.Logo.Height != 96 || b.Logo.OnDark {
			t.Errorf("%+v", b.Logo)
		}
		kept, err := w.svc.Picture(t.Context(), b.Logo.Hash)
		w.ok(err)
		if bytes.Contains(kept, []byte("script")) || !bytes.HasPrefix(kept, []byte("\x89PNG")) {
			t.Error("something else than pixels is kept")
		}
		light, err := w.svc.SetLogo(t.Context(), w.pa, w.p.ID, picture(t, 60, 20, color.NRGBA{250, 250, 250, 255}), 0)
		w.ok(err)
		if !light.Logo.OnDark {
			t.Error("a white logo stands on a white plate")
		}
		var photo bytes.Buffer
		w.ok(jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 40)), nil))
		_, err = w.svc.SetLogo(t.Context(), w.pa, w.p.ID, photo.Bytes(), 0)
		w.ok(err)
		bomb := picture(t, 1, 1, color.Black)
		copy(bomb[16:24], []byte{0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30}) // says 30000 × 30000
		for name, bad := range map[string][]byte{"svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "gif": []byte("GIF89a\x01\x00\x01\x00"), "nothing": nil, "half": picture(t, 90, 90, color.Black)[:60],
			"bomb": bomb, "large": make([]byte, branding.MaxLogo+1)} {
			if _, err := w.svc.SetLogo(t.Context(), w.pa, w.p.ID, bad, 0); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A host shows one tenant's brand to strangers and no other's name, ever.
func TestAHostShowsItsOwnBrandOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, x := range []struct {
			a    access.Actor
			id   tenant.Tenant
			name string
		}{{w.root, w.o, "Uplink Cloud"}, {w.pa, w.p, "Blue Voice"}, {w.qa, w.q, "Red Talk"}} {
			_, err := w.svc.Set(t.Context(), x.a, x.id.ID, branding.Own{Product: x.name}, 0)
			w.ok(err)
		}
		_, err := w.svc.GiveHost(t.Context(), w.root, "Portal.Blue.example", w.p.ID)
		w.ok(err)
		for host, want := range map[string]string{"portal.blue.example": "Blue Voice", "PORTAL.blue.example:8443": "Blue Voice", "portal.blue.example.": "Blue Voice",
			"red.example": "Uplink Cloud", "": "Uplink Cloud", "[::1]:80": "Uplink Cloud"} {
			b, err := w.svc.At(t.Context(), host)
			w.ok(err)
			if b.Product != want {
				t.Errorf("%q shows %q, want %q", host, b.Product, want)
			}
		}
		give := func(a access.Actor, host string, x tenant.Tenant) error {
			_, err := w.svc.GiveHost(t.Context(), a, host, x.ID)
			return err
		}
		refused(t, give(w.root, "portal.blue.example", w.q), errs.Conflict, "host_taken")
		refused(t, give(w.root, "portal.uplink.example", w.q), errs.Conflict, "host_taken")
		refused(t, give(w.root, "c.example", w.cp), errs.Conflict, "wrong_kind")
		refused(t, give(w.pa, "mine.example", w.p), errs.Forbidden, "forbidden")
		for _, bad := range []string{"", "localhost", "192.0.2.1", "a b.example", "x.example/path", "-a.example", "*.blue.example"} {
			if err := give(w.root, bad, w.p); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if hosts, _, err := w.svc.Hosts(t.Context(), w.pa, w.p.ID, db.Page{}); err != nil || len(hosts) != 1 || hosts[0].Name != "P" {
			t.Errorf("%v %v", hosts, err)
		}
		if _, _, err := w.svc.Hosts(t.Context(), w.pa, "", db.Page{}); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("all hosts to a partner: %v", err)
		}
		refused(t, w.svc.TakeHost(t.Context(), w.qa, "portal.blue.example"), errs.NotFound, "not_found")
		w.ok(w.svc.TakeHost(t.Context(), w.root, "portal.blue.example"))
		if b, err := w.svc.At(t.Context(), "portal.blue.example"); err != nil || b.Product != "Uplink Cloud" {
			t.Errorf("%+v %v", b, err)
		}
	})
}
