package device

import (
	"strings"

	"linecard/internal/errs"
)

// Family is a type of devices as people and files name it (DM-244).
type Family struct {
	Name     string
	maker    string
	bySerial bool // its serial number is its identity (DM-3)
}

// Families are the types that files and people may name. The first seven are those of the guide, the others one for each further
// maker.
var Families = []Family{
	{Name: "VVX", maker: "poly"}, {Name: "SoundStation", maker: "poly"}, {Name: "SoundPoint", maker: "poly"},
	{Name: "SoundStructure VoIP Interface", maker: "poly"}, {Name: "Poly Trio", maker: "poly"}, {Name: "CX", maker: "poly"},
	{Name: "Poly Studio", maker: "poly", bySerial: true},
	{Name: "CCX", maker: "poly"}, {Name: "Edge E", maker: "poly"},
	{Name: "Yealink", maker: "yealink"}, {Name: "Cisco", maker: "cisco"}, {Name: "Grandstream", maker: "grandstream"}, {Name: "Snom", maker: "snom"},
}

// FamilyNames lists the types, for messages and pickers.
func FamilyNames() []string {
	out := make([]string, len(Families))
	for i, f := range Families {
		out[i] = f.Name
	}
	return out
}

// familyOf finds a type by its name in any case; the zero one for "". Another name is Invalid and names the field "family".
func familyOf(s string) (Family, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Family{}, nil
	}
	for _, f := range Families {
		if strings.EqualFold(f.Name, s) {
			return f, nil
		}
	}
	names := strings.Join(FamilyNames(), ", ")
	err := errs.BadField("family", "unknown_value", "Choose one of: "+names+".")
	err.Fields[0].Params = map[string]string{"allowed": names}
	return Family{}, err
}

// serial checks a serial number (DM-243): 1 to 32 letters and digits, kept in lower case. It may be absent where it is not the identity.
func serial(c *errs.Checker, field, s string, needed bool) string {
	s = strings.ToLower(strings.TrimSpace(s))
	switch {
	case s == "" && needed:
		c.Add(errs.Field{Name: field, Code: "required", Message: "This field must not be empty."})
	case len(s) > 32 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") != "":
		c.Add(errs.Field{Name: field, Code: "bad_serial", Message: "A serial number has 1 to 32 letters and digits, without colons and hyphens."})
	}
	return s
}
