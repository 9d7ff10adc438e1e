package sim

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// model gives a phone of the model with this name.
func (s *server) model(t *testing.T, name string) *Phone {
	t.Helper()
	for _, m := range Models {
		if m.Name == name {
			return s.phone(t, Options{Remember: true, Identity: Identity{MAC: [6]byte{m.Prefix[0], m.Prefix[1], m.Prefix[2], 0x0a, 0x0b, 0x0c}, Model: m}})
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

// names are the files that were asked for since the last call.
func (s *server) names() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range s.log {
		out = append(out, strings.Join(strings.Fields(l)[:2], " "))
	}
	s.log = nil
	return strings.Join(out, ", ")
}

const yealinkHead = "#!version:1.0.0.1\n"

func TestAYealinkAsksInTheOrderOfTheGuides(t *testing.T) {
	s := newServer(t)
	s.set("805ec00a0b0c.cfg", yealinkHead+"a = 1\n# b = 2\n\nc =\r\n")
	p := s.model(t, "SIP-T54W")
	if trip := p.Boot(context.Background()); !trip.Configured || trip.Changed || trip.Fault != "" {
		t.Fatalf("%+v", trip)
	}
	if got := s.names(); got != "GET 805ec00a0b0c.boot, GET y000000000000.boot, GET y000000000096.cfg, GET 805ec00a0b0c.cfg" {
		t.Error(got)
	}
	if got := fmt.Sprint(p.Parameters()); got != "map[a:1 c:]" {
		t.Error(got)
	}
	s.set("y000000000096.cfg", yealinkHead+"a = common\nd = 4\nstatic.auto_provision.custom.protect = 1\nstatic.auto_provision.local_log.backup.enable = 1\n")
	if trip := p.Boot(context.Background()); !trip.Changed || p.Parameters()["a"] != "1" || p.Parameters()["d"] != "4" {
		t.Errorf("the phone's own file wins: %+v", p.Parameters())
	}
	if got := s.names(); !strings.HasSuffix(got, "GET 805ec00a0b0c.cfg, GET 805ec00a0b0c-local.cfg, PUT 805ec00a0b0c-boot.log, PUT 805ec00a0b0c-sys.log") {
		t.Error(got)
	}
	old := s.model(t, "SIP-T46G")
	old.Boot(context.Background())
	if got := s.names(); got != "GET y000000000028.cfg, GET 0015650a0b0c.cfg" {
		t.Errorf("generation 72 knows no boot files: %s", got)
	}
}

func TestAYealinkAppliesAFileOnceAndKeepsWhatNoFileSays(t *testing.T) {
	s := newServer(t)
	own := func(text string) { s.set("805ec00a0b0c.cfg", yealinkHead+text) }
	own("a = 1\nb = 2\n")
	p := s.model(t, "SIP-T54W")
	p.Boot(context.Background())
	p.kept.Files["a"] = "changed on the phone"
	if trip := p.Poll(context.Background()); !trip.Configured || trip.Changed || p.Parameters()["a"] != "changed on the phone" {
		t.Errorf("the same file was applied again: %+v %v", trip, p.Parameters()) // MD5
	}
	own("b = 3\n")
	p.Poll(context.Background())
	if got := fmt.Sprint(p.Parameters()); got != "map[a:changed on the phone b:3]" {
		t.Errorf("what a file does not say stays: %s", got)
	}
	own("a = %NULL%\nb = 3\n")
	if p.Poll(context.Background()); fmt.Sprint(p.Parameters()) != "map[b:3]" {
		t.Errorf("%v", p.Parameters())
	}
	for _, bad := range []string{"", "b = 4\n", "<html>", "\n" + yealinkHead + "b = 4\n"} {
		s.set("805ec00a0b0c.cfg", bad)
		if trip := p.Poll(context.Background()); trip.Configured || trip.Fault == "" || p.Parameters()["b"] != "3" {
			t.Errorf("%q: %+v", bad, trip)
		}
	}
}

func TestAYealinkThatGetsABootFileLoadsOnlyWhatItIncludes(t *testing.T) {
	s := newServer(t)
	s.set("805ec00a0b0c.cfg", yealinkHead+"a = 1\nb = 1\n")
	p := s.model(t, "SIP-T54W")
	p.Boot(context.Background())
	s.names()
	s.set("y000000000000.boot", yealinkHead+`include:config "cfg/all.cfg"`+"\ninclude:config <"+s.URL+"/p/acme/x.cfg>\noverwrite_mode = 1\n")
	s.set("cfg/all.cfg", yealinkHead+"b = 2\nc = 2\n")
	s.set("x.cfg", yealinkHead+"c = 3\n")
	trip := p.Boot(context.Background())
	if got := s.names(); got != "GET 805ec00a0b0c.boot, GET y000000000000.boot, GET cfg/all.cfg, GET x.cfg" {
		t.Error(got)
	}
	if got := fmt.Sprint(p.Parameters()); !trip.Changed || got != "map[b:2 c:3]" {
		t.Errorf("%s %+v", got, trip)
	}
	s.set("805ec00a0b0c.boot", "not a boot file")
	if trip := p.Poll(context.Background()); trip.Configured || trip.Fault == "" || p.Parameters()["c"] != "3" {
		t.Errorf("%+v", trip)
	}
}

func TestACiscoFollowsItsRule(t *testing.T) {
	s := newServer(t)
	p := s.model(t, "CP-8841-3PCC")
	if trip := p.Boot(context.Background()); trip.Configured || trip.Fault != "<psn>.xml: Not Found" {
		t.Errorf("%+v", trip)
	}
	s.names()
	s.set("8841-3PCC.xml", `<device><flat-profile><Profile_Rule ua="na">[--uid PlcmSpIp --pwd PlcmSpIp] `+s.URL+`/p/acme/$MAU.xml</Profile_Rule><A>1</A><A>2</A></flat-profile></device>`)
	if trip := p.Boot(context.Background()); !trip.Configured || p.Parameters()["A"] != "2" {
		t.Errorf("%+v %v", trip, p.Parameters())
	}
	s.set("00562B0A0B0C.xml", `<flat-profile><B>&lt;3</B></flat-profile>`)
	s.names()
	if trip := p.Poll(context.Background()); !trip.Changed || p.Parameters()["A"] != "2" || p.Parameters()["B"] != "<3" || s.names() != "GET 00562B0A0B0C.xml" {
		t.Errorf("what is absent stays: %+v %v", trip, p.Parameters())
	}
	for _, bad := range []string{"", "<html></html>", "<flat-profile><A>1</flat-profile>"} {
		s.set("00562B0A0B0C.xml", bad)
		if trip := p.Poll(context.Background()); trip.Configured || trip.Fault == "" || p.Parameters()["A"] != "2" {
			t.Errorf("%q: %+v", bad, trip)
		}
	}
}

func TestAGrandstreamTakesTheFirstXMLFileThatIsThere(t *testing.T) {
	s := newServer(t)
	p := s.model(t, "GRP2614")
	if trip := p.Boot(context.Background()); trip.Configured || trip.Fault != "cfg.xml: Not Found" {
		t.Errorf("%+v", trip)
	}
	if got := s.names(); got != "GET cfgc074ad0a0b0c, GET cfgc074ad0a0b0c.xml, GET cfggrp2614.xml, GET cfg.xml" {
		t.Error(got)
	}
	s.set("cfg.xml", `<gs_provision version="1"><config version="1"><P2>1</P2></config></gs_provision>`)
	s.set("cfgc074ad0a0b0c.xml", `<gs_provision version="1"><mac>c074ad0a0b0c</mac><config version="1"><P3>1</P3></config></gs_provision>`)
	if trip := p.Boot(context.Background()); !trip.Configured || trip.Fault != "" || fmt.Sprint(p.Parameters()) != "map[P3:1]" {
		t.Errorf("%+v %v", trip, p.Parameters())
	}
}

func TestASnomReadsTheFileOfItsModelAndItsOwn(t *testing.T) {
	s := newServer(t)
	p := s.model(t, "D785")
	s.set("snomD785.htm", `<settings><phone-settings><a perm="R">1</a><b>1</b></phone-settings></settings>`)
	s.set("snomD785-0004130A0B0C.htm", `<settings><phone-settings><b>2</b></phone-settings></settings>`)
	if trip := p.Boot(context.Background()); !trip.Configured || fmt.Sprint(p.Parameters()) != "map[a:1 b:2]" {
		t.Errorf("%+v %v", trip, p.Parameters())
	}
	if got := s.names(); got != "GET snomD785.htm, GET snomD785-0004130A0B0C.htm" {
		t.Error(got)
	}
	if trip := s.model(t, "710").Boot(context.Background()); trip.Configured || trip.Fault != "snom710-<mac>.htm: Not Found" {
		t.Errorf("%+v", trip)
	}
}

func TestPhonesOfEveryMakerAskAgainAfterAFaultAndGiveUp(t *testing.T) {
	for _, name := range []string{"SIP-T54W", "CP-7832-3PCC", "GRP2614", "D785"} {
		s := newServer(t)
		p := s.model(t, name)
		s.fails = 1000
		if trip := p.Boot(context.Background()); trip.Configured || !strings.Contains(trip.Fault, "Service Unavailable") {
			t.Errorf("%s: %+v", name, trip)
		}
		p.Password = "wrong"
		if trip := p.Boot(context.Background()); trip.Configured || !strings.Contains(trip.Fault, "Unauthorized") {
			t.Errorf("%s: %+v", name, trip)
		}
	}
}

// A phone never falls over what it is given: it reads it or keeps what it has.
func FuzzWhatAPhoneReads(f *testing.F) {
	for _, s := range []string{"", yealinkHead + "a = 1\n", yealinkHead + "a = %NULL%\r\n=\n#", "<flat-profile><A>1</A></flat-profile>", "<a><b></a>", "<!DOCTYPE x [<!ENTITY y \"z\">]><flat-profile>&y;</flat-profile>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		into := map[string]string{"a": "0"}
		if err := readYealink(body, into, nil); err != nil && len(into) != 1 {
			t.Fatalf("%q was half read: %v", body, into)
		}
		if values, _, err := readElements(body, "flat-profile"); err != nil && values != nil {
			t.Fatalf("%q was half read: %v", body, values)
		}
	})
}
