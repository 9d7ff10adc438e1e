package api

import (
	"context"
	"time"

	"linecard/internal/redirect"
)

// RedirectClaim is a customer's request for a MAC that another one has (CH-41). Neither side learns who the other one is.
type RedirectClaim struct {
	ID        string    `json:"id"`
	MAC       string    `json:"mac"`
	Direction string    `json:"direction" enum:"made,received"`
	Serial    string    `json:"serial"`
	Reason    string    `json:"reason"`
	State     string    `json:"state" enum:"requested,released,refused,withdrawn"`
	DecidedBy string    `json:"decided_by" enum:",holder,operator,certificate,claimant"`
	Note      string    `json:"note" doc:"Of the decision"`
	Created   time.Time `json:"created"`
	Updated   time.Time `json:"updated"`
}

func redirectClaimOf(v redirect.Claim) RedirectClaim {
	direction := "received"
	if v.CustomerID != "" {
		direction = "made"
	}
	return RedirectClaim{ID: v.ID, MAC: v.MAC.String(), Direction: direction, Serial: v.Serial, Reason: v.Reason, State: string(v.State), DecidedBy: v.DecidedBy, Note: v.Note,
		Created: v.Created.Time, Updated: v.Updated.Time}
}

// RedirectClaimRef names the claim in a path.
type RedirectClaimRef struct {
	CustomerRef
	Claim string `path:"claim" doc:"Id of the claim"`
}

type listRedirectClaimsIn struct {
	CustomerRef
	Paged
	Direction string `query:"direction" enum:"made,received" default:"made"`
}

func (a *API) listRedirectClaims(ctx context.Context, c *call, in *listRedirectClaimsIn) (List[RedirectClaim], error) {
	all, next, err := a.d.Redirect.Claims(ctx, c.actor, in.Customer, in.Direction == "received", in.page(""))
	return listOf(all, next, redirectClaimOf), err
}

// NewRedirectClaim asks for the release of a MAC.
type NewRedirectClaim struct {
	MAC    string `json:"mac" maxLength:"32"`
	Serial string `json:"serial,omitempty" maxLength:"128"`
	Reason string `json:"reason" maxLength:"1000" doc:"Who decides reads it; the holder does not"`
}

type createRedirectClaimIn struct {
	CustomerRef
	Body NewRedirectClaim
}

func (a *API) createRedirectClaim(ctx context.Context, c *call, in *createRedirectClaimIn) (RedirectClaim, error) {
	v, err := a.d.Redirect.CreateClaim(ctx, c.actor, in.Customer, redirect.NewClaim(in.Body))
	if err == nil {
		c.created("/customers/"+in.Customer+"/redirect-claims/"+v.ID, v.Version)
	}
	return redirectClaimOf(v), err
}

func (a *API) getRedirectClaim(ctx context.Context, c *call, in *RedirectClaimRef) (RedirectClaim, error) {
	v, err := a.d.Redirect.GetClaim(ctx, c.actor, in.Customer, in.Claim)
	c.tagged(v.Version)
	return redirectClaimOf(v), err
}

func (a *API) withdrawRedirectClaim(ctx context.Context, c *call, in *RedirectClaimRef) (RedirectClaim, error) {
	v, err := a.d.Redirect.Withdraw(ctx, c.actor, in.Customer, in.Claim, c.ifVersion())
	c.tagged(v.Version)
	return redirectClaimOf(v), err
}

func (a *API) releaseRedirectClaim(ctx context.Context, c *call, in *RedirectClaimRef) (RedirectClaim, error) {
	v, err := a.d.Redirect.Release(ctx, c.actor, in.Customer, in.Claim, c.ifVersion())
	c.tagged(v.Version)
	return redirectClaimOf(v), err
}

// RedirectDispute is a claim as the operator sees it, with both sides.
type RedirectDispute struct {
	ID           string    `json:"id"`
	MAC          string    `json:"mac"`
	CustomerID   string    `json:"customer_id" doc:"Who asks"`
	CustomerName string    `json:"customer_name"`
	HolderID     string    `json:"holder_id" doc:"Who has it"`
	HolderName   string    `json:"holder_name"`
	Serial       string    `json:"serial"`
	Reason       string    `json:"reason"`
	State        string    `json:"state" enum:"requested,released,refused,withdrawn"`
	DecidedBy    string    `json:"decided_by" enum:",holder,operator,certificate,claimant"`
	Note         string    `json:"note"`
	Created      time.Time `json:"created"`
	Updated      time.Time `json:"updated"`
}

func redirectDisputeOf(v redirect.Claim) RedirectDispute {
	return RedirectDispute{ID: v.ID, MAC: v.MAC.String(), CustomerID: v.CustomerID, CustomerName: v.CustomerName, HolderID: v.HolderID, HolderName: v.HolderName, Serial: v.Serial,
		Reason: v.Reason, State: string(v.State), DecidedBy: v.DecidedBy, Note: v.Note, Created: v.Created.Time, Updated: v.Updated.Time}
}

type listRedirectDisputesIn struct {
	Paged
	All bool `query:"all" doc:"Decided ones too"`
}

func (a *API) listRedirectDisputes(ctx context.Context, c *call, in *listRedirectDisputesIn) (List[RedirectDispute], error) {
	all, next, err := a.d.Redirect.Disputes(ctx, c.actor, in.All, in.page(""))
	return listOf(all, next, redirectDisputeOf), err
}

// RedirectDecision is what the operator decides.
type RedirectDecision struct {
	Release bool   `json:"release" doc:"true: the MAC goes to who asks. false: the holder keeps it, and that counts as proven"`
	Note    string `json:"note,omitempty" maxLength:"1000" doc:"For who asks"`
}

type decideRedirectDisputeIn struct {
	Claim string `path:"claim" doc:"Id of the claim"`
	Body  RedirectDecision
}

func (a *API) decideRedirectDispute(ctx context.Context, c *call, in *decideRedirectDisputeIn) (RedirectDispute, error) {
	v, err := a.d.Redirect.Decide(ctx, c.actor, in.Claim, redirect.Judgement{Release: in.Body.Release, Note: in.Body.Note, IfVersion: c.ifVersion()})
	c.tagged(v.Version)
	return redirectDisputeOf(v), err
}

// RedirectConnector is an account at a maker's redirect cloud (CH-40), without its secret.
type RedirectConnector struct {
	ID         string            `json:"id"`
	Maker      string            `json:"maker"`
	Name       string            `json:"name"`
	Endpoint   string            `json:"endpoint"`
	KeyID      string            `json:"key_id"`
	Enabled    bool              `json:"enabled"`
	DryRun     bool              `json:"dry_run" doc:"Everything is computed, nothing is sent"`
	Settings   ConnectorSettings `json:"settings"`
	LastOK     *time.Time        `json:"last_ok"`
	Fault      string            `json:"fault" enum:",cloud_credentials,cloud_unavailable,cloud_too_big,secret_unreadable,secret_key_unknown,internal" doc:"Of the last failure as a whole; empty when it works"`
	FaultTime  *time.Time        `json:"fault_time"`
	PauseUntil *time.Time        `json:"pause_until" doc:"The cloud asked us to wait"`
	Reconciled *time.Time        `json:"reconciled" doc:"When the cloud was last read back"`
	Drifted    int64             `json:"drifted" doc:"Entries that were missing there or different"`
	Strangers  int64             `json:"strangers" doc:"What stands there and is not ours"`
	Created    time.Time         `json:"created"`
	Updated    time.Time         `json:"updated"`
}

// ConnectorSettings are paces and sizes; 0 is the default.
type ConnectorSettings struct {
	PerSecond int `json:"per_second" required:"false" minimum:"0" maximum:"1000" doc:"Calls; default 20"`
	PauseS    int `json:"pause_s" required:"false" minimum:"0" maximum:"3600" doc:"Seconds of silence after 'too many requests'; default 30"`
	PageSize  int `json:"page_size" required:"false" minimum:"0" maximum:"500" doc:"Entries of one answer; default 100"`
	BatchSize int `json:"batch_size" required:"false" minimum:"0" maximum:"200" doc:"Entries of one call; default 100"`
}

func redirectConnectorOf(v redirect.Connector) RedirectConnector {
	return RedirectConnector{ID: v.ID, Maker: v.Maker, Name: v.Name, Endpoint: v.Endpoint, KeyID: v.KeyID, Enabled: v.Enabled, DryRun: v.DryRun, Settings: ConnectorSettings(v.Settings.V),
		LastOK: when(v.LastOK), Fault: v.Fault, FaultTime: when(v.FaultAt), PauseUntil: when(v.PauseUntil), Reconciled: when(v.Reconciled), Drifted: v.Drifted, Strangers: v.Strangers,
		Created: v.Created.Time, Updated: v.Updated.Time}
}

// ConnectorRef names the connector in a path.
type ConnectorRef struct {
	Connector string `path:"connector" doc:"Id of the connector"`
}

type listConnectorsIn struct {
	Paged
	Sort string `query:"sort" enum:"name,-name,created,-created"`
}

func (a *API) listRedirectConnectors(ctx context.Context, c *call, in *listConnectorsIn) (List[RedirectConnector], error) {
	all, next, err := a.d.Redirect.Connectors(ctx, c.actor, in.page(in.Sort))
	return listOf(all, next, redirectConnectorOf), err
}

// NewRedirectConnector is an account to add.
type NewRedirectConnector struct {
	Maker    string             `json:"maker" maxLength:"32"`
	Name     string             `json:"name" maxLength:"64"`
	Endpoint string             `json:"endpoint" maxLength:"256" example:"https://eu-api.ymcs.yealink.com"`
	KeyID    string             `json:"key_id" maxLength:"128"`
	Secret   secretText         `json:"secret" maxLength:"256"`
	Enabled  *bool              `json:"enabled,omitempty" doc:"Absent: true"`
	DryRun   *bool              `json:"dry_run,omitempty"`
	Settings *ConnectorSettings `json:"settings,omitempty"`
}

type createConnectorIn struct {
	Body NewRedirectConnector
}

func connectorSettings(s *ConnectorSettings) *redirect.ConnectorSettings {
	if s == nil {
		return nil
	}
	out := redirect.ConnectorSettings(*s)
	return &out
}

func (a *API) createRedirectConnector(ctx context.Context, c *call, in *createConnectorIn) (RedirectConnector, error) {
	b := in.Body
	v, err := a.d.Redirect.CreateConnector(ctx, c.actor, b.Maker, redirect.ConnectorPatch{Name: &b.Name, Endpoint: &b.Endpoint, KeyID: &b.KeyID, Secret: hidden(&b.Secret),
		Enabled: b.Enabled, DryRun: b.DryRun, Settings: connectorSettings(b.Settings)})
	if err == nil {
		c.created("/redirect-connectors/"+v.ID, v.Version)
	}
	return redirectConnectorOf(v), err
}

func (a *API) getRedirectConnector(ctx context.Context, c *call, in *ConnectorRef) (RedirectConnector, error) {
	v, err := a.d.Redirect.GetConnector(ctx, c.actor, in.Connector)
	c.taggedLoosely(v.Version)
	return redirectConnectorOf(v), err
}

// RedirectConnectorChanges are the fields that shall change.
type RedirectConnectorChanges struct {
	Name     *string            `json:"name,omitempty" maxLength:"64"`
	Endpoint *string            `json:"endpoint,omitempty" maxLength:"256"`
	KeyID    *string            `json:"key_id,omitempty" maxLength:"128"`
	Secret   *secretText        `json:"secret,omitempty" maxLength:"256"`
	Enabled  *bool              `json:"enabled,omitempty"`
	DryRun   *bool              `json:"dry_run,omitempty"`
	Settings *ConnectorSettings `json:"settings,omitempty"`
}

type editConnectorIn struct {
	ConnectorRef
	Body RedirectConnectorChanges
}

func (a *API) editRedirectConnector(ctx context.Context, c *call, in *editConnectorIn) (RedirectConnector, error) {
	b := in.Body
	v, err := a.d.Redirect.EditConnector(ctx, c.actor, in.Connector, redirect.ConnectorPatch{Name: b.Name, Endpoint: b.Endpoint, KeyID: b.KeyID, Secret: hidden(b.Secret), Enabled: b.Enabled,
		DryRun: b.DryRun, Settings: connectorSettings(b.Settings), IfVersion: c.ifVersion()})
	c.taggedLoosely(v.Version)
	return redirectConnectorOf(v), err
}

func (a *API) deleteRedirectConnector(ctx context.Context, c *call, in *ConnectorRef) (none, error) {
	return none{}, a.d.Redirect.DeleteConnector(ctx, c.actor, in.Connector, c.ifVersion())
}

func (a *API) reconcileRedirectConnector(ctx context.Context, c *call, in *ConnectorRef) (RedirectConnector, error) {
	v, err := a.d.Redirect.Reconcile(ctx, c.actor, in.Connector)
	return redirectConnectorOf(v), err
}

// RedirectPolicy is what the operator says about phones without proof.
type RedirectPolicy struct {
	FallbackURL string `json:"fallback_url" maxLength:"256" doc:"Where phones are sent that show no maker's certificate, the same for all and without an account; empty: nowhere, they are answered 404"`
}

func (a *API) getRedirectPolicy(ctx context.Context, c *call, _ *struct{}) (RedirectPolicy, error) {
	p, err := a.d.Redirect.Policy(ctx, c.actor)
	return RedirectPolicy{p.Fallback}, err
}

type putRedirectPolicyIn struct {
	Body RedirectPolicy
}

func (a *API) putRedirectPolicy(ctx context.Context, c *call, in *putRedirectPolicyIn) (RedirectPolicy, error) {
	p, err := a.d.Redirect.SetPolicy(ctx, c.actor, redirect.Policy{Fallback: in.Body.FallbackURL})
	return RedirectPolicy{p.Fallback}, err
}
