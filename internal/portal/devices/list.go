package devices

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/csvfile"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/network"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// listFilters are the parameters that narrow the list of devices.
var listFilters = []string{"maker", "status", "group", "site", "family", "model", "version", "result"}

func deviceQuery(l parts.List) device.Query {
	return device.Query{Text: l.Text(), Maker: l.Get("maker"), Status: device.Status(l.Get("status")), Group: l.Get("group"), Site: l.Get("site"), Family: l.Get("family"), Model: l.Get("model"),
		Version: l.Get("version"), Result: l.Get("result"), Page: l.Page()}
}

// column is something that the list can show beside the name.
type column struct {
	name, sort string
	minor      bool
	label      func(r *page.Request) string
	cell       func(r *page.Request, d device.Device, sites map[string]string) templ.Component
	text       func(r *page.Request, d device.Device, sites map[string]string) string
}

// plain is a column whose cell is its text.
func plain(name, sort string, label func(r *page.Request) string, text func(r *page.Request, d device.Device, sites map[string]string) string) column {
	return column{name: name, sort: sort, label: label, text: text, cell: func(r *page.Request, d device.Device, sites map[string]string) templ.Component {
		return parts.Dash(text(r, d, sites))
	}}
}

func columns() []column {
	stamp := func(t db.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02T15:04:05Z")
	}
	return []column{
		{name: "mac", sort: "mac", label: func(r *page.Request) string { return r.T("devices.mac") }, cell: func(_ *page.Request, d device.Device, _ map[string]string) templ.Component {
			return mono(d.Identifier())
		},
			text: func(_ *page.Request, d device.Device, _ map[string]string) string { return d.Identifier() }},
		{name: "model", label: func(r *page.Request) string { return r.T("devices.model") }, cell: func(_ *page.Request, d device.Device, _ map[string]string) templ.Component {
			return ui.Two(orDash(d.KnownModel()), d.Maker, "")
		}, text: func(_ *page.Request, d device.Device, _ map[string]string) string { return d.KnownModel() }},
		plain("family", "", func(r *page.Request) string { return r.T("phone.family") }, func(_ *page.Request, d device.Device, _ map[string]string) string { return d.Family }),
		{name: "status", label: func(r *page.Request) string { return r.T("phone.status") }, cell: func(r *page.Request, d device.Device, _ map[string]string) templ.Component { return status(r, d) },
			text: func(_ *page.Request, d device.Device, _ map[string]string) string { return string(d.Status) }},
		{name: "seen", sort: "-last_seen", label: func(r *page.Request) string { return r.T("devices.seen") }, cell: func(r *page.Request, d device.Device, _ map[string]string) templ.Component { return seenCell(r, d) },
			text: func(_ *page.Request, d device.Device, _ map[string]string) string { return stamp(d.LastSeen) }},
		plain("ip", "", func(r *page.Request) string { return r.T("devices.ip") }, func(_ *page.Request, d device.Device, _ map[string]string) string { return d.LastIP }),
		plain("private", "", func(r *page.Request) string { return r.T("phone.private_ip") }, func(_ *page.Request, d device.Device, _ map[string]string) string { return d.PrivateIP }),
		plain("site", "", func(r *page.Request) string { return r.T("phone.site") }, func(_ *page.Request, d device.Device, sites map[string]string) string { return sites[d.SiteID] }),
		plain("software", "", func(r *page.Request) string { return r.T("devices.software") }, func(_ *page.Request, d device.Device, _ map[string]string) string { return d.SoftwareVersion }),
		{name: "result", label: func(r *page.Request) string { return r.T("phone.result") }, cell: func(r *page.Request, d device.Device, _ map[string]string) templ.Component { return result(r, d) },
			text: func(_ *page.Request, d device.Device, _ map[string]string) string { return d.Result }},
		plain("serial", "", func(r *page.Request) string { return r.T("devices.serial") }, func(_ *page.Request, d device.Device, _ map[string]string) string { return d.Serial }),
		{name: "added", sort: "-created", minor: true, label: func(r *page.Request) string { return r.T("customer.added") }, cell: func(r *page.Request, d device.Device, _ map[string]string) templ.Component {
			return ui.NoWrap(ui.Date(r.Context(), d.Created.Time))
		}, text: func(_ *page.Request, d device.Device, _ map[string]string) string { return stamp(d.Created) }},
	}
}

// usual are the columns as long as nobody chose others.
var usual = []string{"mac", "model", "seen", "software", "added"}

// The cookies of the list: which columns somebody chose, and the conditions of this session (DM-24).
const (
	columnCookie = "lc_device_columns"
	lastCookie   = "lc_device_list"
)

func chosenColumns(r *page.Request) []column {
	names := usual
	if c, err := r.Cookie(columnCookie); err == nil {
		names = strings.Split(c.Value, ".")
	}
	var out []column
	for _, c := range columns() {
		if slices.Contains(names, c.name) {
			out = append(out, c)
		}
	}
	return out
}

// SetColumns remembers in this browser which columns the list shows.
func (p Pages) SetColumns(r *page.Request) error {
	var names []string
	for _, c := range columns() {
		if slices.Contains(r.PostForm["column"], c.name) {
			names = append(names, c.name)
		}
	}
	cookie(r, columnCookie, strings.Join(names, "."), 365*24*60*60)
	return r.Redirect(backTo(r))
}

// backTo is the list with the conditions that a form carries.
func backTo(r *page.Request) string {
	if q := r.PostFormValue("query"); q != "" {
		return "/devices?" + q
	}
	return "/devices?all=1"
}

func cookie(r *page.Request, name, value string, age int) {
	http.SetCookie(r.W, &http.Cookie{Name: name, Value: value, Path: "/devices", MaxAge: age, HttpOnly: true, Secure: r.TLS != nil || ui.PrefsOf(r.Context()).Secure, SameSite: http.SameSiteLaxMode})
}

// again leads to the list as it was left in this session, when somebody comes back to it without saying how it shall be (DM-24).
func again(r *page.Request) (string, bool) {
	mark := r.Actor.SessionID + "." + r.Actor.Place().ID + "."
	if r.URL.RawQuery == "" {
		c, err := r.Cookie(lastCookie)
		if err != nil {
			return "", false
		}
		q, ours := strings.CutPrefix(c.Value, url.QueryEscape(mark))
		q, err = url.QueryUnescape(q)
		if v, bad := url.ParseQuery(q); !ours || err != nil || bad != nil || len(v) == 0 {
			return "", false
		}
		return "/devices?" + q, true
	}
	l := parts.ListOf(r, "", listFilters...)
	if q := strings.TrimPrefix(l.Query(), "?"); len(q) < 1500 {
		cookie(r, lastCookie, url.QueryEscape(mark+q), 0)
	}
	return "", false
}

// siteNames names the sites of the customer.
func (p Pages) siteNames(r *page.Request) (map[string]string, []network.Site, error) {
	all, err := p.Networks.Sites(r.Context(), p.DB, p.customer(r))
	names := map[string]string{}
	for _, s := range all {
		names[s.ID] = s.Name
	}
	slices.SortFunc(all, func(a, b network.Site) int { return strings.Compare(a.NameFold, b.NameFold) })
	return names, all, err
}

// List shows the phones of the customer with what the person chose to see of them.
func (p Pages) List(r *page.Request) error {
	if to, yes := again(r); yes {
		return r.Redirect(to)
	}
	l := parts.ListOf(r, "name", listFilters...)
	found, err := p.Devices.List(r.Context(), r.Actor, p.customer(r), deviceQuery(l))
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	sites, allSites, err := p.siteNames(r)
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.devices"), r.T("devices.lead"))
	add := may.Offer(access.DeviceEdit, ui.Action{Label: r.T("devices.add"), URL: "/devices/new", Icon: "plus", Style: "primary"})
	s.Actions = append(add, may.Offer(access.DeviceEdit, ui.Action{Label: r.T("devices.import"), URL: "/devices/import", Icon: "upload"})...)
	s.Actions = append(s.Actions, ui.Action{Label: r.T("devices.export_all"), URL: "/devices/export", Icon: "download"})
	f, err := p.listBar(r, l, allSites)
	if err != nil {
		return err
	}
	chosen := chosenColumns(r)
	t := ui.Table{ID: "devices", Caption: r.T("nav.devices"), Pager: l.Pager(r, len(found.Items), found.Total, found.Next), Columns: []ui.Column{l.Column(r.T("devices.name"), "name")},
		Empty: ui.Empty{Icon: "device-landline-phone", Title: r.T("devices.none"), Text: r.T("devices.none_text"), Actions: add}}
	for _, c := range chosen {
		head := ui.Column{Label: c.label(r)}
		if c.sort != "" {
			head = l.Column(c.label(r), c.sort)
		}
		head.Minor = c.minor
		t.Columns = append(t.Columns, head)
	}
	if l.Filtered() {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("devices.none_found"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: "/devices?all=1"}}}
	}
	t.Bulk = parts.Actions(may.Offer(access.DeviceAct, ui.Action{Label: r.T("phone.sync"), URL: "/devices/bulk/sync", Icon: "refresh"}),
		may.Offer(access.DeviceEdit, ui.Action{Label: r.T("groups.put_in"), URL: "/devices/bulk/group", Icon: "plus"}), may.Offer(access.DeviceEdit, ui.Action{Label: r.T("action.delete"), URL: "/devices/bulk/delete", Icon: "trash", Style: "danger"}))
	t.Bulk = slices.DeleteFunc(t.Bulk, func(a ui.Action) bool { return a.Disabled })
	t.Select = len(t.Bulk) > 0
	for _, d := range found.Items {
		row := ui.Row{ID: d.ID, Name: label(d), Cells: []templ.Component{ui.Two(label(d), d.Description, "/devices/"+d.ID)}}
		for _, c := range chosen {
			row.Cells = append(row.Cells, c.cell(r, d, sites))
		}
		if may.Do(access.DeviceEdit) {
			row.Actions = []ui.Action{{Label: r.T("action.edit"), URL: "/devices/" + d.ID + "/edit", Icon: "pencil"},
				{Label: r.T("action.delete"), URL: "/devices/" + d.ID + "/delete", How: ui.Confirm, Icon: "trash", Style: "danger"}}
		}
		t.Rows = append(t.Rows, row)
	}
	tools, err := p.listTools(r, l, chosen)
	if err != nil {
		return err
	}
	return r.Show(ui.Full(s, f, ui.Note(ui.N(r.Context(), "devices.matches", int(found.Total))), tools, t))
}

// listBar is the search box and the filters, which combine (DM-21, DM-22).
func (p Pages) listBar(r *page.Request, l parts.List, sites []network.Site) (ui.Filters, error) {
	f := l.Filters(l.Search(r.T("devices.search")))
	if f.ClearURL != "" {
		f.ClearURL = "/devices?all=1"
	}
	choice := func(name, text string, options ...ui.Option) {
		s := ui.Select{Name: name, Label: text, Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
		known := l.Get(name) == ""
		for _, o := range options {
			o.Selected = o.Value == l.Get(name)
			known = known || o.Selected
			s.Options = append(s.Options, o)
		}
		if !known {
			s.Options = append(s.Options, ui.Option{Value: l.Get(name), Label: l.Get(name), Selected: true})
		}
		f.Fields = append(f.Fields, s)
	}
	choice("status", r.T("phone.status"), ui.Option{Value: string(device.Online), Label: r.T("phone.status.online")}, ui.Option{Value: string(device.Offline), Label: r.T("phone.status.offline")},
		ui.Option{Value: string(device.Never), Label: r.T("devices.never_seen")})
	choice("result", r.T("phone.result"), ui.Option{Value: device.Provisioned, Label: r.T("phone.result.ok")}, ui.Option{Value: device.NotProvisioned, Label: r.T("phone.result.failed")})
	at := []ui.Option{}
	for _, s := range sites[:min(len(sites), 500)] {
		at = append(at, ui.Option{Value: s.ID, Label: s.Name})
	}
	choice("site", r.T("phone.site"), at...)
	groups, err := p.allGroups(r)
	if err != nil {
		return f, err
	}
	in := []ui.Option{}
	for _, g := range groups[:min(len(groups), 500)] {
		in = append(in, ui.Option{Value: g.ID, Label: g.Name})
	}
	if len(in) > 0 || l.Get("group") != "" {
		choice("group", r.T("devices.group"), in...)
	}
	families := []ui.Option{}
	for _, x := range device.FamilyNames() {
		families = append(families, ui.Option{Value: x, Label: x})
	}
	choice("family", r.T("phone.family"), append(families, ui.Option{Value: device.Unknown, Label: r.T("dashboard.unknown")})...)
	if l.Get("maker") != "" {
		f.Fields = append(f.Fields, ui.Carry("maker", l.Get("maker")))
	}
	for name, text := range map[string]string{"model": r.T("devices.model"), "version": r.T("devices.software")} {
		if l.Get(name) != "" { // they come from the dashboard; typing is what the search box is for
			choice(name, text, ui.Option{Value: device.Unknown, Label: r.T("dashboard.unknown")})
		}
	}
	return f, nil
}

// viewsOf is under what the list's views are kept.
const viewsOf = "/devices"

// listTools are what is done with the list as it is: export, columns, kept views.
func (p Pages) listTools(r *page.Request, l parts.List, chosen []column) (templ.Component, error) {
	query := strings.TrimPrefix(l.Query(), "?")
	carried := []ui.Hidden{{Name: "query", Value: query}}
	pick := ui.Choices{Name: "column", Label: r.T("devices.columns"), Columns: true}
	for _, c := range columns() {
		pick.Options = append(pick.Options, ui.Option{Value: c.name, Label: c.label(r), Selected: slices.ContainsFunc(chosen, func(x column) bool { return x.name == c.name })})
	}
	views, err := p.Accounts.Views(r.Context(), r.Actor, viewsOf)
	if err != nil {
		return nil, err
	}
	var kept []templ.Component
	for _, v := range views {
		to := "/devices?" + v.Query
		if v.Query == "" {
			to = "/devices?all=1"
		}
		kept = append(kept, ui.Buttons(ui.Action{Label: v.Name, URL: to, Icon: "filter"}, ui.Action{Label: r.T("views.drop"), About: v.Name, URL: "/device-views/" + v.ID + "/delete", How: ui.Post, Style: "quiet", Hidden: carried}))
	}
	if len(kept) == 0 {
		kept = append(kept, ui.Para(r.T("views.none")))
	}
	keep := ui.FormOf(ui.Form{URL: "/devices/views", Submit: r.T("views.keep"), Hidden: carried, Narrow: true}, ui.Input{Name: "name", Label: r.T("views.name"), Required: true, Max: 64, Autocomplete: "off"})
	return ui.Toolbar(ui.Buttons(ui.Action{Label: r.T("devices.export_shown"), URL: "/devices/export.csv" + l.Query(), Icon: "download"}),
		ui.Details(r.T("devices.columns"), ui.FormOf(ui.Form{URL: "/devices/columns", Submit: r.T("devices.columns_set"), Hidden: carried}, pick)),
		ui.Details(ui.N(r.Context(), "views.title", len(views)), append(kept, keep)...)), nil
}

// KeepView keeps the list as it is under a name.
func (p Pages) KeepView(r *page.Request) error {
	name := r.PostFormValue("name")
	query := r.PostFormValue("query")
	if _, err := url.ParseQuery(query); err != nil {
		query = ""
	}
	if _, err := p.Accounts.KeepView(r.Context(), r.Actor, viewsOf, viewNamed(name, query)); err != nil {
		r.Flash(ui.Bad, ui.FaultsOf(r.Context(), err, "name", r.T("views.name")).Text)
		return r.Redirect(backTo(r))
	}
	return r.Done(backTo(r), r.T("views.kept", "name", name))
}

// DropView forgets a kept view.
func (p Pages) DropView(r *page.Request) error {
	if err := p.Accounts.DropView(r.Context(), r.Actor, r.PathValue("view")); err != nil {
		return err
	}
	return r.Done(backTo(r), r.T("views.dropped"))
}

// ExportShown gives the list with its conditions, its order and its columns as a table, all pages of it, row by row.
func (p Pages) ExportShown(r *page.Request) error {
	l := parts.ListOf(r, "name", listFilters...)
	q := deviceQuery(l)
	q.Page.Limit, q.Page.Cursor = 1000, ""
	sites, _, err := p.siteNames(r)
	if err != nil {
		return err
	}
	found, err := p.Devices.List(r.Context(), r.Actor, p.customer(r), q)
	if err != nil {
		return err
	}
	h := r.W.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="devices-shown.csv"`)
	h.Set("Cache-Control", "no-store")
	r.W.WriteHeader(http.StatusOK)
	out := csv.NewWriter(r.W)
	chosen := chosenColumns(r)
	head := []string{r.T("devices.name")}
	for _, c := range chosen {
		head = append(head, c.label(r))
	}
	_ = out.Write(append(head, r.T("devices.description")))
	for {
		for _, d := range found.Items {
			row := []string{csvfile.Armed(d.Name)}
			for _, c := range chosen {
				row = append(row, csvfile.Armed(c.text(r, d, sites)))
			}
			if err := out.Write(append(row, csvfile.Armed(d.Description))); err != nil {
				return err
			}
		}
		out.Flush()
		if err := out.Error(); err != nil || found.Next == "" {
			return err
		}
		q.Page.Cursor = found.Next
		if found, err = p.Devices.List(r.Context(), r.Actor, p.customer(r), q); err != nil {
			return err
		}
	}
}
