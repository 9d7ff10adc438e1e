package api

import (
	"context"
	"net/http"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

// Details are the fields that partners and customers have in common, as a request gives them.
type Details struct {
	Phone      string `json:"phone,omitempty" maxLength:"32" example:"+49 30 1234567" doc:"E.164, or text with a digit in it"`
	Country    string `json:"country,omitempty" example:"DE" doc:"ISO 3166-1 alpha-2"`
	Address    string `json:"address,omitempty" maxLength:"500"`
	Remarks    string `json:"remarks,omitempty" maxLength:"2000" doc:"Notes of the provider; the organisation itself does not see them"`
	ExternalID string `json:"external_id,omitempty" maxLength:"128" doc:"Key in your own system, unique within a partner"`
	Locale     string `json:"locale,omitempty" example:"en" doc:"BCP 47; empty: that of the reader"`
	TimeZone   string `json:"time_zone,omitempty" example:"Europe/Berlin" doc:"IANA name; empty: UTC"`
}

// Reached is how an organisation is called and Reached.
type Reached struct {
	Name    string `json:"name" minLength:"1" maxLength:"128" example:"Acme Ltd"`
	Email   string `json:"email" minLength:"1" maxLength:"254" example:"ops@acme.example" doc:"Registered address: the first administrator signs in with it"`
	Contact string `json:"contact" minLength:"1" maxLength:"128" example:"Ann Lee"`
}

func (r Reached) with(d Details) tenant.Details {
	return tenant.Details{Name: r.Name, Email: r.Email, Contact: r.Contact, Phone: d.Phone, Country: d.Country, Address: d.Address,
		Remarks: d.Remarks, ExternalID: d.ExternalID, Locale: d.Locale, TimeZone: d.TimeZone}
}

// Changes are the fields of a partial change; a field that is absent stays as it is.
type Changes struct {
	Name       *string `json:"name,omitempty" minLength:"1" maxLength:"128"`
	Email      *string `json:"email,omitempty" minLength:"1" maxLength:"254" doc:"Old and new address are told (CH-23)"`
	Contact    *string `json:"contact,omitempty" maxLength:"128"`
	Phone      *string `json:"phone,omitempty" maxLength:"32"`
	Country    *string `json:"country,omitempty"`
	Address    *string `json:"address,omitempty" maxLength:"500"`
	Remarks    *string `json:"remarks,omitempty" maxLength:"2000"`
	ExternalID *string `json:"external_id,omitempty" maxLength:"128"`
	Locale     *string `json:"locale,omitempty"`
	TimeZone   *string `json:"time_zone,omitempty"`
}

func (p Changes) patch(ifVersion int64) tenant.Patch {
	return tenant.Patch{Name: p.Name, Email: p.Email, Contact: p.Contact, Phone: p.Phone, Country: p.Country, Address: p.Address,
		Remarks: p.Remarks, ExternalID: p.ExternalID, Locale: p.Locale, TimeZone: p.TimeZone, IfVersion: ifVersion}
}

// Freeze says why, and how far it goes.
type Freeze struct {
	Reason       string `json:"reason,omitempty" maxLength:"500"`
	StopsService bool   `json:"stops_service,omitempty" doc:"Customers: their phones are not served either (CH-26)"`
}

var (
	customerKinds = []access.TenantKind{access.Customer}
	partnerKinds  = []access.TenantKind{access.Partner, access.SubPartner}
)

// kind makes sure that the path speaks of a tenant of one of the kinds; else NotFound, as if there were none. It decides nothing.
func (a *API) kind(ctx context.Context, id string, kinds []access.TenantKind) error {
	t, err := a.d.Tenants.Load(ctx, a.d.DB, id)
	if err == nil && !slices.Contains(kinds, t.Kind) {
		err = errMissing
	}
	return err
}

// otherKind gives NotFound in place of a refusal when the path speaks of a tenant of another kind, which is no object there.
func (a *API) otherKind(ctx context.Context, r *http.Request, err error) error {
	if errs.KindOf(err) != errs.Forbidden {
		return err
	}
	for name, kinds := range map[string][]access.TenantKind{"customer": customerKinds, "partner": partnerKinds} {
		if id := r.PathValue(name); id != "" {
			if wrong := a.kind(ctx, id, kinds); wrong != nil {
				return wrong
			}
		}
	}
	return err
}

// find gives a tenant that the actor may see and that is of one of the kinds; else NotFound.
func (a *API) find(ctx context.Context, c *call, id string, kinds []access.TenantKind) (tenant.Tenant, error) {
	t, err := a.d.Tenants.Get(ctx, c.actor, id)
	if err == nil && !slices.Contains(kinds, t.Kind) {
		err = errMissing
	}
	if err != nil {
		return tenant.Tenant{}, err
	}
	c.tagged(t.Version)
	return t, nil
}

// change runs one use case on a tenant of one of the kinds under If-Match. A use case that takes the version itself gets it;
// for the others the row is locked first, so that nobody comes between the look and the change.
func (a *API) change(ctx context.Context, c *call, id string, kinds []access.TenantKind,
	act func(ctx context.Context, ifVersion int64) (tenant.Tenant, error),
) (tenant.Tenant, error) {
	var out tenant.Tenant
	v := c.ifVersion()
	step := func(ctx context.Context) error {
		err := a.kind(ctx, id, kinds)
		if err == nil {
			out, err = act(ctx, v)
		}
		return err
	}
	var err error
	if v == 0 {
		err = step(ctx)
	} else {
		err = a.d.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, _, err := a.d.Tenants.Locked(ctx, tx, c.actor, id); err != nil {
				return err
			}
			t, err := a.d.Tenants.Get(ctx, c.actor, id)
			switch {
			case err != nil:
				return err
			case slices.Contains(kinds, t.Kind) && t.Version != v:
				return errStale
			}
			return step(ctx)
		})
	}
	if err != nil {
		return tenant.Tenant{}, err
	}
	c.tagged(out.Version)
	return out, nil
}
