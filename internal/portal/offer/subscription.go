package offer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

var subscriptionTones = map[catalog.SubscriptionState]ui.Tone{catalog.Draft: ui.Busy, catalog.Sells: ui.OK, catalog.Suspended: ui.Warn, catalog.Closed: ui.Off}

// seller is the partner whose subscription a page shows.
type seller struct {
	t    tenant.Tenant
	sub  catalog.Subscription
	none bool // it has none yet
	at   string
}

func (p Pages) seller(r *page.Request) (seller, error) {
	v := seller{t: r.Place, at: "/subscription"}
	var err error
	if id := r.PathValue("id"); id != "" {
		if v.t, _, err = parts.Look(r, p.Deps, id, access.Partner); err != nil {
			return v, err
		}
		v.at = "/partners/" + v.t.ID + "/subscription"
	}
	v.sub, err = p.Catalog.Subscription(r.Context(), r.Actor, v.t.ID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		v.none, err = true, nil
	}
	return v, err
}

// Subscription shows what a partner may sell at which prices, and to the operator the form to change it (WS-54).
func (p Pages) Subscription(r *page.Request) error {
	v, err := p.seller(r)
	if err != nil {
		return err
	}
	c, err := p.subscriptionPage(r, v, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

func (p Pages) subscriptionPage(r *page.Request, v seller, refused error) (templ.Component, error) {
	o, err := parts.OfferOf(r, p.Deps, "")
	if err != nil {
		return nil, err
	}
	s := r.Shell(r.T("nav.subscription"), r.T("subscription.lead"))
	operator := r.PathValue("id") != ""
	if operator {
		s.Title = r.T("subscription.title", "name", v.t.Name)
		s.Crumbs = []ui.Crumb{{Label: r.T("nav.partners"), URL: "/partners"}, {Label: v.t.Name, URL: "/partners/" + v.t.ID}}
	}
	edit := operator && r.Actor.Can(access.SubscriptionEdit)
	if v.none {
		var form templ.Component
		if edit {
			form = ui.CardOf(r.T("subscription.make"), p.subscriptionForm(r, v, o, refused))
		}
		return ui.Full(s, ui.CardOf("", ui.Empty{Icon: "certificate", Title: r.T("subscription.none"), Text: r.T("subscription.none_text")}), form), nil
	}
	s.Badge = &ui.Badge{Tone: subscriptionTones[v.sub.State], Text: r.T("subscription.state." + string(v.sub.State))}
	defs := []ui.Def{{Term: r.T("organisation.id"), Value: ui.Mono(v.sub.ID)}}
	if v.t.Kind == access.SubPartner { // WS-73: the parent's, and no prices
		return ui.Full(s, ui.CardOf(r.T("customers.details"), ui.Definitions(defs), ui.Para(r.T("subscription.of_parent")))), nil
	}
	defs = append(defs, ui.Def{Term: r.T("subscription.currency"), Value: ui.Text(v.sub.Currency)}, ui.Def{Term: r.T("subscription.start"), Value: ui.Text(v.sub.Start)}, ui.Def{Term: r.T("subscription.day"), Value: parts.Count(r, v.sub.BillingDay)})
	var form templ.Component
	if edit {
		s.Actions = stateActions(r, v)
		form = ui.CardOf(r.T("subscription.change"), p.subscriptionForm(r, v, o, refused))
	}
	return ui.Full(s, ui.GridOf(ui.CardOf(r.T("customers.details"), ui.Definitions(defs)), ui.CardOf(r.T("subscription.sells"), ui.Points(o.Names(v.sub.Items)...))), ui.Heading(r.T("subscription.prices")), p.priceTable(r, v, o), form), nil
}

// stateActions are the ways on from the present state.
func stateActions(r *page.Request, v seller) []ui.Action {
	to := func(s catalog.SubscriptionState, style string) ui.Action {
		return ui.Action{Label: r.T("subscription.to." + string(s)), URL: v.at + "/state", How: ui.Post, Style: style, Hidden: []ui.Hidden{{Name: "state", Value: string(s)}, page.Versioned(v.sub.Version)}}
	}
	end := ui.Action{Label: r.T("subscription.to.closed"), URL: v.at + "/close", How: ui.Confirm}
	switch v.sub.State {
	case catalog.Draft:
		return []ui.Action{to(catalog.Sells, "primary")}
	case catalog.Sells:
		return []ui.Action{to(catalog.Suspended, "")}
	case catalog.Suspended:
		return []ui.Action{to(catalog.Sells, "primary"), end}
	}
	return nil
}

func (p Pages) priceTable(r *page.Request, v seller, o parts.Offer) templ.Component {
	t := ui.Table{ID: "prices", Caption: r.T("subscription.prices"), Columns: []ui.Column{{Label: r.T("users.package")}, {Label: r.T("subscription.from")}, {Label: r.T("subscription.price"), Number: true}},
		Empty: ui.Empty{Icon: "hash", Title: r.T("subscription.no_prices"), Text: r.T("subscription.no_prices_text")}}
	today := r.Now().UTC().Format(time.DateOnly)
	for n, x := range v.sub.Prices {
		later := slices.ContainsFunc(v.sub.Prices, func(y catalog.Price) bool {
			return y.Item == x.Item && y.ValidFrom > x.ValidFrom && y.ValidFrom <= today
		})
		t.Rows = append(t.Rows, ui.Row{ID: strconv.Itoa(n), Name: o.Name(x.Item), Dim: later, Cells: []templ.Component{ui.Two(o.Name(x.Item), o.Item(x.Item).SKU, ""), ui.Text(x.ValidFrom), ui.NoWrap(catalog.PriceText(x.Price) + " " + v.sub.Currency)}})
	}
	return t
}

// pricesTyped is how many prices one form adds.
const pricesTyped = 4

func (p Pages) subscriptionForm(r *page.Request, v seller, o parts.Offer, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "currency", r.T("subscription.currency"), "start", r.T("subscription.start"), "billing_day", r.T("subscription.day"), "items", r.T("subscription.sells"), "prices", r.T("subscription.prices"))
	typed := func(name, otherwise string) string {
		if r.PostForm.Has(name) {
			return r.PostFormValue(name)
		}
		return otherwise
	}
	chosen := v.sub.Items
	if r.PostForm.Has("items") {
		chosen = r.PostForm["items"]
	}
	day := "1"
	if !v.none {
		day = strconv.FormatInt(v.sub.BillingDay, 10)
	}
	fields := []templ.Component{}
	if v.none {
		fields = append(fields, ui.Input{Name: "currency", Label: r.T("subscription.currency"), Value: typed("currency", ""), Required: true, Mono: true, Max: 3, Placeholder: "EUR", Fault: f.For("currency")},
			ui.Input{Name: "start", Label: r.T("subscription.start"), Kind: "date", Value: typed("start", r.Now().UTC().Format(time.DateOnly)), Fault: f.For("start")})
	}
	fields = append(fields, ui.Input{Name: "billing_day", Label: r.T("subscription.day"), Kind: "number", Value: typed("billing_day", day), Required: true, Hint: r.T("subscription.day_hint"), Fault: f.For("billing_day")},
		ui.Choices{Name: "items", Label: r.T("subscription.sells"), Options: parts.Options(o.Items, chosen...), Columns: true, Fault: f.For("items")}, ui.Section{Title: r.T("subscription.new_prices"), Text: r.T("subscription.new_prices_text")})
	return ui.FormOf(ui.Form{URL: v.at, Faults: f, Submit: r.T("form.save"), Guard: true, Columns: true, Hidden: []ui.Hidden{page.Versioned(v.sub.Version)}}, append(fields, priceLines(r, o, pricesTyped, nil)...)...)
}

// priceLines are empty lines for prices; who, when given, lets each be for one customer.
func priceLines(r *page.Request, o parts.Offer, n int, who []ui.Option) []templ.Component {
	var out []templ.Component
	for i := range n {
		at := "price[" + strconv.Itoa(i) + "]."
		item := ui.Select{Name: at + "item", Label: r.T("users.package"), Options: append([]ui.Option{{Label: "–"}}, parts.Options(o.Items, r.PostFormValue(at+"item"))...)}
		for k := range item.Options {
			item.Options[k].Hint = ""
		}
		cells := []templ.Component{item, ui.Input{Name: at + "price", Label: r.T("subscription.price"), Value: r.PostFormValue(at + "price"), Mono: true, Max: 16, Placeholder: "10.00"}, ui.Input{Name: at + "from", Label: r.T("subscription.from"), Kind: "date", Value: r.PostFormValue(at + "from")}}
		if who != nil {
			choice := ui.Select{Name: at + "customer", Label: r.T("customer.name")}
			for _, c := range who {
				c.Selected = c.Value == r.PostFormValue(at+"customer")
				choice.Options = append(choice.Options, c)
			}
			cells = append(cells, choice)
		}
		out = append(out, ui.Line(r.T("subscription.line", "n", i+1), cells...))
	}
	return out
}

var errPrice = errs.BadField("prices", "bad_price", "Write the price with at most four decimals, for example 10.00.")

// readPrices takes the lines that hold something. Without a day a price is valid from today on.
func readPrices(r *page.Request, n int) ([]catalog.RetailPrice, error) {
	var out []catalog.RetailPrice
	for i := range n {
		v := func(name string) string {
			return strings.TrimSpace(r.PostFormValue("price[" + strconv.Itoa(i) + "]." + name))
		}
		if v("item") == "" && v("price") == "" {
			continue
		}
		price, ok := catalog.ParsePrice(strings.ReplaceAll(v("price"), ",", "."))
		if !ok {
			return nil, errPrice
		}
		from := v("from")
		if from == "" {
			from = r.Now().UTC().Format(time.DateOnly)
		}
		out = append(out, catalog.RetailPrice{CustomerID: v("customer"), Price: catalog.Price{Item: v("item"), ValidFrom: from, Price: price}})
	}
	return out, nil
}

// SaveSubscription makes the subscription of a partner, or changes what it sells, its prices and its day.
func (p Pages) SaveSubscription(r *page.Request) error {
	v, err := p.seller(r)
	if err != nil {
		return err
	}
	r.Tries("subscription/edit", v.t.Access(), journal.Target{Kind: "partner", ID: v.t.ID, Name: v.t.Name})
	added, err := readPrices(r, pricesTyped)
	items := append([]string{}, r.PostForm["items"]...)
	day, bad := strconv.ParseInt(strings.TrimSpace(r.PostFormValue("billing_day")), 10, 64)
	if bad != nil {
		day = -1 // the service names the field
	}
	prices := slices.Clone(v.sub.Prices)
	for _, n := range added {
		prices = slices.DeleteFunc(prices, func(x catalog.Price) bool { return x.Item == n.Item && x.ValidFrom == n.ValidFrom })
		prices = append(prices, n.Price)
	}
	switch {
	case err != nil:
	case v.none:
		_, err = p.Catalog.Subscribe(r.Context(), r.Actor, v.t.ID, catalog.NewSubscription{Currency: strings.ToUpper(strings.TrimSpace(r.PostFormValue("currency"))), Start: r.PostFormValue("start"), BillingDay: day, Items: items, Prices: prices})
	default:
		_, err = p.Catalog.EditSubscription(r.Context(), r.Actor, v.t.ID, catalog.SubscriptionPatch{BillingDay: &day, Items: &items, Prices: &prices, IfVersion: r.Version()})
	}
	if err != nil {
		c, faulty := p.subscriptionPage(r, v, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Done(v.at, r.T("subscription.saved"))
}

// AskClose says what closing means.
func (p Pages) AskClose(r *page.Request) error {
	v, err := p.seller(r)
	if err != nil {
		return err
	}
	s := r.Shell(r.T("subscription.to.closed"), "")
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.partners"), URL: "/partners"}, {Label: v.t.Name, URL: "/partners/" + v.t.ID}, {Label: r.T("nav.subscription"), URL: v.at}}
	return r.Show(ui.Full(s, ui.Question{Title: r.T("subscription.close_title", "name", v.t.Name), Text: r.T("subscription.close_text"), URL: v.at + "/state", Submit: r.T("subscription.to.closed"), Danger: true, CancelURL: v.at,
		Hidden: []ui.Hidden{{Name: "state", Value: string(catalog.Closed)}, page.Versioned(v.sub.Version)}}))
}

// SetState moves it on.
func (p Pages) SetState(r *page.Request) error {
	v, err := p.seller(r)
	if err != nil {
		return err
	}
	r.Tries("subscription/state", v.t.Access(), journal.Target{Kind: "partner", ID: v.t.ID, Name: v.t.Name})
	if _, err := p.Catalog.SetSubscriptionState(r.Context(), r.Actor, v.t.ID, catalog.SubscriptionState(r.PostFormValue("state")), r.Version()); err != nil {
		return err
	}
	return r.Done(v.at, r.T("subscription.saved"))
}

// Retail shows by which prices a provider bills its own customers (WS-2, WS-59).
func (p Pages) Retail(r *page.Request) error {
	c, err := p.retailPage(r, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

func (p Pages) retailPage(r *page.Request, refused error) (templ.Component, error) {
	list, err := p.Catalog.Retail(r.Context(), r.Actor, r.Place.ID)
	if err != nil {
		return nil, err
	}
	o, err := parts.OfferOf(r, p.Deps, "")
	if err != nil {
		return nil, err
	}
	names, who, err := p.customers(r)
	if err != nil {
		return nil, err
	}
	s := r.Shell(r.T("nav.retail"), r.T("retail.lead"))
	edit := r.Actor.Can(access.RetailEdit)
	t := ui.Table{ID: "retail", Caption: r.T("nav.retail"), Columns: []ui.Column{{Label: r.T("users.package")}, {Label: r.T("customer.name")}, {Label: r.T("subscription.from")}, {Label: r.T("subscription.price"), Number: true}},
		Empty: ui.Empty{Icon: "hash", Title: r.T("retail.none"), Text: r.T("retail.none_text")}}
	slices.SortFunc(list.Prices, func(a, b catalog.RetailPrice) int {
		return cmp.Or(cmp.Compare(o.Name(a.Item), o.Name(b.Item)), cmp.Compare(names[a.CustomerID], names[b.CustomerID]), cmp.Compare(a.ValidFrom, b.ValidFrom))
	})
	for n, x := range list.Prices {
		row := ui.Row{ID: strconv.Itoa(n), Name: o.Name(x.Item), Cells: []templ.Component{ui.Text(o.Name(x.Item)), ui.Text(cmp.Or(names[x.CustomerID], r.T("retail.everybody"))), ui.Text(x.ValidFrom), ui.NoWrap(catalog.PriceText(x.Price.Price) + " " + list.Currency)}}
		if edit {
			row.Actions = []ui.Action{{Label: r.T("retail.remove"), URL: "/retail", How: ui.Post, Icon: "x", Hidden: []ui.Hidden{page.Versioned(list.Version), {Name: "drop", Value: x.Item + " " + x.ValidFrom + " " + x.CustomerID}}}}
		}
		t.Rows = append(t.Rows, row)
	}
	if !edit {
		return ui.Full(s, t), nil
	}
	f := ui.FaultsOf(r.Context(), refused, "currency", r.T("subscription.currency"), "prices", r.T("subscription.prices"))
	currency := ui.Input{Name: "currency", Label: r.T("subscription.currency"), Value: cmp.Or(r.PostFormValue("currency"), list.Currency), Required: true, Mono: true, Max: 3, Placeholder: "EUR", Hint: r.T("retail.currency_hint"), Fault: f.For("currency")}
	return ui.Full(s, t, ui.CardOf(r.T("subscription.new_prices"), ui.FormOf(ui.Form{URL: "/retail", Faults: f, Submit: r.T("form.save"), Guard: true, Hidden: []ui.Hidden{page.Versioned(list.Version)}}, append([]templ.Component{currency}, priceLines(r, o, pricesTyped, who)...)...))), nil
}

// customers are those of the place, by id and as choices; only those that the person may see.
func (p Pages) customers(r *page.Request) (map[string]string, []ui.Option, error) {
	names, who := map[string]string{}, []ui.Option{{Label: r.T("retail.everybody")}}
	if !r.Actor.Can(access.CustomerView) {
		return names, who, nil
	}
	all, err := p.Tenants.List(r.Context(), r.Actor, tenant.Query{Kind: access.Customer, ParentID: r.Place.ID, Page: db.Page{Limit: db.MaxLimit}})
	for _, c := range all.Items {
		names[c.ID] = c.Name
		who = append(who, ui.Option{Value: c.ID, Label: c.Name})
	}
	return names, who, err
}

// SaveRetail adds prices to the list, or takes one out.
func (p Pages) SaveRetail(r *page.Request) error {
	list, err := p.Catalog.Retail(r.Context(), r.Actor, r.Place.ID)
	if err != nil {
		return err
	}
	r.Tries("retail/edit", r.Actor.Place(), journal.Target{Kind: "partner", ID: r.Place.ID, Name: r.Place.Name})
	currency, prices := strings.ToUpper(strings.TrimSpace(r.PostFormValue("currency"))), slices.Clone(list.Prices)
	added, err := readPrices(r, pricesTyped)
	if drop := strings.SplitN(r.PostFormValue("drop"), " ", 3); len(drop) == 3 {
		currency = list.Currency
		prices = slices.DeleteFunc(prices, func(x catalog.RetailPrice) bool {
			return x.Item == drop[0] && x.ValidFrom == drop[1] && x.CustomerID == drop[2]
		})
	}
	for _, n := range added {
		prices = slices.DeleteFunc(prices, func(x catalog.RetailPrice) bool {
			return x.Item == n.Item && x.ValidFrom == n.ValidFrom && x.CustomerID == n.CustomerID
		})
		prices = append(prices, n)
	}
	if err == nil {
		_, err = p.Catalog.SetRetail(r.Context(), r.Actor, r.Place.ID, currency, prices, r.Version())
	}
	if err != nil {
		c, faulty := p.retailPage(r, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Done("/retail", r.T("retail.saved"))
}
