package poly

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"linecard/internal/phone"
)

func zipped(names ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		name, text, _ := strings.Cut(n, "=")
		f, _ := z.Create(name)
		_, _ = io.WriteString(f, text)
	}
	_ = z.Close()
	return b.Bytes()
}

func TestSoftwareIsKnownByItsPartNumbers(t *testing.T) {
	for _, c := range []struct {
		name, file                     string
		body                           []byte
		models, version, family, needs string
		parts                          int
		paired                         bool
	}{
		{"split package", "UCS_5.9.8.zip", zipped("3111-46157-002.sip.ld", "3111-44500-001.sip.ld", "3111-17823-001.dect.ld", "sip.ver=5.9.8.3221 rts", "dect.ver=1.2.3", "Config/x.xsd"), "VVX400 VVX500", "5.9.8.3221", "VVX", "5.7.3", 5, false},
		{"in a folder", "x.zip", zipped("release/2345-12500-001.SIP.ld", "release/sip.ver=4.0.15.1009"), "SPIP550", "4.0.15.1009", "SoundPoint IP", "", 2, false},
		{"one for all models", "rel_5_9_8.zip", zipped("sip.ld", "sip.ver=5.9.8"), "", "5.9.8", "", "", 2, false},
		{"one file", "3111-49770-001.sip.ld", []byte("x"), "CCX600", "", "CCX", "", 1, false},
		{"an older one", "a.zip", zipped("3111-46157-002.sip.ld", "sip.ver=5.7.3.1"), "VVX400", "5.7.3.1", "VVX", "", 2, false},
		{"paired", "RPG-release-6.2.0.tar", []byte("x"), "", "6.2.0", "RealPresence Group", "", 0, true},
	} {
		info, ok := New().(phone.ImageReader).ReadImage(c.file, bytes.NewReader(c.body), int64(len(c.body)))
		if !ok || strings.Join(info.Models, " ") != c.models || info.Version != c.version || info.Family != c.family || strings.Join(info.Needs, " ") != c.needs || len(info.Parts) != c.parts || info.Paired != c.paired {
			t.Errorf("%s: %v %+v", c.name, ok, info)
		}
	}
	for file, body := range map[string][]byte{"x.zip": zipped("readme.txt", "x.ld.txt"), "x.rom": []byte("x"), "x.exe": []byte("MZ"), "y.zip": []byte("PK\x03\x04"), "sip.ver": []byte("5.9")} {
		if info, ok := New().(phone.ImageReader).ReadImage(file, bytes.NewReader(body), int64(len(body))); ok {
			t.Errorf("%s is taken for %+v", file, info)
		}
	}
}

func FuzzImagesNeverSurprise(f *testing.F) {
	f.Add("x.zip", zipped("3111-46157-002.sip.ld", "sip.ver=5.9.8.3221", "Config/a.xsd"))
	f.Add("sip.ld", []byte("x"))
	f.Add("x.tar", []byte{})
	f.Fuzz(func(t *testing.T, file string, body []byte) {
		info, ok := New().(phone.ImageReader).ReadImage(file, bytes.NewReader(body), int64(len(body)))
		if !ok {
			return
		}
		for _, p := range info.Parts {
			if phone.PlainName(p.Name) != p.Name || strings.Contains(p.Member, "..") {
				t.Errorf("a part %+v", p)
			}
		}
		if info.Asked == "" || phone.PlainName(info.Asked) != info.Asked {
			t.Errorf("phones are told %q", info.Asked)
		}
	})
}
