package portal_test

import (
	"strings"
	"testing"
	"time"

	"linecard/internal/portal/browsertest"
	"linecard/internal/portal/portaltest"
)

// signIn fills the sign-in form of the page that is open.
func signIn(tab *browsertest.Tab, email, password string) {
	tab.Fill("#f-email", email)
	tab.Fill("#f-password", password)
	tab.Submit("main button.btn-primary")
}

func clean(t *testing.T, tab *browsertest.Tab) {
	t.Helper()
	for _, complaint := range tab.ConsoleErrors() {
		if !strings.Contains(complaint, "status of 401") && !strings.Contains(complaint, "status of 423") {
			t.Error(complaint)
		}
	}
}

func says(t *testing.T, tab *browsertest.Tab, want string) {
	t.Helper()
	if text := tab.Text("body"); !strings.Contains(text, want) {
		t.Fatalf("%s does not say %q:\n%s", tab.URL(), want, text)
	}
}

// CH-1, CH-4 and CH-5, as a person does it.
func TestAPersonSignsInAndOut(t *testing.T) {
	w := portaltest.Start(t)
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(w.URL + "/partner")
	signIn(tab, w.Partner.Email, "wrong wrong wrong")
	says(t, tab, "E-mail address or password is wrong.")
	tab.Fill("#f-password", portaltest.Password)
	tab.Submit("main button.btn-primary")
	says(t, tab, "Brightline Telecom")
	tab.Click(".account-button")
	tab.Submit(".account-button + .menu-panel button")
	says(t, tab, "You are signed out.")
	for range 10 {
		w.Browser(t).SignIn(w.Partner, "wrong wrong wrong")
	}
	tab.Goto(w.URL + "/partner")
	signIn(tab, w.Partner.Email, portaltest.Password)
	says(t, tab, "You can try again in 5 minutes.")
	clean(t, tab)
}

// CH-7: the same without scripts, and on a phone's screen.
func TestEverythingWorksWithoutScripts(t *testing.T) {
	w := portaltest.Start(t)
	tab := browsertest.Open(t, browsertest.Look{NoJS: true, Width: 390, Height: 844})
	tab.Goto(w.URL + "/customer")
	signIn(tab, w.Customer.Email, portaltest.Password)
	tab.Goto(w.URL + "/account")
	tab.Fill("#f-phone", "+44 20 7946 0143")
	tab.Submit("main form .btn-primary")
	tab.Goto(w.URL + "/account/password")
	tab.Fill("#f-old_password", portaltest.Password)
	tab.Fill("#f-new_password", "something else now")
	tab.Fill("#f-again", "something else now")
	tab.Submit("main form .btn-primary")
	if a := w.Browser(t).SignIn(w.Customer, "something else now"); a.To != "/" {
		t.Errorf("the new password: %d", a.Status)
	}
	acc, err := w.Accounts.Me(t.Context(), w.Actor(w.Customer))
	if err != nil || acc.Phone != "+44 20 7946 0143" {
		t.Errorf("%q %v", acc.Phone, err)
	}
	tab.Click(".account-button")
	tab.Submit(".account-button + .menu-panel button")
	if !strings.HasSuffix(tab.URL(), "/customer") {
		t.Error(tab.URL())
	}
}

// CH-8, CH-9.
func TestAForgottenPasswordIsRecoveredWithThePuzzle(t *testing.T) {
	w := portaltest.Start(t)
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(w.URL + "/partner")
	tab.Submit(`a[href="/recover/partner"]`)
	tab.Fill("#f-email", w.Partner.Email)
	tab.Fill("#f-answer", "000")
	tab.Submit("main button.btn-primary")
	says(t, tab, "The characters do not match the picture.")
	if wide := browsertest.Eval[float64](tab, `document.querySelector(".captcha img").naturalWidth`); wide < 200 {
		t.Errorf("the picture is %v wide", wide)
	}
	if fault := browsertest.Eval[string](tab, `new Promise(done => { const a = document.querySelector("audio"); a.oncanplay = () => done(""); a.onerror = () => done("no sound"); a.load(); a.preload = "auto"; })`); fault != "" {
		t.Error(fault)
	}
	id := browsertest.Eval[string](tab, `document.querySelector("[name=captcha]").value`)
	tab.Fill("#f-answer", w.Captcha(id))
	tab.Submit("main button.btn-primary")
	says(t, tab, "Check your mailbox")
	tab.Goto(w.URL + w.AwaitLink())
	tab.Fill("#f-password", "something else now")
	tab.Fill("#f-again", "something else now")
	tab.Submit("main button.btn-primary")
	says(t, tab, "Your password is set.")
	signIn(tab, w.Partner.Email, "something else now")
	says(t, tab, "Brightline Telecom")
	for _, complaint := range tab.ConsoleErrors() {
		if !strings.Contains(complaint, "status of 400") {
			t.Error(complaint)
		}
	}
}

func TestTheSecondFactorIsSetUpAndUsedInABrowser(t *testing.T) {
	w := portaltest.Start(t)
	tab := browsertest.Open(t, browsertest.Look{})
	tab.Goto(w.URL + "/customer")
	signIn(tab, w.Customer.Email, portaltest.Password)
	tab.Goto(w.URL + "/account/second-factor")
	tab.Submit("main .btn-primary")
	key := tab.Text("#secret")
	if wide := browsertest.Eval[float64](tab, `document.querySelector(".qr").naturalWidth`); wide < 100 {
		t.Errorf("the picture is %v wide", wide)
	}
	tab.Fill("#f-code", codeOf(t, key, w.Clock.Now()))
	tab.Submit("main form .btn-primary")
	says(t, tab, "The second factor is on")
	w.Clock.Advance(totpStep)
	tab.Click(".account-button")
	tab.Submit(".account-button + .menu-panel button")
	signIn(tab, w.Customer.Email, portaltest.Password)
	says(t, tab, "Confirm it is you")
	tab.Fill("#f-code", codeOf(t, key, w.Clock.Now()))
	tab.Submit("main form .btn-primary")
	says(t, tab, "Harbour Dental Group")
	clean(t, tab)
}

// CH-2, CH-6: the language stays, the session ends, and the page comes back.
func TestASessionThatEndedComesBackInTheSameLanguageAndPlace(t *testing.T) {
	w := portaltest.Start(t)
	tab := browsertest.Open(t, browsertest.Look{Dark: true})
	tab.Goto(w.URL + "/partner")
	tab.Click(".top-menus summary")
	tab.Submit(`button[lang="zh-CN"]`)
	says(t, tab, "登录")
	signIn(tab, w.Partner.Email, portaltest.Password)
	w.Clock.Advance(31 * time.Minute)
	tab.Goto(w.URL + "/account/sessions")
	says(t, tab, "您的会话已结束")
	signIn(tab, w.Partner.Email, portaltest.Password)
	if !strings.HasSuffix(tab.URL(), "/account/sessions") {
		t.Error(tab.URL())
	}
	says(t, tab, "账号设置")
	clean(t, tab)
}
