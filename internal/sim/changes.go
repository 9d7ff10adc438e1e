package sim

import (
	"bytes"
	"context"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// SetOnPhone is a change that somebody makes on the phone itself: it is in force at once, and the phone sends it to the server
// where its maker's phones do and its configuration says so.
func (p *Phone) SetOnPhone(ctx context.Context, name, value string) Trip {
	var t Trip
	set := func(m *map[string]string) {
		if *m == nil {
			*m = map[string]string{}
		}
		(*m)[name] = value
	}
	switch {
	case p.Maker == Yealink && strings.HasPrefix(name, "static."): // never in -local.cfg, no priority of the user's
		set(&p.kept.Files)
		return t
	case p.Maker == Cisco:
		set(&p.kept.Files)
	}
	set(&p.kept.Changed)
	taken := true
	switch p.Maker {
	case Yealink:
		taken = p.changedYealink(ctx, &t)
	case Cisco:
		p.report(ctx, &t)
	case Poly:
		taken = p.changedPoly(ctx, &t, "-phone.cfg", p.kept.Changed)
	}
	p.dirty = p.dirty || !taken
	return t
}

// SetOnWeb is a change on the phone's own web pages. Poly keeps it apart; for other makers it is as on the phone.
func (p *Phone) SetOnWeb(ctx context.Context, name, value string) Trip {
	if p.Maker != Poly {
		return p.SetOnPhone(ctx, name, value)
	}
	var t Trip
	if p.kept.Web == nil {
		p.kept.Web = map[string]string{}
	}
	p.kept.Web[name] = value
	p.dirty = !p.changedPoly(ctx, &t, "-web.cfg", p.kept.Web) || p.dirty
	return t
}

// EditDirectory is a change of the contacts on the phone; makers without an upload of them do nothing.
func (p *Phone) EditDirectory(ctx context.Context, body []byte) Trip {
	var t Trip
	at := ""
	switch {
	case p.Maker == Poly: // about five seconds after the edit (poly.md 9)
		at = p.place(p.dirs.contacts, p.own()+"-directory.xml")
	case p.Maker == Yealink && p.kept.Files["static.auto_provision.local_contact.backup.enable"] == "1":
		at = p.own() + "-contact.xml"
	}
	if at != "" {
		p.put(ctx, &t, request{path: at, basis: Sourced, body: body})
	}
	return t
}

// report sends what was changed when the profile says so (B7: POST of raw XML by default; --delta only the changes).
func (p *Phone) report(ctx context.Context, t *Trip) {
	r := readRule(p.kept.Files["Report_Rule"])
	if r.url == "" || p.kept.Files["Report_to_Server"] != "On Local Change" {
		return
	}
	values := p.kept.Files
	if slices.Contains(r.options, "--delta") {
		values = p.kept.Changed
	}
	var all []element
	for _, k := range slices.Sorted(maps.Keys(values)) {
		all = append(all, element{name: k, text: values[k]})
	}
	method := http.MethodPost
	if p.kept.Files["HTTP_Report_Method"] == "PUT" {
		method = http.MethodPut
	}
	p.put(ctx, t, request{method: method, path: p.expand(r.url), basis: Sourced, kind: "application/xml", body: document("flat-profile", all...)})
}

// element is one of a file that a phone writes.
type element struct {
	name, text string
	attributes []xml.Attr
}

// document writes elements below a root.
func document(root string, all ...element) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	start := xml.StartElement{Name: xml.Name{Local: root}}
	_ = e.EncodeToken(start) // writing into memory cannot fail, and a name that is none ends the file there
	for _, x := range all {
		inner := xml.StartElement{Name: xml.Name{Local: x.name}, Attr: x.attributes}
		_ = e.EncodeToken(inner)
		_ = e.EncodeToken(xml.CharData(x.text))
		_ = e.EncodeToken(inner.End())
	}
	_ = e.EncodeToken(start.End())
	_ = e.Flush()
	return b.Bytes()
}
