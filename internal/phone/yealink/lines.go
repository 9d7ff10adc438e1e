package yealink

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"linecard/internal/phone"
)

// write makes the file: a first line that must stand there, then "name = value" [S]. The format has no quotes and no
// escapes, so a value that could end its line is refused, not changed: what a phone reads is what was meant, or nothing.
func write(settings []phone.Setting) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("#!version:1.0.0.1\n")
	seen := make(map[string]bool, len(settings))
	for _, s := range settings {
		switch {
		case !phone.ValidName(s.Name):
			return nil, phone.ErrName
		case seen[s.Name]:
			return nil, phone.ErrTwice
		case !validValue(s.Value):
			return nil, phone.ErrValue
		}
		seen[s.Name] = true
		b.WriteString(s.Name + " = " + s.Value + "\n")
	}
	return b.Bytes(), nil
}

// validValue also refuses the line and paragraph separators of Unicode, which some readers take for line ends.
func validValue(s string) bool {
	return utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}
