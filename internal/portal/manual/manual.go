// Package manual owns the pages of the manual: the Markdown files of docs/ in the look of the portal.
//
// It must not know what the manual says, and lets no markup of its files through but what Markdown makes.
package manual

import (
	"bytes"
	"io/fs"
	"path"
	"strings"

	"github.com/a-h/templ"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"linecard/docs"
	"linecard/internal/errs"
	"linecard/internal/portal/page"
	"linecard/internal/portal/ui"
)

// order is the manual's table of contents: what people read first, then what builders read.
var order = []string{"getting-started", "customers", "devices", "profiles", "redirect", "wholesale", "troubleshooting", "operating", "compatibility", "architecture"}

// Pages is the manual.
type Pages struct{ *page.Deps }

// Routes is the table of these pages. They need no session, like the sign-in page they help with.
func Routes(d *page.Deps) []page.Route {
	p := Pages{d}
	return []page.Route{
		{Pattern: "GET /docs", In: page.Anywhere, Needs: page.Public, Serve: p.Contents},
		{Pattern: "GET /docs/{page}", In: page.Anywhere, Needs: page.Public, Serve: p.Show},
	}
}

// Contents leads to the first page.
func (p Pages) Contents(r *page.Request) error { return r.Redirect("/docs/" + order[0]) }

// Show is one page with the way to the others.
func (p Pages) Show(r *page.Request) error {
	name := r.PathValue("page")
	locale := ui.PrefsOf(r.Context()).Locale
	source, translated, err := read(name, locale)
	if err != nil {
		return err
	}
	frame := r.Shell
	if !r.SignedIn() {
		s := r.SignInShell("", "", "")
		s.Wide = true
		v, err := p.view(r, name, source, translated || locale == "en")
		if err != nil {
			return err
		}
		s.Title = v.Title
		return r.Show(outside(s, v))
	}
	s := frame("", "")
	v, err := p.view(r, name, source, translated || locale == "en")
	if err != nil {
		return err
	}
	s.Title = v.Title
	return r.Show(inside(s, v))
}

// view is what a page shows.
type view struct {
	Title    string
	Contents []ui.Crumb
	Current  string
	Body     templ.Component
	Foreign  bool // only there is no text in the reader's language
}

func (p Pages) view(r *page.Request, name string, source []byte, own bool) (view, error) {
	if product := ui.BrandOf(r.Context()).Product; product != "" { // an offer's people read its name
		source = bytes.ReplaceAll(source, []byte("Linecard"), []byte(plain(product)))
	}
	title, html, err := render(source)
	if err != nil {
		return view{}, err
	}
	v := view{Title: title, Current: "/docs/" + name, Body: templ.Raw(html), Foreign: !own}
	for _, other := range order {
		text, _, err := read(other, ui.PrefsOf(r.Context()).Locale)
		if err != nil {
			return view{}, err
		}
		v.Contents = append(v.Contents, ui.Crumb{Label: strings.ReplaceAll(titleOf(text), "Linecard", ui.ProductName(r.Context())), URL: "/docs/" + other})
	}
	return v, nil
}

var errNoPage = errs.Missing("page")

// read gives the text of a page in a language, else in English; false then. Only pages of the table of contents are shown.
func read(name, locale string) (source []byte, translated bool, err error) {
	for _, known := range order {
		if known != name {
			continue
		}
		if source, err := fs.ReadFile(docs.Pages, path.Join(locale, name+".md")); err == nil && locale != "" {
			return source, true, nil
		}
		source, err := fs.ReadFile(docs.Pages, name+".md")
		return source, false, err
	}
	return nil, false, errNoPage
}

func titleOf(source []byte) string {
	first, _, _ := strings.Cut(string(source), "\n")
	return strings.TrimSpace(strings.ReplaceAll(strings.TrimPrefix(first, "#"), "`", ""))
}

// plain writes a name so that nothing in it is markup.
func plain(name string) string {
	var out strings.Builder
	for _, c := range name {
		if c < 0x80 && !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == ' ') {
			out.WriteByte('\\')
		}
		out.WriteRune(c)
	}
	return out.String()
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithHeadingAttribute(),
	parser.WithASTTransformers(util.Prioritized(links{}, 100))))

// render gives the title and the HTML below it. Raw HTML in the source is left out by goldmark.
func render(source []byte) (title, html string, err error) {
	doc := markdown.Parser().Parse(text.NewReader(source))
	if h, ok := doc.FirstChild().(*ast.Heading); ok && h.Level == 1 {
		doc.RemoveChild(doc, h)
	}
	var out bytes.Buffer
	err = markdown.Renderer().Render(&out, source, doc)
	return strings.ReplaceAll(titleOf(source), `\`, ""), out.String(), err
}

// Anchors lists the headings of a page that a link can lead to, in English.
func Anchors(name string) (map[string]bool, error) {
	source, _, err := read(name, "")
	if err != nil {
		return nil, err
	}
	all := map[string]bool{"": true}
	err = ast.Walk(markdown.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if id, ok := n.AttributeString("id"); entering && ok && n.Kind() == ast.KindHeading {
			all[string(id.([]byte))] = true
		}
		return ast.WalkContinue, nil
	})
	return all, err
}

// links makes links between files of the folder links between pages, and text of those that lead out of the manual into the source.
type links struct{}

// Transform is goldmark's.
func (links) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var out []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker gives no error
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			out = append(out, n)
		case *ast.Link:
			if to, ok := target(string(n.Destination)); ok {
				n.Destination = []byte(to)
			} else {
				out = append(out, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range out {
		for c := n.FirstChild(); c != nil; c = n.FirstChild() {
			n.Parent().InsertBefore(n.Parent(), n, c)
		}
		n.Parent().RemoveChild(n.Parent(), n)
	}
}

// target gives the address of a link as the portal has it; false when it leads to nothing that is served.
func target(to string) (string, bool) {
	if strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "#") {
		return to, true
	}
	file, anchor, _ := strings.Cut(to, "#")
	name, ok := strings.CutSuffix(file, ".md")
	if _, _, err := read(name, ""); !ok || err != nil {
		return "", false
	}
	if anchor != "" {
		anchor = "#" + anchor
	}
	return "/docs/" + name + anchor, true
}
