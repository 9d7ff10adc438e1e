package api

import (
	"context"
	"time"

	"linecard/internal/device"
)

// Replaced tells what became of a phone that was replaced or moved.
type Replaced struct {
	Device  Device   `json:"device"`
	Carried []string `json:"carried" doc:"What goes on: name, description, groups, lines, keys, profiles, site_pin, phone_files, maker, model"`
	Dropped []string `json:"dropped" doc:"What is gone, with all secrets in it: account, attributes, groups, keys, lines, logs, phone_files, profiles, requests, site_pin"`
}

func replacedOf(r device.Replaced) Replaced {
	return Replaced{Device: deviceOf(r.Device), Carried: orEmpty(r.Carried), Dropped: orEmpty(r.Dropped)}
}

// Successor is the phone that takes the place of another one.
type Successor struct {
	MAC   string `json:"mac" minLength:"1" maxLength:"32" doc:"Any usual spelling"`
	Maker string `json:"maker,omitempty" doc:"Absent: told from the MAC address"`
}

type replaceDeviceIn struct {
	DeviceRef
	Body Successor
}

func (a *API) replaceDevice(ctx context.Context, c *call, in *replaceDeviceIn) (Replaced, error) {
	r, err := a.d.Devices.Replace(ctx, c.actor, in.Customer, in.Device, device.Replacement{MAC: in.Body.MAC, Maker: in.Body.Maker, IfVersion: c.ifVersion()})
	c.taggedLoosely(r.Device.Version)
	return replacedOf(r), err
}

// Destination is the customer that gets a phone.
type Destination struct {
	Customer string `json:"customer_id" minLength:"1" maxLength:"64"`
}

type moveDeviceIn struct {
	DeviceRef
	Body Destination
}

func (a *API) moveDevice(ctx context.Context, c *call, in *moveDeviceIn) (Replaced, error) {
	r, err := a.d.Devices.Move(ctx, c.actor, in.Customer, in.Device, in.Body.Customer, c.ifVersion())
	c.taggedLoosely(r.Device.Version)
	return replacedOf(r), err
}

// DeviceAccess tells how a phone gets in; no part of it is secret.
type DeviceAccess struct {
	User    string     `json:"user" doc:"Of its own account"`
	Given   bool       `json:"given" doc:"It has an account of its own, which its next configuration carries"`
	Claimed *time.Time `json:"claimed" doc:"When it first used an account of its own: since then the customer's account opens no secret of it"`
	Used    *time.Time `json:"used" doc:"When it first used its present password; null while that has not arrived, and the one before is valid"`
	Open    *time.Time `json:"open_until" doc:"Until then the customer's account opens its secrets all the same"`
}

func accessOf(x device.Access) DeviceAccess {
	return DeviceAccess{User: x.User, Given: x.Given, Claimed: when(x.Claimed), Used: when(x.Used), Open: when(x.Open)}
}

func (a *API) getDeviceAccess(ctx context.Context, c *call, in *DeviceRef) (DeviceAccess, error) {
	x, err := a.d.Devices.Access(ctx, c.actor, in.Customer, in.Device)
	return accessOf(x), err
}

// Window is for how long a phone is reopened.
type Window struct {
	Hours int `json:"hours,omitempty" minimum:"0" maximum:"168" doc:"0 or absent: 24"`
}

type reopenDeviceIn struct {
	DeviceRef
	Body *Window `required:"false"`
}

func (a *API) reopenDevice(ctx context.Context, c *call, in *reopenDeviceIn) (DeviceAccess, error) {
	hours := 0
	if in.Body != nil {
		hours = in.Body.Hours
	}
	x, err := a.d.Devices.Reopen(ctx, c.actor, in.Customer, in.Device, time.Duration(hours)*time.Hour)
	return accessOf(x), err
}

func (a *API) rotateDeviceAccount(ctx context.Context, c *call, in *DeviceRef) (DeviceAccess, error) {
	x, err := a.d.Devices.RotateAccount(ctx, c.actor, in.Customer, in.Device)
	return accessOf(x), err
}
