// Package structure owns the rules about the source itself that no compiler checks: which room may import which, who may
// start goroutines, read the clock or write a table. Its tests read the tree with go/parser and fail on a breach.
//
// It knows the source as text and trees only: it imports no room, and only tests import it.
package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Module is the name every import of our own begins with.
const Module = "linecard"

// File is one Go file of the tree.
type File struct {
	Path      string // from the root, with slashes: "internal/db/tx.go"
	Dir       string // its folder: "internal/db"
	Test      bool   // *_test.go
	Generated bool   // made by a program ("Code generated … DO NOT EDIT.")
	Lines     int
	AST       *ast.File
	Imports   []string
	pos       *token.FileSet
}

// Room is the first folder below internal, "cmd" for the programs, and "" elsewhere.
func (f File) Room() string { return roomOf(f.Dir) }

// At says where a node is, for a message: "internal/db/tx.go:12".
func (f File) At(n ast.Node) string { return f.Path + ":" + strconv.Itoa(f.pos.Position(n.Pos()).Line) }

func roomOf(dir string) string {
	parts := strings.Split(dir, "/")
	switch {
	case parts[0] == "cmd":
		return "cmd"
	case dir == "docs": // pages that are embedded stand where people look for them
		return "docs"
	case parts[0] == "internal" && len(parts) > 1:
		return parts[1]
	}
	return ""
}

// supportsTests tells a package that exists for tests only: one of whose folders has a name like dbtest.
func supportsTests(dir string) bool {
	for _, part := range strings.Split(dir, "/") {
		if strings.HasSuffix(part, "test") {
			return true
		}
	}
	return false
}

// Root is the folder of go.mod at or above the working folder, which for a test is its package's. It panics without one.
func Root() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			panic("there is no go.mod above the working folder")
		}
		dir = up
	}
}

// Files parses every Go file below root, in the order of their paths. It panics on one that is no Go: nothing can be said then.
func Files(root string) []File {
	var files []File
	walk(root, func(p string) {
		if strings.HasSuffix(p, ".go") {
			files = append(files, parse(root, p))
		}
	})
	return files
}

// walk calls fn with the path of every file that belongs to the project, from root and with slashes.
func walk(root string, fn func(path string)) {
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != root && (name[0] == '.' || name == "testdata" || name == "vendor" || name == "node_modules") {
			return filepath.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err == nil {
			fn(filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		panic(err)
	}
}

func parse(root, rel string) File {
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(rel)))
	if err != nil {
		panic(err)
	}
	f := File{Path: rel, Dir: path.Dir(rel), Test: strings.HasSuffix(rel, "_test.go"), pos: token.NewFileSet()}
	f.AST, err = parser.ParseFile(f.pos, rel, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	f.Generated = ast.IsGenerated(f.AST)
	f.Lines = strings.Count(string(source), "\n")
	for _, spec := range f.AST.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err)
		}
		f.Imports = append(f.Imports, p)
	}
	return f
}

// importName is the name under which f uses the package at importPath; "" when it does not import it.
func (f File) importName(importPath string) string {
	for i, p := range f.Imports {
		if p != importPath {
			continue
		}
		if name := f.AST.Imports[i].Name; name != nil {
			return name.Name
		}
		return path.Base(p)
	}
	return ""
}

// imports tells whether name is a package that f imports, as far as a name can tell.
func (f File) imports(name string) bool {
	for _, p := range f.Imports {
		if f.importName(p) == name {
			return true
		}
	}
	return false
}
