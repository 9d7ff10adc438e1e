package api_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"linecard/internal/api"
)

var update = flag.Bool("update", false, "write golden files")

// TestTheDocumentIsTheGoldenOne shows in review what a change does to what other programs hold on to.
func TestTheDocumentIsTheGoldenOne(t *testing.T) {
	got, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "openapi.json")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the OpenAPI document differs from testdata/openapi.json: look at the difference, then run with -update")
	}
}
