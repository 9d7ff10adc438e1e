// Package parts owns what several areas of pages share beyond package page: the addresses of lists, controls that follow the
// decision about one object, the fields and states of an organisation.
//
// It must not know any single page, and decides nothing: it shows what package access decides.
package parts

import (
	"net/url"
	"slices"
	"strings"

	"linecard/internal/db"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// List is the address of a list: its filters, its order and where in it this page begins.
type List struct {
	path string
	sort string
	vals url.Values
}

// backMost is how many pages back the address remembers; the first page is always one step away.
const backMost = 10

// ListOf reads the address of a list. sort is the order when nobody chose one ("name", "-created"), keep names the filters
// beside the text q.
func ListOf(r *page.Request, sort string, keep ...string) List {
	l := List{path: r.URL.Path, sort: sort, vals: url.Values{}}
	given := r.URL.Query()
	for _, name := range append(slices.Clone(keep), "q", "sort", "cursor", "back") {
		for _, v := range given[name] {
			if v = strings.TrimSpace(v); v != "" {
				l.vals.Add(name, v)
			}
		}
	}
	if back := l.vals["back"]; len(back) > backMost {
		l.vals["back"] = back[len(back)-backMost:]
	}
	if s := l.vals.Get("sort"); s != "" {
		l.sort = s
	}
	return l
}

// Get gives a filter, "" when it is not set.
func (l List) Get(name string) string { return l.vals.Get(name) }

// Text is what was searched for.
func (l List) Text() string { return l.vals.Get("q") }

// Page is this page for a service.
func (l List) Page() db.Page { return db.Page{Cursor: l.vals.Get("cursor"), Sort: l.sort} }

// Filtered says whether a text or a filter narrows the list.
func (l List) Filtered() bool {
	for name := range l.vals {
		if name != "sort" && name != "cursor" && name != "back" {
			return true
		}
	}
	return false
}

// Query is the filters and the order as a query string, for another view of the same list (an export); "" without any.
func (l List) Query() string {
	v := l.from("")
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// Clear is the address without filters; "" when there are none.
func (l List) Clear() string {
	if !l.Filtered() {
		return ""
	}
	return l.path
}

// Search is the search box of the list; a new search keeps the order.
func (l List) Search(label string) *ui.Search {
	s := &ui.Search{Label: label, Value: l.Text()}
	if v := l.vals.Get("sort"); v != "" {
		s.Keep = append(s.Keep, ui.Hidden{Name: "sort", Value: v})
	}
	return s
}

// Filters is the bar above the list. A nil search leaves the box away.
func (l List) Filters(search *ui.Search) ui.Filters {
	return ui.Filters{URL: l.path, Search: search, ClearURL: l.Clear()}
}

// Column is a column by which the list can be sorted. A first click gives the order that first says ("created" or "-created").
func (l List) Column(label, first string) ui.Column {
	name := strings.TrimPrefix(first, "-")
	c := ui.Column{Label: label}
	next := first
	switch l.sort {
	case name:
		c.Sorted, next = "ascending", "-"+name
	case "-" + name:
		c.Sorted, next = "descending", name
	}
	v := l.from("")
	v.Set("sort", next)
	c.SortURL = l.path + "?" + v.Encode()
	return c
}

// from gives the filters and the order with the list beginning at a cursor.
func (l List) from(cursor string) url.Values {
	v := url.Values{}
	for name, all := range l.vals {
		if name != "cursor" && name != "back" {
			v[name] = slices.Clone(all)
		}
	}
	if cursor != "" {
		v.Set("cursor", cursor)
	}
	return v
}

func (l List) address(v url.Values) string {
	if len(v) == 0 {
		return l.path
	}
	return l.path + "?" + v.Encode()
}

// begin stands for the first page in the list of pages to go back to.
const begin = "-"

// Pager walks the list; nil when everything fits one page. total below 0 is not known.
func (l List) Pager(r *page.Request, shown int, total int64, next string) *ui.Pager {
	cursor, back := l.vals.Get("cursor"), l.vals["back"]
	if cursor == "" && next == "" {
		return nil
	}
	p := &ui.Pager{Text: r.T("pager.here", "n", shown)}
	if total >= 0 {
		p.Text = r.T("pager.shown", "n", shown, "total", total)
	}
	if cursor != "" {
		p.First = l.address(l.from(""))
	}
	if len(back) > 0 {
		to := back[len(back)-1]
		if to == begin {
			to = ""
		}
		v := l.from(to)
		if rest := back[:len(back)-1]; len(rest) > 0 && to != "" {
			v["back"] = slices.Clone(rest)
		}
		p.Prev = l.address(v)
	}
	if next != "" {
		v := l.from(next)
		here := cursor
		if here == "" {
			here = begin
		}
		v["back"] = append(slices.Clone(back), here)
		p.Next = l.address(v)
	}
	return p
}

// At is the address of the page that begins at a cursor, for lists that only go forward.
func (l List) At(cursor string) string { return l.address(l.from(cursor)) }
