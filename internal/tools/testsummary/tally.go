package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action, Package, Test, Output string
	ImportPath, FailedBuild       string
	Key, Value                    string // of testing.T.Attr
	Elapsed                       float64
}

// outcome is how one test without sub-tests ended.
type outcome struct {
	pkg, name, result string
	seconds           float64
	why               string // last line of output of a skipped test
	browser           bool   // it said so itself: t.Attr("browser", …)
}

// running is a package whose tests are under way.
type running struct {
	output  []string                    // what belongs to no test
	tests   map[string]*strings.Builder // output of unfinished tests
	parents map[string]bool             // tests that have sub-tests
	failed  map[string]bool             // failed tests, and all their parents
	browser map[string]bool             // tests that drive a browser
	counts  map[string]int
}

type tally struct {
	w        io.Writer
	packages map[string]*running
	builds   map[string]*strings.Builder // compiler output by import path
	outcomes []outcome
	done     int
}

func newTally(w io.Writer) *tally {
	return &tally{w: w, packages: map[string]*running{}, builds: map[string]*strings.Builder{}}
}

func (t *tally) read(r io.Reader) error {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), 64<<20)
	for in.Scan() {
		var e event
		if !strings.HasPrefix(in.Text(), "{") || json.Unmarshal(in.Bytes(), &e) != nil || e.Action == "" {
			fmt.Fprintln(t.w, in.Text())
			continue
		}
		t.take(e)
	}
	return in.Err()
}

func (t *tally) take(e event) {
	switch e.Action {
	case "build-output":
		if t.builds[e.ImportPath] == nil {
			t.builds[e.ImportPath] = &strings.Builder{}
		}
		t.builds[e.ImportPath].WriteString(e.Output)
		return
	case "build-fail":
		return
	}
	p := t.packages[e.Package]
	if p == nil {
		p = &running{tests: map[string]*strings.Builder{}, parents: map[string]bool{}, failed: map[string]bool{},
			browser: map[string]bool{}, counts: map[string]int{}}
		t.packages[e.Package] = p
	}
	switch {
	case e.Test == "" && e.Action == "output":
		p.output = append(p.output, e.Output)
	case e.Test == "":
		t.packageEnded(e, p)
	case e.Action == "run":
		p.tests[e.Test] = &strings.Builder{}
		if i := strings.LastIndexByte(e.Test, '/'); i >= 0 {
			p.parents[e.Test[:i]] = true
		}
	case e.Action == "output":
		if b := p.tests[e.Test]; b != nil && !framing(e.Output) {
			b.WriteString(e.Output)
		}
	case e.Action == "attr" && e.Key == "browser":
		p.browser[e.Test] = true
	case ended(e.Action):
		t.testEnded(e, p)
	}
}

func ended(action string) bool { return action == "pass" || action == "fail" || action == "skip" }

// framing lines say what the events say already.
func framing(line string) bool {
	line = strings.TrimLeft(line, " ")
	for _, prefix := range []string{"=== RUN", "=== PAUSE", "=== CONT", "=== NAME", "--- PASS", "--- FAIL", "--- SKIP"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// testEnded counts a test that has no sub-tests. A parent counts only when it failed by itself.
func (t *tally) testEnded(e event, p *running) {
	text := ""
	if b := p.tests[e.Test]; b != nil {
		text = strings.TrimRight(b.String(), "\n")
	}
	delete(p.tests, e.Test)
	ownFault := e.Action == "fail" && !p.failed[e.Test]
	if e.Action == "fail" {
		for name, more := e.Test, true; more; {
			p.failed[name] = true
			var i int
			if i = strings.LastIndexByte(name, '/'); i >= 0 {
				name = name[:i]
			}
			more = i >= 0
		}
		if text != "" || ownFault {
			fmt.Fprintf(t.w, "\nFAIL %s %s (%.2fs)\n%s\n\n", short(e.Package), e.Test, e.Elapsed, text)
		}
	}
	if p.parents[e.Test] && !ownFault {
		return
	}
	o := outcome{pkg: short(e.Package), name: e.Test, result: e.Action, seconds: e.Elapsed, browser: p.inBrowser(e.Test)}
	if e.Action == "skip" {
		o.why = strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
	}
	p.counts[e.Action]++
	t.outcomes = append(t.outcomes, o)
}

// inBrowser tells whether a test, or one it is a part of, said that it drives a browser.
func (p *running) inBrowser(test string) bool {
	for {
		if p.browser[test] {
			return true
		}
		i := strings.LastIndexByte(test, '/')
		if i < 0 {
			return false
		}
		test = test[:i]
	}
}

// packageEnded prints the package's line. A package that failed without a failed test (it did not compile, panicked, ran
// out of time, or left early) is one failure, shown with everything it said.
func (t *tally) packageEnded(e event, p *running) {
	if !ended(e.Action) {
		return
	}
	delete(t.packages, e.Package)
	if e.Action == "fail" && p.counts["fail"] == 0 {
		t.packageFault(e, p)
	}
	if e.Action == "skip" && len(p.counts) == 0 { // no test files
		return
	}
	t.done++
	mark := map[string]string{"pass": "ok", "fail": "FAIL", "skip": "ok"}[e.Action]
	fmt.Fprintf(t.w, "%-4s  %-44s %7.1fs  %s\n", mark, short(e.Package), e.Elapsed, counted(p.counts))
}

func (t *tally) packageFault(e event, p *running) {
	fmt.Fprintf(t.w, "\nFAIL %s\n", short(e.Package))
	if b := t.builds[e.FailedBuild]; b != nil {
		fmt.Fprint(t.w, b.String())
	}
	for _, line := range p.output {
		fmt.Fprint(t.w, line)
	}
	names := make([]string, 0, len(p.tests))
	for name := range p.tests {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(t.w, "unfinished: %s\n%s", name, p.tests[name])
	}
	fmt.Fprintln(t.w)
	p.counts["fail"]++
	t.outcomes = append(t.outcomes, outcome{pkg: short(e.Package), name: "(the package itself)", result: "fail", seconds: e.Elapsed})
}

// short is a package path without the module's name.
func short(pkg string) string { return strings.TrimPrefix(pkg, "linecard/") }

func counted(counts map[string]int) string {
	s := fmt.Sprintf("%d passed", counts["pass"])
	if n := counts["fail"]; n > 0 {
		s += fmt.Sprintf(", %d failed", n)
	}
	if n := counts["skip"]; n > 0 {
		s += fmt.Sprintf(", %d skipped", n)
	}
	return s
}
