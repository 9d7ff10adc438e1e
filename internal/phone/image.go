package phone

import (
	"archive/zip"
	"io"
	"path"
	"regexp"
	"strings"
)

// ImageReader is an ability of makers whose software images can be recognised.
type ImageReader interface {
	// ReadImage says what software a file holds; false when it is none of this maker's. It reads names and short texts, never the
	// software itself. What it does not know stays empty, and a person is asked. A ZIP file was checked before: see Archive.
	ReadImage(file string, r io.ReaderAt, size int64) (ImageInfo, bool)
}

// ImageInfo is what a software image tells about itself.
type ImageInfo struct {
	Family  string
	Version string      // "" when it does not say
	Models  []string    // as Recognise spells them; none: not known
	Paired  bool        // for a device that is provisioned through the phone (DM-317)
	Parts   []ImagePart // what phones fetch; none: the file itself
	Asked   string      // what phones are told to fetch; "": the folder that it lies in
	Schemas []string    // members from which a Learner learns the parameters (DM-144)
	Needs   []string    // versions that a phone must have run before this one, in their order
}

// ImagePart is a file that phones fetch: a member of the archive, under a plain name.
type ImagePart struct {
	Member string
	Name   string
}

// Limits of an archive. The largest package known has 985 MB, and software hardly shrinks when it is packed.
const (
	maxMembers = 5000
	maxPacked  = 100     // how often larger a member of more than a MiB may be than what it was packed to
	maxUnpack  = 4 << 30 // bytes, of all members
	maxNames   = 8 << 20 // bytes of the directory; more than 5000 members have
)

// ArchiveFault says why a ZIP file is refused.
type ArchiveFault struct{ Reason, Member string }

// Error is for people: what is wrong, and with which member.
func (f ArchiveFault) Error() string {
	if f.Member == "" {
		return f.Reason
	}
	return f.Reason + ": " + f.Member
}

// Archive opens a ZIP file by its directory and refuses with an ArchiveFault what is damaged, leads out of its folder, is there twice
// or unpacks to far more than it has. Nothing is unpacked.
func Archive(r io.ReaderAt, size int64) (*zip.Reader, error) {
	if err := directorySize(r, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, ArchiveFault{Reason: "the ZIP file is damaged"}
	}
	if len(z.File) > maxMembers {
		return nil, ArchiveFault{Reason: "the ZIP file has more than 5000 members"}
	}
	seen := make(map[string]bool, len(z.File))
	var total uint64
	for _, f := range z.File {
		if fault := memberFault(f); fault != "" {
			return nil, ArchiveFault{Reason: fault, Member: printable(f.Name)}
		}
		if seen[f.Name] {
			return nil, ArchiveFault{Reason: "the ZIP file has a member twice", Member: printable(f.Name)}
		}
		seen[f.Name] = true
		if total += f.UncompressedSize64; total > maxUnpack || f.UncompressedSize64 > maxUnpack {
			return nil, ArchiveFault{Reason: "the ZIP file unpacks to more than 4 GiB"}
		}
	}
	return z, nil
}

// directorySize refuses a directory that is larger than any package has, before it is read into memory: the entry that ends the file
// tells it (APPNOTE 4.3.16). The long form, which the reader understands too, is for archives of more than 4 GiB and is refused.
func directorySize(r io.ReaderAt, size int64) error {
	n := min(size, 22+65535)
	tail := make([]byte, n)
	if _, err := r.ReadAt(tail, size-n); err != nil && err != io.EOF {
		return err
	}
	i := strings.LastIndex(string(tail), "PK\x05\x06")
	if i < 0 || len(tail)-i < 22 {
		return ArchiveFault{Reason: "the ZIP file is damaged or not complete"}
	}
	le := func(at int) uint32 {
		b := tail[i+at:]
		return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
	}
	if le(12) > maxNames || le(12) == 0xffffffff || le(16) == 0xffffffff || le(8) == 0xffffffff {
		return ArchiveFault{Reason: "the directory of the ZIP file is too large"}
	}
	return nil
}

func memberFault(f *zip.File) string {
	name := f.Name
	folder := strings.HasSuffix(name, "/")
	switch {
	case name == "" || len(name) > 512 || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' || c == 0xfffd }):
		return "the ZIP file has a member with a bad name"
	case strings.HasPrefix(name, "/") || path.Clean(name) != strings.TrimSuffix(name, "/") || strings.HasPrefix(name, "..") || strings.Contains(name, ":"):
		return "the ZIP file has a member that leads out of its folder"
	case !folder && !f.Mode().IsRegular():
		return "the ZIP file has a member that is no file"
	case f.Flags&1 != 0:
		return "the ZIP file has a member with a password"
	case f.UncompressedSize64 > 1<<20 && f.UncompressedSize64/maxPacked > f.CompressedSize64:
		return "the ZIP file has a member that unpacks to far more than it has"
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return "the ZIP file has a member packed in an unusual way"
	}
	return ""
}

func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > 120 {
		s = strings.ToValidUTF8(s[:120], "") + "…"
	}
	return s
}

// IsArchive says whether the file begins like a ZIP file that holds something.
func IsArchive(r io.ReaderAt) bool {
	var head [4]byte
	_, err := r.ReadAt(head[:], 0)
	return err == nil && string(head[:]) == "PK\x03\x04"
}

// Short reads a short member, at most 4 KiB of it; "" when it cannot be read.
func Short(f *zip.File) string {
	r, err := f.Open()
	if err != nil {
		return ""
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, 4<<10))
	if err != nil {
		return ""
	}
	return string(b)
}

var notPlain = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// PlainName is the last part of a file's name in characters that every phone can ask for; others become "_".
func PlainName(file string) string {
	name := strings.TrimLeft(notPlain.ReplaceAllString(path.Base(strings.ReplaceAll(file, `\`, "/")), "_"), ".")
	if len(name) > 120 {
		name = name[len(name)-120:]
	}
	if name == "" {
		return "image"
	}
	return name
}
