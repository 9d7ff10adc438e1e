package manual

import (
	"strings"
	"testing"

	"linecard/internal/portal/page"
)

// Every page's link into the manual leads to a heading that exists, and so does every link between pages of the manual.
func TestEveryLinkIntoTheManualLeadsToAHeading(t *testing.T) {
	check := func(from, to string) {
		name, anchor, _ := strings.Cut(to, "#")
		all, err := Anchors(name)
		if err != nil {
			t.Errorf("%s leads to %s, which is no page", from, to)
		} else if !all[anchor] {
			t.Errorf("%s leads to %s, which is no heading", from, to)
		}
	}
	for _, to := range page.Guides() {
		check("a page", to)
	}
	for _, name := range order {
		for _, locale := range []string{"", "zh-CN"} {
			source, _, err := read(name, locale)
			if err != nil {
				t.Fatal(err)
			}
			_, html, err := render(source)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range strings.Split(html, `href="`)[1:] {
				to, _, _ := strings.Cut(part, `"`)
				if rest, ok := strings.CutPrefix(to, "/docs/"); ok {
					check(name, rest)
				} else if anchor, ok := strings.CutPrefix(to, "#"); ok {
					check(name, name+"#"+anchor)
				} else if !strings.HasPrefix(to, "https://") {
					t.Errorf("%s leads to %s", name, to)
				}
			}
		}
	}
}

// A translation has the same headings to lead to as the English page.
func TestTranslationsHaveTheSameAnchors(t *testing.T) {
	for _, name := range order {
		source, translated, err := read(name, "zh-CN")
		if err != nil || !translated {
			continue
		}
		_, html, err := render(source)
		if err != nil {
			t.Fatal(err)
		}
		english, err := Anchors(name)
		if err != nil {
			t.Fatal(err)
		}
		for anchor := range english {
			if anchor != "" && anchor != name && !strings.Contains(html, `id="`+anchor+`"`) && !strings.HasPrefix(strings.ReplaceAll(strings.ToLower(titleIn(name)), " ", "-"), anchor) {
				t.Errorf("the translation of %s lacks %s", name, anchor)
			}
		}
	}
}

func titleIn(name string) string {
	source, _, _ := read(name, "")
	return titleOf(source)
}

func TestNoMarkupOfAFileComesThrough(t *testing.T) {
	_, html, err := render([]byte("# T\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![y](https://x.example/y.png) <b onclick=x>z</b>\n\n[out](../README.md)\n"))
	if err != nil || strings.Contains(html, "<script") || strings.Contains(html, "javascript:") || strings.Contains(html, "<img") || strings.Contains(html, "onclick") || strings.Contains(html, "README") {
		t.Errorf("%q %v", html, err)
	}
	if _, html, _ := render([]byte("# T\n\n" + plain(`<b>[a](x)*c*`))); strings.Contains(html, "<b>") || strings.Contains(html, "<em>") || strings.Contains(html, "<a") {
		t.Errorf("%q", html)
	}
}
