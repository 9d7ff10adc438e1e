package main

import (
	"fmt"
	"slices"
	"strings"
)

const slowest = 10

// report prints the closing table and says whether the run was good.
func (t *tally) report(databases bool) bool {
	counts := map[string]int{}
	ran := map[string]int{}
	var skipped, failed []outcome
	for _, o := range t.outcomes {
		counts[o.result]++
		switch o.result {
		case "skip":
			skipped = append(skipped, o)
			continue
		case "fail":
			failed = append(failed, o)
		}
		for _, place := range places(o) {
			ran[place]++
		}
	}
	unfinished := t.unfinished()
	counts["fail"] += len(unfinished)

	fmt.Fprintln(t.w)
	t.list("Slowest tests", t.slow())
	t.list("Skipped", lines(skipped))
	t.list("Failed", append(lines(failed), unfinished...))
	row := func(name string, n int) { fmt.Fprintf(t.w, "  %-28s %6d\n", name, n) }
	fmt.Fprintln(t.w, "Summary")
	row("packages with tests", t.done)
	row("tests run", counts["pass"]+counts["fail"])
	row("  on SQLite", ran["sqlite"])
	row("  on PostgreSQL", ran["postgres"])
	row("  in a browser", ran["browser"])
	row("passed", counts["pass"])
	row("failed", counts["fail"])
	row("skipped", counts["skip"])

	good := counts["fail"] == 0 && t.done > 0
	if t.done == 0 {
		fmt.Fprintln(t.w, "\nFAIL: no test ran at all.")
	}
	for _, place := range []string{"sqlite", "postgres"} {
		if databases && ran[place] == 0 {
			fmt.Fprintf(t.w, "\nFAIL: no test ran on %s, so nothing is known about it.\n", place)
			counts["fail"]++
			good = false
		}
	}
	fmt.Fprintf(t.w, "\n%d passed, %d failed, %d skipped\n", counts["pass"], counts["fail"], counts["skip"])
	return good
}

// places tells where a test ran: its database by an element of its path, the browser it says itself.
func places(o outcome) (in []string) {
	elements := strings.Split(o.name, "/")
	for _, database := range []string{"sqlite", "postgres"} {
		if slices.Contains(elements[1:], database) {
			in = append(in, database)
		}
	}
	if o.browser {
		in = append(in, "browser")
	}
	return in
}

// unfinished names packages that began and never ended: the run was cut short.
func (t *tally) unfinished() (names []string) {
	for pkg := range t.packages {
		names = append(names, short(pkg)+" did not end")
	}
	slices.Sort(names)
	return names
}

func (t *tally) slow() (out []string) {
	s := slices.Clone(t.outcomes)
	slices.SortStableFunc(s, func(a, b outcome) int {
		switch {
		case a.seconds > b.seconds:
			return -1
		case a.seconds < b.seconds:
			return 1
		}
		return 0
	})
	for _, o := range s[:min(slowest, len(s))] {
		if o.seconds >= 0.1 {
			out = append(out, fmt.Sprintf("%7.2fs  %s %s", o.seconds, o.pkg, o.name))
		}
	}
	return out
}

func lines(outcomes []outcome) (out []string) {
	for _, o := range outcomes {
		line := o.pkg + " " + o.name
		if o.why != "" {
			line += ": " + o.why
		}
		out = append(out, line)
	}
	return out
}

func (t *tally) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintln(t.w, title)
	for _, item := range items {
		fmt.Fprintln(t.w, "  "+item)
	}
	fmt.Fprintln(t.w)
}
