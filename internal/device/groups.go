package device

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Group is a named set of devices (DM-127). Each of its devices has its groups in an order of its own.
type Group struct {
	ID          string  `db:"id"`
	CustomerID  string  `db:"customer_id"`
	Scope       string  `db:"scope"`
	Name        string  `db:"name"`
	Description string  `db:"description"`
	Standard    int64   `db:"standard"` // its place among the default groups, 0 when it is none (DM-132)
	Devices     int64   `db:"devices"`  // how many there are in it
	Created     db.Time `db:"created"`
	Updated     db.Time `db:"updated"`
	Version     int64   `db:"version"` // grows with every change, also of its devices; the ETag
	Keys        string  `db:"keys"`    // template, as stored
}

// Default says whether automatically added devices get the group.
func (g Group) Default() bool { return g.Standard > 0 }

// NewGroup is the input of CreateGroup.
type NewGroup struct {
	Name, Description string
	DeviceIDs         []string
	Default           bool // at the end of the default groups
}

// GroupPatch is a partial change; nil leaves a field as it is.
type GroupPatch struct {
	Name, Description *string
	DeviceIDs         *[]string // all that shall be in it; those that were in it already keep their order
	Add, Remove       []string  // devices that come and go
	Default           *bool
	IfVersion         int64 // 0: whatever the version is
}

// GroupQuery says which groups a list shall hold.
type GroupQuery struct {
	Text       string // part of name or description (table 4.2)
	HasDevices *bool
	Default    *bool
	Page       db.Page // sorts: name, created
}

// GroupListing is one page of a list.
type GroupListing struct {
	Items []Group
	Next  string
	Total int64
}

// MaxGroups is how many groups a customer can have.
const MaxGroups = 2000

var (
	errGroupName   = errs.New(errs.Conflict, "name_taken", "This name is in use already.")
	errGroupLimit  = errs.New(errs.Conflict, "group_limit", "Group limit of 2000 reached.")
	errNoGroup     = errs.Missing("device group")
	errGroupIDs    = errs.BadField("group_ids", "unknown_group", "There is no such group.")
	errGroupTwice  = errs.BadField("group_ids", "repeated", "The same stands there twice.")
	errGroupMember = errs.BadField("device_ids", "unknown_device", "There is no such device.")
)

// Forgetting ends what a room keeps for a container that goes: kind is device, site or group, key its id. It runs in the
// transaction of the deletion.
type Forgetting func(ctx context.Context, tx *db.Tx, customerID, kind, key string) error

// OnForget registers what is told when a device, a site or a group goes. Registered while the program is wired.
func (s *Service) OnForget(f Forgetting) { s.forgetting = append(s.forgetting, f) }

func (s *Service) forget(ctx context.Context, tx *db.Tx, customerID, kind, key string) error {
	for _, f := range s.forgetting {
		if err := f(ctx, tx, customerID, kind, key); err != nil {
			return err
		}
	}
	return nil
}

var errModelKey = errs.BadField("key", "too_long", "At most 64 characters.")

// Holds says whether the customer has what a container of this kind belongs to: device, site and group by id; a model is any text of
// 1 to 64 characters. NotFound when it has not, also for an unknown kind.
func (s *Service) Holds(ctx context.Context, q db.Q, customerID, kind, key string) error {
	table := map[string]string{"device": "device_devices", "site": "network_sites", "group": "device_groups"}[kind]
	switch {
	case kind == "model" && key != "" && len([]rune(key)) <= 64:
		return nil
	case kind == "model" && key != "":
		return errModelKey
	case table == "":
		return errs.Missing("object")
	}
	var id string
	err := q.Get(ctx, &id, `SELECT id FROM `+table+` WHERE id = $1 AND customer_id = $2`, key, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing(kind)
	}
	return err
}

// apply changes g and names what differs now.
func (p GroupPatch) apply(g *Group) ([]string, error) {
	var c errs.Checker
	var changed []string
	if p.Name != nil {
		if v := name(&c, "name", *p.Name, 1); v != g.Name {
			g.Name, changed = v, append(changed, "name")
		}
	}
	if p.Description != nil {
		if v := c.Text("description", *p.Description, 0, 256); v != g.Description {
			g.Description, changed = v, append(changed, "description")
		}
	}
	return changed, c.Err()
}

// CreateGroup adds a group (DM-128). Its devices take it as their lowest. A name that is used is the conflict name_taken.
func (s *Service) CreateGroup(ctx context.Context, actor access.Actor, customerID string, n NewGroup) (Group, error) {
	var made Group
	_, faults := GroupPatch{Name: &n.Name, Description: &n.Description}.apply(&made)
	var out Group
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
		if err == nil {
			err = faults
		}
		if err != nil {
			return err
		}
		if err := ensure(ctx, tx, t); err != nil {
			return err
		}
		out = made
		out.ID, out.CustomerID, out.Scope, out.Version, out.Created, out.Updated = db.NewID(), t.ID, t.Scope, 1, tx.Now(), tx.Now()
		if n.Default {
			if out.Standard, err = nextStandard(ctx, tx, t.ID); err != nil {
				return err
			}
		}
		if err := insertGroup(ctx, tx, out); err != nil {
			return err
		}
		if err := s.members(ctx, tx, &out, n.DeviceIDs, nil); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, groupNews(t, out, "created", "create", map[string]any{"devices": out.Devices}))
	})
	return out, err
}

// Group gives a group of the customer and the ids of its devices; NotFound when it has none with this id.
func (s *Service) Group(ctx context.Context, actor access.Actor, customerID, id string) (Group, []string, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return Group{}, nil, err
	}
	g, err := getGroup(ctx, s.db, customerID, id)
	if err != nil {
		return Group{}, nil, err
	}
	ids, err := membersOf(ctx, s.db, id)
	return g, ids, err
}

// Groups lists the groups of the customer, page by page.
func (s *Service) Groups(ctx context.Context, actor access.Actor, customerID string, q GroupQuery) (GroupListing, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return GroupListing{}, err
	}
	return listGroups(ctx, s.db, customerID, q)
}

// EditGroup changes a group (DM-129). Devices that come take it as their lowest. Stale when IfVersion is not the present version.
func (s *Service) EditGroup(ctx context.Context, actor access.Actor, customerID, id string, p GroupPatch) (Group, error) {
	var out Group
	err := s.changeGroup(ctx, actor, customerID, id, p.IfVersion, func(ctx context.Context, tx *db.Tx, t tenant.Tenant, g *Group) (journal.News, error) {
		changed, err := p.apply(g)
		if err != nil {
			return journal.News{}, err
		}
		if p.Default != nil && *p.Default != g.Default() {
			g.Standard, changed = 0, append(changed, "default")
			if *p.Default {
				if g.Standard, err = nextStandard(ctx, tx, t.ID); err != nil {
					return journal.News{}, err
				}
			}
		}
		add, drop, err := p.moves(ctx, tx, g.ID)
		if err != nil {
			return journal.News{}, err
		}
		data := map[string]any{}
		if len(add)+len(drop) > 0 {
			if err := s.members(ctx, tx, g, add, drop); err != nil {
				return journal.News{}, err
			}
			changed, data["added"], data["removed"] = append(changed, "device_ids"), len(add), len(drop)
		}
		out = *g
		if len(changed) == 0 {
			return journal.News{}, nil
		}
		data["fields"] = changed
		return groupNews(t, *g, "edited", "edit", data), nil
	})
	if err == nil {
		out, err = getGroup(ctx, s.db, customerID, id)
	}
	return out, err
}

// moves tells which devices come and which go.
func (p GroupPatch) moves(ctx context.Context, tx *db.Tx, groupID string) (add, drop []string, err error) {
	if p.DeviceIDs == nil && len(p.Add)+len(p.Remove) == 0 {
		return nil, nil, nil
	}
	now, err := membersOf(ctx, tx, groupID)
	if err != nil {
		return nil, nil, err
	}
	has, want := setOf(now), setOf(now)
	if p.DeviceIDs != nil {
		want = setOf(*p.DeviceIDs)
	}
	for _, id := range p.Add {
		want[id] = true
	}
	for _, id := range p.Remove {
		delete(want, id)
	}
	for id := range want {
		if !has[id] {
			add = append(add, id)
		}
	}
	for _, id := range now {
		if !want[id] {
			drop = append(drop, id)
		}
	}
	slices.Sort(add)
	return add, drop, nil
}

func setOf(ids []string) map[string]bool {
	m := make(map[string]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}

// changeGroup is what all changes of a group have in common: rights, locks, version, journal. A change without news is none.
func (s *Service) changeGroup(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64,
	change func(ctx context.Context, tx *db.Tx, t tenant.Tenant, g *Group) (journal.News, error)) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
		if err != nil {
			return err
		}
		g, err := getGroup(ctx, tx, t.ID, id)
		if err == nil && ifVersion != 0 && ifVersion != g.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		news, err := change(ctx, tx, t, &g)
		if err != nil || news.Action == "" {
			return err
		}
		g.Version++
		g.Updated = tx.Now()
		if err := updateGroup(ctx, tx, g); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, news)
	})
}

// DeleteGroup removes a group; its devices stay (DM-130).
func (s *Service) DeleteGroup(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
		if err != nil {
			return err
		}
		g, err := getGroup(ctx, tx, t.ID, id)
		if err == nil && ifVersion != 0 && ifVersion != g.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		ids, err := membersOf(ctx, tx, g.ID)
		if err != nil {
			return err
		}
		if err := s.forget(ctx, tx, t.ID, "group", g.ID); err != nil {
			return err
		}
		if err := regrouped(ctx, tx, t.ID, ids); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM device_groups WHERE id = $1`, g.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, groupNews(t, g, "deleted", "delete", map[string]any{"devices": len(ids)}))
	})
}

// TopGroup makes a group the highest of all its devices; the order of their other groups stays (DM-131).
func (s *Service) TopGroup(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) (Group, error) {
	err := s.changeGroup(ctx, actor, customerID, id, ifVersion, func(ctx context.Context, tx *db.Tx, t tenant.Tenant, g *Group) (journal.News, error) {
		var ids []string
		err := tx.Select(ctx, &ids, `UPDATE device_members SET place = (SELECT MIN(m.place) - 1 FROM device_members m WHERE m.device_id = device_members.device_id)
			WHERE group_id = $1 AND EXISTS (SELECT 1 FROM device_members o WHERE o.device_id = device_members.device_id
				AND (o.place < device_members.place OR o.place = device_members.place AND o.group_id < device_members.group_id)) RETURNING device_id`, g.ID)
		if err != nil || len(ids) == 0 {
			return journal.News{}, err
		}
		return groupNews(t, *g, "edited", "top_priority", map[string]any{"devices": len(ids)}), regrouped(ctx, tx, t.ID, ids)
	})
	if err != nil {
		return Group{}, err
	}
	return getGroup(ctx, s.db, customerID, id)
}

// DefaultGroups gives the groups that automatically added devices get, the highest first (DM-132).
func (s *Service) DefaultGroups(ctx context.Context, actor access.Actor, customerID string) ([]Group, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return nil, err
	}
	return standards(ctx, s.db, customerID)
}

// SetDefaultGroups says which groups automatically added devices get from now on; those that are there stay as they are (DM-133).
func (s *Service) SetDefaultGroups(ctx context.Context, actor access.Actor, customerID string, ids []string) ([]Group, error) {
	var out []Group
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
		if err != nil {
			return err
		}
		if err := ownGroups(ctx, tx, t.ID, ids); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE device_groups SET standard = 0, version = version + 1 WHERE customer_id = $1 AND standard > 0`, t.ID); err != nil {
			return err
		}
		for i, id := range ids {
			if _, err := tx.Exec(ctx, `UPDATE device_groups SET standard = $2, version = version + 1 WHERE id = $1`, id, i+1); err != nil {
				return err
			}
		}
		if out, err = standards(ctx, tx, t.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "device_group.defaults", Action: "device_group/set_defaults", Tenant: t.Access(),
			Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: map[string]any{"group_ids": ids, "customer_id": t.ID}})
	})
	return out, err
}

// regrouped says that the groups of these devices, or their order, are not what they were: their versions and counters move. Where they
// are many, the counter of the customer moves instead.
func regrouped(ctx context.Context, tx *db.Tx, customerID string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	a := tx.Args()
	if _, err := tx.Exec(ctx, `UPDATE device_devices SET version = version + 1 WHERE `+a.In("id", ids), a.List()...); err != nil {
		return err
	}
	return bumpDevices(ctx, tx, customerID, ids)
}

// fewDevices is up to how many devices their own counters move.
const fewDevices = 300

func bumpDevices(ctx context.Context, tx *db.Tx, customerID string, ids []string) error {
	if len(ids) > fewDevices {
		return revision.Bump(ctx, tx, revision.Customer, customerID)
	}
	return revision.BumpAll(ctx, tx, revision.Device, ids)
}

func groupNews(t tenant.Tenant, g Group, what, verb string, data map[string]any) journal.News {
	data["customer_id"] = t.ID
	return journal.News{Type: "device_group." + what, Action: "device_group/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "device_group", ID: g.ID, Name: g.Name}, Data: data}
}

// GroupKeys gives the template of keys of a group: its devices get them on places that are free.
func (g Group) GroupKeys() ([]phone.Key, error) { return readKeys(g.Keys) }
