package orders

import (
	"github.com/a-h/templ"

	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// itemNames gives the names of what can be ordered by code.
func (p Pages) itemNames(r *page.Request) (map[string]string, error) {
	items, err := p.Tenants.Items(r.Context(), p.DB)
	names := map[string]string{}
	for _, i := range items {
		names[i.Code] = i.Name
	}
	return names, err
}

// Items shows what can be ordered, to the operator who holds the list.
func (p Pages) Items(r *page.Request) error {
	edit := r.URL.Query().Get("edit")
	typed := tenant.Item{Active: true}
	items, err := p.Tenants.Items(r.Context(), p.DB)
	if err != nil {
		return err
	}
	for _, i := range items {
		if i.Code == edit {
			typed = i
		}
	}
	return r.Show(itemsPage(r, items, typed, edit != "", nil))
}

// PutItem adds an item or changes it.
func (p Pages) PutItem(r *page.Request) error {
	typed := tenant.Item{Code: r.PostFormValue("code"), Name: r.PostFormValue("name"), Active: r.PostFormValue("active") == "on"}
	r.Tries("item/edit", r.Actor.Place(), journal.Target{Kind: "item", ID: typed.Code, Name: typed.Name})
	if err := p.Tenants.PutItem(r.Context(), r.Actor, typed); err != nil {
		items, faulty := p.Tenants.Items(r.Context(), p.DB)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, itemsPage(r, items, typed, false, err))
	}
	return r.Done("/items", r.T("items.saved", "name", typed.Name))
}

func itemsPage(r *page.Request, items []tenant.Item, typed tenant.Item, known bool, err error) templ.Component {
	s := r.Shell(r.T("items.title"), r.T("items.lead"))
	s.Crumbs = crumbs(r)
	t := ui.Table{ID: "items", Caption: r.T("items.title"), Columns: []ui.Column{{Label: r.T("items.name")}, {Label: r.T("items.code")}, {Label: r.T("customer.state")}},
		Empty: ui.Empty{Icon: "list-details", Title: r.T("items.none"), Text: r.T("items.none_text")}}
	for _, i := range items {
		state := ui.Badge{Tone: ui.OK, Text: r.T("items.on")}
		if !i.Active {
			state = ui.Badge{Tone: ui.Off, Text: r.T("items.off")}
		}
		t.Rows = append(t.Rows, ui.Row{ID: i.Code, Name: i.Name, Dim: !i.Active, Cells: []templ.Component{ui.Text(i.Name), ui.Mono(i.Code), state},
			Actions: []ui.Action{{Label: r.T("action.edit"), URL: "/items?edit=" + i.Code, Icon: "pencil"}}})
	}
	f := ui.FaultsOf(r.Context(), err, "code", r.T("items.code"), "name", r.T("items.name"))
	title := r.T("items.add")
	form := ui.Form{URL: "/items", Faults: f, Submit: title, Columns: true}
	if known {
		title, form.Submit, form.Cancel = r.T("items.change"), r.T("form.save"), "/items"
	}
	return ui.Full(s, t, ui.CardOf(title, ui.FormOf(form,
		ui.Input{Name: "name", Label: r.T("items.name"), Value: typed.Name, Required: true, Max: 128, Fault: f.For("name")},
		ui.Input{Name: "code", Label: r.T("items.code"), Value: typed.Code, Required: true, ReadOnly: known, Mono: true, Max: 64, Hint: r.T("items.code_hint"), Fault: f.For("code")},
		ui.Switch{Name: "active", Label: r.T("items.active"), Hint: r.T("items.active_hint"), On: typed.Active})))
}
