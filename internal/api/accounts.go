package api

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
)

// Account is a person who signs in.
type Account struct {
	ID           string     `json:"id"`
	TenantID     string     `json:"tenant_id"`
	Realm        string     `json:"realm" enum:"operator,partner,customer"`
	Email        string     `json:"email"`
	Name         string     `json:"name"`
	Phone        string     `json:"phone"`
	Locale       string     `json:"locale"`
	TimeZone     string     `json:"time_zone"`
	Roles        []string   `json:"roles"`
	Functions    []string   `json:"functions" doc:"What a sub account may do (CH-87)"`
	Customers    []string   `json:"customers" doc:"Ids of the customers that a sub account was given (CH-88); empty in lists"`
	AllCustomers bool       `json:"all_customers"`
	State        string     `json:"state" enum:"invited,active,disabled"`
	First        bool       `json:"first" doc:"First administrator: signs in with the registered e-mail"`
	SecondFactor bool       `json:"second_factor"`
	LastSignIn   *time.Time `json:"last_sign_in"`
	Created      time.Time  `json:"created"`
	Updated      time.Time  `json:"updated"`
}

func accountOf(x account.Account) Account {
	return Account{ID: x.ID, TenantID: x.TenantID, Realm: string(x.Realm), Email: x.Email, Name: x.Name, Phone: x.Phone, Locale: x.Locale,
		TimeZone: x.TimeZone, Roles: words(x.Roles), Functions: words(x.Functions), Customers: orEmpty(x.Customers), AllCustomers: x.AllCustomers,
		State: string(x.State), First: x.First, SecondFactor: x.SecondFactor, LastSignIn: when(x.LastSignIn), Created: x.Created.Time, Updated: x.Updated.Time}
}

// words gives named strings as plain ones.
func words[T ~string](in []T) []string {
	out := make([]string, 0, len(in))
	for _, w := range in {
		out = append(out, string(w))
	}
	return out
}

// named gives plain strings as named ones; nil stays nil.
func named[T ~string](in []string) []T {
	if in == nil {
		return nil
	}
	out := make([]T, 0, len(in))
	for _, w := range in {
		out = append(out, T(w))
	}
	return out
}

// AccountRef names the account in a path.
type AccountRef struct {
	Account string `path:"account" doc:"Id of the account"`
}

type listAccountsIn struct {
	Paged
	Q        string `query:"q" maxLength:"200" doc:"Part of name or e-mail"`
	Sort     string `query:"sort" enum:"name,-name,email,-email,created,-created"`
	Role     string `query:"role"`
	State    string `query:"state" enum:"invited,active,disabled"`
	Sub      string `query:"sub_accounts" enum:"true,false" doc:"Only sub accounts, or none"`
	TenantID string `query:"tenant_id" doc:"Of this organisation; absent: your own"`
}

func (a *API) listAccounts(ctx context.Context, c *call, in *listAccountsIn) (List[Account], error) {
	all, next, err := a.d.Accounts.List(ctx, c.actor, in.TenantID, account.Query{Text: in.Q, Role: access.Role(in.Role),
		State: account.State(in.State), Subs: yesNo(in.Sub), Page: in.page(in.Sort)})
	return listOf(all, next, accountOf), err
}

// NewAccount is an invitation; a one-time link is mailed to the address (CH-19).
type NewAccount struct {
	TenantID     string   `json:"tenant_id,omitempty" doc:"Absent: your own organisation"`
	Email        string   `json:"email" minLength:"1" maxLength:"254"`
	Name         string   `json:"name" minLength:"1" maxLength:"128"`
	Phone        string   `json:"phone,omitempty" maxLength:"32"`
	Locale       string   `json:"locale,omitempty"`
	TimeZone     string   `json:"time_zone,omitempty"`
	Roles        []string `json:"roles" minItems:"1" maxItems:"20"`
	Functions    []string `json:"functions,omitempty" maxItems:"100" doc:"Sub accounts: what they may do (CH-87)"`
	Customers    []string `json:"customers,omitempty" maxItems:"1000" doc:"Sub accounts: for which customers (CH-88)"`
	AllCustomers bool     `json:"all_customers,omitempty" doc:"Sub accounts: for all, also future ones"`
}

type createAccountIn struct{ Body NewAccount }

// createAccount takes no password: the person sets it by the link, and nobody else ever knows it.
func (a *API) createAccount(ctx context.Context, c *call, in *createAccountIn) (Account, error) {
	b := in.Body
	acc, err := a.d.Accounts.Invite(ctx, c.actor, account.Invitation{TenantID: b.TenantID, Email: b.Email, Name: b.Name, Phone: b.Phone, Locale: b.Locale,
		TimeZone: b.TimeZone, Roles: named[access.Role](b.Roles), Functions: named[access.Action](b.Functions), Customers: b.Customers, AllCustomers: b.AllCustomers})
	if err == nil {
		c.created("/accounts/"+acc.ID, acc.Version)
		c.taggedLoosely(acc.Version)
	}
	return accountOf(acc), err
}

func (a *API) getAccount(ctx context.Context, c *call, in *AccountRef) (Account, error) {
	acc, err := a.d.Accounts.Get(ctx, c.actor, in.Account)
	c.taggedLoosely(acc.Version)
	return accountOf(acc), err
}

// ProfileChanges are what a person may change of the own account; a field that is absent stays.
type ProfileChanges struct {
	Name     *string `json:"name,omitempty" minLength:"1" maxLength:"128"`
	Phone    *string `json:"phone,omitempty" maxLength:"32"`
	Locale   *string `json:"locale,omitempty"`
	TimeZone *string `json:"time_zone,omitempty"`
}

// AccountChanges are what an administrator may change.
type AccountChanges struct {
	ProfileChanges
	Email        *string   `json:"email,omitempty" maxLength:"254" doc:"Takes effect when the link mailed to it was followed (CH-12)"`
	Roles        *[]string `json:"roles,omitempty" minItems:"1" maxItems:"20"`
	Functions    *[]string `json:"functions,omitempty" maxItems:"100"`
	Customers    *[]string `json:"customers,omitempty" maxItems:"1000"`
	AllCustomers *bool     `json:"all_customers,omitempty"`
}

type editAccountIn struct {
	AccountRef
	Body AccountChanges
}

func (a *API) editAccount(ctx context.Context, c *call, in *editAccountIn) (Account, error) {
	b := in.Body
	p := account.Patch{Name: b.Name, Phone: b.Phone, Locale: b.Locale, TimeZone: b.TimeZone, Email: b.Email, Customers: b.Customers,
		AllCustomers: b.AllCustomers, IfVersion: c.ifVersion()}
	if b.Roles != nil {
		roles := named[access.Role](*b.Roles)
		p.Roles = &roles
	}
	if b.Functions != nil {
		functions := named[access.Action](*b.Functions)
		p.Functions = &functions
	}
	return a.patchAccount(ctx, c, in.Account, p)
}

func (a *API) patchAccount(ctx context.Context, c *call, id string, p account.Patch) (Account, error) {
	acc, err := a.d.Accounts.Edit(ctx, c.actor, id, p)
	c.taggedLoosely(acc.Version)
	return accountOf(acc), err
}

func (a *API) switchAccount(off bool) func(context.Context, *call, *AccountRef) (Account, error) {
	return func(ctx context.Context, c *call, in *AccountRef) (Account, error) {
		return a.patchAccount(ctx, c, in.Account, account.Patch{Disabled: &off, IfVersion: c.ifVersion()})
	}
}

func (a *API) deleteAccount(ctx context.Context, c *call, in *AccountRef) (none, error) {
	return none{}, a.d.Accounts.Delete(ctx, c.actor, in.Account)
}

func (a *API) resetAccount(ctx context.Context, c *call, in *AccountRef) (Sent, error) {
	acc, err := a.d.Accounts.ResetPassword(ctx, c.actor, in.Account)
	return Sent{Email: acc.Email}, err
}

func (a *API) unlockAccount(ctx context.Context, c *call, in *AccountRef) (none, error) {
	return none{}, a.d.Accounts.Unlock(ctx, c.actor, in.Account)
}

func (a *API) resetSecondFactor(ctx context.Context, c *call, in *AccountRef) (none, error) {
	return none{}, a.d.Accounts.ResetSecondFactor(ctx, c.actor, in.Account)
}

// Me is who asks, with what: the account whose rights these are, and the token.
type Me struct {
	Account
	TokenID     string   `json:"token_id"`
	TenantName  string   `json:"tenant_name"`
	TenantKind  string   `json:"tenant_kind" enum:"operator,partner,sub_partner,customer"`
	Permissions []string `json:"permissions" doc:"What this token may do somewhere"`
}

func (a *API) me(ctx context.Context, c *call, _ *struct{}) (Me, error) {
	acc, err := a.d.Accounts.Me(ctx, c.actor)
	c.taggedLoosely(acc.Version)
	return a.meOf(c, acc), err
}

func (a *API) meOf(c *call, acc account.Account) Me {
	m := Me{Account: accountOf(acc), TokenID: c.actor.ID, TenantName: c.actor.Tenant.Name, TenantKind: string(c.actor.Tenant.Kind), Permissions: []string{}}
	for _, act := range access.Actions() {
		if c.actor.Can(act) {
			m.Permissions = append(m.Permissions, string(act))
		}
	}
	return m
}

type editMeIn struct{ Body ProfileChanges }

func (a *API) editMe(ctx context.Context, c *call, in *editMeIn) (Me, error) {
	b := in.Body
	acc, err := a.d.Accounts.EditMe(ctx, c.actor, account.Profile{Name: b.Name, Phone: b.Phone, Locale: b.Locale, TimeZone: b.TimeZone, IfVersion: c.ifVersion()})
	c.taggedLoosely(acc.Version)
	return a.meOf(c, acc), err
}

// RoleInfo is a role that can be held.
type RoleInfo struct {
	Role        string   `json:"role"`
	Permissions []string `json:"permissions"`
}

// Roles are what accounts of an organisation like yours can be given.
type Roles struct {
	Roles     []RoleInfo `json:"roles"`
	Functions []string   `json:"functions" doc:"What a sub account can be granted (CH-87)"`
}

func (a *API) roles(_ context.Context, c *call, _ *struct{}) (Roles, error) {
	r := Roles{Roles: []RoleInfo{}, Functions: words(access.Functions())}
	for _, role := range access.Roles(c.actor.Place().Kind) {
		r.Roles = append(r.Roles, RoleInfo{Role: string(role), Permissions: words(access.Granted([]access.Role{role}, nil))})
	}
	return r, nil
}
