package account

import (
	"context"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/queue"
)

const (
	captchaLife = 5 * time.Minute // how long a captcha may be pondered (CH-8)
	captchaDraw = 12              // how often one is drawn or spoken: every drawing is work for us and another look for a program
)

// NewCaptcha makes a puzzle of our own (CH-8) and gives its id; picture and sound are asked for by the id. It is good for
// one try within five minutes.
func (s *Service) NewCaptcha(ctx context.Context) (string, error) {
	id := db.NewID()
	return id, s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO account_captchas (id, answer, expires) VALUES ($1, $2, $3)`,
			id, NewChallenge().Answer, db.At(tx.Now().Add(captchaLife)))
		return err
	})
}

// Captcha gives a puzzle for drawing or speaking it once; NotFound when it was tried, has expired or was drawn often enough.
func (s *Service) Captcha(ctx context.Context, id string) (Challenge, error) {
	var c Challenge
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Get(ctx, &c.Answer, `UPDATE account_captchas SET drawn = drawn + 1 WHERE id = $1 AND expires > $2 AND drawn < $3 RETURNING answer`,
			id, tx.Now(), captchaDraw)
	})
	return c, err
}

// solve takes the puzzle away, so that it cannot be tried twice, and compares the answer.
func (s *Service) solve(ctx context.Context, id, typed string) error {
	if err := s.outside(ctx); err != nil {
		return err
	}
	var c Challenge
	err := s.db.Tx(db.ForReal(ctx), func(ctx context.Context, tx *db.Tx) error {
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
	RequestID string
}

// Recover has a reset link sent that lives ten minutes (CH-8, CH-9). A wrong captcha is refused. Known and unknown addresses
// get the same answer after the same work, since a job finds out later which it is. It refuses to run inside a transaction.
func (s *Service) Recover(ctx context.Context, r Recovery) error {
	if err := s.solve(ctx, r.CaptchaID, r.Answer); err != nil {
		return err
	}
	if r.Email == "" || len(r.Email) > emailMost {
		return nil
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return queue.Insert(ctx, tx, recoverKind, forgotten{r.Realm, r.Email, r.IP, r.RequestID}, queue.Opts{})
	})
}

const recoverKind = "account.recover"

type forgotten struct {
	Realm     Realm  `json:"realm"`
	Email     string `json:"email"`
	IP        string `json:"ip"`
	RequestID string `json:"request_id"`
}

// sendReset mails the link that somebody asked for on the sign-in page. To an address that nobody has, that belongs to a
// suspended account, or that asked a moment ago nothing is sent. done ends the job in the same transaction.
func (s *Service) sendReset(ctx context.Context, r forgotten, done func(context.Context, *db.Tx) error) error {
	acc, err := byEmail(ctx, s.db, r.Realm, db.Fold(r.Email))
	if err != nil {
		return unless(err, errs.NotFound)
	}
	a, _, err := s.actor(ctx, acc)
	if err != nil {
		return unless(err, errs.Forbidden, errs.Unauthenticated)
	}
	a.IP, a.RequestID = r.IP, r.RequestID
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockAccount(ctx, tx, acc.ID); err != nil {
			return err
		}
		if err := done(ctx, tx); err != nil {
			return err
		}
		if err := s.tooSoon(ctx, tx, acc.ID, ResetLink); err != nil {
			return unless(err, errs.TooMany)
		}
		to, err := s.newLink(ctx, tx, acc, ResetLink, resetLife, "")
		if err != nil {
			return err
		}
		if err := s.letter(ctx, tx, acc, post{to: acc.Email, kind: deliver.PasswordReset, life: resetLife}, map[string]string{"name": acc.Name, "minutes": "10", "link": to}); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.reset_requested", "account/recover", a.Tenant, acc.ID, acc.Email, nil)
	})
}

// unless gives err, but nil when it is of one of these kinds.
func unless(err error, kinds ...errs.Kind) error {
	if slices.Contains(kinds, errs.KindOf(err)) {
		return nil
	}
	return err
}

// Unlock lifts the lock of an account early (CH-4).
func (s *Service) Unlock(ctx context.Context, a access.Actor, id string) error {
	return s.changing(ctx, a, id, access.LockLift, func(ctx context.Context, tx *db.Tx, acc Account, of access.Tenant) error {
		if err := s.forgetAttempts(ctx, tx, acc); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.unlocked", "account/unlock", of, acc.ID, acc.Email, nil)
	})
}
