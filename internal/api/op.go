package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"linecard/internal/access"
	"linecard/internal/errs"
)

// Op describes an operation once, for the router, the document, the log and the tests.
type Op struct {
	ID      string // "freeze-customer"
	Method  string
	Path    string // below Prefix: "/customers/{customer}/freeze"
	Summary string
	Tag     string
	Action  access.Action   // the permission that it needs, documented as x-permission
	Or      []access.Action // other permissions, one of which will do as well
	Log     string          // action in the operation log when it is refused: "customer/freeze"; only changes have one
	Status  int             // 0: 200, or 204 without an answer
	Codes   []string        // stable error codes beyond those that every operation has
	IfMatch bool            // a change that takes If-Match
	Secret  bool            // the answer holds a secret: no cache, and its stored copy lives an hour
	Ungated bool            // the service decides alone, because it shows some things to whoever made them
	CSV     bool            // can answer text/csv
	File    bool            // takes a file as its body, in call.body; a dry run of it holds no transaction (decision 5)
	Takes   string          // media type of that file; "": text/csv
	Gives   string          // media type of the answer where it is a file
	Aside   bool            // that file can be large: it is put aside first and is in call.received
	Stream  bool            // that file can be large: the handler reads it from call.source, outside of any transaction

	query  []string // names of its query parameters
	params []string // names of its path parameters, in order
	named  []string // those of them that its input takes; the handler reads the others with call.path
	body   bool
}

func (op *Op) route() string { return Prefix + op.Path }

// Changes says whether the operation changes something.
func (op *Op) Changes() bool { return op.Method != http.MethodGet }

// none is the answer of an operation that has none.
type none struct{}

// answer is what huma writes.
type answer[T any] struct {
	Body T
}

// register is the only way to add an operation. I has the parameters and the Body, T is the body of the answer.
func register[I, T any](a *API, op Op, h func(ctx context.Context, c *call, in *I) (T, error)) {
	if !access.Known(op.Action) || op.Summary == "" || op.Tag == "" || op.ID == "" || op.Changes() != (op.Log != "") {
		panic("api: operation " + op.ID + " is not described completely")
	}
	o := &op
	in := reflect.TypeFor[I]()
	o.query, o.named = tags(in, "query"), tags(in, "path")
	for part := range strings.SplitSeq(op.Path, "/") {
		if strings.HasPrefix(part, "{") {
			o.params = append(o.params, strings.Trim(part, "{}"))
		}
	}
	_, o.body = in.FieldByName("Body")
	a.ops = append(a.ops, o)

	if _, empty := any(*new(T)).(none); empty {
		huma.Register(a.huma, o.document(http.StatusNoContent), func(ctx context.Context, in *I) (*struct{}, error) {
			c := callOf(ctx)
			_, err := h(ctx, c, in)
			return nil, c.fail(err)
		})
		return
	}
	huma.Register(a.huma, o.document(http.StatusOK), func(ctx context.Context, in *I) (*answer[T], error) {
		c := callOf(ctx)
		out, err := h(ctx, c, in)
		return &answer[T]{Body: out}, c.fail(err)
	})
}

// tags collects the values of a struct tag, also of embedded structs.
func tags(t reflect.Type, tag string) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		if name := f.Tag.Get(tag); name != "" {
			out = append(out, strings.Split(name, ",")[0])
		}
	}
	return out
}

// gate asks access whether the actor could do this anywhere. Whether it may do it to this object is decided by the service.
// Being asked first, somebody without the role learns nothing about objects or input, and an operation whose service
// forgot to ask is not open to everybody.
func (op *Op) gate(a access.Actor) error {
	if op.Ungated {
		return nil
	}
	return op.decide(a, access.Target{Tenant: a.Place(), Permissions: []string{"DMP", "RPS"}})
}

// decide asks access about the permission of the operation and, when that is refused, about its alternatives.
func (op *Op) decide(a access.Actor, t access.Target) error {
	err := access.Decide(a, op.Action, t)
	if err != nil && slices.ContainsFunc(op.Or, func(act access.Action) bool { return access.Decide(a, act, t) == nil }) {
		return nil
	}
	return err
}

var (
	errParameter   = errs.Field{Code: "unknown_parameter", Message: "There is no such query parameter here."}
	errRepeated    = errs.Field{Code: "repeated_parameter", Message: "Give this query parameter once."}
	errQuery       = errs.New(errs.Invalid, "bad_query", "The query string is not well formed.")
	errMediaType   = errs.New(errs.Unsupported, "json_required", "Send the body as application/json.")
	errNoIfMatch   = errs.BadField("If-Match", "if_match_unsupported", "This operation does not take If-Match.")
	errStale       = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errMissing     = errs.Missing("object")
	errNoToken     = errs.New(errs.Unauthenticated, "invalid_token", "The access token is missing, wrong, expired or withdrawn.")
	errDryRunValue = errs.BadField("dry_run", "wrong_type", "The value must be true or false.")
)
