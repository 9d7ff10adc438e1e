package api

import (
	"context"
	"time"

	"linecard/internal/subscriber"
)

// Workspace is a place with exactly one base package.
type Workspace struct {
	ID         string    `json:"id"`
	CustomerID string    `json:"customer_id"`
	Name       string    `json:"name" doc:"Unique in the location"`
	ExternalID string    `json:"external_id"`
	Package    string    `json:"package" doc:"Code of the base package"`
	AddOns     []string  `json:"add_ons"`
	LocationID string    `json:"location_id"`
	Extension  string    `json:"extension"`
	Number     string    `json:"number" doc:"E.164"`
	Created    time.Time `json:"created"`
	Updated    time.Time `json:"updated"`
}

func workspaceOf(h subscriber.Workspace) Workspace {
	return Workspace{ID: h.ID, CustomerID: h.CustomerID, Name: h.DisplayName, ExternalID: h.ExternalID, Package: h.Package, AddOns: orEmpty(h.AddOns), LocationID: h.LocationID,
		Extension: h.Extension, Number: h.Number, Created: h.Created.Time, Updated: h.Updated.Time}
}

// WorkspaceRef names the workspace in a path.
type WorkspaceRef struct {
	CustomerRef
	Workspace string `path:"workspace" doc:"Id of the workspace"`
}

// NewWorkspace is a workspace to add.
type NewWorkspace struct {
	Name       string   `json:"name" maxLength:"128"`
	ExternalID string   `json:"external_id,omitempty" maxLength:"128"`
	Package    string   `json:"package" maxLength:"64" doc:"Code or alias of the base package"`
	AddOns     []string `json:"add_ons,omitempty" maxItems:"20"`
	LocationID string   `json:"location_id,omitempty" maxLength:"64" doc:"Absent: the only location"`
	Extension  string   `json:"extension,omitempty" maxLength:"10"`
	Number     string   `json:"number,omitempty" maxLength:"40"`
}

type listWorkspacesIn struct {
	CustomerRef
	Paged
	Q          string `query:"q" maxLength:"200" doc:"Part of the name"`
	ExternalID string `query:"external_id" maxLength:"128" doc:"Exactly this one"`
	Package    string `query:"package" maxLength:"64"`
	Location   string `query:"location_id" maxLength:"64"`
	Sort       string `query:"sort" enum:"name,-name,created,-created"`
}

func (a *API) listWorkspaces(ctx context.Context, c *call, in *listWorkspacesIn) (List[Workspace], error) {
	all, next, err := a.d.Subscriber.Workspaces(ctx, c.actor, subscriber.HolderQuery{CustomerID: in.Customer, Text: in.Q, ExternalID: in.ExternalID, Package: in.Package,
		LocationID: in.Location, Page: in.page(in.Sort)})
	return listOf(all, next, workspaceOf), err
}

type createWorkspaceIn struct {
	CustomerRef
	Body NewWorkspace
}

func (a *API) createWorkspace(ctx context.Context, c *call, in *createWorkspaceIn) (Workspace, error) {
	w, err := a.d.Subscriber.CreateWorkspace(ctx, c.actor, in.Customer, subscriber.NewWorkspace(in.Body))
	if err == nil {
		c.created("/customers/"+in.Customer+"/workspaces/"+w.ID, w.Version)
	}
	return workspaceOf(w), err
}

func (a *API) getWorkspace(ctx context.Context, c *call, in *WorkspaceRef) (Workspace, error) {
	w, err := a.d.Subscriber.Workspace(ctx, c.actor, in.Customer, in.Workspace)
	c.tagged(w.Version)
	return workspaceOf(w), err
}

// WorkspaceChanges are the fields of a workspace that shall change.
type WorkspaceChanges struct {
	Name       *string `json:"name,omitempty" maxLength:"128"`
	ExternalID *string `json:"external_id,omitempty" maxLength:"128"`
	LocationID *string `json:"location_id,omitempty" maxLength:"64"`
	Extension  *string `json:"extension,omitempty" maxLength:"10" doc:"Empty takes it away"`
	Number     *string `json:"number,omitempty" maxLength:"40" doc:"Empty gives it back"`
}

type editWorkspaceIn struct {
	WorkspaceRef
	Body WorkspaceChanges
}

func (a *API) editWorkspace(ctx context.Context, c *call, in *editWorkspaceIn) (Workspace, error) {
	b := in.Body
	w, err := a.d.Subscriber.EditWorkspace(ctx, c.actor, in.Customer, in.Workspace, subscriber.HolderPatch{DisplayName: b.Name, ExternalID: b.ExternalID, LocationID: b.LocationID,
		Extension: b.Extension, Number: b.Number, IfVersion: c.ifVersion()})
	c.tagged(w.Version)
	return workspaceOf(w), err
}

type packageWorkspaceIn struct {
	WorkspaceRef
	Body PackageSet
}

func (a *API) packageWorkspace(ctx context.Context, c *call, in *packageWorkspaceIn) (Workspace, error) {
	w, err := a.d.Subscriber.SetWorkspacePackage(ctx, c.actor, in.Customer, in.Workspace, in.Body.change(c.ifVersion()))
	c.tagged(w.Version)
	return workspaceOf(w), err
}

func (a *API) deleteWorkspace(ctx context.Context, c *call, in *WorkspaceRef) (none, error) {
	return none{}, a.d.Subscriber.DeleteWorkspace(ctx, c.actor, in.Customer, in.Workspace, c.ifVersion())
}
