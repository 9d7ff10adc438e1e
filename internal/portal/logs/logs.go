// Package logs owns the pages of the operation log (CH-83, CH-84) and of the policies that hold in an organisation (CH-14,
// CH-85).
//
// It must not know how rows are kept, and offers no way to change one.
package logs

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Pages are the pages of log and policies.
type Pages struct{ *page.Deps }

// Routes is the table of these pages.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	return []page.Route{
		{Pattern: "GET /log", In: page.Anywhere, Needs: access.LogView, Serve: p.Log},
		{Pattern: "GET /log.csv", In: page.Anywhere, Needs: access.LogView, Serve: p.Export},
		{Pattern: "GET /policies", In: page.Anywhere, Needs: access.SettingsView, Serve: p.Policies},
		{Pattern: "POST /policies", In: page.Anywhere, Needs: access.SettingsEdit, Serve: p.SetPolicies},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{
	{Group: "nav.organisation", Label: "nav.audit", URL: "/log", Icon: "history"},
	{Group: "nav.organisation", Label: "nav.policies", URL: "/policies", Icon: "shield-lock"},
}

// query reads the filters; days are whole days of the viewer's time zone, both included.
func query(r *page.Request, l parts.List) (journal.Query, error) {
	q := journal.Query{Action: l.Get("action"), Path: l.Get("path"), Actor: l.Get("actor"), IP: l.Get("ip"), Result: l.Get("result"), Asc: l.Get("sort") == "time", Page: l.Page()}
	var c errs.Checker
	day := func(name string) time.Time {
		text := l.Get(name)
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, text, ui.PrefsOf(r.Context()).Zone)
		if err != nil {
			c.Add(errs.Field{Name: name, Code: "bad_date", Message: "A date looks like 2026-03-31."})
		}
		return t
	}
	q.From = day("from")
	if q.To = day("to"); !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	return q, c.Err()
}

func filters() []string { return []string{"from", "to", "action", "path", "actor", "ip", "result"} }

// allowed decides whether the person may see the log of the place.
func (p Pages) allowed(r *page.Request) error {
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	return access.Decide(r.Actor, access.LogView, may.Target())
}

// Log shows the operation log of the place, the newest first, in five columns (CH-83).
func (p Pages) Log(r *page.Request) error {
	if err := p.allowed(r); err != nil {
		return err
	}
	l := parts.ListOf(r, "-time", filters()...)
	q, err := query(r, l)
	if err != nil {
		return err
	}
	q.Viewer = r.Actor
	rows, next, err := p.Journal.Log(r.Context(), p.DB, r.Place.ID, q)
	if err != nil {
		return err
	}
	actions, err := p.Journal.Actions(r.Context(), p.DB, r.Place.ID)
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.audit"), r.T("log.lead"))
	s.Actions = []ui.Action{{Label: r.T("log.export"), URL: "/log.csv" + l.Query(), Icon: "download"}}
	t := ui.Table{ID: "log", Caption: r.T("nav.audit"), Pager: l.Pager(r, len(rows), -1, next), Columns: []ui.Column{l.Column(r.T("log.time"), "-time"), {Label: r.T("log.action")},
		{Label: r.T("log.user")}, {Label: r.T("log.ip"), Minor: true}, {Label: r.T("log.result")}},
		Empty: ui.Empty{Icon: "history", Title: r.T("log.none"), Text: r.T("log.none_text")}}
	if l.Filtered() {
		t.Empty = ui.Empty{Icon: "search", Title: r.T("log.none_found"), Text: r.T("customers.none_found_text"), Actions: []ui.Action{{Label: r.T("filter.clear"), URL: "/log"}}}
	}
	for _, e := range rows {
		t.Rows = append(t.Rows, ui.Row{ID: e.ID, Cells: []templ.Component{ui.Text(ui.DateTime(r.Context(), e.Time.Time)), deed(r, e),
			ui.Text(e.Actor.Label()), mono(e.IP), result(r, e)}})
	}
	f := ui.Filters{URL: "/log", ClearURL: l.Clear(), Fields: filterFields(r, l, actions)}
	return r.Show(ui.Full(s, f, t))
}

func filterFields(r *page.Request, l parts.List, actions []string) []templ.Component {
	input := func(name, label, kind string) templ.Component {
		return ui.Input{Name: name, Label: label, Kind: kind, Value: l.Get(name), Compact: true, Max: 200, Autocomplete: "off"}
	}
	typ := ui.Select{Name: "action", Label: r.T("log.type"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	if chosen := l.Get("action"); chosen != "" && !slices.Contains(actions, chosen) {
		actions = append(actions, chosen)
	}
	for _, a := range actions {
		typ.Options = append(typ.Options, ui.Option{Value: a, Label: a, Selected: a == l.Get("action")})
	}
	res := ui.Select{Name: "result", Label: r.T("log.result"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, v := range []string{journal.Success, journal.Failure} {
		res.Options = append(res.Options, ui.Option{Value: v, Label: r.T("log.result." + v), Selected: v == l.Get("result")})
	}
	fields := []templ.Component{input("from", r.T("filter.from"), "date"), input("to", r.T("log.to"), "date"), typ, input("path", r.T("log.path"), ""),
		input("actor", r.T("log.user"), ""), input("ip", r.T("log.ip"), ""), res}
	if s := l.Get("sort"); s != "" {
		fields = append(fields, ui.Carry("sort", s))
	}
	return fields
}

func mono(s string) templ.Component {
	if s == "" {
		return ui.Quiet("–")
	}
	return ui.Mono(s)
}

// deed words what was done; what has no words yet is shown by its path alone.
func deed(r *page.Request, e journal.Entry) templ.Component {
	note := e.Target.Name
	words := page.Deed(r.Context(), e)
	if words == e.Action {
		return ui.Coded(e.Action, note)
	}
	if note != "" {
		note = " · " + note
	}
	return ui.Two(words, e.Action+note, "")
}

func result(r *page.Request, e journal.Entry) templ.Component {
	if e.Result == journal.Success {
		return ui.Badge{Tone: ui.OK, Text: r.T("log.result.success")}
	}
	b := ui.Badge{Tone: ui.Bad, Text: r.T("log.result.failure")}
	if e.Reason == "" {
		return b
	}
	return ui.Stack(ui.Badges(b), ui.Reason(e.Reason))
}

// Export streams every row that the filters find as CSV, however many (CH-84).
func (p Pages) Export(r *page.Request) error {
	if err := p.allowed(r); err != nil {
		return err
	}
	l := parts.ListOf(r, "-time", filters()...)
	q, err := query(r, l)
	if err != nil {
		return err
	}
	if q.Result != "" && q.Result != journal.Success && q.Result != journal.Failure {
		q.Result = ""
	}
	h := r.W.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="operation-log.csv"`)
	h.Set("Cache-Control", "no-store")
	w := csv.NewWriter(r.W)
	if err := w.Write([]string{"time", "action", "user", "organisation", "target_kind", "target_id", "target", "ip", "result", "reason", "request_id"}); err != nil {
		return err
	}
	zone, flush := ui.PrefsOf(r.Context()).Zone, http.NewResponseController(r.W)
	n := 0
	q.Viewer = r.Actor
	err = p.Journal.LogEach(r.Context(), p.DB, r.Place.ID, q, func(e journal.Entry) error {
		if n++; n%1000 == 0 {
			w.Flush()
			_ = flush.Flush() // a writer that cannot is no fault
		}
		return w.Write([]string{e.Time.In(zone).Format(time.RFC3339), e.Action, cell(e.Actor.Label()), cell(e.Actor.TenantName), e.Target.Kind, e.Target.ID, cell(e.Target.Name), e.IP,
			e.Result, e.Reason, e.RequestID})
	})
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	return err
}

// cell keeps a text that somebody typed from being a formula where the file is opened in a spreadsheet.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
