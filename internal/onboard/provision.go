package onboard

import (
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Headquarters is the first location of a customer, which calling needs (WS-106, WS-114).
type Headquarters struct {
	Name        string  `json:"name"`
	Address     Address `json:"address"`
	TimeZone    string  `json:"time_zone"`              // IANA
	Language    string  `json:"language"`               // of mails and announcements
	EmergencyID string  `json:"emergency_id,omitempty"` // may be ""
}

// Status is where the wholesale service of a customer stands (spec 4.5, customer_status).
type Status string

// The statuses. Gone is the end: the service was removed, and only its history is left (WS-141).
const (
	StatusProvisioning Status = "provisioning"
	StatusProvisioned  Status = "provisioned"
	StatusWithErrors   Status = "provisioned_with_errors"
	StatusUpdating     Status = "updating"
	StatusDeleting     Status = "deleting"
	StatusError        Status = "error"
	StatusReview       Status = "pending_rpl_review"
	StatusGone         Status = "gone"
)

// busy says whether a run is under way, so that another one must wait.
func (s Status) busy() bool {
	return s == StatusProvisioning || s == StatusUpdating || s == StatusDeleting || s == StatusReview
}

// PackageStatus is how far a package of a customer is (spec 4.5, package_status).
type PackageStatus string

// The statuses of a package.
const (
	PackageProvisioning PackageStatus = "provisioning"
	PackageProvisioned  PackageStatus = "provisioned"
	PackageDeleting     PackageStatus = "deleting"
	PackageError        PackageStatus = "error"
)

// PackageState is a package of a customer.
type PackageState struct {
	Code    string        `db:"item_id"`
	Status  PackageStatus `db:"status"`
	Fault   string        `db:"code"`    // of the refusal with PackageError, else ""
	Message string        `db:"message"` // its sentence
	Since   db.Time       `db:"since"`
}

// Fault is something of a run that failed, for whoever looks at the customer.
type Fault struct {
	Step, Subject string // Subject: the code of the package; may be ""
	Code, Message string
}

// Step is one step of a run.
type Step struct {
	Run      int64                      `db:"run"`
	Position int64                      `db:"position"`
	Name     string                     `db:"step"`
	Subject  string                     `db:"subject"` // the package it is about, else ""
	State    StepState                  `db:"state"`
	Code     string                     `db:"code"` // why it failed or waits
	Message  string                     `db:"message"`
	Detail   db.JSON[map[string]string] `db:"detail"` // what came of it: ids, warnings
	Tries    int64                      `db:"tries"`  // how often it was begun
	Started  db.Time                    `db:"started"`
	Ended    db.Time                    `db:"ended"`
}

// StepState is where a step stands.
type StepState string

// The states of a step.
const (
	StepPending StepState = "pending"
	StepWaiting StepState = "waiting" // for a person: consent, or a decision of the compliance team
	StepDone    StepState = "done"
	StepSkipped StepState = "skipped"
	StepFailed  StepState = "failed"
)

// MeetingSite is the conferencing site of a customer with meetings (WS-49, WS-52).
type MeetingSite struct {
	Locale   string            `db:"locale"`
	TimeZone string            `db:"time_zone"`
	DialIn   string            `db:"dial_in"`  // E.164; "" when the template has no carrier, or that no number
	Warnings db.JSON[[]string] `db:"warnings"` // locale_fallback, no_default_dial_in
	Created  db.Time           `db:"created"`
}

// Applied is a template as it was when a customer was made with it (WS-104).
type Applied struct {
	TemplateID     string `json:"template_id"`
	ProvisioningID string `json:"provisioning_id"`
	Name           string `json:"name"`
	Country        string `json:"country"`
	Language       string `json:"language"`
	SubscriptionID string `json:"subscription_id"`
	Auth           string `json:"auth"`
	EntityID       string `json:"entity_id,omitempty"`
	CarrierID      string `json:"carrier_id,omitempty"`
	Common
}

// Want is what a run is to bring about.
type Want struct {
	Packages    []catalog.PackageLimit `json:"packages"` // all that the customer shall have, by code
	Location    *Headquarters          `json:"location,omitempty"`
	Numbers     []string               `json:"numbers,omitempty"` // E.164, for the headquarters
	MeetingZone string                 `json:"meeting_zone,omitempty"`
	Locales     catalog.Locales        `json:"locales"`
	NoInvite    bool                   `json:"no_invite,omitempty"` // no mail to administrators (WS-101)
	Cascade     bool                   `json:"cascade,omitempty"`   // deletion takes what is still assigned with it
	Screen      string                 `json:"screen,omitempty"`    // name to screen, when it is not the customer's
}

// Customer is the wholesale service of a customer with where its provisioning stands.
type Customer struct {
	ID           string            `db:"id"` // of the customer
	Scope        string            `db:"scope"`
	OwnerID      string            `db:"owner_id"` // partner or sub-partner
	Name         string            `db:"name"`
	Email        string            `db:"email"`
	ExternalID   string            `db:"external_id"`
	TemplateID   string            `db:"template_id"`
	Settings     db.JSON[Applied]  `db:"settings"`
	Address      db.JSON[Address]  `db:"address"`
	Want         db.JSON[Want]     `db:"want"`
	Kind         string            `db:"kind"` // of the last run: create, attach, update, delete
	Run          int64             `db:"run"`
	Status       Status            `db:"status"`
	Consent      string            `db:"consent"` // of an attached organisation: none, requested, approved, denied (WS-115)
	OperationID  string            `db:"operation_id"`
	Compliance   string            `db:"compliance"`    // spec 4.5, customer_compliance
	PendingSince db.Time           `db:"pending_since"` // of the compliance check
	Checked      db.Time           `db:"checked"`       // last look into the lists
	Checks       int64             `db:"checks"`
	Hits         db.JSON[[]Hit]    `db:"hits"`  // for the compliance team only
	Lists        db.JSON[[]string] `db:"lists"` // ids of the lists that were looked into last
	Decided      db.Time           `db:"decided"`
	DecidedBy    string            `db:"decided_by"`
	Reason       string            `db:"reason"`
	Created      db.Time           `db:"created"`
	Updated      db.Time           `db:"updated"`
	StatusSince  db.Time           `db:"status_since"`
	Version      int64             `db:"version"`

	Packages []PackageState `db:"-"`
	Site     *MeetingSite   `db:"-"` // nil without meetings
	Faults   []Fault        `db:"-"` // of the last run
}

// Request asks for a customer, or with OrgID for an existing organisation, to be taken into the wholesale offer (WS-114, WS-115).
type Request struct {
	OnBehalfOf      string // sub-partner for which its parent acts; "": where the actor works (WS-82)
	ProvisioningID  string // of the template
	Packages        []string
	Limits          map[string]int64 // most of a package or add-on, by code or alias (WS-13)
	ExternalID      string
	Address         Address
	OrgID           string
	Name            string // of a new organisation
	Email           string // its registered address; the first administrator gets it
	Language        string
	Location        *Headquarters
	Numbers         []string
	MeetingsZone    string // IANA; "": that of the location
	SubPartnerAdmin string // e-mail of an administrator of the sub-partner
}

// Change changes the wholesale service of a customer; nil leaves something as it is. Packages is the complete list: what it lacks is
// removed (WS-138).
type Change struct {
	OnBehalfOf      string
	Packages        *[]string
	Limits          map[string]int64
	ExternalID      *string
	Address         *Address
	Location        *Headquarters
	Numbers         []string
	MeetingsZone    *string
	SubPartnerAdmin string
	IfVersion       int64
}

// Removal ends the wholesale service of a customer (WS-141).
type Removal struct {
	OnBehalfOf string
	Cascade    bool // what is still assigned goes with it; without, that is the conflict still_assigned
	IfVersion  int64
}

// CustomerQuery chooses customers of a list; empty fields choose all.
type CustomerQuery struct {
	OnBehalfOf string // of this sub-partner
	ExternalID string // exactly, in any case
	OrgID      string
	Status     []Status
	Offset     int64 // for the wholesale API, which pages so
	Page       db.Page
}

// Severity says what a finding means.
type Severity string

// The severities of a finding (WS-122). Only an error keeps a creation from being accepted.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
)

// Finding is what a check has to say.
type Finding struct {
	Severity Severity
	Field    string // path in the request; "" when it is about the whole
	Code     string
	Message  string
	Params   map[string]string
	Kind     errs.Kind
}
