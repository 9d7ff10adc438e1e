// Package offer owns the pages of what is sold: the catalogue of packages and add-ons with their features, the subscription of a partner
// with its transfer prices, and the price list by which a provider bills its own customers (WS-1 … WS-17, WS-54, WS-73).
//
// It must not know who holds a package nor how much was used.
package offer

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Pages are the pages of the offer.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	row := func(pattern string, in page.Places, needs access.Action, serve page.Handler) page.Route {
		return page.Route{Pattern: pattern, In: in, Needs: needs, Serve: serve}
	}
	return []page.Route{
		row("GET /packages", page.Staff, access.CatalogView, p.Packages), row("GET /packages/matrix", page.Anywhere, access.CatalogView, p.Matrix),
		row("GET /packages/{code}", page.Anywhere, access.CatalogView, p.Package),
		row("GET /packages/{code}/edit", page.Operator, access.CatalogEdit, p.EditPackage), row("POST /packages/{code}/edit", page.Operator, access.CatalogEdit, p.SavePackage),
		row("GET /subscription", page.Resellers, access.SubscriptionView, p.Subscription),
		row("GET /partners/{id}/subscription", page.Operator, access.SubscriptionView, p.Subscription), row("POST /partners/{id}/subscription", page.Operator, access.SubscriptionEdit, p.SaveSubscription),
		row("POST /partners/{id}/subscription/state", page.Operator, access.SubscriptionEdit, p.SetState),
		row("GET /partners/{id}/subscription/close", page.Operator, access.SubscriptionEdit, p.AskClose),
		row("GET /retail", page.Resellers, access.RetailView, p.Retail), row("POST /retail", page.Resellers, access.RetailEdit, p.SaveRetail),
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Group: "nav.wholesale", Label: "nav.packages", URL: "/packages", Icon: "list-details"}, {Group: "nav.billing", Label: "nav.subscription", URL: "/subscription", Icon: "certificate"},
	{Group: "nav.billing", Label: "nav.retail", URL: "/retail", Icon: "hash"}}

func itemState(r *page.Request, i catalog.Item) ui.Badge {
	if i.State == catalog.Retired {
		return ui.Badge{Tone: ui.Off, Text: r.T("offer.retired")}
	}
	return ui.Badge{Tone: ui.OK, Text: r.T("offer.sold")}
}

// Packages lists packages and add-ons, the largest first (WS-4, WS-11).
func (p Pages) Packages(r *page.Request) error {
	items, err := p.Catalog.Items(r.Context(), r.Actor)
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.packages"), r.T("offer.lead"))
	s.Actions = []ui.Action{{Label: r.T("offer.matrix"), URL: "/packages/matrix", Icon: "list-details"}}
	t := ui.Table{ID: "items", Caption: r.T("nav.packages"), Columns: []ui.Column{{Label: r.T("organisation.name")}, {Label: r.T("offer.kind")}, {Label: r.T("offer.calling")}, {Label: r.T("offer.for"), Minor: true}, {Label: r.T("offer.code")}, {Label: r.T("customer.state")}}}
	for _, i := range items {
		t.Rows = append(t.Rows, ui.Row{ID: i.Code, Name: i.Name, Dim: i.State == catalog.Retired, Cells: []templ.Component{ui.Two(i.Name, i.Description, "/packages/"+i.Code), ui.Text(r.T("offer.kind." + string(i.Kind))), ui.Text(r.T("offer.calling." + string(i.Calling))),
			ui.Text(r.T("offer.for." + string(i.AssignTo))), ui.Mono(i.Code), itemState(r, i)}})
	}
	return r.Show(ui.Full(s, t))
}

func crumbs(r *page.Request) []ui.Crumb {
	if to := r.Way("/packages"); to != "" {
		return []ui.Crumb{{Label: r.T("nav.packages"), URL: to}}
	}
	return nil
}

// Matrix sets features against packages (WS-17).
func (p Pages) Matrix(r *page.Request) error {
	items, err := p.Catalog.Items(r.Context(), r.Actor)
	if err != nil {
		return err
	}
	packages, rows := catalog.Matrix(items)
	s := r.Shell(r.T("offer.matrix"), r.T("offer.matrix_lead"))
	s.Crumbs = crumbs(r)
	t := ui.Table{ID: "matrix", Caption: r.T("offer.matrix"), Columns: []ui.Column{{Label: r.T("offer.feature")}}}
	for _, i := range packages {
		t.Columns = append(t.Columns, ui.Column{Label: i.Name})
	}
	for _, row := range rows {
		cells := []templ.Component{ui.Two(row.Feature.Name, row.Feature.Number, "")}
		for _, c := range row.Cells {
			text := "–"
			if c.Included {
				if text = c.Limit; text == "" {
					text = r.T("offer.included")
				}
			}
			cells = append(cells, ui.Text(text))
		}
		t.Rows = append(t.Rows, ui.Row{ID: row.Feature.Key, Name: row.Feature.Name, Cells: cells})
	}
	return r.Show(ui.Full(s, t))
}

// Package is the page of one package: what it holds and which features it includes.
func (p Pages) Package(r *page.Request) error {
	i, err := p.Catalog.Item(r.Context(), r.Actor, r.PathValue("code"))
	if err != nil {
		return err
	}
	s := r.Shell(i.Name, r.T("offer.show_lead"))
	s.Crumbs = crumbs(r)
	b := itemState(r, i)
	s.Badge = &b
	if to := r.Way("/packages/" + i.Code + "/edit"); to != "" {
		s.Actions = []ui.Action{{Label: r.T("action.edit"), URL: to, Icon: "pencil", Style: "primary"}}
	}
	items, err := p.Catalog.Items(r.Context(), r.Actor)
	if err != nil {
		return err
	}
	needs := r.T("offer.any_package")
	if i.Kind == catalog.AddOn && len(i.DependsOn.V) > 0 {
		needs = strings.Join(parts.Offer{Items: items}.Names(i.DependsOn.V), r.T("list.separator"))
	}
	defs := []ui.Def{{Term: r.T("offer.kind"), Value: ui.Text(r.T("offer.kind." + string(i.Kind)))}, {Term: r.T("offer.description"), Value: parts.Dash(i.Description)}, {Term: r.T("offer.calling"), Value: ui.Text(r.T("offer.calling." + string(i.Calling)))},
		{Term: r.T("offer.meetings"), Value: ui.Text(r.T("offer.meetings." + string(i.Meetings)))}, {Term: r.T("offer.for"), Value: ui.Text(r.T("offer.for." + string(i.AssignTo)))}}
	if i.Kind == catalog.AddOn {
		defs = append(defs, ui.Def{Term: r.T("offer.needs"), Value: ui.Text(needs)})
	}
	defs = append(defs, ui.Def{Term: r.T("offer.code"), Value: ui.Mono(i.Code)}, ui.Def{Term: r.T("offer.sku"), Value: ui.Mono(i.SKU)}, ui.Def{Term: r.T("offer.aliases"), Value: parts.Dash(strings.Join(i.Aliases, r.T("list.separator")))})
	groups := map[string][]string{}
	var order []string
	n := 0
	for _, f := range catalog.AllFeatures() {
		limit, ok := i.Entitled(f.Key)
		if !ok {
			continue
		}
		text := f.Name
		if limit != "" {
			text += " (" + limit + ")"
		}
		if groups[f.Group] == nil {
			order = append(order, f.Group)
		}
		groups[f.Group] = append(groups[f.Group], text)
		n++
	}
	features := []templ.Component{ui.Para(ui.N(r.Context(), "offer.includes", n))}
	for _, g := range order {
		features = append(features, ui.Details(g, ui.Points(groups[g]...)))
	}
	return r.Show(ui.Full(s, ui.GridOf(ui.CardOf(r.T("customers.details"), ui.Definitions(defs)), ui.CardOf(r.T("offer.features"), features...))))
}

func itemLabels(r *page.Request) []string {
	return []string{"name", r.T("organisation.name"), "description", r.T("offer.description"), "sku", r.T("offer.sku"), "aliases", r.T("offer.aliases")}
}

func (p Pages) itemPage(r *page.Request, i catalog.Item, version int64, err error) templ.Component {
	s := r.Shell(r.T("offer.edit", "name", i.Name), r.T("offer.edit_lead"))
	s.Crumbs = append(crumbs(r), ui.Crumb{Label: i.Name, URL: "/packages/" + i.Code})
	f := ui.FaultsOf(r.Context(), err, itemLabels(r)...)
	aliases := f.For("aliases")
	for _, x := range f.Fields {
		if strings.HasPrefix(x.Name, "aliases[") {
			aliases = x.Text
		}
	}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: "/packages/" + i.Code + "/edit", Faults: f, Submit: r.T("form.save"), Cancel: "/packages/" + i.Code, Guard: true, Columns: true, Hidden: []ui.Hidden{page.Versioned(version)}},
		ui.Input{Name: "name", Label: r.T("organisation.name"), Value: i.Name, Required: true, Max: 128, Fault: f.For("name")}, ui.Input{Name: "sku", Label: r.T("offer.sku"), Value: i.SKU, Required: true, Mono: true, Max: 64, Hint: r.T("offer.sku_hint"), Fault: f.For("sku")},
		ui.Input{Name: "description", Label: r.T("offer.description"), Value: i.Description, Optional: true, Max: 500, Wide: true, Fault: f.For("description")},
		ui.Input{Name: "aliases", Label: r.T("offer.aliases"), Value: strings.Join(i.Aliases, ", "), Optional: true, Mono: true, Wide: true, Hint: r.T("offer.aliases_hint"), Fault: aliases},
		ui.Switch{Name: "sold", Label: r.T("offer.sold"), Hint: r.T("offer.sold_hint"), On: i.State == catalog.Active})))
}

// EditPackage shows the form of a package.
func (p Pages) EditPackage(r *page.Request) error {
	i, err := p.Catalog.Item(r.Context(), r.Actor, r.PathValue("code"))
	if err != nil {
		return err
	}
	return r.Show(p.itemPage(r, i, i.Version, nil))
}

// SavePackage changes it; what is held already keeps its SKU and its rule.
func (p Pages) SavePackage(r *page.Request) error {
	i, err := p.Catalog.Item(r.Context(), r.Actor, r.PathValue("code"))
	if err != nil {
		return err
	}
	r.Tries("package/edit", r.Actor.Place(), journal.Target{Kind: "package", ID: i.Code, Name: i.Name})
	stored := i.Version
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	i.Name, i.SKU, i.Description, i.Aliases, i.State = v("name"), v("sku"), v("description"), fields(v("aliases")), catalog.Retired
	if r.PostFormValue("sold") == "on" {
		i.State = catalog.Active
	}
	if _, err := p.Catalog.EditItem(r.Context(), r.Actor, i.Code, catalog.ItemPatch{Name: &i.Name, SKU: &i.SKU, Description: &i.Description, Aliases: &i.Aliases, State: &i.State, IfVersion: r.Version()}); err != nil {
		version := r.Version()
		if errs.KindOf(err) == errs.Stale {
			version = stored
		}
		return r.Again(err, p.itemPage(r, i, version, err))
	}
	return r.Done("/packages/"+i.Code, r.T("offer.saved", "name", i.Name))
}

// fields reads words with commas or spaces between.
func fields(text string) []string {
	out := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' || c == ';' })
	if out == nil {
		out = []string{}
	}
	return slices.Compact(out)
}
