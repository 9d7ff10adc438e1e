// Package partners owns the pages where the operator looks after its partners, and a partner after its sub-partners: lists,
// one of them, freezing and suspending, and the door into a sub-partner's portal.
//
// It must not know the rules: services decide, and controls follow what access would decide.
package partners

import (
	"linecard/internal/access"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// book is the pages of one level: partners, or sub-partners.
type book struct {
	*page.Deps
	kind access.TenantKind
	base string // address of the list
	key  string // beginning of its texts
	icon ui.Icon

	view, create, edit, freeze access.Action
}

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	up := book{Deps: d, kind: access.Partner, base: "/partners", key: "partners.", icon: "building-store",
		view: access.PartnerView, create: access.PartnerCreate, edit: access.PartnerEdit, freeze: access.PartnerFreeze}
	sub := book{Deps: d, kind: access.SubPartner, base: "/sub-partners", key: "sub_partners.", icon: "building-skyscraper",
		view: access.SubPartnerView, create: access.SubPartnerCreate, edit: access.SubPartnerEdit, freeze: access.SubPartnerSuspend}
	all := append(up.routes(page.Operator), sub.routes(page.Operator|page.Partner)...)
	all = append(all, asking{d}.routes()...)
	return append(all,
		page.Route{Pattern: "GET /sub-partners/{id}/suspend", In: page.Operator | page.Partner, Needs: access.SubPartnerSuspend, Serve: sub.AskSuspend},
		page.Route{Pattern: "POST /sub-partners/{id}/suspend", In: page.Operator | page.Partner, Needs: access.SubPartnerSuspend, Serve: sub.Suspend},
		page.Route{Pattern: "POST /sub-partners/{id}/resume", In: page.Operator | page.Partner, Needs: access.SubPartnerSuspend, Serve: sub.Resume},
		page.Route{Pattern: "GET /sub-partners/{id}/enter", In: page.Operator | page.Partner, Needs: access.SubPartnerEnter, Serve: sub.AskEnter},
		page.Route{Pattern: "POST /sub-partners/{id}/enter", In: page.Operator | page.Partner, Needs: access.SubPartnerEnter, Serve: sub.Enter})
}

func (b book) routes(in page.Places) []page.Route {
	return []page.Route{
		{Pattern: "GET " + b.base, In: in, Needs: b.view, Serve: b.List},
		{Pattern: "GET " + b.base + "/new", In: in, Needs: b.create, Serve: b.Add},
		{Pattern: "POST " + b.base + "/new", In: in, Needs: b.create, Serve: b.Create},
		{Pattern: "GET " + b.base + "/{id}", In: in, Needs: b.view, Serve: b.Show},
		{Pattern: "GET " + b.base + "/{id}/edit", In: in, Needs: b.edit, Serve: b.Edit},
		{Pattern: "POST " + b.base + "/{id}/edit", In: in, Needs: b.edit, Serve: b.Save},
		{Pattern: "GET " + b.base + "/{id}/freeze", In: in, Needs: b.freeze, Serve: b.AskFreeze},
		{Pattern: "POST " + b.base + "/{id}/freeze", In: in, Needs: b.freeze, Serve: b.Freeze},
		{Pattern: "GET " + b.base + "/{id}/unfreeze", In: in, Needs: b.freeze, Serve: b.AskUnfreeze},
		{Pattern: "POST " + b.base + "/{id}/unfreeze", In: in, Needs: b.freeze, Serve: b.Unfreeze},
		{Pattern: "GET " + b.base + "/{id}/reset-password", In: in, Needs: access.PartnerResetPassword, Serve: b.AskReset},
		{Pattern: "POST " + b.base + "/{id}/reset-password", In: in, Needs: access.PartnerResetPassword, Serve: b.Reset},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{
	{Group: "", Label: "nav.partners", URL: "/partners", Icon: "building-store"},
	{Group: "", Label: "nav.sub_partners", URL: "/sub-partners", Icon: "building-skyscraper"},
}

// look gives the organisation of the address.
func (b book) look(r *page.Request) (tenant.Tenant, parts.May, error) {
	return parts.Look(r, b.Deps, r.PathValue("id"), b.kind)
}

func (b book) url(t tenant.Tenant, what string) string {
	if what == "" {
		return b.base + "/" + t.ID
	}
	return b.base + "/" + t.ID + "/" + what
}

func (b book) tries(r *page.Request, what string, t tenant.Tenant) {
	r.Tries(string(b.kind)+"/"+what, t.Access(), journal.Target{Kind: string(b.kind), ID: t.ID, Name: t.Name})
}

// title is the name of the list.
func (b book) title(r *page.Request) string { return r.T("nav." + b.key[:len(b.key)-1]) }

func (b book) crumbs(r *page.Request, t tenant.Tenant) []ui.Crumb {
	all := []ui.Crumb{{Label: b.title(r), URL: b.base}}
	if t.ID != "" {
		all = append(all, ui.Crumb{Label: t.Name, URL: b.url(t, "")})
	}
	return all
}
