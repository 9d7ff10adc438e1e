package api

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
)

// Token is a machine's credential: a bearer token, or an OAuth 2 client.
type Token struct {
	ID        string     `json:"id" doc:"For a client also its client_id"`
	Kind      string     `json:"kind" enum:"token,client"`
	Name      string     `json:"name"`
	AccountID string     `json:"account_id" doc:"Whose rights it has"`
	Email     string     `json:"email"`
	Scopes    []string   `json:"scopes" nullable:"true" doc:"Permissions it is limited to; null: all of the account"`
	Created   time.Time  `json:"created"`
	Expires   *time.Time `json:"expires"`
	LastUsed  *time.Time `json:"last_used"`
}

func tokenOf(t account.Token) Token {
	out := Token{ID: t.ID, Kind: t.Kind, Name: t.Name, AccountID: t.AccountID, Email: t.Email, Created: t.Created.Time, Expires: when(t.Expires), LastUsed: when(t.LastUsed)}
	if t.Limits != nil {
		out.Scopes = words(t.Limits)
	}
	return out
}

// CreatedToken carries the secret, which is shown this once.
type CreatedToken struct {
	Token
	Secret string `json:"secret" doc:"Bearer token or client secret; it cannot be shown again"`
}

// TokenRef names the token in a path.
type TokenRef struct {
	Token string `path:"token" doc:"Id of the token"`
}

type listTokensIn struct {
	Paged
	Sort string `query:"sort" enum:"created,-created,name,-name"`
}

func (a *API) listTokens(ctx context.Context, c *call, in *listTokensIn) (List[Token], error) {
	all, next, err := a.d.Accounts.Tokens(ctx, c.actor, in.page(in.Sort))
	return listOf(all, next, tokenOf), err
}

// NewToken is a credential to make. It can do at most what you can (WS-37).
type NewToken struct {
	Name      string   `json:"name" minLength:"1" maxLength:"128"`
	Kind      string   `json:"kind,omitempty" enum:"token,client" doc:"Absent: token"`
	Scopes    []string `json:"scopes,omitempty" maxItems:"100" doc:"Permissions; absent: all of yours"`
	ExpiresIn int64    `json:"expires_in,omitempty" minimum:"0" maximum:"315360000" doc:"Seconds; absent or 0: never"`
}

type createTokenIn struct{ Body NewToken }

func (a *API) createToken(ctx context.Context, c *call, in *createTokenIn) (CreatedToken, error) {
	b := in.Body
	t, secret, err := a.d.Accounts.CreateToken(ctx, c.actor, account.NewToken{Name: b.Name, Kind: b.Kind, Limits: named[access.Action](b.Scopes),
		ExpiresIn: time.Duration(b.ExpiresIn) * time.Second})
	if err != nil {
		return CreatedToken{}, err
	}
	c.created("/tokens/"+t.ID, t.Version)
	return CreatedToken{Token: tokenOf(t), Secret: secret}, nil
}

func (a *API) getToken(ctx context.Context, c *call, in *TokenRef) (Token, error) {
	t, err := a.d.Accounts.GetToken(ctx, c.actor, in.Token)
	c.taggedLoosely(t.Version)
	return tokenOf(t), err
}

func (a *API) deleteToken(ctx context.Context, c *call, in *TokenRef) (none, error) {
	return none{}, a.d.Accounts.RevokeToken(ctx, c.actor, in.Token, c.ifVersion())
}
