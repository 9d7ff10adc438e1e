package boot

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // makers signed with it; only where the operator says so (decision 18)
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"linecard/internal/device"
	"linecard/internal/phone"
)

// roots finds out which phone a certificate belongs to. The checks are our own and not those of the TLS library, because phones' clocks
// and certificates are older than it likes (decision 18).
type roots struct {
	current atomic.Pointer[[]root]
	version atomic.Int64 // moves when the roots change: what was found before does not count
	judged  *otter.Cache[judgedKey, verdict]
}

type root struct {
	device.MakerRoot
	cert *x509.Certificate
}

type judgedKey struct {
	version int64
	chain   [sha256.Size]byte
}

// verdict is whose a certificate is, and until when that is so.
type verdict struct {
	mac           phone.MAC
	from, until   time.Time
	expiredCounts bool
}

func (t *roots) init() (err error) {
	t.judged, err = otter.New(&otter.Options[judgedKey, verdict]{MaximumSize: 100_000})
	return err
}

// Refresh reads the makers' certificates anew. Register it as a loop: what the operator takes away ends here after at most its pause.
func (h *Handler) Refresh(ctx context.Context) error {
	stored, err := h.devices.MakerRoots(ctx)
	if err != nil {
		return err
	}
	all := make([]root, 0, len(stored))
	for _, s := range stored {
		block, _ := pem.Decode([]byte(s.PEM))
		if block == nil {
			continue
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, root{s, cert})
		}
	}
	if before := h.roots.current.Load(); before != nil && same(*before, all) {
		return nil
	}
	h.roots.current.Store(&all)
	h.roots.version.Add(1)
	return nil
}

func same(a, b []root) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].ID != b[i].ID || a[i].Version != b[i].Version {
			return false
		}
	}
	return true
}

// Asks says whether phones are to be asked for a certificate: when some authority is trusted.
func (h *Handler) Asks() bool {
	all := h.roots.current.Load()
	return all != nil && len(*all) > 0
}

// mac gives the MAC address that the certificate of this connection proves; zero without one that counts.
func (t *roots) mac(r *http.Request, now time.Time) phone.MAC {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 || len(r.TLS.PeerCertificates) > maxChain {
		return phone.MAC{}
	}
	all := t.current.Load()
	if all == nil || len(*all) == 0 {
		return phone.MAC{}
	}
	sum := sha256.New()
	for _, c := range r.TLS.PeerCertificates {
		sum.Write(c.Raw)
	}
	at := judgedKey{version: t.version.Load()}
	copy(at.chain[:], sum.Sum(nil))
	v, ok := t.judged.GetIfPresent(at)
	if !ok {
		v = judge(*all, r.TLS.PeerCertificates)
		t.judged.Set(at, v)
	}
	if !v.expiredCounts && (now.Before(v.from) || now.After(v.until)) {
		return phone.MAC{}
	}
	return v.mac
}

// maxChain bounds the work for one connection.
const maxChain = 6

// judge looks for a way from the phone's certificate to a trusted authority.
func judge(trusted []root, chain []*x509.Certificate) verdict {
	leaf := chain[0]
	mac, ok := macOf(leaf.Subject.CommonName)
	if !ok || leaf.IsCA {
		return verdict{}
	}
	for _, r := range trusted {
		v := verdict{mac: mac, from: leaf.NotBefore, until: leaf.NotAfter, expiredCounts: r.AllowExpired}
		if leads(r, leaf, chain[1:], &v) {
			return v
		}
	}
	return verdict{}
}

// leads says whether cert was issued by the root, directly or through others that the phone sent. It narrows the time in which that holds.
func leads(r root, cert *x509.Certificate, others []*x509.Certificate, v *verdict) bool {
	if signed(cert, r.cert, r.AllowSHA1) {
		v.narrow(r.cert)
		return true
	}
	for i, c := range others {
		if !authority(c) || !signed(cert, c, r.AllowSHA1) {
			continue
		}
		rest := append(append([]*x509.Certificate{}, others[:i]...), others[i+1:]...)
		if leads(r, c, rest, v) {
			v.narrow(c)
			return true
		}
	}
	return false
}

func (v *verdict) narrow(c *x509.Certificate) {
	if c.NotBefore.After(v.from) {
		v.from = c.NotBefore
	}
	if c.NotAfter.Before(v.until) {
		v.until = c.NotAfter
	}
}

// authority says whether a certificate that a phone sent may issue others.
func authority(c *x509.Certificate) bool { return c.BasicConstraintsValid && c.IsCA }

// signed says whether the issuer signed the certificate. SHA-1 counts only where the operator says so; what is weaker never does.
func signed(cert, issuer *x509.Certificate, sha1OK bool) bool {
	if !bytes.Equal(cert.RawIssuer, issuer.RawSubject) {
		return false
	}
	switch cert.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1:
		if !sha1OK {
			return false
		}
		sum := sha1.Sum(cert.RawTBSCertificate) //nolint:gosec // see above
		switch key := issuer.PublicKey.(type) {
		case *rsa.PublicKey:
			return rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], cert.Signature) == nil
		case *ecdsa.PublicKey:
			return ecdsa.VerifyASN1(key, sum[:], cert.Signature)
		}
		return false
	}
	return issuer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
}

// macOf reads the common name of a phone's certificate: the MAC address in any spelling, alone [S Poly, Yealink] or behind a model or
// SEP [inferred for Cisco].
func macOf(name string) (phone.MAC, bool) {
	if m, err := phone.ParseMAC(name); err == nil {
		return m, true
	}
	last := name[strings.LastIndexAny(name, "-_ ")+1:]
	m, err := phone.ParseMAC(strings.TrimPrefix(strings.ToUpper(last), "SEP"))
	return m, err == nil
}
