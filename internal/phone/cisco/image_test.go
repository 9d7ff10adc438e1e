package cisco

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"linecard/internal/phone"
)

func TestSoftwareIsKnownByItsLoadsFile(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range []string{"sip88xx.12-0-7MPP0201-66.loads", "kern88xx.12-0-7MPP0201-66.sbn", "folder/", "folder/rootfs.sbn"} {
		_, _ = z.Create(n)
	}
	_ = z.Close()
	info, ok := New().(phone.ImageReader).ReadImage("cmterm-88xx.zip", bytes.NewReader(b.Bytes()), int64(b.Len()))
	if !ok || info.Version != "12-0-7MPP0201-66" || info.Asked != "sip88xx.12-0-7MPP0201-66.loads" || len(info.Parts) != 3 || info.Family != "8800" ||
		strings.Join(info.Models, " ") != "CP-8811-3PCC CP-8841-3PCC CP-8851-3PCC CP-8861-3PCC" {
		t.Errorf("%v %+v", ok, info)
	}
	for file, models := range map[string]string{"sip8845_65.12-0-7MPP0201-66.loads": "CP-8845-3PCC CP-8865-3PCC", "sip8832.12-0-7MPP0201-66.loads": "CP-8832-3PCC",
		"sip68xx.11-3-2MPP0001-609.loads": "CP-6821-3PCC CP-6841-3PCC CP-6851-3PCC CP-6861-3PCC CP-6871-3PCC"} {
		info, ok := New().(phone.ImageReader).ReadImage(file, strings.NewReader("x"), 1)
		if !ok || strings.Join(info.Models, " ") != models {
			t.Errorf("%s: %v %v", file, ok, info.Models)
		}
	}
	if _, ok := New().(phone.ImageReader).ReadImage("x.loads.exe", strings.NewReader("x"), 1); ok {
		t.Error("anything is taken")
	}
}
