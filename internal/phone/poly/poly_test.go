package poly

import (
	"bytes"
	"encoding/xml"
	"flag"
	"strings"
	"testing"
	"unicode/utf8"

	"linecard/internal/phone"
	"linecard/internal/phone/phonetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var vvx = phone.Inputs{MAC: phone.MAC{0x64, 0x16, 0x7f, 0x0a, 0x0b, 0x0c}, Model: "VVX411", Version: "6.4.7.4560", Poll: phone.DefaultPoll}

func TestPolyConforms(t *testing.T) { phonetest.Conform(t, New(), vvx) }

func TestFilesAreByteForByteAsReviewed(t *testing.T) {
	in := vvx
	in.Poll = phone.PollWindow{Start: 23*60 + 30, End: 75, Days: 7}
	phonetest.Golden(t, New(), "default", vvx, *update)
	phonetest.Golden(t, New(), "weekly", in, *update)
}

func TestAPhoneIsRecognisedFromItsUserAgent(t *testing.T) {
	for _, c := range []struct {
		ua, model, version, sn string
		program                phone.Program
	}{
		{"FileTransport PolycomSoundPointIP-SPIP_335-UA/3.2.1.0078", "SPIP335", "3.2.1.0078", "", phone.Unknown},
		{"FileTransport PolycomSoundPointIP-SPIP_550-UA/4.0.15.1047 (SN:0004a11a1a1a) Type/Application", "SPIP550", "4.0.15.1047", "0004a11a1a1a", phone.Application},
		{"FileTransport PolycomSoundStationIP-SSIP_6000-UA/5.0.3.1667 Type/Updater", "SSIP6000", "5.0.3.1667", "", phone.Updater},
		{"FileTransport PolycomVVX-VVX_500-UA/5.9.7.47435 Type/Updater", "VVX500", "5.9.7.47435", "", phone.Updater},
		{"FileTransport PolycomVVX-VVX_501-UA/6.4.6.0123", "VVX501", "6.4.6.0123", "", phone.Unknown},
		{"FileTransport PolycomRealPresenceTrio-Trio_8800-UA/7.2.4.1234 Type/Application", "Trio8800", "7.2.4.1234", "", phone.Application},
		{"FileTransport PolyCCX-CCX_600-UA/8.0.2.3267 (SN:482567b5313f) Type/Application", "CCX600", "8.0.2.3267", "482567b5313f", phone.Application},
		{"FileTransport PolyEdge-Edge_E350-UA/8.0.0.1234", "EdgeE350", "8.0.0.1234", "", phone.Unknown},
		{"Microbrowser/1.1 PolycomSoundPointIP-SPIP_550-UA/4.0.15.1047 Type/Application", "SPIP550", "4.0.15.1047", "", phone.Browser},
		{"FileTransport PolyNewFamily-Nova_1-UA/1.0 Type/Application", "Nova1", "1.0", "", phone.Application},
	} {
		id, ok := New().Recognise("sip.ld", c.ua)
		sn, _ := phone.HexMAC(c.sn)
		if !ok || !id.Sure || id.Model != c.model || id.Version != c.version || id.Program != c.program || id.MAC != sn {
			t.Errorf("%s: %+v, %v", c.ua, id, ok)
		}
	}
	for _, ua := range []string{"", "curl/8", "Yealink SIP-T46S 66.86.0.15 00:15:65:12:34:56", "FileTransport Other-X_1-UA/1.0",
		"FileTransport PolycomVVX-VVX_411-UA/", "x FileTransport PolycomVVX-VVX_411-UA/6.4", "FileTransport PolycomVVX-VVX_411-UA/6.4 <script>",
		"FileTransport PolycomVVX-VVX_411-UA/" + strings.Repeat("1", 300)} {
		if id, ok := New().Recognise("index.html", ua); ok || id.Sure {
			t.Errorf("%q is no Poly phone: %+v", ua, id)
		}
	}
}

func TestAFileIsRecognisedFromItsPath(t *testing.T) {
	const mac = "64167f0a0b0c"
	for path, want := range map[string]struct {
		name string
		kind phone.FileKind
	}{
		mac + ".cfg":                       {mac + ".cfg", phone.Master},
		"64167F0A0B0C.cfg":                 {mac + ".cfg", phone.Master},
		"000000000000.cfg":                 {"000000000000.cfg", phone.GlobalMaster},
		mac + "-linecard.cfg":              {mac + "-linecard.cfg", phone.Parameters},
		"cfg/64167F0a0B0c-phone.cfg":       {"cfg/" + mac + "-phone.cfg", phone.Overrides},
		mac + "-web.cfg":                   {mac + "-web.cfg", phone.Overrides},
		"lic/000000000000-license.cfg":     {"lic/000000000000-license.cfg", phone.Licence},
		mac + "-license.cfg":               {mac + "-license.cfg", phone.Licence},
		mac + "-directory.xml":             {mac + "-directory.xml", phone.Directory},
		"000000000000-directory.xml":       {"000000000000-directory.xml", phone.Directory},
		mac + "-calls.xml":                 {mac + "-calls.xml", phone.CallList},
		mac + "-boot.log":                  {mac + "-boot.log", phone.Log},
		"log/" + mac + "-app.log":          {"log/" + mac + "-app.log", phone.Log},
		"64167F0A0B0C-mb.cfg":              {mac + "-mb.cfg", phone.Other},
		"fw/6.4.7/3111-48450-001.sip.ld":   {"fw/6.4.7/3111-48450-001.sip.ld", phone.Software},
		"3111-1-001.3111-48450-001.sip.ld": {"3111-1-001.3111-48450-001.sip.ld", phone.Software},
		"sip.ld":                           {"sip.ld", phone.Software},
	} {
		id, ok := New().Recognise(path, "")
		if !ok || id.Name != want.name || id.Kind != want.kind {
			t.Errorf("%s: %+v, %v", path, id, ok)
		}
	}
	for _, path := range []string{"", "x", mac, mac + ".xml", mac + ".cfg.bak", "64167f0a0b0.cfg", "robots.txt", "64167f0a0b0g.cfg", mac + ".cfg/", "64:16:7f:0a:0b:0c.cfg"} {
		if id, ok := New().Recognise(path, ""); ok {
			t.Errorf("%q is no file of these phones: %+v", path, id)
		}
	}
}

func TestTheMACInThePathCountsBeforeTheOneInTheUserAgent(t *testing.T) {
	id, _ := New().Recognise("64167f0a0b0c.cfg", "FileTransport PolyCCX-CCX_600-UA/8.0.2.3267 (SN:482567b5313f) Type/Application")
	if id.MAC != vvx.MAC {
		t.Errorf("%+v", id)
	}
	id, _ = New().Recognise("000000000000.cfg", "FileTransport PolyCCX-CCX_600-UA/8.0.2.3267 (SN:482567b5313f) Type/Application")
	if id.MAC.String() != "482567b5313f" || id.Kind != phone.GlobalMaster {
		t.Errorf("%+v", id)
	}
}

func TestSecretsAreKnownByTheirNames(t *testing.T) {
	for _, p := range []string{"reg.1.auth.password", "device.prov.password", "device.auth.localAdminPassword", "device.prov.serverName",
		"diags.pcap.background.encryption.key", "diags.pcap.background.uploadURL", "diags.pcap.remote.secure.gateway.password"} {
		if !New().Secret(p) {
			t.Errorf("%s is shown in clear", p)
		}
	}
	for _, p := range []string{"reg.1.address", "reg.1.auth.userId", "prov.polling.time", "lineKey.1.category", "softkey.1.label", ""} {
		if New().Secret(p) {
			t.Errorf("%s is no secret", p)
		}
	}
}

func TestTheMakerKnowsItsPrefixes(t *testing.T) {
	own := phone.Makers{New()}
	if own.Of(vvx.MAC) != Maker || own.Of(phone.MAC{0x00, 0x15, 0x65}) != "" {
		t.Error("prefixes are mixed up")
	}
}

func TestADuplicateOrStrangeParameterIsRefused(t *testing.T) {
	for _, names := range [][]string{{"a", "a"}, {""}, {"a b"}, {`a="1" b`}, {"1a"}, {"xmlns"}, {"ä"}, {"_mac"}, {"_mac_cfg "}} {
		d := document{root: "r"}
		for _, n := range names {
			d.attributes = append(d.attributes, attribute{Name: n})
		}
		if b, err := d.bytes(); err == nil {
			t.Errorf("%v was written: %s", names, b)
		}
	}
	for _, names := range []string{"a b.cfg", "a,,b", ",", "a\\b", strings.Repeat("a", 256), strings.Repeat("aaaaaaaa.cfg,", 200) + "b"} {
		if list, err := fileList([]string{"own.cfg"}, names); err == nil {
			t.Errorf("%v became %q", names, list)
		}
	}
}

// readBack gives what a strict reader finds: the root and its attributes.
func readBack(t *testing.T, body []byte) (root string, attrs []xml.Attr, elements int) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := d.Token()
		if tok == nil {
			return root, attrs, elements
		}
		if err != nil {
			t.Fatalf("%v\n%q", err, body)
		}
		switch el := tok.(type) {
		case xml.StartElement:
			elements++
			root, attrs = el.Name.Local, append(attrs, el.Attr...)
		case xml.CharData:
			if len(bytes.TrimSpace(el)) > 0 {
				t.Fatalf("text outside the attributes: %q", el)
			}
		case xml.Comment, xml.Directive:
			t.Fatalf("%T in the file", el)
		}
	}
}

func FuzzNoValueBreaksOutOfTheFile(f *testing.F) {
	for _, v := range []string{"", "x", `" onload="1`, "<!--", "]]>", "&lt;", "a\nb\tc\r", "\x00\x1f\x7f", "\xff\xfe", "\uFFFE\uFFFF", "日本", "'><x y='", "&#0;", "\u2028"} {
		f.Add("a.b", v)
		f.Add(v, "x")
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		d := document{root: "polycomConfig", attributes: []attribute{{Name: "first", Value: value}, {Name: name, Value: value}, {Name: "last", Value: value}}}
		body, err := d.bytes()
		if err != nil {
			return
		}
		if !utf8.Valid(body) {
			t.Fatalf("broken UTF-8: %q", body)
		}
		root, attrs, elements := readBack(t, body)
		if root != "polycomConfig" || elements != 1 || len(attrs) != 3 || attrs[1].Name.Local != name || attrs[2].Name.Local != "last" {
			t.Fatalf("%q: %s %v", value, root, attrs)
		}
		want := strings.ToValidUTF8(value, "") // what XML can carry comes back as it was
		if !strings.ContainsFunc(want, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff }) && want == value {
			for _, a := range attrs {
				if a.Value != value {
					t.Fatalf("%q reads back as %q", value, a.Value)
				}
			}
		}
	})
}

func FuzzAnySetting(f *testing.F) {
	for _, v := range []string{"", "x", `" onload="1`, "<!--", "]]>", "a, b/c.cfg", "/abs.cfg", "%20", "\x00", "\xff"} {
		f.Add("reg.1.label", v)
		f.Add("CONFIG_FILES", v)
		f.Add("_mac_cfgFoo", v)
		f.Add(v, "x")
	}
	f.Fuzz(func(t *testing.T, name, value string) { phonetest.TakesAnySetting(t, New(), vvx, name, value) })
}

func FuzzRecogniseTakesAnything(f *testing.F) {
	f.Add("64167f0a0b0c.cfg", "FileTransport PolycomVVX-VVX_500-UA/5.9.7.4477 Type/Application")
	f.Add("a/../b", "Microbrowser/1.1")
	f.Add("000000000000.cfg\x00", "(SN:")
	f.Fuzz(func(t *testing.T, path, ua string) {
		id, ok := New().Recognise(path, ua)
		if !ok {
			return
		}
		if len(id.Name) != len(path) || !strings.EqualFold(id.Name, path) {
			t.Fatalf("%q became %q", path, id.Name)
		}
		if again, _ := New().Recognise(id.Name, ua); again != id {
			t.Fatalf("%+v and %+v", id, again)
		}
	})
}

func BenchmarkRecognise(b *testing.B) {
	r := New()
	for b.Loop() {
		r.Recognise("64167f0a0b0c.cfg", "FileTransport PolycomVVX-VVX_500-UA/5.9.7.4477 (SN:64167f0a0b0c) Type/Application")
	}
}
