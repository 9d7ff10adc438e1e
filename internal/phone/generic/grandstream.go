package generic

import (
	"strconv"
	"strings"

	"linecard/internal/phone"
	"linecard/internal/phone/flatxml"
)

// Grandstream describes the phones and adapters of Grandstream: GXP, GRP, GXV, HT.
var Grandstream = Template{
	Maker: "grandstream",
	// Of devices in logs [S]; there are more, for which the maker is named.
	Prefixes: []phone.MAC{{0x00, 0x0b, 0x82}, {0xc0, 0x74, 0xad}},
	Agents: []string{ // [S wazo and other projects]
		`^Grandstream Model HW (?P<model>[A-Z]{2,4}[0-9A-Z]{2,8})(?: V[0-9A-Z.]{1,8})? SW (?P<version>[0-9][0-9.]{1,20})(?: DevId (?P<mac>[0-9A-Fa-f]{12}))?$`,
		`^Grandstream (?P<model>[A-Z]{2,4}[0-9A-Z]{2,8}) \([0-9a-z]{1,16}\.bin:(?P<version>[0-9][0-9.]{1,20})/[0-9a-z]{1,16}\.bin:[0-9.]{1,20}\) DevId (?P<mac>[0-9A-Fa-f]{12})$`,
		`^Grandstream (?P<model>[A-Z]{2,4}[0-9A-Z]{2,8}) (?P<version>[0-9][0-9.]{1,20})$`, // SIP
	},
	// In the order in which they are asked [S SIP device provisioning guide].
	Names: []Name{
		{"cfg{mac}", phone.Parameters, false}, // binary
		{"cfg{mac}.xml", phone.Parameters, true},
		{"cfg.xml", phone.Common, false},
		{"cfg{model}.xml", phone.Common, false}, // after {mac}: a MAC would pass for a model
	},
	Lines: grandstreamLines,
	Off: func(int) []phone.Setting { // [I: an empty element empties the value]
		return []phone.Setting{{Name: "P271", Value: "0"}, {Name: "P47"}, {Name: "P48"}, {Name: "P2312"}, {Name: "P2333"}, {Name: "P35"}, {Name: "P36"}, {Name: "P34"}, {Name: "P270"}, {Name: "P3"}}
	},
	MaxLines: 1,
	Own:      grandstreamAccount,
	Standing: []Setting{
		// Check every day [S open GXP template: "2 = every day"; manuals: "Yes, daily at hour (0-23)"]. There is no period in days: a
		// phone asks more often than it has to, never less.
		{"P194", func(phone.Inputs) string { return "2" }},
		// DM-108 as far as whole hours go: from the hour in which the window starts to the one after its end [S open GXP and GXW
		// templates: P285 first hour, P8459 last; software that does not know P8459 asks in the hour of P285. I: over midnight].
		{"P285", func(in phone.Inputs) string { return strconv.Itoa(int(in.Poll.Start) / 60) }},
		{"P8459", func(in phone.Inputs) string { return strconv.Itoa((int(in.Poll.End) + 59) / 60 % 24) }},
	},
	Inside: []string{"config"},
	Document: func(in phone.Inputs, settings []flatxml.Element) flatxml.Element { // [S]
		return flatxml.Element{Name: "gs_provision", Attributes: []flatxml.Attribute{{Name: "version", Value: "1"}}, Children: []flatxml.Element{
			{Name: "mac", Text: in.MAC.String()},
			{Name: "config", Attributes: []flatxml.Attribute{{Name: "version", Value: "1"}}, Children: settings},
		}}
	},
	// P2 admin, P34 account 1, P1359 file password [S]; P196 user and P406, P506, P606, P1706 … of further accounts are only
	// recalled: hiding one too many harms nobody. P192 and P237 are addresses.
	Secrets:     []string{"P2", "P34", "P192", "P196", "P237", "P406", "P506", "P606", "P1359", "P1361", "P1706", "P1806"},
	SecretParts: []string{"password", "passwd", "secret"}, // of the alias names of newer models: users.admin.password
}

// grandstreamLines spells the first account; numbers of further accounts differ by model and were not collected.
func grandstreamLines(l phone.Line) (identity, rest []phone.Setting, misfits []phone.Misfit) {
	// [S open GRP template: P103 DNS mode 0 A, 1 SRV, 2 NAPTR and SRV; P130 transport 0 UDP, 1 TCP, 2 TLS]
	dns, transport := "0", map[phone.Transport]string{phone.Auto: "0", phone.UDP: "0", phone.TCP: "1", phone.TLS: "2"}[l.Transport]
	if first := phone.At(l.Registrars, 1); l.Transport == phone.Auto && first.Port == 0 {
		dns = "2"
	}
	identity = []phone.Setting{
		{Name: "P271", Value: "1"}, // active [S], as all names here: fact sheet and open GRP template
		{Name: "P47", Value: phone.At(l.Registrars, 1).HostPort()}, {Name: "P2312", Value: phone.At(l.Registrars, 2).HostPort()},
		{Name: "P48", Value: phone.At(l.Proxies, 1).HostPort()}, {Name: "P2333", Value: phone.At(l.Proxies, 2).HostPort()},
		{Name: "P35", Value: l.User}, {Name: "P36", Value: l.Auth()}, {Name: "P34", Value: l.Password},
		{Name: "P103", Value: dns}, {Name: "P130", Value: transport},
	}
	if l.Expires > 0 {
		identity = append(identity, phone.Setting{Name: "P32", Value: strconv.Itoa(max((l.Expires+59)/60, 1))}) // minutes [S]
	}
	rest = []phone.Setting{{Name: "P270", Value: l.Shown()}, {Name: "P3", Value: l.DisplayName}}
	if l.Voicemail != "" {
		rest = append(rest, phone.Setting{Name: "P33", Value: l.Voicemail})
	}
	return identity, rest, oddLine(l, 2, 2)
}

// oddLine is what these makers' lines cannot be told.
func oddLine(l phone.Line, registrars, proxies int) (misfits []phone.Misfit) {
	if len(l.Registrars) > registrars || len(l.Proxies) > proxies {
		misfits = append(misfits, phone.Misfit{Line: l.Number, Code: "line_too_many_servers", Reason: "Only the first servers of this line can be set."})
	}
	if l.SharedWith != "" {
		misfits = append(misfits, phone.Misfit{Line: l.Number, Code: "line_no_shared", Reason: "How lines of this maker are shared is not known here."})
	}
	return misfits
}

// grandstreamAccount sets user and password for asking, and the address, which stands without its scheme [S two open projects; I: 1
// is HTTP].
func grandstreamAccount(a phone.Account) []phone.Setting {
	set := []phone.Setting{{Name: "P1360", Value: a.User}, {Name: "P1361", Value: a.Password}}
	scheme, address, ok := strings.Cut(a.Server, "://")
	if ok && (scheme == "https" || scheme == "http") {
		protocol := map[string]string{"https": "2", "http": "1"}[scheme]
		set = append(set, phone.Setting{Name: "P212", Value: protocol}, phone.Setting{Name: "P237", Value: address})
	}
	return set
}
