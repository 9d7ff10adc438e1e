package httpx

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"
)

// ExpiryStage says which warning is due for a certificate: 30, 14 or 3 days before its end, 0 when none is. After the end it stays
// 3. The caller keeps the last stage it announced for a certificate's serial and speaks only when the stage gets smaller.
func ExpiryStage(notAfter, now time.Time) int {
	left := notAfter.Sub(now)
	for _, stage := range []int{3, 14, 30} {
		if left <= time.Duration(stage)*24*time.Hour {
			return stage
		}
	}
	return 0
}

func describe(leaf *x509.Certificate, source string) CertInfo {
	info := CertInfo{Names: append([]string(nil), leaf.DNSNames...), NotAfter: leaf.NotAfter.UTC(), Issuer: leaf.Issuer.CommonName,
		Serial: fmt.Sprintf("%x", leaf.SerialNumber), Source: source}
	for _, ip := range leaf.IPAddresses {
		info.Names = append(info.Names, ip.String())
	}
	switch leaf.PublicKey.(type) {
	case *ecdsa.PublicKey:
		info.KeyType = "ECDSA"
	case *rsa.PublicKey:
		info.KeyType = "RSA"
	case ed25519.PublicKey:
		info.KeyType = "Ed25519"
	}
	return info
}

// earliest gives the first end, or the zero time for an empty list.
func earliest(list []CertInfo) time.Time {
	var first time.Time
	for _, c := range list {
		if first.IsZero() || c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first
}
