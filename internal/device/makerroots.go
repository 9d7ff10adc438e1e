package device

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// MakerRoot is an authority whose certificates prove a phone's MAC address (decision 18): a maker's root or one of its issuing
// authorities. Makers' certificates grow old in the field and some are signed with SHA-1; what is taken of that is said for each.
type MakerRoot struct {
	ID           string  `db:"id"`
	Name         string  `db:"name"`
	PEM          string  `db:"pem"`
	SHA256       string  `db:"sha256"` // of the certificate
	Subject      string  `db:"subject"`
	NotAfter     db.Time `db:"not_after"`
	AllowExpired bool    `db:"allow_expired"` // phones' certificates count after their end, and this one too
	AllowSHA1    bool    `db:"allow_sha1"`    // signatures with SHA-1 count
	Created      db.Time `db:"created"`
	Version      int64   `db:"version"`
}

// NewMakerRoot is the input of AddMakerRoot; Name "" takes the certificate's own.
type NewMakerRoot struct {
	Name, PEM               string
	AllowExpired, AllowSHA1 bool
}

// MakerRootPatch is a partial change; nil leaves a field as it is.
type MakerRootPatch struct {
	Name                    *string
	AllowExpired, AllowSHA1 *bool
	IfVersion               int64
}

// maxMakerRoots bounds what every handshake may have to try.
const maxMakerRoots = 100

var (
	errRootPEM    = errs.BadField("pem", "bad_certificate", "Give one certificate of an authority in PEM form.")
	errRootExists = errs.New(errs.Conflict, "maker_root_exists", "This certificate is here already.")
	errRootLimit  = errs.New(errs.Conflict, "maker_root_limit", "There can be at most 100 makers' certificates.")
	errRoot       = errs.Missing("maker root")
)

const rootColumns = `id, name, pem, sha256, subject, not_after, allow_expired, allow_sha1, created, version`

// MakerRoots gives all of them without asking who wants to know, for the phones' listener: the certificates of authorities are public.
func (s *Service) MakerRoots(ctx context.Context) ([]MakerRoot, error) {
	var all []MakerRoot
	err := s.db.Select(ctx, &all, `SELECT `+rootColumns+` FROM device_maker_roots ORDER BY name, id`)
	return all, err
}

// ListMakerRoots gives all of them to who may look at the platform.
func (s *Service) ListMakerRoots(ctx context.Context, actor access.Actor) ([]MakerRoot, error) {
	if _, err := s.platform(ctx, s.db, actor, access.PlatformStatus); err != nil {
		return nil, err
	}
	return s.MakerRoots(ctx)
}

// GetMakerRoot gives one; NotFound when there is none.
func (s *Service) GetMakerRoot(ctx context.Context, actor access.Actor, id string) (MakerRoot, error) {
	if _, err := s.platform(ctx, s.db, actor, access.PlatformStatus); err != nil {
		return MakerRoot{}, err
	}
	return makerRoot(ctx, s.db, id)
}

// platform gives the operator when the actor may do this to the platform.
func (s *Service) platform(ctx context.Context, q db.Q, actor access.Actor, act access.Action) (access.Tenant, error) {
	o, err := s.tenants.Operator(ctx, q)
	if err != nil {
		return access.Tenant{}, err
	}
	return o.Access(), access.Decide(actor, act, access.Target{Tenant: o.Access()})
}

func makerRoot(ctx context.Context, q db.Q, id string) (MakerRoot, error) {
	var r MakerRoot
	err := q.Get(ctx, &r, `SELECT `+rootColumns+` FROM device_maker_roots WHERE id = $1`, id)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errRoot
	}
	return r, err
}

// AddMakerRoot trusts an authority to say which MAC address a phone has.
func (s *Service) AddMakerRoot(ctx context.Context, actor access.Actor, n NewMakerRoot) (MakerRoot, error) {
	r := MakerRoot{AllowExpired: n.AllowExpired, AllowSHA1: n.AllowSHA1, Version: 1}
	var faults errs.Checker
	cert, err := readAuthority(n.PEM)
	if err != nil {
		addFields(&faults, err)
	} else {
		sum := sha256.Sum256(cert.Raw)
		r.SHA256, r.Subject, r.NotAfter = hex.EncodeToString(sum[:]), cert.Subject.String(), db.At(cert.NotAfter)
		r.PEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
		if n.Name == "" {
			n.Name = clipped(cert.Subject.CommonName, 128)
		}
	}
	r.Name = faults.Text("name", n.Name, 0, 128)
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := s.platform(ctx, tx, actor, access.PlatformEdit)
		if err != nil {
			return err
		}
		if err := faults.Err(); err != nil {
			return err
		}
		if err := tx.LockRow(ctx, "tenant_tenants", o.ID); err != nil {
			return err
		}
		var n int
		if err := tx.Get(ctx, &n, `SELECT COUNT(*) FROM device_maker_roots`); err != nil {
			return err
		}
		if n >= maxMakerRoots {
			return errRootLimit
		}
		r.ID, r.Created = db.NewID(), tx.Now()
		if _, err := tx.Exec(ctx, `INSERT INTO device_maker_roots (`+rootColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			r.ID, r.Name, r.PEM, r.SHA256, r.Subject, r.NotAfter, r.AllowExpired, r.AllowSHA1, r.Created, r.Version); err != nil {
			if db.IsUnique(err, "device_maker_roots", "sha256") {
				return errRootExists.Because(err)
			}
			return err
		}
		return s.journal.Append(ctx, tx, actor, rootNews(o, r, "added", "add"))
	})
	return r, err
}

// readAuthority reads one certificate; old authorities of makers do not all say that they are one, so that is not asked.
func readAuthority(text string) (*x509.Certificate, error) {
	block, rest := pem.Decode([]byte(text))
	if len(text) > 64<<10 || block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
		return nil, errRootPEM
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errRootPEM.Because(err)
	}
	return cert, nil
}

// EditMakerRoot changes name and policy.
func (s *Service) EditMakerRoot(ctx context.Context, actor access.Actor, id string, p MakerRootPatch) (MakerRoot, error) {
	var out MakerRoot
	err := s.rootChange(ctx, actor, id, p.IfVersion, func(ctx context.Context, tx *db.Tx, o access.Tenant, r MakerRoot) error {
		var faults errs.Checker
		if p.Name != nil {
			r.Name = faults.Text("name", *p.Name, 1, 128)
		}
		if err := faults.Err(); err != nil {
			return err
		}
		if p.AllowExpired != nil {
			r.AllowExpired = *p.AllowExpired
		}
		if p.AllowSHA1 != nil {
			r.AllowSHA1 = *p.AllowSHA1
		}
		r.Version++
		out = r
		if _, err := tx.Exec(ctx, `UPDATE device_maker_roots SET name = $2, allow_expired = $3, allow_sha1 = $4, version = $5 WHERE id = $1`,
			r.ID, r.Name, r.AllowExpired, r.AllowSHA1, r.Version); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, rootNews(o, r, "edited", "edit"))
	})
	return out, err
}

// RemoveMakerRoot ends the trust; listeners follow within seconds.
func (s *Service) RemoveMakerRoot(ctx context.Context, actor access.Actor, id string, ifVersion int64) error {
	return s.rootChange(ctx, actor, id, ifVersion, func(ctx context.Context, tx *db.Tx, o access.Tenant, r MakerRoot) error {
		if _, err := tx.Exec(ctx, `DELETE FROM device_maker_roots WHERE id = $1`, r.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, rootNews(o, r, "removed", "remove"))
	})
}

func (s *Service) rootChange(ctx context.Context, actor access.Actor, id string, ifVersion int64, do func(context.Context, *db.Tx, access.Tenant, MakerRoot) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		o, err := s.platform(ctx, tx, actor, access.PlatformEdit)
		if err != nil {
			return err
		}
		if err := tx.LockRow(ctx, "tenant_tenants", o.ID); err != nil {
			return err
		}
		r, err := makerRoot(ctx, tx, id)
		if err == nil && ifVersion != 0 && ifVersion != r.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		return do(ctx, tx, o, r)
	})
}

func rootNews(o access.Tenant, r MakerRoot, what, verb string) journal.News {
	return journal.News{Type: "maker_root." + what, Action: "maker_root/" + verb, Tenant: o, Target: journal.Target{Kind: "maker_root", ID: r.ID, Name: r.Name},
		Data: map[string]any{"subject": r.Subject, "sha256": r.SHA256}}
}
