package partners

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Add shows the empty form.
func (b book) Add(r *page.Request) error {
	if !b.mayAdd(r) {
		return r.Redirect(b.base)
	}
	return r.Show(b.addPage(r, parts.Organisation{}))
}

// Create makes the organisation and its first administrator, whose mail goes out with it (CH-15, WS-74).
func (b book) Create(r *page.Request) error {
	o := parts.Organisation{Typed: parts.ReadDetails(r)}
	r.Tries(string(b.kind)+"/create", r.Actor.Place(), journal.Target{Kind: string(b.kind), Name: o.Typed.Name})
	var made onboard.Made
	var err error
	if b.kind == access.Partner {
		made, err = b.Onboard.CreatePartner(r.Context(), r.Actor, o.Typed, onboard.First{})
	} else {
		made, err = b.Onboard.CreateSubPartner(r.Context(), r.Actor, tenant.NewSubPartner{Details: o.Typed}, onboard.First{})
	}
	if err != nil {
		o.Err = err
		return r.Again(err, b.addPage(r, o))
	}
	return r.Done(b.url(made.Tenant, ""), r.T("customers.added", "name", made.Tenant.Name, "email", made.Tenant.Email))
}

func (b book) addPage(r *page.Request, o parts.Organisation) templ.Component {
	s := r.Shell(r.T(b.key+"add"), r.T(b.key+"add_lead"))
	s.Crumbs = b.crumbs(r, tenant.Tenant{})
	o.MailHint = r.T("partners.email_hint")
	form := ui.Form{URL: b.base + "/new", Faults: o.Faults(r), Submit: r.T(b.key + "add"), Cancel: b.base, Guard: true, Columns: true}
	return ui.Full(s, ui.CardOf("", ui.FormOf(form, fields(r, o)...)))
}

func fields(r *page.Request, o parts.Organisation) []templ.Component {
	all := []templ.Component{ui.Section{Title: r.T("customers.section_who"), Text: r.T("customers.section_who_text")}}
	all = append(all, o.Who(r)...)
	all = append(all, ui.Section{Title: r.T("customers.section_more"), Text: r.T("customers.section_more_text")})
	return append(all, o.More(r)...)
}

// Edit shows the form of an organisation.
func (b book) Edit(r *page.Request) error {
	t, may, err := b.look(r)
	if err == nil {
		err = access.Decide(r.Actor, b.edit, may.Target())
	}
	if err != nil {
		return err
	}
	return r.Show(b.editPage(r, t, parts.Organisation{Typed: parts.DetailsOf(t), Now: t}))
}

// Save changes it. Who was overtaken by somebody else sees both versions and decides.
func (b book) Save(r *page.Request) error {
	t, _, err := b.look(r)
	if err != nil {
		return err
	}
	b.tries(r, "edit", t)
	o := parts.Organisation{Typed: parts.ReadDetails(r), Now: t}
	after, err := b.Tenants.Edit(r.Context(), r.Actor, t.ID, parts.PatchOf(o.Typed, r.Version()))
	if err != nil {
		o.Err = err
		return r.Again(err, b.editPage(r, t, o))
	}
	return r.Done(b.url(after, ""), r.T("customers.saved", "name", after.Name))
}

func (b book) editPage(r *page.Request, t tenant.Tenant, o parts.Organisation) templ.Component {
	s := r.Shell(r.T("customers.edit", "name", t.Name), r.T(b.key+"edit_lead"))
	s.Crumbs = b.crumbs(r, t)
	o.MailHint = r.T("customers.email_change")
	form := ui.Form{URL: b.url(t, "edit"), Faults: o.Faults(r), Submit: r.T("form.save"), Cancel: b.url(t, ""), Guard: true, Columns: true,
		Hidden: []ui.Hidden{page.Versioned(t.Version)}}
	return ui.Full(s, ui.CardOf("", ui.FormOf(form, fields(r, o)...)))
}
