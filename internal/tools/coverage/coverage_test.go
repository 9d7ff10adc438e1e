package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRangesAreWrittenOut(t *testing.T) {
	cases := []struct{ text, want string }{
		{"CH-4", "CH-4"},
		{"see CH-16 … CH-18 and DM-46.", "CH-16 CH-17 CH-18 DM-46"},
		{"CH-16..18", "CH-16 CH-17 CH-18"},
		{"WS-1–WS-2, WS-9", "WS-1 WS-2 WS-9"},
		{"CH-1, CH-3", "CH-1 CH-3"},
		{"ENOUGH-4 CH-x RCH-2", ""},
		{"CH-2. 3 of them", "CH-2"},
	}
	for _, c := range cases {
		ids, err := idsIn(c.text)
		if got := strings.Join(ids, " "); err != nil || got != c.want {
			t.Errorf("%q: %q, %v; want %q", c.text, got, err, c.want)
		}
	}
	for _, wrong := range []string{"CH-9 … CH-2", "CH-1 … WS-3", "CH-1 … CH-999"} {
		if ids, err := idsIn(wrong); err == nil {
			t.Errorf("%q is taken for %v", wrong, ids)
		}
	}
}

func TestCodeAndTestsAreToldApartAndAnUnknownIDIsRefused(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("internal/x/x.go", "// Lock-out (CH-4).")
	write("internal/x/x_test.go", "// CH-4, CH-5")
	page, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| [x/x.go](../internal/x/x.go) | [x/x_test.go](../internal/x/x_test.go) |", "| channel (CH) | 97 | 1 | 2 |"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	write("internal/x/y.go", "// CH-98")
	if _, err := render(root); err == nil || !strings.Contains(err.Error(), "CH-98") {
		t.Error("an id of no catalogue was taken: ", err)
	}
}

func TestTheCataloguesAreWhole(t *testing.T) {
	counts := map[string]int{}
	for _, r := range requirements(catalogue) {
		counts[r.id[:2]]++
	}
	if counts["CH"] != 97 || counts["WS"] != 164 || counts["DM"] != 342 {
		t.Error("requirements: ", counts)
	}
}

func TestTheCoveragePageIsFresh(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	want, err := render(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "docs", "coverage.md"))
	if err != nil || !bytes.Equal(got, want) {
		t.Error("docs/coverage.md is stale: run make generate ", err)
	}
}
