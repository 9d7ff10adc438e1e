package ui

import (
	"strings"
	"testing"

	"github.com/a-h/templ"
)

func html(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(With(t.Context(), Prefs{CSRF: "token-1"}), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNothingAPersonWroteBecomesMarkup(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	for name, part := range map[string]templ.Component{
		"text":   Text(evil),
		"badge":  Badge{Text: evil},
		"input":  Input{Name: "a", Label: evil, Value: evil, Hint: evil, Fault: evil},
		"area":   Area{Name: "a", Label: evil, Value: "</textarea>" + evil},
		"table":  Table{ID: "t", Caption: evil, Select: true, Columns: []Column{{Label: evil}}, Rows: []Row{{ID: evil, Name: evil, Cells: []templ.Component{Two(evil, evil, evil)}}}},
		"secret": Secret{ID: "s", Label: evil, Value: evil},
		"action": Action{Label: evil, URL: "javascript:alert(1)", How: Post, Hidden: []Hidden{{evil, evil}}},
	} {
		if out := html(t, part); strings.Contains(out, "<script") || strings.Contains(out, "javascript:") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestEveryPostFormCarriesTheToken(t *testing.T) {
	for name, part := range map[string]templ.Component{
		"action":   Action{Label: "x", URL: "/x", How: Post},
		"question": Question{Title: "x", URL: "/x", CancelURL: "/"},
		"form":     FormView(Form{URL: "/x"}),
		"shell":    Page(Shell{Title: "x", Acting: &Acting{LeaveURL: "/leave"}}),
		"bulk": Table{ID: "t", Select: true, Columns: []Column{{Label: "x"}}, Rows: []Row{{Cells: []templ.Component{Text("x")},
			Actions: []Action{{Label: "a", How: Post}, {Label: "b", How: Post}, {Label: "c", How: Post}}}}},
	} {
		out := html(t, part)
		posts, tokens := strings.Count(out, `method="post"`), strings.Count(out, `name="csrf" value="token-1"`)
		if posts == 0 || posts != tokens {
			t.Errorf("%s: %d forms, %d tokens", name, posts, tokens)
		}
	}
}

func TestAFieldKeepsItsValueAndPointsAtItsFault(t *testing.T) {
	out := html(t, Input{Name: "subnets[2].public", Label: "Public", Value: "10.0.0.", Hint: "h", Fault: "Not a subnet."})
	for _, want := range []string{`id="f-subnets-2-public"`, `for="f-subnets-2-public"`, `value="10.0.0."`, `aria-invalid="true"`,
		`aria-describedby="f-subnets-2-public-fault f-subnets-2-public-hint"`, `id="f-subnets-2-public-fault"`} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %s in %s", want, out)
		}
	}
}

func TestInitialsFitTheRoundBadge(t *testing.T) {
	for name, want := range map[string]string{"Mara Lindqvist": "ML", "李雷": "李", "ops": "o", "": "", "a.b@c": "ab"} {
		if got := initials(name); got != want {
			t.Errorf("%q: got %q", name, got)
		}
	}
}
