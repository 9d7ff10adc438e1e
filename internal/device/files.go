package device

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Area says where a file belongs: to the customer, or to one directory of one device (DM-199).
type Area string

// The areas. All but resource are the directories of a device.
const (
	AreaResource     Area = "resource"
	AreaMisc         Area = "misc"
	AreaContacts     Area = "contacts"
	AreaOverrides    Area = "overrides"
	AreaLicense      Area = "license"
	AreaUserProfiles Area = "user_profiles"
	AreaCertificate  Area = "certificate"
	AreaFLK          Area = "flk"
)

// Areas are the directories of a device in the order of DM-199.
var Areas = []Area{AreaMisc, AreaContacts, AreaOverrides, AreaLicense, AreaUserProfiles, AreaCertificate, AreaFLK}

// File is a file of a customer or of a device, without its content.
type File struct {
	ID          string  `db:"id"`
	CustomerID  string  `db:"customer_id"`
	DeviceID    string  `db:"device_id"` // "" for a resource file
	Area        Area    `db:"area"`
	Name        string  `db:"name"`
	Description string  `db:"description"`
	Blob        string  `db:"blob"`
	Sealed      bool    `db:"sealed"` // encrypted in the file storage
	Size        int64   `db:"size"`   // of the content
	SHA256      string  `db:"sha256"` // of the content
	Author      string  `db:"author"` // name of who brought it"" when the phone sent it
	Created     db.Time `db:"created"`
	Updated     db.Time `db:"updated"`
	Version     int64   `db:"version"`
}

// The limits.
const (
	LargeFile     = 50 << 20  // from here on people are warned (DM-189)
	MaxResource   = 500 << 20 // of a resource file (DM-189)
	MaxDeviceFile = 20 << 20  // of a device file, whoever brings it
	maxStored     = 10 << 30  // of all files of a customer
	maxResources  = 5000
	maxOfDevice   = 500
	sealBelow     = 1 << 20 // larger files are stored as they are: sealing needs them in memory
)

// Global says whether the file is offered to all devices of the customer (DM-195).
func (f File) Global() bool {
	return f.Area == AreaResource && strings.HasPrefix(f.Name, nobodysMAC+"-")
}

// Large says whether a phone may have trouble with its size (DM-189).
func (f File) Large() bool { return f.Size >= LargeFile }

// Section is where the page of a device shows it (DM-200): what was set on the phone, on the phone's own pages, or anything else.
func (f File) Section() string {
	switch {
	case strings.HasSuffix(f.Name, "-phone.cfg"):
		return "phone"
	case strings.HasSuffix(f.Name, "-web.cfg"):
		return "web"
	}
	return "other"
}

// Type is the extension in lower case, without the dot.
func (f File) Type() string { return extension(f.Name) }

// Link is what a profile's attribute holds that links to a resource file (DM-150), relative to the provisioning address.
func Link(name string) string { return linked + name }

const (
	linked     = "res/"
	nobodysMAC = "000000000000"
)

// resourceTypes are the fifteen of DM-188, deviceTypes the six of DM-198.
var (
	resourceTypes = []string{"ld", "wav", "cfg", "csv", "png", "jpg", "xml", "zip", "tar", "txt", "log", "bak", "htm", "html", "mp3"}
	deviceTypes   = []string{"cfg", "xml", "csv", "pem", "crt", "cer"}
)

// fileRule is what names of files may hold: phones cannot ask for blanks and for characters that URLs escape (UC Software guides).
var fileRule = regexp.MustCompile(`^[A-Za-z0-9#_()\[\]~+=@][A-Za-z0-9#.\-_()\[\]~+=@]*$`)

var (
	errFileTaken  = errs.New(errs.Conflict, "file_name_taken", "There is a file with this name already. Say that it shall be replaced.")
	errFileQuota  = errs.New(errs.Conflict, "file_quota", "The files of this customer take all the room that it has. Delete some first.")
	errFileLinked = errs.New(errs.Conflict, "file_linked", "Profiles link to this file. Confirm that it shall be deleted all the same.")
	errFileSize   = errs.New(errs.TooLarge, "file_too_large", "The file is larger than such files may be.")
	errFileEmpty  = errs.BadField("file", "file_empty", "The file is empty.")
)

func extension(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}

// checkFileName checks the name of a file for an area.
func checkFileName(c *errs.Checker, area Area, s string) string {
	s = c.Text("name", s, 1, 128)
	if c.Failed("name") {
		return s
	}
	types := deviceTypes
	if area == AreaResource {
		types = resourceTypes
	}
	switch {
	case !fileRule.MatchString(s) || strings.Contains(s, ".."):
		c.Add(errs.Field{Name: "name", Code: "file_name_characters", Message: "Only letters, digits and # . - _ ( ) [ ] ~ + = @ are allowed, because phones cannot ask for other names."})
	case !slices.Contains(types, extension(s)):
		c.Add(errs.Field{Name: "name", Code: "file_type", Message: "Files of this type cannot be stored here.", Params: map[string]string{"types": strings.Join(types, ", ")}})
	}
	return s
}

// sniff refuses content that is not what the name says, as far as its first bytes tell: programs, pages where none are expected, and
// pictures or archives that are none.
func sniff(c *errs.Checker, name string, head []byte) {
	kind := extension(name)
	page := looksLikePage(head)
	wrong := isProgram(head)
	switch kind {
	case "png":
		wrong = wrong || !bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n"))
	case "jpg":
		wrong = wrong || !bytes.HasPrefix(head, []byte("\xff\xd8\xff"))
	case "wav":
		wrong = wrong || len(head) < 12 || string(head[:4]) != "RIFF" || string(head[8:12]) != "WAVE"
	case "mp3":
		wrong = wrong || !bytes.HasPrefix(head, []byte("ID3")) && (len(head) < 2 || head[0] != 0xff || head[1]&0xe0 != 0xe0)
	case "zip":
		wrong = wrong || !bytes.HasPrefix(head, []byte("PK\x03\x04")) && !bytes.HasPrefix(head, []byte("PK\x05\x06"))
	case "tar":
		wrong = wrong || len(head) < 512 || page
	case "cfg", "csv", "xml", "txt", "log", "pem":
		wrong = wrong || page || binary(head)
	case "htm", "html":
		wrong = wrong || binary(head)
	default: // ld, bak, crt, cer
		wrong = wrong || page
	}
	if wrong {
		c.Add(errs.Field{Name: "file", Code: "file_content", Message: "The content is not what the name says. Check the file, or give it the extension that it has."})
	}
}

// isProgram knows what computers run: Windows, Linux, macOS, scripts. Phones' own software has other beginnings.
func isProgram(head []byte) bool {
	for _, magic := range []string{"MZ", "\x7fELF", "#!", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

func looksLikePage(head []byte) bool {
	text := strings.ToLower(strings.TrimLeft(string(head), "\ufeff \t\r\n"))
	return strings.HasPrefix(text, "<!doctype html") || strings.Contains(text, "<html") || strings.Contains(text, "<script")
}

// binary says whether text holds bytes that no text has. UTF-16 says what it is in its first two bytes.
func binary(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return false
	}
	return slices.ContainsFunc(head, func(b byte) bool { return b < ' ' && b != '\t' && b != '\r' && b != '\n' && b != '\f' && b != 0x1b })
}

// areaOf is where a name at the provisioning address itself belongs, because the directories of the master file are that address as
// long as no profile says otherwise.
func areaOf(name string) Area {
	switch {
	case strings.HasSuffix(name, "-directory.xml") || strings.HasSuffix(name, "-contact.xml"):
		return AreaContacts
	case strings.HasSuffix(name, "-phone.cfg") || strings.HasSuffix(name, "-web.cfg") || strings.HasSuffix(name, "-local.cfg"):
		return AreaOverrides
	case strings.HasSuffix(name, "-license.cfg"):
		return AreaLicense
	case strings.HasSuffix(name, "-profile.cfg") || strings.HasSuffix(name, "-user.cfg"):
		return AreaUserProfiles
	case extension(name) == "pem" || extension(name) == "crt" || extension(name) == "cer":
		return AreaCertificate
	case strings.HasSuffix(name, "-flk.csv"):
		return AreaFLK
	}
	return AreaMisc
}

// place reads where a path leads: into a directory by its name, or by the kind of name. false for what no file can have.
func placeOf(p string) (Area, string, bool) {
	if len(p) > 300 || strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) || strings.Contains(p, "..") {
		return "", "", false
	}
	folder, name, ok := strings.Cut(p, "/")
	switch {
	case !ok:
		return areaOf(p), p, p != ""
	case folder+"/" == linked:
		return AreaResource, name, name != ""
	case slices.Contains(Areas, Area(folder)) && name != "" && !strings.Contains(name, "/"):
		return Area(folder), name, true
	}
	return "", "", false
}
