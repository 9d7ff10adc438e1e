// Package yealink owns what Linecard knows of Yealink phones: the T2 to T8 series, the CP conference phones and the W DECT bases.
// File names, the order in which they are asked, User-Agents and the format of configuration files.
//
// Like every maker it must not know where its inputs come from. Marks at facts: [S] seen in a manual, a log or the project
// that is named; [I] inferred from such; nothing that is only recalled is written into a file. README.md holds the sources.
package yealink

import (
	"strings"

	"linecard/internal/phone"
)

// Maker is the name under which devices of this maker are stored.
const Maker = "yealink"

// New gives the maker.
func New() phone.Renderer { return maker{} }

type maker struct{}

func (maker) Maker() string { return Maker }

// prefixes are the MAC prefixes of Yealink [S wazo dhcp yealink.conf].
var prefixes = []phone.MAC{
	{0x00, 0x15, 0x65}, {0x80, 0x5e, 0xc0}, {0x80, 0x5e, 0x0c}, {0x24, 0x9a, 0xd8}, {0x44, 0xdb, 0xd2}, {0xc4, 0xfc, 0x22},
	{0xe4, 0x34, 0xd7}, {0x64, 0x4f, 0x56}, {0xec, 0x1d, 0xa9}, {0x34, 0x97, 0xd7}, {0xb0, 0x61, 0xa9}, {0xf0, 0x16, 0x53},
}

// Owns says whether the MAC begins with a prefix of this maker.
func (maker) Owns(m phone.MAC) bool {
	for _, p := range prefixes {
		if m[0] == p[0] && m[1] == p[1] && m[2] == p[2] {
			return true
		}
	}
	return false
}

// Secret says whether a parameter holds a password, a key or an address that may carry one. Yealink ends the names of
// passwords with password or passwd (account.1.password, static.security.user_password holds "user:password"), keys are
// aes_key…, and the addresses of servers may be https://user:password@host/ [S].
func (maker) Secret(parameter string) bool {
	lower := strings.ToLower(parameter)
	last := lower[strings.LastIndexByte(lower, '.')+1:]
	switch {
	case strings.Contains(last, "password"), strings.Contains(last, "passwd"), strings.Contains(last, "secret"), strings.HasSuffix(last, "_pin"), last == "pin":
		return true
	case strings.Contains(lower, "aes_key"), strings.Contains(lower, ".psk"):
		return true
	case strings.HasSuffix(lower, "server.url"), strings.HasSuffix(lower, "configuration.url"), strings.HasSuffix(lower, "custom_mac_cfg.url"),
		strings.HasSuffix(lower, "backup.path"), strings.HasSuffix(lower, "sync.path"):
		return true
	}
	return false
}
