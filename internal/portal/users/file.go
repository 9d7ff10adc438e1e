package users

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/csvfile"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

var (
	errBroken  = errs.BadField("file", "bad_upload", "The file did not arrive whole. Choose it again.")
	errTooMany = errs.New(errs.TooLarge, "csv_too_many_users", "At most 10000 users per file.")
)

// mostRows is how many users a file may hold, as room subscriber says; previewed how many of them the page of columns shows.
const (
	mostRows  = 10_000
	previewed = 5
)

// AskImport shows the form of a file of users (WS-133).
func (p Pages) AskImport(r *page.Request) error {
	in, err := p.inside(r)
	if err != nil {
		return err
	}
	return r.Show(p.uploadPage(r, in, nil))
}

// inside is the customer, for who may add users.
func (p Pages) inside(r *page.Request) (parts.Inside, error) {
	in, err := parts.InsideOf(r, p.Deps)
	if err == nil {
		err = access.Decide(r.Actor, access.UserEdit, in.Target())
	}
	return in, err
}

func (p Pages) frame(r *page.Request, in parts.Inside, title, lead string) ui.Shell {
	way := []ui.Crumb{{Label: r.T("nav.users"), URL: in.URL("/users")}}
	if title != r.T("users.import") {
		way = append(way, ui.Crumb{Label: r.T("users.import"), URL: in.URL("/users/import")})
	}
	return in.Shell(r, title, lead, way...)
}

func trail(r *page.Request, at int) templ.Component {
	return ui.Trail(r.T("wizard.trail"), []string{r.T("import.file"), r.T("users.columns"), r.T("import.would"), r.T("import.log")}, at)
}

func (p Pages) uploadPage(r *page.Request, in parts.Inside, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "file", r.T("import.file"))
	return ui.Full(p.frame(r, in, r.T("users.import"), r.T("users.import_lead")), trail(r, 0), ui.CardOf(r.T("import.file"),
		ui.FormOf(ui.Form{URL: in.URL("/users/import"), Faults: f, Upload: true, Submit: r.T("wizard.next"), Cancel: in.URL("/users"), Narrow: true,
			Extra: []ui.Action{{Label: r.T("users.example"), URL: in.URL("/users/example.csv"), Icon: "download", Style: "quiet"}}},
			ui.Input{Name: "file", Label: r.T("import.file"), Kind: "file", Required: true, Hint: r.T("users.file_hint"), Fault: f.For("file")}),
		ui.Details(r.T("users.columns_help"), ui.Points(r.T("users.columns_1"), r.T("users.columns_2"), r.T("users.columns_3"), r.T("users.columns_4")))))
}

// Import takes the file, then what its columns mean, then the word to do it. Between the steps the file travels packed in the form, so
// nothing is stored before it is wanted.
func (p Pages) Import(r *page.Request) error {
	up, err := r.ReadUpload("file")
	in, e := p.inside(r)
	if e != nil {
		return e
	}
	triesAll(r, in, "import")
	data := up.Data
	packed := r.PostFormValue("data")
	if err == nil && len(data) == 0 && packed != "" {
		data, err = unpack(packed)
	}
	if err == nil && len(data) == 0 {
		err = page.NoUpload()
	}
	var t csvfile.Table
	if err == nil {
		t, err = csvfile.Read(data, "", mostRows, errTooMany)
	}
	if err != nil {
		return r.Again(err, p.uploadPage(r, in, err))
	}
	if packed == "" {
		packed = pack(data)
	}
	if r.PostFormValue("do") == "" || r.PostFormValue("do") == parts.WizardBack {
		return r.Show(p.columnsPage(r, in, t, packed, guess(t.Header), nil))
	}
	mapping := map[string]string{}
	for _, c := range subscriber.Columns() {
		if h := r.PostFormValue("column." + c); h != "" {
			mapping[c] = h
		}
	}
	file := subscriber.ImportFile{Data: data, Separator: string(t.Comma), Mapping: mapping}
	ctx := r.Context()
	sure := r.PostFormValue("do") == parts.WizardDone
	if !sure {
		ctx = db.DryRun(ctx)
	}
	report, op, err := p.Subscriber.ImportUsers(ctx, r.Actor, in.Customer.ID, file)
	switch {
	case err != nil:
		return r.Again(err, p.columnsPage(r, in, t, packed, mapping, err))
	case report == nil:
		return r.Redirect(in.URL("/user-imports/" + op.ID))
	case sure:
		return r.Show(p.reportPage(r, in, r.T("import.done"), 3, *report, nil))
	}
	return r.Show(p.reportPage(r, in, r.T("import.would"), 2, *report, p.next(r, in, packed, mapping, *report)))
}

// next is the form that does what the dry run said.
func (p Pages) next(r *page.Request, in parts.Inside, packed string, mapping map[string]string, report subscriber.Report) templ.Component {
	f := ui.Form{URL: in.URL("/users/import"), Hidden: carried(packed, mapping), Cancel: in.URL("/users")}
	back := ui.Action{Label: r.T("wizard.back"), How: ui.Submit, Name: "do", Value: parts.WizardBack, Icon: "arrow-left"}
	if report.Added+report.Updated == 0 {
		f.Extra = []ui.Action{back}
		return ui.CardOf(r.T("import.nothing"), ui.FormOf(f))
	}
	f.Extra = []ui.Action{{Label: r.T("import.go"), How: ui.Submit, Name: "do", Value: parts.WizardDone, Style: "primary"}, back}
	return ui.CardOf(r.T("import.ready"), ui.Para(r.T("import.ready_text")), ui.FormOf(f))
}

func carried(packed string, mapping map[string]string) []ui.Hidden {
	out := []ui.Hidden{{Name: "data", Value: packed}}
	for _, c := range subscriber.Columns() {
		if mapping[c] != "" {
			out = append(out, ui.Hidden{Name: "column." + c, Value: mapping[c]})
		}
	}
	return out
}

func pack(data []byte) string {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = z.Write(data) // into memory
	_ = z.Close()
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// unpack is the other way, within the bounds of an upload.
func unpack(text string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errBroken
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, errBroken
	}
	data, err := io.ReadAll(io.LimitReader(z, page.MaxUpload+1))
	if err != nil || len(data) > page.MaxUpload {
		return nil, errBroken
	}
	return data, nil
}

// others are the names that other systems have for our columns, in small letters and digits alone.
var others = map[string][]string{
	"email": {"email", "mail", "emailaddress", "userprincipalname", "username", "login", "邮箱", "电子邮件"}, "first_name": {"firstname", "givenname", "forename", "first", "名"},
	"last_name": {"lastname", "surname", "familyname", "last", "姓"}, "display_name": {"displayname", "fullname", "name", "显示名称"}, "package": {"package", "licence", "license", "plan", "套餐"},
	"add_ons": {"addons", "addon"}, "location": {"location", "site", "office", "地点"}, "extension": {"extension", "ext", "分机"}, "phone_number": {"phonenumber", "phone", "number", "did", "telephone", "电话号码"},
	"external_id": {"externalid", "employeeid", "id", "外部编号"}, "status": {"status", "state", "状态"},
}

func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, s)
}

// guess says which header stands for which column, as far as that can be known from its name; each header at most once.
func guess(header []string) map[string]string {
	out, used := map[string]string{}, map[int]bool{}
	for _, c := range subscriber.Columns() {
		for _, name := range others[c] {
			for i, h := range header {
				if out[c] == "" && !used[i] && plain(h) == name {
					out[c], used[i] = h, true
				}
			}
		}
	}
	return out
}

// columnsPage asks what the columns of the file mean, beside its first rows.
func (p Pages) columnsPage(r *page.Request, in parts.Inside, t csvfile.Table, packed string, mapping map[string]string, err error) templ.Component {
	s := p.frame(r, in, r.T("users.columns"), r.T("users.columns_lead"))
	f := ui.FaultsOf(r.Context(), err)
	var fields []templ.Component
	for _, c := range subscriber.Columns() {
		choice := ui.Select{Name: "column." + c, Label: r.T("users.column." + c), Options: []ui.Option{{Label: r.T("users.column_none"), Selected: mapping[c] == ""}}, Optional: c != "email"}
		for _, h := range t.Header {
			if h != "" {
				choice.Options = append(choice.Options, ui.Option{Value: h, Label: h, Selected: h == mapping[c]})
			}
		}
		fields = append(fields, choice)
	}
	form := ui.Form{URL: in.URL("/users/import"), Faults: f, Columns: true, Cancel: in.URL("/users/import"), Hidden: []ui.Hidden{{Name: "data", Value: packed}},
		Extra: []ui.Action{{Label: r.T("import.check"), How: ui.Submit, Name: "do", Value: parts.WizardNext, Style: "primary"}}}
	preview := ui.Table{ID: "preview", Caption: r.T("users.preview"), Empty: ui.Empty{Icon: "file-text", Title: r.T("import.nothing")}}
	for _, h := range t.Header {
		preview.Columns = append(preview.Columns, ui.Column{Label: h})
	}
	for _, row := range t.Rows[:min(previewed, len(t.Rows))] {
		cells := []templ.Component{}
		for i := range t.Header {
			cells = append(cells, parts.Dash(csvfile.Clip(row.Cells[i], 80)))
		}
		preview.Rows = append(preview.Rows, ui.Row{ID: strconv.Itoa(row.Line), Name: strconv.Itoa(row.Line), Cells: cells})
	}
	return ui.Full(s, trail(r, 1), ui.Heading(r.T("users.preview")), ui.Note(ui.N(r.Context(), "users.rows", len(t.Rows))), preview, ui.CardOf(r.T("users.columns"), ui.FormOf(form, fields...)))
}

// mostShown bounds how many rows of a log a page shows; those that failed come first.
const mostShown = 300

var rowTones = map[string]ui.Tone{subscriber.RowAdded: ui.OK, subscriber.RowUpdated: ui.Info, subscriber.RowUnchanged: ui.Off, subscriber.RowFailed: ui.Bad}

func (p Pages) reportPage(r *page.Request, in parts.Inside, title string, at int, report subscriber.Report, next templ.Component) templ.Component {
	s := p.frame(r, in, title, "")
	n := func(v int) string { return ui.Number(r.Context(), v) }
	stats := ui.GridOf(ui.Stat{Label: r.T("import.added"), Value: n(report.Added)}, ui.Stat{Label: r.T("import.updated"), Value: n(report.Updated)}, ui.Stat{Label: r.T("users.unchanged"), Value: n(report.Unchanged)},
		ui.Stat{Label: r.T("import.failed"), Value: n(report.Failed)})
	t := ui.Table{ID: "log", Caption: r.T("import.log"), Columns: []ui.Column{{Label: r.T("import.line")}, {Label: r.T("import.outcome")}, {Label: r.T("import.why")}},
		Empty: ui.Empty{Icon: "file-text", Title: r.T("import.nothing")}}
	for _, bad := range []bool{true, false} {
		for _, x := range report.Rows {
			if (x.Outcome == subscriber.RowFailed) != bad || len(t.Rows) >= mostShown {
				continue
			}
			why := parts.Dash("")
			if x.Code != "" || x.Reason != "" {
				why = ui.Text(parts.Says(r, x.Code, x.Reason, nil))
			}
			t.Rows = append(t.Rows, ui.Row{ID: strconv.Itoa(x.Line), Name: n(x.Line), Cells: []templ.Component{ui.Text(n(x.Line)), ui.Badge{Tone: rowTones[x.Outcome], Text: r.T("import.row." + x.Outcome)}, why}})
		}
	}
	var note templ.Component
	if len(report.Rows) > len(t.Rows) {
		note = ui.Note(r.T("import.first", "n", len(t.Rows), "total", len(report.Rows)))
	}
	if next == nil {
		next = ui.Buttons(ui.Action{Label: r.T("users.to_list"), URL: in.URL("/users"), Style: "primary"}, ui.Action{Label: r.T("users.another_file"), URL: in.URL("/users/import")})
	}
	return ui.Full(s, trail(r, at), stats, next, note, t)
}

func (p Pages) running(r *page.Request) (parts.Inside, operation.Operation, error) {
	in, err := p.inside(r)
	if err != nil {
		return in, operation.Operation{}, err
	}
	o, err := p.Operations.Get(r.Context(), r.Actor, r.PathValue("operation"))
	if err == nil && o.TenantID != in.Customer.ID {
		err = errs.Missing("object")
	}
	return in, o, err
}

// ImportLog shows how far a long file is, and its log at the end.
func (p Pages) ImportLog(r *page.Request) error {
	in, o, err := p.running(r)
	if err != nil {
		return err
	}
	if o.State == operation.Succeeded {
		var report subscriber.Report
		if err := json.Unmarshal([]byte(o.Result), &report); err != nil {
			return err
		}
		return r.Show(p.reportPage(r, in, r.T("import.done"), 3, report, nil))
	}
	return r.Show(ui.Full(p.frame(r, in, r.T("users.import"), ""), trail(r, 3), ui.CardOf("", p.bar(r, in, o))))
}

// ImportProgress is the part of that page that refreshes itself.
func (p Pages) ImportProgress(r *page.Request) error {
	in, o, err := p.running(r)
	if err != nil {
		return err
	}
	return r.Show(p.bar(r, in, o))
}

func (p Pages) bar(r *page.Request, in parts.Inside, o operation.Operation) templ.Component {
	at := in.URL("/user-imports/" + o.ID)
	g := ui.Progress{ID: "import-progress", Label: r.T("import.running"), Done: o.Done, Total: o.Total, Text: r.T("import.running_text")}
	switch {
	case !o.State.Final():
		g.PollURL = at + "/progress"
		return g
	case o.State != operation.Succeeded:
		g.Tone, g.Label, g.Text = ui.Bad, r.T("import.broken"), ui.ErrText(r.Context(), &errs.Error{Code: o.Fault.Code, Message: o.Fault.Message, Params: o.Fault.Params})
		return g
	}
	g.Tone, g.Label, g.Text, g.Done = ui.OK, r.T("import.done"), "", g.Total
	return ui.Stack(g, ui.Buttons(ui.Action{Label: r.T("import.log"), URL: at, Style: "primary"}))
}

// Export gives all users as Import reads them.
func (p Pages) Export(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := p.Subscriber.ExportUsers(r.Context(), r.Actor, in.Customer.ID, &file); err != nil {
		return err
	}
	return r.File("users.csv", parts.CSV, file.Bytes())
}

// Example gives a file with the columns and one row.
func (p Pages) Example(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	offer, err := parts.OfferOf(r, p.Deps, in.Customer.ID)
	if err != nil {
		return err
	}
	pack := "calling"
	for _, l := range offer.Limits {
		if offer.Item(l.Code).ForUser() {
			pack = l.Code
			break
		}
	}
	row := strings.Join([]string{"edda.wren@example.com", "Edda", "Wren", "", pack, "", "", "201", "", "", "active"}, ",")
	return r.File("users-example.csv", parts.CSV, []byte(strings.Join(subscriber.Columns(), ",")+"\n"+row+"\n"))
}
