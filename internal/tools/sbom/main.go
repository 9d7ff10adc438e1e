// Command sbom writes the list of parts of a Linecard binary as CycloneDX 1.6:
//
//	sbom linecard go.sum internal/portal/ui/vendor.lock > sbom.json
//
// The modules are those that the linker wrote into the binary, not those of go.mod, which also names what only tests need. It asks no
// network and writes neither time nor random numbers, so equal binaries have equal lists.
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: sbom binary go.sum vendor.lock > sbom.json")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(binary, sums, lock string, out io.Writer) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	known, err := os.ReadFile(sums)
	if err != nil {
		return err
	}
	vendored, err := os.ReadFile(lock)
	if err != nil {
		return err
	}
	list, err := listOf(info, string(known), vendored)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", " ")
	return e.Encode(list)
}
