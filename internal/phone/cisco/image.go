package cisco

import (
	"io"
	"path"
	"regexp"
	"strings"

	"linecard/internal/phone"
)

// loads is the list of files with which phones begin: sip88xx.12-0-7MPP0201-66.loads [S].
var loads = regexp.MustCompile(`^sip([0-9]{2})(xx|[0-9]{2})(?:_([0-9]{2}))?\.([0-9A-Za-z-]{3,40})\.loads$`)

// apart are models of the 8800 series with software of their own, so that sip88xx is not theirs (recalled, no source).
var apart = []string{"CP-8832", "CP-8845", "CP-8865"}

// ReadImage reads a ZIP file with a .loads file and what it names, a .loads file alone, or the image of an adapter (.img).
func (maker) ReadImage(file string, r io.ReaderAt, size int64) (phone.ImageInfo, bool) {
	if !phone.IsArchive(r) {
		name := path.Base(file)
		if strings.EqualFold(path.Ext(name), ".img") {
			return phone.ImageInfo{Family: "ATA", Asked: phone.PlainName(name)}, true
		}
		m := loads.FindStringSubmatch(name)
		return ofLoads(name, m), m != nil
	}
	z, err := phone.Archive(r, size)
	if err != nil {
		return phone.ImageInfo{}, false
	}
	var info phone.ImageInfo
	var parts []phone.ImagePart
	found, named := false, map[string]bool{}
	for _, f := range z.File {
		name := path.Base(f.Name)
		if strings.HasSuffix(f.Name, "/") || named[name] || phone.PlainName(name) != name {
			continue
		}
		named[name] = true
		parts = append(parts, phone.ImagePart{Member: f.Name, Name: name})
		if m := loads.FindStringSubmatch(name); m != nil && !found {
			found, info = true, ofLoads(name, m)
		}
	}
	info.Parts = parts
	return info, found
}

func ofLoads(name string, m []string) phone.ImageInfo {
	if m == nil {
		return phone.ImageInfo{}
	}
	info := phone.ImageInfo{Version: m[4], Asked: name, Family: m[1] + "00"}
	for _, x := range models {
		number := strings.TrimPrefix(x.Name, "CP-")
		switch {
		case number == x.Name || !strings.HasPrefix(number, m[1]):
		case m[2] == "xx" && !isApart(x.Name),
			strings.HasPrefix(number, m[1]+m[2]),
			m[3] != "" && strings.HasPrefix(number, m[1]+m[3]):
			info.Models = append(info.Models, x.Name)
		}
	}
	return info
}

func isApart(model string) bool {
	for _, a := range apart {
		if strings.HasPrefix(model, a) {
			return true
		}
	}
	return false
}
