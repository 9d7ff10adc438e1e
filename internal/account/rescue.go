package account

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/secret"
)

// ActorOf gives the actor that the account would be if it signed in now, for the command line and the demo, which act for
// whoever owns the machine. Refusals are those of a sign-in; an unknown address is NotFound.
func (s *Service) ActorOf(ctx context.Context, realm Realm, email string) (access.Actor, error) {
	acc, err := byEmail(ctx, s.db, realm, db.Fold(email))
	if err != nil {
		return access.Actor{}, err
	}
	a, _, err := s.actor(ctx, acc)
	return a, err
}

// Rescue gives an account a new random password that must be changed at the next sign-in, takes away a second factor that
// was lost, lifts a lock and ends all sessions. It is for the owner of the machine, so it asks for no rights.
func (s *Service) Rescue(ctx context.Context, realm Realm, email string) (string, error) {
	acc, err := byEmail(ctx, s.db, realm, db.Fold(email))
	if err != nil {
		return "", err
	}
	t, err := s.tenants.Load(ctx, s.db, acc.TenantID)
	if err != nil {
		return "", err
	}
	password := NewPasswordText()
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	return password, s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := setPassword(ctx, tx, acc.ID, hash, true); err != nil {
			return err
		}
		if err := dropFactor(ctx, tx, acc.ID); err != nil {
			return err
		}
		if err := s.forgetAttempts(ctx, tx, acc); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, acc.ID, ""); err != nil {
			return err
		}
		return s.note(ctx, tx, access.SystemActor("command line"), "account.rescued", "account/rescue", t.Access(), acc.ID, acc.Email, nil)
	})
}

// Release lifts the lock of an address for the owner of the machine; NotFound for an unknown one.
func (s *Service) Release(ctx context.Context, realm Realm, email string) error {
	acc, err := byEmail(ctx, s.db, realm, db.Fold(email))
	if err != nil {
		return err
	}
	t, err := s.tenants.Load(ctx, s.db, acc.TenantID)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.forgetAttempts(ctx, tx, acc); err != nil {
			return err
		}
		return s.note(ctx, tx, access.SystemActor("command line"), "account.unlocked", "account/unlock", t.Access(), acc.ID, acc.Email, nil)
	})
}

// NewPasswordText gives a random password of 130 bits that a person can type.
func NewPasswordText() string {
	text, _ := secret.Token("")
	return text
}
