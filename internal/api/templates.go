package api

import (
	"context"
	"time"

	"linecard/internal/catalog"
	"linecard/internal/onboard"
)

// Template is what customers have in common that are made alike (WS-96 … WS-104).
type Template struct {
	ID              string    `json:"id"`
	ProvisioningID  string    `json:"provisioning_id" doc:"What a creation names; never changes (WS-103)"`
	OwnerID         string    `json:"owner_id" doc:"Partner or sub-partner"`
	Name            string    `json:"name"`
	Country         string    `json:"country"`
	Language        string    `json:"language" example:"de_DE"`
	AdminID         string    `json:"admin_id" doc:"Account of the provider's administrator"`
	SubscriptionID  string    `json:"subscription_id" doc:"Of a sub-partner: its parent's"`
	Auth            string    `json:"auth" enum:"platform,partner_idp"`
	EntityID        string    `json:"entity_id" doc:"Of the provider of identities; empty with platform"`
	CarrierID       string    `json:"carrier_id" doc:"Empty: none, which is enough for meetings alone (WS-100)"`
	RestrictInvites bool      `json:"restrict_invites" doc:"Administrators of an existing organisation get no invitation"`
	BrandName       string    `json:"brand_name"`
	DisableCalls    bool      `json:"disable_calls" doc:"No calls inside the app"`
	State           string    `json:"state" enum:"active,archived"`
	CustomerCount   int64     `json:"customer_count" doc:"How many were made with it"`
	Created         time.Time `json:"created"`
	Updated         time.Time `json:"updated"`
}

func templateOf(t onboard.Template) Template {
	return Template{ID: t.ID, ProvisioningID: t.ProvisioningID, OwnerID: t.OwnerID, Name: t.Name, Country: t.Country, Language: t.Language, AdminID: t.AdminID,
		SubscriptionID: t.SubscriptionID, Auth: t.Auth, EntityID: t.EntityID, CarrierID: t.CarrierID, RestrictInvites: t.RestrictInvites, BrandName: t.BrandName,
		DisableCalls: t.DisableCalls, State: string(t.State), CustomerCount: t.Used, Created: t.Created.Time, Updated: t.Updated.Time}
}

// TemplateRef names the template in a path.
type TemplateRef struct {
	Template string `path:"template" doc:"Id of the template"`
}

type listTemplatesIn struct {
	Paged
	OwnerID string `query:"owner_id" doc:"Those of this provider; those of a sub-partner come to its parent only so"`
	Q       string `query:"q" maxLength:"200" doc:"Part of the name"`
	State   string `query:"state" enum:"active,archived" default:"active"`
	Sort    string `query:"sort" enum:"name,-name,created,-created"`
}

func (a *API) listTemplates(ctx context.Context, c *call, in *listTemplatesIn) (List[Template], error) {
	all, next, err := a.d.Onboard.Templates(ctx, c.actor, onboard.TemplateQuery{OwnerID: in.OwnerID, State: onboard.TemplateState(in.State), Text: in.Q, Page: in.page(in.Sort)})
	return listOf(all, next, templateOf), err
}

// NewTemplate is a template to make.
type NewTemplate struct {
	OwnerID         string `json:"owner_id,omitempty" doc:"A sub-partner; empty: your own organisation"`
	Name            string `json:"name" maxLength:"100"`
	Country         string `json:"country" maxLength:"2"`
	Language        string `json:"language,omitempty" maxLength:"8" doc:"Empty: that of the country"`
	Admin           string `json:"admin,omitempty" maxLength:"254" doc:"Id or e-mail of an account; empty: yours"`
	SubscriptionID  string `json:"subscription_id,omitempty" maxLength:"64"`
	Auth            string `json:"auth,omitempty" enum:"platform,partner_idp"`
	EntityID        string `json:"entity_id,omitempty" maxLength:"1024"`
	CarrierID       string `json:"carrier_id,omitempty" maxLength:"64"`
	RestrictInvites bool   `json:"restrict_invites,omitempty"`
	BrandName       string `json:"brand_name,omitempty" maxLength:"128"`
	DisableCalls    bool   `json:"disable_calls,omitempty"`
}

type createTemplateIn struct{ Body NewTemplate }

func (a *API) createTemplate(ctx context.Context, c *call, in *createTemplateIn) (Template, error) {
	b := in.Body
	t, err := a.d.Onboard.CreateTemplate(ctx, c.actor, onboard.NewTemplate{OwnerID: b.OwnerID, Name: b.Name, Country: b.Country, Language: b.Language, Admin: b.Admin,
		SubscriptionID: b.SubscriptionID, Auth: b.Auth, EntityID: b.EntityID, CarrierID: b.CarrierID,
		Common: onboard.Common{RestrictInvites: b.RestrictInvites, BrandName: b.BrandName, DisableCalls: b.DisableCalls}})
	if err == nil {
		c.created("/templates/"+t.ID, t.Version)
	}
	return templateOf(t), err
}

func (a *API) getTemplate(ctx context.Context, c *call, in *TemplateRef) (Template, error) {
	t, err := a.d.Onboard.Template(ctx, c.actor, in.Template)
	c.taggedLoosely(t.Version)
	return templateOf(t), err
}

// TemplateChanges are the fields of a template that shall change, for customers that are made from now on.
type TemplateChanges struct {
	Name            *string `json:"name,omitempty" maxLength:"100"`
	Country         *string `json:"country,omitempty" maxLength:"2"`
	Language        *string `json:"language,omitempty" maxLength:"8"`
	Admin           *string `json:"admin,omitempty" maxLength:"254"`
	Auth            *string `json:"auth,omitempty" enum:"platform,partner_idp"`
	EntityID        *string `json:"entity_id,omitempty" maxLength:"1024"`
	CarrierID       *string `json:"carrier_id,omitempty" maxLength:"64"`
	RestrictInvites *bool   `json:"restrict_invites,omitempty"`
	BrandName       *string `json:"brand_name,omitempty" maxLength:"128"`
	DisableCalls    *bool   `json:"disable_calls,omitempty"`
}

type editTemplateIn struct {
	TemplateRef
	Body TemplateChanges
}

func (a *API) editTemplate(ctx context.Context, c *call, in *editTemplateIn) (Template, error) {
	b := in.Body
	t, err := a.d.Onboard.EditTemplate(ctx, c.actor, in.Template, onboard.TemplatePatch{Name: b.Name, Country: b.Country, Language: b.Language, Admin: b.Admin, Auth: b.Auth,
		EntityID: b.EntityID, CarrierID: b.CarrierID, BrandName: b.BrandName, RestrictInvites: b.RestrictInvites, DisableCalls: b.DisableCalls, IfVersion: c.ifVersion()})
	c.taggedLoosely(t.Version)
	return templateOf(t), err
}

func (a *API) archiveTemplate(ctx context.Context, c *call, in *TemplateRef) (Template, error) {
	t, err := a.d.Onboard.ArchiveTemplate(ctx, c.actor, in.Template, c.ifVersion())
	c.taggedLoosely(t.Version)
	return templateOf(t), err
}

func (a *API) deleteTemplate(ctx context.Context, c *call, in *TemplateRef) (none, error) {
	return none{}, a.d.Onboard.DeleteTemplate(ctx, c.actor, in.Template, c.ifVersion())
}

// Carrier connects calls with the public network, and has the numbers by which meetings are reached (WS-49, WS-100).
type Carrier struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Region  string         `json:"region" enum:",AMER,APAC,ANZ,EMEA,EURO" doc:"Telephony region"`
	Numbers []DialInNumber `json:"numbers" doc:"In the order in which they are tried"`
	State   string         `json:"state" enum:"active,retired"`
	Created time.Time      `json:"created"`
	Updated time.Time      `json:"updated"`
}

// DialInNumber is a number by which meetings are reached.
type DialInNumber struct {
	Country string `json:"country" maxLength:"2"`
	Number  string `json:"number" maxLength:"16" example:"+4969100100"`
}

func carrierOf(k onboard.Carrier) Carrier {
	out := Carrier{ID: k.ID, Name: k.Name, Region: k.Region, Numbers: []DialInNumber{}, State: string(k.State), Created: k.Created.Time, Updated: k.Updated.Time}
	for _, n := range k.Numbers.V {
		out.Numbers = append(out.Numbers, DialInNumber(n))
	}
	return out
}

// CarrierInput is what a carrier is, or what of it shall change.
type CarrierInput struct {
	Name    *string         `json:"name,omitempty" maxLength:"128"`
	Region  *string         `json:"region,omitempty" enum:",AMER,APAC,ANZ,EMEA,EURO"`
	Numbers *[]DialInNumber `json:"numbers,omitempty" maxItems:"1000"`
	State   *string         `json:"state,omitempty" enum:"active,retired"`
}

func (b CarrierInput) patch(version int64) onboard.CarrierPatch {
	p := onboard.CarrierPatch{Name: b.Name, Region: b.Region, IfVersion: version}
	if b.Numbers != nil {
		all := []catalog.DialInNumber{}
		for _, n := range *b.Numbers {
			all = append(all, catalog.DialInNumber(n))
		}
		p.Numbers = &all
	}
	if b.State != nil {
		state := onboard.CarrierState(*b.State)
		p.State = &state
	}
	return p
}

// CarrierRef names the carrier in a path.
type CarrierRef struct {
	Carrier string `path:"carrier" doc:"Id of the carrier"`
}

type listCarriersIn struct {
	Paged
	Sort string `query:"sort" enum:"name,-name"`
}

func (a *API) listCarriers(ctx context.Context, c *call, in *listCarriersIn) (List[Carrier], error) {
	all, next, err := a.d.Onboard.Carriers(ctx, c.actor, in.page(in.Sort))
	return listOf(all, next, carrierOf), err
}

type createCarrierIn struct{ Body CarrierInput }

func (a *API) createCarrier(ctx context.Context, c *call, in *createCarrierIn) (Carrier, error) {
	k, err := a.d.Onboard.AddCarrier(ctx, c.actor, in.Body.patch(0))
	if err == nil {
		c.created("/carriers/"+k.ID, k.Version)
	}
	return carrierOf(k), err
}

func (a *API) getCarrier(ctx context.Context, c *call, in *CarrierRef) (Carrier, error) {
	k, err := a.d.Onboard.Carrier(ctx, c.actor, in.Carrier)
	c.tagged(k.Version)
	return carrierOf(k), err
}

type editCarrierIn struct {
	CarrierRef
	Body CarrierInput
}

func (a *API) editCarrier(ctx context.Context, c *call, in *editCarrierIn) (Carrier, error) {
	k, err := a.d.Onboard.EditCarrier(ctx, c.actor, in.Carrier, in.Body.patch(c.ifVersion()))
	c.tagged(k.Version)
	return carrierOf(k), err
}
