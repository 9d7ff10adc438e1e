package device

import (
	"context"
	"slices"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

const selected = `SELECT d.id, d.customer_id, d.scope, d.mac, d.serial, d.by_serial, d.family, d.maker, d.model, d.name, d.description, d.created, d.updated, d.version,
	s.last_seen, s.last_ip, s.model AS reported_model, s.software_version, s.provision_result, s.provision_time, p.site_id, p.pinned AS site_pinned, p.private_ip
	FROM device_devices d` + joined

const joined = ` JOIN device_sightings s ON s.device_id = d.id JOIN device_places p ON p.device_id = d.id`

func get(ctx context.Context, q db.Q, customerID, id string) (Device, error) {
	var d Device
	err := q.Get(ctx, &d, selected+` WHERE d.id = $1 AND d.customer_id = $2`, id, customerID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errs.Missing("device")
		}
		return d, err
	}
	groups, err := groupsOf(ctx, q, []string{id})
	if err != nil {
		return d, err
	}
	d.GroupIDs = groups[id]
	return d, withStatus(ctx, q, &d)
}

func insert(ctx context.Context, tx *db.Tx, d Device) error {
	_, err := tx.Exec(ctx, `INSERT INTO device_devices
		(id, customer_id, scope, mac, serial, by_serial, family, maker, model, name, name_fold, description, search_fold, created, updated, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, d.ID, d.CustomerID, d.Scope, d.MAC, d.Serial, d.BySerial, d.Family,
		d.Maker, d.Model, d.Name, db.Fold(d.Name), d.Description, d.searchFold(), d.Created, d.Updated, d.Version)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO device_sightings (device_id, last_ip, model, software_version) VALUES ($1, '', '', '')`, d.ID)
	if err != nil {
		return err
	}
	return place{DeviceID: d.ID, CustomerID: d.CustomerID, SiteID: d.SiteID}.insert(ctx, tx)
}

func update(ctx context.Context, tx *db.Tx, d Device) error {
	_, err := tx.Exec(ctx, `UPDATE device_devices SET model = $2, name = $3, name_fold = $4, description = $5, search_fold = $6, updated = $7,
		version = $8 WHERE id = $1`, d.ID, d.Model, d.Name, db.Fold(d.Name), d.Description, d.searchFold(), d.Updated, d.Version)
	return err
}

func remove(ctx context.Context, tx *db.Tx, id string) error {
	if err := discardUploads(ctx, tx, id); err != nil {
		return err
	}
	if err := discardFiles(ctx, tx, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM device_devices WHERE id = $1`, id)
	return err
}

func (d Device) searchFold() string {
	return db.Fold(d.Name + " " + d.Model + " " + d.Description + " " + d.Serial)
}

// count moves the number of devices of a customer and refuses to pass MaxDevices. The statement checks and writes at once.
func count(ctx context.Context, tx *db.Tx, t tenant.Tenant, by int64) error {
	if err := ensure(ctx, tx, t); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE device_customers SET devices = devices + $2 WHERE customer_id = $1 AND devices + $2 <= $3`, t.ID, by, MaxDevices)
	if err == nil && n == 0 {
		err = errTooMany
	}
	return err
}

var sorts = []db.Sort{
	{Name: "name", Column: "d.name_fold"},
	{Name: "mac", Column: "d.mac"},
	{Name: "created", Column: "d.created", Number: true, Desc: true},
	{Name: "last_seen", Column: "COALESCE(s.last_seen, 0)", Number: true, Desc: true},
}

func (d Device) sortKey(sort string) any {
	switch sort {
	case "mac":
		return d.MAC.String()
	case "created":
		return d.Created.UnixMilli()
	case "last_seen":
		if d.LastSeen.IsZero() {
			return int64(0)
		}
		return d.LastSeen.UnixMilli()
	}
	return db.Fold(d.Name)
}

func list(ctx context.Context, q db.Q, customerID string, query Query) (Listing, error) {
	a := q.Args()
	where, err := query.where(a, customerID, q.Now())
	if err != nil {
		return Listing{}, err
	}
	var l Listing
	filter := len(a.List())
	k, err := query.Page.Keyset(a, "d.id", sorts...)
	if err != nil {
		return Listing{}, err
	}
	stmt := selected + where + " AND " + k.Where + " ORDER BY " + k.OrderBy + " LIMIT " + a.Add(k.Limit)
	if err := q.Select(ctx, &l.Items, stmt, a.List()...); err != nil {
		return Listing{}, err
	}
	l.Items, l.Next = db.Cut(k, l.Items, func(d Device) (any, string) { return d.sortKey(k.SortName()), d.ID })
	if l.Total = int64(len(l.Items)); l.Next != "" || query.Page.Cursor != "" { // else this page is all there is, and nothing need be counted
		if l.Total, err = query.total(ctx, q, customerID, where, a.List()[:filter]); err != nil {
			return Listing{}, err
		}
	}
	ids := make([]string, len(l.Items))
	for i, d := range l.Items {
		ids[i] = d.ID
	}
	groups, err := groupsOf(ctx, q, ids)
	if err != nil {
		return l, err
	}
	all := make([]*Device, len(ids))
	for i, id := range ids {
		l.Items[i].GroupIDs = groups[id]
		all[i] = &l.Items[i]
	}
	return l, withStatus(ctx, q, all...)
}

// total says how many match. A customer's number of devices is kept; what a device told and where it is are looked at only when asked for.
func (query Query) total(ctx context.Context, q db.Q, customerID, where string, args []any) (int64, error) {
	only := query
	only.Page, only.Maker, only.Family, only.Group = db.Page{}, "", "", ""
	stmt := `SELECT COUNT(*) FROM device_devices d`
	switch {
	case query.Maker == "" && query.Family == "" && query.Group == "" && only == Query{}:
		c, err := load(ctx, q, customerID)
		return c.Devices, err
	case only != Query{}:
		stmt += joined
	}
	var n int64
	err := q.Get(ctx, &n, stmt+where, args...)
	return n, err
}

func (query Query) where(a *db.Args, customerID string, now db.Time) (string, error) {
	var c errs.Checker
	text := c.Text("q", query.Text, 0, 200)
	customer := a.Add(customerID)
	w := " WHERE d.customer_id = " + customer
	if query.Status != "" {
		is, err := statusSQL(a, customer, query.Status, now)
		if err != nil {
			addFields(&c, err)
			is = "FALSE"
		}
		w += " AND " + is
	}
	if query.Model != "" {
		w += " AND " + knownModel + " = " + a.Add(sought(c.Text("model", query.Model, 0, 64)))
	}
	if query.Result != "" {
		w += " AND s.provision_result = " + a.Add(sought(c.OneOf("result", query.Result, Provisioned, NotProvisioned, Unknown)))
	}
	if query.Maker != "" {
		w += " AND d.maker = " + a.Add(c.Text("maker", query.Maker, 0, 64))
	}
	if query.Site != "" {
		w += " AND p.site_id = " + a.Add(c.Text("site", query.Site, 0, 64))
	}
	if query.Family != "" {
		w += " AND d.family = " + a.Add(sought(c.Text("family", query.Family, 0, 64)))
	}
	if query.Group != "" {
		w += " AND EXISTS (SELECT 1 FROM device_members m WHERE m.device_id = d.id AND m.group_id = " + a.Add(c.Text("group", query.Group, 0, 64)) + ")"
	}
	if query.Version != "" {
		w += " AND s.software_version = " + a.Add(sought(c.Text("version", query.Version, 0, 64)))
	}
	if text != "" {
		part := a.Add(db.Contains(text))
		like := ` LIKE ` + part + ` ESCAPE '\'`
		w += " AND (d.search_fold" + like + " OR lower(s.model)" + like + " OR lower(s.software_version)" + like + " OR s.last_ip" + like + " OR p.private_ip" + like +
			" OR p.site_id IN (SELECT n.id FROM network_sites n WHERE n.customer_id = d.customer_id AND n.name_fold" + like + ")"
		if part := macPart(text); part != "" {
			w += " OR d.mac LIKE " + a.Add("%"+part+"%")
		}
		w += ")"
	}
	return w, c.Err()
}

// sought is what a filter looks for: nothing when it asks for what is not known.
func sought(value string) string {
	if value == Unknown {
		return ""
	}
	return value
}

// macPart gives the digits of a fragment of a MAC address in any spelling; "" when the text is none.
func macPart(text string) string {
	s := strings.ToLower(strings.NewReplacer(":", "", "-", "", ".", "").Replace(text))
	if len(s) > 12 || strings.Trim(s, "0123456789abcdef") != "" {
		return ""
	}
	return s
}

// seenBatch is how many sightings one statement writes.
const seenBatch = 100

// Saw writes what requests told about phones, some hundred at a time; what is older than what is stored changes nothing, and
// devices that are gone are left out. A fault leaves the rest unwritten; writing all of it again is harmless.
func (s *Service) Saw(ctx context.Context, seen []Sighting) error {
	for len(seen) > 0 {
		n := min(seenBatch, len(seen))
		batch := seen[:n]
		seen = seen[n:]
		if err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.saw(ctx, tx, batch) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) saw(ctx context.Context, tx *db.Tx, batch []Sighting) error {
	a := tx.Args()
	told := make(map[string]Sighting, len(batch))
	rows := make([]string, len(batch))
	for i, x := range batch {
		told[x.DeviceID] = x
		rows[i] = "(" + a.Add(x.DeviceID) + ", CAST(" + a.Add(db.At(x.At)) + " AS BIGINT), " + a.Add(x.IP) + ", " + a.Add(x.Model) + ", " + a.Add(x.Version) + ", " + a.Add(x.Result) + ")"
	}
	var newer []string
	err := tx.Select(ctx, &newer, `UPDATE device_sightings SET last_seen = v.column2, last_ip = v.column3,
		model = CASE WHEN v.column4 = '' THEN device_sightings.model ELSE v.column4 END,
		software_version = CASE WHEN v.column5 = '' THEN device_sightings.software_version ELSE v.column5 END,
		provision_result = CASE WHEN v.column6 = '' THEN device_sightings.provision_result ELSE v.column6 END,
		provision_time = CASE WHEN v.column6 = '' THEN device_sightings.provision_time ELSE v.column2 END
		FROM (VALUES `+strings.Join(rows, ", ")+`) AS v
		WHERE device_sightings.device_id = v.column1 AND (device_sightings.last_seen IS NULL OR device_sightings.last_seen <= v.column2)
		RETURNING device_id`, a.List()...)
	if err != nil {
		return err
	}
	for id := range told {
		if !slices.Contains(newer, id) {
			delete(told, id)
		}
	}
	return s.follow(ctx, tx, told)
}
