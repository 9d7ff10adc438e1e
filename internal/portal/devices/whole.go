package devices

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/network"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/plans"
	"linecard/internal/portal/sites"
	"linecard/internal/portal/ui"
	"linecard/internal/registrar"
	"linecard/internal/subscriber"
)

// siteDef says where the phone is, why, and offers to choose otherwise (DM-46).
func (p Pages) siteDef(r *page.Request, v view) (templ.Component, error) {
	if v.d.SiteID == "" {
		return ui.Quiet("–"), nil
	}
	s, err := p.Networks.Get(r.Context(), r.Actor, v.d.CustomerID, v.d.SiteID)
	if err != nil {
		return nil, err
	}
	m, err := p.Networks.Map(r.Context(), p.DB, v.d.CustomerID)
	if err != nil {
		return nil, err
	}
	out := []templ.Component{ui.Two(s.Name, sites.Why(r, v.d, m), r.Below("/sites", "/sites/"+s.ID))}
	if v.may.Do(access.DeviceEdit) {
		out = append(out, ui.Link(r.T("phone.pin"), v.at+"/site"))
	}
	return ui.Stack(out...), nil
}

// AskSite offers the sites to which the phone can be pinned.
func (p Pages) AskSite(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	c, err := p.sitePage(r, v, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

func (p Pages) sitePage(r *page.Request, v view, fault error) (templ.Component, error) {
	f := ui.FaultsOf(r.Context(), fault, "site_id", r.T("phone.pin_site"))
	choice := ui.Select{Name: "site", Label: r.T("phone.pin_site"), Fault: f.For("site_id"), Options: []ui.Option{{Label: r.T("phone.pin_auto"), Selected: !v.d.SitePinned}}}
	next := db.Page{Limit: 1000, Sort: "name"}
	for {
		l, err := p.Networks.List(r.Context(), r.Actor, v.d.CustomerID, network.Query{Page: next})
		if err != nil {
			return nil, err
		}
		for _, s := range l.Items {
			choice.Options = append(choice.Options, ui.Option{Value: s.ID, Label: s.Name, Selected: v.d.SitePinned && s.ID == v.d.SiteID})
		}
		if next.Cursor = l.Next; l.Next == "" {
			break
		}
	}
	return ui.Full(v.sub(r, r.T("phone.pin"), r.T("phone.pin_lead"), "", ""), ui.CardOf("", ui.FormOf(ui.Form{URL: v.at + "/site", Faults: f, Submit: r.T("plans.review"), Cancel: v.at, Narrow: true}, choice))), nil
}

// SetSite makes a plan of pinning the phone, or of letting its address decide again.
func (p Pages) SetSite(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "edit", v.d)
	site := r.PostFormValue("site")
	if err := plans.Propose(r, p.Deps, config.Asked{Kind: config.DeviceUpdate, DeviceID: v.d.ID, SiteID: &site}, v.at); err != nil {
		c, broken := p.sitePage(r, v, err)
		if broken != nil {
			return broken
		}
		return r.Again(err, c)
	}
	return nil
}

// History is what people did to the phone, the last first, from the operation log.
func (p Pages) History(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	if !v.may.Do(access.LogView) {
		return errs.Missing("page")
	}
	l := parts.ListOf(r, "")
	rows, next, err := p.Journal.Log(r.Context(), p.DB, v.d.CustomerID, journal.Query{Target: v.d.ID, Viewer: r.Actor, Page: l.Page()})
	if err != nil {
		return err
	}
	var events []ui.Event
	for _, e := range rows {
		ev := ui.Event{Tone: ui.OK, Title: page.Deed(r.Context(), e), Actor: e.Actor.Label(), At: e.Time.Time}
		if e.Result == journal.Failure {
			ev.Tone, ev.Text = ui.Bad, r.T("home.refused", "target", e.Target.Name)
		}
		events = append(events, ev)
	}
	var more templ.Component
	if next != "" {
		more = ui.Buttons(ui.Action{Label: r.T("pager.next"), URL: l.At(next)})
	}
	if len(events) == 0 {
		return v.tabbed(r, "/history", ui.CardOf("", ui.Empty{Icon: "history", Title: r.T("phone.no_history")}))
	}
	return v.tabbed(r, "/history", ui.CardOf("", ui.Timeline(events)), more)
}

// managed gives the managed lines of the phone; none for who may not see lines.
func (p Pages) managed(r *page.Request, v view) ([]subscriber.Line, error) {
	if !r.Actor.Can(access.LineView) {
		return nil, nil
	}
	all, _, err := p.Subscriber.Lines(r.Context(), r.Actor, v.d.CustomerID, subscriber.LineQuery{DeviceID: v.d.ID, Page: db.Page{Limit: 100}})
	if errs.KindOf(err) == errs.Forbidden {
		err = nil
	}
	return all, err
}

// registrations says of each managed line whether it is registered, from where and until when. It is what registrars say and nothing
// that the phone told (decision 21). A phone without managed lines has none that anybody could ask about.
func (p Pages) registrations(r *page.Request, v view) (templ.Component, error) {
	lines, err := p.managed(r, v)
	if err != nil || p.Registrars == nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, nil
	}
	t := ui.Table{ID: "registrations", Caption: r.T("phone.registrations"), Columns: []ui.Column{{Label: r.T("phone.line")}, {Label: r.T("phone.registered")}, {Label: r.T("phone.contact")}, {Label: r.T("phone.registered_at")}}}
	for _, l := range lines {
		s, err := p.Registrars.Status(r.Context(), r.Actor, v.d.CustomerID, l.ID)
		if err != nil {
			return nil, err
		}
		b := ui.Badge{Tone: ui.Off, Text: r.T("phone.registered.no")}
		switch {
		case s.Registered:
			b = ui.Badge{Tone: ui.OK, Text: r.T("phone.registered.yes")}
		case s.PlatformID == "":
			b = ui.Badge{Text: r.T("phone.registered.unknown")}
		case s.State == registrar.Pending:
			b = ui.Badge{Tone: ui.Busy, Text: r.T("phone.registered.pending")}
		}
		from, when := templ.Component(ui.Quiet("–")), templ.Component(ui.Quiet("–"))
		if len(s.Registrations) > 0 {
			x := s.Registrations[0]
			from, when = ui.Coded(x.Address, x.UserAgent), ui.Two(ui.Ago(r.Context(), r.Now(), x.Registered.Time), ui.DateTime(r.Context(), x.Registered.Time), "")
		}
		t.Rows = append(t.Rows, ui.Row{ID: l.ID, Name: l.User, Cells: []templ.Component{ui.Two(l.User, l.DisplayName, r.Below("/lines", "/lines/"+l.ID)), b, from, when}})
	}
	return ui.Stack(ui.Heading(r.T("phone.registrations")), t), nil
}

// AskSync asks before the phone is told to fetch its configuration.
func (p Pages) AskSync(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	lines, err := p.managed(r, v)
	if err != nil {
		return err
	}
	s := v.sub(r, r.T("phone.sync"), "", "", "")
	if len(lines) == 0 {
		return r.Show(ui.Full(s, ui.Notice{Tone: ui.Info, Title: r.T("phone.sync_none"), Text: r.T("phone.sync_none_text"), Action: &ui.Action{Label: label(v.d), URL: v.at}}))
	}
	return r.Show(ui.Full(s, ui.Question{Title: r.T("phone.sync_title", "name", label(v.d)), Text: r.T("phone.sync_text"), URL: v.at + "/sync", Submit: r.T("phone.sync"), CancelURL: v.at}))
}

// Sync wakes the phone through the registrar of one of its lines.
func (p Pages) Sync(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "sync", v.d)
	if err := SyncOne(r, p.Deps, v.d.CustomerID, v.d.ID); err != nil {
		return err
	}
	return r.Done(v.at, r.T("phone.synced", "name", label(v.d)))
}

var errNoLine = errs.New(errs.Conflict, "phone_without_line", "The phone has no line at a registrar that could wake it. It asks by itself within its poll window.")

// SyncOne tells the registrar of a line of the phone to wake it. phone_without_line says that it has none.
func SyncOne(r *page.Request, d *page.Deps, customerID, deviceID string) error {
	lines, _, err := d.Subscriber.Lines(r.Context(), r.Actor, customerID, subscriber.LineQuery{DeviceID: deviceID, Page: db.Page{Limit: 100}})
	if err != nil {
		return err
	}
	err = errNoLine
	for _, l := range lines {
		if err = d.Registrars.Sync(r.Context(), r.Actor, customerID, l.ID); err == nil {
			return nil
		}
	}
	return err
}
