// Package home holds the pages that belong to nobody's area: the overview after signing in, help, feedback, and the demo's
// mailbox (CH-92, CH-96, decision 26).
//
// It must not change anything but send feedback.
package home

import (
	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
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
	Stats  []ui.Stat
	Events []ui.Event
	Log    bool // the actor may see the operation log
	LogURL string
	Way    []ui.Action
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
	if v.Stats, err = p.stats(r); err != nil {
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
	return r.Show(overviewPage(r.Shell(r.T("home.title", "tenant", r.Actor.Place().Name), ""), v))
}

// stats counts what lies below the place, each number linked to its list where there is one.
func (p Pages) stats(r *page.Request) ([]ui.Stat, error) {
	var out []ui.Stat
	count := func(label, url string, q tenant.Query) error {
		q.Page.Limit = 1
		l, err := p.Tenants.List(r.Context(), r.Actor, q)
		if err == nil {
			out = append(out, ui.Stat{Label: label, Value: ui.Number(r.Context(), l.Total), URL: r.Way(url)})
		}
		return allowed(err)
	}
	frozen := true
	switch r.Place.Kind {
	case access.Operator:
		if err := count(r.T("home.partners"), "/partners", tenant.Query{Kind: access.Partner}); err != nil {
			return nil, err
		}
	case access.Partner:
		if r.Actor.Can(access.SubPartnerView) {
			if err := count(r.T("home.sub_partners"), "/sub-partners", tenant.Query{Kind: access.SubPartner, ParentID: r.Place.ID}); err != nil {
				return nil, err
			}
		}
	case access.Customer:
		return p.customerStats(r)
	}
	if err := count(r.T("nav.customers"), "/customers", tenant.Query{Kind: access.Customer}); err != nil {
		return nil, err
	}
	return out, count(r.T("home.frozen"), "/customers", tenant.Query{Kind: access.Customer, Frozen: &frozen})
}

// allowed lets a number be left out that the actor may not see.
func allowed(err error) error {
	if err != nil && errs.KindOf(err) == errs.Forbidden {
		return nil
	}
	return err
}

func (p Pages) customerStats(r *page.Request) ([]ui.Stat, error) {
	var out []ui.Stat
	if r.Actor.Can(access.DeviceView) && r.Place.Permissions.Has(tenant.DMP) {
		l, err := p.Devices.List(r.Context(), r.Actor, r.Place.ID, device.Query{Page: db.Page{Limit: 1}})
		if err != nil {
			return nil, allowed(err)
		}
		out = append(out, ui.Stat{Label: r.T("nav.devices"), Value: ui.Number(r.Context(), l.Total), URL: r.Way("/devices")})
	}
	return out, nil
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
