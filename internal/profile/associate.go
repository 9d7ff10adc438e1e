package profile

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

// Container gives what a container of the place holds; one that nobody has changed is empty, one that cannot exist is NotFound.
func (s *Service) Container(ctx context.Context, actor access.Actor, at Place, kind Kind, key string) (Container, error) {
	t, err := s.allowed(ctx, s.db, actor, access.ProfileView, at)
	if err != nil {
		return Container{}, err
	}
	k, err := s.container(ctx, s.db, t, kind, key)
	if err != nil {
		return Container{}, err
	}
	return load(ctx, s.db, k)
}

// container checks that a container exists.
func (s *Service) container(ctx context.Context, q db.Q, t tenant.Tenant, kind Kind, key string) (ContainerKey, error) {
	k, err := ContainerKey{t.ID, kind, key}.key(t.Kind)
	if err == nil && k.Key != Only && k.Kind != OfModel {
		err = errs.Missing("container")
		if s.around.Holders != nil {
			err = s.around.Holders.Holds(ctx, q, t.ID, k.Kind, k.Key)
		}
	}
	return k, err
}

func load(ctx context.Context, q db.Q, k ContainerKey) (Container, error) {
	c := Container{ContainerKey: k, Version: 1}
	err := q.Get(ctx, &c.Version, `SELECT version FROM profile_containers WHERE tenant_id = $1 AND kind = $2 AND key = $3`, k.TenantID, k.Kind, k.Key)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return c, err
	}
	return c, q.Select(ctx, &c.ProfileIDs, `SELECT profile_id FROM profile_associations WHERE tenant_id = $1 AND kind = $2 AND key = $3 ORDER BY place, profile_id`,
		k.TenantID, k.Kind, k.Key)
}

// SetContainer puts profiles into a container in this order, the highest first (DM-159, DM-161). Templates, imported profiles of other
// devices, a profile that stands there twice and unknown ones are refused. Stale when ifVersion is neither 0 nor the present version.
func (s *Service) SetContainer(ctx context.Context, actor access.Actor, at Place, kind Kind, key string, profileIDs []string, ifVersion int64) (Container, error) {
	var out Container
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.ProfileEdit, at)
		if err != nil {
			return err
		}
		k, err := s.container(ctx, tx, t, kind, key)
		if err != nil {
			return err
		}
		before, err := load(ctx, tx, k)
		if err == nil && ifVersion != 0 && ifVersion != before.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		all, err := s.admitted(ctx, tx, t, k, profileIDs)
		if err != nil {
			return err
		}
		if out = before; slices.Equal(before.ProfileIDs, profileIDs) {
			return nil
		}
		out.ProfileIDs, out.Version = profileIDs, before.Version+1
		return s.fill(ctx, tx, actor, t, before, out, all)
	})
	return out, err
}

// CheckContainer says why these profiles cannot stand in this container of a tenant; nil when they can. It is what SetContainer checks,
// for plans, and decides nothing else.
func (s *Service) CheckContainer(ctx context.Context, q db.Q, t tenant.Tenant, kind Kind, key string, profileIDs []string) (ContainerKey, error) {
	k, err := s.container(ctx, q, t, kind, key)
	if err == nil {
		_, err = s.admitted(ctx, q, t, k, profileIDs)
	}
	return k, err
}

// admitted gives the profiles of a list that may stand in the container; all faults come at once.
func (s *Service) admitted(ctx context.Context, q db.Q, t tenant.Tenant, k ContainerKey, ids []string) ([]Profile, error) {
	var c errs.Checker
	if len(ids) > MaxInContainer {
		c.Add(errs.Field{Name: "profile_ids", Code: "too_many_profiles", Message: "At most 100 profiles in one container."})
		return nil, c.Err()
	}
	a := q.Args()
	var rows []row
	if err := q.Select(ctx, &rows, selected+` WHERE `+a.In("p.id", ids)+` AND `+a.In("p.scope", above(t.Scope)), a.List()...); err != nil {
		return nil, err
	}
	found := map[string]Profile{}
	for _, r := range rows {
		p, err := s.profileOf(r)
		if err != nil {
			return nil, err
		}
		found[p.ID] = p
	}
	var out []Profile
	for i, id := range ids {
		at := "profile_ids[" + strconv.Itoa(i) + "]"
		p, ok := found[id]
		switch {
		case !ok:
			c.Add(errs.Field{Name: at, Code: "unknown_profile", Message: "There is no such profile."})
		case slices.Contains(ids[:i], id):
			c.Add(errs.Field{Name: at, Code: "profile_twice", Message: "The profile stands in the container already."})
		default:
			if err := p.assignable(k); err != nil {
				f := errs.Field{Name: at}
				e := errs.As(err)
				f.Code, f.Message = e.Code, e.Message
				c.Add(f)
			}
			out = append(out, p)
		}
	}
	return out, c.Err()
}

// fill writes a container with all that follows.
func (s *Service) fill(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, before, after Container, all []Profile) error {
	if err := empty(ctx, tx, after.ContainerKey); err != nil {
		return err
	}
	for i, p := range all {
		if _, err := tx.Exec(ctx, `INSERT INTO profile_associations (tenant_id, kind, key, profile_id, place) VALUES ($1, $2, $3, $4, $5)`,
			after.TenantID, after.Kind, after.Key, p.ID, int64(i)); err != nil {
			if errs.CodeOf(err) == "still_referenced" { // deleted meanwhile
				err = errs.BadField("profile_ids["+strconv.Itoa(i)+"]", "unknown_profile", "There is no such profile.")
			}
			return err
		}
		if !slices.Contains(before.ProfileIDs, p.ID) {
			if err := used(ctx, tx, p, nil); err != nil {
				return err
			}
		}
	}
	if err := version(ctx, tx, after); err != nil {
		return err
	}
	kind, id := revision.Kind(t.Kind), t.ID
	if after.Kind == OfOneDevice {
		kind, id = revision.Device, after.Key
	}
	if err := revision.Bump(ctx, tx, kind, id); err != nil {
		return err
	}
	return s.journal.Append(ctx, tx, actor, containerNews(t.Access(), after, map[string]any{"profile_ids": orNone(after.ProfileIDs), "before": orNone(before.ProfileIDs)}))
}

func orNone(ids []string) []string {
	if ids == nil {
		return []string{}
	}
	return ids
}

func empty(ctx context.Context, tx *db.Tx, k ContainerKey) error {
	_, err := tx.Exec(ctx, `DELETE FROM profile_associations WHERE tenant_id = $1 AND kind = $2 AND key = $3`, k.TenantID, k.Kind, k.Key)
	return err
}

func version(ctx context.Context, tx *db.Tx, c Container) error {
	_, err := tx.Exec(ctx, `INSERT INTO profile_containers (tenant_id, kind, key, version) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant_id, kind, key) DO UPDATE SET version = excluded.version`, c.TenantID, c.Kind, c.Key, c.Version)
	return err
}

func containerNews(t access.Tenant, c Container, data map[string]any) journal.News {
	data["kind"], data["key"], data["tenant_id"] = string(c.Kind), c.Key, t.ID
	return journal.News{Type: "container.edited", Action: "container/edit", Tenant: t,
		Target: journal.Target{Kind: "container", ID: string(c.Kind) + "/" + c.Key}, Data: data}
}

// Containers lists the containers of the place that hold something, by kind and key; kind "" means all.
func (s *Service) Containers(ctx context.Context, actor access.Actor, at Place, kind Kind, page db.Page) ([]Container, string, error) {
	t, err := s.allowed(ctx, s.db, actor, access.ProfileView, at)
	if err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	from := ` FROM (SELECT c.kind || '/' || c.key AS id, c.kind, c.key, c.version FROM profile_containers c WHERE c.tenant_id = ` + a.Add(t.ID) + `
		AND EXISTS (SELECT 1 FROM profile_associations x WHERE x.tenant_id = c.tenant_id AND x.kind = c.kind AND x.key = c.key)`
	if kind != "" {
		from += ` AND c.kind = ` + a.Add(string(kind))
	}
	k, err := page.Keyset(a, "y.key", db.Sort{Name: "name", Column: "y.kind"})
	if err != nil {
		return nil, "", err
	}
	var rows []struct {
		Kind    Kind   `db:"kind"`
		Key     string `db:"key"`
		Version int64  `db:"version"`
	}
	if err := s.db.Select(ctx, &rows, `SELECT y.kind, y.key, y.version`+from+`) y WHERE `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	var out []Container
	for _, r := range rows {
		out = append(out, Container{ContainerKey: ContainerKey{t.ID, r.Kind, r.Key}, Version: r.Version})
	}
	out, next := db.Cut(k, out, func(c Container) (any, string) { return string(c.Kind), c.Key })
	for i := range out {
		var err error
		if out[i], err = load(ctx, s.db, out[i].ContainerKey); err != nil {
			return nil, "", err
		}
	}
	return out, next, nil
}

// Usage lists the containers that hold a profile, of the place and of the tenants below it that the actor may see (DM-153): what a deletion would end. At most
// usageMost are listed; the total says how many there are.
func (s *Service) Usage(ctx context.Context, actor access.Actor, at Place, id string) ([]ContainerKey, int64, error) {
	t, err := s.allowed(ctx, s.db, actor, access.ProfileView, at)
	if err != nil {
		return nil, 0, err
	}
	if _, err := s.get(ctx, s.db, t.Scope, id); err != nil {
		return nil, 0, err
	}
	see, err := s.tenants.Visible(ctx, s.db, actor, access.ProfileView, true) // a provider hears of customers that let it (CH-29)
	if err != nil {
		return nil, 0, err
	}
	a := s.db.Args()
	where := ` FROM profile_associations a JOIN tenant_tenants t ON t.id = a.tenant_id WHERE a.profile_id = ` + a.Add(id) + ` AND ` +
		(db.Filter{Within: []string{t.Scope}}).SQL(a, "t.scope") + ` AND ` + see.SQL(a, "t.scope")
	var total int64
	if err := s.db.Get(ctx, &total, `SELECT COUNT(*)`+where, a.List()...); err != nil {
		return nil, 0, err
	}
	var rows []use
	if err := s.db.Select(ctx, &rows, `SELECT a.tenant_id, a.kind, a.key, t.kind AS tenant_kind, t.scope, t.name`+where+` ORDER BY t.scope, a.kind, a.key LIMIT `+a.Add(usageMost), a.List()...); err != nil {
		return nil, 0, err
	}
	var out []ContainerKey
	for _, u := range rows {
		out = append(out, u.key())
	}
	return out, total, nil
}

const usageMost = 1000

// use is a container that holds a profile, and whose it is.
type use struct {
	TenantID   string            `db:"tenant_id"`
	Kind       Kind              `db:"kind"`
	Key        string            `db:"key"`
	TenantKind access.TenantKind `db:"tenant_kind"`
	Scope      string            `db:"scope"`
	Name       string            `db:"name"`
}

func (u use) key() ContainerKey { return ContainerKey{u.TenantID, u.Kind, u.Key} }

func (u use) tenant() access.Tenant {
	return access.Tenant{ID: u.TenantID, Kind: u.TenantKind, Scope: u.Scope, Name: u.Name}
}

// uses gives all containers that hold a profile, the widest tenants first.
func uses(ctx context.Context, q db.Q, id string) ([]use, error) {
	var all []use
	err := q.Select(ctx, &all, `SELECT a.tenant_id, a.kind, a.key, t.kind AS tenant_kind, t.scope, t.name FROM profile_associations a
		JOIN tenant_tenants t ON t.id = a.tenant_id WHERE a.profile_id = $1 ORDER BY t.scope, a.kind, a.key`, id)
	return all, err
}

// devicesMost is how many counters of devices a change bumps; for more of them it is the customer's.
const devicesMost = 200

// touch bumps the narrowest counters of a change to a profile. One of a tenant above customers moves its tenant's, because it may be used
// anywhere below; one of a customer moves what its containers say, and nothing when it stands in none.
func touch(ctx context.Context, tx *db.Tx, p Profile, in []use) error {
	if p.TenantKind != access.Customer {
		return bump(ctx, tx, p.TenantKind, p.TenantID)
	}
	wide := len(in) > devicesMost || slices.ContainsFunc(in, func(u use) bool { return u.Kind != OfOneDevice })
	if wide {
		return bump(ctx, tx, access.Customer, p.TenantID)
	}
	for _, u := range in {
		if err := revision.Bump(ctx, tx, revision.Device, u.Key); err != nil {
			return err
		}
	}
	return nil
}

// bump moves a tenant's counter. The levels have the same names in both rooms.
func bump(ctx context.Context, tx *db.Tx, kind access.TenantKind, id string) error {
	return revision.Bump(ctx, tx, revision.Kind(kind), id)
}

// used notes, for every tenant with a container that holds the profile, the names that phones get from it and did not before (decision 14).
func used(ctx context.Context, tx *db.Tx, p Profile, before []Attribute) error {
	old := make(map[string]bool, len(before))
	for _, a := range before {
		old[a.Name] = true
	}
	var fresh []string
	for _, a := range p.Attributes {
		if !old[a.Name] {
			fresh = append(fresh, a.Name)
		}
	}
	for len(fresh) > 0 {
		n := min(len(fresh), 200)
		a := tx.Args()
		mode, id := a.Add(p.Mode), a.Add(p.ID)
		marks := make([]string, n)
		for i, name := range fresh[:n] {
			marks[i] = "(" + a.Add(name) + ")"
		}
		fresh = fresh[n:]
		if _, err := tx.Exec(ctx, `INSERT INTO profile_used (tenant_id, mode, name) SELECT DISTINCT a.tenant_id, CAST(`+mode+` AS TEXT), v.column1
			FROM profile_associations a, (VALUES `+strings.Join(marks, ", ")+`) AS v WHERE a.profile_id = `+id+` ON CONFLICT DO NOTHING`, a.List()...); err != nil {
			return err
		}
	}
	return nil
}

// remove takes a profile away with its associations. Each tenant that loses one hears of it (DM-140).
func (s *Service) remove(ctx context.Context, tx *db.Tx, actor access.Actor, p Profile, what, verb string) error {
	in, err := uses(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE profile_containers SET version = version + 1 WHERE EXISTS (SELECT 1 FROM profile_associations a
		WHERE a.profile_id = $1 AND a.tenant_id = profile_containers.tenant_id AND a.kind = profile_containers.kind AND a.key = profile_containers.key)`, p.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM profile_associations WHERE profile_id = $1`, p.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM profile_profiles WHERE id = $1`, p.ID); err != nil {
		return err
	}
	if err := touch(ctx, tx, p, in); err != nil {
		return err
	}
	var ended []string
	for i, u := range in {
		ended = append(ended, string(u.Kind)+"/"+u.Key)
		if i+1 < len(in) && in[i+1].TenantID == u.TenantID {
			continue
		}
		if u.TenantID != p.TenantID {
			if err := bump(ctx, tx, u.TenantKind, u.TenantID); err != nil {
				return err
			}
			n := news(p, "withdrawn", "withdraw", map[string]any{"containers": ended[:min(len(ended), namesMost)]})
			n.Tenant = u.tenant()
			n.Also = []access.Tenant{u.tenant()}
			if err := s.journal.Append(ctx, tx, actor, n); err != nil {
				return err
			}
			ended = nil
		}
	}
	own := []string{}
	for _, u := range in {
		if u.TenantID == p.TenantID {
			own = append(own, string(u.Kind)+"/"+u.Key)
		}
	}
	return s.journal.Append(ctx, tx, actor, news(p, what, verb, map[string]any{"containers": own[:min(len(own), namesMost)]}))
}

// Forget takes away what belongs to a device, site or group that goes, in the caller's transaction: its container, and the imported
// profile of a device. It decides nothing and writes no journal: the caller tells what went.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, customerID string, kind Kind, key string) error {
	k := ContainerKey{customerID, kind, key}
	if err := empty(ctx, tx, k); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM profile_containers WHERE tenant_id = $1 AND kind = $2 AND key = $3`, customerID, kind, key); err != nil {
		return err
	}
	if kind != OfOneDevice {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM profile_profiles WHERE device_id = $1 AND tenant_id = $2`, key, customerID)
	return err
}
