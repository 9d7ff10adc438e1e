package deliver

import (
	"embed"
	"encoding/json"
	htmltemplate "html/template"
	"net/url"
	"slices"
	"strings"

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
	UserMoveConsent        Template = "user_move_consent"       // WS-116; to the person, link for 14 days
	UserMovedAway          Template = "user_moved_away"         // to the organisation that the person has left
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
	UserMoveConsent:        {"name", "organisation", "days", "link"},
	UserMovedAway:          {"organisation", "person", "email"},
	Feedback:               {"organisation", "topic", "person", "email", "message", "page"},
}

// Values lists the values that a letter needs beside the brand; nil for an unknown letter.
func (t Template) Values() []string { return slices.Clone(letters[t]) }

//go:embed letters
var letterFiles embed.FS

// catalogue is the texts of one language. They are plain text with {{.value}} and nothing else in braces; HTML is made around them.
type catalogue struct {
	LinkHint string                  `json:"link_hint"`
	Footer   string                  `json:"footer"`
	Support  string                  `json:"support"`
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
	Accent, Support, SupportText, Logo, LogoOn                    string
}

// draft is a letter as it waits in the outbox: what it says, made harmless, but not yet written out. That is done when it is sent
// or looked at, because nothing is rendered in a transaction (decision 1). It may hold a one-time link, so it is only stored sealed.
type draft struct {
	Template Template          `json:"template,omitempty"`
	Values   map[string]string `json:"values,omitempty"` // all that the template needs; without one: subject and text
	Brand    string            `json:"brand,omitempty"`
	Dress    Dress             `json:"dress,omitzero"`
}

// written is a letter as it is sent.
type written struct {
	Text string `json:"text,omitempty"`
	HTML string `json:"html,omitempty"`
}

var errLetter = errs.New(errs.Internal, "letter_incomplete", "Something went wrong on our side.")

const valueMost = 8000 // characters

// draftOf takes what a letter says. A missing, unknown or empty value is our own mistake, as is a link that is not http(s).
func draftOf(l Letter) (draft, error) {
	d := draft{Template: l.Template, Values: make(map[string]string, len(l.Values))}
	if l.Template == "" {
		d.Values["subject"], d.Values["text"] = printable(l.Subject, 200), block(l.Text)
		if d.Values["subject"] == "" || d.Values["text"] == "" {
			return draft{}, errLetter
		}
		return d, nil
	}
	needs, known := letters[l.Template]
	if !known || len(l.Values) != len(needs) {
		return draft{}, errLetter
	}
	for _, name := range needs {
		v := block(l.Values[name])
		if name != "message" {
			v = printable(v, 500)
		}
		if v == "" {
			return draft{}, errLetter
		}
		d.Values[name] = v
	}
	if link, ok := l.Values["link"]; ok {
		if u, err := url.Parse(link); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return draft{}, errLetter
		}
		d.Values["link"] = link
	}
	return d, nil
}

// texts gives the texts of the letter in the language of a catalogue.
func (d draft) texts(c catalogue) (letterText, error) {
	if d.Template == "" {
		return letterText{Subject: "{{.subject}}", Title: "{{.subject}}", Lines: []string{"{{.text}}"}}, nil
	}
	t, known := c.Letters[d.Template]
	if !known { // a newer release wrote it
		return letterText{}, errLetter
	}
	return t, nil
}

// filler puts the values of the letter into texts. Braces in a value stay what they are.
func (d draft) filler(brand string) *strings.Replacer {
	pairs := []string{"{{.brand}}", brand}
	for name, v := range d.Values {
		pairs = append(pairs, "{{."+name+"}}", v)
	}
	return strings.NewReplacer(pairs...)
}

// subject gives the subject alone, which lists of mails show.
func (d draft) subject(locale, brand string) (string, error) {
	t, err := d.texts(catalogues[language(locale)])
	if err != nil {
		return "", err
	}
	return d.filler(brand).Replace(t.Subject), nil
}

// compose writes the letter out in its language.
func (d draft) compose(locale, brand string) (written, error) {
	locale = language(locale)
	c := catalogues[locale]
	t, err := d.texts(c)
	if err != nil {
		return written{}, err
	}
	fill := d.filler(brand).Replace
	p := page{Locale: locale, Brand: brand, Subject: fill(t.Subject), Title: fill(t.Title), Button: fill(t.Button), Link: d.Values["link"],
		LinkHint: fill(c.LinkHint), Footer: fill(c.Footer), Accent: "#1f5fd0", Logo: d.Dress.Logo, LogoOn: d.Dress.LogoOn}
	if d.Dress.Accent != "" {
		p.Accent = d.Dress.Accent
	}
	if d.Dress.Support != "" {
		p.Support, p.SupportText = d.Dress.Support, fill(c.Support)
	}
	for _, s := range t.Lines {
		p.Lines = append(p.Lines, fill(s))
	}
	for _, s := range t.After {
		p.After = append(p.After, fill(s))
	}
	var html strings.Builder
	if err := layout.Execute(&html, p); err != nil {
		return written{}, errLetter.Because(err)
	}
	return written{Text: p.plain(), HTML: html.String()}, nil
}

// plain is the letter for readers without HTML.
func (p page) plain() string {
	parts := append([]string{p.Title}, p.Lines...)
	if p.Link != "" {
		parts = append(parts, p.Button+":\n"+p.Link)
	}
	footer := "-- \n" + p.Footer
	if p.Support != "" {
		footer += "\n" + p.SupportText + ": " + p.Support
	}
	return strings.Join(append(append(parts, p.After...), footer), "\n\n") + "\n"
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
