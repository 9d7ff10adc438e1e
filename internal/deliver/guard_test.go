package deliver_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"linecard/internal/deliver"
	"linecard/internal/errs"
)

func TestOnlyThePublicInternetMayBeCalled(t *testing.T) {
	refused := strings.Fields(`0.0.0.0 0.1.2.3 127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.1.1
		169.254.169.254 168.63.129.16 100.64.0.1 100.100.100.200 100.127.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255
		198.51.100.1 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
		:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1
		2001::1 2001:2::1 2001:10::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1
		2606:4700::1111%eth0`)
	allowed := strings.Fields("1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.167.255.255 223.255.255.255 ::ffff:8.8.8.8 2606:4700::1111 2a00:1450::1 2001:200::1")
	g := deliver.NewGuard(deliver.GuardOptions{})
	for _, a := range refused {
		if g.Allows(netip.MustParseAddr(a)) {
			t.Errorf("%s may be called", a)
		}
	}
	for _, a := range allowed {
		if !g.Allows(netip.MustParseAddr(a)) {
			t.Errorf("%s may not be called", a)
		}
	}
	if g.Allows(netip.Addr{}) {
		t.Error("no address at all may be called")
	}
}

func TestTheOperatorMayAllowNetworksButNeverTheMetadataService(t *testing.T) {
	g := deliver.NewGuard(deliver.GuardOptions{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fd00::/8")}})
	for a, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "169.254.7.7": true, "169.254.169.254": false,
		"::ffff:169.254.169.254": false, "fd00::5": true, "fd00:ec2::254": false, "127.0.0.1": false} {
		if g.Allows(netip.MustParseAddr(a)) != want {
			t.Errorf("%s: allowed should be %v", a, want)
		}
	}
}

func TestAddressesThatCannotBeRightAreRefusedAtOnce(t *testing.T) {
	strict, plain := deliver.NewGuard(deliver.GuardOptions{}), deliver.NewGuard(deliver.GuardOptions{Plain: true})
	cases := []struct{ url, code string }{
		{"https://example.com/hook?x=1", ""}, {"https://example.com:8443/", ""}, {"https://[2606:4700::1111]/", ""}, {"https://xn--bcher-kva.example/", ""},
		{"http://example.com/", "https_required"}, {"ftp://example.com/", "https_required"}, {"javascript:alert(1)", "bad_url"}, {"example.com", "bad_url"}, {"", "bad_url"},
		{"https://", "bad_url"}, {"https:///x", "bad_url"}, {"https://user:pw@example.com/", "userinfo_refused"}, {"https://user@example.com/", "userinfo_refused"},
		{"https://example.com/#f", "bad_url"}, {"https://example.com/#", "bad_url"}, {"https://exa mple.com/", "bad_url"}, {"https://example.com/\r\nX: y", "bad_url"}, {"https://example.com\\@evil/", "bad_url"},
		{"https://example.com:22/", "port_refused"}, {"https://example.com:80/", "port_refused"}, {"https://example.com:/", "bad_url"}, {"https://example.com:99999/", "bad_url"}, {"https://example.com:-1/", "bad_url"},
		{"https://127.0.0.1/", "address_refused"}, {"https://[::1]/", "address_refused"}, {"https://[fe80::1%25eth0]/", "address_refused"}, {"https://[::ffff:10.0.0.1]/", "address_refused"},
		{"https://localhost/", "address_refused"}, {"https://LOCALHOST./", "address_refused"}, {"https://x.localhost/", "address_refused"}, {"https://169.254.169.254/latest/meta-data", "address_refused"},
		{"https://example.com/" + strings.Repeat("x", 2048), "bad_url"}, {"https://bücher.example/", "bad_url"},
	}
	for _, c := range cases {
		_, err := strict.CheckURL("url", c.url)
		if got := fieldCode(err); got != c.code {
			t.Errorf("%.60q: %q, want %q (%v)", c.url, got, c.code, err)
		}
	}
	if _, err := plain.CheckURL("url", "http://example.com/"); err != nil {
		t.Errorf("http where the operator allowed it: %v", err)
	}
	only := deliver.NewGuard(deliver.GuardOptions{Ports: []uint16{443}})
	if _, err := only.CheckURL("url", "https://example.com:8443/"); fieldCode(err) != "port_refused" {
		t.Errorf("a port outside the list: %v", err)
	}
}

func fieldCode(err error) string {
	if err == nil {
		return ""
	}
	e := errs.As(err)
	if len(e.Fields) != 1 || e.Fields[0].Name != "url" || e.Kind != errs.Invalid {
		return e.Error()
	}
	return e.Fields[0].Code
}

// A name that looked harmless when it was checked may have another address when it is called.
func TestTheAddressThatIsDialledDecides(t *testing.T) {
	called := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer s.Close()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	g := deliver.NewGuard(deliver.GuardOptions{Plain: true})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		res, err := g.Client(5 * time.Second).Get("http://" + host + ":" + port + "/")
		if err == nil {
			res.Body.Close()
		}
		if err == nil || host != "localhost" && !errors.Is(err, deliver.ErrRefusedAddress) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if called {
		t.Error("the server was reached")
	}
	open := deliver.NewGuard(deliver.GuardOptions{Plain: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	res, err := open.Client(5 * time.Second).Get("http://127.0.0.1:" + port + "/")
	if err != nil || !called {
		t.Fatalf("an allowed network: %v", err)
	}
	res.Body.Close()
	if strict := deliver.NewGuard(deliver.GuardOptions{Plain: true, Ports: []uint16{443}, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}); true {
		if _, err := strict.Transport().DialContext(context.Background(), "tcp", "127.0.0.1:"+port); !errors.Is(err, deliver.ErrRefusedAddress) {
			t.Errorf("a forbidden port was dialled: %v", err)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	inside := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/inside" {
			inside = true
		}
		http.Redirect(w, r, "/inside", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	g := deliver.NewGuard(deliver.GuardOptions{Plain: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	res, err := g.Client(5 * time.Second).Get(s.URL)
	if err != nil || res.StatusCode != http.StatusTemporaryRedirect || inside {
		t.Fatalf("%v, inside %v", err, inside)
	}
	res.Body.Close()
}

// FuzzGuard: whatever text passes the check has a scheme, a host and a port the guard knows, and no forbidden literal address.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{"https://example.com/", "https://127.1/", "https://[::ffff:7f00:1]/", "https://0x7f.1/", "https://2130706433/", "https://a@b@c/", "https://[::1]:443/"} {
		f.Add(s)
	}
	g := deliver.NewGuard(deliver.GuardOptions{})
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := g.CheckURL("url", raw)
		if err != nil {
			if len(errs.As(err).Fields) == 0 {
				t.Errorf("%q: no field is named: %v", raw, err)
			}
			return
		}
		if u.Scheme != "https" || u.User != nil || u.Hostname() == "" || strings.ContainsAny(raw, "\r\n\t \\#") {
			t.Errorf("%q passed", raw)
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && !g.Allows(a) {
			t.Errorf("%q passed", raw)
		}
	})
}

// FuzzGuardAddress: an address that may be called is public in every form it can be written.
func FuzzGuardAddress(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add([]byte{8, 8, 8, 8})
	f.Add(netip.MustParseAddr("64:ff9b::1").AsSlice())
	g := deliver.NewGuard(deliver.GuardOptions{})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		if a.Is4() && g.Allows(a) != g.Allows(netip.AddrFrom16(a.As16())) {
			t.Errorf("%s and its IPv6 form are judged differently", a)
		}
		if g.Allows(a) && !a.Unmap().IsGlobalUnicast() || g.Allows(a) && a.Unmap().IsPrivate() {
			t.Errorf("%s may be called", a)
		}
	})
}
