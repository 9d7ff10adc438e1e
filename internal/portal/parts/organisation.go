package parts

import (
	"cmp"
	"context"
	"slices"

	"github.com/a-h/templ"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// ReadDetails takes the fields of an organisation from a form.
func ReadDetails(r *page.Request) tenant.Details {
	v := r.PostFormValue
	return tenant.Details{Name: v("name"), Email: v("email"), Contact: v("contact"), Phone: v("phone"), Country: v("country"),
		Address: v("address"), Remarks: v("remarks"), ExternalID: v("external_id"), Locale: v("locale"), TimeZone: v("time_zone")}
}

// DetailsOf gives the stored fields.
func DetailsOf(t tenant.Tenant) tenant.Details {
	return tenant.Details{Name: t.Name, Email: t.Email, Contact: t.Contact, Phone: t.Phone, Country: t.Country, Address: t.Address,
		Remarks: t.Remarks, ExternalID: t.ExternalID, Locale: t.Locale, TimeZone: t.TimeZone}
}

// PatchOf changes all fields of the form.
func PatchOf(d tenant.Details, version int64) tenant.Patch {
	return tenant.Patch{Name: &d.Name, Email: &d.Email, Contact: &d.Contact, Phone: &d.Phone, Country: &d.Country, Address: &d.Address,
		Remarks: &d.Remarks, ExternalID: &d.ExternalID, Locale: &d.Locale, TimeZone: &d.TimeZone, IfVersion: version}
}

// OwnPatchOf changes what an organisation may change of itself (CH-11, CH-12). The name only when it differs, since a
// provider can reserve it (WS-156).
func OwnPatchOf(d tenant.Details, now tenant.Tenant, version int64) tenant.Patch {
	p := tenant.Patch{Contact: &d.Contact, Phone: &d.Phone, Country: &d.Country, Address: &d.Address, Locale: &d.Locale, TimeZone: &d.TimeZone, IfVersion: version}
	if d.Name != now.Name {
		p.Name = &d.Name
	}
	return p
}

// Organisation is the form of an organisation.
type Organisation struct {
	Typed    tenant.Details
	Now      tenant.Tenant // as stored; zero while it is new
	Err      error         // what the form was refused with
	Own      bool          // by its own people: registered e-mail read-only, no provider's notes
	NameOff  bool          // the provider reserved the name (WS-156)
	NameHint string
	MailHint string
}

// Faults reads the refusal for the form.
func (o Organisation) Faults(r *page.Request) ui.Faults {
	return ui.FaultsOf(r.Context(), o.Err, "name", r.T("organisation.name"), "email", r.T("organisation.email"), "contact", r.T("organisation.contact"),
		"phone", r.T("organisation.phone"), "country", r.T("organisation.country"), "address", r.T("organisation.address"),
		"remarks", r.T("organisation.remarks"), "external_id", r.T("organisation.external_id"), "locale", r.T("organisation.locale"),
		"time_zone", r.T("organisation.time_zone"), "permission_types", r.T("customer.permissions"), "host", r.T("customer.host"))
}

// Who gives the fields that say who it is and how it is reached.
func (o Organisation) Who(r *page.Request) []templ.Component {
	f, d := o.Faults(r), o.Typed
	hint := func(typed, now, otherwise string) string {
		if o.Now.ID != "" {
			if h := r.Meanwhile(o.Err, typed, now); h != "" {
				return h
			}
		}
		return otherwise
	}
	fields := []templ.Component{
		ui.Input{Name: "name", Label: r.T("organisation.name"), Value: d.Name, Required: true, ReadOnly: o.NameOff, Max: 128, Autocomplete: "off",
			Fault: f.For("name"), Hint: hint(d.Name, o.Now.Name, o.NameHint)},
		ui.Input{Name: "email", Label: r.T("organisation.email"), Value: d.Email, Kind: "email", Required: true, ReadOnly: o.Own, Autocomplete: "off",
			Fault: f.For("email"), Hint: hint(d.Email, o.Now.Email, o.MailHint)},
		ui.Input{Name: "contact", Label: r.T("organisation.contact"), Value: d.Contact, Required: true, Max: 128, Autocomplete: "off",
			Fault: f.For("contact"), Hint: hint(d.Contact, o.Now.Contact, "")},
		ui.Input{Name: "phone", Label: r.T("organisation.phone"), Value: d.Phone, Kind: "tel", Optional: true, Max: 32, Autocomplete: "off",
			Fault: f.For("phone"), Hint: hint(d.Phone, o.Now.Phone, "")},
	}
	return fields
}

// More gives the other fields.
func (o Organisation) More(r *page.Request) []templ.Component {
	f, d := o.Faults(r), o.Typed
	fields := []templ.Component{
		ui.Select{Name: "country", Label: r.T("organisation.country"), Options: Countries(r.Context(), d.Country), Optional: true, Fault: f.For("country")},
		ui.Select{Name: "locale", Label: r.T("organisation.locale"), Options: Locales(r, d.Locale), Fault: f.For("locale"), Hint: r.T("organisation.locale_hint")},
		ui.Input{Name: "time_zone", Label: r.T("organisation.time_zone"), Value: d.TimeZone, Optional: true, Max: 64, Placeholder: "Europe/Berlin", Fault: f.For("time_zone"),
			Hint: r.T("organisation.time_zone_hint")},
	}
	if !o.Own {
		fields = append(fields, ui.Input{Name: "external_id", Label: r.T("organisation.external_id"), Value: d.ExternalID, Optional: true, Max: 128, Mono: true,
			Autocomplete: "off", Fault: f.For("external_id"), Hint: r.T("organisation.external_id_hint")})
	}
	fields = append(fields, ui.Area{Name: "address", Label: r.T("organisation.address"), Value: d.Address, Optional: true, Max: 500, Fault: f.For("address")})
	if !o.Own {
		fields = append(fields, ui.Area{Name: "remarks", Label: r.T("organisation.remarks"), Value: d.Remarks, Optional: true, Max: 2000, Fault: f.For("remarks"),
			Hint: r.T("organisation.remarks_hint")})
	}
	return fields
}

// Countries are the choices of a country, in the order of the reader's language, beginning with none.
func Countries(ctx context.Context, chosen string) []ui.Option {
	names := display.Regions(language.Make(ui.PrefsOf(ctx).Locale))
	options := []ui.Option{}
	for _, code := range errs.Countries() {
		region, err := language.ParseRegion(code)
		if err != nil {
			continue
		}
		name := names.Name(region)
		if name == "" {
			name = code
		}
		options = append(options, ui.Option{Value: code, Label: name, Selected: code == chosen})
	}
	slices.SortFunc(options, func(a, b ui.Option) int { return cmp.Compare(a.Label, b.Label) })
	return append([]ui.Option{{Label: "–", Selected: chosen == ""}}, options...)
}

// Country names a country in the reader's language; the code when it has no name.
func Country(ctx context.Context, code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.Regions(language.Make(ui.PrefsOf(ctx).Locale)).Name(region); name != "" {
		return name
	}
	return code
}

// Locales are the choices of a language, beginning with that of the reader.
func Locales(r *page.Request, chosen string) []ui.Option {
	options := []ui.Option{{Label: r.T("organisation.locale_any"), Selected: chosen == ""}}
	known := chosen == ""
	for _, l := range ui.Languages() {
		options = append(options, ui.Option{Value: l.Tag, Label: l.Name, Selected: l.Tag == chosen})
		known = known || l.Tag == chosen
	}
	if !known { // set through the API, for letters of a language that pages do not have yet
		options = append(options, ui.Option{Value: chosen, Label: chosen, Selected: true})
	}
	return options
}

// LocaleName names a language in itself.
func LocaleName(r *page.Request, tag string) string {
	for _, l := range ui.Languages() {
		if l.Tag == tag {
			return l.Name
		}
	}
	if tag == "" {
		return r.T("organisation.locale_any")
	}
	return tag
}
