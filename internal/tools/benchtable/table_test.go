package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const output = `goos: linux
goarch: amd64
pkg: linecard/internal/api
cpu: Some Processor
BenchmarkRead/sqlite-2   	    1000	   300000 ns/op	      0.61 of_bare	     512 B/op	       7 allocs/op
BenchmarkRead/sqlite-2   	    1000	   100000 ns/op	      0.59 of_bare	     512 B/op	       7 allocs/op
BenchmarkRead/sqlite-2   	    1000	   200000 ns/op	      0.60 of_bare	     512 B/op	       7 allocs/op
PASS
ok  	linecard/internal/api	3.1s
`

func TestTheTableShowsMediansAndKeepsTheWordsAroundIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := os.WriteFile(path, []byte("# Before\n"+begin+"\nold table\n"+end+"\nAfter.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(strings.NewReader(output), path); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Before\n", "After.\n", "linux, amd64, Some Processor",
		"| api | Read/sqlite | 200 µs | 0.6 of_bare | 512 B/op, 7 allocs/op | 3 |"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(string(page), "old table") {
		t.Error("the old table is still there")
	}
}

func TestAFailedOrEmptyRunLeavesThePageAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "benchmarks.md")
	const before = begin + "\n" + end + "\n"
	if err := os.WriteFile(path, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", output + "--- FAIL: BenchmarkWrite\n", output + "FAIL\tlinecard/internal/db\t1s\n"} {
		if err := run(strings.NewReader(text), path); err == nil {
			t.Errorf("taken as a good run: %q", text)
		}
		if page, _ := os.ReadFile(path); string(page) != before {
			t.Errorf("the page was changed by %q", text)
		}
	}
}

func TestFiguresAreReadable(t *testing.T) {
	for ns, want := range map[float64]string{12: "12 ns", 1234: "1.23 µs", 45_600_000: "45.6 ms", 2.5e9: "2.5 s"} {
		if got := duration([]float64{ns}); got != want {
			t.Errorf("%v ns is shown as %s, want %s", ns, got, want)
		}
	}
}
