// Package compliance owns the pages of the operator's compliance team: customers that wait for their check, what the lists say about each,
// the decision with its reason, and the lists themselves (WS-44 … WS-46).
//
// It must not know how names are compared. What was found is shown to nobody else.
package compliance

import (
	"bytes"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Pages are the pages of compliance.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	row := func(pattern string, needs access.Action, serve page.Handler) page.Route {
		return page.Route{Pattern: pattern, In: page.Operator, Needs: needs, Serve: serve}
	}
	return []page.Route{
		row("GET /compliance", access.ComplianceView, p.Queue),
		row("GET /compliance/{id}", access.ComplianceView, p.Case), row("POST /compliance/{id}", access.ComplianceDecide, p.Decide),
		row("GET /compliance-search", access.ComplianceView, p.Search),
		row("GET /compliance-lists", access.ComplianceView, p.Lists), row("POST /compliance-lists", access.ComplianceDecide, p.Load),
		row("GET /compliance-lists/{id}/remove", access.ComplianceDecide, p.AskRemove), row("POST /compliance-lists/{id}/remove", access.ComplianceDecide, p.Remove),
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Group: "nav.wholesale", Label: "nav.compliance", URL: "/compliance", Icon: "shield-check"}}

// Queue lists the customers that wait, the oldest first, with their age and the best match.
func (p Pages) Queue(r *page.Request) error {
	l := parts.ListOf(r, "", "state")
	all, next, err := p.Onboard.Cases(r.Context(), r.Actor, onboard.CaseQuery{State: l.Get("state"), Page: l.Page()})
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.compliance"), r.T("compliance.lead"))
	s.Actions = []ui.Action{{Label: r.T("compliance.lists"), URL: "/compliance-lists", Icon: "list-details"}, {Label: r.T("compliance.search"), URL: "/compliance-search", Icon: "search"}}
	state := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []string{"pending", "escalated"} {
		state.Options = append(state.Options, ui.Option{Value: v, Label: r.T("compliance.state." + v), Selected: v == l.Get("state")})
	}
	f := l.Filters(nil)
	f.Fields = []templ.Component{state}
	t := ui.Table{ID: "queue", Caption: r.T("nav.compliance"), Pager: l.Pager(r, len(all), -1, next), Columns: []ui.Column{{Label: r.T("customer.name")}, {Label: r.T("customer.state")}, {Label: r.T("compliance.waits")}, {Label: r.T("compliance.best")}, {Label: r.T("compliance.checked"), Minor: true}},
		Empty: ui.Empty{Icon: "circle-check", Title: r.T("compliance.none"), Text: r.T("compliance.none_text")}}
	for _, c := range all {
		best := parts.Dash("")
		if hits := c.Hits.V; len(hits) > 0 {
			top := hits[0]
			for _, h := range hits {
				if h.Score > top.Score {
					top = h
				}
			}
			best = ui.Two(top.Name, r.T("compliance.score", "score", percent(top.Score)), "")
		}
		t.Rows = append(t.Rows, ui.Row{ID: c.ID, Name: c.Name, Cells: []templ.Component{ui.Two(c.Name, c.Email, "/compliance/"+c.ID), stateOf(r, c.Compliance), ui.Text(ui.Ago(r.Context(), r.Now(), c.PendingSince.Time)), best, ui.NoWrap(ui.DateTime(r.Context(), c.Checked.Time))}})
	}
	return r.Show(ui.Full(s, f, t))
}

func percent(thousandths int) int { return (thousandths + 5) / 10 }

var tones = map[string]ui.Tone{"pending": ui.Busy, "escalated": ui.Bad, "approved": ui.OK, "denied": ui.Off, "clear": ui.OK}

func stateOf(r *page.Request, s string) ui.Badge {
	return ui.Badge{Tone: tones[s], Text: r.T("compliance.state." + s)}
}

func crumbs(r *page.Request) []ui.Crumb {
	return []ui.Crumb{{Label: r.T("nav.compliance"), URL: "/compliance"}}
}

// Case shows one customer with everything that was found, and the decision.
func (p Pages) Case(r *page.Request) error {
	c, err := p.Onboard.Case(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.Show(p.casePage(r, c, onboard.Decision{}, nil))
}

func (p Pages) casePage(r *page.Request, c onboard.Customer, typed onboard.Decision, err error) templ.Component {
	s := r.Shell(c.Name, r.T("compliance.case_lead"))
	s.Crumbs = crumbs(r)
	b := stateOf(r, c.Compliance)
	s.Badge = &b
	defs := []ui.Def{{Term: r.T("organisation.email"), Value: ui.Text(c.Email)}, {Term: r.T("organisation.address"), Value: ui.Text(parts.OneLine(r, c.Address.V))}, {Term: r.T("organisation.external_id"), Value: ui.Mono(c.ExternalID)},
		{Term: r.T("compliance.since"), Value: ui.Text(ui.DateTime(r.Context(), c.PendingSince.Time))}, {Term: r.T("compliance.checks"), Value: parts.Count(r, c.Checks)}, {Term: r.T("compliance.checked"), Value: ui.Text(ui.DateTime(r.Context(), c.Checked.Time))}}
	if !c.Decided.IsZero() {
		defs = append(defs, ui.Def{Term: r.T("compliance.decided"), Value: ui.Two(ui.DateTime(r.Context(), c.Decided.Time), c.DecidedBy, "")}, ui.Def{Term: r.T("compliance.reason"), Value: ui.Lines(c.Reason)})
	}
	var decide templ.Component
	if (c.Compliance == "pending" || c.Compliance == "escalated") && r.Actor.Can(access.ComplianceDecide) {
		f := ui.FaultsOf(r.Context(), err, "reason", r.T("compliance.reason"))
		decide = ui.CardOf(r.T("compliance.decide"), ui.FormOf(ui.Form{URL: "/compliance/" + c.ID, Faults: f, Cancel: "/compliance", Hidden: []ui.Hidden{page.Versioned(c.Version)}, Extra: []ui.Action{
			{Label: r.T("compliance.approve"), How: ui.Submit, Name: "do", Value: "approve", Style: "primary"}, {Label: r.T("compliance.deny"), How: ui.Submit, Name: "do", Value: "deny", Style: "danger"}}},
			ui.Area{Name: "reason", Label: r.T("compliance.reason"), Value: typed.Reason, Required: true, Max: 2000, Hint: r.T("compliance.reason_hint"), Fault: f.For("reason")}), ui.Para(r.T("compliance.decide_text")))
	}
	return ui.Full(s, ui.GridOf(ui.CardOf(r.T("customers.details"), ui.Definitions(defs)), decide), ui.Heading(r.T("compliance.hits")), hitTable(r, c.Hits.V))
}

func hitTable(r *page.Request, hits []onboard.Hit) templ.Component {
	t := ui.Table{ID: "hits", Caption: r.T("compliance.hits"), Columns: []ui.Column{{Label: r.T("compliance.party")}, {Label: r.T("compliance.given")}, {Label: r.T("compliance.likeness"), Number: true}, {Label: r.T("compliance.list")}},
		Empty: ui.Empty{Icon: "circle-check", Title: r.T("compliance.no_hits"), Text: r.T("compliance.no_hits_text")}}
	for i, h := range hits {
		var abroad templ.Component
		if h.Abroad {
			abroad = ui.Tag(r.T("compliance.abroad"))
		}
		t.Rows = append(t.Rows, ui.Row{ID: ui.Int(int64(i)), Name: h.Name, Cells: []templ.Component{ui.Stack(ui.Two(h.Name, h.Number, ""), abroad), ui.Two(h.Given, r.T("compliance.on."+h.On), ""), ui.Text(r.T("compliance.score", "score", percent(h.Score))), ui.Two(h.List, h.Source, "")}})
	}
	return t
}

// Decide approves or denies for good; the reason is kept with the matches (WS-46).
func (p Pages) Decide(r *page.Request) error {
	c, err := p.Onboard.Case(r.Context(), r.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	r.Tries("customer/decide", r.Actor.Place(), journal.Target{Kind: "customer", ID: c.ID, Name: c.Name})
	in := onboard.Decision{Approve: r.PostFormValue("do") == "approve", Reason: strings.TrimSpace(r.PostFormValue("reason")), IfVersion: r.Version()}
	if _, err := p.Onboard.Decide(r.Context(), r.Actor, c.ID, in); err != nil {
		return r.Again(err, p.casePage(r, c, in, err))
	}
	if in.Approve {
		return r.Done("/compliance", r.T("compliance.approved", "name", c.Name))
	}
	return r.Done("/compliance", r.T("compliance.denied", "name", c.Name))
}

// Search looks into the lists without a customer.
func (p Pages) Search(r *page.Request) error {
	s := r.Shell(r.T("compliance.search"), r.T("compliance.search_lead"))
	s.Crumbs = crumbs(r)
	v := func(name string) string { return strings.TrimSpace(r.URL.Query().Get(name)) }
	who := onboard.Subject{Name: v("name"), Contact: v("contact")}
	who.Address.Country = v("country")
	f := ui.Filters{URL: "/compliance-search", Submit: r.T("search.go"), SubmitIcon: "search", Fields: []templ.Component{ui.Input{Name: "name", Label: r.T("wholesale.company"), Value: who.Name, Compact: true}, ui.Input{Name: "contact", Label: r.T("organisation.contact"), Value: who.Contact, Compact: true},
		ui.Select{Name: "country", Label: r.T("organisation.country"), Options: parts.Countries(r.Context(), who.Address.Country), Compact: true}}}
	if who.Name+who.Contact == "" {
		return r.Show(ui.Full(s, f))
	}
	hits, err := p.Onboard.Search(r.Context(), r.Actor, who)
	if err != nil {
		return err
	}
	return r.Show(ui.Full(s, f, hitTable(r, hits)))
}

// Lists shows every list that was ever loaded, with its hash.
func (p Pages) Lists(r *page.Request) error {
	c, err := p.listsPage(r, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

func (p Pages) listsPage(r *page.Request, refused error) (templ.Component, error) {
	l := parts.ListOf(r, "")
	all, next, err := p.Onboard.Lists(r.Context(), r.Actor, l.Page())
	if err != nil {
		return nil, err
	}
	s := r.Shell(r.T("compliance.lists"), r.T("compliance.lists_lead"))
	s.Crumbs = crumbs(r)
	t := ui.Table{ID: "lists", Caption: r.T("compliance.lists"), Pager: l.Pager(r, len(all), -1, next), Columns: []ui.Column{{Label: r.T("organisation.name")}, {Label: r.T("customer.state")}, {Label: r.T("compliance.entries"), Number: true}, {Label: r.T("compliance.loaded")}, {Label: r.T("compliance.hash"), Minor: true}},
		Empty: ui.Empty{Icon: "list-details", Title: r.T("compliance.no_lists"), Text: r.T("compliance.no_lists_text")}}
	decide := r.Actor.Can(access.ComplianceDecide)
	for _, x := range all {
		state := ui.Badge{Tone: ui.OK, Text: r.T("compliance.in_force")}
		row := ui.Row{ID: x.ID, Name: x.Name}
		if !x.InForce {
			state, row.Dim = ui.Badge{Tone: ui.Off, Text: r.T("compliance.ended", "date", ui.Date(r.Context(), x.Ended.Time))}, true
		} else if decide {
			row.Actions = []ui.Action{{Label: r.T("compliance.remove"), URL: "/compliance-lists/" + x.ID + "/remove", How: ui.Confirm, Style: "danger"}}
		}
		row.Cells = []templ.Component{ui.Text(x.Name), state, parts.Count(r, x.Entries), ui.Two(ui.DateTime(r.Context(), x.Loaded.Time), x.LoadedBy, ""), ui.Mono(x.SHA256[:min(16, len(x.SHA256))])}
		t.Rows = append(t.Rows, row)
	}
	if !decide {
		return ui.Full(s, t), nil
	}
	f := ui.FaultsOf(r.Context(), refused, "file", r.T("import.file"), "name", r.T("organisation.name"))
	return ui.Full(s, t, ui.CardOf(r.T("compliance.load"), ui.FormOf(ui.Form{URL: "/compliance-lists", Faults: f, Upload: true, Submit: r.T("compliance.load"), Narrow: true},
		ui.Input{Name: "name", Label: r.T("organisation.name"), Value: r.PostFormValue("name"), Required: true, Max: 128, Hint: r.T("compliance.name_hint"), Fault: f.For("name")},
		ui.Input{Name: "file", Label: r.T("import.file"), Kind: "file", Required: true, Hint: r.T("compliance.file_hint"), Fault: f.For("file")}))), nil
}

// Load puts a list in force in place of the one of the same name.
func (p Pages) Load(r *page.Request) error {
	up, err := r.ReadUpload("file")
	name := strings.TrimSpace(r.PostFormValue("name"))
	r.Tries("screening_list/load", r.Actor.Place(), journal.Target{Kind: "screening_list", Name: name})
	if err == nil && len(up.Data) == 0 {
		err = page.NoUpload()
	}
	var l onboard.List
	if err == nil {
		l, err = p.Onboard.LoadList(r.Context(), r.Actor, name, bytes.NewReader(up.Data))
	}
	if err != nil {
		c, faulty := p.listsPage(r, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Done("/compliance-lists", ui.N(r.Context(), "compliance.list_loaded", int(l.Entries), "name", l.Name))
}

// AskRemove says what follows when a list no longer counts.
func (p Pages) AskRemove(r *page.Request) error {
	s := r.Shell(r.T("compliance.remove"), "")
	s.Crumbs = append(crumbs(r), ui.Crumb{Label: r.T("compliance.lists"), URL: "/compliance-lists"})
	return r.Show(ui.Full(s, ui.Question{Title: r.T("compliance.remove_title"), Text: r.T("compliance.remove_text"), URL: "/compliance-lists/" + r.PathValue("id") + "/remove", Submit: r.T("compliance.remove"), Danger: true, CancelURL: "/compliance-lists"}))
}

// Remove takes it out of force.
func (p Pages) Remove(r *page.Request) error {
	r.Tries("screening_list/remove", r.Actor.Place(), journal.Target{Kind: "screening_list", ID: r.PathValue("id")})
	if err := p.Onboard.RemoveList(r.Context(), r.Actor, r.PathValue("id")); err != nil {
		return err
	}
	return r.Done("/compliance-lists", r.T("compliance.removed"))
}
