package httpx

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func testMux(fallback bool) *Mux {
	m := NewMux()
	for _, p := range []string{"GET /things", "POST /things", "GET /things/{id}", "DELETE /things/{id}", "/any"} {
		m.HandleFunc(p, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hit ", r.Pattern, r.PathValue("id")) })
	}
	if fallback {
		m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "fallback") })
	}
	return m
}

func TestUnknownPathsAre404AndWrongMethods405EvenBesideACatchAll(t *testing.T) {
	for _, c := range []struct {
		method, path string
		plain, all   int // without and with a handler for "/"
		allow        string
	}{
		{"GET", "/things", 200, 200, ""},
		{"HEAD", "/things", 200, 200, ""},
		{"GET", "/things/7", 200, 200, ""},
		{"PATCH", "/any", 200, 200, ""},
		{"PUT", "/things", 405, 405, "GET, HEAD, POST"},
		{"POST", "/things/7", 405, 405, "DELETE, GET, HEAD"},
		{"GET", "/nothing", 404, 200, ""},
		{"POST", "/nothing", 404, 200, ""},
		{"GET", "/", 404, 200, ""},
		{"OPTIONS", "/things", 405, 405, "GET, HEAD, POST"},
	} {
		for _, fallback := range []bool{false, true} {
			want := c.plain
			if fallback {
				want = c.all
			}
			res := through(Edge{}, testMux(fallback), httptest.NewRequest(c.method, c.path, nil))
			if res.StatusCode != want || res.Header.Get("Allow") != c.allow {
				t.Errorf("%s %s (catch-all %v): %d, Allow %q; want %d, %q", c.method, c.path, fallback, res.StatusCode, res.Header.Get("Allow"), want, c.allow)
			}
			if want == 404 || want == 405 {
				p := problemIn(t, res)
				if code := map[int]string{404: "no_such_address", 405: "method_not_allowed"}[want]; p.Code != code || p.Title != http.StatusText(want) {
					t.Errorf("%+v", p)
				}
			}
		}
	}
}

func TestPathValuesAndPatternsReachTheHandler(t *testing.T) {
	res := through(Edge{}, testMux(true), httptest.NewRequest("GET", "/things/7", nil))
	if body, _ := io.ReadAll(res.Body); string(body) != "hit GET /things/{id}7" {
		t.Errorf("%s", body)
	}
}

func TestAnEdgeWithItsOwnErrorBodyWritesItsOwnRefusals(t *testing.T) {
	m := testMux(false)
	m.Refuse = func(w http.ResponseWriter, r *http.Request, status int, err error) {
		w.WriteHeader(status)
		fmt.Fprint(w, "own: ", Refusal(err).Code)
	}
	for path, want := range map[string]string{"/nothing": "404 own: no_such_address", "/things": "405 own: method_not_allowed"} {
		res := through(Edge{}, m, httptest.NewRequest("PUT", path, nil))
		body, _ := io.ReadAll(res.Body)
		if got := fmt.Sprint(res.StatusCode, " ", string(body)); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestASecondCatchAllIsAFaultOfTheProgram(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two handlers for / were taken")
		}
	}()
	testMux(true).HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
}
