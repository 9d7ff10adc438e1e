package parts

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/catalog"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// AddressNames are the fields of a postal address below a name, as the services name their faults.
func AddressNames(below string) []string {
	var out []string
	for _, n := range []string{"line1", "line2", "city", "state", "postal_code", "country"} {
		out = append(out, below+"."+n)
	}
	return out
}

// ReadAddress takes a postal address from what was typed.
func ReadAddress(v url.Values, below string) subscriber.Address {
	g := func(name string) string { return strings.TrimSpace(v.Get(below + "." + name)) }
	return subscriber.Address{Line1: g("line1"), Line2: g("line2"), City: g("city"), State: g("state"), PostalCode: g("postal_code"), Country: g("country")}
}

// AddressLabels are those fields with what the form calls them.
func AddressLabels(r *page.Request, below string) []string {
	return []string{below + ".line1", r.T("address.line1"), below + ".line2", r.T("address.line2"), below + ".city", r.T("address.city"), below + ".state", r.T("address.state"),
		below + ".postal_code", r.T("address.postal_code"), below + ".country", r.T("organisation.country")}
}

// AddressFields are the fields of a postal address (WS-48).
func AddressFields(r *page.Request, below string, a subscriber.Address, f ui.Faults) []templ.Component {
	in := func(name, label, value string, max int, optional bool) templ.Component {
		return ui.Input{Name: below + "." + name, Label: label, Value: value, Max: max, Optional: optional, Required: !optional, Autocomplete: "off", Fault: f.For(below + "." + name)}
	}
	return []templ.Component{in("line1", r.T("address.line1"), a.Line1, 50, false), in("line2", r.T("address.line2"), a.Line2, 50, true), in("postal_code", r.T("address.postal_code"), a.PostalCode, 16, true),
		in("city", r.T("address.city"), a.City, 50, false), ui.Select{Name: below + ".country", Label: r.T("organisation.country"), Options: Countries(r.Context(), a.Country), Fault: f.For(below + ".country")},
		ui.Input{Name: below + ".state", Label: r.T("address.state"), Value: a.State, Optional: true, Max: 50, Hint: r.T("address.state_hint"), Autocomplete: "off", Fault: f.For(below + ".state")}}
}

// LanguageOptions are the languages of mails and announcements, each in its main form (WS-50).
func LanguageOptions(chosen string) []ui.Option {
	var out []ui.Option
	known := false
	for _, l := range catalog.Languages() {
		for _, code := range l.Locales {
			label := l.Name
			if len(l.Locales) > 1 {
				label += " (" + code + ")"
			}
			known = known || code == chosen
			out = append(out, ui.Option{Value: code, Label: label, Selected: code == chosen || chosen == "" && code == catalog.English})
		}
	}
	if !known && chosen != "" {
		out = append(out, ui.Option{Value: chosen, Label: chosen, Selected: true})
	}
	return out
}

// OneLine writes an address on one line; a dash for none.
func OneLine(r *page.Request, a subscriber.Address) string {
	var kept []string
	for _, s := range []string{a.Line1, a.Line2, strings.TrimSpace(a.PostalCode + " " + a.City), a.State} {
		if s != "" {
			kept = append(kept, s)
		}
	}
	if a.Country != "" {
		kept = append(kept, Country(r.Context(), a.Country))
	}
	if len(kept) == 0 {
		return "–"
	}
	return strings.Join(kept, r.T("list.separator"))
}
