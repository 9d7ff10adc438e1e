// Package users owns the pages of who holds packages at a customer: people and shared places, one by one, up to 25 by hand, and as a
// file (WS-111, WS-131 … WS-137, WS-148).
//
// It must not know the rules of packages and numbers: room subscriber decides, and says by field what is wrong.
package users

import (
	"slices"

	"linecard/internal/access"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// Pages are the pages of users and workspaces.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	people, places := book{p, subscriber.Person}, book{p, subscriber.Place}
	return slices.Concat(people.routes(access.UserRename, access.UserPackage, access.UserDelete), places.routes(access.WorkspaceSet, access.WorkspaceSet, access.WorkspaceSet),
		parts.Both("GET", "/users/new", access.UserEdit, p.Add), parts.Both("POST", "/users/new", access.UserEdit, p.Create),
		parts.Both("GET", "/workspaces/new", access.WorkspaceSet, places.AddWorkspace), parts.Both("POST", "/workspaces/new", access.WorkspaceSet, places.CreateWorkspace),
		parts.Both("GET", "/users/import", access.UserEdit, p.AskImport), parts.Both("POST", "/users/import", access.UserEdit, p.Import),
		parts.Both("GET", "/user-imports/{operation}", access.UserEdit, p.ImportLog), parts.Both("GET", "/user-imports/{operation}/progress", access.UserEdit, p.ImportProgress),
		parts.Both("GET", "/users/export.csv", access.UserView, p.Export),
		parts.Both("GET", "/users/example.csv", access.UserView, p.Example),
	)
}

func (b book) routes(edit, pack, del access.Action) []page.Route {
	at := b.path()
	return slices.Concat(
		parts.Both("GET", at, access.UserView, b.List),
		parts.Both("GET", at+"/{id}", access.UserView, b.Show),
		parts.Both("GET", at+"/{id}/edit", edit, b.Edit), parts.Both("POST", at+"/{id}/edit", edit, b.Save),
		parts.Both("GET", at+"/{id}/package", pack, b.AskPackage), parts.Both("POST", at+"/{id}/package", pack, b.SetPackage),
		parts.Both("GET", at+"/{id}/delete", del, b.AskDelete), parts.Both("POST", at+"/{id}/delete", del, b.Delete))
}

// Ways is where these pages stand in the navigation of a customer.
var Ways = []page.Way{
	{Group: "nav.calling", Label: "nav.users", URL: "/users", Icon: "user"},
	{Group: "nav.calling", Label: "nav.workspaces", URL: "/workspaces", Icon: "building-store"},
}

// book is the pages of one kind of holder.
type book struct {
	Pages
	kind subscriber.Kind
}

func (b book) person() bool { return b.kind == subscriber.Person }

func (b book) path() string {
	if b.person() {
		return "/users"
	}
	return "/workspaces"
}

// title is the name of the list.
func (b book) title(r *page.Request) string {
	if b.person() {
		return r.T("nav.users")
	}
	return r.T("nav.workspaces")
}

// act picks the action of a person or of a place.
func (b book) act(ofPerson access.Action) access.Action {
	if b.person() {
		return ofPerson
	}
	return access.WorkspaceSet
}

// view is one holder with what its pages need.
type view struct {
	parts.Inside
	h  subscriber.Holder
	at string
}

func (b book) look(r *page.Request) (view, error) {
	in, err := parts.InsideOf(r, b.Deps)
	if err != nil {
		return view{}, err
	}
	get := b.Subscriber.Workspace
	if b.person() {
		get = b.Subscriber.User
	}
	h, err := get(r.Context(), r.Actor, in.Customer.ID, r.PathValue("id"))
	return view{in, h, in.URL(b.path() + "/" + h.ID)}, err
}

// frame is the shell of a page about one holder.
func (b book) frame(r *page.Request, v view, title, lead string) ui.Shell {
	way := []ui.Crumb{{Label: b.title(r), URL: v.URL(b.path())}}
	if title != v.h.DisplayName {
		way = append(way, ui.Crumb{Label: v.h.DisplayName, URL: v.at})
	}
	return v.Shell(r, title, lead, way...)
}

func (b book) tries(r *page.Request, v view, what string) {
	r.Tries(string(b.kind)+"/"+what, v.Customer.Access(), journal.Target{Kind: string(b.kind), ID: v.h.ID, Name: v.h.DisplayName})
}

func triesAll(r *page.Request, in parts.Inside, what string) {
	r.Tries("user/"+what, in.Customer.Access(), journal.Target{Kind: "customer", ID: in.Customer.ID, Name: in.Customer.Name})
}
