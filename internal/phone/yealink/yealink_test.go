package yealink

import (
	"flag"
	"maps"
	"strings"
	"testing"

	"linecard/internal/phone"
	"linecard/internal/phone/phonetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var t54w = phone.Inputs{MAC: phone.MAC{0x80, 0x5e, 0xc0, 0x0a, 0x0b, 0x0c}, Model: "T54W", Version: "96.86.0.45", Poll: phone.DefaultPoll}

// old is a T46G before generation 81.
var old = phone.Inputs{MAC: phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}, Model: "T46G", Version: "28.72.0.1", Poll: phone.DefaultPoll}

func TestYealinkConforms(t *testing.T) {
	phonetest.Conform(t, New(), t54w)
	phonetest.Conform(t, New(), old)
	unknown := t54w
	unknown.Model, unknown.Version = "", ""
	phonetest.Conform(t, New(), unknown)
}

func TestFilesAreByteForByteAsReviewed(t *testing.T) {
	weekly, weeklyOld := t54w, old
	weekly.Poll = phone.PollWindow{Start: 23*60 + 30, End: 75, Days: 7}
	weeklyOld.Poll = weekly.Poll
	for set, in := range map[string]phone.Inputs{"default": t54w, "weekly": weekly, "old": old, "old-weekly": weeklyOld} {
		phonetest.Golden(t, New(), set, in, *update)
	}
}

// The User-Agents are those of the fact sheet, letter by letter; where it left out half a MAC, one is put in.
func TestAPhoneIsRecognisedFromItsUserAgent(t *testing.T) {
	for _, c := range []struct{ ua, model, version, mac string }{
		{"Yealink SIP-T54W 96.86.0.45 80:5e:c0:0a:0b:0c", "T54W", "96.86.0.45", "805ec00a0b0c"},
		{"Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37", "T46G", "28.72.0.1", "0015654aa937"},
		{"Yealink SIP-T48G 35.72.0.6 00:15:65:5c:60:82", "T48G", "35.72.0.6", "0015655c6082"},
		{"Yealink SIP-T23G 44.80.0.60 00:15:65:93:70:f2", "T23G", "44.80.0.60", "0015659370f2"},
		{"Yealink SIP-T19P_E2 53.80.0.3 00:15:65:4c:4c:26", "T19P_E2", "53.80.0.3", "0015654c4c26"},
		{"Yealink SIP-T38G  38.70.0.125 00:15:65:2f:c3:5e", "T38G", "38.70.0.125", "0015652fc35e"},
		{"yealink SIP-T28P 2.70.0.140 00:15:65:13:ae:0b", "T28P", "2.70.0.140", "00156513ae0b"},
		{"yealink SIP-T18 18.0.0.80 00:15:65:27:3e:05", "T18", "18.0.0.80", "001565273e05"},
		{"Yealink SIP-T31G 124.85.257.55 80:5e:c0:d5:7d:72", "T31G", "124.85.257.55", "805ec0d57d72"},
		{"Yealink SIP-T33G 124.85.257.55 80:5e:c0:bd:ea:ef", "T33G", "124.85.257.55", "805ec0bdeaef"},
		{"Yealink SIP-T34W 124.86.0.75 24:9a:d8:88:d0:f4", "T34W", "124.86.0.75", "249ad888d0f4"},
		{"Yealink SIP-T58A 58.83.0.15 00:15:65:9b:5b:22", "T58A", "58.83.0.15", "0015659b5b22"},
		{"Yealink SIP-T77U 185.87.0.10 44:db:d2:bd:b5:69", "T77U", "185.87.0.10", "44dbd2bdb569"},
		{"Yealink SIP-T85W 185.87.0.10 44:db:d2:67:58:4b", "T85W", "185.87.0.10", "44dbd267584b"},
		{"Yealink SIP-T87W 185.87.0.10 44:db:d2:c9:73:b7", "T87W", "185.87.0.10", "44dbd2c973b7"},
		{"Yealink SIP VP-T49G 51.80.0.10 00:15:65:9b:5a:44", "VP-T49G", "51.80.0.10", "0015659b5a44"},
		{"Yealink CP860 37.72.0.5 00:15:65:8a:37:86", "CP860", "37.72.0.5", "0015658a3786"},
		{"Yealink CP960 73.83.0.30 00:15:65:8a:37:86", "CP960", "73.83.0.30", "0015658a3786"},
		{"Yealink W60B 77.81.0.35 80:5e:c0:09:ab:dc", "W60B", "77.81.0.35", "805ec009abdc"},
		{"Yealink W70B 146.87.0.15 80:5e:0c:1d:65:4e", "W70B", "146.87.0.15", "805e0c1d654e"},
		{"Yealink W75B 175.87.0.10 24:9a:d8:df:fb:11", "W75B", "175.87.0.10", "249ad8dffb11"},
		{"Yealink W80B 103.87.0.10 24:9a:d8:d1:a6:31", "W80B", "103.87.0.10", "249ad8d1a631"},
		{"Yealink W90DM 130.87.0.10 80:5e:c0:d9:c7:44", "W90DM", "130.87.0.10", "805ec0d9c744"},
		{"W52P 25.30.0.2 00:15:65:44:b3:7c", "W52P", "25.30.0.2", "00156544b37c"},
		{"VP530P 23.70.0.40 00:15:65:31:4b:c0", "VP530P", "23.70.0.40", "001565314bc0"},
		{"Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0", "T46G", "28.71.0.81", ""},
		{"Yealink SIP-T56A  58.80.0.25 001565f429a4", "T56A", "58.80.0.25", "001565f429a4"},
		// As they register.
		{"Yealink SIP-T54W 96.85.0.5", "T54W", "96.85.0.5", ""},
		{"Yealink VP59 91.283.0.30", "VP59", "91.283.0.30", ""},
		{"Yealink SIP VP-T49G 51.80.0.100", "VP-T49G", "51.80.0.100", ""},
	} {
		id, ok := New().Recognise("index.html", c.ua)
		mac, _ := phone.HexMAC(c.mac)
		if !ok || !id.Sure || id.Model != c.model || id.Version != c.version || id.MAC != mac || id.Program != phone.Application {
			t.Errorf("%s: %+v, %v", c.ua, id, ok)
		}
	}
	for _, ua := range []string{"", "curl/8", "Yealink", "Yealink SIP-T54W", "x Yealink SIP-T54W 96.86.0.45", "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560",
		"T54W 96.86.0.45", "Yealink SIP-T54W 96.86.0.45 <script>", "Fanvil X4 2.10.2.6887 0c383e07e16c", "Htek UC903 2.0.4.2.22 00:1f:c1:1c:22:a9",
		"Yealink SIP-T54W 96.86.0.45 " + strings.Repeat("0", 300)} {
		if id, ok := New().Recognise("index.html", ua); ok || id.Sure {
			t.Errorf("%q is no Yealink phone: %+v", ua, id)
		}
	}
}

func TestAFileIsRecognisedFromItsPath(t *testing.T) {
	const mac = "805ec00a0b0c"
	for path, want := range map[string]struct {
		name, model string
		kind        phone.FileKind
	}{
		mac + ".boot":             {mac + ".boot", "", phone.Master},
		"805EC00A0B0C.boot":       {mac + ".boot", "", phone.Master},
		"y000000000000.boot":      {"y000000000000.boot", "", phone.GlobalMaster},
		"y000000000000.cfg":       {"y000000000000.cfg", "T28P", phone.Common},
		"y000000000028.cfg":       {"y000000000028.cfg", "T46G", phone.Common},
		"y000000000007.cfg":       {"y000000000007.cfg", "T20P", phone.Common},
		"y000000000146.cfg":       {"y000000000146.cfg", "W70B", phone.Common},
		"y000000000044.cfg":       {"y000000000044.cfg", "", phone.Common}, // T23P or T23G
		"y000000000999.cfg":       {"y000000000999.cfg", "", phone.Common},
		mac + ".cfg":              {mac + ".cfg", "", phone.Parameters},
		"cfg/805Ec00A0b0C.cfg":    {"cfg/" + mac + ".cfg", "", phone.Parameters},
		mac + "-local.cfg":        {mac + "-local.cfg", "", phone.Overrides},
		mac + "-contact.xml":      {mac + "-contact.xml", "", phone.Directory},
		mac + "-calllog.xml":      {mac + "-calllog.xml", "", phone.CallList},
		mac + "-boot.log":         {mac + "-boot.log", "", phone.Log},
		"log/" + mac + "-sys.log": {"log/" + mac + "-sys.log", "", phone.Log},
	} {
		id, ok := New().Recognise(path, "")
		if !ok || id.Name != want.name || id.Kind != want.kind || id.Model != want.model || id.Sure {
			t.Errorf("%s: %+v, %v", path, id, ok)
		}
	}
	for _, path := range []string{"", "x", "y", mac, mac + ".xml", mac + ".cfg.bak", "y00000000028.cfg", "y0000000000028.cfg", "y00000000002a.cfg", "000000000000.cfg",
		"805ec00a0b0g.cfg", "y000000000028.boot", "80:5e:c0:0a:0b:0c.cfg"} {
		if id, ok := New().Recognise(path, ""); ok {
			t.Errorf("%q is no file of these phones: %+v", path, id)
		}
	}
}

func TestTheMACInThePathCountsBeforeTheOneInTheUserAgent(t *testing.T) {
	const ua = "Yealink SIP-T54W 96.86.0.45 80:5e:c0:99:99:99"
	if id, _ := New().Recognise("805ec00a0b0c.cfg", ua); id.MAC != t54w.MAC {
		t.Errorf("%+v", id)
	}
	if id, _ := New().Recognise("y000000000096.cfg", ua); id.MAC.String() != "805ec0999999" || id.Model != "T54W" || id.Kind != phone.Common {
		t.Errorf("%+v", id)
	}
}

// A served boot file would stop a phone from asking for anything that it does not include.
func TestBootFilesAndTheCommonFileAreNotThere(t *testing.T) {
	for _, name := range []string{"805ec00a0b0c.boot", "y000000000000.boot", "y000000000096.cfg", "805ec00a0b0c-local.cfg", "cfg/805ec00a0b0c.cfg", "0015654aa937.cfg"} {
		if f, err := New().Render(name, t54w); err != phone.ErrNoFile {
			t.Errorf("%s: %s, %v", name, f.Body, err)
		}
	}
}

func TestSecretsAreKnownByTheirNames(t *testing.T) {
	for _, p := range []string{"account.1.password", "static.auto_provision.server.password", "static.security.user_password", "static.auto_provision.aes_key_16.com",
		"static.auto_provision.server.url", "static.managementserver.connection_request_password", "static.custom_mac_cfg.url", "static.configuration.url"} {
		if !New().Secret(p) {
			t.Errorf("%s is shown in clear", p)
		}
	}
	for _, p := range []string{"account.1.user_name", "account.1.label", "static.auto_provision.flexible.interval", "linekey.1.value", "static.firmware.url",
		"static.network.span_to_pc_port", "features.ping", ""} {
		if New().Secret(p) {
			t.Errorf("%s is no secret", p)
		}
	}
}

func TestTheMakerKnowsItsPrefixes(t *testing.T) {
	own := phone.Makers{New()}
	for _, mac := range []phone.MAC{t54w.MAC, old.MAC, {0xf0, 0x16, 0x53}} {
		if own.Of(mac) != Maker {
			t.Errorf("%s is of Yealink", mac)
		}
	}
	if own.Of(phone.MAC{0x64, 0x16, 0x7f}) != "" {
		t.Error("prefixes are mixed up")
	}
}

func TestTheGenerationIsTheSecondNumber(t *testing.T) {
	for v, want := range map[string]int{"96.86.0.45": 86, "28.72.0.1": 72, "91.283.0.30": 283, "": 0, "x": 0, "1.y": 0} {
		if got := generation(v); got != want {
			t.Errorf("%q: %d", v, got)
		}
	}
}

func TestALineThatCouldBeTwoIsRefused(t *testing.T) {
	for _, set := range [][]string{{"a", "1", "a", "2"}, {"", ""}, {"a b", ""}, {"a = b\nc", ""}, {"1a", ""}, {"#a", ""}, {"ä", ""}, {"a", "x\ny = 1"}, {"a", "x\r"}, {"a", " x"}, {"a", "x "},
		{"a", "\x00"}, {"a", "\u2028"}, {"a", "\u0085"}, {"a", "\xff"}} {
		var all []phone.Setting
		for i := 0; i < len(set); i += 2 {
			all = append(all, phone.Setting{Name: set[i], Value: set[i+1]})
		}
		if b, err := write(all); err == nil {
			t.Errorf("%v was written: %s", set, b)
		}
	}
}

// read is what a phone does with a file, as the guides say it.
func read(t *testing.T, body string) map[string]string {
	t.Helper()
	lines := strings.FieldsFunc(body, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085' })
	if len(lines) == 0 || lines[0] != "#!version:1.0.0.1" {
		t.Fatalf("the first line is missing: %q", body)
	}
	got := map[string]string{}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, "=")
		if !ok {
			t.Fatalf("%q is no setting", l)
		}
		got[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return got
}

func FuzzNoValueBreaksOutOfItsLine(f *testing.F) {
	for _, v := range []string{"", "x", "a\nb = 1", "\r", "%NULL%", "#", "a = b", "\"x\"", "\x00\x1f\x7f", "\xff\xfe", "日本", "\u2028", "\u0085x"} {
		f.Add("account.1.label", v)
		f.Add(v, "x")
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		body, err := write([]phone.Setting{{Name: "first", Value: "1"}, {Name: name, Value: value}, {Name: "last", Value: "2"}})
		if err != nil {
			return
		}
		want := map[string]string{"first": "1", name: value, "last": "2"}
		if got := read(t, string(body)); !maps.Equal(got, want) {
			t.Fatalf("%q reads as %q", body, got)
		}
	})
}

func FuzzAnySetting(f *testing.F) {
	for _, v := range []string{"", "x", "a\nb = 1", "%NULL%", "#", "a = b", "include:config \"x\"", "\x00", "\xff", "日本", "\u2028"} {
		f.Add("account.1.label", v)
		f.Add(v, "x")
	}
	f.Fuzz(func(t *testing.T, name, value string) { phonetest.TakesAnySetting(t, New(), t54w, name, value) })
}

func FuzzRecogniseTakesAnything(f *testing.F) {
	f.Add("805EC00A0B0C.cfg", "Yealink SIP-T54W 96.86.0.45 80:5e:c0:0a:0b:0c")
	f.Add("y000000000028.cfg", "yealink SIP-T28P 2.70.0.140")
	f.Add("a/../y000000000000.boot", "W52P 25.30.0.2 ::::")
	f.Fuzz(func(t *testing.T, path, ua string) { phonetest.TakesAnything(t, New(), path, ua) })
}

func BenchmarkRecognise(b *testing.B) {
	r := New()
	for b.Loop() {
		r.Recognise("805ec00a0b0c.cfg", "Yealink SIP-T54W 96.86.0.45 80:5e:c0:0a:0b:0c")
	}
}
