package wholesale

import (
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Carriers lists who connects calls to the public network (WS-100).
func (p Pages) Carriers(r *page.Request) error {
	l := parts.ListOf(r, "name")
	all, next, err := p.Onboard.Carriers(r.Context(), r.Actor, l.Page())
	if err != nil {
		return err
	}
	s := r.Shell(r.T("carriers.title"), r.T("carriers.lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.templates"), URL: "/templates"}}
	edit := r.Way("/carriers/new") != ""
	if edit {
		s.Actions = []ui.Action{{Label: r.T("carriers.add"), URL: "/carriers/new", Icon: "plus", Style: "primary"}}
	}
	t := ui.Table{ID: "carriers", Caption: r.T("carriers.title"), Pager: l.Pager(r, len(all), -1, next), Columns: []ui.Column{{Label: r.T("organisation.name")}, {Label: r.T("carriers.region")}, {Label: r.T("carriers.numbers")}, {Label: r.T("customer.state")}},
		Empty: ui.Empty{Icon: "phone", Title: r.T("carriers.none"), Text: r.T("carriers.none_text"), Actions: s.Actions}}
	for _, k := range all {
		state := ui.Badge{Tone: ui.OK, Text: r.T("carriers.state.active")}
		if k.State == onboard.CarrierRetired {
			state = ui.Badge{Tone: ui.Off, Text: r.T("carriers.state.retired")}
		}
		row := ui.Row{ID: k.ID, Name: k.Name, Dim: k.State == onboard.CarrierRetired, Cells: []templ.Component{ui.Text(k.Name), parts.Dash(k.Region), ui.Lines(numbersText(k.Numbers.V)), state}}
		if edit {
			row.Actions = []ui.Action{{Label: r.T("action.edit"), URL: "/carriers/" + k.ID + "/edit", Icon: "pencil"}}
		}
		t.Rows = append(t.Rows, row)
	}
	return r.Show(ui.Full(s, t))
}

// numbersText writes a country and its number in each line.
func numbersText(all []catalog.DialInNumber) string {
	var out []string
	for _, n := range all {
		out = append(out, n.Country+" "+n.Number)
	}
	return strings.Join(out, "\n")
}

func readNumbers(text string) []catalog.DialInNumber {
	out := []catalog.DialInNumber{}
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		country, number, _ := strings.Cut(line, " ")
		out = append(out, catalog.DialInNumber{Country: strings.ToUpper(country), Number: strings.ReplaceAll(number, " ", "")})
	}
	return out
}

// carrier is the form as it was typed.
type carrier struct {
	id, name, region, numbers string
	retired                   bool
	version                   int64
}

func readCarrier(r *page.Request) carrier {
	return carrier{r.PathValue("id"), strings.TrimSpace(r.PostFormValue("name")), strings.TrimSpace(r.PostFormValue("region")), r.PostFormValue("numbers"), r.PostFormValue("retired") == "on", r.Version()}
}

func (c carrier) patch() onboard.CarrierPatch {
	numbers, state := readNumbers(c.numbers), onboard.CarrierActive
	if c.retired {
		state = onboard.CarrierRetired
	}
	return onboard.CarrierPatch{Name: &c.name, Region: &c.region, Numbers: &numbers, State: &state, IfVersion: c.version}
}

func carrierPage(r *page.Request, c carrier, err error) templ.Component {
	title, at := r.T("carriers.add"), "/carriers/new"
	if c.id != "" {
		title, at = r.T("carriers.edit"), "/carriers/"+c.id+"/edit"
	}
	s := r.Shell(title, r.T("carriers.edit_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.templates"), URL: "/templates"}, {Label: r.T("carriers.title"), URL: "/carriers"}}
	f := ui.FaultsOf(r.Context(), err, "name", r.T("organisation.name"), "region", r.T("carriers.region"), "numbers", r.T("carriers.numbers"))
	fault := f.For("numbers")
	for _, x := range f.Fields {
		if strings.HasPrefix(x.Name, "numbers[") {
			fault = x.Text
		}
	}
	fields := []templ.Component{ui.Input{Name: "name", Label: r.T("organisation.name"), Value: c.name, Required: true, Max: 128, Autocomplete: "off", Fault: f.For("name")},
		ui.Input{Name: "region", Label: r.T("carriers.region"), Value: c.region, Optional: true, Max: 16, Mono: true, Hint: r.T("carriers.region_hint"), Fault: f.For("region")},
		ui.Area{Name: "numbers", Label: r.T("carriers.numbers"), Value: c.numbers, Rows: 5, Optional: true, Mono: true, Hint: r.T("carriers.numbers_hint"), Fault: fault}}
	if c.id != "" {
		fields = append(fields, ui.Switch{Name: "retired", Label: r.T("carriers.retire"), Hint: r.T("carriers.retire_hint"), On: c.retired})
	}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: at, Faults: f, Submit: r.T("form.save"), Cancel: "/carriers", Guard: true, Narrow: true, Hidden: []ui.Hidden{page.Versioned(c.version)}}, fields...)))
}

func triesCarrier(r *page.Request, what string, c carrier) {
	r.Tries("carrier/"+what, r.Actor.Place(), journal.Target{Kind: "carrier", ID: c.id, Name: c.name})
}

// AddCarrier shows the form of a new carrier.
func (p Pages) AddCarrier(r *page.Request) error { return r.Show(carrierPage(r, carrier{}, nil)) }

// CreateCarrier adds one.
func (p Pages) CreateCarrier(r *page.Request) error {
	c := readCarrier(r)
	triesCarrier(r, "create", c)
	in := c.patch()
	in.State = nil
	if _, err := p.Onboard.AddCarrier(r.Context(), r.Actor, in); err != nil {
		return r.Again(err, carrierPage(r, c, err))
	}
	return r.Done("/carriers", r.T("carriers.saved", "name", c.name))
}

// EditCarrier shows the form of one.
func (p Pages) EditCarrier(r *page.Request) error {
	k, err := p.Onboard.Carrier(r.Context(), r.Actor, r.PathValue("id"))
	if err == nil && !r.Actor.Can(access.PlatformEdit) {
		err = errs.Missing("object")
	}
	if err != nil {
		return err
	}
	return r.Show(carrierPage(r, carrier{k.ID, k.Name, k.Region, numbersText(k.Numbers.V), k.State == onboard.CarrierRetired, k.Version}, nil))
}

// SaveCarrier changes it.
func (p Pages) SaveCarrier(r *page.Request) error {
	c := readCarrier(r)
	triesCarrier(r, "edit", c)
	if _, err := p.Onboard.EditCarrier(r.Context(), r.Actor, c.id, c.patch()); err != nil {
		return r.Again(err, carrierPage(r, c, err))
	}
	return r.Done("/carriers", r.T("carriers.saved", "name", c.name))
}
