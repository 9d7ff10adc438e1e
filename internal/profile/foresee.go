package profile

import (
	"context"

	"linecard/internal/db"
	"linecard/internal/tenant"
)

// Foreseen is the imported profile of a device as rows would make it; without attributes there would be none. Known says that there is one
// already.
type Foreseen struct {
	Profile
	Known bool
}

// ForeseeImported tells what SetImported would make of these rows, by device, and which rows it would leave out. It writes nothing and
// decides nothing.
func (s *Service) ForeseeImported(ctx context.Context, q db.Q, t tenant.Tenant, rows []ImportedRow) (map[string]Foreseen, []RowFault, error) {
	have, err := s.importedOf(ctx, q, t, rows)
	if err != nil {
		return nil, nil, err
	}
	var faults []RowFault
	schemas, out := map[string]Schema{}, map[string]Foreseen{}
	for i, in := range rows {
		if _, ok := schemas[in.Mode]; !ok {
			if schemas[in.Mode], err = s.Schema(ctx, q, t.Scope, in.Mode, ""); err != nil {
				return nil, nil, err
			}
		}
		before, known := have[in.DeviceID]
		after, err := s.imported(schemas[in.Mode], before, in)
		if err != nil {
			faults = append(faults, RowFault{i, err})
			continue
		}
		if !known {
			after.TenantID, after.TenantKind, after.Scope, after.Type, after.DeviceID = t.ID, t.Kind, t.Scope, Imported, in.DeviceID
		}
		out[in.DeviceID] = Foreseen{after, known}
	}
	return out, faults, nil
}
