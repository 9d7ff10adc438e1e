package account

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// Purpose says what a one-time link is for.
type Purpose string

// The purposes and how long their links live.
const (
	InviteLink Purpose = "invite" // set the first password: 72 h (CH-19)
	ResetLink  Purpose = "reset"  // set a new password: 10 min when asked for by oneself (CH-9), 24 h when by an administrator (CH-22)
	EmailLink  Purpose = "email"  // prove a new e-mail address: 24 h (CH-12)
)

const (
	inviteLife     = 72 * time.Hour
	resetLife      = 10 * time.Minute
	adminResetLife = 24 * time.Hour
	emailLife      = 24 * time.Hour
	again          = time.Minute // a link to the same account may be sent at most this often (CH-20)
)

type link struct {
	ID        string  `db:"id"`
	AccountID string  `db:"account_id"`
	Purpose   Purpose `db:"purpose"`
	Email     string  `db:"email"`
	Created   db.Time `db:"created"`
	Expires   db.Time `db:"expires"`
	Used      db.Time `db:"used"`
	Revoked   db.Time `db:"revoked"`
}

const linkColumns = `id, account_id, purpose, email, created, expires, used, revoked`

// newLink makes a link and withdraws the earlier ones of the same purpose (CH-9, CH-20).
func (s *Service) newLink(ctx context.Context, tx *db.Tx, acc Account, p Purpose, life time.Duration, email string) (string, error) {
	if err := endLinks(ctx, tx, acc.ID, p); err != nil {
		return "", err
	}
	return s.addLink(ctx, tx, acc, p, life, email)
}

// addLink is newLink for an account that has no open link of the purpose.
func (s *Service) addLink(ctx context.Context, tx *db.Tx, acc Account, p Purpose, life time.Duration, email string) (string, error) {
	token, hash := secret.Token("")
	_, err := tx.Exec(ctx, `INSERT INTO account_links (id, account_id, purpose, token_hash, email, created, expires) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
		db.NewID(), acc.ID, p, hash, email, tx.Now(), db.At(tx.Now().Add(life)))
	return s.link(acc.Realm, "/link/"+token), err
}

// endLinks withdraws the open links of an account: those of some purposes, or all.
func endLinks(ctx context.Context, tx *db.Tx, accountID string, purposes ...Purpose) error {
	if len(purposes) == 0 {
		purposes = []Purpose{InviteLink, ResetLink, EmailLink}
	}
	for _, p := range purposes {
		if _, err := tx.Exec(ctx, `UPDATE account_links SET revoked = $3 WHERE account_id = $1 AND purpose = $2 AND used IS NULL AND revoked IS NULL`,
			accountID, p, tx.Now()); err != nil {
			return err
		}
	}
	return nil
}

// tooSoon says whether a link of this purpose was made less than a minute ago.
func (s *Service) tooSoon(ctx context.Context, q db.Q, accountID string, p Purpose) error {
	var last db.Time
	err := q.Get(ctx, &last, `SELECT created FROM account_links WHERE account_id = $1 AND purpose = $2 ORDER BY created DESC LIMIT 1`, accountID, p)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return nil
		}
		return err
	}
	if wait := again - q.Now().Sub(last.Time); wait > 0 {
		return errTooSoon.Retry(wait)
	}
	return nil
}

// Opened is what a person sees who follows a link.
type Opened struct {
	Purpose Purpose
	Realm   Realm
	Email   string // of the account; of the new address for an e-mail link
	Name    string
	Locale  string
	Tenant  string // id; its policy holds for the password
}

// OpenLink tells what a link is for without using it. A used, replaced, expired or unknown one is Gone.
func (s *Service) OpenLink(ctx context.Context, token string) (Opened, error) {
	l, acc, err := s.findLink(ctx, s.db, token)
	if err != nil {
		return Opened{}, err
	}
	email := acc.Email
	if l.Purpose == EmailLink {
		email = l.Email
	}
	return Opened{Purpose: l.Purpose, Realm: acc.Realm, Email: email, Name: acc.Name, Locale: acc.Locale, Tenant: acc.TenantID}, nil
}

func (s *Service) findLink(ctx context.Context, q db.Q, token string) (link, Account, error) {
	var l link
	if err := q.Get(ctx, &l, `SELECT `+linkColumns+` FROM account_links WHERE token_hash = $1`, secret.TokenHash(token)); err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return l, Account{}, errLinkUnknown
		}
		return l, Account{}, err
	}
	switch {
	case !l.Used.IsZero():
		return l, Account{}, errLinkUsed
	case !l.Revoked.IsZero(), q.Now().After(l.Expires.Time):
		return l, Account{}, errLinkUnknown
	}
	acc, err := byID(ctx, q, l.AccountID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errLinkUnknown
	}
	return l, acc, err
}

// take marks a link used; of two that try at once one gets Gone, and so does one that a newer link replaced meanwhile. The
// account's row is locked first, as everything does that touches both.
func take(ctx context.Context, tx *db.Tx, l link) error {
	if err := tx.LockRow(ctx, "account_accounts", l.AccountID); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE account_links SET used = $2 WHERE id = $1 AND used IS NULL AND revoked IS NULL`, l.ID, tx.Now())
	if err == nil && n == 0 {
		err = errLinkUsed
	}
	return err
}

// SetPasswordByLink sets the password through an invitation or reset link, ends all sessions of the account and lifts a
// lock (CH-4, CH-9). Anything wrong with the password leaves the link usable.
func (s *Service) SetPasswordByLink(ctx context.Context, token string, password secret.String, ip string) error {
	if err := s.outside(ctx); err != nil {
		return err
	}
	l, acc, err := s.findLink(ctx, s.db, token)
	if err != nil {
		return err
	}
	if l.Purpose != InviteLink && l.Purpose != ResetLink {
		return errLinkUnknown
	}
	hash, err := s.newPassword(ctx, acc, "password", password)
	if err != nil {
		return err
	}
	t, err := s.tenants.Load(ctx, s.db, acc.TenantID)
	if err != nil {
		return err
	}
	a := access.Actor{ID: acc.ID, Account: acc.ID, Kind: access.Person, Name: acc.Name, Email: acc.Email, Tenant: t.Access(), IP: ip}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := take(ctx, tx, l); err != nil {
			return err
		}
		if err := setPassword(ctx, tx, acc.ID, hash, false); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, acc.ID, ""); err != nil {
			return err
		}
		if err := s.forgetAttempts(ctx, tx, acc); err != nil {
			return err
		}
		tx.AfterCommit(s.machines.forgetAll)
		return s.note(ctx, tx, a, "account.password_changed", "account/password", t.Access(), acc.ID, acc.Email, map[string]any{"by": string(l.Purpose)})
	})
}

// ConfirmEmail makes the new address of an e-mail link the account's own; from then on only it signs in (CH-12).
func (s *Service) ConfirmEmail(ctx context.Context, token, ip string) error {
	l, acc, err := s.findLink(ctx, s.db, token)
	if err != nil {
		return err
	}
	if l.Purpose != EmailLink {
		return errLinkUnknown
	}
	t, err := s.tenants.Load(ctx, s.db, acc.TenantID)
	if err != nil {
		return err
	}
	a := access.Actor{ID: acc.ID, Account: acc.ID, Kind: access.Person, Name: acc.Name, Email: acc.Email, Tenant: t.Access(), IP: ip}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := take(ctx, tx, l); err != nil {
			return err
		}
		old := acc.Email
		if err := s.moveEmail(ctx, tx, &acc, l.Email); err != nil {
			return err
		}
		if err := s.tellEmailChanged(ctx, tx, acc, old); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.email_changed", "account/email", t.Access(), acc.ID, acc.Email, nil)
	})
}
