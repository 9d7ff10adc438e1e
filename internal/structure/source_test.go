package structure

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// checkExceptions reports breaches that the list does not excuse, and excuses that nothing needs.
func checkExceptions(t *testing.T, list map[string]string, breaches map[string][]string, rule string) {
	t.Helper()
	for key, places := range breaches {
		if reason, excused := list[key]; !excused {
			t.Errorf("%s: %s", strings.Join(places, ", "), rule)
		} else if len(strings.Fields(reason)) < 3 {
			t.Errorf("exceptions_test.go gives no reason for %s", key)
		}
	}
	for key := range list {
		if len(breaches[key]) == 0 {
			t.Errorf("exceptions_test.go excuses %s, which does not need it: remove the entry", key)
		}
	}
}

// forBuilders tells code that is not part of the product: tests, what supports them, and our tools.
func forBuilders(f File) bool { return f.Test || supportsTests(f.Dir) || rooms[f.Room()].tests }

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	type about struct{ comment, first string }
	packages := map[string]*about{}
	productive := map[string]bool{}
	for _, f := range tree() {
		productive[f.Dir] = productive[f.Dir] || !f.Test
	}
	for _, f := range tree() {
		if f.Test && productive[f.Dir] {
			continue
		}
		p := packages[f.Dir]
		if p == nil {
			p = &about{first: f.Path}
			packages[f.Dir] = p
		}
		if doc := strings.TrimSpace(f.AST.Doc.Text()); doc != "" && !f.Generated {
			p.comment = doc
		}
	}
	for dir, p := range packages {
		if !strings.HasPrefix(p.comment, "Package ") && !strings.HasPrefix(p.comment, "Command ") || len(p.comment) < 60 {
			t.Errorf("%s (%s): the package comment must say what it owns and what it must not know", dir, p.first)
		}
	}
}

func TestFilesStayShort(t *testing.T) {
	breaches := map[string][]string{}
	for _, f := range tree() {
		switch {
		case f.Generated:
		case f.Lines > 800:
			t.Errorf("%s has %d lines; more than 800 is never right: split it", f.Path, f.Lines)
		case f.Lines > 500:
			breaches[f.Path] = []string{f.Path}
		}
	}
	checkExceptions(t, longFiles, breaches, "more than 500 lines: split it, or list it with its reason")
}

func TestOnlyTheQueueStartsGoroutines(t *testing.T) {
	breaches := map[string][]string{}
	for _, f := range tree() {
		if forBuilders(f) || f.Room() == "queue" {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				breaches[f.Path] = append(breaches[f.Path], f.At(n))
			case *ast.CallExpr: // sync.WaitGroup and errgroup.Group
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" && len(n.Args) == 1 {
					if _, ok := n.Args[0].(*ast.FuncLit); ok {
						breaches[f.Path] = append(breaches[f.Path], f.At(n))
					}
				}
			}
			return true
		})
	}
	checkExceptions(t, goroutines, breaches, "starts a goroutine: use queue.Loop, Periodic or a job, or list the file with its reason")
}

// calls returns where f uses one of the functions of package time.
func calls(f File, functions ...string) (places []string) {
	name := f.importName("time")
	if name == "" {
		return nil
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == name {
			for _, fn := range functions {
				if s.Sel.Name == fn {
					places = append(places, f.At(s))
				}
			}
		}
		return true
	})
	return places
}

func TestTheClockIsInjected(t *testing.T) {
	breaches := map[string][]string{}
	for _, f := range tree() {
		if forBuilders(f) {
			continue
		}
		if places := calls(f, "Now", "Since", "Until"); len(places) > 0 {
			breaches[f.Path] = places
		}
	}
	checkExceptions(t, clocks, breaches, "reads the computer's clock: take the injected one, or list the file with its reason")
}

func TestNothingSleeps(t *testing.T) {
	breaches := map[string][]string{}
	for _, f := range tree() {
		if f.Room() == "queue" && !f.Test {
			continue
		}
		if places := calls(f, "Sleep"); len(places) > 0 {
			breaches[f.Path] = places
		}
	}
	checkExceptions(t, sleepers, breaches, "sleeps: wait for what you wait for (dbtest.Eventually, a channel, the fake clock)")
}

func TestErrorCodesAreLiteralsInSnakeCase(t *testing.T) {
	codes, unknown := errorCodes(tree())
	if len(codes) < 3 {
		t.Fatal("the reader finds no codes any more: ", codes)
	}
	snake := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	for _, code := range codes {
		if !snake.MatchString(code) {
			t.Errorf("error code %q is not snake_case", code)
		}
	}
	breaches := map[string][]string{}
	for _, place := range unknown {
		file := place[:strings.LastIndexByte(place, ':')]
		breaches[file] = append(breaches[file], place)
	}
	checkExceptions(t, computedCodes, breaches, "an error code must be a literal where it is given to errs, or nobody can demand its translation")
}

var writes = regexp.MustCompile(`(?:INSERT INTO|INSERT OR IGNORE INTO|DELETE FROM|UPDATE)\s+([a-z][a-z0-9_]*)`)

// updatesTable tells a real UPDATE from the end of SELECT … FOR UPDATE and from prose.
var updatesTable = regexp.MustCompile(`UPDATE\s+[a-z][a-z0-9_]*(?:\s+AS)?(?:\s+[a-z]+)?\s+SET\b`)

// writtenTables are the tables that an SQL text changes.
func writtenTables(sql string) (tables []string) {
	for _, m := range writes.FindAllStringSubmatchIndex(sql, -1) {
		if sql[m[0]:m[0]+6] == "UPDATE" {
			at := updatesTable.FindStringIndex(sql[m[0]:])
			if at == nil || at[0] != 0 {
				continue
			}
		}
		tables = append(tables, sql[m[2]:m[3]])
	}
	return tables
}

func TestOnlyARoomWritesItsTables(t *testing.T) {
	breaches := map[string][]string{}
	for _, f := range tree() {
		if forBuilders(f) || f.Room() == "" {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			l, ok := n.(*ast.BasicLit)
			if !ok {
				return true
			}
			for _, table := range writtenTables(l.Value) {
				if table != f.Room() && !strings.HasPrefix(table, f.Room()+"_") {
					key := f.Path + " " + table
					breaches[key] = append(breaches[key], f.At(l)+" writes "+table)
				}
			}
			return true
		})
	}
	checkExceptions(t, foreignTables, breaches, "only the room a table is named after writes it")
}

func TestTablesAreFoundInSQL(t *testing.T) {
	cases := map[string]string{
		"INSERT INTO tenant_tenants (id) VALUES ($1)":                               "tenant_tenants",
		"INSERT INTO a_b (x) VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 2":        "a_b",
		"SELECT id FROM queue_jobs FOR UPDATE SKIP LOCKED":                          "",
		"SELECT id FROM queue_jobs FOR UPDATE of x":                                 "",
		"UPDATE queue_jobs SET state = 'x' WHERE id IN (DELETE FROM queue_dead)":    "queue_jobs,queue_dead",
		"UPDATE device_devices AS d SET x = 1":                                      "device_devices",
		"WITH gone AS (DELETE FROM account_sessions WHERE x RETURNING id) SELECT 1": "account_sessions",
		"UPDATE the list": "",
	}
	for sql, want := range cases {
		if got := strings.Join(writtenTables(sql), ","); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

func TestNothingIsLeftForLater(t *testing.T) {
	later := regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME", "XX" + "X"}, "|") + `)\b`)
	builder := regexp.MustCompile(`(^|[\s"'(=])/` + `(work|farm)/`) // folders of one computer
	root := Root()
	walk(root, func(p string) {
		switch filepath.Ext(p) {
		case ".go", ".templ", ".sql", ".sh", ".md", ".css", ".js", ".yaml", ".yml", ".service":
		default:
			return
		}
		if strings.HasSuffix(p, ".min.js") || strings.HasSuffix(p, ".min.css") {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, p))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if m := later.FindString(line); m != "" {
				t.Errorf("%s:%d: %s: do it now, or write an issue", p, i+1, m)
			}
			if builder.MatchString(line) {
				t.Errorf("%s:%d names a folder of the computer it was written on", p, i+1)
			}
		}
	})
}
