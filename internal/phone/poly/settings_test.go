package poly

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/phone/phonetest"
)

// value gives an attribute of a rendered file; "absent" when it is not there.
func value(t *testing.T, in phone.Inputs, file int, name string) string {
	t.Helper()
	f, err := New().Render(New().Files(in)[file], in)
	if err != nil {
		t.Fatal(err)
	}
	_, attrs, elements := readBack(t, f.Body)
	if elements != 1 { // DM-178
		t.Errorf("%d elements: %s", elements, f.Body)
	}
	for _, a := range attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return "absent"
}

// The vectors of chapter 14: what profiles say about the master file stands there and nowhere else.
func TestMasterAttributesGoToTheMasterFileAlone(t *testing.T) {
	in := phone.Inputs{MAC: phone.MAC{0x00, 0x04, 0xf2, 0xfc, 0xfc, 0x20}, Image: phone.Image{Path: "fw/6.4.7/sip.ld"}, Settings: phone.ByName([]phone.Setting{
		{Name: "CONFIG_FILES", Value: "ftp://user:password@1.2.3.4/0004f2fcfc20/config_file.cfg ,a/b.cfg"}, {Name: "LOG_FILE_DIRECTORY", Value: "https://logs.test/x"},
		{Name: "_mac_cfgFoo", Value: `1"<`}, {Name: "mac_cfgFoo", Value: "2"}, {Name: "reg.1.label", Value: "x"}, {Name: "COREFILE_DIRECTORY", Value: "core"}})}
	for _, c := range []struct{ id, name, master, parameters string }{
		{"DM-179", "CONFIG_FILES", "0004f2fcfc20-linecard.cfg, ftp://user:password@1.2.3.4/0004f2fcfc20/config_file.cfg, a/b.cfg", "absent"},
		{"DM-180", "LOG_FILE_DIRECTORY", "https://logs.test/x", "absent"},
		{"DM-181", "APP_FILE_PATH", "fw/6.4.7/sip.ld", "absent"},
		{"DM-182", "COREFILE_DIRECTORY", "core", "absent"},
		{"DM-185", "_mac_cfgFoo", `1"<`, "absent"},
		{"DM-185", "mac_cfgFoo", "absent", "2"},
		{"DM-178", "reg.1.label", "absent", "x"},
		{"DM-178", "OVERRIDES_DIRECTORY", "", "absent"},
	} {
		if got := value(t, in, 0, c.name); got != c.master {
			t.Errorf("%s: %s in the master file is %q, want %q", c.id, c.name, got, c.master)
		}
		if got := value(t, in, 1, c.name); got != c.parameters {
			t.Errorf("%s: %s in the parameter file is %q, want %q", c.id, c.name, got, c.parameters)
		}
	}
	in.Settings = []phone.Setting{{Name: "APP_FILE_PATH", Value: "own.ld"}} // DM-181, M16
	if got := value(t, in, 0, "APP_FILE_PATH"); got != "own.ld" {
		t.Errorf("the chosen software stands before the profile's path: %q", got)
	}
	in.Settings, in.Image = nil, phone.Image{}
	if got := value(t, in, 0, "COREFILE_DIRECTORY") + value(t, in, 0, "APP_FILE_PATH"); got != "absentsip.ld" {
		t.Errorf("defaults of the master file: %s", got)
	}
}

// DM-186.
func TestACXRoomPhoneIsToldWhereItsUpdatesAre(t *testing.T) {
	in := vvx
	in.Model, in.Image, in.Settings = "CX5500", phone.Image{Version: "1.3.0", Path: "fw/x/sip.ld", Base: "https://relayS/"}, []phone.Setting{}
	for name, want := range map[string]string{"device.local.updateTime": "3600", "device.local.updateInterval": "604800", "device.local.autoUpdateEnabled": "1", "device.local.updateServer": "https://relayS/swupdate/CX/1.3.0"} {
		if got := value(t, in, 1, name) + " " + value(t, in, 1, name+".set"); got != want+" 1" {
			t.Errorf("%s: %s", name, got)
		}
	}
	in.Model = "VVX450"
	if got := value(t, in, 1, "device.local.updateServer"); got != "absent" {
		t.Errorf("a VVX gets %s", got)
	}
}

func TestWhatCannotBeInTheFilesIsRefusedBeforeItIsStored(t *testing.T) {
	for _, c := range []struct {
		s    phone.Setting
		want error
	}{
		{phone.Setting{Name: "CONFIG_FILES", Value: "a b.cfg"}, errFileList}, {phone.Setting{Name: "CONFIG_FILES", Value: strings.Repeat("aaaaaaaa.cfg,", 200) + "b"}, errFileList},
		{phone.Setting{Name: "APP_FILE_PATH", Value: "fw\\sip.ld"}, errFileList}, {phone.Setting{Name: "reg.1 address"}, phone.ErrName}, {phone.Setting{Name: "_mac", Value: "1"}, phone.ErrName},
		{phone.Setting{Name: "reg.1.label", Value: "\x07"}, phone.ErrText}, {phone.Setting{Name: "device.auth.localAdminPassword", Value: "456"}, phone.ErrFactory},
		{phone.Setting{Name: "device.auth.localAdminPassword", Value: "4567"}, nil}, {phone.Setting{Name: "device.auth.localAdminPassword"}, nil},
		{phone.Setting{Name: "reg.1.label", Value: "456"}, nil}, {phone.Setting{Name: "sec.TLS.customCaCert.1", Value: "-----BEGIN CERTIFICATE-----\nMII=\n"}, nil},
		{phone.Setting{Name: "CONFIG_FILES", Value: ""}, nil}, {phone.Setting{Name: "_mac_cfg.a-b_c", Value: "x"}, nil},
	} {
		if err := New().Check(c.s); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s = %q: %v, want %v", c.s.Name, c.s.Value, err, c.want)
		}
	}
}

func TestFlashStaysAndEverythingElseIsForgotten(t *testing.T) {
	for name, forgotten := range map[string]bool{"reg.1.label": true, "CONFIG_FILES": true, "device.prov.user": false, "device.auth.localAdminPassword": false, "devices.x": true} {
		if s, ok := New().Gone(name); ok != forgotten || s.Name != "" {
			t.Errorf("%s: %+v, %v", name, s, ok)
		}
	}
}

func TestAnAccountIsSetWithItsCompanions(t *testing.T) {
	got := New().Account(phone.Account{User: "u", Password: "p", Server: "https://acme.example.test/x"})
	want := []phone.Setting{{Name: "device.prov.password", Value: "p"}, {Name: "device.prov.password.set", Value: "1"}, {Name: "device.prov.serverName", Value: "https://acme.example.test/x"},
		{Name: "device.prov.serverName.set", Value: "1"}, {Name: "device.prov.serverType", Value: "3"}, {Name: "device.prov.serverType.set", Value: "1"}, {Name: "device.prov.user", Value: "u"},
		{Name: "device.prov.user.set", Value: "1"}, {Name: "device.set", Value: "1"}}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if n := len(New().Account(phone.Account{User: "u", Password: "p"})); n != 5 {
		t.Errorf("%d settings without a server", n)
	}
}

// A phone that has not proved itself gets no secrets, and must not take that for an empty password.
func TestACompanionWithoutItsValueIsNotWritten(t *testing.T) {
	in := vvx
	in.Settings = []phone.Setting{{Name: "device.auth.localAdminPassword.set", Value: "1"}, {Name: "device.prov.user", Value: "u"}, {Name: "device.prov.user.set", Value: "1"}, {Name: "device.set", Value: "1"}, {Name: "x.set", Value: "1"}}
	for name, want := range map[string]string{"device.auth.localAdminPassword.set": "absent", "device.prov.user.set": "1", "device.set": "1", "x.set": "1"} {
		if got := value(t, in, 1, name); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
}

func TestLinesAndKeysAreByteForByteAsReviewed(t *testing.T) {
	layout := phonetest.Two("VVX450")
	layout.Lines[1].SharedWith = "1002"
	layout.Keys = []phone.Key{{Position: 1, Type: phone.KeyBLF, Target: "1003", Label: "Chen", Pickup: "*8"}, {Position: 3, Type: phone.KeySpeedDial, Target: "0891234"},
		{Position: 4, Type: phone.KeyPark, Target: "701"}, {Position: 5, Type: phone.KeyDTMF, Target: "12#"}, {Position: 6, Type: phone.KeyURL, Target: "https://x.test/a?b&c"},
		{Position: 12, Type: phone.KeyShared, Line: 2}, {Page: 1, Position: 1, Type: phone.KeyBLF, Target: "1004"}, {Page: 4, Position: 1, Type: phone.KeyBLF, Target: "1005"}}
	s := New().Spell(layout)
	in := vvx
	in.Model, in.Settings = "VVX450", phone.ByName(slices.Concat(s.Identity, s.Rest))
	phonetest.Golden(t, New(), "lines", in, *update)
	if len(s.Misfits) != 1 || s.Misfits[0].Key.Page != 4 || s.Misfits[0].Code != "key_no_such_place" {
		t.Errorf("%+v", s.Misfits)
	}
	// Without free places the second line has none, and says so.
	full := phonetest.Two("VVX250")
	full.Keys = []phone.Key{{Position: 1, Type: phone.KeyBLF, Target: "1"}, {Position: 2, Type: phone.KeyBLF, Target: "2"}, {Position: 3, Type: phone.KeyBLF, Target: "3"}}
	if s := New().Spell(full); len(s.Misfits) != 1 || s.Misfits[0].Line != 2 || s.Misfits[0].Code != "line_no_place" {
		t.Errorf("%+v", s.Misfits)
	}
	// Old phones have BLF keys after their lines and no others.
	old := phonetest.Two("SPIP650")
	old.Keys = full.Keys[:1]
	old.Keys = append(old.Keys, phone.Key{Position: 2, Type: phone.KeySpeedDial, Target: "1"})
	if s := New().Spell(old); len(s.Misfits) != 1 || slices.ContainsFunc(s.Rest, func(x phone.Setting) bool { return strings.HasPrefix(x.Name, "lineKey.") }) {
		t.Errorf("%+v", s)
	}
}

// DM-339: each model can be added by hand, in any spelling, and is recognised from a sample User-Agent.
func TestEveryModelOfTheCatalogueIsRecognised(t *testing.T) {
	for _, name := range strings.Fields("Trio8800 Trio8500 Trio8300 TrioC60 CCX400 CCX500 CCX600 SPIP300 SPIP450 SPIP560 SPIP650 SPIP670 SSIP5000 SSIP6000 SSIP7000 VVX101 VVX150 VVX201 VVX250 VVX300 " +
		"VVX301 VVX310 VVX311 VVX350 VVX400 VVX401 VVX410 VVX411 VVX450 VVX500 VVX501 VVX600 VVX601 VVX1500 EdgeE350 EdgeE450 CX5100 CX5500") {
		m, ok := phone.Find(phone.Models(New()), name)
		if !ok || m.Name != name || m.Identifier != "mac" {
			t.Errorf("%s is not in the catalogue", name)
		}
		at := strings.IndexAny(name, "0123456789")
		if strings.HasPrefix(name, "Edge") || strings.HasPrefix(name, "TrioC") {
			at = 4
		}
		ua := "FileTransport PolycomFamily-" + name[:at] + "_" + name[at:] + "-UA/9.9.9.1234 Type/Application"
		if id, ok := New().Recognise("x", ua); !ok || id.Model != name {
			t.Errorf("%s became %+v", ua, id)
		}
	}
	for typed, want := range map[string]string{"vvx 450": "VVX450", "Polycom VVX-450": "VVX450", "RealPresence Trio 8800": "Trio8800", "Edge E350": "EdgeE350", "SoundPoint IP 650": "", "": ""} {
		if m, _ := phone.Find(phone.Models(New()), typed); m.Name != want {
			t.Errorf("%q is %q", typed, m.Name)
		}
	}
	vvx, _ := phone.Find(phone.Models(New()), "VVX411")
	if !vvx.Can(phone.RESTAPI, "6.4.7.4560") || vvx.Can(phone.RESTAPI, "5.5.2") || !vvx.Can(phone.LegacyTLS, "5.5.2.8571") || vvx.Can(phone.LegacyTLS, "") || !vvx.Can(phone.RESTAPI, "") {
		t.Error("abilities of a VVX 411 (DM-340)")
	}
}

func TestFiveModelsGetACompleteConfiguration(t *testing.T) {
	for model, version := range map[string]string{"VVX250": "6.4.3.5156", "VVX450": "5.9.1.0615", "Trio8800": "7.2.4.1234", "CCX500": "9.4.1.0508", "EdgeE350": "8.3.1.0614"} {
		in := vvx
		in.Model, in.Version = model, version
		phonetest.Production(t, New(), in)
	}
}

// The schema is written for this test: the maker's own was in no source.
func TestASchemaIsLearned(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "sample.xsd"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := New().(phone.Learner).Learn("polycomConfig.xsd", f)
	if err != nil || d.Maker != Maker || d.Version != "6.4.7" || len(d.Parameters) != 9 {
		t.Fatalf("%+v, %v", d, err)
	}
	for _, c := range []struct{ name, good, bad string }{
		{"call.autoAnswer.SIP", "1", "2"}, {"reg.1.server.1.transport", "TLS", "tls"}, {"prov.polling.period", "86400", "3600"}, {"volume.level", "-3", "11"},
		{"named.choice", "b", "c"}, {"prov.polling.time", "03:00", "3 am"}, {"reg.1.label", "anything", ""}, {"x.new", "7", "seven"}, {"short.text", "äöü", strings.Repeat("x", 41)},
	} {
		p, ok := d.Find(c.name)
		if !ok || p.Fault(c.good) != nil || c.bad != "" && p.Fault(c.bad) == nil {
			t.Errorf("%s: %+v, %v", c.name, p, ok)
		}
	}
	if p, _ := d.Find("call.autoAnswer.SIP"); p.Default == nil || *p.Default != "0" || p.Help != "Answer SIP calls at once." || p.Type != phone.Boolean {
		t.Errorf("%+v", p)
	}
	if name, ok := d.Canonical("CALL.autoanswer.sip"); !ok || name != "call.autoAnswer.SIP" { // DM-164
		t.Error(name)
	}
}

func TestABrokenSchemaNamesItsLine(t *testing.T) {
	for text, line := range map[string]string{
		"<xs:schema xmlns:xs=\"x\">\n<xs:attribute name=\"a\">\n</xs:schema>":  "3",
		"<xs:schema xmlns:xs=\"x\">\n<xs:attribute name=\"a b\"/></xs:schema>": "2",
		"<xs:schema xmlns:xs=\"x\">\n\n<xs:attribute name=\"a\"><xs:simpleType><xs:restriction><xs:minInclusive value=\"x\"/></xs:restriction></xs:simpleType></xs:attribute></xs:schema>": "3",
		"<!DOCTYPE a>\n<a/>": "1",
	} {
		_, err := New().(phone.Learner).Learn("x.xsd", strings.NewReader(text))
		if e := errs.As(err); err == nil || e.Code != "file_malformed" || e.Params["line"] != line || e.Params["fault"] == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// DM-147, DM-148: files of any layout, exports, overrides and what is pasted.
func TestConfigurationIsReadInAnyNesting(t *testing.T) {
	for text, want := range map[string]string{
		`<x call.autoAnswer.SIP="1"/>`: "call.autoAnswer.SIP=1",
		`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><polycomConfig xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="polycomConfig.xsd"><reg reg.1.label="a&amp;b"><reg.1 reg.1.address="1"/></reg></polycomConfig>`: "reg.1.label=a&b reg.1.address=1",
		"<PHONE_CONFIG><!-- made on the phone --><OVERRIDES up.x=\"1\"\n up.y=\"\"/></PHONE_CONFIG>": "up.x=1 up.y=",
		"<PHONE_CONFIG><ALL a=\"1\"/></PHONE_CONFIG>":                                                "a=1",
		`<a x="1"/><b x="2"/>`:                                         "x=1 x=2",
		`<APPLICATION APP_FILE_PATH="sip.ld" _mac_cfgX="1"/>`:          "APP_FILE_PATH=sip.ld _mac_cfgX=1",
		`<PHONE_CONFIG><OVERRIDES/></PHONE_CONFIG>`:                    "",
		"\xef\xbb\xbf<a x=\"ü\"/>":                                     "x=ü",
		"\xff\xfe<\x00a\x00 \x00x\x00=\x00\"\x001\x00\"\x00/\x00>\x00": "x=1",
	} {
		all, err := New().(phone.Reader).ReadSettings("x.cfg", strings.NewReader(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		var got []string
		for _, s := range all {
			got = append(got, s.Name+"="+s.Value)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestAFileThatCouldNotBeWrittenAgainIsRefusedInItsLine(t *testing.T) {
	for text, line := range map[string]string{"<a>\n<b ü='1'/></a>": "2", "<a\n_mac='1'/>": "1", "<a b='\ufffe'/>": "1", "<a>\n\n<b c=1/></a>": "3"} {
		all, err := New().(phone.Reader).ReadSettings("x.cfg", strings.NewReader(text))
		if e := errs.As(err); err == nil || all != nil || e.Code != "file_malformed" || e.Params["line"] != line {
			t.Errorf("%q: %v, %v", text, all, err)
		}
	}
	if _, err := New().(phone.Reader).ReadSettings("x.cfg", strings.NewReader("no element at all")); errs.CodeOf(err) != "file_no_settings" {
		t.Error(err)
	}
}

func FuzzReadSettings(f *testing.F) {
	for _, v := range []string{"<x a=\"1\"/>", "<PHONE_CONFIG><OVERRIDES up.x=\"1\"/></PHONE_CONFIG>", "<!DOCTYPE a>", "<a b='&#0;'/>", "\xff\xfe<\x00", "<a", "<a/><a/>"} {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, b []byte) { phonetest.ReadsAnything(t, New(), b) })
}

func FuzzLearn(f *testing.F) {
	sample, err := os.ReadFile(filepath.Join("testdata", "sample.xsd"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	for _, v := range []string{"<schema><attribute name=\"a\" type=\"b\"/><simpleType name=\"b\"><restriction base=\"string\"><pattern value=\"(\"/></restriction></simpleType></schema>", "</a>", "<attribute name=\"a\"><attribute name=\"b\"/></attribute>"} {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, b []byte) { phonetest.LearnsAnything(t, New(), b) })
}
