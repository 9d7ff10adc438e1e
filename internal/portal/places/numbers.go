package places

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// inPool stands for no location in the filter.
const inPool = "pool"

// Numbers lists the inventory of a customer (WS-110).
func (p Pages) Numbers(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	l := parts.ListOf(r, "number", "location", "state")
	q := subscriber.NumberQuery{Text: digits(l.Text()), LocationID: l.Get("location"), State: l.Get("state"), Page: l.Page()}
	if q.LocationID == inPool {
		q.LocationID, q.Pool = "", true
	}
	all, next, err := p.Subscriber.Numbers(r.Context(), r.Actor, in.Customer.ID, q)
	if err != nil {
		return err
	}
	places, err := parts.Locations(r, p.Deps, in.Customer.ID)
	if err != nil {
		return err
	}
	var ids []string
	for _, n := range all {
		if n.HolderID != "" {
			ids = append(ids, n.HolderID)
		}
	}
	names, err := p.Subscriber.HolderNames(r.Context(), p.DB, ids)
	if err != nil {
		return err
	}
	s := in.Shell(r, r.T("nav.numbers"), r.T("numbers.lead"))
	s.Actions = in.Offer(access.NumberEdit, ui.Action{Label: r.T("numbers.add"), URL: in.URL("/numbers/new"), Icon: "plus", Style: "primary"})
	f := l.Filters(l.Search(r.T("numbers.search")))
	where := parts.LocationOptions(places, r.T("filter.any"), l.Get("location"))
	where = append(where, ui.Option{Value: inPool, Label: r.T("numbers.pool"), Selected: l.Get("location") == inPool})
	state := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []string{"available", "assigned"} {
		state.Options = append(state.Options, ui.Option{Value: v, Label: r.T("numbers.state." + v), Selected: v == l.Get("state")})
	}
	f.Fields = []templ.Component{ui.Select{Name: "location", Label: r.T("users.location"), Compact: true, Options: where}, state}
	t := ui.Table{ID: "numbers", Caption: r.T("nav.numbers"), Pager: l.Pager(r, len(all), -1, next), Columns: []ui.Column{l.Column(r.T("users.number"), "number"), {Label: r.T("users.location")}, {Label: r.T("customer.state")}, {Label: r.T("numbers.holder")}},
		Empty: ui.Empty{Icon: "hash", Title: r.T("numbers.none"), Text: r.T("numbers.none_text"), Actions: s.Actions}}
	if l.Filtered() {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("numbers.none_found"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	for _, n := range all {
		at := in.URL("/numbers/" + n.ID)
		badge := ui.Badge{Tone: ui.OK, Text: r.T("numbers.state." + n.State())}
		if n.HolderID != "" {
			badge.Tone = ui.Neutral
		}
		badges := []ui.Badge{badge}
		if n.Main {
			badges = append(badges, ui.Badge{Tone: ui.Info, Text: r.T("numbers.main")})
		}
		place := parts.LocationName(places, n.LocationID)
		if n.LocationID == "" {
			place = r.T("numbers.pool")
		}
		row := ui.Row{ID: n.ID, Name: n.Number, Cells: []templ.Component{ui.Two(n.Number, "", at), parts.Dash(place), ui.Badges(badges...), holder(r, in, n, names)}}
		if n.HolderID == "" && !n.Main {
			row.Actions = in.Offer(access.NumberEdit, ui.Action{Label: r.T("action.delete"), URL: at + "/delete", How: ui.Confirm, Icon: "trash", Style: "danger"})
		}
		t.Rows = append(t.Rows, row)
	}
	return r.Show(ui.Full(s, in.Tabs(r, "/numbers"), f, t))
}

// digits leaves what people write between digits out of a search.
func digits(s string) string {
	return strings.Map(func(c rune) rune {
		if c == ' ' || c == '-' || c == '(' || c == ')' || c == '/' {
			return -1
		}
		return c
	}, s)
}

// holder names who has a number.
func holder(r *page.Request, in parts.Inside, n subscriber.Number, names map[string]string) templ.Component {
	if n.HolderID == "" {
		return ui.Quiet("–")
	}
	path := "/users/"
	if n.HolderKind == subscriber.Place {
		path = "/workspaces/"
	}
	name := names[n.HolderID]
	if to := r.Way(in.URL(path + n.HolderID)); to != "" {
		return ui.Link(name, to)
	}
	return ui.Text(name)
}

// ranges reads a number or a range in each line: "+44 20 7946 0100 - +44 20 7946 0199".
func ranges(text string) []subscriber.NumberRange {
	var out []subscriber.NumberRange
	for line := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' || c == ',' || c == ';' }) {
		line = strings.ReplaceAll(strings.TrimSpace(line), "–", "-")
		if line == "" {
			continue
		}
		first, last, _ := strings.Cut(line, " - ")
		if last == "" && strings.Contains(line, "-+") {
			first, last, _ = strings.Cut(line, "-")
		}
		out = append(out, subscriber.NumberRange{First: strings.TrimSpace(first), Last: strings.TrimSpace(last)})
	}
	return out
}

func (p Pages) numbersPage(r *page.Request, in parts.Inside, text, location string, err error, log templ.Component) (templ.Component, error) {
	places, faulty := parts.Locations(r, p.Deps, in.Customer.ID)
	if faulty != nil {
		return nil, faulty
	}
	s := in.Shell(r, r.T("numbers.add"), r.T("numbers.add_lead"), ui.Crumb{Label: r.T("nav.numbers"), URL: in.URL("/numbers")})
	f := ui.FaultsOf(r.Context(), err)
	fault := f.For("numbers")
	for i := range f.Fields {
		if strings.HasPrefix(f.Fields[i].Name, "ranges[") {
			n, _ := strconv.Atoi(strings.Trim(strings.TrimPrefix(f.Fields[i].Name, "ranges"), "[]"))
			fault = r.T("numbers.line", "n", n+1) + " " + f.Fields[i].Text
			f.Fields[i].Name, f.Fields[i].Text = "numbers", fault
		}
	}
	return ui.Full(s, log, ui.CardOf("", ui.FormOf(ui.Form{URL: in.URL("/numbers/new"), Faults: f, Submit: r.T("numbers.add"), Cancel: in.URL("/numbers"), Guard: true, Narrow: true},
		ui.Area{Name: "numbers", Label: r.T("nav.numbers"), Value: text, Rows: 8, Required: true, Mono: true, Hint: r.T("numbers.hint"), Fault: fault},
		ui.Select{Name: "location_id", Label: r.T("users.location"), Hint: r.T("numbers.pool_hint"), Options: parts.LocationOptions(places, r.T("numbers.pool"), location), Fault: f.For("location_id")}))), nil
}

// AddNumbers shows the form of new numbers.
func (p Pages) AddNumbers(r *page.Request) error {
	in, err := p.may(r, access.NumberEdit)
	if err != nil {
		return err
	}
	c, err := p.numbersPage(r, in, "", r.URL.Query().Get("location"), nil, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

// shownFaults bounds how many numbers that were not brought a page names.
const shownFaults = 50

// CreateNumbers brings numbers, each for itself; those that could not be brought stay in the form.
func (p Pages) CreateNumbers(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	r.Tries("number/create", in.Customer.Access(), journal.Target{Kind: "customer", ID: in.Customer.ID, Name: in.Customer.Name})
	text, location := r.PostFormValue("numbers"), r.PostFormValue("location_id")
	all, err := p.Subscriber.AddNumbers(r.Context(), r.Actor, in.Customer.ID, subscriber.NewNumbers{LocationID: location, Ranges: ranges(text)})
	if err != nil {
		c, faulty := p.numbersPage(r, in, text, location, err, nil)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	made := 0
	var left []string
	t := ui.Table{ID: "left", Caption: r.T("numbers.left"), Columns: []ui.Column{{Label: r.T("users.number")}, {Label: r.T("import.why")}}}
	for _, x := range all {
		if x.Err == nil {
			made++
			continue
		}
		left = append(left, x.Text)
		if len(t.Rows) < shownFaults {
			t.Rows = append(t.Rows, ui.Row{ID: strconv.Itoa(len(left)), Name: x.Text, Cells: []templ.Component{ui.Mono(x.Text), ui.Text(parts.Told(r, x.Err))}})
		}
	}
	said := ui.N(r.Context(), "numbers.added", made)
	if len(left) == 0 {
		return r.Done(in.URL("/numbers"), said)
	}
	c, err := p.numbersPage(r, in, strings.Join(left, "\n"), location, nil, ui.Stack(ui.Notice{Tone: ui.Warn, Title: said, Text: ui.N(r.Context(), "numbers.not_added", len(left))}, t))
	if err != nil {
		return err
	}
	return r.Show(c)
}

type numbered struct {
	parts.Inside
	n  subscriber.Number
	at string
}

func (p Pages) lookNumber(r *page.Request) (numbered, error) {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return numbered{}, err
	}
	n, err := p.Subscriber.Number(r.Context(), r.Actor, in.Customer.ID, r.PathValue("id"))
	return numbered{in, n, in.URL("/numbers/" + n.ID)}, err
}

func (v numbered) frame(r *page.Request, title, lead string) ui.Shell {
	way := []ui.Crumb{{Label: r.T("nav.numbers"), URL: v.URL("/numbers")}}
	if title != v.n.Number {
		way = append(way, ui.Crumb{Label: v.n.Number, URL: v.at})
	}
	return v.Shell(r, title, lead, way...)
}

// Number is the page of one number: who has it and where it belongs.
func (p Pages) Number(r *page.Request) error {
	v, err := p.lookNumber(r)
	if err != nil {
		return err
	}
	c, err := p.numberPage(r, v, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

func (p Pages) numberPage(r *page.Request, v numbered, err error) (templ.Component, error) {
	places, faulty := parts.Locations(r, p.Deps, v.Customer.ID)
	if faulty != nil {
		return nil, faulty
	}
	names, faulty := p.Subscriber.HolderNames(r.Context(), p.DB, []string{v.n.HolderID})
	if faulty != nil {
		return nil, faulty
	}
	s := v.frame(r, v.n.Number, r.T("numbers.show_lead"))
	s.Badge = &ui.Badge{Tone: ui.OK, Text: r.T("numbers.state." + v.n.State())}
	place := parts.LocationName(places, v.n.LocationID)
	if v.n.LocationID == "" {
		place = r.T("numbers.pool")
	}
	about := ui.CardOf(r.T("customers.details"), ui.Definitions([]ui.Def{{Term: r.T("users.location"), Value: parts.Dash(place)}, {Term: r.T("numbers.holder"), Value: holder(r, v.Inside, v.n, names)},
		{Term: r.T("customer.added"), Value: ui.Text(ui.DateTime(r.Context(), v.n.Created.Time))}}))
	if !v.Do(access.NumberEdit) {
		return ui.Full(s, about), nil
	}
	f := ui.FaultsOf(r.Context(), err)
	var change templ.Component
	if v.n.HolderID == "" {
		s.Actions = v.Offer(access.NumberEdit, ui.Action{Label: r.T("action.delete"), URL: v.at + "/delete", How: ui.Confirm, Icon: "trash"})
		change = ui.Select{Name: "location_id", Label: r.T("users.location"), Options: parts.LocationOptions(places, r.T("numbers.pool"), v.n.LocationID), Fault: f.For("location_id")}
	}
	return ui.Full(s, ui.GridOf(about, ui.CardOf(r.T("numbers.move"), ui.FormOf(ui.Form{URL: v.at, Faults: f, Submit: r.T("form.save"), Hidden: []ui.Hidden{page.Versioned(v.n.Version)}}, change,
		ui.Switch{Name: "main", Label: r.T("numbers.main"), Hint: r.T("numbers.main_hint"), On: v.n.Main})))), nil
}

// SaveNumber moves a number, or makes it the main one of its place.
func (p Pages) SaveNumber(r *page.Request) error {
	v, err := p.lookNumber(r)
	if err != nil {
		return err
	}
	r.Tries("number/edit", v.Customer.Access(), journal.Target{Kind: "number", ID: v.n.ID, Name: v.n.Number})
	main := r.PostFormValue("main") == "on"
	in := subscriber.NumberPatch{Main: &main, IfVersion: r.Version()}
	if at := r.PostFormValue("location_id"); r.PostForm.Has("location_id") {
		in.LocationID = &at
	}
	if _, err := p.Subscriber.EditNumber(r.Context(), r.Actor, v.Customer.ID, v.n.ID, in); err != nil {
		if k := errs.KindOf(err); k != errs.Invalid && k != errs.Conflict {
			return err
		}
		c, faulty := p.numberPage(r, v, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Done(v.at, r.T("numbers.saved", "number", v.n.Number))
}

// AskDeleteNumber asks before a number leaves the inventory.
func (p Pages) AskDeleteNumber(r *page.Request) error {
	v, err := p.lookNumber(r)
	if err == nil {
		err = access.Decide(r.Actor, access.NumberEdit, v.Target())
	}
	if err != nil {
		return err
	}
	return r.Show(ui.Full(v.frame(r, r.T("action.delete"), ""), ui.Question{Title: r.T("users.delete_title", "name", v.n.Number), Text: r.T("numbers.delete_text"), URL: v.at + "/delete", Submit: r.T("action.delete"),
		Danger: true, CancelURL: v.URL("/numbers"), Hidden: []ui.Hidden{page.Versioned(v.n.Version)}}))
}

// DeleteNumber takes it out.
func (p Pages) DeleteNumber(r *page.Request) error {
	v, err := p.lookNumber(r)
	if err != nil {
		return err
	}
	r.Tries("number/delete", v.Customer.Access(), journal.Target{Kind: "number", ID: v.n.ID, Name: v.n.Number})
	if err := p.Subscriber.DeleteNumber(r.Context(), r.Actor, v.Customer.ID, v.n.ID, r.Version()); err != nil {
		return err
	}
	return r.Done(v.URL("/numbers"), r.T("users.deleted", "name", v.n.Number))
}
