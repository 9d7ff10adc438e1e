package deliver

import (
	"embed"
	"encoding/json"
	htmltemplate "html/template"
	"net/url"
	"slices"
	"strings"
	"text/template"

	"linecard/internal/errs"
)

// Template names a letter of the catalogues in letters/.
type Template string

// The letters, and the values that each needs beside the brand.
const (
	AccountInvitation      Template = "account_invitation"      // CH-19; link for 72 hours
	SubAccountInvitation   Template = "sub_account_invitation"  // CH-86
	PasswordReset          Template = "password_reset"          // CH-9; link for 10 minutes
	PasswordResetByAdmin   Template = "password_reset_by_admin" // link for 24 hours
	EmailConfirm           Template = "email_confirm"           // CH-12; to the new address, link for 24 hours
	EmailChangedOld        Template = "email_changed_old"       // to the address before
	EmailChangedNew        Template = "email_changed_new"
	RestrictedMode         Template = "restricted_mode"         // WS-155
	AuthorisationRequested Template = "authorisation_requested" // CH-29
	AuthorisationGranted   Template = "authorisation_granted"   // CH-31
	Feedback               Template = "feedback"                // CH-92
)

var letters = map[Template][]string{
	AccountInvitation:      {"name", "organisation", "email", "hours", "link"},
	SubAccountInvitation:   {"name", "organisation", "email", "hours", "link"},
	PasswordReset:          {"name", "minutes", "link"},
	PasswordResetByAdmin:   {"name", "hours", "link"},
	EmailConfirm:           {"name", "email", "hours", "link"},
	EmailChangedOld:        {"name", "email"},
	EmailChangedNew:        {"name", "email"},
	RestrictedMode:         {"name", "organisation", "provider"},
	AuthorisationRequested: {"name", "organisation", "partner", "person", "link"},
	AuthorisationGranted:   {"name", "organisation", "partner", "link"},
	Feedback:               {"organisation", "topic", "person", "email", "message", "page"},
}

// Values lists the values that a letter needs beside the brand; nil for an unknown letter.
func (t Template) Values() []string { return slices.Clone(letters[t]) }

//go:embed letters
var letterFiles embed.FS

// catalogue is the texts of one language. They are plain text with {{.value}}; HTML is made around them.
type catalogue struct {
	LinkHint string                  `json:"link_hint"`
	Footer   string                  `json:"footer"`
	Letters  map[Template]letterText `json:"letters"`
}

type letterText struct {
	Subject string   `json:"subject"`
	Title   string   `json:"title"`
	Lines   []string `json:"lines"`
	Button  string   `json:"button"`
	After   []string `json:"after"`
}

var (
	catalogues = map[string]catalogue{"en": loadCatalogue("en"), "zh-CN": loadCatalogue("zh-CN")}
	layout     = htmltemplate.Must(htmltemplate.ParseFS(letterFiles, "letters/letter.html.tmpl"))
)

// loadCatalogue reads an embedded file; one that is broken ends the program at its start, and the test before that.
func loadCatalogue(locale string) catalogue {
	b, err := letterFiles.ReadFile("letters/" + locale + ".json")
	if err == nil {
		var c catalogue
		if err = json.Unmarshal(b, &c); err == nil {
			return c
		}
	}
	panic("deliver: the letters of " + locale + ": " + err.Error())
}

// language gives the catalogue's name for a locale; English when there is none.
func language(locale string) string {
	if l := strings.ToLower(locale); l == "zh" || strings.HasPrefix(l, "zh-") || strings.HasPrefix(l, "zh_") {
		return "zh-CN"
	}
	return "en"
}

// page is a letter that is ready to be laid out.
type page struct {
	Locale, Brand, Subject, Title, Button, Link, LinkHint, Footer string
	Lines, After                                                  []string
}

// written is a letter as it will be sent. It may hold a one-time link, so it is only stored sealed.
type written struct {
	Text string `json:"text"`
	HTML string `json:"html"`
}

var errLetter = errs.New(errs.Internal, "letter_incomplete", "Something went wrong on our side.")

const valueMost = 8000 // characters

// compose writes the letter in its language. A missing, unknown or empty value is our own mistake, as is a link that is not http(s).
func compose(l Letter) (subject string, w written, err error) {
	locale := language(l.Locale)
	p := page{Locale: locale, Brand: l.Brand}
	c := catalogues[locale]
	values := map[string]string{"brand": l.Brand}
	text := letterText{Subject: "{{.subject}}", Title: "{{.subject}}", Lines: []string{"{{.text}}"}}
	if l.Template == "" {
		values["subject"], values["text"] = printable(l.Subject, 200), block(l.Text)
		if values["subject"] == "" || values["text"] == "" {
			return "", written{}, errLetter
		}
	} else {
		needs, known := letters[l.Template]
		if !known || len(l.Values) != len(needs) {
			return "", written{}, errLetter
		}
		text = c.Letters[l.Template]
		for _, name := range needs {
			v := block(l.Values[name])
			if name != "message" {
				v = printable(v, 500)
			}
			if v == "" {
				return "", written{}, errLetter
			}
			values[name] = v
		}
		if slices.Contains(needs, "link") {
			p.Link = l.Values["link"]
			if u, err := url.Parse(p.Link); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
				return "", written{}, errLetter
			}
		}
	}
	f := filler{values: values}
	p.Subject, p.Title, p.Button = f.fill(text.Subject), f.fill(text.Title), f.fill(text.Button)
	p.LinkHint, p.Footer = f.fill(c.LinkHint), f.fill(c.Footer)
	for _, s := range text.Lines {
		p.Lines = append(p.Lines, f.fill(s))
	}
	for _, s := range text.After {
		p.After = append(p.After, f.fill(s))
	}
	if f.err != nil {
		return "", written{}, errLetter.Because(f.err)
	}
	var html strings.Builder
	if err := layout.Execute(&html, p); err != nil {
		return "", written{}, errLetter.Because(err)
	}
	return p.Subject, written{Text: p.plain(), HTML: html.String()}, nil
}

// plain is the letter for readers without HTML.
func (p page) plain() string {
	parts := append([]string{p.Title}, p.Lines...)
	if p.Link != "" {
		parts = append(parts, p.Button+":\n"+p.Link)
	}
	return strings.Join(append(append(parts, p.After...), "-- \n"+p.Footer), "\n\n") + "\n"
}

// filler puts values into texts and remembers the first failure.
type filler struct {
	values map[string]string
	err    error
}

func (f *filler) fill(text string) string {
	t, err := template.New("").Option("missingkey=error").Parse(text)
	var b strings.Builder
	if err == nil {
		err = t.Execute(&b, f.values)
	}
	if err != nil && f.err == nil {
		f.err = err
	}
	return b.String()
}

// block makes foreign text of several lines harmless.
func block(s string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		lines = append(lines, printable(line, valueMost))
	}
	s = strings.TrimSpace(strings.Join(lines, "\n"))
	if r := []rune(s); len(r) > valueMost {
		return string(r[:valueMost])
	}
	return s
}
