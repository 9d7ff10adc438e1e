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
var h = []thing{{Name: "n", Code: "not_ours_either"}}
`
	file := File{Path: "internal/x/x.go", Dir: "internal/x", Imports: []string{errsPath}, pos: token.NewFileSet()}
	var err error
	if file.AST, err = parser.ParseFile(file.pos, file.Path, source, parser.SkipObjectResolution); err != nil {
		t.Fatal(err)
	}
	codes, unknown := errorCodes([]File{file})
	if got, want := strings.Join(codes, " "), "from_bad_field from_elided from_error from_field from_new from_position"; got != want {
		t.Errorf("found %s\n want %s", got, want)
	}
	if len(unknown) != 1 || unknown[0] != "internal/x/x.go:11" {
		t.Errorf("the computed code was found at %v", unknown)
	}
}
