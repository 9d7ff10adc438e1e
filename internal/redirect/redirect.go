// Package redirect owns the way from a factory-fresh phone to the address of its customer: redirect servers and entries (CH-34 …
// CH-39), who a MAC belongs to and disputes about it (CH-41, decision 13), the answers of /rps/ (decision 17), and the accounts at
// makers' redirect clouds with what was pushed there (CH-40, DM-121).
//
// It must not know how a phone proves itself nor what it is configured with afterwards: the edge says whether a certificate was
// verified. What it tells a maker's cloud goes out from jobs alone, through the guard of room deliver (decisions 21, 25).
package redirect

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// Server is an address to which phones are sent (CH-35).
type Server struct {
	ID             string  `db:"id"`
	CustomerID     string  `db:"customer_id"`
	Scope          string  `db:"scope"`
	Name           string  `db:"name"`
	NameFold       string  `db:"name_fold"`
	URL            string  `db:"url"` // may hold {mac}, {model}, {enterprise} (CH-38)
	User           string  `db:"account_user"`
	Password       []byte  `db:"account_password"` // sealed; nil without a user
	CertificateURL string  `db:"certificate_url"`  // where a phone finds the certificate to trust; "" for none
	Created        db.Time `db:"created"`
	Updated        db.Time `db:"updated"`
	Version        int64   `db:"version"`

	Entries int64 `db:"-"` // how many use it
}

// Proof is what the claim of a customer on a MAC rests on (decision 13).
type Proof string

// The proofs.
const (
	Unproven      Proof = ""            // the customer came first
	ByCertificate Proof = "certificate" // the phone itself came to the customer with its maker's certificate
	ByOperator    Proof = "operator"    // the operator has decided
)

// Entry says where one phone is sent (CH-36).
type Entry struct {
	ID         string    `db:"id"`
	CustomerID string    `db:"customer_id"`
	Scope      string    `db:"scope"`
	MAC        phone.MAC `db:"mac"`
	Maker      string    `db:"maker"` // "" when neither entered nor told by the MAC
	Model      string    `db:"model"`
	Serial     string    `db:"serial"`     // some makers' clouds take a phone only with it
	ServerID   string    `db:"server_id"`  // "" when it has a unique URL alone
	UniqueURL  string    `db:"unique_url"` // wins over the server's (CH-38)
	User       string    `db:"account_user"`
	Password   []byte    `db:"account_password"` // sealed; of the unique URL
	Remark     string    `db:"remark"`
	Enabled    bool      `db:"enabled"`
	Proof      Proof     `db:"proof"`
	Window     db.Time   `db:"window_until"` // until then a phone without a certificate is answered too (decision 17)
	Created    db.Time   `db:"created"`
	Updated    db.Time   `db:"updated"`
	Version    int64     `db:"version"`

	ServerName   string  `db:"-"`
	ServerURL    string  `db:"-"`
	EffectiveURL string  `db:"-"` // what is handed out, placeholders filled in (CH-38)
	CustomerName string  `db:"-"`
	Contact      Contact `db:"-"`
	Push         Push    `db:"-"`
}

// Contact is when a phone last asked (CH-39). The zero Contact: never.
type Contact struct {
	ID     string  `db:"id"`
	At     db.Time `db:"last_at"`
	IP     string  `db:"last_ip"`
	Result int     `db:"last_result"` // status of the answer
	Times  int64   `db:"times"`
}

// PushState is how far an entry is on its way to its maker's cloud.
type PushState string

// The states (CH-40).
const (
	Pending   PushState = "pending"
	Pushed    PushState = "pushed"
	Refused   PushState = "refused"
	NotPushed PushState = "not_pushed" // nobody pushes it: no connector for the maker, or one that only rehearses
)

// Push is the state of an entry in its maker's cloud.
type Push struct {
	State  PushState
	Code   string // why it was refused or not pushed: a code of ours, or "cloud_" and the maker's own
	Reason string // the cloud's own words; "" when there are none
	Drift  string // what differed when the cloud was last read back: DriftMissing, DriftDiffers, or ""
	At     db.Time
}

// The reasons of ours why an entry is not in a cloud.
const (
	NoConnector    = "no_connector"      // makers without an account here, or without an API at all: use the export file
	Rehearsed      = "connector_dry_run" // the connector only rehearses
	ClaimedThere   = "claimed_elsewhere" // the maker's cloud holds it for another organisation
	NeedsSerial    = "serial_required"   // the maker's cloud takes this phone only with its serial number
	UnfitForCloud  = "does_not_fit"      // longer than the maker's cloud takes it
	CloudRefused   = "cloud_refused"     // without a code
	DriftMissing   = "missing"
	DriftDiffers   = "differs"
	cloudCodeStart = "cloud_"
)

// NewServer is the input of CreateServer.
type NewServer struct {
	Name, URL, User, CertificateURL string
	Password                        secret.String
}

// ServerPatch is a partial change; nil leaves a field as it is. An empty user takes the password away.
type ServerPatch struct {
	Name, URL, User, CertificateURL *string
	Password                        *secret.String
	IfVersion                       int64 // 0: whatever the version is
}

// NewEntry is the input of CreateEntry.
type NewEntry struct {
	MAC, Maker, Model, Serial, ServerID, UniqueURL, User, Remark string
	Password                                                     secret.String
}

// EntryPatch is a partial change; nil leaves a field as it is. ServerID "" detaches.
type EntryPatch struct {
	Maker, Model, Serial, ServerID, UniqueURL, User, Remark *string
	Password                                                *secret.String
	Enabled                                                 *bool
	IfVersion                                               int64
}

// EntryQuery says which entries a list shall hold.
type EntryQuery struct {
	Text       string // part of MAC, URL, serial or remark
	CustomerID string // in lists over several customers
	ServerID   string
	Maker      string
	State      PushState // those that a cloud holds in this state
	Page       db.Page
}

// Account is a user and a password in clear.
type Account struct {
	User     string
	Password secret.String
}

// The limits.
const (
	MaxServers    = 200    // of a customer
	MaxEntries    = 50_000 // of a customer, as many as devices (DM-2)
	MaxWindow     = 7 * 24 * time.Hour
	DefaultWindow = 24 * time.Hour // decision 15
	maxURL        = 512
	maxUniqueURL  = 256
)

var (
	errStale       = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errArchived    = errs.New(errs.Conflict, "archived", "It is archived and cannot be changed any more.")
	errName        = errs.New(errs.Conflict, "name_taken", "This name is in use already.")
	errServerUsed  = errs.New(errs.Conflict, "redirect_server_in_use", "Phones are still sent to this server. Give them another one first.")
	errServerLimit = errs.New(errs.Conflict, "redirect_server_limit", "A customer can have 200 redirect servers.")
	errEntryLimit  = errs.New(errs.Conflict, "redirect_entry_limit", "A customer can have 50,000 redirect entries.")
	errHas         = errs.New(errs.Conflict, "redirect_entry_exists", "There is an entry for this MAC address already.")
	// errClaimed never says by whom (CH-41).
	errClaimed = errs.New(errs.Conflict, "mac_claimed", "This MAC address is claimed already. If the phone is yours, ask for its release.")
	errNoPart  = errs.New(errs.NotFound, "redirect_account_missing", "No user and password are set.")
)

// serverName is what a name may hold: letters, digits and signs, no quotes or brackets.
var serverName = regexp.MustCompile(`^[\p{L}\p{N}#._\-()+/&]+( [\p{L}\p{N}#._\-()+/&]+)*$`)

// apply changes the server as p says and names the fields that differ now; all faults come at once. The password stays aside.
func (p ServerPatch) apply(s *Server) ([]string, error) {
	var c errs.Checker
	var changed []string
	set := fieldSetter(&changed)
	set("name", &s.Name, p.Name, func(v string) string {
		if v = c.Text("name", v, 1, 64); !c.Failed("name") && !serverName.MatchString(v) {
			c.Add(errs.Field{Name: "name", Code: "redirect_name_characters", Message: "Only letters, digits, # . _ - ( ) + / & and single spaces are allowed."})
		}
		return v
	})
	set("url", &s.URL, p.URL, func(v string) string { return checkURL(&c, "url", v, 1, maxURL) })
	set("certificate_url", &s.CertificateURL, p.CertificateURL, func(v string) string { return checkURL(&c, "certificate_url", v, 0, maxURL) })
	if strings.Contains(s.CertificateURL, "{") && !c.Failed("certificate_url") {
		c.Add(errs.Field{Name: "certificate_url", Code: "bad_placeholder", Message: "Of placeholders there are {mac}, {model} and {enterprise}, and none here."})
	}
	was := s.User
	set("user", &s.User, p.User, func(v string) string { return credential(&c, "user", v, 0, 64) })
	checkAccount(&c, was, s.User, p.Password)
	s.NameFold = db.Fold(s.Name)
	return changed, c.Err()
}

// apply changes the entry as p says and names the fields that differ now; all faults come at once. Whether the server exists is
// seen later.
func (p EntryPatch) apply(e *Entry, makers phone.Makers) ([]string, error) {
	var c errs.Checker
	var changed []string
	set := fieldSetter(&changed)
	set("maker", &e.Maker, p.Maker, func(v string) string {
		if v == "" {
			return makers.Of(e.MAC)
		}
		return c.OneOf("maker", v, makers.Names()...)
	})
	set("model", &e.Model, p.Model, func(v string) string { return c.Text("model", v, 0, 64) })
	set("serial", &e.Serial, p.Serial, func(v string) string { return c.Text("serial", v, 0, 128) })
	set("server_id", &e.ServerID, p.ServerID, strings.TrimSpace)
	set("unique_url", &e.UniqueURL, p.UniqueURL, func(v string) string { return checkURL(&c, "unique_url", v, 0, maxUniqueURL) })
	set("remark", &e.Remark, p.Remark, func(v string) string { return c.Text("remark", v, 0, 256) })
	was := e.User
	set("user", &e.User, p.User, func(v string) string { return credential(&c, "user", v, 0, 64) })
	checkAccount(&c, was, e.User, p.Password)
	if e.User != "" && e.UniqueURL == "" && !c.Failed("user") {
		c.Add(errs.Field{Name: "user", Code: "only_with_unique_url", Message: "User and password here belong to the unique URL. Those of a server stand at the server."})
	}
	if p.Enabled != nil && *p.Enabled != e.Enabled {
		e.Enabled, changed = *p.Enabled, append(changed, "enabled")
	}
	if e.ServerID == "" && e.UniqueURL == "" && !c.Failed("unique_url") {
		c.Add(errs.Field{Name: "server_id", Code: "target_required", Message: "Give a server or a unique URL."})
	}
	return changed, c.Err()
}

func fieldSetter(changed *[]string) func(field string, to, from *string, check func(string) string) {
	return func(field string, to, from *string, check func(string) string) {
		if from == nil {
			return
		}
		if v := check(*from); v != *to {
			*to, *changed = v, append(*changed, field)
		}
	}
}

func checkAccount(c *errs.Checker, was, user string, password *secret.String) {
	switch {
	case password != nil && !password.Empty():
		credential(c, "password", password.Reveal(), 1, 128)
		if user == "" {
			c.Add(errs.Field{Name: "user", Code: "required", Message: "This field must not be empty."})
		}
	case user != "" && (user != was || password != nil):
		c.Add(errs.Field{Name: "password", Code: "password_needed", Message: "A new user needs its password."})
	}
}

// credential takes what every phone can send: printable ASCII without spaces at the ends.
func credential(c *errs.Checker, field, v string, min, max int) string {
	n := c.Text(field, v, min, max)
	if !c.Failed(field) && (n != v || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' })) {
		c.Add(errs.Field{Name: field, Code: "password_characters", Message: "Only letters, digits and signs of a plain keyboard, without spaces at the ends."})
	}
	return n
}

// urlForm is what an address may be made of: no spaces, quotes, angle brackets, pipes or backslashes, so that it means the same in
// every maker's format. Square brackets are for IPv6 hosts.
var urlForm = regexp.MustCompile(`^[A-Za-z0-9._~:/?@!&+,;=%$\[\]{}-]+$`)

var placeholders = strings.NewReplacer("{mac}", "0004f2abcdef", "{model}", "M1", "{enterprise}", "acme")

// checkURL takes an absolute http, https, tftp or ftp address without user and password (CH-35); placeholders only behind the host.
func checkURL(c *errs.Checker, field, raw string, min, max int) string {
	raw = c.Text(field, raw, min, max)
	if raw == "" || c.Failed(field) {
		return raw
	}
	filled := placeholders.Replace(raw)
	u, err := url.Parse(filled)
	switch {
	case err != nil, !urlForm.MatchString(raw), u.Opaque != "", u.Hostname() == "", u.Fragment != "", !plainHost(u):
		c.Add(errs.Field{Name: field, Code: "bad_url", Message: "This is not a valid address."})
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "tftp" && u.Scheme != "ftp":
		c.Add(errs.Field{Name: field, Code: "bad_redirect_scheme", Message: "The address must begin with https://, http://, tftp:// or ftp://."})
	case u.User != nil:
		c.Add(errs.Field{Name: field, Code: "userinfo_refused", Message: "The address must not contain a user or password."})
	case strings.ContainsAny(filled, "{}") || strings.Contains(strings.SplitN(raw, "/", 4)[2], "{"):
		c.Add(errs.Field{Name: field, Code: "bad_placeholder", Message: "Of placeholders there are {mac}, {model} and {enterprise}, and none in the host."})
	}
	return raw
}

// plainHost says whether host and port are written as phones understand them.
func plainHost(u *url.URL) bool {
	host := u.Hostname()
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return false
	}
	if strings.ContainsAny(u.Host, "[]") || strings.Contains(host, ":") {
		a, err := netip.ParseAddr(host)
		return err == nil && a.Is6() && a.Zone() == ""
	}
	return !strings.ContainsAny(host, "/?!&+,;=%$@{}~") && !strings.ContainsAny(u.EscapedPath()+u.RawQuery, "[]") && !strings.HasPrefix(host, ".") && !strings.Contains(host, "..")
}

// expand fills the placeholders of an address in (CH-38).
func expand(raw string, mac phone.MAC, model, enterprise string) string {
	if !strings.Contains(raw, "{") {
		return raw
	}
	return strings.NewReplacer("{mac}", mac.String(), "{model}", url.PathEscape(model), "{enterprise}", url.PathEscape(enterprise)).Replace(raw)
}
