package wholesale_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// contract is the public description as far as the file uses OpenAPI 3.0: parameters, request bodies, answers, and schemas made of type,
// properties, required, items, enum and $ref. Nothing else stands there, which a test checks.
type contract struct {
	Paths      map[string]map[string]described
	Components struct{ Schemas map[string]*schema }
}

type described struct {
	OperationID string
	Parameters  []struct {
		Name, In string
		Required bool
		Schema   *schema
	}
	RequestBody *struct {
		Content map[string]struct{ Schema *schema }
	}
	Responses map[string]struct {
		Headers map[string]any
		Content map[string]struct{ Schema *schema }
	}
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Properties map[string]*schema
	Required   []string
	Items      *schema
	Enum       []any
}

func loadContract(tb testing.TB) *contract {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "wholesale.openapi.json"))
	if err != nil {
		tb.Fatal(err)
	}
	c := &contract{}
	if err := json.Unmarshal(raw, c); err != nil {
		tb.Fatal(err)
	}
	return c
}

// at finds the described of a path below /v1; literal segments go before parameters.
func (c *contract) at(method, path string) (described, string, bool) {
	have := strings.Split(path, "/")
	best, literals := "", -1
	for p, ops := range c.Paths {
		want := strings.Split(p, "/")
		if _, there := ops[strings.ToLower(method)]; !there || len(want) != len(have) {
			continue
		}
		n, fits := 0, true
		for i := range want {
			if want[i] == have[i] {
				n++
			} else if !strings.HasPrefix(want[i], "{") {
				fits = false
			}
		}
		if fits && n > literals {
			best, literals = p, n
		}
	}
	if best == "" {
		return described{}, "", false
	}
	return c.Paths[best][strings.ToLower(method)], best, true
}

func (c *contract) resolve(s *schema) *schema {
	for s != nil && s.Ref != "" {
		s = c.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	return s
}

// check holds a value against a schema. In answers nothing may stand that the schema does not have; in requests it may.
func (c *contract) check(s *schema, v any, at string, answer bool, faults *[]string) {
	s = c.resolve(s)
	if s == nil {
		*faults = append(*faults, at+": no schema")
		return
	}
	add := func(what string) { *faults = append(*faults, at+": "+what) }
	switch s.Type {
	case "object":
		m, ok := v.(map[string]any)
		if !ok {
			add("is no object")
			return
		}
		for _, name := range s.Required {
			if _, there := m[name]; !there {
				add("lacks " + name)
			}
		}
		for name, x := range m {
			p, known := s.Properties[name]
			switch {
			case known:
				c.check(p, x, at+"."+name, answer, faults)
			case answer:
				add("has " + name + ", which the description has not")
			}
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			add("is no array")
		}
		for i, x := range list {
			c.check(s.Items, x, at+"["+strconv.Itoa(i)+"]", answer, faults)
		}
	case "string":
		if _, ok := v.(string); !ok {
			add("is no string")
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			add("is no boolean")
		}
	case "number", "integer":
		n, ok := v.(float64)
		if !ok || s.Type == "integer" && n != math.Trunc(n) {
			add("is no " + s.Type)
		}
	default:
		add("has a schema of type " + strconv.Quote(s.Type))
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		add("is none of the values of the enumeration: " + asText(v))
	}
}

func asText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// request says what of a request the description does not have.
func (c *contract) request(op described, q url.Values, body []byte) []string {
	var faults []string
	for name, values := range q {
		i := slices.IndexFunc(op.Parameters, func(p struct {
			Name, In string
			Required bool
			Schema   *schema
		}) bool {
			return p.In == "query" && p.Name == name
		})
		if i < 0 {
			faults = append(faults, "query: no parameter "+name)
			continue
		}
		s := c.resolve(op.Parameters[i].Schema)
		for _, v := range values {
			var typed any = v
			switch s.Type {
			case "integer":
				if n, err := strconv.Atoi(v); err == nil {
					typed = float64(n)
				}
			case "boolean":
				typed = v == "true"
			case "array":
				typed = []any{v}
			}
			c.check(s, typed, "query."+name, false, &faults)
		}
	}
	if op.RequestBody != nil {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return append(faults, "body: "+err.Error())
		}
		c.check(op.RequestBody.Content["application/json"].Schema, v, "body", false, &faults)
	} else if len(body) > 0 {
		faults = append(faults, "body: the description has none")
	}
	return faults
}

// answer says what of an answer the description does not have: status, headers that must be there, body. Refusals have no schema there;
// their form is known from clients: message, errors with descriptions and whole numbers, trackingId.
func (c *contract) answer(op described, status int, h http.Header, body []byte) []string {
	var faults []string
	said, known := op.Responses[strconv.Itoa(status)]
	if !known {
		return []string{"status " + strconv.Itoa(status) + " is not described"}
	}
	if h.Get("trackingid") == "" {
		faults = append(faults, "no trackingid")
	}
	var v any
	if len(body) > 0 {
		if !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
			faults = append(faults, "type "+h.Get("Content-Type"))
		}
		if err := json.Unmarshal(body, &v); err != nil {
			return append(faults, "body: "+err.Error())
		}
	}
	if status >= 400 {
		return append(faults, refusalFaults(v, h)...)
	}
	if _, promised := said.Headers["Location"]; promised && !strings.HasPrefix(h.Get("Location"), "http") {
		faults = append(faults, "no absolute Location")
	}
	s := said.Content["application/json"].Schema
	switch {
	case s == nil && len(body) > 0:
		return append(faults, "a body where none is described")
	case s != nil && len(body) == 0:
		return append(faults, "no body")
	case s != nil:
		c.check(s, v, "body", true, &faults)
	}
	return faults
}

func refusalFaults(v any, h http.Header) []string {
	var faults []string
	m, _ := v.(map[string]any)
	if len(m) != 3 {
		faults = append(faults, "a refusal has exactly message, errors and trackingId")
	}
	if s, _ := m["message"].(string); s == "" {
		faults = append(faults, "no message")
	}
	if s, _ := m["trackingId"].(string); s == "" || s != h.Get("trackingid") {
		faults = append(faults, "trackingId is not the header's")
	}
	list, _ := m["errors"].([]any)
	if len(list) == 0 {
		faults = append(faults, "no errors")
	}
	for _, x := range list {
		e, _ := x.(map[string]any)
		if s, _ := e["description"].(string); s == "" {
			faults = append(faults, "an error without description")
		}
		n, ok := e["errorCode"].(float64)
		if !ok || n != math.Trunc(n) || n <= 0 {
			faults = append(faults, "errorCode is no whole number")
		}
		if len(e) != 2 {
			faults = append(faults, "an error has errorCode and description only")
		}
	}
	return faults
}

// TestTheDescriptionUsesNothingThatTheCheckDoesNotKnow keeps the contract test honest: a word of OpenAPI that check does not look at would
// pass everything.
func TestTheDescriptionUsesNothingThatTheCheckDoesNotKnow(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "wholesale.openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	known := []string{"$ref", "type", "properties", "required", "items", "enum", "example", "default"}
	var walk func(v any, inSchema bool)
	walk = func(v any, inSchema bool) {
		m, ok := v.(map[string]any)
		if !ok {
			if list, ok := v.([]any); ok && !inSchema {
				for _, x := range list {
					walk(x, false)
				}
			}
			return
		}
		for name, x := range m {
			switch {
			case !inSchema && (name == "example" || name == "securitySchemes"):
			case !inSchema && name == "schema":
				walk(x, true)
			case !inSchema && name == "schemas":
				for _, s := range x.(map[string]any) {
					walk(s, true)
				}
			case !inSchema:
				walk(x, false)
			case !slices.Contains(known, name):
				t.Errorf("a schema has %q", name)
			case name == "properties":
				for _, p := range x.(map[string]any) {
					walk(p, true)
				}
			case name == "items":
				walk(x, true)
			}
		}
	}
	walk(doc, false)
}

// TestTheOperationsAreThoseOfTheDescription: each of the eighteen asks who it is; anything else is not there.
func TestTheOperationsAreThoseOfTheDescription(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := 0
		for path, ops := range w.contract.Paths {
			for method := range ops {
				one := strings.NewReplacer("{customerId}", "x", "{subscriberId}", "x", "{id}", "x").Replace(path)
				if code := w.do(request{method: strings.ToUpper(method), path: one}).Code; code != http.StatusUnauthorized {
					t.Errorf("%s %s is %d", method, path, code)
				}
				n++
			}
		}
		if n != 18 {
			t.Errorf("the description has %d operations", n)
		}
	})
}

// TestTheCheckFindsWhatIsWrong plants faults into what is right.
func TestTheCheckFindsWhatIsWrong(t *testing.T) {
	c := loadContract(t)
	op, _, _ := c.at("POST", "/wholesale/subscribers")
	h := http.Header{"Trackingid": {"x"}, "Content-Type": {"application/json"}, "Location": {"https://x/"}}
	for body, want := range map[string]int{
		`{"id":"a","status":"provisioned","packages":["webex_suite"],"errors":[{"errorCode":1,"description":"d"}]}`: 0,
		`{"id":1}`: 1, `{"status":"gone"}`: 1, `{"packages":["common_area_calling"]}`: 1, `{"packages":"webex_suite"}`: 1, `{"name":"x"}`: 1, `[]`: 1, ``: 1,
		`{"id":null}`: 1, `{"errors":[{"errorCode":"1"}]}`: 1,
	} {
		if got := c.answer(op, 200, h, []byte(body)); len(got) != want {
			t.Errorf("%s: %q", body, got)
		}
	}
	if got := c.answer(op, 201, h, []byte(`{}`)); len(got) != 1 {
		t.Errorf("201: %q", got)
	}
	if got := c.answer(op, 400, h, []byte(`{"message":"m","errors":[{"errorCode":1,"description":"d"}],"trackingId":"x"}`)); len(got) != 0 {
		t.Errorf("400: %q", got)
	}
	if got := c.answer(op, 400, h, []byte(`{"message":"m","errors":[],"trackingId":"y"}`)); len(got) != 2 {
		t.Errorf("400: %q", got)
	}
	if got := c.request(op, url.Values{"max": {"1"}}, []byte(`{"email":"x","customerId":"y"}`)); len(got) != 2 {
		t.Errorf("request: %q", got)
	}
}
