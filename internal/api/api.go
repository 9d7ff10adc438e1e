// Package api owns the native API /api/v1: its routes, wire types, OpenAPI document and readable docs, and the token
// endpoint of OAuth 2. One registration wrapper gives every operation authentication, limits, strict input, dry runs,
// idempotency keys, ETags and the log row of a refusal; README.md says how to add an operation.
//
// It must not decide what anybody may do (rooms below ask access) and holds no business rule: it decodes, calls one use case
// and encodes. It knows no session cookie: machines come with a bearer token.
package api

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"linecard/internal/account"
	"linecard/internal/billing"
	"linecard/internal/branding"
	"linecard/internal/catalog"
	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/device"
	"linecard/internal/firmware"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/network"
	"linecard/internal/onboard"
	"linecard/internal/operation"
	"linecard/internal/profile"
	"linecard/internal/redirect"
	"linecard/internal/registrar"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// Prefix is where the resources begin.
const Prefix = "/api/v1"

// Deps is what the API works with.
type Deps struct {
	DB         *db.DB
	Tenants    *tenant.Service
	Accounts   *account.Service
	Journal    *journal.Journal
	Operations *operation.Service
	Webhooks   *deliver.Webhooks
	Mail       *deliver.Mailer
	Onboard    *onboard.Service
	Networks   *network.Service
	Profiles   *profile.Service
	Devices    *device.Service
	Redirect   *redirect.Service
	Software   *firmware.Service
	Config     *config.Service
	Plans      *config.Plans
	Branding   *branding.Service
	Catalog    *catalog.Service
	Subscriber *subscriber.Service
	Registrars *registrar.Service
	Billing    *billing.Service
	Log        *slog.Logger // nil: slog.Default
	PerSecond  int          // requests of one token on average; 0: DefaultPerSecond
	PublicURL  string       // stands in the OpenAPI document as the server
	Version    string       // stands in the OpenAPI document
}

// DefaultPerSecond is how often one token may ask, so that a runaway script does not starve other people.
const DefaultPerSecond = 1000

func (d Deps) rate() httpx.Rate {
	n := d.PerSecond
	if n <= 0 {
		n = DefaultPerSecond
	}
	return httpx.Rate{Burst: max(4*n, 1), Every: time.Second / time.Duration(n)}
}

// strangers bounds requests of one address that come without a valid token; each costs look-ups.
var strangers = httpx.Rate{Burst: 200, Every: 50 * time.Millisecond}

// API is the native API. Make it with New.
type API struct {
	d       Deps
	mux     *httpx.Mux
	huma    huma.API
	ops     []*Op
	limit   *httpx.Limiter // per token
	unknown *httpx.Limiter // per address, for those who are not let in
	made    made
}

// New gives the API of these rooms. The zero Deps give one that can only describe itself (OpenAPI).
func New(d Deps) *API {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	var clock httpx.Clock
	if d.DB != nil {
		clock = d.DB.Clock()
	}
	a := &API{d: d, mux: httpx.NewMux(), limit: httpx.NewLimiter(d.rate(), 0, clock), unknown: httpx.NewLimiter(strangers, 0, clock)}
	a.huma = humago.New(door{a}, a.document())
	a.routes()
	a.describe()
	return a
}

// Handler serves /api/…, /oauth2/token and /v1/access_token. Unknown addresses below are 404 problems.
func (a *API) Handler() http.Handler { return a.mux }

// Operations lists what the API offers, in the order of routes.go.
func (a *API) Operations() []Op {
	out := make([]Op, len(a.ops))
	for i, op := range a.ops {
		out[i] = *op
	}
	return out
}

// door is the mux that huma sees: whatever it registers gets the frame of serve around it.
type door struct{ a *API }

// HandleFunc registers a route of huma behind the frame.
func (d door) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	for _, op := range d.a.ops {
		if pattern == strings.ToUpper(op.Method)+" "+op.route() {
			d.a.mux.Handle(pattern, d.a.serve(op, h))
			return
		}
	}
	panic("api: " + pattern + " was not registered with register")
}

// ServeHTTP is what humago asks of a mux; nothing calls it.
func (d door) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.a.mux.ServeHTTP(w, r) }
