package users

import (
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// List shows the users or workspaces of a customer, searched and narrowed.
func (b book) List(r *page.Request) error {
	in, err := parts.InsideOf(r, b.Deps)
	if err != nil {
		return err
	}
	l := parts.ListOf(r, "name", "package", "location", "status")
	q := subscriber.HolderQuery{CustomerID: in.Customer.ID, Text: l.Text(), Package: l.Get("package"), LocationID: l.Get("location"), Page: l.Page()}
	if b.person() {
		q.Status = subscriber.Status(l.Get("status"))
		if off := false; l.Get("status") == "inactive" {
			q.Status, q.Active = "", &off
		}
	}
	offer, err := parts.OfferOf(r, b.Deps, in.Customer.ID)
	if err != nil {
		return err
	}
	places, err := parts.Locations(r, b.Deps, in.Customer.ID)
	if err != nil {
		return err
	}
	all, next, total, err := b.holders(r, q)
	if err != nil {
		return err
	}
	s := in.Shell(r, b.title(r), b.lead(r))
	s.Actions = b.actions(r, in)
	f := l.Filters(l.Search(r.T("users.search")))
	f.Fields = b.filters(r, l, offer, places)
	var note templ.Component
	if l.Text() != "" && total > 0 {
		note = ui.Note(ui.N(r.Context(), "users.hits", int(total), "text", l.Text()))
	}
	t := b.table(r, in, l, all, offer, places)
	t.Pager = l.Pager(r, len(all), total, next)
	if t.Empty = b.empty(r, l); !l.Filtered() {
		if len(offer.Limits) == 0 {
			t.Empty.Text = r.T("users.no_packages")
		} else {
			t.Empty.Actions = s.Actions[:min(1, len(s.Actions))]
		}
	}
	return r.Show(ui.Full(s, in.Tabs(r, b.path()), f, note, t))
}

// holders gives a page of the list, with the number of all where it is known.
func (b book) holders(r *page.Request, q subscriber.HolderQuery) ([]subscriber.Holder, string, int64, error) {
	if !b.person() {
		all, next, err := b.Subscriber.Workspaces(r.Context(), r.Actor, q)
		return all, next, -1, err
	}
	all, next, err := b.Subscriber.Users(r.Context(), r.Actor, q)
	if err != nil {
		return nil, "", 0, err
	}
	total, err := b.Subscriber.CountUsers(r.Context(), r.Actor, q)
	return all, next, total, err
}

func (b book) lead(r *page.Request) string {
	if b.person() {
		return r.T("users.lead")
	}
	return r.T("workspaces.lead")
}

func (b book) actions(r *page.Request, in parts.Inside) []ui.Action {
	if !b.person() {
		return in.Offer(access.WorkspaceSet, ui.Action{Label: r.T("workspaces.add"), URL: in.URL("/workspaces/new"), Icon: "plus", Style: "primary"})
	}
	return parts.Actions(in.Offer(access.UserEdit, ui.Action{Label: r.T("users.add"), URL: in.URL("/users/new"), Icon: "plus", Style: "primary"}),
		in.Offer(access.UserEdit, ui.Action{Label: r.T("users.import"), URL: in.URL("/users/import"), Icon: "upload"}),
		[]ui.Action{{Label: r.T("users.export"), URL: in.URL("/users/export.csv"), Icon: "download"}})
}

func (b book) filters(r *page.Request, l parts.List, offer parts.Offer, places []subscriber.Location) []templ.Component {
	any := ui.Option{Label: r.T("filter.any")}
	pack := ui.Select{Name: "package", Label: r.T("users.package"), Compact: true, Options: append([]ui.Option{any}, parts.Options(offer.Held(catalog.Base, b.person()), l.Get("package"))...)}
	out := []templ.Component{pack}
	if len(places) > 1 {
		out = append(out, ui.Select{Name: "location", Label: r.T("users.location"), Compact: true, Options: parts.LocationOptions(places, r.T("filter.any"), l.Get("location"))})
	}
	if !b.person() {
		return out
	}
	state := ui.Select{Name: "status", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{any}}
	for _, v := range []string{string(subscriber.Provisioned), string(subscriber.Pending), "inactive"} {
		state.Options = append(state.Options, ui.Option{Value: v, Label: r.T("users.state." + v), Selected: v == l.Get("status")})
	}
	return append(out, state)
}

func (b book) table(r *page.Request, in parts.Inside, l parts.List, all []subscriber.Holder, offer parts.Offer, places []subscriber.Location) ui.Table {
	added := l.Column(r.T("customer.added"), "-created")
	added.Minor = true
	t := ui.Table{ID: "holders", Caption: b.title(r), Columns: []ui.Column{l.Column(r.T("organisation.name"), "name"), {Label: r.T("users.package")}, {Label: r.T("users.location"), Minor: true}, {Label: r.T("users.reached")}}}
	if b.person() {
		t.Columns = append(t.Columns, ui.Column{Label: r.T("customer.state")})
	}
	t.Columns = append(t.Columns, added)
	for _, h := range all {
		at := in.URL(b.path() + "/" + h.ID)
		cells := []templ.Component{ui.Two(h.DisplayName, h.Email, at), ui.Two(offer.Name(h.Package), strings.Join(offer.Names(h.AddOns), ", "), ""),
			parts.Dash(parts.LocationName(places, h.LocationID)), reached(h)}
		if b.person() {
			cells = append(cells, state(r, h))
		}
		row := ui.Row{ID: h.ID, Name: h.DisplayName, Dim: !h.Active, Cells: append(cells, ui.NoWrap(ui.Date(r.Context(), h.Created.Time)))}
		row.Actions = parts.Actions(in.Offer(b.act(access.UserPackage), ui.Action{Label: r.T("users.change_package"), URL: at + "/package"}),
			in.Offer(b.act(access.UserDelete), ui.Action{Label: r.T("action.delete"), URL: at + "/delete", How: ui.Confirm, Style: "danger", Icon: "trash"}))
		t.Rows = append(t.Rows, row)
	}
	return t
}

// reached is how somebody is called: number and extension.
func reached(h subscriber.Holder) templ.Component {
	switch {
	case h.Number == "" && h.Extension == "":
		return ui.Quiet("–")
	case h.Number == "":
		return ui.Mono(h.Extension)
	}
	return ui.Coded(h.Number, h.Extension)
}

func state(r *page.Request, h subscriber.Holder) ui.Badge {
	switch {
	case h.Status == subscriber.Pending:
		return ui.Badge{Tone: ui.Busy, Text: r.T("users.state.pending_user_migration")}
	case !h.Active:
		return ui.Badge{Tone: ui.Off, Text: r.T("users.state.inactive")}
	}
	return ui.Badge{Tone: ui.OK, Text: r.T("users.state.provisioned")}
}

func (b book) empty(r *page.Request, l parts.List) ui.Empty {
	if l.Filtered() {
		return ui.Empty{Icon: "search", Title: r.T("users.none_found"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: l.Clear()}}}
	}
	if b.person() {
		return ui.Empty{Icon: "user", Title: r.T("users.none"), Text: r.T("users.none_text")}
	}
	return ui.Empty{Icon: "building-store", Title: r.T("workspaces.none"), Text: r.T("workspaces.none_text")}
}
