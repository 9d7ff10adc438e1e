package yealink

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/phone/phonetest"
)

func TestWhatCannotBeInTheFileIsRefusedBeforeItIsStored(t *testing.T) {
	for _, c := range []struct {
		s    phone.Setting
		want error
	}{
		{phone.Setting{Name: "a b"}, phone.ErrName}, {phone.Setting{Name: "a", Value: "x\ny"}, phone.ErrValue}, {phone.Setting{Name: "a", Value: " x"}, phone.ErrValue},
		{phone.Setting{Name: "static.security.user_password", Value: "admin:admin"}, phone.ErrFactory}, {phone.Setting{Name: "security.user_password", Value: "user:user"}, phone.ErrFactory},
		{phone.Setting{Name: "static.security.user_password", Value: "admin:other"}, nil}, {phone.Setting{Name: "account.1.label", Value: "admin:admin"}, nil}, {phone.Setting{Name: "a", Value: "%NULL%"}, nil},
	} {
		if err := New().Check(c.s); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s = %q: %v, want %v", c.s.Name, c.s.Value, err, c.want)
		}
	}
}

// Decision 14: what a phone once got stays until it is told otherwise.
func TestWhatIsSetNoMoreIsForgotten(t *testing.T) {
	in := t54w
	in.Settings = []phone.Setting{{Name: "b", Value: "1"}}
	in.Once = []string{"a", "b", "static.c"}
	f, err := New().Render("805ec00a0b0c.cfg", in)
	if err != nil || string(f.Body) != "#!version:1.0.0.1\na = %NULL%\nb = 1\nstatic.c = %NULL%\n" {
		t.Errorf("%s, %v", f.Body, err)
	}
}

func TestSoftwareIsNamedByItsFullAddressUnlessASettingNamesOne(t *testing.T) {
	for _, c := range []struct{ version, path, own, want string }{
		{"96.86.0.45", "https://h.test/fw/T54W.rom", "", "static.firmware.url = https://h.test/fw/T54W.rom"}, {"28.72.0.1", "https://h.test/fw/T46G.rom", "", "firmware.url = https://h.test/fw/T46G.rom"},
		{"96.86.0.45", "fw/T54W.rom", "", ""}, {"96.86.0.45", "https://h.test/fw/a.rom", "static.firmware.url", "static.firmware.url = own"}, {"96.86.0.45", "", "", ""},
		{"96.86.0.45", "fw/T54W.rom", "static.auto_provision.server.url", "static.auto_provision.server.url = https://acme.test/p\nstatic.firmware.url = https://acme.test/p/fw/T54W.rom"},
	} {
		in := t54w
		in.Version, in.Image, in.Settings = c.version, phone.Image{Path: c.path}, []phone.Setting{}
		if c.own != "" {
			in.Settings = []phone.Setting{{Name: c.own, Value: map[bool]string{true: "own", false: "https://acme.test/p"}[strings.HasSuffix(c.own, "firmware.url")]}}
		}
		f, err := New().Render("805ec00a0b0c.cfg", in)
		if got := strings.TrimSpace(strings.TrimPrefix(string(f.Body), "#!version:1.0.0.1\n")); err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

func TestLinesAndKeysAreByteForByteAsReviewed(t *testing.T) {
	layout := phonetest.Two("T46S")
	layout.Ever = 3
	layout.Keys = []phone.Key{{Position: 1, Type: phone.KeyLine, Line: 1}, {Position: 2, Type: phone.KeyBLF, Target: "1003", Label: "Chen", Pickup: "*8"}, {Position: 3, Type: phone.KeySpeedDial, Target: "0891234", Line: 2},
		{Position: 27, Type: phone.KeyPark, Target: "701"}, {Position: 28, Type: phone.KeyPark, Target: "702"}, {Page: 6, Position: 40, Type: phone.KeyDTMF, Target: "12#"}, {Page: 6, Position: 41, Type: phone.KeyDTMF, Target: "1"}}
	layout.Was = []phone.Key{{Position: 2}, {Position: 4}}
	s := New().Spell(layout)
	in := t54w
	in.Model, in.Settings = "T46S", phone.ByName(slices.Concat(s.Identity, s.Rest))
	phonetest.Golden(t, New(), "lines", in, *update)
	if len(s.Misfits) != 2 || s.Misfits[0].Key.Position != 28 || s.Misfits[1].Key.Position != 41 {
		t.Errorf("%+v", s.Misfits)
	}
	want := []string{"linekey.4.extension", "linekey.4.label", "linekey.4.line", "linekey.4.pickup_value", "linekey.4.type", "linekey.4.value"}
	if !slices.Equal(s.Gone, want) {
		t.Errorf("%v", s.Gone)
	}
	// Key 21 of these modules turns the page; phones of this kind count lines from 0; conference phones have no keys.
	for _, c := range []struct {
		model string
		key   phone.Key
		name  string
		value string
	}{{"T29G", phone.Key{Page: 1, Position: 21, Type: phone.KeyBLF, Target: "1"}, "", ""}, {"T38G", phone.Key{Position: 1, Type: phone.KeyBLF, Target: "1"}, "linekey.1.line", "0"},
		{"CP960", phone.Key{Position: 1, Type: phone.KeyBLF, Target: "1"}, "", ""}, {"", phone.Key{Position: 29, Type: phone.KeyBLF, Target: "1"}, "linekey.29.line", "1"}, {"", phone.Key{Position: 30, Type: phone.KeyBLF, Target: "1"}, "", ""}} {
		s := New().Spell(phone.Layout{Model: c.model, Keys: []phone.Key{c.key}})
		at := slices.IndexFunc(s.Rest, func(x phone.Setting) bool { return x.Name == c.name })
		if c.name == "" && (len(s.Rest) > 0 || len(s.Misfits) != 1) || c.name != "" && (at < 0 || s.Rest[at].Value != c.value) {
			t.Errorf("%s %+v: %+v", c.model, c.key, s)
		}
	}
}

func TestEveryModelOfTheCatalogueIsRecognised(t *testing.T) {
	for _, m := range phone.Models(New()) {
		ua := "Yealink SIP-" + m.Name + " 96.86.0.45 80:5e:c0:0a:0b:0c"
		if m.Name == "VP-T49G" {
			ua = "Yealink SIP VP-T49G 51.80.0.10 00:15:65:9b:5a:44"
		}
		if id, ok := New().Recognise("x", ua); !ok || id.Model != m.Name {
			t.Errorf("%s became %+v", ua, id)
		}
	}
	for number, name := range models {
		if _, ok := phone.Find(phone.Models(New()), name); name != "" && !ok {
			t.Errorf("%s of y0000000000%s.cfg is not in the catalogue", name, number)
		}
	}
}

func TestFourModelsGetACompleteConfiguration(t *testing.T) {
	for model, version := range map[string]string{"T46S": "66.86.0.15", "T54W": "96.86.0.45", "CP960": "73.83.0.30", "W60B": "77.81.0.35"} {
		in := t54w
		in.Model, in.Version = model, version
		phonetest.Production(t, New(), in)
	}
}

func TestAnExportedConfigurationIsReadAndLearned(t *testing.T) {
	const file = "\xef\xbb\xbf#!version:1.0.0.1\r\n\r\n## Accounts ##\r\n# The name that is shown.\r\naccount.1.label = Reception\r\naccount.1.password=a = b\r\n\r\nstatic.x =\r\n"
	all, err := New().(phone.Reader).ReadSettings("805ec00a0b0c-local.cfg", strings.NewReader(file))
	if want := []phone.Setting{{Name: "account.1.label", Value: "Reception"}, {Name: "account.1.password", Value: "a = b"}, {Name: "static.x"}}; err != nil || !slices.Equal(all, want) {
		t.Errorf("%v, %v", all, err)
	}
	d, err := New().(phone.Learner).Learn("config.cfg", strings.NewReader(file))
	if p, ok := d.Find("account.1.label"); err != nil || !ok || len(d.Parameters) != 3 || p.Help != "Accounts The name that is shown." || p.Default != nil || p.Type != phone.Text {
		t.Errorf("%+v, %v", d, err)
	}
	for text, line := range map[string]string{"#!version:1.0.0.1\na = 1\nb\n": "3", "a = 1\n\n\nb c = 2": "4", "include:config \"x.cfg\"": "1", "a = 1\nb = \x01\n": "2", "#!encrypt:1.0.0.0\n": "1"} {
		_, err := New().(phone.Reader).ReadSettings("x.cfg", strings.NewReader(text))
		if e := errs.As(err); err == nil || e.Code != "file_malformed" || e.Params["line"] != line || strings.HasPrefix(text, "include") && !strings.Contains(e.Params["fault"], "another file") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if latest, twice := phone.Latest([]phone.Setting{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "a", Value: "3"}, {Name: "a", Value: "4"}}); !slices.Equal(twice, []string{"a"}) || len(latest) != 2 || latest[0].Value != "4" {
		t.Errorf("%v %v", latest, twice)
	}
}

func FuzzReadSettings(f *testing.F) {
	for _, v := range []string{"#!version:1.0.0.1\na = 1\n", "a=b=c\r\n", "\xff\xfea\x00=\x00", "include:config <x>", "# x\na =\n", "a", "\x00"} {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, b []byte) { phonetest.ReadsAnything(t, New(), b) })
}

func FuzzLearn(f *testing.F) {
	for _, v := range []string{"## X ##\na = 1\n\nb =\n", "#\xc3\na=1", "a = 1\na = 2"} {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, b []byte) { phonetest.LearnsAnything(t, New(), b) })
}
