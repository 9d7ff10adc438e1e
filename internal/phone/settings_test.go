package phone_test

import (
	"slices"
	"strings"
	"testing"

	"linecard/internal/phone"
	"linecard/internal/phone/cisco"
	"linecard/internal/phone/generic"
	"linecard/internal/phone/poly"
	"linecard/internal/phone/yealink"
)

var makers = phone.Makers{poly.New(), yealink.New(), cisco.New(), generic.New(generic.Grandstream), generic.New(generic.Snom)}

// Table 14.1 of DM-184, and what is beyond it.
func TestVariablesAreExpandedAsTheGuideSays(t *testing.T) {
	mac := phone.MAC{0x00, 0x04, 0xf2, 0xfc, 0xfc, 0x20}
	for _, c := range []struct{ value, want, unknown string }{
		{"ftp://user:password@1.2.3.4/${mac_address}/config_file.cfg", "ftp://user:password@1.2.3.4/0004f2fcfc20/config_file.cfg", ""},
		{"https://user:password@1.2.3.4/${mac_address}_file.cfg", "https://user:password@1.2.3.4/0004f2fcfc20_file.cfg", ""},
		{"$mac_address/x", "0004f2fcfc20/x", ""}, {"$mac_address_file", "$mac_address_file", ""}, {"${other}", "${other}", "other"},
		{"$mac_address", "0004f2fcfc20", ""}, {"$mac_address.cfg", "0004f2fcfc20.cfg", ""}, {"$mac_address-x $mac_addressX", "0004f2fcfc20-x $mac_addressX", ""},
		{"${downloadPath}swupdate/${other}/${third}/${other}", "https://relay.test/swupdate/${other}/${third}/${other}", "other third"},
		{"${again}", "${mac_address}", ""}, {"$", "$", ""}, {"${}", "${}", ""}, {"${mac_address", "${mac_address", ""}, {"${a b}", "${a b}", ""}, {"$$mac_address$", "$0004f2fcfc20$", ""},
		{"0891234$Tinvite$", "0891234$Tinvite$", ""}, {"fnc=sd;ext=1@$PROXY", "fnc=sd;ext=1@$PROXY", ""}, {"$MA.xml", "$MA.xml", ""}, {"", "", ""}, {"plain", "plain", ""},
	} {
		got, unknown := phone.Expand(c.value, mac, map[string]string{"downloadPath": "https://relay.test/", "again": "${mac_address}"})
		if got != c.want || strings.Join(unknown, " ") != c.unknown {
			t.Errorf("%q became %q with %v unknown", c.value, got, unknown)
		}
	}
}

func FuzzExpandTouchesNothingElse(f *testing.F) {
	for _, v := range []string{"${mac_address}", "$mac_address", "${x}$", "$${", "a$b"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		mac := phone.MAC{1, 2, 3, 4, 5, 6}
		got, unknown := phone.Expand(v, mac, nil)
		if !strings.Contains(v, "mac_address") && got != v {
			t.Fatalf("%q became %q", v, got)
		}
		for _, u := range unknown {
			if !strings.Contains(v, "${"+u+"}") {
				t.Fatalf("%q does not name %q", v, u)
			}
		}
	})
}

// Decision 16: userinfo in addresses counts, whatever the parameter is called.
func TestASettingIsHiddenByNameOrByWhatItsAddressCarries(t *testing.T) {
	for value, hidden := range map[string]bool{
		"https://user:password@1.2.3.4/x": true, "ftp://user@h.test": true, "a.cfg, ftp://u:p@1.2.3.4/${mac_address}/b.cfg": true, "[--key $SA] https://h.test/$MA.xml": false, "https://u:pa/ss@h.test/": true,
		"https://h.test:8443/x": false, "https://[2001:db8::1]:443/x": false, "https://h.test/a@b": false, "sip:1001@h.test": false, "http://h.test:x": true, "://": false, "": false, "1001@h.test": false,
		"https://h.test https://u:p@i.test": true,
	} {
		if got := phone.Hidden(makers[0], phone.Setting{Name: "apps.telNotification.URL", Value: value}); got != hidden {
			t.Errorf("%q: hidden %v", value, got)
		}
	}
	if !phone.Hidden(makers[0], phone.Setting{Name: "reg.1.auth.password", Value: "x"}) || phone.Hidden(makers[1], phone.Setting{Name: "account.1.label", Value: "x"}) {
		t.Error("names")
	}
}

func TestRangesOfSoftwareAreRead(t *testing.T) {
	for _, c := range []struct {
		firmware, version string
		want              bool
	}{
		{"", "1", true}, {"", "", true}, {">=5.9", "5.9.7.4477", true}, {">=5.9", "5.10", true}, {">=5.9", "5.5.2", false}, {"<6.4", "6.4.7", false}, {"<6.4", "6.3.9", true}, {">=5.9 <6.4", "6.0", true}, {">=5.9 <6.4", "6.4", false},
		{"V83-V86", "96.86.0.45", true}, {"V83-V86", "96.87.0.1", false}, {"V83-V86", "28.72.0.1", false}, {">=V81", "2.80.0.140", false}, {">=V81", "96.86.0.45", true}, {">=11.0", "11.0.1", true}, {">=11.3", "11-1-0-MSR4", false},
		{"=6.4", "6.4.9", true}, {"nonsense", "1", false}, {">=", "1", false}, {">=5.9", "", true}, {"<5.9", "", false},
	} {
		if got := phone.Covers(c.firmware, c.version); got != c.want {
			t.Errorf("%q holds %q: %v", c.firmware, c.version, got)
		}
	}
}

// DM-145: a value outside the list, range, form or type is a fault at that parameter.
func TestADictionaryTellsWhatIsWrongWithAValue(t *testing.T) {
	d := phone.Table("x", "", "", "a.{1-2}.{1-2} | bool | 0 | Help.\n# comment\n\nb | enum x,y | - | Help.\nc | int 1..5 | \"\" | Help | with a bar.\nd | text<=3 | - | Help.\ne | int | - | Help.")
	for _, c := range []struct{ name, value, code string }{
		{"a.2.1", "1", ""}, {"a.2.1", "2", "unknown_value"}, {"b", "x", ""}, {"b", "z", "unknown_value"}, {"b", "", ""}, {"b", "%NULL%", ""}, {"c", "5", ""}, {"c", "6", "out_of_range"}, {"c", "-1", "out_of_range"},
		{"c", "five", "value_not_a_number"}, {"d", "äx", ""}, {"d", "abcd", "too_long"}, {"e", "-7", ""}, {"e", "1.5", "value_not_a_number"},
	} {
		p, ok := d.Find(c.name)
		f := p.Fault(c.value)
		if !ok || c.code == "" && f != nil || c.code != "" && (f == nil || f.Code != c.code || f.Name != c.name || f.Message == "") {
			t.Errorf("%s = %q: %+v, %v", c.name, c.value, f, ok)
		}
	}
	if len(d.Parameters) != 8 {
		t.Errorf("%d parameters", len(d.Parameters))
	}
	p := phone.Parameter{Name: "x", Type: phone.Text, Pattern: "[a-c]+"}
	if p.Fault("abc") != nil || p.Fault("abcd") == nil || p.Fault("abcd").Code != "bad_form" {
		t.Error("patterns are not anchored")
	}
	// DM-164, M10: known names in the dictionary's spelling, unknown ones as they are.
	if name, ok := d.Canonical("A.1.2"); name != "a.1.2" || !ok {
		t.Error(name)
	}
	if name, ok := d.Canonical("Foo.Bar"); name != "Foo.Bar" || ok {
		t.Error(name)
	}
}

// DM-142: names of profiles are unique, whatever the maker.
func TestNamesOfStarterProfilesAreUniqueAndEveryMakerThatHasSomeHasADictionary(t *testing.T) {
	seen := map[string]bool{}
	topics := map[string][]string{}
	for _, m := range makers {
		l, ok := m.(phone.Library)
		if !ok {
			continue
		}
		for _, s := range l.Standards() {
			folded := strings.ToLower(s.Name)
			if seen[folded] {
				t.Errorf("%s is there twice", s.Name)
			}
			seen[folded] = true
			_, topic, _ := strings.Cut(strings.TrimSuffix(s.Name, "-TEMPLATE"), "-")
			topics[m.Maker()] = append(topics[m.Maker()], topic)
		}
		if len(l.Dictionaries()) == 0 {
			t.Errorf("%s has profiles and no dictionary", m.Maker())
		}
	}
	for maker, have := range topics {
		for _, topic := range []string{"Time", "TimeZone", "DialPlan", "Codecs", "SRTP", "TLS", "AdminPassword", "WebInterface-Off", "Syslog", "NAT-KeepAlive", "DND-Forward", "Voicemail", "BLF"} {
			if !slices.Contains(have, topic) {
				t.Errorf("%s has no profile for %s", maker, topic)
			}
		}
	}
	if len(topics) != 3 {
		t.Errorf("profiles of %d makers", len(topics))
	}
}

func TestLinesThatAreGoneAreThoseUpToTheHighestEver(t *testing.T) {
	l := phone.Layout{Lines: []phone.Line{{Number: 2}}, Ever: 4}
	if got := l.GoneLines(); !slices.Equal(got, []int{1, 3, 4}) {
		t.Errorf("%v", got)
	}
	if got := (phone.Layout{Ever: 1 << 30}).GoneLines(); len(got) != phone.MaxLines {
		t.Errorf("%d lines", len(got))
	}
	for s, want := range map[phone.Server]string{{Host: "h.test"}: "h.test", {Host: "h.test", Port: 5061}: "h.test:5061", {Host: "2001:db8::1", Port: 5060}: "[2001:db8::1]:5060", {Port: 5}: "", {Host: "[2001:db8::1]", Port: 1}: "[2001:db8::1]:1"} {
		if got := s.HostPort(); got != want {
			t.Errorf("%+v is %q", s, got)
		}
	}
}

func BenchmarkRenderAFullPhone(b *testing.B) {
	in := phone.Inputs{MAC: phone.MAC{0x80, 0x5e, 0xc0, 1, 2, 3}, Model: "T54W", Version: "96.86.0.45", Poll: phone.DefaultPoll}
	m := makers[1]
	s := m.Spell(phone.Layout{Model: "T54W", Lines: []phone.Line{{Number: 1, User: "1001", Password: "x", Registrars: []phone.Server{{Host: "sip.example.test"}}}}})
	in.Settings = phone.ByName(slices.Concat(m.Defaults(in), s.Identity, s.Rest))
	for b.Loop() {
		if _, err := m.Render("805ec0010203.cfg", in); err != nil {
			b.Fatal(err)
		}
	}
}
