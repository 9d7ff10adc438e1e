package sim

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"linecard/internal/phone"
)

func TestWhatPhonesGetFromTwoServersIsCompared(t *testing.T) {
	old, now := newServer(t), newServer(t)
	old.basic = true
	both := func(name, a, b string) {
		if a != "" {
			old.set(name, a)
		}
		if b != "" {
			now.set(name, b)
		}
	}
	both("64167f0a0b0c.cfg", `<APPLICATION APP_FILE_PATH="a.ld" CONFIG_FILES="sip.cfg, phone1.cfg"/>`, `<APPLICATION CONFIG_FILES="64167f0a0b0c-l.cfg"/>`)
	both("sip.cfg", `<p same="1" gone="2" spare="x"/>`, "")
	both("phone1.cfg", `<p changed="3"/>`, "")
	both("64167f0a0b0c-l.cfg", "", `<PHONE><a same="1" changed="4" added="5" device.set="1" device.prov.user="own" device.prov.user.set="1"/></PHONE>`)
	both("805ec00a0b0c.cfg", yealinkHead+"a = 1\n", yealinkHead+"# other bytes\na=1\n")
	both("0015650a0b0c.cfg", yealinkHead+"a = 1\n", "")
	both("8841-3PCC.xml", `<flat-profile><Profile_Rule>`+old.URL+`/p/acme/cisco/$MA.xml</Profile_Rule></flat-profile>`, `<flat-profile><A>1</A></flat-profile>`)
	both("cisco/00562b0a0b0c.xml", `<flat-profile><A>1</A></flat-profile>`, "")
	ids, err := ReadIdentities(strings.NewReader("\xef\xbb\xbf# the fleet\nVendor;MAC Address;Model\npolycom;64:16:7F:0a:0b:0c;VVX 411\nyealink;805ec00a0b0c;\n;00-15-65-0a-0b-0c;T46G\ncisco;00562b0a0b0c;8841-3PCC\ncisco;00562b0a0b0c;twice\n"),
		func(phone.MAC) string { return "yealink" })
	if err != nil || len(ids) != 4 {
		t.Fatalf("%+v %v", ids, err)
	}
	side := func(s *server) Side {
		return Side{Base: s.URL + "/p/acme", User: word, Password: word, Trust: NewTrust(s.roots())}
	}
	var got []string
	c := Compare{Old: side(old), New: side(now), Clock: machine{}, Ignore: []string{"device.prov.*", "spare", "Profile_*"}, Retry: time.Millisecond}
	err = c.Run(bg, ids, func(p Compared) error {
		line := p.Identity.MAC.String() + " " + string(p.Verdict) + p.OldFault + p.NewFault
		for _, d := range p.Different {
			show := func(v *string) string {
				if v == nil {
					return "-"
				}
				return *v
			}
			line += " " + d.Name + ":" + show(d.Old) + ">" + show(d.New)
		}
		got = append(got, line)
		return nil
	})
	want := "64167f0a0b0c differs APP_FILE_PATH:a.ld>- added:->5 changed:3>4 gone:2>-\n805ec00a0b0c equal\n0015650a0b0c missing<mac>.cfg: Not Found\n00562b0a0b0c equal"
	if err != nil || strings.Join(got, "\n") != want {
		t.Errorf("%v\n%s", err, strings.Join(got, "\n"))
	}
	for _, s := range []*server{old, now} {
		for _, r := range s.requests() {
			if !strings.HasPrefix(r, "GET ") || strings.Contains(r, ".ld ") {
				t.Errorf("a look asked: %s", r)
			}
		}
		for _, user := range s.asked {
			if user != word {
				t.Errorf("a look used the account %s", user)
			}
		}
	}
	stop := errors.New("enough")
	if err := c.Run(bg, ids, func(Compared) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestAListOfPhonesNamesItsFaults(t *testing.T) {
	for text, want := range map[string]string{
		"64167f0a0b0c\n\n64167f0a0b":          "line 3",
		"64167f0a0b0c,acme":                   "name poly, yealink",
		"112233445566":                        "name poly, yealink",
		"mac\tmaker\n64167f0a0b0c\tnokia":     "line 2",
		"64167f0a0b0c,poly\n\"64167f0a0b0d,x": "",
	} {
		ids, err := ReadIdentities(strings.NewReader(text), func(m phone.MAC) string {
			if m[0] == 0x64 {
				return "poly"
			}
			return ""
		})
		if want == "" && err == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v %v", text, ids, err)
		}
	}
	ids, err := ReadIdentities(strings.NewReader("00562b0a0b0c,cisco,8865\n000413aabbcc,snom,D735\n0004f2aabbcc,poly,,5.9.0.1\n"), nil)
	if err != nil || fmt.Sprint(ids[0].Name, ids[0].Rule, ids[1].Common, ids[2].Version) != "CP-8865$MA.xmlsnomD735.htm5.9.0.1" {
		t.Errorf("%+v %v", ids, err)
	}
}
