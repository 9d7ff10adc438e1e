package api

import (
	"context"
	"time"

	"linecard/internal/db"
	"linecard/internal/tenant"
)

// Authorisation says who may act for a customer, or could before (CH-31).
type Authorisation struct {
	ID           string     `json:"id" doc:"Empty for one that follows from a permission type and was never used"`
	ProviderID   string     `json:"provider_id"`
	ProviderName string     `json:"provider_name"`
	CustomerID   string     `json:"customer_id"`
	Scope        string     `json:"scope" enum:"device_manage,redirect_manage,wholesale_manage"`
	State        string     `json:"state" enum:"requested,granted,withdrawn,expired,ended"`
	ReadOnly     bool       `json:"read_only"`
	Until        *time.Time `json:"until"`
	RequestedBy  string     `json:"requested_by"`
	Requested    *time.Time `json:"requested"`
	GrantedBy    string     `json:"granted_by"`
	Since        *time.Time `json:"since"`
	Ended        *time.Time `json:"ended"`
	Entered      *time.Time `json:"entered" doc:"Last entry"`
	EnteredBy    string     `json:"entered_by"`
}

func authorisationOf(r tenant.Relation) Authorisation {
	return Authorisation{ID: r.ID, ProviderID: r.ManagerID, ProviderName: r.ManagerName, CustomerID: r.ManagedID, Scope: string(r.Scope),
		State: string(r.State), ReadOnly: r.ReadOnly, Until: when(r.Until), RequestedBy: r.RequestedBy, Requested: when(r.Requested),
		GrantedBy: r.GrantedBy, Since: when(r.Since), Ended: when(r.EndedAt), Entered: when(r.Entered), EnteredBy: r.EnteredBy}
}

// listAuthorisations gives all of them on one page: a customer has a handful.
func (a *API) listAuthorisations(ctx context.Context, c *call, in *CustomerRef) (List[Authorisation], error) {
	if _, err := a.find(ctx, c, in.Customer, customerKinds); err != nil {
		return List[Authorisation]{}, err
	}
	c.tag = 0
	all, err := a.d.Tenants.Authorisations(ctx, c.actor, in.Customer)
	return listOf(all, "", authorisationOf), err
}

func (a *API) requestAuthorisation(ctx context.Context, c *call, in *CustomerRef) (Authorisation, error) {
	if err := a.kind(ctx, in.Customer, customerKinds); err != nil {
		return Authorisation{}, err
	}
	r, err := a.d.Tenants.RequestAuthorisation(ctx, c.actor, in.Customer)
	return authorisationOf(r), err
}

// Grant lets a provider manage the customer's devices.
type Grant struct {
	ProviderID string     `json:"provider_id,omitempty" doc:"Empty: the customer's owner"`
	ReadOnly   bool       `json:"read_only,omitempty"`
	Until      *time.Time `json:"until,omitempty" doc:"Absent: until withdrawn"`
}

type grantIn struct {
	CustomerRef
	Body *Grant
}

func (a *API) grantAuthorisation(ctx context.Context, c *call, in *grantIn) (Authorisation, error) {
	if err := a.kind(ctx, in.Customer, customerKinds); err != nil {
		return Authorisation{}, err
	}
	var g tenant.Authorisation
	if in.Body != nil {
		g.ManagerID, g.ReadOnly = in.Body.ProviderID, in.Body.ReadOnly
		if in.Body.Until != nil {
			g.Until = db.At(*in.Body.Until)
		}
	}
	r, err := a.d.Tenants.Authorise(ctx, c.actor, in.Customer, g)
	return authorisationOf(r), err
}

// Withdrawal names whose authorisation ends.
type Withdrawal struct {
	ProviderID string `json:"provider_id,omitempty" doc:"Empty: the customer's owner"`
}

type withdrawIn struct {
	CustomerRef
	Body *Withdrawal
}

func (a *API) withdrawAuthorisation(ctx context.Context, c *call, in *withdrawIn) (Authorisation, error) {
	if err := a.kind(ctx, in.Customer, customerKinds); err != nil {
		return Authorisation{}, err
	}
	provider := ""
	if in.Body != nil {
		provider = in.Body.ProviderID
	}
	r, err := a.d.Tenants.Withdraw(ctx, c.actor, in.Customer, provider)
	return authorisationOf(r), err
}
