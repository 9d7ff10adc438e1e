package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"linecard/internal/httpx"
)

// document is the frame of the OpenAPI document; operations add themselves.
func (a *API) document() huma.Config {
	version := a.d.Version
	if version == "" {
		version = "1"
	}
	server := "/"
	if a.d.PublicURL != "" {
		server = a.d.PublicURL
	}
	bearer := map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "A machine token, made at /api/v1/tokens or on the page Tokens of the portal."},
		"oauth2": {Type: "oauth2", Description: "OAuth 2 client credentials (RFC 6749 section 4.4); scopes are the permissions of the operations.",
			Flows: &huma.OAuthFlows{ClientCredentials: &huma.OAuthFlow{TokenURL: tokenPath, Scopes: map[string]string{}}}},
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Linecard API", Version: version, Description: introduction},
			Servers: []*huma.Server{{URL: server}},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: bearer,
			},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
	}
}

const introduction = `Every function of Linecard as JSON, with the same permissions as the pages.

* Send a machine token as ` + "`Authorization: Bearer …`" + `, or get a short-lived one for OAuth 2 client credentials at ` + "`/oauth2/token`" + `.
* Errors are ` + "`application/problem+json`" + ` (RFC 9457); programs look at ` + "`code`" + `, and at ` + "`errors[].field`" + ` for faults of input. What belongs to somebody else answers exactly like what does not exist.
* Lists give ` + "`items`" + ` and ` + "`next`" + `; send ` + "`next`" + ` as ` + "`cursor`" + ` for the following page until it is empty.
* Objects have an ` + "`ETag`" + `: ` + "`If-None-Match`" + ` answers 304, ` + "`If-Match`" + ` on a change answers 412 when somebody was faster.
* ` + "`Idempotency-Key`" + ` on POST makes repeating safe: the same key with the same body gives the same answer.
* ` + "`?dry_run=true`" + ` on every change gives the answer it would give and writes nothing.`

// schemaName names schemas after the Go type: a list of Customer is CustomerList.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if item, ok := strings.CutPrefix(name, "List"); ok && item != "" {
		return item + "List"
	}
	if name == "" {
		return name // a list of texts in a query has no type of its own
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// document is what the OpenAPI document says about the operation; usual is its status when it names none.
func (op *Op) document(usual int) huma.Operation {
	if op.Status == 0 {
		op.Status = usual
	}
	o := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.route(), Summary: op.Summary, Tags: []string{op.Tag},
		DefaultStatus: op.Status, MaxBodyBytes: -1, BodyReadTimeout: -1,
		Security:   []map[string][]string{{"bearer": {}}, {"oauth2": {string(op.Action)}}},
		Extensions: map[string]any{"x-permission": string(op.Action)},
		Responses:  map[string]*huma.Response{},
	}
	if len(op.Or) > 0 {
		var or []string
		for _, act := range op.Or {
			or = append(or, string(act))
		}
		o.Extensions["x-permission-alternatives"] = or
	}
	if op.Changes() {
		o.Parameters = append(o.Parameters, query("dry_run", "boolean", "Give the answer it would give, write nothing."))
	}
	for _, name := range op.params {
		if !slices.Contains(op.named, name) {
			o.Parameters = append(o.Parameters, &huma.Param{Name: name, In: "path", Required: true, Description: pathDocs[name], Schema: &huma.Schema{Type: "string"}})
		}
	}
	if op.File {
		takes := op.Takes
		if takes == "" {
			takes = "text/csv"
		}
		o.RequestBody = &huma.RequestBody{Required: true, Description: "The file itself; its type is told from the content.",
			Content: map[string]*huma.MediaType{takes: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	}
	if op.Method == http.MethodPost {
		o.Parameters = append(o.Parameters, header("Idempotency-Key", "1 to 255 printable ASCII characters; the same key and body give the same answer for 24 hours."))
	}
	if op.IfMatch {
		o.Parameters = append(o.Parameters, header("If-Match", "ETag of what you have seen; 412 when it has changed since."))
	}
	all := op.codes()
	var list []string
	for _, code := range all {
		list = append(list, code[4:])
	}
	o.Extensions["x-error-codes"] = list
	for status, codes := range byStatus(all) {
		n, _ := strconv.Atoi(status)
		o.Responses[status] = &huma.Response{Description: http.StatusText(n) + ": " + strings.Join(codes, ", "),
			Content: map[string]*huma.MediaType{httpx.ProblemType: {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}}}
	}
	return o
}

// pathDocs are path parameters that several kinds of operations share without naming them in their input.
var pathDocs = map[string]string{"customer": "Id of the customer", "partner": "Id of the partner or sub-partner"}

func query(name, kind, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: kind}}
}

func header(name, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Description: doc, Schema: &huma.Schema{Type: "string"}}
}

// codes lists status and code of everything the operation may answer with beside success, in order.
func (op *Op) codes() []string {
	all := []string{"401 invalid_token", "403 forbidden", "403 frozen", "403 insufficient_scope", "403 password_change_required",
		"429 too_many_requests", "500 internal", "503 database_unavailable", "503 took_too_long", "408 cancelled"}
	if len(op.query) > 0 || op.body || op.Changes() {
		all = append(all, "400 invalid_fields", "400 bad_query")
	} else {
		all = append(all, "400 invalid_fields")
	}
	if len(op.params) > 0 {
		all = append(all, "404 not_found")
	}
	if op.Changes() {
		all = append(all, "400 bad_json", "400 json_too_deep", "408 body_too_slow", "400 body_broken", "413 body_too_large", "415 json_required", "503 disk_full", "503 too_busy",
			"403 read_only_session", "403 not_in_cross_launch")
		if op.body {
			all = append(all, "400 body_required")
		} else if !op.File {
			all = append(all, "400 no_body_expected")
		}
	}
	if op.Method == http.MethodPost {
		all = append(all, "422 idempotency_key_reused")
	}
	if op.IfMatch {
		all = append(all, "412 stale")
	}
	all = append(all, op.Codes...)
	slices.Sort(all)
	return slices.Compact(all)
}

func byStatus(all []string) map[string][]string {
	out := map[string][]string{}
	for _, code := range all {
		out[code[:3]] = append(out[code[:3]], code[4:])
	}
	return out
}

// describe completes the document once all operations are known.
func (a *API) describe() {
	doc := a.huma.OpenAPI()
	doc.Components.Schemas.Schema(reflect.TypeFor[httpx.Problem](), true, "Problem")
	scopes := doc.Components.SecuritySchemes["oauth2"].Flows.ClientCredentials.Scopes
	for _, op := range a.ops {
		scopes[string(op.Action)] = ""
		item := doc.Paths[op.route()]
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if o != nil && o.OperationID == op.ID {
				op.describeSuccess(o)
			}
		}
	}
	a.describeTokens(doc)
}

func (op *Op) describeSuccess(o *huma.Operation) {
	text := func(doc string) *huma.Param {
		return &huma.Param{Description: doc, Schema: &huma.Schema{Type: "string"}}
	}
	ok := o.Responses[strconv.Itoa(op.Status)]
	if ok.Headers == nil {
		ok.Headers = map[string]*huma.Param{}
	}
	ok.Headers["X-Request-Id"] = text("Name this when you ask for help.")
	if op.Status == http.StatusCreated {
		ok.Headers["Location"] = text("Where the new object is.")
	}
	if op.Status != http.StatusNoContent && strings.HasPrefix(op.ID, "get-") || op.IfMatch || op.Status == http.StatusCreated {
		ok.Headers["ETag"] = text("Version of the object, for If-None-Match and If-Match.")
	}
	if strings.HasPrefix(op.ID, "get-") {
		o.Responses["304"] = &huma.Response{Description: "Not Modified"}
	}
	if op.Gives != "" {
		ok.Content = map[string]*huma.MediaType{op.Gives: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}
	}
	if op.CSV {
		if ok.Content == nil {
			ok.Content = map[string]*huma.MediaType{}
		}
		ok.Content["text/csv"] = &huma.MediaType{Schema: &huma.Schema{Type: "string"}}
	}
}

// OpenAPI gives the OpenAPI 3.1 document of the API without a server.
func OpenAPI() ([]byte, error) { return New(Deps{}).openAPI() }

func (a *API) openAPI() ([]byte, error) {
	b, err := json.MarshalIndent(a.huma.OpenAPI(), "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}
