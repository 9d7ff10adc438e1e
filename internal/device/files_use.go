package device

import (
	"context"
	"slices"

	"linecard/internal/db"
	"linecard/internal/profile"
)

// linkedBy names the profiles of a customer that link to a file, in the order of their names (DM-193).
func linkedBy(p *profile.Service) FileUse {
	return func(ctx context.Context, q db.Q, customerID, fileID string) ([]string, error) {
		all, err := p.Library(ctx, q, []string{customerID})
		if err != nil {
			return nil, err
		}
		var names []string
		for _, x := range all.Profiles {
			if slices.ContainsFunc(x.Attributes, func(a profile.Attribute) bool { return a.File == fileID }) {
				names = append(names, x.Name)
			}
		}
		slices.Sort(names)
		return names, nil
	}
}
