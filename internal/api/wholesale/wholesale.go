// Package wholesale owns the wholesale-compatible API on /v1: eighteen operations with the shapes, statuses, headers and ids of the public
// provisioning API, so that its clients work after changing their base address. docs/wholesale.md is its page.
//
// It decodes, calls one use case of a room and encodes. It must not decide what anybody may do (rooms ask access), and shows nothing that
// the public description does not have: what goes beyond lives on /api/v1.
package wholesale

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"linecard/internal/account"
	"linecard/internal/billing"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/operation"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// Prefix is where the operations begin.
const Prefix = "/v1"

// docs is the address of the readable description of everything else that can be done by API.
const docs = "/api/docs"

const trackingHeader = "Trackingid"

// Deps is what the API works with.
type Deps struct {
	DB          *db.DB
	Tenants     *tenant.Service
	Accounts    *account.Service
	Journal     *journal.Journal
	Operations  *operation.Service
	Catalog     *catalog.Service
	Onboard     *onboard.Service
	Subscribers *subscriber.Service
	Billing     *billing.Service
	Log         *slog.Logger // nil: slog.Default
	PublicURL   string       // begins every address in answers; "": that of the request
	PerSecond   int          // requests of one token on average; 0: DefaultPerSecond
	// PrecheckList gives info of a precheck as a list of one, as the public examples show it, instead of the object of the public schema.
	PrecheckList bool
	// AskConsent makes a subscriber whose address belongs to another customer wait for its consent (202) instead of refusing it (WS-116).
	AskConsent bool
}

// DefaultPerSecond is how often one token may ask.
const DefaultPerSecond = 1000

// strangers bounds requests of one address that come without a valid token; each costs look-ups.
var strangers = httpx.Rate{Burst: 200, Every: 50 * time.Millisecond}

// API is the wholesale API. Make it with New.
type API struct {
	d       Deps
	mux     *httpx.Mux
	ops     []op
	limit   *httpx.Limiter
	unknown *httpx.Limiter
}

// New gives the API of these rooms.
func New(d Deps) *API {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	n := d.PerSecond
	if n <= 0 {
		n = DefaultPerSecond
	}
	a := &API{d: d, mux: httpx.NewMux(), limit: httpx.NewLimiter(httpx.Rate{Burst: max(4*n, 1), Every: time.Second / time.Duration(n)}, 0, d.DB.Clock()),
		unknown: httpx.NewLimiter(strangers, 0, d.DB.Clock())}
	a.mux.Refuse = func(w http.ResponseWriter, r *http.Request, status int, err error) {
		track(w, r)
		if status == http.StatusNotFound {
			err = errNoCall.With("see", a.base(r)+docs)
		}
		a.refuse(w, r, nil, status, err)
	}
	for _, o := range a.routes() {
		a.ops = append(a.ops, o)
		a.mux.Handle(o.method+" "+Prefix+o.path, a.serve(o))
	}
	return a
}

var errNoCall = errs.New(errs.NotFound, "no_such_call", "This call is not part of the wholesale API here. Everything else is on /api/v1.")

// Handler serves /v1/…; what is none of the operations is 404 with a pointer, a wrong method 405.
func (a *API) Handler() http.Handler { return a.mux }

// base is where answers say that we are: the public address of the settings, never what a client put into Host when there is one.
func (a *API) base(r *http.Request) string {
	if a.d.PublicURL != "" {
		return strings.TrimRight(a.d.PublicURL, "/")
	}
	return httpx.Scheme(r.Context()) + "://" + httpx.Host(r.Context())
}
