package profiles

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/plans"
	"linecard/internal/portal/ui"
	"linecard/internal/profile"
)

// mostEdited bounds how many values one form holds; the filter finds the others.
const mostEdited = 60

var errMeanwhile = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")

// typed is one line of the form.
type typed struct {
	name, value string
	drop        bool
	based       bool   // the form said what the value was
	base, had   string // that value, and "on" when there was one
}

// Edit is the editor of the values of a profile: those there are, a search in the dictionaries, and places for new ones.
func (p Pages) Edit(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	return p.editor(r, x, nil, nil)
}

// rows gives the lines of the form: what the filter shows, what was picked from the dictionary, two empty ones.
func rows(r *page.Request, x profile.Profile) []typed {
	var out []typed
	filter := strings.ToLower(strings.TrimSpace(r.URL.Query().Get("q")))
	if name := r.URL.Query().Get("add"); name != "" {
		a, _ := x.Get(name)
		out = append(out, typed{name: name, value: a.Value})
	}
	for _, a := range x.Attributes {
		if a.File == "" && len(out) < mostEdited && strings.Contains(strings.ToLower(a.Name), filter) && (len(out) == 0 || out[0].name != a.Name) {
			out = append(out, typed{name: a.Name, value: a.Value})
		}
	}
	return append(out, typed{}, typed{})
}

func (p Pages) editor(r *page.Request, x profile.Profile, lines []typed, fault error) error {
	at := "/profiles/" + x.ID
	fresh := lines == nil
	if fresh {
		lines = rows(r, x)
	}
	f := ui.FaultsOf(r.Context(), fault)
	schema, err := p.Profiles.Schema(r.Context(), p.DB, x.Scope, x.Mode, x.ImageID)
	if err != nil {
		return err
	}
	if errs.KindOf(fault) == errs.Stale {
		return p.merge(r, x, lines, fault)
	}
	form := ui.Form{URL: at + "/edit", Faults: f, Submit: r.T("plans.review"), Cancel: at, Guard: true, Hidden: []ui.Hidden{page.Versioned(x.Version)}}
	image, err := p.imageField(r, x, f)
	if err != nil {
		return err
	}
	fields := []templ.Component{image}
	for i, t := range lines {
		fields = append(fields, valueLine(r, x, schema, f, i, t))
	}
	content := []templ.Component{}
	if fresh {
		found, err := p.finder(r, x)
		if err != nil {
			return err
		}
		content = append(content, found)
		if len(x.Attributes) > mostEdited {
			l := parts.ListOf(r, "")
			content = append(content, l.Filters(l.Search(r.T("effective.search"))), ui.Note(r.T("effective.more", "n", min(mostEdited, len(x.Attributes)), "total", len(x.Attributes))))
		}
	}
	view := ui.Full(below(r, x, r.T("profiles.edit"), r.T("profiles.edit_lead")), append(content, ui.CardOf(r.T("profiles.values"), ui.FormOf(form, fields...)))...)
	if fault != nil {
		return r.Again(fault, view)
	}
	return r.Show(view)
}

func valueLine(r *page.Request, x profile.Profile, schema profile.Schema, f ui.Faults, i int, t typed) templ.Component {
	n := "a[" + strconv.Itoa(i) + "]."
	if t.name == "" {
		return ui.Line(r.T("profiles.new_value"), ui.Input{Name: n + "name", Label: r.T("effective.name"), Optional: true, Mono: true, Max: 255, Autocomplete: "off", Hint: r.T("profiles.custom_hint")},
			ui.Input{Name: n + "value", Label: r.T("effective.value"), Optional: true, Mono: true, Autocomplete: "off"})
	}
	fault := f.For(t.name)
	if fault == "" {
		fault = f.For("attributes." + t.name)
	}
	hint := ""
	var control templ.Component
	d, known := schema.Find(t.name)
	if known {
		hint = describe(r, d)
	} else {
		hint = r.T("finding.unknown_attribute")
	}
	control = ui.Input{Name: n + "value", Label: r.T("effective.value"), Value: t.value, Mono: true, Autocomplete: "off", Hint: hint, Fault: fault}
	if known && len(d.Allowed) > 0 && len(d.Allowed) <= 40 && (t.value == "" || slices.Contains(d.Allowed, t.value)) {
		s := ui.Select{Name: n + "value", Label: r.T("effective.value"), Hint: hint, Fault: fault, Options: []ui.Option{{Label: "–", Selected: t.value == ""}}}
		for _, v := range d.Allowed {
			s.Options = append(s.Options, ui.Option{Value: v, Label: v, Selected: v == t.value})
		}
		control = s
	}
	var drop templ.Component
	if _, there := x.Get(t.name); there {
		drop = ui.Switch{Name: n + "drop", Label: r.T("profiles.drop"), On: t.drop}
	}
	return ui.Line(t.name, ui.Carry(n+"name", t.name), base(r, x, n, t), control, drop)
}

// base carries what the value was when the person began, so that a change by somebody else can be told from their own.
func base(r *page.Request, x profile.Profile, n string, t typed) templ.Component {
	if t.based {
		return ui.Stack(ui.Carry(n+"base", t.base), ui.Carry(n+"had", t.had))
	}
	a, there := x.Get(t.name)
	if !there {
		return nil
	}
	return ui.Stack(ui.Carry(n+"base", a.Value), ui.Carry(n+"had", "on"))
}

// describe words what a dictionary knows of a parameter.
func describe(r *page.Request, d phone.Parameter) string {
	out := []string{}
	if d.Help != "" {
		out = append(out, d.Help)
	}
	if d.Min != nil && d.Max != nil {
		out = append(out, r.T("profiles.range", "min", ui.Int(*d.Min), "max", ui.Int(*d.Max)))
	}
	if d.Default != nil && *d.Default != "" {
		out = append(out, r.T("profiles.default", "value", *d.Default))
	}
	if d.Reboots {
		out = append(out, r.T("profiles.reboots"))
	}
	return strings.Join(out, " ")
}

// finder searches the dictionaries by a part of a name (DM-145).
func (p Pages) finder(r *page.Request, x profile.Profile) (templ.Component, error) {
	text := strings.TrimSpace(r.URL.Query().Get("find"))
	box := ui.Filters{URL: "/profiles/" + x.ID + "/edit", Submit: r.T("search.go"), SubmitIcon: "search",
		Fields: []templ.Component{ui.Input{Name: "find", Label: r.T("profiles.find"), Value: text, Compact: true, Autocomplete: "off", Mono: true}}}
	if len(text) < 2 {
		return ui.CardOf(r.T("profiles.dictionary"), ui.Para(r.T("profiles.dictionary_text")), box), nil
	}
	found, err := p.Profiles.Search(r.Context(), r.Actor, parts.Place(r), x.Mode, x.ImageID, text)
	if err != nil {
		return nil, err
	}
	t := ui.Table{ID: "found", Caption: r.T("profiles.dictionary"), Columns: []ui.Column{{Label: r.T("effective.name")}, {Label: r.T("profiles.meaning")}}, Empty: ui.Empty{Icon: "search", Title: r.T("profiles.not_found"), Text: r.T("profiles.custom_hint")}}
	for _, d := range found[:min(len(found), 30)] {
		t.Rows = append(t.Rows, ui.Row{ID: d.Name, Name: d.Name, Cells: []templ.Component{ui.Coded(d.Name, strings.Join(d.Allowed, ", ")), ui.Text(describe(r, d))},
			Actions: []ui.Action{{Label: r.T("order.add"), URL: "/profiles/" + x.ID + "/edit?add=" + urlQuery(d.Name), Icon: "plus"}}})
	}
	return ui.Stack(ui.CardOf(r.T("profiles.dictionary"), box), t), nil
}

// Save makes a plan of what was changed in the form. Who was overtaken gets the merge view.
func (p Pages) Save(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "edit", x)
	lines := readLines(r)
	overtaken := r.Version() != 0 && r.Version() != x.Version
	change := map[string]*string{}
	for _, t := range lines {
		if t.name == "" || overtaken && !t.touched() {
			continue // what the person left as it was is not theirs to decide
		}
		was, there := x.Get(t.name)
		switch {
		case t.drop && there:
			change[t.name] = nil
		case !t.drop && (!there || was.Value != t.value):
			change[t.name] = &t.value
		}
	}
	asked := config.Asked{Kind: config.ProfileUpdate, ProfileID: x.ID, Attributes: change}
	if r.PostForm.Has("image") && r.PostFormValue("image") != x.ImageID {
		image := r.PostFormValue("image")
		asked.ImageID = &image
	}
	if len(change) == 0 && asked.ImageID == nil {
		return r.Done("/profiles/"+x.ID, r.T("profiles.unchanged"))
	}
	if overtaken {
		return p.editor(r, x, lines, errMeanwhile)
	}
	if err := plans.Propose(r, p.Deps, asked, "/profiles/"+x.ID); err != nil {
		return p.editor(r, x, lines, err)
	}
	return nil
}

// readLines reads the lines of the form, or the decisions of the merge view.
func readLines(r *page.Request) []typed {
	var lines []typed
	for i := range mostEdited + 3 {
		n := "a[" + strconv.Itoa(i) + "]."
		if !r.PostForm.Has(n + "name") {
			break
		}
		get := func(name string) string { return r.PostForm.Get(n + name) }
		t := typed{name: strings.TrimSpace(get("name")), value: get("value"), drop: get("drop") == "on", based: r.PostForm.Has(n+"base") || r.PostForm.Has(n+"had"), base: get("base"), had: get("had")}
		switch {
		case get("take") == "theirs":
			continue
		case get("take") == "base":
			t.value, t.drop = t.base, t.had != "on"
		}
		lines = append(lines, t)
	}
	return lines
}

// touched says whether the person changed the line; one without a base is new.
func (t typed) touched() bool {
	if t.drop {
		return t.had == "on"
	}
	return t.had != "on" || t.value != t.base
}

// AskImport shows the form for a file or a pasted text (DM-147, DM-148).
func (p Pages) AskImport(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	return r.Show(importPage(r, x, nil))
}

func importPage(r *page.Request, x profile.Profile, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "file", r.T("import.file"))
	return ui.Full(below(r, x, r.T("profiles.import"), r.T("profiles.import_lead")), ui.CardOf("", ui.FormOf(ui.Form{URL: "/profiles/" + x.ID + "/import", Faults: f, Upload: true, Submit: r.T("plans.review"), Cancel: "/profiles/" + x.ID,
		Hidden: []ui.Hidden{page.Versioned(x.Version)}},
		ui.Input{Name: "file", Label: r.T("import.file"), Kind: "file", Optional: true, Hint: r.T("profiles.file_hint"), Fault: f.For("file")},
		ui.Area{Name: "text", Label: r.T("profiles.paste"), Value: r.PostFormValue("text"), Rows: 10, Mono: true, Optional: true, Hint: r.T("profiles.paste_hint"), Fault: f.For("text")})))
}

// Import reads the file into a copy that is thrown away, and makes a plan of what it would change.
func (p Pages) Import(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "edit", x)
	up, err := r.ReadUpload("file")
	if err == nil && len(up.Data) == 0 && strings.TrimSpace(r.PostFormValue("text")) == "" {
		err = page.NoUpload()
	}
	var change map[string]*string
	if err == nil {
		change, err = p.reads(r, x, up)
	}
	if err == nil && len(change) == 0 {
		return r.Done("/profiles/"+x.ID, r.T("profiles.unchanged"))
	}
	if err == nil {
		err = plans.Propose(r, p.Deps, config.Asked{Kind: config.ProfileUpdate, ProfileID: x.ID, Attributes: change}, "/profiles/"+x.ID)
	}
	if err != nil {
		return r.Again(err, importPage(r, x, err))
	}
	return nil
}

// reads gives what the file would change. It is imported in a transaction that is taken back; secrets stay in memory only.
func (p Pages) reads(r *page.Request, x profile.Profile, up page.Upload) (map[string]*string, error) {
	change := map[string]*string{}
	err := p.DB.Tx(db.DryRun(r.Context()), func(ctx context.Context, tx *db.Tx) error {
		before, err := p.Profiles.Load(ctx, tx, x.Scope, x.ID)
		if err != nil {
			return err
		}
		if len(up.Data) > 0 {
			_, _, _, err = p.Profiles.ImportFile(ctx, r.Actor, parts.Place(r), x.ID, up.Name, up.Data, r.Version())
		} else {
			_, _, _, err = p.Profiles.Paste(ctx, r.Actor, parts.Place(r), x.ID, r.PostFormValue("text"), r.Version())
		}
		if err != nil {
			return err
		}
		after, err := p.Profiles.Load(ctx, tx, x.Scope, x.ID)
		for _, a := range after.Attributes {
			if was, there := before.Get(a.Name); a.File == "" && (!there || was.Value != a.Value) {
				change[a.Name] = &a.Value
			}
		}
		return err
	})
	return change, err
}
