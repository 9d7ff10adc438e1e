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
// code invalid_client, after the same work. A scope of another API (Deps.Scopes) gives those of its actions that the client has.
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
	asked := strings.Fields(scope)
	slices.Sort(asked)
	if asked = slices.Compact(asked); len(asked) > 0 {
		limits = []access.Action{}
		for _, w := range asked {
			had := s.within(a, w)
			if len(had) == 0 {
				return Granted{}, errScope
			}
			for _, act := range had {
				if !slices.Contains(limits, act) {
					limits = append(limits, act)
				}
			}
		}
	}
	plain, hash := secret.Token("lca_")
	ends := db.At(now.Add(accessLife))
	if !t.Expires.IsZero() && t.Expires.Before(ends.Time) {
		ends = t.Expires
	}
	g := Granted{AccessToken: plain, ExpiresIn: int(ends.Sub(now.Time).Seconds())}
	if g.Scope = strings.Join(asked, " "); len(asked) == 0 {
		for i, l := range limits {
			if i > 0 {
				g.Scope += " "
			}
			g.Scope += string(l)
		}
	}
	_, err = s.db.Exec(ctx, `INSERT INTO account_access_tokens (token_hash, client_id, limits, expires) VALUES ($1,$2,$3,$4)`,
		hash, t.ID, limitsText(limits), ends)
	return g, err
}

// within gives those of the actions of a scope that the client has: one action, or several under the name of another API.
func (s *Service) within(a access.Actor, scope string) []access.Action {
	all := []access.Action{access.Action(scope)}
	if s.scopes != nil {
		if several := s.scopes(scope); several != nil {
			all = several
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(act access.Action) bool { return !access.Known(act) || !a.Can(act) })
}

var errScope = errs.New(errs.Invalid, "invalid_scope", "The client does not have one of the scopes it asks for.")
