package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/api"
	"linecard/internal/httpx"
	"linecard/internal/structure"
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

// document is the part of the OpenAPI document that tests look at.
type document struct {
	OpenAPI    string
	Paths      map[string]map[string]described
	Components struct {
		Schemas         map[string]json.RawMessage
		SecuritySchemes map[string]any
	}
}

type described struct {
	OperationID string `json:"operationId"`
	Summary     string
	Permission  string   `json:"x-permission"`
	Codes       []string `json:"x-error-codes"`
	Responses   map[string]any
	Parameters  []struct{ Name, In string }
}

func documentOf(t *testing.T) document {
	t.Helper()
	b, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// TestRoutesAndDocumentAgree: no route is missing in the document and none is invented there (CH-97). Routes are asked of the
// router itself: whatever it knows answers a stranger 401, what it does not know 404, another method 405.
func TestRoutesAndDocumentAgree(t *testing.T) {
	d := documentOf(t)
	each(t, func(t *testing.T, w *world) {
		handler := httpx.Edge{Log: slog.New(slog.DiscardHandler)}.Wrap(w.api.Handler())
		ask := func(method, path string) (int, string) {
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, httptest.NewRequest(method, placeholder.ReplaceAllString(path, "x"), nil))
			return rec.Code, rec.Header().Get("Allow")
		}
		documented := map[string]bool{}
		for path, methods := range d.Paths {
			var here []string
			for method := range methods {
				method = strings.ToUpper(method)
				documented[method+" "+path] = true
				here = append(here, method)
				if status, _ := ask(method, path); status == 404 || status == 405 {
					t.Errorf("%s %s is in the document, but the router answers %d", method, path, status)
				}
			}
			for other, more := range d.Paths { // "/sites/export" is also what "/sites/{site}" takes
				if other != path && regexp.MustCompile("^"+placeholder.ReplaceAllString(other, "[^/]+")+"$").MatchString(path) {
					for method := range more {
						here = append(here, strings.ToUpper(method))
					}
				}
			}
			if slices.Contains(here, "GET") {
				here = append(here, "HEAD")
			}
			slices.Sort(here)
			here = slices.Compact(here)
			if status, allow := ask("TRACE", path); status != 405 || allow != strings.Join(here, ", ") {
				t.Errorf("%s: the router allows %q (%d), the document %q", path, allow, status, here)
			}
		}
		for _, op := range w.api.Operations() {
			if !documented[op.Method+" "+api.Prefix+op.Path] {
				t.Errorf("%s is not in the document", op.ID)
			}
		}
		if len(documented) != len(w.api.Operations())+2 { // and the two addresses of the token endpoint
			t.Errorf("the document has %d operations, the API %d", len(documented), len(w.api.Operations()))
		}
	})
}

func TestTheDocumentTellsPermissionsAndCodes(t *testing.T) {
	known := structure.ErrorCodes(structure.Root())
	d := documentOf(t)
	if d.OpenAPI != "3.1.0" || d.Components.SecuritySchemes["bearer"] == nil || d.Components.SecuritySchemes["oauth2"] == nil {
		t.Errorf("version %s, security schemes %v", d.OpenAPI, d.Components.SecuritySchemes)
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			if strings.HasPrefix(path, api.Prefix) && !access.Known(access.Action(op.Permission)) {
				t.Errorf("%s %s: permission %q", method, path, op.Permission)
			}
			if op.OperationID == "" || op.Summary == "" || len(op.Codes) == 0 {
				t.Errorf("%s %s is not described", method, path)
			}
			if !strings.HasPrefix(path, api.Prefix) {
				continue // the words of OAuth are not ours
			}
			for _, code := range op.Codes {
				if !slices.Contains(known, code) {
					t.Errorf("%s %s names the code %s, which nothing answers with", method, path, code)
				}
			}
			var names []string
			for _, p := range op.Parameters {
				names = append(names, p.Name)
			}
			changes := method != "get"
			if slices.Contains(names, "dry_run") != changes || slices.Contains(names, "Idempotency-Key") != (method == "post") {
				t.Errorf("%s %s has the parameters %q", method, path, names)
			}
			if strings.HasPrefix(op.OperationID, "list-") && strings.Contains(path, "}/") == false && op.OperationID != "list-items" && !slices.Contains(names, "limit") {
				t.Errorf("%s has no limit", op.OperationID)
			}
		}
	}
}

func TestTheDocsAreReadableWithoutForeignHelp(t *testing.T) {
	a := api.New(api.Deps{Version: "test"})
	handler := httpx.Edge{Log: slog.New(slog.DiscardHandler)}.Wrap(a.Handler())
	ask := func(path string, header ...string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		handler.ServeHTTP(rec, r)
		return rec
	}
	page := ask("/api/docs")
	if page.Code != 200 || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Fatal(page.Code, page.Header())
	}
	csp := page.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
		t.Errorf("CSP %q", csp)
	}
	body := page.Body.String()
	for _, bad := range []string{"<script", " style=", "<style", "http://", "https://", " onclick"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, op := range a.Operations() {
		if !strings.Contains(body, `id="`+op.ID+`"`) || !strings.Contains(body, html.EscapeString(op.Summary)) {
			t.Errorf("the page does not show %s", op.ID)
		}
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(body, -1) {
		if !strings.Contains(body, `id="`+m[1]+`"`) {
			t.Errorf("a link leads to #%s, which is not there", m[1])
		}
	}
	spec := ask("/api/openapi.json")
	if spec.Code != 200 || spec.Header().Get("Content-Type") != "application/json" || !json.Valid(spec.Body.Bytes()) {
		t.Error(spec.Code, spec.Header())
	}
	if again := ask("/api/openapi.json", "If-None-Match", spec.Header().Get("ETag")); again.Code != 304 {
		t.Error(again.Code)
	}
	if style := ask("/api/docs.css"); style.Code != 200 || style.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Error(style.Code, style.Header())
	}
}
