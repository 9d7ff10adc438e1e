package account

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

const accountColumns = `id, realm, tenant_id, scope, email, email_fold, name, name_fold, phone, locale, time_zone, roles,
	functions, all_customers, state, first, must_change, password_hash, password_changed, totp_secret, totp_enabled, totp_step,
	last_sign_in, created, updated, version`

// byID gives an account that was not deleted; NotFound otherwise.
func byID(ctx context.Context, q db.Q, id string) (Account, error) {
	return one(ctx, q, `id = $1 AND state <> 'deleted'`, id)
}

func byEmail(ctx context.Context, q db.Q, realm Realm, fold string) (Account, error) {
	return one(ctx, q, `realm = $1 AND email_fold = $2 AND state <> 'deleted'`, realm, fold)
}

func one(ctx context.Context, q db.Q, where string, args ...any) (Account, error) {
	var a Account
	if err := q.Get(ctx, &a, `SELECT `+accountColumns+` FROM account_accounts WHERE `+where, args...); err != nil {
		if errs.KindOf(err) == errs.NotFound {
			return a, errs.Missing("account")
		}
		return a, err
	}
	return a, a.unpack()
}

// withCustomers fills in the customers that a sub account was given.
func withCustomers(ctx context.Context, q db.Q, a Account) (Account, error) {
	if !a.IsSub() || a.AllCustomers {
		return a, nil
	}
	chosen, err := customersOf(ctx, q, a.ID)
	for _, t := range chosen {
		a.Customers = append(a.Customers, t.ID)
	}
	return a, err
}

// customersOf lists the customers that an account was given, without archived ones.
func customersOf(ctx context.Context, q db.Q, accountID string) ([]access.Tenant, error) {
	var rows []struct {
		ID    string            `db:"id"`
		Kind  access.TenantKind `db:"kind"`
		Scope string            `db:"scope"`
		Name  string            `db:"name"`
	}
	err := q.Select(ctx, &rows, `SELECT t.id, t.kind, t.scope, t.name FROM account_customers c JOIN tenant_tenants t ON t.id = c.tenant_id
		WHERE c.account_id = $1 AND t.state = 'active' ORDER BY t.id`, accountID)
	out := make([]access.Tenant, len(rows))
	for i, r := range rows {
		out[i] = access.Tenant{ID: r.ID, Kind: r.Kind, Scope: r.Scope, Name: r.Name}
	}
	return out, err
}

// insert stores a new account and sets what the database would give back.
func insert(ctx context.Context, tx *db.Tx, a *Account) error {
	a.pack()
	a.Created, a.Updated, a.Version = tx.Now(), tx.Now(), 1
	_, err := tx.Exec(ctx, `INSERT INTO account_accounts (id, realm, tenant_id, scope, email, email_fold, name, name_fold, phone,
		locale, time_zone, roles, functions, all_customers, state, first, must_change, password_hash, password_changed, created, updated)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$20)`,
		a.ID, a.Realm, a.TenantID, a.Scope, a.Email, a.EmailFold, a.Name, a.NameFold, a.Phone, a.Locale, a.TimeZone, a.RolesText,
		a.FunctionsText, a.AllCustomers, a.State, a.First, a.MustChange, a.PasswordHash, a.PasswordChanged, a.Created)
	if db.IsUnique(err, "account_accounts", "realm", "email_fold") {
		return errEmailTaken
	}
	if err != nil {
		return err
	}
	if a.PasswordHash != "" {
		if err := rememberHash(ctx, tx, a.ID, a.PasswordHash); err != nil {
			return err
		}
	}
	return addCustomers(ctx, tx, a.ID, a.Customers)
}

// update stores what a person or an administrator can change, if the version is still the one that was read.
func update(ctx context.Context, tx *db.Tx, a *Account) error {
	a.pack()
	n, err := tx.Exec(ctx, `UPDATE account_accounts SET name = $2, name_fold = $3, phone = $4, locale = $5, time_zone = $6, roles = $7,
		functions = $8, all_customers = $9, state = $10, updated = $11, version = version + 1 WHERE id = $1 AND version = $12`,
		a.ID, a.Name, a.NameFold, a.Phone, a.Locale, a.TimeZone, a.RolesText, a.FunctionsText, a.AllCustomers, a.State, tx.Now(), a.Version)
	if err == nil && n == 0 {
		err = errStale
	}
	if err != nil {
		return err
	}
	a.Version++
	a.Updated = tx.Now()
	return nil
}

func setCustomers(ctx context.Context, tx *db.Tx, id string, customers []string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM account_customers WHERE account_id = $1`, id); err != nil {
		return err
	}
	return addCustomers(ctx, tx, id, customers)
}

func addCustomers(ctx context.Context, tx *db.Tx, id string, customers []string) error {
	for _, c := range customers {
		if _, err := tx.Exec(ctx, `INSERT INTO account_customers (account_id, tenant_id) VALUES ($1, $2)`, id, c); err != nil {
			return err
		}
	}
	return nil
}

// setPassword stores a new hash and remembers it, so that it is not chosen again soon (CH-14). Links that could set
// another one end.
func setPassword(ctx context.Context, tx *db.Tx, id, hash string, mustChange bool) error {
	if _, err := tx.Exec(ctx, `UPDATE account_accounts SET password_hash = $2, password_changed = $3, must_change = $4,
		state = CASE WHEN state = 'invited' AND $5 THEN 'active' ELSE state END, updated = $3, version = version + 1
		WHERE id = $1`, id, hash, tx.Now(), mustChange, !mustChange); err != nil {
		return err
	}
	if err := endLinks(ctx, tx, id, InviteLink, ResetLink); err != nil {
		return err
	}
	return rememberHash(ctx, tx, id, hash)
}

// hashesMost is the longest memory that a policy can ask for.
const hashesMost = 24

func rememberHash(ctx context.Context, tx *db.Tx, id, hash string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO account_passwords (account_id, at, hash) VALUES ($1, $2, $3)
		ON CONFLICT (account_id, at) DO UPDATE SET hash = excluded.hash`, id, tx.Now(), hash); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM account_passwords WHERE account_id = $1 AND at NOT IN
		(SELECT at FROM account_passwords WHERE account_id = $1 ORDER BY at DESC LIMIT $2)`, id, hashesMost)
	return err
}

func lastHashes(ctx context.Context, q db.Q, id string, n int) ([]string, error) {
	var h []string
	err := q.Select(ctx, &h, `SELECT hash FROM account_passwords WHERE account_id = $1 ORDER BY at DESC LIMIT $2`, id, n)
	return h, err
}

// endSessions ends all sessions of an account but one ("" for none).
func endSessions(ctx context.Context, tx *db.Tx, accountID, except string) error {
	_, err := tx.Exec(ctx, `DELETE FROM account_sessions WHERE account_id = $1 AND id <> $2`, accountID, except)
	return err
}

// Query narrows a list of accounts.
type Query struct {
	Text  string // part of name or e-mail
	Role  access.Role
	State State
	Subs  *bool // only sub accounts, or none
	Page  db.Page
}

func list(ctx context.Context, q db.Q, tenantID string, f Query) ([]Account, string, error) {
	a := q.Args()
	where := `tenant_id = ` + a.Add(tenantID) + ` AND state <> 'deleted'`
	if f.State != "" {
		where += ` AND state = ` + a.Add(f.State)
	}
	if f.Text != "" {
		t := a.Add(db.Contains(f.Text))
		where += ` AND (name_fold LIKE ` + t + ` ESCAPE '\' OR email_fold LIKE ` + t + ` ESCAPE '\')`
	}
	if f.Role != "" {
		where += ` AND roles LIKE ` + a.Add(`%"`+string(f.Role)+`"%`)
	}
	if f.Subs != nil {
		not := " NOT"
		if *f.Subs {
			not = ""
		}
		where += ` AND roles` + not + ` LIKE ` + a.Add(`%"`+string(access.PartnerSubAccount)+`"%`)
	}
	k, err := f.Page.Keyset(a, "id", db.Sort{Name: "name", Column: "name_fold"}, db.Sort{Name: "email", Column: "email_fold"},
		db.Sort{Name: "created", Column: "created", Number: true})
	if err != nil {
		return nil, "", err
	}
	var rows []Account
	if err := q.Select(ctx, &rows, `SELECT `+accountColumns+` FROM account_accounts WHERE `+where+` AND `+k.Where+
		` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	for i := range rows {
		if err := rows[i].unpack(); err != nil {
			return nil, "", err
		}
	}
	rows, next := db.Cut(k, rows, func(r Account) (any, string) {
		switch k.SortName() {
		case "email":
			return r.EmailFold, r.ID
		case "created":
			return r.Created.UnixMilli(), r.ID
		}
		return r.NameFold, r.ID
	})
	return rows, next, nil
}
