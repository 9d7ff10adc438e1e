package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"linecard/internal/errs"
	"linecard/internal/httpx"
)

//go:embed docs.css
var docsStyle []byte

//go:embed docs.tmpl
var docsText string

var docsPage = template.Must(template.New("docs").Funcs(template.FuncMap{"paragraphs": paragraphs}).Parse(docsText))

var errSpec = errs.New(errs.Internal, "internal", "Something went wrong on our side.")

func schemaOf[T any](r huma.Registry, name string) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, name)
}

// made keeps what is made of the types once.
type made struct {
	once       sync.Once
	spec, page []byte
	err        error
}

func (a *API) pages() *made {
	a.made.once.Do(func() {
		if a.made.spec, a.made.err = a.openAPI(); a.made.err != nil {
			return
		}
		var b bytes.Buffer
		a.made.err = docsPage.Execute(&b, a.reading())
		a.made.page = b.Bytes()
	})
	return &a.made
}

func (a *API) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	a.static(w, r, "application/json", a.pages().spec)
}

// serveDocs shows the document as one readable page (CH-97). It needs no script and no host but ours.
func (a *API) serveDocs(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	a.static(w, r, "text/html; charset=utf-8", a.pages().page)
}

func (a *API) serveStyle(w http.ResponseWriter, r *http.Request) {
	a.static(w, r, "text/css; charset=utf-8", docsStyle)
}

func (a *API) static(w http.ResponseWriter, r *http.Request, kind string, b []byte) {
	if err := a.pages().err; err != nil {
		httpx.WriteProblem(w, r, errSpec.Because(err))
		return
	}
	sum := sha256.Sum256(b)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	h.Set("Etag", etag)
	if noneMatch(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(b)
}

// reading is the document arranged for readers.
type reading struct {
	Title, Version string
	Introduction   string
	Groups         []docGroup
	Schemas        []docSchema
}

type docGroup struct {
	Name, Anchor string
	Ops          []docOp
}

type docOp struct {
	ID, Method, Path, Summary, Permission string
	Params                                []docField
	Body, Answer                          docType
	Status                                string
	Codes                                 []docCodes
}

type docCodes struct{ Status, Codes string }

type docType struct{ Text, Anchor string }

type docField struct {
	Name, In, Doc string
	Type          docType
	Required      bool
}

type docSchema struct {
	Name   string
	Fields []docField
}

func (a *API) reading() reading {
	doc := a.huma.OpenAPI()
	out := reading{Title: doc.Info.Title, Version: doc.Info.Version, Introduction: doc.Info.Description}
	groups := map[string]int{}
	add := func(o *huma.Operation) {
		tag := o.Tags[0]
		i, ok := groups[tag]
		if !ok {
			i = len(out.Groups)
			groups[tag] = i
			out.Groups = append(out.Groups, docGroup{Name: tag, Anchor: "tag-" + strings.ReplaceAll(strings.ToLower(tag), " ", "-")})
		}
		out.Groups[i].Ops = append(out.Groups[i].Ops, opDoc(o))
	}
	for _, op := range a.ops {
		add(operationOf(doc, op.Method, op.route()))
	}
	add(doc.Paths[tokenPath].Post)
	add(doc.Paths[tokenPathV1].Post)
	for name, s := range doc.Components.Schemas.Map() {
		out.Schemas = append(out.Schemas, docSchema{Name: name, Fields: schemaFields(s)})
	}
	slices.SortFunc(out.Schemas, func(x, y docSchema) int { return strings.Compare(x.Name, y.Name) })
	return out
}

func operationOf(doc *huma.OpenAPI, method, path string) *huma.Operation {
	item := doc.Paths[path]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{get: item.Get, post: item.Post, put: item.Put, patch: item.Patch, remove: item.Delete}[method]
}

func opDoc(o *huma.Operation) docOp {
	d := docOp{ID: o.OperationID, Method: o.Method, Path: o.Path, Summary: o.Summary, Permission: o.Extensions["x-permission"].(string)}
	for _, p := range o.Parameters {
		d.Params = append(d.Params, docField{Name: p.Name, In: p.In, Doc: p.Description, Type: typeOf(p.Schema), Required: p.Required})
	}
	if o.RequestBody != nil {
		for _, m := range o.RequestBody.Content {
			d.Body = typeOf(m.Schema)
		}
	}
	var statuses []string
	for status := range o.Responses {
		statuses = append(statuses, status)
	}
	slices.Sort(statuses)
	for _, status := range statuses {
		resp := o.Responses[status]
		if status < "300" {
			d.Status = status
			if m := resp.Content["application/json"]; m != nil {
				d.Answer = typeOf(m.Schema)
			}
			continue
		}
		_, codes, _ := strings.Cut(resp.Description, ": ")
		if codes == "" {
			codes = resp.Description
		}
		d.Codes = append(d.Codes, docCodes{status, codes})
	}
	return d
}

func schemaFields(s *huma.Schema) []docField {
	var names []string
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []docField
	for _, name := range names {
		p := s.Properties[name]
		out = append(out, docField{Name: name, Doc: p.Description, Type: typeOf(p), Required: slices.Contains(s.Required, name)})
	}
	return out
}

// typeOf words a schema: "string", "list of Customer", "one of active, archived".
func typeOf(s *huma.Schema) docType {
	switch {
	case s == nil:
		return docType{}
	case s.Ref != "":
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		return docType{name, "schema-" + name}
	case s.Type == "array":
		t := typeOf(s.Items)
		return docType{"list of " + t.Text, t.Anchor}
	case len(s.Enum) > 0:
		var words []string
		for _, e := range s.Enum {
			b, _ := json.Marshal(e)
			words = append(words, strings.Trim(string(b), `"`))
		}
		return docType{"one of " + strings.Join(words, ", "), ""}
	case s.Format != "":
		return docType{s.Type + " (" + s.Format + ")", ""}
	}
	return docType{s.Type, ""}
}

// paragraphs cuts the introduction at its lines.
func paragraphs(s string) []string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimPrefix(strings.TrimSpace(line), "* "); line != "" {
			out = append(out, strings.ReplaceAll(line, "`", ""))
		}
	}
	return out
}
