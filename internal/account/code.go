package account

import (
	"context"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// ConfirmCode ends the second step of signing in with a code of the app or a recovery code. The session gets a new token. A
// wrong code counts like a wrong password.
func (s *Service) ConfirmCode(ctx context.Context, token, code string, r Request) (Signed, error) {
	var ses Session
	if err := s.db.Get(ctx, &ses, `SELECT `+sessionColumns+` FROM account_sessions WHERE token_hash = $1 AND stage = 'second_factor' AND expires > $2`,
		secret.TokenHash(token), s.db.Now()); err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errNoSession
		}
		return Signed{}, err
	}
	acc, err := byID(ctx, s.db, ses.AccountID)
	if err != nil {
		return Signed{}, err
	}
	try, err := s.attempt(ctx, acc.Realm, acc.EmailFold)
	if err != nil {
		return Signed{}, err
	}
	a, _, err := s.actor(ctx, acc)
	if err != nil {
		s.giveBack(ctx, try)
		return Signed{}, err
	}
	a.IP, a.RequestID = r.IP, r.ID
	out := Signed{MustChange: acc.MustChange, Locale: acc.Locale}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.codeOrRecovery(ctx, tx, acc.ID, code); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM account_sessions WHERE id = $1`, ses.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNoSession
		}
		full, plain, err := s.openSession(ctx, tx, acc.ID, stageActive, r.IP, ses.UserAgent)
		if err != nil {
			return err
		}
		out.Token = plain
		return s.signedIn(ctx, tx, a, acc, full)
	})
	switch {
	case err == nil:
		return out, nil
	case errs.CodeOf(err) == errBadCode.Code:
		if locked := s.wrong(ctx, try); errs.KindOf(locked) == errs.Locked {
			err = locked
		}
		s.failed(ctx, a, "session/second-factor", a.Tenant, acc.ID, acc.Email, err)
	default:
		s.giveBack(ctx, try)
	}
	return Signed{}, err
}

// codeOrRecovery takes a code of the app, else a recovery code, which is used up.
func (s *Service) codeOrRecovery(ctx context.Context, tx *db.Tx, id, code string) error {
	err := s.codeRight(ctx, tx, id, code)
	if err == nil || errs.CodeOf(err) != errBadCode.Code {
		return err
	}
	n, err := tx.Exec(ctx, `DELETE FROM account_recovery_codes WHERE account_id = $1 AND hash = $2`, id, RecoveryHash(code))
	if err == nil && n == 0 {
		err = errBadCode
	}
	return err
}

// Reseal seals the second factors anew that were sealed with an older key than the newest, and gives how many those were.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	var ids []string
	if err := s.db.Select(ctx, &ids, `SELECT id FROM account_accounts WHERE totp_secret IS NOT NULL ORDER BY id`); err != nil {
		return 0, err
	}
	return s.db.OneByOne(ctx, ids, s.resealOne)
}

func (s *Service) resealOne(ctx context.Context, tx *db.Tx, id string) (bool, error) {
	if err := lockAccount(ctx, tx, id); err != nil {
		return false, err
	}
	acc, err := one(ctx, tx, `id = $1`, id)
	if err != nil || !s.box.NeedsReseal(acc.TOTPSecret) {
		return false, err
	}
	key, err := s.box.Open(acc.TOTPSecret, sealPlace(id))
	if err != nil {
		return false, err
	}
	sealed, err := s.box.Seal(key, sealPlace(id))
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE account_accounts SET totp_secret = $2 WHERE id = $1`, id, sealed)
	return err == nil, err
}
