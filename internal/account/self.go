package account

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// Me gives the actor's own account.
func (s *Service) Me(ctx context.Context, a access.Actor) (Account, error) {
	if err := access.Decide(a, access.Self, access.Target{Tenant: a.Place()}); err != nil {
		return Account{}, err
	}
	acc, err := byID(ctx, s.db, a.Account)
	if err != nil {
		return acc, err
	}
	return withCustomers(ctx, s.db, acc)
}

// Profile is what a person may change of the own account; nil leaves a field. The e-mail address is not among it (CH-12).
type Profile struct {
	Name, Phone, Locale, TimeZone *string
	IfVersion                     int64
}

// EditMe changes the own account's contact data (CH-11); a machine does it for the account whose rights it has.
func (s *Service) EditMe(ctx context.Context, a access.Actor, p Profile) (Account, error) {
	var acc Account
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockAccount(ctx, tx, a.Account); err != nil {
			return err
		}
		var err error
		if acc, err = s.Me(ctx, a); err != nil {
			return err
		}
		if p.IfVersion != 0 && p.IfVersion != acc.Version {
			return errStale
		}
		if err := p.applyTo(&acc); err != nil {
			return err
		}
		if err := update(ctx, tx, &acc); err != nil {
			return err
		}
		tx.AfterCommit(s.machines.forgetAll)
		return s.note(ctx, tx, a, "account.edited", "account/edit", a.Tenant, acc.ID, acc.Email, nil)
	})
	return acc, err
}

func (p Profile) applyTo(acc *Account) error {
	var c errs.Checker
	if p.Name != nil {
		acc.Name = c.Text("name", *p.Name, 1, 128)
	}
	if p.Phone != nil {
		acc.Phone = c.Phone("phone", *p.Phone)
	}
	if p.Locale != nil {
		acc.Locale = c.Locale("locale", *p.Locale)
	}
	if p.TimeZone != nil {
		acc.TimeZone = c.TimeZone("time_zone", *p.TimeZone)
	}
	return c.Err()
}

// ChangePassword changes the own password and ends all other sessions (CH-3, CH-13). A wrong old password counts like a
// failed sign-in.
func (s *Service) ChangePassword(ctx context.Context, a access.Actor, old, password secret.String) error {
	acc, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	if a.Kind != access.Person {
		return errOnlyPeople
	}
	if err := s.ownPassword(ctx, acc, "old_password", old.Reveal()); err != nil {
		return err
	}
	hash, err := s.newPassword(ctx, acc, "new_password", password)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := samePassword(ctx, tx, acc); err != nil {
			return err
		}
		if err := setPassword(ctx, tx, acc.ID, hash, false); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, acc.ID, a.SessionID); err != nil {
			return err
		}
		if err := s.forgetAttempts(ctx, tx, acc); err != nil {
			return err
		}
		tx.AfterCommit(s.machines.forgetAll)
		return s.note(ctx, tx, a, "account.password_changed", "account/password", a.Tenant, acc.ID, acc.Email, nil)
	})
}

// samePassword locks the account and refuses when its password is not the one that was checked any more.
func samePassword(ctx context.Context, tx *db.Tx, acc Account) error {
	if err := lockAccount(ctx, tx, acc.ID); err != nil {
		return err
	}
	now, err := byID(ctx, tx, acc.ID)
	if err == nil && now.PasswordHash != acc.PasswordHash {
		err = errStale
	}
	return err
}

// lockAccount makes changes of one account come one after the other; NotFound when there is none.
func lockAccount(ctx context.Context, tx *db.Tx, id string) error {
	err := tx.LockRow(ctx, "account_accounts", id)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("account")
	}
	return err
}

// PasswordAged says whether the person should be reminded to change the password (CH-14); never when the policy has no age.
func (s *Service) PasswordAged(ctx context.Context, a access.Actor) (bool, error) {
	acc, err := s.Me(ctx, a)
	if err != nil {
		return false, err
	}
	p, err := s.passwordPolicy(ctx, acc.TenantID)
	return err == nil && p.Aged(acc.PasswordChanged.Time, s.db.Now().Time), err
}
