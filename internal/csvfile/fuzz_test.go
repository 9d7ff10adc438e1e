package csvfile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"linecard/internal/csvfile"
	"linecard/internal/errs"
)

var errMany = errors.New("too many")

// Any bytes are a table that fits its header, or a fault that names what is wrong.
func FuzzRead(f *testing.F) {
	f.Add([]byte("a;b\n1;2\n"), "")
	f.Add([]byte("\xff\xfea\x00,\x00b\x00\n\x00"), "")
	f.Add([]byte("\xef\xbb\xbfa\tb\n\"x\ny\"\t2\n"), "\t")
	f.Add([]byte("a,a\n1,2,3\n"), ",")
	f.Fuzz(func(t *testing.T, data []byte, separator string) {
		table, err := csvfile.Read(data, separator, 50, errMany)
		if err != nil {
			if !errors.Is(err, errMany) && errs.KindOf(err) != errs.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(table.Header) == 0 || len(table.Rows) > 50 {
			t.Fatalf("%d columns, %d rows", len(table.Header), len(table.Rows))
		}
		line := 1
		for _, r := range table.Rows {
			if len(r.Cells) < len(table.Header) || r.Line < line {
				t.Fatalf("%+v after line %d", r, line)
			}
			line = r.Line
			if i := slices.IndexFunc(r.Cells, func(c string) bool { return !utf8.ValidString(c) || c != strings.TrimSpace(c) }); i >= 0 {
				t.Fatalf("%q", r.Cells[i])
			}
		}
	})
}

// What is armed against spreadsheets is given back exactly, and no spreadsheet runs it.
func FuzzArmed(f *testing.F) {
	for _, s := range []string{"", "=1+1", "'=1", "''", "-", "+49", "@x", "'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a := csvfile.Armed(s)
		if a != "" && strings.ContainsRune("=+-@", rune(a[0])) || csvfile.Plain(a) != s {
			t.Fatalf("%q is armed as %q and plain %q", s, a, csvfile.Plain(a))
		}
	})
}
