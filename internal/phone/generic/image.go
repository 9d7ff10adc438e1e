package generic

import (
	"io"
	"path"
	"regexp"
	"strings"

	"linecard/internal/phone"
)

var (
	release   = regexp.MustCompile(`[0-9]{1,3}(?:\.[0-9]{1,5}){2,4}`)
	snomModel = regexp.MustCompile(`^snom(D?[0-9]{3}[A-Z]?)[^0-9A-Za-z]`)
)

// ReadImage takes software of these makers by the ending of its name, since what is inside is not published. Snom's names may tell
// model and version; the models of Grandstream's are stated by whoever brings them. A ZIP file is unpacked: Grandstream phones are
// told a folder and ask for the files that they know themselves.
func (m maker) ReadImage(file string, r io.ReaderAt, size int64) (phone.ImageInfo, bool) {
	name := path.Base(file)
	info := phone.ImageInfo{Version: release.FindString(name)}
	folder := m.Template.Maker == Grandstream.Maker
	if !phone.IsArchive(r) {
		if !strings.EqualFold(path.Ext(name), ".bin") {
			return phone.ImageInfo{}, false
		}
		if folder {
			info.Parts = []phone.ImagePart{{Name: phone.PlainName(name)}}
			return info, true
		}
		if s := snomModel.FindStringSubmatch(name); s != nil {
			info.Models = []string{s[1]}
		}
		info.Asked = phone.PlainName(name)
		return info, true
	}
	z, err := phone.Archive(r, size)
	if err != nil || !folder {
		return phone.ImageInfo{}, false
	}
	for _, f := range z.File {
		if base := path.Base(f.Name); strings.EqualFold(path.Ext(base), ".bin") && phone.PlainName(base) == base && !strings.HasSuffix(f.Name, "/") {
			info.Parts = append(info.Parts, phone.ImagePart{Member: f.Name, Name: base})
		}
	}
	return info, len(info.Parts) > 0
}
