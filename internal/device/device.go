// Package device owns the phones of customers: what identifies them, what people wrote about them, when they were last seen,
// and what all phones of a customer share: the provisioning account, the poll window and their number.
//
// It must not know what a phone's files look like (phone makes them, config decides what goes in) nor how phones talk to
// Linecard (boot). It reads tenants through room tenant, except for the one statement that opens a phone's request.
package device

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Device is one phone of a customer.
type Device struct {
	ID          string    `db:"id"`
	CustomerID  string    `db:"customer_id"`
	Scope       string    `db:"scope"`
	MAC         phone.MAC `db:"mac"` // its identity: another MAC is another device (DM-4); zero when the serial is it and no MAC is known
	Serial      string    `db:"serial"`
	BySerial    bool      `db:"by_serial"` // its serial number is its identity (DM-3)
	Family      string    `db:"family"`    // its type, one of Families; "" when nobody said
	Maker       string    `db:"maker"`
	Model       string    `db:"model"` // as entered; "" when nobody did
	Name        string    `db:"name"`
	Description string    `db:"description"`
	Created     db.Time   `db:"created"`
	Updated     db.Time   `db:"updated"`
	Version     int64     `db:"version"` // grows with every change; the ETag

	// What the phone told when it last asked for its configuration; zero and "" before the first time.
	LastSeen        db.Time `db:"last_seen"`
	LastIP          string  `db:"last_ip"`
	ReportedModel   string  `db:"reported_model"`
	SoftwareVersion string  `db:"software_version"`
	Result          string  `db:"provision_result"` // Provisioned, NotProvisioned, or "" before the first (DM-124)
	ResultAt        db.Time `db:"provision_time"`
	Status          Status  `db:"-"`

	// Where it is: the site that its addresses say, or the one it is pinned to (DM-34).
	SiteID     string `db:"site_id"`
	SitePinned bool   `db:"site_pinned"`
	PrivateIP  string `db:"private_ip"` // inside its network; "" when it is not known

	GroupIDs []string `db:"-"` // the first is the highest (DM-127)
}

// Identifier is what the device is known by: its MAC, or its serial number.
func (d Device) Identifier() string {
	if d.BySerial {
		return d.Serial
	}
	return d.MAC.String()
}

// Shown is its name, or what it is called as long as it has none: "VVX500-3ea4e1" (DM-227).
func (d Device) Shown() string {
	if d.Name != "" {
		return d.Name
	}
	id, what := d.Identifier(), cmp.Or(d.KnownModel(), d.Family, d.Maker)
	return strings.ReplaceAll(what, " ", "") + "-" + id[max(0, len(id)-6):]
}

// KnownModel is what the phone said of itself, else what was entered, else "".
func (d Device) KnownModel() string {
	if d.ReportedModel != "" {
		return d.ReportedModel
	}
	return d.Model
}

// New is the input of Create.
type New struct {
	MAC         string // any spelling
	Serial      string // what the device is known by when its Family says so
	Maker       string // "": told from the Family or the MAC's prefix
	Family      string // one of Families, in any case; "" unknown
	Model       string
	Name        string
	Description string
	GroupIDs    []string // the first is the highest (DM-229)
	Management  string   // one of the kinds of Management; "": served from here
}

// Patch is a partial change; nil leaves a field as it is. The MAC cannot change (DM-4).
type Patch struct {
	Model, Name, Description *string
	GroupIDs                 *[]string // all its groups, the first is the highest (DM-234)
	Whereabouts
	IfVersion int64 // 0: whatever the version is
}

// Query says which devices of a customer a list shall hold.
type Query struct {
	Text    string // part of MAC (any separators), serial, name, model, description, address, site name or software version (table 4.2)
	Model   string // exactly this model, as reported, else as entered; Unknown: none. Family, Version and Result likewise
	Maker   string
	Family  string  // exactly this type
	Site    string  // id of the site where it is
	Group   string  // id of a group it is in
	Version string  // exactly this software version
	Result  string  // how the last try to get the configuration ended: Provisioned, NotProvisioned
	Status  Status  // "" all
	Page    db.Page // sorts: name, mac, created, last_seen
}

// Listing is one page of a list.
type Listing struct {
	Items []Device
	Next  string // cursor of the next page, "" when this is the last
	Total int64  // how many match on all pages
}

// MaxDevices is how many devices a customer can have (DM-2).
const MaxDevices = 50_000

// nameRule is what names of devices and provisioning accounts may hold (DM-29).
var nameRule = regexp.MustCompile(`^[A-Za-z0-9#.\-_()\[\]]*$`)

var (
	errStale  = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errExists = errs.New(errs.Conflict, "device_exists", "There is a device with this MAC address already.")
	// The same for every device that another customer has: not a word about where (DM-1, DM-4).
	errElsewhere = errs.New(errs.Conflict, "mac_unavailable", "This MAC address cannot be used. If the phone is yours, ask your provider.")
	errTooMany   = errs.New(errs.Conflict, "device_limit", "The limit of devices of this customer is reached.")
	errArchived  = errs.New(errs.Conflict, "archived", "It is archived and cannot be changed any more.")
	errNoMaker   = errs.BadField("maker", "maker_needed", "The maker cannot be told from this MAC address. Name it.")
)

// name checks a name by DM-29.
func name(c *errs.Checker, field, s string, min int) string {
	s = c.Text(field, s, min, 128)
	if !c.Failed(field) && !nameRule.MatchString(s) {
		c.Add(errs.Field{Name: field, Code: "name_characters", Message: "Only letters, digits and # . - _ ( ) [ ] are allowed."})
	}
	return s
}

// checked gives the device that n describes, or all faults at once.
func (n New) checked(makers phone.Makers) (Device, error) {
	var c errs.Checker
	d := Device{Maker: n.Maker, Version: 1}
	family, err := familyOf(n.Family)
	if err != nil {
		addFields(&c, err)
	}
	d.Family, d.BySerial = family.Name, family.bySerial
	if d.Maker == "" {
		d.Maker = family.maker
	}
	if n.MAC != "" || !d.BySerial {
		if d.MAC, err = phone.ParseMAC(n.MAC); err != nil {
			addFields(&c, err)
		}
	}
	d.Serial = serial(&c, "serial", n.Serial, d.BySerial)
	if d.Maker == "" && err == nil {
		if d.Maker = makers.Of(d.MAC); d.Maker == "" {
			addFields(&c, errNoMaker)
		}
	}
	if n.Maker != "" {
		if _, err := makers.Get(n.Maker); err != nil {
			addFields(&c, err)
		}
	}
	d.Model = c.Text("model", n.Model, 0, 64)
	d.Name = name(&c, "name", n.Name, 0)
	d.Description = c.Text("description", n.Description, 0, 256)
	d.GroupIDs = n.GroupIDs
	return d, c.Err()
}

// apply changes d and names what differs now.
func (p Patch) apply(d *Device) ([]string, error) {
	var c errs.Checker
	var changed []string
	set := func(field string, to *string, from *string, check func(string) string) {
		if from == nil {
			return
		}
		if v := check(*from); v != *to {
			*to, changed = v, append(changed, field)
		}
	}
	set("model", &d.Model, p.Model, func(s string) string { return c.Text("model", s, 0, 64) })
	set("name", &d.Name, p.Name, func(s string) string { return name(&c, "name", s, 0) })
	set("description", &d.Description, p.Description, func(s string) string { return c.Text("description", s, 0, 256) })
	return changed, c.Err()
}

func addFields(c *errs.Checker, err error) {
	for _, f := range errs.As(err).Fields {
		c.Add(f)
	}
}

// Sighting is what one request of a phone told about it.
type Sighting struct {
	DeviceID  string
	At        time.Time
	IP        string
	PrivateIP string // its address inside its network, as a relay reports it; "" when nobody did (DM-48)
	Model     string // "" when it did not tell
	Version   string // of its application; "" when it did not tell
	Result    string // Provisioned or NotProvisioned when a part of its configuration was asked for, else ""
}

// How a phone's last try to get its configuration ended (DM-124, DM-287).
const (
	Provisioned    = "SUCCESS"
	NotProvisioned = "FAILED"
)
