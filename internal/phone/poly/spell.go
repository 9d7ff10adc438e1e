package poly

import (
	"strconv"

	"linecard/internal/phone"
)

// transports are the values of reg.N.server.M.transport; their case matters [S].
var transports = map[phone.Transport]string{phone.Auto: "DNSnaptr", phone.UDP: "UDPOnly", phone.TCP: "TCPOnly", phone.TLS: "TLS"}

const (
	maxLines   = 34 // of the largest phones; for models whose number is not known
	maxServers = 2
)

// Spell puts lines into reg.N.* [S names of all].
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

// spellLine writes all that makes up who a line is, also what is empty, so that nothing of it can come from a profile.
func spellLine(l phone.Line) (identity, rest []phone.Setting, misfits []phone.Misfit) {
	reg := "reg." + strconv.Itoa(l.Number) + "."
	id := func(name, value string) { identity = append(identity, phone.Setting{Name: reg + name, Value: value}) }
	id("address", l.User)
	id("auth.userId", l.Auth())
	id("auth.password", l.Password)
	id("type", "private")
	id("thirdPartyName", l.SharedWith)
	if l.SharedWith != "" {
		identity[len(identity)-2].Value = "shared"
	}
	for n := 1; n <= maxServers; n++ {
		var server phone.Server
		if n <= len(l.Registrars) {
			server = l.Registrars[n-1]
		}
		at := "server." + strconv.Itoa(n) + "."
		id(at+"address", server.Host)
		id(at+"port", strconv.Itoa(server.Port))
		id(at+"transport", transports[l.Transport])
		if l.Expires > 0 && server.Host != "" {
			id(at+"expires", strconv.Itoa(l.Expires))
		}
	}
	var proxy phone.Server
	if len(l.Proxies) > 0 {
		proxy = l.Proxies[0]
	}
	id("outboundProxy.address", proxy.Host)
	id("outboundProxy.port", strconv.Itoa(proxy.Port))
	id("outboundProxy.transport", transports[l.Transport])
	if len(l.Registrars) > maxServers || len(l.Proxies) > 1 {
		misfits = append(misfits, phone.Misfit{Line: l.Number, Code: "line_too_many_servers", Reason: "These phones take two registrars and one outbound proxy for a line."})
	}
	rest = []phone.Setting{{Name: reg + "displayName", Value: l.DisplayName}, {Name: reg + "label", Value: l.Shown()}}
	return identity, rest, misfits
}
