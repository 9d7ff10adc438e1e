package registrar

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"linecard/internal/subscriber"
)

// Connector speaks with a registrar. All of it may be repeated: what stands there afterwards counts, not how often it was said.
type Connector interface {
	// Publish makes these users register with exactly these accounts and no others.
	Publish(ctx context.Context, all []User) error
	// Remove makes these users register no more; one that is not there is removed already.
	Remove(ctx context.Context, names []string) error
	// Differs names those that do not stand there like this.
	Differs(ctx context.Context, all []User) ([]string, error)
	// Count says how many users stand there in the domain; -1 when there is no telling.
	Count(ctx context.Context) (int64, error)
	// Registrations gives the contacts that have changed since; all of them for the zero instant. The instants are the registrar's.
	Registrations(ctx context.Context, since time.Time, fn func(Contact) error) error
	// Notify sends an event to the contacts of a user along the path on which they registered, and says to how many. That they took it
	// is not known, and would prove nothing: a phone that asks for its configuration does.
	Notify(ctx context.Context, name string) (int, error)
	Close()
}

// User is one address of record with what registers it.
type User struct {
	Name     string // user part
	Accounts []Account
}

// Account is one name with the digests of its password (RFC 2617); the password itself never leaves Linecard.
type Account struct {
	AuthID string
	HA1    string // MD5(name:realm:password)
	HA1B   string // the same of name@realm, for phones that put their domain into the name
}

func hash(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func accountOf(c subscriber.Credential, realm string) Account {
	return Account{AuthID: c.AuthID, HA1: hash(c.AuthID + ":" + realm + ":" + c.Password), HA1B: hash(c.AuthID + "@" + realm + ":" + realm + ":" + c.Password)}
}

// Contact is one registration as a registrar knows it.
type Contact struct {
	RemoteID   string
	User       string
	AuthID     string // "": it does not tell
	Phone      string
	Address    string
	UserAgent  string
	Registered time.Time
	Until      time.Time // zero: it does not tell
}

// checkSync is the event with which phones of a maker fetch their configuration and restart only when they must. It is no standard:
// Yealink, Snom and Grandstream take the parameter, Poly wants the bare event, Cisco its own.
func checkSync(userAgent string) string {
	agent := strings.ToLower(userAgent)
	switch {
	case strings.Contains(agent, "poly"):
		return "check-sync"
	case strings.Contains(agent, "cisco"), strings.Contains(agent, "linksys"), strings.Contains(agent, "sipura"):
		return "resync"
	}
	return "check-sync;reboot=false"
}

// connect gives the connector of a registrar.
func (s *Service) connect(ctx context.Context, v Platform) (Connector, error) {
	if v.Kind == FreeSWITCH {
		return asks{}, nil
	}
	word, err := s.open(v, "database_url", v.DatabaseURL)
	if err != nil {
		return nil, err
	}
	passkey, err := s.open(v, "secret", v.Secret)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(v.Settings.V.TimeZone)
	if err != nil {
		return nil, err
	}
	k := &kamailio{v: v, zone: zone, guard: s.guard, http: s.http, passkey: passkey, log: s.log}
	return k, k.dial(ctx, word)
}

func (s *Service) open(v Platform, column string, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	word, err := s.box.Open(sealed, sealedAs(column, v.ID))
	return string(word), err
}

// errNoReading says that a registrar is not read: its registrations are noted when it asks.
var errNoReading = errors.New("this registrar is not read")

// asks is a registrar that asks us for each user, so that nothing has to be told: FreeSWITCH.
type asks struct{}

func (asks) Publish(context.Context, []User) error                               { return nil }
func (asks) Remove(context.Context, []string) error                              { return nil }
func (asks) Differs(context.Context, []User) ([]string, error)                   { return nil, nil }
func (asks) Count(context.Context) (int64, error)                                { return -1, nil }
func (asks) Registrations(context.Context, time.Time, func(Contact) error) error { return errNoReading }
func (asks) Notify(context.Context, string) (int, error)                         { return 0, errNoNotify }
func (asks) Close()                                                              {}
