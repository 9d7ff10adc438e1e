// Command testsummary reads `go test -json` on its input and tells a person what happened: failures in full as they
// come, one line a package, and at the end what ran where. It ends with 1 when anything failed.
//
// With -databases a run in which no test ran on SQLite, or none on PostgreSQL, is a failure: it proves nothing there.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	databases := flag.Bool("databases", false, "fail when no sub-test ran on one of the two databases")
	flag.Parse()
	ok, err := summarize(os.Stdin, os.Stdout, *databases)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

// summarize reads events until the end of r and reports whether the whole run was good.
func summarize(r io.Reader, w io.Writer, databases bool) (bool, error) {
	t := newTally(w)
	if err := t.read(r); err != nil {
		return false, err
	}
	return t.report(databases), nil
}
