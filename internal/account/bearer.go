package account

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// AuthenticateBearer gives the actor of a bearer token: one made by CreateToken, or one that a client got. Anything else is
// Unauthenticated. What this node changes takes effect at once, what another one changes after Deps.Remember.
func (s *Service) AuthenticateBearer(ctx context.Context, bearer string, r Request) (access.Actor, error) {
	if len(bearer) < 20 || len(bearer) > 200 {
		return access.Actor{}, errBadToken
	}
	hash := secret.TokenHash(bearer)
	a, era, ok := s.machines.get(hash)
	if !ok {
		t, err := s.machine(ctx, hash)
		if err != nil {
			return access.Actor{}, err
		}
		if a, err = s.machineActor(ctx, t); err != nil {
			return access.Actor{}, err
		}
		s.machines.put(hash, a, era, t.Expires.Time)
	}
	a.IP, a.RequestID = r.IP, r.ID
	return a, nil
}

// machine looks the token up. Its Expires is when this bearer token ends.
func (s *Service) machine(ctx context.Context, hash []byte) (Token, error) {
	now := s.db.Now()
	t, err := s.token(ctx, s.db, `t.secret_hash = $1 AND t.kind = 'token' AND t.revoked IS NULL AND (t.expires IS NULL OR t.expires > $2)`, hash, now)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		t, err = s.fromClient(ctx, hash, now)
	}
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errBadToken
	}
	return t, err
}

// fromClient finds the client that got this access token; limits and end are those of the access token.
func (s *Service) fromClient(ctx context.Context, hash []byte, now db.Time) (Token, error) {
	var got struct {
		Client  string  `db:"client_id"`
		Limits  string  `db:"limits"`
		Expires db.Time `db:"expires"`
	}
	if err := s.db.Get(ctx, &got, `SELECT client_id, limits, expires FROM account_access_tokens WHERE token_hash = $1 AND expires > $2`, hash, now); err != nil {
		return Token{}, err
	}
	t, err := s.token(ctx, s.db, `t.id = $1 AND t.revoked IS NULL AND (t.expires IS NULL OR t.expires > $2)`, got.Client, now)
	if err != nil {
		return t, err
	}
	t.LimitsText, t.Limits, t.Expires = got.Limits, nil, got.Expires
	return t, t.unpack()
}

// machineActor gives the account's rights of this moment, narrowed by the token's limits.
func (s *Service) machineActor(ctx context.Context, t Token) (access.Actor, error) {
	acc, err := byID(ctx, s.db, t.AccountID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errBadToken
		}
		return access.Actor{}, err
	}
	a, _, err := s.actor(ctx, acc)
	if err != nil {
		if errs.KindOf(err) == errs.Unauthenticated {
			err = errBadToken
		}
		return access.Actor{}, err
	}
	// A password that must be changed first binds the person; a token was made by somebody who had done so, or by the owner of
	// the machine (CH-3).
	a.ID, a.Kind, a.Name, a.Limits, a.MustChangePassword = t.ID, access.Machine, t.Name, t.Limits, false
	now := s.db.Now()
	if now.Sub(t.LastUsed.Time) >= usedGrain {
		if _, err := s.db.Exec(ctx, `UPDATE account_tokens SET last_used = $2 WHERE id = $1`, t.ID, now); err != nil {
			s.log.WarnContext(ctx, "last use of a token not stored", "token", t.ID, "error", errs.CodeOf(err))
		}
	}
	return a, nil
}
