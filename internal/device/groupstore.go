package device

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
)

const selectedGroups = `SELECT g.id, g.customer_id, g.scope, g.name, g.description, g.standard, g.keys, g.created, g.updated, g.version,
	(SELECT COUNT(*) FROM device_members m WHERE m.group_id = g.id) AS devices FROM device_groups g`

func getGroup(ctx context.Context, q db.Q, customerID, id string) (Group, error) {
	var g Group
	err := q.Get(ctx, &g, selectedGroups+` WHERE g.id = $1 AND g.customer_id = $2`, id, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errNoGroup
	}
	return g, err
}

// insertGroup refuses a name that is used and more than MaxGroups.
func insertGroup(ctx context.Context, tx *db.Tx, g Group) error {
	var n int64
	if err := tx.Get(ctx, &n, `SELECT COUNT(*) FROM device_groups WHERE customer_id = $1`, g.CustomerID); err != nil {
		return err
	}
	if n >= MaxGroups {
		return errGroupLimit
	}
	_, err := tx.Exec(ctx, `INSERT INTO device_groups (id, customer_id, scope, name, name_fold, description, search_fold, standard, keys, created, updated, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, g.ID, g.CustomerID, g.Scope, g.Name, db.Fold(g.Name), g.Description,
		db.Fold(g.Name+" "+g.Description), g.Standard, g.Keys, g.Created, g.Updated, g.Version)
	return nameTaken(err)
}

func updateGroup(ctx context.Context, tx *db.Tx, g Group) error {
	_, err := tx.Exec(ctx, `UPDATE device_groups SET name = $2, name_fold = $3, description = $4, search_fold = $5, standard = $6, keys = $7, updated = $8,
		version = $9 WHERE id = $1`, g.ID, g.Name, db.Fold(g.Name), g.Description, db.Fold(g.Name+" "+g.Description), g.Standard, g.Keys, g.Updated, g.Version)
	return nameTaken(err)
}

func nameTaken(err error) error {
	if db.IsUnique(err, "device_groups", "customer_id", "name_fold") || db.IsUnique(err, "device_groups", "name") {
		return errGroupName.Because(err)
	}
	return err
}

var groupSorts = []db.Sort{
	{Name: "name", Column: "g.name_fold"},
	{Name: "created", Column: "g.created", Number: true, Desc: true},
}

func listGroups(ctx context.Context, q db.Q, customerID string, query GroupQuery) (GroupListing, error) {
	var c errs.Checker
	a := q.Args()
	where := " WHERE g.customer_id = " + a.Add(customerID)
	if text := c.Text("q", query.Text, 0, 200); text != "" {
		where += " AND g.search_fold LIKE " + a.Add(db.Contains(text)) + ` ESCAPE '\'`
	}
	if query.Default != nil {
		where += map[bool]string{true: " AND g.standard > 0", false: " AND g.standard = 0"}[*query.Default]
	}
	if query.HasDevices != nil {
		not := map[bool]string{true: "", false: "NOT "}[*query.HasDevices]
		where += " AND " + not + "EXISTS (SELECT 1 FROM device_members m WHERE m.group_id = g.id)"
	}
	var l GroupListing
	if err := c.Err(); err != nil {
		return l, err
	}
	if err := q.Get(ctx, &l.Total, `SELECT COUNT(*) FROM device_groups g`+where, a.List()...); err != nil {
		return l, err
	}
	k, err := query.Page.Keyset(a, "g.id", groupSorts...)
	if err != nil {
		return l, err
	}
	if err := q.Select(ctx, &l.Items, selectedGroups+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return l, err
	}
	l.Items, l.Next = db.Cut(k, l.Items, func(g Group) (any, string) {
		if k.SortName() == "created" {
			return g.Created.UnixMilli(), g.ID
		}
		return db.Fold(g.Name), g.ID
	})
	return l, nil
}

// standards gives the default groups of a customer in their order.
func standards(ctx context.Context, q db.Q, customerID string) ([]Group, error) {
	var out []Group
	err := q.Select(ctx, &out, selectedGroups+` WHERE g.customer_id = $1 AND g.standard > 0 ORDER BY g.standard, g.id`, customerID)
	return out, err
}

func nextStandard(ctx context.Context, q db.Q, customerID string) (int64, error) {
	var n int64
	err := q.Get(ctx, &n, `SELECT COALESCE(MAX(standard), 0) + 1 FROM device_groups WHERE customer_id = $1`, customerID)
	return n, err
}

// ownGroups refuses a list of groups that the customer does not have all, or that names one twice.
func ownGroups(ctx context.Context, q db.Q, customerID string, ids []string) error {
	if len(setOf(ids)) != len(ids) {
		return errGroupTwice
	}
	if len(ids) == 0 {
		return nil
	}
	a := q.Args()
	var n int
	if err := q.Get(ctx, &n, `SELECT COUNT(*) FROM device_groups WHERE customer_id = `+a.Add(customerID)+` AND `+a.In("id", ids), a.List()...); err != nil {
		return err
	}
	if n != len(ids) {
		return errGroupIDs
	}
	return nil
}

// membersOf gives the ids of the devices of a group.
func membersOf(ctx context.Context, q db.Q, groupID string) ([]string, error) {
	var ids []string
	err := q.Select(ctx, &ids, `SELECT device_id FROM device_members WHERE group_id = $1 ORDER BY device_id`, groupID)
	return ids, err
}

// groupsOf gives the groups of some devices, the highest first.
func groupsOf(ctx context.Context, q db.Q, ids []string) (map[string][]string, error) {
	a := q.Args()
	var rows []struct {
		DeviceID string `db:"device_id"`
		GroupID  string `db:"group_id"`
	}
	err := q.Select(ctx, &rows, `SELECT device_id, group_id FROM device_members WHERE `+a.In("device_id", ids)+` ORDER BY device_id, place, group_id`, a.List()...)
	out := make(map[string][]string, len(ids))
	for _, r := range rows {
		out[r.DeviceID] = append(out[r.DeviceID], r.GroupID)
	}
	return out, err
}

// members puts devices into a group, as the lowest of each, and takes others out of it.
func (s *Service) members(ctx context.Context, tx *db.Tx, g *Group, add, drop []string) error {
	if len(add) > 0 {
		a := tx.Args()
		n, err := tx.Exec(ctx, `INSERT INTO device_members (device_id, group_id, customer_id, place)
			SELECT d.id, `+a.Add(g.ID)+`, d.customer_id, COALESCE((SELECT MAX(m.place) FROM device_members m WHERE m.device_id = d.id), 0) + 1
			FROM device_devices d WHERE d.customer_id = `+a.Add(g.CustomerID)+` AND `+a.In("d.id", add), a.List()...)
		if err != nil {
			return err
		}
		if n != int64(len(setOf(add))) {
			return errGroupMember
		}
	}
	if len(drop) > 0 {
		a := tx.Args()
		if _, err := tx.Exec(ctx, `DELETE FROM device_members WHERE group_id = `+a.Add(g.ID)+` AND `+a.In("device_id", drop), a.List()...); err != nil {
			return err
		}
	}
	g.Devices += int64(len(add) - len(drop))
	return regrouped(ctx, tx, g.CustomerID, append(add[:len(add):len(add)], drop...))
}

// setGroups gives a device exactly these groups, the first is the highest (DM-234). false when nothing changes.
func setGroups(ctx context.Context, tx *db.Tx, customerID, deviceID string, ids []string) (bool, error) {
	if err := ownGroups(ctx, tx, customerID, ids); err != nil {
		return false, err
	}
	was, err := groupsOf(ctx, tx, []string{deviceID})
	if err != nil || slices.Equal(was[deviceID], ids) {
		return false, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM device_members WHERE device_id = $1`, deviceID); err != nil {
		return false, err
	}
	return true, joinGroups(ctx, tx, []membership{{deviceID, customerID, ids}})
}

// membership is the groups of a device, the highest first.
type membership struct {
	deviceID, customerID string
	groups               []string
}

// joinGroups writes the groups of devices that are in none.
func joinGroups(ctx context.Context, tx *db.Tx, all []membership) error {
	a := tx.Args()
	var rows []string
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		_, err := tx.Exec(ctx, `INSERT INTO device_members (device_id, group_id, customer_id, place) VALUES `+strings.Join(rows, ", "), a.List()...)
		a, rows = tx.Args(), nil
		return err
	}
	for _, m := range all {
		for i, g := range m.groups {
			rows = append(rows, "("+a.Add(m.deviceID)+", "+a.Add(g)+", "+a.Add(m.customerID)+", CAST("+a.Add(strconv.Itoa(i+1))+" AS BIGINT))")
			if len(rows) == placesAtOnce {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}
