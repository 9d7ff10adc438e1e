package inside

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// Company shows the data of the organisation where the person works: a form for who may change it, else as it is (CH-11).
func (p Pages) Company(r *page.Request) error {
	t, may, err := p.own(r)
	if err != nil {
		return err
	}
	if !may.Do(changing(t)) {
		return r.Show(readPage(r, t))
	}
	return r.Show(companyPage(r, t, may, parts.Organisation{Typed: parts.DetailsOf(t), Now: t}))
}

// own gives the organisation where the person works, without what its provider notes about it. Everybody may see where they
// belong, whatever the role.
func (p Pages) own(r *page.Request) (tenant.Tenant, parts.May, error) {
	t := r.Place
	t.Remarks = ""
	may, err := parts.Here(r, p.Deps)
	return t, may, err
}

// changing is the action that changes one's own organisation.
func changing(t tenant.Tenant) access.Action {
	if t.Kind == access.Customer {
		return access.CustomerEdit
	}
	return access.SettingsEdit
}

// SaveCompany changes what an organisation may change of itself; the registered e-mail is not among it (CH-12).
func (p Pages) SaveCompany(r *page.Request) error {
	t, may, err := p.own(r)
	if err != nil {
		return err
	}
	r.Tries(string(t.Kind)+"/edit", t.Access(), target(t))
	o := parts.Organisation{Typed: parts.ReadDetails(r), Now: t}
	patch := parts.OwnPatchOf(o.Typed, t, r.Version())
	if t.Kind == access.Operator {
		patch.Email = &o.Typed.Email
	}
	after, err := p.Tenants.Edit(r.Context(), r.Actor, t.ID, patch)
	if err != nil {
		o.Err = err
		return r.Again(err, companyPage(r, t, may, o))
	}
	return r.Done("/company", r.T("customers.saved", "name", after.Name))
}

func companyPage(r *page.Request, t tenant.Tenant, may parts.May, o parts.Organisation) templ.Component {
	s := r.Shell(r.T("nav.company"), r.T("company.lead"))
	o.Own = true
	if t.Kind == access.Operator {
		o.Own = false
	} else {
		o.Typed.Email = t.Email
		o.MailHint = r.T("company.email_hint")
	}
	if !may.Do(access.CompanyName) {
		o.NameOff, o.NameHint = true, r.T("company.name_reserved")
	}
	fields := append(o.Who(r), ui.Section{Title: r.T("customers.section_more"), Text: r.T("company.more_text")})
	more := o
	more.Own = true
	fields = append(fields, more.More(r)...)
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: "/company", Faults: o.Faults(r), Submit: r.T("form.save"), Guard: true, Columns: true,
		Hidden: []ui.Hidden{page.Versioned(t.Version)}}, fields...)))
}

func readPage(r *page.Request, t tenant.Tenant) templ.Component {
	s := r.Shell(r.T("nav.company"), r.T("company.read_lead"))
	country := ""
	if t.Country != "" {
		country = parts.Country(r.Context(), t.Country)
	}
	return ui.Full(s, ui.CardOf(t.Name, ui.Definitions([]ui.Def{
		{Term: r.T("organisation.email"), Value: ui.Text(t.Email)}, {Term: r.T("organisation.contact"), Value: parts.Contact(t)},
		{Term: r.T("organisation.country"), Value: parts.Dash(country)}, {Term: r.T("organisation.address"), Value: parts.Dash(t.Address)},
		{Term: r.T("organisation.time_zone"), Value: parts.Dash(t.TimeZone)}, {Term: r.T("organisation.locale"), Value: ui.Text(parts.LocaleName(r, t.Locale))}})))
}
