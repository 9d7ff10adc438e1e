package page

import (
	"net/http"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/portal/ui"
)

// deed is what a form tried to do.
type deed struct {
	action string
	tenant access.Tenant
	target journal.Target
}

// Tries names what this request does, so that a refusal is found in the log under the same action as success. Without it
// the row says the route's action in the actor's place.
func (r *Request) Tries(action string, tenant access.Tenant, target journal.Target) {
	r.about = &deed{action, tenant, target}
}

// record writes the failure row of a refused POST, once (CH-83). Typing mistakes leave none, nor do faults of ours; what
// concerns a password or a code does.
func (r *Request) record(err error) {
	if r.Method != http.MethodPost || !r.SignedIn() || r.route.open() {
		return
	}
	switch errs.KindOf(err) {
	case errs.Internal, errs.Unavailable, errs.TimedOut, errs.Unauthenticated, errs.TooMany, errs.TooLarge, errs.Unsupported:
		return
	case errs.Invalid:
		if !wrongSecret(err) {
			return
		}
	}
	d := r.about
	if d == nil {
		d = &deed{action: strings.ReplaceAll(string(r.route.Needs), ".", "/"), tenant: r.Actor.Place()}
	}
	if e := r.site.Journal.Fail(r.Context(), r.Actor, d.action, d.tenant, d.target, err); e != nil {
		r.site.Log.WarnContext(r.Context(), "failure not recorded", "action", d.action, "error", errs.CodeOf(e))
	}
}

func wrongSecret(err error) bool {
	for _, f := range errs.As(err).Fields {
		if f.Code == "wrong_password" || f.Code == "wrong_code" {
			return true
		}
	}
	return false
}

func (r *Request) retryAfter(err error) {
	if s := httpx.RetryAfter(err); s > 0 {
		r.W.Header().Set("Retry-After", strconv.Itoa(s))
	}
}

// refuse is the one place where an error becomes an answer: a way to sign in, a way back, or a page that says what
// happened and what to do, with the id of the request. The text is the error's own translated sentence, never its cause.
func (r *Request) refuse(err error) {
	e := httpx.Refusal(err)
	switch {
	case e.Kind == errs.Unauthenticated && r.status == 0:
		if r.Header.Get(pollHeader) != "" {
			r.W.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.toSignIn(e)
		return
	case e.Code == "visit_over":
		r.Flash(ui.Warn, ui.ErrText(r.Context(), e))
		r.leadTo("/")
		return
	case e.Code == "frozen" && !r.SignedIn():
		r.DropSession()
		r.Flash(ui.Bad, ui.ErrText(r.Context(), e))
		r.leadTo(r.lastDoor())
		return
	case e.Code == "password_change_required":
		r.leadTo(FirstPassword)
		return
	}
	httpx.LogCause(r.Context(), err)
	status := r.status
	if status == 0 {
		status = httpx.Status(e.Kind)
	}
	r.retryAfter(e)
	v := refusal{Title: r.T("refusal.title." + titleOf(e.Kind)), Text: ui.ErrText(r.Context(), e), Advice: r.T("refusal.advice." + titleOf(e.Kind)),
		RequestID: httpx.RequestID(r.Context()), Faults: ui.FaultsOf(r.Context(), e).Fields, Back: "/"}
	if r.Method == http.MethodPost {
		v.Back = r.comeBack()
	}
	var shown error
	if r.SignedIn() && !r.Actor.MustChangePassword {
		shown = r.ShowAs(status, refusedInside(r.Shell(v.Title, ""), v))
	} else {
		shown = r.ShowAs(status, refusedOutside(r.SignInShell("", v.Title, ""), v))
	}
	if shown != nil {
		r.site.Log.ErrorContext(r.Context(), "refusal not shown", "id", v.RequestID, "error", shown.Error())
		w := r.W
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(v.Text + "\n"))
	}
}

// refusal is what the page of an error says.
type refusal struct {
	Title, Text, Advice, RequestID, Back string
	Faults                               []ui.FieldFault
}

// titleOf names the texts of a kind.
func titleOf(k errs.Kind) string {
	switch k {
	case errs.NotFound:
		return "not_found"
	case errs.Gone:
		return "gone"
	case errs.Forbidden, errs.Unauthenticated:
		return "forbidden"
	case errs.TooMany, errs.Locked:
		return "too_many"
	case errs.Unavailable, errs.TimedOut:
		return "unavailable"
	case errs.Internal:
		return "internal"
	case errs.Stale, errs.Conflict, errs.Mismatch:
		return "conflict"
	}
	return "invalid"
}
