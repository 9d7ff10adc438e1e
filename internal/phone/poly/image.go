package poly

import (
	"archive/zip"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"linecard/internal/phone"
)

// software are the files that phones load: sip.ld for all models, 3111-48450-001.sip.ld for one, the same for the base of cordless
// handsets and for the boot program of old phones [S].
var software = regexp.MustCompile(`^(?:([0-9]{4}-[0-9]{5}-[0-9]{3})\.)?(sip|dect|bootrom)\.(ld|ver)$`)

// partNumbers are the numbers that stand before the name of the software of one model [S; those after the blank line are recalled].
var partNumbers = map[string][]string{
	"2345-12200-001": {"SPIP330"}, "2345-12200-002": {"SPIP320"}, "2345-12200-004": {"SPIP330"}, "2345-12200-005": {"SPIP330"}, "2345-12360-001": {"SPIP321"},
	"2345-12365-001": {"SPIP331"}, "2345-12375-001": {"SPIP335"}, "2345-11402-001": {"SPIP430"}, "2345-12450-001": {"SPIP450"}, "2345-12500-001": {"SPIP550"},
	"2345-12560-001": {"SPIP560"}, "2345-11600-001": {"SPIP600"}, "2345-11605-001": {"SPIP601"}, "2345-12600-001": {"SPIP650"}, "2345-12670-001": {"SPIP670"},
	"2201-06642-001": {"SSIP4000"}, "3111-30900-001": {"SSIP5000"}, "3111-15600-001": {"SSIP6000"}, "3111-40000-001": {"SSIP7000"},
	"3111-40250-001": {"VVX101"}, "3111-48810-001": {"VVX150"}, "3111-40450-001": {"VVX201"}, "3111-48820-001": {"VVX250"}, "3111-46135-002": {"VVX300"},
	"3111-48300-001": {"VVX301"}, "3111-46161-001": {"VVX310"}, "3111-48350-001": {"VVX311"}, "3111-48830-001": {"VVX350"}, "3111-46157-002": {"VVX400"},
	"3111-48400-001": {"VVX401"}, "3111-46162-001": {"VVX410"}, "3111-48450-001": {"VVX411"}, "3111-48840-001": {"VVX450"}, "3111-44500-001": {"VVX500"},
	"3111-48500-001": {"VVX501"}, "3111-44600-001": {"VVX600"}, "3111-48600-001": {"VVX601"}, "2345-17960-001": {"VVX1500"},
	"3111-65290-001": {"Trio8800"}, "3111-49770-001": {"CCX600"},

	"3111-19000-001": {"SSDuo"}, "3111-66700-001": {"Trio8500"}, "3111-66800-001": {"Trio8300"}, "3111-86240-001": {"TrioC60"}, "3111-49700-001": {"CCX400"},
	"3111-49710-001": {"CCX500"}, "3111-49740-001": {"CCX700"},
}

// newKey is the version from which VVX software is signed with a key that phones know since stepToKey [S field notes, for 5.9.8].
const (
	newKey    = ">=5.9.8"
	stepToKey = "5.7.3"
)

var dotted = regexp.MustCompile(`[0-9]{1,2}(?:\.[0-9]{1,5}){2,3}`)

// ReadImage reads a package, split by models or not, a single .ld file, or the software of a paired video system (.tar). A split package
// says its models by part numbers and its version in sip.ver; the version of the rest stands in the name at most.
func (maker) ReadImage(file string, r io.ReaderAt, size int64) (phone.ImageInfo, bool) {
	if phone.IsArchive(r) {
		z, err := phone.Archive(r, size)
		if err != nil {
			return phone.ImageInfo{}, false
		}
		return readPackage(file, z)
	}
	name := strings.ToLower(path.Base(file))
	info := phone.ImageInfo{Version: dotted.FindString(name)}
	if strings.HasSuffix(name, ".tar") {
		info.Paired, info.Family, info.Asked = true, "RealPresence Group", phone.PlainName(file)
		return info, true
	}
	m := software.FindStringSubmatch(name)
	switch {
	case m != nil && m[3] == "ld":
		info.Models, info.Version = partNumbers[m[1]], ""
		info.Parts = []phone.ImagePart{{Name: name}}
	case strings.HasSuffix(name, ".ld"):
		info.Parts = []phone.ImagePart{{Name: asked}}
	default:
		return phone.ImageInfo{}, false
	}
	info.Asked = asked
	finish(&info)
	return info, true
}

// asked is what phones are told: they put their part number before it by themselves [S].
const asked = "sip.ld"

func readPackage(file string, z *zip.Reader) (phone.ImageInfo, bool) {
	var info phone.ImageInfo
	found := false
	named := map[string]bool{}
	for _, f := range z.File {
		name := strings.ToLower(path.Base(f.Name))
		if strings.HasSuffix(name, ".xsd") {
			info.Schemas = append(info.Schemas, f.Name)
		}
		m := software.FindStringSubmatch(name)
		if m == nil || named[name] {
			continue
		}
		named[name] = true
		info.Parts = append(info.Parts, phone.ImagePart{Member: f.Name, Name: name})
		if m[3] == "ld" && m[2] == "sip" {
			found = true
			info.Models = append(info.Models, partNumbers[m[1]]...)
		}
		if name == "sip.ver" {
			info.Version = dotted.FindString(phone.Short(f))
		}
	}
	if info.Version == "" {
		info.Version = dotted.FindString(path.Base(file))
	}
	info.Asked = asked
	finish(&info)
	return info, found
}

// finish adds what follows from models and version.
func finish(info *phone.ImageInfo) {
	slices.Sort(info.Models)
	info.Models = slices.Compact(info.Models)
	for _, name := range info.Models {
		m, known := phone.Find(models, name)
		if known && info.Family == "" {
			info.Family = m.Family
		}
		if known && m.Family == "VVX" && info.Version != "" && phone.Covers(newKey, info.Version) {
			info.Needs = []string{stepToKey}
		}
	}
}
