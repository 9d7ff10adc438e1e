package customers

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Show is the page of one customer: who it is, how far the provider may go, how its account mail went, its orders, and the
// steps of its life.
func (p Pages) Show(r *page.Request) error {
	c, may, err := p.look(r)
	if err != nil {
		return err
	}
	s := r.Shell(c.Name, r.T("customers.show_lead"))
	badge := parts.State(r, c)
	s.Badge, s.Crumbs = &badge, []ui.Crumb{{Label: r.T("nav.customers"), URL: "/customers"}}
	inUse := c.State == tenant.Active
	relations, err := p.Tenants.Authorisations(r.Context(), r.Actor, c.ID)
	if err != nil {
		return err
	}
	mail, err := p.mailCard(r, c, may)
	if err != nil {
		return err
	}
	orders, err := p.orderCard(r, c, may)
	if err != nil {
		return err
	}
	devices, err := p.Devices.Counts(r.Context(), p.DB, []string{c.ID})
	if err != nil {
		return err
	}
	var life templ.Component
	if inUse {
		s.Actions = may.Offer(access.CustomerEdit, primary(editAction(r, c)))
		life = lifeCard(r, c, may)
	}
	return r.Show(ui.Full(s, frozenNotice(r, c, may),
		ui.GridOf(detailsCard(r, c, devices[c.ID]), ui.Pile(p.accessCard(r, c, may, relations), mail)),
		orders, life))
}

func primary(a ui.Action) ui.Action {
	a.Style = "primary"
	return a
}

func frozenNotice(r *page.Request, c tenant.Tenant, may parts.May) templ.Component {
	if c.State == tenant.Archived {
		return ui.Notice{Tone: ui.Off, Title: r.T("customers.is_archived", "date", ui.Date(r.Context(), c.Archived.Time)), Text: r.T("customers.is_archived_text")}
	}
	if !c.Frozen {
		return nil
	}
	n := ui.Notice{Tone: ui.Bad, Title: r.T("customers.is_frozen"), Text: r.T("customers.is_frozen_text")}
	if c.FreezeStopsService {
		n.Text = r.T("customers.is_stopped_text")
	}
	if c.FreezeReason != "" {
		n.Text += " " + r.T("customers.freeze_reason_is", "reason", c.FreezeReason)
	}
	if a := may.Offer(access.CustomerFreeze, freezeAction(r, c)); len(a) > 0 {
		n.Action = &a[0]
	}
	return n
}

func detailsCard(r *page.Request, c tenant.Tenant, devices int64) templ.Component {
	ctx := r.Context()
	defs := []ui.Def{
		{Term: r.T("organisation.email"), Value: ui.Text(c.Email)},
		{Term: r.T("organisation.contact"), Value: parts.Contact(c)},
		{Term: r.T("customer.permissions"), Value: parts.Permissions(c)},
		{Term: r.T("customer.host"), Value: ui.Mono(c.Host)},
		{Term: r.T("nav.devices"), Value: ui.Text(ui.Number(ctx, devices))},
		{Term: r.T("customer.owner"), Value: ui.Text(c.ParentName)},
		{Term: r.T("organisation.address"), Value: ui.Lines(address(r, c))},
		{Term: r.T("organisation.locale"), Value: ui.Text(parts.LocaleName(r, c.Locale))},
		{Term: r.T("organisation.time_zone"), Value: parts.Dash(c.TimeZone)},
		{Term: r.T("organisation.external_id"), Value: parts.Dash(c.ExternalID)},
		{Term: r.T("customer.added"), Value: ui.Text(ui.DateTime(ctx, c.Created.Time))},
	}
	if c.Remarks != "" {
		defs = append(defs, ui.Def{Term: r.T("organisation.remarks"), Value: ui.Lines(c.Remarks)})
	}
	return ui.CardOf(r.T("customers.details"), ui.Definitions(defs))
}

func address(r *page.Request, c tenant.Tenant) string {
	text := c.Address
	if c.Country != "" {
		if text != "" {
			text += "\n"
		}
		text += parts.Country(r.Context(), c.Country)
	}
	if text == "" {
		return "–"
	}
	return text
}

// accessCard says how far the provider may go, and holds the doors (CH-29 … CH-31).
func (p Pages) accessCard(r *page.Request, c tenant.Tenant, may parts.May, relations []tenant.Relation) templ.Component {
	var body []templ.Component
	rel, has := p.ours(r, c, relations)
	state := rel.State
	if c.Wholesale {
		state = tenant.Granted
	}
	if c.Permissions.Has(tenant.DMP) {
		defs := []ui.Def{{Term: r.T("customer.authorisation"), Value: parts.Authorisation(r, state, rel.ReadOnly)}}
		if has && !rel.Since.IsZero() {
			defs = append(defs, ui.Def{Term: r.T("authorisation.since"), Value: ui.Text(ui.DateTime(r.Context(), rel.Since.Time))})
		}
		if has && !rel.Until.IsZero() {
			defs = append(defs, ui.Def{Term: r.T("authorisation.until"), Value: ui.Text(ui.DateTime(r.Context(), rel.Until.Time))})
		}
		if has && !rel.Entered.IsZero() {
			defs = append(defs, ui.Def{Term: r.T("authorisation.entered"), Value: ui.Two(ui.DateTime(r.Context(), rel.Entered.Time), rel.EnteredBy, "")})
		}
		body = append(body, ui.Definitions(defs))
	}
	var doors []ui.Action
	if c.State == tenant.Active && r.Actor.Acting == nil {
		doors = append(doors, may.Door(access.DevicePortal, deviceDoor(r, c))...)
		doors = append(doors, may.Door(access.RedirectPortal, redirectDoor(r, c))...)
		if canAsk(r, c, may, state) {
			doors = append(doors, askAction(r, c))
		}
	}
	switch {
	case state == tenant.Requested && r.Place.Kind != access.Operator:
		body = append(body, ui.Para(r.T("customer.waits_for_authorisation")))
	case canAsk(r, c, may, state):
		body = append(body, ui.Para(r.T("customer.ask_for_authorisation")))
	}
	if len(doors) > 0 {
		body = append(body, ui.Buttons(doors...))
	}
	body = append(body, restrictPart(r, c, may))
	return ui.CardOf(r.T("customers.access"), body...)
}

// ours is the authorisation of who looks: of the place, for the operator's people that of the owner.
func (p Pages) ours(r *page.Request, c tenant.Tenant, relations []tenant.Relation) (tenant.Relation, bool) {
	manager := r.Actor.Place().ID
	if r.Place.Kind == access.Operator {
		manager = c.ParentID
	}
	for _, rel := range relations { // the newest first
		if rel.Scope == access.DeviceManage && rel.ManagerID == manager {
			return rel, true
		}
	}
	return tenant.Relation{}, false
}

func canAsk(r *page.Request, c tenant.Tenant, may parts.May, state tenant.RelationState) bool {
	return c.State == tenant.Active && c.Permissions.Has(tenant.DMP) && r.Place.Kind != access.Operator &&
		state != tenant.Granted && state != tenant.Requested && may.Do(access.CustomerEnter)
}

// restrictPart is the switch of WS-154.
func restrictPart(r *page.Request, c tenant.Tenant, may parts.May) templ.Component {
	state := ui.Badge{Tone: ui.Off, Text: r.T("customers.restricted_off")}
	a := ui.Action{Label: r.T("customers.restrict"), URL: url(c, "restrict") + "?on=1", How: ui.Confirm}
	if c.Restricted {
		state = ui.Badge{Tone: ui.Info, Text: r.T("customers.restricted_on")}
		a = ui.Action{Label: r.T("customers.unrestrict"), URL: url(c, "restrict"), How: ui.Confirm}
	}
	var button templ.Component
	if all := may.Offer(access.CustomerRestrict, a); len(all) > 0 && c.State == tenant.Active {
		button = ui.Buttons(all...)
	}
	return ui.Stack(ui.Subtitle(r.T("customers.restricted")), ui.Badges(state), ui.Para(r.T("customers.restricted_text")), button)
}

// mailCard shows how the account mail went, with help when it did not arrive (CH-19, CH-20).
func (p Pages) mailCard(r *page.Request, c tenant.Tenant, may parts.May) (templ.Component, error) {
	if !may.Do(access.MailboxView) || c.State != tenant.Active {
		return nil, nil
	}
	states, err := p.Mail.MailStates(r.Context(), p.DB, c.MailID)
	if err != nil {
		return nil, err
	}
	m, ok := states[c.MailID]
	if !ok {
		return ui.CardOf(r.T("customers.mail"), ui.Para(r.T("customers.mail_none"))), nil
	}
	var again []ui.Action
	if p.neverSignedIn(r, c) {
		again = may.Offer(access.CustomerResetPassword, ui.Action{Label: r.T("mail.again"), URL: url(c, "send-mail"), How: ui.Post, Icon: "mail"})
	}
	return parts.MailCard(r, m, again), nil
}

// neverSignedIn says whether the first administrator still has to choose a password; also when that cannot be seen.
func (p Pages) neverSignedIn(r *page.Request, c tenant.Tenant) bool {
	people, _, err := p.Accounts.List(r.Context(), r.Actor, c.ID, account.Query{Page: db.Page{Limit: db.MaxLimit}})
	if err != nil {
		return true
	}
	for _, a := range people {
		if a.First {
			return a.State == account.Invited
		}
	}
	return false
}

// lifeCard holds the steps that change what the customer can do at all.
func lifeCard(r *page.Request, c tenant.Tenant, may parts.May) templ.Component {
	steps := []ui.Step{}
	add := func(act access.Action, title, text string, a ui.Action) {
		if all := may.Offer(act, a); len(all) > 0 {
			all[0].Style = "" // the question that follows warns
			steps = append(steps, ui.Step{Title: title, Text: text, Action: all[0]})
		}
	}
	add(access.CustomerResetPassword, r.T("action.reset_password"), r.T("customers.reset_text", "email", c.Email), resetAction(r, c))
	if c.Frozen {
		add(access.CustomerFreeze, r.T("action.unfreeze"), r.T("customers.unfreeze_text"), freezeAction(r, c))
	} else {
		add(access.CustomerFreeze, r.T("action.freeze"), r.T("customers.freeze_text"), freezeAction(r, c))
	}
	add(access.CustomerArchive, r.T("customer.archive"), r.T("customers.archive_text"), archiveAction(r, c))
	if len(steps) == 0 {
		return nil
	}
	return ui.CardOf(r.T("customers.life"), ui.Steps(steps...))
}
