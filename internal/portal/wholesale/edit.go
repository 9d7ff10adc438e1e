package wholesale

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Edit shows what can be changed of a customer's service (WS-138).
func (p Pages) Edit(r *page.Request) error {
	in, c, err := p.editing(r)
	if err != nil {
		return err
	}
	offer, err := parts.OfferOf(r, p.Deps, in.Customer.ID)
	if err != nil {
		return err
	}
	r.PostForm = map[string][]string{"external_id": {c.ExternalID}}
	for _, l := range offer.Limits {
		r.PostForm.Add("packages", l.Code)
		if l.Max != nil {
			r.PostForm.Set(limitField+l.Code, strconv.FormatInt(*l.Max, 10))
		}
	}
	a := c.Address.V
	for name, v := range map[string]string{"line1": a.Line1, "line2": a.Line2, "city": a.City, "state": a.State, "postal_code": a.PostalCode, "country": a.Country} {
		r.PostForm.Set("address."+name, v)
	}
	form, err := p.editPage(r, in, c, nil)
	if err != nil {
		return err
	}
	return r.Show(form)
}

func (p Pages) editing(r *page.Request) (parts.Inside, onboard.Customer, error) {
	in, err := parts.InsideOf(r, p.Deps)
	if err == nil {
		err = access.Decide(r.Actor, access.CustomerEdit, in.Target())
	}
	if err != nil {
		return in, onboard.Customer{}, err
	}
	c, err := p.Onboard.Wholesale(r.Context(), r.Actor, in.Customer.ID, "")
	return in, c, err
}

// needsPlace says that calling comes new, so that the customer needs a headquarters.
func (p Pages) needsPlace(r *page.Request, in parts.Inside, sold []catalog.Item) (bool, error) {
	places, err := parts.Locations(r, p.Deps, in.Customer.ID)
	if err != nil || len(places) > 0 {
		return false, err
	}
	return slices.ContainsFunc(sold, func(i catalog.Item) bool { return i.HasCalling() && slices.Contains(r.PostForm["packages"], i.Code) }), nil
}

func (p Pages) sold(r *page.Request, ownerID string) ([]catalog.Item, error) {
	offer, err := parts.OfferOf(r, p.Deps, "")
	if err != nil {
		return nil, err
	}
	partner, _, err := p.Catalog.Billed(r.Context(), p.DB, ownerID)
	if err != nil {
		return nil, err
	}
	sub, err := p.Catalog.SubscriptionOf(r.Context(), p.DB, partner)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return nil, err
	}
	return slices.DeleteFunc(offer.Items, func(i catalog.Item) bool { return !slices.Contains(sub.Items, i.Code) }), nil
}

func (p Pages) editPage(r *page.Request, in parts.Inside, c onboard.Customer, err error) (templ.Component, error) {
	sold, faulty := p.sold(r, c.OwnerID)
	if faulty != nil {
		return nil, faulty
	}
	place, faulty := p.needsPlace(r, in, sold)
	if faulty != nil {
		return nil, faulty
	}
	s := in.Shell(r, r.T("wholesale.edit"), r.T("wholesale.edit_lead"), ui.Crumb{Label: r.T("nav.service"), URL: in.URL("/service")})
	f := ui.FaultsOf(r.Context(), err, append(parts.AddressLabels(r, "address"), "external_id", r.T("organisation.external_id"), "packages", r.T("offer.packages"), "location", r.T("locations.headquarters"), "limits", r.T("offer.limits"))...)
	fields := []templ.Component{ui.Input{Name: "external_id", Label: r.T("organisation.external_id"), Value: r.PostForm.Get("external_id"), Required: true, Mono: true, Max: 255, Fault: f.For("external_id")}}
	fields = append(fields, packageFields(r, sold, r.PostForm["packages"], func(code string) string { return r.PostForm.Get(limitField + code) }, f)...)
	fields = append(fields, ui.Section{Title: r.T("organisation.address")})
	fields = append(fields, parts.AddressFields(r, "address", parts.ReadAddress(r.PostForm, "address"), f)...)
	if place || f.For("location") != "" {
		m := &making{p: p, typed: r.PostForm}
		fields = append(fields, ui.Section{Title: r.T("locations.headquarters"), Text: r.T("wholesale.place_text")})
		fields = append(fields, m.placeStep(r, f)[1:]...)
	}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: in.URL("/service/edit"), Faults: f, Submit: r.T("form.save"), Cancel: in.URL("/service"), Guard: true, Columns: true, Hidden: []ui.Hidden{page.Versioned(c.Version)}}, fields...))), nil
}

// Save changes the service in the background.
func (p Pages) Save(r *page.Request) error {
	in, c, err := p.editing(r)
	if err != nil {
		return err
	}
	tries(r, in, "provision")
	m := &making{p: p, typed: r.PostForm}
	if m.sold, err = p.sold(r, c.OwnerID); err != nil {
		return err
	}
	q := m.request(r)
	external := strings.TrimSpace(r.PostFormValue("external_id"))
	ch := onboard.Change{Packages: &q.Packages, Limits: q.Limits, ExternalID: &external, Address: &q.Address, IfVersion: r.Version()}
	place, err := p.needsPlace(r, in, m.sold)
	if err != nil {
		return err
	}
	if place {
		ch.Location, ch.Numbers = q.Location, q.Numbers
	}
	if _, err := p.Onboard.Update(r.Context(), r.Actor, in.Customer.ID, ch); err != nil {
		form, faulty := p.editPage(r, in, c, err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, form)
	}
	return r.Done(in.URL("/service"), r.T("wholesale.updating"))
}
