package ui

import (
	"context"
	"embed"
	"io"
	"regexp"
	"strings"

	"github.com/a-h/templ"
)

//go:embed icons/*.svg
var iconFiles embed.FS

var iconBodies = loadIcons()

// The drawings' own <svg> carries width, height and classes; only what is inside is kept.
var (
	svgShell  = regexp.MustCompile(`(?s)^.*?<svg[^>]*>(.*)</svg>\s*$`)
	svgSpacer = regexp.MustCompile(`<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>`)
)

func loadIcons() map[string]string {
	files, err := iconFiles.ReadDir("icons")
	if err != nil {
		panic(err) // embedded at build time
	}
	all := map[string]string{}
	for _, f := range files {
		raw, err := iconFiles.ReadFile("icons/" + f.Name())
		if err != nil {
			panic(err)
		}
		body := svgSpacer.ReplaceAllString(svgShell.ReplaceAllString(string(raw), "$1"), "")
		all[strings.TrimSuffix(f.Name(), ".svg")] = strings.Join(strings.Fields(body), " ")
	}
	return all
}

// Icon is a drawing beside a text. It is hidden from screen readers: the text beside it, or a label on its button, speaks.
// "" draws nothing; an unknown name is a mistake in a page and panics.
type Icon string

// Render writes the drawing.
func (i Icon) Render(_ context.Context, w io.Writer) error {
	if i == "" {
		return nil
	}
	body, ok := iconBodies[string(i)]
	if !ok {
		panic("ui: no icon " + string(i))
	}
	_, err := io.WriteString(w, `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">`+body+`</svg>`)
	return err
}

var _ templ.Component = Icon("")
