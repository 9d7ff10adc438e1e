package ui

import (
	"context"
	"io"
	"regexp"
	"strings"

	"github.com/a-h/templ"
)

var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// LinkedText is plain text of several lines whose addresses are links.
func LinkedText(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var out strings.Builder
		at := 0
		for _, m := range address.FindAllStringIndex(text, -1) {
			url := strings.TrimRight(text[m[0]:m[1]], ".,;:!?)")
			out.WriteString(templ.EscapeString(text[at:m[0]]))
			out.WriteString(`<a class="link" href="` + templ.EscapeString(url) + `">` + templ.EscapeString(url) + `</a>`)
			at = m[0] + len(url)
		}
		out.WriteString(templ.EscapeString(text[at:]))
		_, err := io.WriteString(w, out.String())
		return err
	})
}
