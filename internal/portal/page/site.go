package page

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/portal/ui"
)

// Site is all pages together as one handler.
type Site struct {
	Deps
	routes  map[string]Route
	table   *http.ServeMux // finds the pattern of a path; answers nothing
	ways    []Way
	tries   *httpx.Limiter // of people who are not signed in, by address
	handler http.Handler
}

var (
	errCrossOrigin = errs.New(errs.Forbidden, "cross_origin", "This form was sent from another website. Open the page here and try again.")
	errPanic       = errs.New(errs.Internal, "internal", "Something went wrong on our side.")
)

// New puts the table's pages under their addresses. A doubled pattern, a route without a need or a way that leads nowhere
// is an error.
func New(d Deps, routes []Route, ways []Way) (*Site, error) {
	if d.SignInsPerMinute <= 0 {
		d.SignInsPerMinute = 60
	}
	s := &Site{Deps: d, routes: map[string]Route{}, table: http.NewServeMux(), ways: ways}
	s.tries = httpx.NewLimiter(httpx.Rate{Burst: d.SignInsPerMinute, Every: time.Minute / time.Duration(d.SignInsPerMinute)}, 0, d.DB.Clock())
	mux := httpx.NewMux()
	mux.Refuse = func(w http.ResponseWriter, r *http.Request, status int, err error) {
		s.serve(w, r, Route{Needs: Public, Serve: func(r *Request) error {
			r.status = status
			return err
		}})
	}
	for _, route := range routes {
		if _, twice := s.routes[route.Pattern]; twice || route.Serve == nil || (!route.open() && (route.In == 0 || !access.Known(route.Needs))) {
			return nil, fmt.Errorf("portal: the route %q is doubled or incomplete", route.Pattern)
		}
		s.routes[route.Pattern] = route
		s.table.Handle(route.Pattern, http.NotFoundHandler())
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route) })
	}
	for _, way := range ways {
		if _, ok := s.route(way.URL); !ok {
			return nil, fmt.Errorf("portal: the navigation leads to %s, where nothing is", way.URL)
		}
	}
	origin, err := s.origin(mux)
	if err != nil {
		return nil, err
	}
	s.handler = httpx.Chain(origin, httpx.Security{CSP: ui.ContentPolicy}.Headers())
	return s, nil
}

// route gives the row of the page that answers a path. The start page has a pattern of its own.
func (s *Site) route(path string) (Route, bool) {
	if path == "/" {
		path = "/{$}"
	}
	route, ok := s.routes["GET "+path]
	if !ok {
		_, pattern := s.table.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Host: "localhost"})
		route, ok = s.routes[pattern]
	}
	return route, ok
}

// origin refuses what another website's page sends here in a person's name. Together with cookies that are SameSite=Lax no
// form needs a token.
func (s *Site) origin(next http.Handler) (http.Handler, error) {
	guard := http.NewCrossOriginProtection()
	if u, err := url.Parse(s.PublicURL); s.PublicURL != "" {
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("portal: %q is no address of a portal", s.PublicURL)
		}
		if err := guard.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, err
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, Route{Needs: Bare, Serve: func(*Request) error { return errCrossOrigin }})
	}))
	return guard.Handler(next), nil
}

// ServeHTTP answers with a page.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// answer remembers whether a page has begun to go out, after which no other one can take its place.
type answer struct {
	http.ResponseWriter
	begun bool
}

func (a *answer) WriteHeader(status int) {
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// serve is the one way of every request: who is it, may they be here, the page, and what to say when something is in the way.
func (s *Site) serve(w http.ResponseWriter, hr *http.Request, route Route) {
	out := &answer{ResponseWriter: w}
	r := &Request{Request: hr, W: out, site: s, route: route}
	if from := httpx.ClientIP(r.Context()); from.IsValid() {
		r.IP = from.String()
	}
	r.prefer(ui.Settings{})
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler || out.begun {
			panic(cause)
		}
		s.Log.ErrorContext(r.Context(), "page panicked", "id", httpx.RequestID(r.Context()), "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		r.refuse(errPanic)
	}()
	err := s.enter(r)
	if err == nil {
		err = route.Serve(r)
	}
	switch {
	case err == nil:
	case out.begun: // half a page or file must never look like a whole one
		httpx.LogCause(r.Context(), err)
		panic(http.ErrAbortHandler)
	default:
		r.record(err)
		r.refuse(err)
	}
}

// enter finds out who asks and whether they may be here.
func (s *Site) enter(r *Request) error {
	if r.route.Needs == Bare {
		return nil
	}
	if err := r.identify(r.Token()); err != nil {
		if r.route.Needs != Public || errs.KindOf(err) == errs.Unavailable {
			return err
		}
		if errs.KindOf(err) == errs.Unauthenticated {
			r.DropSession()
		}
	}
	if err := r.readForm(); err != nil {
		return err
	}
	switch {
	case r.Actor.MustChangePassword && !mayWhileMustChange(r.route.Pattern):
		return errMustChange
	case r.route.open():
		return nil
	case r.route.In&placesOf(r.Actor.Place().Kind) == 0:
		return errs.Missing("page")
	case !r.Actor.Can(r.route.Needs):
		return errNotYours
	case r.elsewhere():
		return errElsewhere
	}
	return nil
}

// elsewhere says whether a form was made for another organisation than the one the session works in now: in a second tab
// somebody entered one, or a visit was ended by force. In a sub-partner's portal the addresses are those of one's own.
func (r *Request) elsewhere() bool {
	made := r.PostForm.Get("csrf")
	return made != "" && made != r.Actor.Place().ID
}

var (
	errNotYours   = errs.New(errs.Forbidden, "forbidden", "Your role does not allow this. Ask an administrator of your organisation.")
	errElsewhere  = errs.New(errs.Conflict, "place_changed", "You work for another organisation now than when this page was opened. Nothing was changed; open the page again.")
	errMustChange = errs.New(errs.Forbidden, "password_change_required", "Change your password first.")
)

// FirstPassword is where a supplied password is changed before anything else (CH-3).
const FirstPassword = "/first-password"

// mayWhileMustChange lists what works before a supplied password was changed: changing it, going away, the looks of pages.
func mayWhileMustChange(pattern string) bool {
	_, path, _ := strings.Cut(pattern, " ")
	switch path {
	case FirstPassword, "/sign-out", ui.PreferencesPath, SessionPath:
		return true
	}
	return false
}

// readForm reads the body of a POST within the limits of the listener; uploads are read by their pages.
func (r *Request) readForm() error {
	if r.Method != http.MethodPost || strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil
	}
	return r.ParseForm()
}
