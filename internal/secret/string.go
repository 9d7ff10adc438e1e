package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Hidden is what stands wherever a String would have been printed.
const Hidden = "[hidden]"

// String carries a secret so that no log line, error text, JSON answer or debug print can show it by accident; only Reveal
// does. It reads itself from JSON and text, and writes Hidden. The zero value is the empty secret.
//
// The text lies behind a pointer: fmt does not call the methods of unexported fields, and prints a nested pointer as
// an address. For the same reason == compares identity; use Equal.
type String struct{ text *string }

// Hide wraps a secret.
func Hide(text string) String { return String{&text} }

// Reveal gives the secret itself. Every call is a place to look at in a review.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty says whether there is no secret, or one without a character.
func (s String) Empty() bool { return s.Reveal() == "" }

// Equal compares two secrets without telling by its time where they differ or how long they are.
func (s String) Equal(o String) bool {
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(o.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String is Hidden, also for the empty secret: that none is set is nobody's business either.
func (String) String() string { return Hidden }

// GoString is Hidden (%#v).
func (String) GoString() string { return Hidden }

// Format writes Hidden for every verb, %x and %q included.
func (String) Format(f fmt.State, _ rune) { io.WriteString(f, Hidden) }

// LogValue is Hidden.
func (String) LogValue() slog.Value { return slog.StringValue(Hidden) }

// MarshalJSON writes Hidden. An answer that must contain the secret says so with Reveal.
func (String) MarshalJSON() ([]byte, error) { return json.Marshal(Hidden) }

// MarshalText writes Hidden (XML, YAML, map keys, flags).
func (String) MarshalText() ([]byte, error) { return []byte(Hidden), nil }

// UnmarshalJSON reads a JSON string; null leaves the secret as it is.
func (s *String) UnmarshalJSON(b []byte) error {
	var text *string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a secret must be a JSON string") // the decoder's error could quote it
	}
	if text != nil {
		s.text = text
	}
	return nil
}

// UnmarshalText reads the secret as it stands.
func (s *String) UnmarshalText(b []byte) error {
	*s = Hide(string(b))
	return nil
}
