package device

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Keys are the programmable keys of a device.
type Keys struct {
	Own       []phone.Key // what people put on this device, by page and position
	Effective []phone.Key // with those of its groups on the places that are free
	Misfits   []phone.Misfit
	Version   int64 // of Own; 0 before the first
}

// The limits of a list of keys.
const (
	MaxKeys     = 500
	maxPage     = 20
	maxPosition = 200
)

// Keys gives the keys of a device, and what its model cannot do of them.
func (s *Service) Keys(ctx context.Context, actor access.Actor, customerID, deviceID string) (Keys, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return Keys{}, err
	}
	d, err := get(ctx, s.db, customerID, deviceID)
	if err != nil {
		return Keys{}, err
	}
	return s.keysOf(ctx, s.db, d)
}

func (s *Service) keysOf(ctx context.Context, q db.Q, d Device) (Keys, error) {
	var out Keys
	l, err := layoutOf(ctx, q, d.ID)
	if err != nil {
		return out, err
	}
	if out.Own, err = readKeys(l.Keys); err != nil {
		return out, err
	}
	out.Version = l.Version
	var templates []string
	if err := q.Select(ctx, &templates, `SELECT g.keys FROM device_members m JOIN device_groups g ON g.id = m.group_id WHERE m.device_id = $1 ORDER BY m.place, g.id`, d.ID); err != nil {
		return out, err
	}
	lists := [][]phone.Key{out.Own}
	for _, t := range templates {
		keys, err := readKeys(t)
		if err != nil {
			return out, err
		}
		lists = append(lists, keys)
	}
	out.Effective = layered(lists...)
	rows, err := linesOf(ctx, q, d.ID)
	if err != nil {
		return out, err
	}
	layout := phone.Layout{Model: d.KnownModel(), Ever: l.Ever, Keys: out.Effective}
	for _, r := range rows {
		layout.Lines = append(layout.Lines, r.Data.V.line(r.Number))
	}
	if maker, err := s.makers.Get(d.Maker); err == nil {
		out.Misfits = maker.Spell(layout).Misfits
	}
	return out, nil
}

// layoutRow is a row of device_layouts.
type layoutRow struct {
	Was     string `db:"was"` // keys that it had at some time
	Keys    string `db:"keys"`
	Ever    int    `db:"ever"`
	Version int64  `db:"version"`
}

func layoutOf(ctx context.Context, q db.Q, deviceID string) (layoutRow, error) {
	var l layoutRow
	err := q.Get(ctx, &l, `SELECT keys, was, ever, version FROM device_layouts WHERE device_id = $1`, deviceID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = nil
	}
	return l, err
}

// SetKeys replaces the keys of a device. What its model cannot do is kept and told in Misfits. Stale when ifVersion is neither 0 nor the
// present version.
func (s *Service) SetKeys(ctx context.Context, actor access.Actor, customerID, deviceID string, keys []phone.Key, ifVersion int64) (Keys, error) {
	keys, faults := checkKeys(keys)
	var out Keys
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, d, err := s.locked(ctx, tx, actor, customerID, deviceID, 0)
		if err != nil {
			return err
		}
		l, err := layoutOf(ctx, tx, d.ID)
		switch {
		case err != nil:
			return err
		case faults != nil:
			return faults
		case ifVersion != 0 && ifVersion != l.Version:
			return errStale
		}
		if text := writeKeys(keys); text != l.Keys {
			was, err := l.everKeys()
			if err != nil {
				return err
			}
			if err := s.putKeys(ctx, tx, actor, t, d, [2]string{text, was}, len(keys)); err != nil {
				return err
			}
		}
		out, err = s.keysOf(ctx, tx, d)
		return err
	})
	return out, err
}

func (s *Service) putKeys(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, d Device, text [2]string, n int) error {
	if _, err := tx.Exec(ctx, `INSERT INTO device_layouts (device_id, customer_id, keys, ever, version, was) VALUES ($1, $2, $3, 0, 1, $4)
		ON CONFLICT (device_id) DO UPDATE SET keys = excluded.keys, was = excluded.was, version = device_layouts.version + 1`, d.ID, t.ID, text[0], text[1]); err != nil {
		return err
	}
	if err := revision.Bump(ctx, tx, revision.Device, d.ID); err != nil {
		return err
	}
	return s.journal.Append(ctx, tx, actor, news(t, d, "edited", "set_keys", map[string]any{"keys": n}))
}

// everKeys gives the keys that the phone had before the present ones and with them, one for each place.
func (l layoutRow) everKeys() (string, error) {
	now, err := readKeys(l.Keys)
	if err != nil {
		return "", err
	}
	before, err := readKeys(l.Was)
	if err != nil {
		return "", err
	}
	return writeKeys(EverKeys(now, before)), nil
}

// EverKeys gives, for each place, the key that a phone with these keys had there last: what must be emptied once they go (decision 14).
func EverKeys(now, before []phone.Key) []phone.Key { return layered(now, before) }

// KeyTemplate gives the keys that a group puts on its devices, and the version of the group.
func (s *Service) KeyTemplate(ctx context.Context, actor access.Actor, customerID, groupID string) ([]phone.Key, int64, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return nil, 0, err
	}
	g, err := getGroup(ctx, s.db, customerID, groupID)
	if err != nil {
		return nil, 0, err
	}
	keys, err := readKeys(g.Keys)
	return keys, g.Version, err
}

// SetKeyTemplate replaces the keys that a group puts on its devices.
func (s *Service) SetKeyTemplate(ctx context.Context, actor access.Actor, customerID, groupID string, keys []phone.Key, ifVersion int64) ([]phone.Key, int64, error) {
	keys, faults := checkKeys(keys)
	var version int64
	err := s.changeGroup(ctx, actor, customerID, groupID, ifVersion, func(ctx context.Context, tx *db.Tx, t tenant.Tenant, g *Group) (journal.News, error) {
		version = g.Version
		text := writeKeys(keys)
		if faults != nil || text == g.Keys {
			return journal.News{}, faults
		}
		g.Keys = text
		version++
		ids, err := membersOf(ctx, tx, g.ID)
		if err == nil { // the customer's counter, because trials of changes to groups count on templates too
			err = revision.Bump(ctx, tx, revision.Customer, t.ID)
		}
		return groupNews(t, *g, "edited", "set_keys", map[string]any{"keys": len(keys), "devices": len(ids)}), err
	})
	return keys, version, err
}

func writeKeys(keys []phone.Key) string {
	if len(keys) == 0 {
		return ""
	}
	b, _ := json.Marshal(keys) // plain data
	return string(b)
}

// checkKeys gives keys by page and position, or all their faults.
func checkKeys(in []phone.Key) ([]phone.Key, error) {
	var c errs.Checker
	if len(in) > MaxKeys {
		return nil, errs.BadField("keys", "too_many", "At most 500 keys.")
	}
	out := make([]phone.Key, len(in))
	taken := map[[2]int]bool{}
	var types []string
	for _, t := range phone.KeyTypes {
		types = append(types, string(t))
	}
	for i, k := range in {
		at := "keys[" + strconv.Itoa(i) + "]."
		c.Range(at+"page", int64(k.Page), 0, maxPage)
		c.Range(at+"position", int64(k.Position), 1, maxPosition)
		c.Range(at+"line", int64(k.Line), 0, MaxLines)
		c.OneOf(at+"type", string(k.Type), types...)
		needs := 1
		if k.Type == phone.KeyLine {
			needs = 0
		}
		k.Target = c.Text(at+"target", k.Target, needs, 255)
		k.Label = c.Text(at+"label", k.Label, 0, 64)
		k.Pickup = c.Text(at+"pickup", k.Pickup, 0, 64)
		if k.Type == phone.KeyDTMF && strings.Trim(k.Target, "0123456789*#ABCDabcd,") != "" {
			c.Add(errs.Field{Name: at + "target", Code: "dtmf_characters", Message: "Only digits, * # A B C D, and a comma for a pause."})
		}
		if k.Type == phone.KeyURL && k.Target != "" && !strings.HasPrefix(k.Target, "http://") && !strings.HasPrefix(k.Target, "https://") {
			c.Add(errs.Field{Name: at + "target", Code: "bad_url", Message: "The address must begin with http:// or https://."})
		}
		place := [2]int{k.Page, k.Position}
		if taken[place] {
			c.Add(errs.Field{Name: at + "position", Code: "place_taken", Message: "Another key of the list has the same place."})
		}
		taken[place] = true
		out[i] = k
	}
	slices.SortFunc(out, func(a, b phone.Key) int { return cmp.Or(a.Page-b.Page, a.Position-b.Position) })
	return out, c.Err()
}
