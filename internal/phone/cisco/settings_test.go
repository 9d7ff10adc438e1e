package cisco

import (
	"slices"
	"strings"
	"testing"

	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/phone/phonetest"
)

// Decision 14: the default is said aloud where it is known; elsewhere the value stays on the phone, and Gone says so.
func TestWhatIsSetNoMoreIsForgottenWhereTheDefaultIsKnown(t *testing.T) {
	in := cp8841
	in.Settings, in.Once = []phone.Setting{}, []string{"Display_Password_Warnings", "Extension_2_", "Station_Name", "Unknown_To_Us"}
	f, err := New().Render("00562b043615.xml", in)
	if err != nil || !strings.Contains(string(f.Body), ">Yes</Display_Password_Warnings>") || !strings.Contains(string(f.Body), ">2</Extension_2_>") || strings.Contains(string(f.Body), "Station_Name") ||
		strings.Contains(string(f.Body), "Unknown_To_Us") {
		t.Errorf("%s, %v", f.Body, err)
	}
	if _, ok := New().Gone("Station_Name"); ok {
		t.Error("a default that nobody knows is said aloud")
	}
}

func TestSoftwareIsNamedByItsFullAddressUnlessASettingNamesOne(t *testing.T) {
	for _, c := range []struct{ path, own, rule, enable string }{
		{"https://h.test/sip88xx.loads", "", "https://h.test/sip88xx.loads", "Yes"}, {"fw/sip88xx.loads", "", "", ""}, {"https://h.test/a.loads", "Upgrade_Rule", "own", ""}, {"https://h.test/a.loads", "Upgrade_Enable", "https://h.test/a.loads", "own"},
		{"fw/a.loads", "Profile_Rule", "https://acme.test/p/fw/a.loads", "Yes"},
	} {
		in := cp8841
		in.Image, in.Settings = phone.Image{Path: c.path}, []phone.Setting{}
		if c.own != "" {
			in.Settings = []phone.Setting{{Name: c.own, Value: "own"}}
		}
		if c.own == "Profile_Rule" {
			in.Settings[0].Value = "[--uid $SA --pwd $SB] https://acme.test/p/$MA.xml"
		}
		f, err := New().Render("00562b043615.xml", in)
		if err != nil {
			t.Fatal(err)
		}
		all, _ := New().(phone.Reader).ReadSettings("x", strings.NewReader(string(f.Body)))
		got := map[string]string{}
		for _, s := range all {
			got[s.Name] = s.Value
		}
		if got["Upgrade_Rule"] != c.rule || got["Upgrade_Enable"] != c.enable {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestTheFolderOfASimpleRuleIsKnown(t *testing.T) {
	for rule, want := range map[string]string{"https://h.test/p/$MA.xml": "https://h.test/p", "[--uid a --pwd b] https://h.test/$MA.xml": "https://h.test", "/$PSN.xml": "", "https://h.test": "", "": "",
		"(\"$A\" eq \"1\")? https://h.test/a.xml | https://h.test/b.xml": "", "[--key x]https://h.test:8443/a/b/c.xml": "https://h.test:8443/a/b"} {
		if got := folder(rule); got != want {
			t.Errorf("%q: %q", rule, got)
		}
	}
}

func TestAnAccountNeedsAnAddressToBeSet(t *testing.T) {
	if set := New().Account(phone.Account{User: "u", Password: "p"}); set != nil {
		t.Errorf("%v", set)
	}
	want := []phone.Setting{{Name: "GPP_SA", Value: "u"}, {Name: "GPP_SB", Value: "p"}, {Name: "Profile_Rule", Value: "[--uid $SA --pwd $SB] https://acme.test/$MA.xml"}}
	if set := New().Account(phone.Account{User: "u", Password: "p", Server: "https://acme.test"}); !slices.Equal(set, want) {
		t.Errorf("%v", set)
	}
}

func TestLinesAndKeysAreByteForByteAsReviewed(t *testing.T) {
	layout := phonetest.Two("CP-8851-3PCC")
	layout.Ever = 3
	layout.Lines[1].SharedWith = "1000"
	layout.Keys = []phone.Key{{Position: 2, Type: phone.KeyBLF, Target: "1003", Label: "Chen; fnc=dnd"}, {Position: 4, Type: phone.KeySpeedDial, Target: "0891234@other.test", Line: 2}, {Position: 5, Type: phone.KeyPark, Target: "701", Label: "Park"},
		{Position: 6, Type: phone.KeyURL, Target: "https://x.test/a?b&c"}, {Position: 7, Type: phone.KeyDTMF, Target: "1"}, {Position: 8, Type: phone.KeyBLF, Target: "1;fnc=dnd"}, {Position: 3, Type: phone.KeyShared, Line: 2},
		{Page: 2, Position: 36, Type: phone.KeyBLF, Target: "1004"}, {Page: 3, Position: 1, Type: phone.KeyBLF, Target: "1005"}, {Position: 11, Type: phone.KeyBLF, Target: "1"}}
	s := New().Spell(layout)
	in := cp8841
	in.Model, in.Settings = "CP-8851-3PCC", phone.ByName(slices.Concat(s.Identity, s.Rest))
	phonetest.Golden(t, New(), "lines", in, *update)
	var codes []string
	for _, m := range s.Misfits {
		codes = append(codes, m.Code)
	}
	if got := strings.Join(codes, " "); got != "key_no_such_type key_bad_target key_no_such_place key_no_such_place" {
		t.Error(got)
	}
}

func TestEveryModelOfTheCatalogueIsRecognised(t *testing.T) {
	for _, m := range phone.Models(New()) {
		ua := "Cisco-" + m.Name + "/12.0.1 (001122334455)"
		switch m.Family {
		case "ATA":
			ua = "Cisco/" + m.Name + "-MPP-11-1-0-MSR4 (FCH2443D9R4)"
		case "SPA":
			ua = "Cisco/" + m.Name + "-7.4.4 (CBT141900G7)"
		}
		if id, ok := New().Recognise("x", ua); !ok || id.Model != m.Name || m.Identifier == "serial" != id.MAC.IsZero() {
			t.Errorf("%s became %+v", ua, id)
		}
	}
}

func TestAModelIsFoundAsPeopleTypeIt(t *testing.T) {
	for typed, want := range map[string]string{"8841": "CP-8841-3PCC", "Cisco 8841": "CP-8841-3PCC", "cp-8841-3pcc": "CP-8841-3PCC", "ATA 191": "ATA191", "884": "", "3PCC": "", "": ""} {
		if m, _ := phone.Find(phone.Models(New()), typed); m.Name != want {
			t.Errorf("%q is %q", typed, m.Name)
		}
	}
}

func TestAnMPPPhoneGetsACompleteConfiguration(t *testing.T) { phonetest.Production(t, New(), cp8841) }

const exported = `<?xml version="1.0" encoding="UTF-8"?>
<device>
<flat-profile>
<!-- System Configuration -->
<Enable_Web_Server ua="na">Yes</Enable_Web_Server> <!-- options: Yes/No -->
<Extension_1_ ua="na">1</Extension_1_> <!-- options: 1/2/Disabled -->
<Proxy_1_ ua="na">sip.example.test</Proxy_1_>
<Odd ua="na">a/b</Odd> <!-- options: a/b/c -->
<Password_1_ ua="na"/>
<!-- <Admin_Password ua="na"/> -->
</flat-profile>
</device>
`

func TestAnExportedProfileIsReadAndLearned(t *testing.T) {
	all, err := New().(phone.Reader).ReadSettings("config.xml", strings.NewReader(exported))
	want := []phone.Setting{{Name: "Enable_Web_Server", Value: "Yes"}, {Name: "Extension_1_", Value: "1"}, {Name: "Proxy_1_", Value: "sip.example.test"}, {Name: "Odd", Value: "a/b"}, {Name: "Password_1_"}}
	if err != nil || !slices.Equal(all, want) {
		t.Errorf("%v, %v", all, err)
	}
	d, err := New().(phone.Learner).Learn("config.xml", strings.NewReader(exported))
	if err != nil || len(d.Parameters) != 5 {
		t.Fatalf("%+v, %v", d, err)
	}
	for name, want := range map[string]phone.ParameterType{"Enable_Web_Server": phone.Boolean, "Extension_1_": phone.Enum, "Proxy_1_": phone.Text, "Odd": phone.Text} {
		if p, _ := d.Find(name); p.Type != want || p.Default != nil {
			t.Errorf("%+v", p)
		}
	}
	if p, _ := d.Find("Enable_Web_Server"); p.Fault("No") != nil || p.Fault("Maybe") == nil || p.Help != "System Configuration" {
		t.Errorf("%+v", p)
	}
	for text, line := range map[string]string{"<flat-profile>\n<a>\n<b/></a></flat-profile>": "3", "<flat-profile>\n\n<a.b:c/></flat-profile>": "0", "<flat-profile>\n<a></b></flat-profile>": "2", "<!DOCTYPE x>": "1"} {
		_, err := New().(phone.Reader).ReadSettings("x.xml", strings.NewReader(text))
		if e := errs.As(err); line != "0" && (err == nil || e.Code != "file_malformed" || e.Params["line"] != line) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := New().(phone.Reader).ReadSettings("x.xml", strings.NewReader("<settings/>")); errs.CodeOf(err) != "file_no_settings" {
		t.Error(err)
	}
}

func FuzzReadSettings(f *testing.F) {
	f.Add([]byte(exported))
	for _, v := range []string{"<flat-profile><a>1</a></flat-profile>", "<flat-profile>x</flat-profile><flat-profile><a/></flat-profile>", "<flat-profile><xml>1</xml></flat-profile>"} {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, b []byte) { phonetest.ReadsAnything(t, New(), b) })
}

func FuzzLearn(f *testing.F) {
	f.Add([]byte(exported))
	f.Add([]byte("<flat-profile><a>1</a><!--options:--><b/><!--options: /-->x</flat-profile>"))
	f.Fuzz(func(t *testing.T, b []byte) { phonetest.LearnsAnything(t, New(), b) })
}
