package sim

import (
	"strings"
	"testing"
)

// The log of a provisioning day as nginx writes it: phones, capitals, double slashes, scanners, what was cut.
const day = `192.0.2.10 - - [12/Mar/2026:06:00:01 +0000] "GET /p/acme/64167f0a0b0c.cfg HTTP/1.1" 401 0 "-" "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 Type/Application"
192.0.2.10 - PlcmSpIp [12/Mar/2026:06:00:01 +0000] "GET /p/acme/64167f0a0b0c.cfg HTTP/1.1" 200 512 "-" "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 Type/Application"
192.0.2.10 - PlcmSpIp [12/Mar/2026:06:00:02 +0000] "GET /p/acme//64167F0A0B0C-web.cfg HTTP/1.1" 404 153 "-" "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 Type/Application"
192.0.2.10 - PlcmSpIp [12/Mar/2026:06:00:02 +0000] "PUT /p/acme/64167f0a0b0c-app.log HTTP/1.1" 201 0 "-" "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 Type/Application"
192.0.2.11 - PlcmSpIp [12/Mar/2026:06:00:03 +0000] "GET /p/acme/805ec00a0b0c.cfg HTTP/1.1" 304 0 "-" "Yealink SIP-T54W 96.86.0.45 80:5e:c0:0a:0b:0c"
192.0.2.11 - PlcmSpIp [12/Mar/2026:06:00:03 +0000] "GET /p/acme/gone.cfg HTTP/1.1" 200 12 "-" "Yealink \"odd\" \x22agent\x0d\x0aX: y"
192.0.2.11 - PlcmSpIp [12/Mar/2026:06:00:04 +0000] "GET /p/acme/gone.cfg HTTP/1.1" 200 12 "-" "Yealink again"
192.0.2.12 - - [12/Mar/2026:06:00:05 +0000] "GET /p/acme/sip.ld HTTP/1.1" 499 0 "-" "x"
198.51.100.9 - - [12/Mar/2026:06:00:06 +0000] "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03" 400 157 "-" "-"
198.51.100.9 - - [12/Mar/2026:06:00:06 +0000] "" 400 0 "-" "-"
198.51.100.9 - - [12/Mar/2026:06:00:06 +0000] "GET /.env HTTP/1.1" 401 0 "-" "Mozilla/5.0 zgrab/0.x"
198.51.100.9 - - [12/Mar/2026:06:00:06 +0000] "GET http://198.51.100.1/wp-login.php HTTP/1.1" 401 0 "-" "-"
vhost:443 ::1 - - [12/Mar/2026:06:00:07 +0000] "HEAD /p/acme/64167f0a0b0c-app.log HTTP/1.0" 404 -
192.0.2.13 - - [12/Mar/2026:06:00:08 +0000] "GET /p/acme/cut
GET nonsense

`

func TestALogIsRepeatedAndEveryDifferentStatusIsNamed(t *testing.T) {
	s := newServer(t)
	s.set("64167f0a0b0c.cfg", "x")
	s.set("805ec00a0b0c.cfg", "x")
	s.set("64167f0a0b0c-app.log", "x")
	r := Replay{Target: s.URL, User: word, Password: word, Trust: NewTrust(s.roots()), Clock: machine{}, Parallel: 3}
	got, err := r.Run(bg, strings.NewReader(day+strings.Repeat("x", 3*maxLine)))
	if err != nil {
		t.Fatal(err)
	}
	if got.Lines != 17 || got.Damaged != 5 || got.Skipped != 2 || got.Asked != 9 || got.Same != 6 || got.Differ != 3 || got.NoAnswer != 0 {
		t.Errorf("%+v", got)
	}
	want := map[string]Difference{
		"/p/acme/gone.cfg":             {Line: 6, Method: "GET", Then: 200, Now: 404, Count: 2},
		"/p/acme/64167f0a0b0c-app.log": {Line: 13, Method: "HEAD", Then: 404, Now: 200, Count: 1},
	}
	for _, d := range got.Differences {
		w := want[d.Path]
		if d.Method != w.Method || d.Then != w.Then || d.Now != w.Now || d.Count != w.Count {
			t.Errorf("%+v", d)
		}
		delete(want, d.Path)
	}
	if len(want) != 0 {
		t.Errorf("not found: %v", want)
	}
	log := strings.Join(s.requests(), "\n")
	if !strings.Contains(log, "GET /64167F0A0B0C-web.cfg FileTransport") && !strings.Contains(log, "//64167F0A0B0C-web.cfg") || strings.Contains(log, "PUT") {
		t.Error(log)
	}
	if r.Uploads = true; true {
		if got, err := r.Run(bg, strings.NewReader(day)); err != nil || got.Skipped != 1 || s.files["64167f0a0b0c-app.log"] != "" {
			t.Errorf("%+v %v", got, err)
		}
	}
	s.Close()
	if got, err := r.Run(bg, strings.NewReader(day)); err != nil || got.NoAnswer != got.Asked {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := (Replay{Target: "nowhere", Clock: machine{}}).Run(bg, strings.NewReader(day)); err == nil {
		t.Error("a target that is no address was taken")
	}
}

func FuzzWhatALogSays(f *testing.F) {
	for l := range strings.SplitSeq(day, "\n") {
		f.Add(l)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, ok := readEntry(line)
		if !ok {
			return
		}
		at, err := locateIn("https://h/p", e.path)
		if err != nil {
			return
		}
		head := string(request{method: e.method, path: e.path, agent: e.agent}.head(at, "", false))
		if !strings.HasSuffix(head, "\r\n\r\n") || strings.Count(head, "\r\n") != 5 || strings.Count(head, "\n") != 5 || e.status < 100 {
			t.Fatalf("%q made the request %q", line, head)
		}
	})
}
