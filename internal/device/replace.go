package device

import (
	"context"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Replaced tells what became of a phone that was replaced or moved: what goes on, and what does not. The words are stable.
type Replaced struct {
	Device  Device
	Carried []string
	Dropped []string
}

// Replacement is what Replace is told.
type Replacement struct {
	MAC       string // of the new phone, any spelling
	Maker     string // "": told from the MAC's prefix
	IfVersion int64
}

var errSameMAC = errs.BadField("mac", "same_mac", "This is the MAC address that the phone has.")

// errBySerial is for what is known by its serial number and not by its MAC.
var errBySerial = errs.New(errs.Conflict, "device_by_serial", "This device is known by its serial number; add the new one and delete the old one.")

// Replace puts a new phone in the place of a dead one. The device keeps its id and so everything that people arranged for it: name,
// groups, lines, keys, its own profiles, the pinned site, what was changed on it and its contacts when the maker is the same. The old
// MAC is free from then on. The account of its own, logs and requests were the old phone's: the new one gets an account with its first
// configuration, so that nobody comes in with what the old one knows.
func (s *Service) Replace(ctx context.Context, actor access.Actor, customerID, id string, r Replacement) (Replaced, error) {
	var out Replaced
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, old, err := s.locked(ctx, tx, actor, customerID, id, r.IfVersion)
		if err != nil {
			return err
		}
		d, err := s.successor(ctx, tx, t, old, r)
		if err != nil {
			return err
		}
		out = Replaced{Carried: []string{"name", "description", "groups", "lines", "keys", "profiles", "site_pin"}, Dropped: []string{"account", "logs", "requests"}}
		if err := s.succeed(ctx, tx, old, d); err != nil {
			return err
		}
		if d.Maker == old.Maker {
			out.Carried = append(out.Carried, "phone_files")
		} else { // what is written for one maker means nothing to another
			out.Carried, out.Dropped = without(out.Carried, "profiles"), append(out.Dropped, "phone_files", "profiles")
		}
		if out.Device, err = get(ctx, tx, t.ID, d.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, news(t, d, "replaced", "replace", map[string]any{"old_mac": old.MAC.String(), "dropped": out.Dropped}))
	})
	return out, err
}

func without(all []string, one string) []string {
	var out []string
	for _, s := range all {
		if s != one {
			out = append(out, s)
		}
	}
	return out
}

// successor gives the device with its new MAC, or why it cannot have it.
func (s *Service) successor(ctx context.Context, tx *db.Tx, t tenant.Tenant, old Device, r Replacement) (Device, error) {
	if old.BySerial {
		return Device{}, errBySerial
	}
	next, err := New{MAC: r.MAC, Maker: r.Maker}.checked(s.makers)
	if err != nil {
		return Device{}, err
	}
	if next.MAC == old.MAC {
		return Device{}, errSameMAC
	}
	if has, err := known(ctx, tx, t.ID, next.MAC); err != nil || has {
		if err == nil {
			err = errExists
		}
		return Device{}, err
	}
	if err := s.unclaimed(ctx, tx, t.ID, next.MAC); err != nil {
		return Device{}, err
	}
	d := old
	d.MAC, d.Maker = next.MAC, next.Maker
	if d.Maker != old.Maker {
		d.Model = "" // another maker's
	}
	d.Version++
	d.Updated = tx.Now()
	return d, nil
}

// succeed writes the new MAC and removes what was the old phone's.
func (s *Service) succeed(ctx context.Context, tx *db.Tx, old, d Device) error {
	if _, err := tx.Exec(ctx, `UPDATE device_devices SET mac = $2, maker = $3 WHERE id = $1`, d.ID, d.MAC, d.Maker); err != nil {
		if db.IsUnique(err, "device_devices", "mac") {
			return errElsewhere.Because(err)
		}
		return err
	}
	if err := update(ctx, tx, d); err != nil {
		return err
	}
	for _, stmt := range []string{`DELETE FROM device_owns WHERE device_id = $1`, `DELETE FROM device_requests WHERE device_id = $1`,
		`UPDATE device_sightings SET last_seen = NULL, last_ip = '', model = '', software_version = '', provision_result = '', provision_time = NULL WHERE device_id = $1`,
		`UPDATE device_places SET public_key = '' WHERE device_id = $1`} {
		if _, err := tx.Exec(ctx, stmt, d.ID); err != nil {
			return err
		}
	}
	if err := renameUploads(ctx, tx, old, d); err != nil {
		return err
	}
	if err := s.reindex(ctx, tx, d.ID); err != nil {
		return err
	}
	return revision.Bump(ctx, tx, revision.Device, d.ID)
}

// renameUploads keeps what was changed on the old phone and its contacts for the new one, under the names that it will ask for; the rest
// goes.
func renameUploads(ctx context.Context, tx *db.Tx, old, d Device) error {
	a := tx.Args()
	where := "device_id = " + a.Add(d.ID)
	if d.Maker == old.Maker {
		where += " AND kind NOT IN (" + a.Add(string(phone.Overrides)) + ", " + a.Add(string(phone.Directory)) + ")"
	}
	if err := discard(ctx, tx, a, where); err != nil {
		return err
	}
	var names []string
	if err := tx.Select(ctx, &names, `SELECT name FROM device_uploads WHERE device_id = $1 ORDER BY name`, d.ID); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := tx.Exec(ctx, `UPDATE device_uploads SET name = $3 WHERE device_id = $1 AND name = $2`, d.ID, name,
			strings.ReplaceAll(name, old.MAC.String(), d.MAC.String())); err != nil {
			return err
		}
	}
	return nil
}
