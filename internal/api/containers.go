package api

import (
	"context"

	"linecard/internal/profile"
)

// Container is an ordered list of profiles at a place of the tree; the first is the highest (DM-158, DM-161).
type Container struct {
	Kind       string   `json:"kind" enum:"device,site,model,group,global,defaults,enforced"`
	Key        string   `json:"key" doc:"Id of the device, site or group; the model in capitals without blanks; - where there is one only"`
	ProfileIDs []string `json:"profile_ids"`
}

func containerOf(k profile.Container) Container {
	return Container{Kind: string(k.Kind), Key: k.Key, ProfileIDs: orEmpty(k.ProfileIDs)}
}

type listContainersIn struct {
	Paged
	Kind string `query:"kind" enum:"device,site,model,group,global,defaults,enforced"`
}

func (a *API) listContainers(at func(*call) profile.Place) func(context.Context, *call, *listContainersIn) (List[Container], error) {
	return func(ctx context.Context, c *call, in *listContainersIn) (List[Container], error) {
		all, next, err := a.d.Profiles.Containers(ctx, c.actor, at(c), profile.Kind(in.Kind), in.page(""))
		return listOf(all, next, containerOf), err
	}
}

// ContainerRef names the container in a path.
type ContainerRef struct {
	Kind string `path:"kind" doc:"device, site, model, group or global of a customer; defaults or enforced above"`
	Key  string `path:"key" doc:"Id of the device, site or group; the model; - for global, defaults and enforced"`
}

func (a *API) getContainer(at func(*call) profile.Place) func(context.Context, *call, *ContainerRef) (Container, error) {
	return func(ctx context.Context, c *call, in *ContainerRef) (Container, error) {
		k, err := a.d.Profiles.Container(ctx, c.actor, at(c), profile.Kind(in.Kind), in.Key)
		c.tagged(k.Version)
		return containerOf(k), err
	}
}

// ContainerContent is everything that a container shall hold.
type ContainerContent struct {
	ProfileIDs []string `json:"profile_ids" maxItems:"100" doc:"The first is the highest"`
}

type putContainerIn struct {
	ContainerRef
	Body ContainerContent
}

func (a *API) putContainer(at func(*call) profile.Place) func(context.Context, *call, *putContainerIn) (Container, error) {
	return func(ctx context.Context, c *call, in *putContainerIn) (Container, error) {
		k, err := a.d.Profiles.SetContainer(ctx, c.actor, at(c), profile.Kind(in.Kind), in.Key, in.Body.ProfileIDs, c.ifVersion())
		c.tagged(k.Version)
		return containerOf(k), err
	}
}
