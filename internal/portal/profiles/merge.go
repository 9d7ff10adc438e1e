package profiles

import (
	"strconv"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
	"linecard/internal/profile"
)

// merge shows who was overtaken each value that they changed as it was when they began, as somebody else left it, and as they want it,
// and lets them choose. What only the other one changed stays as that one left it. The choice is sent as an ordinary change of the
// version that is there now.
func (p Pages) merge(r *page.Request, x profile.Profile, lines []typed, fault error) error {
	f := ui.FaultsOf(r.Context(), fault)
	form := ui.Form{URL: "/profiles/" + x.ID + "/edit", Submit: r.T("plans.review"), Cancel: "/profiles/" + x.ID + "/edit", Guard: true, Hidden: []ui.Hidden{page.Versioned(x.Version)}}
	if r.PostForm.Has("image") {
		form.Hidden = append(form.Hidden, ui.Hidden{Name: "image", Value: r.PostFormValue("image")})
	}
	var fields []templ.Component
	clashes := 0
	for _, t := range lines {
		if t.name == "" || !t.touched() {
			continue
		}
		n := "a[" + strconv.Itoa(len(fields)) + "]."
		now, there := x.Get(t.name)
		moved := there != (t.had == "on") || there && now.Value != t.base
		if moved {
			clashes++
		}
		mine := t.value
		if t.drop {
			mine = r.T("merge.gone")
		}
		choice := ui.Choices{Name: n + "take", Label: r.T("merge.take"), One: true, Options: []ui.Option{{Value: "mine", Label: r.T("merge.mine"), Hint: said(r, mine, true), Selected: true},
			{Value: "theirs", Label: r.T("merge.theirs"), Hint: said(r, now.Value, there)}}}
		if moved {
			choice.Options = append(choice.Options, ui.Option{Value: "base", Label: r.T("merge.base"), Hint: said(r, t.base, t.had == "on")})
		}
		hidden := []templ.Component{ui.Carry(n+"name", t.name), ui.Carry(n+"value", t.value), ui.Carry(n+"base", t.base)}
		if t.had == "on" {
			hidden = append(hidden, ui.Carry(n+"had", "on"))
		}
		if t.drop {
			hidden = append(hidden, ui.Carry(n+"drop", "on"))
		}
		title := t.name
		if moved {
			title += " · " + r.T("merge.clash")
		}
		fields = append(fields, ui.Line(title, append(hidden, choice)...))
	}
	title := ui.N(r.Context(), "merge.clashes", clashes)
	if clashes == 0 {
		title = r.T("merge.no_clash")
	}
	return r.Again(fault, ui.Full(below(r, x, r.T("merge.title"), r.T("merge.lead")), ui.Notice{Tone: ui.Warn, Title: f.Text, Text: title}, ui.CardOf(r.T("profiles.values"), ui.FormOf(form, fields...))))
}

// said writes a value so that an empty one and none can be told apart.
func said(r *page.Request, value string, there bool) string {
	switch {
	case !there:
		return r.T("merge.none")
	case value == "":
		return r.T("merge.empty")
	}
	return value
}

// imageField offers the software that phones of the profile shall run (DM-169); nil for who may not see software, or when there is none.
func (p Pages) imageField(r *page.Request, x profile.Profile, f ui.Faults) (templ.Component, error) {
	if !r.Actor.Can(access.SoftwareView) || p.Software == nil || x.Mode == "" {
		return nil, nil
	}
	s := ui.Select{Name: "image", Label: r.T("profiles.software"), Hint: r.T("profiles.software_hint"), Optional: true, Fault: f.For("software_image_id"), Options: []ui.Option{{Label: r.T("profiles.software_none"), Selected: x.ImageID == ""}}}
	known, q := x.ImageID == "", firmware.Query{Page: db.Page{Limit: 200}}
	l, err := p.Software.List(r.Context(), r.Actor, q)
	if errs.KindOf(err) == errs.Forbidden {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, i := range l.Items {
		if i.Gone {
			continue
		}
		s.Options = append(s.Options, ui.Option{Value: i.ID, Label: i.Label(), Selected: i.ID == x.ImageID})
		known = known || i.ID == x.ImageID
	}
	if !known {
		s.Options = append(s.Options, ui.Option{Value: x.ImageID, Label: r.T("profiles.software_gone"), Selected: true})
	}
	if len(s.Options) == 1 {
		return nil, nil
	}
	return s, nil
}
