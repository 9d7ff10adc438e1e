package cisco

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"

	"linecard/internal/phone"
	"linecard/internal/phone/phonetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var cp8841 = phone.Inputs{MAC: phone.MAC{0x00, 0x56, 0x2b, 0x04, 0x36, 0x15}, Model: "CP-8841-3PCC", Version: "11.0", Poll: phone.DefaultPoll}

func TestCiscoConforms(t *testing.T) {
	phonetest.Conform(t, New(), cp8841)
	unknown := cp8841
	unknown.Model, unknown.Version = "", ""
	phonetest.Conform(t, New(), unknown)
}

func TestFilesAreByteForByteAsReviewed(t *testing.T) {
	in := cp8841
	in.Poll = phone.PollWindow{Start: 23*60 + 30, End: 75, Days: 7}
	phonetest.Golden(t, New(), "default", cp8841, *update)
	phonetest.Golden(t, New(), "weekly", in, *update)
}

// The User-Agents are those of the fact sheet, letter by letter; where it left out parts of a SIP one, they are put in.
func TestAPhoneIsRecognisedFromItsUserAgent(t *testing.T) {
	for _, c := range []struct{ ua, model, version, mac string }{
		{"Cisco-CP-8841-3PCC/11.0 (00562b043615)", "CP-8841-3PCC", "11.0", "00562b043615"},
		{"Cisco-CP-7832-3PCC/11.0.1 (00562b043615)", "CP-7832-3PCC", "11.0.1", "00562b043615"},
		{"Cisco-CP-6841-3PCC/12.0.1 (001122334455)", "CP-6841-3PCC", "12.0.1", "001122334455"},
		{"Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)", "ATA191", "11-1-0-MSR4", ""},
		{"Cisco/SPA508G-7.4.4 (0002FDFF2103)(CBT141400UK)", "SPA508G", "7.4.4", "0002fdff2103"},
		{"Cisco/SPA525G-7.4.4 (CBT141900G7)", "SPA525G", "7.4.4", ""},
		{"Linksys/SPA-942-6.1.5(a) (88019FA42805)", "SPA-942", "6.1.5(a)", "88019fa42805"},
		{"Cisco-CP-8865-3PCC/12.0.3_00562b043615_6b3c1d52-0001_6b3c1d52-0002", "CP-8865-3PCC", "12.0.3", "00562b043615"},
		{"Cisco-CP-8841-3PCC/12.0.7", "CP-8841-3PCC", "12.0.7", ""},
	} {
		id, ok := New().Recognise("index.html", c.ua)
		mac, _ := phone.HexMAC(c.mac)
		if !ok || !id.Sure || id.Model != c.model || id.Version != c.version || id.MAC != mac || id.Program != phone.Application {
			t.Errorf("%s: %+v, %v", c.ua, id, ok)
		}
	}
	for _, ua := range []string{"", "curl/8", "Cisco", "Cisco-CP-8841/11.0 (00562b043615)", "x Cisco-CP-8841-3PCC/11.0", "Cisco-CP-8841-3PCC/", "Cisco-CP-8841-3PCC/11.0 <script>",
		"Cisco-CP-8841-3PCC/11.0 (00562b04361)", "Grandstream HT802 1.0.17.5", "Cisco-CP-8841-3PCC/11.0_00562b043615_" + strings.Repeat("0", 300)} {
		if id, ok := New().Recognise("index.html", ua); ok || id.Sure {
			t.Errorf("%q is no Cisco phone: %+v", ua, id)
		}
	}
}

func TestAFileIsRecognisedFromItsPath(t *testing.T) {
	const mac = "00562b043615"
	for path, want := range map[string]struct {
		name, model string
		kind        phone.FileKind
	}{
		mac + ".xml":                         {mac + ".xml", "", phone.Parameters},
		"00562B043615.xml":                   {mac + ".xml", "", phone.Parameters},
		mac + ".cfg":                         {mac + ".cfg", "", phone.Parameters},
		"8841-3PCC.xml":                      {"8841-3PCC.xml", "CP-8841-3PCC", phone.Common},
		"8845NR-3PCC.xml":                    {"8845NR-3PCC.xml", "CP-8845NR-3PCC", phone.Common},
		"ata191.cfg":                         {"ata191.cfg", "", phone.Common},
		"Cisco/CP-8841-3PCC/" + mac + ".cfg": {"Cisco/CP-8841-3PCC/" + mac + ".cfg", "", phone.Parameters},
		"fw/sip88xx.12-0-7MPP0201-66.loads":  {"fw/sip88xx.12-0-7MPP0201-66.loads", "", phone.Software},
	} {
		id, ok := New().Recognise(path, "")
		if !ok || id.Name != want.name || id.Kind != want.kind || id.Model != want.model || id.Sure {
			t.Errorf("%s: %+v, %v", path, id, ok)
		}
	}
	for _, path := range []string{"", "x", mac, mac + ".htm", mac + ".cfg.bak", "000000000000.xml", ".loads", "8841.xml", "-3PCC.xml", "00562b04361g.xml"} {
		if id, ok := New().Recognise(path, ""); ok {
			t.Errorf("%q is no file of these phones: %+v", path, id)
		}
	}
}

func TestAtFirstContactTheUserAgentSaysWhichPhoneItIs(t *testing.T) {
	const ua = "Cisco-CP-8841-3PCC/11.0 (00562b043615)"
	id, _ := New().Recognise("8841-3PCC.xml", ua)
	if id.MAC != cp8841.MAC || id.Name != "8841-3PCC.xml" {
		t.Errorf("%+v", id)
	}
	first, err := New().Render(id.Name, cp8841)
	if err != nil {
		t.Fatal(err)
	}
	own, err := New().Render("00562b043615.xml", cp8841)
	if err != nil || !bytes.Equal(first.Body, own.Body) {
		t.Errorf("the two rules give different phones: %v", err)
	}
	for _, other := range []string{"7841-3PCC.xml", "Cisco/CP-8841-3PCC/00562b043615.cfg", "ata191.cfg", "00562b043616.xml"} {
		if _, err := New().Render(other, cp8841); !errors.Is(err, phone.ErrNoFile) {
			t.Errorf("%s: %v", other, err)
		}
	}
	if id, _ := New().Recognise("0002fdff2103.xml", ua); id.MAC.String() != "0002fdff2103" {
		t.Errorf("the path counts first: %+v", id)
	}
}

func TestTheWindowBecomesADelayThatPhonesTake(t *testing.T) {
	for _, c := range []struct {
		start, end phone.TimeOfDay
		want       int
	}{{180, 300, 7200}, {23 * 60, 60, 7200}, {0, 1, 600}, {0, 10, 600}, {0, 11, 660}, {60, 59, 65535}} {
		if got := delay(phone.PollWindow{Start: c.start, End: c.end, Days: 1}); got != c.want {
			t.Errorf("%s to %s: %d", c.start, c.end, got)
		}
	}
}

func TestSecretsAreKnownByTheirNames(t *testing.T) {
	for _, p := range []string{"Password_1_", "Admin_Password", "GPP_SA", "GPP_SD", "Profile_Rule", "Profile_Rule_B", "Upgrade_Rule", "PRT_Upload_Rule",
		"IKM_HTTP_Encrypt_Content", "XML_Password", "profile_rule_d"} {
		if !New().Secret(p) {
			t.Errorf("%s is shown in clear", p)
		}
	}
	for _, p := range []string{"User_ID_1_", "Proxy_1_", "GPP_A", "Resync_At__HHmm_", "Daylight_Saving_Time_Rule", "Extended_Function_1_", ""} {
		if New().Secret(p) {
			t.Errorf("%s is no secret", p)
		}
	}
}

func TestTheMakerKnowsItsPrefixes(t *testing.T) {
	own := phone.Makers{New()}
	if own.Of(cp8841.MAC) != Maker || own.Of(phone.MAC{0x64, 0x16, 0x7f}) != "" {
		t.Error("prefixes are mixed up")
	}
}

func FuzzAnySetting(f *testing.F) {
	for _, v := range []string{"", "x", "</User_ID_1_><a>", "<!--", "]]>", "&lt;", "\x00", "\xff", "日本", "\u2028", "a\nb"} {
		f.Add("Display_Name_1_", v)
		f.Add(v, "x")
	}
	f.Fuzz(func(t *testing.T, name, value string) { phonetest.TakesAnySetting(t, New(), cp8841, name, value) })
}

func FuzzRecogniseTakesAnything(f *testing.F) {
	f.Add("00562B043615.xml", "Cisco-CP-8841-3PCC/11.0 (00562b043615)")
	f.Add("8841-3PCC.xml", "Cisco/SPA508G-7.4.4 (0002FDFF2103)(CBT141400UK)")
	f.Add("a/../ata1.cfg", "Linksys/SPA-942-6.1.5(a) (")
	f.Fuzz(func(t *testing.T, path, ua string) { phonetest.TakesAnything(t, New(), path, ua) })
}

// A model can be anything that somebody typed: it must never become a name of a file that a phone has not asked for.
func FuzzAModelNeverBreaksAFile(f *testing.F) {
	for _, m := range []string{"CP-8841-3PCC", "CP-", "CP-../x", "CP-<a>-3PCC", "\x00"} {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, model string) {
		in := cp8841
		in.Model = model
		for _, name := range New().Files(in) {
			if strings.ContainsAny(name, "/\\<>\x00") {
				t.Fatalf("%q became %q", model, name)
			}
			file, err := New().Render(name, in)
			if err != nil {
				t.Fatal(err)
			}
			phonetest.WellFormed(t, file.Body)
		}
	})
}

func BenchmarkRecognise(b *testing.B) {
	r := New()
	for b.Loop() {
		r.Recognise("00562b043615.xml", "Cisco-CP-8841-3PCC/11.0 (00562b043615)")
	}
}
