package poly

import (
	"regexp"
	"strings"

	"linecard/internal/phone"
)

// agent reads the User-Agent, for example
//
//	FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 (SN:64167f0a0b0c) Type/Application
//
// Families are Polycom… and, for CCX and Edge, Poly…. (SN:…) is the MAC and stands there only with device.prov.tagSerialNo;
// Type/… is absent before UC Software 4 and on some builds. The browser of the phone calls itself Microbrowser/1.1 instead.
var agent = regexp.MustCompile(`^(FileTransport|Microbrowser/[0-9.]{1,8}) Poly(?:com)?[A-Za-z]{0,30}-([A-Za-z]{1,20}_?[A-Za-z0-9]{1,12})-UA/([0-9][0-9A-Za-z.]{0,31})(?: \(SN:([0-9A-Fa-f]{12})\))?(?: Type/(Updater|Application))?$`)

// suffixes are the names that carry a MAC, after it; seen in access logs of VVX 500, SPIP 550 and CCX 600.
var suffixes = map[string]phone.FileKind{
	".cfg":           phone.Master,
	parametersSuffix: phone.Parameters,
	"-phone.cfg":     phone.Overrides,
	"-web.cfg":       phone.Overrides,
	"-license.cfg":   phone.Licence,
	"-directory.xml": phone.Directory,
	"-calls.xml":     phone.CallList,
	"-boot.log":      phone.Log,
	"-app.log":       phone.Log,
	"-mb.cfg":        phone.Other, // asked by the phone's browser, with the MAC in upper case
}

// Recognise reads path and User-Agent. The MAC in the path counts before the one in the User-Agent.
func (maker) Recognise(path, userAgent string) (phone.Identity, bool) {
	id := phone.Identity{Maker: Maker, Kind: phone.Other, Name: path}
	named := readPath(&id, path)
	readAgent(&id, userAgent)
	return id, named || id.Sure
}

// readPath says whether the name is one that these phones use.
func readPath(id *phone.Identity, path string) bool {
	folder, base := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		folder, base = path[:i+1], path[i+1:]
	}
	if len(base) < 12 {
		if base == "sip.ld" || base == "sip.ver" {
			id.Kind = phone.Software
			return true
		}
		return false
	}
	mac, ok := phone.HexMAC(base[:12])
	if !ok {
		if strings.HasSuffix(base, ".sip.ld") { // <part number>.sip.ld; carries no MAC
			id.Kind = phone.Software
			return true
		}
		return false
	}
	kind, known := suffixes[base[12:]]
	if !known {
		return false
	}
	id.MAC, id.Kind, id.Name = mac, kind, folder+mac.String()+base[12:]
	if mac.IsZero() && kind == phone.Master {
		id.Kind = phone.GlobalMaster
	}
	return true
}

func readAgent(id *phone.Identity, userAgent string) {
	if len(userAgent) > 200 {
		return
	}
	m := agent.FindStringSubmatch(userAgent)
	if m == nil {
		return
	}
	id.Sure, id.Version = true, m[3]
	id.Model = strings.ReplaceAll(m[2], "_", "") // the form of the token [PHONE_MODEL]: VVX411, EdgeE350
	if sn, ok := phone.HexMAC(m[4]); ok && id.MAC.IsZero() {
		id.MAC = sn
	}
	switch {
	case m[1] != "FileTransport":
		id.Program = phone.Browser
	case m[5] == "Updater":
		id.Program = phone.Updater
	case m[5] == "Application":
		id.Program = phone.Application
	}
}
