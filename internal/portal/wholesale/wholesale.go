// Package wholesale owns the pages of the wholesale offer: customers with where their provisioning stands and what to do about it, the
// wizard that makes them, onboarding templates and carriers (WS-38, WS-39, WS-96 … WS-107, WS-114, WS-115, WS-138, WS-141).
//
// It must not know how a customer is provisioned: room onboard runs the steps, and says what a request would meet.
package wholesale

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Pages are the pages of the wholesale offer.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	row := func(pattern string, in page.Places, needs access.Action, serve page.Handler) page.Route {
		return page.Route{Pattern: pattern, In: in, Needs: needs, Serve: serve}
	}
	return slices.Concat([]page.Route{
		row("GET /wholesale", page.Staff, access.CustomerView, p.List),
		row("GET /wholesale/new", page.Staff, access.CustomerCreate, p.Add), row("POST /wholesale/new", page.Staff, access.CustomerCreate, p.Create),
		row("GET /templates", page.Staff, access.TemplateView, p.Templates),
		row("GET /templates/new", page.Resellers, access.TemplateEdit, p.AddTemplate), row("POST /templates/new", page.Resellers, access.TemplateEdit, p.CreateTemplate),
		row("GET /templates/{id}", page.Staff, access.TemplateView, p.Template),
		row("GET /templates/{id}/edit", page.Staff, access.TemplateEdit, p.EditTemplate), row("POST /templates/{id}/edit", page.Staff, access.TemplateEdit, p.SaveTemplate),
		row("GET /templates/{id}/archive", page.Staff, access.TemplateEdit, p.AskArchive), row("POST /templates/{id}/archive", page.Staff, access.TemplateEdit, p.Archive),
		row("GET /templates/{id}/delete", page.Staff, access.TemplateEdit, p.AskDelete), row("POST /templates/{id}/delete", page.Staff, access.TemplateEdit, p.Delete),
		row("GET /carriers", page.Staff, access.TemplateView, p.Carriers),
		row("GET /carriers/new", page.Operator, access.PlatformEdit, p.AddCarrier), row("POST /carriers/new", page.Operator, access.PlatformEdit, p.CreateCarrier),
		row("GET /carriers/{id}/edit", page.Operator, access.PlatformEdit, p.EditCarrier), row("POST /carriers/{id}/edit", page.Operator, access.PlatformEdit, p.SaveCarrier),
	},
		parts.Both("GET", "/service", access.CustomerView, p.Show), parts.Both("GET", "/service/progress", access.CustomerView, p.Progress),
		[]page.Route{
			row("GET /customers/{customer}/service/edit", page.Staff, access.CustomerEdit, p.Edit), row("POST /customers/{customer}/service/edit", page.Staff, access.CustomerEdit, p.Save),
			row("POST /customers/{customer}/service/retry", page.Staff, access.CustomerEdit, p.Retry),
			row("GET /customers/{customer}/service/remove", page.Staff, access.CustomerOffboard, p.AskRemove), row("POST /customers/{customer}/service/remove", page.Staff, access.CustomerOffboard, p.Remove),
			row("POST /service/consent", page.Customer, access.CustomerAuthorise, p.Consent),
		})
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{
	{Group: "nav.wholesale", Label: "nav.provisioned", URL: "/wholesale", Icon: "building"},
	{Group: "nav.wholesale", Label: "nav.templates", URL: "/templates", Icon: "file-text"},
	{Group: "nav.calling", Label: "nav.service", URL: "/service", Icon: "list-details"},
}

var tones = map[onboard.Status]ui.Tone{onboard.StatusProvisioning: ui.Busy, onboard.StatusProvisioned: ui.OK, onboard.StatusWithErrors: ui.Warn, onboard.StatusUpdating: ui.Busy, onboard.StatusDeleting: ui.Busy,
	onboard.StatusError: ui.Bad, onboard.StatusReview: ui.Warn, onboard.StatusGone: ui.Off}

func badge(r *page.Request, s onboard.Status) ui.Badge {
	return ui.Badge{Tone: tones[s], Text: r.T("wholesale.status." + string(s))}
}

// moving says that work goes on in the background.
func moving(s onboard.Status) bool {
	return s == onboard.StatusProvisioning || s == onboard.StatusUpdating || s == onboard.StatusDeleting
}

// List shows the customers of the wholesale offer, by where they stand (WS-107, WS-140).
func (p Pages) List(r *page.Request) error {
	l := parts.ListOf(r, "-created", "status", "for")
	q := onboard.CustomerQuery{OnBehalfOf: l.Get("for"), ExternalID: l.Text(), Page: l.Page()}
	if s := l.Get("status"); s != "" {
		q.Status = []onboard.Status{onboard.Status(s)}
	}
	all, next, err := p.Onboard.Customers(r.Context(), r.Actor, q)
	if err != nil {
		return err
	}
	offer, err := parts.OfferOf(r, p.Deps, "")
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.provisioned"), r.T("wholesale.lead"))
	if r.Way("/wholesale/new") != "" {
		s.Actions = []ui.Action{{Label: r.T("wholesale.add"), URL: "/wholesale/new", Icon: "plus", Style: "primary"}}
	}
	f := l.Filters(l.Search(r.T("wholesale.search")))
	state := ui.Select{Name: "status", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []onboard.Status{onboard.StatusProvisioned, onboard.StatusProvisioning, onboard.StatusUpdating, onboard.StatusDeleting, onboard.StatusWithErrors, onboard.StatusError, onboard.StatusReview} {
		state.Options = append(state.Options, ui.Option{Value: string(v), Label: r.T("wholesale.status." + string(v)), Selected: string(v) == l.Get("status")})
	}
	f.Fields = []templ.Component{state}
	if subs, err := p.below(r); err != nil {
		return err
	} else if len(subs) > 0 {
		who := ui.Select{Name: "for", Label: r.T("wholesale.of"), Compact: true, Options: []ui.Option{{Label: r.T("wholesale.own")}}}
		for _, t := range subs {
			who.Options = append(who.Options, ui.Option{Value: t.Tenant.ID, Label: t.Tenant.Name, Selected: t.Tenant.ID == l.Get("for")})
		}
		f.Fields = append(f.Fields, who)
	}
	t := ui.Table{ID: "wholesale", Caption: r.T("nav.provisioned"), Pager: l.Pager(r, len(all), -1, next), Columns: []ui.Column{{Label: r.T("customer.name")}, {Label: r.T("customer.state")}, {Label: r.T("offer.packages"), Minor: true},
		{Label: r.T("organisation.external_id")}, l.Column(r.T("customer.added"), "-created")},
		Empty: ui.Empty{Icon: "building", Title: r.T("wholesale.none"), Text: r.T("wholesale.none_text"), Actions: s.Actions}}
	if l.Filtered() {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("customers.none_found"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	for _, c := range all {
		at := "/customers/" + c.ID + "/service"
		codes := []string{}
		for _, k := range c.Packages {
			codes = append(codes, k.Code)
		}
		state := templ.Component(ui.Badges(badge(r, c.Status)))
		if len(c.Faults) > 0 {
			state = ui.Stack(state, ui.Quiet(parts.Says(r, c.Faults[0].Code, c.Faults[0].Message, nil)))
		}
		t.Rows = append(t.Rows, ui.Row{ID: c.ID, Name: c.Name, Cells: []templ.Component{ui.Two(c.Name, c.Email, at), state, ui.Text(strings.Join(offer.Names(codes), r.T("list.separator"))), ui.Mono(c.ExternalID), ui.NoWrap(ui.Date(r.Context(), c.Created.Time))}})
	}
	return r.Show(ui.Full(s, f, t))
}

// below lists the sub-partners of who looks, for a choice; none to who has none.
func (p Pages) below(r *page.Request) ([]onboard.SubPartner, error) {
	if r.Place.Kind != access.Partner || !r.Actor.Can(access.SubPartnerView) {
		return nil, nil
	}
	all, _, err := p.Onboard.SubPartners(r.Context(), r.Actor, onboard.SubPartnerQuery{Page: db.Page{Limit: db.MaxLimit}})
	return all, err
}

func tries(r *page.Request, in parts.Inside, what string) {
	r.Tries("customer/"+what, in.Customer.Access(), journal.Target{Kind: "customer", ID: in.Customer.ID, Name: in.Customer.Name})
}
