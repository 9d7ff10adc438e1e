// Package cisco owns what Linecard knows of Cisco phones with multiplatform firmware (6800, 7800, 8800) and of the ATA and SPA
// devices that read the same files: file names, User-Agents and the XML profile.
//
// Like every maker it must not know where its inputs come from. Marks at facts: [S] seen in a manual, a log or the project
// that is named; [I] inferred from such; nothing that is only recalled is written into a file. README.md holds the sources.
package cisco

import (
	"strings"

	"linecard/internal/phone"
)

// Maker is the name under which devices of this maker are stored.
const Maker = "cisco"

// New gives the maker.
func New() phone.Renderer { return maker{} }

type maker struct{}

func (maker) Maker() string { return Maker }

// prefixes are those of phones in logs [S]. Cisco has hundreds more, for everything it makes: for others the maker is named.
var prefixes = []phone.MAC{{0x00, 0x56, 0x2b}, {0x00, 0x02, 0xfd}, {0x88, 0x01, 0x9f}}

// Owns says whether the MAC begins with a prefix of this maker.
func (maker) Owns(m phone.MAC) bool {
	for _, p := range prefixes {
		if m[0] == p[0] && m[1] == p[1] && m[2] == p[2] {
			return true
		}
	}
	return false
}

// rules are parameters that hold an address with options: --key, --uid and --pwd stand in them, and user:password@ [S].
var rules = []string{"Profile_Rule", "Upgrade_Rule", "Report_Rule", "PRT_Upload_Rule", "Trans_Auth_Rule", "Custom_CA_Rule"}

// Secret says whether a parameter holds a password, a key or an address that may carry one: Password_1_, Admin_Password,
// GPP_SA to GPP_SD (which rules use as keys), IKM_HTTP_Encrypt_Content, and the rules [S].
func (maker) Secret(parameter string) bool {
	lower := strings.ToLower(parameter)
	if strings.Contains(lower, "password") || strings.Contains(lower, "passwd") || strings.Contains(lower, "secret") ||
		strings.HasPrefix(lower, "gpp_s") || strings.HasPrefix(lower, "ikm_") || strings.HasSuffix(lower, "_pin") || strings.HasSuffix(lower, "_psk") {
		return true
	}
	for _, r := range rules {
		if len(parameter) >= len(r) && strings.EqualFold(parameter[:len(r)], r) {
			return true
		}
	}
	return false
}
