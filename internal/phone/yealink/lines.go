package yealink

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"linecard/internal/errs"
)

// setting is one line of a configuration file.
type setting struct{ name, value string }

var (
	errName  = errs.New(errs.Invalid, "bad_parameter_name", "A parameter name begins with a letter and has letters, digits and . _ - only.")
	errTwice = errs.New(errs.Invalid, "parameter_twice", "A parameter stands in the file twice.")
	errValue = errs.New(errs.Invalid, "bad_parameter_value", "A value cannot have line breaks or control characters, or begin or end with a space.")
)

// write makes the file: a first line that must stand there, then "name = value" [S]. The format has no quotes and no
// escapes, so a value that could end its line is refused, not changed: what a phone reads is what was meant, or nothing.
func write(settings []setting) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("#!version:1.0.0.1\n")
	seen := make(map[string]bool, len(settings))
	for _, s := range settings {
		switch {
		case !validName(s.name):
			return nil, errName
		case seen[s.name]:
			return nil, errTwice
		case !validValue(s.value):
			return nil, errValue
		}
		seen[s.name] = true
		b.WriteString(s.name + " = " + s.value + "\n")
	}
	return b.Bytes(), nil
}

func validName(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-')) {
			return false
		}
	}
	return true
}

// validValue also refuses the line and paragraph separators of Unicode, which some readers take for line ends.
func validValue(s string) bool {
	return utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}
