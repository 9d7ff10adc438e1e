// Package profile owns configuration profiles: named sets of parameters for the phones of a maker, the containers that they are
// put into at every level of the tree, and the dictionaries that say which parameters a maker knows (DM-135 … DM-164).
//
// It must not know what a phone gets in the end: room config merges containers, lines and sites, and makers spell the result.
// It knows phones, sites and groups by their ids alone and asks rooms above, through small interfaces, whether one exists.
package profile

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Type says where a profile comes from, and with that what may be done with it (DM-136, table 11.1).
type Type string

// The types.
const (
	Platform Type = "platform" // the operator's, in all tenants; most of them come with the program (DM-140)
	User     Type = "user"     // made by people of a partner, sub-partner or customer
	Software Type = "software" // made when a software image becomes available
	Imported Type = "imported" // made by the import of devices, for one device alone (DM-155)
)

// Types lists them all.
var Types = []Type{Platform, User, Software, Imported}

// The modes: families of makers whose phones understand the same parameters (DM-138).
const (
	ModePoly    = "poly"
	ModeYealink = "yealink"
	ModeCisco   = "cisco"
	ModeGeneric = "generic"
)

// Modes lists them all.
var Modes = []string{ModePoly, ModeYealink, ModeCisco, ModeGeneric}

// generic are the makers without a mode of their own.
var generic = []string{"grandstream", "snom"}

// Fits says whether profiles of a mode are for phones of a maker.
func Fits(mode, maker string) bool { return mode != "" && mode == ModeOf(maker) }

// ModeOf gives the mode of a maker's phones; "" for a maker that has none.
func ModeOf(maker string) string {
	switch {
	case slices.Contains(generic, maker):
		return ModeGeneric
	case maker != ModeGeneric && slices.Contains(Modes, maker):
		return maker
	}
	return ""
}

// Attribute is a parameter and its value. Secrets are in clear here: whoever shows them masks them first (Masked).
type Attribute struct {
	Name, Value string
	File        string // id of a resource file whose address is the value; then Value is "" (DM-150)
	Secret      bool   // sealed at rest, masked in answers (decision 16)
}

// Profile is a named set of parameters. By design one profile does one thing (DM-135).
type Profile struct {
	ID          string
	TenantID    string
	TenantKind  access.TenantKind
	Scope       string
	Name        string
	Description string
	Mode        string
	Type        Type
	Builtin     bool   // comes with the program and goes with it; nobody changes it
	DeviceID    string // of an imported one: its only device
	ImageID     string // the software that it selects; "" none (DM-144)
	ImageLabel  string // name and version of that software as they were when it was chosen (DM-156)
	Attributes  []Attribute
	ModifiedBy  string  // who last changed a profile of people, by name; "" for the other types (DM-139)
	Created     db.Time // when it was made
	Updated     db.Time // installed, last changed, imported or generated (DM-139)
	Version     int64   // grows with every change; the ETag
}

// Template says whether the profile must be copied and completed before it can be used (DM-141).
func (p Profile) Template() bool { return p.Type == Platform && isTemplate(p.Name) }

// Get gives an attribute by its exact name.
func (p Profile) Get(name string) (Attribute, bool) {
	i, ok := slices.BinarySearchFunc(p.Attributes, name, func(a Attribute, n string) int { return strings.Compare(a.Name, n) })
	if !ok {
		return Attribute{}, false
	}
	return p.Attributes[i], true
}

// Mask is what stands for a secret in answers. Sent back it means that the value stays as it is.
const Mask = "••••••••"

// Masked is the profile as it may be shown: without the values of secrets.
func (p Profile) Masked() Profile {
	p.Attributes = slices.Clone(p.Attributes)
	for i := range p.Attributes {
		if p.Attributes[i].Secret {
			p.Attributes[i].Value = Mask
		}
	}
	return p
}

// The limits.
const (
	MaxProfiles   = 5000      // of a tenant, imported ones not counted
	MaxAttributes = 5000      // of a profile
	MaxValue      = 16 << 10  // bytes of one value
	MaxBytes      = 768 << 10 // of all names and values of a profile
)

// Patch is a change of a profile as a value: plans apply it without a database. nil leaves a field as it is.
type Patch struct {
	Name, Description, ImageID *string
	ImageLabel                 string      // of ImageID; filled in by Service.Prepare
	Set                        []Attribute // added or replaced; of one name the last counts (DM-149)
	Drop                       []string    // names to take away; one that is not there is no fault
	Replace                    bool        // Set is everything that the profile shall have
	Lenient                    bool        // values that a dictionary does not allow are findings, not refusals: files and imports (DM-109)
	IfVersion                  int64       // 0: whatever the version is
}

// With gives the profile as it is after the patch. It is pure: names and limits are checked here, dictionaries and makers by
// Service.Prepare, which also spells names as the dictionary does and tells secrets. A value that is Mask keeps the one there is.
func (p Profile) With(c Patch) (Profile, error) {
	var faults errs.Checker
	if c.Name != nil {
		p.Name = profileName(&faults, *c.Name, p)
	}
	if c.Description != nil {
		p.Description = faults.Lines("description", *c.Description, 0, 1024)
	}
	if c.ImageID != nil && *c.ImageID != p.ImageID {
		p.ImageID, p.ImageLabel = *c.ImageID, c.ImageLabel
	}
	if c.Set != nil || c.Drop != nil || c.Replace {
		p.Attributes = merged(&faults, p.Attributes, c)
	}
	return p, faults.Err()
}

func merged(faults *errs.Checker, have []Attribute, c Patch) []Attribute {
	old := make(map[string]Attribute, len(have))
	for _, a := range have {
		old[a.Name] = a
	}
	now := map[string]Attribute{}
	if !c.Replace {
		now = maps.Clone(old)
	}
	for _, name := range c.Drop {
		delete(now, name)
	}
	for _, a := range c.Set {
		if fault := a.fault(); fault.Code != "" {
			faults.Add(fault)
			continue
		}
		if a.Value == Mask {
			was, ok := old[a.Name]
			if !ok {
				faults.Add(errs.Field{Name: "attributes." + a.Name, Code: "masked_value", Message: "The dots stand for a value that is kept, and there is none. Give the value."})
				continue
			}
			a = was
		}
		now[a.Name] = a
	}
	size := 0
	for _, a := range now {
		size += len(a.Name) + len(a.Value) + len(a.File)
	}
	if len(now) > MaxAttributes || size > MaxBytes {
		faults.Add(errs.Field{Name: "attributes", Code: "profile_too_large", Message: "A profile has at most 5000 attributes and 768 kB."})
	}
	return slices.SortedFunc(maps.Values(now), func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
}

// fault says what is wrong with an attribute by itself; its code is "" when nothing is. What a maker cannot write is told by
// Service.Prepare.
func (a Attribute) fault() errs.Field {
	at := "attributes." + strings.ToValidUTF8(clip(a.Name, 80), "")
	switch {
	case !validName(a.Name):
		return errs.Field{Name: at, Code: "bad_attribute_name", Message: "The name of an attribute has no blanks, quotes, control characters, or any of < > & =."}
	case !phone.ValidText(a.Value):
		return errs.Field{Name: at, Code: "bad_attribute_text", Message: "The value has characters that cannot be written in the phones' files."}
	case len(a.Value) > MaxValue:
		return errs.Field{Name: at, Code: "value_too_long", Message: "A value has at most 16384 bytes."}
	case a.File != "" && a.Value != "":
		return errs.Field{Name: at, Code: "value_or_file", Message: "An attribute has a value or a file, not both."}
	}
	return errs.Field{}
}

// validName is what every maker's names have in common (DM-143).
func validName(s string) bool {
	return s != "" && len(s) <= phone.MaxName && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"'<>&=", r) })
}

func clip(s string, most int) string {
	if len(s) > most {
		return s[:most]
	}
	return s
}

// nameRule is DM-29 for profiles; fileRule the characters that no file name can have (DM-31); importRule what the import of
// devices keeps for itself (DM-260).
var (
	nameRule   = regexp.MustCompile(`^[A-Za-z0-9#.\-_()\[\]]+( [A-Za-z0-9#.\-_()\[\]]+)*$`)
	importRule = regexp.MustCompile(`(?i)^[a-z0-9-]+_csv_profile$`)
)

const (
	fileChars      = `/\:*?"<>|`
	templateSuffix = "-template" // in any case (AMB-18)
)

func isTemplate(name string) bool { return strings.HasSuffix(strings.ToLower(name), templateSuffix) }

// profileName checks a name that people give to p (DM-29, DM-31, DM-141, DM-260).
func profileName(c *errs.Checker, s string, p Profile) string {
	s = c.Text("name", s, 1, 128)
	switch {
	case c.Failed("name") || s == p.Name:
	case strings.ContainsAny(s, fileChars):
		c.Add(errs.Field{Name: "name", Code: "file_name_characters", Message: `The name is used as a file name and must not have any of / \ : * ? " < > |.`})
	case !nameRule.MatchString(s):
		c.Add(errs.Field{Name: "name", Code: "profile_name_characters", Message: "Only letters, digits, # . - _ ( ) [ ] and single spaces are allowed."})
	case importRule.MatchString(s):
		c.Add(errs.Field{Name: "name", Code: "reserved_profile_name", Message: "Names that end in _csv_profile belong to imports of devices."})
	case p.Type != Platform && isTemplate(s):
		c.Add(errs.Field{Name: "name", Code: "template_name", Message: "Only templates of the platform end in -TEMPLATE."})
	}
	return s
}
