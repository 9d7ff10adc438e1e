// Package looks owns the pages where a provider gives its offer a name, colours and a logo, where the operator gives it a host, and
// the addresses from which pages fetch colours and logos (WS-23, WS-92).
//
// It must not decide what holds where: package branding does.
package looks

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/branding"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Pages is the branding of the organisation where the person works.
type Pages struct{ *page.Deps }

// LogoPath takes a form with a file.
const LogoPath = "/branding/logo"

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	return []page.Route{
		{Pattern: "GET " + page.BrandPath + "{file}", In: page.Anywhere, Needs: page.Bare, Serve: p.File},
		{Pattern: "GET /branding", In: page.Staff, Needs: access.SettingsView, Serve: p.Show},
		{Pattern: "POST /branding", In: page.Staff, Needs: access.SettingsEdit, Serve: p.Save},
		{Pattern: "POST " + LogoPath, In: page.Staff, Needs: access.SettingsEdit, Serve: p.Logo},
		{Pattern: "POST /branding/no-logo", In: page.Staff, Needs: access.SettingsEdit, Serve: p.NoLogo},
		{Pattern: "POST /branding/hosts", In: page.Operator, Needs: access.PlatformEdit, Serve: p.GiveHost},
		{Pattern: "POST /branding/no-host", In: page.Operator, Needs: access.PlatformEdit, Serve: p.TakeHost},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Group: "nav.organisation", Label: "nav.branding", URL: "/branding", Icon: "palette"}}

var logoFile = regexp.MustCompile(`^[0-9a-f]{32}\.png$`)

// File serves a logo or a style sheet of colours. Their names are made from what they hold, so they never change.
func (p Pages) File(r *page.Request) error {
	name := r.PathValue("file")
	h := r.W.Header()
	var body []byte
	if css, ok := branding.Sheet(strings.TrimSuffix(name, ".css")); ok && strings.HasSuffix(name, ".css") {
		h.Set("Content-Type", "text/css; charset=utf-8")
		body = []byte(css)
	} else {
		if !logoFile.MatchString(name) {
			return errs.Missing("file")
		}
		picture, err := p.Branding.Picture(r.Context(), strings.TrimSuffix(name, ".png"))
		if err != nil {
			return err
		}
		h.Set("Content-Type", "image/png")
		body = picture
	}
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // mails show the logo
	r.W.WriteHeader(http.StatusOK)
	_, _ = r.W.Write(body) // the client went away: nobody to tell
	return nil
}

// form is what the page shows: what is set, what would come from above, and what is typed.
type form struct {
	own     branding.Own
	version int64
	above   branding.Brand
	typed   branding.Own
	tried   bool // a preview: nothing is saved
	hosts   []branding.Host
	host    struct{ name, tenant string }
}

func (p Pages) load(r *page.Request) (form, error) {
	own, version, _, err := p.Branding.Get(r.Context(), r.Actor, r.Place.ID)
	if err != nil {
		return form{}, err
	}
	above, err := p.Branding.Above(r.Context(), r.Actor, r.Place.ID)
	if err != nil {
		return form{}, err
	}
	f := form{own: own, version: version, above: above, typed: own}
	of := r.Place.ID
	if p.operator(r) && r.Actor.Can(access.PlatformStatus) {
		of = ""
	}
	f.hosts, _, err = p.Branding.Hosts(r.Context(), r.Actor, of, db.Page{Limit: db.MaxLimit})
	return f, err
}

func (p Pages) operator(r *page.Request) bool { return r.Place.Kind == access.Operator }

// Show is the editor with its preview.
func (p Pages) Show(r *page.Request) error {
	f, err := p.load(r)
	if err != nil {
		return err
	}
	view, err := p.view(r, f, nil)
	if err != nil {
		return err
	}
	return r.Show(view)
}

func (p Pages) tries(r *page.Request, verb string) {
	r.Tries("branding/"+verb, r.Actor.Place(), journal.Target{Kind: string(r.Place.Kind), ID: r.Place.ID, Name: r.Place.Name})
}

// Save publishes what was typed, or shows what it would look like.
func (p Pages) Save(r *page.Request) error {
	f, err := p.load(r)
	if err != nil {
		return err
	}
	v := r.PostFormValue
	f.typed = branding.Own{Product: v("product_name"), Sender: v("sender_name"), SupportURL: v("support_url"), Logo: f.own.Logo, Colours: branding.Colours{
		AccentLight: v("accent_light"), AccentDark: v("accent_dark"), NavigationLight: v("navigation_light"), NavigationDark: v("navigation_dark")}}
	if v("do") == "preview" {
		clean, err := f.typed.Checked()
		f.typed, f.tried = clean, true
		view, broken := p.view(r, f, err)
		if broken != nil {
			return broken
		}
		if err != nil {
			return r.Again(err, view)
		}
		return r.Show(view)
	}
	p.tries(r, "edit")
	if _, err := p.Branding.Set(r.Context(), r.Actor, r.Place.ID, f.typed, r.Version()); err != nil {
		return p.again(r, f, err)
	}
	return r.Done("/branding", r.T("branding.saved"))
}

func (p Pages) again(r *page.Request, f form, err error) error {
	view, broken := p.view(r, f, err)
	if broken != nil {
		return broken
	}
	return r.Again(err, view)
}

// Logo takes a picture.
func (p Pages) Logo(r *page.Request) error {
	up, err := r.ReadUpload("logo")
	if err != nil {
		return err
	}
	p.tries(r, "edit")
	f, err := p.load(r)
	if err != nil {
		return err
	}
	if _, err := p.Branding.SetLogo(r.Context(), r.Actor, r.Place.ID, up.Data, r.Version()); err != nil {
		return p.again(r, f, err)
	}
	return r.Done("/branding", r.T("branding.logo_saved"))
}

// NoLogo goes back to the logo from above.
func (p Pages) NoLogo(r *page.Request) error {
	p.tries(r, "edit")
	if _, err := p.Branding.RemoveLogo(r.Context(), r.Actor, r.Place.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/branding", r.T("branding.logo_removed"))
}

// GiveHost gives a host to a partner or sub-partner.
func (p Pages) GiveHost(r *page.Request) error {
	p.tries(r, "give_host")
	host, of := r.PostFormValue("host"), r.PostFormValue("tenant")
	_, err := p.Branding.GiveHost(r.Context(), r.Actor, host, of)
	if err == nil {
		return r.Done("/branding", r.T("branding.host_given", "host", host))
	}
	f, broken := p.load(r)
	if broken != nil {
		return broken
	}
	f.host.name, f.host.tenant = host, of
	return p.again(r, f, err)
}

// TakeHost takes a host away.
func (p Pages) TakeHost(r *page.Request) error {
	p.tries(r, "take_host")
	if err := p.Branding.TakeHost(r.Context(), r.Actor, r.PostFormValue("host")); err != nil {
		return err
	}
	return r.Done("/branding", r.T("branding.host_taken", "host", r.PostFormValue("host")))
}

// sellers lists who can be given a host.
func (p Pages) sellers(r *page.Request) ([]ui.Option, error) {
	options := []ui.Option{{Value: "", Label: r.T("branding.choose")}}
	for _, kind := range []access.TenantKind{access.Partner, access.SubPartner} {
		l, err := p.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: kind, State: tenant.Active})
		if err != nil {
			return nil, err
		}
		for _, t := range l.Items {
			options = append(options, ui.Option{Value: t.ID, Label: t.Name})
		}
	}
	return options, nil
}

func (p Pages) view(r *page.Request, f form, err error) (templ.Component, error) {
	may, broken := parts.Here(r, p.Deps)
	if broken != nil {
		return nil, broken
	}
	s := r.Shell(r.T("branding.title"), r.T("branding.lead"))
	holds := f.above.With(f.own)
	shown := holds
	if f.tried {
		shown = f.above.With(f.typed)
		r.Dress(shown)
	}
	state := ui.Badge{Tone: ui.Off, Text: r.T("branding.default")}
	if f.own != (branding.Own{}) {
		state = ui.Badge{Tone: ui.OK, Text: r.T("branding.custom")}
	}
	s.Badge = &state
	faults := ui.FaultsOf(r.Context(), err, "product_name", r.T("branding.product"), "sender_name", r.T("branding.sender"), "support_url", r.T("branding.support"),
		"accent_light", r.T("branding.accent_light"), "accent_dark", r.T("branding.accent_dark"), "navigation_light", r.T("branding.navigation_light"),
		"navigation_dark", r.T("branding.navigation_dark"), "logo", r.T("branding.logo"), "host", r.T("branding.host"), "tenant", r.T("branding.host_of"))
	var body []templ.Component
	if f.tried && err == nil {
		body = append(body, ui.Notice{Tone: ui.Info, Title: r.T("branding.tried"), Text: r.T("branding.tried_text")})
	}
	look := page.LookOf(shown)
	preview := ui.CardOf(r.T("branding.preview"), previews(look))
	if !may.Do(access.SettingsEdit) {
		return ui.Full(s, append(body, preview, p.said(r, holds))...), nil
	}
	body = append(body, ui.GridOf(p.editor(r, f, faults), ui.Stack(preview, p.logo(r, f, holds, faults))))
	hosts, broken := p.hosts(r, f, faults)
	if broken != nil {
		return nil, broken
	}
	return ui.Full(s, append(body, hosts)...), nil
}

// said shows what holds to who cannot change it.
func (p Pages) said(r *page.Request, b branding.Brand) templ.Component {
	of := func(term, value string) ui.Def { return ui.Def{Term: r.T(term), Value: ui.Text(value)} }
	product := b.Product
	if product == "" {
		product = "Linecard"
	}
	return ui.CardOf(r.T("branding.now"), ui.Definitions([]ui.Def{of("branding.product", product), of("branding.sender", b.SenderName()), of("branding.support", b.SupportURL)}))
}

func (p Pages) editor(r *page.Request, f form, faults ui.Faults) templ.Component {
	above := f.above
	if above.Product == "" {
		above.Product = "Linecard"
	}
	product := above.Product
	if f.typed.Product != "" {
		above.Product, above.Sender = f.typed.Product, ""
	}
	hints := above.Colours.Or(branding.Default)
	colour := func(name, value, placeholder string) templ.Component {
		return ui.Input{Name: name, Label: r.T("branding." + name), Value: value, Placeholder: placeholder, Optional: true, Mono: true, Max: 7, Hint: r.T("branding.hint." + name), Fault: faults.For(name)}
	}
	c := f.typed.Colours
	return ui.CardOf("", ui.FormOf(ui.Form{URL: "/branding", Faults: faults, Submit: r.T("branding.publish"), Guard: true, Hidden: []ui.Hidden{page.Versioned(f.version)},
		Extra: []ui.Action{{Label: r.T("branding.try"), How: ui.Submit, Name: "do", Value: "preview"}}},
		ui.Section{Title: r.T("branding.names")},
		ui.Input{Name: "product_name", Label: r.T("branding.product"), Value: f.typed.Product, Placeholder: product, Optional: true, Max: 64, Hint: r.T("branding.product_hint"), Fault: faults.For("product_name")},
		ui.Input{Name: "sender_name", Label: r.T("branding.sender"), Value: f.typed.Sender, Placeholder: above.SenderName(), Optional: true, Max: 64, Hint: r.T("branding.sender_hint"), Fault: faults.For("sender_name")},
		ui.Input{Name: "support_url", Label: r.T("branding.support"), Kind: "url", Value: f.typed.SupportURL, Placeholder: above.SupportURL, Optional: true, Max: 500, Hint: r.T("branding.support_hint"), Fault: faults.For("support_url")},
		ui.Section{Title: r.T("branding.light"), Text: r.T("branding.light_text")},
		colour("accent_light", c.AccentLight, hints.AccentLight), colour("navigation_light", c.NavigationLight, hints.NavigationLight),
		ui.Section{Title: r.T("branding.dark"), Text: r.T("branding.dark_text")},
		colour("accent_dark", c.AccentDark, hints.AccentDark), colour("navigation_dark", c.NavigationDark, hints.NavigationDark)))
}

func (p Pages) logo(r *page.Request, f form, holds branding.Brand, faults ui.Faults) templ.Component {
	var body []templ.Component
	switch {
	case f.own.Logo.Hash != "":
		body = append(body, ui.Para(r.T("branding.logo_own")))
	case holds.Logo.Hash != "":
		body = append(body, ui.Para(r.T("branding.logo_above")))
	default:
		body = append(body, ui.Para(r.T("branding.logo_none")))
	}
	version := []ui.Hidden{page.Versioned(f.version)}
	body = append(body, ui.FormOf(ui.Form{URL: LogoPath, Upload: true, Submit: r.T("branding.logo_set"), Hidden: version},
		ui.Input{Name: "logo", Label: r.T("branding.logo"), Kind: "file", Required: true, Hint: r.T("branding.logo_hint"), Fault: faults.For("logo")}))
	if f.own.Logo.Hash != "" {
		body = append(body, ui.Buttons(ui.Action{Label: r.T("branding.logo_remove"), URL: "/branding/no-logo", How: ui.Post, Hidden: version}))
	}
	return ui.CardOf(r.T("branding.logo"), body...)
}

func (p Pages) hosts(r *page.Request, f form, faults ui.Faults) (templ.Component, error) {
	operator := p.operator(r) && r.Actor.Can(access.PlatformEdit)
	var rows []ui.Row
	for _, h := range f.hosts {
		row := ui.Row{Cells: []templ.Component{ui.Mono(h.Host), ui.Text(h.Name)}}
		if operator {
			row.Actions = []ui.Action{{Label: r.T("branding.host_take"), About: h.Host, URL: "/branding/no-host", How: ui.Post, Hidden: []ui.Hidden{{Name: "host", Value: h.Host}}}}
		}
		rows = append(rows, row)
	}
	body := []templ.Component{ui.Para(r.T("branding.hosts_text"))}
	if len(rows) > 0 {
		body = append(body, ui.Table{Caption: r.T("branding.hosts"), Columns: []ui.Column{{Label: r.T("branding.host")}, {Label: r.T("branding.host_of")}}, Rows: rows})
	}
	if operator {
		options, err := p.sellers(r)
		if err != nil {
			return nil, err
		}
		for i := range options {
			options[i].Selected = options[i].Value == f.host.tenant
		}
		body = append(body, ui.FormOf(ui.Form{URL: "/branding/hosts", Submit: r.T("branding.host_give"), Columns: true},
			ui.Input{Name: "host", Label: r.T("branding.host"), Value: f.host.name, Placeholder: "portal.example.com", Required: true, Max: 253, Mono: true, Fault: faults.For("host")},
			ui.Select{Name: "tenant", Label: r.T("branding.host_of"), Options: options, Required: true, Fault: faults.For("tenant")}))
	}
	return ui.CardOf(r.T("branding.hosts"), body...), nil
}
