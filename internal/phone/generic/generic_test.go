package generic

import (
	"errors"
	"flag"
	"strings"
	"testing"

	"linecard/internal/phone"
	"linecard/internal/phone/phonetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	grp2614 = phone.Inputs{MAC: phone.MAC{0xc0, 0x74, 0xad, 0x0b, 0x63, 0xee}, Model: "GRP2614", Version: "1.0.5.15", Poll: phone.DefaultPoll}
	d785    = phone.Inputs{MAC: phone.MAC{0x00, 0x04, 0x13, 0x92, 0x2d, 0x24}, Model: "D785", Version: "10.1.33.33", Poll: phone.DefaultPoll}
	both    = phone.Makers{New(Grandstream), New(Snom)}
)

func TestTheTemplatesConform(t *testing.T) {
	for i, in := range []phone.Inputs{grp2614, d785} {
		phonetest.Conform(t, both[i], in)
		in.Model, in.Version = "", ""
		phonetest.Conform(t, both[i], in)
	}
}

func TestFilesAreByteForByteAsReviewed(t *testing.T) {
	for i, in := range []phone.Inputs{grp2614, d785} {
		phonetest.Golden(t, both[i], "default", in, *update)
		in.Poll = phone.PollWindow{Start: 23*60 + 30, End: 75, Days: 7}
		phonetest.Golden(t, both[i], "weekly", in, *update)
	}
}

// The User-Agents are those of the fact sheet, letter by letter; where it left out a version, one is put in.
func TestAPhoneIsRecognisedFromItsUserAgent(t *testing.T) {
	for _, c := range []struct{ ua, maker, model, version, mac string }{
		{"Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b63ee", "grandstream", "GRP2614", "1.0.5.15", "c074ad0b63ee"},
		{"Grandstream Model HW GXV3240 V1.6B SW 1.0.3.222 DevId 000b82aabbcc", "grandstream", "GXV3240", "1.0.3.222", "000b82aabbcc"},
		{"Grandstream Model HW GXP2170 SW 1.0.11.85 DevId 000b82865e6a", "grandstream", "GXP2170", "1.0.11.85", "000b82865e6a"},
		{"Grandstream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8", "grandstream", "GXP2000", "1.2.5.3", "000b822726c8"},
		{"Grandstream HT802 1.0.17.5", "grandstream", "HT802", "1.0.17.5", ""},
		{"Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)", "snom", "D785", "10.1.33.33", "000413922d24"},
		{"Mozilla/4.0 (compatible; snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767)", "snom", "710", "8.7.5.35", "000413741767"},
		{"Mozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)", "snom", "M900", "05.20.0001", "000413b60680"},
	} {
		id, ok := both.Recognise("index.html", c.ua)
		mac, _ := phone.HexMAC(c.mac)
		if !ok || !id.Sure || id.Maker != c.maker || id.Model != c.model || id.Version != c.version || id.MAC != mac || id.Program != phone.Application {
			t.Errorf("%s: %+v, %v", c.ua, id, ok)
		}
	}
	for _, ua := range []string{"", "curl/8", "Grandstream", "Grandstream Model HW GRP2614", "x Grandstream HT802 1.0.17.5", "Grandstream HT802 1.0.17.5 <script>",
		"Mozilla/4.0 (compatible; MSIE 6.0)", "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33)", "Mozilla/4.0 (compatible; snom710-SIP 8.7.5.35 " + strings.Repeat("a", 300) + " 000413741767)"} {
		if id, ok := both.Recognise("index.html", ua); ok || id.Sure {
			t.Errorf("%q is no such phone: %+v", ua, id)
		}
	}
}

func TestAFileIsRecognisedFromItsPath(t *testing.T) {
	for path, want := range map[string]struct {
		maker, name, model string
		kind               phone.FileKind
	}{
		"cfgc074ad0b63ee":           {"grandstream", "cfgc074ad0b63ee", "", phone.Parameters},
		"cfgC074AD0B63EE.xml":       {"grandstream", "cfgc074ad0b63ee.xml", "", phone.Parameters},
		"gs/cfgc074ad0b63ee.xml":    {"grandstream", "gs/cfgc074ad0b63ee.xml", "", phone.Parameters},
		"cfggrp2614.xml":            {"grandstream", "cfggrp2614.xml", "GRP2614", phone.Common},
		"cfg.xml":                   {"grandstream", "cfg.xml", "", phone.Common},
		"snomD785.htm":              {"snom", "snomD785.htm", "D785", phone.Common},
		"snom710.htm":               {"snom", "snom710.htm", "710", phone.Common},
		"snomD785-000413922D24.htm": {"snom", "snomD785-000413922d24.htm", "D785", phone.Parameters},
		"000413922D24.htm":          {"snom", "000413922d24.htm", "", phone.Parameters},
		"prov/000413922D24.xml":     {"snom", "prov/000413922d24.xml", "", phone.Parameters},
	} {
		id, ok := both.Recognise(path, "")
		if !ok || id.Maker != want.maker || id.Name != want.name || id.Kind != want.kind || id.Model != want.model || id.Sure {
			t.Errorf("%s: %+v, %v", path, id, ok)
		}
	}
	for _, path := range []string{"", "x", "cfg", "cfgx-y.xml", "cfgc074ad0b63ee.cfg", "000413922d24", "000413922d24.cfg", "000000000000.xml", "snom.htm", "snomD785-00041392.htm", "cfg000000000000.xml"} {
		if id, ok := both.Recognise(path, ""); ok {
			t.Errorf("%q is no file of these phones: %+v", path, id)
		}
	}
}

func TestAPhoneGetsItsFileWhateverModelWasEntered(t *testing.T) {
	in := d785
	for _, in.Model = range []string{"D785", "", "d785", "Conference phone, 2nd floor"} {
		if _, err := both[1].Render("snomD785-000413922d24.htm", in); err != nil {
			t.Errorf("%q: %v", in.Model, err)
		}
		for _, name := range []string{"snomD785.htm", "snomD785-000413922d25.htm", "snomD785-000413922D24.htm", "x/000413922d24.htm", "000413922d25.xml"} {
			if _, err := both[1].Render(name, in); !errors.Is(err, phone.ErrNoFile) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, name := range []string{"cfgc074ad0b63ee", "cfg.xml", "cfggrp2614.xml"} {
		if _, err := both[0].Render(name, grp2614); !errors.Is(err, phone.ErrNoFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecretsAreKnownByTheirNames(t *testing.T) {
	for i, names := range [][]string{{"P2", "P34", "P1359", "users.admin.password", "P237"}, {"user_pass", "http_pass", "admin_mode_password", "setting_server", "keyboard_lock_pw", "tr69_acs_passwd"}} {
		for _, p := range names {
			if !both[i].Secret(p) {
				t.Errorf("%s is shown in clear", p)
			}
		}
	}
	for i, names := range [][]string{{"P47", "P35", "P194", "P20", "P340", ""}, {"user_name", "user_host", "prov_polling_mode", "firmware", ""}} {
		for _, p := range names {
			if both[i].Secret(p) {
				t.Errorf("%s is no secret", p)
			}
		}
	}
}

func TestTheMakersKnowTheirPrefixes(t *testing.T) {
	if both.Of(grp2614.MAC) != "grandstream" || both.Of(d785.MAC) != "snom" || both.Of(phone.MAC{0x64, 0x16, 0x7f}) != "" {
		t.Error("prefixes are mixed up")
	}
}

func TestLinesAreByteForByteAsReviewed(t *testing.T) {
	for i, in := range []phone.Inputs{grp2614, d785} {
		layout := phonetest.Two(in.Model)
		layout.Ever = 3
		s := both[i].Spell(layout)
		in.Settings = phone.ByName(append(s.Identity, s.Rest...))
		phonetest.Golden(t, both[i], "lines", in, *update)
	}
}

func TestFilesAreReadBack(t *testing.T) {
	for i, c := range []struct{ text, want string }{
		{`<gs_provision version="1"><mac>c074ad0b63ee</mac><config version="1"><!-- # x --><P271>1</P271><P47> a.test </P47></config></gs_provision>`, "P271=1 P47=a.test"},
		{`<settings><phone-settings><user_name idx="2" perm="R">1001</user_name><ntp_server perm="">x</ntp_server></phone-settings><functionKeys><fkey idx="0">line</fkey></functionKeys></settings>`, "user_name.2=1001 ntp_server=x"},
	} {
		all, err := both[i].(phone.Reader).ReadSettings("x.xml", strings.NewReader(c.text))
		var got []string
		for _, s := range all {
			got = append(got, s.Name+"="+s.Value)
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%v, %v", got, err)
		}
	}
}

func FuzzReadSettings(f *testing.F) {
	f.Add([]byte(`<settings><phone-settings><user_name idx="2" perm="R">1001</user_name></phone-settings></settings>`))
	f.Add([]byte(`<config><P1>x</P1><P1/></config>`))
	f.Add([]byte(`<phone-settings><a idx="x"/></phone-settings>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range both {
			phonetest.ReadsAnything(t, m, b)
		}
	})
}

func FuzzAnySetting(f *testing.F) {
	for _, v := range []string{"", "x", "</P47>", "<!--", "\x00", "\xff", "日本"} {
		f.Add("user_name.1", v)
		f.Add(v, "x")
	}
	f.Add("a.b.1", "x")
	f.Fuzz(func(t *testing.T, name, value string) {
		phonetest.TakesAnySetting(t, both[0], grp2614, name, value)
		phonetest.TakesAnySetting(t, both[1], d785, name, value)
	})
}

func FuzzRecogniseTakesAnything(f *testing.F) {
	f.Add("cfgC074AD0B63EE.xml", "Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b63ee")
	f.Add("snomD785-000413922D24.htm", "Mozilla/4.0 (compatible; snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767)")
	f.Add("a/../cfg.xml", "Grandstream GXP2000 (")
	f.Fuzz(func(t *testing.T, path, ua string) {
		for _, m := range both {
			phonetest.TakesAnything(t, m, path, ua)
		}
	})
}

// A model can be anything that somebody typed.
func FuzzAModelNeverBreaksAFile(f *testing.F) {
	for _, m := range []string{"D785", "../x", "<a>", "\x00", "{mac}"} {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, model string) {
		in := d785
		in.Model = model
		for _, r := range both {
			for _, name := range r.Files(in) {
				file, err := r.Render(name, in)
				if err != nil || strings.ContainsAny(name, "/\\<>{}\x00") {
					t.Fatalf("%q became %q, %v", model, name, err)
				}
				phonetest.WellFormed(t, file.Body)
			}
		}
	})
}

func BenchmarkRecognise(b *testing.B) {
	for b.Loop() {
		both[0].Recognise("cfgc074ad0b63ee.xml", "Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b63ee")
	}
}
