package door

import (
	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/secret"
)

// linked is what the page of a one-time link shows.
type linked struct {
	account.Opened
	Rules  []string
	Faults ui.Faults
}

// Link shows what a one-time link is for, without using it (CH-9, CH-12, CH-19). Mail programs that look into links early do
// no harm.
func (p Pages) Link(r *page.Request) error {
	if err := r.Limit(); err != nil {
		return err
	}
	return p.showLink(r, nil)
}

func (p Pages) showLink(r *page.Request, refused error) error {
	opened, err := p.Accounts.OpenLink(r.Context(), r.PathValue("token"))
	if err != nil {
		return p.deadLink(r, err)
	}
	r.Speak(opened.Locale)
	r.DressFor(opened.Tenant)
	v := linked{Opened: opened, Faults: ui.FaultsOf(r.Context(), refused, "password", r.T("account.new_password"), "again", r.T("account.again"))}
	title := r.T("door.link." + string(opened.Purpose))
	s := r.SignInShell(opened.Realm, title, r.T("door.link_for", "email", opened.Email))
	s.Others = nil
	if opened.Purpose != account.EmailLink {
		policy, err := p.Tenants.Effective(r.Context(), p.DB, opened.Tenant)
		if err != nil {
			return err
		}
		v.Rules = page.PasswordRules(r.Context(), policy)
	}
	view := linkPage(s, v)
	if refused != nil {
		return r.Again(refused, view)
	}
	return r.Show(view)
}

// deadLink says that a link was used or has expired, and where to ask for a new one (CH-9).
func (p Pages) deadLink(r *page.Request, err error) error {
	if errs.KindOf(err) != errs.Gone {
		return err
	}
	e := errs.As(err)
	title := r.T("door.link_expired")
	if e.Code == "link_used" {
		title = r.T("door.link_used")
	}
	return r.Again(err, deadLinkPage(r.SignInShell("", title, ui.ErrText(r.Context(), e))))
}

// UseLink sets the password, or confirms the new address.
func (p Pages) UseLink(r *page.Request) error {
	if err := r.Limit(); err != nil {
		return err
	}
	token := r.PathValue("token")
	opened, err := p.Accounts.OpenLink(r.Context(), token)
	if err != nil {
		return p.deadLink(r, err)
	}
	r.Speak(opened.Locale)
	if opened.Purpose == account.EmailLink {
		if err := p.Accounts.ConfirmEmail(r.Context(), token, r.IP); err != nil {
			return p.deadLink(r, err)
		}
		return r.Done(page.Door(opened.Realm), r.T("door.email_confirmed", "email", opened.Email))
	}
	password := secret.Hide(r.PostFormValue("password"))
	if err := together(password, secret.Hide(r.PostFormValue("again")), "again"); err != nil {
		return p.showLink(r, err)
	}
	err = p.Accounts.SetPasswordByLink(r.Context(), token, password, r.IP)
	switch {
	case err == nil:
		r.DropSession()
		return r.Done(page.Door(opened.Realm), r.T("door.password_set"))
	case errs.KindOf(err) == errs.Gone:
		return p.deadLink(r, err)
	}
	return p.showLink(r, err)
}

// FirstPassword is the forced change of a supplied password. It cannot be left but by changing it or signing out (CH-3).
func (p Pages) FirstPassword(r *page.Request) error {
	if !r.Actor.MustChangePassword {
		return r.Redirect(returnOf(r))
	}
	return p.showFirst(r, nil)
}

func (p Pages) showFirst(r *page.Request, refused error) error {
	rules, err := p.rules(r)
	if err != nil {
		return err
	}
	s := r.SignInShell(account.RealmOf(r.Actor.Tenant.Kind), r.T("door.first_title"), r.T("door.first_lead"))
	s.Others = nil
	faults := ui.FaultsOf(r.Context(), refused, "old_password", r.T("account.old_password"), "new_password", r.T("account.new_password"), "again", r.T("account.again"))
	view := firstPage(s, returnOf(r), rules, faults)
	if refused != nil {
		return r.Again(refused, view)
	}
	return r.Show(view)
}

func (p Pages) rules(r *page.Request) ([]string, error) {
	policy, err := p.Tenants.Effective(r.Context(), p.DB, r.Actor.Tenant.ID)
	return page.PasswordRules(r.Context(), policy), err
}

// SetFirstPassword changes it and goes on to where the person wanted.
func (p Pages) SetFirstPassword(r *page.Request) error {
	if !r.Actor.MustChangePassword {
		return r.Redirect(returnOf(r))
	}
	password := secret.Hide(r.PostFormValue("new_password"))
	if err := together(password, secret.Hide(r.PostFormValue("again")), "again"); err != nil {
		return p.showFirst(r, err)
	}
	if err := p.Accounts.ChangePassword(r.Context(), r.Actor, secret.Hide(r.PostFormValue("old_password")), password); err != nil {
		return p.showFirst(r, err)
	}
	return r.Done(returnOf(r), r.T("account.password_changed"))
}
