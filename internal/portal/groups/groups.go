// Package groups owns the pages of device groups and of phones that knocked without being known.
//
// It must not know what belonging to a group does to a phone: a change of members becomes a plan, which says it.
package groups

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/portal/devices"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/plans"
	"linecard/internal/portal/ui"
)

// Pages are these pages.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	in := page.Customer
	return []page.Route{
		{Pattern: "GET /groups", In: in, Needs: access.DeviceView, Serve: p.List},
		{Pattern: "GET /groups/new", In: in, Needs: access.DeviceEdit, Serve: p.Add},
		{Pattern: "POST /groups/new", In: in, Needs: access.DeviceEdit, Serve: p.Create},
		{Pattern: "GET /groups/defaults", In: in, Needs: access.DeviceView, Serve: p.Defaults},
		{Pattern: "POST /groups/defaults", In: in, Needs: access.DeviceEdit, Serve: p.SetDefaults},
		{Pattern: "GET /groups/{id}", In: in, Needs: access.DeviceView, Serve: p.Show},
		{Pattern: "GET /groups/{id}/edit", In: in, Needs: access.DeviceEdit, Serve: p.Edit},
		{Pattern: "POST /groups/{id}/edit", In: in, Needs: access.DeviceEdit, Serve: p.Save},
		{Pattern: "GET /groups/{id}/add", In: in, Needs: access.DeviceEdit, Serve: p.Others},
		{Pattern: "POST /groups/{id}/add", In: in, Needs: access.DeviceEdit, Serve: p.Join},
		{Pattern: "POST /groups/{id}/leave", In: in, Needs: access.DeviceEdit, Serve: p.Leave},
		{Pattern: "GET /groups/{id}/keys", In: in, Needs: access.DeviceEdit, Serve: p.Keys},
		{Pattern: "POST /groups/{id}/keys", In: in, Needs: access.DeviceEdit, Serve: p.SetKeys},
		{Pattern: "GET /groups/{id}/top", In: in, Needs: access.DeviceEdit, Serve: p.AskTop},
		{Pattern: "POST /groups/{id}/top", In: in, Needs: access.DeviceEdit, Serve: p.Top},
		{Pattern: "GET /groups/{id}/delete", In: in, Needs: access.DeviceEdit, Serve: p.AskDelete},
		{Pattern: "POST /groups/{id}/delete", In: in, Needs: access.DeviceEdit, Serve: p.Delete},
		{Pattern: "GET /knocks", In: in, Needs: access.DeviceView, Serve: p.Knocks},
		{Pattern: "POST /knocks/{id}/adopt", In: in, Needs: access.DeviceEdit, Serve: p.Adopt},
		{Pattern: "POST /knocks/{id}/dismiss", In: in, Needs: access.DeviceEdit, Serve: p.Dismiss},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Label: "nav.groups", URL: "/groups", Icon: "list-details"}, {Label: "nav.knocks", URL: "/knocks", Icon: "login"}}

func (p Pages) customer(r *page.Request) string { return r.Actor.Place().ID }

func tries(r *page.Request, what string, g device.Group) {
	r.Tries("device_group/"+what, r.Actor.Place(), journal.Target{Kind: "device_group", ID: g.ID, Name: g.Name})
}

// List shows the groups of the customer.
func (p Pages) List(r *page.Request) error {
	l := parts.ListOf(r, "name")
	found, err := p.Devices.Groups(r.Context(), r.Actor, p.customer(r), device.GroupQuery{Text: l.Text(), Page: l.Page()})
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.groups"), r.T("groups.lead"))
	add := may.Offer(access.DeviceEdit, ui.Action{Label: r.T("groups.add"), URL: "/groups/new", Icon: "plus", Style: "primary"})
	s.Actions = append(add, ui.Action{Label: r.T("groups.defaults"), URL: "/groups/defaults"})
	t := ui.Table{ID: "groups", Caption: r.T("nav.groups"), Pager: l.Pager(r, len(found.Items), found.Total, found.Next),
		Columns: []ui.Column{l.Column(r.T("devices.name"), "name"), {Label: r.T("nav.devices"), Number: true}, {Label: r.T("groups.default")}, l.Column(r.T("customer.added"), "-created")},
		Empty:   ui.Empty{Icon: "list-details", Title: r.T("groups.none"), Text: r.T("groups.none_text"), Actions: add}}
	for _, g := range found.Items {
		standard := templ.Component(ui.Quiet("–"))
		if g.Default() {
			standard = ui.Badge{Tone: ui.Info, Text: r.T("groups.default")}
		}
		row := ui.Row{ID: g.ID, Name: g.Name, Cells: []templ.Component{ui.Two(g.Name, g.Description, "/groups/"+g.ID), ui.Text(ui.Number(r.Context(), g.Devices)), standard, ui.NoWrap(ui.Date(r.Context(), g.Created.Time))}}
		if may.Do(access.DeviceEdit) {
			row.Actions = []ui.Action{{Label: r.T("action.edit"), URL: "/groups/" + g.ID + "/edit", Icon: "pencil"}, {Label: r.T("action.delete"), URL: "/groups/" + g.ID + "/delete", How: ui.Confirm, Icon: "trash", Style: "danger"}}
		}
		t.Rows = append(t.Rows, row)
	}
	return r.Show(ui.Full(s, l.Filters(l.Search(r.T("groups.search"))), t))
}

func (p Pages) one(r *page.Request) (device.Group, []string, error) {
	return p.Devices.Group(r.Context(), r.Actor, p.customer(r), r.PathValue("id"))
}

func below(r *page.Request, g device.Group, title, lead string) ui.Shell {
	s := r.Shell(title, lead)
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.groups"), URL: "/groups"}}
	if g.ID != "" && title != g.Name {
		s.Crumbs = append(s.Crumbs, ui.Crumb{Label: g.Name, URL: "/groups/" + g.ID})
	}
	return s
}

// Show is the page of one group: its devices, and what can be done with them.
func (p Pages) Show(r *page.Request) error {
	g, _, err := p.one(r)
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	at := "/groups/" + g.ID
	s := below(r, g, g.Name, g.Description)
	edit := func(a ui.Action) []ui.Action { return may.Offer(access.DeviceEdit, a) }
	s.Actions = parts.Actions(edit(ui.Action{Label: r.T("groups.add_devices"), URL: at + "/add", Icon: "plus", Style: "primary"}), edit(ui.Action{Label: r.T("action.edit"), URL: at + "/edit", Icon: "pencil"}),
		edit(ui.Action{Label: r.T("groups.keys"), URL: at + "/keys"}), edit(ui.Action{Label: r.T("groups.top"), URL: at + "/top", How: ui.Confirm}))
	if may.Do(access.ProfileView) {
		s.Actions = append(s.Actions, ui.Action{Label: r.T("groups.profiles"), URL: "/deployment/group/" + g.ID})
	}
	t, l, err := p.phones(r, device.Query{Group: g.ID})
	if err != nil {
		return err
	}
	t.Empty = ui.Empty{Icon: "device-landline-phone", Title: r.T("groups.empty")}
	if may.Do(access.DeviceEdit) {
		t.Select, t.Bulk = true, []ui.Action{{Label: r.T("groups.take_out"), URL: at + "/leave"}}
	}
	return r.Show(ui.Full(s, l.Filters(l.Search(r.T("devices.search"))), t))
}

// phones lists devices of the customer with a search box.
func (p Pages) phones(r *page.Request, q device.Query) (ui.Table, parts.List, error) {
	l := parts.ListOf(r, "name")
	q.Text, q.Page = l.Text(), l.Page()
	found, err := p.Devices.List(r.Context(), r.Actor, p.customer(r), q)
	t := ui.Table{ID: "members", Caption: r.T("nav.devices"), Pager: l.Pager(r, len(found.Items), found.Total, found.Next),
		Columns: []ui.Column{l.Column(r.T("devices.name"), "name"), l.Column(r.T("devices.mac"), "mac"), {Label: r.T("devices.model")}}}
	for _, d := range found.Items {
		t.Rows = append(t.Rows, ui.Row{ID: d.ID, Name: d.Shown(), Cells: []templ.Component{ui.Two(d.Shown(), d.Description, "/devices/"+d.ID), ui.Mono(d.Identifier()), parts.Dash(d.KnownModel())}})
	}
	return t, l, err
}

// Others offers the devices that can come into a group.
func (p Pages) Others(r *page.Request) error {
	g, ids, err := p.one(r)
	if err != nil {
		return err
	}
	t, l, err := p.phones(r, device.Query{})
	if err != nil {
		return err
	}
	t.Rows = slices.DeleteFunc(t.Rows, func(row ui.Row) bool { return slices.Contains(ids, row.ID) })
	t.Select, t.Bulk = true, []ui.Action{{Label: r.T("groups.put_in"), URL: "/groups/" + g.ID + "/add"}}
	t.Empty = ui.Empty{Icon: "device-landline-phone", Title: r.T("groups.nobody_else")}
	return r.Show(ui.Full(below(r, g, r.T("groups.add_devices"), r.T("groups.add_lead")), l.Filters(l.Search(r.T("devices.search"))), t))
}

// Join and Leave make a plan of who comes and goes.
func (p Pages) Join(r *page.Request) error {
	return p.regroup(r, func(ids, chosen []string) []string {
		all := append(slices.Clone(ids), chosen...)
		slices.Sort(all)
		return slices.Compact(all)
	})
}

// Leave takes devices out of a group.
func (p Pages) Leave(r *page.Request) error {
	return p.regroup(r, func(ids, chosen []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(chosen, id) })
	})
}

func (p Pages) regroup(r *page.Request, change func(ids, chosen []string) []string) error {
	g, ids, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "edit", g)
	if len(r.PostForm["id"]) == 0 {
		r.Flash(ui.Warn, r.T("groups.choose"))
		return r.Redirect("/groups/" + g.ID)
	}
	wanted := change(ids, r.PostForm["id"])
	if !r.Actor.Can(access.ProfileView) {
		_, err = p.Devices.EditGroup(r.Context(), r.Actor, g.CustomerID, g.ID, device.GroupPatch{DeviceIDs: &wanted})
		if err != nil {
			return err
		}
		return r.Done("/groups/"+g.ID, r.T("customers.saved", "name", g.Name))
	}
	return plans.Propose(r, p.Deps, config.Asked{Kind: config.GroupSet, GroupID: g.ID, DeviceIDs: wanted}, "/groups/"+g.ID)
}

// Add shows the empty form.
func (p Pages) Add(r *page.Request) error {
	return r.Show(groupPage(r, device.Group{}, device.Group{}, nil))
}

func groupPage(r *page.Request, now, typed device.Group, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "name", r.T("devices.name"), "description", r.T("devices.description"))
	title, url, back := r.T("groups.add"), "/groups/new", "/groups"
	if now.ID != "" {
		title, url, back = r.T("customers.edit", "name", now.Name), "/groups/"+now.ID+"/edit", "/groups/"+now.ID
	}
	return ui.Full(below(r, now, title, r.T("groups.form_lead")), ui.CardOf("", ui.FormOf(ui.Form{URL: url, Faults: f, Submit: r.T("form.save"), Cancel: back, Guard: true, Narrow: true, Hidden: []ui.Hidden{page.Versioned(now.Version)}},
		ui.Input{Name: "name", Label: r.T("devices.name"), Value: typed.Name, Required: true, Max: 128, Autocomplete: "off", Hint: r.T("devices.name_hint"), Fault: f.For("name")},
		ui.Input{Name: "description", Label: r.T("devices.description"), Value: typed.Description, Optional: true, Max: 256, Autocomplete: "off", Fault: f.For("description")},
		ui.Switch{Name: "default", Label: r.T("groups.default"), Hint: r.T("groups.default_hint"), On: typed.Default()})))
}

func read(r *page.Request) (device.Group, bool) {
	on := r.PostFormValue("default") == "on"
	g := device.Group{Name: r.PostFormValue("name"), Description: r.PostFormValue("description")}
	if on {
		g.Standard = 1
	}
	return g, on
}

// Create adds a group.
func (p Pages) Create(r *page.Request) error {
	t, on := read(r)
	tries(r, "create", t)
	g, err := p.Devices.CreateGroup(r.Context(), r.Actor, p.customer(r), device.NewGroup{Name: t.Name, Description: t.Description, Default: on})
	if err != nil {
		return r.Again(err, groupPage(r, device.Group{}, t, err))
	}
	return r.Done("/groups/"+g.ID, r.T("devices.added", "name", g.Name))
}

// Edit shows the form of a group.
func (p Pages) Edit(r *page.Request) error {
	g, _, err := p.one(r)
	if err != nil {
		return err
	}
	return r.Show(groupPage(r, g, g, nil))
}

// Save changes what people say of a group; no phone is touched by that.
func (p Pages) Save(r *page.Request) error {
	now, _, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "edit", now)
	t, on := read(r)
	patch := device.GroupPatch{Name: &t.Name, Description: &t.Description, IfVersion: r.Version()}
	if on != now.Default() {
		patch.Default = &on
	}
	if _, err := p.Devices.EditGroup(r.Context(), r.Actor, now.CustomerID, now.ID, patch); err != nil {
		return r.Again(err, groupPage(r, now, t, err))
	}
	return r.Done("/groups/"+now.ID, r.T("customers.saved", "name", t.Name))
}

// Keys shows the keys that a group puts on its devices.
func (p Pages) Keys(r *page.Request) error {
	g, _, err := p.one(r)
	if err != nil {
		return err
	}
	keys, version, err := p.Devices.KeyTemplate(r.Context(), r.Actor, g.CustomerID, g.ID)
	if err != nil {
		return err
	}
	return r.Show(keysPage(r, g, keys, version, nil))
}

func keysPage(r *page.Request, g device.Group, keys []phone.Key, version int64, err error) templ.Component {
	return ui.Full(below(r, g, r.T("groups.keys"), r.T("groups.keys_lead")), devices.KeyForm(r, ui.Form{URL: "/groups/" + g.ID + "/keys", Cancel: "/groups/" + g.ID, Hidden: []ui.Hidden{page.Versioned(version)}}, keys, err))
}

// SetKeys replaces them.
func (p Pages) SetKeys(r *page.Request) error {
	g, _, err := p.one(r)
	if err != nil {
		return err
	}
	now, version, err := p.Devices.KeyTemplate(r.Context(), r.Actor, g.CustomerID, g.ID)
	if err != nil {
		return err
	}
	tries(r, "edit", g)
	typed := devices.ReadKeys(r, now)
	if _, _, err := p.Devices.SetKeyTemplate(r.Context(), r.Actor, g.CustomerID, g.ID, typed, r.Version()); err != nil {
		return r.Again(err, keysPage(r, g, typed, version, err))
	}
	return r.Done("/groups/"+g.ID, r.T("keys.saved"))
}

func (p Pages) question(r *page.Request, q func(g device.Group) ui.Question) error {
	g, _, err := p.one(r)
	if err != nil {
		return err
	}
	ask := q(g)
	ask.CancelURL, ask.Hidden = "/groups/"+g.ID, []ui.Hidden{page.Versioned(g.Version)}
	return r.Show(ui.Full(below(r, g, ask.Submit, ""), ask))
}

// AskTop asks before a group becomes the highest of all its devices (DM-131).
func (p Pages) AskTop(r *page.Request) error {
	return p.question(r, func(g device.Group) ui.Question {
		return ui.Question{Title: r.T("groups.top_title", "name", g.Name), Text: ui.N(r.Context(), "groups.top_text", int(g.Devices)), URL: "/groups/" + g.ID + "/top", Submit: r.T("groups.top")}
	})
}

// Top makes it so.
func (p Pages) Top(r *page.Request) error {
	g, _, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "edit", g)
	if _, err := p.Devices.TopGroup(r.Context(), r.Actor, g.CustomerID, g.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/groups/"+g.ID, r.T("groups.topped", "name", g.Name))
}

// AskDelete asks before a group goes.
func (p Pages) AskDelete(r *page.Request) error {
	return p.question(r, func(g device.Group) ui.Question {
		return ui.Question{Title: r.T("devices.delete_title", "name", g.Name), Text: ui.N(r.Context(), "groups.delete_text", int(g.Devices)), URL: "/groups/" + g.ID + "/delete", Submit: r.T("action.delete"), Danger: true}
	})
}

// Delete removes a group; its devices stay (DM-130).
func (p Pages) Delete(r *page.Request) error {
	g, _, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "delete", g)
	if err := p.Devices.DeleteGroup(r.Context(), r.Actor, g.CustomerID, g.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/groups", r.T("devices.deleted", "name", g.Name))
}

// Defaults shows the groups that new phones get, in order (DM-132).
func (p Pages) Defaults(r *page.Request) error {
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	now, err := p.Devices.DefaultGroups(r.Context(), r.Actor, p.customer(r))
	if err != nil {
		return err
	}
	l := parts.ListOf(r, "name")
	page := l.Page()
	page.Limit = 200
	all, err := p.Devices.Groups(r.Context(), r.Actor, p.customer(r), device.GroupQuery{Page: page})
	if err != nil {
		return err
	}
	o := parts.Order{Path: "/groups/defaults", Save: "/groups/defaults", Field: "group", Caption: r.T("groups.defaults"), Add: r.T("groups.add_to"), Review: r.T("form.save"), Edit: may.Do(access.DeviceEdit),
		Empty: ui.Empty{Icon: "list-details", Title: r.T("groups.no_defaults")}}
	for _, g := range append(now, all.Items...) {
		if !slices.ContainsFunc(o.Choices, func(c parts.Choice) bool { return c.ID == g.ID }) {
			o.Choices = append(o.Choices, parts.Choice{ID: g.ID, Name: g.Name, Note: g.Description, URL: "/groups/" + g.ID})
		}
	}
	for _, g := range now {
		o.Now = append(o.Now, g.ID)
	}
	return r.Show(ui.Full(below(r, device.Group{}, r.T("groups.defaults"), r.T("groups.defaults_lead")), o.Show(r)))
}

// SetDefaults changes them; phones that are there stay as they are (DM-133).
func (p Pages) SetDefaults(r *page.Request) error {
	tries(r, "edit", device.Group{})
	if _, err := p.Devices.SetDefaultGroups(r.Context(), r.Actor, p.customer(r), r.PostForm["group"]); err != nil {
		return err
	}
	return r.Done("/groups/defaults", r.T("groups.defaults_saved"))
}

// Knocks shows who asked in vain, the last first.
func (p Pages) Knocks(r *page.Request) error {
	l := parts.ListOf(r, "-last", "kind")
	found, err := p.Devices.Knocks(r.Context(), r.Actor, p.customer(r), device.KnockQuery{Kind: device.KnockKind(l.Get("kind")), Page: l.Page()})
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	choice := ui.Select{Name: "kind", Label: r.T("knocks.kind"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, k := range []device.KnockKind{device.UnknownMAC, device.WrongPassword, device.FailedHandshake} {
		choice.Options = append(choice.Options, ui.Option{Value: string(k), Label: r.T("knocks.kind." + string(k)), Selected: string(k) == l.Get("kind")})
	}
	f := l.Filters(nil)
	f.Fields = []templ.Component{choice}
	t := ui.Table{ID: "knocks", Caption: r.T("nav.knocks"), Pager: l.Pager(r, len(found.Items), -1, found.Next),
		Columns: []ui.Column{{Label: r.T("devices.mac")}, {Label: r.T("knocks.kind")}, {Label: r.T("devices.model")}, {Label: r.T("devices.ip")}, {Label: r.T("knocks.times"), Number: true}, l.Column(r.T("knocks.last"), "-last")},
		Empty:   ui.Empty{Icon: "login", Title: r.T("knocks.none"), Text: r.T("knocks.none_text")}}
	for _, k := range found.Items {
		mac := "–"
		if !k.MAC.IsZero() {
			mac = k.MAC.String()
		}
		row := ui.Row{ID: k.ID, Name: mac, Cells: []templ.Component{ui.Mono(mac), ui.Two(r.T("knocks.kind."+string(k.Kind)), k.Detail, ""), ui.Two(dash(k.Model), k.Maker, ""), ui.Mono(k.Address),
			ui.Text(ui.Number(r.Context(), k.Times)), ui.NoWrap(ui.Ago(r.Context(), r.Now(), k.Last.Time))}}
		if may.Do(access.DeviceEdit) {
			if !k.MAC.IsZero() {
				row.Actions = append(row.Actions, ui.Action{Label: r.T("knocks.adopt"), URL: "/knocks/" + k.ID + "/adopt", How: ui.Post, Icon: "plus"})
			}
			row.Actions = append(row.Actions, ui.Action{Label: r.T("knocks.dismiss"), URL: "/knocks/" + k.ID + "/dismiss", How: ui.Post, Icon: "x"})
		}
		t.Rows = append(t.Rows, row)
	}
	return r.Show(ui.Full(r.Shell(r.T("nav.knocks"), r.T("knocks.lead")), f, t))
}

func dash(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return "–"
	}
	return s
}

// Adopt makes a device of a phone that knocked, with one click.
func (p Pages) Adopt(r *page.Request) error {
	r.Tries("device/create", r.Actor.Place(), journal.Target{Kind: "knock", ID: r.PathValue("id")})
	d, err := p.Devices.Adopt(r.Context(), r.Actor, p.customer(r), r.PathValue("id"), device.New{})
	if err != nil {
		return err
	}
	return r.Done("/devices/"+d.ID, r.T("devices.added", "name", d.Shown()))
}

// Dismiss forgets a knock.
func (p Pages) Dismiss(r *page.Request) error {
	r.Tries("knock/dismiss", r.Actor.Place(), journal.Target{Kind: "knock", ID: r.PathValue("id")})
	if err := p.Devices.Dismiss(r.Context(), r.Actor, p.customer(r), r.PathValue("id")); err != nil {
		return err
	}
	return r.Done("/knocks", r.T("knocks.dismissed"))
}
