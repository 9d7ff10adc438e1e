package config

import (
	"maps"
	"slices"

	"linecard/internal/device"
	"linecard/internal/network"
	"linecard/internal/phone"
	"linecard/internal/profile"
)

// Change is what shall become different for phones. It is a value: the same one is applied to inputs in memory (a plan), held over
// some phones for some time (a staged change), and written into rows (apply). Its inverse is a Change too (undo). Each part says
// what shall be, not what shall differ, so applying it twice is applying it once.
type Change struct {
	Profiles   []ProfileChange   `json:"profiles,omitempty"`
	Containers []ContainerChange `json:"containers,omitempty"`
	Sites      []SiteChange      `json:"sites,omitempty"`
	Devices    []DeviceChange    `json:"devices,omitempty"`
	Import     *ImportFile       `json:"import,omitempty"` // then Devices says what it does to phones, and is not written beside it
}

// ProfileChange changes attributes of a profile, and the software that it selects. Names and values are as profile.Prepare left
// them.
type ProfileChange struct {
	TenantID string              `json:"tenant_id"`
	ID       string              `json:"id"`
	Set      []profile.Attribute `json:"set,omitempty"`
	Drop     []string            `json:"drop,omitempty"`
	ImageID  *string             `json:"image_id,omitempty"`
}

func (x ProfileChange) patch() profile.Patch {
	return profile.Patch{Set: x.Set, Drop: x.Drop, ImageID: x.ImageID}
}

// ContainerChange gives a container other profiles, in this order.
type ContainerChange struct {
	TenantID   string       `json:"tenant_id"`
	Kind       profile.Kind `json:"kind"`
	Key        string       `json:"key"`
	ProfileIDs []string     `json:"profile_ids"`
}

// SiteChange changes which phones are at a site, or from where they get software.
type SiteChange struct {
	ID           string              `json:"id"`
	Subnets      *[]network.Networks `json:"subnets,omitempty"`
	DownloadPath *string             `json:"download_path,omitempty"`
}

// DeviceChange changes what one phone is and where it belongs.
type DeviceChange struct {
	ID     string       `json:"id"`
	Model  *string      `json:"model,omitempty"`
	SiteID *string      `json:"site_id,omitempty"` // pins it there; "" unpins it
	Groups *[]string    `json:"group_ids,omitempty"`
	Keys   *[]phone.Key `json:"keys,omitempty"` // all its own

	// Of an import.
	Name     string            `json:"name,omitempty"`
	Lines    *[]phone.Line     `json:"lines,omitempty"`    // all that it has then
	Imported *profile.Foreseen `json:"imported,omitempty"` // its CSV profile
}

// changed is a change as it is seen by the phones of one customer.
type changed struct {
	*estate    // what they share afterwards
	devices    map[string]DeviceChange
	containers map[string][]string      // of devices
	profiles   map[string]ProfileChange // those that may stand in the container of a device only
}

// on applies the change to what the phones of a customer share. Profiles, containers and sites that are not among that are passed
// over: a change made above customers concerns each of them in part.
func (c Change) on(e *estate) (*changed, error) {
	out := &changed{estate: e.with(), devices: map[string]DeviceChange{}, containers: map[string][]string{}, profiles: map[string]ProfileChange{}}
	for _, x := range c.Profiles {
		p, ok := out.library.Profiles[x.ID]
		if !ok {
			out.profiles[x.ID] = x
			continue
		}
		p, err := x.to(p)
		if err != nil {
			return nil, err
		}
		out.library.Profiles[x.ID] = p
	}
	for _, x := range c.Containers {
		switch {
		case x.Kind == profile.OfOneDevice:
			out.containers[x.Key] = x.ProfileIDs
		case slices.Contains(out.path, x.TenantID):
			out.library.Containers[profile.ContainerKey{TenantID: x.TenantID, Kind: x.Kind, Key: x.Key}] = x.ProfileIDs
		}
	}
	for _, x := range c.Devices {
		out.devices[x.ID] = x
	}
	return out, c.move(out.estate)
}

// with gives the inputs of one phone as the change makes them.
func (c Change) with(e *estate, o own) (*estate, own, error) {
	x, err := c.on(e)
	if err != nil {
		return nil, own{}, err
	}
	o, err = x.phone(o)
	return x.estate, o, err
}

// move puts changed sites into an estate.
func (c Change) move(n *estate) error {
	if len(c.Sites) == 0 {
		return nil
	}
	for _, x := range c.Sites {
		site, ok := n.sites[x.ID]
		if !ok {
			continue
		}
		site, err := site.With(network.Patch{Subnets: x.Subnets, DownloadPath: x.DownloadPath}, slices.Collect(maps.Values(n.sites)))
		if err != nil {
			return err
		}
		n.sites[x.ID] = site
	}
	n.where = network.NewMap(slices.Collect(maps.Values(n.sites)))
	return nil
}

// to gives the profile as the change makes it.
func (x ProfileChange) to(p profile.Profile) (profile.Profile, error) {
	return p.With(x.patch())
}

// phone gives what one phone has of its own as the change makes it.
func (c *changed) phone(o own) (own, error) {
	if x, ok := c.devices[o.DeviceID]; ok {
		x.to(c.estate, &o)
	}
	if ids, ok := c.containers[o.DeviceID]; ok {
		o.profiles = c.chosen(ids, o.profiles)
	}
	if !o.SitePinned && c.where != nil {
		o.site = c.where.Resolve(o.from(), o.Private).SiteID
	}
	mine := false
	for i, p := range o.profiles {
		if now, ok := c.library.Profiles[p.ID]; ok {
			p = now
		} else if x, ok := c.profiles[p.ID]; ok {
			var err error
			if p, err = x.to(p); err != nil {
				return o, err
			}
		} else {
			continue
		}
		if !mine {
			o.profiles, mine = slices.Clone(o.profiles), true
		}
		o.profiles[i] = p
	}
	return o, nil
}

// chosen gives the profiles with these ids: of the library, or the phone's imported one, which no library has.
func (c *changed) chosen(ids []string, had []profile.Profile) []profile.Profile {
	var out []profile.Profile
	for _, id := range ids {
		if p, ok := c.library.Profiles[id]; ok {
			out = append(out, p)
		} else if i := slices.IndexFunc(had, func(p profile.Profile) bool { return p.ID == id }); i >= 0 {
			out = append(out, had[i])
		}
	}
	return out
}

func (x DeviceChange) to(e *estate, o *own) {
	x.imported(o)
	x.lined(o)
	if x.Name != "" {
		o.Name = x.Name
	}
	if x.Model != nil {
		o.Model = *x.Model
		if o.Reported == "" {
			o.model = *x.Model
		}
	}
	if x.SiteID != nil {
		if o.SitePinned = *x.SiteID != ""; o.SitePinned {
			o.site = *x.SiteID
		}
	}
	if x.Groups != nil {
		o.Groups = *x.Groups
	}
	if x.Keys != nil {
		o.Was, o.OwnKeys = device.EverKeys(o.OwnKeys, o.Was), *x.Keys
	}
	if x.Groups != nil || x.Keys != nil {
		o.Keys = device.Layered(o.OwnKeys, o.Groups, e.templates)
	}
}
