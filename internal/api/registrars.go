package api

import (
	"context"
	"time"

	"linecard/internal/registrar"
)

// Registrar is the SIP registrar to which the lines of an organisation and of those below it are published, without its secrets.
type Registrar struct {
	ID        string            `json:"id"`
	Kind      string            `json:"kind" enum:"kamailio,freeswitch"`
	Name      string            `json:"name"`
	Address   string            `json:"address" doc:"Where Kamailio takes JSON-RPC over HTTP; empty: phones are not woken"`
	Domain    string            `json:"domain" doc:"Realm of its challenges"`
	Enabled   bool              `json:"enabled"`
	Settings  RegistrarSettings `json:"settings"`
	LastOK    *time.Time        `json:"last_ok"`
	Fault     string            `json:"fault" enum:",registrar_unreachable,registrar_credentials,registrar_tables,address_refused,secret_unreadable,secret_key_unknown,internal" doc:"Of the last failure as a whole; empty when it works"`
	FaultTime *time.Time        `json:"fault_time"`
	ReadTime  *time.Time        `json:"read_time" doc:"When registrations were last read"`
	CheckTime *time.Time        `json:"check_time" doc:"When it was last compared with what shall stand there"`
	Drifted   int64             `json:"drifted" doc:"Lines that were missing there or different then; they were published again"`
	Strangers int64             `json:"strangers" doc:"Users there that are not ours; nobody touches them"`
	Created   time.Time         `json:"created"`
	Updated   time.Time         `json:"updated"`
}

// RegistrarSettings are ways of a registrar's own configuration.
type RegistrarSettings struct {
	UseDomain     bool   `json:"use_domain" required:"false" doc:"Its location table has domains"`
	TimeZone      string `json:"time_zone" required:"false" maxLength:"64" doc:"In which Kamailio writes its instants; empty: UTC"`
	RotationHours int    `json:"rotation_hours" required:"false" minimum:"0" maximum:"2160" doc:"After which a rotation of a line that has not ended is reported; 0: 72"`
}

func registrarOf(v registrar.Platform) Registrar {
	return Registrar{ID: v.ID, Kind: string(v.Kind), Name: v.Name, Address: v.Address, Domain: v.Domain, Enabled: v.Enabled, Settings: RegistrarSettings(v.Settings.V), LastOK: when(v.LastOK),
		Fault: v.Fault, FaultTime: when(v.FaultAt), ReadTime: when(v.ReadAt), CheckTime: when(v.Checked), Drifted: v.Drifted, Strangers: v.Strangers, Created: v.Created.Time, Updated: v.Updated.Time}
}

// RegistrarRef names the registrar in a path.
type RegistrarRef struct {
	Registrar string `path:"registrar" doc:"Id of the registrar"`
}

type listRegistrarsIn struct {
	Paged
}

func (a *API) listRegistrars(ctx context.Context, c *call, in *listRegistrarsIn) (List[Registrar], error) {
	all, next, err := a.d.Registrars.Platforms(ctx, c.actor, in.page(""))
	return listOf(all, next, registrarOf), err
}

// NewRegistrar is a registrar to add.
type NewRegistrar struct {
	Kind        string             `json:"kind" maxLength:"32"`
	Name        string             `json:"name" maxLength:"64"`
	Domain      string             `json:"domain" maxLength:"64" example:"sip.example.net"`
	Address     string             `json:"address,omitempty" maxLength:"2048" example:"https://sip.example.net:5443/RPC"`
	DatabaseURL secretText         `json:"database_url,omitempty" maxLength:"1024" doc:"Of Kamailio's PostgreSQL; sslmode is require unless it says otherwise"`
	Secret      secretText         `json:"secret,omitempty" maxLength:"256" doc:"Kamailio: bearer token of its commands. FreeSWITCH: with which it looks users up, at least 16 characters"`
	Enabled     *bool              `json:"enabled,omitempty" doc:"Absent: true"`
	Settings    *RegistrarSettings `json:"settings,omitempty"`
}

type createRegistrarIn struct {
	Body NewRegistrar
}

func registrarSettings(s *RegistrarSettings) *registrar.Settings {
	if s == nil {
		return nil
	}
	out := registrar.Settings(*s)
	return &out
}

func (a *API) createRegistrar(ctx context.Context, c *call, in *createRegistrarIn) (Registrar, error) {
	b := in.Body
	p := registrar.Patch{Name: &b.Name, Domain: &b.Domain, Address: &b.Address, Enabled: b.Enabled, Settings: registrarSettings(b.Settings)}
	if b.DatabaseURL != "" {
		p.DatabaseURL = hidden(&b.DatabaseURL)
	}
	if b.Secret != "" {
		p.Secret = hidden(&b.Secret)
	}
	v, err := a.d.Registrars.Create(ctx, c.actor, registrar.Kind(b.Kind), p)
	if err == nil {
		c.created("/registrars/"+v.ID, v.Version)
	}
	return registrarOf(v), err
}

func (a *API) getRegistrar(ctx context.Context, c *call, in *RegistrarRef) (Registrar, error) {
	v, err := a.d.Registrars.Platform(ctx, c.actor, in.Registrar)
	c.taggedLoosely(v.Version)
	return registrarOf(v), err
}

// RegistrarChanges are the fields that shall change.
type RegistrarChanges struct {
	Name        *string            `json:"name,omitempty" maxLength:"64"`
	Domain      *string            `json:"domain,omitempty" maxLength:"64"`
	Address     *string            `json:"address,omitempty" maxLength:"2048"`
	DatabaseURL *secretText        `json:"database_url,omitempty" maxLength:"1024"`
	Secret      *secretText        `json:"secret,omitempty" maxLength:"256"`
	Enabled     *bool              `json:"enabled,omitempty"`
	Settings    *RegistrarSettings `json:"settings,omitempty"`
}

type editRegistrarIn struct {
	RegistrarRef
	Body RegistrarChanges
}

func (a *API) editRegistrar(ctx context.Context, c *call, in *editRegistrarIn) (Registrar, error) {
	b := in.Body
	v, err := a.d.Registrars.Edit(ctx, c.actor, in.Registrar, registrar.Patch{Name: b.Name, Domain: b.Domain, Address: b.Address, DatabaseURL: hidden(b.DatabaseURL), Secret: hidden(b.Secret),
		Enabled: b.Enabled, Settings: registrarSettings(b.Settings), IfVersion: c.ifVersion()})
	c.taggedLoosely(v.Version)
	return registrarOf(v), err
}

func (a *API) deleteRegistrar(ctx context.Context, c *call, in *RegistrarRef) (none, error) {
	return none{}, a.d.Registrars.Delete(ctx, c.actor, in.Registrar, c.ifVersion())
}

func (a *API) checkRegistrar(ctx context.Context, c *call, in *RegistrarRef) (Registrar, error) {
	v, err := a.d.Registrars.Check(ctx, c.actor, in.Registrar)
	return registrarOf(v), err
}

// LineRegistration is what is known about the registrar of a managed line. That a phone asked for its configuration stands at the device.
type LineRegistration struct {
	LineID      string            `json:"line_id"`
	RegistrarID string            `json:"registrar_id" doc:"Empty when no registrar is in charge"`
	State       string            `json:"state" enum:"pending,published,not_published"`
	Fault       string            `json:"fault" doc:"Of the registrar; empty when it works"`
	Published   *time.Time        `json:"published"`
	Registered  bool              `json:"registered"`
	Contacts    []LineContact     `json:"contacts"`
	Rotation    LineRotationState `json:"rotation"`
}

// LineContact is a phone that registers.
type LineContact struct {
	AuthID     string     `json:"auth_id" doc:"Empty when the registrar does not tell"`
	Address    string     `json:"address"`
	UserAgent  string     `json:"user_agent"`
	Registered time.Time  `json:"registered"`
	Until      *time.Time `json:"until" doc:"null when the registrar does not tell"`
}

// LineRotationState is how far new credentials are.
type LineRotationState struct {
	Running bool       `json:"running"`
	Offered *time.Time `json:"offered" doc:"Since when the new credentials register and phones get them"`
	Overdue bool       `json:"overdue" doc:"It takes too long; old and new register as long as it takes"`
}

func lineContactOf(r registrar.Registration) LineContact {
	return LineContact{AuthID: r.AuthID, Address: r.Address, UserAgent: r.UserAgent, Registered: r.Registered.Time, Until: when(r.Until)}
}

// LineRegistrationRef names a managed line in a path.
type LineRegistrationRef struct {
	CustomerRef
	Line string `path:"managed_line" doc:"Id of the managed line"`
}

func (a *API) getLineRegistration(ctx context.Context, c *call, in *LineRegistrationRef) (LineRegistration, error) {
	st, err := a.d.Registrars.Status(ctx, c.actor, in.Customer, in.Line)
	contacts := make([]LineContact, 0, len(st.Registrations))
	for _, r := range st.Registrations {
		contacts = append(contacts, lineContactOf(r))
	}
	return LineRegistration{LineID: st.LineID, RegistrarID: st.PlatformID, State: string(st.State), Fault: st.Fault, Published: when(st.Published), Registered: st.Registered, Contacts: contacts,
		Rotation: LineRotationState{Running: st.Rotation.Running, Offered: when(st.Rotation.Offered), Overdue: st.Rotation.Overdue}}, err
}

func (a *API) syncLine(ctx context.Context, c *call, in *LineRegistrationRef) (none, error) {
	return none{}, a.d.Registrars.Sync(ctx, c.actor, in.Customer, in.Line)
}
