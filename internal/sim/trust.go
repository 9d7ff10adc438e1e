package sim

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"sync"
)

// Trust is what phones of a fleet believe. It verifies a server's chain once for all of them, because what is measured is the
// server and not a thousand verifications of the same certificate.
type Trust struct {
	roots *x509.CertPool
	mu    sync.Mutex
	seen  map[[sha256.Size]byte]bool
}

// NewTrust makes it; nil roots are those of the machine.
func NewTrust(roots *x509.CertPool) *Trust {
	return &Trust{roots: roots, seen: map[[sha256.Size]byte]bool{}}
}

var errNoCertificate = errors.New("sim: the server shows no certificate")

// maxSeen bounds what is remembered; a fleet meets a handful of certificates.
const maxSeen = 64

func (t *Trust) verify(name string, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errNoCertificate
	}
	h := sha256.New()
	h.Write([]byte(name + "\x00"))
	for _, c := range chain {
		h.Write(c.Raw)
	}
	key := [sha256.Size]byte(h.Sum(nil))
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen[key] {
		return nil
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: t.roots, Intermediates: between}); err != nil {
		return err
	}
	if len(t.seen) >= maxSeen {
		clear(t.seen)
	}
	t.seen[key] = true
	return nil
}

// tlsConfig is how this phone speaks TLS: 1.3 without curves of tomorrow, or 1.2 with RSA only (old phones, poly.md 1.7).
func (p *Phone) tlsConfig(address string) *tls.Config {
	name, _, _ := net.SplitHostPort(address)
	c := &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12, ClientSessionCache: p.sessions, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection verifies, once for a whole fleet
		VerifyConnection: func(s tls.ConnectionState) error {
			if s.DidResume {
				return nil
			}
			return p.Trust.verify(name, s.PeerCertificates)
		}}
	if p.RSAOnly {
		c.MaxVersion, c.CurvePreferences = tls.VersionTLS12, []tls.CurveID{tls.CurveP256}
		c.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}
	}
	if p.Certificate != nil {
		c.Certificates = []tls.Certificate{*p.Certificate}
	}
	return c
}
