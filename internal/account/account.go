package account

import (
	"encoding/json"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Realm is the audience an account signs in to. One e-mail address names at most one account per realm (spec 4.3,
// invariant 6), and each realm has its own sign-in page (CH-10).
type Realm string

// The realms.
const (
	OperatorRealm Realm = "operator"
	PartnerRealm  Realm = "partner"
	CustomerRealm Realm = "customer"
)

// RealmOf gives the realm in which the people of a tenant sign in.
func RealmOf(k access.TenantKind) Realm {
	switch k {
	case access.Operator:
		return OperatorRealm
	case access.Customer:
		return CustomerRealm
	default:
		return PartnerRealm
	}
}

// State is the life of an account.
type State string

// The states. A deleted account stays as a row, because logs name it, but its address is free again.
const (
	Invited  State = "invited" // has never set a password
	Active   State = "active"
	Disabled State = "disabled"
	Deleted  State = "deleted"
)

// Account is a person who signs in.
type Account struct {
	ID           string          `db:"id"`
	Realm        Realm           `db:"realm"`
	TenantID     string          `db:"tenant_id"`
	Scope        string          `db:"scope"`
	Email        string          `db:"email"`
	Name         string          `db:"name"`
	Phone        string          `db:"phone"`
	Locale       string          `db:"locale"`    // "" follows the browser
	TimeZone     string          `db:"time_zone"` // "" follows the tenant
	Roles        []access.Role   `db:"-"`
	Functions    []access.Action `db:"-"` // of a sub account (CH-87)
	AllCustomers bool            `db:"all_customers"`
	Customers    []string        `db:"-"` // tenant ids a sub account was given (CH-88); filled by Get, not by List
	State        State           `db:"state"`
	First        bool            `db:"first"`
	MustChange   bool            `db:"must_change"`
	SecondFactor bool            `db:"totp_enabled"`
	LastSignIn   db.Time         `db:"last_sign_in"`
	Created      db.Time         `db:"created"`
	Updated      db.Time         `db:"updated"`
	Version      int64           `db:"version"`

	EmailFold       string  `db:"email_fold"`
	NameFold        string  `db:"name_fold"`
	RolesText       string  `db:"roles"`
	FunctionsText   string  `db:"functions"`
	PasswordHash    string  `db:"password_hash" json:"-"`
	PasswordChanged db.Time `db:"password_changed"`
	TOTPSecret      []byte  `db:"totp_secret" json:"-"`
	TOTPStep        int64   `db:"totp_step" json:"-"`
}

// IsSub says whether the account is a partner's sub account.
func (a Account) IsSub() bool {
	for _, r := range a.Roles {
		if r == access.PartnerSubAccount {
			return true
		}
	}
	return false
}

func (a *Account) unpack() error {
	if err := json.Unmarshal([]byte(a.RolesText), &a.Roles); err != nil {
		return err
	}
	return json.Unmarshal([]byte(a.FunctionsText), &a.Functions)
}

func (a *Account) pack() {
	if a.Roles == nil {
		a.Roles = []access.Role{}
	}
	if a.Functions == nil {
		a.Functions = []access.Action{}
	}
	r, _ := json.Marshal(a.Roles)
	f, _ := json.Marshal(a.Functions)
	a.RolesText, a.FunctionsText = string(r), string(f)
	a.EmailFold, a.NameFold = db.Fold(a.Email), db.Fold(a.Name)
}

// The refusals of this room.
var (
	errCredentials  = errs.New(errs.Unauthenticated, "bad_credentials", "E-mail address or password is wrong.")
	errLocked       = errs.New(errs.Locked, "account_locked", "Too many wrong attempts. Please try again later.")
	errFrozen       = errs.New(errs.Forbidden, "frozen", "This account is suspended. Contact your provider.")
	errNoSession    = errs.New(errs.Unauthenticated, "not_signed_in", "Please sign in.")
	errExpired      = errs.New(errs.Unauthenticated, "session_expired", "Your session has expired. Please sign in again.")
	errBadCode      = errs.New(errs.Unauthenticated, "bad_code", "The code is wrong or was used already.")
	errBadToken     = errs.New(errs.Unauthenticated, "invalid_token", "The access token is missing, wrong, expired or withdrawn.")
	errBadClient    = errs.New(errs.Unauthenticated, "invalid_client", "The client id or secret is wrong.")
	errEmailTaken   = &errs.Error{Kind: errs.Conflict, Code: "email_taken", Message: "Another account uses this e-mail address.", Fields: []errs.Field{{Name: "email", Code: "taken", Message: "Another account uses this e-mail address."}}}
	errLinkUnknown  = errs.New(errs.Gone, "link_expired", "This link has expired or was replaced by a newer one. Ask for a new one.")
	errLinkUsed     = errs.New(errs.Gone, "link_used", "This link was used already. Ask for a new one.")
	errCaptcha      = errs.New(errs.Invalid, "captcha_wrong", "The characters do not match the picture. Try the new one.")
	errSelfDelete   = errs.New(errs.Conflict, "own_account", "You cannot delete, disable or demote yourself.")
	errNoCustomers  = errs.New(errs.Conflict, "no_customer_yet", "Create a customer first; a sub account needs customers to work for.")
	errMoreThanOwn  = errs.New(errs.Forbidden, "more_than_own_rights", "Nobody can give rights that they do not have themselves.")
	errOnlyPeople   = errs.New(errs.Forbidden, "people_only", "Only a signed-in person can do this.")
	errTooSoon      = errs.New(errs.TooMany, "too_soon", "That was done a moment ago. Please wait a minute.")
	errStale        = errs.New(errs.Stale, "changed_meanwhile", "Somebody else changed this meanwhile. Load it again.")
	errTokenLimit   = errs.New(errs.Conflict, "token_limit", "This account has as many tokens as it may have. Revoke one that is not needed any more.")
	errSecondFactor = errs.New(errs.Conflict, "second_factor_on", "The second factor is on already.")
)
