package generic

import (
	"strconv"

	"linecard/internal/phone"
	"linecard/internal/phone/flatxml"
)

// Snom describes the desk phones of Snom, software 8 and later, and the M DECT bases as far as they call themselves.
var Snom = Template{
	Maker:    "snom",
	Prefixes: []phone.MAC{{0x00, 0x04, 0x13}}, // [S]
	Agents: []string{ // [S wazo]
		`^Mozilla/4\.0 \(compatible; [Ss]nom ?(?P<model>[0-9A-Z]{2,8})(?:-SIP)? (?P<version>[0-9][0-9.]{1,20})(?: [0-9A-Za-z._-]{1,40})? (?P<mac>[0-9A-Fa-f]{12})(?: [A-Z]{3}:[0-9]{1,2}){0,4}\)$`,
	},
	// The first two are asked for by every phone [S]; the others by those whose setting_server says …/{mac}.htm or .xml [S].
	Names: []Name{
		{"snom{model}.htm", phone.Common, false},
		{"snom{model}-{mac}.htm", phone.Parameters, true},
		{"{mac}.htm", phone.Parameters, true},
		{"{mac}.xml", phone.Parameters, true},
	},
	Lines: snomLines,
	Off: func(number int) []phone.Setting { // [I: an empty element empties the value]
		off := []phone.Setting{{Name: "user_active." + strconv.Itoa(number), Value: "off"}}
		for _, name := range []string{"user_host.", "user_outbound.", "user_name.", "user_pname.", "user_pass.", "user_realname.", "user_idle_text."} {
			off = append(off, phone.Setting{Name: name + strconv.Itoa(number)})
		}
		return off
	},
	MaxLines: 12,
	Standing: []Setting{
		// DM-108 only in part [S service.snom.com and Gigaset wiki: the modes rel, abs and random and these three names]: every so many
		// days after the phone started. The names of the settings for time of day were in no source, so the window is not kept.
		{"prov_polling_enabled", func(phone.Inputs) string { return "on" }},
		{"prov_polling_mode", func(phone.Inputs) string { return "rel" }},
		{"prov_polling_period", func(in phone.Inputs) string { return strconv.Itoa(in.Poll.Days * 24 * 60 * 60) }},
	},
	Inside: []string{"phone-settings"},
	Document: func(_ phone.Inputs, settings []flatxml.Element) flatxml.Element { // [S]
		return flatxml.Element{Name: "settings", Children: []flatxml.Element{{Name: "phone-settings", Children: settings}}}
	},
	Attributes:  []flatxml.Attribute{{Name: "perm", Value: "R"}}, // only read on the phone [S]
	Indexed:     true,
	Secrets:     []string{"setting_server"},
	SecretParts: []string{"pass", "_pw", "secret", "_pin"}, // user_pass, http_pass, admin_mode_password, tr69_acs_passwd
}

// snomLines spells an identity; its number is the index idx [S wazo_snom: all names, and host:port;transport=tls].
func snomLines(l phone.Line) (identity, rest []phone.Setting, misfits []phone.Misfit) {
	n := "." + strconv.Itoa(l.Number)
	registrar, next := phone.At(l.Registrars, 1), phone.At(l.Proxies, 1)
	if next.Host == "" {
		next = registrar
	}
	outbound := next.HostPort()
	if l.Transport != phone.Auto && outbound != "" {
		outbound += ";transport=" + string(l.Transport)
	}
	identity = []phone.Setting{
		{Name: "user_active" + n, Value: "on"}, {Name: "user_host" + n, Value: registrar.Host}, {Name: "user_outbound" + n, Value: outbound},
		{Name: "user_name" + n, Value: l.User}, {Name: "user_pname" + n, Value: l.Auth()}, {Name: "user_pass" + n, Value: l.Password},
	}
	rest = []phone.Setting{{Name: "user_realname" + n, Value: l.DisplayName}, {Name: "user_idle_text" + n, Value: l.Shown()}}
	if l.Voicemail != "" {
		rest = append(rest, phone.Setting{Name: "user_mailbox" + n, Value: l.Voicemail})
	}
	return identity, rest, oddLine(l, 1, 1)
}
