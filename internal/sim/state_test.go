package sim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

var bg = context.Background()

// Poly: what a file does not say goes back to the default, what is in flash stays.
func TestAPolyForgetsParametersAndKeepsItsFlash(t *testing.T) {
	s := newServer(t)
	s.set(mac+".cfg", `<APPLICATION CONFIG_FILES="x.cfg"/>`)
	s.set("x.cfg", `<p a="1" b="2" device.set="1" device.sntp.serverName="ntp" device.sntp.serverName.set="1" device.syslog.serverName="not set"/>`)
	p := s.phone(t, Options{})
	p.Boot(bg)
	if got := fmt.Sprint(p.State().Parameters); got != "map[a:1 b:2 device.sntp.serverName:ntp]" {
		t.Error(got)
	}
	s.set("x.cfg", `<p b="3"/>`)
	if trip := p.Poll(bg); !trip.Changed || fmt.Sprint(p.State().Parameters) != "map[b:3 device.sntp.serverName:ntp]" {
		t.Error(p.State().Parameters)
	}
	always := s.phone(t, Options{Choices: Choices{FlashAlways: true}})
	s.set("x.cfg", `<p device.syslog.serverName="log"/>`)
	if always.Boot(bg); always.Parameters()["device.syslog.serverName"] != "log" {
		t.Error(always.Parameters())
	}
}

func TestAPhoneUsesTheAccountThatItsConfigurationInstalls(t *testing.T) {
	for name, c := range map[string]struct{ file, body, last string }{
		"VVX_411": {"64167f0a0b0c.cfg", `<APPLICATION CONFIG_FILES="64167f0a0b0c-x.cfg"/>`, ""},
		"SIP-T54W": {"805ec00a0b0c.cfg", yealinkHead + "static.auto_provision.server.username = own\nstatic.auto_provision.server.password = secret\n",
			yealinkHead + "static.auto_provision.server.username = %NULL%\nstatic.auto_provision.server.password = %NULL%\n"},
		"SIP-T46G":     {"0015650a0b0c.cfg", yealinkHead + "auto_provision.server.username = own\nauto_provision.server.password = secret\n", ""},
		"CP-8841-3PCC": {"8841-3PCC.xml", `<flat-profile><GPP_SA>own</GPP_SA><Profile_Rule>[--uid $SA --pwd secret] /$PSN.xml</Profile_Rule></flat-profile>`, ""},
	} {
		for _, basic := range []bool{true, false} {
			s := newServer(t)
			s.basic, s.extra = basic, map[string]string{"own": "secret"}
			s.set(c.file, c.body)
			s.set("64167f0a0b0c-x.cfg", `<p device.set="1" device.prov.user="own" device.prov.user.set="1" device.prov.password="secret" device.prov.password.set="1"/>`)
			p := s.model(t, name)
			if trip := p.Boot(bg); !trip.Configured {
				t.Fatalf("%s: %+v", name, trip)
			}
			first := len(s.asked)
			if trip := p.Boot(bg); !trip.Configured || p.State().Account == nil || p.State().Account.User != "own" {
				t.Errorf("%s: %+v %+v", name, trip, p.State().Account)
			}
			for _, user := range s.asked[first:] {
				if user != "own" {
					t.Errorf("%s asked as %s", name, user)
				}
			}
			if s.asked[0] != word {
				t.Errorf("%s first asked as %s", name, s.asked[0])
			}
			p.Password = "forgotten" // what it came with is of no use any more, and not needed
			if trip := p.Poll(bg); !trip.Configured {
				t.Errorf("%s: %+v", name, trip)
			}
			if c.last != "" {
				s.set(c.file, c.last)
				if p.Poll(bg); p.State().Account != nil {
					t.Errorf("%s keeps the account", name)
				}
			}
			p.Reset()
			if st := p.State(); st.Account != nil || len(st.Parameters) != 0 {
				t.Errorf("%s is not reset: %+v", name, st)
			}
			if trip := p.Boot(bg); trip.Configured || !strings.Contains(trip.Fault, "Unauthorized") {
				t.Errorf("%s after a reset: %+v", name, trip)
			}
		}
	}
}

func TestWhatIsChangedOnAPolyGoesToTheServerAndComesBack(t *testing.T) {
	s := newServer(t)
	s.set(mac+".cfg", `<APPLICATION CONFIG_FILES="x.cfg" OVERRIDES_DIRECTORY="ovr" CONTACTS_DIRECTORY="dir"/>`)
	s.set("x.cfg", `<p a="1"/>`)
	p := s.phone(t, Options{})
	p.Boot(bg)
	p.SetOnPhone(bg, "a", `<&"2`)
	p.SetOnWeb(bg, "b", "web")
	p.EditDirectory(bg, []byte("<directory/>"))
	if s.files["dir/"+mac+"-directory.xml"] != "<directory/>" || !strings.Contains(s.files["ovr/"+mac+"-phone.cfg"], `<OVERRIDES a="&lt;&amp;&#34;2">`) {
		t.Errorf("%v", s.files)
	}
	p.Boot(bg)
	if got := fmt.Sprint(p.Parameters()); got != `map[a:<&"2 b:web]` {
		t.Error(got)
	}
	fresh := s.phone(t, Options{}) // another handset in its place
	if fresh.Boot(bg); fresh.Parameters()["b"] != "web" {
		t.Error("overrides on the server are not taken")
	}
	s.set("ovr/"+mac+"-phone.cfg", `<PHONE_CONFIG><OVERRIDES/></PHONE_CONFIG>`)
	if p.Boot(bg); p.Parameters()["a"] != "1" {
		t.Error("empty overrides do not clear the phone's")
	}
	for lost, want := range map[bool]string{false: "3", true: "1"} {
		s.noput = true
		p := s.phone(t, Options{Choices: Choices{LoseRefused: lost}})
		s.files["ovr/"+mac+"-web.cfg"] = `<x/>`
		delete(s.files, "ovr/"+mac+"-phone.cfg")
		p.Boot(bg)
		p.SetOnPhone(bg, "a", "3")
		if p.Boot(bg); p.Parameters()["a"] != want {
			t.Errorf("an upload was refused, lost %v: %v", lost, p.Parameters())
		}
	}
	s.noput = false
	s.set("x.cfg", `<p a="1" prov.autoConfigUpload.enabled="0"/>`)
	p.Boot(bg)
	if trip := p.SetOnPhone(bg, "c", "4"); len(trip.Exchanges) != 0 || p.Parameters()["c"] != "4" {
		t.Errorf("%+v", trip)
	}
}

func TestAChangeOnAYealinkHoldsAsItsProtectionSays(t *testing.T) {
	for protect, want := range map[string]string{"0": "server", "1": "user"} {
		s := newServer(t)
		head := yealinkHead + "static.auto_provision.custom.protect = " + protect + "\nstatic.auto_provision.custom.sync = 1\n"
		s.set("805ec00a0b0c.cfg", head+"a = 1\n")
		p := s.model(t, "SIP-T54W")
		p.Boot(bg)
		p.SetOnPhone(bg, "a", "user")
		if got := s.files["805ec00a0b0c-local.cfg"]; got != "#!version:1.0.0.1\na = user\n" {
			t.Errorf("%q", got)
		}
		s.set("805ec00a0b0c.cfg", head+"a = server\n")
		if p.Poll(bg); p.Parameters()["a"] != want {
			t.Errorf("protect %s: %v", protect, p.Parameters())
		}
	}
}

func TestOfTwoYealinkFilesOneHasChanged(t *testing.T) {
	for each, want := range map[bool]string{false: "own", true: "common 2"} {
		s := newServer(t)
		s.set("y000000000096.cfg", yealinkHead+"a = common\n")
		s.set("805ec00a0b0c.cfg", yealinkHead+"a = own\n")
		p := s.model(t, "SIP-T54W")
		p.Choices.EachFile = each
		p.Boot(bg)
		s.set("y000000000096.cfg", yealinkHead+"a = common 2\n")
		if p.Poll(bg); p.Parameters()["a"] != want {
			t.Errorf("each file by itself %v: %v", each, p.Parameters())
		}
	}
}

func TestWhatAFileLeavesOutIsForgottenOrKeptAsChosen(t *testing.T) {
	for forget, want := range map[bool]string{false: "map[P2:1 P3:2]", true: "map[P3:2]"} {
		s := newServer(t)
		p := s.model(t, "GRP2614")
		p.Choices.ForgetAbsent = forget
		for _, x := range []string{"<P2>1</P2>", "<P3>2</P3>"} {
			s.set("cfg.xml", `<gs_provision version="1"><config version="1">`+x+`</config></gs_provision>`)
			p.Poll(bg)
		}
		if got := fmt.Sprint(p.Parameters()); got != want {
			t.Errorf("forget %v: %s", forget, got)
		}
		snom := s.model(t, "D785")
		snom.Choices.ForgetAbsent = forget
		s.set("snomD785-0004130A0B0C.htm", `<settings><phone-settings><b>2</b></phone-settings></settings>`)
		s.set("snomD785.htm", `<settings><phone-settings><a>1</a></phone-settings></settings>`)
		snom.Poll(bg)
		s.set("snomD785-0004130A0B0C.htm", `<settings><phone-settings><c>2</c></phone-settings></settings>`)
		snom.Poll(bg)
		if got, want := fmt.Sprint(snom.Parameters()), map[bool]string{false: "map[a:1 b:2 c:2]", true: "map[a:1 c:2]"}[forget]; got != want {
			t.Errorf("forget %v: %s", forget, got)
		}
	}
}

func TestACiscoReportsItsChangesAndPreservesWhatItIsTold(t *testing.T) {
	s := newServer(t)
	p := s.model(t, "CP-7832-3PCC")
	s.set("00562b0a0b0c.xml", `<flat-profile><A ua="rw">1</A><B ua="rw|y">1</B><Report_Rule>[--delta] /report-$MA.xml</Report_Rule><Report_to_Server>On Local Change</Report_to_Server></flat-profile>`)
	p.Boot(bg)
	p.SetOnPhone(bg, "A", "user")
	p.SetOnPhone(bg, "B", "<user")
	if got := s.files["report-00562b0a0b0c.xml"]; !strings.Contains(got, "<flat-profile><A>user</A><B>&lt;user</B></flat-profile>") {
		t.Errorf("%q", got)
	}
	if p.Poll(bg); p.Parameters()["A"] != "1" || p.Parameters()["B"] != "<user" {
		t.Error(p.Parameters())
	}
	s.set("second.xml", `<flat-profile><C>1</C></flat-profile>`)
	s.set("00562b0a0b0c.xml", `<flat-profile><Profile_Rule_B>($SWVER lt 3)? /never.xml | /second.xml</Profile_Rule_B></flat-profile>`)
	p.Poll(bg)
	if p.Parameters()["C"] != "1" {
		t.Error("the second rule is not followed")
	}
}

func TestAPhoneLoadsAnotherVersionAndNoEqualOne(t *testing.T) {
	image := func(version string) string { return "HEAD " + version + " " + strings.Repeat("x", 300_000) }
	for name, choices := range EveryChoice() {
		if name == "Capitals" || name == "Slashes" { // this server knows one spelling
			continue
		}
		s := newServer(t)
		s.set(mac+".cfg", `<APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES="x.cfg"/>`)
		s.set("x.cfg", `<p a="1"/>`)
		s.set("sip.ld", image("6.4.7.4560"))
		p := s.phone(t, Options{Choices: choices, Break: 100_000})
		if trip := p.Boot(bg); !trip.Configured || trip.Upgraded != "" {
			t.Fatalf("%s: %+v", name, trip)
		}
		s.names()
		s.set("sip.ld", image("6.4.8.0001"))
		trip := p.Poll(bg)
		if !trip.Configured || trip.Upgraded != "6.4.8.0001" || p.State().Version != "6.4.8.0001" {
			t.Fatalf("%s: %+v", name, trip)
		}
		var loaded int64
		for _, x := range trip.Exchanges {
			if strings.Contains(x.Agent, "Updater") && x.Path == "sip.ld" {
				loaded += x.Bytes
			}
		}
		want := int64(len(image("6.4.8.0001")))
		if choices.NoRange {
			want += 100_000
		}
		if loaded != want || !strings.Contains(trip.Exchanges[len(trip.Exchanges)-1].Agent, "6.4.8.0001") {
			t.Errorf("%s: %d bytes were loaded, want %d", name, loaded, want)
		}
	}
	s := newServer(t)
	y := s.model(t, "SIP-T54W")
	s.set("805ec00a0b0c.cfg", yealinkHead+"static.firmware.url = "+s.URL+"/p/acme/T54.rom\n")
	s.set("T54.rom", image("96.87.0.10"))
	if trip := y.Boot(bg); trip.Upgraded != "96.87.0.10" || !trip.Configured {
		t.Errorf("%+v", trip)
	}
	c := s.model(t, "CP-7832-3PCC")
	s.set("00562b0a0b0c.xml", `<flat-profile><Upgrade_Rule>/sip78xx.12-0-7MPP0201-66.loads</Upgrade_Rule></flat-profile>`)
	s.set("sip78xx.12-0-7MPP0201-66.loads", "loads")
	if trip := c.Boot(bg); trip.Upgraded != "12.0.7" || !trip.Configured {
		t.Errorf("%+v", trip)
	}
}

func TestAStepBetweenIsNeeded(t *testing.T) {
	s := newServer(t)
	s.set(mac+".cfg", `<APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES="x.cfg"/>`)
	s.set("x.cfg", `<p a="1"/>`)
	s.set("sip.ld", "5.9.8.1234")
	id := Identity{MAC: [6]byte{0x64, 0x16, 0x7f, 0x0a, 0x0b, 0x0c}, Model: Models[1]}
	id.Version, id.Updater = "5.5.2.8571", "5.5.2.8571"
	p := s.phone(t, Options{Identity: id})
	if trip := p.Boot(bg); trip.Stuck != "5.9.8.1234" || trip.Upgraded != "" || !trip.Configured {
		t.Errorf("%+v", trip)
	}
	s.set("sip.ld", "5.7.3.0001")
	p.Boot(bg)
	s.set("sip.ld", "5.9.8.1234")
	if trip := p.Boot(bg); trip.Upgraded != "5.9.8.1234" {
		t.Errorf("%+v", trip)
	}
}

func TestTheMemoryOfAFleetSurvivesInAFile(t *testing.T) {
	s := newServer(t)
	s.extra = map[string]string{"own": "secret"}
	s.set(mac+".cfg", `<APPLICATION CONFIG_FILES="x.cfg"/>`)
	s.set("x.cfg", `<p a="1" device.set="1" device.prov.user="own" device.prov.user.set="1" device.prov.password="secret" device.prov.password.set="1"/>`)
	p := s.phone(t, Options{})
	p.Boot(bg)
	p.SetOnPhone(bg, "b", "2")
	var file bytes.Buffer
	if err := WriteStates(&file, []*Phone{p}); err != nil {
		t.Fatal(err)
	}
	states, err := ReadStates(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	again := s.phone(t, Options{})
	again.Password = "forgotten"
	if err := again.Restore(states[p.MAC]); err != nil {
		t.Fatal(err)
	}
	if trip := again.Poll(bg); !trip.Configured || trip.Changed || fmt.Sprint(again.Parameters()) != fmt.Sprint(p.Parameters()) {
		t.Errorf("%+v %v", trip, again.Parameters())
	}
	other := s.phone(t, Options{Identity: Identities(1, 1)[0]})
	if err := other.Restore(states[p.MAC]); err == nil {
		t.Error("a phone took the memory of another")
	}
	for _, bad := range []string{"x", "{}", `{"mac":"1"}`} {
		if _, err := ReadStates(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ReadStates(io.LimitReader(strings.NewReader(strings.Repeat("x", maxBody+2)), maxBody+1)); err == nil {
		t.Error("an endless line was read")
	}
}

// Whatever no source says: a phone gets its configuration either way.
func TestEveryChoiceEndsInTheSameConfiguration(t *testing.T) {
	for name, choices := range EveryChoice() {
		for _, m := range Models {
			s := newServer(t)
			id := Identity{MAC: [6]byte{m.Prefix[0], m.Prefix[1], m.Prefix[2], 0x0a, 0x0b, 0x0c}, Model: m}
			s.forgiving = true
			s.set(id.MAC.String()+".cfg", map[Maker]string{Yealink: yealinkHead + "a = 1\n", Poly: `<APPLICATION CONFIG_FILES="x.cfg"/>`}[m.Maker])
			s.set("x.cfg", `<p a="1"/>`)
			for _, f := range []string{id.MAC.String() + ".xml", "8841-3pcc.xml"} {
				s.set(f, `<flat-profile><a>1</a></flat-profile>`)
			}
			s.set("cfg.xml", `<gs_provision version="1"><config version="1"><a>1</a></config></gs_provision>`)
			s.set(strings.ToLower(m.Common), map[Maker]string{Snom: `<settings><phone-settings><a>1</a></phone-settings></settings>`, Yealink: yealinkHead}[m.Maker])
			if m.Maker == Grandstream {
				delete(s.files, m.Common)
			}
			p := s.phone(t, Options{Identity: id, Choices: choices, Two: true, Resume: true})
			if trip := p.Boot(bg); !trip.Configured || fmt.Sprint(p.Parameters()) != "map[a:1]" {
				t.Errorf("%s, %s: %+v %v", name, m.Known(), trip, p.Parameters())
			}
		}
	}
}
