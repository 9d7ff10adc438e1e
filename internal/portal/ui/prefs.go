package ui

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// The cookies that remember a person's choice before and between sign-ins.
const (
	langCookie  = "lc_lang"
	themeCookie = "lc_theme"
	yearSeconds = 365 * 24 * 60 * 60
)

// Settings is what the account says; empty fields leave the choice to cookie and browser.
type Settings struct {
	Locale string
	Zone   *time.Location
	CSRF   string
}

// FromRequest chooses language and theme: account setting, then cookie, then Accept-Language, then English (CH-2).
func FromRequest(r *http.Request, s Settings) Prefs {
	p := Prefs{Locale: chooseLocale(r, s.Locale), Zone: s.Zone, CSRF: s.CSRF, Path: r.URL.RequestURI()}
	if c, err := r.Cookie(themeCookie); err == nil {
		p.Theme = themeOf(c.Value)
	}
	return p
}

func chooseLocale(r *http.Request, setting string) string {
	if tag, ok := matchLocale(setting); ok {
		return tag
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if tag, ok := matchLocale(c.Value); ok {
			return tag
		}
	}
	if tag, ok := matchLocale(r.Header.Get("Accept-Language")); ok {
		return tag
	}
	return fallback
}

var (
	localeTags, localeNames = localeLists()
	localeMatcher           = language.NewMatcher(localeTags)
)

func localeLists() (tags []language.Tag, names []string) {
	for _, l := range Languages() {
		tags = append(tags, language.MustParse(l.Tag))
		names = append(names, l.Tag)
	}
	return tags, names
}

// matchLocale reads a tag or an Accept-Language list; false when it is empty, malformed or nothing we have.
func matchLocale(list string) (string, bool) {
	if list == "" || len(list) > 256 {
		return "", false
	}
	wanted, _, err := language.ParseAcceptLanguage(list)
	if err != nil || len(wanted) == 0 {
		return "", false
	}
	_, i, confidence := localeMatcher.Match(wanted...)
	return localeNames[i], confidence >= language.Low
}

func themeOf(s string) Theme {
	switch t := Theme(s); t {
	case Light, Dark:
		return t
	}
	return Auto
}

// PreferencesPath is where the language and theme switches post to; mount SetPreferences there.
const PreferencesPath = "/preferences"

// SetPreferences stores the posted lang and theme in cookies and goes back to the posted local path. Unknown values are
// ignored. It changes how this browser shows pages and nothing else, so it needs no session.
func SetPreferences(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	if err := r.ParseForm(); err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	if lang := r.PostForm.Get("lang"); catalogues[lang].texts != nil {
		remember(w, r, langCookie, lang)
	}
	if r.PostForm.Has("theme") {
		remember(w, r, themeCookie, string(themeOf(r.PostForm.Get("theme"))))
	}
	http.Redirect(w, r, LocalPath(r.PostForm.Get("back")), http.StatusSeeOther)
}

func remember(w http.ResponseWriter, r *http.Request, name, value string) {
	age := yearSeconds
	if value == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true,
		Secure: secure(r), SameSite: http.SameSiteLaxMode})
}

// ChosenLocale gives the language that this browser was told to use with the switch, "" when it never was.
func ChosenLocale(r *http.Request) string {
	c, err := r.Cookie(langCookie)
	if err != nil || catalogues[c.Value].texts == nil {
		return ""
	}
	return c.Value
}

// Speaks says whether there are texts in the language.
func Speaks(tag string) bool { return catalogues[tag].texts != nil }

// RememberLocale makes the browser use a language from now on; an unknown one is ignored.
func RememberLocale(w http.ResponseWriter, r *http.Request, tag string) {
	if catalogues[tag].texts != nil {
		remember(w, r, langCookie, tag)
	}
}

// secure says whether cookies of this request are for https only; a page before whom somebody else speaks TLS says it in Prefs.
func secure(r *http.Request) bool { return r.TLS != nil || PrefsOf(r.Context()).Secure }

// LocalPath gives p when it is a path on this server, and "/" when it could lead anywhere else.
func LocalPath(p string) string {
	u, err := url.Parse(p)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") ||
		strings.ContainsAny(p, "\\\r\n\t") {
		return "/"
	}
	return p
}
