package httpx

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// CertFiles names a certificate chain and its key, both PEM.
type CertFiles struct{ Cert, Key string }

// CertInfo is what an operator wants to know of a certificate.
type CertInfo struct {
	Names    []string // DNS names and addresses
	NotAfter time.Time
	Issuer   string
	Serial   string // hexadecimal
	KeyType  string // "ECDSA", "RSA", "Ed25519"
	Source   string // file or cache entry it came from
}

// Certificates holds what a listener presents and reads it again when the files change. Several pairs may stand side by side, ECDSA
// and RSA for the same names too: the cheapest one that the client can verify is presented.
type Certificates struct {
	files   []CertFiles
	mu      sync.Mutex // one reload at a time
	digest  [sha256.Size]byte
	current atomic.Pointer[[]loadedCert]
}

type loadedCert struct {
	tls.Certificate
	source string
}

// maxCertFile bounds what is read; a chain with everything is a few kilobytes.
const maxCertFile = 1 << 20

// LoadCertificates reads all pairs; any fault is an error that names the file.
func LoadCertificates(files ...CertFiles) (*Certificates, error) {
	if len(files) == 0 {
		return nil, errors.New("no certificate files are configured")
	}
	c := &Certificates{files: files}
	_, err := c.Reload()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func staticCertificates(certs []loadedCert) *Certificates {
	c := &Certificates{}
	c.set(certs)
	return c
}

// Reload reads the files again and says whether what is presented changed. On any fault everything stays as it was, the fault comes
// back, and the next Reload tries again. The content decides, not the time stamp, which copies and restores do not keep honest.
func (c *Certificates) Reload() (changed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.files) == 0 {
		return false, nil
	}
	sum := sha256.New()
	var certs []loadedCert
	for _, f := range c.files {
		certPEM, err := readBounded(f.Cert)
		if err != nil {
			return false, fmt.Errorf("certificate: %w", err)
		}
		keyPEM, err := readBounded(f.Key)
		if err != nil {
			return false, fmt.Errorf("certificate key: %w", err)
		}
		pair, err := tls.X509KeyPair(certPEM, keyPEM)
		if err != nil {
			return false, fmt.Errorf("certificate %s with key %s: %w", f.Cert, f.Key, err)
		}
		for _, part := range [][]byte{certPEM, keyPEM} {
			one := sha256.Sum256(part)
			sum.Write(one[:])
		}
		certs = append(certs, loadedCert{Certificate: pair, source: f.Cert})
	}
	digest := [sha256.Size]byte(sum.Sum(nil))
	if digest == c.digest {
		return false, nil
	}
	c.digest = digest
	c.set(certs)
	return true, nil
}

// Watch reloads at intervals until ctx ends. It blocks; seen is told of every change (nil error) and every fault.
func (c *Certificates) Watch(ctx context.Context, every time.Duration, seen func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if changed, err := c.Reload(); changed || err != nil {
				seen(err)
			}
		}
	}
}

// set puts ECDSA first: its handshake costs a thirtieth of RSA's, and GetCertificate takes the first that fits.
func (c *Certificates) set(certs []loadedCert) {
	slices.SortStableFunc(certs, func(a, b loadedCert) int { return cost(a) - cost(b) })
	c.current.Store(&certs)
}

func cost(c loadedCert) int {
	if _, ok := c.Leaf.PublicKey.(*ecdsa.PublicKey); ok {
		return 0
	}
	return 1
}

// GetCertificate picks for a ClientHello: name and algorithms fit, else algorithms fit, else the first. It never refuses, since old
// phones send no name at all.
func (c *Certificates) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	certs := *c.current.Load()
	for i := range certs {
		if hello.SupportsCertificate(&certs[i].Certificate) == nil {
			return &certs[i].Certificate, nil
		}
	}
	nameless := *hello
	nameless.ServerName = ""
	for i := range certs {
		if nameless.SupportsCertificate(&certs[i].Certificate) == nil {
			return &certs[i].Certificate, nil
		}
	}
	return &certs[0].Certificate, nil
}

// Has says whether a certificate is for the name, for a choice between these and ACME.
func (c *Certificates) Has(name string) bool {
	for _, cert := range *c.current.Load() {
		if cert.Leaf.VerifyHostname(name) == nil {
			return true
		}
	}
	return false
}

// Expires gives the earliest end of any certificate.
func (c *Certificates) Expires() time.Time { return earliest(c.List()) }

// List describes every certificate.
func (c *Certificates) List() []CertInfo {
	var out []CertInfo
	for _, cert := range *c.current.Load() {
		out = append(out, describe(cert.Leaf, cert.source))
	}
	return out
}

func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCertFile+1))
	if err == nil && len(data) > maxCertFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxCertFile)
	}
	return data, err
}
