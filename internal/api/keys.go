package api

import (
	"context"

	"linecard/internal/device"
	"linecard/internal/phone"
)

// DeviceKey is one programmable key in words that no maker owns.
type DeviceKey struct {
	Page     int    `json:"page" minimum:"0" maximum:"20" required:"false" doc:"0 is the phone itself, 1 and up its expansion modules"`
	Position int    `json:"position" minimum:"1" maximum:"200" doc:"Counts from 1 on its page"`
	Type     string `json:"type" enum:"line,blf,speed_dial,park,shared_line,dtmf,url"`
	Line     int    `json:"line" minimum:"0" maximum:"100" required:"false" doc:"The line that it uses; 0: the first"`
	Target   string `json:"target" maxLength:"255" required:"false" doc:"Extension, number, park orbit, digits or URL; empty for a line key"`
	Label    string `json:"label" maxLength:"64" required:"false"`
	Pickup   string `json:"pickup" maxLength:"64" required:"false" doc:"What a BLF key dials to pick up; empty: the usual"`
}

func keysWire(keys []phone.Key) []DeviceKey {
	out := make([]DeviceKey, len(keys))
	for i, k := range keys {
		out[i] = DeviceKey{k.Page, k.Position, string(k.Type), k.Line, k.Target, k.Label, k.Pickup}
	}
	return out
}

// KeyList is a list of keys, each place once.
type KeyList struct {
	Keys []DeviceKey `json:"keys" maxItems:"500"`
}

func (l KeyList) keys() []phone.Key {
	out := make([]phone.Key, len(l.Keys))
	for i, k := range l.Keys {
		out[i] = phone.Key{Page: k.Page, Position: k.Position, Type: phone.KeyType(k.Type), Line: k.Line, Target: k.Target, Label: k.Label, Pickup: k.Pickup}
	}
	return out
}

// DeviceKeys are the keys of a device.
type DeviceKeys struct {
	Keys      []DeviceKey `json:"keys" doc:"What people put on this device"`
	Effective []DeviceKey `json:"effective" doc:"With those of its groups on the places that are free"`
	Misfits   []KeyMisfit `json:"misfits" doc:"What its model cannot do; it is left out of its files"`
}

// KeyMisfit says why a key or a line is left out.
type KeyMisfit struct {
	Line   int        `json:"line" doc:"Number of the line; 0 when it is about a key"`
	Key    *DeviceKey `json:"key"`
	Code   string     `json:"code"`
	Reason string     `json:"reason"`
}

func deviceKeysOf(k device.Keys) DeviceKeys {
	out := DeviceKeys{Keys: keysWire(k.Own), Effective: keysWire(k.Effective), Misfits: []KeyMisfit{}}
	for _, m := range k.Misfits {
		out.Misfits = append(out.Misfits, misfitOf(m))
	}
	return out
}

func misfitOf(m phone.Misfit) KeyMisfit {
	x := KeyMisfit{Line: m.Line, Code: m.Code, Reason: m.Reason}
	if m.Key != (phone.Key{}) {
		x.Key = &keysWire([]phone.Key{m.Key})[0]
	}
	return x
}

func (a *API) getKeys(ctx context.Context, c *call, in *DeviceRef) (DeviceKeys, error) {
	k, err := a.d.Devices.Keys(ctx, c.actor, in.Customer, in.Device)
	c.taggedLoosely(k.Version)
	return deviceKeysOf(k), err
}

type setKeysIn struct {
	DeviceRef
	Body KeyList
}

func (a *API) setKeys(ctx context.Context, c *call, in *setKeysIn) (DeviceKeys, error) {
	k, err := a.d.Devices.SetKeys(ctx, c.actor, in.Customer, in.Device, in.Body.keys(), c.ifVersion())
	c.taggedLoosely(k.Version)
	return deviceKeysOf(k), err
}

func (a *API) getKeyTemplate(ctx context.Context, c *call, in *DeviceGroupRef) (KeyList, error) {
	keys, version, err := a.d.Devices.KeyTemplate(ctx, c.actor, in.Customer, in.Group)
	c.tagged(version)
	return KeyList{keysWire(keys)}, err
}

type setKeyTemplateIn struct {
	DeviceGroupRef
	Body KeyList
}

func (a *API) setKeyTemplate(ctx context.Context, c *call, in *setKeyTemplateIn) (KeyList, error) {
	keys, version, err := a.d.Devices.SetKeyTemplate(ctx, c.actor, in.Customer, in.Group, in.Body.keys(), c.ifVersion())
	c.tagged(version)
	return KeyList{keysWire(keys)}, err
}
