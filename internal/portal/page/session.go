package page

import (
	"net/http"
	"net/url"
	"strings"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/portal/ui"
)

// The cookies of a visit. On https their names carry the prefix that keeps other hosts and plain http from setting them.
const (
	sessionCookie = "lc_session"
	stepCookie    = "lc_step" // between password and second factor
	doorCookie    = "lc_door" // the realm that was last signed in to, so that an ended session leads back to its own page
	hostPrefix    = "__Host-"
)

// SessionPath tells a script whether the session still lives, without keeping it alive.
const SessionPath = "/session"

// LivePath is where an open page is told that something changed.
const LivePath = "/live"

// pollHeader marks requests that a page makes by itself. They are no activity of the person (CH-6).
const pollHeader = ui.PollHeader

func (r *Request) secure() bool { return httpx.Scheme(r.Context()) == "https" }

func (r *Request) cookieName(name string) string {
	if r.secure() {
		return hostPrefix + name
	}
	return name
}

func (r *Request) setCookie(name, value string, age int) {
	http.SetCookie(r.W, &http.Cookie{Name: r.cookieName(name), Value: value, Path: "/", MaxAge: age, HttpOnly: true,
		Secure: r.secure(), SameSite: http.SameSiteLaxMode})
}

func (r *Request) cookie(name string) string {
	c, err := r.Cookie(r.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// Token gives the session token of the browser, "" without one.
func (r *Request) Token() string { return r.cookie(sessionCookie) }

const yearSeconds = 365 * 24 * 60 * 60

// KeepStep gives the browser the token that is good for the second factor only, for the five minutes it lives.
func (r *Request) KeepStep(token string) { r.setCookie(stepCookie, token, 5*60) }

// Step gives that token, "" without one.
func (r *Request) Step() string { return r.cookie(stepCookie) }

// DropStep makes the browser forget it.
func (r *Request) DropStep() {
	if r.Step() != "" {
		r.setCookie(stepCookie, "", -1)
	}
}

// DropSession makes the browser forget its token.
func (r *Request) DropSession() {
	if r.Token() != "" {
		r.setCookie(sessionCookie, "", -1)
	}
}

// Adopt makes the request that of the session that was just opened, and gives the browser its token.
func (r *Request) Adopt(token string, realm account.Realm) error {
	r.setCookie(sessionCookie, token, 0)
	r.setCookie(doorCookie, string(realm), yearSeconds)
	r.DropStep()
	return r.identify(token)
}

// identify asks who the session belongs to and loads what the shell says about them. A session that has ended is
// Unauthenticated.
func (r *Request) identify(token string) error {
	a, err := r.site.Accounts.Authenticate(r.Context(), token, account.Request{IP: r.IP, ID: httpx.RequestID(r.Context()),
		Activity: r.Header.Get(pollHeader) == "" && !r.route.Idle})
	if err != nil {
		return err
	}
	if r.Me, err = r.site.Accounts.Me(r.Context(), a); err != nil {
		return err
	}
	if r.Place, err = r.site.Tenants.Load(r.Context(), r.site.DB, a.Place().ID); err != nil {
		return err
	}
	r.Actor = a
	zone := r.Me.TimeZone
	if zone == "" {
		zone = r.Place.TimeZone
	}
	// Forms carry the organisation they were made for: one that was left open while a visit began or ended must not change
	// another one (see elsewhere).
	r.prefer(ui.Settings{Locale: r.Me.Locale, Zone: zoneOf(zone), CSRF: a.Place().ID})
	r.Request = r.WithContext(access.With(r.Context(), a))
	return nil
}

// Realms are the audiences in the order in which they are offered (CH-10).
var Realms = []account.Realm{account.PartnerRealm, account.CustomerRealm, account.OperatorRealm}

// Door gives the address of a realm's sign-in page.
func Door(realm account.Realm) string { return "/" + string(realm) }

// lastDoor is where somebody without a session is sent: the page they signed in at last, else the choice of all.
func (r *Request) lastDoor() string {
	for _, realm := range Realms {
		if r.cookie(doorCookie) == string(realm) {
			return Door(realm)
		}
	}
	return "/"
}

// toSignIn leads somebody whose session is over to the sign-in page, and from there back to where they were (CH-6).
func (r *Request) toSignIn(err error) {
	r.DropSession()
	switch code := errs.CodeOf(err); {
	case code == "session_expired" && r.Method == http.MethodPost:
		r.Flash(ui.Warn, ui.T(r.Context(), "door.expired_unsent"))
	case code == "session_expired", r.Token() != "":
		r.Flash(ui.Warn, ui.T(r.Context(), "door.expired"))
	}
	to := r.lastDoor()
	if back := r.comeBack(); back != "/" {
		to += "?return=" + url.QueryEscape(back)
	}
	r.leadTo(to)
}

// comeBack gives the page to return to: this one, or for a form the one it stood on.
func (r *Request) comeBack() string {
	if r.Method == http.MethodGet && r.Header.Get("HX-Request") == "" {
		return ReturnPath(r.URL.RequestURI())
	}
	ref, err := url.Parse(r.Referer())
	if err != nil || !strings.EqualFold(ref.Host, r.Host) {
		return "/"
	}
	return ReturnPath(ref.RequestURI())
}

// ReturnPath gives a path of our own pages to return to after signing in, and "/" for anything else.
func ReturnPath(p string) string {
	if len(p) > 1000 {
		return "/"
	}
	p = ui.LocalPath(p)
	path, _, _ := strings.Cut(p, "?")
	for _, realm := range Realms {
		if path == Door(realm) || strings.HasPrefix(path, Door(realm)+"/") {
			return "/"
		}
	}
	if strings.HasPrefix(path, "/link/") || strings.HasPrefix(path, "/move/") || path == FirstPassword || path == SessionPath {
		return "/"
	}
	return p
}

// leadTo sends the browser on; a part of a page that fetched itself takes the whole page along.
func (r *Request) leadTo(to string) {
	if r.Header.Get("HX-Request") != "" {
		r.W.Header().Set("HX-Redirect", to)
		r.W.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(r.W, r.Request, to, http.StatusSeeOther)
}
