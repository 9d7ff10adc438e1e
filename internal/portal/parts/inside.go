package parts

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Inside is the customer whose people, places and service a page is about: the one of the address for its provider, the place itself
// for its own administrators and for who entered it.
type Inside struct {
	May
	Customer tenant.Tenant
	base     string // before the path of every page of it; "" inside the customer itself
}

// Both gives the two rows of a page about a customer: /users for its own people, /customers/{customer}/users for its provider.
func Both(method, path string, needs access.Action, serve page.Handler) []page.Route {
	return []page.Route{
		{Pattern: method + " " + path, In: page.Customer, Needs: needs, Serve: serve},
		{Pattern: method + " /customers/{customer}" + path, In: page.Staff, Needs: needs, Serve: serve},
	}
}

// InsideOf reads the address of such a page. A customer that the person does not see is NotFound.
func InsideOf(r *page.Request, d *page.Deps) (Inside, error) {
	id := r.PathValue("customer")
	if id == "" {
		may, err := Here(r, d)
		return Inside{May: may, Customer: r.Place}, err
	}
	t, may, err := Look(r, d, id, access.Customer)
	return Inside{May: may, Customer: t, base: "/customers/" + t.ID}, err
}

// URL is the address of a page about the customer.
func (i Inside) URL(path string) string { return i.base + path }

// Own says that the page belongs to the customer itself.
func (i Inside) Own() bool { return i.base == "" }

// Shell is the frame of a page about the customer, with the way back to it for a provider.
func (i Inside) Shell(r *page.Request, title, lead string, way ...ui.Crumb) ui.Shell {
	s := r.Shell(title, lead)
	if !i.Own() {
		s.Crumbs = []ui.Crumb{{Label: r.T("nav.customers"), URL: "/customers"}, {Label: i.Customer.Name, URL: "/customers/" + i.Customer.ID}}
	}
	s.Crumbs = append(s.Crumbs, way...)
	return s
}

// insideTabs are the lists of a customer, in the order in which it is set up.
var insideTabs = []struct{ path, label string }{{"/service", "nav.service"}, {"/users", "nav.users"}, {"/workspaces", "nav.workspaces"}, {"/locations", "nav.locations"},
	{"/numbers", "nav.numbers"}, {"/lines", "nav.lines"}, {"/directory", "nav.directory"}}

// Tabs leads from one list of a customer to the others. Its own people have the side navigation.
func (i Inside) Tabs(r *page.Request, current string) templ.Component {
	if i.Own() {
		return nil
	}
	var tabs []ui.Tab
	for _, t := range insideTabs {
		if t.path == "/directory" && !i.Do(access.UserSync) {
			continue
		}
		if to := r.Way(i.URL(t.path)); to != "" {
			tabs = append(tabs, ui.Tab{Label: r.T(t.label), URL: to, Current: t.path == current})
		}
	}
	return ui.Tabs(i.Customer.Name, tabs)
}
