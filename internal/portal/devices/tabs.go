package devices

import (
	"cmp"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/device"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// view is one phone with what the person may do to it: what every tab begins with.
type view struct {
	d   device.Device
	may parts.May
	at  string // address of the phone's pages
}

func (p Pages) look(r *page.Request) (view, error) {
	d, err := p.Devices.Get(r.Context(), r.Actor, p.customer(r), r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	may, err := parts.Here(r, p.Deps)
	return view{d, may, "/devices/" + d.ID}, err
}

// tabbed shows one tab of a phone. tab is the end of its address, "" for the first.
func (v view) tabbed(r *page.Request, tab string, content ...templ.Component) error {
	s := v.shell(r)
	return r.Show(ui.Full(s, append([]templ.Component{v.tabs(r, tab)}, content...)...))
}

func (v view) shell(r *page.Request) ui.Shell {
	s := r.Shell(label(v.d), r.T("devices.show_lead"))
	s.Crumbs = crumbs(r)
	b := status(r, v.d)
	s.Badge = &b
	edit := func(a ui.Action) []ui.Action { return v.may.Offer(access.DeviceEdit, a) }
	s.Actions = parts.Actions(edit(ui.Action{Label: r.T("action.edit"), URL: v.at + "/edit", Icon: "pencil", Style: "primary"}),
		edit(ui.Action{Label: r.T("phone.replace"), URL: v.at + "/replace", Icon: "refresh"}),
		edit(ui.Action{Label: r.T("action.delete"), URL: v.at + "/delete", How: ui.Confirm, Icon: "trash"}))
	return s
}

// sub is the shell of a page below one tab of the phone.
func (v view) sub(r *page.Request, title, lead, tab, tabLabel string) ui.Shell {
	s := r.Shell(title, lead)
	s.Crumbs = append(crumbs(r), ui.Crumb{Label: label(v.d), URL: v.at})
	if tab != "" {
		s.Crumbs = append(s.Crumbs, ui.Crumb{Label: tabLabel, URL: v.at + tab})
	}
	return s
}

func (v view) tabs(r *page.Request, now string) templ.Component {
	all := []ui.Tab{{Label: r.T("phone.tab.overview"), URL: v.at, Current: now == ""}}
	add := func(act access.Action, tab, text string) {
		if v.may.Do(act) {
			all = append(all, ui.Tab{Label: text, URL: v.at + tab, Current: now == tab})
		}
	}
	add(access.ProfileView, "/configuration", r.T("phone.tab.configuration"))
	add(access.ProfileView, "/files", r.T("phone.tab.files"))
	add(access.DeviceView, "/lines", r.T("phone.tab.lines"))
	add(access.DeviceView, "/keys", r.T("phone.tab.keys"))
	add(access.DeviceView, "/groups", r.T("phone.tab.groups"))
	add(access.DeviceView, "/requests", r.T("phone.tab.requests"))
	add(access.DeviceView, "/logs", r.T("phone.tab.logs"))
	add(access.DeviceView, "/access", r.T("phone.tab.access"))
	add(access.LogView, "/history", r.T("phone.tab.history"))
	return ui.Tabs(label(v.d), all)
}

// status says whether the phone is heard of; nothing about its registration (decision 21).
func status(r *page.Request, d device.Device) ui.Badge {
	switch d.Status {
	case device.Online:
		return ui.Badge{Tone: ui.OK, Text: r.T("phone.status.online")}
	case device.Offline:
		return ui.Badge{Tone: ui.Off, Text: r.T("phone.status.offline")}
	}
	return ui.Badge{Text: r.T("devices.never_seen")}
}

func result(r *page.Request, d device.Device) templ.Component {
	switch d.Result {
	case device.Provisioned:
		return ui.Badge{Tone: ui.OK, Text: r.T("phone.result.ok")}
	case device.NotProvisioned:
		return ui.Badge{Tone: ui.Bad, Text: r.T("phone.result.failed")}
	}
	return ui.Quiet("–")
}

// Show is the first tab of one phone: what people wrote, what it told, where it is, and how it last asked.
func (p Pages) Show(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	d := v.d
	site, err := p.siteDef(r, v)
	if err != nil {
		return err
	}
	registered, err := p.registrations(r, v)
	if err != nil {
		return err
	}
	asked, err := p.Devices.Requests(r.Context(), r.Actor, d.CustomerID, d.ID)
	if err != nil {
		return err
	}
	if len(asked) > 5 {
		asked = asked[:5]
	}
	written := ui.CardOf(r.T("customers.details"), ui.Definitions([]ui.Def{
		{Term: r.T("devices.name"), Value: parts.Dash(d.Name)}, {Term: r.T("devices.mac"), Value: mono(cmp.Or(d.Identifier(), d.MAC.String()))}, {Term: r.T("devices.maker"), Value: ui.Text(d.Maker)},
		{Term: r.T("devices.model"), Value: parts.Dash(d.Model)}, {Term: r.T("phone.family"), Value: parts.Dash(d.Family)}, {Term: r.T("devices.description"), Value: parts.Dash(d.Description)},
		{Term: r.T("phone.site"), Value: site}, {Term: r.T("customer.added"), Value: ui.Text(ui.DateTime(r.Context(), d.Created.Time))}}))
	told := ui.CardOf(r.T("devices.told"), ui.Definitions([]ui.Def{{Term: r.T("devices.seen"), Value: seenText(r, d)}, {Term: r.T("devices.ip"), Value: mono(d.LastIP)},
		{Term: r.T("phone.private_ip"), Value: mono(d.PrivateIP)}, {Term: r.T("devices.reported_model"), Value: parts.Dash(d.ReportedModel)}, {Term: r.T("devices.software"), Value: parts.Dash(d.SoftwareVersion)},
		{Term: r.T("phone.result"), Value: result(r, d)}}), ui.Para(r.T("devices.told_text")))
	t := requestTable(r, asked)
	t.ID, t.Caption = "asked", r.T("phone.asked_last")
	return v.tabbed(r, "", ui.GridOf(written, told), registered, ui.Heading(r.T("phone.asked_last")), t, p.steps(r, v))
}

// steps are what can be done with the phone as a whole.
func (p Pages) steps(r *page.Request, v view) templ.Component {
	var all []ui.Step
	step := func(act access.Action, title, text string, a ui.Action) {
		for _, offered := range v.may.Offer(act, a) {
			all = append(all, ui.Step{Title: title, Text: text, Action: offered})
		}
	}
	step(access.DeviceAct, r.T("phone.sync"), r.T("phone.sync_text"), ui.Action{Label: r.T("phone.sync"), URL: v.at + "/sync", How: ui.Confirm})
	step(access.DeviceEdit, r.T("phone.replace"), r.T("phone.replace_text"), ui.Action{Label: r.T("phone.replace"), URL: v.at + "/replace"})
	step(access.DeviceEdit, r.T("phone.move"), r.T("phone.move_text"), ui.Action{Label: r.T("phone.move"), URL: v.at + "/move"})
	step(access.DeviceAct, r.T("phone.reopen"), r.T("phone.reopen_text"), ui.Action{Label: r.T("phone.reopen"), URL: v.at + "/reopen", How: ui.Confirm})
	if len(all) == 0 {
		return nil
	}
	return ui.CardOf(r.T("phone.steps"), ui.Steps(all...))
}

func requestTable(r *page.Request, asked []device.Asked) ui.Table {
	t := ui.Table{ID: "requests", Caption: r.T("phone.tab.requests"),
		Columns: []ui.Column{{Label: r.T("phone.asked.when")}, {Label: r.T("phone.asked.file")}, {Label: r.T("phone.asked.answer")}, {Label: r.T("phone.asked.bytes"), Number: true, Minor: true},
			{Label: r.T("phone.asked.account"), Minor: true}, {Label: r.T("devices.ip"), Minor: true}},
		Empty: ui.Empty{Icon: "history", Title: r.T("phone.asked.none"), Text: r.T("phone.asked.none_text")}}
	for _, x := range asked {
		how := parts.Dash("")
		if x.Account != "" {
			how = ui.Text(r.T("phone.account." + x.Account))
		}
		t.Rows = append(t.Rows, ui.Row{ID: ui.Int(x.Millis), Name: x.File, Cells: []templ.Component{ui.Two(ui.DateTime(r.Context(), x.At), ui.Ago(r.Context(), r.Now(), x.At), ""),
			ui.Coded(x.Method+" "+x.File, x.ETag), answered(x), ui.Text(ui.Number(r.Context(), x.Bytes)), how, ui.Two(x.IP, tlsOf(x), "")}})
	}
	return t
}

func tlsOf(x device.Asked) string {
	if x.TLS == "" {
		return ""
	}
	return "TLS " + x.TLS
}

func answered(x device.Asked) templ.Component {
	b := ui.Badge{Tone: ui.OK, Text: ui.Int(int64(x.Status))}
	switch {
	case x.Status >= 500:
		b.Tone = ui.Bad
	case x.Status >= 400:
		b.Tone = ui.Warn
	case x.Status >= 300:
		b.Tone = ui.Neutral
	}
	if x.Fault == "" {
		return ui.Badges(b)
	}
	return ui.Stack(ui.Badges(b), ui.Reason(x.Fault))
}

// Requests shows the last 200 requests of a phone.
func (p Pages) Requests(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	asked, err := p.Devices.Requests(r.Context(), r.Actor, v.d.CustomerID, v.d.ID)
	if err != nil {
		return err
	}
	return v.tabbed(r, "/requests", ui.Note(r.T("phone.asked.note", "n", device.KeptRequests)), requestTable(r, asked))
}
