package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// DeviceModel is a kind of phone that can be added (WS-147).
type DeviceModel struct {
	Maker      string            `json:"maker"`
	Model      string            `json:"model" doc:"As phones report it; empty where one template serves all phones of the maker"`
	Family     string            `json:"family"`
	Management []string          `json:"management" doc:"The ways in which it can be configured (WS-142)"`
	Identifier string            `json:"identifier" enum:"mac,serial"`
	Lines      int               `json:"lines" doc:"Registrations; 0 when no source says"`
	Keys       int               `json:"keys" doc:"Keys on the phone itself; 0 when no source says"`
	Modules    int               `json:"modules" doc:"Expansion modules that fit"`
	Abilities  map[string]string `json:"abilities" doc:"What it can do, each with the firmware that it needs; empty text: any"`
}

func modelOf(l device.Listed) DeviceModel {
	out := DeviceModel{Maker: l.Maker, Model: l.Name, Family: l.Family, Identifier: l.Identifier, Lines: l.Lines, Keys: l.Keys, Modules: l.Modules, Abilities: map[string]string{}, Management: []string{}}
	for _, m := range l.Options {
		out.Management = append(out.Management, string(m))
	}
	for _, x := range l.Abilities {
		out.Abilities[string(x.Name)] = x.Firmware
	}
	return out
}

// ModelFilter chooses models of the catalogue.
type ModelFilter struct {
	Paged
	Q     string `query:"q" maxLength:"100" doc:"Part of maker, family or model"`
	Maker string `query:"maker"`
}

func (f ModelFilter) fits(l device.Listed) bool {
	text := strings.ToLower(l.Maker + " " + l.Family + " " + l.Name)
	return (f.Maker == "" || f.Maker == l.Maker) && strings.Contains(text, strings.ToLower(f.Q))
}

// list gives a page of the catalogue, which stands in memory; its cursor names the last model of the page before.
func (f ModelFilter) list(all []device.Listed) (List[DeviceModel], error) {
	name := func(l device.Listed) string { return l.Maker + "/" + l.Name }
	if f.Cursor != "" {
		i := slices.IndexFunc(all, func(l device.Listed) bool { return name(l) == f.Cursor })
		if i < 0 {
			return List[DeviceModel]{}, errs.BadField("cursor", "bad_cursor", "The cursor is damaged or belongs to another order. Start again without it.")
		}
		all = all[i+1:]
	}
	out, next := []device.Listed{}, ""
	for _, l := range all {
		if !f.fits(l) {
			continue
		}
		if len(out) == f.Limit {
			next = name(out[len(out)-1])
			break
		}
		out = append(out, l)
	}
	return listOf(out, next, modelOf), nil
}

type listModelsIn struct{ ModelFilter }

func (a *API) listModels(_ context.Context, _ *call, in *listModelsIn) (List[DeviceModel], error) {
	return in.list(a.d.Devices.Models())
}

type listModelsForIn struct {
	CustomerRef
	ModelFilter
}

func (a *API) listModelsFor(ctx context.Context, c *call, in *listModelsForIn) (List[DeviceModel], error) {
	all, err := a.d.Devices.ModelsFor(ctx, c.actor, in.Customer)
	if err != nil {
		return List[DeviceModel]{}, err
	}
	return in.list(all)
}

// DevicePolicy is what a provider lets a customer have.
type DevicePolicy struct {
	ThirdParty bool `json:"third_party_phones" doc:"Phones of makers that are served by template (WS-144)"`
}

func (a *API) getDevicePolicy(ctx context.Context, c *call, in *CustomerRef) (DevicePolicy, error) {
	p, err := a.d.Devices.Policy(ctx, c.actor, in.Customer)
	return DevicePolicy(p), err
}

type setDevicePolicyIn struct {
	CustomerRef
	Body DevicePolicy
}

func (a *API) setDevicePolicy(ctx context.Context, c *call, in *setDevicePolicyIn) (DevicePolicy, error) {
	p, err := a.d.Devices.SetPolicy(ctx, c.actor, in.Customer, device.Policy(in.Body))
	return DevicePolicy(p), err
}

// DeviceManagement says who configures a device (WS-142).
type DeviceManagement struct {
	Management string `json:"management" enum:"platform_native,platform_third_party,customer_managed,partner_managed"`
}

func (a *API) managementOf(ctx context.Context, d device.Device) (DeviceManagement, error) {
	all, err := a.d.Devices.Managements(ctx, a.d.DB, []device.Device{d})
	return DeviceManagement{string(all[d.ID])}, err
}

func (a *API) getManagement(ctx context.Context, c *call, in *DeviceRef) (DeviceManagement, error) {
	d, err := a.d.Devices.Get(ctx, c.actor, in.Customer, in.Device)
	if err != nil {
		return DeviceManagement{}, err
	}
	c.taggedLoosely(d.Version)
	return a.managementOf(ctx, d)
}

type setManagementIn struct {
	DeviceRef
	Body DeviceManagement
}

func (a *API) setManagement(ctx context.Context, c *call, in *setManagementIn) (DeviceManagement, error) {
	d, err := a.d.Devices.SetManagement(ctx, c.actor, in.Customer, in.Device, device.Management(in.Body.Management), c.ifVersion())
	c.taggedLoosely(d.Version)
	return in.Body, err
}

// ExternalDevice is a device that another tool configures, with all that it takes to register (WS-146).
type ExternalDevice struct {
	ID         string         `json:"id"`
	MAC        string         `json:"mac"`
	Serial     string         `json:"serial"`
	Maker      string         `json:"maker"`
	Model      string         `json:"model"`
	Name       string         `json:"name"`
	Management string         `json:"management" enum:"customer_managed,partner_managed"`
	Fetched    *time.Time     `json:"fetched" doc:"When this was given out before; null: never"`
	Lines      []ExternalLine `json:"lines"`
}

// ExternalLine is what a device registers with.
type ExternalLine struct {
	Number      int         `json:"number"`
	DisplayName string      `json:"display_name"`
	User        string      `json:"user"`
	AuthUser    string      `json:"auth_user"`
	Password    string      `json:"password"`
	Registrars  []SIPServer `json:"registrars"`
	Proxies     []SIPServer `json:"proxies" doc:"Outbound proxies"`
	Transport   string      `json:"transport"`
	Expires     int         `json:"expires"`
}

func externalOf(x device.External) ExternalDevice {
	mac, _ := x.MAC.MarshalText()
	out := ExternalDevice{ID: x.ID, MAC: string(mac), Serial: x.Serial, Maker: x.Maker, Model: x.KnownModel(), Name: x.Name, Management: string(x.Management), Fetched: when(x.Fetched), Lines: []ExternalLine{}}
	for _, l := range x.Lines {
		out.Lines = append(out.Lines, externalLine(l))
	}
	return out
}

func externalLine(l phone.Line) ExternalLine {
	out := ExternalLine{Number: l.Number, DisplayName: l.DisplayName, User: l.User, AuthUser: l.AuthUser, Password: l.Password, Registrars: serversWire(l.Registrars),
		Proxies: serversWire(l.Proxies), Transport: string(l.Transport), Expires: l.Expires}
	if out.AuthUser == "" {
		out.AuthUser = l.User
	}
	return out
}

type fetchExternalIn struct {
	CustomerRef
	Paged
}

func (a *API) fetchExternal(ctx context.Context, c *call, in *fetchExternalIn) (List[ExternalDevice], error) {
	all, next, err := a.d.Devices.External(ctx, c.actor, in.Customer, in.page(""))
	return listOf(all, next, externalOf), err
}
