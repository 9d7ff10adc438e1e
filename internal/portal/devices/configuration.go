package devices

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// mostValues bounds how many values one page shows; the filter finds the others.
const mostValues = 150

// Configuration shows what the phone gets, value by value, with the origin of each and what it overrules (DM-163).
func (p Pages) Configuration(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	e, err := p.Plans.Effective(r.Context(), r.Actor, v.d.CustomerID, v.d.ID)
	if err != nil {
		return err
	}
	l := parts.ListOf(r, "", "from")
	origin := ui.Select{Name: "from", Label: r.T("effective.from"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, c := range []config.Container{config.OnPhone, config.Enforced, config.Identity, config.OfDevice, config.OfLine, config.OfSite, config.OfModel, config.OfGroup, config.Global, config.Defaults, config.OfMaker} {
		origin.Options = append(origin.Options, ui.Option{Value: string(c), Label: r.T("container." + string(c)), Selected: l.Get("from") == string(c)})
	}
	f := l.Filters(l.Search(r.T("effective.search")))
	f.Fields = []templ.Component{origin}
	values := slices.DeleteFunc(e.Values, func(x config.Value) bool {
		return !strings.Contains(strings.ToLower(x.Name), strings.ToLower(l.Text())) || l.Get("from") != "" && string(x.Container) != l.Get("from")
	})
	note := ui.N(r.Context(), "effective.count", len(values))
	if len(values) > mostValues {
		note = r.T("effective.more", "n", mostValues, "total", len(values))
		values = values[:mostValues]
	}
	names := p.profileNames(r, values)
	t := ui.Table{ID: "values", Caption: r.T("phone.tab.configuration"),
		Columns: []ui.Column{{Label: r.T("effective.name")}, {Label: r.T("effective.value")}, {Label: r.T("effective.from")}, {Label: r.T("effective.over")}},
		Empty:   ui.Empty{Icon: "search", Title: r.T("effective.none"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: v.at + "/configuration"}}}}
	for _, x := range values {
		over := []templ.Component{}
		for _, o := range x.Overruled {
			over = append(over, ui.Coded(shown(o.Value), origins(r, o.Origin, names)))
		}
		if len(over) == 0 {
			over = []templ.Component{ui.Quiet("–")}
		}
		t.Rows = append(t.Rows, ui.Row{ID: x.Name, Name: x.Name, Cells: []templ.Component{ui.Mono(x.Name), ui.Mono(shown(x.Value)), ui.Two(r.T("container."+string(x.Container)), names[x.ProfileID], profileWay(r, x.ProfileID)), ui.Stack(over...)}})
	}
	return v.tabbed(r, "/configuration", trial(r, e.Trial), misfits(r, e.Misfits), p.softwareCard(r, e), f, ui.Note(note), t)
}

// shown is the value as letters; an empty one is said.
func shown(s string) string {
	if s == "" {
		return "\"\""
	}
	return s
}

func origins(r *page.Request, o config.Origin, names map[string]string) string {
	text := r.T("container." + string(o.Container))
	if n := names[o.ProfileID]; n != "" {
		text += " · " + n
	}
	return text
}

func profileWay(r *page.Request, id string) string {
	if id == "" || !r.Actor.Can(access.ProfileView) {
		return ""
	}
	return "/profiles/" + id
}

// profileNames names the profiles of these values; one that cannot be read is absent.
func (p Pages) profileNames(r *page.Request, values []config.Value) map[string]string {
	names := map[string]string{}
	ask := func(id string) {
		if _, known := names[id]; known || id == "" {
			return
		}
		names[id] = ""
		if x, err := p.Profiles.Get(r.Context(), r.Actor, parts.Place(r), id); err == nil {
			names[id] = x.Name
		}
	}
	for _, v := range values {
		ask(v.ProfileID)
		for _, o := range v.Overruled {
			ask(o.ProfileID)
		}
	}
	return names
}

func trial(r *page.Request, plan string) templ.Component {
	if plan == "" {
		return nil
	}
	return ui.Notice{Tone: ui.Info, Title: r.T("effective.trial"), Text: r.T("effective.trial_text"), Action: &ui.Action{Label: r.T("effective.trial_plan"), URL: "/plans/" + plan}}
}

func misfits(r *page.Request, all []phone.Misfit) templ.Component {
	if len(all) == 0 {
		return nil
	}
	var points []string
	for _, m := range all {
		what := r.T("phone.line_n", "n", m.Line)
		if m.Key != (phone.Key{}) {
			what = r.T("keys.place", "page", m.Key.Page, "n", m.Key.Position)
		}
		points = append(points, what+": "+misfitText(r, m))
	}
	return ui.CardOf(r.T("phone.misfits"), ui.Points(points...))
}

func misfitText(r *page.Request, m phone.Misfit) string {
	if text, ok := ui.Lookup(r.Context(), "misfit."+m.Code); ok {
		return text
	}
	return m.Reason
}

func (p Pages) softwareCard(r *page.Request, e config.Effective) templ.Component {
	if e.Software.State == "" || e.Software.State == "none" {
		return nil
	}
	defs := []ui.Def{{Term: r.T("customer.state"), Value: ui.Text(r.T("software.state." + string(e.Software.State)))}, {Term: r.T("software.version"), Value: mono(e.Software.Image.Version)},
		{Term: r.T("software.target"), Value: mono(e.Software.Target)}, {Term: r.T("software.path"), Value: mono(e.Software.Path)}}
	return ui.CardOf(r.T("devices.software"), ui.Definitions(defs))
}

// Files lists the files that the phone gets, in the order in which it asks.
func (p Pages) Files(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	e, err := p.Plans.Effective(r.Context(), r.Actor, v.d.CustomerID, v.d.ID)
	if err != nil {
		return err
	}
	t := ui.Table{ID: "files", Caption: r.T("phone.tab.files"), Columns: []ui.Column{{Label: r.T("files.name")}}, Empty: ui.Empty{Icon: "file-text", Title: r.T("files.none")}}
	for _, name := range e.Files {
		t.Rows = append(t.Rows, ui.Row{ID: name, Name: name, Cells: []templ.Component{ui.Link(name, v.at+"/files/"+name)}})
	}
	return v.tabbed(r, "/files", ui.Note(r.T("files.note")), t)
}

// File shows one file as the phone would get it now, with secrets masked.
func (p Pages) File(r *page.Request) error {
	return p.file(r, p.Plans.Rendered, false)
}

// RevealFile shows one file with its secrets, on an answer that nobody keeps; it is in the log (decision 16).
func (p Pages) RevealFile(r *page.Request) error { return p.file(r, p.Plans.Reveal, true) }

func (p Pages) file(r *page.Request, read fileReader, clear bool) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	if clear {
		r.Tries("device_file/reveal", r.Actor.Place(), journal.Target{Kind: "device", ID: v.d.ID, Name: name})
	}
	f, err := read(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, name)
	if err != nil {
		return err
	}
	s := v.sub(r, name, "", "/files", r.T("phone.tab.files"))
	var note templ.Component = ui.Note(r.T("files.revealed"))
	if !clear {
		note = ui.Note(r.T("files.masked"))
		s.Actions = v.may.Offer(access.SecretReveal, ui.Action{Label: r.T("files.reveal"), URL: v.at + "/files/" + name, How: ui.Post, Icon: "eye"})
	}
	return r.Show(ui.Full(s, note, ui.Source(name, string(f.Body))))
}

type fileReader func(ctx context.Context, actor access.Actor, customerID, deviceID, name string) (config.File, error)
