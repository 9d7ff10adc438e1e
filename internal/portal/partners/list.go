package partners

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// List shows partners (CH-15) or sub-partners (WS-83, WS-86), searched, filtered, page by page.
func (b book) List(r *page.Request) error {
	l := parts.ListOf(r, "name", "state", "owner")
	q := tenant.Query{Kind: b.kind, Text: l.Text(), ParentID: l.Get("owner"), Page: l.Page()}
	yes := true
	switch l.Get("state") {
	case "frozen":
		q.Frozen = &yes
	case "suspended":
		q.Suspended = &yes
	}
	found, err := b.Tenants.List(r.Context(), r.Actor, q)
	if err != nil {
		return err
	}
	var ids []string
	for _, t := range found.Items {
		ids = append(ids, t.ID)
	}
	counts, err := b.Tenants.CustomerCounts(r.Context(), ids)
	if err != nil {
		return err
	}
	s := r.Shell(b.title(r), r.T(b.key+"lead"))
	if r.Actor.Can(b.create) && b.mayAdd(r) {
		s.Actions = []ui.Action{b.addAction(r)}
	}
	f := l.Filters(l.Search(r.T(b.key + "search")))
	states := []string{"frozen"}
	if b.kind == access.SubPartner {
		states = append(states, "suspended")
	}
	state := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range states {
		state.Options = append(state.Options, ui.Option{Value: v, Label: r.T("organisation.state." + v), Selected: v == l.Get("state")})
	}
	f.Fields = []templ.Component{state}
	var hits templ.Component
	if l.Text() != "" && found.Total > 0 {
		hits = ui.Note(ui.N(r.Context(), "customers.hits", int(found.Total), "text", l.Text()))
	}
	return r.Show(ui.Full(s, f, hits, b.table(r, l, found, counts)))
}

// mayAdd: sub-partners are added by their partner, partners by the operator.
func (b book) mayAdd(r *page.Request) bool {
	return b.kind == access.Partner || r.Place.Kind == access.Partner
}

func (b book) addAction(r *page.Request) ui.Action {
	return ui.Action{Label: r.T(b.key + "add"), URL: b.base + "/new", Icon: "plus", Style: "primary"}
}

func (b book) table(r *page.Request, l parts.List, found tenant.Listing, counts map[string]int64) ui.Table {
	added := l.Column(r.T("customer.added"), "-created")
	added.Minor = true
	t := ui.Table{ID: "organisations", Caption: b.title(r), Pager: l.Pager(r, len(found.Items), found.Total, found.Next), Empty: b.empty(r, l),
		Columns: []ui.Column{l.Column(r.T("organisation.name"), "name"), {Label: r.T("organisation.contact"), Minor: true}, l.Column(r.T("customer.state"), "status")}}
	owner := b.kind == access.SubPartner && r.Place.Kind == access.Operator
	if owner {
		t.Columns = append(t.Columns, ui.Column{Label: r.T("kind.partner")})
	}
	t.Columns = append(t.Columns, ui.Column{Label: r.T("nav.customers"), Number: true}, added)
	for _, o := range found.Items {
		cells := []templ.Component{ui.Two(o.Name, o.Email, b.url(o, "")), parts.Contact(o), b.states(r, o)}
		if owner {
			cells = append(cells, ui.Text(o.ParentName))
		}
		cells = append(cells, ui.Text(ui.Number(r.Context(), counts[o.ID])), ui.NoWrap(ui.Date(r.Context(), o.Created.Time)))
		t.Rows = append(t.Rows, ui.Row{ID: o.ID, Name: o.Name, Cells: cells, Actions: b.rowActions(r, o)})
	}
	return t
}

// states shows both flags, which are independent.
func (b book) states(r *page.Request, t tenant.Tenant) templ.Component {
	badges := []ui.Badge{parts.State(r, t)}
	if t.Frozen && t.ProvisioningSuspended {
		badges = append(badges, ui.Badge{Tone: ui.Warn, Text: r.T("organisation.state.suspended")})
	}
	return ui.Badges(badges...)
}

func (b book) rowActions(r *page.Request, t tenant.Tenant) []ui.Action {
	var all []ui.Action
	add := func(act access.Action, a ui.Action) {
		a.About = ""
		if r.Actor.Can(act) {
			all = append(all, a)
		}
	}
	if b.kind == access.SubPartner && r.Actor.Acting == nil {
		add(access.SubPartnerEnter, b.enterAction(r, t))
	}
	add(b.edit, b.editAction(r, t))
	add(access.PartnerResetPassword, b.resetAction(r, t))
	if b.kind == access.SubPartner {
		add(access.SubPartnerSuspend, b.suspendAction(r, t))
	}
	add(b.freeze, b.freezeAction(r, t))
	return all
}

func (b book) empty(r *page.Request, l parts.List) ui.Empty {
	if l.Filtered() {
		return ui.Empty{Icon: "search", Title: r.T("customers.none_found"), Text: r.T("customers.none_found_text"),
			Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	e := ui.Empty{Icon: b.icon, Title: r.T(b.key + "none"), Text: r.T(b.key + "none_text")}
	if r.Actor.Can(b.create) && b.mayAdd(r) {
		e.Actions = []ui.Action{b.addAction(r)}
	}
	return e
}

func (b book) editAction(r *page.Request, t tenant.Tenant) ui.Action {
	return ui.Action{Label: r.T("action.edit"), About: t.Name, URL: b.url(t, "edit"), Icon: "pencil"}
}

func (b book) resetAction(r *page.Request, t tenant.Tenant) ui.Action {
	return ui.Action{Label: r.T("action.reset_password"), About: t.Name, URL: b.url(t, "reset-password"), How: ui.Confirm, Icon: "key"}
}

func (b book) freezeAction(r *page.Request, t tenant.Tenant) ui.Action {
	if t.Frozen {
		return ui.Action{Label: r.T("action.unfreeze"), About: t.Name, URL: b.url(t, "unfreeze"), How: ui.Confirm, Icon: "lock-open"}
	}
	return ui.Action{Label: r.T("action.freeze"), About: t.Name, URL: b.url(t, "freeze"), How: ui.Confirm, Icon: "snowflake", Style: "danger"}
}

func (b book) suspendAction(r *page.Request, t tenant.Tenant) ui.Action {
	if t.ProvisioningSuspended {
		return ui.Action{Label: r.T("sub_partners.resume"), About: t.Name, URL: b.url(t, "resume"), How: ui.Post, Icon: "refresh"}
	}
	return ui.Action{Label: r.T("sub_partners.suspend"), About: t.Name, URL: b.url(t, "suspend"), How: ui.Confirm, Icon: "alert-octagon", Style: "danger"}
}

// enterAction enters at once; the operator's people are asked for a reason first.
func (b book) enterAction(r *page.Request, t tenant.Tenant) ui.Action {
	a := ui.Action{Label: r.T("action.enter"), About: t.Name, URL: b.url(t, "enter"), How: ui.Post, Icon: "login"}
	if r.Actor.Tenant.Kind == access.Operator {
		a.How = ui.Confirm
	}
	return a
}
