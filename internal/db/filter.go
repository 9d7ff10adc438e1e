package db

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Args collects the arguments of a statement while its text is put together.
type Args struct {
	dialect dialect
	vals    []any
}

// Add appends v and gives its placeholder.
func (a *Args) Add(v any) string {
	a.vals = append(a.vals, v)
	return "$" + strconv.Itoa(len(a.vals))
}

// List gives the arguments in order.
func (a *Args) List() []any { return a.vals }

// In is the condition that column holds one of values; false for none. The text stays the same for any number of values,
// so the statement is prepared once.
func (a *Args) In(column string, values []string) string {
	if a.dialect == postgres {
		if values == nil {
			values = []string{}
		}
		return column + " = ANY(" + a.Add(values) + ")"
	}
	b, _ := json.Marshal(values)
	if values == nil {
		b = []byte("[]")
	}
	return column + " IN (SELECT value FROM json_each(" + a.Add(string(b)) + "))"
}

// Filter says which tenant rows an actor may see, by their scope. The zero Filter lets nothing through.
// A row passes when its scope lies within one of Within (or equals one of Exactly) and within none of Except.
type Filter struct {
	Within  []string // scope prefixes: a tenant and all below it
	Exactly []string // scopes: chosen tenants without what is below them
	Except  []string // scope prefixes that are cut out again
}

// Everything is the filter of the system itself, and of the operator.
var Everything = Filter{Within: []string{""}}

// SQL turns the filter into a condition on a scope column. It is the only place that does.
func (f Filter) SQL(a *Args, column string) string {
	var any []string
	for _, p := range f.Within {
		if p == "" {
			any = append(any, "1 = 1")
			continue
		}
		any = append(any, within(a, column, p))
	}
	if len(f.Exactly) > 0 {
		any = append(any, a.In(column, f.Exactly))
	}
	if len(any) == 0 {
		return "(1 = 0)"
	}
	cond := "(" + strings.Join(any, " OR ") + ")"
	for _, p := range f.Except {
		cond += " AND NOT " + within(a, column, p)
	}
	return cond
}

// within compares bytes, which is why scope columns are {{key}}.
func within(a *Args, column, prefix string) string {
	return "(" + column + " >= " + a.Add(prefix) + " AND " + column + " < " + a.Add(ScopeEnd(prefix)) + ")"
}

// ScopeEnd is the first text that sorts behind all scopes that begin with prefix. Scopes are plain ASCII.
func ScopeEnd(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string(rune(prefix[last]+1))
}

// Includes says the same as SQL for a single scope, without a database.
func (f Filter) Includes(scope string) bool {
	for _, p := range f.Except {
		if strings.HasPrefix(scope, p) {
			return false
		}
	}
	for _, p := range f.Within {
		if strings.HasPrefix(scope, p) {
			return true
		}
	}
	for _, s := range f.Exactly {
		if s == scope {
			return true
		}
	}
	return false
}
