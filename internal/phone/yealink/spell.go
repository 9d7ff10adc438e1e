package yealink

import (
	"strconv"

	"linecard/internal/phone"
)

// transports are the values of sip_server.M.transport_type [S].
var transports = map[phone.Transport]string{phone.Auto: "3", phone.UDP: "0", phone.TCP: "1", phone.TLS: "2"}

// keyTypes are the values of linekey.N.type [S fact sheet, FusionPBX]. A shared line is a line whose account is shared.
var keyTypes = map[phone.KeyType]string{phone.KeyLine: "15", phone.KeyShared: "15", phone.KeyBLF: "16", phone.KeySpeedDial: "13", phone.KeyPark: "10", phone.KeyDTMF: "11", phone.KeyURL: "17"}

const (
	maxLines   = 250 // of the largest base; for models whose number is not known
	maxServers = 2
	maxKeys    = 29 // [S] of the largest phone; for models whose number is not known
)

// Spell puts lines into account.N.* and keys into linekey.N.* and expansion_module.M.key.K.* [S names of all]. A line that is
// gone is switched off and emptied, since the phone would keep it; below the phone's own profiles, which may have it instead.
func (m maker) Spell(l phone.Layout) phone.Spelling {
	var s phone.Spelling
	model, _ := phone.Find(catalogue, l.Model)
	l.Lines, s.Misfits = l.Split(model.Lines, maxLines)
	for _, line := range l.Lines {
		identity, rest, misfits := spellLine(line)
		s.Identity, s.Rest, s.Misfits = append(s.Identity, identity...), append(s.Rest, rest...), append(s.Misfits, misfits...)
	}
	for _, n := range l.GoneLines() {
		s.Rest = append(s.Rest, forgotten(n)...)
	}
	for _, k := range l.Keys {
		set, misfit := spellKey(model, l, k)
		s.Rest = append(s.Rest, set...)
		if misfit.Code != "" {
			misfit.Key = k
			s.Misfits = append(s.Misfits, misfit)
		}
	}
	for _, k := range l.Was {
		if prefix := place(model, k); prefix != "" {
			for _, part := range keyParts {
				s.Gone = append(s.Gone, prefix+part)
			}
		}
	}
	return s.WithoutTaken().Sorted()
}

// spellLine writes all that makes up who a line is; what is empty as %NULL%, since an empty value changes nothing on the phone
// and a value left out may come from a profile.
func spellLine(l phone.Line) (identity, rest []phone.Setting, misfits []phone.Misfit) {
	n := strconv.Itoa(l.Number)
	id := func(name, value string) {
		identity = append(identity, phone.Setting{Name: "account." + n + "." + name, Value: orNull(value)})
	}
	id("enable", "1")
	id("user_name", l.User)
	id("auth_name", l.Auth())
	id("password", l.Password)
	for i := 1; i <= maxServers; i++ {
		server, at := phone.At(l.Registrars, i), "sip_server."+strconv.Itoa(i)+"."
		transport, expires := transports[l.Transport], ""
		if server.Host == "" {
			transport = ""
		} else if l.Expires > 0 {
			expires = strconv.Itoa(l.Expires)
		}
		id(at+"address", server.Host)
		id(at+"port", port(server, l.Transport))
		id(at+"transport_type", transport)
		rest = append(rest, phone.Setting{Name: "account." + n + "." + at + "expires", Value: orNull(expires)})
	}
	enabled := "0"
	if len(l.Proxies) > 0 {
		enabled = "1"
	}
	id("outbound_proxy_enable", enabled)
	for i := 1; i <= maxServers; i++ {
		proxy, at := phone.At(l.Proxies, i), "outbound_proxy."+strconv.Itoa(i)+"."
		id(at+"address", proxy.Host)
		id(at+"port", port(proxy, l.Transport))
	}
	shared := "0"
	if l.SharedWith != "" {
		shared = "1"
	}
	id("shared_line", shared) // [S name; I that 1 is the usual shared appearance]
	if l.SharedWith != "" && l.SharedWith != l.User {
		misfits = append(misfits, phone.Misfit{Line: l.Number, Code: "line_no_shared", Reason: "A shared line of these phones is the account itself: its user must be the shared address."})
	}
	if len(l.Registrars) > maxServers || len(l.Proxies) > maxServers {
		misfits = append(misfits, phone.Misfit{Line: l.Number, Code: "line_too_many_servers", Reason: "These phones take two registrars and two outbound proxies for a line."})
	}
	rest = append(rest, phone.Setting{Name: "account." + n + ".display_name", Value: orNull(l.DisplayName)}, phone.Setting{Name: "account." + n + ".label", Value: orNull(l.Shown())})
	if l.Voicemail != "" {
		rest = append(rest, phone.Setting{Name: "voice_mail.number." + n, Value: l.Voicemail})
	}
	return identity, rest, misfits
}

// port is the server's; the phone's own default when none is given, but 0 when DNS shall say it [I: NAPTR and SRV name ports].
func port(s phone.Server, t phone.Transport) string {
	switch {
	case s.Host == "":
		return ""
	case s.Port != 0:
		return strconv.Itoa(s.Port)
	case t == phone.Auto:
		return "0"
	case t == phone.TLS:
		return "5061"
	}
	return "5060"
}

// forgotten switches an account off and empties it [S wazo_yealink].
func forgotten(number int) []phone.Setting {
	account := "account." + strconv.Itoa(number) + "."
	out := []phone.Setting{{Name: account + "enable", Value: "0"}, {Name: "voice_mail.number." + strconv.Itoa(number), Value: null}}
	for _, name := range []string{"user_name", "auth_name", "password", "display_name", "label", "sip_server.1.address", "sip_server.1.port", "sip_server.1.transport_type",
		"sip_server.2.address", "sip_server.2.port", "sip_server.2.transport_type", "outbound_proxy.1.address", "outbound_proxy.2.address"} {
		out = append(out, phone.Setting{Name: account + name, Value: null})
	}
	return out
}

var keyParts = []string{"type", "line", "value", "label", "extension", "pickup_value"}

// place is the prefix of a key's parameters; "" when the model has no such key. Key 21 of the modules of T27 and T29 turns the
// page [S].
func place(m phone.Model, k phone.Key) string {
	keys := m.Keys
	if m.Name == "" || m.Keys == 0 && m.Lines == 0 {
		keys = maxKeys
	}
	switch {
	case k.Page == 0 && k.Position >= 1 && k.Position <= keys:
		return "linekey." + strconv.Itoa(k.Position) + "."
	case k.Page >= 1 && k.Page <= m.Modules && k.Position >= 1 && k.Position <= m.ModuleKeys && !(m.Family == "T2" && k.Position == 21):
		return "expansion_module." + strconv.Itoa(k.Page) + ".key." + strconv.Itoa(k.Position) + "."
	}
	return ""
}

func spellKey(m phone.Model, l phone.Layout, k phone.Key) ([]phone.Setting, phone.Misfit) {
	prefix, kind := place(m, k), keyTypes[k.Type]
	line := k.On()
	switch {
	case kind == "":
		return nil, phone.Misfit{Code: "key_no_such_type", Reason: "This type of key is not known for this maker."}
	case prefix == "":
		return nil, phone.Misfit{Code: "key_no_such_place", Reason: "This model has no such key."}
	case kind == "15" && !l.Has(line):
		return nil, phone.Misfit{Code: "key_no_such_line", Reason: "There is no such line on this phone."}
	case kind != "15" && k.Target == "":
		return nil, phone.Misfit{Code: "key_bad_target", Reason: "This key needs a number or address."}
	}
	if m.Name == "T32G" || m.Name == "T38G" { // they count lines from 0 [S wazo_yealink]
		line--
	}
	// The pickup code stands under both names: which one software reads differs [S wazo_yealink extension, FusionPBX pickup_value].
	values := []string{kind, strconv.Itoa(line), k.Target, k.Label, k.Pickup, k.Pickup}
	out := make([]phone.Setting, len(keyParts))
	for i, part := range keyParts {
		out[i] = phone.Setting{Name: prefix + part, Value: orNull(values[i])}
	}
	return out, phone.Misfit{}
}

func orNull(value string) string {
	if value == "" {
		return null
	}
	return value
}
