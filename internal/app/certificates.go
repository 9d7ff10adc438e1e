package app

import (
	"context"
	"crypto/tls"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
)

// certificates is what the two listeners present, from files, from ACME, or made by ourselves.
type certificates struct {
	portal func(*tls.ClientHelloInfo) (*tls.Certificate, error) // nil: the portal speaks plain HTTP
	phones func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	files  []*httpx.Certificates // re-read when they change
	acme   *httpx.ACME
	caFile string // of the self-made authority, "" otherwise
}

// list gives what is presented and can end: from files and from ACME.
func (c certificates) list(ctx context.Context) []httpx.CertInfo {
	var out []httpx.CertInfo
	for _, f := range c.files {
		out = append(out, f.List()...)
	}
	if c.acme != nil {
		out = append(out, c.acme.List(ctx)...)
	}
	return out
}

// loadCertificates follows the settings: the portal has files, ACME or nothing (a proxy ends TLS before it); phones have
// their own files, else the portal's, else self-made ones beside the database, so that a first phone works without a
// certificate authority.
func loadCertificates(s Settings, now time.Time) (certificates, error) {
	var c certificates
	if len(s.TLSCert) > 0 {
		files, err := httpx.LoadCertificates(pairs(s.TLSCert, s.TLSKey)...)
		if err != nil {
			return c, certFault("tls-cert", err)
		}
		c.files, c.portal = append(c.files, files), files.GetCertificate
	}
	if len(s.ACMEHosts) > 0 {
		acme, err := httpx.NewACME(httpx.ACMEConfig{Hosts: s.ACMEHosts, Email: s.ACMEEmail, DirectoryURL: s.ACMEDirectory, Dir: s.ACMECache})
		if err != nil {
			return c, certFault("acme-host", err)
		}
		c.acme, c.portal = acme, acme.GetCertificate
	}
	switch {
	case len(s.PhonesCert) > 0:
		files, err := httpx.LoadCertificates(pairs(s.PhonesCert, s.PhonesKey)...)
		if err != nil {
			return c, certFault("phones-cert", err)
		}
		c.files, c.phones = append(c.files, files), files.GetCertificate
		if c.acme != nil {
			c.phones = c.acme.Beside(files)
		}
	case c.portal != nil:
		c.phones = c.portal
	default:
		dev, err := httpx.DevelopmentCertificates(filepath.Join(filepath.Dir(s.KeyFile), "phones-tls"), phoneNames(s), now)
		if err != nil {
			return c, certFault("phones-cert", err)
		}
		c.phones, c.caFile = dev.Certs.GetCertificate, dev.CAFile
	}
	return c, nil
}

func pairs(certs, keys []string) []httpx.CertFiles {
	out := make([]httpx.CertFiles, len(certs))
	for i := range certs {
		out[i] = httpx.CertFiles{Cert: certs[i], Key: keys[i]}
	}
	return out
}

func certFault(flag string, err error) error {
	return errs.BadField(flag, "bad_certificate", "The certificate cannot be used: "+err.Error())
}

// phoneNames are the names a self-made certificate for phones carries.
func phoneNames(s Settings) []string {
	var names []string
	for _, raw := range []string{s.PublicURL, s.PhonesURL} {
		if u, err := url.Parse(raw); err == nil && u.Hostname() != "" {
			names = append(names, u.Hostname())
		}
	}
	if s.Domain != "" {
		names = append(names, s.Domain, "*."+s.Domain)
	}
	return names
}

// reload reads certificate files again; a broken new file keeps the old certificate and is reported.
func (a *App) reload(ctx context.Context) error {
	for _, f := range a.certs.files {
		changed, err := f.Reload()
		switch {
		case err != nil:
			a.Log.WarnContext(ctx, "certificate not reloaded, the old one stays", "error", err.Error())
		case changed:
			a.Log.InfoContext(ctx, "certificate reloaded", "expires", f.Expires())
		}
	}
	return nil
}

// announceExpiry raises an event once for each certificate and stage: 30, 14 and 3 days before its end.
func (a *App) announceExpiry(ctx context.Context) error {
	list := a.certs.list(ctx)
	operator, err := a.Tenants.Operator(ctx, a.DB)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return nil
		}
		return err
	}
	for _, c := range list {
		if stage := httpx.ExpiryStage(c.NotAfter, a.DB.Now().Time); stage > 0 {
			if err := a.announce(ctx, operator.Access(), c, stage); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *App) announce(ctx context.Context, operator access.Tenant, c httpx.CertInfo, stage int) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "tenant_tenants", operator.ID); err != nil { // nodes take turns
			return err
		}
		name := "certificate." + c.Serial
		said, err := db.Setting(ctx, tx, name)
		if err != nil {
			return err
		}
		if last, err := strconv.Atoi(said); err == nil && last <= stage {
			return nil
		}
		if err := db.SetSetting(ctx, tx, name, strconv.Itoa(stage)); err != nil {
			return err
		}
		return a.Journal.Append(ctx, tx, access.SystemActor("certificates"), journal.News{Type: "certificate.expiring", Action: "certificate/expiry",
			Tenant: operator, Target: journal.Target{Kind: "certificate", ID: c.Serial},
			Data: map[string]any{"names": c.Names, "not_after": c.NotAfter.UTC().Format(time.RFC3339), "days": stage, "key_type": c.KeyType}})
	})
}
