package parts

import (
	"github.com/a-h/templ"

	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// State says in a word whether an organisation is in use.
func State(r *page.Request, t tenant.Tenant) ui.Badge {
	switch {
	case t.State == tenant.Archived:
		return ui.Badge{Tone: ui.Off, Text: r.T("organisation.state.archived")}
	case t.Frozen && t.FreezeStopsService:
		return ui.Badge{Tone: ui.Bad, Text: r.T("organisation.state.stopped")}
	case t.Frozen:
		return ui.Badge{Tone: ui.Bad, Text: r.T("organisation.state.frozen")}
	case t.ProvisioningSuspended:
		return ui.Badge{Tone: ui.Warn, Text: r.T("organisation.state.suspended")}
	}
	return ui.Badge{Tone: ui.OK, Text: r.T("organisation.state.active")}
}

// Permissions shows the permission types of a customer (CH-18).
func Permissions(t tenant.Tenant) templ.Component {
	var all []ui.Badge
	for _, p := range t.Permissions {
		all = append(all, ui.Badge{Text: p})
	}
	return ui.Badges(all...)
}

// Authorisation says how far a customer lets its provider manage its devices (CH-31).
func Authorisation(r *page.Request, state tenant.RelationState, readOnly bool) ui.Badge {
	switch state {
	case tenant.Granted:
		if readOnly {
			return ui.Badge{Tone: ui.Info, Text: r.T("authorisation.state.read_only")}
		}
		return ui.Badge{Tone: ui.OK, Text: r.T("authorisation.state.granted")}
	case tenant.Requested:
		return ui.Badge{Tone: ui.Busy, Text: r.T("authorisation.state.requested")}
	case tenant.WithdrawnOnce:
		return ui.Badge{Tone: ui.Off, Text: r.T("authorisation.state.withdrawn")}
	case tenant.Expired:
		return ui.Badge{Tone: ui.Warn, Text: r.T("authorisation.state.expired")}
	case tenant.Ended:
		return ui.Badge{Tone: ui.Off, Text: r.T("authorisation.state.ended")}
	}
	return ui.Badge{Text: r.T("authorisation.state.none")}
}

// Contact gives mail and phone of an organisation one below the other.
func Contact(t tenant.Tenant) templ.Component {
	if t.Contact == "" {
		return ui.Quiet("–")
	}
	return ui.Two(t.Contact, t.Phone, "")
}

// Dash is the text, and a dash for none.
func Dash(s string) templ.Component {
	if s == "" {
		return ui.Quiet("–")
	}
	return ui.Text(s)
}
