package account

import (
	"context"
	"encoding/hex"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Guesses of passwords and codes are counted per typed address, known or not, so that a lock does not tell which addresses
// exist (CH-4). A guess is counted before it is looked at, so that parallel ones cannot slip past the limit, and in a
// transaction of its own, so that no caller can undo it.

type lockPolicy struct {
	threshold int
	duration  time.Duration
}

var errInside = errs.New(errs.Internal, "slow_work_in_transaction", "Something went wrong on our side.")

// outside refuses to hash, or to count a guess, inside a caller's transaction: the first would hold the writer, the second
// would be undone with it. Callers prepare such work before they begin one.
func (s *Service) outside(ctx context.Context) error {
	if s.db.InTx(ctx) {
		return errInside
	}
	return nil
}

// lockPolicy is the operator's: it must be the same for every address, known or not.
func (s *Service) lockPolicy(ctx context.Context) (lockPolicy, error) {
	id, err := s.operator(ctx)
	if err != nil {
		return lockPolicy{}, err
	}
	p, err := s.tenants.Effective(ctx, s.db, id)
	return lockPolicy{threshold: p.LockAfter, duration: p.LockFor}, err
}

// attemptID names an address in the table of attempts without storing it.
func (s *Service) attemptID(realm Realm, fold string) string {
	return hex.EncodeToString(s.box.MAC("account.attempts", string(realm), fold))
}

// attempt is a guess that was counted and must be settled with wrong, giveBack or forgetAttempts.
type attempt struct {
	id     string
	policy lockPolicy
}

// attempt counts a guess before it is looked at; Locked when the address is locked or the guesses are used up. A locked
// address costs two reads, so that an attack on it costs the attacker more than us.
func (s *Service) attempt(ctx context.Context, realm Realm, fold string) (attempt, error) {
	if err := s.outside(ctx); err != nil {
		return attempt{}, err
	}
	p, err := s.lockPolicy(ctx)
	if err != nil {
		return attempt{}, err
	}
	t := attempt{id: s.attemptID(realm, fold), policy: p}
	var locked db.Time
	err = s.db.Get(ctx, &locked, `SELECT locked FROM account_attempts WHERE id = $1`, t.id)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return t, err
	}
	if now := s.db.Now(); now.Before(locked.Time) {
		return t, errLocked.Retry(locked.Sub(now.Time))
	}
	err = s.db.Tx(db.ForReal(ctx), func(ctx context.Context, tx *db.Tx) error {
		locked, err = t.count(ctx, tx)
		return err
	})
	if err == nil && !locked.IsZero() {
		err = errLocked.Retry(locked.Sub(s.db.Now().Time))
	}
	return t, err
}

// count adds one. A lock that has run out begins anew. A guess beyond the threshold locks by itself, in case the one that
// reached it never came back to say how it ended.
func (t attempt) count(ctx context.Context, tx *db.Tx) (locked db.Time, err error) {
	err = tx.Get(ctx, &locked, `INSERT INTO account_attempts (id, failures, at) VALUES ($1, 1, $2)
		ON CONFLICT (id) DO UPDATE SET
			failures = CASE WHEN account_attempts.locked <= $2 THEN 1 ELSE account_attempts.failures + 1 END,
			locked = CASE WHEN account_attempts.locked <= $2 THEN NULL
				WHEN account_attempts.locked IS NULL AND account_attempts.failures >= $3 THEN $4
				ELSE account_attempts.locked END, at = $2
		RETURNING locked`, t.id, tx.Now(), t.policy.threshold, db.At(tx.Now().Add(t.policy.duration)))
	return locked, err
}

// wrong settles a guess that failed: the one that reaches the threshold locks. It gives the refusal.
func (s *Service) wrong(ctx context.Context, t attempt) error {
	var n int64
	err := s.settle(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `UPDATE account_attempts SET locked = $2 WHERE id = $1 AND failures >= $3 AND locked IS NULL`,
			t.id, db.At(tx.Now().Add(t.policy.duration)), t.policy.threshold)
		return err
	})
	switch {
	case err != nil:
		return err
	case n > 0:
		return errLocked.Retry(t.policy.duration)
	}
	return errCredentials
}

// giveBack uncounts a guess that was not looked at, because we were too busy, or that was right but of no use.
func (s *Service) giveBack(ctx context.Context, t attempt) {
	err := s.settle(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE account_attempts SET failures = failures - 1 WHERE id = $1 AND failures > 0 AND locked IS NULL`, t.id)
		return err
	})
	if err != nil {
		s.log.WarnContext(ctx, "attempt not given back", "error", errs.CodeOf(err))
	}
}

// settle ends a guess also when the client has gone.
func (s *Service) settle(ctx context.Context, fn func(ctx context.Context, tx *db.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(db.ForReal(ctx)), 5*time.Second)
	defer cancel()
	return s.db.Tx(ctx, fn)
}

// forgetAttempts lifts a lock: after a right password, a password reset, or by an administrator.
func (s *Service) forgetAttempts(ctx context.Context, tx *db.Tx, acc Account) error {
	_, err := tx.Exec(ctx, `DELETE FROM account_attempts WHERE id = $1`, s.attemptID(acc.Realm, acc.EmailFold))
	return err
}

// ownPassword checks the password that a signed-in person types again; field names it. A wrong one counts like a failed
// sign-in (CH-13).
func (s *Service) ownPassword(ctx context.Context, acc Account, field, typed string) error {
	t, err := s.attempt(ctx, acc.Realm, acc.EmailFold)
	if err != nil {
		return err
	}
	right, err := s.hasher.Verify(ctx, acc.PasswordHash, typed)
	switch {
	case err != nil:
		s.giveBack(ctx, t)
		return err
	case right:
		s.giveBack(ctx, t)
		return nil
	}
	if err := s.wrong(ctx, t); errs.KindOf(err) != errs.Unauthenticated {
		return err
	}
	return errs.BadField(field, "wrong_password", "The current password is wrong.")
}
