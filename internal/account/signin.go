package account

import (
	"context"
	"encoding/hex"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// SignIn is what the sign-in page posts.
type SignIn struct {
	Realm     Realm
	Email     string
	Password  secret.String
	IP        string
	UserAgent string
	RequestID string
}

// Signed is a successful step of signing in.
type Signed struct {
	Token      string // for the cookie
	NeedsCode  bool   // the second factor is still missing: Token is good for ConfirmCode only
	MustChange bool   // the password must be changed before anything else (CH-3)
	Locale     string // the account's own language, "" when it has none
}

// SignIn checks address and password (CH-1). Wrong and unknown give the same answer after the same work; ten wrong ones
// lock the address for five minutes, whether it exists or not (CH-4). An attempt is counted before the password is
// looked at, so that parallel guesses cannot slip past the limit.
func (s *Service) SignIn(ctx context.Context, in SignIn) (Signed, error) {
	fold := db.Fold(in.Email)
	if fold == "" || in.Password.Empty() {
		return Signed{}, errCredentials
	}
	if err := s.attempt(ctx, in.Realm, fold); err != nil {
		s.refused(ctx, in, err)
		return Signed{}, err
	}
	acc, err := byEmail(ctx, s.db, in.Realm, fold)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Signed{}, err
	}
	right, err := s.hasher.Verify(ctx, acc.PasswordHash, in.Password.Reveal()) // "" does the same work for nothing
	if err != nil {
		return Signed{}, err
	}
	if !right {
		err := s.wrong(ctx, in.Realm, fold)
		s.refused(ctx, in, err)
		return Signed{}, err
	}
	a, _, err := s.actor(ctx, acc)
	if err != nil {
		s.refused(ctx, in, err)
		return Signed{}, err
	}
	a.IP, a.RequestID = in.IP, in.RequestID
	out := Signed{NeedsCode: acc.SecondFactor, MustChange: acc.MustChange, Locale: acc.Locale}
	var rehash string
	if NeedsRehash(acc.PasswordHash) {
		if rehash, err = s.hasher.Hash(ctx, in.Password.Reveal()); err != nil {
			return Signed{}, err
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		stage := stageActive
		if out.NeedsCode {
			stage = stageSecond
		}
		ses, token, err := s.openSession(ctx, tx, acc.ID, stage, in.IP, in.UserAgent)
		if err != nil {
			return err
		}
		out.Token = token
		if rehash != "" {
			if _, err := tx.Exec(ctx, `UPDATE account_accounts SET password_hash = $2 WHERE id = $1`, acc.ID, rehash); err != nil {
				return err
			}
		}
		if out.NeedsCode {
			return nil // signed in, and the counter reset, only with the code
		}
		return s.signedIn(ctx, tx, a, acc, ses)
	})
	return out, err
}

func (s *Service) signedIn(ctx context.Context, tx *db.Tx, a access.Actor, acc Account, ses Session) error {
	a.SessionID = ses.ID
	if _, err := tx.Exec(ctx, `UPDATE account_accounts SET last_sign_in = $2 WHERE id = $1`, acc.ID, tx.Now()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM account_attempts WHERE id = $1`, s.attemptID(acc.Realm, acc.EmailFold)); err != nil {
		return err
	}
	return s.note(ctx, tx, a, "session.started", "session/sign-in", a.Tenant, acc.ID, acc.Email, nil)
}

// refused writes the failure into the operation log of the account's tenant. For an address that is unknown there is no
// tenant, so only the log file gets it. The account is looked up after the answer is settled, and its result is not awaited
// by anything the caller can measure a name with: both kinds do the same statements.
func (s *Service) refused(ctx context.Context, in SignIn, cause error) {
	acc, err := byEmail(ctx, s.db, in.Realm, db.Fold(in.Email))
	if err != nil {
		s.log.InfoContext(ctx, "sign-in refused", "realm", in.Realm, "code", errs.CodeOf(cause), "ip", in.IP)
		return
	}
	t, err := s.tenants.Load(ctx, s.db, acc.TenantID)
	if err != nil {
		return
	}
	a := access.Actor{ID: acc.ID, Account: acc.ID, Kind: access.Person, Name: acc.Name, Email: acc.Email, Tenant: t.Access(), IP: in.IP, RequestID: in.RequestID}
	s.failed(ctx, a, "session/sign-in", t.Access(), acc.ID, acc.Email, cause)
}

// attemptID names an address in the table of attempts without storing it.
func (s *Service) attemptID(realm Realm, fold string) string {
	return hex.EncodeToString(s.box.MAC("account.attempts", string(realm), fold))
}

// attempt counts one attempt before it is made; Locked when the address is locked or the attempts are used up.
func (s *Service) attempt(ctx context.Context, realm Realm, fold string) error {
	p, err := s.lockPolicy(ctx)
	if err != nil {
		return err
	}
	id := s.attemptID(realm, fold)
	var row struct {
		Failures int64   `db:"failures"`
		Locked   db.Time `db:"locked"`
	}
	now := s.db.Now()
	// A locked address costs one read, so that an attack on it costs the attacker more than us.
	err = s.db.Get(ctx, &row, `SELECT failures, locked FROM account_attempts WHERE id = $1`, id)
	if err == nil && now.Before(row.Locked.Time) {
		return errLocked.Retry(row.Locked.Sub(now.Time))
	}
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	var refusal error
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		refusal = nil
		// A lock that has run out starts the count anew. An attempt beyond the threshold locks by itself, in case the one
		// that reached it never came back to say how it ended.
		until := db.At(tx.Now().Add(p.duration))
		if err := tx.Get(ctx, &row, `INSERT INTO account_attempts (id, failures, at) VALUES ($1, 1, $2)
			ON CONFLICT (id) DO UPDATE SET
				failures = CASE WHEN account_attempts.locked <= $2 THEN 1 ELSE account_attempts.failures + 1 END,
				locked = CASE WHEN account_attempts.locked <= $2 THEN NULL
					WHEN account_attempts.locked IS NULL AND account_attempts.failures >= $3 THEN $4
					ELSE account_attempts.locked END, at = $2
			RETURNING failures, locked`, id, tx.Now(), p.threshold, until); err != nil {
			return err
		}
		if !row.Locked.IsZero() {
			refusal = errLocked.Retry(row.Locked.Sub(tx.Now().Time))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refusal
}

type lockPolicy struct {
	threshold int
	duration  time.Duration
}

// wrong settles an attempt that failed: the one that reaches the threshold locks.
func (s *Service) wrong(ctx context.Context, realm Realm, fold string) error {
	p, err := s.lockPolicy(ctx)
	if err != nil {
		return err
	}
	n, err := s.db.Exec(ctx, `UPDATE account_attempts SET locked = $2 WHERE id = $1 AND failures >= $3 AND locked IS NULL`,
		s.attemptID(realm, fold), db.At(s.db.Now().Add(p.duration)), p.threshold)
	if err != nil {
		return err
	}
	if n > 0 {
		return errLocked.Retry(p.duration)
	}
	return errCredentials
}

// forgetAttempts lifts a lock: after a right password, a password reset, or by an administrator.
func (s *Service) forgetAttempts(ctx context.Context, tx *db.Tx, acc Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM account_attempts WHERE id = $1`, s.attemptID(acc.Realm, acc.EmailFold))
	return err
}
