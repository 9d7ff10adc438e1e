package network

import (
	"slices"
	"strconv"
	"strings"

	"linecard/internal/csvfile"
	"linecard/internal/errs"
)

// maxRows is how many sites a file can hold: fewer than 2000 (DM-55).
const maxRows = 1999

// The columns of the file (DM-56).
const (
	columnName        = "site_name"
	columnDescription = "description"
	columnLocation    = "location_name"
	columnSubnets     = "subnets"
)

var columns = []string{columnName, columnDescription, columnLocation, columnSubnets}

// errRows is the fault of a file that is too long; it changes nothing.
var errRows = errs.New(errs.TooLarge, "csv_too_many_rows", "Fewer than 2000 sites per file.")

// record is one row of a file.
type record struct {
	line  int
	cells map[string]string // by column; a column that the file does not have is absent
}

// readTable reads a file of sites. The separator is "", "," , ";" or a tab; "" tells it from the header (DM-57).
func readTable(data []byte, separator string) ([]record, error) {
	t, err := csvfile.Read(data, separator, maxRows, errRows)
	if err != nil {
		return nil, err
	}
	names, err := headerOf(t.Header)
	if err != nil {
		return nil, err
	}
	rows := make([]record, len(t.Rows))
	for i, r := range t.Rows {
		if rows[i], err = fit(names, r); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// headerOf gives the names of the columns; case, order and surrounding blanks do not matter (DM-56).
func headerOf(cells []string) ([]string, error) {
	names := make([]string, len(cells))
	for i, c := range cells {
		n := strings.ToLower(strings.TrimSpace(c))
		if !slices.Contains(columns, n) || slices.Contains(names[:i], n) {
			return nil, csvfile.ErrHeader.With("header", csvfile.Clip(c, 64))
		}
		names[i] = n
	}
	for _, needed := range []string{columnName, columnSubnets} {
		if !slices.Contains(names, needed) {
			return nil, csvfile.ErrHeader.With("header", needed)
		}
	}
	return names, nil
}

// fit lays a row under the header. Optional cells too few are empty, since spreadsheets leave them out; anything else means that the
// line uses another separator or quotes wrongly.
func fit(names []string, r csvfile.Row) (record, error) {
	needs := max(slices.Index(names, columnName), slices.Index(names, columnSubnets)) + 1
	if len(r.Cells) > len(names) || r.Given < needs {
		return record{}, csvfile.ErrMalformed.With("line", strconv.Itoa(r.Line))
	}
	row := record{line: r.Line, cells: make(map[string]string, len(names))}
	for i, n := range names {
		row.cells[n] = csvfile.Plain(r.Cells[i])
	}
	return row, nil
}
