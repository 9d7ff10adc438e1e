// Package devices owns the pages of a customer's phones and of what they share: the list, one phone, and the provisioning
// settings with the account that phones present.
//
// It must not know what a phone gets, and never says that a phone is registered: that it asked for its configuration is
// another fact (decision 17 of the design).
package devices

import (
	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/plans"
	"linecard/internal/portal/ui"
)

// Pages are the pages of devices.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	in := page.Customer
	return []page.Route{
		{Pattern: "GET /devices", In: in, Needs: access.DeviceView, Serve: p.List},
		{Pattern: "GET /devices/export.csv", In: in, Needs: access.DeviceView, Serve: p.ExportShown},
		{Pattern: "POST /devices/columns", In: in, Needs: access.DeviceView, Serve: p.SetColumns},
		{Pattern: "POST /devices/views", In: in, Needs: access.DeviceView, Serve: p.KeepView},
		{Pattern: "POST /device-views/{view}/delete", In: in, Needs: access.DeviceView, Serve: p.DropView},
		{Pattern: "POST /devices/bulk/delete", In: in, Needs: access.DeviceEdit, Serve: p.BulkDelete},
		{Pattern: "POST /devices/bulk/sync", In: in, Needs: access.DeviceAct, Serve: p.BulkSync},
		{Pattern: "POST /devices/bulk/group", In: in, Needs: access.DeviceEdit, Serve: p.BulkGroup},
		{Pattern: "GET /devices/new", In: in, Needs: access.DeviceEdit, Serve: p.Add},
		{Pattern: "POST /devices/new", In: in, Needs: access.DeviceEdit, Serve: p.Create},
		{Pattern: "GET /devices/{id}", In: in, Needs: access.DeviceView, Serve: p.Show},
		{Pattern: "GET /devices/{id}/edit", In: in, Needs: access.DeviceEdit, Serve: p.Edit},
		{Pattern: "POST /devices/{id}/edit", In: in, Needs: access.DeviceEdit, Serve: p.Save},
		{Pattern: "GET /devices/{id}/delete", In: in, Needs: access.DeviceEdit, Serve: p.AskDelete},
		{Pattern: "POST /devices/{id}/delete", In: in, Needs: access.DeviceEdit, Serve: p.Delete},
		{Pattern: "GET /devices/{id}/configuration", In: in, Needs: access.ProfileView, Serve: p.Configuration},
		{Pattern: "GET /devices/{id}/files", In: in, Needs: access.ProfileView, Serve: p.Files},
		{Pattern: "GET /devices/{id}/files/{name...}", In: in, Needs: access.ProfileView, Serve: p.File},
		{Pattern: "POST /devices/{id}/files/{name...}", In: in, Needs: access.SecretReveal, Serve: p.RevealFile},
		{Pattern: "GET /devices/{id}/lines", In: in, Needs: access.DeviceView, Serve: p.Lines},
		{Pattern: "GET /devices/{id}/lines/new", In: in, Needs: access.DeviceEdit, Serve: p.AddLine},
		{Pattern: "POST /devices/{id}/lines/new", In: in, Needs: access.DeviceEdit, Serve: p.CreateLine},
		{Pattern: "GET /devices/{id}/lines/{line}", In: in, Needs: access.DeviceEdit, Serve: p.EditLine},
		{Pattern: "POST /devices/{id}/lines/{line}", In: in, Needs: access.DeviceEdit, Serve: p.SaveLine},
		{Pattern: "GET /devices/{id}/lines/{line}/delete", In: in, Needs: access.DeviceEdit, Serve: p.AskDeleteLine},
		{Pattern: "POST /devices/{id}/lines/{line}/delete", In: in, Needs: access.DeviceEdit, Serve: p.DeleteLine},
		{Pattern: "POST /devices/{id}/lines/{line}/reveal", In: in, Needs: access.SecretReveal, Serve: p.RevealLine},
		{Pattern: "GET /devices/{id}/keys", In: in, Needs: access.DeviceView, Serve: p.Keys},
		{Pattern: "GET /devices/{id}/keys/edit", In: in, Needs: access.DeviceEdit, Serve: p.EditKeys},
		{Pattern: "POST /devices/{id}/keys/edit", In: in, Needs: access.DeviceEdit, Serve: p.SetKeys},
		{Pattern: "GET /devices/{id}/groups", In: in, Needs: access.DeviceView, Serve: p.Groups},
		{Pattern: "POST /devices/{id}/groups", In: in, Needs: access.DeviceEdit, Serve: p.SetGroups},
		{Pattern: "GET /devices/{id}/site", In: in, Needs: access.DeviceEdit, Serve: p.AskSite},
		{Pattern: "POST /devices/{id}/site", In: in, Needs: access.DeviceEdit, Serve: p.SetSite},
		{Pattern: "GET /devices/{id}/history", In: in, Needs: access.DeviceView, Serve: p.History},
		{Pattern: "GET /devices/{id}/sync", In: in, Needs: access.DeviceAct, Serve: p.AskSync},
		{Pattern: "POST /devices/{id}/sync", In: in, Needs: access.DeviceAct, Serve: p.Sync},
		{Pattern: "GET /devices/{id}/requests", In: in, Needs: access.DeviceView, Serve: p.Requests},
		{Pattern: "GET /devices/{id}/logs", In: in, Needs: access.DeviceView, Serve: p.Logs},
		{Pattern: "GET /devices/{id}/logs/{log}", In: in, Needs: access.DeviceView, Serve: p.Log},
		{Pattern: "GET /devices/{id}/sent/{file}", In: in, Needs: access.SecretReveal, Serve: p.Sent},
		{Pattern: "GET /devices/{id}/access", In: in, Needs: access.DeviceView, Serve: p.Access},
		{Pattern: "GET /devices/{id}/reopen", In: in, Needs: access.DeviceAct, Serve: p.AskReopen},
		{Pattern: "POST /devices/{id}/reopen", In: in, Needs: access.DeviceAct, Serve: p.Reopen},
		{Pattern: "GET /devices/{id}/rotate", In: in, Needs: access.DeviceEdit, Serve: p.AskRotate},
		{Pattern: "POST /devices/{id}/rotate", In: in, Needs: access.DeviceEdit, Serve: p.Rotate},
		{Pattern: "GET /devices/{id}/replace", In: in, Needs: access.DeviceEdit, Serve: p.AskReplace},
		{Pattern: "POST /devices/{id}/replace", In: in, Needs: access.DeviceEdit, Serve: p.Replace},
		{Pattern: "GET /devices/{id}/move", In: in, Needs: access.DeviceEdit, Serve: p.AskMove},
		{Pattern: "POST /devices/{id}/move", In: in, Needs: access.DeviceEdit, Serve: p.Move},
		{Pattern: "GET /devices/import", In: in, Needs: access.DeviceEdit, Serve: p.AskImport},
		{Pattern: "POST /devices/import", In: in, Needs: access.DeviceEdit, Serve: p.Import},
		{Pattern: "GET /device-imports/{operation}", In: in, Needs: access.DeviceEdit, Serve: p.ImportLog},
		{Pattern: "GET /device-imports/{operation}/progress", In: in, Needs: access.DeviceEdit, Serve: p.ImportProgress},
		{Pattern: "GET /devices/export", In: in, Needs: access.DeviceView, Serve: p.Export},
		{Pattern: "GET /search", In: page.Anywhere, Needs: access.DeviceView, Serve: p.Search},
		{Pattern: "GET /provisioning", In: in, Needs: access.ProvisioningView, Serve: p.Provisioning},
		{Pattern: "GET /provisioning/account", In: in, Needs: access.ProvisioningEdit, Serve: p.Account},
		{Pattern: "POST /provisioning/account", In: in, Needs: access.ProvisioningEdit, Serve: p.SetAccount},
		{Pattern: "GET /provisioning/remove", In: in, Needs: access.ProvisioningEdit, Serve: p.AskRemove},
		{Pattern: "POST /provisioning/remove", In: in, Needs: access.ProvisioningEdit, Serve: p.Remove},
		{Pattern: "POST /provisioning/reveal", In: in, Needs: access.SecretReveal, Serve: p.Reveal},
		{Pattern: "GET /provisioning/poll", In: in, Needs: access.ProvisioningEdit, Serve: p.Poll},
		{Pattern: "POST /provisioning/poll", In: in, Needs: access.ProvisioningEdit, Serve: p.SetPoll},
		{Pattern: "GET /provisioning/host", In: in, Needs: access.ProvisioningEdit, Serve: p.Host},
		{Pattern: "POST /provisioning/host", In: in, Needs: access.ProvisioningEdit, Serve: p.SetHost},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{
	{Group: "", Label: "nav.devices", URL: "/devices", Icon: "device-landline-phone"},
	{Group: "", Label: "nav.provisioning", URL: "/provisioning", Icon: "server"},
}

func (p Pages) customer(r *page.Request) string { return r.Actor.Place().ID }

func tries(r *page.Request, what string, d device.Device) {
	r.Tries("device/"+what, r.Actor.Place(), journal.Target{Kind: "device", ID: d.ID, Name: label(d)})
}

// label is how people call a phone: its name, else its MAC address.
func label(d device.Device) string {
	if d.Name != "" {
		return d.Name
	}
	return d.MAC.String()
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// seenCell says when the phone last asked for its configuration: nothing more is known from that.
func seenCell(r *page.Request, d device.Device) templ.Component {
	if d.LastSeen.IsZero() {
		return ui.Badge{Text: r.T("devices.never_seen")}
	}
	return ui.Two(ui.Ago(r.Context(), r.Now(), d.LastSeen.Time), d.LastIP, "")
}

func seenText(r *page.Request, d device.Device) templ.Component {
	if d.LastSeen.IsZero() {
		return ui.Badge{Text: r.T("devices.never_seen")}
	}
	return ui.Two(ui.DateTime(r.Context(), d.LastSeen.Time), ui.Ago(r.Context(), r.Now(), d.LastSeen.Time), "")
}

func mono(s string) templ.Component {
	if s == "" {
		return ui.Quiet("–")
	}
	return ui.Mono(s)
}

func crumbs(r *page.Request) []ui.Crumb {
	return []ui.Crumb{{Label: r.T("nav.devices"), URL: "/devices"}}
}

// Add shows the empty form.
func (p Pages) Add(r *page.Request) error {
	return r.Show(p.addPage(r, device.New{MAC: r.URL.Query().Get("mac")}, nil))
}

// Create adds a phone (DM-4).
func (p Pages) Create(r *page.Request) error {
	n := device.New{MAC: r.PostFormValue("mac"), Maker: r.PostFormValue("maker"), Model: r.PostFormValue("model"), Name: r.PostFormValue("name"), Description: r.PostFormValue("description")}
	r.Tries("device/create", r.Actor.Place(), journal.Target{Kind: "device", Name: n.MAC})
	d, err := p.Devices.Create(r.Context(), r.Actor, p.customer(r), n)
	if err != nil {
		return r.Again(err, p.addPage(r, n, err))
	}
	return r.Done("/devices/"+d.ID, r.T("devices.added", "name", label(d)))
}

func faults(r *page.Request, err error) ui.Faults {
	if code := errs.CodeOf(err); err != nil && (code == "device_exists" || code == "mac_unavailable") { // they name no field, but there is only one
		e := *errs.As(err)
		e.Fields = []errs.Field{{Name: "mac", Code: "taken", Message: "This is in use already."}}
		f := ui.FaultsOf(r.Context(), &e, "mac", r.T("devices.mac"))
		f.Fields[0].Text = f.Text
		return f
	}
	return ui.FaultsOf(r.Context(), err, "mac", r.T("devices.mac"), "maker", r.T("devices.maker"), "model", r.T("devices.model"), "name", r.T("devices.name"),
		"description", r.T("devices.description"))
}

func (p Pages) addPage(r *page.Request, n device.New, err error) templ.Component {
	s := r.Shell(r.T("devices.add"), r.T("devices.add_lead"))
	s.Crumbs = crumbs(r)
	f := faults(r, err)
	maker := ui.Select{Name: "maker", Label: r.T("devices.maker"), Hint: r.T("devices.maker_hint"), Fault: f.For("maker"), Options: []ui.Option{{Label: r.T("devices.maker_auto")}}}
	for _, m := range p.Devices.Makers() {
		maker.Options = append(maker.Options, ui.Option{Value: m, Label: m, Selected: m == n.Maker})
	}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: "/devices/new", Faults: f, Submit: r.T("devices.add"), Cancel: "/devices", Guard: true, Columns: true},
		ui.Input{Name: "mac", Label: r.T("devices.mac"), Value: n.MAC, Required: true, Mono: true, Autofocus: true, Autocomplete: "off", Placeholder: "00:04:f2:ab:cd:ef",
			Hint: r.T("devices.mac_hint"), Fault: f.For("mac")}, maker,
		ui.Input{Name: "name", Label: r.T("devices.name"), Value: n.Name, Optional: true, Max: 128, Autocomplete: "off", Hint: r.T("devices.name_hint"), Fault: f.For("name")},
		ui.Input{Name: "model", Label: r.T("devices.model"), Value: n.Model, Optional: true, Max: 64, Autocomplete: "off", Hint: r.T("devices.model_hint"), Fault: f.For("model")},
		ui.Input{Name: "description", Label: r.T("devices.description"), Value: n.Description, Optional: true, Max: 256, Autocomplete: "off", Wide: true, Fault: f.For("description")})))
}

// Edit shows the form of a phone.
func (p Pages) Edit(r *page.Request) error {
	d, err := p.Devices.Get(r.Context(), r.Actor, p.customer(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.Show(editPage(r, d, d, nil))
}

// Save changes what people wrote about a phone.
func (p Pages) Save(r *page.Request) error {
	now, err := p.Devices.Get(r.Context(), r.Actor, p.customer(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	tries(r, "edit", now)
	t := now
	t.Name, t.Model, t.Description = r.PostFormValue("name"), r.PostFormValue("model"), r.PostFormValue("description")
	patch := device.Patch{Name: &t.Name, Model: &t.Model, Description: &t.Description, IfVersion: r.Version()}
	planned := t.Model != now.Model && r.Actor.Can(access.ProfileView) // another model is other files: shown before it happens
	if planned {
		patch.Model = nil
	}
	after, err := p.Devices.Edit(r.Context(), r.Actor, now.CustomerID, now.ID, patch)
	if err == nil && planned {
		now = after
		err = plans.Propose(r, p.Deps, config.Asked{Kind: config.DeviceUpdate, DeviceID: now.ID, Model: &t.Model}, "/devices/"+now.ID)
		if err == nil {
			return nil
		}
	}
	if err != nil {
		return r.Again(err, editPage(r, now, t, err))
	}
	return r.Done("/devices/"+after.ID, r.T("customers.saved", "name", label(after)))
}

func editPage(r *page.Request, now, t device.Device, err error) templ.Component {
	s := r.Shell(r.T("customers.edit", "name", label(now)), r.T("devices.edit_lead"))
	s.Crumbs = append(crumbs(r), ui.Crumb{Label: label(now), URL: "/devices/" + now.ID})
	f := faults(r, err)
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: "/devices/" + now.ID + "/edit", Faults: f, Submit: r.T("form.save"), Cancel: "/devices/" + now.ID, Guard: true, Columns: true,
		Hidden: []ui.Hidden{page.Versioned(now.Version)}},
		ui.Input{Name: "mac", Label: r.T("devices.mac"), Value: now.MAC.String(), ReadOnly: true, Mono: true, Hint: r.T("devices.mac_fixed")},
		ui.Input{Name: "name", Label: r.T("devices.name"), Value: t.Name, Optional: true, Max: 128, Autocomplete: "off", Fault: f.For("name"),
			Hint: either(r.Meanwhile(err, t.Name, now.Name), r.T("devices.name_hint"))},
		ui.Input{Name: "model", Label: r.T("devices.model"), Value: t.Model, Optional: true, Max: 64, Autocomplete: "off", Fault: f.For("model"), Hint: r.Meanwhile(err, t.Model, now.Model)},
		ui.Input{Name: "description", Label: r.T("devices.description"), Value: t.Description, Optional: true, Max: 256, Autocomplete: "off", Fault: f.For("description"),
			Hint: r.Meanwhile(err, t.Description, now.Description)})))
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// AskDelete asks before a phone is taken out.
func (p Pages) AskDelete(r *page.Request) error {
	d, err := p.Devices.Get(r.Context(), r.Actor, p.customer(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	s := r.Shell(r.T("action.delete"), "")
	s.Crumbs = append(crumbs(r), ui.Crumb{Label: label(d), URL: "/devices/" + d.ID})
	return r.Show(ui.Full(s, ui.Question{Title: r.T("devices.delete_title", "name", label(d)), Text: r.T("devices.delete_text"),
		Consequences: []string{r.T("devices.delete_1"), r.T("devices.delete_2")}, URL: "/devices/" + d.ID + "/delete", Submit: r.T("action.delete"), Danger: true,
		CancelURL: "/devices/" + d.ID, Hidden: []ui.Hidden{page.Versioned(d.Version)}}))
}

// Delete takes a phone out; its MAC address is free from then on.
func (p Pages) Delete(r *page.Request) error {
	d, err := p.Devices.Get(r.Context(), r.Actor, p.customer(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	tries(r, "delete", d)
	if err := p.Devices.Delete(r.Context(), r.Actor, d.CustomerID, d.ID, r.Version()); err != nil {
		return err
	}
	return r.Done("/devices", r.T("devices.deleted", "name", label(d)))
}
