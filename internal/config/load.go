package config

import (
	"context"
	"net/netip"

	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/phone"
	"linecard/internal/profile"
	"linecard/internal/revision"
)

// customer is a customer with the tenants above it.
type customer struct {
	id, scope, host string
	above           []revision.Key // counters of the tenants from the operator down to the customer
}

func (c customer) path() []string {
	out := make([]string, len(c.above))
	for i, k := range c.above {
		out[i] = k.ID
	}
	return out
}

// estateOf gives what the phones of a customer share. It is read anew only when a counter of the customer or of somebody above it
// has moved; v is the vector of these counters.
func (s *Service) estateOf(ctx context.Context, c customer) (e *estate, v revision.Vector, err error) {
	for range attempts {
		if v, err = revision.Of(ctx, s.db, c.above...); err != nil {
			return nil, v, err
		}
		if kept, ok := s.estates.GetIfPresent(c.id); ok && kept.vector == v && kept.host == c.host {
			return kept.estate, v, nil
		}
		if e, err = s.readEstate(ctx, s.db, c); err != nil {
			return nil, v, err
		}
		after, err := revision.Of(ctx, s.db, c.above...)
		if err != nil {
			return nil, v, err
		}
		if after == v {
			s.estates.Set(c.id, &keptEstate{estate: e, vector: v, host: c.host})
			return e, v, nil
		}
	}
	return nil, v, errMoving
}

// keptEstate is an estate with the counters under which it was read.
type keptEstate struct {
	*estate
	vector revision.Vector
	host   string
}

func (s *Service) readEstate(ctx context.Context, q db.Q, c customer) (*estate, error) {
	e := &estate{customer: c.id, path: c.path(), makers: s.makers, sites: nil}
	if s.address != nil {
		e.address = s.address(c.host)
	}
	var err error
	if e.library, err = s.profiles.Library(ctx, q, e.path); err != nil {
		return nil, err
	}
	if e.files, err = s.devices.Files(ctx, q, c.id); err != nil {
		return nil, err
	}
	if e.templates, err = s.devices.Templates(ctx, q, c.id); err != nil {
		return nil, err
	}
	if s.software != nil {
		if e.catalogue, _, err = s.software.Images(ctx, q); err != nil {
			return nil, err
		}
	}
	if e.downloads, e.zone, err = s.devices.SoftwareOf(ctx, q, c.id); err != nil {
		return nil, err
	}
	all, err := s.networks.Sites(ctx, q, c.id)
	if err != nil {
		return nil, err
	}
	e.setSites(all)
	return e, nil
}

// ownOf gives what one phone has of its own, as it stands in the database.
func (s *Service) ownOf(ctx context.Context, q db.Q, customerID string, mac phone.MAC) (own, error) {
	setup, err := s.devices.Setup(ctx, customerID, mac)
	if err != nil {
		return own{}, err
	}
	o := own{Setup: setup}
	o.profiles, err = s.profiles.OfDevice(ctx, q, customerID, setup.DeviceID)
	return o, err
}

// eachOwn hands over all phones of a customer in the order of their ids.
func (s *Service) eachOwn(ctx context.Context, q db.Q, customerID string, fn func(own) error) error {
	had := map[string][]profile.Profile{}
	err := s.profiles.OfDevices(ctx, q, customerID, func(id string, ps []profile.Profile) error {
		had[id] = ps
		return nil
	})
	if err != nil {
		return err
	}
	return s.devices.Setups(ctx, q, customerID, func(setup device.Setup) error {
		return fn(own{Setup: setup, profiles: had[setup.DeviceID]})
	})
}

// stored is the request that a phone would make as far as is known: from where it last asked, with what it last said.
func stored(o own) Request { return Request{From: netip.Addr{}, Model: o.Reported, Version: o.Version} }
