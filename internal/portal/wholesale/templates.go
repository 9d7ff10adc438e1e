package wholesale

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Templates lists onboarding templates, with how many customers each has made (WS-96, WS-104).
func (p Pages) Templates(r *page.Request) error {
	l := parts.ListOf(r, "name", "state")
	q := onboard.TemplateQuery{State: onboard.TemplateState(l.Get("state")), Text: l.Text(), Page: l.Page()}
	all, next, err := p.Onboard.Templates(r.Context(), r.Actor, q)
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.templates"), r.T("templates.lead"))
	if r.Way("/templates/new") != "" {
		s.Actions = []ui.Action{{Label: r.T("templates.add"), URL: "/templates/new", Icon: "plus", Style: "primary"}}
	}
	s.Actions = append(s.Actions, ui.Action{Label: r.T("carriers.title"), URL: "/carriers", Icon: "phone"})
	state := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("templates.state.active")}, {Value: string(onboard.Archived), Label: r.T("templates.state.archived"), Selected: q.State == onboard.Archived}}}
	f := l.Filters(l.Search(r.T("templates.search")))
	f.Fields = []templ.Component{state}
	t := ui.Table{ID: "templates", Caption: r.T("nav.templates"), Pager: l.Pager(r, len(all), -1, next), Columns: []ui.Column{l.Column(r.T("organisation.name"), "name"), {Label: r.T("organisation.country")}, {Label: r.T("organisation.locale"), Minor: true},
		{Label: r.T("templates.provisioning_id")}, {Label: r.T("templates.used"), Number: true}},
		Empty: ui.Empty{Icon: "file-text", Title: r.T("templates.none"), Text: r.T("templates.none_text"), Actions: s.Actions[:1]}}
	if l.Filtered() {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("templates.none_found"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	for _, x := range all {
		t.Rows = append(t.Rows, ui.Row{ID: x.ID, Name: x.Name, Dim: x.State == onboard.Archived, Cells: []templ.Component{ui.Two(x.Name, x.BrandName, "/templates/"+x.ID), ui.Text(parts.Country(r.Context(), x.Country)), ui.Text(x.Language), ui.Mono(x.ProvisioningID), parts.Count(r, x.Used)}})
	}
	return r.Show(ui.Full(s, f, t))
}

type pattern struct {
	t   onboard.Template
	may parts.May
	at  string
}

// template gives the template of the address, with what may be done to what belongs to its owner.
func (p Pages) template(r *page.Request, acts ...access.Action) (pattern, error) {
	t, err := p.Onboard.Template(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return pattern{}, err
	}
	may, err := parts.MayFor(r, p.Deps, t.OwnerID)
	for _, act := range acts {
		if err == nil {
			err = access.Decide(r.Actor, act, may.Target())
		}
	}
	return pattern{t, may, "/templates/" + t.ID}, err
}

func (v pattern) frame(r *page.Request, title, lead string) ui.Shell {
	s := r.Shell(title, lead)
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.templates"), URL: "/templates"}}
	if title != v.t.Name && v.t.ID != "" {
		s.Crumbs = append(s.Crumbs, ui.Crumb{Label: v.t.Name, URL: v.at})
	}
	return s
}

func (v pattern) tries(r *page.Request, what string) {
	r.Tries("template/"+what, r.Actor.Place(), journal.Target{Kind: "template", ID: v.t.ID, Name: v.t.Name})
}

// Template is the page of one template with its provisioning id to copy (WS-103).
func (p Pages) Template(r *page.Request) error {
	v, err := p.template(r)
	if err != nil {
		return err
	}
	x := v.t
	s := v.frame(r, x.Name, r.T("templates.show_lead"))
	s.Badge = &ui.Badge{Tone: ui.OK, Text: r.T("templates.state.active")}
	if x.State == onboard.Archived {
		s.Badge = &ui.Badge{Tone: ui.Off, Text: r.T("templates.state.archived")}
	} else {
		if r.Way("/wholesale/new") != "" {
			s.Actions = v.may.Offer(access.CustomerCreate, ui.Action{Label: r.T("wholesale.add"), URL: "/wholesale/new?template=" + url.QueryEscape(x.ProvisioningID), Icon: "plus", Style: "primary"})
		}
		s.Actions = parts.Actions(s.Actions, v.may.Offer(access.TemplateEdit, ui.Action{Label: r.T("action.edit"), URL: v.at + "/edit", Icon: "pencil"}),
			v.may.Offer(access.TemplateEdit, ui.Action{Label: r.T("templates.archive"), URL: v.at + "/archive", How: ui.Confirm}))
	}
	if x.Used == 0 {
		s.Actions = parts.Actions(s.Actions, v.may.Offer(access.TemplateEdit, ui.Action{Label: r.T("action.delete"), URL: v.at + "/delete", How: ui.Confirm, Icon: "trash"}))
	}
	names, err := p.names(r, x)
	if err != nil {
		return err
	}
	id := ui.CardOf(r.T("templates.for_api"), ui.Secret{ID: "provisioning-id", Label: r.T("templates.provisioning_id"), Value: x.ProvisioningID}, ui.Para(r.T("templates.for_api_text")))
	return r.Show(ui.Full(s, ui.GridOf(ui.CardOf(r.T("customers.details"), ui.Definitions(p.facts(r, x, names))), id)))
}

// named is what a template refers to, by name.
type named struct{ admin, carrier string }

func (p Pages) names(r *page.Request, x onboard.Template) (named, error) {
	n := named{admin: x.AdminID}
	if x.CarrierID != "" {
		k, err := p.Onboard.Carrier(r.Context(), r.Actor, x.CarrierID)
		if err != nil {
			return n, err
		}
		n.carrier = k.Name
	}
	people, err := p.admins(r, x.OwnerID)
	for _, a := range people {
		if a.ID == x.AdminID {
			n.admin = a.Name + " · " + a.Email
		}
	}
	return n, err
}

// admins are the people of the owner, for who may see them.
func (p Pages) admins(r *page.Request, ownerID string) ([]account.Account, error) {
	if !r.Actor.Can(access.AccountView) {
		return nil, nil
	}
	all, _, err := p.Accounts.List(r.Context(), r.Actor, ownerID, account.Query{Page: db.Page{Limit: db.MaxLimit}})
	if k := errs.KindOf; err != nil && (k(err) == errs.Forbidden || k(err) == errs.NotFound) {
		return nil, nil
	}
	return all, err
}

func yesNo(r *page.Request, v bool) templ.Component {
	if v {
		return ui.Text(r.T("templates.yes"))
	}
	return ui.Text(r.T("templates.no"))
}

func (p Pages) facts(r *page.Request, x onboard.Template, n named) []ui.Def {
	auth := r.T("templates.auth." + x.Auth)
	if x.EntityID != "" {
		auth += " · " + x.EntityID
	}
	return []ui.Def{{Term: r.T("organisation.country"), Value: ui.Text(parts.Country(r.Context(), x.Country))}, {Term: r.T("organisation.locale"), Value: ui.Text(x.Language)}, {Term: r.T("templates.admin"), Value: parts.Dash(n.admin)},
		{Term: r.T("offer.subscription"), Value: ui.Mono(x.SubscriptionID)}, {Term: r.T("templates.auth"), Value: ui.Text(auth)}, {Term: r.T("templates.carrier"), Value: parts.Dash(n.carrier)},
		{Term: r.T("templates.restrict"), Value: yesNo(r, x.RestrictInvites)}, {Term: r.T("templates.brand"), Value: parts.Dash(x.BrandName)}, {Term: r.T("templates.disable"), Value: yesNo(r, x.DisableCalls)},
		{Term: r.T("templates.used"), Value: parts.Count(r, x.Used)}}
}

// drafting is the wizard of a template, and its form when it is changed.
type drafting struct {
	p        Pages
	typed    url.Values
	carriers []onboard.Carrier
	people   []account.Account
	known    onboard.Template // as stored; zero while it is new
}

func (p Pages) drafting(r *page.Request, typed url.Values, known onboard.Template) (*drafting, error) {
	d := &drafting{p: p, typed: typed, known: known}
	var err error
	if d.carriers, _, err = p.Onboard.Carriers(r.Context(), r.Actor, db.Page{Limit: db.MaxLimit}); err != nil {
		return nil, err
	}
	owner := known.OwnerID
	if owner == "" {
		owner = r.Place.ID
	}
	d.people, err = p.admins(r, owner)
	return d, err
}

// The steps of a template (WS-97 … WS-102).
var templateFields = [][]string{{"name", "country", "language", "admin"}, {"auth", "entity_id"}, {"carrier_id"}, {"restrict_invites", "brand_name", "disable_calls"}, nil}

func (d *drafting) labels(r *page.Request) []string {
	return []string{"name", r.T("organisation.name"), "country", r.T("organisation.country"), "language", r.T("organisation.locale"), "admin", r.T("templates.admin"), "auth", r.T("templates.auth"), "entity_id", r.T("templates.entity"),
		"carrier_id", r.T("templates.carrier"), "brand_name", r.T("templates.brand")}
}

func (d *drafting) fields(r *page.Request, step int, f ui.Faults) []templ.Component {
	v := d.typed.Get
	switch step {
	case 0:
		admin := ui.Select{Name: "admin", Label: r.T("templates.admin"), Hint: r.T("templates.admin_hint"), Fault: f.For("admin")}
		for _, a := range d.people {
			if a.State != account.Disabled {
				admin.Options = append(admin.Options, ui.Option{Value: a.ID, Label: a.Name + " · " + a.Email, Selected: a.ID == v("admin") || v("admin") == "" && a.ID == r.Actor.ID})
			}
		}
		var who templ.Component = admin
		if len(admin.Options) == 0 { // who may not see the people names one by address, and is it itself otherwise
			who = ui.Input{Name: "admin", Label: r.T("templates.admin"), Value: v("admin"), Kind: "email", Required: true, Max: 254, Hint: r.T("templates.admin_hint"), Fault: f.For("admin")}
		}
		language := ui.Select{Name: "language", Label: r.T("organisation.locale"), Hint: r.T("templates.language_hint"), Fault: f.For("language"),
			Options: append([]ui.Option{{Label: r.T("templates.country_language")}}, unchosen(parts.LanguageOptions("-"), v("language"))...)}
		return []templ.Component{ui.Input{Name: "name", Label: r.T("organisation.name"), Value: v("name"), Required: true, Max: 100, Autocomplete: "off", Fault: f.For("name")},
			ui.Select{Name: "country", Label: r.T("organisation.country"), Options: parts.Countries(r.Context(), v("country")), Required: true, Fault: f.For("country")}, language, who}
	case 1:
		c := ui.Choices{Name: "auth", Label: r.T("templates.auth"), One: true, Fault: f.For("auth")}
		for _, a := range []string{onboard.PlatformAuth, onboard.PartnerIDP} {
			c.Options = append(c.Options, ui.Option{Value: a, Label: r.T("templates.auth." + a), Hint: r.T("templates.auth_hint." + a), Selected: a == v("auth") || v("auth") == "" && a == onboard.PlatformAuth})
		}
		return []templ.Component{c, ui.Input{Name: "entity_id", Label: r.T("templates.entity"), Value: v("entity_id"), Optional: true, Mono: true, Max: 1024, Autocomplete: "off", Hint: r.T("templates.entity_hint"), Fault: f.For("entity_id")}}
	case 2:
		s := ui.Select{Name: "carrier_id", Label: r.T("templates.carrier"), Hint: r.T("templates.carrier_hint"), Fault: f.For("carrier_id"), Wide: true, Options: []ui.Option{{Label: r.T("templates.no_carrier")}}}
		for _, k := range d.carriers {
			if k.State == onboard.CarrierActive || k.ID == v("carrier_id") {
				s.Options = append(s.Options, ui.Option{Value: k.ID, Label: k.Name, Selected: k.ID == v("carrier_id")})
			}
		}
		return []templ.Component{s}
	}
	return []templ.Component{ui.Input{Name: "brand_name", Label: r.T("templates.brand"), Value: v("brand_name"), Optional: true, Max: 128, Hint: r.T("templates.brand_hint"), Fault: f.For("brand_name"), Wide: true},
		ui.Switch{Name: "restrict_invites", Label: r.T("templates.restrict"), Hint: r.T("templates.restrict_hint"), On: v("restrict_invites") == "on"},
		ui.Switch{Name: "disable_calls", Label: r.T("templates.disable"), Hint: r.T("templates.disable_hint"), On: v("disable_calls") == "on"}}
}

// wanted is the template as it was typed.
func (d *drafting) wanted(r *page.Request) onboard.NewTemplate {
	v := func(name string) string { return strings.TrimSpace(d.typed.Get(name)) }
	admin := v("admin")
	if admin == "" {
		admin = r.Actor.ID
	}
	n := onboard.NewTemplate{Name: v("name"), Country: v("country"), Language: v("language"), Admin: admin, Auth: v("auth"), EntityID: v("entity_id"), CarrierID: v("carrier_id"),
		Common: onboard.Common{RestrictInvites: v("restrict_invites") == "on", BrandName: v("brand_name"), DisableCalls: v("disable_calls") == "on"}}
	if n.Auth != onboard.PartnerIDP {
		n.EntityID = ""
	}
	return n
}

// AddTemplate begins a template.
func (p Pages) AddTemplate(r *page.Request) error {
	d, err := p.drafting(r, url.Values{"country": {r.Place.Country}}, onboard.Template{})
	if err != nil {
		return err
	}
	return r.Show(d.page(r, 0, nil))
}

// CreateTemplate goes a step on or back; the last one makes the template.
func (p Pages) CreateTemplate(r *page.Request) error {
	d, err := p.drafting(r, r.PostForm, onboard.Template{})
	if err != nil {
		return err
	}
	pattern{}.tries(r, "create")
	from, to, back := parts.WizardAt(r, len(templateFields))
	if back {
		return r.Show(d.page(r, to, nil))
	}
	done := from == len(templateFields)-1 && r.PostFormValue("do") == parts.WizardDone
	ctx := r.Context()
	if !done {
		ctx = db.DryRun(ctx)
	}
	t, err := p.Onboard.CreateTemplate(ctx, r.Actor, d.wanted(r))
	if done {
		if err != nil {
			return r.Again(err, d.page(r, stepOf(err, from), err))
		}
		return r.Done("/templates/"+t.ID, r.T("templates.added", "name", t.Name))
	}
	own := []string{}
	for _, names := range templateFields[:from+1] {
		own = append(own, names...)
	}
	if err = parts.Only(err, own...); err != nil {
		return r.Again(err, d.page(r, from, err))
	}
	return r.Show(d.page(r, to, nil))
}

// stepOf is the first step with a field that was refused, else the present one.
func stepOf(err error, at int) int {
	for i, names := range templateFields {
		for _, f := range errs.As(err).Fields {
			for _, n := range names {
				if f.Name == n {
					return i
				}
			}
		}
	}
	return at
}

func (d *drafting) page(r *page.Request, at int, err error) templ.Component {
	s := pattern{}.frame(r, r.T("templates.add"), r.T("templates.add_lead"))
	w := parts.Wizard{URL: "/templates/new", At: at, Typed: d.typed, Cancel: "/templates", Finish: r.T("templates.create")}
	for i, label := range []string{r.T("templates.step_main"), r.T("templates.auth"), r.T("templates.step_calling"), r.T("templates.step_common"), r.T("wholesale.step_summary")} {
		w.Steps = append(w.Steps, parts.WizardStep{Label: label, Fields: templateFields[i], Show: func(f ui.Faults) []templ.Component { return d.fields(r, i, f) }})
	}
	w.Steps[len(w.Steps)-1].Show = func(ui.Faults) []templ.Component { return d.summary(r, w) }
	return ui.Full(s, w.Show(r, err))
}

// summary shows all settings, each part to be changed (WS-102).
func (d *drafting) summary(r *page.Request, w parts.Wizard) []templ.Component {
	n := d.wanted(r)
	x := onboard.Template{Name: n.Name, Country: n.Country, Language: n.Language, Auth: n.Auth, EntityID: n.EntityID, Common: n.Common}
	if x.Auth == "" {
		x.Auth = onboard.PlatformAuth
	}
	if x.Language == "" {
		x.Language = r.T("templates.country_language")
	}
	names := named{}
	for _, a := range d.people {
		if a.ID == n.Admin {
			names.admin = a.Name + " · " + a.Email
		}
	}
	for _, k := range d.carriers {
		if k.ID == n.CarrierID {
			names.carrier = k.Name
		}
	}
	all := d.p.facts(r, x, names)
	out := []templ.Component{ui.Definitions([]ui.Def{{Term: r.T("organisation.name"), Value: ui.Text(n.Name)}, all[0], all[1], all[2]}), ui.Buttons(w.Change(r, 0)), ui.Subtitle(w.Steps[1].Label), ui.Definitions(all[4:5]), ui.Buttons(w.Change(r, 1)),
		ui.Subtitle(w.Steps[2].Label), ui.Definitions(all[5:6]), ui.Buttons(w.Change(r, 2)), ui.Subtitle(w.Steps[3].Label), ui.Definitions(all[6:9]), ui.Buttons(w.Change(r, 3))}
	if names.carrier == "" {
		out = append(out, ui.Notice{Tone: ui.Info, Text: r.T("templates.no_carrier_text")})
	}
	return out
}

func switchText(v bool) string {
	if v {
		return "on"
	}
	return ""
}

// EditTemplate shows all settings on one page.
func (p Pages) EditTemplate(r *page.Request) error {
	v, err := p.template(r, access.TemplateEdit)
	if err != nil {
		return err
	}
	x := v.t
	typed := url.Values{"name": {x.Name}, "country": {x.Country}, "language": {x.Language}, "admin": {x.AdminID}, "auth": {x.Auth}, "entity_id": {x.EntityID}, "carrier_id": {x.CarrierID},
		"brand_name": {x.BrandName}, "restrict_invites": {switchText(x.RestrictInvites)}, "disable_calls": {switchText(x.DisableCalls)}}
	d, err := p.drafting(r, typed, x)
	if err != nil {
		return err
	}
	return r.Show(d.form(r, v, x.Version, nil))
}

func (d *drafting) form(r *page.Request, v pattern, version int64, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, d.labels(r)...)
	var fields []templ.Component
	for i, title := range []string{r.T("templates.step_main"), r.T("templates.auth"), r.T("templates.step_calling"), r.T("templates.step_common")} {
		fields = append(fields, ui.Section{Title: title})
		fields = append(fields, d.fields(r, i, f)...)
	}
	return ui.Full(v.frame(r, r.T("templates.edit", "name", v.t.Name), r.T("templates.edit_lead")), ui.CardOf("", ui.FormOf(ui.Form{URL: v.at + "/edit", Faults: f, Submit: r.T("form.save"), Cancel: v.at, Guard: true, Columns: true,
		Hidden: []ui.Hidden{page.Versioned(version)}}, fields...)))
}

// SaveTemplate changes it for customers that are made from now on (WS-104).
func (p Pages) SaveTemplate(r *page.Request) error {
	v, err := p.template(r)
	if err != nil {
		return err
	}
	v.tries(r, "edit")
	d, err := p.drafting(r, r.PostForm, v.t)
	if err != nil {
		return err
	}
	n := d.wanted(r)
	in := onboard.TemplatePatch{Name: &n.Name, Country: &n.Country, Language: &n.Language, Admin: &n.Admin, Auth: &n.Auth, EntityID: &n.EntityID, CarrierID: &n.CarrierID, BrandName: &n.BrandName,
		RestrictInvites: &n.RestrictInvites, DisableCalls: &n.DisableCalls, IfVersion: r.Version()}
	if _, err := p.Onboard.EditTemplate(r.Context(), r.Actor, v.t.ID, in); err != nil {
		version := r.Version()
		if errs.KindOf(err) == errs.Stale {
			version = v.t.Version
		}
		return r.Again(err, d.form(r, v, version, err))
	}
	return r.Done(v.at, r.T("templates.saved", "name", n.Name))
}

// AskArchive asks before a template goes out of use.
func (p Pages) AskArchive(r *page.Request) error {
	return p.askTemplate(r, r.T("templates.archive"), r.T("templates.archive_text"), "archive")
}

// AskDelete asks before a template goes that made nobody.
func (p Pages) AskDelete(r *page.Request) error {
	return p.askTemplate(r, r.T("action.delete"), r.T("templates.delete_text"), "delete")
}

func (p Pages) askTemplate(r *page.Request, title, text, what string) error {
	v, err := p.template(r, access.TemplateEdit)
	if err != nil {
		return err
	}
	return r.Show(ui.Full(v.frame(r, title, ""), ui.Question{Title: title + " – " + v.t.Name, Text: text, URL: v.at + "/" + what, Submit: title, Danger: what == "delete", CancelURL: v.at, Hidden: []ui.Hidden{page.Versioned(v.t.Version)}}))
}

// Archive takes a template out of use; what was made with it stays.
func (p Pages) Archive(r *page.Request) error {
	v, err := p.template(r)
	if err != nil {
		return err
	}
	v.tries(r, "archive")
	if _, err := p.Onboard.ArchiveTemplate(r.Context(), r.Actor, v.t.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/templates", r.T("templates.archived", "name", v.t.Name))
}

// Delete removes one.
func (p Pages) Delete(r *page.Request) error {
	v, err := p.template(r)
	if err != nil {
		return err
	}
	v.tries(r, "delete")
	if err := p.Onboard.DeleteTemplate(r.Context(), r.Actor, v.t.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/templates", r.T("users.deleted", "name", v.t.Name))
}
