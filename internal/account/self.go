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
	return byID(ctx, s.db, a.Account)
}

// Profile is what a person may change of the own account; nil leaves a field. The e-mail address is not among it (CH-12).
type Profile struct {
	Name, Phone, Locale, TimeZone *string
	IfVersion                     int64
}

// EditMe changes the own account's contact data (CH-11).
func (s *Service) EditMe(ctx context.Context, a access.Actor, p Profile) (Account, error) {
	acc, err := s.Me(ctx, a)
	if err != nil {
		return acc, err
	}
	if a.Kind != access.Person {
		return acc, errOnlyPeople
	}
	if err := p.applyTo(&acc); err != nil {
		return acc, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := update(ctx, tx, &acc, p.IfVersion); err != nil {
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
	if err := s.attempt(ctx, acc.Realm, acc.EmailFold); err != nil {
		return err
	}
	right, err := s.hasher.Verify(ctx, acc.PasswordHash, old.Reveal())
	if err != nil {
		return err
	}
	if !right {
		if err := s.wrong(ctx, acc.Realm, acc.EmailFold); errs.KindOf(err) != errs.Unauthenticated {
			return err
		}
		return errOldPassword
	}
	hash, err := s.newPassword(ctx, acc, "new_password", password)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
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

// PasswordAged says whether the person should be reminded to change the password (CH-14); never when the policy has no age.
func (s *Service) PasswordAged(ctx context.Context, a access.Actor) (bool, error) {
	acc, err := s.Me(ctx, a)
	if err != nil {
		return false, err
	}
	p, err := s.passwordPolicy(ctx, acc.TenantID)
	return err == nil && p.Aged(acc.PasswordChanged.Time, s.db.Now().Time), err
}

// passwordPolicy gives the policy in force for a tenant's people.
func (s *Service) passwordPolicy(ctx context.Context, tenantID string) (Policy, error) {
	p, err := s.tenants.Effective(ctx, s.db, tenantID)
	if err != nil {
		return Policy{}, err
	}
	return Policy{MinLength: p.PasswordMin, RememberLast: p.PasswordLast, MaxAgeDays: p.PasswordMaxAge, RefuseCommon: true}, nil
}
