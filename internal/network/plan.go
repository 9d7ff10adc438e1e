package network

import (
	"context"

	"linecard/internal/db"
)

// Sites gives all sites of a customer with their subnets, in no order. It decides nothing.
func (s *Service) Sites(ctx context.Context, q db.Q, customerID string) ([]Site, error) {
	return load(ctx, q, customerID)
}

// With gives the site as the patch makes it, checked against the customer's other sites as Edit would, so that a change can be
// looked at before it is made. others may hold the site itself.
func (s Site) With(p Patch, others []Site) (Site, error) {
	if s.Fixed {
		return s, errFixed
	}
	if _, err := p.apply(&s); err != nil {
		return s, err
	}
	return s, newEstate(others).admit(s)
}

// Networks gives the subnets of a site as people write them.
func (s Site) Networks() []Networks {
	out := make([]Networks, len(s.Subnets))
	for i, n := range s.Subnets {
		out[i].Public = n.Public.String()
		for _, p := range n.Private {
			out[i].Private = append(out[i].Private, p.String())
		}
	}
	return out
}
