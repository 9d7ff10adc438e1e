package cisco

import (
	"regexp"
	"strings"

	"linecard/internal/phone"
)

// The User-Agents [S]:
//
//	Cisco-CP-8841-3PCC/11.0 (00562b043615)          multiplatform phones; in SIP the MAC follows the version after a _
//	Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)      adapters, and some SPA: the serial number stands where others say the MAC
//	Cisco/SPA508G-7.4.4 (0002FDFF2103)(CBT141400UK)
//	Linksys/SPA-942-6.1.5(a) (88019FA42805)
//
// They can be configured to be others, so they say who asks and prove nothing.
var (
	phones   = regexp.MustCompile(`^Cisco-(CP-[0-9A-Z]{4,8}-3PCC)/([0-9][0-9A-Za-z.()-]{0,30})(?:_([0-9A-Fa-f]{12})_[0-9A-Za-z_-]{1,100})?(?: \(([0-9A-Fa-f]{12})\))?$`)
	adapters = regexp.MustCompile(`^(?:Cisco|Linksys)/(ATA[0-9]{3}|SPA-?[0-9]{3,4}[A-Z]{0,2})-(?:MPP-)?([0-9][0-9A-Za-z.()-]{0,30}) \(([0-9A-Z]{10,12})\)(?:\([0-9A-Z]{1,20}\))?$`)
)

// short is the file that a phone asks for at first, /$PSN.xml: its short model name, 8841-3PCC.xml [S default of Profile_Rule].
var short = regexp.MustCompile(`^([0-9][0-9A-Z]{3,7}-3PCC)\.xml$`)

// adapter is what an ATA asks for at first, ata$PSN.cfg [S]. What $PSN is for it is not known.
var adapter = regexp.MustCompile(`^ata[0-9A-Za-z-]{1,20}\.cfg$`)

// Recognise reads path and User-Agent. The MAC in the path counts before the one in the User-Agent.
func (maker) Recognise(path, userAgent string) (phone.Identity, bool) {
	id := phone.Identity{Maker: Maker, Kind: phone.Other, Name: path}
	named := readPath(&id, path)
	readAgent(&id, userAgent)
	return id, named || id.Sure
}

// readPath says whether the name is one that these phones use: $MA.xml or $MAU.xml as providers set it, $MA.cfg, which some
// ask for below Cisco/CP-8841-3PCC/ [S wazo], the names of first contact, and software.
func readPath(id *phone.Identity, path string) bool {
	folder, base := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		folder, base = path[:i+1], path[i+1:]
	}
	if len(base) == 16 && (base[12:] == ".xml" || base[12:] == ".cfg") {
		if mac, ok := phone.HexMAC(base[:12]); ok && !mac.IsZero() {
			id.MAC, id.Kind, id.Name = mac, phone.Parameters, folder+mac.String()+base[12:]
			return true
		}
	}
	switch m := short.FindStringSubmatch(base); {
	case m != nil:
		id.Kind, id.Model = phone.Common, "CP-"+m[1]
	case adapter.MatchString(base):
		id.Kind = phone.Common
	case strings.HasSuffix(base, ".loads") && len(base) > len(".loads"): // sip88xx.12-0-7MPP0201-66.loads [S]
		id.Kind = phone.Software
	default:
		return false
	}
	return true
}

func readAgent(id *phone.Identity, userAgent string) {
	if len(userAgent) > 200 {
		return
	}
	model, version, mac := "", "", ""
	if m := phones.FindStringSubmatch(userAgent); m != nil {
		model, version, mac = m[1], m[2], m[3]+m[4]
	} else if m := adapters.FindStringSubmatch(userAgent); m != nil {
		model, version, mac = m[1], m[2], m[3]
	} else {
		return
	}
	id.Sure, id.Program, id.Model, id.Version = true, phone.Application, model, version
	if got, ok := phone.HexMAC(mac); ok && id.MAC.IsZero() { // a serial number has eleven characters
		id.MAC = got
	}
}
