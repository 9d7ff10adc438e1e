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

// AddWorkspace shows the form of a shared place (WS-148).
func (b book) AddWorkspace(r *page.Request) error {
	in, err := parts.InsideOf(r, b.Deps)
	if err == nil {
		err = access.Decide(r.Actor, access.WorkspaceSet, in.Target())
	}
	if err != nil {
		return err
	}
	c, err := b.workspacePage(r, in, subscriber.NewWorkspace{}, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

// CreateWorkspace adds it.
func (b book) CreateWorkspace(r *page.Request) error {
	in, err := parts.InsideOf(r, b.Deps)
	if err != nil {
		return err
	}
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	n := subscriber.NewWorkspace{Name: v("name"), ExternalID: v("external_id"), Package: v("package"), LocationID: v("location_id"), Extension: v("extension"), Number: v("number")}
	triesAll(r, in, "create")
	w, err := b.Subscriber.CreateWorkspace(r.Context(), r.Actor, in.Customer.ID, n)
	if err != nil {
		c, faulty := b.workspacePage(r, in, n, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Done(in.URL("/workspaces/"+w.ID), r.T("workspaces.added", "name", w.DisplayName))
}

func (b book) workspacePage(r *page.Request, in parts.Inside, t subscriber.NewWorkspace, err error) (templ.Component, error) {
	offer, faulty := parts.OfferOf(r, b.Deps, in.Customer.ID)
	if faulty != nil {
		return nil, faulty
	}
	places, faulty := parts.Locations(r, b.Deps, in.Customer.ID)
	if faulty != nil {
		return nil, faulty
	}
	s := in.Shell(r, r.T("workspaces.add"), r.T("workspaces.add_lead"), ui.Crumb{Label: r.T("nav.workspaces"), URL: in.URL("/workspaces")})
	packs := offer.Held(catalog.Base, false)
	if len(packs) == 0 {
		return ui.Full(s, ui.CardOf("", ui.Empty{Icon: "list-details", Title: r.T("workspaces.none"), Text: r.T("workspaces.no_packages")})), nil
	}
	f := ui.FaultsOf(r.Context(), err, labels(r)...)
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: in.URL("/workspaces/new"), Faults: f, Submit: r.T("workspaces.add"), Cancel: in.URL("/workspaces"), Guard: true, Columns: true},
		ui.Input{Name: "name", Label: r.T("organisation.name"), Value: t.Name, Required: true, Max: 128, Autocomplete: "off", Hint: r.T("workspaces.name_hint"), Fault: f.For("name")},
		ui.Select{Name: "package", Label: r.T("users.package"), Options: parts.Options(packs, t.Package), Fault: f.For("package")},
		ui.Select{Name: "location_id", Label: r.T("users.location"), Options: parts.LocationOptions(places, "–", t.LocationID), Fault: f.For("location_id")},
		ui.Input{Name: "extension", Label: r.T("users.extension"), Value: t.Extension, Optional: true, Mono: true, Max: 10, Autocomplete: "off", Fault: f.For("extension")},
		ui.Input{Name: "number", Label: r.T("users.number"), Value: t.Number, Kind: "tel", Optional: true, Mono: true, Max: 40, Autocomplete: "off", Fault: f.For("number")},
		ui.Input{Name: "external_id", Label: r.T("organisation.external_id"), Value: t.ExternalID, Optional: true, Mono: true, Max: 128, Autocomplete: "off", Fault: f.For("external_id")}))), nil
}
