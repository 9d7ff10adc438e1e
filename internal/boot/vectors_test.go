package boot_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/httpx"
)

// The vectors of the boot transcript of a Poly phone, by their numbers there.

func (n *node) put(t testing.TB, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, n.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", agent)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := n.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, _ := io.ReadAll(res.Body)
	return res, string(got)
}

// Vector 1, DM-187.
func TestVector1WithoutAMasterOfItsOwnAPhoneGetsItByTheGlobalName(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		want := n.reads(t, "/p/acme/"+mac+".cfg", right)
		if got := n.reads(t, "/p/acme/000000000000.cfg", right); got != want {
			t.Error("the global name gives something else than the phone's own master file")
		}
		n.status(t, 404, "GET", "/p/acme/000000000000.cfg", right, "User-Agent: FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560") // it does not say who it is
	})
}

// Vectors 2, 3 and 5.
func TestVector2And3And5EveryFileIsChallengedAndWhatIsNotThereIs404(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		for _, file := range []string{"3111-48450-001.3111-48450-001.sip.ld", "fw/6.4.7/sip.ld", "ovr/" + mac + "-phone.cfg", mac + "-web.cfg", "lic/000000000000-license.cfg",
			mac + "-license.cfg", "calls/" + mac + "-calls.xml", "dir/" + mac + "-directory.xml", "dir/000000000000-directory.xml"} {
			path := "/p/acme/" + file
			n.status(t, 401, "GET", path)
			d := answerTo(n.nonce(t), path)
			n.status(t, 404, "GET", path, d.header())
			n.status(t, 404, "GET", path, right)
			n.status(t, 404, "HEAD", path, right)
		}
	})
}

// Vector 4: HEAD then PUT; what comes is appended up to 512 KiB.
func TestVector4LogsAreAppendedAndStartAnewWhenTheyAreFull(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		path := "/p/acme/log/" + mac + "-app.log"
		n.status(t, 401, "PUT", path)
		n.status(t, 404, "HEAD", path, right)
		want := ""
		for i := range 3 {
			piece := fmt.Sprintf("0611101533|cfg  |3|00|Prov|piece %d\n", i)
			if res, body := n.put(t, "PUT", path, piece, right); res.StatusCode != 200 || body != "OK" {
				t.Fatalf("%d %q", res.StatusCode, body)
			}
			want += piece
			if res, _ := n.ask(t, "HEAD", path, right); res.StatusCode != 200 || res.ContentLength != int64(len(want)) {
				t.Errorf("HEAD %d %d, want %d", res.StatusCode, res.ContentLength, len(want))
			}
		}
		if got := n.reads(t, path, right); got != want {
			t.Errorf("%q", got)
		}
		// A phone that sends all again has sent nothing twice.
		n.put(t, "PUT", path, want+"more\n", right)
		if got := n.reads(t, path, right); got != want+"more\n" {
			t.Errorf("%q", got)
		}
		large := strings.Repeat("x", 300<<10)
		n.put(t, "POST", path, large, right)
		n.put(t, "PUT", path, large[1:]+"y", right)
		if got := n.reads(t, path, right); got != large[1:]+"y" {
			t.Errorf("a full log did not start anew: %d bytes", len(got))
		}
		if res, _ := n.put(t, "PUT", path, strings.Repeat("x", 3<<20), right); res.StatusCode != 413 {
			t.Errorf("a huge log: %d", res.StatusCode)
		}
	})
}

// Vectors 6 and 7 stand in TestPathsAreReadAsPhonesWriteThem; uploads are read the same way.
func TestVector6And7UploadsUnderOtherSpellingsAreTheSameFile(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.put(t, "PUT", "/p/acme//ovr//"+strings.ToUpper(mac)+"-phone.cfg", "<PHONE_CONFIG/>", right)
		if got := n.reads(t, "/p/acme/ovr/"+mac+"-phone.cfg", right); got != "<PHONE_CONFIG/>" {
			t.Errorf("%q", got)
		}
	})
}

// Vector 8: a phone that hangs up in the middle of a download or an upload breaks nothing.
func TestVector8WhatIsBrokenOffIsNotKept(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		c, err := tls.Dial("tcp", n.server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(c, "PUT /p/acme/%s-web.cfg HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\n%s\r\nContent-Length: 100\r\n\r\nonly this", mac, agent, right)
		_ = c.CloseWrite()
		_, _ = io.ReadAll(c)
		_ = c.Close()
		n.status(t, 404, "GET", "/p/acme/"+mac+"-web.cfg", right)
		n.status(t, 200, "GET", params, right)
	})
}

// A phone that asks whether it may send does not send for nothing.
func TestNothingOfABodyIsReadBeforeTheCredentialsAreRight(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		for header, want := range map[string]string{"": "401", right + "\r\n": "100"} {
			c, err := tls.Dial("tcp", n.server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = fmt.Fprintf(c, "PUT /p/acme/%s-app.log HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\n%sContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", mac, agent, header)
			first := make([]byte, 12)
			_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
			if _, err := io.ReadFull(c, first); err != nil || string(first[9:]) != want {
				t.Errorf("%q: %q, %v", header, first, err)
			}
			_ = c.Close()
		}
	})
}

// Vector 9: call lists are nobody's business until the customer says so, and are kept as they are.
func TestVector9CallListsAreKeptOnlyWhenTheCustomerWantsThem(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		path, broken := "/p/acme/"+mac+"-calls.xml", `<callList><call name="A & B"></callList><!-- 2026 -->`
		if res, _ := n.put(t, "PUT", path, broken, right); res.StatusCode != 404 {
			t.Errorf("%d", res.StatusCode)
		}
		n.status(t, 404, "GET", path, right)
		yes := true
		if _, err := n.Devices.SetProvisioning(ctx, devicetest.System, n.Acme.ID, device.ProvisioningPatch{Getting: device.GettingPatch{CallLists: &yes}}); err != nil {
			t.Fatal(err)
		}
		n.put(t, "PUT", path, broken, right)
		if got := n.reads(t, path, right); got != broken {
			t.Errorf("%q", got)
		}
	})
}

// Vector 10.
func TestVector10AnyUserAgentIsServed(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		for _, ua := range []string{"FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560", "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 (SN:" + mac + ")",
			"FileTransport PolyNova-Nova_1-UA/1.0 Type/Application", "curl/8", ""} {
			n.status(t, 200, "GET", "/p/acme/"+mac+".cfg", right, "User-Agent: "+ua)
		}
	})
}

// authority signs certificates of phones.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, name string, by *authority, at time.Time) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name, Organization: []string{"Maker"}}, NotBefore: at.Add(-time.Hour),
		NotAfter: at.Add(1000 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	signer, signKey := tmpl, key
	if by != nil {
		signer, signKey = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, signer, &key.PublicKey, signKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	return authority{cert, key}
}

func (a authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

// phone gives a phone's certificate and those between it and the root.
func (a authority) phone(t testing.TB, name string, until time.Time, between ...*x509.Certificate) tls.Certificate {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: until.Add(-100 * time.Hour), NotAfter: until}, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	out := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	for _, c := range between {
		out.Certificate = append(out.Certificate, c.Raw)
	}
	return out
}

// real is the node behind the listener that the product has; legacy is the one for old phones.
func (n *node) real(t testing.TB, legacy bool) string {
	t.Helper()
	certs := n.server.TLS.Certificates
	cfg := httpx.Config{Addr: "127.0.0.1:0", Handler: n.handler, Edge: httpx.Edge{Name: "phones", Log: slog.New(slog.DiscardHandler), Clock: n.clock},
		HandshakeFailed: n.handler.FailedHandshake,
		TLS:             &httpx.TLS{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certs[0], nil }, MinVersion: tls.VersionTLS12, AskWhen: n.handler.Asks}}
	if legacy {
		cfg.Handler, cfg.TLS.MinVersion = n.handler.Legacy(), tls.VersionTLS10
		cfg.TLS.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA}
	}
	s, err := httpx.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	run, stop := until()
	done := make(chan error, 1)
	go func() { done <- s.Serve(run) }()
	t.Cleanup(func() { stop(); <-done })
	return s.Addr().String()
}

// with asks over TLS as this client does.
func with(t testing.TB, addr string, c *tls.Config, path string, header ...string) (int, string, error) {
	t.Helper()
	c.InsecureSkipVerify = true
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: c}}
	defer client.CloseIdleConnections()
	req, _ := http.NewRequestWithContext(ctx, "GET", "https://"+addr+path, nil)
	req.Header.Set("User-Agent", agent)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body), nil
}

// Vectors 11 and 12, decision 18.
func TestVector11And12MakersCertificatesProveAPhone(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.line(t, n.Acme.ID, n.phoneID(t))
		n.reads(t, params, right)
		a := n.own(t, n.Acme.ID, mac)
		n.reads(t, params, basic(a.User, a.Password)) // claimed: the customer's account is not enough any more
		now := n.clock.Now()
		root := newAuthority(t, "Maker Root", nil, now)
		issuing := newAuthority(t, "Maker Issuing", &root, now)
		other := newAuthority(t, "Maker Root", nil, now) // the same name, another key
		added, err := n.Devices.AddMakerRoot(ctx, devicetest.System, device.NewMakerRoot{PEM: root.pem()})
		if err != nil {
			t.Fatal(err)
		}
		addr := n.real(t, false)
		if err := n.handler.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		ask := func(cert tls.Certificate, path string, header ...string) (int, string) {
			t.Helper()
			code, body, err := with(t, addr, &tls.Config{Certificates: []tls.Certificate{cert}}, path, header...)
			if err != nil {
				t.Fatal(err)
			}
			return code, body
		}
		good := issuing.phone(t, strings.ToUpper(mac), now.Add(time.Hour), issuing.cert)
		if code, body := ask(good, params); code != 200 || !strings.Contains(body, sipWord) {
			t.Errorf("a genuine certificate: %d", code)
		}
		if code, body := ask(good, params, right); code != 200 || !strings.Contains(body, sipWord) {
			t.Errorf("with the customer's account beside it: %d", code)
		}
		for _, who := range []string{unknown, "64167fffffff"} {
			if code, body := ask(good, "/p/acme/"+who+".cfg"); code != 403 || body != "" {
				t.Errorf("the file of another phone: %d", code)
			}
		}
		if code, _ := ask(issuing.phone(t, unknown, now.Add(time.Hour), issuing.cert), "/p/acme/"+unknown+".cfg"); code != 401 {
			t.Errorf("a phone that the customer does not have, without an account: %d", code)
		}
		for what, cert := range map[string]tls.Certificate{
			"an authority that nobody trusts": other.phone(t, mac, now.Add(time.Hour)),
			"without what lies between":       issuing.phone(t, mac, now.Add(time.Hour)),
			"a name that is no MAC":           issuing.phone(t, "phone", now.Add(time.Hour), issuing.cert),
			"expired":                         issuing.phone(t, mac, now.Add(-time.Hour), issuing.cert),
		} {
			if code, _ := ask(cert, params); code != 401 {
				t.Errorf("%s: %d", what, code)
			}
		}
		yes := true
		if _, err := n.Devices.EditMakerRoot(ctx, devicetest.System, added.ID, device.MakerRootPatch{AllowExpired: &yes}); err != nil {
			t.Fatal(err)
		}
		if err := n.handler.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		if code, _ := ask(issuing.phone(t, mac, now.Add(-time.Hour), issuing.cert), params); code != 200 {
			t.Errorf("expired, although that is allowed: %d", code)
		}
		n.flush(t)
		if c := n.counted(t, "device.certificate_mismatch"); c != 1 {
			t.Errorf("%d events of a mismatch", c)
		}
		if err := n.Devices.RemoveMakerRoot(ctx, devicetest.System, added.ID, 0); err != nil {
			t.Fatal(err)
		}
		if err := n.handler.Refresh(ctx); err != nil || n.handler.Asks() {
			t.Error("still asked for", err)
		}
		if code, _ := ask(good, params); code != 401 {
			t.Errorf("after the trust ended: %d", code)
		}
	})
}

// Vector 14, decision 18.
func TestVector14OldTLSHasAListenerOfItsOwnAndGetsNoSecrets(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		n.line(t, n.Acme.ID, n.phoneID(t))
		old := func() *tls.Config {
			return &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA}}
		}
		main, legacy := n.real(t, false), n.real(t, true)
		if code, _, err := with(t, main, &tls.Config{}, params, right); err != nil || code != 200 {
			t.Fatalf("%d %v", code, err)
		}
		if code, _, err := with(t, main, old(), params, right); err == nil {
			t.Errorf("TLS 1.0 on the listener for everybody: %d", code)
		}
		code, body, err := with(t, legacy, old(), params, right)
		if err != nil || code != 200 || strings.Contains(body, sipWord) {
			t.Errorf("%d %v", code, err)
		}
		yes := true
		if _, err := n.Devices.SetProvisioning(ctx, devicetest.System, n.Acme.ID, device.ProvisioningPatch{Getting: device.GettingPatch{LegacySecrets: &yes}}); err != nil {
			t.Fatal(err)
		}
		if _, body, _ := with(t, legacy, old(), params, right); !strings.Contains(body, sipWord) {
			t.Error("the customer allowed it, and the phone gets no secrets")
		}
		// The handshake that failed shows where phones of this customer come from.
		n.flush(t)
		l, err := n.Devices.Knocks(ctx, devicetest.System, n.Acme.ID, device.KnockQuery{Kind: device.FailedHandshake})
		if err != nil || len(l.Items) != 1 || l.Items[0].Address != "127.0.0.1" || !strings.Contains(l.Items[0].Detail, "version") {
			t.Errorf("%+v, %v", l.Items, err)
		}
	})
}

// Vector 15 and issue 3: genuine phones behind one address are all served, whatever somebody there tries.
func TestVector15AllPhonesBehindOneAddressAreServed(t *testing.T) {
	each(t, func(t *testing.T, n *node) {
		phones := 300
		n.AutoAdd(t, n.Globex.ID, device.On)
		serve := func(path, header string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Authorization", strings.TrimPrefix(header, "Authorization: "))
			rec := httptest.NewRecorder()
			n.handler.ServeHTTP(rec, r)
			return rec
		}
		var wg sync.WaitGroup
		for worker := range 16 {
			wg.Go(func() {
				for i := worker; i < phones; i += 16 {
					serve(fmt.Sprintf("/p/globex/64167f%06x.cfg", i), basic(devicetest.User, "guess"))
					if rec := serve(fmt.Sprintf("/p/globex/64167f%06x.cfg", i), basic(devicetest.User, devicetest.GlobexPassword)); rec.Code != 200 {
						t.Errorf("phone %d: %d %s", i, rec.Code, rec.Body)
					}
				}
			})
		}
		wg.Wait()
		l, err := n.Devices.List(ctx, devicetest.System, n.Globex.ID, device.Query{})
		if err != nil || l.Total != int64(phones) {
			t.Errorf("%d devices, %v", l.Total, err)
		}
	})
}
