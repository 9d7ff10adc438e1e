package structure

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheSQLiteDriverHasItsOwnLibc guards the driver's own condition: another version of its C library than the one it
// was built with corrupts memory without a word.
func TestTheSQLiteDriverHasItsOwnLibc(t *testing.T) {
	root := Root()
	ours, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("go list: ", err)
	}
	theirs, err := os.ReadFile(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	libc := regexp.MustCompile(`(?m)^\s*(?:require )?modernc\.org/libc (v\S+)`)
	want, got := libc.FindSubmatch(theirs), libc.FindSubmatch(ours)
	if want == nil || got == nil || string(want[1]) != string(got[1]) {
		t.Errorf("go.mod has modernc.org/libc %s, the SQLite driver demands exactly %s", got, want)
	}
}
