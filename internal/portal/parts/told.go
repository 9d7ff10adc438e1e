package parts

import (
	"strings"

	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// Says gives the sentence of a finding or a row's fault in the language of the page: that of a field where there is one, else that of
// an error, else the English one that it came with.
func Says(r *page.Request, code, message string, params map[string]string) string {
	if _, ok := ui.Lookup(r.Context(), "field."+code); ok {
		return ui.FieldText(r.Context(), errs.Field{Code: code, Message: message, Params: params})
	}
	if _, ok := ui.Lookup(r.Context(), "error."+code); ok {
		return ui.ErrText(r.Context(), &errs.Error{Code: code, Message: message, Params: params})
	}
	return message
}

// Told gives the sentences of a refusal: those of its fields, else its own.
func Told(r *page.Request, err error) string {
	e := errs.As(err)
	if len(e.Fields) == 0 {
		return ui.ErrText(r.Context(), e)
	}
	var all []string
	for _, f := range e.Fields {
		all = append(all, Says(r, f.Code, f.Message, f.Params))
	}
	return strings.Join(all, " ")
}

// CSV is the media type of a table to keep.
const CSV = "text/csv; charset=utf-8; header=present"
