package yealink

import (
	"regexp"
	"strings"

	"linecard/internal/phone"
)

// agent reads the User-Agent, for example
//
//	Yealink SIP-T54W 96.86.0.45 80:5e:c0:12:34:56
//
// The word Yealink may be small, joined by a hyphen or absent; there may be two spaces; the model may begin with "SIP-" or
// "SIP "; the MAC may have colons or none, be absent, or a hardware version may stand in its place [S wazo_yealink, fusionpbx].
var agent = regexp.MustCompile(`^(?i:(yealink)[ -] ?)?(?:SIP[ -])?([A-Z][0-9A-Z_-]{1,15}) {1,2}([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?: {1,2}([0-9A-Fa-f:.-]{1,40}))?$`)

// unnamed are the models that call themselves without the maker's name [S].
var unnamed = regexp.MustCompile(`^(W[0-9]{2}[A-Z]{1,2}|VP[0-9]{3}[A-Z]?)$`)

// suffixes are the names that carry a MAC, after it [S admin guides, fusionpbx].
var suffixes = map[string]phone.FileKind{
	".boot":        phone.Master,
	".cfg":         phone.Parameters,
	"-local.cfg":   phone.Overrides,
	"-contact.xml": phone.Directory,
	"-calllog.xml": phone.CallList,
	"-boot.log":    phone.Log,
	"-sys.log":     phone.Log,
}

// models are the numbers of the common file y0000000000NN.cfg [S fusionpbx, wazo_yealink]. The number is not always the
// prefix of the software version. "" where several models ask for the same file.
var models = map[string]string{
	"00": "T28P", "04": "T26P", "05": "T22P", "07": "T20P", "23": "VP530", "25": "", "28": "T46G", "29": "T42G", "32": "T32G", "35": "T48G", "36": "T41P",
	"37": "CP860", "38": "T38G", "44": "", "45": "T27P", "46": "T29G", "51": "VP-T49G", "52": "T21P_E2", "53": "T19P_E2", "54": "T40P", "56": "T56A",
	"58": "", "65": "T48S", "66": "T46S", "67": "T42S", "68": "T41S", "69": "T27G", "70": "T54S", "73": "CP960", "74": "T52S", "76": "T40G", "77": "W60B",
	"78": "CP920", "91": "VP59", "95": "", "96": "T54W", "97": "T57W", "103": "", "107": "T43U", "108": "T46U", "109": "T48U", "116": "T42U", "123": "",
	"124": "", "127": "", "130": "", "143": "CP965", "146": "W70B", "148": "CP925", "150": "T58W", "171": "T34W", "172": "T31W", "174": "T44W",
	"175": "W75B", "180": "AX83H", "182": "AX86R", "183": "T73W", "184": "T74W", "186": "T73U", "187": "T74U", "188": "T77U", "192": "", "196": "T85W", "197": "T87W",
}

// Recognise reads path and User-Agent. The MAC in the path counts before the one in the User-Agent, which is missing in some.
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
	if number, ok := strings.CutPrefix(base, "y"); ok {
		return readCommon(id, number)
	}
	if len(base) < 12 {
		return false
	}
	mac, ok := phone.HexMAC(base[:12])
	kind, known := suffixes[base[12:]]
	if !ok || !known || mac.IsZero() {
		return false
	}
	id.MAC, id.Kind, id.Name = mac, kind, folder+mac.String()+base[12:]
	return true
}

// readCommon reads what follows the y of y000000000000.boot and y0000000000NN.cfg. The number fills twelve digits.
func readCommon(id *phone.Identity, name string) bool {
	if name == "000000000000.boot" {
		id.Kind = phone.GlobalMaster
		return true
	}
	digits, ok := strings.CutSuffix(name, ".cfg")
	if !ok || len(digits) != 12 || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	id.Kind = phone.Common
	short := strings.TrimLeft(digits, "0")
	if len(short) < 2 {
		short = digits[10:]
	}
	id.Model = models[short]
	return true
}

func readAgent(id *phone.Identity, userAgent string) {
	if len(userAgent) > 200 {
		return
	}
	m := agent.FindStringSubmatch(userAgent)
	if m == nil || m[1] == "" && !unnamed.MatchString(m[2]) {
		return
	}
	// One spelling for both kinds of names: T54W, not SIP-T54W, as in the maker's own lists of models.
	id.Sure, id.Program, id.Model, id.Version = true, phone.Application, m[2], m[3]
	if id.MAC.IsZero() {
		if mac, err := phone.ParseMAC(m[4]); err == nil {
			id.MAC = mac
		}
	}
}
