package customers

import (
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/deliver"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// List shows the customers of the place, sorted, filtered and searched (CH-16, CH-21, WS-87).
func (p Pages) List(r *page.Request) error {
	l := parts.ListOf(r, "name", "state", "permission", "owner")
	q := tenant.Query{Kind: access.Customer, Text: l.Text(), Permission: l.Get("permission"), ParentID: l.Get("owner"), Page: l.Page()}
	switch l.Get("state") {
	case "archived":
		q.State = tenant.Archived
	case "frozen", "active":
		frozen := l.Get("state") == "frozen"
		q.Frozen = &frozen
	}
	found, err := p.Tenants.List(r.Context(), r.Actor, q)
	if err != nil {
		return err
	}
	beside, err := p.beside(r, found.Items)
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.customers"), r.T("customers.lead"))
	if here, err := parts.Here(r, p.Deps); err == nil && r.Place.Kind != access.Operator {
		s.Actions = here.Offer(access.CustomerCreate, addAction(r))
	} else if r.Actor.Can(access.CustomerCreate) {
		s.Actions = []ui.Action{addAction(r)}
	}
	f := l.Filters(l.Search(r.T("customer.search")))
	f.Fields = []templ.Component{stateFilter(r, l.Get("state")), permissionFilter(r, l.Get("permission"))}
	t := p.table(r, l, found, beside)
	return r.Show(ui.Full(s, f, hits(r, l, found.Total), t))
}

func addAction(r *page.Request) ui.Action {
	return ui.Action{Label: r.T("action.add_customer"), URL: "/customers/new", Icon: "plus", Style: "primary"}
}

// hits counts what a search found (CH-21), and says when sub-partners' customers were left out because the text is short.
func hits(r *page.Request, l parts.List, n int64) templ.Component {
	if l.Text() == "" || n == 0 {
		return nil
	}
	text := ui.N(r.Context(), "customers.hits", int(n), "text", l.Text())
	if r.Actor.Can(access.SubPartnerView) && utf8.RuneCountInString(l.Text()) < 2 {
		text += " " + r.T("customers.hits_own")
	}
	return ui.Note(text)
}

func stateFilter(r *page.Request, chosen string) templ.Component {
	s := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("customers.in_use")}}}
	for _, v := range []string{"active", "frozen", "archived"} {
		s.Options = append(s.Options, ui.Option{Value: v, Label: r.T("organisation.state." + v), Selected: v == chosen})
	}
	return s
}

func permissionFilter(r *page.Request, chosen string) templ.Component {
	s := ui.Select{Name: "permission", Label: r.T("customer.permissions"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []string{tenant.DMP, tenant.RPS} {
		s.Options = append(s.Options, ui.Option{Value: v, Label: v, Selected: v == chosen})
	}
	return s
}

// beside is what the list shows beside the customers themselves.
type beside struct {
	authorised map[string]tenant.RelationState
	devices    map[string]int64
	mails      map[string]deliver.MailStatus
}

func (p Pages) beside(r *page.Request, items []tenant.Tenant) (b beside, err error) {
	var ids, mails []string
	for _, c := range items {
		ids = append(ids, c.ID)
		if c.MailID != "" {
			mails = append(mails, c.MailID)
		}
	}
	if len(ids) == 0 {
		return b, nil
	}
	if b.authorised, err = p.Tenants.AuthorisationStates(r.Context(), r.Actor, ids); err != nil {
		return b, err
	}
	if b.devices, err = p.Devices.Counts(r.Context(), p.DB, ids); err != nil || len(mails) == 0 || !r.Actor.Can(access.MailboxView) {
		return b, err
	}
	b.mails, err = p.Mail.MailStates(r.Context(), p.DB, mails...)
	return b, err
}

func (p Pages) table(r *page.Request, l parts.List, found tenant.Listing, b beside) ui.Table {
	operator := r.Place.Kind == access.Operator
	t := ui.Table{ID: "customers", Caption: r.T("nav.customers"), Columns: []ui.Column{
		l.Column(r.T("customer.name"), "name"),
		{Label: r.T("organisation.contact"), Minor: true},
		{Label: r.T("customer.permissions")},
		l.Column(r.T("customer.state"), "status"),
	}, Pager: l.Pager(r, len(found.Items), found.Total, found.Next), Empty: p.empty(r, l)}
	if operator {
		t.Columns = append(t.Columns, ui.Column{Label: r.T("customer.owner")})
	} else {
		t.Columns = append(t.Columns, ui.Column{Label: r.T("customer.authorisation")})
	}
	added := l.Column(r.T("customer.added"), "-created")
	added.Minor = true
	t.Columns = append(t.Columns, ui.Column{Label: r.T("nav.devices"), Number: true, Minor: true}, added)
	for _, c := range found.Items {
		fifth := templ.Component(ui.Text(c.ParentName))
		if !operator {
			fifth = parts.Authorisation(r, authorised(c, b), false)
		}
		if !c.Permissions.Has(tenant.DMP) && !operator {
			fifth = ui.Quiet("–")
		}
		t.Rows = append(t.Rows, ui.Row{ID: c.ID, Name: c.Name, Dim: c.State == tenant.Archived, Actions: rowActions(r, c, b), Cells: []templ.Component{
			p.named(r, c), ui.Text(c.Contact), ui.Text(strings.Join(c.Permissions, r.T("list.separator"))), stateCell(r, c, b), fifth,
			ui.Text(ui.Number(r.Context(), b.devices[c.ID])), ui.NoWrap(ui.Date(r.Context(), c.Created.Time))}})
	}
	return t
}

// authorised is where the authorisation stands; the wholesale offer contains it.
func authorised(c tenant.Tenant, b beside) tenant.RelationState {
	if c.Wholesale {
		return tenant.Granted
	}
	return b.authorised[c.ID]
}

// named shows the name with the registered e-mail, and for a customer of a sub-partner whose it is (WS-87).
func (p Pages) named(r *page.Request, c tenant.Tenant) templ.Component {
	name := ui.Two(c.Name, c.Email, url(c, ""))
	if c.ParentKind != access.SubPartner || r.Place.Kind == access.SubPartner || r.Place.Kind == access.Operator {
		return name
	}
	return ui.Stack(name, ui.Tag(r.T("customers.of", "owner", c.ParentName)))
}

// stateCell is the status, and beside it the account mail when it could not be delivered (CH-20).
func stateCell(r *page.Request, c tenant.Tenant, b beside) templ.Component {
	badges := []ui.Badge{parts.State(r, c)}
	if m, ok := b.mails[c.MailID]; ok && m.State == deliver.MailFailed {
		badges = append(badges, ui.Badge{Tone: ui.Bad, Text: r.T("mail.state.failed")})
	}
	return ui.Badges(badges...)
}

func (p Pages) empty(r *page.Request, l parts.List) ui.Empty {
	if l.Filtered() {
		return ui.Empty{Icon: "search", Title: r.T("customers.none_found"), Text: r.T("customers.none_found_text"),
			Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	e := ui.Empty{Icon: "building", Title: r.T("customers.none"), Text: r.T("customers.none_text")}
	if r.Actor.Can(access.CustomerCreate) {
		e.Actions = []ui.Action{addAction(r)}
	}
	return e
}
