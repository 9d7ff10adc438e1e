package door

import (
	"net/http"
	"strings"

	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// forgotten is what the recovery page shows.
type forgotten struct {
	Realm   account.Realm
	Email   string
	Captcha string // id
	Faults  ui.Faults
}

// Recover asks for the address of somebody who cannot sign in, with a puzzle of our own (CH-8).
func (p Pages) Recover(r *page.Request) error {
	realm, err := realmOf(r)
	if err != nil {
		return err
	}
	if r.FormValue("sent") != "" {
		return r.Show(sentPage(r.SignInShell(realm, r.T("door.sent_title"), ""), realm))
	}
	if err := r.Limit(); err != nil {
		return err
	}
	return p.showRecover(r, forgotten{Realm: realm}, nil)
}

// showRecover shows the form with a fresh puzzle: each is good for one try.
func (p Pages) showRecover(r *page.Request, v forgotten, refused error) error {
	var err error
	if v.Captcha, err = p.Accounts.NewCaptcha(r.Context()); err != nil {
		return err
	}
	v.Faults = ui.FaultsOf(r.Context(), refused, "email", r.T("account.email"), "answer", r.T("door.answer"))
	view := recoverPage(r.SignInShell(v.Realm, r.T("door.recover_title"), r.T("door.recover_lead")), v)
	if refused != nil {
		return r.Again(refused, view)
	}
	return r.Show(view)
}

// SendLink mails a link that lives ten minutes. The answer is the same whether the address is known or not (CH-8).
func (p Pages) SendLink(r *page.Request) error {
	realm, err := realmOf(r)
	if err != nil {
		return err
	}
	if err := r.Limit(); err != nil {
		return err
	}
	v := forgotten{Realm: realm, Email: strings.TrimSpace(r.PostFormValue("email"))}
	if r.PostFormValue("renew") != "" {
		return p.showRecover(r, v, nil)
	}
	if v.Email == "" {
		return p.showRecover(r, v, errs.BadField("email", "required", "Please fill in this field."))
	}
	err = p.Accounts.Recover(r.Context(), account.Recovery{Realm: realm, Email: v.Email, CaptchaID: r.PostFormValue("captcha"),
		Answer: r.PostFormValue("answer"), IP: r.IP, RequestID: r.ID()})
	if err != nil && errs.CodeOf(err) == "captcha_wrong" {
		e := errs.As(err)
		return p.showRecover(r, v, &errs.Error{Kind: e.Kind, Code: "captcha_wrong", Message: e.Message,
			Fields: []errs.Field{{Name: "answer", Code: "captcha_wrong", Message: e.Message}}})
	}
	if err != nil {
		return err
	}
	return r.Redirect("/recover/" + string(realm) + "?sent=1")
}

// CaptchaPicture draws a puzzle. Every drawing is another look for a program, so drawings are limited by address.
func (p Pages) CaptchaPicture(r *page.Request) error {
	c, err := p.captcha(r)
	if err != nil {
		return err
	}
	picture, err := c.PNG()
	return send(r, "image/png", picture, err)
}

// CaptchaSound speaks a puzzle in the language of the page, for who cannot see it.
func (p Pages) CaptchaSound(r *page.Request) error {
	c, err := p.captcha(r)
	if err != nil {
		return err
	}
	sound, err := c.WAV(ui.PrefsOf(r.Context()).Locale)
	return send(r, "audio/wav", sound, err)
}

func (p Pages) captcha(r *page.Request) (account.Challenge, error) {
	if err := r.Limit(); err != nil {
		return account.Challenge{}, err
	}
	return p.Accounts.Captcha(r.Context(), r.PathValue("id"))
}

func send(r *page.Request, kind string, body []byte, err error) error {
	if err != nil {
		return httpx.Refusal(err)
	}
	h := r.W.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	r.W.WriteHeader(http.StatusOK)
	_, _ = r.W.Write(body) // the client went away: nobody to tell
	return nil
}
