package home

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/operation"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Routes is the table of the lists behind the numbers of dashboards that no other area has.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	return []page.Route{
		{Pattern: "GET /fleet", In: page.Staff, Needs: access.DeviceView, Serve: p.Fleet},
		{Pattern: "GET /operations", In: page.Anywhere, Needs: access.Self, Serve: p.Work},
		{Pattern: "GET /certificates", In: page.Operator, Needs: access.PlatformStatus, Serve: p.ListCertificates},
	}
}

// Ways is where these pages stand in the navigation.
var Ways = []page.Way{{Label: "nav.fleet", URL: "/fleet", Icon: "device-landline-phone"}}

// LateWays stand at its end.
var LateWays = []page.Way{{Group: "nav.organisation", Label: "nav.operations", URL: "/operations", Icon: "progress"}, {Group: "nav.organisation", Label: "nav.certificates", URL: "/certificates", Icon: "certificate"}}

// counted says when the numbers above customers were counted, and of whom they are.
func (b *board) counted(ctx context.Context) string {
	if b.at.IsZero() {
		return ui.T(ctx, "dashboard.not_counted")
	}
	return b.note + " " + ui.T(ctx, "dashboard.counted", "ago", ui.Ago(ctx, b.r.Now(), b.at))
}

// Fleet says which customers make up a number of a dashboard above them.
func (p Pages) Fleet(r *page.Request) error {
	l := parts.ListOf(r, "-devices", "by", "is")
	by, is := l.Get("by"), l.Get("is")
	if by == "" {
		is = ""
	}
	if is == device.Unknown {
		is = ""
	}
	all, next, total, err := p.Devices.Parts(r.Context(), r.Actor, by, is, l.Page())
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.fleet"), r.T("fleet.lead"))
	kind := ui.Select{Name: "by", Label: r.T("fleet.by"), Compact: true, Options: []ui.Option{{Label: r.T("fleet.any")}}}
	for _, k := range device.Counted {
		kind.Options = append(kind.Options, ui.Option{Value: k, Label: r.T("fleet.by." + k), Selected: k == by})
	}
	f := l.Filters(nil)
	f.Fields = []templ.Component{kind, ui.Input{Name: "is", Label: r.T("fleet.is"), Value: l.Get("is"), Compact: true, Autocomplete: "off", Max: 64}}
	t := ui.Table{ID: "fleet", Caption: r.T("nav.fleet"), Pager: l.Pager(r, len(all), -1, next), Columns: []ui.Column{l.Column(r.T("search.customer"), "name"), number(l.Column(r.T("nav.devices"), "-devices"))},
		Empty: ui.Empty{Icon: "device-landline-phone", Title: r.T("fleet.none"), Text: r.T("fleet.none_text")}}
	for _, x := range all {
		way := ""
		if r.Way("/customers") != "" {
			way = "/customers/" + x.CustomerID
		}
		t.Rows = append(t.Rows, ui.Row{ID: x.CustomerID, Name: x.Customer, Cells: []templ.Component{ui.Two(x.Customer, "", way), ui.Text(ui.Number(r.Context(), x.Devices))}})
	}
	return r.Show(ui.Full(s, f, ui.Note(ui.N(r.Context(), "fleet.total", int(total))), t))
}

func number(c ui.Column) ui.Column {
	c.Number = true
	return c
}

// Work lists long work: imports, reports, plans that take their time, how far they are and why they failed.
func (p Pages) Work(r *page.Request) error {
	l := parts.ListOf(r, "-created", "state")
	all, next, err := p.Operations.List(r.Context(), r.Actor, operation.Query{State: operation.State(l.Get("state")), Page: l.Page()})
	if err != nil {
		return err
	}
	tones := map[operation.State]ui.Tone{operation.Pending: ui.Busy, operation.Running: ui.Busy, operation.Succeeded: ui.OK, operation.Failed: ui.Bad, operation.Cancelled: ui.Off}
	state := ui.Select{Name: "state", Label: r.T("customer.state"), Compact: true, Options: []ui.Option{{Label: r.T("filter.any")}}}
	for _, x := range []operation.State{operation.Pending, operation.Running, operation.Succeeded, operation.Failed, operation.Cancelled} {
		state.Options = append(state.Options, ui.Option{Value: string(x), Label: r.T("operations.state." + string(x)), Selected: l.Get("state") == string(x)})
	}
	f := l.Filters(nil)
	f.Fields = []templ.Component{state}
	t := ui.Table{ID: "operations", Caption: r.T("nav.operations"), Pager: l.Pager(r, len(all), -1, next),
		Columns: []ui.Column{{Label: r.T("operations.what")}, {Label: r.T("customer.state")}, {Label: r.T("operations.why")}, l.Column(r.T("operations.begun"), "-created")},
		Empty:   ui.Empty{Icon: "progress", Title: r.T("operations.none"), Text: r.T("operations.none_text")}}
	for _, o := range all {
		why := templ.Component(ui.Quiet("–"))
		if o.Fault.Code != "" {
			why = ui.Text(ui.ErrText(r.Context(), &errs.Error{Code: o.Fault.Code, Message: o.Fault.Message, Params: o.Fault.Params}))
		} else if o.Total > 0 {
			why = ui.Text(r.T("progress.count", "done", o.Done, "total", o.Total))
		}
		t.Rows = append(t.Rows, ui.Row{ID: o.ID, Name: o.Kind, Cells: []templ.Component{ui.Two(workName(r, o.Kind), "", workWay(r, o)), ui.Badge{Tone: tones[o.State], Text: r.T("operations.state." + string(o.State))}, why,
			ui.NoWrap(ui.DateTime(r.Context(), o.Created.Time))}})
	}
	return r.Show(ui.Full(r.Shell(r.T("nav.operations"), r.T("operations.lead")), f, t))
}

func workName(r *page.Request, kind string) string {
	if text, ok := ui.Lookup(r.Context(), "operations.kind."+strings.ReplaceAll(kind, ".", "_")); ok {
		return text
	}
	return kind
}

// workWay is the page with the log of a piece of work; "" when it has none here.
func workWay(r *page.Request, o operation.Operation) string {
	if o.TenantID != r.Place.ID {
		return ""
	}
	for kind, at := range map[string][2]string{"device.import": {"/devices/import", "/device-imports/"}, "site.import": {"/sites/import", "/site-imports/"}} {
		if o.Kind == kind && r.Way(at[0]) != "" {
			return at[1] + o.ID
		}
	}
	return ""
}

// ListCertificates shows what the listeners present and when it ends.
func (p Pages) ListCertificates(r *page.Request) error {
	var all []httpx.CertInfo
	if p.Deps.Certificates != nil {
		all = p.Deps.Certificates(r.Context())
	}
	t := ui.Table{ID: "certificates", Caption: r.T("nav.certificates"), Columns: []ui.Column{{Label: r.T("certificates.names")}, {Label: r.T("certificates.issuer")}, {Label: r.T("certificates.ends")}, {Label: r.T("certificates.source"), Minor: true}},
		Empty: ui.Empty{Icon: "certificate", Title: r.T("certificates.none"), Text: r.T("certificates.none_text")}}
	for _, c := range all {
		b := ui.Badge{Tone: ui.OK, Text: ui.Date(r.Context(), c.NotAfter)}
		switch stage := httpx.ExpiryStage(c.NotAfter, r.Now()); {
		case stage > 3:
			b.Tone = ui.Warn
		case stage > 0:
			b.Tone = ui.Bad
		}
		t.Rows = append(t.Rows, ui.Row{ID: c.Serial, Name: strings.Join(c.Names, ", "), Cells: []templ.Component{ui.Coded(strings.Join(c.Names, ", "), c.KeyType), ui.Text(c.Issuer), b, ui.Text(c.Source)}})
	}
	return r.Show(ui.Full(r.Shell(r.T("nav.certificates"), r.T("certificates.lead")), t))
}
