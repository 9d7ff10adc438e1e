package users

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// typed is the form of a holder as it was filled.
type typed struct {
	email, first, last, display, external, location, extension, number string
	active                                                             bool
	version                                                            int64
}

func typedOf(h subscriber.Holder) typed {
	return typed{h.Email, h.FirstName, h.LastName, h.DisplayName, h.ExternalID, h.LocationID, h.Extension, h.Number, h.Active, h.Version}
}

func readTyped(r *page.Request) typed {
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	return typed{v("email"), v("first_name"), v("last_name"), v("display_name"), v("external_id"), v("location_id"), v("extension"), v("number"), r.PostFormValue("active") == "on", r.Version()}
}

// patch holds what differs from what is stored, so that who may only rename is not refused for the rest.
func (t typed) patch(h subscriber.Holder) subscriber.HolderPatch {
	p := subscriber.HolderPatch{IfVersion: t.version}
	for _, f := range []struct {
		to       **string
		new, now string
	}{{&p.Email, t.email, h.Email}, {&p.FirstName, t.first, h.FirstName}, {&p.LastName, t.last, h.LastName}, {&p.DisplayName, t.display, h.DisplayName},
		{&p.ExternalID, t.external, h.ExternalID}, {&p.LocationID, t.location, h.LocationID}, {&p.Extension, t.extension, h.Extension}, {&p.Number, t.number, h.Number}} {
		if f.new != f.now {
			*f.to = &f.new
		}
	}
	if h.Kind == subscriber.Person && t.active != h.Active {
		p.Active = &t.active
	}
	return p
}

func labels(r *page.Request) []string {
	return []string{"email", r.T("users.email"), "first_name", r.T("users.first"), "last_name", r.T("users.last"), "display_name", r.T("users.display"), "name", r.T("organisation.name"),
		"external_id", r.T("organisation.external_id"), "location_id", r.T("users.location"), "extension", r.T("users.extension"), "number", r.T("users.number"), "package", r.T("users.package"), "add_ons", r.T("users.add_ons")}
}

// Edit shows the form of a holder.
func (b book) Edit(r *page.Request) error {
	v, err := b.look(r)
	if err == nil {
		err = access.Decide(r.Actor, b.act(access.UserRename), v.Target())
	}
	if err != nil {
		return err
	}
	c, err := b.editPage(r, v, typedOf(v.h), nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

// Save changes it.
func (b book) Save(r *page.Request) error {
	v, err := b.look(r)
	if err != nil {
		return err
	}
	b.tries(r, v, "edit")
	t := readTyped(r)
	if !v.Do(b.act(access.UserEdit)) { // fields that the form did not offer
		now := typedOf(v.h)
		t.external, t.location, t.active = now.external, now.location, now.active
		if b.person() {
			t.extension, t.number = now.extension, now.number
		}
	}
	change := b.Subscriber.EditWorkspace
	if b.person() {
		change = b.Subscriber.EditUser
	}
	if _, err := change(r.Context(), r.Actor, v.Customer.ID, v.h.ID, t.patch(v.h)); err != nil {
		if errs.KindOf(err) == errs.Stale {
			t.version = v.h.Version
		}
		c, faulty := b.editPage(r, v, t, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Done(v.at, r.T("users.saved", "name", t.display))
}

func (b book) editPage(r *page.Request, v view, t typed, err error) (templ.Component, error) {
	places, faulty := parts.Locations(r, b.Deps, v.Customer.ID)
	if faulty != nil {
		return nil, faulty
	}
	free, faulty := b.free(r, v.Customer.ID, t.location, 3)
	if faulty != nil {
		return nil, faulty
	}
	s := b.frame(r, v, r.T("users.edit", "name", v.h.DisplayName), r.T("users.edit_lead"))
	f := ui.FaultsOf(r.Context(), err, labels(r)...)
	full := v.Do(b.act(access.UserEdit))
	in := func(name, label, value, now string, max int) ui.Input {
		return ui.Input{Name: name, Label: label, Value: value, Max: max, Autocomplete: "off", Fault: f.For(name), Hint: r.Meanwhile(err, value, now)}
	}
	var fields []templ.Component
	shown := in("display_name", r.T("users.display"), t.display, v.h.DisplayName, 128)
	if b.person() {
		mail := in("email", r.T("users.email"), t.email, v.h.Email, 254)
		mail.Kind, mail.Required = "email", true
		fields = append(fields, in("first_name", r.T("users.first"), t.first, v.h.FirstName, 64), in("last_name", r.T("users.last"), t.last, v.h.LastName, 64), shown, mail)
	} else {
		shown.Label, shown.Required, shown.Fault = r.T("organisation.name"), true, f.For("name")
		fields = append(fields, shown)
	}
	external := in("external_id", r.T("organisation.external_id"), t.external, v.h.ExternalID, 128)
	external.Optional, external.Mono, external.ReadOnly = true, true, !full
	fields = append(fields, external)
	if v.h.Extension+v.h.Number != "" || v.h.LocationID != "" {
		place := ui.Select{Name: "location_id", Label: r.T("users.location"), Fault: f.For("location_id"), Options: parts.LocationOptions(places, "–", t.location)}
		ext := in("extension", r.T("users.extension"), t.extension, v.h.Extension, 10)
		ext.Optional, ext.Mono, ext.ReadOnly = true, true, !full
		number := in("number", r.T("users.number"), t.number, v.h.Number, 40)
		number.Optional, number.Mono, number.Kind = true, true, "tel"
		number.ReadOnly = !v.Do(access.NumberAssign) || !full
		if number.Hint == "" && len(free) > 0 {
			number.Hint = r.T("users.free_numbers", "numbers", strings.Join(free, r.T("list.separator")))
		}
		if full {
			fields = append(fields, place)
		} else {
			fields = append(fields, ui.Carry("location_id", t.location))
		}
		fields = append(fields, ext, number)
	}
	if b.person() && full {
		fields = append(fields, ui.Switch{Name: "active", Label: r.T("users.active"), Hint: r.T("users.active_hint"), On: t.active})
	}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: v.at + "/edit", Faults: f, Submit: r.T("form.save"), Cancel: v.at, Guard: true, Columns: true,
		Hidden: []ui.Hidden{page.Versioned(t.version)}}, fields...))), nil
}

// AskPackage shows the packages to choose from, with the fields that calling needs (WS-136).
func (b book) AskPackage(r *page.Request) error {
	v, err := b.look(r)
	if err == nil {
		err = access.Decide(r.Actor, b.act(access.UserPackage), v.Target())
	}
	if err != nil {
		return err
	}
	c, err := b.packagePage(r, v, subscriber.PackageChange{Package: v.h.Package, AddOns: &v.h.AddOns, LocationID: v.h.LocationID, IfVersion: v.h.Version}, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

// SetPackage gives another package. Losing calling asks once more, because number, extension and lines go back.
func (b book) SetPackage(r *page.Request) error {
	v, err := b.look(r)
	if err != nil {
		return err
	}
	b.tries(r, v, "package")
	addOns := slices.DeleteFunc(append([]string{}, r.PostForm["add_ons"]...), func(s string) bool { return s == "" })
	in := subscriber.PackageChange{Package: r.PostFormValue("package"), AddOns: &addOns, LocationID: r.PostFormValue("location_id"), Extension: strings.TrimSpace(r.PostFormValue("extension")),
		Number: strings.TrimSpace(r.PostFormValue("number")), Confirm: r.PostFormValue("confirm") == "on", IfVersion: r.Version()}
	change := b.Subscriber.SetWorkspacePackage
	if b.person() {
		change = b.Subscriber.SetPackage
	}
	after, err := change(r.Context(), r.Actor, v.Customer.ID, v.h.ID, in)
	if err != nil {
		if errs.KindOf(err) == errs.Stale {
			in.IfVersion = v.h.Version
		}
		c, faulty := b.packagePage(r, v, in, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	offer, err := parts.OfferOf(r, b.Deps, "")
	if err != nil {
		return err
	}
	return r.Done(v.at, r.T("users.packaged", "name", v.h.DisplayName, "package", offer.Name(after.Package)))
}

func (b book) packagePage(r *page.Request, v view, t subscriber.PackageChange, err error) (templ.Component, error) {
	offer, faulty := parts.OfferOf(r, b.Deps, v.Customer.ID)
	if faulty != nil {
		return nil, faulty
	}
	places, faulty := parts.Locations(r, b.Deps, v.Customer.ID)
	if faulty != nil {
		return nil, faulty
	}
	free, faulty := b.free(r, v.Customer.ID, t.LocationID, 3)
	if faulty != nil {
		return nil, faulty
	}
	s := b.frame(r, v, r.T("users.change_package"), r.T("users.package_lead"))
	f := ui.FaultsOf(r.Context(), err, labels(r)...)
	packs := ui.Choices{Name: "package", Label: r.T("users.package"), One: true, Fault: f.For("package"), Options: parts.Options(offer.Held(catalog.Base, b.person()), t.Package)}
	fields := []templ.Component{packs}
	if all := offer.Held(catalog.AddOn, b.person()); len(all) > 0 {
		fields = append(fields, ui.Choices{Name: "add_ons", Label: r.T("users.add_ons"), Fault: f.For("add_ons"), Options: parts.Options(all, *t.AddOns...)})
	}
	hint := ""
	if len(free) > 0 {
		hint = r.T("users.free_numbers", "numbers", strings.Join(free, r.T("list.separator")))
	}
	calling := offer.Item(v.h.Package).HasCalling()
	if !calling {
		fields = append(fields, ui.Section{Title: r.T("users.for_calling"), Text: r.T("users.for_calling_text")},
			ui.Select{Name: "location_id", Label: r.T("users.location"), Fault: f.For("location_id"), Options: parts.LocationOptions(places, "–", t.LocationID)},
			ui.Input{Name: "extension", Label: r.T("users.extension"), Value: t.Extension, Optional: true, Mono: true, Max: 10, Autocomplete: "off", Fault: f.For("extension")},
			ui.Input{Name: "number", Label: r.T("users.number"), Value: t.Number, Kind: "tel", Optional: true, Mono: true, Max: 40, Autocomplete: "off", Hint: hint, Fault: f.For("number")})
	} else {
		fields = append(fields, ui.Switch{Name: "confirm", Label: r.T("users.confirm_loss"), Hint: r.T("users.confirm_loss_hint"), On: t.Confirm})
	}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: v.at + "/package", Faults: f, Submit: r.T("users.change_package"), Cancel: v.at, Columns: true, Hidden: []ui.Hidden{page.Versioned(t.IfVersion)}}, fields...))), nil
}

// AskDelete says what goes with it.
func (b book) AskDelete(r *page.Request) error {
	v, err := b.look(r)
	if err == nil {
		err = access.Decide(r.Actor, b.act(access.UserDelete), v.Target())
	}
	if err != nil {
		return err
	}
	return r.Show(ui.Full(b.frame(r, v, r.T("action.delete"), ""), ui.Question{Title: r.T("users.delete_title", "name", v.h.DisplayName), Text: r.T("users.delete_text"),
		Consequences: []string{r.T("users.delete_1"), r.T("users.delete_2"), r.T("users.delete_3")}, URL: v.at + "/delete", Submit: r.T("action.delete"), Danger: true, CancelURL: v.at,
		Hidden: []ui.Hidden{page.Versioned(v.h.Version)}}))
}

// Delete takes it away.
func (b book) Delete(r *page.Request) error {
	v, err := b.look(r)
	if err != nil {
		return err
	}
	b.tries(r, v, "delete")
	drop := b.Subscriber.DeleteWorkspace
	if b.person() {
		drop = b.Subscriber.DeleteUser
	}
	if err := drop(r.Context(), r.Actor, v.Customer.ID, v.h.ID, r.Version()); err != nil {
		return err
	}
	return r.Done(v.URL(b.path()), r.T("users.deleted", "name", v.h.DisplayName))
}
