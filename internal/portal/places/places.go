// Package places owns the pages of a customer's locations and of its numbers (WS-109, WS-110).
//
// It must not know how numbers are read: room subscriber knows the numbering plans.
package places

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// Pages are the pages of locations and numbers.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	return slices.Concat(
		parts.Both("GET", "/locations", access.LocationView, p.Locations),
		parts.Both("GET", "/locations/new", access.LocationEdit, p.AddLocation), parts.Both("POST", "/locations/new", access.LocationEdit, p.CreateLocation),
		parts.Both("GET", "/locations/{id}", access.LocationView, p.Location),
		parts.Both("GET", "/locations/{id}/edit", access.LocationEdit, p.EditLocation), parts.Both("POST", "/locations/{id}/edit", access.LocationEdit, p.SaveLocation),
		parts.Both("POST", "/locations/{id}/headquarters", access.LocationEdit, p.Headquarters),
		parts.Both("GET", "/locations/{id}/delete", access.LocationEdit, p.AskDeleteLocation), parts.Both("POST", "/locations/{id}/delete", access.LocationEdit, p.DeleteLocation),
		parts.Both("GET", "/numbers", access.NumberView, p.Numbers),
		parts.Both("GET", "/numbers/new", access.NumberEdit, p.AddNumbers), parts.Both("POST", "/numbers/new", access.NumberEdit, p.CreateNumbers),
		parts.Both("GET", "/numbers/{id}", access.NumberView, p.Number), parts.Both("POST", "/numbers/{id}", access.NumberEdit, p.SaveNumber),
		parts.Both("GET", "/numbers/{id}/delete", access.NumberEdit, p.AskDeleteNumber), parts.Both("POST", "/numbers/{id}/delete", access.NumberEdit, p.DeleteNumber),
	)
}

// Ways is where these pages stand in the navigation of a customer.
var Ways = []page.Way{{Group: "nav.calling", Label: "nav.locations", URL: "/locations", Icon: "world"}, {Group: "nav.calling", Label: "nav.numbers", URL: "/numbers", Icon: "hash"}}

// Locations lists the places of a customer, the headquarters marked.
func (p Pages) Locations(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	l := parts.ListOf(r, "name")
	all, next, err := p.Subscriber.Locations(r.Context(), r.Actor, in.Customer.ID, subscriber.LocationQuery{Text: l.Text(), Page: l.Page()})
	if err != nil {
		return err
	}
	s := in.Shell(r, r.T("nav.locations"), r.T("locations.lead"))
	s.Actions = in.Offer(access.LocationEdit, ui.Action{Label: r.T("locations.add"), URL: in.URL("/locations/new"), Icon: "plus", Style: "primary"})
	t := ui.Table{ID: "locations", Caption: r.T("nav.locations"), Pager: l.Pager(r, len(all), -1, next), Columns: []ui.Column{l.Column(r.T("organisation.name"), "name"), {Label: r.T("organisation.address")},
		{Label: r.T("organisation.time_zone"), Minor: true}, {Label: r.T("locations.emergency")}, {Label: r.T("organisation.id"), Minor: true}},
		Empty: ui.Empty{Icon: "world", Title: r.T("locations.none"), Text: r.T("locations.none_text"), Actions: s.Actions}}
	if l.Filtered() {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("users.none_found"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	for _, x := range all {
		name := ui.Two(x.Name, x.ExternalID, in.URL("/locations/"+x.ID))
		if x.Headquarters {
			name = ui.Stack(name, ui.Tag(r.T("locations.headquarters")))
		}
		t.Rows = append(t.Rows, ui.Row{ID: x.ID, Name: x.Name, Cells: []templ.Component{name, ui.Lines(address(r, x.Address.V)), ui.Text(x.TimeZone), emergency(r, x), ui.Mono(x.ID)}})
	}
	return r.Show(ui.Full(s, in.Tabs(r, "/locations"), l.Filters(l.Search(r.T("locations.search"))), t))
}

func address(r *page.Request, a subscriber.Address) string {
	lines := []string{a.Line1, a.Line2, strings.TrimSpace(a.PostalCode + " " + a.City), a.State, parts.Country(r.Context(), a.Country)}
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
}

// emergency says whether an emergency call from here would arrive with a place (decision 22).
func emergency(r *page.Request, x subscriber.Location) templ.Component {
	if x.EmergencyID == "" {
		return ui.Badge{Tone: ui.Warn, Text: r.T("locations.no_emergency")}
	}
	return ui.Mono(x.EmergencyID)
}

type place struct {
	parts.Inside
	l  subscriber.Location
	at string
}

func (p Pages) look(r *page.Request) (place, error) {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return place{}, err
	}
	l, err := p.Subscriber.Location(r.Context(), r.Actor, in.Customer.ID, r.PathValue("id"))
	return place{in, l, in.URL("/locations/" + l.ID)}, err
}

func (v place) frame(r *page.Request, title, lead string) ui.Shell {
	way := []ui.Crumb{{Label: r.T("nav.locations"), URL: v.URL("/locations")}}
	if v.l.ID != "" && title != v.l.Name {
		way = append(way, ui.Crumb{Label: v.l.Name, URL: v.at})
	}
	return v.Shell(r, title, lead, way...)
}

func (v place) tries(r *page.Request, what string) {
	r.Tries("location/"+what, v.Customer.Access(), journal.Target{Kind: "location", ID: v.l.ID, Name: v.l.Name})
}

// Location is the page of one place, with its emergency facts.
func (p Pages) Location(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	x := v.l
	s := v.frame(r, x.Name, r.T("locations.show_lead"))
	if x.Headquarters {
		s.Badge = &ui.Badge{Tone: ui.Info, Text: r.T("locations.headquarters")}
	}
	s.Actions = v.Offer(access.LocationEdit, ui.Action{Label: r.T("action.edit"), URL: v.at + "/edit", Icon: "pencil", Style: "primary"})
	if !x.Headquarters {
		s.Actions = parts.Actions(s.Actions, v.Offer(access.LocationEdit, ui.Action{Label: r.T("locations.make_headquarters"), URL: v.at + "/headquarters", How: ui.Post}))
	}
	s.Actions = parts.Actions(s.Actions, v.Offer(access.LocationEdit, ui.Action{Label: r.T("action.delete"), URL: v.at + "/delete", How: ui.Confirm, Icon: "trash"}))
	about := ui.CardOf(r.T("customers.details"), ui.Definitions([]ui.Def{{Term: r.T("organisation.address"), Value: ui.Lines(address(r, x.Address.V))}, {Term: r.T("organisation.time_zone"), Value: ui.Text(x.TimeZone)},
		{Term: r.T("organisation.locale"), Value: ui.Text(languageName(x.Language))}, {Term: r.T("locations.pstn"), Value: parts.Dash(x.PSTN)}, {Term: r.T("organisation.external_id"), Value: parts.Dash(x.ExternalID)}}),
		ui.Secret{ID: "location-id", Label: r.T("organisation.id"), Value: x.ID})
	facts := []templ.Component{ui.Definitions([]ui.Def{{Term: r.T("locations.emergency"), Value: emergency(r, x)}}), ui.Para(r.T("locations.emergency_text"))}
	if x.EmergencyID == "" {
		facts = append(facts, ui.Notice{Tone: ui.Warn, Title: r.T("locations.no_emergency"), Text: r.T("locations.no_emergency_text")})
	}
	var links []ui.Action
	for _, a := range []ui.Action{{Label: r.T("nav.users"), URL: v.URL("/users?location=" + x.ID), Icon: "user"}, {Label: r.T("nav.numbers"), URL: v.URL("/numbers?location=" + x.ID), Icon: "hash"}} {
		if r.Way(strings.Split(a.URL, "?")[0]) != "" {
			links = append(links, a)
		}
	}
	return r.Show(ui.Full(s, ui.GridOf(about, ui.Pile(ui.CardOf(r.T("locations.emergency_title"), facts...), ui.CardOf(r.T("locations.here"), ui.Buttons(links...))))))
}

func languageName(code string) string {
	for _, l := range catalog.Languages() {
		if l.Code == code || slices.Contains(l.Locales, code) {
			return l.Name + " (" + code + ")"
		}
	}
	return code
}

// form is a location as it was typed.
type form struct {
	name, zone, language, emergency, pstn, external string
	address                                         subscriber.Address
	version                                         int64
}

func formOf(l subscriber.Location) form {
	return form{l.Name, l.TimeZone, l.Language, l.EmergencyID, l.PSTN, l.ExternalID, l.Address.V, l.Version}
}

func readForm(r *page.Request) form {
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	return form{v("name"), v("time_zone"), v("language"), v("emergency_id"), v("pstn"), v("external_id"), parts.ReadAddress(r.PostForm, "address"), r.Version()}
}

func (f form) patch() subscriber.LocationPatch {
	return subscriber.LocationPatch{Name: &f.name, TimeZone: &f.zone, Language: &f.language, EmergencyID: &f.emergency, PSTN: &f.pstn, ExternalID: &f.external, Address: &f.address, IfVersion: f.version}
}

func (p Pages) locationPage(r *page.Request, v place, t form, err error) templ.Component {
	title, lead, url, cancel := r.T("locations.add"), r.T("locations.add_lead"), v.URL("/locations/new"), v.URL("/locations")
	if v.l.ID != "" {
		title, lead, url, cancel = r.T("locations.edit", "name", v.l.Name), r.T("locations.edit_lead"), v.at+"/edit", v.at
	}
	f := ui.FaultsOf(r.Context(), err, append(parts.AddressLabels(r, "address"), "name", r.T("organisation.name"), "time_zone", r.T("organisation.time_zone"), "language", r.T("organisation.locale"), "emergency_id", r.T("locations.emergency"),
		"external_id", r.T("organisation.external_id"), "pstn", r.T("locations.pstn"))...)
	fields := []templ.Component{
		ui.Input{Name: "name", Label: r.T("organisation.name"), Value: t.name, Required: true, Max: 128, Autocomplete: "off", Fault: f.For("name"), Hint: r.Meanwhile(err, t.name, v.l.Name)},
		ui.Input{Name: "external_id", Label: r.T("organisation.external_id"), Value: t.external, Optional: true, Mono: true, Max: 128, Autocomplete: "off", Fault: f.For("external_id")}}
	fields = append(fields, parts.AddressFields(r, "address", t.address, f)...)
	fields = append(fields, ui.Input{Name: "time_zone", Label: r.T("organisation.time_zone"), Value: t.zone, Required: true, Max: 64, Placeholder: "Europe/London", Fault: f.For("time_zone")},
		ui.Select{Name: "language", Label: r.T("organisation.locale"), Hint: r.T("locations.language_hint"), Options: parts.LanguageOptions(t.language), Fault: f.For("language")},
		ui.Input{Name: "emergency_id", Label: r.T("locations.emergency"), Value: t.emergency, Optional: true, Mono: true, Max: 64, Hint: r.T("locations.emergency_hint"), Fault: f.For("emergency_id")},
		ui.Input{Name: "pstn", Label: r.T("locations.pstn"), Value: t.pstn, Optional: true, Max: 128, Hint: r.T("locations.pstn_hint"), Fault: f.For("pstn")})
	return ui.Full(v.frame(r, title, lead), ui.CardOf("", ui.FormOf(ui.Form{URL: url, Faults: f, Submit: r.T("form.save"), Cancel: cancel, Guard: true, Columns: true, Hidden: []ui.Hidden{page.Versioned(t.version)}}, fields...)))
}

// AddLocation shows the form of a new place.
func (p Pages) AddLocation(r *page.Request) error {
	in, err := p.may(r, access.LocationEdit)
	if err != nil {
		return err
	}
	return r.Show(p.locationPage(r, place{Inside: in}, form{zone: in.Customer.TimeZone, address: subscriber.Address{Country: in.Customer.Country}}, nil))
}

// may gives the customer to who may take the action.
func (p Pages) may(r *page.Request, act access.Action) (parts.Inside, error) {
	in, err := parts.InsideOf(r, p.Deps)
	if err == nil {
		err = access.Decide(r.Actor, act, in.Target())
	}
	return in, err
}

// CreateLocation adds a place (WS-109).
func (p Pages) CreateLocation(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	t, v := readForm(r), place{Inside: in}
	v.tries(r, "create")
	l, err := p.Subscriber.CreateLocation(r.Context(), r.Actor, in.Customer.ID, t.patch())
	if err != nil {
		return r.Again(err, p.locationPage(r, v, t, err))
	}
	return r.Done(in.URL("/locations/"+l.ID), r.T("locations.added", "name", l.Name))
}

// EditLocation shows the form of a place.
func (p Pages) EditLocation(r *page.Request) error {
	v, err := p.look(r)
	if err == nil {
		err = access.Decide(r.Actor, access.LocationEdit, v.Target())
	}
	if err != nil {
		return err
	}
	return r.Show(p.locationPage(r, v, formOf(v.l), nil))
}

// SaveLocation changes it.
func (p Pages) SaveLocation(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	v.tries(r, "edit")
	t := readForm(r)
	if _, err := p.Subscriber.EditLocation(r.Context(), r.Actor, v.Customer.ID, v.l.ID, t.patch()); err != nil {
		if errs.KindOf(err) == errs.Stale {
			t.version = v.l.Version
		}
		return r.Again(err, p.locationPage(r, v, t, err))
	}
	return r.Done(v.at, r.T("locations.saved", "name", t.name))
}

// Headquarters makes it the first place of the customer.
func (p Pages) Headquarters(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	v.tries(r, "edit")
	yes := true
	if _, err := p.Subscriber.EditLocation(r.Context(), r.Actor, v.Customer.ID, v.l.ID, subscriber.LocationPatch{Headquarters: &yes}); err != nil {
		return err
	}
	return r.Done(v.at, r.T("locations.saved", "name", v.l.Name))
}

// AskDeleteLocation asks before a place goes.
func (p Pages) AskDeleteLocation(r *page.Request) error {
	v, err := p.look(r)
	if err == nil {
		err = access.Decide(r.Actor, access.LocationEdit, v.Target())
	}
	if err != nil {
		return err
	}
	return r.Show(ui.Full(v.frame(r, r.T("action.delete"), ""), ui.Question{Title: r.T("users.delete_title", "name", v.l.Name), Text: r.T("locations.delete_text"), URL: v.at + "/delete", Submit: r.T("action.delete"),
		Danger: true, CancelURL: v.at, Hidden: []ui.Hidden{page.Versioned(v.l.Version)}}))
}

// DeleteLocation removes an empty place.
func (p Pages) DeleteLocation(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	v.tries(r, "delete")
	if err := p.Subscriber.DeleteLocation(r.Context(), r.Actor, v.Customer.ID, v.l.ID, r.Version()); err != nil {
		return err
	}
	return r.Done(v.URL("/locations"), r.T("users.deleted", "name", v.l.Name))
}
