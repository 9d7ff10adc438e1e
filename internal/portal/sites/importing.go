package sites

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strconv"

	"github.com/a-h/templ"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/network"
	"linecard/internal/operation"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// AskImport shows the form of a file of sites.
func (p Pages) AskImport(r *page.Request) error { return r.Show(importPage(r, nil)) }

func importPage(r *page.Request, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "file", r.T("import.file"))
	return ui.Full(below(r, network.Site{}, r.T("sites.import"), r.T("sites.import_lead")), ui.CardOf("", ui.FormOf(ui.Form{URL: "/sites/import", Faults: f, Upload: true, Submit: r.T("import.check"), Cancel: "/sites", Narrow: true},
		ui.Input{Name: "file", Label: r.T("import.file"), Kind: "file", Required: true, Hint: r.T("sites.file_hint"), Fault: f.For("file")})))
}

// Import first says what a file would do, row by row, and which phones would move; sent again it does it (chapter 7).
func (p Pages) Import(r *page.Request) error {
	r.Tries("site/import", r.Actor.Place(), journal.Target{Kind: "customer", ID: r.Place.ID, Name: r.Place.Name})
	up, err := r.ReadUpload("file")
	sure := err == nil && r.PostFormValue("sure") == "yes"
	if sure {
		if up.Data, err = base64.StdEncoding.DecodeString(r.PostFormValue("data")); err != nil {
			err = errs.BadField("file", "bad_upload", "The file did not arrive whole. Choose it again.")
		}
	}
	if err == nil && len(up.Data) == 0 {
		err = page.NoUpload()
	}
	if err != nil {
		return r.Again(err, importPage(r, err))
	}
	file := network.File{Data: up.Data}
	if sure {
		report, op, err := p.Networks.Import(r.Context(), r.Actor, p.customer(r), file)
		if err != nil {
			return r.Again(err, importPage(r, err))
		}
		if report == nil {
			return r.Redirect("/site-imports/" + op.ID)
		}
		return r.Show(reportPage(r, r.T("import.done"), *report))
	}
	report, _, err := p.Networks.Import(db.DryRun(r.Context()), r.Actor, p.customer(r), file)
	if err != nil {
		return r.Again(err, importPage(r, err))
	}
	var next templ.Component = ui.Notice{Tone: ui.Warn, Title: r.T("import.nothing")}
	if report.Added+report.Updated > 0 {
		next = ui.CardOf(r.T("import.ready"), ui.Para(r.T("sites.import_text")), ui.FormOf(ui.Form{URL: "/sites/import", Submit: r.T("import.go"), Cancel: "/sites/import",
			Hidden: []ui.Hidden{{Name: "sure", Value: "yes"}, {Name: "data", Value: base64.StdEncoding.EncodeToString(up.Data)}}}))
	}
	return r.Show(reportPage(r, r.T("import.would"), *report, next))
}

// mostRows bounds how many rows a page shows; those with faults come first.
const mostRows = 300

func reportPage(r *page.Request, title string, report network.Report, next ...templ.Component) templ.Component {
	s := below(r, network.Site{}, title, "")
	n := func(v int) string { return ui.Number(r.Context(), v) }
	content := append([]templ.Component{ui.GridOf(ui.Stat{Label: r.T("import.added"), Value: n(report.Added)}, ui.Stat{Label: r.T("import.updated"), Value: n(report.Updated)}, ui.Stat{Label: r.T("import.failed"), Value: n(report.Failed)})}, next...)
	t := ui.Table{ID: "rows", Caption: r.T("import.log"), Columns: []ui.Column{{Label: r.T("import.line")}, {Label: r.T("sites.site")}, {Label: r.T("import.outcome")}, {Label: r.T("import.why")}}, Empty: ui.Empty{Icon: "file-text", Title: r.T("import.nothing")}}
	tones := map[string]ui.Tone{network.Added: ui.OK, network.Updated: ui.Info, network.Failed: ui.Bad}
	for _, bad := range []bool{true, false} {
		for _, x := range report.Rows {
			if len(t.Rows) >= mostRows || (x.Outcome == network.Failed) != bad {
				continue
			}
			why := "–"
			if x.Code != "" {
				why = rowFault(r, x.Code, x.Reason)
			}
			t.Rows = append(t.Rows, ui.Row{ID: strconv.Itoa(x.Line), Name: x.Site, Cells: []templ.Component{ui.Text(n(x.Line)), ui.Text(x.Site), ui.Badge{Tone: tones[x.Outcome], Text: r.T("import.row." + x.Outcome)}, ui.Text(why)}})
		}
	}
	if len(report.Rows) > len(t.Rows) {
		content = append(content, ui.Note(r.T("import.first", "n", len(t.Rows), "total", len(report.Rows))))
	}
	return ui.Full(s, append(content, t)...)
}

// rowFault gives the sentence of a row's fault in the language of the page, else the one that the report holds.
func rowFault(r *page.Request, code, reason string) string {
	if _, ok := ui.Lookup(r.Context(), "field."+code); ok {
		return ui.FieldText(r.Context(), errs.Field{Code: code, Message: reason})
	}
	if _, ok := ui.Lookup(r.Context(), "error."+code); ok {
		return ui.ErrText(r.Context(), &errs.Error{Code: code, Message: reason})
	}
	return reason
}

// ImportLog shows how far a long import is, and its log at the end.
func (p Pages) ImportLog(r *page.Request) error {
	o, err := p.Operations.Get(r.Context(), r.Actor, r.PathValue("operation"))
	if err != nil {
		return err
	}
	if o.State.Final() && o.Result != "" {
		var report network.Report
		if err := json.Unmarshal([]byte(o.Result), &report); err != nil {
			return err
		}
		return r.Show(reportPage(r, r.T("import.done"), report))
	}
	return r.Show(ui.Full(below(r, network.Site{}, r.T("sites.import"), ""), ui.CardOf("", importing(r.Context(), r, o))))
}

func importing(ctx context.Context, r *page.Request, o operation.Operation) templ.Component {
	g := ui.Progress{ID: "import-progress", Label: r.T("import.running"), Done: o.Done, Total: o.Total, Text: r.T("import.running_text")}
	switch {
	case !o.State.Final():
		g.PollURL = "/site-imports/" + o.ID + "/progress"
		return g
	case o.Result == "":
		g.Tone, g.Label, g.Text = ui.Bad, r.T("import.broken"), ui.ErrText(ctx, &errs.Error{Code: o.Fault.Code, Message: o.Fault.Message, Params: o.Fault.Params})
		return g
	}
	g.Tone, g.Label, g.Text, g.Done = ui.OK, r.T("import.done"), "", g.Total
	return ui.Stack(g, ui.Buttons(ui.Action{Label: r.T("import.log"), URL: "/site-imports/" + o.ID, Style: "primary"}))
}

// ImportProgress is the part of that page that refreshes itself.
func (p Pages) ImportProgress(r *page.Request) error {
	o, err := p.Operations.Get(r.Context(), r.Actor, r.PathValue("operation"))
	if err != nil {
		return err
	}
	return r.Show(importing(r.Context(), r, o))
}
