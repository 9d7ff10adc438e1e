package page

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Request is a request as a page sees it. Its context carries language, time zone, theme and the actor.
type Request struct {
	*http.Request
	W     http.ResponseWriter
	Actor access.Actor    // zero when nobody is signed in
	Me    account.Account // the actor's own account
	Place tenant.Tenant   // where the actor works: the entered tenant while acting for another, else its own
	IP    string

	site   *Site
	route  Route
	status int   // of a refusal that knows better than its kind; 0: by kind
	about  *deed // what a form tried, for the row of a refusal

	dressed bool // the look of the offer is in the context
}

// ID is the id of the request, as it stands in the log and in refusals.
func (r *Request) ID() string { return httpx.RequestID(r.Context()) }

// SignedIn says whether there is an actor.
func (r *Request) SignedIn() bool { return r.Actor.ID != "" }

// Now is the injected clock's time.
func (r *Request) Now() time.Time { return r.site.DB.Now().Time }

// prefer puts language, zone and theme into the request's context.
func (r *Request) prefer(s ui.Settings) {
	p := ui.FromRequest(r.Request, s)
	p.Secure = r.secure()
	r.Request = r.WithContext(ui.With(r.Context(), p))
}

// Speak writes this page in a language that the person is known to read, unless this browser chose another.
func (r *Request) Speak(locale string) {
	if ui.ChosenLocale(r.Request) == "" && locale != "" {
		r.prefer(ui.Settings{Locale: locale})
	}
}

var zones sync.Map // IANA name → *time.Location; bounded by the names there are

// zoneOf gives a time zone by name, nil for "" and unknown ones.
func zoneOf(name string) *time.Location {
	if name == "" {
		return nil
	}
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	zones.Store(name, z)
	return z
}

// Show writes a page. It is written whole or not at all.
func (r *Request) Show(c templ.Component) error { return r.ShowAs(http.StatusOK, c) }

// ShowAs writes a page with another status than 200.
func (r *Request) ShowAs(status int, c templ.Component) error {
	var buf bytes.Buffer
	if err := c.Render(r.Context(), &buf); err != nil {
		return err
	}
	h := r.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	r.W.WriteHeader(status)
	_, _ = r.W.Write(buf.Bytes()) // the client went away: nobody to tell
	return nil
}

// Again shows a form once more after its input was refused: with the status of the refusal, its Retry-After, and the row
// that a refused attempt leaves in the log. The caller fills the form with what was typed and ui.FaultsOf(ctx, err).
func (r *Request) Again(err error, c templ.Component) error {
	switch errs.KindOf(err) {
	case errs.Internal, errs.Unavailable, errs.TimedOut:
		return err
	}
	r.record(err)
	httpx.LogCause(r.Context(), err)
	r.retryAfter(err)
	return r.ShowAs(httpx.Status(errs.KindOf(err)), c)
}

// Done ends a POST: the next page says what happened. The text may be "".
func (r *Request) Done(to, text string) error {
	if text != "" {
		r.Flash(ui.OK, text)
	}
	return r.Redirect(to)
}

// Redirect leads to another page of ours with 303.
func (r *Request) Redirect(to string) error {
	r.leadTo(ui.LocalPath(to))
	return nil
}

// Flash keeps a message for the page that follows.
func (r *Request) Flash(tone ui.Tone, text string) {
	ui.PutFlash(r.W, r.Request, ui.Flash{Tone: tone, Text: text})
}

// T is ui.T in the language of the request.
func (r *Request) T(key string, args ...any) string { return ui.T(r.Context(), key, args...) }

// Version reads the hidden field of a form that says which version of the object the person saw; 0 when there is none.
func (r *Request) Version() int64 {
	v, err := strconv.ParseInt(r.PostFormValue(VersionField), 10, 64)
	if err != nil || v < 0 {
		return 0
	}
	return v
}

// Own names the actor's account as the object of a log row.
func Own(r *Request) journal.Target {
	return journal.Target{Kind: "account", ID: r.Me.ID, Name: r.Me.Email}
}

// Way gives the address when there is a page behind it that is open to the actor, else "", so that nothing leads nowhere.
func (r *Request) Way(path string) string {
	if route, ok := r.site.route(path); ok && route.allows(r.Actor) {
		return path
	}
	return ""
}

// Below gives an address below a page when that page is open to the actor, else "": a way to one object of a list.
func (r *Request) Below(list, path string) string {
	if r.Way(list) == "" {
		return ""
	}
	return path
}

// VersionField is the name of that field.
const VersionField = "version"

// Versioned gives the hidden field for a form.
func Versioned(v int64) ui.Hidden {
	return ui.Hidden{Name: VersionField, Value: strconv.FormatInt(v, 10)}
}

// Meanwhile is the hint below a field of a form that somebody else overtook: what the object says now, when that is not
// what was typed. err is what the form was refused with.
func (r *Request) Meanwhile(err error, typed, now string) string {
	if err == nil || errs.KindOf(err) != errs.Stale || typed == now {
		return ""
	}
	if now == "" {
		return r.T("form.meanwhile_empty")
	}
	return r.T("form.meanwhile", "value", now)
}

// Limit counts an attempt of somebody who need not be signed in; over the limit it is TooMany (CH-4).
func (r *Request) Limit() error {
	ok, wait := r.site.tries.Allow(httpx.IPKey(httpx.ClientIP(r.Context())))
	if !ok {
		return httpx.TooMany(wait)
	}
	return nil
}
