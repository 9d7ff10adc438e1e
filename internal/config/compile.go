package config

import (
	"context"
	"maps"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/network"
	"linecard/internal/profile"
	"linecard/internal/tenant"
)

// action is what somebody must be allowed to do to make and apply such a change.
func (a Asked) action() access.Action {
	switch a.Kind {
	case GroupSet, SiteUpdate, DeviceUpdate, ImportDevices:
		return access.DeviceEdit
	}
	return access.ProfileEdit
}

// compile makes a Change of what somebody asked for. Whatever would be refused when it is written is refused here.
func (p *Plans) compile(ctx context.Context, actor access.Actor, at profile.Place, t tenant.Tenant, a Asked) (Change, error) {
	if at.Level != profile.CustomerLevel && slices.Contains([]string{GroupSet, SiteUpdate, DeviceUpdate, ImportDevices}, a.Kind) {
		return Change{}, errKind
	}
	switch a.Kind {
	case ProfileUpdate, SoftwareSet:
		return p.compileProfile(ctx, actor, at, t, a)
	case ContainerSet:
		return p.compileContainer(ctx, actor, at, t, a)
	case GroupSet:
		return p.compileGroup(ctx, t, a)
	case SiteUpdate:
		return p.compileSite(ctx, t, a)
	case DeviceUpdate:
		return p.compileDevice(ctx, actor, t, a)
	case ImportDevices:
		return p.compileImport(ctx, actor, t, a)
	}
	return Change{}, errKind
}

func (p *Plans) compileProfile(ctx context.Context, actor access.Actor, at profile.Place, t tenant.Tenant, a Asked) (Change, error) {
	had, err := p.profiles.Load(ctx, p.db, t.Scope, a.ProfileID)
	if err == nil && had.TenantID != t.ID || err != nil && errs.KindOf(err) == errs.NotFound {
		err = errNoProfile
	}
	if err != nil {
		return Change{}, err
	}
	patch := profile.Patch{ImageID: a.ImageID}
	if a.Kind == SoftwareSet && a.ImageID == nil {
		return Change{}, errs.BadField("software_image_id", "required", "This field must not be empty.")
	}
	for _, name := range slices.Sorted(maps.Keys(a.Attributes)) {
		if v := a.Attributes[name]; v == nil {
			patch.Drop = append(patch.Drop, name)
		} else {
			patch.Set = append(patch.Set, profile.Attribute{Name: name, Value: *v})
		}
	}
	if patch, _, err = p.profiles.Prepare(ctx, p.db, had, patch); err != nil {
		return Change{}, err
	}
	_, _, err = p.profiles.Edit(db.DryRun(ctx), actor, at, had.ID, patch)
	return Change{Profiles: []ProfileChange{{TenantID: had.TenantID, ID: had.ID, Set: patch.Set, Drop: patch.Drop, ImageID: patch.ImageID}}}, err
}

func (p *Plans) compileContainer(ctx context.Context, actor access.Actor, at profile.Place, t tenant.Tenant, a Asked) (Change, error) {
	if _, err := p.profiles.SetContainer(db.DryRun(ctx), actor, at, a.Container, a.Key, a.ProfileIDs, 0); err != nil {
		return Change{}, err
	}
	key := a.Key
	if a.Container == profile.OfModel {
		key = profile.ModelKey(key)
	}
	return Change{Containers: []ContainerChange{{TenantID: t.ID, Kind: a.Container, Key: key, ProfileIDs: append([]string{}, a.ProfileIDs...)}}}, nil
}

// compileGroup gives every device whose groups become others its new list: who comes gets the group as its lowest, who goes loses it.
func (p *Plans) compileGroup(ctx context.Context, t tenant.Tenant, a Asked) (Change, error) {
	now, err := p.devices.InGroup(ctx, p.db, t.ID, a.GroupID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errGroup
		}
		return Change{}, err
	}
	all := slices.Concat(now, a.DeviceIDs)
	slices.Sort(all)
	all = slices.Compact(all)
	have, err := p.devices.Members(ctx, p.db, t.ID, all)
	if err != nil {
		return Change{}, err
	}
	wanted := make(map[string]bool, len(a.DeviceIDs))
	for _, id := range a.DeviceIDs {
		wanted[id] = true
	}
	var c Change
	for _, id := range all {
		groups, known := have[id]
		if !known {
			return Change{}, errMembers
		}
		in, want := slices.Contains(groups, a.GroupID), wanted[id]
		switch {
		case want && !in:
			groups = append(slices.Clone(groups), a.GroupID)
		case !want && in:
			groups = slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return g == a.GroupID })
		default:
			continue
		}
		c.Devices = append(c.Devices, DeviceChange{ID: id, Groups: &groups})
	}
	return c, nil
}

func (p *Plans) compileSite(ctx context.Context, t tenant.Tenant, a Asked) (Change, error) {
	if a.SiteID == nil {
		return Change{}, errNoSite
	}
	all, err := p.networks.Sites(ctx, p.db, t.ID)
	if err != nil {
		return Change{}, err
	}
	i := slices.IndexFunc(all, func(s network.Site) bool { return s.ID == *a.SiteID })
	if i < 0 {
		return Change{}, errNoSite
	}
	_, err = all[i].With(network.Patch{Subnets: a.Subnets, DownloadPath: a.Path}, all)
	return Change{Sites: []SiteChange{{ID: all[i].ID, Subnets: a.Subnets, DownloadPath: a.Path}}}, err
}

func (p *Plans) compileDevice(ctx context.Context, actor access.Actor, t tenant.Tenant, a Asked) (Change, error) {
	d, err := p.devices.Get(ctx, actor, t.ID, a.DeviceID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errs.BadField("device_id", "unknown_device", "The customer has no such device.")
		}
		return Change{}, err
	}
	// What Edit would refuse is refused now: it runs, and is taken back.
	_, err = p.devices.Edit(db.DryRun(ctx), actor, t.ID, d.ID, a.devicePatch())
	if err == nil && a.Keys != nil {
		var as device.Keys // in the order and the spelling that they are kept in
		if as, err = p.devices.SetKeys(db.DryRun(ctx), actor, t.ID, d.ID, *a.Keys, 0); err == nil {
			a.Keys = &as.Own
		}
	}
	return Change{Devices: []DeviceChange{{ID: d.ID, Model: a.Model, SiteID: a.SiteID, Groups: a.GroupIDs, Keys: a.Keys}}}, err
}

func (a Asked) devicePatch() device.Patch {
	return DeviceChange{Model: a.Model, SiteID: a.SiteID, Groups: a.GroupIDs}.patch()
}
