// Command benchtable reads the output of `go test -bench` and rewrites the table between two marks in a page:
//
//	go test -bench . ./... | benchtable docs/benchmarks.md
//
// Of several runs of a benchmark it shows the median. It knows no benchmark by name; what figures mean, the page says in words.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	begin = "<!-- made by make bench: begin -->"
	end   = "<!-- made by make bench: end -->"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: benchtable page.md < output of go test -bench")
		os.Exit(2)
	}
	if err := run(os.Stdin, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "benchtable:", err)
		os.Exit(1)
	}
}

func run(r io.Reader, path string) error {
	results, err := parse(r)
	if err != nil {
		return err
	}
	if len(results.rows) == 0 {
		return fmt.Errorf("no benchmark ran; %s stays as it is", path)
	}
	page, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		page = []byte("# Benchmarks\n\n" + begin + "\n" + end + "\n")
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err != nil {
		return err
	}
	text, err := replace(string(page), results.table())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// replace puts table between the two marks and leaves everything else.
func replace(page, table string) (string, error) {
	from, to := strings.Index(page, begin), strings.Index(page, end)
	if from < 0 || to < from {
		return "", fmt.Errorf("the lines %q and %q are missing", begin, end)
	}
	return page[:from+len(begin)] + "\n" + table + page[to:], nil
}
