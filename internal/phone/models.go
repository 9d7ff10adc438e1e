package phone

import (
	"slices"
	"strconv"
	"strings"
)

// Model is what is known of one kind of phone (DM-339). Rules that depend on the model are read from here and nowhere else
// (DM-340).
type Model struct {
	Name   string `json:"name"`   // as Recognise spells it: "VVX450", "T54W", "CP-8841-3PCC"
	Family string `json:"family"` // as people know it: "VVX", "T5", "8800"
	// Lines is how many registrations it has, Keys how many keys on itself, Modules how many expansion modules with ModuleKeys
	// keys each. 0: none, or not known.
	Lines      int       `json:"lines,omitempty"`
	Keys       int       `json:"keys,omitempty"`
	Modules    int       `json:"modules,omitempty"`
	ModuleKeys int       `json:"module_keys,omitempty"`
	Identifier string    `json:"identifier"` // what the phone calls itself by: "mac" or "serial"
	Abilities  []Ability `json:"abilities,omitempty"`
}

// Ability is one thing that a model can do, and since which software.
type Ability struct {
	Name     Capability `json:"name"`
	Firmware string     `json:"firmware,omitempty"` // range as Covers reads it; "" always
}

// Capability names an ability.
type Capability string

// The capabilities. LegacyTLS says that software in the range has no TLS 1.2 (DM-335).
const (
	RESTAPI     Capability = "rest_api"
	CheckSync   Capability = "check_sync"
	LegacyTLS   Capability = "legacy_tls"
	LicenceFree Capability = "licence_free"
)

// Catalogue is an ability of makers that list their models.
type Catalogue interface{ Models() []Model }

// Models lists what a maker knows of its models, sorted by name; nil when it lists none.
func Models(r Renderer) []Model {
	if c, ok := r.(Catalogue); ok {
		return c.Models()
	}
	return nil
}

// Find gives the model of this name; false for one that is not listed. Case, blanks, - and _ do not count, nor do brands: people
// type "VVX 450", "SIP-T54W" and "Cisco 8841".
func Find(models []Model, name string) (Model, bool) {
	want := plainModel(name)
	i := slices.IndexFunc(models, func(m Model) bool { return plainModel(m.Name) == want })
	if i < 0 || want == "" {
		return Model{}, false
	}
	return models[i], true
}

var separators = strings.NewReplacer(" ", "", "-", "", "_", "")

func plainModel(name string) string {
	name = strings.ToUpper(separators.Replace(name))
	for _, brand := range []string{"POLYCOM", "REALPRESENCE", "POLY", "YEALINK", "CISCO", "SIP"} {
		if cut, ok := strings.CutPrefix(name, brand); ok && cut != "" {
			name = cut
		}
	}
	if cut, ok := strings.CutSuffix(name, "3PCC"); ok { // only multiplatform phones are here, and nobody types it
		name = strings.TrimPrefix(cut, "CP")
	}
	return name
}

// Can says whether software of this version can do it. An unknown version ("") can do what the newest can.
func (m Model) Can(c Capability, version string) bool {
	return slices.ContainsFunc(m.Abilities, func(a Ability) bool { return a.Name == c && Covers(a.Firmware, version) })
}

// Covers says whether a range of software versions, as ">=5.9", "<6.4", ">=5.9 <6.4" or "V83-V86", holds a version. "" holds
// all. V and a number is the generation, which Yealink writes as the second number of a version. An unknown version lies
// after all others; a range that cannot be read holds nothing.
func Covers(firmware, version string) bool {
	for _, part := range strings.Fields(firmware) {
		if from, to, ok := strings.Cut(part, "-"); ok {
			if !Covers(">="+from, version) || !Covers("<="+to, version) {
				return false
			}
			continue
		}
		op := part[:len(part)-len(strings.TrimLeft(part, "<>="))]
		bound := part[len(op):]
		c := compareVersions(version, bound)
		if version == "" {
			c = 1
		}
		switch {
		case bound == "":
			return false
		case op == ">=" && c >= 0, op == "<=" && c <= 0, op == ">" && c > 0, op == "<" && c < 0, op == "=" && c == 0:
		default:
			return false
		}
	}
	return true
}

// compareVersions compares number by number as far as the bound goes: 6.4.7.4560 equals 6.4.
func compareVersions(version, bound string) int {
	numbers := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	}
	have, want := numbers(version), numbers(bound)
	if strings.HasPrefix(bound, "V") && len(have) > 1 {
		have = have[1:2]
	}
	for i, w := range want {
		h := 0
		if i < len(have) {
			h, _ = strconv.Atoi(have[i])
		}
		n, _ := strconv.Atoi(w)
		if h != n {
			return h - n
		}
	}
	return 0
}
