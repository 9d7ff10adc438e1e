package main

import (
	"fmt"
	"strings"
	"testing"
)

// events builds a stream: each line is "action package test output", "-" for none.
func events(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		f := append(strings.SplitN(line, " ", 4), "", "", "")
		if f[2] == "-" {
			f[2] = ""
		}
		fmt.Fprintf(&b, `{"Action":%q,"Package":%q,"Test":%q,"Output":%q,"Elapsed":0.5}`+"\n", f[0], "linecard/"+f[1], f[2], f[3])
	}
	return b.String()
}

func onBoth(pkg string) []string {
	return []string{
		"run " + pkg + " TestA", "run " + pkg + " TestA/sqlite", "run " + pkg + " TestA/postgres",
		"pass " + pkg + " TestA/sqlite", "pass " + pkg + " TestA/postgres", "pass " + pkg + " TestA", "pass " + pkg + " -",
	}
}

func summary(t *testing.T, databases bool, stream string) (string, bool) {
	t.Helper()
	var out strings.Builder
	ok, err := summarize(strings.NewReader(stream), &out, databases)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), ok
}

func lastLine(s string) string {
	s = strings.TrimRight(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}

func TestTheClosingLineCountsTestsThatHaveNoSubTests(t *testing.T) {
	cases := []struct {
		name, stream, last string
		databases, good    bool
	}{
		{"both databases", events(onBoth("internal/x")...), "2 passed, 0 failed, 0 skipped", true, true},
		{"no test on PostgreSQL", events("run a TestA", "run a TestA/sqlite", "pass a TestA/sqlite", "pass a TestA", "pass a -"),
			"1 passed, 1 failed, 0 skipped", true, false},
		{"no test on PostgreSQL, and nobody asks", events("run a TestA", "run a TestA/sqlite", "pass a TestA/sqlite", "pass a TestA", "pass a -"),
			"1 passed, 0 failed, 0 skipped", false, true},
		{"a skipped one did not run there", events(append(onBoth("x"), "run y TestB", "run y TestB/postgres", "output y TestB/postgres why", "skip y TestB/postgres", "pass y TestB", "pass y -")...),
			"2 passed, 0 failed, 1 skipped", true, true},
		{"a failing sub-test is one failure", events("run a TestA", "run a TestA/one", "run a TestA/two", "pass a TestA/two", "output a TestA/one wrong", "fail a TestA/one", "fail a TestA", "fail a -"),
			"1 passed, 1 failed, 0 skipped", false, false},
		{"a parent that fails by itself is one more", events("run a TestA", "run a TestA/one", "pass a TestA/one", "output a TestA wrong", "fail a TestA", "fail a -"),
			"1 passed, 1 failed, 0 skipped", false, false},
		{"a panic without a failed test", events("run a TestA", "output a TestA panic: oh", "output a - FAIL", "fail a -"), "0 passed, 1 failed, 0 skipped", false, false},
		{"a run cut short", events("run a TestA", "pass a TestA"), "1 passed, 1 failed, 0 skipped", false, false},
		{"nothing at all", "go: no such package\n", "0 passed, 0 failed, 0 skipped", false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out, good := summary(t, c.databases, c.stream)
			if lastLine(out) != c.last || good != c.good {
				t.Errorf("%q, good %v; want %q, %v\n%s", lastLine(out), good, c.last, c.good, out)
			}
		})
	}
}

func TestAFailureIsShownInFullWhenItHappens(t *testing.T) {
	out, _ := summary(t, false, events("run a TestA", "output a TestA === RUN   TestA\n", "output a TestA first line\n", "output a TestA second line\n", "fail a TestA", "fail a -"))
	if !strings.Contains(out, "FAIL a TestA (0.50s)\nfirst line\nsecond line\n") {
		t.Error(out)
	}
}

func TestAPackageThatDoesNotCompileShowsTheCompiler(t *testing.T) {
	out, good := summary(t, false, `{"Action":"build-output","ImportPath":"linecard/a [a.test]","Output":"a.go:1: undefined: b\n"}`+"\n"+
		`{"Action":"build-fail","ImportPath":"linecard/a [a.test]"}`+"\n"+
		`{"Action":"start","Package":"linecard/a"}`+"\n"+
		`{"Action":"fail","Package":"linecard/a","FailedBuild":"linecard/a [a.test]"}`+"\n")
	if good || !strings.Contains(out, "undefined: b") || lastLine(out) != "0 passed, 1 failed, 0 skipped" {
		t.Error(out)
	}
}

func TestTheSummarySaysHowManyTestsRanWhere(t *testing.T) {
	out, _ := summary(t, true, events(append(onBoth("internal/x"), "run y TestB", "run y TestB/light")...)+
		`{"Action":"attr","Package":"linecard/y","Test":"TestB","Key":"browser","Value":"chromium"}`+"\n"+
		events("pass y TestB/light", "pass y TestB", "pass y -"))
	for _, want := range []string{"on SQLite", "on PostgreSQL", "in a browser"} {
		i := strings.Index(out, want)
		if i < 0 || !strings.HasSuffix(strings.SplitN(out[i:], "\n", 2)[0], " 1") {
			t.Errorf("%s is not 1:\n%s", want, out)
		}
	}
}
