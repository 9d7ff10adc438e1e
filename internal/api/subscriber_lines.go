package api

import (
	"context"
	"time"

	"linecard/internal/phone"
	"linecard/internal/subscriber"
)

// ManagedLine is a line of a user or workspace: Linecard makes its credentials, publishes and rotates them.
type ManagedLine struct {
	ID                  string       `json:"id"`
	CustomerID          string       `json:"customer_id"`
	HolderID            string       `json:"holder_id"`
	HolderKind          string       `json:"holder_kind" enum:"user,workspace"`
	User                string       `json:"user" doc:"User part of its SIP address"`
	Realm               string       `json:"realm"`
	AuthID              string       `json:"auth_id"`
	NextAuthID          string       `json:"next_auth_id" doc:"While it is rotated: what its phones are given now; else empty"`
	RotatingSince       *time.Time   `json:"rotating_since"`
	Label               string       `json:"label"`
	DisplayName         string       `json:"display_name"`
	Registrars          []SIPServer  `json:"registrars" doc:"Empty: the customer's"`
	Proxies             []SIPServer  `json:"proxies" doc:"Empty: the customer's"`
	Transport           string       `json:"transport" doc:"udp, tcp or tls; empty: the customer's"`
	Expires             int          `json:"expires" doc:"Seconds; 0: the customer's"`
	SharedWith          string       `json:"shared_with"`
	Voicemail           string       `json:"voicemail"`
	LocationID          string       `json:"location_id"`
	NoEmergencyLocation bool         `json:"no_emergency_location" doc:"An emergency call from it would have no location"`
	Active              bool         `json:"active"`
	Phones              []Appearance `json:"phones"`
	Created             time.Time    `json:"created"`
	Updated             time.Time    `json:"updated"`
}

// Appearance is a phone on which a line is.
type Appearance struct {
	DeviceID string `json:"device_id"`
	Number   int    `json:"number" doc:"Counts from 1; the registration of the phone"`
}

func managedLineOf(l subscriber.Line) ManagedLine {
	out := ManagedLine{ID: l.ID, CustomerID: l.CustomerID, HolderID: l.HolderID, HolderKind: string(l.HolderKind), User: l.User, Realm: l.Realm, AuthID: l.AuthID, NextAuthID: l.NextAuthID,
		RotatingSince: when(l.Rotated), Label: l.Label, DisplayName: l.DisplayName, Registrars: serversWire(l.Registrars), Proxies: serversWire(l.Proxies), Transport: string(l.Transport),
		Expires: l.Expires, SharedWith: l.SharedWith, Voicemail: l.Voicemail, LocationID: l.LocationID, NoEmergencyLocation: l.NoEmergency(), Active: l.Active,
		Phones: []Appearance{}, Created: l.Created.Time, Updated: l.Updated.Time}
	for _, p := range l.Phones {
		out.Phones = append(out.Phones, Appearance(p))
	}
	return out
}

// ManagedLineRef names the line in a path.
type ManagedLineRef struct {
	CustomerRef
	Line string `path:"managed_line" doc:"Id of the line"`
}

type listManagedLinesIn struct {
	CustomerRef
	Paged
	Holder      string `query:"holder_id" maxLength:"64" doc:"Of this user or workspace"`
	Device      string `query:"device_id" maxLength:"64" doc:"On this phone"`
	NoEmergency string `query:"no_emergency_location" enum:"true,false"`
	Rotating    string `query:"rotating" enum:"true,false"`
	Sort        string `query:"sort" enum:"created,-created"`
}

func (a *API) listManagedLines(ctx context.Context, c *call, in *listManagedLinesIn) (List[ManagedLine], error) {
	all, next, err := a.d.Subscriber.Lines(ctx, c.actor, in.Customer, subscriber.LineQuery{HolderID: in.Holder, DeviceID: in.Device, NoEmergency: yesNo(in.NoEmergency),
		Rotating: yesNo(in.Rotating), Page: in.page(in.Sort)})
	return listOf(all, next, managedLineOf), err
}

// ManagedLineChanges are what people may set of a managed line; absent fields stay as they are.
type ManagedLineChanges struct {
	Label       *string      `json:"label,omitempty" maxLength:"128" doc:"Empty: extension, else number"`
	DisplayName *string      `json:"display_name,omitempty" maxLength:"128" doc:"Empty: that of the user or workspace"`
	Registrars  *[]SIPServer `json:"registrars,omitempty" maxItems:"4"`
	Proxies     *[]SIPServer `json:"proxies,omitempty" maxItems:"4"`
	Transport   *string      `json:"transport,omitempty" maxLength:"8"`
	Expires     *int         `json:"expires,omitempty" minimum:"0" maximum:"86400"`
	SharedWith  *string      `json:"shared_with,omitempty" maxLength:"255"`
	Voicemail   *string      `json:"voicemail,omitempty" maxLength:"128"`
}

func serversIn(in []SIPServer) []phone.Server {
	out := make([]phone.Server, len(in))
	for i, s := range in {
		out[i] = phone.Server(s)
	}
	return out
}

func (b ManagedLineChanges) patch(version int64) subscriber.LinePatch {
	p := subscriber.LinePatch{Label: b.Label, DisplayName: b.DisplayName, Expires: b.Expires, SharedWith: b.SharedWith, Voicemail: b.Voicemail, IfVersion: version}
	if b.Registrars != nil {
		v := serversIn(*b.Registrars)
		p.Registrars = &v
	}
	if b.Proxies != nil {
		v := serversIn(*b.Proxies)
		p.Proxies = &v
	}
	if b.Transport != nil {
		t := phone.Transport(*b.Transport)
		p.Transport = &t
	}
	return p
}

// NewManagedLine is a further line of a user or workspace with calling.
type NewManagedLine struct {
	HolderID string `json:"holder_id" maxLength:"64" doc:"Id of the user or workspace"`
	ManagedLineChanges
}

type createManagedLineIn struct {
	CustomerRef
	Body NewManagedLine
}

func (a *API) createManagedLine(ctx context.Context, c *call, in *createManagedLineIn) (ManagedLine, error) {
	l, err := a.d.Subscriber.AddLine(ctx, c.actor, in.Customer, in.Body.HolderID, in.Body.patch(0))
	if err == nil {
		c.created("/customers/"+in.Customer+"/lines/"+l.ID, l.Version)
	}
	return managedLineOf(l), err
}

func (a *API) getManagedLine(ctx context.Context, c *call, in *ManagedLineRef) (ManagedLine, error) {
	l, err := a.d.Subscriber.Line(ctx, c.actor, in.Customer, in.Line)
	c.tagged(l.Version)
	return managedLineOf(l), err
}

type editManagedLineIn struct {
	ManagedLineRef
	Body ManagedLineChanges
}

func (a *API) editManagedLine(ctx context.Context, c *call, in *editManagedLineIn) (ManagedLine, error) {
	l, err := a.d.Subscriber.EditLine(ctx, c.actor, in.Customer, in.Line, in.Body.patch(c.ifVersion()))
	c.tagged(l.Version)
	return managedLineOf(l), err
}

func (a *API) deleteManagedLine(ctx context.Context, c *call, in *ManagedLineRef) (none, error) {
	return none{}, a.d.Subscriber.DeleteLine(ctx, c.actor, in.Customer, in.Line, c.ifVersion())
}

// LinePlace says where on the phone.
type LinePlace struct {
	Number int `json:"number,omitempty" minimum:"0" maximum:"100" doc:"Absent: the lowest registration that is free"`
}

type placeManagedLineIn struct {
	ManagedLineRef
	Device string `path:"device" doc:"Id of the phone"`
	Body   LinePlace
}

func (a *API) placeManagedLine(ctx context.Context, c *call, in *placeManagedLineIn) (ManagedLine, error) {
	l, err := a.d.Subscriber.PlaceLine(ctx, c.actor, in.Customer, in.Line, in.Device, in.Body.Number)
	c.tagged(l.Version)
	return managedLineOf(l), err
}

type takeManagedLineIn struct {
	ManagedLineRef
	Device string `path:"device" doc:"Id of the phone"`
}

func (a *API) takeManagedLine(ctx context.Context, c *call, in *takeManagedLineIn) (ManagedLine, error) {
	l, err := a.d.Subscriber.RemoveLine(ctx, c.actor, in.Customer, in.Line, in.Device)
	c.tagged(l.Version)
	return managedLineOf(l), err
}

func (a *API) rotateManagedLine(ctx context.Context, c *call, in *ManagedLineRef) (ManagedLine, error) {
	l, err := a.d.Subscriber.Rotate(ctx, c.actor, in.Customer, in.Line, c.ifVersion())
	c.tagged(l.Version)
	return managedLineOf(l), err
}

func (a *API) revealManagedLine(ctx context.Context, c *call, in *ManagedLineRef) (LineSecret, error) {
	user, auth, word, err := a.d.Subscriber.RevealLine(ctx, c.actor, in.Customer, in.Line)
	if err != nil {
		return LineSecret{}, err
	}
	return LineSecret{User: user, AuthUser: auth, Password: word.Reveal()}, nil
}

// Calling is where the managed lines of a customer register, as far as a line does not say otherwise.
type Calling struct {
	Realm      string      `json:"realm" required:"false" maxLength:"253" doc:"Domain of SIP addresses; empty: the first registrar"`
	Registrars []SIPServer `json:"registrars" maxItems:"4"`
	Proxies    []SIPServer `json:"proxies" required:"false" maxItems:"4" doc:"Outbound proxies; none: straight to the registrar"`
	Transport  string      `json:"transport" required:"false" maxLength:"8" doc:"udp, tcp or tls; empty: as the DNS says"`
	Expires    int         `json:"expires" required:"false" minimum:"0" maximum:"86400" doc:"Seconds; 0: the phone's own default"`
}

func callingOf(in subscriber.Calling) Calling {
	return Calling{Realm: in.Realm, Registrars: serversWire(in.Registrars), Proxies: serversWire(in.Proxies), Transport: string(in.Transport), Expires: in.Expires}
}

func (a *API) getCalling(ctx context.Context, c *call, in *CustomerRef) (Calling, error) {
	out, version, err := a.d.Subscriber.CallingOf(ctx, c.actor, in.Customer)
	c.tagged(version)
	return callingOf(out), err
}

type putCallingIn struct {
	CustomerRef
	Body Calling
}

func (a *API) putCalling(ctx context.Context, c *call, in *putCallingIn) (Calling, error) {
	b := in.Body
	out, version, err := a.d.Subscriber.SetCalling(ctx, c.actor, in.Customer, subscriber.Calling{Realm: b.Realm, Registrars: serversIn(b.Registrars), Proxies: serversIn(b.Proxies),
		Transport: phone.Transport(b.Transport), Expires: b.Expires}, c.ifVersion())
	c.tagged(version)
	return callingOf(out), err
}
