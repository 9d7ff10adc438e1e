package device

import (
	"context"
	"slices"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Provisioning is what all phones of a customer share.
type Provisioning struct {
	CustomerID string
	Host       string // first label of the phones' address (DM-115); kept by room tenant
	Account    Account
	Poll       phone.PollWindow
	Getting    Getting
	Software   Software
	Devices    int64 // how many there are
	Version    int64 // grows with every change of account or window; 0 before the first
}

// Getting is how phones of a customer get in beside its account.
type Getting struct {
	AutoAdd       AutoAdd // as chosen; AsAccount follows the account
	Adds          AutoAdd // what that means now
	Open          db.Time // until then unclaimed phones get secrets although the account is the well-known one; zero when not
	LegacySecrets bool    // secrets may go over old TLS (decision 18)
	CallLists     bool    // phones may upload their call lists
	OfflineHours  int     // without a word for so long a phone is offline; 0 follows the poll window (DM-279)
}

// GettingPatch is a partial change of Getting; nil leaves a field as it is.
type GettingPatch struct {
	AutoAdd                  *AutoAdd
	LegacySecrets, CallLists *bool
	OfflineHours             *int
	OpenFor                  *time.Duration // from now; 0 closes
}

// Account is the provisioning account of a customer, without its password.
type Account struct {
	User          string  // "" while there is none: then no phone gets anything (DM-111)
	Factory       bool    // user and password are the well-known ones that phones are shipped with (DM-113)
	Changed       db.Time // when it was last set
	PreviousUser  string  // still valid until PreviousUntil; "" when none is
	PreviousUntil db.Time
}

// ProvisioningPatch is a partial change; nil leaves a field as it is.
type ProvisioningPatch struct {
	Host     *string // DM-117
	User     *string // "" takes the account away
	Password *secret.String
	// KeepOld is for how long the old user and password stay valid beside the new ones, at most MaxKeepOld; 0 ends them at once
	// (DM-112, decision 15).
	KeepOld   time.Duration
	Poll      *phone.PollWindow
	Getting   GettingPatch
	Software  SoftwarePatch
	IfVersion int64 // 0: whatever the version is
}

// MaxKeepOld bounds how long an old password stays valid.
const MaxKeepOld = 30 * 24 * time.Hour

// Credential is a user and a password that phones may present.
type Credential struct {
	User     string
	Password secret.String
	Until    time.Time // zero: without an end
}

// factoryWord is user and password of Poly phones as shipped (DM-113).
const factoryWord = "PlcmSpIp"

var (
	errNoAccount = errs.New(errs.NotFound, "account_missing", "The customer has no provisioning account yet. Set user and password first.")
	errBothParts = errs.BadField("account.password", "password_needed", "A new user needs its password.")
)

// customerRow is a row of device_customers.
type customerRow struct {
	CustomerID       string          `db:"customer_id"`
	Scope            string          `db:"scope"`
	Devices          int64           `db:"devices"`
	User             string          `db:"account_user"`
	Password         []byte          `db:"account_password"`
	Factory          bool            `db:"account_factory"`
	Changed          db.Time         `db:"account_changed"`
	Revision         int64           `db:"account_revision"`
	PreviousUser     string          `db:"previous_user"`
	PreviousPassword []byte          `db:"previous_password"`
	PreviousUntil    db.Time         `db:"previous_until"`
	Start            phone.TimeOfDay `db:"poll_start"`
	End              phone.TimeOfDay `db:"poll_end"`
	Days             int             `db:"poll_days"`
	AutoAdd          AutoAdd         `db:"auto_add"`
	Open             db.Time         `db:"open_until"`
	LegacySecrets    bool            `db:"legacy_secrets"`
	CallLists        bool            `db:"call_lists"`
	OfflineHours     int             `db:"offline_hours"`
	Internet         string          `db:"path_internet"`
	Enterprise       string          `db:"path_enterprise"`
	SoftwareStart    phone.TimeOfDay `db:"software_start"`
	SoftwareEnd      phone.TimeOfDay `db:"software_end"`
	SoftwareDays     firmware.Days   `db:"software_days"`
	Version          int64           `db:"version"`
}

const customerColumns = `customer_id, scope, devices, account_user, account_password, account_factory, account_changed, account_revision,
	previous_user, previous_password, previous_until, poll_start, poll_end, poll_days, auto_add, open_until, legacy_secrets, call_lists, offline_hours,
	path_internet, path_enterprise, software_start, software_end, software_days, version`

// load gives the row of a customer; the one with the defaults when there is none yet.
func load(ctx context.Context, q db.Q, customerID string) (customerRow, error) {
	var c customerRow
	err := q.Get(ctx, &c, `SELECT `+customerColumns+` FROM device_customers WHERE customer_id = $1`, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return unset(customerID), nil
	}
	return c, err
}

// unset is what holds for a customer of which nothing is stored yet.
func unset(customerID string) customerRow {
	p := phone.DefaultPoll
	return customerRow{CustomerID: customerID, Start: p.Start, End: p.End, Days: p.Days}
}

// ensure makes the row of a customer when there is none.
func ensure(ctx context.Context, tx *db.Tx, t tenant.Tenant) error {
	p := phone.DefaultPoll
	_, err := tx.Exec(ctx, `INSERT INTO device_customers (customer_id, scope, devices, account_user, account_factory, account_revision,
		previous_user, poll_start, poll_end, poll_days, version) VALUES ($1, $2, 0, '', FALSE, 0, '', $3, $4, $5, 0)
		ON CONFLICT (customer_id) DO NOTHING`, t.ID, t.Scope, p.Start, p.End, p.Days)
	return err
}

func (c customerRow) save(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE device_customers SET account_user = $2, account_password = $3, account_factory = $4, account_changed = $5,
		account_revision = $6, previous_user = $7, previous_password = $8, previous_until = $9, poll_start = $10, poll_end = $11,
		poll_days = $12, version = $13, auto_add = $14, open_until = $15, legacy_secrets = $16, call_lists = $17, offline_hours = $18,
		path_internet = $19, path_enterprise = $20, software_start = $21, software_end = $22, software_days = $23 WHERE customer_id = $1`, c.CustomerID, c.User, c.Password, c.Factory, c.Changed, c.Revision,
		c.PreviousUser, c.PreviousPassword, c.PreviousUntil, c.Start, c.End, c.Days, c.Version, string(c.AutoAdd), c.Open, c.LegacySecrets,
		c.CallLists, c.OfflineHours, c.Internet, c.Enterprise, c.SoftwareStart, c.SoftwareEnd, int64(c.SoftwareDays))
	return err
}

func (c customerRow) shown(t tenant.Tenant, now time.Time) Provisioning {
	p := Provisioning{CustomerID: t.ID, Host: t.Host, Devices: c.Devices, Version: c.Version,
		Account:  Account{User: c.User, Factory: c.Factory, Changed: c.Changed},
		Getting:  Getting{AutoAdd: c.AutoAdd, Adds: c.AutoAdd.with(c.Factory), LegacySecrets: c.LegacySecrets, CallLists: c.CallLists, OfflineHours: c.OfflineHours},
		Software: c.software(),
		Poll:     phone.PollWindow{Start: c.Start, End: c.End, Days: c.Days}}
	if c.Open.After(now) {
		p.Getting.Open = c.Open
	}
	if c.PreviousUntil.After(now) {
		p.Account.PreviousUser, p.Account.PreviousUntil = c.PreviousUser, c.PreviousUntil
	}
	return p
}

// Provisioning gives the settings of a customer; those of a fresh one are the defaults without an account.
func (s *Service) Provisioning(ctx context.Context, actor access.Actor, customerID string) (Provisioning, error) {
	t, err := s.allowed(ctx, s.db, actor, access.ProvisioningView, customerID)
	if err != nil {
		return Provisioning{}, err
	}
	c, err := load(ctx, s.db, t.ID)
	return c.shown(t, s.db.Now().Time), err
}

// SetProvisioning changes host, account or poll window (DM-108, DM-111, DM-112, DM-116). All faults are told at once and
// nothing is written then. Changing the host also needs the right to edit the customer.
func (s *Service) SetProvisioning(ctx context.Context, actor access.Actor, customerID string, p ProvisioningPatch) (Provisioning, error) {
	var out Provisioning
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.ProvisioningEdit, customerID)
		if err != nil {
			return err
		}
		if err := ensure(ctx, tx, t); err != nil {
			return err
		}
		c, err := load(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if p.IfVersion != 0 && p.IfVersion != c.Version {
			return errStale
		}
		changed, err := s.apply(&c, p, tx.Now())
		if err != nil {
			return err
		}
		if p.Host != nil && *p.Host != t.Host {
			if t, err = s.tenants.Edit(ctx, actor, t.ID, tenant.Patch{Host: p.Host}); err != nil {
				return err
			}
			changed = append(changed, "host")
		}
		if len(changed) > 0 {
			if err := s.saveProvisioning(ctx, tx, actor, t, &c, changed); err != nil {
				return err
			}
		}
		out = c.shown(t, tx.Now().Time)
		return nil
	})
	return out, err
}

func (s *Service) saveProvisioning(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, c *customerRow, changed []string) error {
	c.Version++
	if err := c.save(ctx, tx); err != nil {
		return err
	}
	if err := revision.Bump(ctx, tx, revision.Customer, t.ID); err != nil {
		return err
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "provisioning.edited", Action: "provisioning/edit", Tenant: t.Access(),
		Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: map[string]any{"fields": changed, "customer_id": t.ID}})
}

// apply changes the row and names what differs now. An old account stays valid only when KeepOld says so.
func (s *Service) apply(c *customerRow, p ProvisioningPatch, now db.Time) ([]string, error) {
	if err := p.check(*c); err != nil {
		return nil, err
	}
	var changed []string
	if w := p.Poll; w != nil && *w != (phone.PollWindow{Start: c.Start, End: c.End, Days: c.Days}) {
		c.Start, c.End, c.Days, changed = w.Start, w.End, w.Days, append(changed, "poll_window")
	}
	changed = append(changed, p.Getting.apply(c, now)...)
	changed = append(changed, p.Software.apply(c)...)
	user := c.User
	if p.User != nil {
		user = *p.User
	}
	if p.Password == nil && user == c.User {
		return changed, nil
	}
	old := *c
	c.PreviousUser, c.PreviousPassword, c.PreviousUntil = "", nil, db.Time{}
	c.Revision++
	c.Changed = now
	switch {
	case user == "":
		c.User, c.Password, c.Factory = "", nil, false
		return append(changed, "account"), nil
	case old.User != "" && p.KeepOld > 0:
		// What the current password was sealed for is not what it will be opened for: seal it again under its new name.
		word, err := s.box.Open(old.Password, sealedAs("account_password", c.CustomerID))
		if err != nil {
			return nil, err
		}
		if c.PreviousPassword, err = s.box.Seal(word, sealedAs("previous_password", c.CustomerID)); err != nil {
			return nil, err
		}
		c.PreviousUser, c.PreviousUntil = old.User, db.At(now.Add(p.KeepOld))
	}
	word := p.Password.Reveal()
	sealed, err := s.box.Seal([]byte(word), sealedAs("account_password", c.CustomerID))
	c.User, c.Password, c.Factory = user, sealed, user == factoryWord && word == factoryWord
	return append(changed, "account"), err
}

// apply changes the row and names what differs now.
func (p GettingPatch) apply(c *customerRow, now db.Time) []string {
	was := *c
	if p.AutoAdd != nil {
		c.AutoAdd = *p.AutoAdd
	}
	if p.LegacySecrets != nil {
		c.LegacySecrets = *p.LegacySecrets
	}
	if p.CallLists != nil {
		c.CallLists = *p.CallLists
	}
	if p.OfflineHours != nil {
		c.OfflineHours = *p.OfflineHours
	}
	if p.OpenFor != nil {
		if c.Open = (db.Time{}); *p.OpenFor > 0 {
			c.Open = db.At(now.Add(*p.OpenFor))
		}
	}
	var changed []string
	for _, f := range []struct {
		name    string
		differs bool
	}{{"auto_add", c.AutoAdd != was.AutoAdd}, {"legacy_secrets", c.LegacySecrets != was.LegacySecrets}, {"call_lists", c.CallLists != was.CallLists},
		{"offline_hours", c.OfflineHours != was.OfflineHours}, {"first_download", !c.Open.Equal(was.Open.Time)}} {
		if f.differs {
			changed = append(changed, f.name)
		}
	}
	return changed
}

// check refuses choices that there are not.
func (p GettingPatch) check(c *errs.Checker) {
	if p.AutoAdd != nil && !slices.Contains([]AutoAdd{AsAccount, Off, Quarantine, On}, *p.AutoAdd) {
		c.Add(errs.Field{Name: "auto_add", Code: "unknown_auto_add", Message: "Choose off, quarantine, on, or nothing to follow the account."})
	}
	if p.OfflineHours != nil && (*p.OfflineHours < 0 || *p.OfflineHours > 8760) {
		c.Add(errs.Field{Name: "offline_hours", Code: "out_of_range", Message: "The time is from 1 to 8760 hours, or 0 to follow the poll window."})
	}
	if p.OpenFor != nil && (*p.OpenFor < 0 || *p.OpenFor > MaxWindow) {
		c.Add(errs.Field{Name: "first_download_hours", Code: "out_of_range", Message: "A window is from 1 to 168 hours."})
	}
}

func sealedAs(column, customerID string) string {
	return "device_customers/" + column + "/" + customerID
}

// check refuses what no phone could send: users after DM-29, passwords of 1 to 128 printable ASCII characters, since phones
// and servers disagree about the encoding of others.
func (p ProvisioningPatch) check(c customerRow) error {
	var faults errs.Checker
	if p.User != nil && *p.User != "" {
		name(&faults, "account.user", *p.User, 1)
	}
	switch {
	case p.Password != nil:
		word := p.Password.Reveal()
		n := faults.Text("account.password", word, 1, 128)
		if !faults.Failed("account.password") && (n != word || strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r > '~' })) {
			faults.Add(errs.Field{Name: "account.password", Code: "password_characters", Message: "Only letters, digits and signs of a plain keyboard, without spaces at the ends."})
		}
		if p.User == nil && c.User == "" || p.User != nil && *p.User == "" {
			faults.Add(errs.Field{Name: "account.user", Code: "required", Message: "This field must not be empty."})
		}
	case p.User != nil && *p.User != "" && *p.User != c.User:
		addFields(&faults, errBothParts)
	}
	if p.KeepOld < 0 || p.KeepOld > MaxKeepOld {
		faults.Add(errs.Field{Name: "account.keep_old", Code: "out_of_range", Message: "An old password can stay valid for at most 30 days."})
	}
	p.Getting.check(&faults)
	p.Software.check(&faults)
	if p.Poll != nil {
		for _, f := range p.Poll.Faults() {
			faults.Add(f)
		}
	}
	return faults.Err()
}

// RevealAccount gives user and password of the provisioning account in clear. It is written into the operation log, and needs
// a right of its own (decision 16). account_missing when there is none.
func (s *Service) RevealAccount(ctx context.Context, actor access.Actor, customerID string) (Credential, error) {
	var out Credential
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.SecretReveal, customerID)
		if err != nil {
			return err
		}
		c, err := load(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if c.User == "" {
			return errNoAccount
		}
		word, err := s.box.Open(c.Password, sealedAs("account_password", t.ID))
		if err != nil {
			return err
		}
		out = Credential{User: c.User, Password: secret.Hide(string(word))}
		return s.journal.Append(ctx, tx, actor, journal.News{Action: "provisioning/reveal", Tenant: t.Access(), Quiet: true,
			Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}})
	})
	if err != nil {
		return Credential{}, err
	}
	return out, nil
}
