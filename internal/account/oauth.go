package account

import (
	"context"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// Granted is what a client gets for its credentials (RFC 6749 section 4.4.3).
type Granted struct {
	AccessToken string
	ExpiresIn   int // seconds
	Scope       string
}

// ClientCredentials gives a short-lived token to a machine client. scope is a space-separated list of actions, "" for all
// that the client has; one it does not have is Invalid with code invalid_scope. A wrong id or secret is Unauthenticated with
// code invalid_client, after the same work.
func (s *Service) ClientCredentials(ctx context.Context, clientID string, clientSecret secret.String, scope string) (Granted, error) {
	now := s.db.Now()
	t, err := s.token(ctx, s.db, `t.secret_hash = $1 AND t.kind = 'client' AND t.revoked IS NULL AND (t.expires IS NULL OR t.expires > $2)`,
		secret.TokenHash(clientSecret.Reveal()), now)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Granted{}, err
	}
	if err != nil || !secret.Equal([]byte(t.ID), []byte(clientID)) {
		return Granted{}, errBadClient
	}
	a, err := s.machineActor(ctx, t)
	if err != nil {
		if errs.KindOf(err) == errs.Unauthenticated {
			err = errBadClient
		}
		return Granted{}, err
	}
	limits := t.Limits
	if asked := strings.Fields(scope); len(asked) > 0 {
		limits = []access.Action{}
		for _, w := range asked {
			if act := access.Action(w); !access.Known(act) || !a.Can(act) {
				return Granted{}, errScope
			} else if !slices.Contains(limits, act) {
				limits = append(limits, act)
			}
		}
	}
	plain, hash := secret.Token("lca_")
	ends := db.At(now.Add(accessLife))
	if !t.Expires.IsZero() && t.Expires.Before(ends.Time) {
		ends = t.Expires
	}
	g := Granted{AccessToken: plain, ExpiresIn: int(ends.Sub(now.Time).Seconds())}
	for i, l := range limits {
		if i > 0 {
			g.Scope += " "
		}
		g.Scope += string(l)
	}
	_, err = s.db.Exec(ctx, `INSERT INTO account_access_tokens (token_hash, client_id, limits, expires) VALUES ($1,$2,$3,$4)`,
		hash, t.ID, limitsText(limits), ends)
	return g, err
}

var errScope = errs.New(errs.Invalid, "invalid_scope", "The client does not have one of the scopes it asks for.")
