package structure

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
)

const errsPath = Module + "/internal/errs"

// ErrorCodes returns every error code that the product's code below root can answer with, sorted: the literals given to
// errs.New, errs.BadField and the Code of errs.Error and errs.Field. Each needs a text in every language.
func ErrorCodes(root string) []string {
	codes, _ := errorCodes(Files(root))
	return codes
}

// errorCodes also returns the places where a code is not a literal, so that it cannot be known from outside.
func errorCodes(files []File) (codes, unknown []string) {
	seen := map[string]bool{}
	for _, f := range files {
		if f.Test || supportsTests(f.Dir) {
			continue
		}
		r := codeReader{name: f.importName(errsPath), inside: f.Dir == "internal/errs"}
		if r.name == "" && !r.inside {
			continue
		}
		for _, code := range r.read(f.AST) {
			if text, ok := literal(code); ok {
				seen[text] = true
			} else if !r.inside { // errs itself passes on what it is given
				unknown = append(unknown, f.At(code))
			}
		}
	}
	for code := range seen {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes, unknown
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil && text != ""
}

// codeReader finds the expressions that stand where an error code belongs.
type codeReader struct {
	name   string // what the file calls errs
	inside bool   // the file is in errs
}

func (r codeReader) read(file *ast.File) (codes []ast.Expr) {
	elided := map[*ast.CompositeLit]string{} // {…} inside []errs.Field{…} has its type from outside
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if fn := r.own(n.Fun); (fn == "New" || fn == "BadField") && len(n.Args) > 1 {
				codes = append(codes, n.Args[1])
			}
		case *ast.CompositeLit:
			if list, ok := n.Type.(*ast.ArrayType); ok {
				for _, e := range n.Elts {
					if c, ok := e.(*ast.CompositeLit); ok && c.Type == nil {
						elided[c] = r.own(list.Elt)
					}
				}
				return true
			}
			kind := elided[n]
			if n.Type != nil {
				kind = r.own(n.Type)
			}
			if kind == "Error" || kind == "Field" {
				codes = append(codes, codeOf(n)...)
			}
		}
		return true
	})
	return codes
}

// own is the name e has in errs, "" for anything else.
func (r codeReader) own(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && x.Name == r.name && r.name != "" {
			return e.Sel.Name
		}
	case *ast.Ident:
		if r.inside {
			return e.Name
		}
	}
	return ""
}

// codeOf gives the Code of an errs.Error or errs.Field literal; both have it in the second place.
func codeOf(lit *ast.CompositeLit) []ast.Expr {
	for i, e := range lit.Elts {
		pair, keyed := e.(*ast.KeyValueExpr)
		if !keyed {
			if i == 1 {
				return []ast.Expr{e}
			}
			continue
		}
		if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Code" {
			return []ast.Expr{pair.Value}
		}
	}
	return nil
}
