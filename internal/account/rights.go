package account

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

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

// mayBegin decides whether the actor may make the first administrator of a tenant: whoever may create such tenants there
// may, with the registered address and the full rights of that kind of tenant, and nothing else (CH-15, CH-17, CH-19). When the
// tenant was just made, that was decided a moment ago under the lock of its parent.
func (s *Service) mayBegin(ctx context.Context, a access.Actor, acc Account, t tenant.Tenant, justMade bool) error {
	if a.Kind == access.System {
		return nil
	}
	create := map[access.TenantKind]access.Action{access.Partner: access.PartnerCreate, access.SubPartner: access.SubPartnerCreate,
		access.Customer: access.CustomerCreate}[t.Kind]
	if create == "" {
		return errs.Missing("object")
	}
	if !justMade {
		_, above, err := s.tenants.Target(ctx, s.db, a, t.ParentID)
		if err != nil {
			return err
		}
		if err := access.Decide(a, create, above); err != nil {
			return err
		}
	}
	full := []access.Role{access.PartnerFullAdmin, access.PartnerWholesaleAdmin} // both, or sub-partners are out of reach (WS-83)
	if t.Kind == access.Customer {
		full = []access.Role{access.CustomerFullAdmin}
	}
	for _, r := range acc.Roles {
		if !slices.Contains(full, r) {
			return errMoreThanOwn
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
