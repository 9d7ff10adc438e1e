package parts

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// LineTable lists managed lines: their address, whose they are, where they ring, and whether an emergency call would have a place.
func LineTable(r *page.Request, in Inside, all []subscriber.Line, holders bool) ui.Table {
	t := ui.Table{ID: "lines", Caption: r.T("nav.lines"), Columns: []ui.Column{{Label: r.T("mlines.address")}}}
	if holders {
		t.Columns = append(t.Columns, ui.Column{Label: r.T("mlines.holder")})
	}
	t.Columns = append(t.Columns, ui.Column{Label: r.T("mlines.phones")}, ui.Column{Label: r.T("customer.state")})
	for _, l := range all {
		at := in.URL("/lines/" + l.ID)
		cells := []templ.Component{ui.Two(LineShown(l), LineAddress(l), at)}
		if holders {
			cells = append(cells, ui.Two(l.Name, LineReached(l), ""))
		}
		ring := templ.Component(ui.Quiet(r.T("mlines.nowhere")))
		if n := len(l.Phones); n > 0 {
			ring = ui.Text(ui.N(r.Context(), "mlines.on_phones", n))
		}
		row := ui.Row{ID: l.ID, Name: LineShown(l), Dim: !l.Active, Cells: append(cells, ring, LineState(r, l))}
		row.Actions = in.Offer(access.LineEdit, ui.Action{Label: r.T("mlines.place"), URL: at + "/place", Icon: "device-landline-phone"})
		t.Rows = append(t.Rows, row)
	}
	return t
}

// LineShown is what a phone shows of a line.
func LineShown(l subscriber.Line) string {
	for _, s := range []string{l.Label, l.Extension, l.Number, l.User} {
		if s != "" {
			return s
		}
	}
	return l.ID
}

// LineAddress is the address of record, without a domain as long as nobody said where lines register.
func LineAddress(l subscriber.Line) string {
	if l.Realm == "" {
		return l.User
	}
	return l.User + "@" + l.Realm
}

// LineReached is how its holder is called.
func LineReached(l subscriber.Line) string {
	return strings.Trim(l.Number+" · "+l.Extension, " ·")
}

// LineState says what stands in the way of a line.
func LineState(r *page.Request, l subscriber.Line) templ.Component {
	var all []ui.Badge
	switch {
	case !l.Active:
		all = append(all, ui.Badge{Tone: ui.Off, Text: r.T("users.state.inactive")})
	case l.NextAuthID != "":
		all = append(all, ui.Badge{Tone: ui.Busy, Text: r.T("mlines.rotating")})
	case l.Realm == "":
		all = append(all, ui.Badge{Tone: ui.Warn, Text: r.T("mlines.no_registrar")})
	}
	if l.NoEmergency() {
		all = append(all, ui.Badge{Tone: ui.Bad, Text: r.T("mlines.no_emergency")})
	}
	if len(all) == 0 {
		all = append(all, ui.Badge{Tone: ui.OK, Text: r.T("mlines.ready")})
	}
	return ui.Badges(all...)
}

// Count writes how many, without a word.
func Count(r *page.Request, n int64) templ.Component {
	return ui.Text(ui.Number(r.Context(), n))
}

// Int writes a whole number for a field; "" for 0.
func Int(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
