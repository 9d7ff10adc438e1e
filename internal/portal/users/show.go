package users

import (
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// Show is the page of one user or workspace: what it has, how it is called, and its lines with the phones where they ring.
func (b book) Show(r *page.Request) error {
	v, err := b.look(r)
	if err != nil {
		return err
	}
	offer, err := parts.OfferOf(r, b.Deps, "")
	if err != nil {
		return err
	}
	places, err := parts.Locations(r, b.Deps, v.Customer.ID)
	if err != nil {
		return err
	}
	lines, err := b.lines(r, v)
	if err != nil {
		return err
	}
	lead := r.T("workspaces.show_lead")
	if b.person() {
		lead = r.T("users.show_lead")
	}
	s := b.frame(r, v, v.h.DisplayName, lead)
	if b.person() {
		badge := state(r, v.h)
		s.Badge = &badge
	}
	s.Actions = parts.Actions(v.Offer(b.act(access.UserRename), ui.Action{Label: r.T("action.edit"), URL: v.at + "/edit", Icon: "pencil", Style: "primary"}),
		v.Offer(b.act(access.UserDelete), ui.Action{Label: r.T("action.delete"), URL: v.at + "/delete", How: ui.Confirm, Icon: "trash"}))
	var pending templ.Component
	if v.h.Status == subscriber.Pending {
		pending = ui.Notice{Tone: ui.Info, Title: r.T("users.state.pending_user_migration"), Text: r.T("users.pending_text")}
	}
	return r.Show(ui.Full(s, pending, ui.GridOf(b.about(r, v, places), b.packageCard(r, v, offer)), lines))
}

func (b book) about(r *page.Request, v view, places []subscriber.Location) templ.Component {
	h := v.h
	defs := []ui.Def{}
	if b.person() {
		defs = append(defs, ui.Def{Term: r.T("users.email"), Value: ui.Text(h.Email)}, ui.Def{Term: r.T("users.person"), Value: ui.Text(strings.TrimSpace(h.FirstName + " " + h.LastName))})
		if h.AccountID != "" {
			defs = append(defs, ui.Def{Term: r.T("account.roles"), Value: ui.Badge{Tone: ui.Info, Text: r.T("users.first_admin")}}) // WS-112
		}
	}
	var place templ.Component = parts.Dash(parts.LocationName(places, h.LocationID))
	if to := r.Way(v.URL("/locations/" + h.LocationID)); to != "" && h.LocationID != "" && parts.LocationName(places, h.LocationID) != "" {
		place = ui.Link(parts.LocationName(places, h.LocationID), to)
	}
	defs = append(defs, ui.Def{Term: r.T("users.location"), Value: place}, ui.Def{Term: r.T("users.extension"), Value: parts.Dash(h.Extension)},
		ui.Def{Term: r.T("users.number"), Value: parts.Dash(h.Number)}, ui.Def{Term: r.T("organisation.external_id"), Value: parts.Dash(h.ExternalID)},
		ui.Def{Term: r.T("organisation.id"), Value: ui.Mono(h.ID)}, ui.Def{Term: r.T("customer.added"), Value: ui.Text(ui.DateTime(r.Context(), h.Created.Time))})
	return ui.CardOf(r.T("customers.details"), ui.Definitions(defs))
}

func (b book) packageCard(r *page.Request, v view, offer parts.Offer) templ.Component {
	i := offer.Item(v.h.Package)
	body := []templ.Component{ui.Definitions([]ui.Def{{Term: r.T("users.package"), Value: ui.Two(i.Name, i.Description, r.Way("/packages/"+i.Code))},
		{Term: r.T("users.add_ons"), Value: parts.Dash(strings.Join(offer.Names(v.h.AddOns), ", "))}})}
	if change := v.Offer(b.act(access.UserPackage), ui.Action{Label: r.T("users.change_package"), URL: v.at + "/package"}); len(change) > 0 {
		body = append(body, ui.Buttons(change...))
	}
	return ui.CardOf(r.T("users.package"), body...)
}

// lines lists the managed lines of the holder, with the phones where they ring.
func (b book) lines(r *page.Request, v view) (templ.Component, error) {
	if !v.Do(access.LineView) {
		return nil, nil
	}
	all, _, err := b.Subscriber.Lines(r.Context(), r.Actor, v.Customer.ID, subscriber.LineQuery{HolderID: v.h.ID, Page: db.Page{Limit: 50}})
	if err != nil {
		return nil, err
	}
	t := parts.LineTable(r, v.Inside, all, false)
	t.Empty = ui.Empty{Icon: "phone", Title: r.T("users.no_lines"), Text: r.T("users.no_lines_text")}
	var add templ.Component
	if a := v.Offer(access.LineEdit, ui.Action{Label: r.T("mlines.add"), URL: v.URL("/lines/new?holder=" + v.h.ID), Icon: "plus"}); len(a) > 0 && (v.h.Extension != "" || v.h.Number != "") {
		add = ui.Buttons(a...)
	}
	return ui.Stack(ui.Heading(r.T("nav.lines")), t, add), nil
}
