package portal_test

import (
	"sync"
	"testing"

	"linecard/internal/portal/portaltest"
)

// sold remembers the sale of each world, which the first of these scenes makes.
var sold sync.Map // *portaltest.World → *sale

func saleOf(t *testing.T, w *portaltest.World) *sale {
	t.Helper()
	if s, ok := sold.Load(w); ok {
		return s.(*sale)
	}
	s := doSell(t, w, tradeOf(t, w))
	sold.Store(w, s)
	return s
}

// of builds the address of a scene from the sale, below the customer that it is about where as is its provider.
func of(path func(x *sale) string) func(*stage) string {
	return func(s *stage) string { return path(saleOf(s.t, s.World)) }
}

// harbour is a page about the customer with users, as its provider sees it.
func harbour(path func(x *sale) string) func(*stage) string {
	return func(s *stage) string {
		return "/customers/" + s.Customer.Tenant.ID + path(saleOf(s.t, s.World))
	}
}

func plain(path string) func(x *sale) string { return func(*sale) string { return path } }

func init() {
	next := func(s *stage) { s.Submit("main form[method=post] .form-actions button.btn-primary") }
	scenes = append(scenes, []scene{
		{name: "wholesale", as: "partner", path: of(plain("/wholesale"))},
		{name: "wholesale-service", as: "partner", path: of(func(x *sale) string { return "/customers/" + x.ready.ID + "/service" })},
		{name: "wholesale-held", as: "partner", path: of(func(x *sale) string { return "/customers/" + x.held.ID + "/service" })},
		{name: "wholesale-service-own", as: "customer", path: of(plain("/service"))},
		{name: "wholesale-edit", as: "partner", path: of(func(x *sale) string { return "/customers/" + x.ready.ID + "/service/edit" })},
		{name: "wholesale-remove", as: "partner", path: of(func(x *sale) string { return "/customers/" + x.ready.ID + "/service/remove" })},
		{name: "wholesale-add", as: "partner", path: of(plain("/wholesale/new"))},
		{name: "wholesale-add-faults", as: "partner", path: of(plain("/wholesale/new")), then: next},
		{name: "templates", as: "partner", path: of(plain("/templates"))},
		{name: "template", as: "partner", path: of(func(x *sale) string { return "/templates/" + x.template.ID })},
		{name: "template-edit", as: "partner", path: of(func(x *sale) string { return "/templates/" + x.template.ID + "/edit" })},
		{name: "template-add", as: "partner", path: of(plain("/templates/new")), then: next},
		{name: "carriers", as: "operator", path: of(plain("/carriers"))},
		{name: "carrier-edit", as: "operator", path: of(func(x *sale) string { return "/carriers/" + x.carrier.ID + "/edit" })},
		{name: "sub-partner-requests", as: "operator", path: of(plain("/sub-partner-requests"))},
		{name: "sub-partner-reject", as: "operator", path: of(func(x *sale) string { return "/sub-partner-requests/" + x.request.ID + "/reject" })},
		{name: "compliance", as: "operator", path: of(plain("/compliance"))},
		{name: "compliance-case", as: "operator", path: of(func(x *sale) string { return "/compliance/" + x.held.ID })},
		{name: "compliance-case-faults", as: "operator", path: of(func(x *sale) string { return "/compliance/" + x.held.ID }), then: next},
		{name: "compliance-lists", as: "operator", path: of(plain("/compliance-lists"))},
		{name: "compliance-search", as: "operator", path: of(plain("/compliance-search?name=evil+corp"))},
		{name: "packages", as: "partner", path: of(plain("/packages"))},
		{name: "package", as: "partner", path: of(plain("/packages/suite"))},
		{name: "package-edit", as: "operator", path: of(plain("/packages/suite/edit"))},
		{name: "package-matrix", as: "partner", path: of(plain("/packages/matrix"))},
		{name: "subscription", as: "partner", path: of(plain("/subscription"))},
		{name: "subscription-edit", as: "operator", path: func(s *stage) string {
			saleOf(s.t, s.World)
			return "/partners/" + s.Partner.Tenant.ID + "/subscription"
		}},
		{name: "retail", as: "partner", path: of(plain("/retail"))},
		{name: "reports", as: "partner", path: of(plain("/reports"))},
		{name: "report", as: "partner", path: of(func(x *sale) string { return "/reports/" + x.report.ID })},
		{name: "report-add", as: "partner", path: of(plain("/reports/new"))},
		{name: "invoices", as: "operator", path: of(plain("/invoices"))},
		{name: "invoice", as: "partner", path: of(func(x *sale) string { return "/invoices/" + x.invoice.ID })},
		{name: "customer-statements", as: "partner", path: of(plain("/customer-statements"))},
		{name: "users", as: "customer", path: of(plain("/users"))},
		{name: "users-partner", as: "partner", path: harbour(plain("/users"))},
		{name: "user", as: "partner", path: harbour(func(x *sale) string { return "/users/" + x.user.ID })},
		{name: "user-edit", as: "partner", path: harbour(func(x *sale) string { return "/users/" + x.user.ID + "/edit" })},
		{name: "user-package", as: "partner", path: harbour(func(x *sale) string { return "/users/" + x.user.ID + "/package" })},
		{name: "user-delete", as: "partner", path: harbour(func(x *sale) string { return "/users/" + x.user.ID + "/delete" })},
		{name: "users-add", as: "partner", path: harbour(plain("/users/new")), then: next},
		{name: "users-import", as: "partner", path: harbour(plain("/users/import"))},
		{name: "workspaces", as: "customer", path: of(plain("/workspaces"))},
		{name: "workspace-add", as: "partner", path: harbour(plain("/workspaces/new"))},
		{name: "locations", as: "partner", path: harbour(plain("/locations"))},
		{name: "location", as: "partner", path: harbour(func(x *sale) string { return "/locations/" + x.location.ID })},
		{name: "location-add", as: "partner", path: harbour(plain("/locations/new"))},
		{name: "numbers", as: "partner", path: harbour(plain("/numbers"))},
		{name: "number", as: "partner", path: harbour(func(x *sale) string { return "/numbers/" + x.number.ID })},
		{name: "numbers-add", as: "partner", path: harbour(plain("/numbers/new"))},
		{name: "lines", as: "customer", path: of(plain("/lines"))},
		{name: "line", as: "customer", path: of(func(x *sale) string { return "/lines/" + x.line.ID })},
		{name: "line-edit", as: "partner", path: harbour(func(x *sale) string { return "/lines/" + x.line.ID + "/edit" })},
		{name: "line-place", as: "customer", path: of(func(x *sale) string { return "/lines/" + x.line.ID + "/place" })},
		{name: "calling", as: "partner", path: harbour(plain("/calling"))},
		{name: "directory", as: "partner", path: harbour(plain("/directory"))},
	}...)
}
