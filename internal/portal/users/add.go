package users

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// The steps of setting up users (WS-111).
const (
	stepPlaces = iota
	stepPeople
	stepNumbers
	stepReview
	steps
)

// desk is the wizard at work: up to 25 rows (WS-132) with what they can choose from.
type desk struct {
	p      Pages
	in     parts.Inside
	rows   []subscriber.NewUser
	offer  parts.Offer
	places []subscriber.Location
	said   [][]subscriber.Finding // of the review, row by row
}

func field(i int, name string) string { return "users[" + strconv.Itoa(i) + "]." + name }

// Fields of a row: those of the people, and those of the numbers.
var (
	personFields = []string{"first_name", "last_name", "email", "package", "location_id"}
	numberFields = []string{"extension", "number"}
)

func (p Pages) desk(r *page.Request) (*desk, error) {
	in, err := parts.InsideOf(r, p.Deps)
	if err == nil {
		err = access.Decide(r.Actor, access.UserEdit, in.Target())
	}
	if err != nil {
		return nil, err
	}
	d := &desk{p: p, in: in}
	if d.offer, err = parts.OfferOf(r, p.Deps, in.Customer.ID); err != nil {
		return nil, err
	}
	d.places, err = parts.Locations(r, p.Deps, in.Customer.ID)
	for i := range subscriber.MostByHand {
		if !r.PostForm.Has(field(i, "email")) {
			break
		}
		v := func(name string) string { return strings.TrimSpace(r.PostFormValue(field(i, name))) }
		d.rows = append(d.rows, subscriber.NewUser{FirstName: v("first_name"), LastName: v("last_name"), Email: v("email"), Package: v("package"), LocationID: v("location_id"),
			Extension: v("extension"), Number: v("number")})
	}
	return d, err
}

// filled leaves rows out in which nobody is named. One stays.
func (d *desk) filled() {
	kept := d.rows[:0]
	for _, u := range d.rows {
		if u.FirstName+u.LastName+u.Email != "" {
			kept = append(kept, u)
		}
	}
	if d.rows = kept; len(kept) == 0 {
		d.rows = []subscriber.NewUser{{}}
	}
}

// calling says whether the row's package makes calls, so that it needs an extension or a number (WS-117).
func (d *desk) calling(u subscriber.NewUser) bool { return d.offer.Item(u.Package).HasCalling() }

// Add begins with the locations (WS-111).
func (p Pages) Add(r *page.Request) error {
	d, err := p.desk(r)
	if err != nil {
		return err
	}
	d.rows = []subscriber.NewUser{{}}
	if len(d.places) == 1 {
		return d.show(r, stepPeople, nil)
	}
	return d.show(r, stepPlaces, nil)
}

// Create goes a step on or back; the last one creates.
func (p Pages) Create(r *page.Request) error {
	d, err := p.desk(r)
	if err != nil {
		return err
	}
	from, to, back := parts.WizardAt(r, steps)
	switch do := r.PostFormValue("do"); {
	case do == "row":
		if len(d.rows) < subscriber.MostByHand {
			d.rows = append(d.rows, subscriber.NewUser{})
		}
		return d.show(r, stepPeople, nil)
	case from == stepReview && do == parts.WizardDone:
		return d.create(r)
	}
	if len(d.rows) == 0 {
		d.rows = []subscriber.NewUser{{}}
	}
	if from == stepPeople {
		d.filled()
	}
	if !back && from >= stepPeople {
		if err := d.check(r, from); err != nil {
			return d.again(r, from, err)
		}
	}
	if to == stepNumbers && !d.anyCalling() {
		to = stepReview
		if back {
			to = stepPeople
		}
	}
	return d.show(r, to, nil)
}

func (d *desk) anyCalling() bool {
	for _, u := range d.rows {
		if d.calling(u) {
			return true
		}
	}
	return false
}

// check asks the rules about all rows, and gives those faults that belong to fields of the steps so far.
func (d *desk) check(r *page.Request, at int) error {
	var err error
	if d.said, err = d.p.Subscriber.CheckUsers(r.Context(), r.Actor, d.in.Customer.ID, d.rows); err != nil {
		return err
	}
	shown := personFields
	if at >= stepNumbers {
		shown = append(append([]string{}, personFields...), numberFields...)
	}
	var faults []errs.Field
	for i, all := range d.said {
		for _, f := range all {
			name := f.Field
			if name == "display_name" {
				name = "first_name"
			}
			if f.Severity != subscriber.Error || !contains(shown, name) {
				continue
			}
			faults = append(faults, errs.Field{Name: field(i, name), Code: f.Code, Message: f.Message, Params: f.Params})
		}
	}
	return errs.BadFields(faults)
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

func (d *desk) show(r *page.Request, at int, err error) error {
	c, faulty := d.page(r, at, err)
	if faulty != nil {
		return faulty
	}
	return r.Show(c)
}

func (d *desk) again(r *page.Request, at int, err error) error {
	triesAll(r, d.in, "create")
	c, faulty := d.page(r, at, err)
	if faulty != nil {
		return faulty
	}
	return r.Again(err, c)
}

// typed is what all rows hold, as the form sends it.
func (d *desk) typed() url.Values {
	v := url.Values{}
	for i, u := range d.rows {
		for name, text := range map[string]string{"first_name": u.FirstName, "last_name": u.LastName, "email": u.Email, "package": u.Package, "location_id": u.LocationID, "extension": u.Extension, "number": u.Number} {
			v.Set(field(i, name), text)
		}
	}
	return v
}

func (d *desk) names(of []string) []string {
	var out []string
	for i := range d.rows {
		for _, name := range of {
			out = append(out, field(i, name))
		}
	}
	return out
}

func (d *desk) page(r *page.Request, at int, err error) (templ.Component, error) {
	s := d.in.Shell(r, r.T("users.add"), r.T("users.add_lead"), ui.Crumb{Label: r.T("nav.users"), URL: d.in.URL("/users")})
	if len(d.offer.Held(catalog.Base, true)) == 0 {
		return ui.Full(s, ui.CardOf("", ui.Empty{Icon: "list-details", Title: r.T("users.none"), Text: r.T("users.no_packages")})), nil
	}
	if at == stepReview && d.said == nil {
		if faulty := d.check(r, at); faulty != nil && errs.KindOf(faulty) != errs.Invalid {
			return nil, faulty
		}
	}
	free := map[string][]string{}
	if at == stepNumbers && r.Actor.Can(access.NumberView) {
		for _, u := range d.rows {
			place := d.placeOf(u)
			if _, asked := free[place]; asked || place == "" {
				continue
			}
			all, faulty := d.p.free(r, d.in.Customer.ID, place, 100)
			if faulty != nil {
				return nil, faulty
			}
			free[place] = all
		}
	}
	w := parts.Wizard{URL: d.in.URL("/users/new"), At: at, Typed: d.typed(), Cancel: d.in.URL("/users"), Finish: ui.N(r.Context(), "users.create", len(d.rows)), Off: d.bad() == len(d.rows)}
	w.Steps = []parts.WizardStep{
		{Label: r.T("users.step_places"), Show: func(ui.Faults) []templ.Component { return d.placesStep(r) }},
		{Label: r.T("users.step_people"), Fields: d.names(personFields), Show: func(f ui.Faults) []templ.Component { return d.peopleStep(r, f) }},
		{Label: r.T("users.step_numbers"), Fields: d.names(numberFields), Show: func(f ui.Faults) []templ.Component { return d.numbersStep(r, f, free) }},
		{Label: r.T("users.step_review"), Show: func(ui.Faults) []templ.Component { return d.reviewStep(r, w) }},
	}
	return ui.Full(s, w.Show(r, err)), nil
}

// placeOf is the location of a row; the only one when none was chosen (WS-118).
func (d *desk) placeOf(u subscriber.NewUser) string {
	if u.LocationID == "" && len(d.places) == 1 {
		return d.places[0].ID
	}
	return u.LocationID
}

// free gives available numbers of a location, as many as asked for.
func (p Pages) free(r *page.Request, customerID, locationID string, most int) ([]string, error) {
	if locationID == "" || !r.Actor.Can(access.NumberView) {
		return nil, nil
	}
	all, _, err := p.Subscriber.Numbers(r.Context(), r.Actor, customerID, subscriber.NumberQuery{LocationID: locationID, State: "available", Page: db.Page{Limit: most}})
	var out []string
	for _, n := range all {
		if !n.Main {
			out = append(out, n.Number)
		}
	}
	return out, err
}

func (d *desk) placesStep(r *page.Request) []templ.Component {
	t := ui.Table{ID: "places", Caption: r.T("nav.locations"), Columns: []ui.Column{{Label: r.T("organisation.name")}, {Label: r.T("organisation.address")}},
		Empty: ui.Empty{Icon: "world", Title: r.T("locations.none"), Text: r.T("users.places_none")}}
	for _, l := range d.places {
		t.Rows = append(t.Rows, ui.Row{ID: l.ID, Name: l.Name, Cells: []templ.Component{ui.Text(l.Name), ui.Text(l.Address.V.City)}})
	}
	out := []templ.Component{ui.Para(r.T("users.places_text")), t}
	if add := d.in.Offer(access.LocationEdit, ui.Action{Label: r.T("locations.add"), URL: d.in.URL("/locations/new"), Icon: "plus"}); len(add) > 0 {
		out = append(out, ui.Buttons(add...))
	}
	return out
}

func (d *desk) peopleStep(r *page.Request, f ui.Faults) []templ.Component {
	var out []templ.Component
	packs := d.offer.Held(catalog.Base, true)
	for i, u := range d.rows {
		in := func(name, label, value string, max int) ui.Input {
			return ui.Input{Name: field(i, name), Label: label, Value: value, Max: max, Autocomplete: "off", Fault: f.For(field(i, name))}
		}
		mail := in("email", r.T("users.email"), u.Email, 254)
		mail.Kind = "email"
		cells := []templ.Component{in("first_name", r.T("users.first"), u.FirstName, 64), in("last_name", r.T("users.last"), u.LastName, 64), mail,
			ui.Select{Name: field(i, "package"), Label: r.T("users.package"), Options: parts.Options(packs, u.Package), Fault: f.For(field(i, "package"))}}
		if len(d.places) > 1 {
			cells = append(cells, ui.Select{Name: field(i, "location_id"), Label: r.T("users.location"), Options: parts.LocationOptions(d.places, "–", u.LocationID), Fault: f.For(field(i, "location_id"))})
		} else {
			cells = append(cells, ui.Carry(field(i, "location_id"), u.LocationID))
		}
		out = append(out, ui.Line(r.T("users.row", "n", i+1, "most", subscriber.MostByHand), cells...))
	}
	more := ui.Action{Label: r.T("users.another"), How: ui.Submit, Name: "do", Value: "row", Icon: "plus"}
	if len(d.rows) >= subscriber.MostByHand {
		more = parts.Off(more, r.T("users.full"))
	}
	return append(out, ui.Buttons(more))
}

func (d *desk) numbersStep(r *page.Request, f ui.Faults, free map[string][]string) []templ.Component {
	out := []templ.Component{ui.Para(r.T("users.numbers_text"))}
	for i, u := range d.rows {
		if !d.calling(u) {
			out = append(out, ui.Carry(field(i, "extension"), ""), ui.Carry(field(i, "number"), ""))
			continue
		}
		numbers := ui.Select{Name: field(i, "number"), Label: r.T("users.number"), Fault: f.For(field(i, "number")), Options: []ui.Option{{Label: r.T("users.no_number")}}}
		known := u.Number == ""
		for _, n := range free[d.placeOf(u)] {
			numbers.Options = append(numbers.Options, ui.Option{Value: n, Label: n, Selected: n == u.Number})
			known = known || n == u.Number
		}
		if !known {
			numbers.Options = append(numbers.Options, ui.Option{Value: u.Number, Label: u.Number, Selected: true})
		}
		out = append(out, ui.Line(strings.TrimSpace(u.FirstName+" "+u.LastName)+" · "+u.Email,
			ui.Input{Name: field(i, "extension"), Label: r.T("users.extension"), Value: u.Extension, Mono: true, Max: 10, Optional: true, Autocomplete: "off", Fault: f.For(field(i, "extension"))}, numbers))
	}
	return out
}

// bad counts the rows that would be refused.
func (d *desk) bad() int {
	n := 0
	for _, all := range d.said {
		for _, f := range all {
			if f.Severity == subscriber.Error {
				n++
				break
			}
		}
	}
	return n
}

func (d *desk) reviewStep(r *page.Request, w parts.Wizard) []templ.Component {
	t := d.result(r, func(i int) (ui.Badge, templ.Component) {
		badge, says := ui.Badge{Tone: ui.OK, Text: r.T("users.good")}, []templ.Component{}
		for _, f := range d.said[i] {
			if f.Severity == subscriber.Error {
				badge = ui.Badge{Tone: ui.Bad, Text: r.T("users.refused")}
			} else if badge.Tone == ui.OK {
				badge = ui.Badge{Tone: ui.Warn, Text: r.T("users.warned")}
			}
			says = append(says, ui.Para(parts.Says(r, f.Code, f.Message, f.Params)))
		}
		return badge, ui.Stack(says...)
	})
	text := r.T("users.review_text")
	if d.bad() > 0 {
		text = ui.N(r.Context(), "users.review_bad", d.bad())
	}
	return []templ.Component{ui.Para(text), t}
}

// result is the table of all rows with what is to be said about each.
func (d *desk) result(r *page.Request, of func(i int) (ui.Badge, templ.Component)) ui.Table {
	t := ui.Table{ID: "rows", Caption: r.T("users.step_review"), Columns: []ui.Column{{Label: r.T("organisation.name")}, {Label: r.T("users.package")}, {Label: r.T("users.reached")}, {Label: r.T("import.outcome")}}}
	for i, u := range d.rows {
		badge, says := of(i)
		place := parts.LocationName(d.places, d.placeOf(u))
		t.Rows = append(t.Rows, ui.Row{ID: strconv.Itoa(i), Name: u.Email, Cells: []templ.Component{ui.Two(strings.TrimSpace(u.FirstName+" "+u.LastName), u.Email, ""), ui.Two(d.offer.Name(u.Package), place, ""),
			reached(subscriber.Holder{Number: u.Number, Extension: u.Extension}), ui.Stack(ui.Badges(badge), says)}})
	}
	return t
}

// create makes them, each for itself, and shows what became of each. Rows that were refused come back to be mended.
func (d *desk) create(r *page.Request) error {
	triesAll(r, d.in, "create")
	all, err := d.p.Subscriber.CreateUsers(r.Context(), r.Actor, d.in.Customer.ID, d.rows)
	if err != nil {
		return d.again(r, stepReview, err)
	}
	made := 0
	for _, x := range all {
		if x.Err == nil {
			made++
		}
	}
	if made == len(all) {
		return r.Done(d.in.URL("/users"), ui.N(r.Context(), "users.created", made))
	}
	s := d.in.Shell(r, r.T("users.result"), ui.N(r.Context(), "users.created", made)+" "+ui.N(r.Context(), "users.not_created", len(all)-made), ui.Crumb{Label: r.T("nav.users"), URL: d.in.URL("/users")})
	t := d.result(r, func(i int) (ui.Badge, templ.Component) {
		if all[i].Err == nil {
			return ui.Badge{Tone: ui.OK, Text: r.T("import.row.added")}, nil
		}
		return ui.Badge{Tone: ui.Bad, Text: r.T("users.refused")}, ui.Para(parts.Told(r, all[i].Err))
	})
	var left []subscriber.NewUser
	for i, x := range all {
		if x.Err != nil {
			left = append(left, d.rows[i])
		}
	}
	d.rows = left
	mend := ui.Form{URL: d.in.URL("/users/new"), Hidden: []ui.Hidden{{Name: "step", Value: strconv.Itoa(stepReview)}}, Cancel: d.in.URL("/users"),
		Extra: []ui.Action{{Label: r.T("users.mend"), How: ui.Submit, Name: "do", Value: "to-" + strconv.Itoa(stepPeople), Style: "primary"}}}
	for name, v := range d.typed() {
		mend.Hidden = append(mend.Hidden, ui.Hidden{Name: name, Value: v[0]})
	}
	return r.Show(ui.Full(s, t, ui.CardOf("", ui.FormOf(mend))))
}
