package account

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// Enrolment is what an authenticator app needs, as text and as a picture.
type Enrolment struct {
	Secret string // to type in by hand
	URL    string // otpauth://…
	QR     []byte // PNG
}

func sealPlace(id string) string { return "account_accounts/totp_secret/" + id }

// BeginSecondFactor makes a new secret for the own account. It is not in force before ConfirmSecondFactor proves that the
// app shows the right codes. With one in force already it is Conflict.
func (s *Service) BeginSecondFactor(ctx context.Context, a access.Actor, issuer string) (Enrolment, error) {
	acc, err := s.Me(ctx, a)
	switch {
	case err != nil:
		return Enrolment{}, err
	case a.Kind != access.Person:
		return Enrolment{}, errOnlyPeople
	case acc.SecondFactor:
		return Enrolment{}, errSecondFactor
	}
	key := NewTOTPSecret()
	sealed, err := s.box.Seal(key, sealPlace(acc.ID))
	if err != nil {
		return Enrolment{}, err
	}
	if _, err := s.db.Exec(ctx, `UPDATE account_accounts SET totp_secret = $2, totp_step = 0 WHERE id = $1 AND NOT totp_enabled`, acc.ID, sealed); err != nil {
		return Enrolment{}, err
	}
	e := Enrolment{Secret: TOTPText(key), URL: TOTPURL(issuer, acc.Email, key)}
	e.QR, err = QRCode(e.URL)
	return e, err
}

// ConfirmSecondFactor turns the second factor on and gives ten recovery codes, which cannot be shown again.
func (s *Service) ConfirmSecondFactor(ctx context.Context, a access.Actor, code string) ([]string, error) {
	acc, err := s.Me(ctx, a)
	if err != nil {
		return nil, err
	}
	if acc.SecondFactor {
		return nil, errSecondFactor
	}
	plain, hashes := NewRecoveryCodes()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := s.codeRight(ctx, tx, acc.ID, code)
		if err != nil && errs.CodeOf(err) != errBadCode.Code {
			return err
		}
		if err != nil {
			return errs.BadField("code", "wrong_code", "The code is wrong. Check the clock of your device and try the next code.")
		}
		if _, err := tx.Exec(ctx, `UPDATE account_accounts SET totp_enabled = TRUE, version = version + 1 WHERE id = $1`, acc.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM account_recovery_codes WHERE account_id = $1`, acc.ID); err != nil {
			return err
		}
		for _, h := range hashes {
			if _, err := tx.Exec(ctx, `INSERT INTO account_recovery_codes (account_id, hash) VALUES ($1, $2)`, acc.ID, h); err != nil {
				return err
			}
		}
		if err := endSessions(ctx, tx, acc.ID, a.SessionID); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.second_factor_on", "account/second-factor", a.Tenant, acc.ID, acc.Email, nil)
	})
	if err != nil {
		return nil, err
	}
	return plain, nil
}

// codeRight checks a code against the stored secret and keeps its step, so that no code works twice.
func (s *Service) codeRight(ctx context.Context, tx *db.Tx, accountID, code string) error {
	if err := tx.LockRow(ctx, "account_accounts", accountID); err != nil {
		return err
	}
	acc, err := byID(ctx, tx, accountID)
	if err != nil {
		return err
	}
	key, err := s.box.Open(acc.TOTPSecret, sealPlace(acc.ID))
	if err != nil {
		return errBadCode
	}
	step, ok := VerifyTOTP(key, code, tx.Now().Time, acc.TOTPStep)
	if !ok {
		return errBadCode
	}
	_, err = tx.Exec(ctx, `UPDATE account_accounts SET totp_step = $2 WHERE id = $1`, acc.ID, step)
	return err
}

// DropSecondFactor turns it off; the own password is asked again.
func (s *Service) DropSecondFactor(ctx context.Context, a access.Actor, password secret.String) error {
	acc, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	if err := s.attempt(ctx, acc.Realm, acc.EmailFold); err != nil {
		return err
	}
	right, err := s.hasher.Verify(ctx, acc.PasswordHash, password.Reveal())
	if err != nil {
		return err
	}
	if !right {
		if err := s.wrong(ctx, acc.Realm, acc.EmailFold); errs.KindOf(err) != errs.Unauthenticated {
			return err
		}
		return errs.BadField("password", "wrong_password", "The current password is wrong.")
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.forgetAttempts(ctx, tx, acc); err != nil {
			return err
		}
		if err := dropFactor(ctx, tx, acc.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.second_factor_off", "account/second-factor", a.Tenant, acc.ID, acc.Email, nil)
	})
}

// ResetSecondFactor turns off the second factor of somebody who lost it; for administrators.
func (s *Service) ResetSecondFactor(ctx context.Context, a access.Actor, id string) error {
	acc, of, err := s.managed(ctx, a, id, access.AccountEdit)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := dropFactor(ctx, tx, acc.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.second_factor_off", "account/second-factor", of, acc.ID, acc.Email, nil)
	})
}

func dropFactor(ctx context.Context, tx *db.Tx, id string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM account_recovery_codes WHERE account_id = $1`, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE account_accounts SET totp_enabled = FALSE, totp_secret = NULL, totp_step = 0, version = version + 1 WHERE id = $1`, id)
	return err
}

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
	if err := s.attempt(ctx, acc.Realm, acc.EmailFold); err != nil {
		return Signed{}, err
	}
	a, _, err := s.actor(ctx, acc)
	if err != nil {
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
	if err != nil && errs.CodeOf(err) == errBadCode.Code {
		if locked := s.wrong(ctx, acc.Realm, acc.EmailFold); errs.KindOf(locked) == errs.Locked {
			err = locked
		}
		s.failed(ctx, a, "session/second-factor", a.Tenant, acc.ID, acc.Email, err)
	}
	return out, err
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
