package network

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

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

// The faults of a whole file. Each one changes nothing.
var (
	errEncoding  = errs.New(errs.Invalid, "csv_encoding", "The file is not text in UTF-8. Save it as CSV UTF-8.")
	errEmpty     = errs.New(errs.Invalid, "csv_empty", "The file has no header line.")
	errHeader    = errs.New(errs.Invalid, "csv_header", "A column of the header is unknown, stands there twice, or is missing.")
	errSeparator = errs.New(errs.Invalid, "csv_separator", "The file must use one separator: comma, semicolon or tab.")
	errMalformed = errs.New(errs.Invalid, "csv_malformed", "A line does not fit the header, or its quotes are wrong.")
	errRows      = errs.New(errs.TooLarge, "csv_too_many_rows", "Fewer than 2000 sites per file.")
)

// record is one row of a file.
type record struct {
	line  int
	cells map[string]string // by column; a column that the file does not have is absent
}

// readTable reads a file of sites. The separator is "", "," , ";" or a tab; "" tells it from the header (DM-57).
func readTable(data []byte, separator string) ([]record, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	comma, skip, err := separatorOf(text, separator)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(text[skip:]))
	r.Comma, r.FieldsPerRecord = comma, -1
	offset := strings.Count(text[:skip], "\n")
	header, err := r.Read()
	if err != nil {
		return nil, malformed(err, offset)
	}
	names, err := headerOf(header)
	if err != nil {
		return nil, err
	}
	var rows []record
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, malformed(err, offset)
		}
		line, _ := r.FieldPos(0)
		row, err := fit(names, cells, line+offset)
		if err != nil {
			return nil, err
		}
		if row.cells == nil { // spreadsheets leave rows of separators behind
			continue
		}
		if rows = append(rows, row); len(rows) > maxRows {
			return nil, errRows
		}
	}
}

// decode gives the text of a file: UTF-8 with or without a mark, or UTF-16 as spreadsheets write it.
func decode(data []byte) (string, error) {
	text := string(data)
	switch {
	case len(data) >= 2 && data[0] == 0xff && data[1] == 0xfe, len(data) >= 2 && data[0] != 0 && data[1] == 0:
		text = wide(data, 0)
	case len(data) >= 2 && data[0] == 0xfe && data[1] == 0xff, len(data) >= 2 && data[0] == 0 && data[1] != 0:
		text = wide(data, 1)
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\ufffd") {
		return "", errEncoding
	}
	if strings.TrimSpace(text) == "" {
		return "", errEmpty
	}
	return text, nil
}

// wide reads UTF-16; low says which byte of each pair is the lower one's partner.
func wide(data []byte, high int) string {
	if len(data)%2 != 0 {
		return "\xff"
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		a, b := uint16(data[2*i]), uint16(data[2*i+1])
		if high == 1 {
			a, b = b, a
		}
		units[i] = b<<8 | a
	}
	return string(utf16.Decode(units))
}

// separatorOf tells the separator from the header line, or from the line "sep=;" that Excel understands, and how many bytes of
// the text come before the header.
func separatorOf(text, wanted string) (comma rune, skip int, err error) {
	for line := range strings.Lines(text) { // empty lines before the header
		if strings.TrimSpace(line) != "" {
			break
		}
		skip += len(line)
	}
	first, _, _ := strings.Cut(text[skip:], "\n")
	first = strings.TrimRight(first, "\r")
	if rest, ok := strings.CutPrefix(strings.ToLower(first), "sep="); ok && len(rest) == 1 {
		if wanted != "" && wanted != rest {
			return 0, 0, errSeparator
		}
		wanted = rest
		skip = min(skip+len(first), len(text))
		skip += len(text[skip:]) - len(strings.TrimLeft(text[skip:], "\r\n"))
		first, _, _ = strings.Cut(text[skip:], "\n")
	}
	found := ""
	for _, s := range []string{",", ";", "\t"} {
		if strings.Contains(strings.TrimRight(first, " \r"), s) {
			found += s
		}
	}
	if wanted == "" {
		wanted = found
	}
	switch {
	case wanted == "": // one column; the header says what is missing
		return ',', skip, nil
	case !slices.Contains([]string{",", ";", "\t"}, wanted), found != "" && found != wanted:
		return 0, 0, errSeparator
	}
	return rune(wanted[0]), skip, nil
}

// headerOf gives the names of the columns; case, order and surrounding blanks do not matter (DM-56).
func headerOf(cells []string) ([]string, error) {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" { // a separator at the end of each line
		cells = cells[:len(cells)-1]
	}
	names := make([]string, len(cells))
	for i, c := range cells {
		n := strings.ToLower(strings.TrimSpace(c))
		if !slices.Contains(columns, n) || slices.Contains(names[:i], n) {
			return nil, errHeader.With("header", clip(c, 64))
		}
		names[i] = n
	}
	for _, needed := range []string{columnName, columnSubnets} {
		if !slices.Contains(names, needed) {
			return nil, errHeader.With("header", needed)
		}
	}
	return names, nil
}

// fit lays a row under the header. Empty cells too many at its end are dropped and optional ones too few are empty, since
// spreadsheets do both; anything else means that the line uses another separator or quotes wrongly.
func fit(names, cells []string, line int) (record, error) {
	for len(cells) > len(names) && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
		return record{}, nil
	}
	needs := max(slices.Index(names, columnName), slices.Index(names, columnSubnets)) + 1
	if len(cells) > len(names) || len(cells) < needs {
		return record{}, errMalformed.With("line", strconv.Itoa(line))
	}
	row := record{line: line, cells: map[string]string{}}
	for i, n := range names {
		row.cells[n] = ""
		if i < len(cells) {
			row.cells[n] = plain(cells[i])
		}
	}
	return row, nil
}

func malformed(err error, offset int) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return errMalformed.With("line", strconv.Itoa(parse.Line+offset)).Because(err)
	}
	return errMalformed.With("line", strconv.Itoa(1+offset)).Because(err)
}

// formula is how a cell begins that a spreadsheet would run.
const formula = "=+-@"

// armed keeps a spreadsheet from running a cell: an apostrophe goes before it, and before one that has an apostrophe already, so
// that plain gives back exactly what was there.
func armed(s string) string {
	if s != "" && strings.ContainsRune(formula+"'", rune(s[0])) {
		return "'" + s
	}
	return s
}

func plain(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune(formula+"'", rune(s[1])) {
		return s[1:]
	}
	return s
}

// clip shortens foreign text that is shown.
func clip(s string, most int) string {
	s = strings.ToValidUTF8(s, "")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
