package network

import (
	"strings"
	"testing"

	"linecard/internal/csvfile"
	"linecard/internal/errs"
)

// CheckFile reads a file and its cells; whatever it holds, it is refused with a code or makes rows that keep the rules.
func CheckFile(t *testing.T, data []byte, separator string) {
	rows, err := readTable(data, separator)
	if err != nil {
		if errs.KindOf(err) == errs.Internal {
			t.Fatal(err)
		}
		return
	}
	if len(rows) > maxRows {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		if r.line < 2 || len(r.cells) < 2 {
			t.Fatalf("%+v", r)
		}
		for _, c := range r.cells {
			if csvfile.Plain(csvfile.Armed(c)) != c {
				t.Fatalf("%q comes back as %q", c, csvfile.Plain(csvfile.Armed(c)))
			}
		}
		n, err := readCell(r.cells[columnSubnets])
		if err != nil {
			continue
		}
		var c errs.Checker
		s := subnets(&c, n)
		if c.Err() != nil {
			continue
		}
		back, err := readCell(writeCell(s))
		if err != nil || !equal(subnets(&c, back), s) || c.Err() != nil || strings.Contains(writeCell(s), "\n") {
			t.Fatalf("%+v comes back as %+v, %v", s, back, err)
		}
	}
}
