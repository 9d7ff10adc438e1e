package account

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

// tenantChanged follows a tenant in its own transaction: the first administrator signs in with the registered e-mail
// (CH-23), a frozen tenant loses its sessions at once and its tokens are refused (CH-24), an archived one frees its addresses
// (CH-27), and whoever may work for chosen customers only may work for those that it made itself (CH-88).
func (s *Service) tenantChanged(ctx context.Context, tx *db.Tx, actor access.Actor, c tenant.Change) error {
	tx.AfterCommit(s.machines.forgetAll)
	switch c.What {
	case tenant.Created:
		return addOwn(ctx, tx, actor, c.After)
	case tenant.EmailChanged:
		return s.followEmail(ctx, tx, c)
	case tenant.Froze:
		return endSessionsOf(ctx, tx, c.After.ID)
	case tenant.Retired:
		return retire(ctx, tx, c.After.ID)
	}
	return nil
}

func addOwn(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant) error {
	if t.Kind != access.Customer || !actor.Has(access.PartnerSubAccount) || actor.AllCustomers {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_customers (account_id, tenant_id) VALUES ($1, $2)`, actor.Account, t.ID)
	return err
}

func endSessionsOf(ctx context.Context, tx *db.Tx, tenantID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM account_sessions WHERE account_id IN (SELECT id FROM account_accounts WHERE tenant_id = $1)`, tenantID)
	return err
}

func retire(ctx context.Context, tx *db.Tx, tenantID string) error {
	if err := endSessionsOf(ctx, tx, tenantID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE account_tokens SET revoked = $2, version = version + 1 WHERE tenant_id = $1 AND revoked IS NULL`, tenantID, tx.Now()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE account_accounts SET state = 'deleted', first = FALSE, password_hash = '', totp_secret = NULL,
		totp_enabled = FALSE, updated = $2, version = version + 1 WHERE tenant_id = $1 AND state <> 'deleted'`, tenantID, tx.Now())
	return err
}

// followEmail moves the first administrator to the new registered address and tells both addresses. Who has not set a
// password yet is invited again, since the first invitation went to the old one.
func (s *Service) followEmail(ctx context.Context, tx *db.Tx, c tenant.Change) error {
	acc, err := one(ctx, tx, `tenant_id = $1 AND first AND state <> 'deleted'`, c.After.ID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	old := acc.Email
	if err := s.moveEmail(ctx, tx, &acc, c.After.Email); err != nil {
		return err
	}
	if err := s.tellEmailChanged(ctx, tx, acc, old); err != nil {
		return err
	}
	if acc.State == Invited && acc.PasswordHash == "" {
		return s.invite(ctx, tx, acc, c.After)
	}
	return nil
}

// moveEmail gives an account another address. Links that were mailed to the old one end.
func (s *Service) moveEmail(ctx context.Context, tx *db.Tx, acc *Account, email string) error {
	acc.Email, acc.EmailFold = email, db.Fold(email)
	n, err := tx.Exec(ctx, `UPDATE account_accounts SET email = $2, email_fold = $3, updated = $4, version = version + 1
		WHERE id = $1 AND state <> 'deleted'`, acc.ID, acc.Email, acc.EmailFold, tx.Now())
	switch {
	case db.IsUnique(err, "account_accounts", "realm", "email_fold"):
		return errEmailTaken
	case err != nil:
		return err
	case n == 0:
		return errs.Missing("account")
	}
	acc.Version++
	tx.AfterCommit(s.machines.forgetAll)
	return endLinks(ctx, tx, acc.ID)
}
