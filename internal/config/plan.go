package config

import (
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/network"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/profile"
)

// PlanState is where a plan stands.
type PlanState string

// The states. Applied can become Undone, Staged can become Applied or Withdrawn.
const (
	Working   PlanState = "working"   // what it concerns is being computed
	Ready     PlanState = "ready"     // can be looked at; nothing is changed
	Scheduled PlanState = "scheduled" // will be applied later
	Staged    PlanState = "staged"    // some phones have it, for trial
	Applied   PlanState = "applied"
	Undone    PlanState = "undone"
	Withdrawn PlanState = "withdrawn" // the trial was ended
	Failed    PlanState = "failed"
)

// Plan is a change to phones that can be looked at before it happens, happens as shown or not at all, and can be undone
// (architecture, section 5).
type Plan struct {
	ID          string
	TenantID    string
	TenantKind  access.TenantKind
	Scope       string
	Kind        string
	State       PlanState
	Looked      int64 // phones that were looked at
	Affected    int64 // phones for which something differs
	Summary     Summary
	Actor       string // who made it, by name
	Applier     string // who said that it shall happen
	Fault       operation.Fault
	OperationID string // of one that takes long; "" when it was computed at once
	Created     db.Time
	NotBefore   db.Time
	Window      *Window
	Applied     db.Time
	Ended       db.Time // undone, withdrawn or failed
	Version     int64
}

// Summary is what a plan says in short.
type Summary struct {
	ByCustomer []CustomerCount `json:"by_customer"`
	ByModel    []ModelCount    `json:"by_model"`
	Distinct   int             `json:"distinct"` // different changes among all phones
	Samples    []Sample        `json:"samples"`  // one for each of the most frequent
	Warnings   []Warning       `json:"warnings"`
	Stays      []string        `json:"stays_on_phone"` // parameters that are taken away but that phones keep (decision 14)
	Sticks     []string        `json:"sticks"`         // parameters that are new and that phones would keep after an undo
	Import     *ImportCounts   `json:"import,omitempty"`
}

// CustomerCount is how many phones of a customer a plan concerns.
type CustomerCount struct {
	CustomerID string `json:"customer_id"`
	Name       string `json:"name"`
	Devices    int64  `json:"devices"`
}

// ModelCount is how many phones of a model a plan concerns.
type ModelCount struct {
	Maker   string `json:"maker"`
	Model   string `json:"model"`
	Devices int64  `json:"devices"`
}

// Sample shows one of several equal changes by the files of one phone. Secrets are masked.
type Sample struct {
	Devices    int64    `json:"devices"` // for which it is the same
	CustomerID string   `json:"customer_id"`
	DeviceID   string   `json:"device_id"`
	Name       string   `json:"name"` // of the file
	Diff       string   `json:"diff"`
	Stays      []string `json:"stays_on_phone"`
}

// Warning is something that people should know before they apply. Code is stable.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Devices int64  `json:"devices"`
	Sample  string `json:"device_id"` // one of them
}

// The codes of warnings.
const (
	LocksOut     = "locks_out"      // the phone would lose its provisioning address or account
	StaysOnPhone = "stays_on_phone" // decision 14
	ImageMissing = "image_missing"  // DM-170
)

// Window is the part of a day in which a change may begin, in the time zone of the tenant. It may wrap midnight.
type Window struct {
	Start phone.TimeOfDay `json:"start"`
	End   phone.TimeOfDay `json:"end"`
}

// Asked is a change as people ask for it. Kind says which fields count; others must be absent.
type Asked struct {
	Kind string

	ProfileID  string              // profile.update, software.set
	Attributes map[string]*string  // profile.update: merged, nil deletes
	ImageID    *string             // profile.update, software.set: "" selects none
	Container  profile.Kind        // container.set
	Key        string              // container.set
	ProfileIDs []string            // container.set
	GroupID    string              // group.set
	DeviceIDs  []string            // group.set: all its members
	SiteID     *string             // site.update; device.update: pins, "" unpins
	Subnets    *[]network.Networks // site.update
	Path       *string             // site.update: from where its phones get software
	DeviceID   string              // device.update
	Model      *string             // device.update
	GroupIDs   *[]string           // device.update: the first is the highest
	Import     *ImportFile         // import: a file of devices
	Keys       *[]phone.Key        // device.update: all its own keys
}

// The kinds of changes.
const (
	ProfileUpdate = "profile.update"
	SoftwareSet   = "software.set"
	ContainerSet  = "container.set"
	GroupSet      = "group.set"
	SiteUpdate    = "site.update"
	DeviceUpdate  = "device.update"
	ImportDevices = "import"
)

// Go says how a plan shall happen.
type Go struct {
	DeviceIDs []string // not empty: these phones only, for trial; must be among those that the plan concerns
	NotBefore time.Time
	Window    *Window
	IfVersion int64
}

var (
	errPlanMoved  = errs.New(errs.Conflict, "plan_outdated", "Something has changed since the plan was made. Make it again and look at it.")
	errPlanState  = errs.New(errs.Conflict, "plan_state", "The plan is in a state in which this cannot be done.")
	errPlanNo     = errs.Missing("plan")
	errNoProfile  = errs.BadField("profile_id", "unknown_profile", "There is no such profile.")
	errNoSite     = errs.BadField("site_id", "unknown_site", "There is no such site.")
	errKind       = errs.BadField("kind", "unknown_kind", "There is no such kind of change.")
	errNotPlanned = errs.BadField("device_ids", "not_in_plan", "The plan does not concern one of these devices.")
	errInTrial    = errs.New(errs.Conflict, "device_in_trial", "One of these devices is in the trial of another plan already.")
	errStalePlan  = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errWindow     = errs.BadField("window", "bad_window", "Start and end of the window must differ.")
	errMembers    = errs.BadField("device_ids", "unknown_device", "The customer has no such device.")
	errGroup      = errs.BadField("group_id", "unknown_group", "There is no such group.")
)
