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
	tokensMost   = 100         // living ones that one account has made
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
// its maker can (WS-37): a narrowed token makes only tokens at least as narrow, and one that ends only such as end with it.
func (s *Service) CreateToken(ctx context.Context, a access.Actor, in NewToken) (Token, string, error) {
	if err := access.Decide(a, access.TokenManage, access.Target{Tenant: a.Tenant}); err != nil {
		return Token{}, "", err
	}
	if a.Account == "" { // Linecard itself has no account whose rights a token could have
		return Token{}, "", errOnlyPeople
	}
	t, err := in.checked(a)
	if err != nil {
		return Token{}, "", err
	}
	prefix := "lct_"
	if t.Kind == ClientSecret {
		prefix = "lcc_"
	}
	plain, hash := secret.Token(prefix)
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockAccount(ctx, tx, a.Account); err != nil { // so that two at once are counted one after the other
			return err
		}
		var have int64
		if err := tx.Get(ctx, &have, `SELECT COUNT(*) FROM account_tokens WHERE account_id = $1 AND revoked IS NULL AND (expires IS NULL OR expires > $2)`, a.Account, tx.Now()); err != nil {
			return err
		}
		if have >= tokensMost {
			return errTokenLimit
		}
		t.Created, t.Expires, t.Version = tx.Now(), db.Time{}, 1
		if in.ExpiresIn > 0 {
			t.Expires = db.At(tx.Now().Add(in.ExpiresIn))
		}
		if a.Kind == access.Machine {
			maker, err := s.token(ctx, tx, `t.id = $1 AND t.revoked IS NULL`, a.ID)
			if err != nil {
				return err
			}
			if !maker.Expires.IsZero() && (t.Expires.IsZero() || t.Expires.After(maker.Expires.Time)) {
				t.Expires = maker.Expires
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO account_tokens (id, kind, account_id, tenant_id, scope, name, secret_hash, limits, created, expires)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`, t.ID, t.Kind, t.AccountID, t.TenantID, t.Scope, t.Name, hash, limitsText(t.Limits), t.Created, t.Expires); err != nil {
			return err
		}
		return s.note(ctx, tx, a, "token.created", "token/create", a.Tenant, t.ID, t.Name, map[string]any{"kind": t.Kind})
	})
	return t, plain, err
}

// checked gives the token as the maker wants it, or says what is wrong.
func (in NewToken) checked(a access.Actor) (Token, error) {
	var c errs.Checker
	t := Token{ID: db.NewID(), Kind: in.Kind, AccountID: a.Account, TenantID: a.Tenant.ID, Scope: a.Tenant.Scope, Email: a.Email,
		Name: c.Text("name", in.Name, 1, 128), Limits: slices.Clone(in.Limits)}
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
		return t, err
	}
	for _, l := range in.Limits {
		if !a.Can(l) {
			return t, errMoreThanOwn
		}
	}
	if in.Limits == nil && a.Limits != nil {
		t.Limits = slices.Clone(a.Limits)
	}
	slices.Sort(t.Limits)
	t.Limits = slices.Compact(t.Limits)
	return t, nil
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
	return s.token(ctx, s.db, `t.id = $1 AND t.tenant_id = $2 AND t.revoked IS NULL`, id, a.Tenant.ID)
}

func (s *Service) token(ctx context.Context, q db.Q, where string, args ...any) (Token, error) {
	var t Token
	if err := q.Get(ctx, &t, `SELECT `+tokenColumns+tokenFrom+`WHERE `+where, args...); err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return t, errs.Missing("token")
		}
		return t, err
	}
	return t, t.unpack()
}

// RevokeToken ends a credential and the access tokens it was given, at once on this node. ifVersion 0 means whatever it is.
func (s *Service) RevokeToken(ctx context.Context, a access.Actor, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.GetToken(ctx, a, id)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE account_tokens SET revoked = $2, version = version + 1 WHERE id = $1 AND revoked IS NULL
			AND ($3 = 0 OR version = $3)`, id, tx.Now(), ifVersion)
		if err == nil && n == 0 {
			err = errStale
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM account_access_tokens WHERE client_id = $1`, id); err != nil {
			return err
		}
		tx.AfterCommit(s.machines.forgetAll)
		return s.note(ctx, tx, a, "token.revoked", "token/revoke", a.Tenant, t.ID, t.Name, nil)
	})
}
