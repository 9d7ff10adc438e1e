package devices

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// AskImport shows the form of a file of devices.
func (p Pages) AskImport(r *page.Request) error { return r.Show(importPage(r, nil)) }

func importPage(r *page.Request, err error) templ.Component {
	s := r.Shell(r.T("devices.import"), r.T("import.lead"))
	s.Crumbs = crumbs(r)
	f := ui.FaultsOf(r.Context(), err, "file", r.T("import.file"), "mode", r.T("import.mode"), "format", r.T("import.format"))
	mode := ui.Choices{Name: "mode", Label: r.T("import.mode"), One: true, Fault: f.For("mode")}
	chosen := r.PostFormValue("mode")
	for _, m := range []string{device.ModeSkip, device.ModeMerge, device.ModeOverwrite} {
		mode.Options = append(mode.Options, ui.Option{Value: m, Label: r.T("import.mode." + m), Hint: r.T("import.mode_hint." + m), Selected: m == chosen || chosen == "" && m == device.ModeSkip})
	}
	format := ui.Select{Name: "format", Label: r.T("import.format"), Fault: f.For("format")}
	for _, x := range device.Formats {
		format.Options = append(format.Options, ui.Option{Value: x, Label: r.T("import.format." + x), Selected: x == r.PostFormValue("format")})
	}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: "/devices/import", Faults: f, Upload: true, Submit: r.T("import.check"), Cancel: "/devices", Narrow: true},
		ui.Input{Name: "file", Label: r.T("import.file"), Kind: "file", Required: true, Hint: r.T("import.file_hint"), Fault: f.For("file")}, format, mode,
		ui.Switch{Name: "armed", Label: r.T("import.armed"), Hint: r.T("import.armed_hint"), On: r.PostFormValue("armed") == "on"})))
}

// Import first says what a file would do, row by row; sent again with that answer it does it (DM-248).
func (p Pages) Import(r *page.Request) error {
	r.Tries("device/import", r.Actor.Place(), journal.Target{Kind: "customer", ID: r.Place.ID, Name: r.Place.Name})
	up, err := r.ReadUpload("file")
	sure := err == nil && r.PostFormValue("sure") == "yes"
	if sure {
		up.Data, err = base64.StdEncoding.DecodeString(r.PostFormValue("data"))
		if err != nil {
			err = errs.BadField("file", "bad_upload", "The file did not arrive whole. Choose it again.")
		}
	}
	if err == nil && len(up.Data) == 0 {
		err = page.NoUpload()
	}
	if err != nil {
		return r.Again(err, importPage(r, err))
	}
	file := device.ImportFile{Data: up.Data, Mode: r.PostFormValue("mode"), Format: r.PostFormValue("format"), Armed: r.PostFormValue("armed") == "on"}
	ctx := r.Context()
	if !sure {
		ctx = db.DryRun(ctx)
	}
	report, op, err := p.Devices.Import(ctx, r.Actor, p.customer(r), file)
	if err != nil {
		return r.Again(err, importPage(r, err))
	}
	if report == nil {
		return r.Redirect("/device-imports/" + op.ID)
	}
	if sure {
		return r.Show(reportPage(r, r.T("import.done"), *report, nil))
	}
	hidden := []ui.Hidden{{Name: "sure", Value: "yes"}, {Name: "data", Value: base64.StdEncoding.EncodeToString(up.Data)}, {Name: "mode", Value: file.Mode}, {Name: "format", Value: file.Format}}
	if file.Armed {
		hidden = append(hidden, ui.Hidden{Name: "armed", Value: "on"})
	}
	var next templ.Component = ui.Notice{Tone: ui.Warn, Title: r.T("import.nothing")}
	if report.Added+report.Updated > 0 {
		next = ui.CardOf(r.T("import.ready"), ui.Para(r.T("import.ready_text")), ui.FormOf(ui.Form{URL: "/devices/import", Hidden: hidden, Submit: r.T("import.go"), Cancel: "/devices/import"}))
	}
	return r.Show(reportPage(r, r.T("import.would"), *report, next))
}

// mostRows bounds how many rows a page shows; those with faults come first.
const mostRows = 300

func reportPage(r *page.Request, title string, report device.ImportReport, next templ.Component) templ.Component {
	s := r.Shell(title, "")
	s.Crumbs = append(crumbs(r), ui.Crumb{Label: r.T("devices.import"), URL: "/devices/import"})
	n := func(v int) string { return ui.Number(r.Context(), v) }
	stats := ui.GridOf(ui.Stat{Label: r.T("import.added"), Value: n(report.Added)}, ui.Stat{Label: r.T("import.updated"), Value: n(report.Updated)}, ui.Stat{Label: r.T("import.skipped"), Value: n(report.Skipped)},
		ui.Stat{Label: r.T("import.failed"), Value: n(report.Failed)}, ui.Stat{Label: r.T("import.warnings"), Value: n(report.Warnings)})
	rows := []device.Outcome{}
	for _, bad := range []bool{true, false} {
		for _, x := range report.Rows {
			if len(rows) < mostRows && (x.Outcome == device.RowFailed || len(x.Warnings) > 0) == bad {
				rows = append(rows, x)
			}
		}
	}
	t := ui.Table{ID: "rows", Caption: r.T("import.log"), Columns: []ui.Column{{Label: r.T("import.line")}, {Label: r.T("import.device")}, {Label: r.T("import.outcome")}, {Label: r.T("import.why")}},
		Empty: ui.Empty{Icon: "file-text", Title: r.T("import.nothing")}}
	tones := map[string]ui.Tone{device.RowAdded: ui.OK, device.RowUpdated: ui.Info, device.RowSkipped: ui.Off, device.RowFailed: ui.Bad}
	for _, x := range rows {
		why := []templ.Component{}
		say := func(code, reason string) {
			if code != "" || reason != "" {
				why = append(why, ui.Two(rowFault(r, code, reason), "", ""))
			}
		}
		say(x.Code, x.Reason)
		for _, w := range x.Warnings {
			say(w.Code, w.Reason)
		}
		if len(why) == 0 {
			why = append(why, ui.Quiet("–"))
		}
		t.Rows = append(t.Rows, ui.Row{ID: ui.Int(int64(x.Line)), Name: x.Device, Cells: []templ.Component{ui.Text(n(x.Line)), mono(x.Device), ui.Badge{Tone: tones[x.Outcome], Text: r.T("import.row." + x.Outcome)}, ui.Stack(why...)}})
	}
	var note templ.Component
	if len(report.Rows) > len(rows) {
		note = ui.Note(r.T("import.first", "n", len(rows), "total", len(report.Rows)))
	}
	return ui.Full(s, stats, next, note, t)
}

// rowFault gives the sentence of a row's fault in the language of the page, else the one that the report holds.
func rowFault(r *page.Request, code, reason string) string {
	for _, family := range []string{"field.", "error."} {
		if _, ok := ui.Lookup(r.Context(), family+code); ok {
			if family == "field." {
				return ui.FieldText(r.Context(), errs.Field{Code: code, Message: reason})
			}
			return ui.ErrText(r.Context(), &errs.Error{Code: code, Message: reason})
		}
	}
	return reason
}

func (p Pages) running(r *page.Request) (operation.Operation, error) {
	return p.Operations.Get(r.Context(), r.Actor, r.PathValue("operation"))
}

// ImportLog shows how far a long import is, and its log at the end.
func (p Pages) ImportLog(r *page.Request) error {
	o, err := p.running(r)
	if err != nil {
		return err
	}
	if o.State.Final() && o.Result != "" {
		var report device.ImportReport
		if err := json.Unmarshal([]byte(o.Result), &report); err != nil {
			return err
		}
		return r.Show(reportPage(r, r.T("import.done"), report, nil))
	}
	s := r.Shell(r.T("devices.import"), "")
	s.Crumbs = crumbs(r)
	return r.Show(ui.Full(s, ui.CardOf("", importing(r, o))))
}

func importing(r *page.Request, o operation.Operation) templ.Component {
	g := ui.Progress{ID: "import-progress", Label: r.T("import.running"), Done: o.Done, Total: o.Total, Text: r.T("import.running_text")}
	switch {
	case !o.State.Final():
		g.PollURL = "/device-imports/" + o.ID + "/progress"
		return g
	case o.Result == "":
		g.Tone, g.Label, g.Text = ui.Bad, r.T("import.broken"), ui.ErrText(r.Context(), &errs.Error{Code: o.Fault.Code, Message: o.Fault.Message, Params: o.Fault.Params})
		return g
	}
	g.Tone, g.Label, g.Text, g.Done = ui.OK, r.T("import.done"), "", g.Total
	return ui.Stack(g, ui.Buttons(ui.Action{Label: r.T("import.log"), URL: "/device-imports/" + o.ID, Style: "primary"}))
}

// ImportProgress is the part of that page that refreshes itself.
func (p Pages) ImportProgress(r *page.Request) error {
	o, err := p.running(r)
	if err != nil {
		return err
	}
	return r.Show(importing(r, o))
}

// Export gives all devices as Import reads them (DM-257).
func (p Pages) Export(r *page.Request) error {
	e, err := p.Devices.Export(r.Context(), r.Actor, p.customer(r), device.ExportOptions{})
	if err != nil {
		return err
	}
	media, file := "text/csv; charset=utf-8; header=present", "devices.csv"
	if e.Parts > 1 {
		media, file = "application/zip", "devices.zip"
	}
	h := r.W.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", `attachment; filename="`+file+`"`)
	h.Set("Cache-Control", "no-store")
	r.W.WriteHeader(http.StatusOK)
	return e.Write(r.Context(), r.W)
}

// Search finds devices of everybody whose phones the person may see (DM-21).
func (p Pages) Search(r *page.Request) error {
	l := parts.ListOf(r, "")
	s := r.Shell(r.T("search.title"), r.T("search.lead"))
	if s.Search != nil {
		s.Search.Value = l.Text()
	}
	t := ui.Table{ID: "hits", Caption: r.T("search.title"), Columns: []ui.Column{{Label: r.T("devices.name")}, {Label: r.T("devices.mac")}, {Label: r.T("search.by")}, {Label: r.T("search.customer")}, {Label: r.T("devices.seen"), Minor: true}},
		Empty: ui.Empty{Icon: "search", Title: r.T("search.none"), Text: r.T("search.none_text")}}
	box := l.Filters(l.Search(r.T("shell.search")))
	box.Submit, box.SubmitIcon = r.T("search.go"), "search"
	if len([]rune(l.Text())) < 2 {
		t.Empty.Title = r.T("search.type")
		return r.Show(ui.Full(s, box, t))
	}
	hits, more, err := p.Devices.Search(r.Context(), r.Actor, l.Text(), 50)
	if err != nil {
		return err
	}
	here := r.Actor.Place().Kind == access.Customer
	for _, h := range hits {
		way, owner := "", templ.Component(ui.Text(h.Customer))
		if here {
			way = "/devices/" + h.ID
		} else if r.Actor.Can(access.CustomerView) {
			owner = ui.Link(h.Customer, "/customers/"+h.CustomerID)
		}
		t.Rows = append(t.Rows, ui.Row{ID: h.ID, Name: h.Shown(), Cells: []templ.Component{ui.Two(h.Shown(), h.KnownModel(), way), mono(h.Identifier()), ui.Two(h.Text, r.T("search.by."+h.By), ""), owner, seenCell(r, h.Device)}})
	}
	note := ui.N(r.Context(), "search.found", len(hits))
	if more {
		note = r.T("search.more")
	}
	return r.Show(ui.Full(s, box, ui.Note(note), t))
}
