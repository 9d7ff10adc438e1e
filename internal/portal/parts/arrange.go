package parts

import (
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// Choice is something that can stand in an ordered list.
type Choice struct{ ID, Name, Note, URL string }

// Order is an ordered list that people arrange with buttons, with the keyboard, or by dragging. The arrangement stands in the address until it is sent, so it works
// without scripts and the way back takes one step back.
type Order struct {
	Path, Save  string // where it is shown, and where it is posted
	Field       string // name under which the ids are sent, in order
	Now         []string
	Choices     []Choice
	Caption     string
	Empty       ui.Empty
	Add, Review string // labels
	Edit        bool   // the person may change it
	Version     int64
	Hidden      []ui.Hidden
	Faults      ui.Faults
}

// arranged says that the address holds an arrangement, even an empty one.
const arranged = "arranged"

// ids is the arrangement of the address, else what is stored; unknown and repeated ones are left out.
func (o Order) ids(r *page.Request) []string {
	q := r.URL.Query()
	if !o.Edit || !q.Has(arranged) {
		return o.Now
	}
	var out []string
	for _, id := range q[o.Field] {
		if !slices.Contains(out, id) && (o.find(id).ID != "" || slices.Contains(o.Now, id)) {
			out = append(out, id)
		}
	}
	return out
}

func (o Order) find(id string) Choice {
	for _, c := range o.Choices {
		if c.ID == id {
			return c
		}
	}
	return Choice{}
}

func (o Order) to(ids []string) string {
	v := url.Values{arranged: {"1"}}
	v[o.Field] = ids
	return o.Path + "?" + v.Encode()
}

// Show writes the list with its buttons, a picker of what can be added, and the way to look at the change.
func (o Order) Show(r *page.Request) templ.Component {
	ids := o.ids(r)
	t := ui.Table{ID: "order", Caption: o.Caption, Empty: o.Empty, Columns: []ui.Column{{Label: r.T("order.place")}, {Label: o.Caption}}}
	for i, id := range ids {
		c := o.find(id)
		if c.Name == "" {
			c.Name = id
		}
		row := ui.Row{ID: id, Name: c.Name, Cells: []templ.Component{ui.Text(ui.Number(r.Context(), i+1)), ui.Two(c.Name, c.Note, c.URL)}}
		if o.Edit {
			row.Actions = o.moves(r, ids, i)
		}
		t.Rows = append(t.Rows, row)
	}
	if !o.Edit {
		return t
	}
	t.Sort = &ui.Arrange{Path: o.Path, Field: o.Field, Label: r.T("order.move")}
	return ui.Stack(t, o.picker(r, ids), o.send(r, ids))
}

func (o Order) moves(r *page.Request, ids []string, i int) []ui.Action {
	var out []ui.Action
	swap := func(a, b int) string {
		next := slices.Clone(ids)
		next[a], next[b] = next[b], next[a]
		return o.to(next)
	}
	if i > 0 {
		out = append(out, ui.Action{Label: r.T("order.up"), URL: swap(i, i-1), Icon: "chevron-up"})
	}
	if i < len(ids)-1 {
		out = append(out, ui.Action{Label: r.T("order.down"), URL: swap(i, i+1), Icon: "chevron-down"})
	}
	return append(out, ui.Action{Label: r.T("order.out"), URL: o.to(slices.Delete(slices.Clone(ids), i, i+1)), Icon: "x"})
}

func (o Order) picker(r *page.Request, ids []string) templ.Component {
	s := ui.Select{Name: o.Field, Label: o.Add, Compact: true}
	for _, c := range o.Choices {
		if !slices.Contains(ids, c.ID) {
			s.Options = append(s.Options, ui.Option{Value: c.ID, Label: c.Name})
		}
	}
	if len(s.Options) == 0 {
		return nil
	}
	keep := []templ.Component{ui.Carry(arranged, "1")}
	for _, id := range ids {
		keep = append(keep, ui.Carry(o.Field, id))
	}
	return ui.Filters{URL: o.Path, Fields: append(keep, s), Submit: r.T("order.add"), SubmitIcon: "plus"}
}

func (o Order) send(r *page.Request, ids []string) templ.Component {
	if slices.Equal(ids, o.Now) {
		return nil
	}
	f := ui.Form{URL: o.Save, Faults: o.Faults, Submit: o.Review, Cancel: o.Path, Hidden: append([]ui.Hidden{page.Versioned(o.Version)}, o.Hidden...)}
	for _, id := range ids {
		f.Hidden = append(f.Hidden, ui.Hidden{Name: o.Field, Value: id})
	}
	return ui.CardOf(r.T("order.changed"), ui.Para(r.T("order.changed_text")), ui.FormOf(f))
}
