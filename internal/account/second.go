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
// app shows the right codes. With one in force already it is Conflict. It draws, so it refuses to run inside a transaction.
func (s *Service) BeginSecondFactor(ctx context.Context, a access.Actor, issuer string) (Enrolment, error) {
	if err := s.outside(ctx); err != nil {
		return Enrolment{}, err
	}
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
	n, err := s.db.Exec(ctx, `UPDATE account_accounts SET totp_secret = $2, totp_step = 0 WHERE id = $1 AND NOT totp_enabled`, acc.ID, sealed)
	if err != nil {
		return Enrolment{}, err
	}
	if n == 0 {
		return Enrolment{}, errSecondFactor
	}
	e := Enrolment{Secret: TOTPText(key), URL: TOTPURL(issuer, acc.Email, key)}
	e.QR, err = QRCode(e.URL)
	return e, err
}

// ConfirmSecondFactor turns the second factor on and gives ten recovery codes, which cannot be shown again.
func (s *Service) ConfirmSecondFactor(ctx context.Context, a access.Actor, code string) ([]string, error) {
	acc, err := s.Me(ctx, a)
	switch {
	case err != nil:
		return nil, err
	case a.Kind != access.Person:
		return nil, errOnlyPeople
	case acc.SecondFactor:
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
		n, err := tx.Exec(ctx, `UPDATE account_accounts SET totp_enabled = TRUE, version = version + 1 WHERE id = $1 AND NOT totp_enabled`, acc.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errSecondFactor
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
	if acc.TOTPSecret == nil {
		return errBadCode
	}
	key, err := s.box.Open(acc.TOTPSecret, sealPlace(acc.ID))
	if err != nil {
		return err
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
	if a.Kind != access.Person {
		return errOnlyPeople
	}
	if err := s.ownPassword(ctx, acc, "password", password.Reveal()); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := samePassword(ctx, tx, acc); err != nil {
			return err
		}
		if err := s.forgetAttempts(ctx, tx, acc); err != nil {
			return err
		}
		if err := dropFactor(ctx, tx, acc.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.second_factor_off", "account/second-factor", a.Tenant, acc.ID, acc.Email, nil)
	})
}

var errOwnFactor = errs.New(errs.Forbidden, "own_second_factor", "Turn off your own second factor in your settings, with your password.")

// ResetSecondFactor turns off the second factor of somebody who lost it; for administrators, and never the own one.
func (s *Service) ResetSecondFactor(ctx context.Context, a access.Actor, id string) error {
	return s.changing(ctx, a, id, access.AccountEdit, func(ctx context.Context, tx *db.Tx, acc Account, of access.Tenant) error {
		if id == a.Account {
			return errOwnFactor
		}
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
