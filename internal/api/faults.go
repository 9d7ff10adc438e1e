package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"linecard/internal/errs"
	"linecard/internal/httpx"
)

// huma's error model and its casing are variables of its package (huma#352). This is the only huma API of the program.
func init() {
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError {
		return &httpx.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: "internal"}
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, details ...error) huma.StatusError {
		if c, ok := ctx.Context().Value(callKey{}).(*call); ok && c.err == nil {
			c.err = invalid(msg, details)
		}
		return huma.NewError(status, msg)
	}
}

// stopped ends a handler whose refusal is noted in its call; what huma writes then is thrown away.
var stopped huma.StatusError = &httpx.Problem{Status: http.StatusInternalServerError, Code: "internal"}

var (
	errBodyNeeded = errs.New(errs.Invalid, "body_required", "This operation needs a body.")
	errInput      = errs.New(errs.Invalid, "invalid_input", "The request is not valid.")
)

// invalid turns what huma found wrong with the input into our faults: fields with stable codes, and never huma's text or the
// value that was sent.
func invalid(msg string, details []error) error {
	var fields []errs.Field
	for _, d := range details {
		var detail *huma.ErrorDetail
		if errors.As(d, &detail) {
			fields = append(fields, fieldOf(detail))
		}
	}
	if len(fields) > 0 {
		return errs.BadFields(fields)
	}
	if strings.Contains(msg, "body is required") {
		return errBodyNeeded
	}
	return errInput.Because(errors.Join(append(details, errors.New(msg))...))
}

// kinds tells huma's findings by how their text begins.
var kinds = []struct {
	begins string
	field  errs.Field
}{
	{"unexpected property", errs.Field{Code: "unknown_field", Message: "There is no such field here."}},
	{"expected required property ", errs.Field{Code: "required", Message: "This field must not be empty."}},
	{"required ", errs.Field{Code: "required", Message: "This field must not be empty."}},
	{"expected value to be one of", errs.Field{Code: "unknown_value", Message: "This is none of the possible values."}},
	{"expected number >", errs.Field{Code: "out_of_range", Message: "The number is out of range."}},
	{"expected number <", errs.Field{Code: "out_of_range", Message: "The number is out of range."}},
	{"expected length >", errs.Field{Code: "too_short", Message: "The text is too short."}},
	{"expected length <", errs.Field{Code: "too_long", Message: "The text is too long."}},
	{"expected array length >", errs.Field{Code: "too_few_items", Message: "The list has too few entries."}},
	{"expected array length <", errs.Field{Code: "too_many_items", Message: "The list has too many entries."}},
	{"expected array items to be unique", errs.Field{Code: "repeated_item", Message: "The list has an entry twice."}},
	{"expected string to be RFC 3339", errs.Field{Code: "bad_time", Message: "Write the time as RFC 3339, for example 2026-03-31T12:00:00Z."}},
	{"invalid date/time", errs.Field{Code: "bad_time", Message: "Write the time as RFC 3339, for example 2026-03-31T12:00:00Z."}},
	{"expected ", errs.Field{Code: "wrong_type", Message: "The value has the wrong type."}},
	{"invalid ", errs.Field{Code: "wrong_type", Message: "The value has the wrong type."}},
}

func fieldOf(d *huma.ErrorDetail) errs.Field {
	where, path, _ := strings.Cut(d.Location, ".")
	if where == "body" && path == "" {
		path = "body"
	}
	f := errs.Field{Code: "wrong_type", Message: "The value has the wrong type."}
	for _, k := range kinds {
		rest, ok := strings.CutPrefix(d.Message, k.begins)
		if !ok {
			continue
		}
		f = k.field
		if k.begins == "expected required property " { // reported at the object that lacks it
			name, _, _ := strings.Cut(rest, " ")
			if path == "body" {
				path = name
			} else {
				path += "." + name
			}
		}
		break
	}
	f.Name = path
	return f
}
