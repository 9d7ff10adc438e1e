package structure

import (
	"strings"
	"sync"
	"testing"
)

// tree is the parsed project, read once for all tests.
var tree = sync.OnceValue(func() []File { return Files(Root()) })

func TestEveryRoomIsInTheTable(t *testing.T) {
	reported := map[string]bool{}
	for _, f := range tree() {
		name := f.Room()
		if _, known := rooms[name]; known || reported[f.Dir] || !strings.HasPrefix(f.Dir, "internal") {
			continue
		}
		reported[f.Dir] = true
		t.Errorf("%s is no room of the table in rooms.go and docs/architecture.md: give it a number, or move it into a room", f.Dir)
	}
}

func TestImportsPointOnlyToRoomsWithASmallerNumber(t *testing.T) {
	for _, f := range tree() {
		for i, p := range f.Imports {
			to, own := strings.CutPrefix(p, Module+"/")
			if !own {
				continue
			}
			if why := wrongArrow(f.Dir, to, f.Test); why != "" {
				t.Errorf("%s imports %s: %s", f.At(f.AST.Imports[i]), p, why)
			}
		}
	}
}

func TestTheArrowsAreJudgedAsTheDesignSays(t *testing.T) {
	cases := []struct {
		from, to string
		test     bool
		allowed  bool
	}{
		{"internal/tenant", "internal/db", false, true},
		{"internal/db", "internal/tenant", false, false},
		{"internal/tenant", "internal/tenant/sub", false, true},
		{"internal/queue", "internal/access", false, false}, // same number
		{"internal/access", "internal/queue", true, false},  // tests too
		{"internal/phone/poly", "internal/phone", false, true},
		{"internal/phone", "internal/errs", false, true},
		{"internal/errs", "internal/phone", false, false},
		{"internal/tenant", "internal/db/dbtest", true, true},
		{"internal/tenant", "internal/db/dbtest", false, false},
		{"internal/db", "internal/db/dbtest", true, true},
		{"internal/db", "internal/db/dbtest", false, false},
		{"internal/db/dbtest", "internal/db", false, true},
		{"internal/db/dbtest", "internal/db/dbtest/pgserver", false, true},
		{"internal/sim", "internal/device", false, false},
		{"internal/sim", "internal/phone/poly", false, true},
		{"internal/app", "internal/portal/devices", false, true},
		{"internal/portal", "internal/api", false, false},
		{"internal/portal", "internal/structure", true, true},
		{"internal/portal", "internal/structure", false, false},
		{"internal/browser", "internal/app", true, true},
		{"internal/tools/withpostgres", "internal/db/dbtest/pgserver", false, true},
		{"cmd/linecard", "internal/app", false, true},
	}
	for _, c := range cases {
		if why := wrongArrow(c.from, c.to, c.test); (why == "") != c.allowed {
			t.Errorf("%s → %s (test %v): %q, but allowed should be %v", c.from, c.to, c.test, why, c.allowed)
		}
	}
}
