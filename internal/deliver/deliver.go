// Package deliver owns what leaves the house by itself: webhooks made of journal events, signed after the Standard Webhooks
// convention, retried and kept as dead letters; and mail through SMTP from an outbox. It owns the one guard against
// server-side request forgery as well, which everything uses that calls an address a tenant typed (decision 25).
//
// It must not know what an event means nor who asked for a letter. A dead endpoint or mail server never delays another one.
// Deliveries of one webhook may arrive out of order and more than once; the webhook-id of an event stays the same.
package deliver

import (
	"strings"
	"unicode"
)

// printable makes foreign text fit for one line of a table: valid UTF-8, no control characters, bounded.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar, unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
