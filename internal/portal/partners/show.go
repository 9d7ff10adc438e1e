package partners

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// shown is how many customers and sub-partners the page shows; their lists have all.
const shown = 10

// Show is the page of one partner or sub-partner with its customers and the steps of its life.
func (b book) Show(r *page.Request) error {
	t, may, err := b.look(r)
	if err != nil {
		return err
	}
	s := r.Shell(t.Name, r.T(b.key+"show_lead"))
	badge := parts.State(r, t)
	s.Badge, s.Crumbs = &badge, []ui.Crumb{{Label: b.title(r), URL: b.base}}
	s.Actions = may.Offer(b.edit, b.editAction(r, t))
	if b.kind == access.SubPartner {
		s.Actions = append(may.Door(access.PartnerPortal, b.enterAction(r, t)), s.Actions...)
	}
	if len(s.Actions) > 0 {
		s.Actions[0].Style = "primary"
	}
	customers, err := b.customers(r, t)
	if err != nil {
		return err
	}
	subs, err := b.subPartners(r, t)
	if err != nil {
		return err
	}
	mail, err := b.mail(r, t, may)
	if err != nil {
		return err
	}
	return r.Show(ui.Full(s, b.notice(r, t), ui.GridOf(b.details(r, t), ui.Pile(mail, b.life(r, t, may))), customers, subs))
}

func (b book) notice(r *page.Request, t tenant.Tenant) templ.Component {
	var frozen, suspended templ.Component
	if t.Frozen {
		n := ui.Notice{Tone: ui.Bad, Title: r.T("partners.is_frozen"), Text: r.T("partners.is_frozen_text")}
		if t.FreezeReason != "" {
			n.Text += " " + r.T("customers.freeze_reason_is", "reason", t.FreezeReason)
		}
		frozen = n
	}
	if t.ProvisioningSuspended {
		suspended = ui.Notice{Tone: ui.Warn, Title: r.T("sub_partners.is_suspended"), Text: r.T("sub_partners.is_suspended_text")}
	}
	return ui.Stack(frozen, suspended)
}

func (b book) details(r *page.Request, t tenant.Tenant) templ.Component {
	country := ""
	if t.Country != "" {
		country = parts.Country(r.Context(), t.Country)
	}
	defs := []ui.Def{
		{Term: r.T("organisation.email"), Value: ui.Text(t.Email)},
		{Term: r.T("organisation.contact"), Value: parts.Contact(t)},
	}
	if t.Kind == access.SubPartner {
		defs = append(defs, ui.Def{Term: r.T("kind.partner"), Value: ui.Text(t.ParentName)})
	}
	defs = append(defs, ui.Def{Term: r.T("organisation.country"), Value: parts.Dash(country)},
		ui.Def{Term: r.T("organisation.address"), Value: address(t)},
		ui.Def{Term: r.T("organisation.locale"), Value: ui.Text(parts.LocaleName(r, t.Locale))},
		ui.Def{Term: r.T("organisation.time_zone"), Value: parts.Dash(t.TimeZone)},
		ui.Def{Term: r.T("organisation.external_id"), Value: parts.Dash(t.ExternalID)},
		ui.Def{Term: r.T("organisation.id"), Value: ui.Mono(t.ID)},
		ui.Def{Term: r.T("customer.added"), Value: ui.Text(ui.DateTime(r.Context(), t.Created.Time))})
	if t.Remarks != "" {
		defs = append(defs, ui.Def{Term: r.T("organisation.remarks"), Value: ui.Lines(t.Remarks)})
	}
	return ui.CardOf(r.T("customers.details"), ui.Definitions(defs))
}

func address(t tenant.Tenant) templ.Component {
	if t.Address == "" {
		return ui.Quiet("–")
	}
	return ui.Lines(t.Address)
}

// customers shows the first customers of a partner or sub-partner; its own page of customers has all.
func (b book) customers(r *page.Request, t tenant.Tenant) (templ.Component, error) {
	if !r.Actor.Can(access.CustomerView) {
		return nil, nil
	}
	found, err := b.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: access.Customer, ParentID: t.ID, Page: db.Page{Limit: shown}})
	if err != nil {
		return nil, err
	}
	table := ui.Table{ID: "customers", Caption: r.T("nav.customers"), Columns: []ui.Column{{Label: r.T("customer.name")}, {Label: r.T("organisation.contact"), Minor: true},
		{Label: r.T("customer.permissions")}, {Label: r.T("customer.state")}, {Label: r.T("customer.added"), Minor: true}},
		Empty: ui.Empty{Icon: "building", Title: r.T("customers.none"), Text: r.T("partners.no_customers")}}
	for _, c := range found.Items {
		table.Rows = append(table.Rows, ui.Row{ID: c.ID, Name: c.Name, Cells: []templ.Component{ui.Two(c.Name, c.Email, "/customers/"+c.ID), parts.Contact(c),
			parts.Permissions(c), parts.State(r, c), ui.NoWrap(ui.Date(r.Context(), c.Created.Time))}})
	}
	return ui.Stack(ui.Heading(r.T("nav.customers")), table, all(r, found.Total, "/customers?owner="+t.ID)), nil
}

// subPartners shows the first sub-partners of a partner, to the operator.
func (b book) subPartners(r *page.Request, t tenant.Tenant) (templ.Component, error) {
	if t.Kind != access.Partner || !r.Actor.Can(access.SubPartnerView) {
		return nil, nil
	}
	found, err := b.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: access.SubPartner, ParentID: t.ID, Page: db.Page{Limit: shown}})
	if err != nil || found.Total == 0 {
		return nil, err
	}
	table := ui.Table{ID: "sub-partners", Caption: r.T("nav.sub_partners"), Columns: []ui.Column{{Label: r.T("organisation.name")}, {Label: r.T("organisation.contact"), Minor: true},
		{Label: r.T("customer.state")}, {Label: r.T("customer.added"), Minor: true}}}
	for _, o := range found.Items {
		table.Rows = append(table.Rows, ui.Row{ID: o.ID, Name: o.Name, Cells: []templ.Component{ui.Two(o.Name, o.Email, "/sub-partners/"+o.ID), parts.Contact(o),
			b.states(r, o), ui.NoWrap(ui.Date(r.Context(), o.Created.Time))}})
	}
	return ui.Stack(ui.Heading(r.T("nav.sub_partners")), table, all(r, found.Total, "/sub-partners?owner="+t.ID)), nil
}

// all leads to the whole list when the page shows only its beginning.
func all(r *page.Request, total int64, url string) templ.Component {
	if total <= shown {
		return nil
	}
	return ui.Buttons(ui.Action{Label: r.T("partners.show_all", "total", total), URL: url, Style: "quiet"})
}

// mail shows how the account mail went (CH-19, CH-20).
func (b book) mail(r *page.Request, t tenant.Tenant, may parts.May) (templ.Component, error) {
	if !may.Do(access.MailboxView) || t.MailID == "" {
		return nil, nil
	}
	states, err := b.Mail.MailStates(r.Context(), b.DB, t.MailID)
	m, ok := states[t.MailID]
	if err != nil || !ok {
		return nil, err
	}
	return parts.MailCard(r, m, nil), nil
}

// life holds what can be done with it, each step with its meaning.
func (b book) life(r *page.Request, t tenant.Tenant, may parts.May) templ.Component {
	var steps []ui.Step
	add := func(act access.Action, text string, a ui.Action) {
		if offered := may.Offer(act, a); len(offered) > 0 {
			offered[0].Style = "" // the question that follows warns
			steps = append(steps, ui.Step{Title: a.Label, Text: text, Action: offered[0]})
		}
	}
	add(access.PartnerResetPassword, r.T("customers.reset_text", "email", t.Email), b.resetAction(r, t))
	if t.Kind == access.SubPartner {
		text := r.T("sub_partners.suspend_text")
		if t.ProvisioningSuspended {
			text = r.T("sub_partners.resume_text")
		}
		add(access.SubPartnerSuspend, text, b.suspendAction(r, t))
	}
	text := r.T("partners.freeze_text")
	if t.Frozen {
		text = r.T("partners.unfreeze_text")
	}
	add(b.freeze, text, b.freezeAction(r, t))
	if len(steps) == 0 {
		return nil
	}
	return ui.CardOf(r.T("customers.life"), ui.Steps(steps...))
}
