package account

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
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

	First    bool          // the first administrator of a new tenant
	Password secret.String // a supplied password must be changed at the first sign-in (CH-3); without one a link is mailed (CH-19)
	Keep     bool          // the supplied password need not be changed: only the demo and rescue use it, as the system
}

// Invite creates an account and mails its one-time link. An address that is taken is Conflict with the field's name.
func (s *Service) Invite(ctx context.Context, a access.Actor, in Invitation) (Account, error) {
	if in.TenantID == "" {
		in.TenantID = a.Place().ID
	}
	t, target, err := s.tenants.Target(ctx, s.db, a, in.TenantID)
	if err != nil {
		return Account{}, err
	}
	acc := Account{ID: db.NewID(), Realm: RealmOf(t.Kind), TenantID: t.ID, Scope: t.Scope, Roles: in.Roles, Functions: in.Functions,
		Customers: in.Customers, AllCustomers: in.AllCustomers, State: Invited, First: in.First}
	if err := s.mayManage(a, acc, target); err != nil {
		return Account{}, err
	}
	if err := s.checked(ctx, a, t, &acc, in); err != nil {
		return Account{}, err
	}
	if !in.Password.Empty() {
		if acc.PasswordHash, err = s.suppliedPassword(ctx, a, acc, in); err != nil {
			return Account{}, err
		}
		acc.PasswordChanged, acc.MustChange = s.db.Now(), !in.Keep
		if in.Keep {
			acc.State = Active
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := insert(ctx, tx, acc); err != nil {
			return err
		}
		if acc.PasswordHash == "" {
			if err := s.invite(ctx, tx, acc, t); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, a, "account.created", "account/create", t.Access(), acc.ID, acc.Email, map[string]any{"roles": acc.Roles})
	})
	if err != nil {
		return Account{}, err
	}
	return byID(ctx, s.db, acc.ID)
}

func (s *Service) suppliedPassword(ctx context.Context, a access.Actor, acc Account, in Invitation) (string, error) {
	if in.Keep && a.Kind != access.System {
		return "", errMoreThanOwn
	}
	return s.newPassword(ctx, acc, "password", in.Password)
}

// invite makes the first link and mails it.
func (s *Service) invite(ctx context.Context, tx *db.Tx, acc Account, t tenant.Tenant) error {
	to, err := s.newLink(ctx, tx, acc, InviteLink, inviteLife, "")
	if err != nil {
		return err
	}
	kind := deliver.Invitation
	if acc.IsSub() {
		kind = deliver.SubAccountInvitation
	}
	if acc.Locale == "" {
		acc.Locale = t.Locale
	}
	return s.letter(ctx, tx, acc, acc.Email, kind, map[string]string{"name": acc.Name, "link": to, "email": acc.Email, "tenant": t.Name, "hours": "72",
		"portal": s.link(acc.Realm, "/"+string(acc.Realm))})
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
	if err := c.Err(); err != nil {
		return err
	}
	return s.checkCustomers(ctx, a, t, acc)
}

// checkRights refuses roles that cannot be held here and functions that do not exist.
func checkRights(c *errs.Checker, k access.TenantKind, acc *Account) {
	slices.Sort(acc.Roles)
	acc.Roles = slices.Compact(acc.Roles)
	slices.Sort(acc.Functions)
	acc.Functions = slices.Compact(acc.Functions)
	if len(acc.Roles) == 0 {
		c.Add(errs.Field{Name: "roles", Code: "required", Message: "Choose at least one role."})
	}
	for _, r := range acc.Roles {
		if !slices.Contains(access.Roles(k), r) {
			c.Add(errs.Field{Name: "roles", Code: "unknown_role", Message: "This role does not exist here."})
			break
		}
	}
	if !acc.IsSub() {
		acc.Functions, acc.Customers, acc.AllCustomers = nil, nil, false
		return
	}
	if len(acc.Functions) == 0 {
		c.Add(errs.Field{Name: "functions", Code: "required", Message: "Choose at least one function."})
	}
	for _, f := range acc.Functions {
		if !slices.Contains(access.Functions(), f) {
			c.Add(errs.Field{Name: "functions", Code: "unknown_function", Message: "This function does not exist."})
			break
		}
	}
	if len(acc.Customers) == 0 && !acc.AllCustomers {
		c.Add(errs.Field{Name: "customers", Code: "required", Message: "Choose at least one customer, or all."})
	}
}

// checkCustomers makes sure that a sub account is given customers of its own tenant that the actor sees (CH-86, CH-88).
func (s *Service) checkCustomers(ctx context.Context, a access.Actor, t tenant.Tenant, acc *Account) error {
	if !acc.IsSub() {
		return nil
	}
	own, err := s.tenants.List(ctx, a, tenant.Query{Kind: access.Customer, ParentID: t.ID, Page: db.Page{Limit: 1}})
	if err != nil {
		return err
	}
	if own.Total == 0 {
		return errNoCustomers
	}
	slices.Sort(acc.Customers)
	acc.Customers = slices.Compact(acc.Customers)
	for _, id := range acc.Customers {
		c, target, err := s.tenants.Target(ctx, s.db, a, id)
		if err == nil {
			err = access.Decide(a, access.CustomerView, target)
		}
		if err != nil && errs.KindOf(err) == errs.Unavailable {
			return err
		}
		if err != nil || c.Kind != access.Customer || !c.Access().Within(t.Access()) {
			return errs.BadField("customers", "unknown_customer", "One of the chosen customers does not exist.")
		}
	}
	return nil
}

// mayManage decides whether the actor may create or change this account: whoever manages accounts any of them, whoever
// manages sub accounts only those, and never with more rights than the actor's own (CH-87).
func (s *Service) mayManage(a access.Actor, acc Account, target access.Target) error {
	err := access.Decide(a, access.AccountEdit, target)
	if err == nil {
		return withinLimits(a, acc)
	}
	if errs.KindOf(err) != errs.Forbidden || !acc.IsSub() || len(acc.Roles) != 1 {
		return err
	}
	if err := access.Decide(a, access.AccountSub, target); err != nil {
		return err
	}
	for _, f := range acc.Functions {
		if !a.Can(f) {
			return errMoreThanOwn
		}
	}
	if a.Has(access.PartnerSubAccount) && !a.AllCustomers {
		if acc.AllCustomers {
			return errMoreThanOwn
		}
		for _, id := range acc.Customers {
			if !slices.ContainsFunc(a.Customers, func(t access.Tenant) bool { return t.ID == id }) {
				return errMoreThanOwn
			}
		}
	}
	return withinLimits(a, acc)
}

// withinLimits keeps a narrowed machine token from making an account that can do more than the token.
func withinLimits(a access.Actor, acc Account) error {
	if a.Limits == nil {
		return nil
	}
	for _, act := range access.Granted(acc.Roles, acc.Functions) {
		if act != access.Self && !slices.Contains(a.Limits, act) {
			return errMoreThanOwn
		}
	}
	return nil
}

// managed gives an account of a tenant that the actor may do act to; NotFound for a foreign or unknown one.
func (s *Service) managed(ctx context.Context, a access.Actor, id string, act access.Action) (Account, access.Tenant, error) {
	acc, err := byID(ctx, s.db, id)
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
