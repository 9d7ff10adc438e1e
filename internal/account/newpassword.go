package account

import (
	"context"

	"linecard/internal/secret"
)

// Hashed is a password that fulfils the policy, ready to be stored. Making one takes time, so callers that need a transaction
// around Invite make it before.
type Hashed struct{ hash string }

// HashPassword checks the password of a new account against the policy of a tenant, the parent's when the tenant is not there
// yet. What is wrong with it is Invalid and names the field password. It refuses to run inside a transaction.
func (s *Service) HashPassword(ctx context.Context, tenantID, email string, password secret.String) (Hashed, error) {
	h, err := s.newPassword(ctx, Account{TenantID: tenantID, Email: email}, "password", password)
	return Hashed{h}, err
}

// newPassword checks a password against the policy of the account's tenant and gives its hash. The present password is never
// the new one, whatever the policy says (CH-3).
func (s *Service) newPassword(ctx context.Context, acc Account, field string, password secret.String) (string, error) {
	if err := s.outside(ctx); err != nil {
		return "", err
	}
	p, err := s.passwordPolicy(ctx, acc.TenantID)
	if err != nil {
		return "", err
	}
	p.RememberLast = max(p.RememberLast, 1)
	previous, err := lastHashes(ctx, s.db, acc.ID, p.RememberLast)
	if err != nil {
		return "", err
	}
	if err := p.Check(ctx, s.hasher, NewPassword{Field: field, Password: password.Reveal(), Email: acc.Email, Previous: previous}); err != nil {
		return "", err
	}
	return s.hasher.Hash(ctx, password.Reveal())
}

// passwordPolicy gives the policy in force for a tenant's people.
func (s *Service) passwordPolicy(ctx context.Context, tenantID string) (Policy, error) {
	p, err := s.tenants.Effective(ctx, s.db, tenantID)
	if err != nil {
		return Policy{}, err
	}
	return Policy{MinLength: p.PasswordMin, RememberLast: p.PasswordLast, MaxAgeDays: p.PasswordMaxAge, RefuseCommon: true}, nil
}
