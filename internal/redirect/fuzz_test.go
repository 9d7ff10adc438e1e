package redirect

import (
	"encoding/xml"
	"io"
	"net/url"
	"strings"
	"testing"

	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// No value breaks out of the file in which it is handed to a phone: what a reader of the format finds is what was put in.
func FuzzAnswer(f *testing.F) {
	f.Add("https://p.example/", "user", "pass", "https://p.example/ca.pem", "T54W")
	f.Add("https://p.example/{mac}/{model}", "a\"b", "x&<y>\nz", "", "a/b c\"")
	f.Add("http://[2001:db8::1]/", "%NULL%", "]|(", "tftp://x/", "")
	f.Add("tftp://10.0.0.1/a$b", "--pwd", "' onload='", "", "{mac}")
	f.Fuzz(func(t *testing.T, addr, user, word, certificate, model string) {
		var c errs.Checker
		addr = checkURL(&c, "url", addr, 1, maxURL)
		certificate = checkURL(&c, "certificate_url", certificate, 0, maxURL)
		fine := c.Err() == nil
		mac := phone.MAC{0, 0x15, 0x65, 0xaa, 0xbb, 0xcc}
		g := goal{url: expand(addr, mac, model, "acme"), user: user, password: secret.Hide(word), certificate: certificate}
		if fine {
			u, err := url.Parse(g.url)
			if err != nil || u.User != nil || u.Hostname() == "" || strings.ContainsAny(g.url, " \r\n\t\"'<>|\\") {
				t.Fatalf("%q was taken as an address", g.url)
			}
		} else {
			g.url = addr // also what no address can be must not break out
		}
		m := mac.String()
		for maker, path := range map[string]string{"yealink": m + ".cfg", "poly": m + polySecond, "cisco": m + ".xml", "grandstream": "cfg" + m + ".xml", "snom": "snom300-" + m + ".htm", "": m + ".cfg"} {
			file, err := answerTo(Ask{MAC: mac, Maker: maker, Path: path}, g)
			if err != nil {
				if errs.KindOf(err) != errs.NotFound {
					t.Fatal(err)
				}
				continue
			}
			switch maker {
			case "":
				if strings.ContainsAny(file.Location, "\r\n\x00") {
					t.Fatalf("%q", file.Location)
				}
			case "yealink":
				readLines(t, string(file.Body), g)
			default:
				readXML(t, maker, string(file.Body), g)
			}
		}
	})
}

func readLines(t *testing.T, body string, g goal) {
	want := map[string]string{"static.auto_provision.server.url": g.url, "static.auto_provision.server.username": orForget(g.user), "static.auto_provision.server.password": orForget(g.password.Reveal())}
	if g.certificate != "" {
		want["static.trusted_certificates.url"] = g.certificate
	}
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if lines[0] != "#!version:1.0.0.1" || len(lines) != len(want)+1 {
		t.Fatalf("%q", body)
	}
	for _, l := range lines[1:] {
		k, v, ok := strings.Cut(l, " = ")
		if !ok || want[k] != v {
			t.Fatalf("%q of %q", l, body)
		}
	}
}

// readXML reads the file back: elements and attributes are ours, values are those that were put in.
func readXML(t *testing.T, maker, body string, g goal) {
	d := xml.NewDecoder(strings.NewReader(body))
	names := map[string]bool{"LINECARD": true, "flat-profile": true, "Provision_Enable": true, "Profile_Rule": true, "gs_provision": true, "config": true, "P212": true, "P237": true, "P1360": true,
		"P1361": true, "settings": true, "phone-settings": true, "setting_server": true, "http_client_user": true, "http_client_pass": true}
	values := map[string]string{}
	element := ""
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v in %q", maker, err, body)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			if element = x.Name.Local; !names[element] {
				t.Fatalf("%s: element %s in %q", maker, element, body)
			}
			for _, a := range x.Attr {
				if maker == "poly" && !strings.HasPrefix(a.Name.Local, "device.") || maker != "poly" && a.Name.Local != "perm" && a.Name.Local != "version" {
					t.Fatalf("%s: attribute %s in %q", maker, a.Name.Local, body)
				}
				values[a.Name.Local] = a.Value
			}
		case xml.CharData:
			if text := string(x); strings.TrimSpace(text) != "" {
				values[element] += text
			}
		case xml.Comment, xml.Directive:
			t.Fatalf("%s: %q", maker, body)
		}
	}
	wants := map[string]map[string]string{"poly": {"device.prov.user": g.user, "device.prov.password": g.password.Reveal()}, "grandstream": {"P1360": g.user, "P1361": g.password.Reveal()},
		"snom": {"setting_server": g.url, "http_client_user": g.user, "http_client_pass": g.password.Reveal()}}[maker]
	for k, want := range wants {
		if got := values[k]; got != want && want == strings.ToValidUTF8(want, "") && xmlSafe(want) {
			t.Fatalf("%s: %s is %q, want %q in %q", maker, k, got, want, body)
		}
	}
}

// xmlSafe says whether XML can carry the text at all.
func xmlSafe(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0xfffe || r == 0xffff })
}

func FuzzFile(f *testing.F) {
	f.Add([]byte("mac,server,unique_url,remark\n001565aabbcc,Main,,x\n"), "")
	f.Add([]byte("\xff\xfem\x00a\x00c\x00\n\x00"), ";")
	f.Add([]byte("\n\nMAC;REMARK\r\n'=1;\"a\"\"b\"\r\n"), "")
	f.Fuzz(func(t *testing.T, data []byte, separator string) {
		rows, err := readTable(data, separator)
		if err != nil {
			if errs.KindOf(err) == errs.Internal {
				t.Fatal(err)
			}
			return
		}
		if len(rows) > maxRows {
			t.Fatal(len(rows))
		}
		for _, r := range rows {
			if r.line < 2 || len(r.cells) == 0 {
				t.Fatalf("%+v", r)
			}
			for _, c := range r.cells {
				if plain(armed(c)) != c {
					t.Fatalf("%q comes back as %q", c, plain(armed(c)))
				}
			}
		}
	})
}

func FuzzMACIn(f *testing.F) {
	f.Add("001565AABBCC.cfg")
	f.Add("snom300-000413922D24.htm")
	f.Add("y000000000000.cfg")
	f.Fuzz(func(t *testing.T, path string) {
		m, ok := macIn(path)
		if ok && (m.IsZero() || !strings.Contains(strings.ToLower(path), m.String())) {
			t.Fatalf("%s in %q", m, path)
		}
	})
}
