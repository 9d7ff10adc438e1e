package api

import (
	"context"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/tenant"
)

// Customer is an organisation whose phones are managed.
type Customer struct {
	ID                  string     `json:"id"`
	OwnerID             string     `json:"owner_id" doc:"Partner or sub-partner it belongs to"`
	Name                string     `json:"name"`
	Email               string     `json:"email"`
	Contact             string     `json:"contact"`
	Phone               string     `json:"phone"`
	Country             string     `json:"country"`
	Address             string     `json:"address"`
	Remarks             string     `json:"remarks"`
	ExternalID          string     `json:"external_id"`
	Locale              string     `json:"locale"`
	TimeZone            string     `json:"time_zone"`
	Host                string     `json:"host" doc:"First label of the address of its phones"`
	PermissionTypes     []string   `json:"permission_types" enum:"DMP,RPS"`
	State               string     `json:"state" enum:"active,archived"`
	Frozen              bool       `json:"frozen"`
	FreezeReason        string     `json:"freeze_reason"`
	FreezeStopsService  bool       `json:"freeze_stops_service"`
	RestrictedByPartner bool       `json:"restricted_by_partner"`
	Wholesale           bool       `json:"wholesale"`
	Screening           string     `json:"screening"`
	Created             time.Time  `json:"created"`
	Updated             time.Time  `json:"updated"`
	Archived            *time.Time `json:"archived"`
}

func customerOf(t tenant.Tenant) Customer {
	return Customer{ID: t.ID, OwnerID: t.ParentID, Name: t.Name, Email: t.Email, Contact: t.Contact, Phone: t.Phone, Country: t.Country,
		Address: t.Address, Remarks: t.Remarks, ExternalID: t.ExternalID, Locale: t.Locale, TimeZone: t.TimeZone, Host: t.Host,
		PermissionTypes: orEmpty([]string(t.Permissions)), State: string(t.State), Frozen: t.Frozen, FreezeReason: t.FreezeReason,
		FreezeStopsService: t.FreezeStopsService, RestrictedByPartner: t.Restricted, Wholesale: t.Wholesale, Screening: t.Screening,
		Created: t.Created.Time, Updated: t.Updated.Time, Archived: when(t.Archived)}
}

// CustomerRef names the customer in a path.
type CustomerRef struct {
	Customer string `path:"customer" doc:"Id of the customer"`
}

type listCustomersIn struct {
	Paged
	Q          string `query:"q" maxLength:"200" doc:"Part of name, e-mail, contact or external id (CH-21); from two characters on it also finds customers of sub-partners"`
	Sort       string `query:"sort" enum:"name,-name,created,-created,status,-status"`
	State      string `query:"state" enum:"active,archived" default:"active"`
	Frozen     string `query:"frozen" enum:"true,false"`
	Permission string `query:"permission" enum:"DMP,RPS"`
	OwnerID    string `query:"owner_id" doc:"Only those of this partner or sub-partner"`
}

func (a *API) listCustomers(ctx context.Context, c *call, in *listCustomersIn) (List[Customer], error) {
	l, err := a.d.Tenants.List(ctx, c.actor, tenant.Query{Kind: access.Customer, ParentID: in.OwnerID, State: tenant.State(in.State),
		Frozen: yesNo(in.Frozen), Permission: in.Permission, Text: in.Q, Page: in.page(in.Sort)})
	return listOf(l.Items, l.Next, customerOf), err
}

// NewCustomer is what a new customer needs (CH-17).
type NewCustomer struct {
	Reached
	Details
	OwnerID         string   `json:"owner_id,omitempty" doc:"Partner or sub-partner; empty: your own"`
	PermissionTypes []string `json:"permission_types" minItems:"1" maxItems:"2" enum:"DMP,RPS" doc:"DMP: device management, RPS: redirect service (CH-18)"`
	Host            string   `json:"host,omitempty" maxLength:"31" doc:"First label of the phones' address; empty: made from the name"`
}

type createCustomerIn struct{ Body NewCustomer }

func (a *API) createCustomer(ctx context.Context, c *call, in *createCustomerIn) (Customer, error) {
	b := in.Body
	m, err := a.d.Onboard.CreateCustomer(ctx, c.actor, tenant.NewCustomer{OwnerID: b.OwnerID, Details: b.Reached.with(b.Details),
		PermissionTypes: b.PermissionTypes, Host: b.Host}, onboard.First{})
	if err == nil {
		c.created("/customers/"+m.Tenant.ID, m.Tenant.Version)
	}
	return customerOf(m.Tenant), err
}

func (a *API) getCustomer(ctx context.Context, c *call, in *CustomerRef) (Customer, error) {
	t, err := a.find(ctx, c, in.Customer, customerKinds)
	return customerOf(t), err
}

// CustomerChanges are the fields of a customer that can be changed (CH-23).
type CustomerChanges struct {
	Changes
	PermissionTypes *[]string `json:"permission_types,omitempty" minItems:"1" maxItems:"2" enum:"DMP,RPS"`
	Host            *string   `json:"host,omitempty" maxLength:"31"`
	ConfirmRemoval  bool      `json:"confirm_removal,omitempty" doc:"Take a permission type away although something still uses it (CH-18)"`
}

type editCustomerIn struct {
	CustomerRef
	Body CustomerChanges
}

func (a *API) editCustomer(ctx context.Context, c *call, in *editCustomerIn) (Customer, error) {
	t, err := a.change(ctx, c, in.Customer, customerKinds, func(ctx context.Context, v int64) (tenant.Tenant, error) {
		p := in.Body.patch(v)
		p.PermissionTypes, p.Host, p.ConfirmRemoval = in.Body.PermissionTypes, in.Body.Host, in.Body.ConfirmRemoval
		return a.d.Tenants.Edit(ctx, c.actor, in.Customer, p)
	})
	return customerOf(t), err
}

type freezeCustomerIn struct {
	CustomerRef
	Body *Freeze
}

func (a *API) freezeCustomer(ctx context.Context, c *call, in *freezeCustomerIn) (Customer, error) {
	t, err := a.change(ctx, c, in.Customer, customerKinds, func(ctx context.Context, v int64) (tenant.Tenant, error) {
		f := tenant.Freeze{IfVersion: v}
		if in.Body != nil {
			f.Reason, f.StopsService = in.Body.Reason, in.Body.StopsService
		}
		return a.d.Tenants.Freeze(ctx, c.actor, in.Customer, f)
	})
	return customerOf(t), err
}

func (a *API) unfreezeCustomer(ctx context.Context, c *call, in *CustomerRef) (Customer, error) {
	t, err := a.change(ctx, c, in.Customer, customerKinds, func(ctx context.Context, _ int64) (tenant.Tenant, error) {
		return a.d.Tenants.Unfreeze(ctx, c.actor, in.Customer)
	})
	return customerOf(t), err
}

func (a *API) restrictCustomer(on bool) func(context.Context, *call, *CustomerRef) (Customer, error) {
	return func(ctx context.Context, c *call, in *CustomerRef) (Customer, error) {
		t, err := a.change(ctx, c, in.Customer, customerKinds, func(ctx context.Context, _ int64) (tenant.Tenant, error) {
			return a.d.Tenants.Restrict(ctx, c.actor, in.Customer, on)
		})
		return customerOf(t), err
	}
}

// Archive confirms that somebody means it.
type Archive struct {
	ConfirmName string `json:"confirm_name" doc:"The customer's name exactly as it is shown (CH-27)"`
}

type archiveCustomerIn struct {
	CustomerRef
	Body Archive
}

func (a *API) archiveCustomer(ctx context.Context, c *call, in *archiveCustomerIn) (Customer, error) {
	t, err := a.change(ctx, c, in.Customer, customerKinds, func(ctx context.Context, _ int64) (tenant.Tenant, error) {
		return a.d.Tenants.Archive(ctx, c.actor, in.Customer, in.Body.ConfirmName)
	})
	return customerOf(t), err
}

// Sent says whom a mail was queued for.
type Sent struct {
	Email string `json:"email"`
}

func (a *API) resetCustomer(ctx context.Context, c *call, in *CustomerRef) (Sent, error) {
	return a.resetFirst(ctx, c, in.Customer, customerKinds)
}

// resetFirst mails a link to the first administrator: for a new password, or the invitation again while there is none yet.
func (a *API) resetFirst(ctx context.Context, c *call, id string, kinds []access.TenantKind) (Sent, error) {
	if err := a.kind(ctx, id, kinds); err != nil {
		return Sent{}, err
	}
	acc, err := a.d.Onboard.ResetPassword(ctx, c.actor, id)
	return Sent{Email: acc.Email}, err
}

// Mail is how far the last account mail of an organisation is (CH-19, CH-20).
type Mail struct {
	ID           string    `json:"id"`
	Kind         string    `json:"kind"`
	To           string    `json:"to"`
	Subject      string    `json:"subject"`
	State        string    `json:"state" enum:"queued,sent,failed_temporarily,failed"`
	Attempts     int       `json:"attempts"`
	LastResponse string    `json:"last_response" doc:"Text of the mail server"`
	Created      time.Time `json:"created"`
	Changed      time.Time `json:"changed"`
}

func (a *API) customerMail(ctx context.Context, c *call, in *CustomerRef) (Mail, error) {
	return a.lastMail(ctx, c, in.Customer, customerKinds)
}

// lastMail gives the last account mail; NotFound when none was sent, or when it is past its time.
func (a *API) lastMail(ctx context.Context, c *call, id string, kinds []access.TenantKind) (Mail, error) {
	t, target, err := a.d.Tenants.Target(ctx, a.d.DB, c.actor, id)
	if err == nil && !slices.Contains(kinds, t.Kind) {
		err = errMissing
	}
	if err == nil {
		err = access.Decide(c.actor, access.MailboxView, target)
	}
	if err != nil {
		return Mail{}, err
	}
	all, err := a.d.Mail.MailStates(ctx, a.d.DB, t.MailID)
	if err != nil {
		return Mail{}, err
	}
	m, ok := all[t.MailID]
	if !ok {
		return Mail{}, errs.Missing("mail")
	}
	c.taggedLoosely(1)
	return mailOf(m), nil
}

func mailOf(m deliver.MailStatus) Mail {
	return Mail{ID: m.ID, Kind: m.Kind, To: m.To, Subject: m.Subject, State: string(m.State), Attempts: m.Attempts, LastResponse: m.LastResponse,
		Created: m.Created.Time, Changed: m.Changed.Time}
}
