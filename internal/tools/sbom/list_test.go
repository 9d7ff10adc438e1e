package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"linecard/internal/structure"
)

const sums = "example.com/a v1.2.3 h1:aaa=\nexample.com/a v1.2.3/go.mod h1:xxx=\nexample.com/b v0.1.0 h1:bbb=\n"

func build() *debug.BuildInfo {
	return &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Path: "linecard", Version: "(devel)"},
		Deps: []*debug.Module{{Path: "example.com/a", Version: "v1.2.3", Sum: "h1:aaa="},
			{Path: "example.com/old", Version: "v9", Replace: &debug.Module{Path: "example.com/b", Version: "v0.1.0", Sum: "h1:bbb="}}},
		Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "DefaultGODEBUG", Value: "x"}}}
}

func TestTheListOfPartsNamesEveryModuleWithItsSum(t *testing.T) { // ASVS v5.0.0-15.1.2
	lock, err := os.ReadFile(filepath.Join(structure.Root(), "internal", "portal", "ui", "vendor.lock"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := listOf(build(), sums, lock)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range list.Components {
		names = append(names, c.PURL)
		if c.Ref != c.PURL || !slices.Contains(list.Dependencies[0].DependsOn, c.Ref) {
			t.Errorf("%+v", c)
		}
	}
	if diff := cmp.Diff([]string{"pkg:golang/std@1.26.8", "pkg:golang/example.com/a@v1.2.3", "pkg:golang/example.com/b@v0.1.0"}, names[:3]); diff != "" {
		t.Error(diff)
	}
	if len(names) < 4 || !strings.HasPrefix(names[3], "pkg:npm/") {
		t.Errorf("no files for browsers: %v", names)
	}
	if strings.Contains(strings.Join(names, " "), "axe-core") {
		t.Error("what only tests read is no part of the program")
	}
	if diff := cmp.Diff([]property{{"go.sum", "h1:aaa="}}, list.Components[1].Properties); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]property{{"go:build:GOOS", "linux"}}, list.Metadata.Component.Properties); diff != "" {
		t.Error(diff)
	}
	one, _ := json.Marshal(list)
	again, _ := listOf(build(), sums, lock)
	two, _ := json.Marshal(again)
	if !bytes.Equal(one, two) {
		t.Error("two lists of one binary differ")
	}
}

func TestAModuleThatTheSumsDoNotKnowIsAnError(t *testing.T) {
	for name, change := range map[string]func(*debug.Module){"another sum": func(m *debug.Module) { m.Sum = "h1:ccc=" }, "no sum": func(m *debug.Module) { m.Sum = "" },
		"another version": func(m *debug.Module) { m.Version = "v1.2.4" }} {
		b := build()
		change(b.Deps[0])
		if _, err := listOf(b, sums, []byte("{}")); err == nil || !strings.Contains(err.Error(), "example.com/a") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNamesInPackageURLsAreEscaped(t *testing.T) {
	for _, c := range []struct{ kind, name, version, want string }{{"npm", "@scope/x", "1.0.0", "pkg:npm/%40scope/x@1.0.0"}, {"golang", "linecard", "(devel)", "pkg:golang/linecard"},
		{"golang", "github.com/A/b", "v1.0.0+incompatible", "pkg:golang/github.com/A/b@v1.0.0+incompatible"}} {
		if got := purl(c.kind, c.name, c.version); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
