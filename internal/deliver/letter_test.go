package deliver

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`{{\.([a-z_]+)}}`)

// Every letter is there in every language, uses the values that the code promises, and no others.
func TestTheLettersAreCompleteInEveryLanguage(t *testing.T) {
	files, err := os.ReadDir("letters")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".json"); ok && catalogues[name].Letters == nil {
			t.Errorf("letters/%s is not used", f.Name())
		}
	}
	for locale, c := range catalogues {
		if c.Footer == "" || c.LinkHint == "" || len(c.Letters) != len(letters) {
			t.Errorf("%s: footer, link hint or letters are missing (%d of %d)", locale, len(c.Letters), len(letters))
		}
		for name, needs := range letters {
			l := c.Letters[name]
			all := strings.Join(append(append([]string{l.Subject, l.Title, l.Button}, l.Lines...), l.After...), "\n")
			if l.Subject == "" || l.Title == "" || len(l.Lines) == 0 || slices.Contains(needs, "link") != (l.Button != "") {
				t.Errorf("%s, %s: subject, title, lines or button", locale, name)
			}
			used := map[string]bool{"link": true}
			for _, m := range placeholder.FindAllStringSubmatch(all, -1) {
				used[m[1]] = true
				if m[1] != "brand" && !slices.Contains(needs, m[1]) {
					t.Errorf("%s, %s: the value %s is not promised", locale, name, m[1])
				}
			}
			for _, v := range needs {
				if !used[v] {
					t.Errorf("%s, %s: the value %s is not used", locale, name, v)
				}
			}
			if strings.Contains(placeholder.ReplaceAllString(all, ""), "{{") {
				t.Errorf("%s, %s: something else than a value in braces", locale, name)
			}
			if len(catalogues["en"].Letters[name].Lines) != len(l.Lines) || len(catalogues["en"].Letters[name].After) != len(l.After) {
				t.Errorf("%s, %s: not as many paragraphs as in English", locale, name)
			}
			if locale == "zh-CN" && !regexp.MustCompile(`\p{Han}`).MatchString(strings.Join(l.Lines, "")) && name != Feedback {
				t.Errorf("%s is not in Chinese", name)
			}
		}
	}
}

func TestEveryLetterCanBeWrittenInEveryLanguage(t *testing.T) {
	for locale, want := range map[string]string{"en": "en", "zh-CN": "zh-CN", "zh": "zh-CN", "zh-Hans-CN": "zh-CN", "de": "en", "": "en"} {
		for name, needs := range letters {
			values := map[string]string{}
			for _, v := range needs {
				values[v] = "«" + v + "»&<i>"
			}
			values["link"] = "https://x.example/a?b=1&c=2"
			if !slices.Contains(needs, "link") {
				delete(values, "link")
			}
			subject, w, err := writeOut(Letter{Locale: locale, Template: name, Brand: "Blue & Co", Values: values})
			if err != nil {
				t.Errorf("%s, %s: %v", locale, name, err)
				continue
			}
			for _, v := range needs {
				if v != "link" && !strings.Contains(subject+w.Text, "«"+v+"»&<i>") {
					t.Errorf("%s, %s: the text lacks %s", locale, name, v)
				}
			}
			if strings.Contains(w.HTML, "<i>") || strings.Contains(w.HTML, "Linecard") || !strings.Contains(w.HTML, `lang="`+want+`"`) || !strings.Contains(w.HTML, "Blue &amp; Co") {
				t.Errorf("%s, %s: %s", locale, name, w.HTML)
			}
			if strings.Contains(subject, "\n") {
				t.Errorf("%s, %s: the subject has a line break", locale, name)
			}
		}
	}
}

func TestAMessageKeepsItsLinesAndLosesWhatControlsATerminal(t *testing.T) {
	_, w, err := writeOut(Letter{Template: Feedback, Brand: "B", Values: map[string]string{"organisation": "O", "topic": "T\r\nBcc: x", "person": "P", "email": "e@x.example", "page": "/", "message": "one\r\ntwo\x1b[0m\x00\u202e"}})
	if err != nil || !strings.Contains(w.Text, "one\ntwo[0m\n") || !strings.Contains(w.Text, "T Bcc: x") {
		t.Errorf("%q %v", w.Text, err)
	}
}

// writeOut makes a letter and composes it at once.
func writeOut(l Letter) (subject string, w written, err error) {
	d, err := draftOf(l)
	if err == nil {
		subject, err = d.subject(l.Locale, l.Brand)
	}
	if err == nil {
		w, err = d.compose(l.Locale, l.Brand)
	}
	return subject, w, err
}

func TestBracesInAValueStayWhatTheyAre(t *testing.T) {
	_, w, err := writeOut(Letter{Template: EmailChangedNew, Brand: "{{.email}}", Values: map[string]string{"name": "{{.brand}}", "email": "ada@cafe.example"}})
	if err != nil || !strings.Contains(w.Text, "Hello {{.brand}},") || !strings.Contains(w.Text, "automatically by {{.email}}") {
		t.Errorf("%q %v", w.Text, err)
	}
}
