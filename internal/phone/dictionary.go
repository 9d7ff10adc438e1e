package phone

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/errs"
)

// Null as a value makes a Yealink phone take its default again [S wazo templates]; other makers have no such value.
const Null = "%NULL%"

// NewDictionary sorts the parameters by name; of two of one name the first stays.
func NewDictionary(maker, family, version string, parameters []Parameter) Dictionary {
	slices.SortStableFunc(parameters, func(a, b Parameter) int { return cmp.Compare(a.Name, b.Name) })
	parameters = slices.CompactFunc(parameters, func(a, b Parameter) bool { return a.Name == b.Name })
	return Dictionary{Maker: maker, Family: family, Version: version, Parameters: parameters}
}

// Find gives the parameter that is spelt exactly so.
func (d Dictionary) Find(name string) (Parameter, bool) {
	i, ok := slices.BinarySearchFunc(d.Parameters, name, func(p Parameter, n string) int { return cmp.Compare(p.Name, n) })
	if !ok {
		return Parameter{}, false
	}
	return d.Parameters[i], true
}

// Canonical gives a name in the spelling of the dictionary, whatever its case (DM-164); an unknown one as it is, and false.
// It reads the whole dictionary when the case is wrong: for many names make an index.
func (d Dictionary) Canonical(name string) (string, bool) {
	if _, ok := d.Find(name); ok {
		return name, true
	}
	for _, p := range d.Parameters {
		if strings.EqualFold(p.Name, name) {
			return p.Name, true
		}
	}
	return name, false
}

// Fault says why the dictionary does not allow a value; nil when it does. The field is named by the parameter. An empty value
// is allowed everywhere: phones take it for the default. So is Null.
func (p Parameter) Fault(value string) *errs.Field {
	if value == "" || value == Null {
		return nil
	}
	if p.MaxBytes > 0 && len(value) > p.MaxBytes {
		n := strconv.Itoa(p.MaxBytes)
		return &errs.Field{Name: p.Name, Code: "too_long", Message: "At most " + n + " characters.", Params: map[string]string{"max": n}}
	}
	if len(p.Allowed) > 0 && !slices.Contains(p.Allowed, value) {
		all := strings.Join(p.Allowed, ", ")
		return &errs.Field{Name: p.Name, Code: "unknown_value", Message: "Choose one of: " + all + ".", Params: map[string]string{"allowed": all}}
	}
	if p.Type == Integer {
		if f := p.integer(value); f != nil {
			return f
		}
	}
	if p.Pattern != "" {
		re, err := regexp.Compile("^(?:" + p.Pattern + ")$")
		if err == nil && !re.MatchString(value) {
			return &errs.Field{Name: p.Name, Code: "bad_form", Message: "The value does not have the form that this parameter needs."}
		}
	}
	return nil
}

func (p Parameter) integer(value string) *errs.Field {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return &errs.Field{Name: p.Name, Code: "value_not_a_number", Message: "This parameter takes a whole number."}
	}
	if p.Min != nil && n < *p.Min || p.Max != nil && n > *p.Max {
		low, high := "", ""
		if p.Min != nil {
			low = strconv.FormatInt(*p.Min, 10)
		}
		if p.Max != nil {
			high = strconv.FormatInt(*p.Max, 10)
		}
		return &errs.Field{Name: p.Name, Code: "out_of_range", Message: "A number from " + low + " to " + high + ".", Params: map[string]string{"min": low, "max": high}}
	}
	return nil
}
