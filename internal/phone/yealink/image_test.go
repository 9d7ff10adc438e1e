package yealink

import (
	"strings"
	"testing"

	"linecard/internal/phone"
)

func TestSoftwareIsKnownByTheFirstNumberOfItsVersion(t *testing.T) {
	for _, c := range []struct{ file, models, version, asked, family string }{
		{"T46S(T48S,T42S,T41S)-66.86.0.15.rom", "T41S T42S T46S T48S", "66.86.0.15", "T46S_T48S_T42S_T41S_-66.86.0.15.rom", "T4"},
		{"T54W(T57W,T53W,T53)-96.87.0.5.rom", "T53 T53W T54W T57W", "96.87.0.5", "T54W_T57W_T53W_T53_-96.87.0.5.rom", "T5"},
		{"firmware.ROM", "", "", "firmware.ROM", ""},
		{"X-999.1.0.1.rom", "", "999.1.0.1", "X-999.1.0.1.rom", ""},
	} {
		info, ok := New().(phone.ImageReader).ReadImage(c.file, strings.NewReader("x"), 1)
		if !ok || strings.Join(info.Models, " ") != c.models || info.Version != c.version || info.Asked != c.asked || info.Family != c.family {
			t.Errorf("%s: %v %+v", c.file, ok, info)
		}
	}
	if _, ok := New().(phone.ImageReader).ReadImage("x.zip", strings.NewReader("PK\x03\x04"), 4); ok {
		t.Error("an archive is taken")
	}
	for _, names := range prefixModels {
		for _, m := range strings.Fields(names) {
			if _, known := phone.Find(catalogue, m); !known {
				t.Errorf("%s is no model of the catalogue", m)
			}
		}
	}
}
