package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// files are the places that name one requirement.
type files struct{ code, tests []string }

// render makes the page from the source below root. An id that is in no catalogue is an error: somebody mistyped it.
func render(root string) ([]byte, error) {
	all := requirements(catalogue)
	known := map[string]bool{}
	for _, r := range all {
		known[r.id] = true
	}
	found, err := scan(root, known)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("# Which requirement stands where\n\nMade by `make generate` from the requirement ids in code and tests; do not edit. ")
	b.WriteString("An id in the code says what a passage is for; one in a test says what that test proves. ")
	b.WriteString("A requirement without a row is not built, or nobody has named it yet.\n\n")
	b.WriteString("| catalogue | requirements | named in code | named in tests |\n|---|---:|---:|---:|\n")
	for _, group := range []struct{ prefix, name string }{{"CH", "channel (CH)"}, {"WS", "wholesale (WS)"}, {"DM", "devices (DM)"}} {
		var total, code, tests int
		for _, r := range all {
			if !strings.HasPrefix(r.id, group.prefix+"-") {
				continue
			}
			total++
			if f := found[r.id]; f != nil {
				code += min(1, len(f.code))
				tests += min(1, len(f.tests))
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", group.name, total, code, tests)
	}
	b.WriteString("\n| id | requirement | code | tests |\n|---|---|---|---|\n")
	for _, r := range all {
		if f := found[r.id]; f != nil {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.id, r.title, links(f.code), links(f.tests))
		}
	}
	return b.Bytes(), nil
}

func links(paths []string) string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = fmt.Sprintf("[%s](../%s)", strings.TrimPrefix(p, "internal/"), p)
	}
	return strings.Join(out, "<br>")
}

// scan reads every source file below internal and cmd, this program apart.
func scan(root string, known map[string]bool) (map[string]*files, error) {
	found := map[string]*files{}
	for _, top := range []string{"cmd", "internal"} {
		dir := filepath.Join(root, top)
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			rel = filepath.ToSlash(rel)
			if d.IsDir() && (d.Name() == "testdata" || rel == "internal/tools/coverage") {
				return filepath.SkipDir
			}
			if !d.Type().IsRegular() || !source(rel) {
				return nil
			}
			return note(found, known, path, rel)
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func source(path string) bool {
	switch filepath.Ext(path) {
	case ".go":
		return !strings.HasSuffix(path, "_templ.go")
	case ".templ", ".sql":
		return true
	}
	return false
}

// note adds one file to the requirements it names.
func note(found map[string]*files, known map[string]bool, path, rel string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	ids, err := idsIn(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", rel, err)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if !known[id] {
			return fmt.Errorf("%s names %s, which is in no catalogue", rel, id)
		}
		if found[id] == nil {
			found[id] = &files{}
		}
		if strings.HasSuffix(rel, "_test.go") {
			found[id].tests = append(found[id].tests, rel)
		} else {
			found[id].code = append(found[id].code, rel)
		}
	}
	return nil
}
