package team

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// typed is the form of an account as it was filled.
type typed struct {
	email, name, phone, locale, zone string
	roles                            []access.Role
	functions                        []access.Action
	all                              bool
	customers                        []string
	find                             string // narrows the picker of customers
	now                              account.Account
	err                              error
}

func (b book) read(r *page.Request) typed {
	v := r.PostFormValue
	t := typed{email: v("email"), name: v("name"), phone: v("phone"), locale: v("locale"), zone: v("time_zone"), all: v("data") == "all",
		customers: r.PostForm["customers"], find: strings.TrimSpace(v("find"))}
	for _, role := range r.PostForm["roles"] {
		t.roles = append(t.roles, access.Role(role))
	}
	for _, f := range r.PostForm["functions"] {
		t.functions = append(t.functions, access.Action(f))
	}
	if b.sub {
		t.roles = []access.Role{access.PartnerSubAccount}
	}
	if t.all {
		t.customers = nil
	}
	return t
}

// Add shows the empty form; a sub account needs a customer to work for (CH-86).
func (b book) Add(r *page.Request) error {
	if b.sub && !b.anyCustomer(r) {
		return r.Redirect(b.base)
	}
	form, err := b.addPage(r, typed{all: true})
	if err != nil {
		return err
	}
	return r.Show(form)
}

// Create makes the account, whose mail goes out with it (CH-86).
func (b book) Create(r *page.Request) error {
	t := b.read(r)
	if r.PostFormValue("do") == "find" {
		form, err := b.addPage(r, t)
		if err != nil {
			return err
		}
		return r.Show(form)
	}
	r.Tries("account/create", r.Actor.Place(), journal.Target{Kind: "account", Name: t.email})
	a, err := b.Accounts.Invite(r.Context(), r.Actor, account.Invitation{TenantID: r.Place.ID, Email: t.email, Name: t.name, Phone: t.phone, Locale: t.locale, TimeZone: t.zone,
		Roles: t.roles, Functions: t.functions, Customers: t.customers, AllCustomers: b.sub && t.all})
	if err != nil {
		t.err = err
		form, faulty := b.addPage(r, t)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, form)
	}
	return r.Done(b.url(a, ""), r.T("people.invited", "name", a.Name, "email", a.Email))
}

func (b book) addPage(r *page.Request, t typed) (templ.Component, error) {
	s := r.Shell(r.T(b.key+"add"), r.T(b.key+"add_lead"))
	s.Crumbs = b.crumbs(r)
	f := b.faults(r, t)
	fields, err := b.fields(r, t, f)
	if err != nil {
		return nil, err
	}
	form := ui.Form{URL: b.base + "/new", Faults: f, Submit: r.T(b.key + "add"), Cancel: b.base, Guard: true, Columns: true}
	return ui.Full(s, ui.CardOf("", ui.FormOf(form, fields...))), nil
}

func (b book) faults(r *page.Request, t typed) ui.Faults {
	return ui.FaultsOf(r.Context(), t.err, "email", r.T("account.email"), "name", r.T("account.name"), "phone", r.T("organisation.phone"), "roles", r.T("account.roles"),
		"functions", r.T("account.functions"), "customers", r.T("account.data"), "locale", r.T("organisation.locale"), "time_zone", r.T("organisation.time_zone"))
}

func (b book) fields(r *page.Request, t typed, f ui.Faults) ([]templ.Component, error) {
	self := t.now.ID != "" && t.now.ID == r.Actor.Account
	mail := ui.Input{Name: "email", Label: r.T("account.email"), Kind: "email", Value: t.email, Required: true, Autocomplete: "off", Fault: f.For("email"), Hint: r.T("people.email_hint")}
	if t.now.ID != "" {
		mail.Hint = r.T("people.email_change")
	}
	fields := []templ.Component{ui.Section{Title: r.T("people.section_person"), Text: r.T("people.section_person_text")},
		ui.Input{Name: "name", Label: r.T("account.name"), Value: t.name, Required: true, Max: 128, Autocomplete: "off", Fault: f.For("name"), Hint: r.Meanwhile(t.err, t.name, t.now.Name)}, mail,
		ui.Input{Name: "phone", Label: r.T("organisation.phone"), Kind: "tel", Value: t.phone, Optional: true, Max: 32, Autocomplete: "off", Fault: f.For("phone"), Hint: r.Meanwhile(t.err, t.phone, t.now.Phone)},
		ui.Select{Name: "locale", Label: r.T("organisation.locale"), Options: parts.Locales(r, t.locale), Fault: f.For("locale")},
		ui.Input{Name: "time_zone", Label: r.T("organisation.time_zone"), Value: t.zone, Optional: true, Max: 64, Placeholder: "Europe/Berlin", Fault: f.For("time_zone"), Hint: r.T("people.zone_hint")},
	}
	if self {
		return append(fields, ui.Para(r.T("people.own_rights"))), nil
	}
	fields = append(fields, ui.Section{Title: r.T("people.section_rights"), Text: r.T("people.section_rights_text")})
	if !b.sub {
		return append(fields, b.rolePicker(r, t, f)), nil
	}
	data, err := b.customerPicker(r, t, f)
	return append(append(fields, functionTree(r, t, f)), data...), err
}

// rolePicker offers the roles that can be held here.
func (b book) rolePicker(r *page.Request, t typed, f ui.Faults) templ.Component {
	c := ui.Choices{Name: "roles", Label: r.T("account.roles"), Required: true, Columns: true, Fault: f.For("roles")}
	for _, role := range access.Roles(r.Place.Kind) {
		if role == access.PartnerSubAccount {
			continue // sub accounts have their own page
		}
		c.Options = append(c.Options, ui.Option{Value: string(role), Label: r.T("role." + string(role)), Hint: r.T("role_hint." + string(role)), Selected: slices.Contains(t.roles, role)})
	}
	return c
}

// groups is the tree of functions as people think of it (CH-87).
var groups = []struct {
	key     string
	members []access.Action
}{
	{"customers", []access.Action{access.CustomerView, access.CustomerCreate, access.CustomerEdit, access.CustomerFreeze, access.CustomerResetPassword, access.CustomerEnter}},
	{"orders", []access.Action{access.OrderView, access.OrderCreate}},
	{"devices", []access.Action{access.DeviceView, access.DeviceEdit, access.DeviceAct, access.ProfileView, access.ProfileEdit, access.RedirectView, access.RedirectEdit}},
	{"team", []access.Action{access.LogView, access.EventView, access.AccountSub}},
}

// functionTree offers the functions; one that the person lacks is shown but cannot be given (CH-87).
func functionTree(r *page.Request, t typed, f ui.Faults) templ.Component {
	tree := ui.Branches{Name: "functions", Label: r.T("account.functions"), Fault: f.For("functions")}
	left := access.Functions()
	for _, g := range groups {
		branch := ui.Branch{Label: r.T("right_group." + g.key)}
		for _, act := range g.members {
			if i := slices.Index(left, act); i >= 0 {
				left = slices.Delete(left, i, i+1)
				branch.Options = append(branch.Options, functionOption(r, t, act))
			}
		}
		tree.Groups = append(tree.Groups, branch)
	}
	if len(left) > 0 { // a function that a later room added and nobody has put into a group yet
		branch := ui.Branch{Label: r.T("right_group.rest")}
		for _, act := range left {
			branch.Options = append(branch.Options, functionOption(r, t, act))
		}
		tree.Groups = append(tree.Groups, branch)
	}
	return tree
}

func functionOption(r *page.Request, t typed, act access.Action) ui.Option {
	o := ui.Option{Value: string(act), Label: right(r, act), Selected: slices.Contains(t.functions, act)}
	if !r.Actor.Can(act) {
		o.Disabled, o.Selected, o.Hint = true, false, r.T("people.lacks_right")
	}
	return o
}

// pickMost is how many customers the picker shows at once; the search finds the others.
const pickMost = 60

// customerPicker offers all customers, also future ones, or chosen ones with a search (CH-88). What is chosen stays in sight.
func (b book) customerPicker(r *page.Request, t typed, f ui.Faults) ([]templ.Component, error) {
	found, err := b.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: access.Customer, ParentID: r.Place.ID, Text: t.find, Page: db.Page{Limit: pickMost}})
	if err != nil {
		return nil, err
	}
	pick := ui.Choices{Name: "customers", Label: r.T("people.customers"), Columns: true, Fault: f.For("customers")}
	shown := map[string]bool{}
	for _, id := range t.customers {
		c, err := b.Tenants.Get(r.Context(), r.Actor, id)
		if err != nil {
			if errs.KindOf(err) == errs.NotFound {
				continue
			}
			return nil, err
		}
		shown[id] = true
		pick.Options = append(pick.Options, ui.Option{Value: id, Label: c.Name, Hint: c.Email, Selected: true})
	}
	for _, c := range found.Items {
		if !shown[c.ID] {
			pick.Options = append(pick.Options, ui.Option{Value: c.ID, Label: c.Name, Hint: c.Email})
		}
	}
	if found.Total > int64(len(found.Items)) {
		pick.Hint = r.T("people.customers_more", "n", len(found.Items), "total", found.Total)
	}
	all := ui.Choices{Name: "data", Label: r.T("account.data"), One: true, Options: []ui.Option{
		{Value: "all", Label: r.T("account.data_all"), Selected: t.all, Disabled: narrowed(r)},
		{Value: "chosen", Label: r.T("account.data_chosen"), Hint: r.T("people.data_chosen_hint"), Selected: !t.all || narrowed(r)}}}
	search := ui.Input{Name: "find", Label: r.T("customer.search"), Kind: "search", Value: t.find, Max: 200, Optional: true, Autocomplete: "off"}
	return []templ.Component{all, search, ui.Buttons(ui.Action{Label: r.T("people.find"), How: ui.Submit, Name: "do", Value: "find", Icon: "search"}), pick}, nil
}

// narrowed says whether the person works for chosen customers only and so cannot give all of them.
func narrowed(r *page.Request) bool {
	return r.Actor.Has(access.PartnerSubAccount) && !r.Actor.AllCustomers
}

// Edit shows the form of an account.
func (b book) Edit(r *page.Request) error {
	a, err := b.look(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	form, err := b.editPage(r, typed{email: a.Email, name: a.Name, phone: a.Phone, locale: a.Locale, zone: a.TimeZone, roles: a.Roles, functions: a.Functions,
		all: a.AllCustomers, customers: a.Customers, now: a})
	if err != nil {
		return err
	}
	return r.Show(form)
}

// Save changes an account; its open sessions follow at their next request (CH-91).
func (b book) Save(r *page.Request) error {
	a, err := b.look(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	t := b.read(r)
	t.now = a
	if r.PostFormValue("do") == "find" {
		form, err := b.editPage(r, t)
		if err != nil {
			return err
		}
		return r.Show(form)
	}
	tries(r, "edit", a)
	p := account.Patch{Name: &t.name, Phone: &t.phone, Locale: &t.locale, TimeZone: &t.zone, IfVersion: r.Version()}
	if t.email != a.Email {
		p.Email = &t.email
	}
	if a.ID != r.Actor.Account {
		if b.sub {
			p.Functions, p.Customers, p.AllCustomers = &t.functions, &t.customers, &t.all
		} else {
			p.Roles = &t.roles
		}
	}
	after, err := b.Accounts.Edit(r.Context(), r.Actor, a.ID, p)
	if err != nil {
		t.err = err
		form, faulty := b.editPage(r, t)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, form)
	}
	text := r.T("customers.saved", "name", after.Name)
	if p.Email != nil {
		text = r.T("people.email_sent", "email", t.email)
	}
	return r.Done(b.url(after, ""), text)
}

func (b book) editPage(r *page.Request, t typed) (templ.Component, error) {
	s := r.Shell(r.T("customers.edit", "name", t.now.Name), r.T(b.key+"edit_lead"))
	s.Crumbs = append(b.crumbs(r), ui.Crumb{Label: t.now.Name, URL: b.url(t.now, "")})
	f := b.faults(r, t)
	fields, err := b.fields(r, t, f)
	if err != nil {
		return nil, err
	}
	form := ui.Form{URL: b.url(t.now, "edit"), Faults: f, Submit: r.T("form.save"), Cancel: b.url(t.now, ""), Guard: true, Columns: true, Hidden: []ui.Hidden{page.Versioned(t.now.Version)}}
	return ui.Full(s, ui.CardOf("", ui.FormOf(form, fields...))), nil
}
