package customers

import (
	"strconv"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// asked frames a question about a customer as a page; scripts lift the question into a dialog.
func asked(r *page.Request, c tenant.Tenant, title string, q templ.Component) templ.Component {
	s := r.Shell(title, "")
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.customers"), URL: "/customers"}, {Label: c.Name, URL: url(c, "")}}
	return ui.Full(s, q)
}

// ask shows the question of a step when the person may take it.
func (p Pages) ask(r *page.Request, act access.Action, title string, question func(c tenant.Tenant) ui.Question) error {
	c, may, err := p.look(r)
	if err == nil {
		err = access.Decide(r.Actor, act, may.Target())
	}
	if err != nil {
		return err
	}
	return r.Show(asked(r, c, title, question(c)))
}

// AskFreeze says in words what freezing does and does not do (CH-24, CH-26).
func (p Pages) AskFreeze(r *page.Request) error {
	return p.ask(r, access.CustomerFreeze, r.T("action.freeze"), func(c tenant.Tenant) ui.Question {
		return freezeQuestion(r, c, tenant.Freeze{Reason: c.FreezeReason, StopsService: c.FreezeStopsService}, nil)
	})
}

func freezeQuestion(r *page.Request, c tenant.Tenant, typed tenant.Freeze, err error) ui.Question {
	f := ui.FaultsOf(r.Context(), err)
	q := ui.Question{Title: r.T("customers.freeze_title", "name", c.Name), Text: r.T("customers.freeze_until"),
		Consequences: []string{r.T("customers.freeze_1"), r.T("customers.freeze_2"), r.T("customers.freeze_3"), r.T("customers.freeze_4")},
		URL:          url(c, "freeze"), Submit: r.T("action.freeze_customer"), Danger: true, CancelURL: url(c, ""), Hidden: []ui.Hidden{page.Versioned(c.Version)},
		Inputs: []templ.Component{ui.Area{Name: "reason", Label: r.T("customers.freeze_reason"), Hint: r.T("customers.freeze_reason_hint"), Value: typed.Reason,
			Optional: true, Max: 500, Fault: f.For("reason")}}}
	if c.Permissions.Has(tenant.DMP) {
		q.Inputs = append(q.Inputs, ui.Switch{Name: "stops_service", Label: r.T("customers.freeze_stop"), Hint: r.T("customers.freeze_stop_hint"), On: typed.StopsService})
	}
	return q
}

// Freeze freezes (CH-24).
func (p Pages) Freeze(r *page.Request) error {
	c, _, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "freeze", c)
	in := tenant.Freeze{Reason: r.PostFormValue("reason"), StopsService: r.PostFormValue("stops_service") == "on", IfVersion: r.Version()}
	if _, err := p.Tenants.Freeze(r.Context(), r.Actor, c.ID, in); err != nil {
		if errs.KindOf(err) != errs.Invalid {
			return err
		}
		return r.Again(err, asked(r, c, r.T("action.freeze"), freezeQuestion(r, c, in, err)))
	}
	return r.Done(url(c, ""), r.T("customers.frozen", "name", c.Name))
}

// AskUnfreeze asks before a customer can sign in again (CH-25).
func (p Pages) AskUnfreeze(r *page.Request) error {
	return p.ask(r, access.CustomerFreeze, r.T("action.unfreeze"), func(c tenant.Tenant) ui.Question {
		return ui.Question{Title: r.T("customers.unfreeze_title", "name", c.Name), Text: r.T("customers.unfreeze_text"), URL: url(c, "unfreeze"),
			Submit: r.T("action.unfreeze"), CancelURL: url(c, "")}
	})
}

// Unfreeze lets it sign in again.
func (p Pages) Unfreeze(r *page.Request) error {
	c, _, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "unfreeze", c)
	if _, err := p.Tenants.Unfreeze(r.Context(), r.Actor, c.ID); err != nil {
		return err
	}
	return r.Done(url(c, ""), r.T("customers.unfrozen", "name", c.Name))
}

// AskReset asks before a link is mailed (CH-22).
func (p Pages) AskReset(r *page.Request) error {
	return p.ask(r, access.CustomerResetPassword, r.T("action.reset_password"), func(c tenant.Tenant) ui.Question {
		return ui.Question{Title: r.T("customers.reset_title", "name", c.Name), Text: r.T("customers.reset_text", "email", c.Email),
			Consequences: []string{r.T("customers.reset_1"), r.T("customers.reset_2")}, URL: url(c, "reset-password"), Submit: r.T("customers.reset_send"), CancelURL: url(c, "")}
	})
}

// Reset mails the link.
func (p Pages) Reset(r *page.Request) error { return p.mailAgain(r, "reset-password") }

// SendMail mails the invitation again while nobody has chosen a password; the earlier link ends (CH-20).
func (p Pages) SendMail(r *page.Request) error { return p.mailAgain(r, "invite") }

func (p Pages) mailAgain(r *page.Request, what string) error {
	c, _, err := p.look(r)
	if err != nil {
		return err
	}
	r.Tries("account/"+what, c.Access(), journal.Target{Kind: "customer", ID: c.ID, Name: c.Name})
	acc, err := p.Onboard.ResetPassword(r.Context(), r.Actor, c.ID)
	if err != nil {
		return err
	}
	return r.Done(url(c, ""), r.T("customers.mailed", "email", acc.Email))
}

// AskRestrict asks before the restricted mode changes (WS-154).
func (p Pages) AskRestrict(r *page.Request) error {
	return p.ask(r, access.CustomerRestrict, r.T("customers.restricted"), func(c tenant.Tenant) ui.Question {
		on := r.URL.Query().Get("on") == "1"
		q := ui.Question{Title: r.T("customers.unrestrict_title", "name", c.Name), Text: r.T("customers.unrestrict_text"), Submit: r.T("customers.unrestrict")}
		if on {
			q = ui.Question{Title: r.T("customers.restrict_title", "name", c.Name), Text: r.T("customers.restrict_text"), Submit: r.T("customers.restrict")}
		}
		q.URL, q.CancelURL, q.Hidden = url(c, "restrict"), url(c, ""), []ui.Hidden{{Name: "on", Value: strconv.FormatBool(on)}}
		return q
	})
}

// Restrict turns the restricted mode on or off, at once.
func (p Pages) Restrict(r *page.Request) error {
	c, _, err := p.look(r)
	if err != nil {
		return err
	}
	on := r.PostFormValue("on") == "true"
	text := r.T("customers.unrestricted", "name", c.Name)
	if on {
		text = r.T("customers.is_restricted", "name", c.Name)
	}
	tries(r, map[bool]string{true: "restrict", false: "unrestrict"}[on], c)
	if _, err := p.Tenants.Restrict(r.Context(), r.Actor, c.ID, on); err != nil {
		return err
	}
	return r.Done(url(c, ""), text)
}

// AskArchive lists what remains, or asks for the name when nothing does (CH-27).
func (p Pages) AskArchive(r *page.Request) error {
	c, may, err := p.look(r)
	if err == nil {
		err = access.Decide(r.Actor, access.CustomerArchive, may.Target())
	}
	if err != nil {
		return err
	}
	return p.archivePage(r, c, "", nil)
}

func (p Pages) archivePage(r *page.Request, c tenant.Tenant, typed string, refused error) error {
	held, err := p.Tenants.Remaining(r.Context(), r.Actor, c.ID)
	if err != nil {
		return err
	}
	title := r.T("customer.archive")
	var body templ.Component
	if len(held) > 0 {
		var points []string
		for _, h := range held {
			points = append(points, ui.N(r.Context(), "remaining."+h.Kind, int(h.Count)))
		}
		body = ui.CardOf(r.T("customers.archive_remains", "name", c.Name), ui.Points(points...), ui.Para(r.T("customers.archive_remains_text")),
			ui.Buttons(ui.Action{Label: r.T("customers.back"), URL: url(c, ""), Icon: "arrow-left"}))
	} else {
		f := ui.FaultsOf(r.Context(), refused)
		body = ui.Question{Title: r.T("customers.archive_title", "name", c.Name), Text: r.T("customers.archive_text"),
			Consequences: []string{r.T("customers.archive_1"), r.T("customers.archive_2"), r.T("customers.archive_3")},
			URL:          url(c, "archive"), Submit: title, Danger: true, CancelURL: url(c, ""), Inputs: []templ.Component{
				ui.Input{Name: "confirm_name", Label: r.T("customers.archive_type", "name", c.Name), Value: typed, Required: true, Autocomplete: "off", Fault: f.For("confirm_name")}}}
	}
	if refused != nil {
		return r.Again(refused, asked(r, c, title, body))
	}
	return r.Show(asked(r, c, title, body))
}

// Archive takes the customer out of use for good.
func (p Pages) Archive(r *page.Request) error {
	c, _, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "archive", c)
	name := r.PostFormValue("confirm_name")
	if _, err := p.Tenants.Archive(r.Context(), r.Actor, c.ID, name); err != nil {
		if k := errs.KindOf(err); k == errs.Invalid || errs.CodeOf(err) == "not_empty" {
			return p.archivePage(r, c, name, err)
		}
		return err
	}
	return r.Done("/customers", r.T("customers.archived", "name", c.Name))
}

// AskEnter asks before work inside the customer begins; the operator's people say why (CH-32).
func (p Pages) AskEnter(r *page.Request) error {
	c, may, err := p.look(r)
	if err != nil {
		return err
	}
	door := doorOf(r.URL.Query().Get("door"))
	if err := may.Opens(door); err != nil {
		return err
	}
	return r.Show(asked(r, c, r.T("action.enter"), enterQuestion(r, c, door, "", nil)))
}

func doorOf(name string) access.Portal {
	if name == string(access.RedirectPortal) {
		return access.RedirectPortal
	}
	return access.DevicePortal
}

func enterQuestion(r *page.Request, c tenant.Tenant, door access.Portal, reason string, err error) ui.Question {
	f := ui.FaultsOf(r.Context(), err)
	q := ui.Question{Title: r.T("customers.enter_title", "name", c.Name), Text: r.T("customers.enter_text"),
		Consequences: []string{r.T("customers.enter_1", "person", r.Me.Name), r.T("customers.enter_2"), r.T("customers.enter_3")},
		URL:          url(c, "enter"), Submit: r.T("action.enter"), CancelURL: url(c, ""), Hidden: []ui.Hidden{{Name: "door", Value: string(door)}}}
	if r.Actor.Tenant.Kind == access.Operator {
		q.Inputs = []templ.Component{ui.Input{Name: "reason", Label: r.T("customers.enter_reason"), Hint: r.T("customers.enter_reason_hint"), Value: reason,
			Required: true, Max: 500, Autocomplete: "off", Fault: f.For("reason")}}
	}
	return q
}

// Enter begins the delegated session under the person's own identity (CH-29, CH-30, CH-32).
func (p Pages) Enter(r *page.Request) error {
	c, _, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "enter", c)
	door, reason := doorOf(r.PostFormValue("door")), r.PostFormValue("reason")
	if _, err := p.Accounts.Enter(r.Context(), r.Actor, account.Entry{TenantID: c.ID, Door: door, Reason: reason}); err != nil {
		if errs.KindOf(err) == errs.Invalid {
			return r.Again(err, asked(r, c, r.T("action.enter"), enterQuestion(r, c, door, reason, err)))
		}
		return err
	}
	return r.Redirect("/")
}

// AskAuthorisation asks before the customer is asked (CH-29).
func (p Pages) AskAuthorisation(r *page.Request) error {
	return p.ask(r, access.CustomerEnter, r.T("customer.request_authorisation"), func(c tenant.Tenant) ui.Question {
		return ui.Question{Title: r.T("customers.request_title", "name", c.Name), Text: r.T("customers.request_text"), URL: url(c, "request-authorisation"),
			Submit: r.T("customer.request_authorisation"), CancelURL: url(c, "")}
	})
}

// RequestAuthorisation asks the customer for the right to manage its devices (CH-31).
func (p Pages) RequestAuthorisation(r *page.Request) error {
	c, _, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "request_authorisation", c)
	if _, err := p.Tenants.RequestAuthorisation(r.Context(), r.Actor, c.ID); err != nil {
		return err
	}
	return r.Done(url(c, ""), r.T("customers.requested", "name", c.Name))
}
