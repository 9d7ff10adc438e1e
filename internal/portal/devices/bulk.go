package devices

import (
	"slices"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/plans"
	"linecard/internal/portal/ui"
)

func viewNamed(name, query string) account.View { return account.View{Name: name, Query: query} }

// mostChosen bounds how many phones one bulk action takes: as many as a page can hold.
const mostChosen = 1000

var errChosen = errs.New(errs.Invalid, "too_many_chosen", "Choose at most 1000 phones at a time.")

// chosen gives the phones of a bulk action that are there, by name; none leads back with a word.
func (p Pages) chosen(r *page.Request) ([]device.Device, bool, error) {
	ids := r.PostForm["id"]
	if len(ids) == 0 {
		r.Flash(ui.Warn, r.T("groups.choose"))
		return nil, false, r.Redirect("/devices")
	}
	if len(ids) > mostChosen {
		return nil, false, errChosen
	}
	var out []device.Device
	for _, id := range ids {
		d, err := p.Devices.Get(r.Context(), r.Actor, p.customer(r), id)
		if errs.KindOf(err) == errs.NotFound {
			continue // somebody deleted it meanwhile
		}
		if err != nil {
			return nil, false, err
		}
		out = append(out, d)
	}
	return out, true, nil
}

func hiddenIDs(all []device.Device) []ui.Hidden {
	out := []ui.Hidden{{Name: "sure", Value: "yes"}}
	for _, d := range all {
		out = append(out, ui.Hidden{Name: "id", Value: d.ID})
	}
	return out
}

func names(r *page.Request, all []device.Device) []string {
	const most = 12
	var out []string
	for _, d := range all[:min(len(all), most)] {
		out = append(out, label(d)+" · "+d.Identifier())
	}
	if len(all) > most {
		out = append(out, ui.N(r.Context(), "dashboard.others", len(all)-most))
	}
	return out
}

// each does something to each of the phones and shows which ones it failed for; what was done stays done.
func (p Pages) each(r *page.Request, all []device.Device, verb, done string, do func(d device.Device) error) error {
	t := ui.Table{ID: "failures", Caption: r.T("bulk.failed"), Columns: []ui.Column{{Label: r.T("devices.name")}, {Label: r.T("import.why")}}}
	for _, d := range all {
		tries(r, verb, d)
		err := do(d)
		switch errs.KindOf(err) {
		case errs.Internal, errs.Unavailable, errs.TimedOut:
			if err != nil {
				return err
			}
		}
		if err != nil {
			t.Rows = append(t.Rows, ui.Row{ID: d.ID, Name: label(d), Cells: []templ.Component{ui.Two(label(d), d.Identifier(), "/devices/"+d.ID), ui.Text(ui.ErrText(r.Context(), errs.As(err)))}})
		}
	}
	well := len(all) - len(t.Rows)
	if len(t.Rows) == 0 {
		return r.Done("/devices", ui.N(r.Context(), done, well))
	}
	s := r.Shell(r.T("bulk.failed"), "")
	s.Crumbs = crumbs(r)
	return r.Show(ui.Full(s, ui.GridOf(ui.Stat{Label: r.T("bulk.well"), Value: ui.Number(r.Context(), well)}, ui.Stat{Label: r.T("bulk.failed"), Value: ui.Number(r.Context(), len(t.Rows))}), t,
		ui.Buttons(ui.Action{Label: r.T("nav.devices"), URL: "/devices", Style: "primary"})))
}

// BulkDelete asks, naming the phones, and then takes them out.
func (p Pages) BulkDelete(r *page.Request) error {
	all, on, err := p.chosen(r)
	if err != nil || !on {
		return err
	}
	if r.PostFormValue("sure") == "" {
		s := r.Shell(r.T("action.delete"), "")
		s.Crumbs = crumbs(r)
		return r.Show(ui.Full(s, ui.Question{Title: ui.N(r.Context(), "bulk.delete_title", len(all)), Text: r.T("devices.delete_text"), Consequences: names(r, all), URL: "/devices/bulk/delete", Submit: r.T("action.delete"), Danger: true,
			CancelURL: "/devices", Hidden: hiddenIDs(all)}))
	}
	return p.each(r, all, "delete", "bulk.deleted", func(d device.Device) error { return p.Devices.Delete(r.Context(), r.Actor, d.CustomerID, d.ID, 0) })
}

// BulkSync wakes the phones.
func (p Pages) BulkSync(r *page.Request) error {
	all, on, err := p.chosen(r)
	if err != nil || !on {
		return err
	}
	return p.each(r, all, "sync", "bulk.synced", func(d device.Device) error { return SyncOne(r, p.Deps, d.CustomerID, d.ID) })
}

// BulkGroup asks for the group and makes a plan of the phones joining it.
func (p Pages) BulkGroup(r *page.Request) error {
	all, on, err := p.chosen(r)
	if err != nil || !on {
		return err
	}
	group := r.PostFormValue("group")
	if r.PostFormValue("sure") == "" || group == "" {
		groups, err := p.allGroups(r)
		if err != nil {
			return err
		}
		if len(groups) == 0 {
			r.Flash(ui.Warn, r.T("bulk.no_groups"))
			return r.Redirect("/groups/new")
		}
		pick := ui.Select{Name: "group", Label: r.T("devices.group")}
		for _, g := range groups {
			pick.Options = append(pick.Options, ui.Option{Value: g.ID, Label: g.Name})
		}
		s := r.Shell(r.T("groups.put_in"), "")
		s.Crumbs = crumbs(r)
		return r.Show(ui.Full(s, ui.Question{Title: ui.N(r.Context(), "bulk.group_title", len(all)), Text: r.T("bulk.group_text"), Consequences: names(r, all), URL: "/devices/bulk/group", Submit: r.T("plans.review"), CancelURL: "/devices",
			Hidden: hiddenIDs(all), Inputs: []templ.Component{pick}}))
	}
	_, ids, err := p.Devices.Group(r.Context(), r.Actor, p.customer(r), group)
	if err != nil {
		return err
	}
	for _, d := range all {
		ids = append(ids, d.ID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if !r.Actor.Can(access.ProfileView) {
		_, err := p.Devices.EditGroup(r.Context(), r.Actor, p.customer(r), group, device.GroupPatch{DeviceIDs: &ids})
		if err != nil {
			return err
		}
		return r.Done("/groups/"+group, ui.N(r.Context(), "bulk.grouped", len(all)))
	}
	return plans.Propose(r, p.Deps, config.Asked{Kind: config.GroupSet, GroupID: group, DeviceIDs: ids}, "/groups/"+group)
}
