// Package mlines owns the pages of managed lines: whose they are, on which phones they ring, where all of them register, and what users
// of a directory get (WS-135, WS-137, decisions 19, 20 and 22).
//
// It must not know how a line reaches a phone: its files change with it, and phones fetch them when they ask next.
package mlines

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// Pages are the pages of managed lines.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	return slices.Concat(
		parts.Both("GET", "/lines", access.LineView, p.List),
		parts.Both("GET", "/lines/new", access.LineEdit, p.Add), parts.Both("POST", "/lines/new", access.LineEdit, p.Create),
		parts.Both("GET", "/lines/{id}", access.LineView, p.Show),
		parts.Both("GET", "/lines/{id}/edit", access.LineEdit, p.Edit), parts.Both("POST", "/lines/{id}/edit", access.LineEdit, p.Save),
		parts.Both("GET", "/lines/{id}/place", access.LineEdit, p.AskPlace), parts.Both("POST", "/lines/{id}/place", access.LineEdit, p.Place),
		parts.Both("GET", "/lines/{id}/take/{device}", access.LineEdit, p.AskTake), parts.Both("POST", "/lines/{id}/take/{device}", access.LineEdit, p.Take),
		parts.Both("GET", "/lines/{id}/rotate", access.LineEdit, p.AskRotate), parts.Both("POST", "/lines/{id}/rotate", access.LineEdit, p.Rotate),
		parts.Both("POST", "/lines/{id}/reveal", access.SecretReveal, p.Reveal),
		parts.Both("GET", "/lines/{id}/delete", access.LineEdit, p.AskDelete), parts.Both("POST", "/lines/{id}/delete", access.LineEdit, p.Delete),
		parts.Both("GET", "/calling", access.LineView, p.Calling), parts.Both("POST", "/calling", access.CallingEdit, p.SaveCalling),
		parts.Both("GET", "/directory", access.UserSync, p.Directory), parts.Both("POST", "/directory", access.UserSync, p.SaveDirectory),
		parts.Both("POST", "/directory/token", access.UserSync, p.DirectoryToken),
	)
}

// Ways is where these pages stand in the navigation of a customer.
var Ways = []page.Way{{Group: "nav.calling", Label: "nav.lines", URL: "/lines", Icon: "phone"}, {Group: "nav.calling", Label: "nav.directory", URL: "/directory", Icon: "refresh"}}

// List shows the managed lines of a customer, or those that need somebody.
func (p Pages) List(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	l := parts.ListOf(r, "created", "show")
	q, yes := subscriber.LineQuery{Page: l.Page()}, true
	switch l.Get("show") {
	case "no_emergency":
		q.NoEmergency = &yes
	case "rotating":
		q.Rotating = &yes
	}
	all, next, err := p.Subscriber.Lines(r.Context(), r.Actor, in.Customer.ID, q)
	if err != nil {
		return err
	}
	calling, _, err := p.Subscriber.CallingOf(r.Context(), r.Actor, in.Customer.ID)
	if err != nil {
		return err
	}
	s := in.Shell(r, r.T("nav.lines"), r.T("mlines.lead"))
	s.Actions = []ui.Action{{Label: r.T("mlines.calling"), URL: in.URL("/calling"), Icon: "server"}}
	show := ui.Select{Name: "show", Label: r.T("mlines.show"), Compact: true, Options: []ui.Option{{Label: r.T("mlines.all")}}}
	for _, v := range []string{"no_emergency", "rotating"} {
		show.Options = append(show.Options, ui.Option{Value: v, Label: r.T("mlines." + v), Selected: v == l.Get("show")})
	}
	f := l.Filters(nil)
	f.Fields = []templ.Component{show}
	t := parts.LineTable(r, in, all, true)
	t.Pager = l.Pager(r, len(all), -1, next)
	if t.Empty = (ui.Empty{Icon: "phone", Title: r.T("mlines.none"), Text: r.T("mlines.none_text")}); l.Filtered() {
		t.Empty = ui.Empty{Icon: "circle-check", Title: r.T("mlines.none_such"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	var missing templ.Component
	if len(calling.Registrars) == 0 && calling.Realm == "" {
		missing = ui.Notice{Tone: ui.Warn, Title: r.T("mlines.no_registrar"), Text: r.T("mlines.no_registrar_text"), Action: &ui.Action{Label: r.T("mlines.calling"), URL: in.URL("/calling")}}
	}
	return r.Show(ui.Full(s, in.Tabs(r, "/lines"), missing, f, t))
}

type view struct {
	parts.Inside
	l  subscriber.Line
	at string
}

func (p Pages) look(r *page.Request, acts ...access.Action) (view, error) {
	in, err := parts.InsideOf(r, p.Deps)
	for _, act := range acts {
		if err == nil {
			err = access.Decide(r.Actor, act, in.Target())
		}
	}
	if err != nil {
		return view{}, err
	}
	l, err := p.Subscriber.Line(r.Context(), r.Actor, in.Customer.ID, r.PathValue("id"))
	return view{in, l, in.URL("/lines/" + l.ID)}, err
}

func (v view) frame(r *page.Request, title, lead string) ui.Shell {
	way := []ui.Crumb{{Label: r.T("nav.lines"), URL: v.URL("/lines")}}
	if name := parts.LineShown(v.l); v.l.ID != "" && title != r.T("mlines.title", "name", name) {
		way = append(way, ui.Crumb{Label: name, URL: v.at})
	}
	return v.Shell(r, title, lead, way...)
}

func (v view) tries(r *page.Request, what string) {
	r.Tries("line/"+what, v.Customer.Access(), journal.Target{Kind: "line", ID: v.l.ID, Name: parts.LineShown(v.l)})
}

// holderURL is the page of who has the line.
func (v view) holderURL() string {
	if v.l.HolderKind == subscriber.Place {
		return v.URL("/workspaces/" + v.l.HolderID)
	}
	return v.URL("/users/" + v.l.HolderID)
}

// Show is the page of one line: where it registers, where it rings, and what an emergency call from it would say.
func (p Pages) Show(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	l := v.l
	s := v.frame(r, r.T("mlines.title", "name", parts.LineShown(l)), r.T("mlines.show_lead"))
	s.Actions = parts.Actions(v.Offer(access.LineEdit, ui.Action{Label: r.T("mlines.place"), URL: v.at + "/place", Icon: "device-landline-phone", Style: "primary"}),
		v.Offer(access.LineEdit, ui.Action{Label: r.T("action.edit"), URL: v.at + "/edit", Icon: "pencil"}))
	if l.NextAuthID == "" {
		s.Actions = parts.Actions(s.Actions, v.Offer(access.LineEdit, ui.Action{Label: r.T("mlines.rotate"), URL: v.at + "/rotate", How: ui.Confirm, Icon: "refresh"}))
	}
	s.Actions = parts.Actions(s.Actions, v.Offer(access.LineEdit, ui.Action{Label: r.T("action.delete"), URL: v.at + "/delete", How: ui.Confirm, Icon: "trash"}))
	var owner templ.Component = ui.Text(l.Name)
	if to := r.Way(v.holderURL()); to != "" {
		owner = ui.Link(l.Name, to)
	}
	auth := []templ.Component{ui.Mono(l.AuthID)}
	if l.NextAuthID != "" {
		auth = append(auth, ui.Para(r.T("mlines.rotating_text", "since", ui.DateTime(r.Context(), l.Rotated.Time), "next", l.NextAuthID)))
	}
	defs := []ui.Def{{Term: r.T("customer.state"), Value: parts.LineState(r, l)}, {Term: r.T("mlines.holder"), Value: owner}, {Term: r.T("mlines.address"), Value: ui.Mono(parts.LineAddress(l))}, {Term: r.T("lines.auth"), Value: ui.Stack(auth...)},
		{Term: r.T("lines.registrar"), Value: parts.Dash(parts.Servers(orServers(l.Registrars, l.Calling.Registrars)))}, {Term: r.T("lines.proxy"), Value: parts.Dash(parts.Servers(orServers(l.Proxies, l.Calling.Proxies)))},
		{Term: r.T("users.reached"), Value: parts.Dash(parts.LineReached(l))}, {Term: r.T("lines.voicemail"), Value: parts.Dash(l.Voicemail)}}
	card := []templ.Component{ui.Definitions(defs)}
	if v.Do(access.SecretReveal) {
		card = append(card, ui.Buttons(ui.Action{Label: r.T("lines.reveal"), URL: v.at + "/reveal", How: ui.Post, Icon: "eye"}), ui.Para(r.T("mlines.reveal_text")))
	}
	emergency, err := p.emergency(r, v)
	if err != nil {
		return err
	}
	phones, err := p.phones(r, v)
	if err != nil {
		return err
	}
	return r.Show(ui.Full(s, ui.GridOf(ui.CardOf(r.T("customers.details"), card...), emergency), ui.Heading(r.T("mlines.phones")), phones))
}

func orServers[T any](own, else_ []T) []T {
	if len(own) > 0 {
		return own
	}
	return else_
}

// emergency says what an emergency call from this line would say about where it comes from (decision 22).
func (p Pages) emergency(r *page.Request, v view) (templ.Component, error) {
	title := r.T("locations.emergency_title")
	if v.l.NoEmergency() {
		return ui.CardOf(title, ui.Notice{Tone: ui.Bad, Title: r.T("mlines.no_emergency"), Text: r.T("mlines.no_emergency_text"), Action: action(r, v.holderURL(), r.T("users.location"))}), nil
	}
	if !v.Do(access.LocationView) {
		return nil, nil
	}
	l, err := p.Subscriber.Location(r.Context(), r.Actor, v.Customer.ID, v.l.LocationID)
	if err != nil {
		return nil, err
	}
	var id templ.Component = ui.Mono(l.EmergencyID)
	if l.EmergencyID == "" {
		id = ui.Badge{Tone: ui.Warn, Text: r.T("locations.no_emergency")}
	}
	return ui.CardOf(title, ui.Definitions([]ui.Def{{Term: r.T("users.location"), Value: ui.Link(l.Name, v.URL("/locations/"+l.ID))}, {Term: r.T("organisation.address"), Value: ui.Text(strings.Join([]string{l.Address.V.Line1, l.Address.V.City}, ", "))},
		{Term: r.T("locations.emergency"), Value: id}}), ui.Para(r.T("locations.emergency_text"))), nil
}

func action(r *page.Request, url, label string) *ui.Action {
	if r.Way(url) == "" {
		return nil
	}
	return &ui.Action{Label: label, URL: url}
}

// phones lists where the line rings.
func (p Pages) phones(r *page.Request, v view) (templ.Component, error) {
	t := ui.Table{ID: "phones", Caption: r.T("mlines.phones"), Columns: []ui.Column{{Label: r.T("devices.name")}, {Label: r.T("devices.mac")}, {Label: r.T("mlines.registration")}},
		Empty: ui.Empty{Icon: "device-landline-phone", Title: r.T("mlines.nowhere"), Text: r.T("mlines.nowhere_text"), Actions: v.Offer(access.LineEdit, ui.Action{Label: r.T("mlines.place"), URL: v.at + "/place", Icon: "plus"})}}
	for _, at := range v.l.Phones {
		d, err := p.Devices.Get(r.Context(), r.Actor, v.Customer.ID, at.DeviceID)
		name, mac := at.DeviceID, "–"
		switch {
		case err == nil:
			name, mac = d.Shown(), d.Identifier()
		case errs.KindOf(err) != errs.Forbidden && errs.KindOf(err) != errs.NotFound:
			return nil, err
		}
		way := ""
		if v.Own() && err == nil {
			way = r.Way("/devices/" + at.DeviceID)
		}
		t.Rows = append(t.Rows, ui.Row{ID: at.DeviceID, Name: name, Cells: []templ.Component{ui.Two(name, "", way), ui.Mono(mac), ui.Text(ui.Number(r.Context(), at.Number))},
			Actions: v.Offer(access.LineEdit, ui.Action{Label: r.T("mlines.take"), URL: v.at + "/take/" + at.DeviceID, How: ui.Confirm, Style: "danger"})})
	}
	return t, nil
}

// AskPlace lets a phone be chosen where the line shall ring.
func (p Pages) AskPlace(r *page.Request) error {
	v, err := p.look(r, access.LineEdit)
	if err != nil {
		return err
	}
	c, err := p.placePage(r, v, "", "", nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

func (p Pages) placePage(r *page.Request, v view, chosen, number string, err error) (templ.Component, error) {
	s := v.frame(r, r.T("mlines.place"), r.T("mlines.place_lead"))
	l := parts.ListOf(r, "name")
	found, faulty := p.Devices.List(r.Context(), r.Actor, v.Customer.ID, device.Query{Text: l.Text(), Page: db.Page{Limit: 50, Sort: "name"}})
	if code := errs.CodeOf(faulty); faulty != nil && errs.KindOf(faulty) == errs.Forbidden {
		return ui.Full(s, ui.Notice{Tone: ui.Warn, Title: r.T("mlines.no_phones"), Text: ui.ErrText(r.Context(), errs.As(faulty)) + " " + map[bool]string{true: r.T("customer.ask_for_authorisation")}[code == "not_authorised_by_customer"]}), nil
	}
	if faulty != nil {
		return nil, faulty
	}
	f := ui.FaultsOf(r.Context(), err, "device_id", r.T("mlines.phone"), "number", r.T("mlines.registration"))
	phones := ui.Choices{Name: "device_id", Label: r.T("mlines.phone"), One: true, Required: true, Fault: f.For("device_id"), Columns: true}
	for _, d := range found.Items {
		if slices.ContainsFunc(v.l.Phones, func(a subscriber.Appearance) bool { return a.DeviceID == d.ID }) {
			continue
		}
		phones.Options = append(phones.Options, ui.Option{Value: d.ID, Label: d.Shown(), Hint: d.KnownModel() + " · " + d.Identifier(), Selected: d.ID == chosen})
	}
	box := l.Filters(l.Search(r.T("mlines.find_phone")))
	box.URL, box.Submit, box.SubmitIcon = v.at+"/place", r.T("search.go"), "search"
	if len(phones.Options) == 0 {
		return ui.Full(s, box, ui.CardOf("", ui.Empty{Icon: "device-landline-phone", Title: r.T("mlines.no_phones"), Text: r.T("mlines.no_phones_text")})), nil
	}
	return ui.Full(s, box, ui.CardOf("", ui.FormOf(ui.Form{URL: v.at + "/place", Faults: f, Submit: r.T("mlines.place"), Cancel: v.at}, phones,
		ui.Input{Name: "number", Label: r.T("mlines.registration"), Kind: "number", Value: number, Optional: true, Hint: r.T("mlines.registration_hint"), Fault: f.For("number")}), ui.Para(r.T("mlines.at_once")))), nil
}

// Place puts it there. The phone's files change at once; it fetches them when it asks next.
func (p Pages) Place(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	v.tries(r, "place")
	chosen, number, n := r.PostFormValue("device_id"), strings.TrimSpace(r.PostFormValue("number")), 0
	if number != "" {
		if n, err = strconv.Atoi(number); err != nil || n < 1 {
			n = -1 // the service names the field
		}
	}
	if chosen == "" {
		err = errs.BadField("device_id", "required", "This field must not be empty.")
	} else {
		_, err = p.Subscriber.PlaceLine(r.Context(), r.Actor, v.Customer.ID, v.l.ID, chosen, n)
	}
	if err != nil {
		c, faulty := p.placePage(r, v, chosen, number, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Done(v.at, r.T("mlines.placed"))
}

// ask shows a question about the line.
func (p Pages) ask(r *page.Request, title string, q func(v view) ui.Question) error {
	v, err := p.look(r, access.LineEdit)
	if err != nil {
		return err
	}
	return r.Show(ui.Full(v.frame(r, title, ""), q(v)))
}

// AskTake asks before the line leaves a phone.
func (p Pages) AskTake(r *page.Request) error {
	return p.ask(r, r.T("mlines.take"), func(v view) ui.Question {
		return ui.Question{Title: r.T("mlines.take_title"), Text: r.T("mlines.take_text"), URL: v.at + "/take/" + r.PathValue("device"), Submit: r.T("mlines.take"), Danger: true, CancelURL: v.at}
	})
}

// Take takes it off that phone.
func (p Pages) Take(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	v.tries(r, "take")
	if _, err := p.Subscriber.RemoveLine(r.Context(), r.Actor, v.Customer.ID, v.l.ID, r.PathValue("device")); err != nil {
		return err
	}
	return r.Done(v.at, r.T("mlines.taken"))
}

// AskRotate says how new credentials reach the phones (decision 20).
func (p Pages) AskRotate(r *page.Request) error {
	return p.ask(r, r.T("mlines.rotate"), func(v view) ui.Question {
		return ui.Question{Title: r.T("mlines.rotate_title", "name", parts.LineShown(v.l)), Text: r.T("mlines.rotate_text"), Consequences: []string{r.T("mlines.rotate_1"), r.T("mlines.rotate_2")},
			URL: v.at + "/rotate", Submit: r.T("mlines.rotate"), CancelURL: v.at, Hidden: []ui.Hidden{page.Versioned(v.l.Version)}}
	})
}

// Rotate begins it.
func (p Pages) Rotate(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	v.tries(r, "rotate")
	if _, err := p.Subscriber.Rotate(r.Context(), r.Actor, v.Customer.ID, v.l.ID, r.Version()); err != nil {
		return err
	}
	return r.Done(v.at, r.T("mlines.rotated"))
}

// Reveal shows the password on this one answer; it is in the log (decision 16).
func (p Pages) Reveal(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	v.tries(r, "reveal")
	user, auth, word, err := p.Subscriber.RevealLine(r.Context(), r.Actor, v.Customer.ID, v.l.ID)
	if err != nil {
		return err
	}
	return r.Show(ui.Full(v.frame(r, r.T("lines.reveal"), ""), ui.CardOf("", ui.Definitions([]ui.Def{{Term: r.T("lines.user"), Value: ui.Mono(user)}, {Term: r.T("lines.auth"), Value: ui.Mono(auth)}}),
		ui.Secret{ID: "password", Label: r.T("account.password"), Value: word.Reveal()}, ui.Para(r.T("files.revealed")), ui.Buttons(ui.Action{Label: r.T("mlines.back"), URL: v.at, Icon: "arrow-left"}))))
}

// AskDelete asks before a line goes for good.
func (p Pages) AskDelete(r *page.Request) error {
	return p.ask(r, r.T("action.delete"), func(v view) ui.Question {
		return ui.Question{Title: r.T("mlines.delete_title", "name", parts.LineShown(v.l)), Text: r.T("mlines.delete_text"), URL: v.at + "/delete", Submit: r.T("action.delete"), Danger: true, CancelURL: v.at,
			Hidden: []ui.Hidden{page.Versioned(v.l.Version)}}
	})
}

// Delete removes it from all its phones.
func (p Pages) Delete(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	v.tries(r, "delete")
	if err := p.Subscriber.DeleteLine(r.Context(), r.Actor, v.Customer.ID, v.l.ID, r.Version()); err != nil {
		return err
	}
	return r.Done(v.URL("/lines"), r.T("lines.deleted"))
}
