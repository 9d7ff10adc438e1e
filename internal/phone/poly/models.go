package poly

import (
	"slices"
	"strings"

	"linecard/internal/phone"
)

// models are those that DM-339 asks for and those seen in logs. Keys and expansion modules are from wazo_polycom and the fact sheet
// [S]; how many registrations a model takes is in no source but for the VVX 101, so it is 0 where it is not known.
var models = catalogue()

// sets lists models by family: name, lines, keys, modules of 40 keys.
var sets = []struct {
	family string
	models string
}{
	{"VVX", "VVX101/1/2/0 VVX150/0/2/0 VVX200/0/2/0 VVX201/0/2/0 VVX250/0/4/0 VVX300/0/6/3 VVX301/0/6/3 VVX310/0/6/3 VVX311/0/6/3 VVX350/0/6/0 VVX400/0/12/3 " +
		"VVX401/0/12/3 VVX410/0/12/3 VVX411/0/12/3 VVX450/0/12/3 VVX500/0/12/3 VVX501/0/12/3 VVX600/0/16/3 VVX601/0/16/3 VVX1500/0/6/0 VVXD60/0/0/0"},
	{"Edge E", "EdgeE100/0/0/0 EdgeE220/0/0/0 EdgeE300/0/0/0 EdgeE320/0/0/0 EdgeE350/0/0/0 EdgeE400/0/0/0 EdgeE450/0/0/0 EdgeE500/0/0/0 EdgeE550/0/0/0"},
	{"CCX", "CCX400/0/0/0 CCX500/0/0/0 CCX505/0/0/0 CCX600/0/0/0 CCX700/0/0/0"},
	{"Trio", "Trio8300/0/0/0 Trio8500/0/0/0 Trio8800/0/0/0 TrioC60/0/0/0 TrioVisualPlus/0/0/0"},
	{"SoundPoint IP", "SPIP300/0/0/0 SPIP301/0/0/0 SPIP320/0/0/0 SPIP321/0/0/0 SPIP330/0/0/0 SPIP331/0/0/0 SPIP335/0/0/0 SPIP430/0/0/0 SPIP450/0/2/0 SPIP500/0/0/0 " +
		"SPIP501/0/0/0 SPIP550/0/3/0 SPIP560/0/3/0 SPIP600/0/0/0 SPIP601/0/0/0 SPIP650/0/6/0 SPIP670/0/6/0"},
	{"SoundStation IP", "SSIP4000/0/0/0 SSIP5000/0/0/0 SSIP6000/0/0/0 SSIP7000/0/0/0 SSDuo/0/0/0"},
	{"SoundStructure", "SoundStructure/0/0/0"},
	{"CX", "CX5100/0/0/0 CX5500/0/0/0"},
	{"Studio", "Studio/0/0/0"},
}

func catalogue() []phone.Model {
	var all []phone.Model
	for _, set := range sets {
		for _, entry := range strings.Fields(set.models) {
			m := phone.Model{Family: set.family, Identifier: "mac", Abilities: abilities(set.family)}
			m.Name, m.Lines, m.Keys, m.Modules = fields(entry)
			if m.Modules > 0 {
				m.ModuleKeys = 40
			}
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b phone.Model) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// fields reads name/lines/keys/modules.
func fields(entry string) (name string, lines, keys, modules int) {
	parts := strings.Split(entry, "/")
	return parts[0], number(parts[1]), number(parts[2]), number(parts[3])
}

func number(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// abilities of a family. The REST interface is documented from 5.8 and needs more on newer families [S community tool]; all listen to
// check-sync [S]; software without TLS 1.2 is from field notes [S].
func abilities(family string) []phone.Ability {
	sync := phone.Ability{Name: phone.CheckSync}
	switch family {
	case "VVX":
		return []phone.Ability{sync, {Name: phone.LegacyTLS, Firmware: "<5.9"}, {Name: phone.RESTAPI, Firmware: ">=5.9"}}
	case "Trio":
		return []phone.Ability{sync, {Name: phone.RESTAPI, Firmware: ">=7.2"}}
	case "CCX", "Edge E":
		return []phone.Ability{sync, {Name: phone.RESTAPI, Firmware: ">=8.0"}}
	case "SoundPoint IP":
		return []phone.Ability{sync, {Name: phone.LegacyTLS, Firmware: "<4.0.15"}}
	case "SoundStation IP":
		return []phone.Ability{sync, {Name: phone.LegacyTLS, Firmware: "<4.0.15"}}
	}
	return nil
}

// flexible says whether keys of a model can be placed by lineKey.N [S VVX and Edge templates, wazo for the others not]; an
// unknown model is taken for a new one.
func flexible(m phone.Model) bool {
	switch {
	case m.Name == "VVX101", m.Name == "VVX150", m.Name == "VVX1500": // I: too few or too old keys
		return false
	}
	return m.Family == "" || m.Family == "VVX" || m.Family == "CCX" || m.Family == "Edge E"
}
