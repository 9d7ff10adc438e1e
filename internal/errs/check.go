package errs

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones are the same on every machine
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// Checker collects the faults of one input, so that a person hears of all of them at once and nothing is half written.
// Each method gives the cleaned value back; it is only good when Err returns nil. The zero Checker is ready.
type Checker struct{ fields []Field }

// Add notes a fault that a caller found itself.
func (c *Checker) Add(f Field) { c.fields = append(c.fields, f) }

// Err gives all faults as one Invalid error, nil when there are none.
func (c *Checker) Err() error { return BadFields(c.fields) }

// Failed says whether a fault of this field has been noted.
func (c *Checker) Failed(name string) bool {
	return slices.ContainsFunc(c.fields, func(f Field) bool { return f.Name == name })
}

// Text checks one line of text of min to max characters (code points) after surrounding spaces are cut off. Control
// characters, bidirectional overrides and isolates, invisible characters and broken UTF-8 are refused, since they make one
// name look like another. With min 0 the text may be absent.
func (c *Checker) Text(name, s string, min, max int) string { return c.text(name, s, min, max, false) }

// Lines is Text that may hold line breaks, which come out as '\n'.
func (c *Checker) Lines(name, s string, min, max int) string {
	return c.text(name, strings.ReplaceAll(s, "\r\n", "\n"), min, max, true)
}

func (c *Checker) text(name, s string, min, max int, breaks bool) string {
	if !utf8.ValidString(s) {
		c.Add(Field{Name: name, Code: "bad_encoding", Message: "The text is not valid UTF-8."})
		return ""
	}
	s = strings.TrimSpace(s)
	n := utf8.RuneCountInString(s)
	switch {
	case min > 0 && !strings.ContainsFunc(s, inked):
		c.Add(Field{Name: name, Code: "required", Message: "This field must not be empty."})
	case n < min:
		c.Add(Field{Name: name, Code: "too_short", Message: "At least " + strconv.Itoa(min) + " characters.", Params: map[string]string{"min": strconv.Itoa(min)}})
	case n > max:
		c.Add(Field{Name: name, Code: "too_long", Message: "At most " + strconv.Itoa(max) + " characters.", Params: map[string]string{"max": strconv.Itoa(max)}})
	case strings.ContainsFunc(s, func(r rune) bool { return hidden(r) && !(breaks && r == '\n') }):
		c.Add(Field{Name: name, Code: "forbidden_character", Message: "The text holds a control character or an invisible mark. Type it again."})
	}
	return s
}

// hidden tells characters that a reader cannot see but that change what is seen or compared. Joiners (U+200C, U+200D) stay
// allowed: several scripts and emoji need them.
func hidden(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return true
	case r == '\u061c', r == '\u200b', r == '\u200e', r == '\u200f', r == '\ufeff', r == '\u00ad', r == '\u034f', r == '\u180e':
		return true
	case r == '\u115f', r == '\u1160', r == '\u17b4', r == '\u17b5', r == '\u2800', r == '\u3164', r == '\uffa0': // letters without ink
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u206f', r >= '\ufff9' && r <= '\ufffb', r >= 0xe0000 && r <= 0xe007f:
		return true
	}
	return unicode.Is(unicode.Co, r) || unicode.Is(unicode.Noncharacter_Code_Point, r)
}

// inked tells characters of which a reader sees something even when they stand alone.
func inked(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !hidden(r)
}

// Email checks a mailbox address as a person types it (user@host, RFC 5321 lengths) and gives it trimmed. Display names,
// comments and quoted local parts are refused. An empty text is a fault only when required.
func (c *Checker) Email(name, s string, required bool) string {
	min := 0
	if required {
		min = 1
	}
	s = c.text(name, s, min, 254, false)
	if s == "" || c.Failed(name) {
		return s
	}
	local, host, _ := strings.Cut(s, "@")
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > 254 || len(local) > 64 || strings.ContainsAny(s, "\"()<>[]:;,\\ ") || !hostname(host) {
		c.Add(Field{Name: name, Code: "bad_email", Message: "This is not an e-mail address."})
	}
	return s
}

// hostname says whether s looks like the host of a mailbox: dotted labels of letters, digits and inner hyphens. Letters of
// any script are right (RFC 5890).
func hostname(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, notInHost) {
			return false
		}
	}
	return len(s) <= 253
}

func notInHost(r rune) bool {
	return r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}

// Phone checks a phone number: E.164 or free text of at most 32 characters that holds a digit (CH-11). It may be empty.
func (c *Checker) Phone(name, s string) string {
	s = c.text(name, s, 0, 32, false)
	if s != "" && !c.Failed(name) && !strings.ContainsFunc(s, unicode.IsDigit) {
		c.Add(Field{Name: name, Code: "bad_phone", Message: "A phone number needs at least one digit."})
	}
	return s
}

// OneOf checks that s is one of the allowed values.
func (c *Checker) OneOf(name, s string, allowed ...string) string {
	if !slices.Contains(allowed, s) {
		c.Add(Field{Name: name, Code: "unknown_value", Message: "Choose one of: " + strings.Join(allowed, ", ") + ".",
			Params: map[string]string{"allowed": strings.Join(allowed, ", ")}})
	}
	return s
}

// Range checks that n lies in min..max, both included.
func (c *Checker) Range(name string, n, min, max int64) int64 {
	if n < min || n > max {
		c.Add(Field{Name: name, Code: "out_of_range", Message: "A number from " + strconv.FormatInt(min, 10) + " to " + strconv.FormatInt(max, 10) + ".",
			Params: map[string]string{"min": strconv.FormatInt(min, 10), "max": strconv.FormatInt(max, 10)}})
	}
	return n
}

// Country checks an ISO 3166-1 alpha-2 code and gives it in capitals. It may be empty.
func (c *Checker) Country(name, s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if s != "" && !countries[s] {
		c.Add(Field{Name: name, Code: "unknown_country", Message: "This is not a country code of ISO 3166, for example DE."})
	}
	return s
}

// Countries lists the ISO 3166-1 alpha-2 codes in order, for pickers.
func Countries() []string { return strings.Fields(iso3166) }

var countries = func() map[string]bool {
	m := map[string]bool{}
	for _, code := range Countries() {
		m[code] = true
	}
	return m
}()

const iso3166 = `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF
GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW
KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL
NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST
SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`

// TimeZone checks an IANA time zone name such as Europe/Berlin. It may be empty.
func (c *Checker) TimeZone(name, s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		c.Add(Field{Name: name, Code: "unknown_time_zone", Message: "This is not a time zone, for example Europe/Berlin."})
	}
	return s
}

// Locale checks a BCP 47 language tag such as en or zh-CN and gives it in its usual spelling. It may be empty.
func (c *Checker) Locale(name, s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}
	tag, err := language.Parse(s)
	if err != nil || len(s) > 35 {
		c.Add(Field{Name: name, Code: "unknown_locale", Message: "This is not a language code, for example en or zh-CN."})
		return s
	}
	return tag.String()
}
