package parts

import (
	"slices"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// Offer is the catalogue as pages name it, with what one customer has of it.
type Offer struct {
	Items  []catalog.Item
	Limits []catalog.PackageLimit // of the customer
}

// OfferOf gives the catalogue with the packages of a customer; "" leaves those out.
func OfferOf(r *page.Request, d *page.Deps, customerID string) (o Offer, err error) {
	if o.Items, err = d.Catalog.Items(r.Context(), r.Actor); err != nil || customerID == "" {
		return o, err
	}
	o.Limits, _, err = d.Catalog.Packages(r.Context(), r.Actor, customerID)
	return o, err
}

// Item gives the item of a code; one that is not in the catalogue has its code for a name.
func (o Offer) Item(code string) catalog.Item {
	for _, i := range o.Items {
		if i.Code == code {
			return i
		}
	}
	return catalog.Item{Code: code, Name: code}
}

// Name is what people call the item.
func (o Offer) Name(code string) string {
	if code == "" {
		return ""
	}
	return o.Item(code).Name
}

// Names names several.
func (o Offer) Names(codes []string) []string {
	var out []string
	for _, c := range codes {
		out = append(out, o.Name(c))
	}
	return out
}

// Held is what the customer has of a kind that a user, or else a workspace, can hold.
func (o Offer) Held(kind catalog.Kind, user bool) []catalog.Item {
	var out []catalog.Item
	for _, i := range o.Items {
		has := slices.ContainsFunc(o.Limits, func(l catalog.PackageLimit) bool { return l.Code == i.Code })
		if has && i.Kind == kind && (user && i.ForUser() || !user && i.ForWorkspace()) {
			out = append(out, i)
		}
	}
	return out
}

// Options are items as choices.
func Options(items []catalog.Item, chosen ...string) []ui.Option {
	var out []ui.Option
	for _, i := range items {
		out = append(out, ui.Option{Value: i.Code, Label: i.Name, Hint: i.Description, Selected: slices.Contains(chosen, i.Code)})
	}
	return out
}

// Locations gives the locations of a customer, as many as a list to choose from can hold; none to who may not see them.
func Locations(r *page.Request, d *page.Deps, customerID string) ([]subscriber.Location, error) {
	if !r.Actor.Can(access.LocationView) {
		return nil, nil
	}
	all, _, err := d.Subscriber.Locations(r.Context(), r.Actor, customerID, subscriber.LocationQuery{Page: db.Page{Limit: db.MaxLimit, Sort: "name"}})
	return all, err
}

// LocationName names a location by its id; "" for none.
func LocationName(all []subscriber.Location, id string) string {
	for _, l := range all {
		if l.ID == id {
			return l.Name
		}
	}
	return ""
}

// LocationOptions are locations as choices, beginning with none when none is not "".
func LocationOptions(all []subscriber.Location, none, chosen string) []ui.Option {
	var out []ui.Option
	if none != "" {
		out = append(out, ui.Option{Label: none, Selected: chosen == ""})
	}
	for _, l := range all {
		out = append(out, ui.Option{Value: l.ID, Label: l.Name, Selected: l.ID == chosen})
	}
	return out
}
