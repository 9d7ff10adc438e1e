package ui

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// Source shows a file as it is, in letters of equal width. label names it for screen readers; it can be scrolled with the keyboard.
func Source(label, text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, sourceOpen(label)+templ.EscapeString(text)+"</pre>")
		return err
	})
}

func sourceOpen(label string) string {
	return `<pre class="source" tabindex="0" role="region" aria-label="` + templ.EscapeString(label) + `">`
}

// Diff shows a unified difference. Lines that come and go have their sign beside the colour.
func Diff(label, text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var out strings.Builder
		out.WriteString(sourceOpen(label))
		for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
			class := ""
			switch {
			case strings.HasPrefix(line, "@@"), strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
				class = ` class="diff-at"`
			case strings.HasPrefix(line, "+"):
				class = ` class="diff-add"`
			case strings.HasPrefix(line, "-"):
				class = ` class="diff-del"`
			}
			out.WriteString("<span" + class + ">" + templ.EscapeString(line) + "\n</span>")
		}
		out.WriteString("</pre>")
		_, err := io.WriteString(w, out.String())
		return err
	})
}
