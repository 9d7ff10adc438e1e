package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

const acmeALPN = acme.ALPNProto

// ACMEConfig says where certificates come from by themselves (RFC 8555). Accepting the authority's terms is the operator's act of
// setting it.
type ACMEConfig struct {
	Hosts        []string // the only names certificates are asked for
	Email        string   // where the authority writes to; may be empty
	DirectoryURL string   // "" = Let's Encrypt
	// Dir keeps account key and certificates, mode 0700. Cache replaces it, for nodes that share one place.
	Dir         string
	Cache       autocert.Cache
	RenewBefore time.Duration // 0 = 30 days
	Client      *http.Client  // to reach the authority; nil = http.DefaultClient
}

// ACME obtains and renews certificates while it serves. It answers the HTTP-01 challenge on a plain listener (HTTPHandler) and the
// TLS-ALPN-01 challenge on a TLS listener with TLS.ACMEALPN.
type ACME struct {
	manager *autocert.Manager
	cache   autocert.Cache
	hosts   []string
}

// NewACME gives an ACME that has asked for nothing yet.
func NewACME(cfg ACMEConfig) (*ACME, error) {
	if len(cfg.Hosts) == 0 {
		return nil, errors.New("ACME needs at least one host name")
	}
	cache := cfg.Cache
	if cache == nil {
		if cfg.Dir == "" {
			return nil, errors.New("ACME needs a folder for its account and certificates")
		}
		if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
			return nil, err
		}
		cache = autocert.DirCache(filepath.Clean(cfg.Dir))
	}
	client := &acme.Client{DirectoryURL: cfg.DirectoryURL, HTTPClient: cfg.Client, UserAgent: "linecard"}
	if client.DirectoryURL == "" {
		client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	return &ACME{cache: cache, hosts: cfg.Hosts, manager: &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: cache, HostPolicy: autocert.HostWhitelist(cfg.Hosts...), RenewBefore: cfg.RenewBefore,
		Client: client, Email: cfg.Email,
	}}, nil
}

// GetCertificate gives the certificate for the name in the ClientHello, and obtains it first when need be. Names that are not
// configured are refused, so strangers cannot make us ask the authority. A client that sends no name, as old phones do, gets the
// first host's.
func (a *ACME) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" {
		named := *hello
		named.ServerName = a.hosts[0]
		hello = &named
	}
	return a.manager.GetCertificate(hello)
}

// HTTPHandler answers HTTP-01 challenges and gives everything else to next. With nil a browser is led to https; a request with
// credentials is refused instead, so that a program that sends its token in the clear is noticed (ASVS v5.0.0-4.1.2).
func (a *ACME) HTTPHandler(next http.Handler) http.Handler {
	if next != nil {
		return a.manager.HTTPHandler(next)
	}
	lead := a.manager.HTTPHandler(nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			http.Error(w, "Use HTTPS. These credentials were sent in the clear: replace them.", http.StatusBadRequest)
			return
		}
		lead.ServeHTTP(w, r)
	})
}

// Obtain gets an ECDSA certificate for every host now, so that the first visitor does not wait. Listeners must already answer. All
// faults come back joined, after at most five minutes a host; those hosts are tried again when asked for.
func (a *ACME) Obtain() error {
	var faults []error
	for _, host := range a.hosts {
		hello := &tls.ClientHelloInfo{ServerName: host, SupportedCurves: []tls.CurveID{tls.CurveP256}, SupportedVersions: []uint16{tls.VersionTLS13},
			SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
		if _, err := a.manager.GetCertificate(hello); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", host, err))
		}
	}
	return errors.Join(faults...)
}

// List describes the certificates obtained so far, as they stand in the cache.
func (a *ACME) List(ctx context.Context) []CertInfo {
	var out []CertInfo
	for _, host := range a.hosts {
		for _, entry := range []string{host, host + "+rsa"} {
			data, err := a.cache.Get(ctx, entry)
			if err != nil {
				continue // not obtained, which is what an empty list says
			}
			if leaf := firstCertificate(data); leaf != nil {
				out = append(out, describe(leaf, "acme:"+entry))
			}
		}
	}
	return out
}

// Expires gives the earliest end of any certificate obtained; the zero time when there is none.
func (a *ACME) Expires(ctx context.Context) time.Time { return earliest(a.List(ctx)) }

// Beside gives a choice for TLS.GetCertificate: files for the names they are made for (and for clients that send no name), ACME for
// the rest of its hosts and for its challenges.
func (a *ACME) Beside(files *Certificates) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		challenge := len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acmeALPN
		name := strings.TrimSuffix(hello.ServerName, ".")
		if !challenge && (name == "" || files.Has(name)) {
			return files.GetCertificate(hello)
		}
		cert, err := a.GetCertificate(hello)
		if err != nil && !challenge {
			return files.GetCertificate(hello)
		}
		return cert, err
	}
}

func firstCertificate(data []byte) *x509.Certificate {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if leaf, err := x509.ParseCertificate(block.Bytes); err == nil {
			return leaf
		}
		return nil
	}
	return nil
}
