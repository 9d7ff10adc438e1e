package profile

import (
	"context"
	"maps"
	"slices"

	"linecard/internal/db"
)

// Library is what some tenants have: a customer together with the tenants above it. It stays true as long as the revision
// counters of all these tenants do.
type Library struct {
	Profiles   map[string]Profile        // all but the imported ones, by id
	Containers map[ContainerKey][]string // ids in order, the first the highest; never those of devices. Some may be imported: not in Profiles
	Once       map[string][]string       // by mode: every parameter that their profiles ever gave to phones, sorted (decision 14)
}

// Library reads the library of these tenants with secrets opened. It decides nothing: it is for who makes the files of phones.
func (s *Service) Library(ctx context.Context, q db.Q, tenantIDs []string) (Library, error) {
	l := Library{Profiles: map[string]Profile{}, Containers: map[ContainerKey][]string{}, Once: map[string][]string{}}
	a := q.Args()
	var rows []row
	if err := q.Select(ctx, &rows, selected+` WHERE p.type <> 'imported' AND `+a.In("p.tenant_id", tenantIDs), a.List()...); err != nil {
		return l, err
	}
	all, err := s.profilesOf(rows)
	if err != nil {
		return l, err
	}
	for _, p := range all {
		l.Profiles[p.ID] = p
	}
	var in []struct {
		TenantID  string `db:"tenant_id"`
		Kind      Kind   `db:"kind"`
		Key       string `db:"key"`
		ProfileID string `db:"profile_id"`
	}
	a = q.Args()
	if err := q.Select(ctx, &in, `SELECT tenant_id, kind, key, profile_id FROM profile_associations WHERE kind <> 'device' AND `+a.In("tenant_id", tenantIDs)+
		` ORDER BY tenant_id, kind, key, place, profile_id`, a.List()...); err != nil {
		return l, err
	}
	for _, x := range in {
		k := ContainerKey{x.TenantID, x.Kind, x.Key}
		l.Containers[k] = append(l.Containers[k], x.ProfileID)
	}
	var used []struct {
		Mode string `db:"mode"`
		Name string `db:"name"`
	}
	a = q.Args()
	if err := q.Select(ctx, &used, `SELECT DISTINCT mode, name FROM profile_used WHERE `+a.In("tenant_id", tenantIDs)+` ORDER BY mode, name`, a.List()...); err != nil {
		return l, err
	}
	for _, u := range used {
		l.Once[u.Mode] = append(l.Once[u.Mode], u.Name)
	}
	return l, nil
}

// Set puts an order into a container of the library without a database, for plans: the result shares what did not change.
func (l Library) Set(k ContainerKey, profileIDs []string) Library {
	l.Containers = maps.Clone(l.Containers)
	if len(profileIDs) == 0 {
		delete(l.Containers, k)
	} else {
		l.Containers[k] = slices.Clone(profileIDs)
	}
	return l
}

// Put adds or replaces a profile of the library without a database, for plans.
func (l Library) Put(p Profile) Library {
	l.Profiles = maps.Clone(l.Profiles)
	l.Profiles[p.ID] = p
	return l
}

// OfDevice gives the profiles of a device's own container in order, the highest first, with secrets opened; none is an empty list.
// One indexed read. It decides nothing.
func (s *Service) OfDevice(ctx context.Context, q db.Q, customerID, deviceID string) ([]Profile, error) {
	var rows []row
	err := q.Select(ctx, &rows, selected+` JOIN profile_associations a ON a.profile_id = p.id
		WHERE a.tenant_id = $1 AND a.kind = 'device' AND a.key = $2 ORDER BY a.place, p.id`, customerID, deviceID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return s.profilesOf(rows)
}

// OfDevices gives what OfDevice gives for every device of a customer that has profiles of its own, ordered by the device's id. Rows
// are not held all at once; while it runs, fn must not use q when that is a transaction. An error of fn ends it.
func (s *Service) OfDevices(ctx context.Context, q db.Q, customerID string, fn func(deviceID string, ps []Profile) error) error {
	shared := map[string]Profile{} // one profile of many devices is opened once
	device := ""
	var have []Profile
	flush := func() error {
		if device == "" {
			return nil
		}
		return fn(device, have)
	}
	err := q.Each(ctx, func(scan func(any) error) error {
		var r struct {
			row
			Device string `db:"device"`
		}
		if err := scan(&r); err != nil {
			return err
		}
		p, ok := shared[r.ID]
		if !ok {
			var err error
			if p, err = s.profileOf(r.row); err != nil {
				return err
			}
			if p.Type != Imported {
				shared[p.ID] = p
			}
		}
		if r.Device != device {
			if err := flush(); err != nil {
				return err
			}
			device, have = r.Device, nil
		}
		have = append(have, p)
		return nil
	}, `SELECT a.key AS device, `+selected[len("SELECT "):]+` JOIN profile_associations a ON a.profile_id = p.id
		WHERE a.tenant_id = $1 AND a.kind = 'device' ORDER BY a.key, a.place, p.id`, customerID)
	if err != nil {
		return err
	}
	return flush()
}
