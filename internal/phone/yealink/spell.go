package yealink

import (
	"strconv"

	"linecard/internal/phone"
)

// transports are the values of sip_server.M.transport_type [S].
var transports = map[phone.Transport]string{phone.Auto: "3", phone.UDP: "0", phone.TCP: "1", phone.TLS: "2"}

const (
	maxLines   = 16 // for models whose number is not known
	maxServers = 2
)

// Spell puts lines into account.N.* and keys into linekey.N.* and expansion_module.M.key.K.* [S names of all].
func (m maker) Spell(l phone.Layout) phone.Spelling {
	var s phone.Spelling
	var lines []phone.Line
	lines, s.Misfits = l.Split(m.Accounts(l.Model), maxLines)
	for _, line := range lines {
		identity, rest, misfits := spellLine(line)
		s.Identity, s.Rest, s.Misfits = append(s.Identity, identity...), append(s.Rest, rest...), append(s.Misfits, misfits...)
	}
	for _, k := range l.Keys {
		s.Misfits = append(s.Misfits, phone.Misfit{Key: k, Code: "key_no_such_type", Reason: "This type of key is not known for this maker."})
	}
	phone.ByName(s.Identity)
	phone.ByName(s.Rest)
	return s
}

func spellLine(l phone.Line) (identity, rest []phone.Setting, misfits []phone.Misfit) {
	account := "account." + strconv.Itoa(l.Number) + "."
	id := func(name, value string) {
		if value == "" {
			value = null
		}
		identity = append(identity, phone.Setting{Name: account + name, Value: value})
	}
	id("enable", "1")
	id("user_name", l.User)
	id("auth_name", l.Auth())
	id("password", l.Password)
	for n := 1; n <= maxServers; n++ {
		at := "sip_server." + strconv.Itoa(n) + "."
		if n > len(l.Registrars) {
			id(at+"address", "")
			continue
		}
		id(at+"address", l.Registrars[n-1].Host)
		id(at+"port", strconv.Itoa(l.Registrars[n-1].Port))
		id(at+"transport_type", transports[l.Transport])
		if l.Expires > 0 {
			id(at+"expires", strconv.Itoa(l.Expires))
		}
	}
	return identity, []phone.Setting{{Name: account + "display_name", Value: l.DisplayName}, {Name: account + "label", Value: l.Shown()}}, nil
}
