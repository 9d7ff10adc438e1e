// Package access owns the one decision of Linecard: may this actor do this action to that target, and which rows may it
// see. It holds the actors, the actions, the roles as data and the flags that restrict them.
//
// It is pure: it reads no database and knows no table. Whoever asks brings the actor and the target; nothing else in the
// house decides. Effective right = role AND data scope AND relation AND NOT flag restrictions (spec 4.3, invariant 8).
package access

import (
	"context"
	"slices"
	"strings"

	"linecard/internal/errs"
)

// TenantKind is the level of a tenant in the tree.
type TenantKind string

// The levels, from the top. Depth is at most partner → sub-partner → customer (spec 4.3, invariant 2).
const (
	Operator   TenantKind = "operator"
	Partner    TenantKind = "partner"
	SubPartner TenantKind = "sub_partner"
	Customer   TenantKind = "customer"
)

// Tenant is what a decision needs to know of a tenant. Scope is the path of short keys from the operator down and ends
// with '.', so that a prefix is an ancestor.
type Tenant struct {
	ID    string
	Kind  TenantKind
	Scope string
	Name  string
}

// Within says whether t is other or lies below it.
func (t Tenant) Within(other Tenant) bool {
	return other.Scope != "" && strings.HasPrefix(t.Scope, other.Scope)
}

// below says whether t lies below other and is not other itself.
func (t Tenant) below(other Tenant) bool { return t.Scope != other.Scope && t.Within(other) }

// ActorKind says what sort of actor acts.
type ActorKind string

// The kinds of actor.
const (
	Person  ActorKind = "person"  // signed in with a session
	Machine ActorKind = "machine" // a bearer token or an OAuth 2 client
	System  ActorKind = "system"  // Linecard itself: jobs, the first start
)

// Actor is who acts. The zero Actor may do nothing.
type Actor struct {
	ID      string // account id; for a machine the id of its token or client
	Account string // the account whose rights these are; a person's own id, a machine's creator
	Kind    ActorKind
	Name    string
	Email   string
	Tenant  Tenant // where the account belongs
	Roles   []Role

	Functions    []Action // what a sub account may do (CH-87); read only when Roles holds partner_sub_account
	AllCustomers bool     // data permission of a sub account: all including future ones (CH-88)
	Customers    []Tenant // data permission of a sub account: these

	Limits             []Action // a machine's scopes, never more than its creator had; nil: no further limit
	MustChangePassword bool     // first sign-in: nothing but changing the password (CH-3)
	Acting             *Delegation

	SessionID string
	IP        string
	RequestID string
	Locale    string
}

// Delegation is work inside another tenant under the actor's own identity (CH-32, WS-84).
type Delegation struct {
	Tenant   Tenant
	Portal   Portal
	Via      RelationScope // the relation that opened the door; it is checked again with every decision
	ReadOnly bool
}

// Portal is the door through which somebody entered another tenant.
type Portal string

// The doors.
const (
	DevicePortal   Portal = "device"   // device management of a customer, needs an authorisation (CH-29)
	RedirectPortal Portal = "redirect" // redirect service of a customer, needs none (CH-30)
	PartnerPortal  Portal = "partner"  // a sub-partner's portal (WS-84)
)

// RelationScope is what a relation between two tenants allows.
type RelationScope string

// The scopes of relations (spec 4.3, invariant 3).
const (
	DeviceManage    RelationScope = "device_manage"
	RedirectManage  RelationScope = "redirect_manage"
	WholesaleManage RelationScope = "wholesale_manage"
)

// Grant is a relation in force from the actor's tenant (or an ancestor) to the target.
type Grant struct {
	Scope    RelationScope
	ReadOnly bool
}

// Flags are the independent restrictions of a tenant (spec 4.3, invariant 8).
type Flags struct {
	Frozen                bool // may not sign in or act (CH-24)
	ProvisioningSuspended bool // a sub-partner may delete but not create or update (WS-89)
	RestrictedByPartner   bool // customer administrators lack the restricted controls (WS-153)
	ScreeningPending      bool // not cleared yet: no service may be provisioned (WS-46)
}

// Target is what an action is done to: a tenant, or something that belongs to it.
type Target struct {
	Tenant      Tenant
	Flags       Flags
	Permissions []string // permission types of a customer: DMP, RPS (CH-18)
	Grants      []Grant  // relations in force between the actor's tenant and this one
	ActorFrozen bool     // the actor's own tenant is frozen or gone, so the actor may do nothing (CH-15, CH-24)
}

// Place gives the tenant inside which the actor works: the entered one while acting, else its own.
func (a Actor) Place() Tenant {
	if a.Acting != nil {
		return a.Acting.Tenant
	}
	return a.Tenant
}

// Has says whether the actor holds the role.
func (a Actor) Has(r Role) bool { return slices.Contains(a.Roles, r) }

// SystemActor is Linecard itself at work, with all rights; name says which part ("scheduler", "demo").
func SystemActor(name string) Actor { return Actor{ID: "system", Kind: System, Name: name} }

type actorKey struct{}

// With puts the actor into ctx for the edges; services take it as an argument.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// From gives the actor of ctx; false when nobody is signed in.
func From(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}

// The refusals. A foreign object is never one of these: it is NotFound like an unknown one.
var (
	errForbidden      = errs.New(errs.Forbidden, "forbidden", "Your role does not allow this. Ask an administrator of your organisation.")
	errMustChange     = errs.New(errs.Forbidden, "password_change_required", "Change your password first.")
	errReadOnly       = errs.New(errs.Forbidden, "read_only_session", "This session may look but not change anything.")
	errNotAuthorised  = errs.New(errs.Forbidden, "not_authorised_by_customer", "The customer has not authorised you to manage its devices. Ask it for authorisation.")
	errNoPermission   = errs.New(errs.Forbidden, "permission_type_missing", "The customer does not have this permission type.")
	errFrozen         = errs.New(errs.Forbidden, "frozen", "This account is suspended. Contact your provider.")
	errSuspended      = errs.New(errs.Forbidden, "sub_partner_suspended", "Provisioning is suspended for this sub-partner. Contact the partner.")
	errRestricted     = errs.New(errs.Forbidden, "restricted_by_partner", "Your provider has reserved this setting for itself.")
	errScreening      = errs.New(errs.Forbidden, "screening_pending", "The compliance check of this customer is not finished yet.")
	errTokenScope     = errs.New(errs.Forbidden, "insufficient_scope", "The token does not hold the scope for this.")
	errNotCrossLaunch = errs.New(errs.Forbidden, "not_in_cross_launch", "This is not available while you act for another organisation.")
)
