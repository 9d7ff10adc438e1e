package devices

import (
	"net"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/device"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/secret"
)

// Lines lists the external lines of a phone.
func (p Pages) Lines(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	lines, err := p.Devices.Lines(r.Context(), r.Actor, v.d.CustomerID, v.d.ID)
	if err != nil {
		return err
	}
	add := v.may.Offer(access.DeviceEdit, ui.Action{Label: r.T("lines.add"), URL: v.at + "/lines/new", Icon: "plus", Style: "primary"})
	t := ui.Table{ID: "lines", Caption: r.T("phone.tab.lines"), Columns: []ui.Column{{Label: r.T("lines.number")}, {Label: r.T("lines.user")}, {Label: r.T("lines.registrar")}, {Label: r.T("lines.transport"), Minor: true}},
		Empty: ui.Empty{Icon: "phone", Title: r.T("lines.none"), Text: r.T("lines.none_text"), Actions: add}}
	for _, l := range lines {
		row := ui.Row{ID: l.ID, Name: r.T("phone.line_n", "n", l.Number), Cells: []templ.Component{ui.Two(r.T("phone.line_n", "n", l.Number), l.Shown(), ""), ui.Coded(l.User, l.Auth()),
			ui.Mono(orDash(servers(l.Registrars))), ui.Text(orDash(string(l.Transport)))}}
		at := v.at + "/lines/" + l.ID
		if v.may.Do(access.DeviceEdit) {
			row.Actions = []ui.Action{{Label: r.T("action.edit"), URL: at, Icon: "pencil"}, {Label: r.T("action.delete"), URL: at + "/delete", How: ui.Confirm, Icon: "trash", Style: "danger"}}
		}
		if l.HasPassword && v.may.Do(access.SecretReveal) {
			row.Actions = append(row.Actions, ui.Action{Label: r.T("lines.reveal"), URL: at + "/reveal", How: ui.Post, Icon: "eye"})
		}
		t.Rows = append(t.Rows, row)
	}
	var more templ.Component
	if len(lines) > 0 && len(add) > 0 {
		more = ui.Buttons(add...)
	}
	return v.tabbed(r, "/lines", ui.Note(r.T("lines.note")), t, more)
}

func servers(all []phone.Server) string {
	var out []string
	for _, s := range all {
		if s.Port == 0 {
			out = append(out, s.Host)
			continue
		}
		out = append(out, net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	}
	return strings.Join(out, ", ")
}

// readServers reads hosts with commas between; a port that is no number becomes -1, which the service refuses by its field.
func readServers(text string) []phone.Server {
	out := []phone.Server{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		host, port, err := net.SplitHostPort(part)
		if err != nil {
			out = append(out, phone.Server{Host: part})
			continue
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			n = -1
		}
		out = append(out, phone.Server{Host: host, Port: n})
	}
	return out
}

// typedLine is the form of a line as it stands.
type typedLine struct {
	id                                                                     string
	version                                                                int64
	number, label, display, user, auth, registrars, proxies, transport, vm string
	shared, expires                                                        string
	password                                                               bool
}

func lineForm(l device.Line) typedLine {
	t := typedLine{id: l.ID, version: l.Version, label: l.Label, display: l.DisplayName, user: l.User, auth: l.AuthUser, registrars: servers(l.Registrars), proxies: servers(l.Proxies),
		transport: string(l.Transport), vm: l.Voicemail, shared: l.SharedWith, password: l.HasPassword}
	if l.Number > 0 {
		t.number = strconv.Itoa(l.Number)
	}
	if l.Expires > 0 {
		t.expires = strconv.Itoa(l.Expires)
	}
	return t
}

func readLine(r *page.Request) typedLine {
	v := r.PostFormValue
	return typedLine{version: r.Version(), number: v("number"), label: v("label"), display: v("display_name"), user: v("user"), auth: v("auth_user"), registrars: v("registrars"), proxies: v("proxies"),
		transport: v("transport"), vm: v("voicemail"), shared: v("shared_with"), expires: v("expires")}
}

func (t typedLine) patch(r *page.Request) device.LinePatch {
	reg, prox, transport := readServers(t.registrars), readServers(t.proxies), phone.Transport(t.transport)
	expires, err := strconv.Atoi(t.expires)
	if err != nil && t.expires != "" {
		expires = -1
	}
	p := device.LinePatch{Label: &t.label, DisplayName: &t.display, User: &t.user, AuthUser: &t.auth, Registrars: &reg, Proxies: &prox, Transport: &transport, Expires: &expires,
		SharedWith: &t.shared, Voicemail: &t.vm, IfVersion: t.version}
	if t.number != "" {
		n, err := strconv.Atoi(t.number)
		if err != nil {
			n = -1
		}
		p.Number = &n
	}
	if word := r.PostFormValue("password"); word != "" {
		w := secret.Hide(word)
		p.Password = &w
	}
	return p
}

func (p Pages) linePage(r *page.Request, v view, t typedLine, err error) templ.Component {
	title, url := r.T("lines.add"), v.at+"/lines/new"
	if t.id != "" {
		title, url = r.T("lines.edit", "n", t.number), v.at+"/lines/"+t.id
	}
	f := ui.FaultsOf(r.Context(), err, "number", r.T("lines.number"), "label", r.T("lines.label"), "display_name", r.T("lines.display"), "user", r.T("lines.user"), "auth_user", r.T("lines.auth"),
		"password", r.T("account.password"), "registrars", r.T("lines.registrar"), "proxies", r.T("lines.proxy"), "transport", r.T("lines.transport"), "expires", r.T("lines.expires"),
		"shared_with", r.T("lines.shared"), "voicemail", r.T("lines.voicemail"))
	word := r.T("lines.password_new")
	if t.password {
		word = r.T("lines.password_keep")
	}
	transport := ui.Select{Name: "transport", Label: r.T("lines.transport"), Fault: f.For("transport"), Options: []ui.Option{{Label: r.T("lines.transport_auto")}}}
	for _, x := range []string{"udp", "tcp", "tls"} {
		transport.Options = append(transport.Options, ui.Option{Value: x, Label: strings.ToUpper(x), Selected: x == t.transport})
	}
	in := func(name, text, value string, max int) ui.Input {
		return ui.Input{Name: name, Label: text, Value: value, Optional: true, Max: max, Autocomplete: "off", Fault: f.For(name)}
	}
	user := ui.Input{Name: "user", Label: r.T("lines.user"), Value: t.user, Required: true, Max: 128, Mono: true, Autocomplete: "off", Fault: f.For("user")}
	registrar := in("registrars", r.T("lines.registrar"), t.registrars, 500)
	registrar.Mono, registrar.Hint = true, r.T("lines.registrar_hint")
	return ui.Full(v.sub(r, title, r.T("lines.lead"), "/lines", r.T("phone.tab.lines")), ui.CardOf("", ui.FormOf(ui.Form{URL: url, Faults: f, Submit: r.T("form.save"), Cancel: v.at + "/lines", Guard: true, Columns: true,
		Hidden: []ui.Hidden{page.Versioned(t.version)}},
		ui.Input{Name: "number", Label: r.T("lines.number"), Kind: "number", Value: t.number, Optional: true, Hint: r.T("lines.number_hint"), Fault: f.For("number")}, in("label", r.T("lines.label"), t.label, 128),
		user, in("auth_user", r.T("lines.auth"), t.auth, 128),
		ui.Input{Name: "password", Label: r.T("account.password"), Kind: "password", Optional: true, Max: 255, Autocomplete: "new-password", Hint: word, Fault: f.For("password")}, in("display_name", r.T("lines.display"), t.display, 128),
		registrar, in("proxies", r.T("lines.proxy"), t.proxies, 500), transport,
		ui.Input{Name: "expires", Label: r.T("lines.expires"), Kind: "number", Value: t.expires, Optional: true, Suffix: "s", Fault: f.For("expires")},
		in("shared_with", r.T("lines.shared"), t.shared, 255), in("voicemail", r.T("lines.voicemail"), t.vm, 128))))
}

func triesLine(r *page.Request, v view, what string) {
	r.Tries("device_line/"+what, r.Actor.Place(), journal.Target{Kind: "device", ID: v.d.ID, Name: label(v.d)})
}

// AddLine shows the form of a new line.
func (p Pages) AddLine(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	return r.Show(p.linePage(r, v, typedLine{}, nil))
}

// CreateLine gives the phone a line.
func (p Pages) CreateLine(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	triesLine(r, v, "create")
	t := readLine(r)
	if _, err := p.Devices.AddLine(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, t.patch(r)); err != nil {
		return r.Again(err, p.linePage(r, v, t, err))
	}
	return r.Done(v.at+"/lines", r.T("lines.saved"))
}

// EditLine shows the form of a line.
func (p Pages) EditLine(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	l, err := p.Devices.Line(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, r.PathValue("line"))
	if err != nil {
		return err
	}
	return r.Show(p.linePage(r, v, lineForm(l), nil))
}

// SaveLine changes a line.
func (p Pages) SaveLine(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	l, err := p.Devices.Line(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, r.PathValue("line"))
	if err != nil {
		return err
	}
	triesLine(r, v, "edit")
	t := readLine(r)
	if _, err := p.Devices.EditLine(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, l.ID, t.patch(r)); err != nil {
		t.id, t.password, t.version = l.ID, l.HasPassword, l.Version
		return r.Again(err, p.linePage(r, v, t, err))
	}
	return r.Done(v.at+"/lines", r.T("lines.saved"))
}

// AskDeleteLine asks before a line goes.
func (p Pages) AskDeleteLine(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	l, err := p.Devices.Line(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, r.PathValue("line"))
	if err != nil {
		return err
	}
	return r.Show(ui.Full(v.sub(r, r.T("action.delete"), "", "/lines", r.T("phone.tab.lines")), ui.Question{Title: r.T("lines.delete_title", "n", l.Number), Text: r.T("lines.delete_text"),
		URL: v.at + "/lines/" + l.ID + "/delete", Submit: r.T("action.delete"), Danger: true, CancelURL: v.at + "/lines", Hidden: []ui.Hidden{page.Versioned(l.Version)}}))
}

// DeleteLine takes a line away.
func (p Pages) DeleteLine(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	triesLine(r, v, "delete")
	if err := p.Devices.DeleteLine(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, r.PathValue("line"), r.Version()); err != nil {
		return err
	}
	return r.Done(v.at+"/lines", r.T("lines.deleted"))
}

// RevealLine shows the password of a line, on an answer that nobody keeps; it is in the log (decision 16).
func (p Pages) RevealLine(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	triesLine(r, v, "reveal")
	l, word, err := p.Devices.RevealLine(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, r.PathValue("line"))
	if err != nil {
		return err
	}
	return r.Show(ui.Full(v.sub(r, r.T("phone.line_n", "n", l.Number), "", "/lines", r.T("phone.tab.lines")), ui.CardOf("", ui.Definitions([]ui.Def{{Term: r.T("lines.user"), Value: ui.Mono(l.User)},
		{Term: r.T("lines.auth"), Value: ui.Mono(l.Auth())}}), ui.Secret{ID: "password", Label: r.T("account.password"), Value: word.Reveal()}, ui.Para(r.T("files.revealed")))))
}
