// Package page owns what every page of the portal has in common: the one way a request becomes an actor with a place, a
// language and a shell around its content; the one way a refusal becomes a page; sessions in cookies; results that survive
// a redirect; the side navigation.
//
// It must not know any single page. The pages stand in packages beside it, one for each area, and the table of package
// portal puts them under their addresses.
package page

import (
	"context"
	"log/slog"
	"slices"

	"linecard/internal/access"
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
	"linecard/internal/portal/ui"
	"linecard/internal/profile"
	"linecard/internal/registrar"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// Deps is what pages work with.
type Deps struct {
	DB         *db.DB
	Log        *slog.Logger
	Tenants    *tenant.Service
	Accounts   *account.Service
	Journal    *journal.Journal
	Operations *operation.Service
	Webhooks   *deliver.Webhooks
	Mail       *deliver.Mailer
	Onboard    *onboard.Service
	Devices    *device.Service
	Config     *config.Service
	Networks   *network.Service
	Profiles   *profile.Service
	Plans      *config.Plans
	Branding   *branding.Service // nil: the platform's own look
	Catalog    *catalog.Service
	Subscriber *subscriber.Service
	Billing    *billing.Service
	Software   *firmware.Service
	Registrars *registrar.Service

	Certificates func(ctx context.Context) []httpx.CertInfo // what the listeners present; nil: somebody before them does

	PublicURL        string // how people reach the portal
	Version          string
	SignInsPerMinute int  // attempts that one address may make; 0: 60
	Mailbox          bool // the demo shows its outbox to who sits at this machine (decision 26)
}

// Places says in which kinds of tenant a page works: where the actor is, the entered tenant while acting for another.
type Places uint8

// The places. Anywhere is every signed-in person.
const (
	Operator Places = 1 << iota
	Partner
	SubPartner
	Customer

	Resellers = Partner | SubPartner
	Staff     = Operator | Resellers
	Anywhere  = Staff | Customer
)

func placesOf(k access.TenantKind) Places {
	switch k {
	case access.Operator:
		return Operator
	case access.Partner:
		return Partner
	case access.SubPartner:
		return SubPartner
	case access.Customer:
		return Customer
	}
	return 0
}

// What a route needs beside the actions of access.
const (
	Public access.Action = "public" // nobody need be signed in; the page is told who is
	Bare   access.Action = "bare"   // public, and the session is not even looked at: static files
)

// Handler answers a request. An error that comes back becomes a page by its kind and code; nothing may have been written then.
type Handler func(r *Request) error

// Route is one row of the portal's table. Needs is the action that the actor must hold, access.Self for every signed-in
// person, Public or Bare. That is a first gate only: services decide about the object itself.
type Route struct {
	Pattern string // of http.ServeMux: "GET /customers/{id}"
	In      Places // ignored for Public and Bare
	Needs   access.Action
	Serve   Handler
	Idle    bool // asked for by the page itself, which is no activity of the person (CH-6)
	Own     bool // not in a sub-partner that was entered: what is kept there of phones is its own (CH-31)
}

// open says that the route needs no session.
func (r Route) open() bool { return r.Needs == Public || r.Needs == Bare }

// allows says whether the actor may see the page at all.
func (r Route) allows(a access.Actor) bool {
	if r.open() {
		return true
	}
	if r.Own && a.Acting != nil && a.Place().Kind == access.SubPartner {
		return false
	}
	return r.In&placesOf(a.Place().Kind) != 0 && a.Can(r.Needs)
}

// Way is an entry of the side navigation. It is shown to whom the table's route "GET <URL>" is open.
type Way struct {
	Group string // key of the text above it; "" for the first, untitled part
	Label string // key of its text
	URL   string
	Icon  ui.Icon
}

// Open lists the patterns that need no session, for the test that knows them by heart.
func Open(routes []Route) []string {
	var out []string
	for _, r := range routes {
		if r.open() {
			out = append(out, r.Pattern)
		}
	}
	slices.Sort(out)
	return out
}
