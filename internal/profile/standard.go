package profile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/tenant"
)

// Source says where a value of a standard profile comes from, and for which firmware.
type Source struct{ Source, Firmware string }

// standard is a profile that comes with the program, ready to be stored.
type standard struct {
	Profile
	hash string
}

// standardID is the same in every release as long as maker and name are.
func standardID(maker, name string) string {
	sum := sha256.Sum256([]byte(maker + "/" + db.Fold(name)))
	return "std-" + maker + "-" + hex.EncodeToString(sum[:8])
}

// standards gives what the makers bring (DM-140).
func (s *Service) standards() []standard {
	var out []standard
	for _, m := range s.makers {
		lib, ok := m.(phone.Library)
		if !ok {
			continue
		}
		for _, x := range lib.Standards() {
			text, _ := json.Marshal(x) // plain data always has JSON
			sum := sha256.Sum256(text)
			p := Profile{ID: standardID(m.Maker(), x.Name), Name: x.Name, Description: x.Description, Mode: ModeOf(m.Maker()), Type: Platform, Builtin: true}
			if x.Template && !isTemplate(p.Name) {
				p.Name += "-TEMPLATE"
			}
			for _, set := range x.Settings {
				p.Attributes = append(p.Attributes, Attribute{Name: set.Name, Value: set.Value, Secret: s.secret(p.Mode, set.Setting)})
			}
			slices.SortFunc(p.Attributes, byName)
			out = append(out, standard{p, hex.EncodeToString(sum[:])})
		}
	}
	return out
}

func byName(a, b Attribute) int {
	switch {
	case a.Name < b.Name:
		return -1
	case a.Name > b.Name:
		return 1
	}
	return 0
}

// Sources says for a profile that comes with the program where each value is from; nil for all others.
func (s *Service) Sources(id string) map[string]Source {
	for _, m := range s.makers {
		lib, ok := m.(phone.Library)
		if !ok {
			continue
		}
		for _, x := range lib.Standards() {
			if standardID(m.Maker(), x.Name) != id {
				continue
			}
			out := map[string]Source{}
			for _, set := range x.Settings {
				out[set.Name] = Source{set.Source, set.Firmware}
			}
			return out
		}
	}
	return nil
}

// founded is the hook of tenant: a new operator has the library from the beginning.
func (s *Service) founded(ctx context.Context, tx *db.Tx, _ access.Actor, c tenant.Change) error {
	if c.What != tenant.Created || c.After.Kind != access.Operator {
		return nil
	}
	return s.publish(ctx, tx, c.After)
}

// Publish brings the stored library to what this program comes with: new profiles appear in all tenants, changed ones change, and one
// that is gone takes its associations with it (DM-140). app calls it when a server starts; with nothing to do it costs one read.
func (s *Service) Publish(ctx context.Context) error {
	t, err := s.tenants.Operator(ctx, s.db)
	if err != nil {
		return ignoreMissing(err)
	}
	stored, err := stock(ctx, s.db)
	if err != nil || s.current(stored) {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "tenant_tenants", t.ID); err != nil {
			return err
		}
		return s.publish(ctx, tx, t)
	})
}

// stock gives the hashes of the stored library by id.
func stock(ctx context.Context, q db.Q) (map[string]string, error) {
	var rows []struct {
		ID      string `db:"id"`
		Builtin string `db:"builtin"`
	}
	if err := q.Select(ctx, &rows, `SELECT id, builtin FROM profile_profiles WHERE type = 'platform' AND builtin <> ''`); err != nil {
		return nil, err
	}
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r.ID] = r.Builtin
	}
	return out, nil
}

func (s *Service) current(stored map[string]string) bool {
	all := s.standards()
	return len(all) == len(stored) && !slices.ContainsFunc(all, func(x standard) bool { return stored[x.ID] != x.hash })
}

func (s *Service) publish(ctx context.Context, tx *db.Tx, t tenant.Tenant) error {
	stored, err := stock(ctx, tx)
	if err != nil {
		return err
	}
	if err := lockNames(ctx, tx); err != nil {
		return err
	}
	actor := access.SystemActor("library")
	added, changed := []string{}, []string{}
	for _, x := range s.standards() {
		was := stored[x.ID]
		delete(stored, x.ID)
		if was == x.hash {
			continue
		}
		if err := s.install(ctx, tx, t, x, was != ""); err != nil {
			return err
		}
		if was == "" {
			added = append(added, x.Name)
		} else {
			changed = append(changed, x.Name)
		}
	}
	for id := range stored {
		p, err := s.get(ctx, tx, t.Scope, id)
		if err == nil {
			err = s.remove(ctx, tx, actor, p, "withdrawn", "withdraw")
		}
		if err != nil {
			return err
		}
	}
	if len(added)+len(changed) == 0 {
		return nil
	}
	if err := bump(ctx, tx, t.Kind, t.ID); err != nil {
		return err
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "profile.library_updated", Action: "profile/publish", Tenant: t.Access(),
		Target: journal.Target{Kind: "profile", Name: "library"}, Data: map[string]any{"added": added, "changed": changed}})
}

func (s *Service) install(ctx context.Context, tx *db.Tx, t tenant.Tenant, x standard, known bool) error {
	p := x.Profile
	p.TenantID, p.TenantKind, p.Scope, p.Created, p.Updated, p.Version = t.ID, t.Kind, t.Scope, tx.Now(), tx.Now(), 1
	if err := s.nameIt(ctx, tx, &p); err != nil {
		return err
	}
	var before []Attribute
	if known {
		was, err := s.get(ctx, tx, t.Scope, p.ID)
		if err != nil {
			return err
		}
		p.Version, before = was.Version+1, was.Attributes
	}
	r, err := s.rowOf(p, x.hash)
	if err == nil {
		err = replace(ctx, tx, r)
	}
	if err == nil {
		err = used(ctx, tx, p, before)
	}
	return err
}
