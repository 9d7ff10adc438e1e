package cisco

import (
	"strconv"
	"strings"

	"linecard/internal/phone"
)

// transports are the values of SIP_Transport_N_ [S open 8841 template; Auto: XML reference].
var transports = map[phone.Transport]string{phone.Auto: "Auto", phone.UDP: "UDP", phone.TCP: "TCP", phone.TLS: "TLS"}

const (
	maxLines   = 16  // [S XML reference: extensions 1 to 16]
	maxServers = 2   // with Alternate_Proxy_N_
	maxKey     = 511 // [S XML reference: length of Extended_Function_N_]
)

// Spell puts lines into User_ID_N_ and its sisters and keys into Extension_N_ and Extended_Function_N_ [S names of all]. A line
// that is gone is switched off and emptied: an element that is absent changes nothing on the phone.
func (m maker) Spell(l phone.Layout) phone.Spelling {
	var s phone.Spelling
	model, _ := phone.Find(models, l.Model)
	l.Lines, s.Misfits = l.Split(model.Lines, maxLines)
	labels := map[int]string{}
	for _, line := range l.Lines {
		identity, rest, misfits := spellLine(line)
		s.Identity, s.Rest, s.Misfits = append(s.Identity, identity...), append(s.Rest, rest...), append(s.Misfits, misfits...)
		labels[line.Number] = line.Shown()
	}
	for _, n := range l.GoneLines() {
		if n <= maxLines {
			s.Rest = append(s.Rest, forgotten(n)...)
		}
	}
	taken, units := map[int]bool{}, 0
	for _, k := range l.Keys {
		set, misfit := spellKey(model, labels, k)
		if misfit.Code != "" {
			misfit.Key = k
			s.Misfits = append(s.Misfits, misfit)
			continue
		}
		s.Rest = append(s.Rest, set...)
		taken[k.Position] = taken[k.Position] || k.Page == 0
		units = max(units, k.Page)
	}
	if units > 0 { // older software does not count its modules itself [S 8800 guide]
		s.Rest = append(s.Rest, phone.Setting{Name: "Number_of_Units", Value: strconv.Itoa(units)})
	}
	for _, line := range l.Lines { // without a key of its own: the one of its number, which is where phones have it from the factory [S]
		if !taken[line.Number] {
			s.Rest = append(s.Rest, lineKey(line.Number, line.Number, labels[line.Number], line.SharedWith != "")...)
		}
	}
	s.Rest = append(s.Rest, voicemail(l)...)
	for _, k := range l.Was {
		if k.Page == 0 && k.Position >= 1 && k.Position <= maxLines {
			s.Gone = append(s.Gone, "Extended_Function_"+strconv.Itoa(k.Position)+"_", "Short_Name_"+strconv.Itoa(k.Position)+"_", "Extension_"+strconv.Itoa(k.Position)+"_")
		}
	}
	return s.WithoutTaken().Sorted()
}

// spellLine writes all that makes up who a line is, also what is empty, so that nothing of it can come from a profile.
func spellLine(l phone.Line) (identity, rest []phone.Setting, misfits []phone.Misfit) {
	n := "_" + strconv.Itoa(l.Number) + "_"
	id := func(name, value string) { identity = append(identity, phone.Setting{Name: name + n, Value: value}) }
	first := phone.At(l.Registrars, 1)
	srv := "No"
	if l.Transport == phone.Auto && first.Port == 0 {
		srv = "Yes"
	}
	shared := "private"
	if l.SharedWith != "" {
		shared = "shared"
	}
	id("Line_Enable", "Yes")
	id("User_ID", l.User)
	id("Auth_ID", l.Auth())
	id("Password", l.Password)
	id("Proxy", first.HostPort())
	id("Alternate_Proxy", phone.At(l.Registrars, 2).HostPort())
	id("Outbound_Proxy", phone.At(l.Proxies, 1).HostPort())
	id("Alternate_Outbound_Proxy", phone.At(l.Proxies, 2).HostPort())
	id("SIP_Transport", transports[l.Transport])
	id("Use_DNS_SRV", srv)
	id("Share_Ext", shared)
	id("Shared_User_ID", l.SharedWith)
	if l.Expires > 0 {
		id("Register_Expires", strconv.Itoa(min(l.Expires, 86400))) // [S XML reference: at most a day]
	}
	if len(l.Registrars) > maxServers || len(l.Proxies) > maxServers {
		misfits = append(misfits, phone.Misfit{Line: l.Number, Code: "line_too_many_servers", Reason: "These phones take two registrars and two outbound proxies for a line."})
	}
	return identity, []phone.Setting{{Name: "Display_Name" + n, Value: l.DisplayName}}, misfits
}

// voicemail is the number of the first line that has one: there is one for the whole phone [S].
func voicemail(l phone.Layout) []phone.Setting {
	for _, line := range l.Lines {
		if line.Voicemail != "" {
			return []phone.Setting{{Name: "Voice_Mail_Number", Value: line.Voicemail}}
		}
	}
	return nil
}

// forgotten switches a line off and empties it [I: an empty element empties the value].
func forgotten(number int) []phone.Setting {
	n := "_" + strconv.Itoa(number) + "_"
	out := []phone.Setting{{Name: "Line_Enable" + n, Value: "No"}}
	for _, name := range []string{"User_ID", "Auth_ID", "Password", "Proxy", "Alternate_Proxy", "Outbound_Proxy", "Alternate_Outbound_Proxy", "Display_Name", "Shared_User_ID"} {
		out = append(out, phone.Setting{Name: name + n})
	}
	return out
}

// lineKey shows a line on a key of the phone.
func lineKey(key, line int, label string, shared bool) []phone.Setting {
	n, appearance := "_"+strconv.Itoa(key)+"_", "private"
	if shared {
		appearance = "shared"
	}
	return []phone.Setting{{Name: "Extension" + n, Value: strconv.Itoa(line)}, {Name: "Extended_Function" + n}, {Name: "Share_Call_Appearance" + n, Value: appearance},
		{Name: "Short_Name" + n, Value: label}}
}

func spellKey(m phone.Model, labels map[int]string, k phone.Key) ([]phone.Setting, phone.Misfit) {
	keys := m.Keys
	if keys == 0 {
		keys = maxLines
	}
	onPhone := k.Page == 0 && k.Position >= 1 && k.Position <= keys
	onModule := k.Page >= 1 && k.Page <= m.Modules && k.Position >= 1 && k.Position <= m.ModuleKeys
	if !onPhone && !onModule {
		return nil, phone.Misfit{Code: "key_no_such_place", Reason: "This model has no such key."}
	}
	if k.Type == phone.KeyLine || k.Type == phone.KeyShared {
		label, known := labels[k.On()]
		switch {
		case !known:
			return nil, phone.Misfit{Code: "key_no_such_line", Reason: "There is no such line on this phone."}
		case onModule:
			return nil, phone.Misfit{Code: "key_no_such_type", Reason: "Lines are set on keys of the phone itself."}
		case k.Label != "":
			label = k.Label
		}
		return lineKey(k.Position, k.On(), label, k.Type == phone.KeyShared), phone.Misfit{}
	}
	function, misfit := function(k)
	if misfit.Code != "" {
		return nil, misfit
	}
	if onModule { // [S administration guides: the same string]
		return []phone.Setting{{Name: "Unit_" + strconv.Itoa(k.Page) + "_Key_" + strconv.Itoa(k.Position) + "_", Value: function}}, phone.Misfit{}
	}
	n := "_" + strconv.Itoa(k.Position) + "_"
	return []phone.Setting{{Name: "Extension" + n, Value: "Disabled"}, {Name: "Extended_Function" + n, Value: function}, {Name: "Short_Name" + n, Value: k.Shows()}}, phone.Misfit{}
}

// function is the string of an extended function, fnc=type(;name=value)* [S XML reference, fact sheet]. A semicolon would begin
// another field: in a label it is dropped, in a target it cannot be.
func function(k phone.Key) (string, phone.Misfit) {
	target := k.Target
	if target == "" || strings.ContainsAny(target, ";\r\n") {
		return "", phone.Misfit{Code: "key_bad_target", Reason: "This key needs a number or address without a semicolon."}
	}
	if !strings.Contains(target, "@") {
		target += "@$PROXY"
	}
	var f string
	switch k.Type {
	case phone.KeyBLF:
		f = "fnc=blf+sd+cp;sub=" + target + ";ext=" + target
	case phone.KeySpeedDial:
		f = "fnc=sd;ext=" + target
	case phone.KeyPark:
		f = "fnc=prk;sub=" + target
	case phone.KeyURL:
		f = "fnc=xml;url=" + k.Target
	default:
		return "", phone.Misfit{Code: "key_no_such_type", Reason: "These phones have no key that sends digits."}
	}
	if k.Line > 1 {
		f += ";vid=" + strconv.Itoa(k.Line) // [S XML reference: the line that is used]
	}
	f += ";nme=" + strings.NewReplacer(";", " ", "\r", " ", "\n", " ").Replace(k.Shows())
	if len(f) > maxKey {
		return "", phone.Misfit{Code: "key_bad_target", Reason: "Target and label of this key are too long."}
	}
	return f, phone.Misfit{}
}
