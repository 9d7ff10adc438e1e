package sim

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

type machine struct{}

func (machine) Now() time.Time { return time.Now() }

// server is a provisioning server as an ordinary web server would be one: files, uploads, digest or basic.
type server struct {
	*httptest.Server
	mu        sync.Mutex
	files     map[string]string
	log       []string
	fails     int // answer 503 this often
	basic     bool
	extra     map[string]string // further accounts
	asked     []string          // account of each request in log
	forgiving bool              // takes double slashes and capitals
	noput     bool              // uploads are refused
}

const word = "PlcmSpIp"

func newServer(t *testing.T) *server {
	s := &server{files: map[string]string{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/p/acme/")
	if s.forgiving {
		name = strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(r.URL.Path, "//", "/"), "/p/acme/"))
	}
	user, pass, ok := r.BasicAuth()
	accounts := map[string]string{word: word}
	maps.Copy(accounts, s.extra)
	opened := ok && accounts[user] == pass && pass != ""
	if !s.basic {
		c := readChallenge(r.Header.Get("Authorization"))
		user = readChallenge(strings.ReplaceAll(r.Header.Get("Authorization"), "username=", "realm=")).realm
		opened = c.realm == "Prov" && c.nonce == "n1" && accounts[user] != "" && strings.Contains(r.Header.Get("Authorization"), `response="`+s.expect(r, c, user, accounts[user])+`"`)
	}
	if !opened {
		if !s.basic {
			w.Header().Add("WWW-Authenticate", `Digest realm="Prov", qop="auth", nonce="n1", opaque="o", algorithm=MD5`)
		}
		w.Header().Add("WWW-Authenticate", `Basic realm="Prov", charset="UTF-8"`)
		w.WriteHeader(401)
		return
	}
	if s.fails > 0 {
		s.fails--
		w.WriteHeader(503)
		return
	}
	s.log = append(s.log, r.Method+" "+name+" "+r.UserAgent())
	s.asked = append(s.asked, user)
	switch body, have := s.files[name]; {
	case s.noput && r.Method == "PUT":
		w.WriteHeader(405)
	case r.Method == "PUT" || r.Method == "POST":
		b, _ := io.ReadAll(r.Body)
		s.files[name] = string(b)
	case !have:
		w.WriteHeader(404)
	default:
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(body))
	}
}

// expect computes the response that the client should have sent, from its own header.
func (s *server) expect(r *http.Request, c *challenge, user, pass string) string {
	h := r.Header.Get("Authorization")
	field := func(name string) string {
		_, rest, _ := strings.Cut(h, name+"=")
		rest, _, _ = strings.Cut(rest, ",")
		return strings.Trim(rest, `"`)
	}
	ha2 := sum(r.Method + ":" + r.RequestURI)
	return sum(sum(user+":Prov:"+pass) + ":" + c.nonce + ":" + field("nc") + ":" + field("cnonce") + ":auth:" + ha2)
}

func (s *server) roots() *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return roots
}

func (s *server) phone(t *testing.T, o Options) *Phone {
	t.Helper()
	o.Base, o.User, o.Password, o.Roots, o.Clock, o.Retry = s.URL+"/p/acme", word, word, s.roots(), machine{}, time.Millisecond
	if o.Name == "" {
		o.Identity = Identity{MAC: [6]byte{0x64, 0x16, 0x7f, 0x0a, 0x0b, 0x0c}, Model: Models[0]}
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

const mac = "64167f0a0b0c"

func (s *server) set(name, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = body
}

func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.log...)
}

const application = "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 Type/Application"

// The transcript of a VVX 411 boot, line by line.
func TestABootGoesInTheOrderOfARealPhone(t *testing.T) {
	for _, auth := range []Auth{Offered, Basic, Digest} {
		t.Run(string(auth), func(t *testing.T) {
			s := newServer(t)
			s.basic = auth == Basic
			s.set(mac+".cfg", `<APPLICATION APP_FILE_PATH="fw/6.4.7/sip.ld" CONFIG_FILES="cfg/[PHONE_MAC_ADDRESS].cfg, cfg/model-[PHONE_MODEL].cfg" LOG_FILE_DIRECTORY="log" OVERRIDES_DIRECTORY="ovr" CONTACTS_DIRECTORY="dir" LICENSE_DIRECTORY="lic" CALL_LISTS_DIRECTORY="calls"/>`)
			s.set("cfg/"+mac+".cfg", `<polycomConfig a="1" b="left"/>`)
			s.set("cfg/model-VVX411.cfg", `<PHONE_CONFIG><x b="right"/><y c="3"/></PHONE_CONFIG>`)
			p := s.phone(t, Options{Auth: auth})
			trip := p.Boot(context.Background())
			if !trip.Configured || trip.Changed || trip.Fault != "" {
				t.Fatalf("%+v", trip)
			}
			want := []string{
				"PUT 64167f0a0b0c-boot.log FileTransport PolycomVVX-VVX_411-UA/6.4.7.3828 Type/Updater",
				"GET 64167f0a0b0c.cfg " + application,
				"GET fw/6.4.7/3111-48450-001.sip.ld " + application, "GET fw/6.4.7/sip.ld " + application,
				"GET cfg/64167f0a0b0c.cfg " + application, "GET cfg/model-VVX411.cfg " + application,
				"GET ovr/64167f0a0b0c-phone.cfg " + application, "GET ovr/64167f0a0b0c-web.cfg " + application,
				"GET lic/000000000000-license.cfg " + application, "GET lic/64167f0a0b0c-license.cfg " + application,
				"GET calls/64167f0a0b0c-calls.xml " + application, "GET dir/64167f0a0b0c-directory.xml " + application,
				"GET dir/000000000000-directory.xml " + application,
				"HEAD log/64167f0a0b0c-app.log " + application, "PUT log/64167f0a0b0c-app.log " + application,
			}
			if got := s.requests(); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s", strings.Join(got, "\n"))
			}
			if got := fmt.Sprint(p.Parameters()); got != "map[a:1 b:left c:3]" {
				t.Error(got)
			}
			if 2*len(want) != len(trip.Exchanges) { // every file is asked for without credentials first
				t.Errorf("%d exchanges", len(trip.Exchanges))
			}
		})
	}
}

func TestAPhoneRestartsOnlyWhenParametersDiffer(t *testing.T) {
	s := newServer(t)
	s.set(mac+".cfg", `<APPLICATION CONFIG_FILES="x.cfg"/>`)
	s.set("x.cfg", `<p a="1" b="2"/>`)
	p := s.phone(t, Options{Remember: true})
	p.Boot(context.Background())
	s.set("x.cfg", `<?xml version="1.0"?><p b="2"><q a="1"/></p>`) // other bytes, same parameters
	if trip := p.Poll(context.Background()); !trip.Configured || trip.Changed || p.Restarts != 0 || len(trip.Exchanges) != 2 {
		t.Errorf("%+v", trip)
	}
	s.set("x.cfg", `<p a="1" b="3"/>`)
	if trip := p.Poll(context.Background()); !trip.Configured || !trip.Changed || p.Restarts != 1 {
		t.Errorf("%+v", trip)
	}
}

func TestAPhoneThatGetsRubbishKeepsWhatItHas(t *testing.T) {
	s := newServer(t)
	s.set(mac+".cfg", `<APPLICATION CONFIG_FILES="x.cfg"/>`)
	s.set("x.cfg", `<p a="1"/>`)
	p := s.phone(t, Options{})
	p.Boot(context.Background())
	for name, body := range map[string]string{"x.cfg": "", mac + ".cfg": `<html><body>Not here</body></html>`} {
		kept := s.files[name]
		for _, bad := range []string{body, `<p a="1" a="2"/>`, `<p a="1"`, "rubbish"} {
			s.set(name, bad)
			if trip := p.Poll(context.Background()); trip.Configured || trip.Fault == "" || strings.Contains(trip.Fault, mac) || p.Parameters()["a"] != "1" {
				t.Errorf("%s %q: %+v", name, bad, trip)
			}
		}
		s.set(name, kept)
	}
	s.fails = 2
	if trip := p.Poll(context.Background()); !trip.Configured {
		t.Errorf("two faults and then an answer: %+v", trip)
	}
	s.fails = 3
	if trip := p.Poll(context.Background()); trip.Configured || trip.Fault != "master file: Service Unavailable" {
		t.Errorf("three faults: %+v", trip)
	}
	p.Password = "wrong"
	if trip := p.Poll(context.Background()); trip.Configured || trip.Fault != "master file: Unauthorized" || len(trip.Exchanges) != 2 {
		t.Errorf("a wrong password: %+v", trip)
	}
	s.Close()
	if trip := p.Poll(context.Background()); trip.Configured || trip.Fault != "master file: no answer" || p.Parameters()["a"] != "1" {
		t.Errorf("no server: %+v", trip)
	}
}

func TestAPhoneWithoutAFileOfItsOwnTakesTheGlobalOne(t *testing.T) {
	s := newServer(t)
	s.set("000000000000.cfg", `<APPLICATION CONFIG_FILES="x.cfg"/>`)
	s.set("x.cfg", `<p a="1"/>`)
	if trip := s.phone(t, Options{Serial: true}).Boot(context.Background()); !trip.Configured {
		t.Errorf("%+v", trip)
	}
	if got := s.requests()[1]; !strings.Contains(got, "(SN:64167f0a0b0c) Type/Application") {
		t.Error(got)
	}
}

func TestAFleetCountsWhatHappened(t *testing.T) {
	s := newServer(t)
	var phones []*Phone
	for _, id := range Identities(20, 7, Poly) {
		if len(phones) != 3 {
			s.set(id.MAC.String()+".cfg", `<APPLICATION CONFIG_FILES="x.cfg"/>`)
		}
		phones = append(phones, s.phone(t, Options{Identity: id}))
	}
	s.set("x.cfg", `<p a="1"/>`)
	r := Fleet{Phones: phones}.Run(context.Background())
	if r.Phones != 20 || r.Trips != 20 || r.Configured != 19 || r.Errors != 0 || r.Faults["master file: Not Found"] != 1 || len(r.Faults) != 1 {
		t.Errorf("%+v", r)
	}
	if r.P50 <= 0 || r.P95 < r.P50 || r.P99 < r.P95 || r.Max < r.P99 || r.Seconds <= 0 || r.Statuses["401"] == 0 || r.Statuses["200"] == 0 {
		t.Errorf("%+v", r)
	}
	ctx, stop := context.WithCancel(context.Background())
	var mu sync.Mutex
	visits := map[*Phone]int{}
	f := Fleet{Phones: phones, Pattern: Steady, Every: time.Millisecond, Trip: func(p *Phone, _ Trip) {
		mu.Lock()
		defer mu.Unlock()
		visits[p]++
		all := len(visits) == len(phones)
		for _, n := range visits {
			all = all && n >= 3
		}
		if all {
			stop()
		}
	}}
	if r := f.Run(ctx); r.Trips < 60 {
		t.Errorf("%+v", r)
	}
}

func TestIdentitiesAreTheSameForTheSameSeed(t *testing.T) {
	a, b, c := Identities(500, 1), Identities(500, 1), Identities(500, 2)
	if len(Identities(5, 1, "acme")) != 0 {
		t.Error("there is no such maker")
	}
	makers := map[Maker]int{}
	for _, id := range a {
		makers[id.Maker]++
	}
	if len(makers) != 5 {
		t.Errorf("makers of a mixed fleet: %v", makers)
	}
	seen := map[string]bool{}
	for i := range a {
		if a[i] != b[i] {
			t.Fatal("the seed does not decide")
		}
		seen[a[i].MAC.String()] = true
	}
	if len(seen) != 500 || a[0] == c[0] {
		t.Error("phones repeat")
	}
}

func TestTheHistogramIsWithinThreePercent(t *testing.T) {
	var h histogram
	if h.at(.5) != 0 {
		t.Error("nothing has a median")
	}
	for i := 1; i <= 1000; i++ {
		h.add(time.Duration(i) * time.Millisecond)
	}
	for q, want := range map[float64]float64{.5: 500, .95: 950, .99: 990, 1: 1000} {
		if got := h.at(q); got < want*.97 || got > want*1.031 {
			t.Errorf("%v: %v, want %v", q, got, want)
		}
	}
}

func TestAnAddressMustBeAURL(t *testing.T) {
	for _, base := range []string{"", "acme", "ftp://x/y", "https://"} {
		if _, err := New(Options{Base: base, Clock: machine{}}); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
}
