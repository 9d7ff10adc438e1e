package api

import (
	"context"
	"time"

	"linecard/internal/device"
)

// Device is one phone of a customer.
type Device struct {
	ID              string     `json:"id"`
	CustomerID      string     `json:"customer_id"`
	MAC             string     `json:"mac" example:"0004f2abcdef" doc:"Its identity, 12 lower-case digits; another MAC is another device (DM-4)"`
	Maker           string     `json:"maker"`
	Model           string     `json:"model" doc:"What the phone said of itself, else what was entered"`
	EnteredModel    string     `json:"entered_model"`
	Name            string     `json:"name"`
	Description     string     `json:"description"`
	SoftwareVersion string     `json:"software_version"`
	PublicIP        string     `json:"public_ip" doc:"From where it last asked for its configuration"`
	LastSeen        *time.Time `json:"last_seen" doc:"When it last asked for its configuration"`
	Created         time.Time  `json:"created"`
	Updated         time.Time  `json:"updated"`
}

func deviceOf(d device.Device) Device {
	return Device{ID: d.ID, CustomerID: d.CustomerID, MAC: d.MAC.String(), Maker: d.Maker, Model: d.KnownModel(), EnteredModel: d.Model, Name: d.Name,
		Description: d.Description, SoftwareVersion: d.SoftwareVersion, PublicIP: d.LastIP, LastSeen: when(d.LastSeen), Created: d.Created.Time, Updated: d.Updated.Time}
}

// DeviceRef names the device in a path.
type DeviceRef struct {
	CustomerRef
	Device string `path:"device" doc:"Id of the device"`
}

type listDevicesIn struct {
	CustomerRef
	Paged
	Q     string `query:"q" maxLength:"200" doc:"Part of MAC (any separators), name, model or description"`
	Sort  string `query:"sort" enum:"name,-name,mac,-mac,created,-created,last_seen,-last_seen"`
	Model string `query:"model" doc:"Exactly this model, as entered or reported"`
	Maker string `query:"maker"`
}

func (a *API) listDevices(ctx context.Context, c *call, in *listDevicesIn) (List[Device], error) {
	l, err := a.d.Devices.List(ctx, c.actor, in.Customer, device.Query{Text: in.Q, Model: in.Model, Maker: in.Maker, Page: in.page(in.Sort)})
	return listOf(l.Items, l.Next, deviceOf), err
}

// NewDevice is a phone to add.
type NewDevice struct {
	MAC         string `json:"mac" minLength:"1" maxLength:"32" doc:"Any usual spelling"`
	Maker       string `json:"maker,omitempty" doc:"Absent: told from the MAC address"`
	Model       string `json:"model,omitempty" maxLength:"64"`
	Name        string `json:"name,omitempty" maxLength:"128"`
	Description string `json:"description,omitempty" maxLength:"256"`
}

type createDeviceIn struct {
	CustomerRef
	Body NewDevice
}

func (a *API) createDevice(ctx context.Context, c *call, in *createDeviceIn) (Device, error) {
	d, err := a.d.Devices.Create(ctx, c.actor, in.Customer, device.New(in.Body))
	if err == nil {
		c.created("/customers/"+in.Customer+"/devices/"+d.ID, d.Version)
		c.taggedLoosely(d.Version)
	}
	return deviceOf(d), err
}

func (a *API) getDevice(ctx context.Context, c *call, in *DeviceRef) (Device, error) {
	d, err := a.d.Devices.Get(ctx, c.actor, in.Customer, in.Device)
	c.taggedLoosely(d.Version)
	return deviceOf(d), err
}

// DeviceChanges are what people wrote about a device; the MAC cannot change (DM-4).
type DeviceChanges struct {
	Model       *string `json:"model,omitempty" maxLength:"64"`
	Name        *string `json:"name,omitempty" maxLength:"128"`
	Description *string `json:"description,omitempty" maxLength:"256"`
}

type editDeviceIn struct {
	DeviceRef
	Body DeviceChanges
}

func (a *API) editDevice(ctx context.Context, c *call, in *editDeviceIn) (Device, error) {
	b := in.Body
	d, err := a.d.Devices.Edit(ctx, c.actor, in.Customer, in.Device, device.Patch{Model: b.Model, Name: b.Name, Description: b.Description, IfVersion: c.ifVersion()})
	c.taggedLoosely(d.Version)
	return deviceOf(d), err
}

func (a *API) deleteDevice(ctx context.Context, c *call, in *DeviceRef) (none, error) {
	return none{}, a.d.Devices.Delete(ctx, c.actor, in.Customer, in.Device, c.ifVersion())
}
