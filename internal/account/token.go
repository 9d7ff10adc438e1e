package account

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// Token is a machine's credential: a bearer token, or an OAuth 2 client that gets short-lived tokens for its secret.
type Token struct {
	ID        string          `db:"id"`
	Kind      string          `db:"kind"` // "token" | "client"
	AccountID string          `db:"account_id"`
	TenantID  string          `db:"tenant_id"`
	Scope     string          `db:"scope"`
	Name      string          `db:"name"`
	Limits    []access.Action `db:"-"` // nil: all rights of the account
	Created   db.Time         `db:"created"`
	Expires   db.Time         `db:"expires"` // zero: never
	LastUsed  db.Time         `db:"last_used"`
	Revoked   db.Time         `db:"revoked"`
	Version   int64           `db:"version"`

	LimitsText string `db:"limits"`
	Email      string `db:"email"` // of the account
}

// The kinds of Token.
const (
	BearerToken  = "token"
	ClientSecret = "client"
)

const (
	tokenColumns = `t.id, t.kind, t.account_id, t.tenant_id, t.scope, t.name, t.limits, t.created, t.expires, t.last_used, t.revoked, t.version, a.email`
	tokenFrom    = ` FROM account_tokens t JOIN account_accounts a ON a.id = t.account_id `
	accessLife   = time.Hour   // of a token that a client got
	usedGrain    = time.Minute // last use is written at most this often
)

func (t *Token) unpack() error {
	if t.LimitsText == "" {
		return nil
	}
	t.Limits = []access.Action{}
	return json.Unmarshal([]byte(t.LimitsText), &t.Limits)
}

func limitsText(l []access.Action) string {
	if l == nil {
		return ""
	}
	b, _ := json.Marshal(l)
	return string(b)
}

// NewToken is the input of CreateToken.
type NewToken struct {
	Name      string
	Kind      string          // BearerToken when empty
	Limits    []access.Action // nil: all rights of the account that makes it
	ExpiresIn time.Duration   // 0: never
}

// CreateToken makes a credential for a machine and gives its secret, which cannot be shown again. It can do at most what
// its maker can (WS-37); a narrowed token makes only tokens at least as narrow.
func (s *Service) CreateToken(ctx context.Context, a access.Actor, in NewToken) (Token, string, error) {
	if err := access.Decide(a, access.TokenManage, access.Target{Tenant: a.Tenant}); err != nil {
		return Token{}, "", err
	}
	var c errs.Checker
	t := Token{ID: db.NewID(), Kind: in.Kind, AccountID: a.Account, TenantID: a.Tenant.ID, Scope: a.Tenant.Scope, Name: c.Text("name", in.Name, 1, 128), Email: a.Email}
	if t.Kind == "" {
		t.Kind = BearerToken
	}
	t.Kind = c.OneOf("kind", t.Kind, BearerToken, ClientSecret)
	c.Range("expires_in", int64(in.ExpiresIn/time.Second), 0, 10*365*24*3600)
	for _, l := range in.Limits {
		if !access.Known(l) {
			c.Add(errs.Field{Name: "scopes", Code: "unknown_scope", Message: "One of the scopes does not exist."})
			break
		}
	}
	if err := c.Err(); err != nil {
		return Token{}, "", err
	}
	for _, l := range in.Limits {
		if !a.Can(l) {
			return Token{}, "", errMoreThanOwn
		}
	}
	t.Limits = slices.Clone(in.Limits)
	if in.Limits == nil && a.Limits != nil {
		t.Limits = slices.Clone(a.Limits)
	}
	prefix := "lct_"
	if t.Kind == ClientSecret {
		prefix = "lcc_"
	}
	plain, hash := secret.Token(prefix)
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t.Created, t.Expires, t.Version = tx.Now(), db.Time{}, 1
		if in.ExpiresIn > 0 {
			t.Expires = db.At(tx.Now().Add(in.ExpiresIn))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO account_tokens (id, kind, account_id, tenant_id, scope, name, secret_hash, limits, created, expires)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`, t.ID, t.Kind, t.AccountID, t.TenantID, t.Scope, t.Name, hash, limitsText(t.Limits), t.Created, t.Expires); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "token.created", "token/create", a.Tenant, t.ID, t.Name, map[string]any{"kind": t.Kind})
	})
	return t, plain, err
}

// Tokens lists the living credentials of the actor's tenant.
func (s *Service) Tokens(ctx context.Context, a access.Actor, p db.Page) ([]Token, string, error) {
	if err := access.Decide(a, access.TokenManage, access.Target{Tenant: a.Tenant}); err != nil {
		return nil, "", err
	}
	args := s.db.Args()
	where := `t.tenant_id = ` + args.Add(a.Tenant.ID) + ` AND t.revoked IS NULL`
	k, err := p.Keyset(args, "t.id", db.Sort{Name: "created", Column: "t.created", Number: true, Desc: true}, db.Sort{Name: "name", Column: "t.name"})
	if err != nil {
		return nil, "", err
	}
	var rows []Token
	if err := s.db.Select(ctx, &rows, `SELECT `+tokenColumns+tokenFrom+`WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+
		` LIMIT `+args.Add(k.Limit), args.List()...); err != nil {
		return nil, "", err
	}
	for i := range rows {
		if err := rows[i].unpack(); err != nil {
			return nil, "", err
		}
	}
	rows, next := db.Cut(k, rows, func(t Token) (any, string) {
		if k.SortName() == "name" {
			return t.Name, t.ID
		}
		return t.Created.UnixMilli(), t.ID
	})
	return rows, next, nil
}

// GetToken gives one living credential of the actor's tenant; NotFound otherwise.
func (s *Service) GetToken(ctx context.Context, a access.Actor, id string) (Token, error) {
	if err := access.Decide(a, access.TokenManage, access.Target{Tenant: a.Tenant}); err != nil {
		return Token{}, err
	}
	return s.token(ctx, `t.id = $1 AND t.tenant_id = $2 AND t.revoked IS NULL`, id, a.Tenant.ID)
}

func (s *Service) token(ctx context.Context, where string, args ...any) (Token, error) {
	var t Token
	if err := s.db.Get(ctx, &t, `SELECT `+tokenColumns+tokenFrom+`WHERE `+where, args...); err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return t, errs.Missing("token")
		}
		return t, err
	}
	return t, t.unpack()
}

// RevokeToken ends a credential and the access tokens it was given, at once on this node.
func (s *Service) RevokeToken(ctx context.Context, a access.Actor, id string, ifVersion int64) error {
	t, err := s.GetToken(ctx, a, id)
	if err != nil {
		return err
	}
	if ifVersion != 0 && ifVersion != t.Version {
		return errStale
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE account_tokens SET revoked = $2, version = version + 1 WHERE id = $1`, id, tx.Now()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM account_access_tokens WHERE client_id = $1`, id); err != nil {
			return err
		}
		tx.AfterCommit(s.machines.forgetAll)
		return s.note(ctx, tx, a, "token.revoked", "token/revoke", a.Tenant, t.ID, t.Name, nil)
	})
}

// AuthenticateBearer gives the actor of a bearer token: one made by CreateToken, or one that a client got. Anything else is
// Unauthenticated.
func (s *Service) AuthenticateBearer(ctx context.Context, bearer string, r Request) (access.Actor, error) {
	if len(bearer) < 20 || len(bearer) > 200 {
		return access.Actor{}, errBadToken
	}
	hash := secret.TokenHash(bearer)
	a, era, ok := s.machines.get(hash)
	if !ok {
		var err error
		if a, err = s.machine(ctx, hash); err != nil {
			return access.Actor{}, err
		}
		s.machines.put(hash, a, era)
	}
	a.IP, a.RequestID = r.IP, r.ID
	return a, nil
}

// machine looks the token up.
func (s *Service) machine(ctx context.Context, hash []byte) (access.Actor, error) {
	now := s.db.Now()
	t, err := s.token(ctx, `t.secret_hash = $1 AND t.kind = 'token' AND t.revoked IS NULL AND (t.expires IS NULL OR t.expires > $2)`, hash, now)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		t, err = s.fromClient(ctx, hash, now)
	}
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return access.Actor{}, errBadToken
		}
		return access.Actor{}, err
	}
	return s.machineActor(ctx, t)
}

// fromClient finds the client that got this access token; its limits are those of the access token.
func (s *Service) fromClient(ctx context.Context, hash []byte, now db.Time) (Token, error) {
	var got struct {
		Client string `db:"client_id"`
		Limits string `db:"limits"`
	}
	if err := s.db.Get(ctx, &got, `SELECT client_id, limits FROM account_access_tokens WHERE token_hash = $1 AND expires > $2`, hash, now); err != nil {
		return Token{}, err
	}
	t, err := s.token(ctx, `t.id = $1 AND t.revoked IS NULL AND (t.expires IS NULL OR t.expires > $2)`, got.Client, now)
	if err != nil {
		return t, err
	}
	t.LimitsText = got.Limits
	t.Limits = nil
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
	a.ID, a.Kind, a.Name, a.Limits, a.MustChangePassword = t.ID, access.Machine, t.Name, t.Limits, acc.MustChange
	now := s.db.Now()
	if now.Sub(t.LastUsed.Time) >= usedGrain {
		if _, err := s.db.Exec(ctx, `UPDATE account_tokens SET last_used = $2 WHERE id = $1`, t.ID, now); err != nil {
			s.log.WarnContext(ctx, "last use of a token not stored", "token", t.ID, "error", errs.CodeOf(err))
		}
	}
	return a, nil
}
