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

// errorCodes also returns the places where a code is not a literal, so that it cannot be known from outside. A function
// of the same package that passes on a parameter of its own is followed to its callers.
func errorCodes(files []File) (codes, unknown []string) {
	seen := map[string]bool{}
	followed := map[string]bool{}
	var take func(f File, code ast.Expr)
	take = func(f File, code ast.Expr) {
		if text, ok := literal(code); ok {
			seen[text] = true
			return
		}
		name, place, passed := passedOn(f, code)
		if !passed {
			unknown = append(unknown, f.At(code))
			return
		}
		if key := f.Dir + " " + name; !followed[key] {
			followed[key] = true
			for _, g := range files {
				if g.Dir == f.Dir {
					for _, arg := range arguments(g, name, place) {
						take(g, arg)
					}
				}
			}
		}
	}
	for _, f := range files {
		if f.Test || supportsTests(f.Dir) {
			continue
		}
		r := codeReader{name: f.importName(errsPath), inside: f.Dir == "internal/errs"}
		if r.name == "" && !r.inside {
			continue
		}
		for _, code := range r.read(f.AST) {
			take(f, code)
		}
	}
	for code := range seen {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes, unknown
}

// passedOn tells whether e is a parameter of the function around it: that function's name and the parameter's place.
func passedOn(f File, e ast.Expr) (function string, place int, ok bool) {
	parameter, isName := e.(*ast.Ident)
	if !isName {
		return "", 0, false
	}
	look := func(name string, t *ast.FuncType, body *ast.BlockStmt) {
		if body == nil || e.Pos() < body.Pos() || e.Pos() >= body.End() {
			return
		}
		i := 0
		for _, field := range t.Params.List {
			for _, p := range field.Names {
				if p.Name == parameter.Name {
					function, place, ok = name, i, true // an inner function comes later and wins
				}
				i++
			}
		}
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			look(n.Name.Name, n.Type, n.Body)
		case *ast.AssignStmt:
			for i, right := range n.Rhs {
				closure, isFunc := right.(*ast.FuncLit)
				if name, isName := n.Lhs[min(i, len(n.Lhs)-1)].(*ast.Ident); isFunc && isName {
					look(name.Name, closure.Type, closure.Body)
				}
			}
		}
		return true
	})
	return function, place, ok
}

// arguments are what f gives to function, or a method of that name, at a place.
func arguments(f File, function string, place int) (given []ast.Expr) {
	ast.Inspect(f.AST, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) <= place || f.Test {
			return true
		}
		switch fn := call.Fun.(type) {
		case *ast.Ident:
			ok = fn.Name == function
		case *ast.SelectorExpr:
			x, isName := fn.X.(*ast.Ident)
			ok = fn.Sel.Name == function && !(isName && f.imports(x.Name))
		default:
			ok = false
		}
		if ok {
			given = append(given, call.Args[place])
		}
		return true
	})
	return given
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
