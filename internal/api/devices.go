package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"linecard/internal/device"
)

// Device is one phone of a customer.
type Device struct {
	ID              string     `json:"id"`
	CustomerID      string     `json:"customer_id"`
	MAC             string     `json:"mac" example:"0004f2abcdef" doc:"Its identity, 12 lower-case digits; another MAC is another device (DM-4). Empty for a device that is known by its serial number and has told none"`
	Serial          string     `json:"serial" doc:"Its identity when its family is known by serial numbers (DM-3)"`
	Family          string     `json:"family" doc:"Its type, as files name it (DM-244); empty when nobody said"`
	Maker           string     `json:"maker"`
	Model           string     `json:"model" doc:"What the phone said of itself, else what was entered"`
	EnteredModel    string     `json:"entered_model"`
	Name            string     `json:"name"`
	DisplayName     string     `json:"display_name" doc:"The name, or what it is called while it has none (DM-227)"`
	Description     string     `json:"description"`
	SoftwareVersion string     `json:"software_version"`
	PublicIP        string     `json:"public_ip" doc:"From where it last asked for its configuration"`
	PrivateIP       string     `json:"private_ip" doc:"Of the phone inside its network; empty when it is not known"`
	SiteID          string     `json:"site_id" doc:"The network site where it is: by its addresses, or pinned (DM-34)"`
	SitePinned      bool       `json:"site_pinned"`
	GroupIDs        []string   `json:"group_ids" doc:"Its device groups, the first is the highest"`
	Status          string     `json:"status" enum:"online,offline,never" doc:"Whether it is heard of (DM-278, DM-279); nothing is said about its registration"`
	LastSeen        *time.Time `json:"last_seen" doc:"When it was last heard of"`
	Result          string     `json:"provision_result" enum:"SUCCESS,FAILED," doc:"How its last try to get its configuration ended (DM-124); empty before the first"`
	ResultAt        *time.Time `json:"provision_time"`
	Created         time.Time  `json:"created"`
	Updated         time.Time  `json:"updated"`
}

func deviceOf(d device.Device) Device {
	mac, _ := d.MAC.MarshalText()
	return Device{ID: d.ID, CustomerID: d.CustomerID, MAC: string(mac), Serial: d.Serial, Family: d.Family, DisplayName: d.Shown(), GroupIDs: orEmpty(d.GroupIDs), Maker: d.Maker, Model: d.KnownModel(), EnteredModel: d.Model, Name: d.Name,
		Description: d.Description, SoftwareVersion: d.SoftwareVersion, PublicIP: d.LastIP, PrivateIP: d.PrivateIP, SiteID: d.SiteID,
		SitePinned: d.SitePinned, Status: string(d.Status), LastSeen: when(d.LastSeen), Result: d.Result, ResultAt: when(d.ResultAt), Created: d.Created.Time, Updated: d.Updated.Time}
}

// DeviceRef names the device in a path.
type DeviceRef struct {
	CustomerRef
	Device string `path:"device" doc:"Id of the device"`
}

type listDevicesIn struct {
	CustomerRef
	Paged
	Q     string `query:"q" maxLength:"200" doc:"Part of MAC (any separators), serial, name, model, description, address, site name or software version"`
	Sort  string `query:"sort" enum:"name,-name,mac,-mac,created,-created,last_seen,-last_seen"`
	Model string `query:"model" doc:"Exactly this model, as entered or reported"`
	Maker string `query:"maker"`
	Site  string `query:"site" doc:"Id of the network site where they are"`

	Family          string `query:"family" doc:"Exactly this type"`
	Group           string `query:"group" doc:"Id of a device group they are in"`
	SoftwareVersion string `query:"software_version" doc:"Exactly this version"`
	Status          string `query:"status" enum:"online,offline,never"`
}

func (a *API) listDevices(ctx context.Context, c *call, in *listDevicesIn) (List[Device], error) {
	l, err := a.d.Devices.List(ctx, c.actor, in.Customer, device.Query{Text: in.Q, Model: in.Model, Maker: in.Maker, Site: in.Site,
		Family: in.Family, Group: in.Group, Version: in.SoftwareVersion, Status: device.Status(in.Status), Page: in.page(in.Sort)})
	return listOf(l.Items, l.Next, deviceOf), err
}

// NewDevice is a phone to add.
type NewDevice struct {
	MAC         string   `json:"mac,omitempty" maxLength:"32" doc:"Any usual spelling; may be absent only where the family is known by serial numbers"`
	Serial      string   `json:"serial,omitempty" maxLength:"32" doc:"Letters and digits (DM-243)"`
	Maker       string   `json:"maker,omitempty" doc:"Absent: told from the family or the MAC address"`
	Family      string   `json:"family,omitempty" maxLength:"64" doc:"Type of the device, for example VVX or Poly Studio (DM-244)"`
	Model       string   `json:"model,omitempty" maxLength:"64"`
	Name        string   `json:"name,omitempty" maxLength:"128"`
	Description string   `json:"description,omitempty" maxLength:"256"`
	GroupIDs    []string `json:"group_ids,omitempty" maxItems:"2000" doc:"Its device groups, the first is the highest"`
	Management  string   `json:"management,omitempty" enum:"platform_native,platform_third_party,customer_managed,partner_managed" doc:"Who configures it (WS-142); absent: it is served from here"`
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
	Model       *string   `json:"model,omitempty" maxLength:"64"`
	Name        *string   `json:"name,omitempty" maxLength:"128"`
	Description *string   `json:"description,omitempty" maxLength:"256"`
	GroupIDs    *[]string `json:"group_ids,omitempty" maxItems:"2000" doc:"All its device groups, the first is the highest"`
	SiteID      Unset     `json:"site_id,omitzero" maxLength:"64" doc:"Pins it to this network site, whatever its address; null unpins it"`
	SitePinned  *bool     `json:"site_pinned,omitempty" doc:"true pins it to the site where it is, false unpins it"`
	PrivateIP   *string   `json:"private_ip,omitempty" maxLength:"45"`
}

// Unset is a text that null takes away; absent leaves it as it is.
type Unset struct {
	Given bool
	Text  string
}

// UnmarshalJSON reads a text or null.
func (u *Unset) UnmarshalJSON(b []byte) error {
	u.Given, u.Text = true, ""
	if string(b) == "null" {
		return nil
	}
	return json.Unmarshal(b, &u.Text)
}

// Schema describes it as text or null.
func (Unset) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: "string", Nullable: true} }

// pointer is the text as a partial change has it: nil when it was not given, "" for null.
func (u Unset) pointer() *string {
	if !u.Given {
		return nil
	}
	return &u.Text
}

type editDeviceIn struct {
	DeviceRef
	Body DeviceChanges
}

func (a *API) editDevice(ctx context.Context, c *call, in *editDeviceIn) (Device, error) {
	b := in.Body
	d, err := a.d.Devices.Edit(ctx, c.actor, in.Customer, in.Device, device.Patch{Model: b.Model, Name: b.Name, Description: b.Description, GroupIDs: b.GroupIDs, IfVersion: c.ifVersion(),
		Whereabouts: device.Whereabouts{SiteID: b.SiteID.pointer(), Pinned: b.SitePinned, PrivateIP: b.PrivateIP}})
	c.taggedLoosely(d.Version)
	return deviceOf(d), err
}

func (a *API) deleteDevice(ctx context.Context, c *call, in *DeviceRef) (none, error) {
	return none{}, a.d.Devices.Delete(ctx, c.actor, in.Customer, in.Device, c.ifVersion())
}
