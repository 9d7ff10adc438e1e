// Package inside owns the pages of an organisation about itself: its own data, and in a customer who may act for it.
//
// It must not know the rules of relations: room tenant decides who can grant what to whom.
package inside

import (
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Pages are the pages of one's own organisation.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	return []page.Route{
		{Pattern: "GET /authorisation", In: page.Customer, Needs: access.CustomerView, Serve: p.Authorisations},
		{Pattern: "GET /authorisation/grant", In: page.Customer, Needs: access.CustomerAuthorise, Serve: p.Grant},
		{Pattern: "POST /authorisation/grant", In: page.Customer, Needs: access.CustomerAuthorise, Serve: p.Authorise},
		{Pattern: "GET /authorisation/withdraw", In: page.Customer, Needs: access.CustomerAuthorise, Serve: p.AskWithdraw},
		{Pattern: "POST /authorisation/withdraw", In: page.Customer, Needs: access.CustomerAuthorise, Serve: p.Withdraw},
		{Pattern: "GET /company", In: page.Anywhere, Needs: access.Self, Serve: p.Company},
		{Pattern: "POST /company", In: page.Anywhere, Needs: access.Self, Serve: p.SaveCompany},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{
	{Group: "nav.organisation", Label: "nav.authorisation", URL: "/authorisation", Icon: "shield-check"},
	{Group: "nav.organisation", Label: "nav.company", URL: "/company", Icon: "building"},
}

// Authorisations lists who may enter, since when, and who was here last (CH-31).
func (p Pages) Authorisations(r *page.Request) error {
	all, err := p.Tenants.Authorisations(r.Context(), r.Actor, r.Place.ID)
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	decide := may.Do(access.CustomerAuthorise) && r.Actor.Tenant.ID == r.Place.ID
	s := r.Shell(r.T("nav.authorisation"), r.T("authorisation.lead"))
	t := ui.Table{ID: "authorisations", Caption: r.T("nav.authorisation"), Columns: []ui.Column{{Label: r.T("authorisation.who")}, {Label: r.T("authorisation.what")}, {Label: r.T("customer.state")},
		{Label: r.T("authorisation.since")}, {Label: r.T("authorisation.until"), Minor: true}, {Label: r.T("authorisation.entered")}},
		Empty: ui.Empty{Icon: "shield-check", Title: r.T("authorisation.none"), Text: r.T("authorisation.none_text")}}
	open := map[string]bool{}
	var asked templ.Component
	for _, rel := range all {
		row := ui.Row{ID: rel.ID, Name: rel.ManagerName, Dim: !inForce(rel) && rel.State != tenant.Requested, Cells: p.cells(r, rel)}
		if rel.Scope == access.DeviceManage && (inForce(rel) || rel.State == tenant.Requested) {
			open[rel.ManagerID] = true
			if decide {
				row.Actions = relationActions(r, rel)
			}
			if rel.State == tenant.Requested && decide {
				asked = ui.Notice{Tone: ui.Info, Title: r.T("authorisation.asked", "name", rel.ManagerName),
					Text:   r.T("authorisation.asked_text", "person", rel.RequestedBy, "date", ui.Date(r.Context(), rel.Requested.Time)),
					Action: &ui.Action{Label: r.T("authorisation.decide"), URL: grantURL(rel.ManagerID), Style: "primary"}}
			}
		}
		t.Rows = append(t.Rows, row)
	}
	if decide && !open[r.Place.ParentID] && r.Place.Permissions.Has(tenant.DMP) {
		s.Actions = []ui.Action{{Label: r.T("authorisation.grant_to", "name", r.Place.ParentName), URL: grantURL(r.Place.ParentID), Icon: "shield-check", Style: "primary"}}
		t.Empty.Actions = s.Actions
	}
	return r.Show(ui.Full(s, asked, t, ui.CardOf(r.T("authorisation.about"), ui.Points(r.T("authorisation.about_1"), r.T("authorisation.about_2"), r.T("authorisation.about_3")))))
}

func grantURL(manager string) string { return "/authorisation/grant?manager=" + manager }

func inForce(rel tenant.Relation) bool { return rel.State == tenant.Granted }

func (p Pages) cells(r *page.Request, rel tenant.Relation) []templ.Component {
	since := rel.Since
	if since.IsZero() {
		since = rel.Requested
	}
	until := templ.Component(ui.Quiet("–"))
	switch {
	case !rel.EndedAt.IsZero():
		until = ui.Text(ui.Date(r.Context(), rel.EndedAt.Time))
	case !rel.Until.IsZero():
		until = ui.Text(ui.Date(r.Context(), rel.Until.Time))
	}
	last := templ.Component(ui.Quiet(r.T("authorisation.never")))
	if !rel.Entered.IsZero() {
		last = ui.Two(ui.DateTime(r.Context(), rel.Entered.Time), rel.EnteredBy, "")
	}
	by := ""
	if rel.GrantedBy != "" {
		by = r.T("authorisation.granted_by", "name", rel.GrantedBy)
	}
	return []templ.Component{ui.Two(rel.ManagerName, by, ""), ui.Text(r.T("authorisation.scope." + string(rel.Scope))), parts.Authorisation(r, rel.State, rel.ReadOnly),
		ui.Text(ui.Date(r.Context(), since.Time)), until, last}
}

func relationActions(r *page.Request, rel tenant.Relation) []ui.Action {
	off := ui.Action{Label: r.T("authorisation.withdraw"), URL: "/authorisation/withdraw?manager=" + rel.ManagerID, How: ui.Confirm, Icon: "x", Style: "danger"}
	if rel.State == tenant.Requested {
		off.Label = r.T("authorisation.refuse")
		return []ui.Action{{Label: r.T("authorisation.grant"), URL: grantURL(rel.ManagerID), Icon: "check"}, off}
	}
	return []ui.Action{{Label: r.T("provisioning.change"), URL: grantURL(rel.ManagerID), Icon: "pencil"}, off}
}

// manager gives the provider that the form is about, with the present relation.
func (p Pages) manager(r *page.Request, id string) (tenant.Relation, error) {
	if id == "" {
		id = r.Place.ParentID
	}
	all, err := p.Tenants.Authorisations(r.Context(), r.Actor, r.Place.ID)
	if err != nil {
		return tenant.Relation{}, err
	}
	for _, rel := range all {
		if rel.ManagerID == id && rel.Scope == access.DeviceManage {
			return rel, nil
		}
	}
	if id == r.Place.ParentID {
		return tenant.Relation{ManagerID: id, ManagerName: r.Place.ParentName, Scope: access.DeviceManage}, nil
	}
	return tenant.Relation{}, errs.Missing("authorisation")
}

func (p Pages) tries(r *page.Request, what string) {
	r.Tries("customer/"+what, r.Actor.Place(), journal.Target{Kind: "customer", ID: r.Place.ID, Name: r.Place.Name})
}

// Grant shows what a provider would get, with the option to only look and an end date (CH-31).
func (p Pages) Grant(r *page.Request) error {
	rel, err := p.manager(r, r.URL.Query().Get("manager"))
	if err != nil {
		return err
	}
	until := ""
	if inForce(rel) && !rel.Until.IsZero() {
		until = lastDay(r, rel.Until.Time)
	}
	return r.Show(grantPage(r, rel, inForce(rel) && rel.ReadOnly, until, nil))
}

// lastDay is the last whole day before an end, in the person's time zone: what the form's date means.
func lastDay(r *page.Request, end time.Time) string {
	return end.Add(-time.Second).In(ui.PrefsOf(r.Context()).Zone).Format(time.DateOnly)
}

func grantPage(r *page.Request, rel tenant.Relation, readOnly bool, until string, err error) templ.Component {
	s := r.Shell(r.T("authorisation.grant_to", "name", rel.ManagerName), r.T("authorisation.grant_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.authorisation"), URL: "/authorisation"}}
	f := ui.FaultsOf(r.Context(), err, "until", r.T("authorisation.last_day"))
	level := ui.Choices{Name: "level", Label: r.T("authorisation.level"), One: true, Options: []ui.Option{
		{Value: "change", Label: r.T("authorisation.level_change"), Hint: r.T("authorisation.level_change_hint"), Selected: !readOnly},
		{Value: "look", Label: r.T("authorisation.level_look"), Hint: r.T("authorisation.level_look_hint"), Selected: readOnly}}}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: "/authorisation/grant", Faults: f, Submit: r.T("authorisation.grant"), Cancel: "/authorisation", Narrow: true, Guard: true,
		Hidden: []ui.Hidden{{Name: "manager", Value: rel.ManagerID}}}, level,
		ui.Input{Name: "until", Label: r.T("authorisation.last_day"), Kind: "date", Value: until, Optional: true, Hint: r.T("authorisation.last_day_hint"), Fault: f.For("until")})))
}

var errBadDate = errs.BadField("until", "bad_date", "A date looks like 2026-03-31.")

// Authorise grants, or changes what was granted.
func (p Pages) Authorise(r *page.Request) error {
	rel, err := p.manager(r, r.PostFormValue("manager"))
	if err != nil {
		return err
	}
	p.tries(r, "authorise")
	readOnly, until := r.PostFormValue("level") == "look", r.PostFormValue("until")
	in := tenant.Authorisation{ManagerID: rel.ManagerID, ReadOnly: readOnly}
	if until != "" {
		day, err := time.ParseInLocation(time.DateOnly, until, ui.PrefsOf(r.Context()).Zone)
		if err != nil {
			return r.Again(errBadDate, grantPage(r, rel, readOnly, until, errBadDate))
		}
		in.Until = db.At(day.AddDate(0, 0, 1)) // the named day is the last one
	}
	if _, err := p.Tenants.Authorise(r.Context(), r.Actor, r.Place.ID, in); err != nil {
		if errs.KindOf(err) != errs.Invalid {
			return err
		}
		return r.Again(err, grantPage(r, rel, readOnly, until, err))
	}
	return r.Done("/authorisation", r.T("authorisation.granted", "name", rel.ManagerName))
}

// AskWithdraw asks before an authorisation ends.
func (p Pages) AskWithdraw(r *page.Request) error {
	rel, err := p.manager(r, r.URL.Query().Get("manager"))
	if err != nil {
		return err
	}
	s := r.Shell(r.T("authorisation.withdraw"), "")
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.authorisation"), URL: "/authorisation"}}
	q := ui.Question{Title: r.T("authorisation.withdraw_title", "name", rel.ManagerName), Text: r.T("authorisation.withdraw_text"), Submit: r.T("authorisation.withdraw"), Danger: true}
	if rel.State == tenant.Requested {
		q = ui.Question{Title: r.T("authorisation.refuse_title", "name", rel.ManagerName), Text: r.T("authorisation.refuse_text"), Submit: r.T("authorisation.refuse")}
	}
	q.URL, q.CancelURL, q.Hidden = "/authorisation/withdraw", "/authorisation", []ui.Hidden{{Name: "manager", Value: rel.ManagerID}}
	return r.Show(ui.Full(s, q))
}

// Withdraw takes an authorisation back at once, or refuses a request.
func (p Pages) Withdraw(r *page.Request) error {
	rel, err := p.manager(r, r.PostFormValue("manager"))
	if err != nil {
		return err
	}
	p.tries(r, "withdraw_authorisation")
	if _, err := p.Tenants.Withdraw(r.Context(), r.Actor, r.Place.ID, rel.ManagerID); err != nil {
		return err
	}
	return r.Done("/authorisation", r.T("authorisation.withdrawn", "name", rel.ManagerName))
}

func target(t tenant.Tenant) journal.Target {
	return journal.Target{Kind: string(t.Kind), ID: t.ID, Name: t.Name}
}
