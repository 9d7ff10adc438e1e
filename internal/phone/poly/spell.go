package poly

import (
	"strconv"
	"strings"

	"linecard/internal/phone"
)

// transports are the values of reg.N.server.M.transport; their case matters [S].
var transports = map[phone.Transport]string{phone.Auto: "DNSnaptr", phone.UDP: "UDPOnly", phone.TCP: "TCPOnly", phone.TLS: "TLS"}

const (
	maxLines   = 34 // [I] of the largest phones; for models whose number is not known
	maxServers = 2
)

// Spell puts lines into reg.N.* [S names of all] and keys onto places where the model can (keys.go). Lines that are gone need
// nothing: what no file has any more is forgotten.
func (m maker) Spell(l phone.Layout) phone.Spelling {
	var s phone.Spelling
	model, _ := phone.Find(models, l.Model)
	l.Lines, s.Misfits = l.Split(model.Lines, maxLines)
	for _, line := range l.Lines {
		identity, rest, misfits := spellLine(line)
		s.Identity, s.Rest, s.Misfits = append(s.Identity, identity...), append(s.Rest, rest...), append(s.Misfits, misfits...)
	}
	if len(l.Keys) > 0 {
		k := keyboard{model: model, layout: l, lines: map[int]int{}}
		k.spell()
		s.Rest, s.Misfits = append(s.Rest, k.out...), append(s.Misfits, k.misfits...)
	}
	return s.Sorted()
}

// spellLine writes all that makes up who a line is, also what is empty, so that nothing of it can come from a profile.
func spellLine(l phone.Line) (identity, rest []phone.Setting, misfits []phone.Misfit) {
	n := strconv.Itoa(l.Number)
	id := func(name, value string) {
		identity = append(identity, phone.Setting{Name: "reg." + n + "." + name, Value: value})
	}
	kind := "private"
	if l.SharedWith != "" {
		kind = "shared"
	}
	id("address", l.User)
	id("auth.userId", l.Auth())
	id("auth.password", l.Password)
	id("type", kind)
	id("thirdPartyName", l.SharedWith)
	for i := 1; i <= maxServers; i++ {
		server, at := phone.At(l.Registrars, i), "server."+strconv.Itoa(i)+"."
		id(at+"address", server.Host)
		id(at+"port", strconv.Itoa(server.Port)) // [K, the documented default] 0: by the transport
		id(at+"transport", transports[l.Transport])
		if l.Expires > 0 && server.Host != "" {
			id(at+"expires", strconv.Itoa(l.Expires))
		}
	}
	proxy := phone.At(l.Proxies, 1)
	id("outboundProxy.address", proxy.Host)
	id("outboundProxy.port", strconv.Itoa(proxy.Port))
	id("outboundProxy.transport", transports[l.Transport])
	if len(l.Registrars) > maxServers || len(l.Proxies) > 1 {
		misfits = append(misfits, phone.Misfit{Line: l.Number, Code: "line_too_many_servers", Reason: "These phones take two registrars and one outbound proxy for a line."})
	}
	rest = []phone.Setting{{Name: "reg." + n + ".displayName", Value: l.DisplayName}, {Name: "reg." + n + ".label", Value: l.Shown()}}
	if l.Voicemail != "" { // [S wazo, open templates]
		rest = append(rest, phone.Setting{Name: "msg.mwi." + n + ".callBack", Value: l.Voicemail}, phone.Setting{Name: "msg.mwi." + n + ".callBackMode", Value: "contact"})
	}
	return identity, rest, misfits
}

// keyboard spells the keys of a layout. Where keys can be placed freely, lineKey.N says what is on key N: a line by its number,
// a BLF by its turn in attendant.resourceList (its own index is 0), a macro by its number in efk.efklist [S open templates for VVX
// and Edge; lines without a key of their own get the first free ones, or they would not show]. Elsewhere BLF keys follow the
// lines in their order [S wazo].
type keyboard struct {
	model     phone.Model
	layout    phone.Layout
	out       []phone.Setting
	misfits   []phone.Misfit
	lines     map[int]int // keys by line
	blf, efk  int
	pickup    string
	taken     map[int]bool
	placeable bool
}

func (k *keyboard) spell() {
	k.placeable, k.taken = flexible(k.model), map[int]bool{}
	for _, key := range k.layout.Keys {
		if code, reason := k.place(key); code != "" {
			k.misfits = append(k.misfits, phone.Misfit{Key: key, Code: code, Reason: reason})
		}
	}
	if !k.placeable {
		return
	}
	k.placeLines()
	k.set("lineKey.reassignment.enabled", "1")
	for line, keys := range k.lines {
		k.set("reg."+strconv.Itoa(line)+".lineKeys", strconv.Itoa(keys))
	}
	if k.efk > 0 { // [S open templates]
		k.set("efk.version", "2")
		k.set("feature.EFKLineKey.enabled", "1")
		k.set("feature.enhancedFeatureKeys.enabled", "1")
	}
}

func (k *keyboard) set(name, value string) {
	k.out = append(k.out, phone.Setting{Name: name, Value: value})
}

// position counts keys through phone and modules: the first key of the first module follows the last of the phone [S].
func (k *keyboard) position(key phone.Key) int {
	switch {
	case key.Page == 0 && key.Position >= 1 && (k.model.Keys == 0 && key.Position <= 48 || key.Position <= k.model.Keys):
		return key.Position
	case key.Page >= 1 && key.Page <= k.model.Modules && key.Position >= 1 && key.Position <= k.model.ModuleKeys:
		return k.model.Keys + (key.Page-1)*k.model.ModuleKeys + key.Position
	}
	return 0
}

// place puts one key; code and reason are "" when it could be.
func (k *keyboard) place(key phone.Key) (code, reason string) {
	at := k.position(key)
	if at == 0 {
		return "key_no_such_place", "This model has no such key."
	}
	if !k.placeable && key.Type != phone.KeyBLF && key.Type != phone.KeyPark {
		return "key_no_such_type", "This model can only have BLF and park keys, after its lines."
	}
	switch key.Type {
	case phone.KeyLine, phone.KeyShared:
		if !k.layout.Has(key.On()) {
			return "key_no_such_line", "There is no such line on this phone."
		}
		k.line(at, key.On())
	case phone.KeyBLF:
		return k.resource(at, key, "normal")
	case phone.KeyPark: // one press goes there, so it is not watched like a person [S open templates: automata]
		return k.resource(at, key, "automata")
	case phone.KeySpeedDial:
		return k.macro(at, key, key.Target+"$Tinvite$")
	case phone.KeyDTMF:
		return k.macro(at, key, key.Target+"$Tdtmf$")
	case phone.KeyURL:
		return k.macro(at, key, key.Target) // [S one open project]
	default:
		return "key_no_such_type", "This type of key is not known for this maker."
	}
	return "", ""
}

func (k *keyboard) line(at, line int) {
	k.taken[at] = true
	k.lines[line]++
	k.set("lineKey."+strconv.Itoa(at)+".category", "Line")
	k.set("lineKey."+strconv.Itoa(at)+".index", strconv.Itoa(line))
}

func (k *keyboard) resource(at int, key phone.Key, kind string) (code, reason string) {
	if key.Target == "" {
		return "key_bad_target", "This key needs a number or address."
	}
	k.taken[at] = true
	k.blf++
	resource := "attendant.resourceList." + strconv.Itoa(k.blf) + "."
	k.set(resource+"address", key.Target)
	k.set(resource+"label", key.Shows())
	k.set(resource+"type", kind)
	if k.placeable {
		k.set("lineKey."+strconv.Itoa(at)+".category", "BLF")
		k.set("lineKey."+strconv.Itoa(at)+".index", "0")
	}
	switch { // one code for the whole phone [S wazo]
	case key.Pickup == "", key.Pickup == k.pickup:
	case k.pickup != "":
		return "key_no_own_pickup", "These phones know one pickup code for all keys."
	default:
		k.pickup = key.Pickup
		k.set("call.directedCallPickupString", key.Pickup)
	}
	return "", ""
}

// macro puts an enhanced feature key. A dollar sign would begin another step of the macro.
func (k *keyboard) macro(at int, key phone.Key, action string) (code, reason string) {
	if key.Target == "" || strings.Contains(key.Target, "$") {
		return "key_bad_target", "This key needs a number or address without a dollar sign."
	}
	k.taken[at] = true
	k.efk++
	n := strconv.Itoa(k.efk)
	k.set("efk.efklist."+n+".action.string", action)
	k.set("efk.efklist."+n+".label", key.Shows())
	k.set("efk.efklist."+n+".mname", "key"+n)
	k.set("efk.efklist."+n+".status", "1")
	k.set("lineKey."+strconv.Itoa(at)+".category", "EFK")
	k.set("lineKey."+strconv.Itoa(at)+".index", n)
	return "", ""
}

// placeLines gives a key to every line that has none.
func (k *keyboard) placeLines() {
	last := k.model.Keys
	if last == 0 {
		last = 48
	}
	at := 1
	for _, line := range k.layout.Lines {
		if k.lines[line.Number] > 0 {
			continue
		}
		for at <= last && k.taken[at] {
			at++
		}
		if at > last {
			k.misfits = append(k.misfits, phone.Misfit{Line: line.Number, Code: "line_no_place", Reason: "All keys are taken, so this line has none."})
			continue
		}
		k.line(at, line.Number)
	}
}
