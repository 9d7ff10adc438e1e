package catalog

import (
	"context"
	"regexp"
	"slices"
	"strconv"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// ItemPatch is a partial change of an item; nil leaves a field as it is.
type ItemPatch struct {
	SKU, Name, Description *string
	Aliases                *[]string
	DependsOn              *[]string
	Features               *map[string]string // all that it includes
	Rule                   *string
	State                  *State
	IfVersion              int64
}

// NewItem is an item to add to the catalogue. Kind, levels and whom it is for stay as they are made.
type NewItem struct {
	Code                   string
	Kind                   Kind
	Rank                   int64
	Calling                Calling
	Messaging              bool
	Meetings               Meetings
	AssignTo               Assignable
	SKU, Name, Description string
	Aliases, DependsOn     []string
	Features               map[string]string
	Rule                   string
}

var (
	errNameTaken = errs.New(errs.Conflict, "package_name_taken", "Another package has this code or alias already.")
	errSKU       = errs.New(errs.Conflict, "sku_taken", "Another package has this SKU already.")
	codeForm     = regexp.MustCompile(`^[a-z][a-z0-9_]{1,63}$`)
	skuForm      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// Items gives the whole catalogue; everybody who is signed in may look (WS-17).
func (s *Service) Items(ctx context.Context, actor access.Actor) ([]Item, error) {
	if err := s.operator(ctx, s.db, actor, access.CatalogView); err != nil {
		return nil, err
	}
	return s.All(ctx, s.db)
}

// Item gives one by code or alias with its aliases; NotFound when there is none.
func (s *Service) Item(ctx context.Context, actor access.Actor, code string) (Item, error) {
	all, err := s.Items(ctx, actor)
	if err != nil {
		return Item{}, err
	}
	for _, i := range all {
		if i.Code == code || slices.Contains(i.Aliases, code) {
			return i, nil
		}
	}
	return Item{}, errs.Missing("package")
}

// operator decides about the catalogue: looking needs the action in one's own tenant, changing it at the operator.
func (s *Service) operator(ctx context.Context, q db.Q, actor access.Actor, act access.Action) error {
	if !access.Writes(act) {
		return access.Decide(actor, act, access.Target{Tenant: actor.Place()})
	}
	root, err := s.tenants.Operator(ctx, q)
	if err != nil {
		return err
	}
	return access.Decide(actor, act, access.Target{Tenant: root.Access()})
}

// AddItem adds a package or an add-on (WS-4, WS-11). The conflicts package_name_taken and sku_taken.
func (s *Service) AddItem(ctx context.Context, actor access.Actor, n NewItem) (Item, error) {
	i := Item{Code: n.Code, Kind: n.Kind, Rank: n.Rank, Calling: n.Calling, Messaging: n.Messaging, Meetings: n.Meetings, AssignTo: n.AssignTo, State: Active, Version: 1}
	var c errs.Checker
	if !codeForm.MatchString(i.Code) {
		c.Add(errs.Field{Name: "code", Code: "bad_code", Message: "Small letters, digits and underscores, beginning with a letter."})
	}
	c.OneOf("kind", string(i.Kind), string(Base), string(AddOn))
	c.OneOf("calling", string(i.Calling), "none", "basic", "subset", "advanced", "full")
	c.OneOf("meetings", string(i.Meetings), "none", "basic", "full")
	c.OneOf("assign_to", string(i.AssignTo), "user", "workspace", "both")
	c.Range("rank", i.Rank, 0, 1000)
	rule := n.Rule
	if rule == "" {
		rule = "prorated"
	}
	p := ItemPatch{SKU: &n.SKU, Name: &n.Name, Description: &n.Description, Aliases: &n.Aliases, DependsOn: &n.DependsOn, Features: &n.Features, Rule: &rule}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.operator(ctx, tx, actor, access.CatalogEdit); err != nil {
			return err
		}
		if _, err := s.patched(ctx, tx, &c, &i, p); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
			return err
		}
		i.Created, i.Updated = tx.Now(), tx.Now()
		_, err := tx.Exec(ctx, `INSERT INTO catalog_items (id, kind, sku, name, description, rank, calling, messaging, meetings, assign_to, depends_on, features, rule, state, created, updated, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)`, i.Code, string(i.Kind), i.SKU, i.Name, i.Description, i.Rank, string(i.Calling), i.Messaging,
			string(i.Meetings), string(i.AssignTo), i.DependsOn, i.Features, i.Rule, string(i.State), i.Created, i.Updated)
		if err == nil {
			err = storeNames(ctx, tx, i)
		}
		if err != nil {
			return taken(err)
		}
		return s.tell(ctx, tx, actor, i, "created", nil)
	})
	return i, err
}

// EditItem changes an item. What is held already is not touched: metering keeps SKU and rule as they were when it was assigned.
func (s *Service) EditItem(ctx context.Context, actor access.Actor, code string, p ItemPatch) (Item, error) {
	var out Item
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.operator(ctx, tx, actor, access.CatalogEdit); err != nil {
			return err
		}
		found, err := s.Code(ctx, tx, code)
		if err != nil {
			return errs.Missing("package")
		}
		if err := tx.LockRow(ctx, "catalog_items", found.Code); err != nil {
			return err
		}
		all, err := s.All(ctx, tx)
		if err != nil {
			return err
		}
		out = all[slices.IndexFunc(all, func(i Item) bool { return i.Code == found.Code })]
		if p.IfVersion != 0 && p.IfVersion != out.Version {
			return errStale
		}
		var c errs.Checker
		fields, err := s.patched(ctx, tx, &c, &out, p)
		if err == nil {
			err = c.Err()
		}
		if err != nil || len(fields) == 0 {
			return err
		}
		out.Version++
		out.Updated = tx.Now()
		if _, err = tx.Exec(ctx, `UPDATE catalog_items SET sku = $2, name = $3, description = $4, depends_on = $5, features = $6, rule = $7, state = $8, updated = $9, version = $10 WHERE id = $1`,
			out.Code, out.SKU, out.Name, out.Description, out.DependsOn, out.Features, out.Rule, string(out.State), out.Updated, out.Version); err == nil {
			err = storeNames(ctx, tx, out)
		}
		if err != nil {
			return taken(err)
		}
		return s.tell(ctx, tx, actor, out, "edited", fields)
	})
	return out, err
}

func taken(err error) error {
	switch {
	case db.IsUnique(err, "catalog_items", "id"), db.IsUnique(err, "catalog_names", "id"):
		return errNameTaken
	case db.IsUnique(err, "catalog_items", "sku"):
		return errSKU
	}
	return err
}

func storeNames(ctx context.Context, tx *db.Tx, i Item) error {
	if _, err := tx.Exec(ctx, `DELETE FROM catalog_names WHERE item_id = $1`, i.Code); err != nil {
		return err
	}
	for _, name := range append([]string{i.Code}, i.Aliases...) {
		if _, err := tx.Exec(ctx, `INSERT INTO catalog_names (id, item_id) VALUES ($1, $2)`, name, i.Code); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, actor access.Actor, i Item, what string, fields []string) error {
	root, err := s.tenants.Operator(ctx, tx)
	if err != nil {
		return err
	}
	verb := map[string]string{"created": "create", "edited": "edit"}[what]
	n := journal.News{Type: "package." + what, Action: "package/" + verb, Tenant: root.Access(), Target: journal.Target{Kind: "package", ID: i.Code, Name: i.Name}}
	if fields != nil {
		n.Data = map[string]any{"fields": fields}
	}
	return s.journal.Append(ctx, tx, actor, n)
}

// patched changes i as p says, notes all faults, and names the fields that differ now.
func (s *Service) patched(ctx context.Context, q db.Q, c *errs.Checker, i *Item, p ItemPatch) ([]string, error) {
	var changed []string
	text := func(field string, to, from *string, check func(string) string) {
		if from != nil {
			if v := check(*from); v != *to {
				*to, changed = v, append(changed, field)
			}
		}
	}
	text("sku", &i.SKU, p.SKU, func(v string) string {
		if !skuForm.MatchString(v) {
			c.Add(errs.Field{Name: "sku", Code: "bad_sku", Message: "Letters, digits, dots, hyphens and underscores, at most 64."})
		}
		return v
	})
	text("name", &i.Name, p.Name, func(v string) string { return c.Text("name", v, 1, 128) })
	text("description", &i.Description, p.Description, func(v string) string { return c.Text("description", v, 0, 500) })
	text("rule", &i.Rule, p.Rule, func(v string) string {
		return c.OneOf("rule", v, "prorated", "count_on_day", "peak", "full_month", "once")
	})
	if p.State != nil && *p.State != i.State {
		i.State, changed = State(c.OneOf("state", string(*p.State), string(Active), string(Retired))), append(changed, "state")
	}
	if p.Aliases != nil {
		names := slices.Compact(slices.Sorted(slices.Values(*p.Aliases)))
		for n, a := range names {
			if !codeForm.MatchString(a) || a == i.Code {
				c.Add(errs.Field{Name: "aliases[" + strconv.Itoa(n) + "]", Code: "bad_code", Message: "Small letters, digits and underscores, beginning with a letter."})
			}
		}
		if !slices.Equal(names, i.Aliases) {
			i.Aliases, changed = names, append(changed, "aliases")
		}
	}
	if p.Features != nil && !sameFeatures(*p.Features, i.Features) {
		for key, note := range *p.Features {
			if !knownFeature(key) {
				c.Add(errs.Field{Name: "features." + key, Code: "unknown_feature", Message: "There is no such feature."})
			}
			c.Text("features."+key, note, 0, 100)
		}
		i.Features, changed = *p.Features, append(changed, "features")
	}
	if p.DependsOn != nil {
		need := []string{}
		for n, code := range *p.DependsOn {
			base, err := s.Code(ctx, q, code)
			if err != nil && errs.CodeOf(err) != "unknown_package" {
				return nil, err
			}
			if err != nil || base.Kind != Base || i.Kind != AddOn {
				c.Add(errs.Field{Name: "depends_on[" + strconv.Itoa(n) + "]", Code: "unknown_package", Message: "There is no such package or add-on."})
			}
			need = append(need, base.Code)
		}
		if !slices.Equal(need, i.DependsOn.V) {
			i.DependsOn, changed = db.AsJSON(need), append(changed, "depends_on")
		}
	}
	return changed, nil
}

func sameFeatures(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			return false
		}
	}
	return true
}
