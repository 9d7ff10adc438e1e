package ui

import "github.com/a-h/templ"

// Table is a list of objects. On a narrow screen every row becomes a card.
type Table struct {
	ID      string // unique on the page
	Caption string // what the list holds, for screen readers
	Columns []Column
	Rows    []Row
	Select  bool     // a check box in every row, sent as id
	Bulk    []Action // what can be done with the chosen rows; their URL gets the POST
	Empty   Empty    // shown instead of a table without rows
	Pager   *Pager
	Sort    *Arrange // rows that people put into an order of their own
}

// Arrange lets scripts move the rows of a table with a handle, by pointer or arrow keys. A new order is an address: Path with the ids of the
// rows under Field, in order, so the buttons of rows, which lead to the same addresses, need no script.
type Arrange struct{ Path, Field, Label string } // Label names the handle: "Move"

// Column is one column. The first one names the row.
type Column struct {
	Label   string
	SortURL string // address of the list in the other order; "" cannot be sorted
	Sorted  string // "ascending", "descending" or ""
	Number  bool   // right-aligned
	Minor   bool   // left out where the table has little room
}

// Row is one object. Cells stand in the order of the columns.
type Row struct {
	ID       string
	Name     string // for screen readers: "Select Acme"
	Cells    []templ.Component
	Actions  []Action // the first two stand in the row, the rest in its menu
	Selected bool
	Dim      bool // archived, frozen
}

func (t Table) hasActions() bool {
	for _, r := range t.Rows {
		if len(r.Actions) > 0 {
			return true
		}
	}
	return false
}

// cut gives the actions that stand in the row and those of its menu; a menu never holds only one.
func (r Row) cut() (shown, more []Action) {
	if len(r.Actions) <= 2 {
		return r.Actions, nil
	}
	return r.Actions[:1], r.Actions[1:]
}

func columnClass(c Column) string {
	class := ""
	if c.Number {
		class = "num"
	}
	if c.Minor {
		class += " minor"
	}
	return class
}

// sortable gives the attributes that scripts need to move rows.
func (t Table) sortable() templ.Attributes {
	if t.Sort == nil {
		return nil
	}
	return templ.Attributes{"data-order": t.Sort.Path, "data-field": t.Sort.Field, "data-grip": t.Sort.Label}
}
