package boot_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"linecard/internal/boot"
	"linecard/internal/config"
	"linecard/internal/config/configtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/httpx"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

var ctx = context.Background()

const (
	mac     = "64167f0a0b0c"
	unknown = "64167f0a0b0d"
	agent   = "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 (SN:64167f0a0b0c) Type/Application"
)

// node is one process that phones talk to.
type node struct {
	*devicetest.World
	handler  *boot.Handler
	server   *httptest.Server
	clock    *dbtest.Clock
	registry *prometheus.Registry
	log      *book
}

// book keeps log lines.
type book struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *book) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.text.Write(p) }
func (b *book) String() string              { b.mu.Lock(); defer b.mu.Unlock(); return b.text.String() }

func newNode(t testing.TB, w *devicetest.World, clock *dbtest.Clock) *node {
	t.Helper()
	cfg := configtest.New(t, w, config.Options{})
	var err error
	n := &node{World: w, clock: clock, registry: prometheus.NewRegistry(), log: &book{}}
	lines := slog.New(slog.NewTextHandler(n.log, nil))
	n.handler, err = boot.New(boot.Options{Config: cfg, Devices: w.Devices, Uploads: w.Devices.Uploads(), Software: w.Software, Makers: w.Makers, Box: w.Box, Clock: clock, Log: lines,
		Domain: "phones.example.net", Metrics: n.registry, Failures: httpx.Rate{Burst: 20, Every: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	n.server = httptest.NewTLSServer(httpx.Edge{Name: "phones", Log: lines, Clock: clock}.Wrap(n.handler))
	t.Cleanup(n.server.Close)
	return n
}

func each(t *testing.T, test func(t *testing.T, n *node)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		w := devicetest.New(t, d)
		w.Phone(t, w.Acme.ID, mac)
		w.AutoAdd(t, w.Acme.ID, device.Quarantine)
		w.AutoAdd(t, w.Globex.ID, device.Quarantine)
		clock.Advance(time.Hour)
		test(t, newNode(t, w, clock))
	})
}

// ask is one request over TLS; header is "name: value" pairs.
func (n *node) ask(t testing.TB, method, path string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, n.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", agent)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	res, err := n.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func basic(user, word string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, word)
	return "Authorization: " + r.Header.Get("Authorization")
}

var right = basic(devicetest.User, devicetest.Password)

func (n *node) status(t testing.TB, want int, method, path string, header ...string) {
	t.Helper()
	if res, body := n.ask(t, method, path, header...); res.StatusCode != want {
		t.Errorf("%s %s: %d, want %d (%s)", method, path, res.StatusCode, want, body)
	}
}

// The walking skeleton: tenant, phone, account, one master file over TLS (DM-107, DM-125).
func TestAPhoneGetsItsFilesWithTheCustomersAccount(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		res, body := n.ask(t, "GET", "/p/acme/"+mac+".cfg", right)
		if res.StatusCode != 200 || !strings.Contains(body, `CONFIG_FILES="`+mac+`-linecard.cfg"`) || res.Header.Get("Content-Type") != "text/xml; charset=utf-8" {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		res, body = n.ask(t, "GET", "/p/acme/"+mac+"-linecard.cfg", right)
		if res.StatusCode != 200 || !strings.Contains(body, `prov.polling.timeRandomEnd="05:00"`) {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		tag := res.Header.Get("ETag")
		if res, body := n.ask(t, "GET", "/p/acme/"+mac+"-linecard.cfg", right, "If-None-Match: "+tag); res.StatusCode != 304 || body != "" || res.Header.Get("ETag") != tag {
			t.Errorf("%d %s", res.StatusCode, body)
		}
		if res, got := n.ask(t, "HEAD", "/p/acme/"+mac+"-linecard.cfg", right); res.StatusCode != 200 || got != "" || res.ContentLength != int64(len(body)) {
			t.Errorf("%d %d", res.StatusCode, res.ContentLength)
		}
		if res, got := n.ask(t, "GET", "/p/acme/"+mac+"-linecard.cfg", right, "Range: bytes=10-19"); res.StatusCode != 206 || got != body[10:20] {
			t.Errorf("%d %q", res.StatusCode, got)
		}
	})
}

func TestPathsAreReadAsPhonesWriteThem(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		file := mac + ".cfg"
		for _, c := range []struct {
			path, host string
			want       int
		}{
			{"/p/acme/" + file, "", 200}, {"/p/acme//" + file, "", 200}, {"//p/acme/" + file, "", 200}, {"/p/ACME/" + file, "", 200},
			{"/p/acme/" + strings.ToUpper(mac) + ".cfg", "", 200}, {"/p/acme/64167F0a0B0c.cfg?x=1", "", 200}, {"/p/acme/%36" + file[1:], "", 200},
			{"/" + file, "acme.phones.example.net", 200}, {"//" + file, "acme.phones.example.net:8443", 200}, {"/" + file, "ACME.phones.example.net", 200},
			{"/p/acme/x/../" + file, "", 404}, {"/p/acme/%2e%2e/" + file, "", 404}, {"/p/acme/" + file + "%00", "", 404}, {"/p/acme/a%2f" + file, "", 404},
			{"/p/acme/", "", 404}, {"/p/acme", "", 404}, {"/p/acme/" + strings.Repeat("a/", 40) + file, "", 404},
			{"/p/acme/" + unknown + ".cfg", "", 404}, {"/p/acme/000000000000.cfg", "", 200}, {"/p/acme/" + mac + "-phone.cfg", "", 404},
			{"/p/acme/sip.ld", "", 404}, {"/p/acme/robots.txt", "", 404}, {"/p/acme/cfg/" + file, "", 404},
			{"/" + file, "globex.phones.example.net", 401}, {"/p/globex/" + file, "", 401}, {"/p/nobody/" + file, "", 401}, {"/" + file, "", 401},
			{"/" + file, "a.acme.phones.example.net", 401}, {"/" + file, "phones.example.net", 401}, {"/", "", 401}, {"/p/acme%00/" + file, "", 401},
		} {
			header := []string{right}
			if c.host != "" {
				header = append(header, "Host: "+c.host)
			}
			n.status(t, c.want, "GET", c.path, header...)
		}
	})
}

// same is what two answers must have in common so that nobody can tell them apart.
func same(t *testing.T, what string, answers ...func() (*http.Response, string)) {
	t.Helper()
	type seen struct {
		Status int
		Proto  string
		Header http.Header
		Body   string
	}
	var first seen
	for i, a := range answers {
		res, body := a()
		got := seen{res.StatusCode, res.Proto, res.Header.Clone(), body}
		if got.Header.Get("X-Request-Id") == "" {
			t.Error("no request id")
		}
		got.Header.Del("X-Request-Id")
		got.Header.Del("Date")
		if i == 0 {
			first = got
		} else if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("%s, answer %d:\n%s", what, i, diff)
		}
	}
}

// Decision 15, DM-336: without credentials nothing tells what exists.
func TestWithoutTheAccountKnownAndUnknownLookAlike(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		fresh := n.Customer(t, "fresh") // without an account (DM-111)
		n.Phone(t, fresh.ID, "64167f0a0b0e")
		paths := []string{"/p/acme/" + mac + ".cfg", "/p/acme/" + unknown + ".cfg", "/p/acme/000000000000.cfg", "/p/nobody/" + mac + ".cfg",
			"/p/fresh/64167f0a0b0e.cfg", "/p/acme/x", "/000000000000.cfg", "/"}
		for what, header := range map[string][]string{
			"no credentials":   nil,
			"wrong password":   {basic(devicetest.User, "guess")},
			"wrong user":       {basic("guess", devicetest.Password)},
			"empty":            {basic("", "")},
			"another scheme":   {"Authorization: Bearer x"},
			"damaged header":   {"Authorization: Basic %%%"},
			"digest in pieces": {`Authorization: Digest username="acme-phones`},
		} {
			for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} {
				var answers []func() (*http.Response, string)
				for _, path := range paths {
					answers = append(answers, func() (*http.Response, string) { return n.ask(t, method, path, header...) })
				}
				same(t, what+" "+method, answers...)
				n.clock.Advance(time.Minute) // what counts as a failure is forgotten
			}
		}
		res, body := n.ask(t, "GET", "/000000000000.cfg")
		challenge := strings.Join(res.Header.Values("WWW-Authenticate"), "; ")
		if res.StatusCode != 401 || body != "" || !strings.HasPrefix(challenge, `Digest realm="Linecard", qop="auth"`) || !strings.Contains(challenge, `Basic realm="Linecard"`) {
			t.Errorf("%d %s", res.StatusCode, challenge)
		}
	})
}

// DM-111: no account, no files; the log says why, once a minute, and the phone does not hear it.
func TestACustomerWithoutAnAccountServesNobodyAndTheLogSaysWhy(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		fresh := n.Customer(t, "fresh")
		n.Phone(t, fresh.ID, unknown)
		for range 3 {
			n.status(t, 401, "GET", "/p/fresh/"+unknown+".cfg", basic("", ""))
		}
		if got := strings.Count(n.log.String(), "account_missing"); got != 1 || !strings.Contains(n.log.String(), fresh.ID) {
			t.Errorf("%d lines: %s", got, n.log.String())
		}
		n.SetAccount(t, fresh.ID, "u", "p")
		n.status(t, 200, "GET", "/p/fresh/"+unknown+".cfg", basic("u", "p"))
	})
}

// Nothing that phones send or get may stand in the log.
func TestNoPasswordStandsInTheLog(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right)
		n.status(t, 401, "GET", "/p/acme/"+mac+".cfg", basic(devicetest.User, "planted-word"))
		text := n.log.String()
		for _, secret := range []string{devicetest.Password, "planted-word", strings.TrimPrefix(right, "Authorization: Basic "), mac} {
			if strings.Contains(text, secret) {
				t.Errorf("%s stands in %s", secret, text)
			}
		}
		if !strings.Contains(text, `route="phone served"`) {
			t.Error(text)
		}
	})
}

func TestAForeignPhoneIsAsUnknownAsOneThatDoesNotExist(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.Phone(t, n.Globex.ID, unknown)
		same(t, "foreign or nowhere",
			func() (*http.Response, string) { return n.ask(t, "GET", "/p/acme/"+unknown+".cfg", right) },
			func() (*http.Response, string) { return n.ask(t, "GET", "/p/acme/64167fffffff.cfg", right) })
	})
}

func TestMethodsThatAreNotOfferedSayWhichAre(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		for _, method := range []string{"DELETE", "OPTIONS", "PROPFIND", "PATCH"} {
			if res, _ := n.ask(t, method, "/p/acme/"+mac+"-app.log", right); res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD, POST, PUT" {
				t.Errorf("%s: %d %s", method, res.StatusCode, res.Header.Get("Allow"))
			}
		}
	})
}

// CH-26.
func TestAFrozenCustomersPhonesAreServedUnlessServiceIsStopped(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		for stops, want := range map[bool]int{false: 200, true: 403} {
			if _, err := n.Tenants.Freeze(ctx, devicetest.System, n.Acme.ID, tenant.Freeze{Reason: "r", StopsService: stops}); err != nil {
				t.Fatal(err)
			}
			n.status(t, want, "GET", "/p/acme/"+mac+".cfg", right)
			n.status(t, 401, "GET", "/p/acme/"+mac+".cfg", basic(devicetest.User, "guess"))
			if _, err := n.Tenants.Unfreeze(ctx, devicetest.System, n.Acme.ID); err != nil {
				t.Fatal(err)
			}
		}
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right)
	})
}

// DM-112, decision 15.
func TestTwoPasswordsAreValidDuringAChange(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		word := secret.Hide("second")
		if _, err := n.Devices.SetProvisioning(ctx, devicetest.System, n.Acme.ID, device.ProvisioningPatch{Password: &word, KeepOld: time.Hour}); err != nil {
			t.Fatal(err)
		}
		next := basic(devicetest.User, "second")
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right)
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", next)
		n.clock.Advance(time.Hour)
		n.status(t, 401, "GET", "/p/acme/"+mac+".cfg", right)
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", next)
	})
}

// Decision 15, issue 2: whoever shares an address with somebody who guesses is served all the same.
func TestGuessingIsSlowedDownAndBlocksNobody(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		statuses := map[int]int{}
		for i := range 100 {
			res, _ := n.ask(t, "GET", "/p/acme/"+mac+".cfg", basic(devicetest.User, fmt.Sprint(i)))
			statuses[res.StatusCode]++
			if res.StatusCode == 429 && res.Header.Get("Retry-After") == "" {
				t.Fatal("429 without Retry-After")
			}
			if i%10 == 0 {
				n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right)
				n.status(t, 401, "GET", "/p/acme/"+mac+".cfg")
			}
		}
		if statuses[401] != 20 || statuses[429] != 80 {
			t.Errorf("%v", statuses)
		}
		same(t, "over the limit",
			func() (*http.Response, string) {
				return n.ask(t, "GET", "/p/acme/"+mac+".cfg", basic(devicetest.User, "x"))
			},
			func() (*http.Response, string) {
				return n.ask(t, "GET", "/p/nobody/"+unknown+".cfg", basic(devicetest.User, "x"))
			})
	})
}

// DM-124: written in batches, on request.
func TestWhoAskedIsNotedAndWrittenByFlush(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		seen := func() device.Device {
			l, err := n.Devices.List(ctx, devicetest.System, n.Acme.ID, device.Query{})
			if err != nil || len(l.Items) != 1 {
				t.Fatalf("%+v, %v", l, err)
			}
			return l.Items[0]
		}
		n.status(t, 401, "GET", "/p/acme/"+mac+".cfg", basic(devicetest.User, "guess"))
		n.status(t, 401, "GET", "/p/acme/"+mac+".cfg")
		if err := n.handler.Flush(ctx); err != nil || !seen().LastSeen.IsZero() {
			t.Errorf("%+v, %v", seen(), err)
		}
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right)
		at := n.clock.Now()
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right, "User-Agent: curl/8")
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right, "User-Agent: FileTransport PolycomVVX-VVX_411-UA/6.4.7.3828 Type/Updater")
		if !seen().LastSeen.IsZero() {
			t.Error("written with the request")
		}
		if err := n.handler.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if d := seen(); !d.LastSeen.Equal(at) || d.LastIP != "127.0.0.1" || d.KnownModel() != "VVX411" || d.SoftwareVersion != "6.4.7.4560" {
			t.Errorf("%+v", d)
		}
	})
}

func TestOutcomesAreCounted(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.status(t, 401, "GET", "/p/acme/"+mac+".cfg")
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right)
		n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right)
		n.status(t, 404, "GET", "/p/acme/"+unknown+".cfg", right)
		families, err := n.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				name := f.GetName()
				for _, l := range m.GetLabel() {
					name += " " + l.GetValue()
				}
				got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
		for name, want := range map[string]float64{"linecard_phone_answers_total challenge": 1, "linecard_phone_answers_total served": 2,
			"linecard_phone_answers_total not_found": 1, "linecard_config_hits_total": 1, "linecard_config_renders_total": 1, "linecard_phone_sightings_waiting": 1} {
			if got[name] != want {
				t.Errorf("%s = %v, want %v", name, got[name], want)
			}
		}
	})
}

func TestManyPhonesAtOnceAreAllServed(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		const phones = 60
		for i := range phones {
			n.Phone(t, n.Globex.ID, fmt.Sprintf("0004f2%06x", i))
		}
		var wg sync.WaitGroup
		for i := range phones {
			wg.Go(func() {
				name := fmt.Sprintf("0004f2%06x", i)
				res, body := n.ask(t, "GET", "/p/globex/"+name+".cfg", basic(devicetest.User, devicetest.GlobexPassword))
				if res.StatusCode != 200 || !strings.Contains(body, name+"-linecard.cfg") {
					t.Errorf("%d %s", res.StatusCode, body)
				}
			})
		}
		wg.Wait()
		if err := n.handler.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		l, err := n.Devices.List(ctx, devicetest.System, n.Globex.ID, device.Query{Model: "VVX411"})
		if err != nil || l.Total != phones {
			t.Errorf("%d seen, %v", l.Total, err)
		}
	})
}
