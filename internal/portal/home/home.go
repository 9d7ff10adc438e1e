// Package home holds the pages that belong to nobody's area: the overview after signing in, help, feedback, and the demo's
// mailbox (CH-92, CH-96, decision 26).
//
// It must not change anything but send feedback.
package home

import (
	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Pages are the pages of this area.
type Pages struct{ *page.Deps }

// New gives them.
func New(d *page.Deps) Pages { return Pages{d} }

// overview is what the first page after signing in shows.
type overview struct {
	Board  *board
	Events []ui.Event
	Log    bool // the actor may see the operation log
	LogURL string
	Aged   bool
}

// Overview is the start page: numbers and the latest rows of the operation log, each as far as the actor may see it. Who is
// not signed in chooses a portal here (CH-10).
func (p Pages) Overview(r *page.Request) error {
	if !r.SignedIn() {
		s := r.SignInShell("", r.T("home.choose"), r.T("home.choose_lead"))
		return r.Show(choicePage(s, page.ReturnPath(r.FormValue("return"))))
	}
	var v overview
	var err error
	if v.Board, err = p.dashboard(r); err != nil {
		return err
	}
	if r.Actor.Can(access.LogView) {
		v.Log, v.LogURL = true, r.Way("/log")
		if v.Events, err = p.latest(r); err != nil {
			return err
		}
	}
	if r.Actor.Acting == nil {
		if v.Aged, err = p.Accounts.PasswordAged(r.Context(), r.Actor); err != nil {
			return err
		}
	}
	s := r.Shell(r.T("home.title", "tenant", r.Actor.Place().Name), "")
	s.Actions = []ui.Action{{Label: r.T("dashboard.refresh"), URL: "/", Icon: "refresh"}}
	return r.Show(overviewPage(s, v))
}

// latestRows is how many rows of the log the overview shows.
const latestRows = 8

func (p Pages) latest(r *page.Request) ([]ui.Event, error) {
	rows, _, err := p.Journal.Log(r.Context(), p.DB, r.Place.ID, journal.Query{Viewer: r.Actor, Page: db.Page{Limit: latestRows}})
	if err != nil {
		return nil, err
	}
	events := make([]ui.Event, 0, len(rows))
	for _, e := range rows {
		ev := ui.Event{Tone: ui.OK, Title: page.Deed(r.Context(), e), Text: e.Target.Name, Actor: e.Actor.Label(), At: e.Time.Time}
		if e.Result == journal.Failure {
			ev.Tone = ui.Bad
			ev.Text = r.T("home.refused", "target", e.Target.Name)
		}
		events = append(events, ev)
	}
	return events, nil
}

// Help answers what people ask most (CH-96). It needs no session.
func (p Pages) Help(r *page.Request) error {
	v := help{Contact: p.contact(r)}
	if r.SignedIn() {
		return r.Show(helpInside(r.Shell(r.T("help.title"), r.T("help.lead")), v))
	}
	s := r.SignInShell("", r.T("help.title"), r.T("help.lead"))
	s.Wide = true
	for _, realm := range page.Realms {
		s.Others = append(s.Others, ui.Crumb{Label: r.T("signin." + string(realm)), URL: page.Door(realm)})
	}
	return r.Show(helpOutside(s, v))
}

// help is what the help page shows beside its topics.
type help struct{ Contact *tenant.Tenant }

// contact gives the organisation that supports the actor's own, nil when there is none or nobody is signed in.
func (p Pages) contact(r *page.Request) *tenant.Tenant {
	if !r.SignedIn() || r.Actor.Tenant.Kind == access.Operator {
		return nil
	}
	own, err := p.Tenants.Load(r.Context(), p.DB, r.Actor.Tenant.ID)
	if err != nil {
		return nil
	}
	above, err := p.Tenants.Load(r.Context(), p.DB, own.ParentID)
	if err != nil || above.Email == "" {
		return nil
	}
	return &above
}
