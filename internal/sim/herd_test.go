package sim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/phone"
)

// herdServer gives every phone a file with its address in it; damage may change an answer.
func herdServer(t *testing.T, damage func(name string, w http.ResponseWriter) bool) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/p/acme/")
		if user, pass, _ := r.BasicAuth(); user != word || pass != word {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(401)
			return
		}
		if damage != nil && damage(name, w) {
			return
		}
		switch {
		case strings.HasSuffix(name, "-x.cfg"):
			fmt.Fprintf(w, `<p own=%q/>`, name[:12])
		case len(name) == 16 && strings.HasSuffix(name, ".cfg"):
			fmt.Fprintf(w, `<APPLICATION CONFIG_FILES="%s-x.cfg"/>`, name[:12])
		default:
			w.WriteHeader(404)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func herd(t *testing.T, s *httptest.Server, n int) []*Phone {
	t.Helper()
	server := &server{Server: s}
	var out []*Phone
	for i, id := range Identities(n, 5, Poly) {
		o := Mixed(i, Options{Identity: id}, runtime.GOOS == "linux")
		o.Auth = Basic
		o.RSAOnly = o.RSAOnly && runtime.GOOS == "linux" // the test server's key is RSA
		out = append(out, server.phone(t, o))
	}
	return out
}

func TestAHerdComesBackWithinItsWindowAndLeavesNothingBehind(t *testing.T) {
	var mu sync.Mutex
	from := map[string]int{}
	s := herdServer(t, nil)
	inner := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		address, _, _ := strings.Cut(r.RemoteAddr, ":")
		from[address]++
		mu.Unlock()
		inner.ServeHTTP(w, r)
	})
	before := runtime.NumGoroutine()
	r := Fleet{Phones: herd(t, s, 60), Pattern: Herd, Window: 200 * time.Millisecond, Open: 10}.Run(bg)
	if r.Awake != 60 || r.Configured != 60 || r.Wrong != 0 || r.Blocked != 0 || r.Errors != 0 || r.Slowest <= 0 || r.PhoneP99 > r.Slowest || r.Seconds < .1 {
		t.Errorf("%+v", r)
	}
	if each := float64(r.Requests) / 60; each < 4 || each > 8 {
		t.Errorf("%.1f requests a phone", each)
	}
	if r.Connections < 120 || r.Resumed < 20 {
		t.Errorf("%d connections, %d resumed", r.Connections, r.Resumed)
	}
	if runtime.GOOS == "linux" && (len(from) != 49 || from["127.77.0.1"] < 40) {
		t.Errorf("%d addresses: %v", len(from), from["127.77.0.1"])
	}
	s.CloseClientConnections()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+3 && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	if now := runtime.NumGoroutine(); now > before+3 {
		t.Errorf("%d goroutines before, %d after", before, now)
	}
}

func TestAHerdFindsWhatIsNotThePhonesOwn(t *testing.T) {
	ids := Identities(20, 5, Poly)
	for why, damage := range map[string]func(string, http.ResponseWriter) bool{
		"another phone's address in <mac>-x.cfg": func(name string, w http.ResponseWriter) bool {
			if name == ids[3].MAC.String()+"-x.cfg" {
				fmt.Fprintf(w, `<p own="%s"/>`, strings.ToUpper(colons(ids[4].MAC.String())))
				return true
			}
			return false
		},
		"an empty file: <mac>-x.cfg": func(name string, _ http.ResponseWriter) bool { return name == ids[3].MAC.String()+"-x.cfg" },
		"two phones with one account of their own": func(name string, w http.ResponseWriter) bool {
			if name == ids[3].MAC.String()+"-x.cfg" || name == ids[7].MAC.String()+"-x.cfg" {
				fmt.Fprint(w, `<p device.set="1" device.prov.user="o" device.prov.user.set="1" device.prov.password="p" device.prov.password.set="1"/>`)
				return true
			}
			return false
		},
	} {
		r := Fleet{Phones: herd(t, herdServer(t, damage), 20), Pattern: Herd, Window: time.Millisecond}.Run(bg)
		if r.Wrong < 1 || r.WrongWhy[why] < 1 {
			t.Errorf("%s: %+v", why, r)
		}
	}
	expect := func(mac phone.MAC, name string) ([]byte, bool) {
		return []byte(`<p own="x"/>`), mac == ids[0].MAC && name == mac.String()+"-x.cfg"
	}
	r := Fleet{Phones: herd(t, herdServer(t, nil), 20), Pattern: Herd, Window: time.Millisecond, Expect: expect}.Run(bg)
	if r.Wrong != 1 || r.WrongWhy["other bytes than expected: <mac>-x.cfg"] != 1 {
		t.Errorf("%+v", r)
	}
}

func TestAHerdCountsRefusalsAndComesAgain(t *testing.T) {
	for status, wantBlocked := range map[int]bool{403: true, 429: true, 503: false} {
		var mu sync.Mutex
		refused := map[string]int{}
		s := herdServer(t, func(name string, w http.ResponseWriter) bool {
			mu.Lock()
			defer mu.Unlock()
			if refused[name]++; refused[name] > 4 || len(name) != 16 {
				return false
			}
			w.WriteHeader(status)
			return true
		})
		r := Fleet{Phones: herd(t, s, 5), Pattern: Herd, Window: time.Millisecond, Again: time.Millisecond}.Run(bg)
		if r.Awake != 5 || r.Trips <= 5 || (r.Blocked > 0) != wantBlocked {
			t.Errorf("%d: %+v", status, r)
		}
	}
}

func TestAddressesAreFoundInEverySpelling(t *testing.T) {
	m := phone.MAC{0x64, 0x16, 0x7f, 0x0a, 0x0b, 0x0c}
	for text, want := range map[string]bool{"64167f0a0b0c": true, "x=64167F0A0B0C\n": true, "sip:64:16:7f:0a:0b:0c@": true, "64-16-7F-0A-0B-0C": true,
		"64167f0a0b0": false, "64167f0a0b0c0": false, "6416-7f0a:0b0c": false, "": false, "64:16:7f:0a:0b": false} {
		if got := addresses([]byte(text), func(x phone.MAC) bool { return x == m }); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
