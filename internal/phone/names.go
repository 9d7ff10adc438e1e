package phone

import (
	"strings"
	"unicode/utf8"

	"linecard/internal/errs"
)

// What Check and Render refuse, the same sentence for every maker.
var (
	ErrName    = errs.New(errs.Invalid, "bad_parameter_name", "A parameter name begins with a letter and has letters, digits and . _ - only.")
	ErrTwice   = errs.New(errs.Invalid, "parameter_twice", "A parameter stands in the file twice.")
	ErrValue   = errs.New(errs.Invalid, "bad_parameter_value", "A value cannot have line breaks or control characters, or begin or end with a space.")
	ErrText    = errs.New(errs.Invalid, "bad_parameter_text", "A value has characters that cannot be written in the phone's files.")
	ErrFactory = errs.New(errs.Invalid, "factory_password", "This is the password that every phone has from the factory. Choose another.")
)

// MaxName bounds the name of a parameter, in bytes.
const MaxName = 255

// ValidName says whether s may be the name of a parameter: what the makers use, which is narrower than XML.
func ValidName(s string) bool {
	if s == "" || len(s) > MaxName {
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

// ValidText says whether XML can carry the value as it is: no broken UTF-8, no control characters but tabs and line ends.
func ValidText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
	})
}

// Hidden says whether a setting must be sealed and masked: by its name, or because an address in its value carries a user
// or a password (decision 16).
func Hidden(r Renderer, s Setting) bool { return r.Secret(s.Name) || userinfo(s.Value) }

// userinfo finds scheme://user:password@host anywhere in the value, as lists of files have it. A password with a slash in it
// shows as a port that is no number.
func userinfo(value string) bool {
	for {
		_, rest, ok := strings.Cut(value, "://")
		if !ok {
			return false
		}
		authority := rest
		if end := strings.IndexAny(rest, "/?# ,\t\r\n"); end >= 0 {
			authority = rest[:end]
		}
		if strings.Contains(authority, "@") {
			return true
		}
		if host := authority[strings.LastIndexByte(authority, ']')+1:]; strings.Contains(host, ":") {
			port := host[strings.LastIndexByte(host, ':')+1:]
			if strings.Trim(port, "0123456789") != "" {
				return true
			}
		}
		value = rest
	}
}
