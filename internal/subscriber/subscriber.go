// Package subscriber owns what a customer's people and places have: users and workspaces with exactly one base package each, the
// locations they belong to, the numbers they are called at, and the managed lines with which their phones register (WS-105 … WS-148,
// decisions 19, 20 and 22). What it assigns it meters in the same transaction (decision 6).
//
// It must not know phones beyond the ids on which a line appears, nor where lines are published (room registrar), nor templates and
// screening (onboard). The rules about a new user stand once, in judge: a check, a create, a bulk and a file ask the same function.
package subscriber

import (
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/usage"
)

// Kind says who holds a package.
type Kind string

// The kinds of holder.
const (
	Person Kind = "user"
	Place  Kind = "workspace"
)

func (k Kind) usage() usage.Kind { return usage.Kind(k) }

// Status is where a user stands (WS-116). A workspace is always provisioned.
type Status string

// The states. One that is pending has its e-mail address in another organisation and must consent; nothing is metered until then.
const (
	Provisioned Status = "provisioned"
	Pending     Status = "pending_user_migration"
)

// Holder is who or what holds a package: a user or a workspace.
type Holder struct {
	ID            string  `db:"id"`
	CustomerID    string  `db:"customer_id"`
	Scope         string  `db:"scope"`
	Kind          Kind    `db:"kind"`
	Email         string  `db:"email"` // "" of a workspace
	FirstName     string  `db:"first_name"`
	LastName      string  `db:"last_name"`
	DisplayName   string  `db:"display_name"` // the name of a workspace
	ExternalID    string  `db:"external_id"`  // unique within the customer; may be ""
	Package       string  `db:"package"`      // exactly one (WS-10)
	LocationID    string  `db:"location_id"`  // "" only without calling, or in a customer without locations
	Extension     string  `db:"extension"`    // unique in the location; may be ""
	Number        string  `db:"number"`       // E.164; may be ""
	Status        Status  `db:"status"`
	Active        bool    `db:"active"`     // false: a directory has switched it off (WS-135)
	AccountID     string  `db:"account_id"` // who became administrator as the first user (WS-112); "" for everybody else
	Created       db.Time `db:"created"`
	Updated       db.Time `db:"updated"`
	StatusChanged db.Time `db:"status_changed"`
	Version       int64   `db:"version"`

	AddOns []string `db:"-"` // codes, in order

	EmailFold string `db:"email_fold" json:"-"`
	NameFold  string `db:"name_fold" json:"-"`
}

// User is a holder that is a person (a subscriber of the wholesale offer), Workspace one that is a place (WS-148).
type (
	User      = Holder
	Workspace = Holder
)

// NewUser is a user to make (WS-116). Package and add-ons are codes or aliases.
type NewUser struct {
	Email, FirstName, LastName string
	DisplayName                string // "": first and last name
	ExternalID                 string
	Package                    string
	AddOns                     []string
	LocationID                 string // "": the only location of the customer (WS-118)
	LocationName               string // files name it instead
	Extension, Number          string // one of them at least for calling (WS-117)
	Inactive                   bool
	// Lenient leaves out what a package without calling cannot have, with a warning, instead of refusing it.
	Lenient bool
	// AskConsent makes a user whose address belongs to another customer Pending instead of refusing it (WS-116).
	AskConsent bool
}

// NewWorkspace is a workspace to make (WS-148).
type NewWorkspace struct {
	Name, ExternalID  string
	Package           string
	AddOns            []string
	LocationID        string
	Extension, Number string
}

// Severity says how bad a finding is.
type Severity string

// The severities. Only an error keeps a create from succeeding.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is what a check has to say about one item (WS-122).
type Finding struct {
	Severity Severity
	Field    string // "" when it is about the whole
	Code     string
	Message  string
	Kind     errs.Kind
	Params   map[string]string

	fault errs.Field  // of an error
	cause *errs.Error // of an error that is no fault of a field
}

// Result is what became of one item of a bulk.
type Result struct {
	User     User
	Findings []Finding
	Err      error // nil when it was made
}

// MostByHand is how many users one form adds (WS-132), MostAtOnce how many one bulk request.
const (
	MostByHand = 25
	MostAtOnce = 1000
)

var (
	errStale      = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errArchived   = errs.New(errs.Conflict, "tenant_archived", "It has been deleted and cannot be changed any more.")
	errEmail      = errs.New(errs.Conflict, "user_email_taken", "A user of this customer has this e-mail address already.")
	errElsewhere  = errs.New(errs.Conflict, "user_email_elsewhere", "This e-mail address is in use already.")
	errExternal   = errs.New(errs.Conflict, "external_id_taken", "Something of this customer has this external id already.")
	errExtension  = errs.New(errs.Conflict, "extension_taken", "Somebody at this location has this extension already.")
	errName       = errs.New(errs.Conflict, "name_taken", "There is one with this name already.")
	errNoLocation = errs.New(errs.NotFound, "not_found", "There is no such location.")
	errNumber     = errs.New(errs.Conflict, "number_unavailable", "This number is not one of the location's free numbers.")
	errSelling    = errs.New(errs.Conflict, "no_subscription", "The partner has no active subscription. The operator sets it up.")
	errNoPackage  = errs.New(errs.Conflict, "package_not_in_customer", "The customer does not have this package.")
	errLimit      = errs.New(errs.Conflict, "limit_reached", "The customer has as many of this package as it may have.")
	errRetired    = errs.New(errs.Conflict, "package_retired", "This package is not sold any more.")
	errNotBase    = errs.New(errs.Conflict, "not_a_base_package", "This is an add-on. Choose a base package.")
	errNotAddOn   = errs.New(errs.Conflict, "not_an_add_on", "This is a base package. A user has one of them only.")
	errTooMany    = errs.New(errs.Invalid, "too_many_items", "Too many at once. Send them in smaller portions.")
	errBusy       = errs.New(errs.Conflict, "changed_at_once", "Somebody took it at the same moment. Please try again.")
)
