// Package self holds the pages of one's own account: contact data, password, language and looks, second factor, open
// sessions (CH-11 … CH-14).
//
// It must not know other people's accounts.
package self

import (
	"encoding/base64"
	"strings"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/secret"
)

// Pages are the pages of this area.
type Pages struct{ *page.Deps }

// New gives them.
func New(d *page.Deps) Pages { return Pages{d} }

// shell is the frame of all pages of the own account: one title, its views as tabs.
func (p Pages) shell(r *page.Request) ui.Shell {
	return r.Shell(r.T("self.title"), r.T("self.lead"))
}

func tabs(r *page.Request) []ui.Tab {
	all := []ui.Tab{
		{Label: r.T("self.basic"), URL: "/account"},
		{Label: r.T("account.password"), URL: "/account/password"},
		{Label: r.T("self.second_factor"), URL: "/account/second-factor"},
		{Label: r.T("self.sessions"), URL: "/account/sessions"},
	}
	for i := range all {
		all[i].Current = r.URL.Path == all[i].URL || (i > 0 && strings.HasPrefix(r.URL.Path, all[i].URL+"/"))
	}
	return all
}

// basic is the form of the contact data: what was typed, beside what is stored.
type basic struct {
	Name, Phone, Locale, Zone string
	Now                       account.Account
	Faults                    ui.Faults
	Hint                      func(typed, now string) string // what somebody else saved meanwhile
	Contact                   string                         // who can change the e-mail address
}

// Settings shows the contact data (CH-11). The e-mail address is shown and not offered for change (CH-12).
func (p Pages) Settings(r *page.Request) error {
	return p.showSettings(r, basic{Name: r.Me.Name, Phone: r.Me.Phone, Locale: r.Me.Locale, Zone: r.Me.TimeZone, Now: r.Me}, nil)
}

func (p Pages) showSettings(r *page.Request, v basic, refused error) error {
	v.Faults = ui.FaultsOf(r.Context(), refused, "name", r.T("account.name"), "phone", r.T("account.phone"), "locale", r.T("shell.language"), "time_zone", r.T("account.time_zone"))
	v.Hint = func(typed, now string) string { return r.Meanwhile(refused, typed, now) }
	v.Contact = p.whoChangesEmail(r)
	view := settingsPage(p.shell(r), tabs(r), v)
	if refused != nil {
		return r.Again(refused, view)
	}
	return r.Show(view)
}

// whoChangesEmail names the organisation to ask (CH-12): the one above, and for the operator's people their own administrator.
func (p Pages) whoChangesEmail(r *page.Request) string {
	own := r.Actor.Tenant
	if own.Kind == access.Operator {
		return own.Name
	}
	t, err := p.Tenants.Load(r.Context(), p.DB, own.ID)
	if err != nil {
		return own.Name
	}
	return t.ParentName
}

// Save stores the contact data. When somebody else saved meanwhile, the form comes back with both values.
func (p Pages) Save(r *page.Request) error {
	v := basic{Name: r.PostFormValue("name"), Phone: r.PostFormValue("phone"), Locale: r.PostFormValue("locale"), Zone: r.PostFormValue("time_zone"), Now: r.Me}
	acc, err := p.Accounts.EditMe(r.Context(), r.Actor, account.Profile{Name: &v.Name, Phone: &v.Phone, Locale: &v.Locale, TimeZone: &v.Zone, IfVersion: r.Version()})
	if err != nil {
		return p.showSettings(r, v, err)
	}
	if acc.Locale != r.Me.Locale {
		ui.RememberLocale(r.W, r.Request, acc.Locale)
		r.Speak(acc.Locale)
	}
	return r.Done("/account", r.T("self.saved"))
}

// Preferences keeps language and theme in cookies, and the language with the account of who is signed in (CH-2).
func (p Pages) Preferences(r *page.Request) error {
	if lang := r.PostFormValue("lang"); r.SignedIn() && lang != "" && lang != r.Me.Locale && ui.Speaks(lang) {
		if _, err := p.Accounts.EditMe(r.Context(), r.Actor, account.Profile{Locale: &lang}); err != nil && errs.KindOf(err) != errs.Forbidden {
			return err
		}
	}
	ui.SetPreferences(r.W, r.Request)
	return nil
}

// secrets is what the password page shows.
type secrets struct {
	Email  string
	Rules  []string
	Aged   bool
	Since  string
	Faults ui.Faults
}

// Password offers to change the own password (CH-13), with its rules and, where the policy has an age, a reminder (CH-14).
func (p Pages) Password(r *page.Request) error { return p.showPassword(r, nil) }

func (p Pages) showPassword(r *page.Request, refused error) error {
	policy, err := p.Tenants.Effective(r.Context(), p.DB, r.Actor.Tenant.ID)
	if err != nil {
		return err
	}
	aged, err := p.Accounts.PasswordAged(r.Context(), r.Actor)
	if err != nil {
		return err
	}
	v := secrets{Email: r.Me.Email, Rules: page.PasswordRules(r.Context(), policy), Aged: aged, Since: ui.Ago(r.Context(), r.Now(), r.Me.PasswordChanged.Time),
		Faults: ui.FaultsOf(r.Context(), refused, "old_password", r.T("account.old_password"), "new_password", r.T("account.new_password"), "again", r.T("account.again"))}
	view := passwordPage(p.shell(r), tabs(r), v)
	if refused != nil {
		return r.Again(refused, view)
	}
	return r.Show(view)
}

// ChangePassword changes it and ends all other sessions (CH-13).
func (p Pages) ChangePassword(r *page.Request) error {
	old, password := secret.Hide(r.PostFormValue("old_password")), secret.Hide(r.PostFormValue("new_password"))
	if !password.Equal(secret.Hide(r.PostFormValue("again"))) {
		return p.showPassword(r, errs.BadField("again", "not_repeated", "Both entries must be the same."))
	}
	r.Tries("account/password", r.Actor.Tenant, page.Own(r))
	if err := p.Accounts.ChangePassword(r.Context(), r.Actor, old, password); err != nil {
		return p.showPassword(r, err)
	}
	return r.Done("/account/password", r.T("account.password_changed"))
}

// SecondFactor says whether the second factor is on, and offers to change that.
func (p Pages) SecondFactor(r *page.Request) error {
	return r.Show(factorPage(p.shell(r), tabs(r), r.Me.SecondFactor))
}

// enrolment is what an authenticator app needs.
type enrolment struct {
	Secret, Picture string
	Faults          ui.Faults
}

// BeginSecondFactor makes a new secret and shows it, as a picture and to type in.
func (p Pages) BeginSecondFactor(r *page.Request) error {
	e, err := p.Accounts.BeginSecondFactor(r.Context(), r.Actor, issuer)
	if err != nil {
		return err
	}
	return r.Show(enrolPage(p.shell(r), tabs(r), enrolment{Secret: e.Secret, Picture: picture(e.QR)}))
}

func picture(png []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
}

// ConfirmSecondFactor turns it on with a code of the app, and shows the recovery codes this once.
func (p Pages) ConfirmSecondFactor(r *page.Request) error {
	r.Tries("account/second-factor", r.Actor.Tenant, page.Own(r))
	codes, err := p.Accounts.ConfirmSecondFactor(r.Context(), r.Actor, r.PostFormValue("code"))
	if err == nil {
		return r.Show(codesPage(p.shell(r), tabs(r), codes))
	}
	if errs.KindOf(err) != errs.Invalid {
		return err
	}
	v, ok := shownAgain(r.PostFormValue("secret"), r.Me.Email)
	if !ok {
		return err
	}
	v.Faults = ui.FaultsOf(r.Context(), err, "code", r.T("door.code"))
	return r.Again(err, enrolPage(p.shell(r), tabs(r), v))
}

// AskSecondFactorOff asks for the password before it is turned off.
func (p Pages) AskSecondFactorOff(r *page.Request) error {
	if !r.Me.SecondFactor {
		return r.Redirect("/account/second-factor")
	}
	return r.Show(factorOffPage(p.shell(r), tabs(r), ui.Faults{}))
}

// SecondFactorOff turns it off.
func (p Pages) SecondFactorOff(r *page.Request) error {
	r.Tries("account/second-factor", r.Actor.Tenant, page.Own(r))
	if err := p.Accounts.DropSecondFactor(r.Context(), r.Actor, secret.Hide(r.PostFormValue("password"))); err != nil {
		return r.Again(err, factorOffPage(p.shell(r), tabs(r), ui.FaultsOf(r.Context(), err, "password", r.T("account.password"))))
	}
	return r.Done("/account/second-factor", r.T("self.factor_off"))
}

// Sessions lists where the account is signed in.
func (p Pages) Sessions(r *page.Request) error {
	open, err := p.Accounts.Sessions(r.Context(), r.Actor)
	if err != nil {
		return err
	}
	return r.Show(sessionsPage(p.shell(r), tabs(r), r.Actor.SessionID, r.Now(), open))
}

// EndSession ends one of them; ending this one is signing out.
func (p Pages) EndSession(r *page.Request) error {
	id := r.PathValue("id")
	if err := p.Accounts.EndSession(r.Context(), r.Actor, id); err != nil {
		return err
	}
	if id == r.Actor.SessionID {
		r.DropSession()
		return r.Done(page.Door(account.RealmOf(r.Actor.Tenant.Kind)), r.T("door.signed_out"))
	}
	return r.Done("/account/sessions", r.T("self.session_ended"))
}
