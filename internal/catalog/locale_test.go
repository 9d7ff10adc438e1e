package catalog_test

import (
	"testing"

	"linecard/internal/catalog"
	"linecard/internal/errs"
)

// WS-50 … WS-53: the vectors of WS-51 by number; no organisation means that the language is refused.
var localeVectors = []struct {
	asked, country, language    string // of the request; of the template
	organisation, site, warning string
}{
	{"en_US", "US", "en", "en_US", "en_US", ""},                // 1
	{"fr_CA", "US", "en", "fr_CA", "fr_CA", ""},                // 2
	{"en", "US", "en", "en_US", "en_US", ""},                   // 3
	{"en", "GB", "en", "en_GB", "en_GB", ""},                   // 4
	{"en", "AU", "en", "en_AU", "en_AU", ""},                   // 5
	{"en", "CA", "fr", "en_CA", "en_CA", ""},                   // 6
	{"en", "DE", "de", "en_US", "en_US", ""},                   // 7
	{"en", "NZ", "en", "en_US", "en_US", ""},                   // 8
	{"fr", "CA", "en", "fr_CA", "fr_CA", ""},                   // 9
	{"fr", "FR", "fr", "fr_FR", "fr_FR", ""},                   // 10
	{"fr", "BE", "fr", "fr_FR", "fr_FR", ""},                   // 11
	{"fr", "US", "en", "fr_FR", "fr_FR", ""},                   // 12
	{"es", "ES", "es", "es_ES", "es_ES", ""},                   // 13
	{"es", "MX", "es", "es_MX", "es_MX", ""},                   // 14
	{"es", "CO", "es", "es_CO", "en_US", ""},                   // 15
	{"es", "AR", "es", "es_ES", "es_ES", ""},                   // 16
	{"es", "US", "en", "es_ES", "es_ES", ""},                   // 17
	{"es_CO", "US", "en", "es_CO", "en_US", ""},                // 18
	{"pt", "BR", "pt", "pt_BR", "pt_BR", ""},                   // 19
	{"pt", "PT", "pt", "pt_PT", "en_US", ""},                   // 20
	{"pt", "US", "en", "pt_PT", "en_US", ""},                   // 21
	{"pt_BR", "PT", "pt", "pt_BR", "pt_BR", ""},                // 22
	{"zh", "CN", "zh", "zh_CN", "zh_CN", ""},                   // 23
	{"zh", "TW", "zh", "zh_TW", "zh_TW", ""},                   // 24
	{"zh", "SG", "en", "zh_CN", "zh_CN", ""},                   // 25
	{"zh_TW", "CN", "zh", "zh_TW", "zh_TW", ""},                // 26
	{"de", "AT", "de", "de_DE", "de_DE", ""},                   // 27
	{"de", "CH", "fr", "de_DE", "de_DE", ""},                   // 28
	{"nb", "NO", "nb", "nb_NO", "en_US", ""},                   // 29
	{"nb", "SE", "sv", "nb_NO", "en_US", ""},                   // 30
	{"id", "ID", "id", "id_ID", "en_US", ""},                   // 31
	{"id", "SG", "en", "id_ID", "en_US", ""},                   // 32
	{"ja", "JP", "ja", "ja_JP", "ja_JP", ""},                   // 33
	{"ko", "US", "en", "ko_KR", "ko_KR", ""},                   // 34
	{"cs", "CZ", "cs", "cs_CZ", "cs_CZ", ""},                   // 35
	{"da", "DK", "da", "da_DK", "da_DK", ""},                   // 36
	{"hu", "HU", "hu", "hu_HU", "hu_HU", ""},                   // 37
	{"it", "CH", "de", "it_IT", "it_IT", ""},                   // 38
	{"nl", "BE", "fr", "nl_NL", "nl_NL", ""},                   // 39
	{"pl", "PL", "pl", "pl_PL", "pl_PL", ""},                   // 40
	{"ru", "RU", "ru", "ru_RU", "ru_RU", ""},                   // 41
	{"ro", "RO", "ro", "ro_RO", "ro_RO", ""},                   // 42
	{"sv", "SE", "sv", "sv_SE", "sv_SE", ""},                   // 43
	{"ar", "SA", "ar", "ar_SA", "ar_SA", ""},                   // 44
	{"ar", "AE", "ar", "ar_SA", "ar_SA", ""},                   // 45
	{"tr", "TR", "tr", "tr_TR", "tr_TR", ""},                   // 46
	{"", "CA", "fr", "fr_CA", "fr_CA", ""},                     // 47
	{"", "US", "en", "en_US", "en_US", ""},                     // 48
	{"", "BR", "pt_BR", "pt_BR", "pt_BR", ""},                  // 49
	{"", "DE", "", "en_US", "en_US", ""},                       // 50
	{"EN-us", "US", "en", "en_US", "en_US", ""},                // 51
	{"fr_BE", "BE", "fr", "fr_FR", "en_US", "locale_fallback"}, // 52
	{"xx", "DE", "de", "de_DE", "en_US", "locale_fallback"},    // 53
	{"xx_YY", "DE", "de", "de_DE", "en_US", "locale_fallback"}, // 54
	{"english", "US", "en", "", "", ""},                        // 55
	{"e", "US", "en", "", "", ""},                              // 56
	{"en_USA", "US", "en", "", "", ""},                         // 57
}

func TestEveryLanguageResolvesAsTheVectorsSay(t *testing.T) {
	if len(localeVectors) != 57 {
		t.Fatalf("%d vectors", len(localeVectors))
	}
	for n, v := range localeVectors {
		got, err := catalog.Locale(v.asked, v.country, v.language)
		if v.organisation == "" {
			if errs.KindOf(orInternal(err)) != errs.Invalid || errs.As(err).Fields[0].Code != "invalid_locale" {
				t.Errorf("%d: %+v, %v", n+1, got, err)
			}
			continue
		}
		if want := (catalog.Locales{Organisation: v.organisation, Site: v.site, Warning: v.warning}); err != nil || got != want {
			t.Errorf("%d: %+v, %v; want %+v", n+1, got, err, want)
		}
	}
}

func orInternal(err error) error {
	if err == nil {
		return errs.New(errs.Internal, "internal", "no error")
	}
	return err
}

// WS-50: all 29 are taken as they are; WS-52: four of them have no meeting site.
func TestEachSupportedLocaleIsTakenUnchanged(t *testing.T) {
	n, english := 0, 0
	for _, l := range catalog.Languages() {
		for _, locale := range l.Locales {
			n++
			got, err := catalog.Locale(locale, "ZZ", "")
			if err != nil || got.Organisation != locale || got.Warning != "" {
				t.Errorf("%s: %+v, %v", locale, got, err)
			}
			if got.Site != locale {
				english++
			}
		}
	}
	if n != 29 || len(catalog.Languages()) != 21 || english != 4 {
		t.Errorf("%d locales in %d languages, %d without a meeting site", n, len(catalog.Languages()), english)
	}
}

// WS-49: its nine vectors.
func TestTheDialInNumberFollowsTheCountryThenTheRegion(t *testing.T) {
	n := func(s ...string) (all []catalog.DialInNumber) {
		for i := 0; i < len(s); i += 2 {
			all = append(all, catalog.DialInNumber{Country: s[i], Number: s[i+1]})
		}
		return all
	}
	for i, v := range []struct {
		country, region string
		domain          []catalog.DialInNumber
		want, warning   string
	}{
		{"FR", "EURO", n("DE", "+4969100", "FR", "+33170100", "FR", "+33170200"), "+33170100", ""},
		{"FR", "EURO", n("DE", "+4969100", "IT", "+39020100"), "+4969100", ""},
		{"NZ", "ANZ", n("AU", "+61280100"), "+61280100", ""},
		{"NZ", "ANZ", n("AU", "+61280100", "NZ", "+6490100"), "+6490100", ""},
		{"JP", "APAC", n("SG", "+6531580100", "HK", "+85230100"), "+6531580100", ""},
		{"BR", "AMER", n("US", "+14155550100", "CA", "+16135550100"), "+14155550100", ""},
		{"CA", "AMER", n("US", "+14155550100", "CA", "+16135550100"), "+16135550100", ""},
		{"AE", "EMEA", n("GB", "+442030100"), "+442030100", ""},
		{"AE", "EMEA", nil, "", "no_default_dial_in"},
	} {
		if got, warning := catalog.DialIn(v.country, v.region, v.domain); got != v.want || warning != v.warning {
			t.Errorf("%d: %q %q", i+1, got, warning)
		}
	}
}
