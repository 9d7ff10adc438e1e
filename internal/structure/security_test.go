package structure

import (
	"bufio"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	requirementRow = regexp.MustCompile(`(?m)^\| v5\.0\.0-([0-9.]+) \| ([^|]+) \| (met|\*\*in part\*\*|\*\*not met\*\*|does not apply) \| (\S.*) \|$`)
	namedTest      = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`(?: \\(([a-z0-9/, ]+)\\))?")
	namedFile      = regexp.MustCompile("`([a-z0-9_./-]+\\.(?:go|js|txt|sh|yml|json))`")
)

// TestTheSecurityPageAnswersEachRequirementOnce compares the ids of docs/security.md with those of the standard. A row that says "met"
// names a test, a file, a part of the page, or why.
func TestTheSecurityPageAnswersEachRequirementOnce(t *testing.T) {
	page := securityPage(t)
	rows := map[string]int{}
	for _, m := range requirementRow.FindAllStringSubmatch(page, -1) {
		rows[m[1]]++
	}
	if n := strings.Count(page, "\n| v5.0.0-"); n != len(requirementRow.FindAllString(page, -1)) {
		t.Errorf("%d lines begin like a row, %d are one", n, len(requirementRow.FindAllString(page, -1)))
	}
	f, err := os.Open(filepath.Join("testdata", "asvs-5.0.0.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	levels := map[string]int{}
	for in := bufio.NewScanner(f); in.Scan(); {
		id, level, ok := strings.Cut(in.Text(), " ")
		if strings.HasPrefix(id, "#") {
			continue
		}
		levels[level]++
		if !ok || rows[id] != 1 {
			t.Errorf("v5.0.0-%s stands %d times on the page", id, rows[id])
		}
		delete(rows, id)
	}
	for id := range rows {
		t.Errorf("v5.0.0-%s is no requirement of level 1 or 2", id)
	}
	if levels["1"] != 70 || levels["2"] != 183 {
		t.Errorf("levels %v, the standard has 70 and 183", levels)
	}
}

// TestTheSecurityPageNamesOnlyWhatExists looks for every test in the room that the page gives it, and for every file.
func TestTheSecurityPageNamesOnlyWhatExists(t *testing.T) {
	page := securityPage(t)
	tests := map[string][]string{}
	for _, f := range tree() {
		for _, name := range testsOf(f) {
			tests[name] = append(tests[name], strings.TrimPrefix(f.Dir, "internal/"))
		}
	}
	for _, m := range namedTest.FindAllStringSubmatch(page, -1) {
		for room := range strings.SplitSeq(m[2], ", ") {
			if !slices.Contains(tests[m[1]], room) {
				t.Errorf("there is no %s in %q", m[1], room)
			}
		}
	}
	for _, m := range namedFile.FindAllStringSubmatch(page, -1) {
		_, here := os.Stat(filepath.Join(Root(), filepath.FromSlash(m[1])))
		_, inside := os.Stat(filepath.Join(Root(), "internal", filepath.FromSlash(m[1])))
		if here != nil && inside != nil {
			t.Errorf("there is no file %s", m[1])
		}
	}
}

// testsOf names the tests and fuzz targets that a file declares.
func testsOf(f File) []string {
	var names []string
	for _, d := range f.AST.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if f.Test && ok && fn.Recv == nil && (strings.HasPrefix(fn.Name.Name, "Test") || strings.HasPrefix(fn.Name.Name, "Fuzz")) {
			names = append(names, fn.Name.Name)
		}
	}
	return names
}

func securityPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(Root(), "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// dataBecomesCode are packages with which input could become a process, a program, an object of the sender's choice or a pointer, and the
// profiler, which shows the inside (ASVS v5.0.0-1.2.5, 1.3.2, 1.3.7, 1.4.1, 1.5.2, 5.3.1, 13.4.2).
var dataBecomesCode = []string{"os/exec", "plugin", "unsafe", "encoding/gob", "text/template", "net/rpc", "net/http/pprof", "net/http/cgi"}

// TestTheProductRunsNoCodeThatCameAsData holds for what is linked into the product; programs for tests and for builders may start others.
func TestTheProductRunsNoCodeThatCameAsData(t *testing.T) {
	seen := 0
	for _, f := range tree() {
		if f.Test || supportsTests(f.Dir) || rooms[f.Room()].tests {
			continue
		}
		seen++
		for _, p := range f.Imports {
			if slices.Contains(dataBecomesCode, p) || p == "C" {
				t.Errorf("%s imports %s", f.Path, p)
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d files were looked at", seen)
	}
}
