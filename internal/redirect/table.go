package redirect

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

// maxRows is how many entries a file can hold.
const maxRows = 9999

// The columns of the file (CH-36). Passwords are in no file.
var columns = []string{"mac", "server", "unique_url", "remark", "maker", "model", "serial"}

// The faults of a whole file. Each one changes nothing.
var (
	errEncoding  = errs.New(errs.Invalid, "csv_encoding", "The file is not text in UTF-8. Save it as CSV UTF-8.")
	errEmpty     = errs.New(errs.Invalid, "csv_empty", "The file has no header line.")
	errHeader    = errs.New(errs.Invalid, "csv_header", "A column of the header is unknown, stands there twice, or is missing.")
	errSeparator = errs.New(errs.Invalid, "csv_separator", "The file must use one separator: comma, semicolon or tab.")
	errMalformed = errs.New(errs.Invalid, "csv_malformed", "A line does not fit the header, or its quotes are wrong.")
	errRows      = errs.New(errs.TooLarge, "csv_too_many_entries", "At most 9,999 redirect entries per file, and 1,000 when all or none shall count.")
)

// record is one row of a file; a column that the file does not have is absent.
type record struct {
	line  int
	cells map[string]string
}

// readTable reads a file of entries. The separator is "", ",", ";" or a tab; "" tells it from the header.
func readTable(data []byte, separator string) ([]record, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	skip := len(text) - len(strings.TrimLeft(text, "\r\n\t "))
	text, offset := text[skip:], strings.Count(text[:skip], "\n")
	comma, err := separatorOf(text, separator)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
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
		for len(cells) > len(names) && strings.TrimSpace(cells[len(cells)-1]) == "" {
			cells = cells[:len(cells)-1]
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue // spreadsheets leave rows of separators behind
		}
		if len(cells) > len(names) {
			return nil, errMalformed.With("line", strconv.Itoa(line+offset))
		}
		row := record{line + offset, map[string]string{}}
		for i, n := range names {
			row.cells[n] = ""
			if i < len(cells) {
				row.cells[n] = strings.TrimSpace(plain(cells[i]))
			}
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
	case len(data) >= 2 && (data[0] == 0xff && data[1] == 0xfe || data[0] != 0 && data[1] == 0):
		text = wide(data, 0)
	case len(data) >= 2 && (data[0] == 0xfe && data[1] == 0xff || data[0] == 0 && data[1] != 0):
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

// wide reads UTF-16, the lower byte first or (1) second.
func wide(data []byte, lower int) string {
	if len(data)%2 != 0 {
		return "\xff"
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i+lower]) | uint16(data[2*i+1-lower])<<8
	}
	return string(utf16.Decode(units))
}

func separatorOf(text, wanted string) (rune, error) {
	first, _, _ := strings.Cut(text, "\n")
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
		return ',', nil
	case !slices.Contains([]string{",", ";", "\t"}, wanted), found != "" && found != wanted:
		return 0, errSeparator
	}
	return rune(wanted[0]), nil
}

// headerOf gives the names of the columns; case, order and surrounding blanks do not matter.
func headerOf(cells []string) ([]string, error) {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	names := make([]string, len(cells))
	for i, c := range cells {
		n := strings.ToLower(strings.TrimSpace(c))
		if !slices.Contains(columns, n) || slices.Contains(names[:i], n) {
			return nil, errHeader.With("header", printable(c, 64))
		}
		names[i] = n
	}
	if !slices.Contains(names, "mac") {
		return nil, errHeader.With("header", "mac")
	}
	return names, nil
}

func malformed(err error, offset int) error {
	line := 1
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		line = parse.Line
	}
	return errMalformed.With("line", strconv.Itoa(line+offset)).Because(err)
}

// formula is how a cell begins that a spreadsheet would run.
const formula = "=+-@"

// armed keeps a spreadsheet from running a cell; plain gives back exactly what was there.
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
