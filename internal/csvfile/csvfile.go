// Package csvfile owns how tables that people save from spreadsheets and other systems are read and written: encodings, separators,
// headers, ragged rows, and cells that a spreadsheet would run.
//
// It must not know what a column means.
package csvfile

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

// The faults of a whole file. Those that stand in a line say which in the parameter "line".
var (
	ErrEncoding  = errs.New(errs.Invalid, "csv_encoding", "The file is not text in UTF-8. Save it as CSV UTF-8.")
	ErrEmpty     = errs.New(errs.Invalid, "csv_empty", "The file has no header line.")
	ErrHeader    = errs.New(errs.Invalid, "csv_header", "A column of the header is unknown, stands there twice, or is missing.")
	ErrSeparator = errs.New(errs.Invalid, "csv_separator", "The file must use one separator: comma, semicolon or tab.")
	ErrMalformed = errs.New(errs.Invalid, "csv_malformed", "A line does not fit the header, or its quotes are wrong.")
)

// Table is what a file says.
type Table struct {
	Header []string // trimmed, in the file's spelling; columns without a name at its end are dropped
	Rows   []Row
	Comma  rune
}

// Row is a line of a table.
type Row struct {
	Line  int      // of the file, the first is 1
	Cells []string // trimmed; at least as many as the header has, and more only where what is too many is not empty
	Given int      // how many cells stood there, before empty ones were added
}

// Read reads a file: UTF-8 with or without a mark, or UTF-16. The separator is "", ",", ";" or a tab; "" tells it from the header
// (DM-57, DM-240). Rows of nothing but separators are left out. More than most rows are the error tooMany.
func Read(data []byte, separator string, most int, tooMany error) (Table, error) {
	text, err := Decode(data)
	if err != nil {
		return Table{}, err
	}
	comma, skip, err := separatorOf(text, separator)
	if err != nil {
		return Table{}, err
	}
	t := Table{Comma: comma}
	r := csv.NewReader(strings.NewReader(text[skip:]))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = comma, -1, comma != '\t' // a tab is a blank too
	offset := strings.Count(text[:skip], "\n")
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			if len(t.Header) == 0 { // nothing but a line that names the separator, or separators
				return Table{}, ErrEmpty
			}
			return t, nil
		}
		if err != nil {
			return Table{}, malformed(err, offset)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if t.Header == nil {
			t.Header = trimmed(cells, 0)
			continue
		}
		line, _ := r.FieldPos(0)
		given := len(cells)
		if cells = trimmed(cells, len(t.Header)); !slices.ContainsFunc(cells, func(c string) bool { return c != "" }) {
			continue // spreadsheets leave rows of separators behind
		}
		for len(cells) < len(t.Header) {
			cells = append(cells, "")
		}
		if t.Rows = append(t.Rows, Row{Line: line + offset, Cells: cells, Given: given}); len(t.Rows) > most {
			return Table{}, tooMany
		}
	}
}

// trimmed drops empty cells at the end, down to a number of cells.
func trimmed(cells []string, least int) []string {
	for len(cells) > least && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// Decode gives the text of a file: UTF-8 with or without a mark, or UTF-16 as spreadsheets write it.
func Decode(data []byte) (string, error) {
	text := string(data)
	switch {
	case len(data) >= 2 && data[0] == 0xff && data[1] == 0xfe, len(data) >= 2 && data[0] != 0 && data[1] == 0:
		text = wide(data, 0)
	case len(data) >= 2 && data[0] == 0xfe && data[1] == 0xff, len(data) >= 2 && data[0] == 0 && data[1] != 0:
		text = wide(data, 1)
	}
	text = strings.TrimPrefix(text, "\ufeff")
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\ufffd") {
		return "", ErrEncoding.With("line", strconv.Itoa(1+strings.Count(text[:unreadable(text)], "\n")))
	}
	if strings.TrimSpace(text) == "" {
		return "", ErrEmpty
	}
	return text, nil
}

// unreadable gives where the first byte stands that is no text.
func unreadable(s string) int {
	for i, r := range s { // what is not UTF-8 comes as U+FFFD too
		if r == '\x00' || r == utf8.RuneError {
			return i
		}
	}
	return len(s)
}

// wide reads UTF-16; high says which byte of each pair is the higher one's partner.
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

// Separators are those that a file can have.
var Separators = []string{",", ";", "\t"}

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
			return 0, 0, ErrSeparator
		}
		wanted = rest
		skip = min(skip+len(first), len(text))
		skip += len(text[skip:]) - len(strings.TrimLeft(text[skip:], "\r\n"))
		first, _, _ = strings.Cut(text[skip:], "\n")
	}
	found := ""
	for _, s := range Separators {
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
	case !slices.Contains(Separators, wanted), found != "" && found != wanted:
		return 0, 0, ErrSeparator
	}
	return rune(wanted[0]), skip, nil
}

func malformed(err error, offset int) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return ErrMalformed.With("line", strconv.Itoa(parse.Line+offset)).Because(err)
	}
	return ErrMalformed.With("line", strconv.Itoa(1+offset)).Because(err)
}

// formula is how a cell begins that a spreadsheet would run.
const formula = "=+-@"

// Armed keeps a spreadsheet from running a cell: an apostrophe goes before it, and before one that has an apostrophe already, so
// that Plain gives back exactly what was there.
func Armed(s string) string {
	if s != "" && strings.ContainsRune(formula+"'", rune(s[0])) {
		return "'" + s
	}
	return s
}

// Plain undoes Armed.
func Plain(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune(formula+"'", rune(s[1])) {
		return s[1:]
	}
	return s
}

// Clip shortens foreign text that is shown.
func Clip(s string, most int) string {
	s = strings.ToValidUTF8(s, "")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
