package httpx

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/acme"
)

// acmeCA is an authority that speaks enough of RFC 8555 to issue: it verifies challenges by connecting, signs the CSR and counts.
// It does not verify the client's signatures: that is the library's business, not ours.
type acmeCA struct {
	t         *testing.T
	challenge string // the only type it offers
	httpAt    string // where http://<any name>:80 leads
	tlsAt     string // where https://<any name>:443 leads
	server    *httptest.Server
	key       *ecdsa.PrivateKey
	root      *x509.Certificate

	mu      sync.Mutex
	nonces  map[string]bool
	thumb   string // of the account's key
	contact []string
	orders  []*acmeOrder
	issued  int
}

type acmeOrder struct {
	name, token, status string // status: pending, ready, valid, invalid
	leaf                []byte
}

func newACMECA(t *testing.T, challenge string) *acmeCA {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test ACME root"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * 365 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	ca := &acmeCA{t: t, challenge: challenge, key: key, root: root, nonces: map[string]bool{}}
	ca.server = httptest.NewServer(ca.routes())
	t.Cleanup(ca.server.Close)
	return ca
}

func (ca *acmeCA) url(format string, args ...any) string {
	return ca.server.URL + fmt.Sprintf(format, args...)
}

func (ca *acmeCA) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /directory", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, map[string]string{"newNonce": ca.url("/nonce"), "newAccount": ca.url("/account"), "newOrder": ca.url("/order"),
			"revokeCert": ca.url("/revoke"), "keyChange": ca.url("/key")})
	})
	mux.HandleFunc("/nonce", func(http.ResponseWriter, *http.Request) {})
	ca.post(mux, "/account", ca.newAccount)
	ca.post(mux, "/order", ca.newOrder)
	ca.post(mux, "/order/{n}", func(w http.ResponseWriter, r *http.Request, _ []byte, o *acmeOrder) { ca.showOrder(w, r, o, 200) })
	ca.post(mux, "/authz/{n}", func(w http.ResponseWriter, r *http.Request, _ []byte, o *acmeOrder) {
		status := map[string]string{"pending": "pending", "invalid": "invalid"}[o.status]
		if status == "" {
			status = "valid"
		}
		answer(w, 200, map[string]any{"status": status, "identifier": map[string]string{"type": "dns", "value": o.name},
			"challenges": []any{ca.challengeOf(r, o)}})
	})
	ca.post(mux, "/challenge/{n}", func(w http.ResponseWriter, r *http.Request, _ []byte, o *acmeOrder) {
		if err := ca.verify(o); err != nil {
			ca.t.Logf("challenge for %s failed: %v", o.name, err)
			o.status = "invalid"
		} else if o.status == "pending" {
			o.status = "ready"
		}
		answer(w, 200, ca.challengeOf(r, o))
	})
	ca.post(mux, "/finalize/{n}", ca.finalize)
	ca.post(mux, "/cert/{n}", func(w http.ResponseWriter, r *http.Request, _ []byte, o *acmeOrder) {
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: o.leaf})
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: ca.root.Raw})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ca.mu.Lock()
		nonce := rand.Text()
		ca.nonces[nonce] = true
		ca.mu.Unlock()
		w.Header().Set("Replay-Nonce", nonce)
		mux.ServeHTTP(w, r)
	})
}

// post opens the JWS envelope, spends its nonce and finds the order.
func (ca *acmeCA) post(mux *http.ServeMux, path string, h func(http.ResponseWriter, *http.Request, []byte, *acmeOrder)) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var jws struct{ Protected, Payload string }
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&jws); err != nil {
			answer(w, 400, map[string]string{"type": "urn:ietf:params:acme:error:malformed"})
			return
		}
		var protected struct {
			Nonce, URL string
			JWK        *struct{ Kty, Crv, X, Y string }
		}
		head, _ := base64.RawURLEncoding.DecodeString(jws.Protected)
		payload, _ := base64.RawURLEncoding.DecodeString(jws.Payload)
		_ = json.Unmarshal(head, &protected)
		ca.mu.Lock()
		defer ca.mu.Unlock()
		if !ca.nonces[protected.Nonce] || protected.URL != ca.url("%s", r.URL.Path) {
			answer(w, 400, map[string]string{"type": "urn:ietf:params:acme:error:badNonce"})
			return
		}
		delete(ca.nonces, protected.Nonce)
		if k := protected.JWK; k != nil { // RFC 7638
			sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"%s","kty":"%s","x":"%s","y":"%s"}`, k.Crv, k.Kty, k.X, k.Y))
			ca.thumb = base64.RawURLEncoding.EncodeToString(sum[:])
		}
		var o *acmeOrder
		if n := r.PathValue("n"); n != "" {
			var i int
			if _, err := fmt.Sscan(n, &i); err != nil || i >= len(ca.orders) {
				answer(w, 404, nil)
				return
			}
			o = ca.orders[i]
		}
		h(w, r, payload, o)
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (ca *acmeCA) newAccount(w http.ResponseWriter, _ *http.Request, payload []byte, _ *acmeOrder) {
	var in struct {
		Contact              []string
		TermsOfServiceAgreed bool
	}
	_ = json.Unmarshal(payload, &in)
	ca.contact = in.Contact
	w.Header().Set("Location", ca.url("/account/1"))
	answer(w, 201, map[string]any{"status": "valid", "contact": in.Contact})
}

func (ca *acmeCA) newOrder(w http.ResponseWriter, r *http.Request, payload []byte, _ *acmeOrder) {
	var in struct{ Identifiers []struct{ Value string } }
	if err := json.Unmarshal(payload, &in); err != nil || len(in.Identifiers) != 1 {
		answer(w, 400, map[string]string{"type": "urn:ietf:params:acme:error:malformed"})
		return
	}
	o := &acmeOrder{name: in.Identifiers[0].Value, token: rand.Text(), status: "pending"}
	ca.orders = append(ca.orders, o)
	ca.showOrder(w, r, o, 201)
}

func (ca *acmeCA) number(o *acmeOrder) int {
	for i := range ca.orders {
		if ca.orders[i] == o {
			return i
		}
	}
	return -1
}

func (ca *acmeCA) showOrder(w http.ResponseWriter, _ *http.Request, o *acmeOrder, status int) {
	n := ca.number(o)
	out := map[string]any{"status": o.status, "identifiers": []any{map[string]string{"type": "dns", "value": o.name}},
		"authorizations": []string{ca.url("/authz/%d", n)}, "finalize": ca.url("/finalize/%d", n)}
	if o.leaf != nil {
		out["certificate"] = ca.url("/cert/%d", n)
	}
	w.Header().Set("Location", ca.url("/order/%d", n))
	answer(w, status, out)
}

func (ca *acmeCA) challengeOf(_ *http.Request, o *acmeOrder) map[string]string {
	status := map[string]string{"pending": "pending", "invalid": "invalid"}[o.status]
	if status == "" {
		status = "valid"
	}
	return map[string]string{"type": ca.challenge, "url": ca.url("/challenge/%d", ca.number(o)), "token": o.token, "status": status}
}

// verify connects as the authority would, only that every name leads to the listener under test.
func (ca *acmeCA) verify(o *acmeOrder) error {
	want := o.token + "." + ca.thumb
	if ca.challenge == "http-01" {
		req, _ := http.NewRequest("GET", "http://"+ca.httpAt+"/.well-known/acme-challenge/"+o.token, nil)
		req.Host = o.name
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		if res.StatusCode != 200 || strings.TrimSpace(string(body)) != want {
			return fmt.Errorf("%s: %q", res.Status, body)
		}
		return nil
	}
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", ca.tlsAt,
		&tls.Config{ServerName: o.name, NextProtos: []string{acme.ALPNProto}, InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer c.Close()
	state, sum := c.ConnectionState(), sha256.Sum256([]byte(want))
	if state.NegotiatedProtocol != acme.ALPNProto {
		return errors.New("the listener does not speak " + acme.ALPNProto)
	}
	for _, e := range state.PeerCertificates[0].Extensions { // RFC 8737
		var digest []byte
		if e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) && e.Critical {
			if _, err := asn1.Unmarshal(e.Value, &digest); err == nil && string(digest) == string(sum[:]) {
				return nil
			}
		}
	}
	return errors.New("the certificate does not prove the account")
}

func (ca *acmeCA) finalize(w http.ResponseWriter, r *http.Request, payload []byte, o *acmeOrder) {
	var in struct{ CSR string }
	_ = json.Unmarshal(payload, &in)
	der, _ := base64.RawURLEncoding.DecodeString(in.CSR)
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil || csr.CheckSignature() != nil || o.status != "ready" || len(csr.DNSNames) != 1 || csr.DNSNames[0] != o.name {
		answer(w, 403, map[string]string{"type": "urn:ietf:params:acme:error:badCSR"})
		return
	}
	ca.issued++
	template := &x509.Certificate{SerialNumber: big.NewInt(int64(1000 + ca.issued)), DNSNames: csr.DNSNames, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(90 * 24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	o.leaf, err = x509.CreateCertificate(rand.Reader, template, ca.root, csr.PublicKey, ca.key)
	if err != nil {
		answer(w, 500, nil)
		return
	}
	o.status = "valid"
	ca.showOrder(w, r, o, 200)
}
