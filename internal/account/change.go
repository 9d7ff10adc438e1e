package account

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
)

// Patch is a partial change of an account by an administrator; nil leaves a field.
type Patch struct {
	Name, Phone, Locale, TimeZone *string
	Email                         *string // the new address must be confirmed by mail first (CH-12)
	Roles                         *[]access.Role
	Functions                     *[]access.Action
	Customers                     *[]string
	AllCustomers                  *bool
	Disabled                      *bool
	IfVersion                     int64
}

var errEmailAbove = errs.New(errs.Forbidden, "email_read_only", "Your own registered e-mail address is changed by your provider. Ask it.")

// touchesRights says whether the patch changes what the account may do.
func (p Patch) touchesRights() bool {
	return p.Roles != nil || p.Functions != nil || p.Customers != nil || p.AllCustomers != nil || p.Disabled != nil
}

// Edit changes an account. Rights take effect on open sessions at their next request (CH-91). Nobody changes the own rights
// or e-mail address, and an organisation does not change the registered address of its first administrator (CH-12).
func (s *Service) Edit(ctx context.Context, a access.Actor, id string, p Patch) (Account, error) {
	var out Account
	err := s.changing(ctx, a, id, access.AccountEdit, func(ctx context.Context, tx *db.Tx, acc Account, of access.Tenant) error {
		if p.IfVersion != 0 && p.IfVersion != acc.Version {
			return errStale
		}
		if id == a.Account && p.touchesRights() {
			return errSelfDelete
		}
		before := acc.State
		email, err := s.patched(ctx, a, &acc, p)
		if err != nil {
			return err
		}
		if err := update(ctx, tx, &acc); err != nil {
			return err
		}
		if err := setCustomers(ctx, tx, acc.ID, acc.Customers); err != nil {
			return err
		}
		if acc.State == Disabled && before != Disabled {
			if err := endSessions(ctx, tx, acc.ID, ""); err != nil {
				return err
			}
		}
		if email != "" {
			if err := s.proveEmail(ctx, tx, acc, email); err != nil {
				return err
			}
		}
		out = acc
		return s.note(ctx, tx, a, "account.edited", "account/edit", of, acc.ID, acc.Email, map[string]any{"roles": acc.Roles, "state": acc.State})
	})
	return out, err
}

// patched applies the patch, decides whether the actor may give the account what it has then, and gives the wanted new
// address, "" for none.
func (s *Service) patched(ctx context.Context, a access.Actor, acc *Account, p Patch) (string, error) {
	t, target, err := s.tenants.Target(ctx, s.db, a, acc.TenantID)
	if err != nil {
		return "", err
	}
	if err := (Profile{Name: p.Name, Phone: p.Phone, Locale: p.Locale, TimeZone: p.TimeZone}).applyTo(acc); err != nil {
		return "", err
	}
	email, err := p.rights(acc, t.Kind)
	if err != nil {
		return "", err
	}
	if db.Fold(email) == acc.EmailFold {
		email = ""
	}
	own := acc.ID == a.Account || acc.First && acc.TenantID == a.Tenant.ID && a.Tenant.Kind != access.Operator
	if email != "" && own {
		return "", errEmailAbove
	}
	if err := s.mayManage(a, *acc, target); err != nil {
		return "", err
	}
	if p.Customers != nil || p.Roles != nil {
		err = s.checkCustomers(ctx, a, t, acc)
	}
	return email, err
}

// rights applies the parts of a patch that decide what the account may do, and gives the wanted new address.
func (p Patch) rights(acc *Account, k access.TenantKind) (email string, err error) {
	var c errs.Checker
	if p.Email != nil {
		email = c.Email("email", *p.Email, true)
	}
	if p.Roles != nil {
		acc.Roles = slices.Clone(*p.Roles)
	}
	if p.Functions != nil {
		acc.Functions = slices.Clone(*p.Functions)
	}
	if p.Customers != nil {
		acc.Customers = slices.Clone(*p.Customers)
	}
	if p.AllCustomers != nil {
		acc.AllCustomers = *p.AllCustomers
	}
	checkRights(&c, k, acc)
	if p.Disabled != nil {
		switch {
		case *p.Disabled:
			acc.State = Disabled
		case acc.State == Disabled && acc.PasswordHash == "":
			acc.State = Invited
		case acc.State == Disabled:
			acc.State = Active
		}
	}
	return email, c.Err()
}

// proveEmail mails a link to the new address; the old one signs in until it was followed.
func (s *Service) proveEmail(ctx context.Context, tx *db.Tx, acc Account, email string) error {
	if _, err := byEmail(ctx, tx, acc.Realm, db.Fold(email)); err == nil {
		return errEmailTaken
	} else if errs.KindOf(err) != errs.NotFound {
		return err
	}
	to, err := s.newLink(ctx, tx, acc, EmailLink, emailLife, email)
	if err != nil {
		return err
	}
	return s.letter(ctx, tx, acc, post{to: email, kind: deliver.EmailConfirm, life: emailLife}, map[string]string{"name": acc.Name, "email": email, "hours": "24", "link": to})
}

// Delete removes an account: its sessions and tokens end at once, its name stays in old log rows (CH-89).
func (s *Service) Delete(ctx context.Context, a access.Actor, id string) error {
	return s.changing(ctx, a, id, access.AccountEdit, func(ctx context.Context, tx *db.Tx, acc Account, of access.Tenant) error {
		if id == a.Account {
			return errSelfDelete
		}
		if _, err := tx.Exec(ctx, `UPDATE account_accounts SET state = 'deleted', first = FALSE, password_hash = '', totp_secret = NULL,
			totp_enabled = FALSE, updated = $2, version = version + 1 WHERE id = $1`, id, tx.Now()); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, id, ""); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE account_tokens SET revoked = $2, version = version + 1 WHERE account_id = $1 AND revoked IS NULL`, id, tx.Now()); err != nil {
			return err
		}
		if err := setCustomers(ctx, tx, id, nil); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.deleted", "account/delete", of, acc.ID, acc.Email, nil)
	})
}

// ResetPassword mails a link that lives 24 hours; the present password works until it is used (CH-22, CH-90). An account
// that has never had a password is invited again (CH-20). At most once a minute.
func (s *Service) ResetPassword(ctx context.Context, a access.Actor, id string) (Account, error) {
	var out Account
	err := s.changing(ctx, a, id, access.AccountEdit, func(ctx context.Context, tx *db.Tx, acc Account, of access.Tenant) error {
		out = acc
		return s.resetOf(ctx, tx, a, acc, of)
	})
	return out, err
}

// ResetFirst resets the password of a customer's or partner's first administrator, for who may do that to the tenant.
func (s *Service) ResetFirst(ctx context.Context, a access.Actor, tenantID string) (Account, error) {
	t, target, err := s.tenants.Target(ctx, s.db, a, tenantID)
	if err != nil {
		return Account{}, err
	}
	act := access.PartnerResetPassword
	switch t.Kind {
	case access.Customer:
		act = access.CustomerResetPassword
	case access.SubPartner: // whoever sees to sub-partners helps the first person there too (WS-83)
		act = access.SubPartnerEdit
	}
	if err := access.Decide(a, act, target); err != nil {
		return Account{}, err
	}
	var acc Account
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if acc, err = one(ctx, tx, `tenant_id = $1 AND first AND state <> 'deleted'`, t.ID); err != nil {
			return err
		}
		if err := lockAccount(ctx, tx, acc.ID); err != nil {
			return err
		}
		if acc, err = byID(ctx, tx, acc.ID); err != nil {
			return err
		}
		return s.resetOf(ctx, tx, a, acc, t.Access())
	})
	return acc, err
}

// resetOf mails the link. The account is locked, so that of two requests at once one comes too soon.
func (s *Service) resetOf(ctx context.Context, tx *db.Tx, a access.Actor, acc Account, of access.Tenant) error {
	if acc.PasswordHash == "" {
		if err := s.tooSoon(ctx, tx, acc.ID, InviteLink); err != nil {
			return err
		}
		t, err := s.tenants.Load(ctx, tx, acc.TenantID)
		if err != nil {
			return err
		}
		if err := endLinks(ctx, tx, acc.ID, InviteLink); err != nil {
			return err
		}
		if err := s.invite(ctx, tx, acc, t); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "account.invited", "account/invite", of, acc.ID, acc.Email, nil)
	}
	if err := s.tooSoon(ctx, tx, acc.ID, ResetLink); err != nil {
		return err
	}
	to, err := s.newLink(ctx, tx, acc, ResetLink, adminResetLife, "")
	if err != nil {
		return err
	}
	if err := s.letter(ctx, tx, acc, post{to: acc.Email, kind: deliver.PasswordResetByAdmin, life: adminResetLife}, map[string]string{"name": acc.Name, "hours": "24", "link": to}); err != nil {
		return err
	}
	return s.note(ctx, tx, a, "account.reset_requested", "account/reset-password", of, acc.ID, acc.Email, nil)
}
