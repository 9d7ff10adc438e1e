package ui

import (
	"context"
	"regexp"

	"linecard/internal/errs"
)

// ErrText gives the sentence of an error in the person's language: the text error.<code> of the catalogue, else
// the English sentence the error carries. The English text stands at the error itself, so en.json has none of these keys.
// A parameter "what" is translated through object.<what> where that exists.
func ErrText(ctx context.Context, e *errs.Error) string {
	if e == nil {
		return ""
	}
	return fault(ctx, "error."+e.Code, e.Message, e.Params)
}

// FieldText gives the sentence of a field's fault, as ErrText does with field.<code>.
func FieldText(ctx context.Context, f errs.Field) string {
	return fault(ctx, "field."+f.Code, f.Message, f.Params)
}

func fault(ctx context.Context, key, english string, params map[string]string) string {
	locale := PrefsOf(ctx).Locale
	text, ok := has(locale, key)
	if !ok {
		if locale != fallback {
			reportMissing(locale, key)
		}
		return english
	}
	args := make([]any, 0, 2*len(params))
	for name, value := range params {
		if name == "what" {
			if word, ok := has(locale, "object."+value); ok {
				value = word
			}
		}
		args = append(args, name, value)
	}
	filled := fill(ctx, text, args)
	if hole.MatchString(filled) && !hole.MatchString(english) { // the error lacks a value that the translation needs
		return english
	}
	return filled
}

var hole = regexp.MustCompile(`\{[a-z_]+\}`)

// Faults is an error made ready for a form: a sentence for the top and one for each field.
type Faults struct {
	Text   string
	Fields []FieldFault // in the order the service named them
}

// FieldFault is the sentence of one field. Label is what the form calls the field; "" when it did not say.
type FieldFault struct{ Name, Label, Text string }

// FaultsOf reads err for the form it came from; nil gives no faults. An error from elsewhere reads as "internal".
// labels are pairs of a field's name and its label on the form, for the summary at the top.
func FaultsOf(ctx context.Context, err error, labels ...string) Faults {
	if err == nil {
		return Faults{}
	}
	e := errs.As(err)
	f := Faults{Text: ErrText(ctx, e)}
	for _, field := range e.Fields {
		f.Fields = append(f.Fields, FieldFault{Name: field.Name, Label: labelOf(labels, field.Name), Text: FieldText(ctx, field)})
	}
	return f
}

func labelOf(labels []string, name string) string {
	for i := 0; i+1 < len(labels); i += 2 {
		if labels[i] == name {
			return labels[i+1]
		}
	}
	return ""
}

// For gives the sentence of a field; "" when it has no fault.
func (f Faults) For(name string) string {
	for _, field := range f.Fields {
		if field.Name == name {
			return field.Text
		}
	}
	return ""
}
