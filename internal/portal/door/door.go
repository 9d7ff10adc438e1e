// Package door holds the pages before and around a session: signing in with password and second factor, recovery, one-time
// links, the forced change of a supplied password, signing out and leaving another tenant (CH-1 … CH-10, CH-32).
//
// It must not know passwords or sessions beyond handing them to account.
package door

import (
	"net/http"
	"net/url"
	"strings"
	"time"

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

// realmOf reads the audience of an address: /partner, /code/partner, /recover/partner.
func realmOf(r *page.Request) (account.Realm, error) {
	name := r.PathValue("realm")
	if name == "" {
		name = strings.TrimPrefix(r.URL.Path, "/")
	}
	switch realm := account.Realm(name); realm {
	case account.OperatorRealm, account.PartnerRealm, account.CustomerRealm:
		return realm, nil
	}
	return "", errs.Missing("page")
}

// returnOf is where to go after signing in.
func returnOf(r *page.Request) string { return page.ReturnPath(r.FormValue("return")) }

// withReturn keeps the way back in an address.
func withReturn(path, back string) string {
	if back == "/" || back == "" {
		return path
	}
	return path + "?return=" + url.QueryEscape(back)
}

// signIn is what the sign-in page shows.
type signIn struct {
	Realm  account.Realm
	Email  string
	Return string
	Faults ui.Faults
	Unset  bool // nobody has set the installation up yet
}

// SignIn shows the sign-in page of an audience (CH-1, CH-2, CH-10). Who is signed in there already goes on.
func (p Pages) SignIn(r *page.Request) error {
	realm, err := realmOf(r)
	if err != nil {
		return err
	}
	if r.SignedIn() && account.RealmOf(r.Actor.Tenant.Kind) == realm {
		return r.Redirect(returnOf(r))
	}
	return p.showSignIn(r, signIn{Realm: realm, Return: returnOf(r)}, nil)
}

func (p Pages) showSignIn(r *page.Request, v signIn, refused error) error {
	switch _, err := p.Tenants.Operator(r.Context(), p.DB); {
	case err != nil && errs.KindOf(err) == errs.NotFound:
		v.Unset = true
	case err != nil:
		return err
	}
	v.Faults = ui.FaultsOf(r.Context(), refused, "email", r.T("account.email"), "password", r.T("account.password"))
	v.Faults.Text = withWait(r, v.Faults.Text, refused)
	view := signInPage(r.SignInShell(v.Realm, r.T("signin.title"), r.T("signin.lead")), v)
	if refused != nil {
		return r.Again(refused, view)
	}
	return r.Show(view)
}

// Enter takes address and password (CH-1). Wrong, unknown and wrong portal look the same; a locked address says when to try
// again (CH-4).
func (p Pages) Enter(r *page.Request) error {
	realm, err := realmOf(r)
	if err != nil {
		return err
	}
	if err := r.Limit(); err != nil {
		return err
	}
	v := signIn{Realm: realm, Email: strings.TrimSpace(r.PostFormValue("email")), Return: returnOf(r)}
	password := secret.Hide(r.PostFormValue("password"))
	if err := filledIn(v.Email, password); err != nil {
		return p.showSignIn(r, v, err)
	}
	signed, err := p.Accounts.SignIn(r.Context(), account.SignIn{Realm: realm, Email: v.Email, Password: password, IP: r.IP,
		UserAgent: r.UserAgent(), RequestID: r.ID()})
	switch {
	case err != nil:
		return p.showSignIn(r, v, err)
	case signed.NeedsCode:
		r.KeepStep(signed.Token)
		return r.Redirect(withReturn("/code/"+string(realm), v.Return))
	}
	return p.enter(r, realm, signed, v.Return)
}

func filledIn(email string, password secret.String) error {
	var faults []errs.Field
	if email == "" {
		faults = append(faults, errs.Field{Name: "email", Code: "required", Message: "Please fill in this field."})
	}
	if password.Empty() {
		faults = append(faults, errs.Field{Name: "password", Code: "required", Message: "Please fill in this field."})
	}
	return errs.BadFields(faults)
}

// enter ends the session that was open here before, takes the new one, and lets the language chosen at the door become the
// account's own (CH-2).
func (p Pages) enter(r *page.Request, realm account.Realm, signed account.Signed, back string) error {
	if r.SignedIn() {
		if err := p.Accounts.SignOut(r.Context(), r.Actor); err != nil {
			p.Log.WarnContext(r.Context(), "former session not ended", "session", r.Actor.SessionID, "error", errs.CodeOf(err))
		}
	}
	if err := r.Adopt(signed.Token, realm); err != nil {
		return err
	}
	if chosen := ui.ChosenLocale(r.Request); chosen != "" && chosen != r.Me.Locale {
		if _, err := p.Accounts.EditMe(r.Context(), r.Actor, account.Profile{Locale: &chosen}); err != nil {
			p.Log.WarnContext(r.Context(), "language not kept", "account", r.Me.ID, "error", errs.CodeOf(err))
		}
	}
	if signed.MustChange {
		return r.Redirect(withReturn(page.FirstPassword, back))
	}
	return r.Redirect(back)
}

// withWait says after the sentence of a lock when to try again (CH-4).
func withWait(r *page.Request, text string, err error) string {
	if err == nil || errs.KindOf(err) != errs.Locked {
		return text
	}
	minutes := int((errs.As(err).RetryAfter + time.Minute - 1) / time.Minute)
	return text + " " + ui.N(r.Context(), "door.locked_for", max(1, minutes))
}

// Code asks for the code of the second factor.
func (p Pages) Code(r *page.Request) error {
	realm, err := realmOf(r)
	if err != nil {
		return err
	}
	if r.Step() == "" {
		return r.Redirect(withReturn(page.Door(realm), returnOf(r)))
	}
	return r.Show(codePage(r.SignInShell(realm, r.T("door.code_title"), r.T("door.code_lead")), realm, returnOf(r), ui.Faults{}))
}

// ConfirmCode takes a code of the app or a recovery code. When the five minutes are over the password is asked again.
func (p Pages) ConfirmCode(r *page.Request) error {
	realm, err := realmOf(r)
	if err != nil {
		return err
	}
	if err := r.Limit(); err != nil {
		return err
	}
	back := returnOf(r)
	signed, err := p.Accounts.ConfirmCode(r.Context(), r.Step(), r.PostFormValue("code"), account.Request{IP: r.IP, ID: r.ID(), Activity: true})
	switch {
	case err == nil:
		return p.enter(r, realm, signed, back)
	case errs.KindOf(err) == errs.Unauthenticated && errs.CodeOf(err) != "bad_code":
		r.DropStep()
		r.Flash(ui.Warn, r.T("door.code_late"))
		return r.Redirect(withReturn(page.Door(realm), back))
	}
	faults := ui.FaultsOf(r.Context(), err)
	faults.Text = withWait(r, faults.Text, err)
	return r.Again(err, codePage(r.SignInShell(realm, r.T("door.code_title"), r.T("door.code_lead")), realm, back, faults))
}

// SignOut ends the session (CH-5). It works without one too, so that a second click is no fault.
func (p Pages) SignOut(r *page.Request) error {
	to := "/"
	if r.SignedIn() {
		to = page.Door(account.RealmOf(r.Actor.Tenant.Kind))
		if err := p.Accounts.SignOut(r.Context(), r.Actor); err != nil {
			return err
		}
	}
	r.DropSession()
	return r.Done(to, r.T("door.signed_out"))
}

// Leave goes back to one's own tenant (CH-32).
func (p Pages) Leave(r *page.Request) error {
	if r.Actor.Acting == nil {
		return r.Redirect("/")
	}
	name := r.Actor.Acting.Tenant.Name
	if _, err := p.Accounts.Leave(r.Context(), r.Actor); err != nil {
		return err
	}
	return r.Done("/", r.T("door.left", "tenant", name))
}

// Session answers a script that asks whether the session still lives: 204, and without one 401.
func (p Pages) Session(r *page.Request) error {
	r.W.Header().Set("Cache-Control", "no-store")
	r.W.WriteHeader(http.StatusNoContent)
	return nil
}

// together refuses a new password whose two entries differ, before the service is asked.
func together(password, again secret.String, field string) error {
	if password.Equal(again) {
		return nil
	}
	return errs.BadField(field, "not_repeated", "Both entries must be the same.")
}
