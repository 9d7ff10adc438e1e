package device

import (
	"context"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Redirected knows who has a MAC at the redirect service. A MAC belongs to one customer, whatever it is there (invariant 6, CH-41).
type Redirected interface {
	// Elsewhere gives those of the MACs that other customers have, and in a transaction keeps them from taking more until its end.
	Elsewhere(ctx context.Context, q db.Q, customerID string, macs []phone.MAC) (map[phone.MAC]bool, error)
}

// Respect tells who knows. It is called while the program is wired; without it only devices hold MACs.
func (s *Service) Respect(r Redirected) { s.redirected = r }

var errEntryFirst = errs.New(errs.Conflict, "redirect_entry_first", "This customer has a redirect entry for the phone. Delete the entry first.")

// elsewhere gives those of the MACs that other customers claim at the redirect service.
func (s *Service) elsewhere(ctx context.Context, q db.Q, customerID string, macs []phone.MAC) (map[phone.MAC]bool, error) {
	if s.redirected == nil {
		return nil, nil
	}
	return s.redirected.Elsewhere(ctx, q, customerID, macs)
}

// unclaimed is mac_unavailable for a MAC that another customer claims there: the same word as for one that is a device elsewhere.
func (s *Service) unclaimed(ctx context.Context, q db.Q, customerID string, mac phone.MAC) error {
	if mac.IsZero() {
		return nil
	}
	taken, err := s.elsewhere(ctx, q, customerID, []phone.MAC{mac})
	if err == nil && taken[mac] {
		err = errElsewhere
	}
	return err
}
