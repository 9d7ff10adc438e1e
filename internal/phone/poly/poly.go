// Package poly owns what Linecard knows of Poly phones with UC Software: SoundPoint IP, SoundStation IP, VVX, Trio, CCX and
// Edge E. File names, the order in which they are asked, User-Agents and the format of configuration files.
//
// Like every maker it must not know where its inputs come from. Where a rule was seen on real phones or in manuals, the
// comment beside it says so; what is only believed is said to be believed.
package poly

import (
	"strings"

	"linecard/internal/phone"
)

// Maker is the name under which devices of this maker are stored.
const Maker = "poly"

// New gives the maker.
func New() phone.Renderer { return maker{} }

type maker struct{}

func (maker) Maker() string { return Maker }

// prefixes are the MAC prefixes seen on UC Software phones. 00e0db (video) and 00907a (wireless) are other products.
var prefixes = []phone.MAC{{0x00, 0x04, 0xf2}, {0x64, 0x16, 0x7f}, {0x48, 0x25, 0x67}, {0xf0, 0x4e, 0xa4}}

// Owns says whether the MAC begins with a prefix of this maker.
func (maker) Owns(m phone.MAC) bool {
	for _, p := range prefixes {
		if m[0] == p[0] && m[1] == p[1] && m[2] == p[2] {
			return true
		}
	}
	return false
}

// Secret says whether a parameter holds a password, a key or an address that may carry one. UC Software names passwords
// …password or …Password in the last part of the dotted name (reg.1.auth.password, device.auth.localAdminPassword), keys
// …key (diags.pcap.background.encryption.key) and takes userinfo in provisioning and upload addresses.
func (maker) Secret(parameter string) bool {
	last := parameter[strings.LastIndexByte(parameter, '.')+1:]
	lower := strings.ToLower(last)
	switch {
	case strings.HasSuffix(lower, "password"), strings.HasSuffix(lower, "passwd"), strings.HasSuffix(lower, "pin"):
		return true
	case lower == "key", lower == "secret", lower == "configencryption", strings.HasSuffix(last, "Key") && strings.Contains(parameter, "ncrypt"):
		return true
	case strings.HasSuffix(lower, "uploadurl"), parameter == "device.prov.serverName", parameter == "device.prov.upgradeServer":
		return true
	}
	return false
}
