package httpx

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"

	"linecard/internal/errs"
)

// kindNames reads the kinds from their source, so that a new one cannot be forgotten in the table.
func kindNames(t *testing.T) []string {
	f, err := parser.ParseFile(token.NewFileSet(), "../errs/errs.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		first := g.Specs[0].(*ast.ValueSpec)
		if id, ok := first.Type.(*ast.Ident); !ok || id.Name != "Kind" {
			continue
		}
		for _, s := range g.Specs {
			names = append(names, s.(*ast.ValueSpec).Names[0].Name)
		}
	}
	return names
}

func TestEveryKindHasItsStatus(t *testing.T) {
	names := kindNames(t)
	if len(names) < 15 || len(names) != len(statuses) {
		t.Fatalf("errs has the kinds %v, the table has %d", names, len(statuses))
	}
	for i, name := range names {
		if _, ok := statuses[errs.Kind(i)]; !ok {
			t.Errorf("%s is not in the table", name)
		}
	}
}

func TestStatusesAreTheAgreedOnes(t *testing.T) {
	for kind, want := range map[errs.Kind]int{errs.Invalid: 400, errs.Unauthenticated: 401, errs.Forbidden: 403, errs.NotFound: 404,
		errs.Conflict: 409, errs.Gone: 410, errs.Stale: 412, errs.Mismatch: 422, errs.TooLarge: 413, errs.Unsupported: 415, errs.Locked: 423,
		errs.TooMany: 429, errs.TimedOut: 408, errs.Unavailable: 503, errs.Internal: 500, errs.Kind(999): 500} {
		if got := Status(kind); got != want {
			t.Errorf("kind %d is %d, want %d", kind, got, want)
		}
	}
}
