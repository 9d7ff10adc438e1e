package catalog

import (
	"regexp"
	"slices"
	"strings"

	"linecard/internal/errs"
)

// Language is a supported language with its locales, the default one first (WS-50).
type Language struct {
	Code    string
	Name    string // in itself
	Locales []string
}

// languages are the 21 languages with their 29 locales.
var languages = []Language{
	{"en", "English", []string{"en_US", "en_AU", "en_GB", "en_CA"}},
	{"fr", "Français", []string{"fr_FR", "fr_CA"}},
	{"cs", "Čeština", []string{"cs_CZ"}},
	{"da", "Dansk", []string{"da_DK"}},
	{"de", "Deutsch", []string{"de_DE"}},
	{"hu", "Magyar", []string{"hu_HU"}},
	{"id", "Bahasa Indonesia", []string{"id_ID"}},
	{"it", "Italiano", []string{"it_IT"}},
	{"ja", "日本語", []string{"ja_JP"}},
	{"ko", "한국어", []string{"ko_KR"}},
	{"es", "Español", []string{"es_ES", "es_CO", "es_MX"}},
	{"nl", "Nederlands", []string{"nl_NL"}},
	{"nb", "Norsk bokmål", []string{"nb_NO"}},
	{"pl", "Polski", []string{"pl_PL"}},
	{"pt", "Português", []string{"pt_PT", "pt_BR"}},
	{"ru", "Русский", []string{"ru_RU"}},
	{"ro", "Română", []string{"ro_RO"}},
	{"zh", "中文", []string{"zh_CN", "zh_TW"}},
	{"sv", "Svenska", []string{"sv_SE"}},
	{"ar", "العربية", []string{"ar_SA"}},
	{"tr", "Türkçe", []string{"tr_TR"}},
}

// Languages gives the supported languages, for pickers. Nobody may change it.
func Languages() []Language { return languages }

// English is where everything ends that leads nowhere else.
const English = "en_US"

// LocaleFallback is the warning that something else was taken than what was asked for (WS-51).
const LocaleFallback = "locale_fallback"

// siteOnlyEnglish are the locales that meeting sites do not have (WS-52).
var siteOnlyEnglish = []string{"es_CO", "id_ID", "nb_NO", "pt_PT"}

// Locales is what a language resolves to: that of the organisation, that of its meeting site, and LocaleFallback or "".
type Locales struct{ Organisation, Site, Warning string }

var localeForm = regexp.MustCompile(`^[A-Za-z]{2}([-_][A-Za-z]{2})?$`)

var errLocale = errs.BadField("language", "invalid_locale", "Give a language of two letters or a locale such as en_US.")

// Locale resolves the language that was asked for ("" for none) with country and language of the onboarding template ("" for none)
// (WS-50 … WS-53). What has not the form of a locale is Invalid with the field fault invalid_locale; a locale or a language that is not
// supported falls back with a warning, and the meeting site speaks English then.
func Locale(asked, country, templateLanguage string) (Locales, error) {
	if strings.TrimSpace(asked) == "" {
		if asked = templateLanguage; !localeForm.MatchString(strings.TrimSpace(asked)) {
			asked = English
		}
	}
	language, locale, ok := splitLocale(asked)
	if !ok {
		return Locales{}, errLocale
	}
	out := Locales{}
	if l := languageOf(language); l != nil && locale != "" && slices.Contains(l.Locales, locale) {
		out.Organisation = locale
	} else {
		if locale != "" || l == nil {
			out.Warning = LocaleFallback
		}
		if l == nil {
			language, _, _ = splitLocale(templateLanguage)
		}
		out.Organisation = inCountry(language, country)
	}
	if out.Site = out.Organisation; out.Warning != "" || slices.Contains(siteOnlyEnglish, out.Organisation) {
		out.Site = English
	}
	return out, nil
}

// splitLocale gives "EN-us" as "en" and "en_US"; a language alone has no locale.
func splitLocale(s string) (language, locale string, ok bool) {
	s = strings.TrimSpace(s)
	if !localeForm.MatchString(s) {
		return "", "", false
	}
	language = strings.ToLower(s[:2])
	if len(s) == 5 {
		locale = language + "_" + strings.ToUpper(s[3:])
	}
	return language, locale, true
}

func languageOf(code string) *Language {
	for i := range languages {
		if languages[i].Code == code {
			return &languages[i]
		}
	}
	return nil
}

// inCountry is the language as it is spoken in the country where that is supported, else its default; English for an unknown one.
func inCountry(language, country string) string {
	l := languageOf(language)
	if l == nil {
		return English
	}
	if there := language + "_" + strings.ToUpper(country); slices.Contains(l.Locales, there) {
		return there
	}
	return l.Locales[0]
}

// DialInNumber is a number of a telephony domain by which meetings are reached.
type DialInNumber struct{ Country, Number string }

// NoDialIn is the warning that a meeting site has no default number.
const NoDialIn = "no_default_dial_in"

// regions are the telephony regions with the countries whose numbers are their default, the first one first (WS-49).
var regions = map[string][]string{
	"AMER": {"US", "CA"},
	"APAC": {"SG"},
	"ANZ":  {"AU"},
	"EMEA": {"GB"},
	"EURO": {"DE"},
}

// DialIn gives the default number of a meeting site: the first of the domain in the organisation's country, else the first of the
// region's own country, else the domain's first; "" with NoDialIn when there is none (WS-49).
func DialIn(country, region string, domain []DialInNumber) (number, warning string) {
	for _, in := range append([]string{strings.ToUpper(country)}, regions[strings.ToUpper(region)]...) {
		for _, n := range domain {
			if n.Country == in {
				return n.Number, ""
			}
		}
	}
	if len(domain) > 0 {
		return domain[0].Number, ""
	}
	return "", NoDialIn
}

// DialInCode gives the default calling code of a telephony region, "" for an unknown one (spec 4.5).
func DialInCode(region string) string {
	return map[string]string{"AMER": "+1", "APAC": "+65", "ANZ": "+61", "EMEA": "+44", "EURO": "+49"}[strings.ToUpper(region)]
}
