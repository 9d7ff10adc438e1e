package structure

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestCodesAreFoundWhereverTheyCanStand(t *testing.T) {
	const source = `package x
import (
	"linecard/internal/errs"
)
var a = errs.New(errs.Conflict, "from_new", "text")
var b = errs.BadField("name", "from_bad_field", "text")
var c = []errs.Field{{Name: "n", Code: "from_elided", Message: "m"}, {"n", "from_position", "m", nil}}
var d = &errs.Error{Kind: errs.Invalid, Code: "from_error"}
var e = append(fields, errs.Field{Name: "n", Code: "from_field"})
var f = other.New(1, "not_ours", "x")
var g = errs.New(errs.Conflict, computed, "text")
func refuse(x int, code string) error { return errs.New(errs.Conflict, code, "text") }
func twice(code string) error { return refuse(1, code) }
func use() {
	fault := func(field, code string) { add(errs.Field{Name: field, Code: code}) }
	fault("name", "from_closure")
	_ = twice("from_two_steps")
	_ = refuse(2, "from_one_step")
	_ = refuse(2, made())
}
var h = []thing{{Name: "n", Code: "not_ours_either"}}
`
	file := File{Path: "internal/x/x.go", Dir: "internal/x", Imports: []string{errsPath}, pos: token.NewFileSet()}
	var err error
	if file.AST, err = parser.ParseFile(file.pos, file.Path, source, parser.SkipObjectResolution); err != nil {
		t.Fatal(err)
	}
	codes, unknown := errorCodes([]File{file})
	if got, want := strings.Join(codes, " "), "from_bad_field from_closure from_elided from_error from_field from_new from_one_step from_position from_two_steps"; got != want {
		t.Errorf("found %s\n want %s", got, want)
	}
	if strings.Join(unknown, " ") != "internal/x/x.go:11 internal/x/x.go:19" {
		t.Errorf("the computed codes were found at %v", unknown)
	}
}
