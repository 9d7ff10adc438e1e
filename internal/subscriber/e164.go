package subscriber

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"linecard/internal/errs"
)

var errNotE164 = errs.New(errs.Invalid, "bad_number", "This is not a phone number, for example +493012345.")

// E164 gives a number as a platform knows it: +, country code and subscriber number (WS-110). What is written nationally is read with the
// country, "" for none. Anything that no numbering plan has is Invalid (bad_number) without a field.
func E164(text, country string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > 40 {
		return "", errNotE164
	}
	if country == "" {
		country = "ZZ"
	}
	n, err := phonenumbers.Parse(text, country)
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsPossibleNumber(n) || !phonenumbers.IsValidNumber(n) {
		return "", errNotE164
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}
