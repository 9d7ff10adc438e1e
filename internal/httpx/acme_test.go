package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// acmeNode is a node with a plain and a TLS listener whose certificates come from ca.
func acmeNode(t *testing.T, ca *acmeCA, dir string) (a *ACME, secure *Server) {
	t.Helper()
	a, err := NewACME(ACMEConfig{Hosts: []string{"portal.example.test"}, Email: "ops@example.test", DirectoryURL: ca.url("/directory"), Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	plain := serve(t, Config{Handler: a.HTTPHandler(reading)})
	secure = serve(t, Config{Handler: reading, TLS: &TLS{GetCertificate: a.GetCertificate, ACMEALPN: true}})
	ca.httpAt, ca.tlsAt = plain.Addr().String(), secure.Addr().String()
	return a, secure
}

func rootOf(ca *acmeCA) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.root)
	return pool
}

func TestCertificatesComeFromTheAuthorityByBothChallenges(t *testing.T) {
	for _, challenge := range []string{"http-01", "tls-alpn-01"} {
		t.Run(challenge, func(t *testing.T) {
			ca, dir := newACMECA(t, challenge), filepath.Join(t.TempDir(), "acme")
			a, secure := acmeNode(t, ca, dir)
			if list := a.List(context.Background()); len(list) != 0 {
				t.Error("certificates before any was obtained:", list)
			}
			cfg := &tls.Config{RootCAs: rootOf(ca), ServerName: "portal.example.test"}
			leaf := presented(t, secure, cfg) // the first visitor makes us obtain it, and verifies it
			if !presented(t, secure, &tls.Config{InsecureSkipVerify: true}).Equal(leaf) {
				t.Error("a client without a name got another certificate")
			}
			if err := a.Obtain(); err != nil {
				t.Error(err)
			}
			if ca.issued != 1 || !slices.Equal(ca.contact, []string{"mailto:ops@example.test"}) {
				t.Errorf("%d certificates were issued to %v", ca.issued, ca.contact)
			}
			list := a.List(context.Background())
			if len(list) != 1 || list[0].KeyType != "ECDSA" || !slices.Equal(list[0].Names, []string{"portal.example.test"}) || !a.Expires(context.Background()).Equal(leaf.NotAfter) {
				t.Errorf("%+v", list)
			}
			_, again := acmeNode(t, ca, dir) // a restart
			if !presented(t, again, cfg).Equal(leaf) || ca.issued != 1 {
				t.Error("the restarted node did not use what it had")
			}
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
				t.Error(info, err)
			}
		})
	}
}

func TestNamesThatAreNotConfiguredNeverReachTheAuthority(t *testing.T) {
	ca := newACMECA(t, "tls-alpn-01")
	_, secure := acmeNode(t, ca, t.TempDir())
	if c, err := tls.Dial("tcp", secure.Addr().String(), &tls.Config{ServerName: "evil.example.test", InsecureSkipVerify: true}); err == nil {
		c.Close()
		t.Error("a certificate for a foreign name was presented")
	}
	if len(ca.orders) != 0 {
		t.Error("the authority was asked")
	}
}

func TestAFailedChallengeIsReportedWithItsHost(t *testing.T) {
	ca := newACMECA(t, "http-01")
	a, _ := acmeNode(t, ca, t.TempDir())
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	ca.httpAt = elsewhere.Listener.Addr().String()
	if err := a.Obtain(); err == nil || !strings.HasPrefix(err.Error(), "portal.example.test: ") {
		t.Error(err)
	}
}

func TestFilesAndTheAuthorityServeOneListenerTogether(t *testing.T) {
	ca := newACMECA(t, "tls-alpn-01")
	a, err := NewACME(ACMEConfig{Hosts: []string{"portal.example.test", "phones.example.test"}, DirectoryURL: ca.url("/directory"), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, Config{Handler: reading, TLS: &TLS{GetCertificate: a.Beside(testCerts().Certs), ACMEALPN: true}})
	ca.tlsAt = s.Addr().String()
	presented(t, s, clientTLS()) // phones.example.test from the files
	presented(t, s, &tls.Config{RootCAs: rootOf(ca), ServerName: "portal.example.test"})
	presented(t, s, &tls.Config{InsecureSkipVerify: true}) // an old phone without a name
	if ca.issued != 1 {
		t.Error(ca.issued, "certificates were issued")
	}
	if err := a.Obtain(); err != nil || ca.issued != 2 {
		t.Error("the challenge for a name that stands in the files as well was not answered:", ca.issued, err)
	}
	presented(t, s, clientTLS())
}

func TestOtherRequestsOfThePlainListenerPassTheChallengeHandler(t *testing.T) {
	a, err := NewACME(ACMEConfig{Hosts: []string{"portal.example.test"}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, Config{Handler: a.HTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "portal") }))})
	res, err := http.Get(s.URL() + "/")
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(res.Body); string(body) != "portal" {
		t.Errorf("%s", body)
	}
}

func TestThePlainListenerLeadsBrowsersToHTTPSAndRefusesCredentials(t *testing.T) { // ASVS v5.0.0-4.1.2
	a, err := NewACME(ACMEConfig{Hosts: []string{"portal.example.test"}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]int{"": http.StatusFound, "Bearer lct_x": http.StatusBadRequest} {
		r, w := httptest.NewRequest("GET", "http://portal.example.test/api/v1/me", nil), httptest.NewRecorder()
		if token != "" {
			r.Header.Set("Authorization", token)
		}
		a.HTTPHandler(nil).ServeHTTP(w, r)
		if to := w.Header().Get("Location"); w.Code != want || (to == "https://portal.example.test/api/v1/me") != (token == "") {
			t.Errorf("%q: %d to %q", token, w.Code, to)
		}
	}
}

func TestACMENeedsHostsAndAPlace(t *testing.T) {
	if _, err := NewACME(ACMEConfig{Dir: t.TempDir()}); err == nil {
		t.Error("without hosts")
	}
	if _, err := NewACME(ACMEConfig{Hosts: []string{"a.example.test"}, RenewBefore: time.Hour}); err == nil {
		t.Error("without a place")
	}
}
