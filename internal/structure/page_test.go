package structure

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write into docs/architecture.md which rooms are built")

// rowOfRoom is a line of the table: number, name, built or planned.
var rowOfRoom = regexp.MustCompile("(?m)^\\| ([0-9]+) \\| `([a-z]+)` \\| ([a-z]+) \\|")

// TestTheArchitecturePageSaysWhatIsThere compares the table of rooms in docs/architecture.md with this package's and with the tree.
func TestTheArchitecturePageSaysWhatIsThere(t *testing.T) {
	path := filepath.Join(Root(), "docs", "architecture.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	built := map[string]bool{}
	for _, f := range tree() {
		if (strings.HasPrefix(f.Dir, "internal/") || f.Dir == "docs") && (!f.Test && !supportsTests(f.Dir) || rooms[f.Room()].tests) {
			built[f.Room()] = true
		}
	}
	state := map[bool]string{true: "built", false: "planned"}
	if *update {
		page = rowOfRoom.ReplaceAllFunc(page, func(row []byte) []byte {
			m := rowOfRoom.FindSubmatch(row)
			return []byte("| " + string(m[1]) + " | `" + string(m[2]) + "` | " + state[built[string(m[2])]] + " |")
		})
		if err := os.WriteFile(path, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listed := map[string]bool{}
	for _, m := range rowOfRoom.FindAllStringSubmatch(string(page), -1) {
		level, name, now := m[1], m[2], m[3]
		listed[name] = true
		if r, known := rooms[name]; !known || strconv.Itoa(r.level) != level {
			t.Errorf("the page gives %s the number %s, rooms.go says %d", name, level, r.level)
		}
		if want := state[built[name]]; now != want {
			t.Errorf("the page says that %s is %s, the tree says %s (run make generate)", name, now, want)
		}
	}
	for name := range rooms {
		if !listed[name] && name != "cmd" && name != "structure" && name != "tools" {
			t.Errorf("room %s is not on the page", name)
		}
	}
}
