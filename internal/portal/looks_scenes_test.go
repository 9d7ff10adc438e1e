package portal_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"linecard/internal/branding"
	"linecard/internal/portal/browsertest"
	"linecard/internal/portal/portaltest"
)

// banner is a picture of a word: two bars and blocks.
func banner(t *testing.T) []byte {
	t.Helper()
	p := image.NewNRGBA(image.Rect(0, 0, 240, 60))
	for i := range 6 {
		c := color.NRGBA{uint8(30 + 30*i), 64, 175, 255}
		draw.Draw(p, image.Rect(10+38*i, 12, 10+38*i+28, 48), image.NewUniform(c), image.Point{}, draw.Src)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var blue = branding.Own{Product: "Blue Voice", SupportURL: "https://help.blue.example/",
	Colours: branding.Colours{AccentLight: "#1d4ed8", AccentDark: "#93c5fd", NavigationLight: "#172554", NavigationDark: "#0b1023"}}

// branded gives the sub-partner of the scenes a look of its own.
func branded(s *stage) {
	if _, err := s.Branding.Set(s.t.Context(), s.Actor(s.SubPartner), s.SubPartner.Tenant.ID, blue, 0); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.Branding.SetLogo(s.t.Context(), s.Actor(s.SubPartner), s.SubPartner.Tenant.ID, banner(s.t), 0); err != nil {
		s.t.Fatal(err)
	}
}

func init() {
	scenes = append(scenes, []scene{
		{name: "branding", as: "sub-partner", path: func(s *stage) string { branded(s); return "/branding" }},
		{name: "branding-operator", as: "operator", path: at("/branding")},
		{name: "branding-faults", as: "partner", path: at("/branding"), then: func(s *stage) {
			s.Fill("#f-accent_light", "#ffcc00")
			s.Fill("#f-support_url", "http://plain.example")
			s.Submit("main form[action='/branding'] .btn-primary")
		}},
		{name: "branding-preview", as: "partner", path: at("/branding"), then: func(s *stage) {
			s.Fill("#f-product_name", "Red Talk")
			s.Fill("#f-accent_light", "#b91c1c")
			s.Fill("#f-accent_dark", "#fca5a5")
			s.Fill("#f-navigation_light", "#fee2e2")
			s.Submit("main button[name=do]")
		}},
	}...)
}

// WS-23, WS-92: what is published shows to the provider's people and customers, to strangers at its host, in mails, and to nobody else.
func TestABrandShowsToItsOwnPeopleAndAtItsOwnHost(t *testing.T) {
	portaltest.Each(t, func(t *testing.T, w *portaltest.World) {
		b := w.SignedIn(t, w.Partner)
		a := b.Post("/branding", "product_name", "Blue Voice", "support_url", "https://help.blue.example/", "accent_light", "#1d4ed8", "navigation_dark", "#0b1023", "do", "preview")
		if a.Status != http.StatusOK || !strings.Contains(a.Body, "/brand/1d4ed8-") || !a.Has("Blue Voice", "This is a preview") {
			t.Fatalf("preview: %d %s", a.Status, a.Says())
		}
		if b.Get("/").Has("Blue Voice") {
			t.Fatal("a preview was saved")
		}
		if a := b.Post("/branding", "product_name", "Blue Voice", "support_url", "https://help.blue.example/", "accent_light", "#1d4ed8"); a.Status != http.StatusSeeOther {
			t.Fatalf("publishing: %d %s", a.Status, a.Says())
		}
		if a := b.Post("/branding", "accent_light", "#ffcc00"); a.Status != http.StatusBadRequest && a.Status != http.StatusUnprocessableEntity || !a.Has("contrast of 1.3 : 1") {
			t.Errorf("a colour that nobody can read: %d %s", a.Status, a.Says())
		}
		if _, err := w.Branding.SetLogo(t.Context(), w.Actor(w.Partner), w.Partner.Tenant.ID, banner(t), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Branding.GiveHost(t.Context(), w.Actor(w.Operator), "portal.blue.example", w.Partner.Tenant.ID); err != nil {
			t.Fatal(err)
		}
		for name, p := range map[string]portaltest.Person{"partner": w.Partner, "customer": w.Customer, "sub-partner": w.SubPartner, "its customer": w.SubCust} {
			a := w.SignedIn(t, p).Get("/account")
			if !strings.Contains(a.Body, "Blue Voice") || strings.Contains(a.Body, "Linecard") || !strings.Contains(a.Body, "https://help.blue.example/") || !strings.Contains(a.Body, ".png") {
				t.Errorf("%s sees %s", name, a.Body[:600])
			}
		}
		if a := w.SignedIn(t, w.Operator).Get("/account"); strings.Contains(a.Body, "Blue Voice") {
			t.Error("the operator's own pages are branded")
		}
		for host, want := range map[string]string{"portal.blue.example": "Blue Voice", "other.example": "Linecard"} {
			not := map[string]string{"Blue Voice": "Linecard", "Linecard": "Blue Voice"}[want]
			for _, path := range []string{"/", "/partner", "/customer", "/help", "/recover/partner", "/no-such-page", "/link/unknown"} {
				got := w.AtHost(t, host, path)
				if !strings.Contains(got.Body, want) || strings.Contains(got.Body, not) {
					t.Errorf("%s%s says %q or not %q", host, path, not, want)
				}
			}
		}
		logo := b.Get("/").Link("/brand/")
		for _, at := range []string{logo, "/brand/1d4ed8-3dbba6-10241f-0a100f.css"} {
			a := w.Browser(t).Get(at)
			if a.Status != http.StatusOK || a.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.Header.Get("Content-Security-Policy"), "sandbox") || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %d %v", at, a.Status, a.Header)
			}
		}
		for _, at := range []string{"/brand/x.css", "/brand/00000000000000000000000000000000.png", "/brand/1d4ed8-3dbba6-10241f-0a100f.png"} {
			if a := w.Browser(t).Get(at); a.Status != http.StatusNotFound {
				t.Errorf("%s: %d", at, a.Status)
			}
		}
	})
}

// The preview works in a browser before anything is published, in both schemes.
func TestInABrowserALookIsTriedAndPublished(t *testing.T) {
	w := portaltest.Start(t)
	tab := seat(t, w, w.Partner, browsertest.Look{})
	tab.Goto(w.URL + "/branding")
	tab.Fill("#f-accent_light", "#b91c1c")
	tab.Fill("#f-accent_dark", "#fca5a5")
	tab.Fill("#f-product_name", "Red Talk")
	live := `getComputedStyle(document.querySelector(".look-light .btn-primary")).backgroundColor`
	if href := browsertest.Eval[string](tab, `document.getElementById("brand-sheet")?.getAttribute("href") || ""`); !strings.Contains(href, "b91c1c-fca5a5") {
		t.Errorf("while typing the sheet is %q", href)
	}
	if got := tab.Text(".look-light .brand-name"); got != "Red Talk" {
		t.Errorf("while typing the name is %q", got)
	}
	tab.Submit("main button[name=do]")
	if got := browsertest.Eval[string](tab, live); got != "rgb(185, 28, 28)" {
		t.Errorf("light: %s", got)
	}
	if got := browsertest.Eval[string](tab, `getComputedStyle(document.querySelector(".look-dark .btn-primary")).backgroundColor`); got != "rgb(252, 165, 165)" {
		t.Errorf("dark: %s", got)
	}
	tab.Submit("main form[action='/branding'] .btn-primary")
	holds(t, tab, "body", "Published", "Red Talk")
	quiet(t, tab)
}
