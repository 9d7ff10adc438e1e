package devices

import (
	"cmp"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// Access shows how a phone gets in: its own account, and whether it is open.
func (p Pages) Access(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	a, err := p.Devices.Access(r.Context(), r.Actor, v.d.CustomerID, v.d.ID)
	if err != nil {
		return err
	}
	when := func(t db.Time, none string) templ.Component {
		if t.IsZero() {
			return ui.Quiet(none)
		}
		return ui.Text(ui.DateTime(r.Context(), t.Time))
	}
	given := r.T("access.not_given")
	if a.Given {
		given = r.T("access.given")
	}
	open := when(a.Open, r.T("access.closed"))
	if !a.Open.IsZero() && a.Open.Time.Before(r.Now()) {
		open = ui.Quiet(r.T("access.closed"))
	}
	act := v.may.Offer(access.DeviceAct, ui.Action{Label: r.T("phone.reopen"), URL: v.at + "/reopen", How: ui.Confirm, Icon: "lock-open"})
	act = append(act, v.may.Offer(access.DeviceEdit, ui.Action{Label: r.T("access.rotate"), URL: v.at + "/rotate", How: ui.Confirm, Icon: "key"})...)
	var buttons templ.Component
	if len(act) > 0 {
		buttons = ui.Buttons(act...)
	}
	return v.tabbed(r, "/access", ui.CardOf(r.T("access.account"), ui.Para(r.T("access.text")), ui.Definitions([]ui.Def{{Term: r.T("provisioning.user"), Value: mono(a.User)}, {Term: r.T("access.own"), Value: ui.Text(given)},
		{Term: r.T("access.claimed"), Value: when(a.Claimed, r.T("access.not_yet"))}, {Term: r.T("access.used"), Value: when(a.Used, r.T("access.not_yet"))}, {Term: r.T("access.open"), Value: open}}), buttons))
}

// AskReopen asks before a phone may come in with the customer's account again.
func (p Pages) AskReopen(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	hours := ui.Select{Name: "hours", Label: r.T("access.window")}
	for _, n := range []int{1, 4, 24, 72, 168} {
		hours.Options = append(hours.Options, ui.Option{Value: strconv.Itoa(n), Label: ui.N(r.Context(), "access.hours", n), Selected: n == 24})
	}
	return r.Show(ui.Full(v.sub(r, r.T("phone.reopen"), "", "/access", r.T("phone.tab.access")), ui.Question{Title: r.T("access.reopen_title", "name", label(v.d)), Text: r.T("phone.reopen_text"),
		URL: v.at + "/reopen", Submit: r.T("phone.reopen"), CancelURL: v.at + "/access", Inputs: []templ.Component{hours}}))
}

// Reopen lets the phone in for some hours (decision 15).
func (p Pages) Reopen(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "reopen", v.d)
	hours, err := strconv.Atoi(cmp.Or(r.PostFormValue("hours"), "24"))
	if err != nil || hours < 1 || hours > 168 {
		hours = 24
	}
	a, err := p.Devices.Reopen(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, time.Duration(hours)*time.Hour)
	if err != nil {
		return err
	}
	return r.Done(v.at+"/access", r.T("access.reopened", "time", a.Open.Time))
}

// AskRotate asks before a phone gets another password.
func (p Pages) AskRotate(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	return r.Show(ui.Full(v.sub(r, r.T("access.rotate"), "", "/access", r.T("phone.tab.access")), ui.Question{Title: r.T("access.rotate_title", "name", label(v.d)), Text: r.T("access.rotate_text"),
		URL: v.at + "/rotate", Submit: r.T("access.rotate"), CancelURL: v.at + "/access"}))
}

// Rotate gives the phone a new password with its next configuration.
func (p Pages) Rotate(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "rotate", v.d)
	if _, err := p.Devices.RotateAccount(r.Context(), r.Actor, v.d.CustomerID, v.d.ID); err != nil {
		return err
	}
	return r.Done(v.at+"/access", r.T("access.rotated"))
}

// Logs shows the logs of a day and the other files that the phone sent.
func (p Pages) Logs(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	today := r.Now().UTC()
	day := today.Format(time.DateOnly)
	choice := ui.Select{Name: "day", Label: r.T("logs.day"), Compact: true}
	for n := range device.LogDays {
		x := today.AddDate(0, 0, -n).Format(time.DateOnly)
		chosen := x == r.URL.Query().Get("day")
		if chosen {
			day = x
		}
		choice.Options = append(choice.Options, ui.Option{Value: x, Label: x, Selected: chosen})
	}
	logs, err := p.Devices.Logs(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, day)
	if err != nil {
		return err
	}
	sent, err := p.Devices.FilesFromPhone(r.Context(), r.Actor, v.d.CustomerID, v.d.ID)
	if err != nil {
		return err
	}
	files := v.uploads(r, sent, "sent", "/sent/", access.SecretReveal)
	return v.tabbed(r, "/logs", ui.Filters{URL: v.at + "/logs", Fields: []templ.Component{choice}}, v.uploads(r, logs, "logs", "/logs/", access.DeviceView),
		ui.Heading(r.T("logs.sent")), ui.Note(r.T("logs.sent_note")), files)
}

func (v view) uploads(r *page.Request, all []device.Uploaded, id, under string, read access.Action) ui.Table {
	t := ui.Table{ID: id, Caption: r.T("logs." + id), Columns: []ui.Column{{Label: r.T("files.name")}, {Label: r.T("phone.asked.bytes"), Number: true}, {Label: r.T("phone.asked.when")}},
		Empty: ui.Empty{Icon: "file-text", Title: r.T("logs.none")}}
	for _, u := range all {
		name := templ.Component(ui.Mono(u.Name))
		if v.may.Do(read) {
			name = ui.Link(u.Name, v.at+under+u.ID)
		}
		t.Rows = append(t.Rows, ui.Row{ID: u.ID, Name: u.Name, Cells: []templ.Component{name, ui.Text(ui.Number(r.Context(), u.Size)), ui.Text(ui.DateTime(r.Context(), u.Time.Time))}})
	}
	return t
}

// Log gives one log of a day, to be kept.
func (p Pages) Log(r *page.Request) error {
	u, body, err := p.Devices.OpenLog(r.Context(), r.Actor, p.customer(r), r.PathValue("id"), r.PathValue("log"))
	if err != nil {
		return err
	}
	return download(r, u.Name, body)
}

// Sent gives one file that the phone sent, to be kept; it may hold passwords, and that it was opened is in the log.
func (p Pages) Sent(r *page.Request) error {
	u, body, err := p.Devices.OpenFileFromPhone(r.Context(), r.Actor, p.customer(r), r.PathValue("id"), r.PathValue("file"))
	if err != nil {
		return err
	}
	return download(r, u.Name, body)
}

// download answers with bytes as they came from a phone: never to be shown by a browser.
func download(r *page.Request, name string, body []byte) error {
	plain := strings.Map(func(c rune) rune {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '/' {
			return '_'
		}
		return c
	}, path.Base(name))
	h := r.W.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+plain+`"`)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	r.W.WriteHeader(http.StatusOK)
	_, err := r.W.Write(body)
	return err
}

// AskReplace shows the form of the phone that takes this one's place.
func (p Pages) AskReplace(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	return r.Show(v.replacePage(r, "", nil))
}

func (v view) replacePage(r *page.Request, mac string, err error) templ.Component {
	f := faults(r, err)
	return ui.Full(v.sub(r, r.T("phone.replace"), r.T("phone.replace_text"), "", ""), ui.CardOf("", ui.FormOf(ui.Form{URL: v.at + "/replace", Faults: f, Submit: r.T("phone.replace"), Cancel: v.at, Guard: true, Narrow: true,
		Hidden: []ui.Hidden{page.Versioned(v.d.Version)}},
		ui.Input{Name: "mac", Label: r.T("phone.new_mac"), Value: mac, Required: true, Mono: true, Autofocus: true, Autocomplete: "off", Placeholder: "00:04:f2:ab:cd:ef", Hint: r.T("devices.mac_hint"), Fault: f.For("mac")})))
}

// Replace puts a new phone in the place of this one.
func (p Pages) Replace(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "replace", v.d)
	mac := r.PostFormValue("mac")
	out, err := p.Devices.Replace(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, device.Replacement{MAC: mac, IfVersion: r.Version()})
	if err != nil {
		return r.Again(err, v.replacePage(r, mac, err))
	}
	return r.Done("/devices/"+out.Device.ID, r.T("phone.replaced", "name", label(out.Device), "kept", p.words(r, out.Carried), "gone", p.words(r, out.Dropped)))
}

// words names what goes on or is gone.
func (p Pages) words(r *page.Request, all []string) string {
	var out []string
	for _, w := range all {
		if text, ok := ui.Lookup(r.Context(), "carried."+w); ok {
			w = text
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, r.T("list.comma"))
}

// AskMove shows to whom the phone can be moved.
func (p Pages) AskMove(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	return r.Show(v.movePage(r, "", nil))
}

func (v view) movePage(r *page.Request, to string, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "customer_id", r.T("phone.move_to"))
	return ui.Full(v.sub(r, r.T("phone.move"), r.T("phone.move_text"), "", ""), ui.CardOf("", ui.FormOf(ui.Form{URL: v.at + "/move", Faults: f, Submit: r.T("phone.move"), Cancel: v.at, Danger: true, Narrow: true,
		Hidden: []ui.Hidden{page.Versioned(v.d.Version)}},
		ui.Input{Name: "customer_id", Label: r.T("phone.move_to"), Value: to, Required: true, Mono: true, Autocomplete: "off", Max: 64, Hint: r.T("phone.move_hint"), Fault: f.For("customer_id")})))
}

// Move gives the phone to another customer.
func (p Pages) Move(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "move", v.d)
	to := strings.TrimSpace(r.PostFormValue("customer_id"))
	if _, err := p.Devices.Move(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, to, r.Version()); err != nil {
		return r.Again(err, v.movePage(r, to, err))
	}
	return r.Done("/devices", r.T("phone.moved", "name", label(v.d)))
}
