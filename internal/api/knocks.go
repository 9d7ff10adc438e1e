package api

import (
	"context"
	"time"

	"linecard/internal/device"
)

// Knock is somebody who asked in vain: one for each phone, kind and address.
type Knock struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind" enum:"unknown_mac,wrong_password,failed_handshake"`
	MAC      string    `json:"mac" doc:"Empty when it did not get so far as to say which phone it is"`
	PublicIP string    `json:"public_ip"`
	Maker    string    `json:"maker"`
	Model    string    `json:"model"`
	Software string    `json:"software_version"`
	Detail   string    `json:"detail" doc:"Of a failed handshake: what went wrong"`
	Times    int64     `json:"times"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

func knockOf(k device.Knock) Knock {
	out := Knock{ID: k.ID, Kind: string(k.Kind), PublicIP: k.Address, Maker: k.Maker, Model: k.Model, Software: k.Software, Detail: k.Detail, Times: k.Times,
		First: k.First.Time, Last: k.Last.Time}
	if !k.MAC.IsZero() {
		out.MAC = k.MAC.String()
	}
	return out
}

type listKnocksIn struct {
	CustomerRef
	Paged
	Kind string `query:"kind" enum:"unknown_mac,wrong_password,failed_handshake"`
	Sort string `query:"sort" enum:"last,-last"`
}

func (a *API) listKnocks(ctx context.Context, c *call, in *listKnocksIn) (List[Knock], error) {
	l, err := a.d.Devices.Knocks(ctx, c.actor, in.Customer, device.KnockQuery{Kind: device.KnockKind(in.Kind), Page: in.page(in.Sort)})
	return listOf(l.Items, l.Next, knockOf), err
}

// KnockRef names a knock in a path.
type KnockRef struct {
	CustomerRef
	Knock string `path:"knock" doc:"Id of the knock"`
}

// AdoptedDevice is what people add to a phone that knocked.
type AdoptedDevice struct {
	Maker       string `json:"maker,omitempty" doc:"Absent: as the phone told, or by its MAC address"`
	Model       string `json:"model,omitempty" maxLength:"64" doc:"Absent: as the phone told"`
	Name        string `json:"name,omitempty" maxLength:"128"`
	Description string `json:"description,omitempty" maxLength:"256"`
}

type adoptKnockIn struct {
	KnockRef
	Body AdoptedDevice
}

func (a *API) adoptKnock(ctx context.Context, c *call, in *adoptKnockIn) (Device, error) {
	b := in.Body
	d, err := a.d.Devices.Adopt(ctx, c.actor, in.Customer, in.Knock, device.New{Maker: b.Maker, Model: b.Model, Name: b.Name, Description: b.Description})
	if err == nil {
		c.created("/customers/"+in.Customer+"/devices/"+d.ID, d.Version)
		c.taggedLoosely(d.Version)
	}
	return deviceOf(d), err
}

func (a *API) dismissKnock(ctx context.Context, c *call, in *KnockRef) (none, error) {
	return none{}, a.d.Devices.Dismiss(ctx, c.actor, in.Customer, in.Knock)
}
