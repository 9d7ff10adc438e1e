// Package registrar owns calling platforms: it publishes managed lines to the SIP registrar of their provider, reads back what is
// registered there, has phones fetch their configuration by a NOTIFY along the registered path, and leads the rotation of a line's
// credentials to its end (decisions 19, 20 and 21).
//
// It must not know phones, files or billing. Lines come from room subscriber, which tells of each change in its transaction; what a
// registrar shall hear is only noted there, and jobs tell it. External lines are never seen here (decision 19).
//
// Who can call can call for help (decision 22): only a line that is gone, or whose user a directory has switched off, is taken out of a
// registrar. Freezing, suspension, a rotation and a move to another registrar take nothing away.
package registrar

import (
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// Kind says what kind of program a registrar is.
type Kind string

// The kinds. Kamailio's tables are written and read; FreeSWITCH asks us (mod_xml_curl).
const (
	Kamailio   Kind = "kamailio"
	FreeSWITCH Kind = "freeswitch"
)

// Platform is the registrar of the operator, a provider or a customer. For a line the nearest one above its customer counts.
type Platform struct {
	ID          string            `db:"id"`
	TenantID    string            `db:"tenant_id"`
	Scope       string            `db:"scope"`
	Kind        Kind              `db:"kind"`
	Name        string            `db:"name"`
	Address     string            `db:"address"`      // where Kamailio takes JSON-RPC over HTTP; "": no NOTIFY. Unused with FreeSWITCH
	Domain      string            `db:"domain"`       // realm of its challenges and domain of its users
	DatabaseURL []byte            `db:"database_url"` // sealed; nil with FreeSWITCH
	Secret      []byte            `db:"secret"`       // sealed; nil for none
	Settings    db.JSON[Settings] `db:"settings"`
	Enabled     bool              `db:"enabled"`
	LastOK      db.Time           `db:"last_ok"`
	Fault       string            `db:"fault"` // code of the last failure as a whole; "" when it works
	FaultAt     db.Time           `db:"fault_at"`
	ReadAt      db.Time           `db:"read_at"`  // registrations were last read
	SweptAt     db.Time           `db:"swept_at"` // and when all of them
	Checked     db.Time           `db:"checked"`
	Drifted     int64             `db:"drifted"`   // lines that were missing there or different when last checked; they were published again
	Strangers   int64             `db:"strangers"` // users there that are not ours; nobody touches them
	Created     db.Time           `db:"created"`
	Updated     db.Time           `db:"updated"`
	Version     int64             `db:"version"`
}

// Settings are ways of a registrar's own configuration.
type Settings struct {
	UseDomain     bool   `json:"use_domain,omitempty"`     // its location table has domains, and its addresses of record as well
	TimeZone      string `json:"time_zone,omitempty"`      // in which Kamailio writes its instants; "": UTC
	RotationHours int    `json:"rotation_hours,omitempty"` // after which a rotation that has not ended is reported; 0: 72
}

func (s Settings) overdueAfter() time.Duration {
	if s.RotationHours == 0 {
		return 72 * time.Hour
	}
	return time.Duration(s.RotationHours) * time.Hour
}

// Patch is a platform to add, or a partial change; nil leaves a field as it is.
type Patch struct {
	Name, Address, Domain *string
	DatabaseURL, Secret   *secret.String
	Enabled               *bool
	Settings              *Settings
	IfVersion             int64 // 0: whatever the version is
}

// PublicationState says how far a line is published.
type PublicationState string

// The states. A line below no registrar is not published.
const (
	Pending      PublicationState = "pending"
	Published    PublicationState = "published"
	NotPublished PublicationState = "not_published"
)

// Status is what is known about a line's registrar. That a phone asked for its configuration is another fact, and stands at the
// device (decision 21).
type Status struct {
	LineID        string
	PlatformID    string // "" when no registrar is in charge
	State         PublicationState
	Fault         string // of the registrar; "" when it works
	Published     db.Time
	Registered    bool
	Registrations []Registration
	Rotation      Rotation
}

// Rotation is how far new credentials of a line are (decision 20).
type Rotation struct {
	Running bool
	Offered db.Time // since when the new ones register and phones get them; zero before
	Overdue bool    // it takes too long; both register as long as it takes
}

// Registration is a contact that is registered.
type Registration struct {
	Phone      string  `db:"phone"`      // what tells one phone of a line from another: instance or host of its contact
	AuthID     string  `db:"auth_id"`    // "": the registrar does not tell
	Address    string  `db:"address"`    // from where
	UserAgent  string  `db:"user_agent"` //
	Registered db.Time `db:"registered"` // when it last did
	Until      db.Time `db:"until"`      // zero: the registrar does not tell
	LineID     string  `db:"line_id"`
}

// unknownLasts is how long a registration counts whose registrar does not say how long it lasts: an hour is what phones ask for, and one
// that is missed once may be late.
const unknownLasts = 2 * time.Hour

func (r Registration) live(now time.Time) bool {
	if r.Until.IsZero() {
		return r.Registered.Add(unknownLasts).After(now)
	}
	return r.Until.After(now)
}

var systemActor = access.SystemActor("registrar")

var (
	errOne      = errs.New(errs.Conflict, "registrar_exists", "The organisation has a registrar already.")
	errStale    = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errNone     = errs.New(errs.Conflict, "line_without_registrar", "No registrar is in charge of this line.")
	errNoNotify = errs.New(errs.Conflict, "registrar_without_notify", "This registrar cannot wake phones. They fetch their configuration at their next regular time.")
	errAway     = errs.New(errs.Unavailable, "registrar_unreachable", "The registrar cannot be reached or does not answer as expected.")
	errLocked   = errs.New(errs.Forbidden, "registrar_credentials", "The registrar does not accept the user or the secret.")
	errTables   = errs.New(errs.Forbidden, "registrar_tables", "The registrar's database lacks the tables subscriber, uri, location and location_attrs of Kamailio, or the user may not write them.")
	errArchived = errs.New(errs.Conflict, "tenant_archived", "It has been deleted and cannot be changed any more.")
)
