package httpx

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"linecard/internal/errs"
)

func mustNetworks(t testing.TB, list ...string) Networks {
	n, err := ParseNetworks("trusted_proxies", list)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheClientIsTheRightmostAddressThatIsNoTrustedProxy(t *testing.T) {
	trust := Trust{Proxies: mustNetworks(t, "10.0.0.0/8", "2001:db8:ffff::/48")}
	for _, c := range []struct {
		name, peer string
		xff        []string
		want       string
	}{
		{"no proxy", "198.51.100.1:1", nil, "198.51.100.1"},
		{"a stranger's claim", "198.51.100.1:1", []string{"127.0.0.1"}, "198.51.100.1"},
		{"one proxy", "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"a client that lies to the proxy", "10.0.0.1:1", []string{"127.0.0.1, 198.51.100.1"}, "198.51.100.1"},
		{"a chain of proxies", "10.0.0.1:1", []string{"6.6.6.6, 198.51.100.1, 10.0.0.9, 10.0.0.8"}, "198.51.100.1"},
		{"several header lines", "10.0.0.1:1", []string{"6.6.6.6", "198.51.100.1", "10.0.0.9"}, "198.51.100.1"},
		{"a client inside the trusted net", "10.0.0.1:1", []string{"10.0.0.77"}, "10.0.0.77"},
		{"rubbish before the last hop", "10.0.0.1:1", []string{"198.51.100.1, nonsense, 10.0.0.9"}, "10.0.0.9"},
		{"rubbish only", "10.0.0.1:1", []string{"nonsense"}, "10.0.0.1"},
		{"an empty header", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"a port", "10.0.0.1:1", []string{"198.51.100.1:5060"}, "198.51.100.1"},
		{"IPv6 with port", "[2001:db8:ffff::1]:1", []string{"[2001:db8::7]:5060"}, "2001:db8::7"},
		{"IPv4 written as IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a zone", "10.0.0.1:1", []string{"fe80::1%eth0"}, "fe80::1"},
		{"more hops than are followed", "10.0.0.1:1", []string{"198.51.100.1" + strings.Repeat(", 10.0.0.9", 1000)}, "10.0.0.9"},
		{"an open quote of the client", "10.0.0.1:1", []string{`"6.6.6.6, 198.51.100.1`}, "198.51.100.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = c.peer, c.xff
			if got := trust.resolve(r).ip; got.String() != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestSchemeAndHostAreTakenFromTrustedProxiesOnly(t *testing.T) {
	for _, c := range []struct {
		name, peer, proto, host string
		tls                     bool
		scheme, wantHost        string
	}{
		{"direct", "198.51.100.1:1", "", "", false, "http", "internal:8080"},
		{"direct over TLS", "198.51.100.1:1", "", "", true, "https", "internal:8080"},
		{"a stranger's claim", "198.51.100.1:1", "https", "evil.test", false, "http", "internal:8080"},
		{"a proxy", "10.0.0.1:1", "https", "Portal.Example.Test", false, "https", "portal.example.test"},
		{"the nearest proxy's word", "10.0.0.1:1", "http, https", "evil.test, portal.example.test:8443", false, "https", "portal.example.test:8443"},
		{"a scheme that is none", "10.0.0.1:1", "javascript", "a b<script>", true, "https", "internal:8080"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.Host = c.peer, "Internal:8080"
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			if c.proto != "" {
				r.Header.Set("X-Forwarded-Proto", c.proto)
				r.Header.Set("X-Forwarded-Host", c.host)
			}
			o := Trust{Proxies: mustNetworks(t, "10.0.0.0/8")}.resolve(r)
			if o.scheme != c.scheme || o.host != c.wantHost {
				t.Errorf("got %s %s", o.scheme, o.host)
			}
		})
	}
}

func TestForwardedIsReadByRFC7239WhenItIsChosen(t *testing.T) {
	trust := Trust{Proxies: mustNetworks(t, "10.0.0.0/8"), Forwarded: true}
	for _, c := range []struct {
		in                 []string
		ip, scheme, inHost string
	}{
		{[]string{`for=198.51.100.1;proto=https;host=portal.example.test`}, "198.51.100.1", "https", "portal.example.test"},
		{[]string{`For="[2001:db8::7]:4711"; Proto=HTTPS`}, "2001:db8::7", "https", "internal"},
		{[]string{`for=6.6.6.6;proto=http;host=evil.test, for=198.51.100.1;proto=https;host=a.test, for=10.0.0.9;proto=http`}, "198.51.100.1", "https", "a.test"},
		{[]string{`for=6.6.6.6`, `for=198.51.100.1`}, "198.51.100.1", "http", "internal"},
		{[]string{`for=198.51.100.1, for=unknown`}, "10.0.0.1", "http", "internal"},
		{[]string{`for=198.51.100.1, for=_hidden, for=10.0.0.9`}, "10.0.0.9", "http", "internal"},
		{[]string{`host="a,b;c";for=198.51.100.1`}, "198.51.100.1", "http", "internal"},
		{[]string{`for=198.51.100.1;host="a,b"`}, "198.51.100.1", "http", "internal"},
		{nil, "10.0.0.1", "http", "internal"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Host, r.Header["Forwarded"] = "10.0.0.1:1", "internal", c.in
		r.Header.Set("X-Forwarded-For", "6.6.6.6") // passed through as the client wrote it
		o := trust.resolve(r)
		if o.ip.String() != c.ip || o.scheme != c.scheme || o.host != c.inHost {
			t.Errorf("%q: got %s %s %s", c.in, o.ip, o.scheme, o.host)
		}
	}
}

func TestTheTwoForwardingHeadersAreNeverMixed(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.0.0.1:1"
	r.Header.Set("Forwarded", "for=6.6.6.6;proto=https")
	if o := (Trust{Proxies: mustNetworks(t, "10.0.0.0/8")}).resolve(r); o.ip.String() != "10.0.0.1" || o.scheme != "http" {
		t.Errorf("a header that this proxy does not write was believed: %+v", o)
	}
}

func TestAllFaultsOfANetworkListAreReportedAtOnce(t *testing.T) {
	_, err := ParseNetworks("trusted_proxies", []string{"10.0.0.0/8", "10.0.0.0/33", "", "example.test", "192.0.2.1"})
	if e := errs.As(err); e.Kind != errs.Invalid || len(e.Fields) != 2 || e.Fields[0].Name != "trusted_proxies" {
		t.Error(err)
	}
	n := mustNetworks(t, "192.0.2.1", "2001:db8::1", "10.1.2.3/8")
	for a, want := range map[string]bool{"192.0.2.1": true, "192.0.2.2": false, "::ffff:192.0.2.1": true, "2001:db8::1": true, "2001:db8::2": false, "10.255.0.1": true} {
		if n.Contains(netip.MustParseAddr(a)) != want {
			t.Errorf("%s: want %v", a, want)
		}
	}
	if n.Contains(netip.Addr{}) {
		t.Error("no address is in no network")
	}
}

func FuzzForwardingHeaders(f *testing.F) {
	for _, s := range []string{"198.51.100.1", "6.6.6.6, 10.0.0.9", `for="[2001:db8::7]:1";proto=https;host=a.test, for=10.0.0.9`, `for="`, `",",;=`, "[::1]:, [::1", strings.Repeat(",", 100)} {
		f.Add(s, "second, "+s)
	}
	proxies := mustNetworks(f, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, first, second string) {
		for _, forwarded := range []bool{false, true} {
			r := &http.Request{RemoteAddr: "10.0.0.1:1", Host: "internal", Header: http.Header{}}
			for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host"} {
				r.Header[name] = []string{first, second}
			}
			o := Trust{Proxies: proxies, Forwarded: forwarded}.resolve(r)
			if !o.ip.IsValid() || o.ip.Is4In6() || o.ip.Zone() != "" {
				t.Fatal("no plain address:", o.ip)
			}
			if o.scheme != "http" && o.scheme != "https" || o.host == "" || !utf8.ValidString(o.host) || strings.ContainsAny(o.host, "/\\@<>\"' \r\n") {
				t.Fatalf("%q %q", o.scheme, o.host)
			}
			// What a client writes to the left of its own address must not matter.
			r.Header["X-Forwarded-For"] = []string{first, second + ", 198.51.100.1"}
			r.Header["Forwarded"] = []string{first, second + ", for=198.51.100.1"}
			if o := (Trust{Proxies: proxies, Forwarded: forwarded}).resolve(r); o.ip.String() != "198.51.100.1" {
				t.Fatalf("the client talked itself into being %s", o.ip)
			}
		}
	})
}

func TestOnlyAPersonAtThisMachineIsFromThisMachine(t *testing.T) {
	for _, c := range []struct {
		peer, host, forwarded string
		want                  bool
	}{
		{"127.0.0.1:4711", "127.0.0.1:8080", "", true},
		{"[::1]:4711", "[::1]:8080", "", true},
		{"127.0.0.1:4711", "localhost:8080", "", true},
		{"127.0.0.1:4711", "demo.example.com", "", false},          // a name that was made to lead here
		{"127.0.0.1:4711", "localhost:8080", "203.0.113.9", false}, // a proxy that nobody configured
		{"203.0.113.9:4711", "127.0.0.1:8080", "", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Host = c.peer, c.host
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		got := false
		Edge{Log: slog.New(slog.DiscardHandler)}.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = FromThisMachine(r.Context()) })).
			ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
