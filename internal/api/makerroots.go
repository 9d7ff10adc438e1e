package api

import (
	"context"
	"time"

	"linecard/internal/device"
)

// MakerRoot is an authority whose certificates prove a phone's MAC address.
type MakerRoot struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	PEM          string    `json:"pem"`
	Subject      string    `json:"subject"`
	SHA256       string    `json:"sha256" doc:"Of the certificate, lower-case hexadecimal"`
	NotAfter     time.Time `json:"not_after"`
	AllowExpired bool      `json:"allow_expired" doc:"Phones' certificates count after their end"`
	AllowSHA1    bool      `json:"allow_sha1" doc:"Signatures with SHA-1 count"`
	Created      time.Time `json:"created"`
}

func makerRootOf(r device.MakerRoot) MakerRoot {
	return MakerRoot{ID: r.ID, Name: r.Name, PEM: r.PEM, Subject: r.Subject, SHA256: r.SHA256, NotAfter: r.NotAfter.Time, AllowExpired: r.AllowExpired,
		AllowSHA1: r.AllowSHA1, Created: r.Created.Time}
}

// Paged is taken as every list takes it; there are never more than fit on one page.
type listMakerRootsIn struct{ Paged }

func (a *API) listMakerRoots(ctx context.Context, c *call, in *listMakerRootsIn) (List[MakerRoot], error) {
	all, err := a.d.Devices.ListMakerRoots(ctx, c.actor)
	all = all[:min(len(all), in.Limit)]
	return listOf(all, "", makerRootOf), err
}

// NewMakerRoot is an authority to trust.
type NewMakerRoot struct {
	Name         string `json:"name,omitempty" maxLength:"128" doc:"Absent: the common name of the certificate"`
	PEM          string `json:"pem" minLength:"1" maxLength:"65536" doc:"One certificate"`
	AllowExpired bool   `json:"allow_expired,omitempty"`
	AllowSHA1    bool   `json:"allow_sha1,omitempty"`
}

type addMakerRootIn struct{ Body NewMakerRoot }

func (a *API) addMakerRoot(ctx context.Context, c *call, in *addMakerRootIn) (MakerRoot, error) {
	r, err := a.d.Devices.AddMakerRoot(ctx, c.actor, device.NewMakerRoot(in.Body))
	if err == nil {
		c.created("/operator/maker-roots/"+r.ID, r.Version)
	}
	return makerRootOf(r), err
}

// MakerRootRef names an authority in a path.
type MakerRootRef struct {
	Root string `path:"root" doc:"Id of the authority"`
}

func (a *API) getMakerRoot(ctx context.Context, c *call, in *MakerRootRef) (MakerRoot, error) {
	r, err := a.d.Devices.GetMakerRoot(ctx, c.actor, in.Root)
	c.tagged(r.Version)
	return makerRootOf(r), err
}

// MakerRootChanges are a partial change.
type MakerRootChanges struct {
	Name         *string `json:"name,omitempty" maxLength:"128"`
	AllowExpired *bool   `json:"allow_expired,omitempty"`
	AllowSHA1    *bool   `json:"allow_sha1,omitempty"`
}

type editMakerRootIn struct {
	MakerRootRef
	Body MakerRootChanges
}

func (a *API) editMakerRoot(ctx context.Context, c *call, in *editMakerRootIn) (MakerRoot, error) {
	r, err := a.d.Devices.EditMakerRoot(ctx, c.actor, in.Root, device.MakerRootPatch{Name: in.Body.Name, AllowExpired: in.Body.AllowExpired,
		AllowSHA1: in.Body.AllowSHA1, IfVersion: c.ifVersion()})
	c.tagged(r.Version)
	return makerRootOf(r), err
}

func (a *API) removeMakerRoot(ctx context.Context, c *call, in *MakerRootRef) (none, error) {
	return none{}, a.d.Devices.RemoveMakerRoot(ctx, c.actor, in.Root, c.ifVersion())
}
