package api

import (
	"context"
	"time"

	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// Provisioning is what all phones of a customer share.
type Provisioning struct {
	Host    string              `json:"host" doc:"First label of the phones' address"`
	Account ProvisioningAccount `json:"account"`
	Poll    PollWindow          `json:"poll_window"`
	Paths   DownloadPaths       `json:"download_paths"`
	Window  *SoftwareWindow     `json:"software_window" doc:"When phones are told of a new version, in the customer's time zone; null is at any time"`
	Devices int64               `json:"devices"`
	Getting
}

// Getting is how phones get in beside the account.
type Getting struct {
	AutoAdd       string     `json:"auto_add" enum:"default,off,quarantine,on" doc:"What happens with phones that nobody announced (DM-228); default: on, and quarantine while the account is the well-known one"`
	Adds          string     `json:"auto_add_in_force" enum:"off,quarantine,on"`
	Open          *time.Time `json:"first_download_until" doc:"Until then phones without an account of their own get secrets although the account is the well-known one"`
	LegacySecrets bool       `json:"legacy_secrets" doc:"Secrets may go over TLS older than 1.2, which is not safe"`
	CallLists     bool       `json:"call_lists" doc:"Phones may upload their call lists"`
	OfflineHours  int        `json:"offline_hours" doc:"A phone that was silent for so long is offline; 0: poll period, window and one hour (DM-279)"`
}

func gettingOf(g device.Getting) Getting {
	chosen := string(g.AutoAdd)
	if g.AutoAdd == device.AsAccount {
		chosen = "default"
	}
	return Getting{AutoAdd: chosen, Adds: string(g.Adds), Open: when(g.Open), LegacySecrets: g.LegacySecrets, CallLists: g.CallLists, OfflineHours: g.OfflineHours}
}

// ProvisioningAccount is what phones sign in with, without its password; POST …/reveal shows that.
type ProvisioningAccount struct {
	User          string     `json:"user" doc:"Empty while there is none: then no phone gets anything (DM-111)"`
	Factory       bool       `json:"factory" doc:"The well-known account that phones are shipped with (DM-113)"`
	Changed       *time.Time `json:"changed"`
	PreviousUser  string     `json:"previous_user" doc:"Still valid until previous_until"`
	PreviousUntil *time.Time `json:"previous_until"`
}

// PollWindow is when phones ask for changes by themselves (DM-108), on their own clock.
type PollWindow struct {
	Start string `json:"start" example:"03:00"`
	End   string `json:"end" example:"05:00"`
	Days  int    `json:"days" minimum:"1" maximum:"31"`
}

func provisioningOf(p device.Provisioning) Provisioning {
	x := p.Account
	return Provisioning{Host: p.Host, Devices: p.Devices, Getting: gettingOf(p.Getting), Poll: PollWindow{p.Poll.Start.String(), p.Poll.End.String(), p.Poll.Days},
		Paths: DownloadPaths(p.Software.Paths), Window: softwareWindow(p.Software.Window),
		Account: ProvisioningAccount{User: x.User, Factory: x.Factory, Changed: when(x.Changed), PreviousUser: x.PreviousUser, PreviousUntil: when(x.PreviousUntil)}}
}

func (a *API) getProvisioning(ctx context.Context, c *call, in *CustomerRef) (Provisioning, error) {
	p, err := a.d.Devices.Provisioning(ctx, c.actor, in.Customer)
	c.taggedLoosely(p.Version)
	return provisioningOf(p), err
}

// ProvisioningChanges are a partial change; a field that is absent stays.
type ProvisioningChanges struct {
	Host    *string        `json:"host,omitempty" maxLength:"31"`
	Account *AccountChange `json:"account,omitempty"`
	Poll    *PollWindow    `json:"poll_window,omitempty"`
	Paths   *PathsChange   `json:"download_paths,omitempty"`

	Window *SoftwareWindow `json:"software_window,omitempty" doc:"No days: at any time"`

	AutoAdd       *string `json:"auto_add,omitempty" enum:"default,off,quarantine,on"`
	OpenHours     *int    `json:"first_download_hours,omitempty" minimum:"0" maximum:"168" doc:"Opens a window from now in which phones without an account of their own get secrets although the account is the well-known one; 0 closes it"`
	LegacySecrets *bool   `json:"legacy_secrets,omitempty"`
	CallLists     *bool   `json:"call_lists,omitempty"`
	OfflineHours  *int    `json:"offline_hours,omitempty" minimum:"0" maximum:"8760"`
}

func (b ProvisioningChanges) getting() device.GettingPatch {
	g := device.GettingPatch{LegacySecrets: b.LegacySecrets, CallLists: b.CallLists, OfflineHours: b.OfflineHours}
	if b.AutoAdd != nil {
		chosen := device.AutoAdd(*b.AutoAdd)
		if chosen == "default" {
			chosen = device.AsAccount
		}
		g.AutoAdd = &chosen
	}
	if b.OpenHours != nil {
		d := time.Duration(*b.OpenHours) * time.Hour
		g.OpenFor = &d
	}
	return g
}

// AccountChange sets the provisioning account.
type AccountChange struct {
	User           *string     `json:"user,omitempty" maxLength:"128" doc:"Empty takes the account away"`
	Password       *secretText `json:"password,omitempty" maxLength:"128"`
	KeepOldSeconds int64       `json:"keep_old_seconds,omitempty" minimum:"0" maximum:"2592000" doc:"For how long the old account stays valid beside the new one"`
}

// secretText is a secret in a request; whatever prints it shows nothing.
type secretText string

// String hides the secret.
func (secretText) String() string { return secret.Hidden }

type editProvisioningIn struct {
	CustomerRef
	Body ProvisioningChanges
}

func (a *API) editProvisioning(ctx context.Context, c *call, in *editProvisioningIn) (Provisioning, error) {
	p := device.ProvisioningPatch{Host: in.Body.Host, Getting: in.Body.getting(), IfVersion: c.ifVersion()}
	if x := in.Body.Account; x != nil {
		p.User, p.KeepOld = x.User, time.Duration(x.KeepOldSeconds)*time.Second
		if x.Password != nil {
			word := secret.Hide(string(*x.Password))
			p.Password = &word
		}
	}
	if w := in.Body.Poll; w != nil {
		poll, err := pollWindow(*w)
		if err != nil {
			return Provisioning{}, err
		}
		p.Poll = &poll
	}
	if x := in.Body.Paths; x != nil {
		p.Software.Internet, p.Software.Enterprise = x.Internet, x.Enterprise
	}
	if w := in.Body.Window; w != nil {
		window, err := w.read()
		if err != nil {
			return Provisioning{}, err
		}
		p.Software.Window = &window
	}
	out, err := a.d.Devices.SetProvisioning(ctx, c.actor, in.Customer, p)
	c.taggedLoosely(out.Version)
	return provisioningOf(out), err
}

func pollWindow(w PollWindow) (phone.PollWindow, error) {
	var c errs.Checker
	read := func(name, s string) phone.TimeOfDay {
		t, err := phone.ParseTimeOfDay(s)
		if err != nil {
			c.Add(errs.Field{Name: name, Code: "bad_time", Message: "A time of day is written hh:mm, from 00:00 to 23:59."})
		}
		return t
	}
	out := phone.PollWindow{Start: read("poll_window.start", w.Start), End: read("poll_window.end", w.End), Days: w.Days}
	return out, c.Err()
}

// Credential is a user and a password.
type Credential struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// revealProvisioning shows the account's password; it is written into the operation log (decision 16).
func (a *API) revealProvisioning(ctx context.Context, c *call, in *CustomerRef) (Credential, error) {
	x, err := a.d.Devices.RevealAccount(ctx, c.actor, in.Customer)
	if err != nil {
		return Credential{}, err
	}
	return Credential{User: x.User, Password: x.Password.Reveal()}, nil
}
