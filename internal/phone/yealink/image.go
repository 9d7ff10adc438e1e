package yealink

import (
	"io"
	"path"
	"regexp"
	"strings"

	"linecard/internal/phone"
)

// release is the version of a software file; its first number says for which phones it is [S wazo_yealink].
var release = regexp.MustCompile(`(?:^|[^0-9.])([0-9]{1,3})\.([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?:[^0-9]|$)`)

// prefixModels are the models by the first number of the version [S wazo_yealink]. Those that share a base station or a letter only are
// spelt as their User-Agents do.
var prefixModels = map[string]string{
	"2": "T28P", "6": "T26P", "7": "T22P", "9": "T20P", "18": "T18", "25": "W52P", "28": "T46G", "29": "T42G", "35": "T48G", "36": "T41P", "37": "CP860", "38": "T38G",
	"44": "T23G T23P", "45": "T27P", "46": "T29G", "51": "VP-T49G", "52": "T21P_E2", "53": "T19P_E2", "54": "T40P", "58": "T56A T58A T58V", "66": "T41S T42S T46S T48S",
	"69": "T27G", "70": "T52S T54S", "73": "CP960", "76": "T40G", "77": "W60B", "78": "CP920", "91": "VP59", "96": "T53 T53W T54W T57W", "103": "W80B W80DM",
	"108": "T41U T42U T43U T44U T44W T46U T48U", "124": "T30 T30P T31 T31G T31P T31W T33G T33P T34W", "130": "W90B W90DM", "143": "CP965", "146": "W70B", "148": "CP925",
	"150": "T58W", "175": "W75B", "180": "AX83H AX86R", "185": "T73U T73W T74U T74W T77U T85W T87W", "192": "T88V T88W",
}

// ReadImage reads the name of a .rom file, as T46S(T48S,T42S,T41S)-66.86.0.15.rom: what the file itself says is not published.
func (maker) ReadImage(file string, r io.ReaderAt, _ int64) (phone.ImageInfo, bool) {
	name := path.Base(file)
	if !strings.EqualFold(path.Ext(name), ".rom") || phone.IsArchive(r) {
		return phone.ImageInfo{}, false
	}
	info := phone.ImageInfo{Asked: phone.PlainName(name)}
	if m := release.FindStringSubmatch(name); m != nil {
		info.Version = m[1] + "." + m[2]
		info.Models = strings.Fields(prefixModels[m[1]])
	}
	if len(info.Models) > 0 {
		if m, known := phone.Find(catalogue, info.Models[0]); known {
			info.Family = m.Family
		}
	}
	return info, true
}
