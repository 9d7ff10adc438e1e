package account

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
)

// captchaLife is how long a captcha may be pondered (CH-8).
const captchaLife = 5 * time.Minute

// NewCaptcha makes a puzzle of our own (CH-8) and gives its id; picture and sound are asked for by the id. It is good for
// one try within five minutes.
func (s *Service) NewCaptcha(ctx context.Context) (string, error) {
	id := db.NewID()
	_, err := s.db.Exec(ctx, `INSERT INTO account_captchas (id, answer, expires) VALUES ($1, $2, $3)`,
		id, NewChallenge().Answer, db.At(s.db.Now().Add(captchaLife)))
	return id, err
}

// Captcha gives a puzzle for drawing or speaking it; NotFound when it was tried or has expired.
func (s *Service) Captcha(ctx context.Context, id string) (Challenge, error) {
	var c Challenge
	err := s.db.Get(ctx, &c.Answer, `SELECT answer FROM account_captchas WHERE id = $1 AND expires > $2`, id, s.db.Now())
	return c, err
}

// solve takes the puzzle away, so that it cannot be tried twice, and compares the answer.
func (s *Service) solve(ctx context.Context, id, typed string) error {
	var c Challenge
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Get(ctx, &c.Answer, `DELETE FROM account_captchas WHERE id = $1 AND expires > $2 RETURNING answer`, id, tx.Now())
	})
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	if err != nil || !c.Matches(typed) {
		return errCaptcha
	}
	return nil
}

// Recovery is a request for a new password from the sign-in page.
type Recovery struct {
	Realm     Realm
	Email     string
	CaptchaID string
	Answer    string
	IP        string
}

// Recover sends a reset link that lives ten minutes (CH-8, CH-9). A wrong captcha is refused; for an unknown address, or one
// that asked a moment ago, the answer is the same as for a known one and no mail goes out.
func (s *Service) Recover(ctx context.Context, r Recovery) error {
	if err := s.solve(ctx, r.CaptchaID, r.Answer); err != nil {
		return err
	}
	acc, err := byEmail(ctx, s.db, r.Realm, db.Fold(r.Email))
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	a, _, err := s.actor(ctx, acc)
	if err != nil {
		return nil //nolint:nilerr // suspended or archived: nothing is sent, and the answer must not tell
	}
	if s.tooSoon(ctx, s.db, acc.ID, ResetLink) != nil {
		return nil
	}
	a.IP = r.IP
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		to, err := s.newLink(ctx, tx, acc, ResetLink, resetLife, "")
		if err != nil {
			return err
		}
		if err := s.letter(ctx, tx, acc, acc.Email, deliver.PasswordReset, map[string]string{"name": acc.Name, "link": to, "minutes": "10"}); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.reset_requested", "account/recover", a.Tenant, acc.ID, acc.Email, nil)
	})
}

// letter puts a mail to an account's person into the outbox, in the person's language.
func (s *Service) letter(ctx context.Context, tx *db.Tx, acc Account, to string, kind deliver.Kind, values map[string]string) error {
	return s.mail.Mail(ctx, tx, deliver.Letter{To: to, Locale: acc.Locale, Kind: kind, Values: values, TenantID: acc.TenantID, Scope: acc.Scope})
}

// Unlock lifts the lock of an account early (CH-4).
func (s *Service) Unlock(ctx context.Context, a access.Actor, id string) error {
	acc, of, err := s.managed(ctx, a, id, access.LockLift)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.forgetAttempts(ctx, tx, acc); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.unlocked", "account/unlock", of, acc.ID, acc.Email, nil)
	})
}
