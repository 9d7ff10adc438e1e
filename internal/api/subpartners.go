package api

import (
	"context"
	"time"

	"linecard/internal/onboard"
)

// SubPartner is a sub-partner with the subscription that it shares with its parent (WS-79, WS-88).
type SubPartner struct {
	ID               string    `json:"id"`
	Name             string    `json:"name"`
	State            string    `json:"state" enum:"active,suspended"`
	SubscriptionID   string    `json:"subscription_id"`
	BillingStartDate string    `json:"billing_start_date" example:"2026-01-01"`
	Created          time.Time `json:"created"`
}

type listSharedIn struct {
	Paged
	Sort  string `query:"sort" enum:"name,-name,created,-created"`
	Q     string `query:"q" maxLength:"200"`
	State string `query:"state" enum:"active,suspended"`
}

func (a *API) listShared(ctx context.Context, c *call, in *listSharedIn) (List[SubPartner], error) {
	q := onboard.SubPartnerQuery{Text: in.Q, Page: in.page(in.Sort)}
	if in.State != "" {
		suspended := in.State == "suspended"
		q.Suspended = &suspended
	}
	all, next, err := a.d.Onboard.SubPartners(ctx, c.actor, q)
	return listOf(all, next, func(s onboard.SubPartner) SubPartner {
		state := "active"
		if s.Tenant.ProvisioningSuspended {
			state = "suspended"
		}
		return SubPartner{ID: s.Tenant.ID, Name: s.Tenant.Name, State: state, SubscriptionID: s.SubscriptionID, BillingStartDate: s.BillingStart, Created: s.Tenant.Created.Time}
	}), err
}

// SubPartnerRequest is a partner's wish for a sub-partner (WS-74).
type SubPartnerRequest struct {
	ID             string     `json:"id"`
	PartnerID      string     `json:"partner_id"`
	PartnerName    string     `json:"partner_name"`
	Name           string     `json:"name"`
	Email          string     `json:"email"`
	FirstName      string     `json:"first_name"`
	LastName       string     `json:"last_name"`
	SubscriptionID string     `json:"subscription_id"`
	State          string     `json:"state" enum:"requested,created,rejected"`
	RequestedBy    string     `json:"requested_by"`
	Reason         string     `json:"reason"`
	SubPartnerID   string     `json:"sub_partner_id" doc:"Empty until it is created"`
	Created        time.Time  `json:"created"`
	Decided        *time.Time `json:"decided"`
}

func subRequestOf(r onboard.SubPartnerRequest) SubPartnerRequest {
	return SubPartnerRequest{ID: r.ID, PartnerID: r.PartnerID, PartnerName: r.PartnerName, Name: r.Name, Email: r.Email, FirstName: r.FirstName, LastName: r.LastName,
		SubscriptionID: r.SubscriptionID, State: r.State, RequestedBy: r.RequestedBy, Reason: r.Reason, SubPartnerID: r.SubPartnerID, Created: r.Created.Time, Decided: when(r.Decided)}
}

type listSubRequestsIn struct {
	Paged
	Sort  string `query:"sort" enum:"created,-created"`
	State string `query:"state" enum:"requested,created,rejected"`
}

func (a *API) listSubRequests(ctx context.Context, c *call, in *listSubRequestsIn) (List[SubPartnerRequest], error) {
	all, next, err := a.d.Onboard.SubPartnerRequests(ctx, c.actor, in.State, in.page(in.Sort))
	return listOf(all, next, subRequestOf), err
}

// NewSubPartnerRequest is what a partner gives.
type NewSubPartnerRequest struct {
	Name           string `json:"name" maxLength:"128"`
	Email          string `json:"email" maxLength:"254"`
	FirstName      string `json:"first_name" maxLength:"64"`
	LastName       string `json:"last_name" maxLength:"64"`
	SubscriptionID string `json:"subscription_id" maxLength:"64"`
}

type createSubRequestIn struct{ Body NewSubPartnerRequest }

func (a *API) createSubRequest(ctx context.Context, c *call, in *createSubRequestIn) (SubPartnerRequest, error) {
	b := in.Body
	r, err := a.d.Onboard.RequestSubPartner(ctx, c.actor, onboard.NewSubPartnerRequest{Name: b.Name, Email: b.Email, FirstName: b.FirstName, LastName: b.LastName, SubscriptionID: b.SubscriptionID})
	if err == nil {
		c.created("/sub-partner-requests", r.Version)
	}
	return subRequestOf(r), err
}

// SubPartnerAnswer is what the operator says to a request.
type SubPartnerAnswer struct {
	Create bool   `json:"create" doc:"False rejects it"`
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Mandatory for a rejection"`
}

type answerSubRequestIn struct {
	Request string `path:"request" doc:"Id of the request"`
	Body    SubPartnerAnswer
}

func (a *API) answerSubRequest(ctx context.Context, c *call, in *answerSubRequestIn) (SubPartnerRequest, error) {
	r, err := a.d.Onboard.AnswerSubPartnerRequest(ctx, c.actor, in.Request, in.Body.Create, in.Body.Reason, c.ifVersion())
	c.tagged(r.Version)
	return subRequestOf(r), err
}
