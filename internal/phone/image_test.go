package phone_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"testing"

	"linecard/internal/phone"
)

func archive(names ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		f, _ := z.Create(name)
		_, _ = io.WriteString(f, name)
	}
	_ = z.Close()
	return b.Bytes()
}

// FuzzArchive opens what people bring: a ZIP file is refused with a reason, or has members that stay in their folder.
func FuzzArchive(f *testing.F) {
	f.Add(archive("3111-48450-001.sip.ld", "sip.ver", "Config/a.xsd", "folder/"))
	f.Add(archive("../x"))
	f.Add(archive("a", "a"))
	f.Add(archive())
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, body []byte) {
		z, err := phone.Archive(bytes.NewReader(body), int64(len(body)))
		var fault phone.ArchiveFault
		switch {
		case err != nil && !errors.As(err, &fault):
			t.Fatalf("%v is no reason", err)
		case err != nil && fault.Reason == "":
			t.Fatal("refused without a reason")
		case err != nil:
			return
		}
		seen := map[string]bool{}
		for _, m := range z.File {
			if seen[m.Name] || m.Name == "" || m.Name[0] == '/' || bytes.Contains([]byte("/"+m.Name+"/"), []byte("/../")) {
				t.Fatalf("a member %q", m.Name)
			}
			seen[m.Name] = true
		}
	})
}

func TestNamesOfSoftwareAreWhatEveryPhoneCanAskFor(t *testing.T) {
	for file, want := range map[string]string{"T46S(T48S)-66.86.0.15.rom": "T46S_T48S_-66.86.0.15.rom", `C:\tmp\x.rom`: "x.rom", "../x": "x", "": "image", "..": "image", "ü": "_"} {
		if got := phone.PlainName(file); got != want {
			t.Errorf("%q becomes %q, want %q", file, got, want)
		}
	}
}
