package device

import (
	"cmp"
	"context"
	"encoding/json"
	"net/netip"
	"slices"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Setup is what a phone's files depend on beside profiles: what it is, where it is, its groups, lines and keys.
type Setup struct {
	DeviceID   string    `db:"id"`
	CustomerID string    `db:"customer_id"`
	Scope      string    `db:"scope"`
	MAC        phone.MAC `db:"mac"`
	Maker      string    `db:"maker"`
	Model      string    `db:"model"` // as entered
	Reported   string    `db:"reported"`
	Version    string    `db:"software_version"` // as reported
	Name       string    `db:"name"`
	SiteID     string    `db:"site_id"` // as stored: the address of a request decides before it (SiteAt)
	SitePinned bool      `db:"site_pinned"`
	Ever       int       `db:"ever"` // the highest line that it ever had (decision 14)

	Public  netip.Addr       `db:"-"` // from where it last asked; invalid before it was ever seen
	Private netip.Addr       `db:"-"` // inside its network; invalid when nobody told
	Poll    phone.PollWindow `db:"-"`
	Groups  []string         `db:"-"` // ids, the highest first (DM-162)
	Lines   []phone.Line     `db:"-"` // by number, passwords in clear
	OwnKeys []phone.Key      `db:"-"` // its own only
	Was     []phone.Key      `db:"-"` // what it had at some time on places that may be free now (decision 14)
	Keys    []phone.Key      `db:"-"` // by page and position: its own, then those of its groups for places that are free
	Own     phone.Account    `db:"-"` // the account of this phone alone (decision 15); zero: none yet
}

// setupRow is the part of a Setup that stands in rows that a phone has once.
type setupRow struct {
	Setup
	Start   phone.TimeOfDay `db:"poll_start"`
	End     phone.TimeOfDay `db:"poll_end"`
	Days    int             `db:"poll_days"`
	KeysOf  string          `db:"own_keys"`
	WasOf   string          `db:"was_keys"`
	OwnWord []byte          `db:"own_password"`

	Managed int `db:"managed"` // the highest managed line that it ever had; 0: it never had any

	PublicKey string `db:"public_key"`
	PrivateIP string `db:"private_ip"`
}

const setups = `SELECT d.id, d.customer_id, d.scope, d.mac, d.maker, d.model, s.model AS reported, s.software_version, d.name, p.site_id,
	p.pinned AS site_pinned, p.public_key, p.private_ip, COALESCE(l.ever, 0) AS ever, COALESCE(l.keys, '') AS own_keys, COALESCE(l.was, '') AS was_keys, o.password AS own_password, COALESCE(f.ever, 0) AS managed, c.poll_start, c.poll_end, c.poll_days
	FROM device_devices d JOIN device_customers c ON c.customer_id = d.customer_id` + joined + ` LEFT JOIN device_layouts l ON l.device_id = d.id
	LEFT JOIN device_owns o ON o.device_id = d.id LEFT JOIN subscriber_phones f ON f.id = d.id WHERE d.customer_id = $1 AND d.mac <> '000000000000'
	AND NOT EXISTS (SELECT 1 FROM device_external x WHERE x.id = d.id)` // what others configure gets nothing from here (WS-145)

// Setup gives what the files of the customer's phone with this MAC depend on; NotFound when the customer has none. It decides
// nothing: the caller has let the phone in. The device is found by customer and MAC, never by the MAC alone, so that a foreign device
// and an unknown one cost the same (decision 15). Two indexed reads, and one more for a phone that has managed lines.
func (s *Service) Setup(ctx context.Context, customerID string, mac phone.MAC) (Setup, error) {
	var row setupRow
	if err := s.db.Get(ctx, &row, setups+` AND d.mac = $2`, customerID, mac); err != nil {
		return Setup{}, err
	}
	var parts []part
	err := s.db.Select(ctx, &parts, `SELECT 0 AS line, m.place, g.id, g.keys AS data, NULL AS password FROM device_members m JOIN device_groups g ON g.id = m.group_id WHERE m.device_id = $1
		UNION ALL SELECT number, 0, id, data, password FROM device_lines WHERE device_id = $1 ORDER BY 1, 2, 3`, row.DeviceID)
	if err != nil {
		return Setup{}, err
	}
	out, err := s.setup(row, parts, map[string][]phone.Key{})
	if err == nil {
		err = s.join(ctx, s.db, []*Setup{&out}, []int{row.Managed})
	}
	return out, err
}

// Find gives the id of the customer's phone with this MAC; NotFound when it has none. Like Setup it decides nothing.
func (s *Service) Find(ctx context.Context, customerID string, mac phone.MAC) (string, error) {
	var id string
	err := s.db.Get(ctx, &id, `SELECT id FROM device_devices WHERE customer_id = $1 AND mac = $2`, customerID, mac)
	return id, err
}

// part is a group (line 0) or a line of a phone.
type part struct {
	DeviceID string `db:"device_id"`
	Line     int    `db:"line"`
	Place    int64  `db:"place"`
	ID       string `db:"id"`
	Data     string `db:"data"` // keys of the group, or the line
	Password []byte `db:"password"`
}

// setup puts a phone together; templates holds the keys of groups that were read before.
func (s *Service) setup(row setupRow, parts []part, templates map[string][]phone.Key) (Setup, error) {
	out := row.Setup
	out.Poll = phone.PollWindow{Start: row.Start, End: row.End, Days: row.Days}
	out.Public, out.Private = addressOf(row.PublicKey), address(row.PrivateIP)
	var err error
	if out.Own, err = s.own(row.DeviceID, row.MAC, row.OwnWord); err != nil {
		return Setup{}, err
	}
	keys, err := readKeys(row.KeysOf)
	if err != nil {
		return Setup{}, err
	}
	out.OwnKeys = keys
	if out.Was, err = readKeys(row.WasOf); err != nil {
		return Setup{}, err
	}
	all := [][]phone.Key{keys}
	for _, p := range parts {
		if p.Line > 0 {
			l, err := s.openLine(p.ID, p.Line, p.Data, p.Password)
			if err != nil {
				return Setup{}, err
			}
			out.Lines = append(out.Lines, l)
			continue
		}
		out.Groups = append(out.Groups, p.ID)
		template, known := templates[p.ID]
		if !known {
			if template, err = readKeys(p.Data); err != nil {
				return Setup{}, err
			}
			templates[p.ID] = template
		}
		all = append(all, template)
	}
	out.Keys = layered(all...)
	return out, nil
}

// readKeys reads a stored list of keys.
func readKeys(text string) ([]phone.Key, error) {
	if text == "" {
		return nil, nil
	}
	var keys []phone.Key
	err := json.Unmarshal([]byte(text), &keys)
	return keys, err
}

// layered gives the keys of all lists, by page and position; a list gets the places only that those before it leave free.
func layered(lists ...[]phone.Key) []phone.Key {
	var out []phone.Key
	taken := map[[2]int]bool{}
	for _, keys := range lists {
		for _, k := range keys {
			if at := [2]int{k.Page, k.Position}; !taken[at] {
				taken[at] = true
				out = append(out, k)
			}
		}
	}
	slices.SortFunc(out, func(a, b phone.Key) int {
		return cmp.Or(a.Page-b.Page, a.Position-b.Position)
	})
	return out
}

// setupsAtOnce is how many phones Setups holds in memory.
const setupsAtOnce = 2000

// Setups hands over the setups of all phones of a customer in the order of their ids. It holds 2000 at a time, which takes five
// statements. Devices without a MAC have no files and are left out. An error of fn ends it. It decides nothing.
func (s *Service) Setups(ctx context.Context, q db.Q, customerID string, fn func(Setup) error) error {
	templates, last := map[string][]phone.Key{}, ""
	for {
		var rows []setupRow
		if err := q.Select(ctx, &rows, setups+` AND d.id > $2 ORDER BY d.id LIMIT $3`, customerID, last, setupsAtOnce); err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		parts, err := partsBetween(ctx, q, customerID, last, rows[len(rows)-1].DeviceID)
		if err != nil {
			return err
		}
		all, ever := make([]*Setup, len(rows)), make([]int, len(rows))
		for i, row := range rows {
			one, err := s.setup(row, parts[row.DeviceID], templates)
			if err != nil {
				return err
			}
			all[i], ever[i] = &one, row.Managed
		}
		if err := s.join(ctx, q, all, ever); err != nil {
			return err
		}
		for _, one := range all {
			if err := fn(*one); err != nil {
				return err
			}
		}
		if last = rows[len(rows)-1].DeviceID; len(rows) < setupsAtOnce {
			return nil
		}
	}
}

// partsBetween gives groups and lines of the phones after one id up to another.
func partsBetween(ctx context.Context, q db.Q, customerID, after, upTo string) (map[string][]part, error) {
	out := map[string][]part{}
	for _, stmt := range []string{
		`SELECT m.device_id, 0 AS line, m.place, g.id, g.keys AS data FROM device_members m JOIN device_groups g ON g.id = m.group_id
			WHERE m.customer_id = $1 AND m.device_id > $2 AND m.device_id <= $3 ORDER BY m.device_id, m.place, g.id`,
		`SELECT device_id, number AS line, 0 AS place, id, data, password FROM device_lines
			WHERE customer_id = $1 AND device_id > $2 AND device_id <= $3 ORDER BY device_id, number`,
	} {
		var parts []part
		if err := q.Select(ctx, &parts, stmt, customerID, after, upTo); err != nil {
			return nil, err
		}
		for _, p := range parts {
			out[p.DeviceID] = append(out[p.DeviceID], p)
		}
	}
	return out, nil
}

// known says whether the customer has a device with this MAC.
func known(ctx context.Context, q db.Q, customerID string, mac phone.MAC) (bool, error) {
	return has(ctx, q, `SELECT id FROM device_devices WHERE customer_id = $1 AND mac = $2 AND mac <> '000000000000'`, customerID, mac.String())
}

// knownSerial says whether the customer has a device whose identity is this serial number.
func knownSerial(ctx context.Context, q db.Q, customerID, serial string) (bool, error) {
	return has(ctx, q, `SELECT id FROM device_devices WHERE customer_id = $1 AND serial = $2 AND by_serial`, customerID, serial)
}

func has(ctx context.Context, q db.Q, stmt, customerID, value string) (bool, error) {
	var id string
	err := q.Get(ctx, &id, stmt, customerID, value)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return false, nil
	}
	return err == nil, err
}
