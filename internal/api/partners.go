package api

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/onboard"
	"linecard/internal/tenant"
)

// Partner is a reseller: a partner of the operator, or a sub-partner of a partner.
type Partner struct {
	ID                    string    `json:"id"`
	Kind                  string    `json:"kind" enum:"partner,sub_partner"`
	ParentID              string    `json:"parent_id"`
	Name                  string    `json:"name"`
	Email                 string    `json:"email"`
	Contact               string    `json:"contact"`
	Phone                 string    `json:"phone"`
	Country               string    `json:"country"`
	Address               string    `json:"address"`
	Remarks               string    `json:"remarks"`
	ExternalID            string    `json:"external_id"`
	Locale                string    `json:"locale"`
	TimeZone              string    `json:"time_zone"`
	State                 string    `json:"state" enum:"active,archived"`
	Frozen                bool      `json:"frozen"`
	FreezeReason          string    `json:"freeze_reason"`
	ProvisioningSuspended bool      `json:"provisioning_suspended" doc:"Sub-partners: may delete, but not create or update (WS-89)"`
	Created               time.Time `json:"created"`
	Updated               time.Time `json:"updated"`
}

func partnerOf(t tenant.Tenant) Partner {
	return Partner{ID: t.ID, Kind: string(t.Kind), ParentID: t.ParentID, Name: t.Name, Email: t.Email, Contact: t.Contact, Phone: t.Phone,
		Country: t.Country, Address: t.Address, Remarks: t.Remarks, ExternalID: t.ExternalID, Locale: t.Locale, TimeZone: t.TimeZone,
		State: string(t.State), Frozen: t.Frozen, FreezeReason: t.FreezeReason, ProvisioningSuspended: t.ProvisioningSuspended,
		Created: t.Created.Time, Updated: t.Updated.Time}
}

// PartnerRef names the partner in a path.
type PartnerRef struct {
	Partner string `path:"partner" doc:"Id of the partner or sub-partner"`
}

type listPartnersIn struct {
	Paged
	Q      string `query:"q" maxLength:"200" doc:"Part of name, e-mail, contact or external id"`
	Sort   string `query:"sort" enum:"name,-name,created,-created,status,-status"`
	State  string `query:"state" enum:"active,archived" default:"active"`
	Frozen string `query:"frozen" enum:"true,false"`
}

func (a *API) listPartners(ctx context.Context, c *call, in *listPartnersIn) (List[Partner], error) {
	l, err := a.d.Tenants.List(ctx, c.actor, tenant.Query{Kind: access.Partner, State: tenant.State(in.State), Frozen: yesNo(in.Frozen),
		Text: in.Q, Page: in.page(in.Sort)})
	return listOf(l.Items, l.Next, partnerOf), err
}

// NewPartner is what a new partner or sub-partner needs.
type NewPartner struct {
	Reached
	Details
}

type createPartnerIn struct{ Body NewPartner }

func (a *API) createPartner(ctx context.Context, c *call, in *createPartnerIn) (Partner, error) {
	m, err := a.d.Onboard.CreatePartner(ctx, c.actor, in.Body.with(in.Body.Details), onboard.First{})
	if err == nil {
		c.created("/partners/"+m.Tenant.ID, m.Tenant.Version)
	}
	return partnerOf(m.Tenant), err
}

type listSubPartnersIn struct {
	PartnerRef
	Paged
	Q         string `query:"q" maxLength:"200"`
	Sort      string `query:"sort" enum:"name,-name,created,-created,status,-status"`
	State     string `query:"state" enum:"active,archived" default:"active"`
	Suspended string `query:"suspended" enum:"true,false"`
}

func (a *API) listSubPartners(ctx context.Context, c *call, in *listSubPartnersIn) (List[Partner], error) {
	if _, err := a.find(ctx, c, in.Partner, partnerKinds); err != nil {
		return List[Partner]{}, err
	}
	c.tag = 0
	l, err := a.d.Tenants.List(ctx, c.actor, tenant.Query{Kind: access.SubPartner, ParentID: in.Partner, State: tenant.State(in.State),
		Suspended: yesNo(in.Suspended), Text: in.Q, Page: in.page(in.Sort)})
	return listOf(l.Items, l.Next, partnerOf), err
}

type createSubPartnerIn struct {
	PartnerRef
	Body NewPartner
}

func (a *API) createSubPartner(ctx context.Context, c *call, in *createSubPartnerIn) (Partner, error) {
	if err := a.kind(ctx, in.Partner, partnerKinds); err != nil {
		return Partner{}, err
	}
	m, err := a.d.Onboard.CreateSubPartner(ctx, c.actor, tenant.NewSubPartner{ParentID: in.Partner, Details: in.Body.with(in.Body.Details)}, onboard.First{})
	if err == nil {
		c.created("/partners/"+m.Tenant.ID, m.Tenant.Version)
	}
	return partnerOf(m.Tenant), err
}

func (a *API) getPartner(ctx context.Context, c *call, in *PartnerRef) (Partner, error) {
	t, err := a.find(ctx, c, in.Partner, partnerKinds)
	return partnerOf(t), err
}

type editPartnerIn struct {
	PartnerRef
	Body Changes
}

func (a *API) editPartner(ctx context.Context, c *call, in *editPartnerIn) (Partner, error) {
	t, err := a.change(ctx, c, in.Partner, partnerKinds, func(ctx context.Context, v int64) (tenant.Tenant, error) {
		return a.d.Tenants.Edit(ctx, c.actor, in.Partner, in.Body.patch(v))
	})
	return partnerOf(t), err
}

type freezePartnerIn struct {
	PartnerRef
	Body *FreezeReason
}

// FreezeReason says why.
type FreezeReason struct {
	Reason string `json:"reason,omitempty" maxLength:"500"`
}

func (a *API) freezePartner(ctx context.Context, c *call, in *freezePartnerIn) (Partner, error) {
	t, err := a.change(ctx, c, in.Partner, partnerKinds, func(ctx context.Context, v int64) (tenant.Tenant, error) {
		f := tenant.Freeze{IfVersion: v}
		if in.Body != nil {
			f.Reason = in.Body.Reason
		}
		return a.d.Tenants.Freeze(ctx, c.actor, in.Partner, f)
	})
	return partnerOf(t), err
}

// movePartner is the frame of the steps that need nothing but the partner.
func (a *API) movePartner(step func(context.Context, access.Actor, string) (tenant.Tenant, error)) func(context.Context, *call, *PartnerRef) (Partner, error) {
	return func(ctx context.Context, c *call, in *PartnerRef) (Partner, error) {
		t, err := a.change(ctx, c, in.Partner, partnerKinds, func(ctx context.Context, _ int64) (tenant.Tenant, error) {
			return step(ctx, c.actor, in.Partner)
		})
		return partnerOf(t), err
	}
}

func (a *API) resetPartner(ctx context.Context, c *call, in *PartnerRef) (Sent, error) {
	return a.resetFirst(ctx, c, in.Partner, partnerKinds)
}

func (a *API) partnerMail(ctx context.Context, c *call, in *PartnerRef) (Mail, error) {
	return a.lastMail(ctx, c, in.Partner, partnerKinds)
}
