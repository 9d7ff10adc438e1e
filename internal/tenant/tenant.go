// Package tenant owns the tree of organisations: operator → partner → sub-partner → customer. It holds their life cycle and
// flags, the relations that let one act for another, the orders that raise a customer's limits, and the policies that a
// tenant sets for itself and everything below it.
//
// It must not know people, passwords or sessions (room account), phones (device) or mails: whoever needs to act on a change
// registers a hook, which runs in the same transaction. Nobody else writes its tables, and Target is the one place where a
// tenant's flags, permissions and relations are gathered for a decision of access.
package tenant

import (
	"database/sql/driver"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// State says whether a tenant is in use.
type State string

// The states. An archived tenant is hidden, keeps its log, and can never be used again (CH-27).
const (
	Active   State = "active"
	Archived State = "archived"
)

// The permission types of a customer (CH-18).
const (
	DMP = "DMP" // device management portal
	RPS = "RPS" // redirect portal
)

// The states of the compliance check of a customer. Channel customers need none and are clear.
const ScreeningClear = "clear"

// Tenant is one organisation of the tree.
type Tenant struct {
	ID         string            `db:"id"`
	Kind       access.TenantKind `db:"kind"`
	ParentID   string            `db:"parent_id"`   // "" for the operator
	ParentKind access.TenantKind `db:"parent_kind"` // "" for the operator
	ParentName string            `db:"parent_name"`
	Key        string            `db:"key"`
	Scope      string            `db:"scope"` // never changes in place

	Name       string `db:"name"`
	NameFold   string `db:"name_fold"`
	Email      string `db:"email"` // the registered e-mail; "" only for an operator without one
	Contact    string `db:"contact"`
	Phone      string `db:"phone"`
	Country    string `db:"country"` // ISO 3166-1 alpha-2
	Address    string `db:"address"`
	Remarks    string `db:"remarks"` // the provider's notes; the tenant itself does not see them
	ExternalID string `db:"external_id"`
	Locale     string `db:"locale"`    // "": that of the reader
	TimeZone   string `db:"time_zone"` // IANA name; "": UTC
	Host       string `db:"host"`      // customers: first label of the address of their phones (DM-117)

	Permissions Permissions `db:"permission_types"`
	Wholesale   bool        `db:"wholesale"` // onboarded under the wholesale offer
	Legacy      bool        `db:"legacy"`    // of the older offer; only the migration tool changes it (WS-40)
	State       State       `db:"state"`

	Frozen                bool   `db:"frozen"`               // neither it nor its people may sign in (CH-24)
	FreezeStopsService    bool   `db:"freeze_stops_service"` // and its phones are not served (CH-26)
	FreezeReason          string `db:"freeze_reason"`
	ProvisioningSuspended bool   `db:"provisioning_suspended"` // sub-partners (WS-89)
	Restricted            bool   `db:"restricted_by_partner"`  // customers (WS-153)
	Screening             string `db:"screening"`

	MailID   string  `db:"mail_id"` // the last account mail, "" when none was sent (CH-19)
	Version  int64   `db:"version"` // grows with every change; the ETag
	Created  db.Time `db:"created"`
	Updated  db.Time `db:"updated"`
	Archived db.Time `db:"archived"` // zero while in use
}

// Access gives what a decision needs to know of the tenant.
func (t Tenant) Access() access.Tenant {
	return access.Tenant{ID: t.ID, Kind: t.Kind, Scope: t.Scope, Name: t.Name}
}

// Permissions are the permission types of a customer in a fixed order, stored as JSON text.
type Permissions []string

// Has says whether the permission type is among them.
func (p Permissions) Has(permission string) bool { return slices.Contains(p, permission) }

// Value stores JSON text.
func (p Permissions) Value() (driver.Value, error) {
	if p == nil {
		p = Permissions{}
	}
	return db.AsJSON([]string(p)).Value()
}

// Scan reads JSON text.
func (p *Permissions) Scan(src any) error {
	var j db.JSON[[]string]
	if err := j.Scan(src); err != nil {
		return err
	}
	*p = j.V
	return nil
}

// Details are the fields that all tenants have in common.
type Details struct {
	Name, Email, Contact, Phone, Country, Address, Remarks, ExternalID, Locale, TimeZone string
}

// NewCustomer is the input of CreateCustomer.
type NewCustomer struct {
	OwnerID string // partner or sub-partner; "": where the actor works
	Details
	PermissionTypes []string // at least one of DMP, RPS (CH-18)
	Host            string   // "": made from the name
	Wholesale       bool     // under the wholesale offer: restricted by default, managed by its owner (A-46, WS-153)
	Unscreened      bool     // its compliance check is still to come: ScreeningPending (WS-47)
}

// NewSubPartner is the input of CreateSubPartner.
type NewSubPartner struct {
	ParentID string // the partner; "": where the actor works
	Details
}

// Patch is a partial change; nil leaves a field as it is.
type Patch struct {
	Name, Email, Contact, Phone, Country, Address, Remarks, ExternalID, Locale, TimeZone, Host *string
	PermissionTypes                                                                            *[]string
	ConfirmRemoval                                                                             bool  // take a permission type away although something still uses it (CH-18)
	IfVersion                                                                                  int64 // 0: whatever the version is
}

// Freeze is the input of Service.Freeze.
type Freeze struct {
	Reason       string // at most 500 characters
	StopsService bool   // customers: also stop provisioning (CH-26)
	IfVersion    int64
}

// Query says which tenants a list shall hold.
type Query struct {
	Kind       access.TenantKind // required
	ParentID   string            // direct children of this one only
	State      State             // "": those in use
	Frozen     *bool
	Suspended  *bool
	Permission string // customers with this permission type
	Text       string // part of name, e-mail, contact or external id (CH-21)
	Page       db.Page
}

// Listing is one page of a list.
type Listing struct {
	Items []Tenant
	Next  string // cursor of the next page, "" when this is the last
	Total int64  // how many match on all pages
}

// Holding is something that keeps a customer from being archived, or from losing a permission type (CH-18, CH-27).
type Holding struct {
	Kind       string // "devices", "redirect_entries"
	Count      int64
	Permission string // the permission type that it needs, "" when none
}

// What says which step of the life cycle a hook hears of.
type What string

// The steps that hooks hear of.
const (
	Created      What = "created"
	EmailChanged What = "email_changed"
	Froze        What = "frozen"
	Unfroze      What = "unfrozen"
	Retired      What = "archived"
	Restricted   What = "restricted"
	Asked        What = "authorisation_requested"
	Authorised   What = "authorisation_granted"
	Withdrawn    What = "authorisation_withdrawn"
)

// Change is what a hook gets. Before is the zero Tenant when it was created; Relation is set for the steps of an authorisation.
type Change struct {
	What          What
	Before, After Tenant
	Relation      Relation
}

// Faults of the tree.
var (
	errStale     = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errMaxDepth  = errs.New(errs.Conflict, "max_depth", "A sub-partner cannot have sub-partners.")
	errArchived  = errs.New(errs.Conflict, "archived", "It is archived and cannot be changed any more.")
	errConfirm   = errs.BadField("confirm_name", "name_differs", "Type the name exactly as it is shown.")
	errOperator  = errs.New(errs.Conflict, "operator_exists", "There is an operator already.")
	errWrongKind = errs.New(errs.Conflict, "wrong_kind", "This is not possible for this kind of organisation.")
)
