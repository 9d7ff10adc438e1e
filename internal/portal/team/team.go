// Package team owns the pages of the people of an organisation: administrators with roles, and a reseller's sub accounts with
// functions and chosen customers (CH-86 … CH-91).
//
// It must not know who may give which right: the service refuses more than one's own.
package team

import (
	"slices"

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

// book is the pages of one kind of account: administrators, or sub accounts.
type book struct {
	*page.Deps
	sub  bool
	base string // address of the list
	key  string // beginning of its texts
}

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	people := book{Deps: d, base: "/people", key: "people."}
	subs := book{Deps: d, sub: true, base: "/sub-accounts", key: "sub_accounts."}
	return append(people.routes(page.Anywhere, access.AccountView, access.AccountEdit), subs.routes(page.Resellers, access.AccountSub, access.AccountSub)...)
}

func (b book) routes(in page.Places, view, edit access.Action) []page.Route {
	return []page.Route{
		{Pattern: "GET " + b.base, In: in, Needs: view, Serve: b.List},
		{Pattern: "GET " + b.base + "/new", In: in, Needs: edit, Serve: b.Add},
		{Pattern: "POST " + b.base + "/new", In: in, Needs: edit, Serve: b.Create},
		{Pattern: "GET " + b.base + "/delete", In: in, Needs: edit, Serve: b.AskDeleteSome},
		{Pattern: "POST " + b.base + "/delete", In: in, Needs: edit, Serve: b.DeleteSome},
		{Pattern: "GET " + b.base + "/{id}", In: in, Needs: view, Serve: b.Show},
		{Pattern: "GET " + b.base + "/{id}/edit", In: in, Needs: edit, Serve: b.Edit},
		{Pattern: "POST " + b.base + "/{id}/edit", In: in, Needs: edit, Serve: b.Save},
		{Pattern: "GET " + b.base + "/{id}/{step}", In: in, Needs: view, Serve: b.Ask},
		{Pattern: "POST " + b.base + "/{id}/{step}", In: in, Needs: view, Serve: b.Do},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{
	{Group: "nav.team", Label: "nav.people", URL: "/people", Icon: "users"},
	{Group: "nav.team", Label: "nav.sub_accounts", URL: "/sub-accounts", Icon: "users-group"},
}

func (b book) title(r *page.Request) string { return r.T("nav." + b.key[:len(b.key)-1]) }

func (b book) crumbs(r *page.Request) []ui.Crumb {
	return []ui.Crumb{{Label: b.title(r), URL: b.base}}
}

func (b book) url(a account.Account, what string) string {
	if what == "" {
		return b.base + "/" + a.ID
	}
	return b.base + "/" + a.ID + "/" + what
}

// look gives the account of the address; one of the other kind, or of another organisation, is not here.
func (b book) look(r *page.Request, id string) (account.Account, error) {
	a, err := b.Accounts.Get(r.Context(), r.Actor, id)
	if err == nil && (a.IsSub() != b.sub || a.TenantID != r.Place.ID) {
		err = errs.Missing("account")
	}
	return a, err
}

func tries(r *page.Request, what string, a account.Account) {
	r.Tries("account/"+what, r.Actor.Place(), journal.Target{Kind: "account", ID: a.ID, Name: a.Email})
}

// manages says whether the person may change accounts of this kind here.
func (b book) manages(r *page.Request, may parts.May) bool {
	return may.Do(access.AccountEdit) || b.sub && may.Do(access.AccountSub)
}

// State says in a word whether an account can sign in.
func State(r *page.Request, a account.Account) ui.Badge {
	tones := map[account.State]ui.Tone{account.Invited: ui.Busy, account.Active: ui.OK, account.Disabled: ui.Off}
	return ui.Badge{Tone: tones[a.State], Text: r.T("account.state." + string(a.State))}
}

// List shows the people, or the sub accounts with their functions, scope and last sign-in (CH-91).
func (b book) List(r *page.Request) error {
	l := parts.ListOf(r, "name", "state")
	q := account.Query{Text: l.Text(), State: account.State(l.Get("state")), Subs: &b.sub, Page: l.Page()}
	found, next, err := b.Accounts.List(r.Context(), r.Actor, r.Place.ID, q)
	if err != nil {
		return err
	}
	may, err := parts.Here(r, b.Deps)
	if err != nil {
		return err
	}
	s := r.Shell(b.title(r), r.T(b.key+"lead"))
	if b.manages(r, may) {
		add := ui.Action{Label: r.T(b.key + "add"), URL: b.base + "/new", Icon: "plus", Style: "primary"}
		if b.sub && !b.anyCustomer(r) {
			add = parts.Off(add, r.T("sub_accounts.no_customer")) // CH-86
		}
		s.Actions = []ui.Action{add}
	}
	f := l.Filters(l.Search(r.T("people.search")))
	state := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []account.State{account.Invited, account.Active, account.Disabled} {
		state.Options = append(state.Options, ui.Option{Value: string(v), Label: r.T("account.state." + string(v)), Selected: v == q.State})
	}
	f.Fields = []templ.Component{state}
	t := b.table(r, l, found, next, b.manages(r, may))
	t.Empty = ui.Empty{Icon: "users", Title: r.T(b.key + "none"), Text: r.T(b.key + "none_text"), Actions: s.Actions}
	if l.Filtered() {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("people.none_found"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	var hint templ.Component
	if b.sub && len(s.Actions) > 0 && s.Actions[0].Disabled {
		hint = ui.Notice{Tone: ui.Info, Title: r.T("sub_accounts.no_customer"), Text: r.T("sub_accounts.no_customer_text")}
	}
	return r.Show(ui.Full(s, hint, f, t))
}

// anyCustomer says whether there is a customer that a sub account could work for.
func (b book) anyCustomer(r *page.Request) bool {
	found, err := b.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: access.Customer, ParentID: r.Place.ID, Page: db.Page{Limit: 1}})
	return err == nil && found.Total > 0
}

func (b book) table(r *page.Request, l parts.List, found []account.Account, next string, manages bool) ui.Table {
	t := ui.Table{ID: "accounts", Caption: b.title(r), Pager: l.Pager(r, len(found), -1, next), Columns: []ui.Column{l.Column(r.T("account.name"), "name")}}
	if b.sub {
		t.Columns = append(t.Columns, ui.Column{Label: r.T("account.functions")}, ui.Column{Label: r.T("nav.customers"), Minor: true})
		if manages {
			t.Select, t.Bulk = true, []ui.Action{{Label: r.T("action.delete"), URL: b.base + "/delete", Icon: "trash", Style: "danger"}}
		}
	} else {
		t.Columns = append(t.Columns, ui.Column{Label: r.T("account.roles")})
	}
	t.Columns = append(t.Columns, ui.Column{Label: r.T("customer.state")}, ui.Column{Label: r.T("account.last_sign_in"), Minor: true})
	for _, a := range found {
		cells := []templ.Component{ui.Two(a.Name, a.Email, b.url(a, ""))}
		if b.sub {
			scope := r.T("account.data_chosen")
			if a.AllCustomers {
				scope = r.T("account.data_all")
			}
			cells = append(cells, ui.Text(summary(r, a.Functions)), ui.Text(scope))
		} else {
			cells = append(cells, ui.Text(roleNames(r, a.Roles)))
		}
		cells = append(cells, ui.Badges(badges(r, a)...), ui.Text(ui.Ago(r.Context(), r.Now(), a.LastSignIn.Time)))
		row := ui.Row{ID: a.ID, Name: a.Name, Dim: a.State == account.Disabled, Cells: cells}
		if manages {
			row.Actions = b.rowActions(r, a)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// summary names the first functions and counts the others.
func summary(r *page.Request, functions []access.Action) string {
	const most = 2
	text := ""
	for i, f := range functions {
		if i == most {
			return text + " " + ui.N(r.Context(), "orders.more_lines", len(functions)-most)
		}
		if i > 0 {
			text += r.T("list.separator")
		}
		text += right(r, f)
	}
	return text
}

func badges(r *page.Request, a account.Account) []ui.Badge {
	all := []ui.Badge{State(r, a)}
	if a.SecondFactor {
		all = append(all, ui.Badge{Tone: ui.Info, Text: r.T("account.second")})
	}
	return all
}

func roleNames(r *page.Request, roles []access.Role) string {
	text := ""
	for i, role := range roles {
		if i > 0 {
			text += r.T("list.separator")
		}
		text += r.T("role." + string(role))
	}
	return text
}

// right names an action as people say it.
func right(r *page.Request, act access.Action) string { return r.T("right." + string(act)) }

func (b book) rowActions(r *page.Request, a account.Account) []ui.Action {
	all := []ui.Action{{Label: r.T("action.edit"), URL: b.url(a, "edit"), Icon: "pencil"}}
	all = append(all, ui.Action{Label: r.T("action.reset_password"), URL: b.url(a, "reset-password"), How: ui.Confirm, Icon: "key"})
	if a.ID == r.Actor.Account {
		return all
	}
	if a.State == account.Disabled {
		all = append(all, ui.Action{Label: r.T("people.enable"), URL: b.url(a, "enable"), How: ui.Post, Icon: "lock-open"})
	} else {
		all = append(all, ui.Action{Label: r.T("people.disable"), URL: b.url(a, "disable"), How: ui.Confirm, Icon: "lock"})
	}
	return append(all, ui.Action{Label: r.T("action.delete"), URL: b.url(a, "delete"), How: ui.Confirm, Icon: "trash", Style: "danger"})
}

// Show is the page of one account: who it is, what it may do, and what an administrator can do with it.
func (b book) Show(r *page.Request) error {
	a, err := b.look(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	may, err := parts.Here(r, b.Deps)
	if err != nil {
		return err
	}
	s := r.Shell(a.Name, r.T(b.key+"show_lead"))
	badge := State(r, a)
	s.Badge, s.Crumbs = &badge, b.crumbs(r)
	manages := b.manages(r, may)
	if manages {
		s.Actions = []ui.Action{{Label: r.T("action.edit"), URL: b.url(a, "edit"), Icon: "pencil", Style: "primary"}}
	}
	second := ui.Badge{Tone: ui.Off, Text: r.T("people.second_off")}
	if a.SecondFactor {
		second = ui.Badge{Tone: ui.OK, Text: r.T("people.second_on")}
	}
	who := ui.CardOf(r.T("customers.details"), ui.Definitions([]ui.Def{{Term: r.T("account.email"), Value: ui.Text(a.Email)}, {Term: r.T("organisation.phone"), Value: parts.Dash(a.Phone)},
		{Term: r.T("organisation.locale"), Value: ui.Text(parts.LocaleName(r, a.Locale))}, {Term: r.T("organisation.time_zone"), Value: parts.Dash(a.TimeZone)},
		{Term: r.T("people.second"), Value: second}, {Term: r.T("account.last_sign_in"), Value: ui.Text(ui.DateTime(r.Context(), a.LastSignIn.Time))},
		{Term: r.T("customer.added"), Value: ui.Text(ui.DateTime(r.Context(), a.Created.Time))}}))
	rights, err := b.rights(r, a)
	if err != nil {
		return err
	}
	var life templ.Component
	if manages || may.Do(access.LockLift) {
		life = b.life(r, a, manages, may)
	}
	return r.Show(ui.Full(s, ui.GridOf(who, rights), life))
}

// rights lists what the account may do.
func (b book) rights(r *page.Request, a account.Account) (templ.Component, error) {
	if !b.sub {
		var defs []ui.Def
		for _, role := range a.Roles {
			defs = append(defs, ui.Def{Term: r.T("role." + string(role)), Value: ui.Quiet(r.T("role_hint." + string(role)))})
		}
		return ui.CardOf(r.T("account.roles"), ui.Definitions(defs)), nil
	}
	var functions []string
	for _, f := range access.Functions() {
		if slices.Contains(a.Functions, f) {
			functions = append(functions, right(r, f))
		}
	}
	data := []string{r.T("account.data_all")}
	if !a.AllCustomers {
		data = nil
		for _, id := range a.Customers {
			c, err := b.Tenants.Get(r.Context(), r.Actor, id)
			if err != nil && errs.KindOf(err) != errs.NotFound {
				return nil, err
			}
			if err == nil {
				data = append(data, c.Name)
			}
		}
	}
	return ui.CardOf(r.T("account.functions"), ui.Points(functions...), ui.Subtitle(r.T("account.data")), ui.Points(data...)), nil
}

// life holds what an administrator can do with the account, each step with its meaning.
func (b book) life(r *page.Request, a account.Account, manages bool, may parts.May) templ.Component {
	var steps []ui.Step
	add := func(when bool, step string, how string, icon ui.Icon) {
		if !when {
			return
		}
		act := ui.Action{Label: r.T("people.step." + step), About: a.Name, URL: b.url(a, step), How: how, Icon: icon}
		steps = append(steps, ui.Step{Title: act.Label, Text: r.T("people.step_text." + step), Action: act})
	}
	self := a.ID == r.Actor.Account
	add(manages, "reset-password", ui.Confirm, "key")
	add((may.Do(access.LockLift) || manages) && a.State != account.Invited, "unlock", ui.Post, "lock-open")
	add(manages && a.SecondFactor && !self, "reset-second-factor", ui.Confirm, "shield-lock")
	add(manages && !self && a.State == account.Disabled, "enable", ui.Post, "lock-open")
	add(manages && !self && a.State != account.Disabled, "disable", ui.Confirm, "lock")
	add(manages && !self, "delete", ui.Confirm, "trash")
	if len(steps) == 0 {
		return nil
	}
	return ui.CardOf(r.T("customers.life"), ui.Steps(steps...))
}
