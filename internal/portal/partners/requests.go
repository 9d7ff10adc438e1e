package partners

import (
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// asking is the pages of partners' wishes for sub-partners, which the operator fulfils (WS-74).
type asking struct{ *page.Deps }

func (p asking) routes() []page.Route {
	return []page.Route{
		{Pattern: "GET /sub-partner-requests", In: page.Operator | page.Partner, Needs: access.SubPartnerView, Serve: p.List},
		{Pattern: "GET /sub-partner-requests/new", In: page.Partner, Needs: access.SubPartnerAsk, Serve: p.Add},
		{Pattern: "POST /sub-partner-requests/new", In: page.Partner, Needs: access.SubPartnerAsk, Serve: p.Create},
		{Pattern: "GET /sub-partner-requests/{id}/{answer}", In: page.Operator, Needs: access.PartnerCreate, Serve: p.Ask},
		{Pattern: "POST /sub-partner-requests/{id}/{answer}", In: page.Operator, Needs: access.PartnerCreate, Serve: p.Answer},
	}
}

var requestTones = map[string]ui.Tone{onboard.AskRequested: ui.Busy, onboard.AskCreated: ui.OK, onboard.AskRejected: ui.Off}

// List shows the requests, those that wait first to be found by their state.
func (p asking) List(r *page.Request) error {
	l := parts.ListOf(r, "-created", "state")
	all, next, err := p.Onboard.SubPartnerRequests(r.Context(), r.Actor, l.Get("state"), l.Page())
	if err != nil {
		return err
	}
	s := r.Shell(r.T("requests.title"), r.T("requests.lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.sub_partners"), URL: "/sub-partners"}}
	if r.Way("/sub-partner-requests/new") != "" {
		s.Actions = []ui.Action{{Label: r.T("requests.add"), URL: "/sub-partner-requests/new", Icon: "plus", Style: "primary"}}
	}
	state := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []string{onboard.AskRequested, onboard.AskCreated, onboard.AskRejected} {
		state.Options = append(state.Options, ui.Option{Value: v, Label: r.T("requests.state." + v), Selected: v == l.Get("state")})
	}
	f := l.Filters(nil)
	f.Fields = []templ.Component{state}
	t := ui.Table{ID: "requests", Caption: r.T("requests.title"), Pager: l.Pager(r, len(all), -1, next), Columns: []ui.Column{{Label: r.T("organisation.name")}, {Label: r.T("kind.partner")}, {Label: r.T("customer.state")}, {Label: r.T("requests.asked")}},
		Empty: ui.Empty{Icon: "building-skyscraper", Title: r.T("requests.none"), Text: r.T("requests.none_text"), Actions: s.Actions}}
	for _, x := range all {
		state := templ.Component(ui.Badge{Tone: requestTones[x.State], Text: r.T("requests.state." + x.State)})
		if x.Reason != "" {
			state = ui.Stack(state, ui.Quiet(x.Reason))
		}
		row := ui.Row{ID: x.ID, Name: x.Name, Cells: []templ.Component{ui.Two(x.Name, x.FirstName+" "+x.LastName+" · "+x.Email, r.Way(to(x))), ui.Text(x.PartnerName), state, ui.Two(ui.Date(r.Context(), x.Created.Time), x.RequestedBy, "")}}
		if x.State == onboard.AskRequested && r.Place.Kind == access.Operator && r.Actor.Can(access.PartnerCreate) {
			row.Actions = []ui.Action{{Label: r.T("requests.create"), URL: "/sub-partner-requests/" + x.ID + "/create", How: ui.Confirm}, {Label: r.T("requests.reject"), URL: "/sub-partner-requests/" + x.ID + "/reject", How: ui.Confirm}}
		}
		t.Rows = append(t.Rows, row)
	}
	return r.Show(ui.Full(s, f, t))
}

// to is the page of the sub-partner that came of a request.
func to(x onboard.SubPartnerRequest) string {
	if x.SubPartnerID == "" {
		return ""
	}
	return "/sub-partners/" + x.SubPartnerID
}

func requestPage(r *page.Request, t onboard.NewSubPartnerRequest, err error) templ.Component {
	s := r.Shell(r.T("requests.add"), r.T("requests.add_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.sub_partners"), URL: "/sub-partners"}, {Label: r.T("requests.title"), URL: "/sub-partner-requests"}}
	if t.SubscriptionID == "" {
		return ui.Full(s, ui.Notice{Tone: ui.Warn, Title: r.T("offer.no_subscription"), Text: r.T("offer.no_subscription_text")})
	}
	f := ui.FaultsOf(r.Context(), err, "name", r.T("organisation.name"), "email", r.T("organisation.email"), "first_name", r.T("users.first"), "last_name", r.T("users.last"))
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: "/sub-partner-requests/new", Faults: f, Submit: r.T("requests.send"), Cancel: "/sub-partner-requests", Guard: true, Columns: true},
		ui.Input{Name: "name", Label: r.T("organisation.name"), Value: t.Name, Required: true, Max: 128, Fault: f.For("name")}, ui.Input{Name: "email", Label: r.T("organisation.email"), Kind: "email", Value: t.Email, Required: true, Fault: f.For("email")},
		ui.Input{Name: "first_name", Label: r.T("users.first"), Value: t.FirstName, Required: true, Max: 64, Fault: f.For("first_name")}, ui.Input{Name: "last_name", Label: r.T("users.last"), Value: t.LastName, Required: true, Max: 64, Fault: f.For("last_name")})))
}

// subscription is the one that the sub-partner would share; "" without an active one.
func (p asking) subscription(r *page.Request) (string, error) {
	sub, err := p.Catalog.MaySell(r.Context(), p.DB, r.Place.ID, nil)
	if err != nil && (errs.KindOf(err) == errs.Conflict || errs.KindOf(err) == errs.NotFound) {
		return "", nil
	}
	return sub.ID, err
}

// Add shows the form.
func (p asking) Add(r *page.Request) error {
	id, err := p.subscription(r)
	if err != nil {
		return err
	}
	return r.Show(requestPage(r, onboard.NewSubPartnerRequest{SubscriptionID: id}, nil))
}

// Create asks the operator.
func (p asking) Create(r *page.Request) error {
	id, err := p.subscription(r)
	if err != nil {
		return err
	}
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	in := onboard.NewSubPartnerRequest{Name: v("name"), Email: v("email"), FirstName: v("first_name"), LastName: v("last_name"), SubscriptionID: id}
	r.Tries("sub_partner/request", r.Actor.Place(), journal.Target{Kind: "sub_partner_request", Name: in.Name})
	if _, err := p.Onboard.RequestSubPartner(r.Context(), r.Actor, in); err != nil {
		return r.Again(err, requestPage(r, in, err))
	}
	return r.Done("/sub-partner-requests", r.T("requests.sent", "name", in.Name))
}

// find gives a request by its id; there is no read of one alone, and few wait at a time.
func (p asking) find(r *page.Request) (onboard.SubPartnerRequest, error) {
	all, _, err := p.Onboard.SubPartnerRequests(r.Context(), r.Actor, onboard.AskRequested, db.Page{Limit: db.MaxLimit})
	for _, x := range all {
		if x.ID == r.PathValue("id") {
			return x, nil
		}
	}
	if err == nil {
		err = errs.Missing("request")
	}
	return onboard.SubPartnerRequest{}, err
}

func answerPage(r *page.Request, x onboard.SubPartnerRequest, err error) templ.Component {
	create := r.PathValue("answer") == "create"
	title, text := r.T("requests.reject"), r.T("requests.reject_text")
	if create {
		title, text = r.T("requests.create"), r.T("requests.create_text", "email", x.Email)
	}
	s := r.Shell(title, "")
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.sub_partners"), URL: "/sub-partners"}, {Label: r.T("requests.title"), URL: "/sub-partner-requests"}}
	f := ui.FaultsOf(r.Context(), err)
	q := ui.Question{Title: title + " – " + x.Name, Text: text, URL: "/sub-partner-requests/" + x.ID + "/" + r.PathValue("answer"), Submit: title, CancelURL: "/sub-partner-requests", Danger: !create, Hidden: []ui.Hidden{page.Versioned(x.Version)}}
	if !create {
		q.Inputs = []templ.Component{ui.Area{Name: "reason", Label: r.T("compliance.reason"), Value: r.PostFormValue("reason"), Required: true, Max: 2000, Fault: f.For("reason")}}
	}
	var refused templ.Component
	if err != nil {
		refused = ui.Notice{Tone: ui.Bad, Title: f.Text}
	}
	return ui.Full(s, refused, q)
}

// Ask shows the question of an answer.
func (p asking) Ask(r *page.Request) error {
	x, err := p.find(r)
	if err != nil {
		return err
	}
	if a := r.PathValue("answer"); a != "create" && a != "reject" {
		return errs.Missing("object")
	}
	return r.Show(answerPage(r, x, nil))
}

// Answer fulfils a request or rejects it with a reason.
func (p asking) Answer(r *page.Request) error {
	x, err := p.find(r)
	if err != nil {
		return err
	}
	create := r.PathValue("answer") == "create"
	if !create && r.PathValue("answer") != "reject" {
		return errs.Missing("object")
	}
	r.Tries("sub_partner/answer", r.Actor.Place(), journal.Target{Kind: "sub_partner_request", ID: x.ID, Name: x.Name})
	if _, err := p.Onboard.AnswerSubPartnerRequest(r.Context(), r.Actor, x.ID, create, strings.TrimSpace(r.PostFormValue("reason")), r.Version()); err != nil {
		return r.Again(err, answerPage(r, x, err))
	}
	return r.Done("/sub-partner-requests", r.T("requests.answered", "name", x.Name))
}
