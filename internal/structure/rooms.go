package structure

import (
	"fmt"
	"slices"
	"strings"
)

// room is a row of the table in docs/architecture.md, section 3.
type room struct {
	level int
	only  []string // when not nil: the only rooms it may import, whatever their level
	tests bool     // exists for people who build Linecard, so it may use what supports tests
}

// rooms is the table. A folder below internal that is missing here fails the test: decide its level first.
var rooms = map[string]room{
	"errs":       {level: 0},
	"phone":      {level: 1, only: []string{"errs"}},
	"db":         {level: 1},
	"httpx":      {level: 1},
	"blob":       {level: 1},
	"secret":     {level: 1},
	"csvfile":    {level: 1, only: []string{"errs"}},
	"queue":      {level: 2},
	"access":     {level: 2},
	"revision":   {level: 2},
	"journal":    {level: 3},
	"deliver":    {level: 4},
	"operation":  {level: 4},
	"tenant":     {level: 5},
	"account":    {level: 6},
	"branding":   {level: 6},
	"catalog":    {level: 6},
	"network":    {level: 6},
	"firmware":   {level: 6},
	"profile":    {level: 6},
	"relay":      {level: 6},
	"usage":      {level: 7},
	"redirect":   {level: 7},
	"subscriber": {level: 8},
	"registrar":  {level: 9},
	"device":     {level: 9},
	"onboard":    {level: 9},
	"config":     {level: 10},
	"task":       {level: 11},
	"alarm":      {level: 11},
	"diag":       {level: 12},
	"billing":    {level: 12},
	"api":        {level: 13},
	"portal":     {level: 13},
	"boot":       {level: 13},
	"sim":        {level: 13, only: []string{"errs", "phone"}}, // talks to a server over the network only
	"app":        {level: 14},
	"cmd":        {level: 15},                  // flags and one call
	"docs":       {level: 0, only: []string{}}, // the manual, embedded

	"browser":   {level: 16, tests: true},                  // tests in a real browser against a whole app
	"structure": {level: 0, only: []string{}, tests: true}, // reads source, imports none of it
	"tools":     {level: 16, tests: true},                  // programs for people who build Linecard
}

// wrongArrow says why a file in folder `from` may not import the package in folder `to`; "" when it may.
//
// Test files follow the same levels as their room; beyond them they may import what supports tests (packages named like
// dbtest) and this package. Whatever needs two rooms of one level, or a higher one, is a test of `app` or `browser`.
func wrongArrow(from, to string, test bool) string {
	fromName, toName := roomOf(from), roomOf(to)
	if fromName == toName {
		if !test && supportsTests(to) && !supportsTests(from) {
			return fmt.Sprintf("%s supports tests and must not be linked into the product", to)
		}
		return ""
	}
	src, known := rooms[fromName]
	dst, alsoKnown := rooms[toName]
	if !known || !alsoKnown {
		return "" // the missing row is reported once, by the test of the table
	}
	support := supportsTests(to) || toName == "structure"
	switch {
	case support && (test || src.tests || supportsTests(from)):
		return ""
	case support:
		return fmt.Sprintf("%s supports tests and must not be linked into the product", to)
	case src.only != nil && !slices.Contains(src.only, toName):
		return fmt.Sprintf("%s may import only: %s", fromName, strings.Join(src.only, ", "))
	case src.only == nil && dst.level >= src.level:
		return fmt.Sprintf("%s (%d) may import only rooms with a smaller number than its own, and %s is %d", fromName, src.level, toName, dst.level)
	}
	return ""
}
