package profile

import (
	"context"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// ImportedRow is what a row of a device CSV says about one device's own parameters (DM-155, DM-259).
type ImportedRow struct {
	DeviceID   string
	Name       string // ImportedName of the device
	Mode       string // of the device's maker
	Attributes []Attribute
	Merge      bool // add to what an earlier import gave; else these are all
}

// ImportedName is the name of the profile of a device's CSV row: the MAC or serial in lower case (DM-260).
func ImportedName(macOrSerial string) string { return strings.ToLower(macOrSerial) + "_csv_profile" }

// RowFault is what is wrong with a row; the others are not touched by it.
type RowFault struct {
	Row int // index in the rows given
	Err error
}

// SetImported makes or replaces the imported profiles of devices of a customer, in the caller's transaction and by its decision: room
// device has let the actor import, and holds the customer's row. A row with faults is left out and reported; values that a dictionary
// does not allow pass (DM-109). A new profile comes first in its device's container (DM-163); one that stands there already stays where
// it was put. Each device's counter moves; the journal gets one row for all.
func (s *Service) SetImported(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, rows []ImportedRow) ([]RowFault, error) {
	var faults []RowFault
	have, err := s.importedOf(ctx, tx, t, rows)
	if err != nil {
		return nil, err
	}
	schemas := map[string]Schema{}
	var out []row
	var fresh, devices []string
	placed, usedNow := map[string]int{}, map[string]map[string]bool{}
	for i, in := range rows {
		if _, ok := schemas[in.Mode]; !ok {
			if schemas[in.Mode], err = s.Schema(ctx, tx, t.Scope, in.Mode, ""); err != nil {
				return nil, err
			}
			usedNow[in.Mode] = map[string]bool{}
		}
		before, known := have[in.DeviceID]
		after, err := s.imported(schemas[in.Mode], before, in)
		if err != nil {
			faults = append(faults, RowFault{i, err})
			continue
		}
		same := after.Name == before.Name && slices.Equal(after.Attributes, before.Attributes) && after.Mode == before.Mode
		if known && same || !known && len(after.Attributes) == 0 {
			continue
		}
		if len(after.Attributes) == 0 { // nothing left: no profile (DM-259)
			if known {
				delete(have, in.DeviceID)
				if err := s.remove(ctx, tx, actor, before, "deleted", "delete"); err != nil {
					return nil, err
				}
			}
			continue
		}
		after.Version, after.Updated, after.ModifiedBy = before.Version+1, tx.Now(), ""
		if !known {
			after.ID, after.TenantID, after.TenantKind, after.Scope, after.Type, after.DeviceID, after.Created = db.NewID(), t.ID, t.Kind, t.Scope, Imported, in.DeviceID, tx.Now()
			fresh = append(fresh, after.DeviceID, after.ID)
		}
		r, err := s.rowOf(after, "")
		if err != nil {
			return nil, err
		}
		if j, twice := placed[r.ID]; twice {
			out[j] = r // a device that stands in the rows twice: the later one counts
		} else {
			placed[r.ID] = len(out)
			out, devices = append(out, r), append(devices, in.DeviceID)
		}
		for _, a := range after.Attributes {
			usedNow[in.Mode][a.Name] = true
		}
		have[in.DeviceID] = after
	}
	if len(out) == 0 {
		return faults, nil
	}
	if err := replace(ctx, tx, out...); err != nil {
		return nil, err
	}
	if err := first(ctx, tx, t.ID, fresh); err != nil {
		return nil, err
	}
	if err := usedBy(ctx, tx, t.ID, usedNow); err != nil {
		return nil, err
	}
	if err := bumpDevices(ctx, tx, t, devices); err != nil {
		return nil, err
	}
	return faults, s.journal.Append(ctx, tx, actor, journal.News{Type: "profile.imported", Action: "profile/import", Tenant: t.Access(),
		Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: map[string]any{"profiles": len(out), "customer_id": t.ID}})
}

// imported gives the profile of a row.
func (s *Service) imported(schema Schema, before Profile, in ImportedRow) (Profile, error) {
	var c errs.Checker
	if !slices.Contains(Modes, in.Mode) {
		c.Add(errs.Field{Name: "mode", Code: "unknown_value", Message: "Choose one of: poly, yealink, cisco, generic."})
		return before, c.Err()
	}
	p := before
	p.Mode, p.Name = in.Mode, in.Name
	set := slices.Clone(in.Attributes)
	for i := range set {
		a := &set[i]
		a.Name = schema.Canonical(a.Name)
		a.Secret = a.File == "" && s.secret(in.Mode, phone.Setting{Name: a.Name, Value: a.Value})
		if fault := s.refused(in.Mode, *a); fault.Code != "" && a.Value != Mask {
			c.Add(fault)
		}
	}
	p, err := p.withAll(&c, Patch{Set: set, Replace: !in.Merge}, nil)
	return p, err
}

func (s *Service) importedOf(ctx context.Context, q db.Q, t tenant.Tenant, rows []ImportedRow) (map[string]Profile, error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.DeviceID
	}
	a := q.Args()
	var have []row
	if err := q.Select(ctx, &have, selected+` WHERE p.device_id <> '' AND p.tenant_id = `+a.Add(t.ID)+` AND `+a.In("p.device_id", ids), a.List()...); err != nil {
		return nil, err
	}
	out := make(map[string]Profile, len(have))
	for _, r := range have {
		p, err := s.profileOf(r)
		if err != nil {
			return nil, err
		}
		out[p.DeviceID] = p
	}
	return out, nil
}

// first puts new imported profiles, given as pairs of device and profile, in front of what is in the devices' containers.
func first(ctx context.Context, tx *db.Tx, customerID string, pairs []string) error {
	for len(pairs) > 0 {
		n := min(len(pairs), 200)
		some := pairs[:n]
		pairs = pairs[n:]
		var devices []string
		for i := 0; i < n; i += 2 {
			devices = append(devices, some[i])
		}
		a := tx.Args()
		var lowest []struct {
			Key   string `db:"key"`
			Place int64  `db:"place"`
		}
		if err := tx.Select(ctx, &lowest, `SELECT key, MIN(place) AS place FROM profile_associations WHERE kind = 'device' AND tenant_id = `+a.Add(customerID)+
			` AND `+a.In("key", devices)+` GROUP BY key`, a.List()...); err != nil {
			return err
		}
		place := map[string]int64{}
		for _, l := range lowest {
			place[l.Key] = l.Place - 1
		}
		a, b := tx.Args(), tx.Args()
		var in, at []string
		for i := 0; i < n; i += 2 {
			in = append(in, tuple(a, customerID, OfOneDevice, some[i], some[i+1], place[some[i]]))
			at = append(at, tuple(b, customerID, OfOneDevice, some[i], int64(2)))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO profile_associations (tenant_id, kind, key, profile_id, place) VALUES `+strings.Join(in, ", "), a.List()...); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO profile_containers (tenant_id, kind, key, version) VALUES `+strings.Join(at, ", ")+
			` ON CONFLICT (tenant_id, kind, key) DO UPDATE SET version = profile_containers.version + 1`, b.List()...); err != nil {
			return err
		}
	}
	return nil
}

// usedBy notes names that phones of the customer got.
func usedBy(ctx context.Context, tx *db.Tx, customerID string, byMode map[string]map[string]bool) error {
	for mode, set := range byMode {
		all := make([]string, 0, len(set))
		for name := range set {
			all = append(all, name)
		}
		slices.Sort(all)
		for some := range slices.Chunk(all, 200) {
			a := tx.Args()
			var rows []string
			for _, name := range some {
				rows = append(rows, tuple(a, customerID, mode, name))
			}
			if _, err := tx.Exec(ctx, `INSERT INTO profile_used (tenant_id, mode, name) VALUES `+strings.Join(rows, ", ")+` ON CONFLICT DO NOTHING`, a.List()...); err != nil {
				return err
			}
		}
	}
	return nil
}

// bumpDevices moves the counters of some devices, or the customer's when there are many.
func bumpDevices(ctx context.Context, tx *db.Tx, t tenant.Tenant, devices []string) error {
	if len(devices) > devicesMost {
		return bump(ctx, tx, access.Customer, t.ID)
	}
	slices.Sort(devices)
	for _, id := range slices.Compact(devices) {
		if err := revision.Bump(ctx, tx, revision.Device, id); err != nil {
			return err
		}
	}
	return nil
}
