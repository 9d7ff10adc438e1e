package profile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/phone"
)

// Finding is what a dictionary thinks of an attribute. It never keeps a parameter from going to phones by itself (DM-109): an
// unknown name is a remark, and a value that is not allowed is refused only while people type it (DM-145).
type Finding struct {
	Name    string // of the attribute
	Code    string // unknown_attribute, value_not_allowed, value_out_of_range, value_not_integer, value_pattern, value_too_long
	Message string
	Remark  bool // nothing is wrong: the dictionary just does not know the name ("custom", DM-146)
}

// index is a dictionary that can be searched.
type index struct {
	phone.Dictionary
	exact map[string]int
	fold  map[string]int // by the name in lower case
	lower []string       // names in lower case, in the order of Parameters
}

func newIndex(d phone.Dictionary) *index {
	x := &index{Dictionary: d, exact: make(map[string]int, len(d.Parameters)), fold: make(map[string]int, len(d.Parameters)), lower: make([]string, len(d.Parameters))}
	for i, p := range d.Parameters {
		x.exact[p.Name] = i
		x.lower[i] = strings.ToLower(p.Name)
		if _, twice := x.fold[x.lower[i]]; !twice {
			x.fold[x.lower[i]] = i
		}
	}
	return x
}

// Schema is the dictionaries in force for a profile, the nearest first. The zero Schema knows nothing.
type Schema struct{ ranks []*index }

// Find gives a parameter by its name in any case (DM-164); a name spelt exactly like this is preferred.
func (s Schema) Find(name string) (phone.Parameter, bool) {
	for _, x := range s.ranks {
		if i, ok := x.exact[name]; ok {
			return x.Parameters[i], true
		}
	}
	lower := strings.ToLower(name)
	for _, x := range s.ranks {
		if i, ok := x.fold[lower]; ok {
			return x.Parameters[i], true
		}
	}
	return phone.Parameter{}, false
}

// Canonical gives a name as the dictionaries spell it; one that they do not know stays as it is (DM-164).
func (s Schema) Canonical(name string) string {
	if p, ok := s.Find(name); ok {
		return p.Name
	}
	return name
}

// MostFound bounds how many parameters a search gives.
const MostFound = 200

// Search finds parameters whose name contains the text in any case (DM-145), sorted by name, at most MostFound.
func (s Schema) Search(text string) []phone.Parameter {
	text = strings.ToLower(text)
	seen := map[string]bool{}
	var out []phone.Parameter
	for _, x := range s.ranks {
		for i, name := range x.lower {
			if strings.Contains(name, text) && !seen[x.Parameters[i].Name] {
				seen[x.Parameters[i].Name] = true
				out = append(out, x.Parameters[i])
			}
		}
	}
	slices.SortFunc(out, func(a, b phone.Parameter) int { return strings.Compare(a.Name, b.Name) })
	return out[:min(len(out), MostFound)]
}

// Validate says what the dictionaries think of an attribute; its code is "" when they find nothing. A value with a variable in it
// ($, DM-184) and a linked file are not looked into.
func (s Schema) Validate(a Attribute) Finding {
	p, ok := s.Find(a.Name)
	switch {
	case !ok && len(s.ranks) == 0:
		return Finding{}
	case !ok:
		return Finding{Name: a.Name, Code: "unknown_attribute", Message: "No dictionary knows this attribute. It is sent all the same.", Remark: true}
	case a.File != "" || a.Value == "" || a.Value == Mask || strings.Contains(a.Value, "$"):
		return Finding{}
	}
	code, message := judge(p, a.Value)
	if code == "" {
		return Finding{}
	}
	return Finding{Name: a.Name, Code: code, Message: message}
}

func judge(p phone.Parameter, value string) (code, message string) {
	switch p.Type {
	case phone.Integer:
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case err != nil:
			return "value_not_integer", "The value must be a whole number."
		case p.Min != nil && n < *p.Min || p.Max != nil && n > *p.Max:
			return "value_out_of_range", "The value must be a number " + span(p) + "."
		}
	case phone.Boolean, phone.Enum:
		if len(p.Allowed) > 0 && !slices.ContainsFunc(p.Allowed, func(s string) bool { return strings.EqualFold(s, value) }) {
			return "value_not_allowed", "Choose one of: " + strings.Join(p.Allowed[:min(len(p.Allowed), 40)], ", ") + "."
		}
	}
	if p.MaxBytes > 0 && len(value) > p.MaxBytes {
		return "value_too_long", "The value has at most " + strconv.Itoa(p.MaxBytes) + " bytes."
	}
	if p.Pattern != "" {
		if re, err := regexp.Compile(`^(?:` + p.Pattern + `)$`); err == nil && !re.MatchString(value) {
			return "value_pattern", "The value does not have the form " + p.Pattern + "."
		}
	}
	return "", ""
}

func span(p phone.Parameter) string {
	switch {
	case p.Min != nil && p.Max != nil:
		return "from " + strconv.FormatInt(*p.Min, 10) + " to " + strconv.FormatInt(*p.Max, 10)
	case p.Min != nil:
		return "of at least " + strconv.FormatInt(*p.Min, 10)
	}
	return "of at most " + strconv.FormatInt(*p.Max, 10)
}
