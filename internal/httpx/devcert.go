package httpx

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Development is a certificate authority of our own with an ECDSA and an RSA certificate, for the demo and for tests.
// It is not for the internet: nobody else trusts it.
type Development struct {
	CA     []byte // PEM, what clients must trust
	CAFile string // where CA was written; "" when in memory
	Certs  *Certificates
}

const (
	devCALife   = 10 * 365 * 24 * time.Hour
	devLeafLife = 397 * 24 * time.Hour // the longest that browsers accept
	devRenew    = 31 * 24 * time.Hour  // renewed before the first expiry warning would be due
)

// DevelopmentCertificates gives certificates for names (DNS names and addresses; localhost and loopback are always in). With a
// folder, ca.pem and the rest are kept there and used again at the next start as long as they fit; with "" all is in memory.
func DevelopmentCertificates(dir string, names []string, now time.Time) (*Development, error) {
	names = append([]string{"localhost", "127.0.0.1", "::1"}, names...)
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if d, ok := keptDevelopment(dir, names, now); ok {
			return d, nil
		}
	}
	ca, err := devAuthority(dir, now)
	if err != nil {
		return nil, err
	}
	var pairs []loadedCert
	for _, kind := range devKinds {
		key, err := kind.generate()
		if err != nil {
			return nil, err
		}
		pair, err := ca.issue(key, names, now)
		if err != nil {
			return nil, err
		}
		if err := keep(dir, kind.name, pair); err != nil {
			return nil, err
		}
		pairs = append(pairs, loadedCert{Certificate: pair, source: filepath.Join(dir, kind.name+".pem")})
	}
	if dir != "" {
		if d, ok := keptDevelopment(dir, names, now); ok {
			return d, nil
		}
		return nil, fmt.Errorf("development certificates written to %s cannot be read back", dir)
	}
	return &Development{CA: pemOf(ca.pair.Certificate[0]), Certs: staticCertificates(pairs)}, nil
}

var devKinds = []struct {
	name     string
	generate func() (crypto.Signer, error)
}{
	{"ecdsa", func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }},
	{"rsa", func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }},
}

// keptDevelopment gives what stands in dir, if all of it is whole, fits the names and lasts long enough.
func keptDevelopment(dir string, names []string, now time.Time) (*Development, bool) {
	caFile := filepath.Join(dir, "ca.pem")
	ca, err := readBounded(caFile)
	if err != nil {
		return nil, false
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	var files []CertFiles
	for _, kind := range devKinds {
		files = append(files, CertFiles{Cert: filepath.Join(dir, kind.name+".pem"), Key: filepath.Join(dir, kind.name+"-key.pem")})
	}
	certs, err := LoadCertificates(files...)
	if err != nil {
		return nil, false
	}
	for _, c := range *certs.current.Load() {
		if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now}); err != nil || c.Leaf.NotAfter.Sub(now) < devRenew {
			return nil, false
		}
		for _, name := range names {
			if c.Leaf.VerifyHostname(name) != nil {
				return nil, false
			}
		}
	}
	return &Development{CA: ca, CAFile: caFile, Certs: certs}, true
}

type authority struct{ pair tls.Certificate }

// devAuthority takes the authority of dir, so that clients which trust it go on doing so, or makes one.
func devAuthority(dir string, now time.Time) (authority, error) {
	if dir != "" {
		kept, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem"))
		switch {
		case err == nil && kept.Leaf.IsCA && kept.Leaf.NotAfter.Sub(now) > devLeafLife:
			return authority{kept}, nil
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return authority{}, fmt.Errorf("the certificate authority in %s is damaged; remove ca.pem and ca-key.pem to make a new one: %w", dir, err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"Linecard"}, CommonName: "Linecard development CA " + rand.Text()[:6]}, SerialNumber: serial(),
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(devCALife), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return authority{}, err
	}
	pair, err := pairOf(der, key)
	if err != nil {
		return authority{}, err
	}
	return authority{pair}, keep(dir, "ca", pair)
}

func (a authority) issue(key crypto.Signer, names []string, now time.Time) (tls.Certificate, error) {
	template := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"Linecard"}, CommonName: "Linecard development"}, SerialNumber: serial(),
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(devLeafLife), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.pair.Leaf, key.Public(), a.pair.PrivateKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	return pairOf(der, key)
}

func pairOf(der []byte, key crypto.Signer) (tls.Certificate, error) {
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// keep writes name.pem and name-key.pem, each whole or not at all; nothing without a folder.
func keep(dir, name string, pair tls.Certificate) error {
	if dir == "" {
		return nil
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return err
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	if err := writeWhole(filepath.Join(dir, name+"-key.pem"), keyPEM, 0o600); err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, name+".pem"), pemOf(pair.Certificate[0]), 0o644)
}

func writeWhole(name string, data []byte, mode os.FileMode) error {
	fresh := name + ".new"
	_ = os.Remove(fresh)
	if err := os.WriteFile(fresh, data, mode); err != nil {
		return err
	}
	return os.Rename(fresh, name)
}

func pemOf(der []byte) []byte {
	var b bytes.Buffer
	_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	return b.Bytes()
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return n
}
