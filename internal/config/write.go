package config

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/network"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/tenant"
)

func (x DeviceChange) patch() device.Patch {
	return device.Patch{Model: x.Model, GroupIDs: x.Groups, Whereabouts: device.Whereabouts{SiteID: x.SiteID}}
}

// write puts a change into rows, in the caller's transaction. Each room decides once more whether the actor may.
func (p *Plans) write(ctx context.Context, actor access.Actor, at profile.Place, c Change) error {
	for _, x := range c.Profiles {
		if _, _, err := p.profiles.Edit(ctx, actor, at, x.ID, x.patch()); err != nil {
			return err
		}
	}
	for _, x := range c.Containers {
		if _, err := p.profiles.SetContainer(ctx, actor, at, x.Kind, x.Key, x.ProfileIDs, 0); err != nil {
			return err
		}
	}
	for _, x := range c.Sites {
		if _, err := p.networks.Edit(ctx, actor, at.ID, x.ID, network.Patch{Subnets: x.Subnets, DownloadPath: x.DownloadPath}); err != nil {
			return err
		}
	}
	if c.Import != nil {
		return p.writeImport(ctx, actor, at, *c.Import)
	}
	groups := map[string][]string{}
	for _, x := range c.Devices {
		if x.Groups != nil && x.Model == nil && x.SiteID == nil && x.Keys == nil {
			groups[x.ID] = *x.Groups
			continue
		}
		if _, err := p.devices.Edit(ctx, actor, at.ID, x.ID, x.patch()); err != nil {
			return err
		}
		if x.Keys != nil {
			if _, err := p.devices.SetKeys(ctx, actor, at.ID, x.ID, *x.Keys, 0); err != nil {
				return err
			}
		}
	}
	if len(groups) == 0 {
		return nil
	}
	return p.devices.Arrange(ctx, actor, at.ID, groups)
}

// inverse gives the change that takes a change back, from what stands in the database now.
func (p *Plans) inverse(ctx context.Context, actor access.Actor, at profile.Place, t tenant.Tenant, c Change) (Change, error) {
	var out Change
	if c.Import != nil {
		return out, nil // errImportStays
	}
	for _, x := range c.Profiles {
		had, err := p.profiles.Load(ctx, p.db, t.Scope, x.ID)
		if err != nil {
			return out, err
		}
		out.Profiles = append(out.Profiles, x.inverse(had))
	}
	for _, x := range c.Containers {
		had, err := p.profiles.Container(ctx, actor, at, x.Kind, x.Key)
		if err != nil {
			return out, err
		}
		out.Containers = append(out.Containers, ContainerChange{TenantID: x.TenantID, Kind: x.Kind, Key: x.Key, ProfileIDs: append([]string{}, had.ProfileIDs...)})
	}
	if err := p.inverseSites(ctx, p.db, t, c, &out); err != nil {
		return out, err
	}
	return out, p.inverseDevices(ctx, actor, t, c, &out)
}

// inverse gives every attribute that the change touches the value it has, and takes away what it would add.
func (x ProfileChange) inverse(had profile.Profile) ProfileChange {
	out := ProfileChange{TenantID: x.TenantID, ID: x.ID}
	names := slices.Clone(x.Drop)
	for _, a := range x.Set {
		names = append(names, a.Name)
	}
	for _, name := range names {
		if a, ok := had.Get(name); ok {
			out.Set = append(out.Set, a)
		} else {
			out.Drop = append(out.Drop, name)
		}
	}
	if x.ImageID != nil {
		out.ImageID = &had.ImageID
	}
	return out
}

func (p *Plans) inverseSites(ctx context.Context, q db.Q, t tenant.Tenant, c Change, out *Change) error {
	if len(c.Sites) == 0 {
		return nil
	}
	all, err := p.networks.Sites(ctx, q, t.ID)
	if err != nil {
		return err
	}
	for _, x := range c.Sites {
		i := slices.IndexFunc(all, func(s network.Site) bool { return s.ID == x.ID })
		if i < 0 {
			return errNoSite
		}
		back := SiteChange{ID: x.ID}
		if x.Subnets != nil {
			subnets := all[i].Networks()
			back.Subnets = &subnets
		}
		if x.DownloadPath != nil {
			back.DownloadPath = &all[i].DownloadPath
		}
		out.Sites = append(out.Sites, back)
	}
	return nil
}

func (p *Plans) inverseDevices(ctx context.Context, actor access.Actor, t tenant.Tenant, c Change, out *Change) error {
	ids := make([]string, len(c.Devices))
	for i, x := range c.Devices {
		ids[i] = x.ID
	}
	groups, err := p.devices.Members(ctx, p.db, t.ID, ids)
	if err != nil {
		return err
	}
	for _, x := range c.Devices {
		back := DeviceChange{ID: x.ID}
		if x.Groups != nil {
			had := append([]string{}, groups[x.ID]...)
			back.Groups = &had
		}
		if x.Keys != nil {
			had, err := p.devices.Keys(ctx, actor, t.ID, x.ID)
			if err != nil {
				return err
			}
			own := append([]phone.Key{}, had.Own...)
			back.Keys = &own
		}
		if x.Model != nil || x.SiteID != nil {
			d, err := p.devices.ByID(ctx, p.db, t.ID, x.ID)
			if err != nil {
				return err
			}
			if x.Model != nil {
				back.Model = &d.Model
			}
			if x.SiteID != nil {
				site := ""
				if d.SitePinned {
					site = d.SiteID
				}
				back.SiteID = &site
			}
		}
		out.Devices = append(out.Devices, back)
	}
	return nil
}
