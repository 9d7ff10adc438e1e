package customers

import (
	"slices"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// typed is the form of a customer as it was filled.
type typed struct {
	parts.Organisation
	owner       string
	permissions []string
	host        string
	removal     bool // a permission type may go although something needs it (CH-18)
}

func read(r *page.Request) typed {
	return typed{Organisation: parts.Organisation{Typed: parts.ReadDetails(r)}, owner: r.PostFormValue("owner"),
		permissions: r.PostForm["permission_types"], host: r.PostFormValue("host"), removal: r.PostFormValue("confirm_removal") == "on"}
}

// Add shows the empty form (CH-17).
func (p Pages) Add(r *page.Request) error {
	form, err := p.addPage(r, typed{permissions: []string{tenant.DMP}})
	if err != nil {
		return err
	}
	return r.Show(form)
}

// Create makes the customer and its first administrator, whose mail goes out with it (CH-17 … CH-19).
func (p Pages) Create(r *page.Request) error {
	t := read(r)
	r.Tries("customer/create", r.Actor.Place(), journalTarget(t.Typed.Name))
	made, err := p.Onboard.CreateCustomer(r.Context(), r.Actor, tenant.NewCustomer{OwnerID: t.owner, Details: t.Typed,
		PermissionTypes: t.permissions, Host: t.host}, onboard.First{})
	if err != nil {
		t.Err = err
		form, faulty := p.addPage(r, t)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, form)
	}
	return r.Done(url(made.Tenant, ""), r.T("customers.added", "name", made.Tenant.Name, "email", made.Tenant.Email))
}

func (p Pages) addPage(r *page.Request, t typed) (templ.Component, error) {
	s := r.Shell(r.T("action.add_customer"), r.T("customers.add_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.customers"), URL: "/customers"}}
	t.MailHint = r.T("customers.email_hint")
	var owner templ.Component
	if r.Place.Kind == access.Operator {
		options, err := p.owners(r, t.owner)
		if err != nil {
			return nil, err
		}
		if len(options) == 0 {
			return ui.Full(s, ui.CardOf("", ui.Empty{Icon: "building-store", Title: r.T("customers.no_partner"), Text: r.T("customers.no_partner_text"),
				Actions: []ui.Action{{Label: r.T("partners.add"), URL: "/partners/new", Style: "primary", Icon: "plus"}}})), nil
		}
		owner = ui.Select{Name: "owner", Label: r.T("customer.owner"), Options: options, Wide: true, Hint: r.T("customers.owner_hint")}
	}
	form := ui.Form{URL: "/customers/new", Faults: t.Faults(r), Submit: r.T("action.add_customer"), Cancel: "/customers", Guard: true, Columns: true}
	return ui.Full(s, ui.CardOf("", ui.FormOf(form, t.fields(r, owner)...))), nil
}

// fields are those of adding and of editing.
func (t typed) fields(r *page.Request, owner templ.Component) []templ.Component {
	f := t.Faults(r)
	fields := []templ.Component{owner, ui.Section{Title: r.T("customers.section_rights"), Text: r.T("customers.section_rights_text")},
		ui.Choices{Name: "permission_types", Label: r.T("customer.permissions"), Required: true, Columns: true, Fault: f.For("permission_types"), Options: []ui.Option{
			{Value: tenant.DMP, Label: r.T("customers.dmp"), Hint: r.T("customers.dmp_text"), Selected: slices.Contains(t.permissions, tenant.DMP)},
			{Value: tenant.RPS, Label: r.T("customers.rps"), Hint: r.T("customers.rps_text"), Selected: slices.Contains(t.permissions, tenant.RPS)},
		}}}
	if errs.CodeOf(t.Err) == "permission_in_use" {
		fields = append(fields, ui.Switch{Name: "confirm_removal", Label: r.T("customers.confirm_removal"), Hint: r.T("customers.confirm_removal_text")})
	}
	fields = append(fields, ui.Section{Title: r.T("customers.section_who"), Text: r.T("customers.section_who_text")})
	fields = append(fields, t.Who(r)...)
	fields = append(fields, ui.Section{Title: r.T("customers.section_more"), Text: r.T("customers.section_more_text")},
		ui.Input{Name: "host", Label: r.T("customer.host"), Value: t.host, Optional: t.Now.ID == "", Required: t.Now.ID != "", Max: 31, Mono: true, Autocomplete: "off", Fault: f.For("host"),
			Hint: t.hostHint(r)})
	return append(fields, t.More(r)...)
}

func (t typed) hostHint(r *page.Request) string {
	if t.Now.ID == "" {
		return r.T("customers.host_hint")
	}
	if h := r.Meanwhile(t.Err, t.host, t.Now.Host); h != "" {
		return h
	}
	return r.T("customers.host_change")
}

// owners are the partners and sub-partners that a customer can belong to, for the operator's people.
func (p Pages) owners(r *page.Request, chosen string) ([]ui.Option, error) {
	var options []ui.Option
	for _, kind := range []access.TenantKind{access.Partner, access.SubPartner} {
		if kind == access.SubPartner && !r.Actor.Can(access.SubPartnerView) {
			continue
		}
		l, err := p.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: kind, Page: db.Page{Limit: db.MaxLimit}})
		if err != nil {
			return nil, err
		}
		for _, t := range l.Items {
			label := t.Name
			if kind == access.SubPartner {
				label = t.ParentName + " › " + t.Name
			}
			options = append(options, ui.Option{Value: t.ID, Label: label, Selected: t.ID == chosen})
		}
	}
	return options, nil
}

// Edit shows the form of a customer (CH-23).
func (p Pages) Edit(r *page.Request) error {
	c, may, err := p.look(r)
	if err != nil {
		return err
	}
	if err := access.Decide(r.Actor, access.CustomerEdit, may.Target()); err != nil {
		return err
	}
	return r.Show(editPage(r, c, typed{Organisation: parts.Organisation{Typed: parts.DetailsOf(c), Now: c}, permissions: c.Permissions, host: c.Host}))
}

// Save changes a customer. Who was overtaken by somebody else sees both versions and decides.
func (p Pages) Save(r *page.Request) error {
	c, _, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "edit", c)
	t := read(r)
	patch := parts.PatchOf(t.Typed, r.Version())
	patch.PermissionTypes, patch.Host, patch.ConfirmRemoval = &t.permissions, &t.host, t.removal
	after, err := p.Tenants.Edit(r.Context(), r.Actor, c.ID, patch)
	if err != nil {
		t.Err, t.Now = err, c
		return r.Again(err, editPage(r, c, t))
	}
	return r.Done(url(after, ""), r.T("customers.saved", "name", after.Name))
}

func editPage(r *page.Request, c tenant.Tenant, t typed) templ.Component {
	s := r.Shell(r.T("customers.edit", "name", c.Name), r.T("customers.edit_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.customers"), URL: "/customers"}, {Label: c.Name, URL: url(c, "")}}
	t.MailHint = r.T("customers.email_change")
	form := ui.Form{URL: url(c, "edit"), Faults: t.Faults(r), Submit: r.T("form.save"), Cancel: url(c, ""), Guard: true, Columns: true,
		Hidden: []ui.Hidden{page.Versioned(c.Version)}}
	return ui.Full(s, ui.CardOf("", ui.FormOf(form, t.fields(r, nil)...)))
}
