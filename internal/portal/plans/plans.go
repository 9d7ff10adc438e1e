// Package plans owns the pages of changes that are looked at before they happen: which phones they concern, what becomes different,
// how they shall happen, and undoing them (architecture, section 5).
//
// It must not know how a change came about: other areas of pages propose one and lead here.
package plans

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Pages are the pages of plans.
type Pages struct{ *page.Deps }

// Routes is the table of these pages. Who may only look at a change has no button on them; services decide what its kind needs.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	in := page.Anywhere
	return []page.Route{
		{Pattern: "GET /plans", In: in, Needs: access.ProfileView, Serve: p.List, Own: true},
		{Pattern: "GET /plans/{id}", In: in, Needs: access.ProfileView, Serve: p.Show, Own: true},
		{Pattern: "GET /plans/{id}/progress", In: in, Needs: access.ProfileView, Serve: p.Progress, Own: true},
		{Pattern: "GET /plans/{id}/phones", In: in, Needs: access.ProfileView, Serve: p.Phones, Own: true},
		{Pattern: "POST /plans/{id}/apply", In: in, Needs: access.ProfileView, Serve: p.Apply, Own: true},
		{Pattern: "GET /plans/{id}/undo", In: in, Needs: access.ProfileView, Serve: p.AskUndo, Own: true},
		{Pattern: "POST /plans/{id}/undo", In: in, Needs: access.ProfileView, Serve: p.Undo, Own: true},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Group: "nav.configuration", Label: "nav.plans", URL: "/plans", Icon: "history"}}

// Propose computes what a change would do. One that concerns no phone happens at once and leads back to where it was made; any other
// leads to its plan, where people decide.
func Propose(r *page.Request, d *page.Deps, a config.Asked, back string) error {
	made, err := d.Plans.Make(r.Context(), r.Actor, parts.Place(r), a)
	if err != nil {
		return err
	}
	if made.State != config.Ready || made.Affected > 0 {
		return r.Redirect("/plans/" + made.ID)
	}
	if _, err := d.Plans.Apply(r.Context(), r.Actor, parts.Place(r), made.ID, config.Go{IfVersion: made.Version}); err != nil {
		return err
	}
	return r.Done(back, r.T("plans.saved_nobody"))
}

// needs is what somebody must be allowed to do to make a plan of this kind happen.
func needs(kind string) access.Action {
	switch kind {
	case config.GroupSet, config.SiteUpdate, config.DeviceUpdate:
		return access.DeviceEdit
	}
	return access.ProfileEdit
}

func badge(r *page.Request, s config.PlanState) ui.Badge {
	tones := map[config.PlanState]ui.Tone{config.Working: ui.Busy, config.Ready: ui.Info, config.Scheduled: ui.Busy, config.Staged: ui.Warn, config.Applied: ui.OK, config.Undone: ui.Off, config.Withdrawn: ui.Off, config.Failed: ui.Bad}
	return ui.Badge{Tone: tones[s], Text: r.T("plans.state." + string(s))}
}

func kind(r *page.Request, k string) string {
	return r.T("plans.kind." + strings.ReplaceAll(k, ".", "_"))
}

// List shows the plans of the organisation, the latest first.
func (p Pages) List(r *page.Request) error {
	l := parts.ListOf(r, "-created", "state", "days")
	by := config.PlanQuery{State: config.PlanState(l.Get("state")), Page: l.Page()}
	if n, err := strconv.Atoi(l.Get("days")); err == nil && n > 0 && n <= 3650 {
		by.Since = time.Duration(n) * 24 * time.Hour
	}
	all, next, err := p.Plans.Find(r.Context(), r.Actor, parts.Place(r), by)
	if err != nil {
		return err
	}
	state := func(s config.PlanState) ui.Option {
		return ui.Option{Value: string(s), Label: r.T("plans.state." + string(s)), Selected: s == by.State}
	}
	choice := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}, state(config.Ready), state(config.Scheduled), state(config.Staged), state(config.Applied),
		state(config.Undone), state(config.Withdrawn), state(config.Failed), state(config.Working)}}
	f := l.Filters(nil)
	f.Fields = []templ.Component{choice}
	t := ui.Table{ID: "plans", Caption: r.T("nav.plans"), Pager: l.Pager(r, len(all), -1, next),
		Columns: []ui.Column{l.Column(r.T("plans.made"), "-created"), {Label: r.T("plans.what")}, {Label: r.T("customer.state")}, {Label: r.T("plans.phones"), Number: true}, {Label: r.T("plans.by"), Minor: true}},
		Empty:   ui.Empty{Icon: "history", Title: r.T("plans.none"), Text: r.T("plans.none_text")}}
	for _, x := range all {
		t.Rows = append(t.Rows, ui.Row{ID: x.ID, Name: kind(r, x.Kind), Cells: []templ.Component{ui.Two(ui.DateTime(r.Context(), x.Created.Time), "", "/plans/"+x.ID), ui.Text(kind(r, x.Kind)), badge(r, x.State),
			ui.Text(ui.Number(r.Context(), x.Affected)), ui.Text(x.Actor)}})
	}
	if l.Filtered() {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("effective.none"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: "/plans"}}}
	}
	return r.Show(ui.Full(r.Shell(r.T("nav.plans"), r.T("plans.lead")), f, t))
}

// Show is the page of one plan.
func (p Pages) Show(r *page.Request) error {
	x, err := p.Plans.Get(r.Context(), r.Actor, parts.Place(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	c, err := p.view(r, x, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

func (p Pages) view(r *page.Request, x config.Plan, fault error) (templ.Component, error) {
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return nil, err
	}
	s := r.Shell(kind(r, x.Kind), r.T("plans.show_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.plans"), URL: "/plans"}}
	b := badge(r, x.State)
	s.Badge = &b
	if x.State == config.Working {
		return ui.Full(s, ui.CardOf("", p.working(r, x))), nil
	}
	at := "/plans/" + x.ID
	if undo := undoable(x.State); undo != "" {
		s.Actions = may.Offer(needs(x.Kind), ui.Action{Label: r.T("plans.undo." + undo), URL: at + "/undo", How: ui.Confirm, Icon: "refresh"})
	}
	var failed templ.Component
	if x.Fault.Code != "" {
		failed = ui.Notice{Tone: ui.Bad, Title: r.T("plans.failed"), Text: ui.ErrText(r.Context(), &errs.Error{Code: x.Fault.Code, Message: x.Fault.Message, Params: x.Fault.Params})}
	}
	content := []templ.Component{failed, p.numbers(r, x), p.warnings(r, x)}
	if (x.State == config.Ready || x.State == config.Staged) && may.Do(needs(x.Kind)) {
		ask, err := p.ask(r, x, fault)
		if err != nil {
			return nil, err
		}
		content = append(content, ask)
	}
	content = append(content, p.samples(r, x), p.story(r, x))
	return ui.Full(s, content...), nil
}

// undoable says how a plan in this state is taken back; "" when there is nothing to take back.
func undoable(s config.PlanState) string {
	switch s {
	case config.Applied:
		return "applied"
	case config.Staged:
		return "staged"
	case config.Scheduled:
		return "scheduled"
	}
	return ""
}

func (p Pages) working(r *page.Request, x config.Plan) templ.Component {
	o, err := p.Operations.Get(r.Context(), r.Actor, x.OperationID)
	if err != nil {
		return ui.Skeleton{Lines: 3}
	}
	return ui.Progress{ID: "plan-progress", Label: r.T("plans.working"), Done: o.Done, Total: o.Total, Text: r.T("plans.working_text"), PollURL: "/plans/" + x.ID + "/progress"}
}

// Progress is the part of a plan that is being computed; once it is ready, the page is to be opened.
func (p Pages) Progress(r *page.Request) error {
	x, err := p.Plans.Get(r.Context(), r.Actor, parts.Place(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	if x.State == config.Working {
		return r.Show(p.working(r, x))
	}
	return r.Show(ui.Stack(ui.Progress{ID: "plan-progress", Label: r.T("plans.worked"), Done: x.Looked, Total: max(x.Looked, 1), Tone: ui.OK},
		ui.Buttons(ui.Action{Label: r.T("plans.open"), URL: "/plans/" + x.ID, Style: "primary"})))
}

func (p Pages) numbers(r *page.Request, x config.Plan) templ.Component {
	n := func(v int64) string { return ui.Number(r.Context(), v) }
	stats := ui.GridOf(ui.Stat{Label: r.T("plans.affected"), Value: n(x.Affected), URL: "/plans/" + x.ID + "/phones"}, ui.Stat{Label: r.T("plans.looked"), Value: n(x.Looked)},
		ui.Stat{Label: r.T("plans.distinct"), Value: n(int64(x.Summary.Distinct))})
	var counts []templ.Component
	if r.Actor.Place().Kind != access.Customer && len(x.Summary.ByCustomer) > 0 {
		t := ui.Table{ID: "customers", Caption: r.T("plans.by_customer"), Columns: []ui.Column{{Label: r.T("plans.by_customer")}, {Label: r.T("plans.phones"), Number: true}}}
		for _, c := range x.Summary.ByCustomer {
			t.Rows = append(t.Rows, ui.Row{ID: c.CustomerID, Cells: []templ.Component{ui.Text(c.Name), ui.Text(n(c.Devices))}})
		}
		counts = append(counts, t)
	}
	if len(x.Summary.ByModel) > 0 {
		t := ui.Table{ID: "models", Caption: r.T("plans.by_model"), Columns: []ui.Column{{Label: r.T("plans.by_model")}, {Label: r.T("plans.phones"), Number: true}}}
		for _, m := range x.Summary.ByModel {
			t.Rows = append(t.Rows, ui.Row{ID: m.Maker + m.Model, Cells: []templ.Component{ui.Two(cmp.Or(m.Model, "–"), m.Maker, ""), ui.Text(n(m.Devices))}})
		}
		counts = append(counts, t)
	}
	if len(counts) == 0 {
		return stats
	}
	return ui.Stack(stats, ui.GridOf(counts...))
}

func (p Pages) warnings(r *page.Request, x config.Plan) templ.Component {
	var all []templ.Component
	for _, w := range x.Summary.Warnings {
		text := w.Message
		if t, ok := ui.Lookup(r.Context(), "plans.warning."+w.Code); ok {
			text = t
		}
		tone := ui.Warn
		if w.Code == config.LocksOut {
			tone = ui.Bad
		}
		all = append(all, ui.Notice{Tone: tone, Title: text, Text: ui.N(r.Context(), "plans.concerns", int(w.Devices))})
	}
	if len(x.Summary.Stays) > 0 {
		all = append(all, ui.Notice{Tone: ui.Warn, Title: r.T("plans.stays"), Text: strings.Join(x.Summary.Stays, ", ")})
	}
	return ui.Stack(all...)
}

func (p Pages) samples(r *page.Request, x config.Plan) templ.Component {
	if len(x.Summary.Samples) == 0 {
		return nil
	}
	all := []templ.Component{ui.Heading(r.T("plans.diff"))}
	for _, s := range x.Summary.Samples {
		title := ui.N(r.Context(), "plans.same_for", int(s.Devices))
		if s.Name != "" {
			title = s.Name + " · " + title
		}
		var diff templ.Component = ui.Para(r.T("plans.no_file"))
		if s.Diff != "" {
			diff = ui.Diff(title, s.Diff)
		}
		all = append(all, ui.CardOf(title, diff))
	}
	return ui.Stack(append(all, ui.Buttons(ui.Action{Label: r.T("plans.all_phones"), URL: "/plans/" + x.ID + "/phones"}))...)
}

func (p Pages) story(r *page.Request, x config.Plan) templ.Component {
	events := []ui.Event{}
	add := func(at db.Time, tone ui.Tone, title, who, text string) {
		if !at.IsZero() {
			events = append(events, ui.Event{Tone: tone, Title: title, Actor: who, At: at.Time, Text: text})
		}
	}
	when := ""
	if x.Window != nil {
		when = x.Window.Start.String() + " – " + x.Window.End.String()
	}
	add(x.Ended, ui.Off, r.T("plans.state."+string(x.State)), "", "")
	add(x.Applied, ui.OK, r.T("plans.state.applied"), x.Applier, "")
	add(x.NotBefore, ui.Busy, r.T("plans.not_before"), x.Applier, when)
	add(x.Created, ui.Info, r.T("plans.made"), x.Actor, "")
	return ui.CardOf(r.T("plans.story"), ui.Timeline(events))
}

// trialMost is how many phones the page offers for a trial.
const trialMost = 20

// ask is the question how the change shall happen.
func (p Pages) ask(r *page.Request, x config.Plan, fault error) (templ.Component, error) {
	f := ui.FaultsOf(r.Context(), fault, "device_ids", r.T("plans.trial_phones"), "window", r.T("plans.window"), "window.start", r.T("provisioning.from"), "window.end", r.T("provisioning.to"), "not_before", r.T("plans.not_before"))
	hidden := func(how string) []ui.Hidden {
		return []ui.Hidden{page.Versioned(x.Version), {Name: "how", Value: how}}
	}
	url := "/plans/" + x.ID + "/apply"
	text := ui.N(r.Context(), "plans.now_text", int(x.Affected))
	if x.State == config.Staged {
		text = r.T("plans.rest_text")
	}
	cards := []templ.Component{ui.CardOf(r.T("plans.now"), ui.Para(text), ui.FormOf(ui.Form{URL: url, Hidden: hidden("now"), Submit: r.T("plans.apply_all")}))}
	if x.State == config.Ready && r.Actor.Place().Kind == access.Customer && x.Affected > 1 {
		files, _, err := p.Plans.Files(r.Context(), r.Actor, parts.Place(r), x.ID, db.Page{Limit: trialMost})
		if err != nil && errs.CodeOf(err) != "plan_outdated" {
			return nil, err
		}
		choice := ui.Choices{Name: "device_ids", Label: r.T("plans.trial_phones"), Fault: f.For("device_ids")}
		for _, id := range phonesOf(files) {
			choice.Options = append(choice.Options, ui.Option{Value: id, Label: p.deviceName(r, id), Selected: slices.Contains(r.PostForm["device_ids"], id)})
		}
		if len(choice.Options) > 0 {
			cards = append(cards, ui.CardOf(r.T("plans.some"), ui.Para(r.T("plans.some_text")), ui.FormOf(ui.Form{URL: url, Hidden: hidden("some"), Submit: r.T("plans.apply_some")}, choice)))
		}
	}
	if x.State == config.Ready {
		v := r.PostFormValue
		cards = append(cards, ui.CardOf(r.T("plans.window"), ui.Para(r.T("plans.window_text")), ui.FormOf(ui.Form{URL: url, Hidden: hidden("window"), Submit: r.T("plans.apply_window")},
			ui.Input{Name: "window.start", Label: r.T("provisioning.from"), Kind: "time", Value: cmp.Or(v("window.start"), "22:00"), Fault: cmp.Or(f.For("window.start"), f.For("window"))},
			ui.Input{Name: "window.end", Label: r.T("provisioning.to"), Kind: "time", Value: cmp.Or(v("window.end"), "05:00"), Fault: f.For("window.end")},
			ui.Input{Name: "not_before", Label: r.T("plans.not_before"), Kind: "date", Value: v("not_before"), Optional: true, Fault: f.For("not_before")})))
	}
	var faults templ.Component
	if fault != nil {
		faults = ui.Notice{Tone: ui.Bad, Title: f.Text}
	}
	return ui.Stack(faults, ui.Heading(r.T("plans.how")), ui.GridOf(cards...)), nil
}

func phonesOf(files []config.PlanFile) []string {
	var ids []string
	for _, f := range files {
		if !slices.Contains(ids, f.DeviceID) {
			ids = append(ids, f.DeviceID)
		}
	}
	return ids
}

func (p Pages) deviceName(r *page.Request, id string) string {
	d, err := p.Devices.Get(r.Context(), r.Actor, r.Actor.Place().ID, id)
	if err != nil {
		return id
	}
	return d.Shown() + " · " + d.Identifier()
}

// Phones shows phone by phone what becomes different.
func (p Pages) Phones(r *page.Request) error {
	x, err := p.Plans.Get(r.Context(), r.Actor, parts.Place(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	s := r.Shell(r.T("plans.all_phones"), "")
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.plans"), URL: "/plans"}, {Label: kind(r, x.Kind), URL: "/plans/" + x.ID}}
	l := parts.ListOf(r, "")
	page := l.Page()
	page.Limit = trialMost
	files, next, err := p.Plans.Files(r.Context(), r.Actor, parts.Place(r), x.ID, page)
	if err != nil {
		switch errs.CodeOf(err) {
		case "plan_outdated", "plan_state":
			return r.Show(ui.Full(s, ui.Notice{Tone: ui.Warn, Title: ui.ErrText(r.Context(), errs.As(err))}))
		}
		return err
	}
	var all []templ.Component
	for _, f := range files {
		title := f.DeviceID
		if r.Actor.Place().Kind == access.Customer {
			title = p.deviceName(r, f.DeviceID)
		}
		var diff templ.Component = ui.Para(r.T("plans.no_file"))
		if f.Name != "" {
			diff = ui.Diff(title+" "+f.Name, f.Diff)
		}
		all = append(all, ui.CardOf(title+" · "+cmp.Or(f.Name, "–"), diff))
	}
	if len(all) == 0 {
		all = append(all, ui.CardOf("", ui.Empty{Icon: "device-landline-phone", Title: r.T("plans.nobody")}))
	}
	if next != "" {
		all = append(all, ui.Buttons(ui.Action{Label: r.T("pager.next"), URL: l.At(next)}))
	}
	return r.Show(ui.Full(s, all...))
}

func tries(r *page.Request, verb, id string) {
	r.Tries("plan/"+verb, r.Actor.Place(), journal.Target{Kind: "plan", ID: id})
}

// Apply makes a plan happen: now, for some phones first, or in a window.
func (p Pages) Apply(r *page.Request) error {
	id := r.PathValue("id")
	tries(r, "apply", id)
	g, err := p.wish(r)
	var done config.Plan
	if err == nil {
		done, err = p.Plans.Apply(r.Context(), r.Actor, parts.Place(r), id, g)
	}
	if err != nil {
		x, gone := p.Plans.Get(r.Context(), r.Actor, parts.Place(r), id)
		if gone != nil {
			return gone
		}
		c, broken := p.view(r, x, err)
		if broken != nil {
			return broken
		}
		return r.Again(err, c)
	}
	return r.Done("/plans/"+id, r.T("plans.done."+string(done.State)))
}

// wish reads how the plan shall happen.
func (p Pages) wish(r *page.Request) (config.Go, error) {
	g := config.Go{IfVersion: r.Version()}
	switch r.PostFormValue("how") {
	case "some":
		if g.DeviceIDs = r.PostForm["device_ids"]; len(g.DeviceIDs) == 0 {
			return g, errs.BadField("device_ids", "required", "This field must not be empty.")
		}
	case "window":
		w := config.Window{}
		for name, to := range map[string]*phone.TimeOfDay{"window.start": &w.Start, "window.end": &w.End} {
			t, err := phone.ParseTimeOfDay(r.PostFormValue(name))
			if err != nil {
				return g, errs.BadField(name, "bad_time", "A time of day is written hh:mm, from 00:00 to 23:59.")
			}
			*to = t
		}
		g.Window = &w
		if day := r.PostFormValue("not_before"); day != "" {
			t, err := time.ParseInLocation(time.DateOnly, day, ui.PrefsOf(r.Context()).Zone)
			if err != nil {
				return g, errs.BadField("not_before", "bad_date", "This is not a date.")
			}
			g.NotBefore = t
		}
	}
	return g, nil
}

// AskUndo asks before a plan is taken back.
func (p Pages) AskUndo(r *page.Request) error {
	x, err := p.Plans.Get(r.Context(), r.Actor, parts.Place(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	how := cmp.Or(undoable(x.State), "applied")
	s := r.Shell(r.T("plans.undo."+how), "")
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.plans"), URL: "/plans"}, {Label: kind(r, x.Kind), URL: "/plans/" + x.ID}}
	return r.Show(ui.Full(s, ui.Question{Title: r.T("plans.undo_title"), Text: ui.N(r.Context(), "plans.undo_text", int(x.Affected)), URL: "/plans/" + x.ID + "/undo", Submit: r.T("plans.undo." + how),
		CancelURL: "/plans/" + x.ID, Hidden: []ui.Hidden{page.Versioned(x.Version)}}))
}

// Undo takes back what the plan did.
func (p Pages) Undo(r *page.Request) error {
	id := r.PathValue("id")
	tries(r, "undo", id)
	done, err := p.Plans.Undo(r.Context(), r.Actor, parts.Place(r), id, r.Version())
	if err != nil {
		return err
	}
	return r.Done("/plans/"+id, r.T("plans.done."+string(done.State)))
}
