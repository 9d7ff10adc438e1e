// Package customers owns the pages where providers look after their customers: the list, one customer, its life from the
// first mail to the archive, and the doors into it.
//
// It must not know the rules: services decide, and controls follow what access would decide.
package customers

import (
	"linecard/internal/access"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/tenant"
)

// Pages are the pages of customers.
type Pages struct{ *page.Deps }

// New gives the pages.
func New(d *page.Deps) Pages { return Pages{d} }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := New(d)
	staff := page.Staff
	return []page.Route{
		{Pattern: "GET /customers", In: staff, Needs: access.CustomerView, Serve: p.List},
		{Pattern: "GET /customers/new", In: staff, Needs: access.CustomerCreate, Serve: p.Add},
		{Pattern: "POST /customers/new", In: staff, Needs: access.CustomerCreate, Serve: p.Create},
		{Pattern: "GET /customers/{id}", In: staff, Needs: access.CustomerView, Serve: p.Show},
		{Pattern: "GET /customers/{id}/edit", In: staff, Needs: access.CustomerEdit, Serve: p.Edit},
		{Pattern: "POST /customers/{id}/edit", In: staff, Needs: access.CustomerEdit, Serve: p.Save},
		{Pattern: "GET /customers/{id}/freeze", In: staff, Needs: access.CustomerFreeze, Serve: p.AskFreeze},
		{Pattern: "POST /customers/{id}/freeze", In: staff, Needs: access.CustomerFreeze, Serve: p.Freeze},
		{Pattern: "GET /customers/{id}/unfreeze", In: staff, Needs: access.CustomerFreeze, Serve: p.AskUnfreeze},
		{Pattern: "POST /customers/{id}/unfreeze", In: staff, Needs: access.CustomerFreeze, Serve: p.Unfreeze},
		{Pattern: "GET /customers/{id}/reset-password", In: staff, Needs: access.CustomerResetPassword, Serve: p.AskReset},
		{Pattern: "POST /customers/{id}/reset-password", In: staff, Needs: access.CustomerResetPassword, Serve: p.Reset},
		{Pattern: "POST /customers/{id}/send-mail", In: staff, Needs: access.CustomerResetPassword, Serve: p.SendMail},
		{Pattern: "GET /customers/{id}/restrict", In: staff, Needs: access.CustomerRestrict, Serve: p.AskRestrict},
		{Pattern: "POST /customers/{id}/restrict", In: staff, Needs: access.CustomerRestrict, Serve: p.Restrict},
		{Pattern: "GET /customers/{id}/archive", In: staff, Needs: access.CustomerArchive, Serve: p.AskArchive},
		{Pattern: "POST /customers/{id}/archive", In: staff, Needs: access.CustomerArchive, Serve: p.Archive},
		{Pattern: "GET /customers/{id}/enter", In: staff, Needs: access.CustomerEnter, Serve: p.AskEnter},
		{Pattern: "POST /customers/{id}/enter", In: staff, Needs: access.CustomerEnter, Serve: p.Enter},
		{Pattern: "GET /customers/{id}/request-authorisation", In: staff, Needs: access.CustomerEnter, Serve: p.AskAuthorisation},
		{Pattern: "POST /customers/{id}/request-authorisation", In: staff, Needs: access.CustomerEnter, Serve: p.RequestAuthorisation},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Group: "", Label: "nav.customers", URL: "/customers", Icon: "building"}}

// look gives the customer of the address.
func (p Pages) look(r *page.Request) (tenant.Tenant, parts.May, error) {
	return parts.Look(r, p.Deps, r.PathValue("id"), access.Customer)
}

// tries names what a form does to a customer.
func tries(r *page.Request, what string, c tenant.Tenant) {
	r.Tries("customer/"+what, c.Access(), journal.Target{Kind: "customer", ID: c.ID, Name: c.Name})
}

func url(c tenant.Tenant, what string) string {
	if what == "" {
		return "/customers/" + c.ID
	}
	return "/customers/" + c.ID + "/" + what
}

func journalTarget(name string) journal.Target { return journal.Target{Kind: "customer", Name: name} }
