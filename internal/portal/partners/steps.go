package partners

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// ask shows the question of a step when the person may take it.
func (b book) ask(r *page.Request, act access.Action, title string, question func(t tenant.Tenant) ui.Question) error {
	t, may, err := b.look(r)
	if err == nil {
		err = access.Decide(r.Actor, act, may.Target())
	}
	if err != nil {
		return err
	}
	return r.Show(b.asked(r, t, title, question(t)))
}

func (b book) asked(r *page.Request, t tenant.Tenant, title string, q ui.Question) templ.Component {
	s := r.Shell(title, "")
	s.Crumbs = b.crumbs(r, t)
	return ui.Full(s, q)
}

// do runs a step and says that it is done.
func (b book) do(r *page.Request, what, done string, step func(t tenant.Tenant) (tenant.Tenant, error)) error {
	t, _, err := b.look(r)
	if err != nil {
		return err
	}
	b.tries(r, what, t)
	after, err := step(t)
	if err != nil {
		return err
	}
	return r.Done(b.url(after, ""), r.T(done, "name", after.Name))
}

// AskFreeze says in words what freezing does (CH-15).
func (b book) AskFreeze(r *page.Request) error {
	return b.ask(r, b.freeze, r.T("action.freeze"), func(t tenant.Tenant) ui.Question { return b.freezeQuestion(r, t, "", nil) })
}

func (b book) freezeQuestion(r *page.Request, t tenant.Tenant, reason string, err error) ui.Question {
	f := ui.FaultsOf(r.Context(), err)
	return ui.Question{Title: r.T("customers.freeze_title", "name", t.Name), Text: r.T("customers.freeze_until"),
		Consequences: []string{r.T("partners.freeze_1"), r.T("partners.freeze_2"), r.T("partners.freeze_3")},
		URL:          b.url(t, "freeze"), Submit: r.T("action.freeze"), Danger: true, CancelURL: b.url(t, ""), Hidden: []ui.Hidden{page.Versioned(t.Version)},
		Inputs: []templ.Component{ui.Area{Name: "reason", Label: r.T("customers.freeze_reason"), Hint: r.T("customers.freeze_reason_hint"), Value: reason, Optional: true,
			Max: 500, Fault: f.For("reason")}}}
}

// Freeze keeps it and its people from signing in; its customers go on (CH-15).
func (b book) Freeze(r *page.Request) error {
	t, _, err := b.look(r)
	if err != nil {
		return err
	}
	b.tries(r, "freeze", t)
	reason := r.PostFormValue("reason")
	if _, err := b.Tenants.Freeze(r.Context(), r.Actor, t.ID, tenant.Freeze{Reason: reason, IfVersion: r.Version()}); err != nil {
		if errs.KindOf(err) != errs.Invalid {
			return err
		}
		return r.Again(err, b.asked(r, t, r.T("action.freeze"), b.freezeQuestion(r, t, reason, err)))
	}
	return r.Done(b.url(t, ""), r.T("customers.frozen", "name", t.Name))
}

// AskUnfreeze asks before it can sign in again.
func (b book) AskUnfreeze(r *page.Request) error {
	return b.ask(r, b.freeze, r.T("action.unfreeze"), func(t tenant.Tenant) ui.Question {
		return ui.Question{Title: r.T("customers.unfreeze_title", "name", t.Name), Text: r.T("partners.unfreeze_text"), URL: b.url(t, "unfreeze"),
			Submit: r.T("action.unfreeze"), CancelURL: b.url(t, "")}
	})
}

// Unfreeze lets it sign in again with the same passwords.
func (b book) Unfreeze(r *page.Request) error {
	return b.do(r, "unfreeze", "customers.unfrozen", func(t tenant.Tenant) (tenant.Tenant, error) {
		return b.Tenants.Unfreeze(r.Context(), r.Actor, t.ID)
	})
}

// AskReset asks before a link is mailed.
func (b book) AskReset(r *page.Request) error {
	return b.ask(r, access.PartnerResetPassword, r.T("action.reset_password"), func(t tenant.Tenant) ui.Question {
		return ui.Question{Title: r.T("customers.reset_title", "name", t.Name), Text: r.T("customers.reset_text", "email", t.Email),
			Consequences: []string{r.T("customers.reset_1"), r.T("customers.reset_2")}, URL: b.url(t, "reset-password"), Submit: r.T("customers.reset_send"), CancelURL: b.url(t, "")}
	})
}

// Reset mails the link to the first administrator.
func (b book) Reset(r *page.Request) error {
	t, _, err := b.look(r)
	if err != nil {
		return err
	}
	r.Tries("account/reset-password", t.Access(), journal.Target{Kind: string(b.kind), ID: t.ID, Name: t.Name})
	acc, err := b.Onboard.ResetPassword(r.Context(), r.Actor, t.ID)
	if err != nil {
		return err
	}
	return r.Done(b.url(t, ""), r.T("customers.mailed", "email", acc.Email))
}

// AskSuspend says in words what a suspension does (WS-89).
func (b book) AskSuspend(r *page.Request) error {
	return b.ask(r, access.SubPartnerSuspend, r.T("sub_partners.suspend"), func(t tenant.Tenant) ui.Question {
		return ui.Question{Title: r.T("sub_partners.suspend_title", "name", t.Name), Text: r.T("customers.freeze_until"),
			Consequences: []string{r.T("sub_partners.suspend_1"), r.T("sub_partners.suspend_2"), r.T("sub_partners.suspend_3")},
			URL:          b.url(t, "suspend"), Submit: r.T("sub_partners.suspend"), Danger: true, CancelURL: b.url(t, "")}
	})
}

// Suspend keeps it from adding and changing customers.
func (b book) Suspend(r *page.Request) error {
	return b.do(r, "suspend", "sub_partners.suspended", func(t tenant.Tenant) (tenant.Tenant, error) {
		return b.Tenants.Suspend(r.Context(), r.Actor, t.ID)
	})
}

// Resume ends a suspension.
func (b book) Resume(r *page.Request) error {
	return b.do(r, "resume", "sub_partners.resumed", func(t tenant.Tenant) (tenant.Tenant, error) {
		return b.Tenants.Resume(r.Context(), r.Actor, t.ID)
	})
}

// AskEnter asks before work inside the sub-partner's portal begins (WS-84).
func (b book) AskEnter(r *page.Request) error {
	return b.ask(r, access.SubPartnerEnter, r.T("action.enter"), func(t tenant.Tenant) ui.Question { return b.enterQuestion(r, t, "", nil) })
}

func (b book) enterQuestion(r *page.Request, t tenant.Tenant, reason string, err error) ui.Question {
	f := ui.FaultsOf(r.Context(), err)
	q := ui.Question{Title: r.T("customers.enter_title", "name", t.Name), Text: r.T("sub_partners.enter_text"),
		Consequences: []string{r.T("customers.enter_1", "person", r.Me.Name), r.T("customers.enter_2"), r.T("customers.enter_3")},
		URL:          b.url(t, "enter"), Submit: r.T("action.enter"), CancelURL: b.url(t, "")}
	if r.Actor.Tenant.Kind == access.Operator {
		q.Inputs = []templ.Component{ui.Input{Name: "reason", Label: r.T("customers.enter_reason"), Hint: r.T("customers.enter_reason_hint"), Value: reason, Required: true,
			Max: 500, Autocomplete: "off", Fault: f.For("reason")}}
	}
	return q
}

// Enter begins the delegated session under the person's own identity.
func (b book) Enter(r *page.Request) error {
	t, _, err := b.look(r)
	if err != nil {
		return err
	}
	b.tries(r, "enter", t)
	reason := r.PostFormValue("reason")
	if _, err := b.Accounts.Enter(r.Context(), r.Actor, account.Entry{TenantID: t.ID, Door: access.PartnerPortal, Reason: reason}); err != nil {
		if errs.KindOf(err) == errs.Invalid {
			return r.Again(err, b.asked(r, t, r.T("action.enter"), b.enterQuestion(r, t, reason, err)))
		}
		return err
	}
	return r.Redirect("/")
}
