package ui

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVendoredFilesAreTheOnesOfTheLock(t *testing.T) {
	raw, err := os.ReadFile("vendor.lock")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages []struct {
			Name, Version, Licence, Integrity string
			Files                             []struct{ From, To, SHA256 string }
		}
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, p := range lock.Packages {
		if p.Version == "" || p.Licence == "" || !strings.HasPrefix(p.Integrity, "sha512-") {
			t.Errorf("%s lacks version, licence or integrity", p.Name)
		}
		licence := false
		for _, f := range p.Files {
			listed[f.To] = true
			licence = licence || strings.Contains(f.To, "LICENSE")
			body, err := os.ReadFile(filepath.Join("../../..", f.To))
			if err != nil {
				t.Error(err)
				continue
			}
			if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != f.SHA256 {
				t.Errorf("%s is not the file of %s@%s; run scripts/vendor-ui.sh", f.To, p.Name, p.Version)
			}
		}
		if !licence {
			t.Errorf("%s comes without its licence", p.Name)
		}
	}
	for _, dir := range []string{"static/vendor", "icons", "../browsertest/testdata"} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if to := filepath.Join("internal/portal/ui", dir, f.Name()); !listed[to] {
				t.Errorf("%s is not in vendor.lock", to)
			}
		}
	}
}

func get(path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Static().ServeHTTP(w, r)
	return w
}

func TestStaticFilesArePackedAndKeptForEver(t *testing.T) {
	w := get(Asset("app.css"), "Accept-Encoding", "br, gzip")
	if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control: %s", got)
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	plain := get(Asset("app.css"))
	if plain.Header().Get("Content-Encoding") != "" || plain.Body.String() != string(unpacked) {
		t.Error("packed and plain bytes differ")
	}
	if plain.Header().Get("ETag") == w.Header().Get("ETag") {
		t.Error("two representations share one ETag")
	}
	if again := get(Asset("app.css"), "If-None-Match", plain.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("repeated request: %d", again.Code)
	}
}

func TestUnknownStaticFilesDoNotExist(t *testing.T) {
	for _, path := range []string{"/static/app.css", "/static/", "/static/vendor.lock", "/static/../assets.go", "/static/vendor/htmx.LICENSE"} {
		if w := get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestStyleSheetAsksOnlyThisServer(t *testing.T) {
	css := get(Asset("app.css")).Body.String()
	if strings.Contains(css, "asset(") || strings.Contains(css, "//") || strings.Contains(css, "@import") {
		t.Error("the style sheet has an unresolved or foreign address")
	}
	if !strings.Contains(css, Asset("vendor/geist-latin.woff2")) {
		t.Error("the style sheet does not name the font by its final address")
	}
}

func TestTemplatesKeepToTheContentPolicy(t *testing.T) {
	forbidden := []string{" style=", "hx-on", "onclick=", "onchange=", "javascript:", "<style", "js:"}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".templ") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, f := range forbidden {
			if strings.Contains(string(body), f) {
				t.Errorf("%s contains %q", path, f)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
