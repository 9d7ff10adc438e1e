// Package profiles owns the pages of configuration profiles and of the containers that they are put into.
//
// It must not know what a phone gets in the end: a change of a profile or of a container becomes a plan, which says it.
package profiles

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/profile"
)

// Pages are these pages.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	in := page.Anywhere
	return []page.Route{
		{Pattern: "GET /profiles", In: in, Needs: access.ProfileView, Serve: p.List, Own: true},
		{Pattern: "GET /profiles/new", In: in, Needs: access.ProfileEdit, Serve: p.Add, Own: true},
		{Pattern: "POST /profiles/new", In: in, Needs: access.ProfileEdit, Serve: p.Create, Own: true},
		{Pattern: "GET /profiles/export", In: in, Needs: access.ProfileEdit, Serve: p.Export, Own: true},
		{Pattern: "GET /profiles/{id}", In: in, Needs: access.ProfileView, Serve: p.Show, Own: true},
		{Pattern: "GET /profiles/{id}/edit", In: in, Needs: access.ProfileEdit, Serve: p.Edit, Own: true},
		{Pattern: "POST /profiles/{id}/edit", In: in, Needs: access.ProfileEdit, Serve: p.Save, Own: true},
		{Pattern: "GET /profiles/{id}/name", In: in, Needs: access.ProfileEdit, Serve: p.Name, Own: true},
		{Pattern: "POST /profiles/{id}/name", In: in, Needs: access.ProfileEdit, Serve: p.Rename, Own: true},
		{Pattern: "GET /profiles/{id}/import", In: in, Needs: access.ProfileEdit, Serve: p.AskImport, Own: true},
		{Pattern: "POST /profiles/{id}/import", In: in, Needs: access.ProfileEdit, Serve: p.Import, Own: true},
		{Pattern: "GET /profiles/{id}/copy", In: in, Needs: access.ProfileEdit, Serve: p.AskCopy, Own: true},
		{Pattern: "POST /profiles/{id}/copy", In: in, Needs: access.ProfileEdit, Serve: p.Copy, Own: true},
		{Pattern: "GET /profiles/{id}/export", In: in, Needs: access.ProfileEdit, Serve: p.Export, Own: true},
		{Pattern: "POST /profiles/{id}/reveal", In: in, Needs: access.SecretReveal, Serve: p.Reveal, Own: true},
		{Pattern: "GET /profiles/{id}/delete", In: in, Needs: access.ProfileEdit, Serve: p.AskDelete, Own: true},
		{Pattern: "POST /profiles/{id}/delete", In: in, Needs: access.ProfileEdit, Serve: p.Delete, Own: true},
		{Pattern: "GET /deployment", In: in, Needs: access.ProfileView, Serve: p.Deployment, Own: true},
		{Pattern: "GET /deployment/{kind}/{key}", In: in, Needs: access.ProfileView, Serve: p.Container, Own: true},
		{Pattern: "POST /deployment/{kind}/{key}", In: in, Needs: access.ProfileEdit, Serve: p.SetContainer, Own: true},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Group: "nav.configuration", Label: "nav.profiles", URL: "/profiles", Icon: "adjustments"}, {Group: "nav.configuration", Label: "nav.deployment", URL: "/deployment", Icon: "list-details"}}

func crumbs(r *page.Request) []ui.Crumb {
	return []ui.Crumb{{Label: r.T("nav.profiles"), URL: "/profiles"}}
}

func below(r *page.Request, x profile.Profile, title, lead string) ui.Shell {
	s := r.Shell(title, lead)
	s.Crumbs = append(crumbs(r), ui.Crumb{Label: x.Name, URL: "/profiles/" + x.ID})
	return s
}

func tries(r *page.Request, what string, x profile.Profile) {
	r.Tries("profile/"+what, r.Actor.Place(), journal.Target{Kind: "profile", ID: x.ID, Name: x.Name})
}

// own says whether the profile is the organisation's own and made by people, so that it can be changed here.
func own(r *page.Request, x profile.Profile) bool {
	return x.TenantID == r.Actor.Place().ID && !x.Builtin && (x.Type == profile.User || x.Type == profile.Platform)
}

func typeBadge(r *page.Request, x profile.Profile) ui.Badge {
	b := ui.Badge{Text: r.T("profiles.type." + string(x.Type))}
	if x.Template() {
		b = ui.Badge{Tone: ui.Info, Text: r.T("profiles.template")}
	}
	return b
}

// List shows the profiles of the organisation and those of the organisations above it.
func (p Pages) List(r *page.Request) error {
	l := parts.ListOf(r, "name", "mode", "type", "own")
	q := profile.Query{Text: l.Text(), Own: l.Get("own") != "", Page: l.Page()}
	if m := l.Get("mode"); m != "" {
		q.Modes = []string{m}
	}
	if t := l.Get("type"); t != "" {
		q.Types = []profile.Type{profile.Type(t)}
	}
	found, err := p.Profiles.List(r.Context(), r.Actor, parts.Place(r), q)
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.profiles"), r.T("profiles.lead"))
	add := may.Offer(access.ProfileEdit, ui.Action{Label: r.T("profiles.add"), URL: "/profiles/new", Icon: "plus", Style: "primary"})
	s.Actions = parts.Actions(add, may.Offer(access.ProfileEdit, ui.Action{Label: r.T("profiles.export"), URL: "/profiles/export", Icon: "download"}))
	f := l.Filters(l.Search(r.T("profiles.search")))
	mode := ui.Select{Name: "mode", Label: r.T("profiles.mode"), Compact: true, Options: append([]ui.Option{{Label: r.T("filter.any")}}, p.modes(r, l.Get("mode"))...)}
	types := ui.Select{Name: "type", Label: r.T("profiles.type"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, t := range profile.Types {
		types.Options = append(types.Options, ui.Option{Value: string(t), Label: r.T("profiles.type." + string(t)), Selected: string(t) == l.Get("type")})
	}
	f.Fields = []templ.Component{mode, types, ui.Select{Name: "own", Label: r.T("profiles.whose"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}, {Value: "1", Label: r.T("profiles.own"), Selected: q.Own}}}}
	t := ui.Table{ID: "profiles", Caption: r.T("nav.profiles"), Pager: l.Pager(r, len(found.Items), found.Total, found.Next),
		Columns: []ui.Column{l.Column(r.T("devices.name"), "name"), l.Column(r.T("profiles.mode"), "mode"), l.Column(r.T("profiles.type"), "type"), {Label: r.T("profiles.values"), Number: true, Minor: true}, l.Column(r.T("profiles.updated"), "-updated")},
		Empty:   ui.Empty{Icon: "adjustments", Title: r.T("profiles.none"), Text: r.T("profiles.none_text"), Actions: add}}
	for _, x := range found.Items {
		row := ui.Row{ID: x.ID, Name: x.Name, Cells: []templ.Component{ui.Two(x.Name, x.Description, "/profiles/"+x.ID), ui.Text(r.T("profiles.mode." + x.Mode)), typeBadge(r, x), ui.Text(ui.Number(r.Context(), len(x.Attributes))),
			ui.Two(ui.Date(r.Context(), x.Updated.Time), x.ModifiedBy, "")}}
		if may.Do(access.ProfileEdit) {
			if own(r, x) {
				row.Actions = append(row.Actions, ui.Action{Label: r.T("action.edit"), URL: "/profiles/" + x.ID + "/edit", Icon: "pencil"})
			}
			if x.Type != profile.Imported && x.Type != profile.Software {
				row.Actions = append(row.Actions, ui.Action{Label: r.T("profiles.copy"), URL: "/profiles/" + x.ID + "/copy", How: ui.Confirm, Icon: "copy"})
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return r.Show(ui.Full(s, f, t))
}

func (p Pages) modes(r *page.Request, chosen string) []ui.Option {
	var out []ui.Option
	for _, m := range profile.Modes {
		out = append(out, ui.Option{Value: m, Label: r.T("profiles.mode." + m), Selected: m == chosen})
	}
	return out
}

func (p Pages) one(r *page.Request) (profile.Profile, error) {
	return p.Profiles.Get(r.Context(), r.Actor, parts.Place(r), r.PathValue("id"))
}

// Show is the page of one profile: its values, what the dictionaries think of them, and where it is.
func (p Pages) Show(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	return p.show(r, x, nil)
}

func (p Pages) show(r *page.Request, x profile.Profile, clear map[string]string) error {
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	s := r.Shell(x.Name, x.Description)
	s.Crumbs = crumbs(r)
	b := typeBadge(r, x)
	s.Badge = &b
	at := "/profiles/" + x.ID
	edit := func(a ui.Action) []ui.Action { return may.Offer(access.ProfileEdit, a) }
	if own(r, x) {
		s.Actions = parts.Actions(edit(ui.Action{Label: r.T("profiles.edit"), URL: at + "/edit", Icon: "pencil", Style: "primary"}), edit(ui.Action{Label: r.T("profiles.import"), URL: at + "/import", Icon: "upload"}),
			edit(ui.Action{Label: r.T("profiles.rename"), URL: at + "/name"}))
	}
	if x.Type != profile.Imported && x.Type != profile.Software {
		s.Actions = append(s.Actions, edit(ui.Action{Label: r.T("profiles.copy"), URL: at + "/copy", How: ui.Confirm, Icon: "copy"})...)
	}
	if own(r, x) {
		s.Actions = parts.Actions(s.Actions, edit(ui.Action{Label: r.T("profiles.export"), URL: at + "/export", Icon: "download"}), edit(ui.Action{Label: r.T("action.delete"), URL: at + "/delete", How: ui.Confirm, Icon: "trash"}))
	}
	findings, err := p.Profiles.Review(r.Context(), p.DB, x)
	if err != nil {
		return err
	}
	var found templ.Component
	if len(findings) > 0 {
		var points []string
		for _, f := range findings {
			if len(points) < 30 {
				points = append(points, f.Name+": "+findingText(r, f))
			}
		}
		found = ui.CardOf(ui.N(r.Context(), "profiles.findings", len(findings)), ui.Points(points...))
	}
	l := parts.ListOf(r, "")
	t := ui.Table{ID: "values", Caption: r.T("profiles.values"), Columns: []ui.Column{{Label: r.T("effective.name")}, {Label: r.T("effective.value")}},
		Empty: ui.Empty{Icon: "adjustments", Title: r.T("profiles.no_values")}}
	hidden := false
	for _, a := range x.Attributes {
		if len(t.Rows) >= mostShown || !strings.Contains(strings.ToLower(a.Name), strings.ToLower(l.Text())) {
			continue
		}
		value := a.Value
		if a.File != "" {
			value = r.T("profiles.linked")
		}
		if a.Secret {
			hidden = true
			if v, ok := clear[a.Name]; ok {
				value = v
			}
		}
		t.Rows = append(t.Rows, ui.Row{ID: a.Name, Name: a.Name, Cells: []templ.Component{ui.Mono(a.Name), ui.Mono(value)}})
	}
	var note templ.Component = ui.Note(ui.N(r.Context(), "effective.count", len(x.Attributes)))
	if len(x.Attributes) > mostShown {
		note = ui.Note(r.T("effective.more", "n", len(t.Rows), "total", len(x.Attributes)))
	}
	var reveal templ.Component
	if hidden && clear == nil && x.TenantID == r.Actor.Place().ID {
		if a := may.Offer(access.SecretReveal, ui.Action{Label: r.T("files.reveal"), URL: at + "/reveal", How: ui.Post, Icon: "eye"}); len(a) > 0 {
			reveal = ui.Buttons(a...)
		}
	}
	if clear != nil {
		reveal = ui.Note(r.T("files.revealed"))
	}
	used, err := p.usage(r, x)
	if err != nil {
		return err
	}
	box := l.Filters(l.Search(r.T("effective.search")))
	return r.Show(ui.Full(s, found, box, note, t, reveal, used))
}

// mostShown bounds how many values a page shows; the filter finds the others.
const mostShown = 200

func findingText(r *page.Request, f profile.Finding) string {
	if text, ok := ui.Lookup(r.Context(), "finding."+f.Code); ok {
		return text
	}
	return f.Message
}

// usage says in which containers the profile stands (DM-153).
func (p Pages) usage(r *page.Request, x profile.Profile) (templ.Component, error) {
	keys, total, err := p.Profiles.Usage(r.Context(), r.Actor, parts.Place(r), x.ID)
	if err != nil {
		return nil, err
	}
	t := ui.Table{ID: "usage", Caption: r.T("profiles.used"), Columns: []ui.Column{{Label: r.T("deployment.container")}}, Empty: ui.Empty{Icon: "list-details", Title: r.T("profiles.unused")}}
	for _, k := range keys {
		way := ""
		if k.TenantID == r.Actor.Place().ID {
			way = address(k.Kind, k.Key)
		}
		t.Rows = append(t.Rows, ui.Row{ID: string(k.Kind) + k.Key, Cells: []templ.Component{ui.Two(r.T("container."+string(k.Kind)), p.keyName(r, k), way)}})
	}
	return ui.Stack(ui.Heading(r.T("profiles.used")), ui.Note(ui.N(r.Context(), "profiles.used_in", int(total))), t), nil
}

// Reveal shows the secrets of a profile, on an answer that nobody keeps; it is in the log (decision 16).
func (p Pages) Reveal(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "reveal", x)
	clear, err := p.Profiles.Reveal(r.Context(), r.Actor, parts.Place(r), x.ID)
	if err != nil {
		return err
	}
	return p.show(r, x, clear)
}

// Add shows the empty form.
func (p Pages) Add(r *page.Request) error {
	return r.Show(p.namePage(r, profile.Profile{}, profile.Profile{}, nil))
}

func (p Pages) namePage(r *page.Request, now, typed profile.Profile, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "name", r.T("devices.name"), "description", r.T("devices.description"), "mode", r.T("profiles.mode"))
	form := ui.Form{URL: "/profiles/new", Faults: f, Submit: r.T("profiles.add"), Cancel: "/profiles", Guard: true, Narrow: true}
	fields := []templ.Component{ui.Input{Name: "name", Label: r.T("devices.name"), Value: typed.Name, Required: true, Max: 128, Autocomplete: "off", Hint: r.T("devices.name_hint"), Fault: f.For("name")},
		ui.Input{Name: "description", Label: r.T("devices.description"), Value: typed.Description, Optional: true, Max: 1024, Autocomplete: "off", Fault: f.For("description")}}
	if now.ID == "" {
		s := r.Shell(r.T("profiles.add"), r.T("profiles.add_lead"))
		s.Crumbs = crumbs(r)
		fields = append(fields, ui.Select{Name: "mode", Label: r.T("profiles.mode"), Options: p.modes(r, typed.Mode), Hint: r.T("profiles.mode_hint"), Fault: f.For("mode")})
		return ui.Full(s, ui.CardOf("", ui.FormOf(form, fields...)))
	}
	form.URL, form.Submit, form.Cancel, form.Hidden = "/profiles/"+now.ID+"/name", r.T("form.save"), "/profiles/"+now.ID, []ui.Hidden{page.Versioned(now.Version)}
	return ui.Full(below(r, now, r.T("profiles.rename"), ""), ui.CardOf("", ui.FormOf(form, fields...)))
}

// Create adds a profile; nothing changes on phones before it is deployed.
func (p Pages) Create(r *page.Request) error {
	t := profile.Profile{Name: r.PostFormValue("name"), Description: r.PostFormValue("description"), Mode: r.PostFormValue("mode")}
	tries(r, "create", t)
	x, _, err := p.Profiles.Create(r.Context(), r.Actor, parts.Place(r), profile.New{Name: t.Name, Description: t.Description, Mode: t.Mode})
	if err != nil {
		return r.Again(err, p.namePage(r, profile.Profile{}, t, err))
	}
	return r.Done("/profiles/"+x.ID+"/edit", r.T("devices.added", "name", x.Name))
}

// Name shows the form of name and description, which phones do not see.
func (p Pages) Name(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	return r.Show(p.namePage(r, x, x, nil))
}

// Rename changes them.
func (p Pages) Rename(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "edit", x)
	t := profile.Profile{Name: r.PostFormValue("name"), Description: r.PostFormValue("description")}
	if _, _, err := p.Profiles.Edit(r.Context(), r.Actor, parts.Place(r), x.ID, profile.Patch{Name: &t.Name, Description: &t.Description, IfVersion: r.Version()}); err != nil {
		return r.Again(err, p.namePage(r, x, t, err))
	}
	return r.Done("/profiles/"+x.ID, r.T("customers.saved", "name", t.Name))
}

// AskCopy asks how the copy shall be called.
func (p Pages) AskCopy(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	return r.Show(copyPage(r, x, "", nil))
}

func copyPage(r *page.Request, x profile.Profile, name string, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err)
	fault := f.For("name")
	if fault == "" {
		fault = f.Text
	}
	return ui.Full(below(r, x, r.T("profiles.copy"), ""), ui.Question{Title: r.T("profiles.copy_title", "name", x.Name), Text: r.T("profiles.copy_text"), URL: "/profiles/" + x.ID + "/copy", Submit: r.T("profiles.copy"), CancelURL: "/profiles/" + x.ID,
		Inputs: []templ.Component{ui.Input{Name: "name", Label: r.T("devices.name"), Value: name, Optional: true, Max: 128, Autocomplete: "off", Hint: r.T("profiles.copy_hint"), Fault: fault}}})
}

// Copy makes a profile of the organisation's own (DM-152).
func (p Pages) Copy(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "copy", x)
	made, _, err := p.Profiles.Copy(r.Context(), r.Actor, parts.Place(r), x.ID, profile.Twin{Name: r.PostFormValue("name")})
	if err != nil {
		return r.Again(err, copyPage(r, x, r.PostFormValue("name"), err))
	}
	return r.Done("/profiles/"+made.ID, r.T("devices.added", "name", made.Name))
}

// Export gives one profile, or all that people made, without secrets (DM-154).
func (p Pages) Export(r *page.Request) error {
	b, err := p.Profiles.Export(r.Context(), r.Actor, parts.Place(r), r.PathValue("id"), false)
	if errs.KindOf(err) == errs.NotFound && r.PathValue("id") == "" {
		r.Flash(ui.Info, r.T("profiles.none_to_export"))
		return r.Redirect("/profiles")
	}
	if err != nil {
		return err
	}
	h := r.W.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="profiles.zip"`)
	h.Set("Cache-Control", "no-store")
	r.W.WriteHeader(http.StatusOK)
	_, err = r.W.Write(b)
	return err
}

// AskDelete asks before a profile goes and names the containers that lose it.
func (p Pages) AskDelete(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	keys, total, err := p.Profiles.Usage(r.Context(), r.Actor, parts.Place(r), x.ID)
	if err != nil {
		return err
	}
	q := ui.Question{Title: r.T("devices.delete_title", "name", x.Name), Text: ui.N(r.Context(), "profiles.delete_text", int(total)), URL: "/profiles/" + x.ID + "/delete", Submit: r.T("action.delete"), Danger: true, CancelURL: "/profiles/" + x.ID,
		Hidden: []ui.Hidden{page.Versioned(x.Version)}}
	for i, k := range keys {
		if i < 10 {
			q.Consequences = append(q.Consequences, r.T("container."+string(k.Kind))+" "+p.keyName(r, k))
		}
	}
	return r.Show(ui.Full(below(r, x, r.T("action.delete"), ""), q))
}

// Delete removes a profile with all its associations (DM-153).
func (p Pages) Delete(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "delete", x)
	if err := p.Profiles.Delete(r.Context(), r.Actor, parts.Place(r), x.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/profiles", r.T("devices.deleted", "name", x.Name))
}
