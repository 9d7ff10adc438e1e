package account

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Invitation is a new account.
type Invitation struct {
	TenantID     string // "": where the actor works
	Email        string
	Name         string
	Phone        string
	Locale       string
	TimeZone     string
	Roles        []access.Role
	Functions    []access.Action // sub accounts (CH-87)
	Customers    []string        // sub accounts: tenant ids (CH-88)
	AllCustomers bool

	First    bool           // the first administrator of a new tenant
	Of       *tenant.Tenant // with First: the tenant, when the caller has made it in this transaction for this actor; nil: the one with TenantID
	Password secret.String  // a supplied password must be changed at the first sign-in (CH-3); without one a link is mailed (CH-19)
	Hashed   Hashed         // the same, made by HashPassword, for callers that are inside a transaction
	Keep     bool           // the supplied password need not be changed: only the system may say so
}

// Invite creates an account and mails its one-time link. An address that is taken is Conflict with the field's name. No edge
// may offer a password together with First to a reseller: it could sign in as its customer and authorise itself (CH-31).
func (s *Service) Invite(ctx context.Context, a access.Actor, in Invitation) (Account, error) {
	if in.TenantID == "" {
		in.TenantID = a.Place().ID
	}
	t, target, err := s.inviting(ctx, a, in)
	if err != nil {
		return Account{}, err
	}
	acc := Account{ID: db.NewID(), Realm: RealmOf(t.Kind), TenantID: t.ID, Scope: t.Scope, Roles: in.Roles, Functions: in.Functions,
		Customers: in.Customers, AllCustomers: in.AllCustomers, State: Invited, First: in.First}
	if in.First {
		err = s.mayBegin(ctx, a, acc, t, in.Of != nil)
	} else {
		err = s.mayManage(a, acc, target)
	}
	if err != nil {
		return Account{}, err
	}
	if err := s.checked(ctx, a, t, &acc, in); err != nil {
		return Account{}, err
	}
	if err := s.supplied(ctx, a, &acc, in); err != nil {
		return Account{}, err
	}
	var out Account
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if in.Of == nil {
			if _, _, err := s.tenants.Locked(ctx, tx, a, t.ID); err != nil { // so that it is not archived meanwhile
				return err
			}
		}
		out = acc
		if err := insert(ctx, tx, &out); err != nil {
			return err
		}
		if out.PasswordHash == "" {
			if err := s.invite(ctx, tx, out, t); err != nil {
				return err
			}
		}
		if err := s.note(ctx, tx, a, "account.created", "account/create", t.Access(), out.ID, out.Email, map[string]any{"roles": out.Roles}); err != nil {
			return err
		}
		out.Customers = nil
		out, err = withCustomers(ctx, tx, out)
		return err
	})
	return out, err
}

// inviting gives the tenant of an invitation. One that the caller's transaction has just made nobody else can see yet, so it needs
// no lock either; about its first administrator mayBegin decides without a target.
func (s *Service) inviting(ctx context.Context, a access.Actor, in Invitation) (tenant.Tenant, access.Target, error) {
	if in.Of == nil {
		return s.tenants.Target(ctx, s.db, a, in.TenantID)
	}
	if !in.First {
		return tenant.Tenant{}, access.Target{}, errs.Missing("object")
	}
	return *in.Of, access.Target{}, nil
}

// supplied gives the account the password that came with the invitation, if any.
func (s *Service) supplied(ctx context.Context, a access.Actor, acc *Account, in Invitation) error {
	if !in.Password.Empty() {
		var err error
		if in.Hashed, err = s.HashPassword(ctx, acc.TenantID, acc.Email, in.Password); err != nil {
			return err
		}
	}
	if in.Hashed.hash == "" {
		return nil
	}
	if in.Keep && a.Kind != access.System {
		return errMoreThanOwn
	}
	acc.PasswordHash, acc.PasswordChanged, acc.MustChange = in.Hashed.hash, s.db.Now(), !in.Keep
	if in.Keep {
		acc.State = Active
	}
	return nil
}

// checked validates the fields of a new account and the references of a sub account.
func (s *Service) checked(ctx context.Context, a access.Actor, t tenant.Tenant, acc *Account, in Invitation) error {
	var c errs.Checker
	acc.Email = c.Email("email", in.Email, true)
	acc.Name = c.Text("name", in.Name, 1, 128)
	acc.Phone = c.Phone("phone", in.Phone)
	acc.Locale = c.Locale("locale", in.Locale)
	acc.TimeZone = c.TimeZone("time_zone", in.TimeZone)
	checkRights(&c, t.Kind, acc)
	if in.First && a.Kind != access.System && !c.Failed("email") && db.Fold(acc.Email) != db.Fold(t.Email) {
		c.Add(errs.Field{Name: "email", Code: "not_registered", Message: "The first administrator has the registered e-mail address."})
	}
	if err := c.Err(); err != nil {
		return err
	}
	return s.checkCustomers(ctx, a, t, acc)
}

// changing is the frame of a change of somebody's account: the row is locked, so that changes come one after the other, then
// it is read and decided.
func (s *Service) changing(ctx context.Context, a access.Actor, id string, act access.Action,
	fn func(ctx context.Context, tx *db.Tx, acc Account, of access.Tenant) error,
) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockAccount(ctx, tx, id); err != nil {
			return err
		}
		acc, of, err := s.managed(ctx, a, id, act)
		if err != nil {
			return err
		}
		tx.AfterCommit(s.machines.forgetAll)
		return fn(ctx, tx, acc, of)
	})
}

// managed gives an account of a tenant that the actor may do act to; NotFound for a foreign or unknown one.
func (s *Service) managed(ctx context.Context, a access.Actor, id string, act access.Action) (Account, access.Tenant, error) {
	acc, err := byID(ctx, s.db, id)
	if err == nil {
		acc, err = withCustomers(ctx, s.db, acc)
	}
	if err != nil {
		return acc, access.Tenant{}, err
	}
	t, target, err := s.tenants.Target(ctx, s.db, a, acc.TenantID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errs.Missing("account")
		}
		return Account{}, access.Tenant{}, err
	}
	switch {
	case act == access.AccountEdit:
		err = s.mayManage(a, acc, target)
	case acc.IsSub() && a.Can(access.AccountSub):
		err = access.Decide(a, access.AccountSub, target)
	default:
		err = access.Decide(a, act, target)
	}
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errs.Missing("account")
		}
		return Account{}, access.Tenant{}, err
	}
	return acc, t.Access(), nil
}

// Get gives an account with its data permissions; NotFound when it is foreign or unknown.
func (s *Service) Get(ctx context.Context, a access.Actor, id string) (Account, error) {
	if id == a.Account && id != "" && a.Acting == nil {
		return s.Me(ctx, a)
	}
	acc, _, err := s.managed(ctx, a, id, access.AccountView)
	return acc, err
}

// List gives the accounts of a tenant ("" for where the actor works), page by page. Who may only manage sub accounts sees
// only those.
func (s *Service) List(ctx context.Context, a access.Actor, tenantID string, f Query) ([]Account, string, error) {
	if tenantID == "" {
		tenantID = a.Place().ID
	}
	t, target, err := s.tenants.Target(ctx, s.db, a, tenantID)
	if err != nil {
		return nil, "", err
	}
	if err := access.Decide(a, access.AccountView, target); err != nil {
		if errs.KindOf(err) != errs.Forbidden || access.Decide(a, access.AccountSub, target) != nil {
			return nil, "", err
		}
		only := true
		f.Subs = &only
	}
	return list(ctx, s.db, t.ID, f)
}
