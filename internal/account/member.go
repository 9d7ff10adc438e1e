package account

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// What rooms above ask about people while they check an input of their own. These decide nothing about rights.

// Member gives an account of the tenant by its id or its e-mail address; NotFound when the tenant has none such that is in use.
func (s *Service) Member(ctx context.Context, q db.Q, tenantID, idOrEmail string) (Account, error) {
	return one(ctx, q, `tenant_id = $1 AND (id = $2 OR email_fold = $3) AND state NOT IN ('deleted', 'disabled')`, tenantID, idOrEmail, db.Fold(idOrEmail))
}

// EmailTaken says whether somebody signs in with the address in the realm already.
func (s *Service) EmailTaken(ctx context.Context, q db.Q, realm Realm, email string) (bool, error) {
	_, err := byEmail(ctx, q, realm, db.Fold(email))
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return false, nil
	}
	return err == nil, err
}

// HasAdministrator says whether a customer has somebody in use who may do everything there.
func (s *Service) HasAdministrator(ctx context.Context, q db.Q, tenantID string) (bool, error) {
	var n int64
	err := q.Get(ctx, &n, `SELECT COUNT(*) FROM account_accounts WHERE tenant_id = $1 AND state NOT IN ('deleted', 'disabled') AND roles LIKE $2`,
		tenantID, `%"`+string(access.CustomerFullAdmin)+`"%`)
	return n > 0, err
}
