package phone

import (
	"cmp"
	"slices"
	"strings"
)

// Setting is a parameter in its maker's spelling and its value as a phone gets it.
type Setting struct{ Name, Value string }

// ByName sorts settings in place by the bytes of their names and gives them back: the one order in which settings travel.
func ByName(s []Setting) []Setting {
	slices.SortStableFunc(s, func(a, b Setting) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

// Latest keeps the last of each name, where the first stood, and names those that stood there more than once: the latest
// edit wins (DM-149), and people are told.
func Latest(all []Setting) (settings []Setting, repeated []string) {
	at := make(map[string]int, len(all))
	for _, s := range all {
		i, twice := at[s.Name]
		if !twice {
			at[s.Name] = len(settings)
			settings = append(settings, s)
			continue
		}
		settings[i].Value = s.Value
		if !slices.Contains(repeated, s.Name) {
			repeated = append(repeated, s.Name)
		}
	}
	return settings, repeated
}

// Line is a registration of a phone in words that no maker owns. Number counts from 1 and is the maker's registration index.
type Line struct {
	Number      int
	Label       string // what the key shows; "": DisplayName, else User
	DisplayName string
	User        string // user part of the AOR
	AuthUser    string // "": User
	Password    string // secret
	Registrars  []Server
	Proxies     []Server // outbound proxies; none: straight to the registrar
	Transport   Transport
	Expires     int    // seconds; 0: the phone's own default
	SharedWith  string // address of a shared appearance; "": a private line
	Voicemail   string // number that collects messages; "" none
}

// Server is an address and a port; port 0 is the transport's own, found by DNS where the phone can.
type Server struct {
	Host string
	Port int
}

// Transport is how a phone sends SIP.
type Transport string

// The transports. Auto asks DNS (NAPTR, SRV) where the phone can, else it is UDP.
const (
	Auto Transport = ""
	UDP  Transport = "udp"
	TCP  Transport = "tcp"
	TLS  Transport = "tls"
)

// KeyType is what a key does.
type KeyType string

// The types of keys.
const (
	KeyLine      KeyType = "line"
	KeyBLF       KeyType = "blf"
	KeySpeedDial KeyType = "speed_dial"
	KeyPark      KeyType = "park"
	KeyShared    KeyType = "shared_line"
	KeyDTMF      KeyType = "dtmf"
	KeyURL       KeyType = "url"
)

// KeyTypes lists them all.
var KeyTypes = []KeyType{KeyLine, KeyBLF, KeySpeedDial, KeyPark, KeyShared, KeyDTMF, KeyURL}

// Key is one programmable key in words that no maker owns. Page 0 is the phone itself, 1 and up its expansion modules;
// Position counts from 1 on its page.
type Key struct {
	Page, Position int
	Type           KeyType
	Line           int    // the registration that it uses; 0: the first
	Target         string // extension, number, park orbit, digits or URL; "" for a line key
	Label          string
	Pickup         string // what BLF dials to pick up; "": the maker's or platform's default
}

// Layout is what Spell puts into words of a maker.
type Layout struct {
	Model string
	Lines []Line // by Number, each once
	Ever  int    // the highest Number that this phone ever had: lines up to it that are gone are switched off (decision 14)
	Keys  []Key  // by Page and Position, each once
	Was   []Key  // keys that this phone had before and has no more, for Spelling.Gone
}

// Spelling is a layout in a maker's parameters.
type Spelling struct {
	// Identity is who the lines are and their secrets: user, authentication, registrar, proxy, transport. It outranks all
	// profiles below the enforced ones (architecture, section 5).
	Identity []Setting
	Rest     []Setting // labels, display names, keys: below the device's own profiles
	Misfits  []Misfit  // what this model cannot do, to be shown to people
	// Gone are parameters that only keys of Layout.Was used, sorted: they belong into Inputs.Once.
	Gone []string
}

// Misfit says why a line or a key was left out, or what of it. Code is stable: key_no_such_type, key_no_such_place,
// key_no_such_line, key_bad_target, key_no_own_pickup, line_no_such_number, line_no_place, line_too_many_servers,
// line_no_shared.
type Misfit struct {
	Line   int
	Key    Key // zero when it is about a line
	Code   string
	Reason string
}

// Account is a provisioning account that a phone shall use from now on (decision 15).
type Account struct {
	User, Password string
	Server         string // provisioning address without a trailing slash; "" leaves what the phone has
}

// Image is the software that a phone shall run; the zero value says nothing about it.
type Image struct {
	Version string
	Path    string // relative to the provisioning address or a full URL
	Base    string // effective download path (DM-172) for phones that fetch updates by themselves; "" when there is none
}

// Under is the image's full address below a provisioning address, for makers whose phones need one; "" without both.
func (i Image) Under(server string) string {
	switch {
	case i.Path == "" || strings.Contains(i.Path, "://"):
		return i.Path
	case !strings.Contains(server, "://"):
		return ""
	}
	return strings.TrimRight(server, "/") + "/" + strings.TrimLeft(i.Path, "/")
}

// ParameterType is what values a dictionary allows.
type ParameterType string

// The types. Text takes anything.
const (
	Text    ParameterType = "text"
	Integer ParameterType = "integer"
	Boolean ParameterType = "boolean"
	Enum    ParameterType = "enum"
)

// Parameter is what a dictionary knows of one parameter.
type Parameter struct {
	Name     string        `json:"name"`
	Type     ParameterType `json:"type"`
	Allowed  []string      `json:"allowed,omitempty"` // of an enum, and the two spellings of a boolean
	Min      *int64        `json:"min,omitempty"`
	Max      *int64        `json:"max,omitempty"`
	Pattern  string        `json:"pattern,omitempty"` // RE2, anchored
	MaxBytes int           `json:"max_bytes,omitempty"`
	Default  *string       `json:"default,omitempty"` // nil when not known
	Help     string        `json:"help,omitempty"`
	Reboots  bool          `json:"reboots,omitempty"`
}

// Dictionary is what is known about the parameters of a maker's phones, sorted by name.
type Dictionary struct {
	Maker      string      `json:"maker"`
	Family     string      `json:"family"` // models it is for, as the source names them; "" all
	Version    string      `json:"version"`
	Parameters []Parameter `json:"parameters"`
}

// Standard is a profile that comes with Linecard (DM-140). Templates need an administrator's input first (DM-141).
type Standard struct {
	Name, Description string
	Maker             string
	Template          bool
	Settings          []StandardSetting
}

// StandardSetting is one value of a standard profile and where it comes from.
type StandardSetting struct {
	Setting
	Source   string // manual, log or project
	Firmware string // range of versions for which the source speaks: ">=5.9", "V83-V86"; "" all
}
