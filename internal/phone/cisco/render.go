package cisco

import (
	"fmt"
	"strconv"
	"strings"

	"linecard/internal/phone"
	"linecard/internal/phone/flatxml"
)

// Files names what a phone can ask for: at first contact the name of its model, where the User-Agent says which phone it is,
// and later or by the rule its own. All hold the same, so either rule is right, and no rule is changed here.
func (maker) Files(in phone.Inputs) []string {
	own := []string{in.MAC.String() + ".xml", in.MAC.String() + ".cfg"}
	if psn, ok := strings.CutPrefix(in.Model, "CP-"); ok && short.MatchString(psn+".xml") {
		return append([]string{psn + ".xml"}, own...)
	}
	return own
}

// Render makes the files of Files; any other name is NotFound.
func (m maker) Render(name string, in phone.Inputs) (phone.File, error) {
	for _, f := range m.Files(in) {
		if f == name {
			return m.render(in)
		}
	}
	return phone.File{}, phone.ErrNoFile
}

func (m maker) render(in phone.Inputs) (phone.File, error) {
	root := flatxml.Element{Name: "flat-profile"} // [S guides]
	for _, s := range withImage(in, in.Complete(m.Gone)) {
		// ua="na": nobody changes it on the phone [S guides, examples].
		root.Children = append(root.Children, flatxml.Element{Name: s.Name, Text: s.Value, Attributes: []flatxml.Attribute{{Name: "ua", Value: "na"}}})
	}
	body, err := flatxml.Bytes(root)
	if err != nil {
		return phone.File{}, err
	}
	return phone.File{Body: body, ContentType: flatxml.ContentType}, nil
}

// withImage names the chosen software, unless a setting does. A rule without a scheme would mean TFTP [S]: a path is put under the
// address of the profile rule that the phone is told, and left out when it is told none.
func withImage(in phone.Inputs, all []phone.Setting) []phone.Setting {
	const rule, enable = "Upgrade_Rule", "Upgrade_Enable"
	enabled, server := false, ""
	for _, s := range all {
		switch s.Name {
		case rule:
			return all
		case enable:
			enabled = true
		case "Profile_Rule":
			server = folder(s.Value)
		}
	}
	address := in.Image.Under(server)
	if address == "" {
		return all
	}
	if !enabled {
		all = append(all, phone.Setting{Name: enable, Value: "Yes"})
	}
	return phone.ByName(append(all, phone.Setting{Name: rule, Value: address}))
}

// folder is where the profile of a simple rule lies: [options] https://host/p/$MA.xml. "" for a rule with alternatives, or without an
// address.
func folder(rule string) string {
	if strings.ContainsAny(rule, "|?") {
		return ""
	}
	if i := strings.LastIndexByte(rule, ']'); i >= 0 {
		rule = rule[i+1:]
	}
	rule = strings.TrimSpace(rule)
	scheme := strings.Index(rule, "://")
	last := strings.LastIndexByte(rule, '/')
	if scheme < 0 || last < scheme+3 {
		return ""
	}
	return rule[:last]
}

// Defaults are what every phone gets, each with its source. MPP 11.0 and later; the SPA guides know all of them, too.
func (maker) Defaults(in phone.Inputs) []phone.Setting {
	at := fmt.Sprintf("%02d%02d", int(in.Poll.Start)/60, int(in.Poll.Start)%60)
	return phone.ByName([]phone.Setting{
		{Name: "Provision_Enable", Value: "Yes"}, // [S] the default, said aloud
		{Name: "Resync_On_Reset", Value: "Yes"},  // [S] ask after power on (DM-107)
		// DM-108 [S MPP 7800 guide p. 243, 8800 guide]: every day at this time, then up to so many seconds later. There is no
		// period in days beside it: a phone asks more often than it has to, never less. With it Resync_Periodic is ignored.
		{Name: "Resync_At__HHmm_", Value: at},
		{Name: "Resync_At_Random_Delay", Value: strconv.Itoa(delay(in.Poll))},
	})
}

// delay is the length of the window in seconds, within the 600 to 65535 that phones take [S]: a window of less than ten
// minutes becomes ten, one of more than 18 hours ends early.
func delay(p phone.PollWindow) int {
	const day = 24 * 60
	minutes := (int(p.End) - int(p.Start) + day) % day
	return min(max(minutes*60, 600), 65535)
}
