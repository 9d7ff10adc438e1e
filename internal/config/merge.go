package config

import (
	"cmp"
	"slices"

	"linecard/internal/phone"
)

// Container says where a value of a phone's configuration stands. Their order is the order of the constants, highest first
// (architecture, section 5).
type Container string

// The containers.
const (
	Enforced Container = "enforced" // what operator or partners demand
	Identity Container = "identity" // who the phone's lines are, and its own provisioning account
	OfDevice Container = "device"   // profiles of the phone, the one of its CSV first
	OfLine   Container = "line"     // labels, names and keys
	OfSite   Container = "site"
	OfModel  Container = "model"
	OfGroup  Container = "group"
	Global   Container = "global"
	Defaults Container = "defaults" // of sub-partner, partner, operator
	OfMaker  Container = "maker"    // what phones of this maker always get
)

// Origin names what a value comes from.
type Origin struct {
	Container Container
	TenantID  string // whose container; "" for what no profile says
	Key       string // id of the device, site or group, or the model; "-" where there is only one
	ProfileID string // "" for what no profile says
}

// Value is a parameter of a phone, where it comes from, and what it overrules.
type Value struct {
	phone.Setting
	Origin
	Overruled []Losing // highest first; only when asked for
}

// Losing is a value that something higher overrules.
type Losing struct {
	Value string
	Origin
}

// layer is one set of settings at one place. Names are unique in it.
type layer struct {
	Origin
	settings []phone.Setting
	image    string // id of the software that its profile selects; "" none
	label    string // how the profile names it
}

// merge puts layers together, the highest first: for each name the first value counts, and an empty one is a value (DM-163).
// The result is sorted by name. With losers every value names what it overrules.
func merge(layers []layer, losers bool) []Value {
	n := 0
	for _, l := range layers {
		n += len(l.settings)
	}
	out := make([]Value, 0, n)
	at := make(map[string]int, n)
	for _, l := range layers {
		for _, s := range l.settings {
			i, known := at[s.Name]
			switch {
			case !known:
				at[s.Name] = len(out)
				out = append(out, Value{Setting: s, Origin: l.Origin})
			case losers && !sameProfile(out[i], l.Origin):
				out[i].Overruled = append(out[i].Overruled, Losing{Value: s.Value, Origin: l.Origin})
			}
		}
	}
	slices.SortFunc(out, byName)
	return out
}

func byName(a, b Value) int { return cmp.Compare(a.Name, b.Name) }

// sameProfile says whether the value is of a profile that occurs twice: its first occurrence counts, and it does not overrule
// itself.
func sameProfile(v Value, o Origin) bool { return o.ProfileID != "" && v.ProfileID == o.ProfileID }

// over lays high over base; both are sorted by name. It keeps no losers.
func over(high, base []Value) []Value {
	out := make([]Value, 0, len(high)+len(base))
	for len(high) > 0 && len(base) > 0 {
		switch c := byName(high[0], base[0]); {
		case c < 0:
			out, high = append(out, high[0]), high[1:]
		case c > 0:
			out, base = append(out, base[0]), base[1:]
		default:
			out, high, base = append(out, high[0]), high[1:], base[1:]
		}
	}
	return append(append(out, high...), base...)
}

// find gives the place of a parameter in values that are sorted by name.
func find(values []Value, name string) (int, bool) {
	return slices.BinarySearchFunc(values, name, func(v Value, n string) int { return cmp.Compare(v.Name, n) })
}
