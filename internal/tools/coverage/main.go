// Command coverage writes docs/coverage.md: which requirement is named in which file of code and tests.
//
// It trusts the ids that stand in the source and judges nothing; whether a requirement is met, only its tests say.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed requirements.txt
var catalogue string

func main() {
	root := flag.String("root", ".", "folder of go.mod")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "coverage:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	page, err := render(root)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(root, "docs"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs", "coverage.md"), page, 0o644)
}
