package api

import (
	"context"
	"time"

	"linecard/internal/device"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// DeviceLine is an external line of a device: made by people and files, never rotated.
type DeviceLine struct {
	ID          string      `json:"id"`
	DeviceID    string      `json:"device_id"`
	Number      int         `json:"number" doc:"Counts from 1; the registration of the phone"`
	Label       string      `json:"label" doc:"What the key shows; empty: display_name, else user"`
	DisplayName string      `json:"display_name"`
	User        string      `json:"user" doc:"User part of its SIP address"`
	AuthUser    string      `json:"auth_user" doc:"Empty: user"`
	Password    string      `json:"password" doc:"Dots when there is one; POST …/reveal shows it"`
	Registrars  []SIPServer `json:"registrars"`
	Proxies     []SIPServer `json:"proxies" doc:"Outbound proxies; none: straight to the registrar"`
	Transport   string      `json:"transport" doc:"udp, tcp or tls; empty: as the DNS says"`
	Expires     int         `json:"expires" doc:"Seconds; 0: the phone's own default"`
	SharedWith  string      `json:"shared_with" doc:"Address of a shared appearance; empty: a private line"`
	Voicemail   string      `json:"voicemail" doc:"Number that collects messages"`
	Created     time.Time   `json:"created"`
	Updated     time.Time   `json:"updated"`
}

// SIPServer is an address and a port; port 0 is found by DNS where the phone can, else the usual one.
type SIPServer struct {
	Host string `json:"host" maxLength:"253"`
	Port int    `json:"port" minimum:"0" maximum:"65535" required:"false"`
}

func serversWire(in []phone.Server) []SIPServer {
	out := make([]SIPServer, len(in))
	for i, s := range in {
		out[i] = SIPServer(s)
	}
	return out
}

func lineOf(l device.Line) DeviceLine {
	out := DeviceLine{ID: l.ID, DeviceID: l.DeviceID, Number: l.Number, Label: l.Label, DisplayName: l.DisplayName, User: l.User, AuthUser: l.AuthUser,
		Registrars: serversWire(l.Registrars), Proxies: serversWire(l.Proxies), Transport: string(l.Transport), Expires: l.Expires, SharedWith: l.SharedWith,
		Voicemail: l.Voicemail, Created: l.Created.Time, Updated: l.Updated.Time}
	if l.HasPassword {
		out.Password = secret.Hidden
	}
	return out
}

// DeviceLineRef names the line in a path.
type DeviceLineRef struct {
	DeviceRef
	Line string `path:"line" doc:"Id of the line"`
}

func (a *API) listLines(ctx context.Context, c *call, in *DeviceRef) (List[DeviceLine], error) {
	lines, err := a.d.Devices.Lines(ctx, c.actor, in.Customer, in.Device)
	return listOf(lines, "", lineOf), err
}

// DeviceLineChanges are the fields of a line; absent ones stay as they are, or empty for a new line.
type DeviceLineChanges struct {
	Number      *int         `json:"number,omitempty" minimum:"1" maximum:"100" doc:"Absent for a new line: the lowest that is free"`
	Label       *string      `json:"label,omitempty" maxLength:"128"`
	DisplayName *string      `json:"display_name,omitempty" maxLength:"128"`
	User        *string      `json:"user,omitempty" maxLength:"128"`
	AuthUser    *string      `json:"auth_user,omitempty" maxLength:"128"`
	Password    *secretText  `json:"password,omitempty" maxLength:"255" doc:"Empty takes it away; the dots of an answer leave it as it is"`
	Registrars  *[]SIPServer `json:"registrars,omitempty" maxItems:"4"`
	Proxies     *[]SIPServer `json:"proxies,omitempty" maxItems:"4"`
	Transport   *string      `json:"transport,omitempty" maxLength:"8"`
	Expires     *int         `json:"expires,omitempty" minimum:"0" maximum:"86400"`
	SharedWith  *string      `json:"shared_with,omitempty" maxLength:"255"`
	Voicemail   *string      `json:"voicemail,omitempty" maxLength:"128"`
}

func (b DeviceLineChanges) patch(version int64) device.LinePatch {
	p := device.LinePatch{Number: b.Number, Label: b.Label, DisplayName: b.DisplayName, User: b.User, AuthUser: b.AuthUser, Expires: b.Expires,
		SharedWith: b.SharedWith, Voicemail: b.Voicemail, IfVersion: version}
	if b.Password != nil && string(*b.Password) != secret.Hidden {
		word := secret.Hide(string(*b.Password))
		p.Password = &word
	}
	servers := func(in *[]SIPServer) *[]phone.Server {
		if in == nil {
			return nil
		}
		out := make([]phone.Server, len(*in))
		for i, s := range *in {
			out[i] = phone.Server(s)
		}
		return &out
	}
	p.Registrars, p.Proxies = servers(b.Registrars), servers(b.Proxies)
	if b.Transport != nil {
		t := phone.Transport(*b.Transport)
		p.Transport = &t
	}
	return p
}

type createLineIn struct {
	DeviceRef
	Body DeviceLineChanges
}

func (a *API) createLine(ctx context.Context, c *call, in *createLineIn) (DeviceLine, error) {
	l, err := a.d.Devices.AddLine(ctx, c.actor, in.Customer, in.Device, in.Body.patch(0))
	if err == nil {
		c.created("/customers/"+in.Customer+"/devices/"+in.Device+"/lines/"+l.ID, l.Version)
	}
	return lineOf(l), err
}

func (a *API) getLine(ctx context.Context, c *call, in *DeviceLineRef) (DeviceLine, error) {
	l, err := a.d.Devices.Line(ctx, c.actor, in.Customer, in.Device, in.Line)
	c.tagged(l.Version)
	return lineOf(l), err
}

type editLineIn struct {
	DeviceLineRef
	Body DeviceLineChanges
}

func (a *API) editLine(ctx context.Context, c *call, in *editLineIn) (DeviceLine, error) {
	l, err := a.d.Devices.EditLine(ctx, c.actor, in.Customer, in.Device, in.Line, in.Body.patch(c.ifVersion()))
	c.tagged(l.Version)
	return lineOf(l), err
}

func (a *API) deleteLine(ctx context.Context, c *call, in *DeviceLineRef) (none, error) {
	return none{}, a.d.Devices.DeleteLine(ctx, c.actor, in.Customer, in.Device, in.Line, c.ifVersion())
}

// LineSecret is who a line registers as, with its password.
type LineSecret struct {
	User     string `json:"user"`
	AuthUser string `json:"auth_user"`
	Password string `json:"password"`
}

// revealLine shows a line's password; it is written into the operation log (decision 16).
func (a *API) revealLine(ctx context.Context, c *call, in *DeviceLineRef) (LineSecret, error) {
	l, word, err := a.d.Devices.RevealLine(ctx, c.actor, in.Customer, in.Device, in.Line)
	if err != nil {
		return LineSecret{}, err
	}
	return LineSecret{User: l.User, AuthUser: l.AuthUser, Password: word.Reveal()}, nil
}
