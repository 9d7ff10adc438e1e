// Package sites owns the pages of a customer's sites: which networks they are, which phones are there, and files of them.
//
// It must not know which site a phone is at: rooms network and device say it, and a change of subnets becomes a plan before phones get it.
package sites

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/network"
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
		{Pattern: "GET /sites", In: in, Needs: access.DeviceView, Serve: p.List},
		{Pattern: "GET /sites/new", In: in, Needs: access.DeviceEdit, Serve: p.Add},
		{Pattern: "POST /sites/new", In: in, Needs: access.DeviceEdit, Serve: p.Create},
		{Pattern: "GET /sites/export", In: in, Needs: access.DeviceView, Serve: p.Export},
		{Pattern: "GET /sites/import", In: in, Needs: access.DeviceEdit, Serve: p.AskImport},
		{Pattern: "POST /sites/import", In: in, Needs: access.DeviceEdit, Serve: p.Import},
		{Pattern: "GET /site-imports/{operation}", In: in, Needs: access.DeviceEdit, Serve: p.ImportLog},
		{Pattern: "GET /site-imports/{operation}/progress", In: in, Needs: access.DeviceEdit, Serve: p.ImportProgress},
		{Pattern: "GET /sites/{id}", In: in, Needs: access.DeviceView, Serve: p.Show},
		{Pattern: "GET /sites/{id}/edit", In: in, Needs: access.DeviceEdit, Serve: p.Edit},
		{Pattern: "POST /sites/{id}/edit", In: in, Needs: access.DeviceEdit, Serve: p.Save},
		{Pattern: "GET /sites/{id}/delete", In: in, Needs: access.DeviceEdit, Serve: p.AskDelete},
		{Pattern: "POST /sites/{id}/delete", In: in, Needs: access.DeviceEdit, Serve: p.Delete},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Label: "nav.sites", URL: "/sites", Icon: "building-skyscraper"}}

func (p Pages) customer(r *page.Request) string { return r.Actor.Place().ID }

func tries(r *page.Request, what string, s network.Site) {
	r.Tries("site/"+what, r.Actor.Place(), journal.Target{Kind: "site", ID: s.ID, Name: s.Name})
}

func below(r *page.Request, s network.Site, title, lead string) ui.Shell {
	shell := r.Shell(title, lead)
	shell.Crumbs = []ui.Crumb{{Label: r.T("nav.sites"), URL: "/sites"}}
	if s.ID != "" && title != s.Name {
		shell.Crumbs = append(shell.Crumbs, ui.Crumb{Label: s.Name, URL: "/sites/" + s.ID})
	}
	return shell
}

// List shows the sites with how many phones are there (DM-41).
func (p Pages) List(r *page.Request) error {
	l := parts.ListOf(r, "name")
	found, err := p.Networks.List(r.Context(), r.Actor, p.customer(r), network.Query{Text: l.Text(), Page: l.Page()})
	if err != nil {
		return err
	}
	n, err := p.Devices.SiteCounts(r.Context(), p.DB, p.customer(r))
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.sites"), r.T("sites.lead"))
	add := may.Offer(access.DeviceEdit, ui.Action{Label: r.T("sites.add"), URL: "/sites/new", Icon: "plus", Style: "primary"})
	s.Actions = parts.Actions(add, may.Offer(access.DeviceEdit, ui.Action{Label: r.T("sites.import"), URL: "/sites/import", Icon: "upload"}), []ui.Action{{Label: r.T("devices.export"), URL: "/sites/export", Icon: "download"}})
	t := ui.Table{ID: "sites", Caption: r.T("nav.sites"), Pager: l.Pager(r, len(found.Items), found.Total, found.Next),
		Columns: []ui.Column{l.Column(r.T("devices.name"), "name"), {Label: r.T("sites.subnets")}, {Label: r.T("sites.location"), Minor: true}, {Label: r.T("nav.devices"), Number: true}},
		Empty:   ui.Empty{Icon: "search", Title: r.T("sites.none"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: "/sites"}}}}
	for _, x := range found.Items {
		row := ui.Row{ID: x.ID, Name: x.Name, Cells: []templ.Component{ui.Two(x.Name, x.Description, "/sites/"+x.ID), subnetCell(r, x), parts.Dash(x.LocationName), phonesAt(r, x, n[x.ID])}}
		if !x.Fixed && may.Do(access.DeviceEdit) {
			row.Actions = []ui.Action{{Label: r.T("action.edit"), URL: "/sites/" + x.ID + "/edit", Icon: "pencil"}, {Label: r.T("action.delete"), URL: "/sites/" + x.ID + "/delete", How: ui.Confirm, Icon: "trash", Style: "danger"}}
		}
		t.Rows = append(t.Rows, row)
	}
	return r.Show(ui.Full(s, l.Filters(l.Search(r.T("sites.search"))), t))
}

// phonesAt is the number of phones at a site as a link to them.
func phonesAt(r *page.Request, s network.Site, n int64) templ.Component {
	if n == 0 {
		return ui.Quiet("0")
	}
	return ui.Link(ui.Number(r.Context(), n), "/devices?site="+s.ID)
}

// subnetCell shows the first subnets of a site.
func subnetCell(r *page.Request, s network.Site) templ.Component {
	const most = 3
	switch {
	case s.Fixed:
		return ui.Quiet(r.T("sites.everything_else"))
	case s.Placeholder():
		return ui.Quiet(r.T("sites.placeholder"))
	}
	var out []templ.Component
	for i, n := range s.Networks() {
		if i == most {
			out = append(out, ui.Quiet(ui.N(r.Context(), "sites.more", len(s.Subnets)-most)))
			break
		}
		out = append(out, ui.Coded(n.Public, strings.Join(n.Private[:min(len(n.Private), most)], ", ")))
	}
	return ui.Stack(out...)
}

// mostPhones is how many phones the page of a site shows; the list has the rest.
const mostPhones = 20

// Show is the page of one site: its networks, and the phones that are there with why.
func (p Pages) Show(r *page.Request) error {
	x, err := p.Networks.Get(r.Context(), r.Actor, p.customer(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	s := below(r, x, x.Name, x.Description)
	at := "/sites/" + x.ID
	if !x.Fixed {
		s.Actions = parts.Actions(may.Offer(access.DeviceEdit, ui.Action{Label: r.T("action.edit"), URL: at + "/edit", Icon: "pencil", Style: "primary"}),
			may.Offer(access.DeviceEdit, ui.Action{Label: r.T("action.delete"), URL: at + "/delete", How: ui.Confirm, Icon: "trash"}))
	}
	if may.Do(access.ProfileView) {
		s.Actions = append(s.Actions, ui.Action{Label: r.T("groups.profiles"), URL: "/deployment/site/" + x.ID})
	}
	found, err := p.Devices.List(r.Context(), r.Actor, p.customer(r), device.Query{Site: x.ID, Page: db.Page{Limit: mostPhones}})
	if err != nil {
		return err
	}
	m, err := p.Networks.Map(r.Context(), p.DB, p.customer(r))
	if err != nil {
		return err
	}
	t := ui.Table{ID: "phones", Caption: r.T("nav.devices"), Columns: []ui.Column{{Label: r.T("devices.name")}, {Label: r.T("devices.mac")}, {Label: r.T("devices.ip")}, {Label: r.T("sites.why")}},
		Empty: ui.Empty{Icon: "device-landline-phone", Title: r.T("sites.no_phones"), Text: r.T("sites.no_phones_text")}}
	for _, d := range found.Items {
		t.Rows = append(t.Rows, ui.Row{ID: d.ID, Name: d.Shown(), Cells: []templ.Component{ui.Two(d.Shown(), d.KnownModel(), "/devices/"+d.ID), ui.Mono(d.Identifier()), ui.Coded(cmp.Or(d.LastIP, "–"), d.PrivateIP),
			ui.Text(Why(r, d, m))}})
	}
	networks := ui.Table{ID: "subnets", Caption: r.T("sites.subnets"), Columns: []ui.Column{{Label: r.T("sites.public")}, {Label: r.T("sites.private")}}, Empty: ui.Empty{Icon: "building-skyscraper", Title: r.T("sites.everything_else"), Text: r.T("sites.fixed_text")}}
	for _, n := range x.Networks() {
		networks.Rows = append(networks.Rows, ui.Row{ID: n.Public, Cells: []templ.Component{ui.Mono(n.Public), ui.Lines(cmp.Or(strings.Join(n.Private, "\n"), "–"))}})
	}
	facts := ui.CardOf(r.T("customers.details"), ui.Definitions([]ui.Def{{Term: r.T("sites.location"), Value: parts.Dash(x.LocationName)}, {Term: r.T("sites.path"), Value: parts.Dash(x.DownloadPath)},
		{Term: r.T("nav.devices"), Value: phonesAt(r, x, found.Total)}}))
	return r.Show(ui.Full(s, facts, ui.Heading(r.T("sites.subnets")), networks, ui.Heading(r.T("nav.devices")), ui.Note(r.T("pager.shown", "n", len(found.Items), "total", found.Total)), t))
}

// Why says in a sentence why a phone is at its site: a pin, the subnets that its addresses lie in, or nothing else matched (DM-46).
func Why(r *page.Request, d device.Device, m *network.Map) string {
	if d.SitePinned {
		return r.T("sites.why_pinned")
	}
	public, err := netip.ParseAddr(d.LastIP)
	if err != nil {
		return r.T("sites.why_unseen")
	}
	private, _ := netip.ParseAddr(d.PrivateIP)
	switch match := m.Resolve(public, private); {
	case match.SiteID != d.SiteID:
		return r.T("sites.why_moved")
	case match.Private.IsValid():
		return r.T("sites.why_both", "public", match.Public.String(), "private", match.Private.String())
	case match.Public.IsValid():
		return r.T("sites.why_public", "public", match.Public.String())
	}
	return r.T("sites.why_rest")
}

// typed is the form of a site as it stands.
type typed struct{ name, description, location, path, subnets string }

func formOf(x network.Site) typed {
	var lines []string
	for _, n := range x.Networks() {
		line := n.Public
		if len(n.Private) > 0 {
			line += ": " + strings.Join(n.Private, ", ")
		}
		lines = append(lines, line)
	}
	return typed{x.Name, x.Description, x.LocationName, x.DownloadPath, strings.Join(lines, "\n")}
}

func read(r *page.Request) typed {
	v := r.PostFormValue
	return typed{v("name"), v("description"), v("location_name"), v("download_path"), v("subnets")}
}

// networks reads one public subnet a line, with its private ones behind a colon and a space. IPv6 has colons, so the space counts.
func (t typed) networks() []network.Networks {
	out := []network.Networks{}
	for line := range strings.SplitSeq(t.subnets, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		public, rest, _ := strings.Cut(line, ": ")
		n := network.Networks{Public: strings.TrimSpace(strings.TrimSuffix(public, ":"))}
		for part := range strings.FieldsFuncSeq(rest, func(c rune) bool { return c == ',' || c == ';' || c == ' ' }) {
			n.Private = append(n.Private, part)
		}
		out = append(out, n)
	}
	return out
}

// faults says the faults of subnets at the field that holds all of them, with their line.
func faults(r *page.Request, err error) ui.Faults {
	if err != nil {
		e := *errs.As(err)
		e.Fields = slices.Clone(e.Fields)
		for i, f := range e.Fields {
			if strings.HasPrefix(f.Name, "subnets[") {
				e.Fields[i].Name = "subnets"
			}
		}
		if code := errs.CodeOf(err); code == "name_taken" || code == "site_limit" || code == "subnet_taken" || code == "subnet_limit" {
			name := "name"
			if strings.HasPrefix(code, "subnet") {
				name = "subnets"
			}
			e.Fields = append(e.Fields, errs.Field{Name: name, Code: "taken", Message: "This is in use already."})
		}
		err = &e
	}
	return ui.FaultsOf(r.Context(), err, "name", r.T("devices.name"), "description", r.T("devices.description"), "location_name", r.T("sites.location"), "download_path", r.T("sites.path"), "subnets", r.T("sites.subnets"))
}

func sitePage(r *page.Request, now network.Site, t typed, err error) templ.Component {
	f := faults(r, err)
	title, url, back := r.T("sites.add"), "/sites/new", "/sites"
	if now.ID != "" {
		title, url, back = r.T("customers.edit", "name", now.Name), "/sites/"+now.ID+"/edit", "/sites/"+now.ID
	}
	was := formOf(now)
	return ui.Full(below(r, now, title, r.T("sites.form_lead")), ui.CardOf("", ui.FormOf(ui.Form{URL: url, Faults: f, Submit: r.T("plans.review"), Cancel: back, Guard: true, Hidden: []ui.Hidden{page.Versioned(now.Version)}},
		ui.Input{Name: "name", Label: r.T("devices.name"), Value: t.name, Required: true, Max: 128, Autocomplete: "off", Fault: f.For("name"), Hint: r.Meanwhile(err, t.name, was.name)},
		ui.Input{Name: "description", Label: r.T("devices.description"), Value: t.description, Optional: true, Max: 256, Autocomplete: "off", Fault: f.For("description")},
		ui.Input{Name: "location_name", Label: r.T("sites.location"), Value: t.location, Optional: true, Max: 128, Autocomplete: "off", Fault: f.For("location_name")},
		ui.Input{Name: "download_path", Label: r.T("sites.path"), Value: t.path, Optional: true, Max: 300, Mono: true, Autocomplete: "off", Placeholder: "https://relay.example.com/", Hint: r.T("sites.path_hint"), Fault: f.For("download_path")},
		ui.Area{Name: "subnets", Label: r.T("sites.subnets"), Value: t.subnets, Required: true, Rows: 8, Mono: true, Hint: cmp.Or(r.Meanwhile(err, t.subnets, was.subnets), r.T("sites.subnets_hint")), Fault: f.For("subnets")})))
}

// Add shows the empty form.
func (p Pages) Add(r *page.Request) error {
	return r.Show(sitePage(r, network.Site{}, typed{}, nil))
}

// moves says from where phones would come and to where they would go if do happened; do is taken back.
func (p Pages) moves(r *page.Request, do func(ctx context.Context) error) ([]string, error) {
	var out []string
	err := p.DB.Tx(db.DryRun(r.Context()), func(ctx context.Context, tx *db.Tx) error {
		before, err := p.Devices.SiteCounts(ctx, tx, p.customer(r))
		if err != nil {
			return err
		}
		names := map[string]string{}
		know := func() error {
			all, err := p.Networks.Sites(ctx, tx, p.customer(r))
			for _, s := range all {
				names[s.ID] = s.Name
			}
			return err
		}
		if err := know(); err != nil {
			return err
		}
		if err := do(ctx); err != nil {
			return err
		}
		if err := know(); err != nil {
			return err
		}
		after, err := p.Devices.SiteCounts(ctx, tx, p.customer(r))
		out = nil
		for id, name := range names {
			if d := after[id] - before[id]; d > 0 {
				out = append(out, ui.N(ctx, "sites.come", int(d), "site", name))
			} else if d < 0 {
				out = append(out, ui.N(ctx, "sites.go", int(-d), "site", name))
			}
		}
		slices.Sort(out)
		return err
	})
	return out, err
}

// Create first says which phones would come, then adds the site (DM-42). Nothing is lost by it: deleting the site puts the phones back,
// so it needs no plan of its own.
func (p Pages) Create(r *page.Request) error {
	t := read(r)
	n := network.New{Name: t.name, Description: t.description, LocationName: t.location, DownloadPath: t.path, Subnets: t.networks()}
	tries(r, "create", network.Site{Name: t.name})
	create := func(ctx context.Context) (network.Site, error) {
		return p.Networks.Create(ctx, r.Actor, p.customer(r), n)
	}
	if r.PostFormValue("sure") == "" {
		come, err := p.moves(r, func(ctx context.Context) error { _, err := create(ctx); return err })
		if err != nil {
			return r.Again(err, sitePage(r, network.Site{}, t, err))
		}
		if len(come) > 0 {
			return r.Show(ui.Full(below(r, network.Site{}, r.T("sites.add"), ""), ui.Question{Title: r.T("sites.add_title", "name", t.name), Text: r.T("sites.add_text"), Consequences: come, URL: "/sites/new", Submit: r.T("sites.add"),
				CancelURL: "/sites", Hidden: []ui.Hidden{{Name: "sure", Value: "yes"}, {Name: "name", Value: t.name}, {Name: "description", Value: t.description}, {Name: "location_name", Value: t.location},
					{Name: "download_path", Value: t.path}, {Name: "subnets", Value: t.subnets}}}))
		}
	}
	x, err := create(r.Context())
	if err != nil {
		return r.Again(err, sitePage(r, network.Site{}, t, err))
	}
	return r.Done("/sites/"+x.ID, r.T("devices.added", "name", x.Name))
}

func (p Pages) one(r *page.Request) (network.Site, error) {
	return p.Networks.Get(r.Context(), r.Actor, p.customer(r), r.PathValue("id"))
}

// Edit shows the form of a site.
func (p Pages) Edit(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	return r.Show(sitePage(r, x, formOf(x), nil))
}

// Save changes what people say of a site at once, and makes a plan of where its phones are and from where they get software.
func (p Pages) Save(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "edit", x)
	t := read(r)
	patch := network.Patch{Name: &t.name, Description: &t.description, LocationName: &t.location, IfVersion: r.Version()}
	asked := config.Asked{Kind: config.SiteUpdate, SiteID: &x.ID}
	if n := t.networks(); t.subnets != formOf(x).subnets {
		asked.Subnets = &n
	}
	if t.path != x.DownloadPath {
		asked.Path = &t.path
	}
	if !r.Actor.Can(access.ProfileView) { // who may not look at plans saves at once, as before there were any
		patch.Subnets, patch.DownloadPath = asked.Subnets, asked.Path
		asked.Subnets, asked.Path = nil, nil
	}
	check := patch
	check.Subnets, check.DownloadPath = asked.Subnets, asked.Path
	if patch.Subnets != nil {
		check.Subnets, check.DownloadPath = patch.Subnets, patch.DownloadPath
	}
	_, err = p.Networks.Edit(db.DryRun(r.Context()), r.Actor, p.customer(r), x.ID, check) // all faults before any of it happens
	if err == nil {
		_, err = p.Networks.Edit(r.Context(), r.Actor, p.customer(r), x.ID, patch)
	}
	if err == nil && (asked.Subnets != nil || asked.Path != nil) {
		if err = plans.Propose(r, p.Deps, asked, "/sites/"+x.ID); err == nil {
			return nil
		}
	}
	if err != nil {
		return r.Again(err, sitePage(r, x, t, err))
	}
	return r.Done("/sites/"+x.ID, r.T("customers.saved", "name", t.name))
}

// AskDelete asks before a site goes and says where its phones would be.
func (p Pages) AskDelete(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	q := ui.Question{Title: r.T("devices.delete_title", "name", x.Name), Text: r.T("sites.delete_text"), URL: "/sites/" + x.ID + "/delete", Submit: r.T("action.delete"), Danger: true, CancelURL: "/sites/" + x.ID,
		Hidden: []ui.Hidden{page.Versioned(x.Version)}}
	q.Consequences, err = p.moves(r, func(ctx context.Context) error { return p.Networks.Delete(ctx, r.Actor, p.customer(r), x.ID, 0) })
	if err != nil {
		return err
	}
	return r.Show(ui.Full(below(r, x, r.T("action.delete"), ""), q))
}

// Delete removes a site; its phones are at the one that matches then (DM-52).
func (p Pages) Delete(r *page.Request) error {
	x, err := p.one(r)
	if err != nil {
		return err
	}
	tries(r, "delete", x)
	if err := p.Networks.Delete(r.Context(), r.Actor, p.customer(r), x.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/sites", r.T("devices.deleted", "name", x.Name))
}

// Export gives all sites as Import reads them (DM-61).
func (p Pages) Export(r *page.Request) error {
	h := r.W.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="sites.csv"`)
	h.Set("Cache-Control", "no-store")
	r.W.WriteHeader(http.StatusOK)
	return p.Networks.Export(r.Context(), r.Actor, p.customer(r), "", r.W)
}
