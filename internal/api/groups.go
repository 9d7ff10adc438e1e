package api

import (
	"context"
	"time"

	"linecard/internal/device"
)

// DeviceGroup is a named set of devices (DM-127).
type DeviceGroup struct {
	ID          string    `json:"id"`
	CustomerID  string    `json:"customer_id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Default     bool      `json:"default" doc:"Automatically added devices get it (DM-132)"`
	DeviceCount int64     `json:"device_count"`
	DeviceIDs   *[]string `json:"device_ids,omitempty" doc:"Of a single group; lists leave it out"`
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
}

func groupOf(g device.Group) DeviceGroup {
	return DeviceGroup{ID: g.ID, CustomerID: g.CustomerID, Name: g.Name, Description: g.Description, Default: g.Default(), DeviceCount: g.Devices,
		Created: g.Created.Time, Updated: g.Updated.Time}
}

// DeviceGroupRef names the device group in a path.
type DeviceGroupRef struct {
	CustomerRef
	Group string `path:"group" doc:"Id of the device group"`
}

type listGroupsIn struct {
	CustomerRef
	Paged
	Q          string `query:"q" maxLength:"200" doc:"Part of name or description"`
	HasDevices string `query:"has_devices" enum:"true,false"`
	Default    string `query:"default" enum:"true,false"`
	Sort       string `query:"sort" enum:"name,-name,created,-created"`
}

func (a *API) listGroups(ctx context.Context, c *call, in *listGroupsIn) (List[DeviceGroup], error) {
	l, err := a.d.Devices.Groups(ctx, c.actor, in.Customer, device.GroupQuery{Text: in.Q, HasDevices: yesNo(in.HasDevices), Default: yesNo(in.Default), Page: in.page(in.Sort)})
	return listOf(l.Items, l.Next, groupOf), err
}

// NewDeviceGroup is a group to add.
type NewDeviceGroup struct {
	Name        string   `json:"name" maxLength:"128" doc:"Letters, digits and # . - _ ( ) [ ] (DM-29)"`
	Description string   `json:"description,omitempty" maxLength:"256"`
	DeviceIDs   []string `json:"device_ids,omitempty" maxItems:"50000" doc:"They take it as their lowest group"`
	Default     bool     `json:"default,omitempty"`
}

type createGroupIn struct {
	CustomerRef
	Body NewDeviceGroup
}

func (a *API) createGroup(ctx context.Context, c *call, in *createGroupIn) (DeviceGroup, error) {
	g, err := a.d.Devices.CreateGroup(ctx, c.actor, in.Customer, device.NewGroup(in.Body))
	if err == nil {
		c.created("/customers/"+in.Customer+"/device-groups/"+g.ID, g.Version)
	}
	return a.groupWire(ctx, c, g, err)
}

// groupWire gives the wire form with the devices of the group, and the ETag.
func (a *API) groupWire(ctx context.Context, c *call, g device.Group, err error) (DeviceGroup, error) {
	if err != nil {
		return DeviceGroup{}, err
	}
	g, ids, err := a.d.Devices.Group(ctx, c.actor, g.CustomerID, g.ID)
	c.taggedLoosely(g.Version)
	out := groupOf(g)
	ids = orEmpty(ids)
	out.DeviceIDs = &ids
	return out, err
}

func (a *API) getGroup(ctx context.Context, c *call, in *DeviceGroupRef) (DeviceGroup, error) {
	return a.groupWire(ctx, c, device.Group{ID: in.Group, CustomerID: in.Customer}, nil)
}

// DeviceGroupChanges are the fields of a group that shall change.
type DeviceGroupChanges struct {
	Name        *string   `json:"name,omitempty" maxLength:"128"`
	Description *string   `json:"description,omitempty" maxLength:"256"`
	DeviceIDs   *[]string `json:"device_ids,omitempty" maxItems:"50000" doc:"All that shall be in it; those that come take it as their lowest group"`
	Add         []string  `json:"add_device_ids,omitempty" maxItems:"50000"`
	Remove      []string  `json:"remove_device_ids,omitempty" maxItems:"50000"`
	Default     *bool     `json:"default,omitempty" doc:"true puts it at the end of the default groups"`
}

type editGroupIn struct {
	DeviceGroupRef
	Body DeviceGroupChanges
}

func (a *API) editGroup(ctx context.Context, c *call, in *editGroupIn) (DeviceGroup, error) {
	b := in.Body
	g, err := a.d.Devices.EditGroup(ctx, c.actor, in.Customer, in.Group, device.GroupPatch{Name: b.Name, Description: b.Description, DeviceIDs: b.DeviceIDs,
		Add: b.Add, Remove: b.Remove, Default: b.Default, IfVersion: c.ifVersion()})
	return a.groupWire(ctx, c, g, err)
}

func (a *API) deleteGroup(ctx context.Context, c *call, in *DeviceGroupRef) (none, error) {
	return none{}, a.d.Devices.DeleteGroup(ctx, c.actor, in.Customer, in.Group, c.ifVersion())
}

func (a *API) topGroup(ctx context.Context, c *call, in *DeviceGroupRef) (DeviceGroup, error) {
	g, err := a.d.Devices.TopGroup(ctx, c.actor, in.Customer, in.Group, c.ifVersion())
	return a.groupWire(ctx, c, g, err)
}

// DefaultGroups are the groups that automatically added devices get, the highest first (DM-132).
type DefaultGroups struct {
	GroupIDs []string `json:"group_ids" maxItems:"2000"`
}

func defaultsOf(groups []device.Group) DefaultGroups {
	out := DefaultGroups{GroupIDs: []string{}}
	for _, g := range groups {
		out.GroupIDs = append(out.GroupIDs, g.ID)
	}
	return out
}

func (a *API) getDefaultGroups(ctx context.Context, c *call, in *CustomerRef) (DefaultGroups, error) {
	groups, err := a.d.Devices.DefaultGroups(ctx, c.actor, in.Customer)
	return defaultsOf(groups), err
}

type setDefaultGroupsIn struct {
	CustomerRef
	Body DefaultGroups
}

func (a *API) setDefaultGroups(ctx context.Context, c *call, in *setDefaultGroupsIn) (DefaultGroups, error) {
	groups, err := a.d.Devices.SetDefaultGroups(ctx, c.actor, in.Customer, in.Body.GroupIDs)
	return defaultsOf(groups), err
}
