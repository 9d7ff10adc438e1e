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
	"linecard/internal/tenant"
)

// New is the input of Create.
type New struct {
	Name, Description, Mode, ImageID string
	Attributes                       []Attribute
	Lenient                          bool // see Patch
}

// Create adds a profile; at the operator it is one of the platform, in all tenants (DM-140, DM-143). Nothing changes on phones before it
// is put into a container. What it gives back is masked, as in all use cases.
func (s *Service) Create(ctx context.Context, actor access.Actor, at Place, n New) (Profile, []Finding, error) {
	var out Profile
	var findings []Finding
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.ProfileEdit, at)
		if err != nil {
			return err
		}
		out, findings, err = s.create(ctx, tx, actor, t, n)
		return err
	})
	return out.Masked(), findings, err
}

func (s *Service) create(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, n New) (Profile, []Finding, error) {
	p := Profile{ID: db.NewID(), TenantID: t.ID, TenantKind: t.Kind, Scope: t.Scope, Mode: n.Mode, Type: User, Created: tx.Now(), Updated: tx.Now(), Version: 1}
	if t.Kind == access.Operator {
		p.Type = Platform
	} else {
		p.ModifiedBy = nameOf(actor)
	}
	var c errs.Checker
	c.OneOf("mode", n.Mode, s.ModesHere()...)
	patch := Patch{Name: &n.Name, Description: &n.Description, ImageID: &n.ImageID, Set: n.Attributes, Lenient: n.Lenient}
	patch, findings, err := s.Prepare(ctx, tx, p, patch)
	p, err = p.withAll(&c, patch, err)
	if err != nil {
		return p, nil, err
	}
	if err := lockNames(ctx, tx); err != nil {
		return p, nil, err
	}
	if err := s.nameIt(ctx, tx, &p); err != nil {
		return p, nil, err
	}
	var n2 int64
	if err := tx.Get(ctx, &n2, `SELECT COUNT(*) FROM profile_profiles WHERE tenant_id = $1 AND type <> 'imported'`, t.ID); err != nil {
		return p, nil, err
	}
	if n2 >= MaxProfiles {
		return p, nil, errLimit
	}
	r, err := s.rowOf(p, "")
	if err == nil {
		err = insert(ctx, tx, r)
	}
	if err == nil && t.Kind != access.Customer {
		err = bump(ctx, tx, t.Kind, t.ID) // it may be put into a container below at once
	}
	if err == nil {
		err = s.journal.Append(ctx, tx, actor, news(p, "created", "create", map[string]any{"attributes": names(p.Attributes)}))
	}
	return p, findings, err
}

// withAll is With that tells the faults of Prepare as well; other errors end it.
func (p Profile) withAll(c *errs.Checker, patch Patch, prepared error) (Profile, error) {
	if prepared != nil && errs.KindOf(prepared) != errs.Invalid {
		return p, prepared
	}
	out, err := p.With(patch)
	for _, e := range []error{prepared, err} {
		if e == nil {
			continue
		}
		for _, f := range errs.As(e).Fields {
			if !c.Failed(f.Name) {
				c.Add(f)
			}
		}
	}
	return out, c.Err()
}

// nameIt checks that nobody who would see it has the name already. A name of the platform that people use elsewhere gets a suffix and
// theirs stays (DM-32, DM-142). lockNames must be held.
func (s *Service) nameIt(ctx context.Context, tx *db.Tx, p *Profile) error {
	taken := func(name, where string, args ...any) (bool, error) {
		var n int64
		err := tx.Get(ctx, &n, `SELECT COUNT(*) FROM profile_profiles WHERE name_fold = $1 AND id <> $2 AND (`+where+`)`, append([]any{db.Fold(name), p.ID}, args...)...)
		return n > 0, err
	}
	if p.Type == User {
		used, err := taken(p.Name, `tenant_id = $3 OR type IN ('platform', 'software')`, p.TenantID)
		if err == nil && used {
			err = errName
		}
		return err
	}
	if used, err := taken(p.Name, `tenant_id = $3`, p.TenantID); err != nil || used && !p.Builtin && p.Type == Platform {
		if err == nil {
			err = errName
		}
		return err
	}
	base, end := p.Name, ""
	if p.Template() {
		base, end = p.Name[:len(p.Name)-len(templateSuffix)], p.Name[len(p.Name)-len(templateSuffix):]
	}
	for i := 0; ; i++ {
		name := p.Name
		switch i {
		case 0:
		case 1:
			name = clip(base, 100) + " (platform)" + end
		default:
			name = clip(base, 100) + " (platform " + strconv.Itoa(i) + ")" + end
		}
		used, err := taken(name, `1 = 1`)
		if err != nil || !used {
			p.Name = name
			return err
		}
	}
}

// Get gives a profile of the place or of a tenant above it, masked.
func (s *Service) Get(ctx context.Context, actor access.Actor, at Place, id string) (Profile, error) {
	t, err := s.allowed(ctx, s.db, actor, access.ProfileView, at)
	if err != nil {
		return Profile{}, err
	}
	p, err := s.get(ctx, s.db, t.Scope, id)
	return p.Masked(), err
}

// Load is Get with secrets opened and without a decision, for who makes the files of phones and plans: a profile that is visible in the
// tenant with this scope, else NotFound.
func (s *Service) Load(ctx context.Context, q db.Q, scope, id string) (Profile, error) {
	return s.get(ctx, q, scope, id)
}

// Edit changes a profile (DM-151). A type that cannot be changed is a conflict with the reason, another version than IfVersion is stale.
func (s *Service) Edit(ctx context.Context, actor access.Actor, at Place, id string, c Patch) (Profile, []Finding, error) {
	var out Profile
	var findings []Finding
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, p, err := s.changing(ctx, tx, actor, at, id, c.IfVersion)
		if err != nil {
			return err
		}
		out, findings, err = s.edit(ctx, tx, actor, t, p, c)
		return err
	})
	return out.Masked(), findings, err
}

// changing gives a profile that the actor may change or delete, with its rows locked.
func (s *Service) changing(ctx context.Context, tx *db.Tx, actor access.Actor, at Place, id string, ifVersion int64) (tenant.Tenant, Profile, error) {
	t, err := s.begin(ctx, tx, actor, access.ProfileEdit, at)
	if err != nil {
		return t, Profile{}, err
	}
	p, err := s.get(ctx, tx, t.Scope, id)
	if err == nil {
		err = p.changeable(t.ID)
	}
	if err == nil {
		err = tx.LockRow(ctx, "profile_profiles", p.ID) // no container takes it meanwhile
	}
	if err == nil && ifVersion != 0 && ifVersion != p.Version {
		err = errStale
	}
	return t, p, err
}

func (s *Service) edit(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, before Profile, c Patch) (Profile, []Finding, error) {
	var faults errs.Checker
	c, findings, err := s.Prepare(ctx, tx, before, c)
	after, err := before.withAll(&faults, c, err)
	if err != nil {
		return before, nil, err
	}
	data := difference(before, after)
	if len(data) == 0 {
		return before, findings, nil
	}
	if after.Name != before.Name {
		if err := lockNames(ctx, tx); err != nil {
			return before, nil, err
		}
		if err := s.nameIt(ctx, tx, &after); err != nil {
			return before, nil, err
		}
	}
	return after, findings, s.store(ctx, tx, actor, before, &after, data)
}

// store writes a changed profile with all that follows.
func (s *Service) store(ctx context.Context, tx *db.Tx, actor access.Actor, before Profile, after *Profile, data map[string]any) error {
	after.Version, after.Updated = before.Version+1, tx.Now()
	if after.Type == User || after.Type == Imported {
		after.ModifiedBy = nameOf(actor)
	}
	r, err := s.rowOf(*after, "")
	if err != nil {
		return err
	}
	if err := replace(ctx, tx, r); err != nil {
		return err
	}
	uses, err := uses(ctx, tx, after.ID)
	if err != nil {
		return err
	}
	if err := used(ctx, tx, *after, before.Attributes); err != nil {
		return err
	}
	if err := touch(ctx, tx, *after, uses); err != nil {
		return err
	}
	return s.journal.Append(ctx, tx, actor, news(*after, "edited", "edit", data))
}

// difference tells what a change did, without a value.
func difference(a, b Profile) map[string]any {
	var fields []string
	for name, differs := range map[string]bool{"name": a.Name != b.Name, "description": a.Description != b.Description, "software_image_id": a.ImageID != b.ImageID} {
		if differs {
			fields = append(fields, name)
		}
	}
	var set, dropped []Attribute
	for _, x := range b.Attributes {
		if was, ok := a.Get(x.Name); !ok || was != x {
			set = append(set, x)
		}
	}
	for _, x := range a.Attributes {
		if _, ok := b.Get(x.Name); !ok {
			dropped = append(dropped, x)
		}
	}
	data := map[string]any{}
	if len(set)+len(dropped) > 0 {
		fields = append(fields, "attributes")
		data["set"], data["dropped"] = names(set), names(dropped)
	}
	if len(fields) == 0 {
		return nil
	}
	slices.Sort(fields)
	data["fields"] = fields
	return data
}

// namesMost bounds how many names of attributes stand in the journal.
const namesMost = 100

func names(all []Attribute) []string {
	out := []string{}
	for _, a := range all[:min(len(all), namesMost)] {
		out = append(out, a.Name)
	}
	return out
}

func news(p Profile, what, verb string, data map[string]any) journal.News {
	if data == nil {
		data = map[string]any{}
	}
	data["tenant_id"], data["type"], data["mode"] = p.TenantID, string(p.Type), p.Mode
	return journal.News{Type: "profile." + what, Action: "profile/" + verb, Tenant: access.Tenant{ID: p.TenantID, Kind: p.TenantKind, Scope: p.Scope},
		Target: journal.Target{Kind: "profile", ID: p.ID, Name: p.Name}, Data: data}
}

// Twin is the input of Copy. What is "" or nil is taken from the original.
type Twin struct {
	Name        string // "": the original's with -copy, and without -TEMPLATE
	Description *string
}

// Copy makes a profile of the place's own from any that can be copied there, in no container (DM-152). Secrets of a provider's profile
// come along only for who may see them there; otherwise those attributes are left out and named in the findings.
func (s *Service) Copy(ctx context.Context, actor access.Actor, at Place, id string, in Twin) (Profile, []Finding, error) {
	var out Profile
	var findings []Finding
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.ProfileEdit, at)
		if err != nil {
			return err
		}
		p, err := s.get(ctx, tx, t.Scope, id)
		if err == nil {
			err = p.copyable()
		}
		if err != nil {
			return err
		}
		n := New{Name: in.Name, Description: p.Description, Mode: p.Mode, Attributes: p.Attributes, Lenient: true}
		if in.Description != nil {
			n.Description = *in.Description
		}
		if gone, err := s.ImageGone(ctx, tx, p); err != nil {
			return err
		} else if !gone {
			n.ImageID = p.ImageID
		}
		left, err := s.withoutForeignSecrets(ctx, tx, actor, t, p, &n)
		if err != nil {
			return err
		}
		if n.Name == "" {
			if n.Name, err = s.suggest(ctx, tx, t, p.Name); err != nil {
				return err
			}
		}
		if out, findings, err = s.create(ctx, tx, actor, t, n); err == nil {
			findings = append(left, findings...)
		}
		return err
	})
	return out.Masked(), findings, err
}

func (s *Service) withoutForeignSecrets(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, p Profile, n *New) ([]Finding, error) {
	kept := slices.DeleteFunc(slices.Clone(p.Attributes), func(a Attribute) bool { return a.File != "" && p.TenantID != t.ID })
	if p.TenantID != t.ID {
		_, target, err := s.tenants.Target(ctx, tx, actor, p.TenantID)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			return nil, err
		}
		if err != nil || access.Decide(actor, access.SecretReveal, target) != nil {
			kept = slices.DeleteFunc(kept, func(a Attribute) bool { return a.Secret })
		}
	}
	n.Attributes = kept
	var left []Finding
	for _, a := range p.Attributes {
		if !slices.Contains(kept, a) {
			left = append(left, Finding{Name: a.Name, Code: "left_out", Message: "This value belongs to your provider and was not copied. Give your own."})
		}
	}
	return left, nil
}

// suggest gives a free name for a copy.
func (s *Service) suggest(ctx context.Context, tx *db.Tx, t tenant.Tenant, name string) (string, error) {
	if isTemplate(name) {
		name = strings.TrimRight(name[:len(name)-len(templateSuffix)], " -")
	}
	name = clip(name, 100) + "-copy"
	for i := 1; ; i++ {
		p := Profile{Type: User, Name: name, TenantID: t.ID}
		if i > 1 {
			p.Name += strconv.Itoa(i)
		}
		if err := s.nameIt(ctx, tx, &p); err == nil || errs.CodeOf(err) != errName.Code {
			return p.Name, err
		}
	}
}

// Delete removes a profile of people, with all its associations wherever they are (DM-140, DM-153).
func (s *Service) Delete(ctx context.Context, actor access.Actor, at Place, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, p, err := s.changing(ctx, tx, actor, at, id, ifVersion)
		if err != nil {
			return err
		}
		return s.remove(ctx, tx, actor, p, "deleted", "delete")
	})
}

// Query says which profiles a list shall hold.
type Query struct {
	Text       string   // part of name or description (table 4.2)
	Types      []Type   // any of these; none: all
	Modes      []string // any of these; none: all
	ModifiedBy string   // part of the name of who last changed it
	Own        bool     // without those of the tenants above
	Page       db.Page  // sorts: name, updated, mode, type
}

// Listing is one page of a list.
type Listing struct {
	Items []Profile // masked
	Next  string    // cursor of the next page, "" when this is the last
	Total int64     // how many match on all pages
}

var sorts = []db.Sort{
	{Name: "name", Column: "p.name_fold"},
	{Name: "updated", Column: "p.updated", Number: true, Desc: true},
	{Name: "mode", Column: "p.mode"},
	{Name: "type", Column: "p.type"},
	{Name: "modified_by", Column: "p.modified_fold"},
}

// List gives the profiles of the place and those of the tenants above it, page by page (DM-139).
func (s *Service) List(ctx context.Context, actor access.Actor, at Place, query Query) (Listing, error) {
	var l Listing
	t, err := s.allowed(ctx, s.db, actor, access.ProfileView, at)
	if err != nil {
		return l, err
	}
	a := s.db.Args()
	where, err := query.where(a, t)
	if err != nil {
		return l, err
	}
	if err := s.db.Get(ctx, &l.Total, `SELECT COUNT(*) FROM profile_profiles p`+where, a.List()...); err != nil {
		return l, err
	}
	k, err := query.Page.Keyset(a, "p.id", sorts...)
	if err != nil {
		return l, err
	}
	var rows []row
	if err := s.db.Select(ctx, &rows, selected+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return l, err
	}
	rows, l.Next = db.Cut(k, rows, func(r row) (any, string) { return r.sortKey(k.SortName()), r.ID })
	all, err := s.profilesOf(rows)
	for _, p := range all {
		l.Items = append(l.Items, p.Masked())
	}
	return l, err
}

func (r row) sortKey(sort string) any {
	switch sort {
	case "updated":
		return r.Updated.UnixMilli()
	case "mode":
		return r.Mode
	case "type":
		return string(r.Type)
	case "modified_by":
		return r.Modified
	}
	return r.NameFold
}

func (query Query) where(a *db.Args, t tenant.Tenant) (string, error) {
	var c errs.Checker
	w := " WHERE " + a.In("p.scope", above(t.Scope))
	if query.Own {
		w += " AND p.tenant_id = " + a.Add(t.ID)
	}
	if text := c.Text("q", query.Text, 0, 200); text != "" {
		w += " AND p.search_fold LIKE " + a.Add(db.Contains(text)) + ` ESCAPE '\'`
	}
	if by := c.Text("modified_by", query.ModifiedBy, 0, 200); by != "" {
		w += " AND p.modified_fold LIKE " + a.Add(db.Contains(by)) + ` ESCAPE '\'`
	}
	if len(query.Types) > 0 {
		var in []string
		for _, x := range query.Types {
			in = append(in, c.OneOf("type", string(x), string(Platform), string(User), string(Software), string(Imported)))
		}
		w += " AND " + a.In("p.type", in)
	}
	if len(query.Modes) > 0 {
		for _, m := range query.Modes {
			c.OneOf("mode", m, Modes...)
		}
		w += " AND " + a.In("p.mode", query.Modes)
	}
	return w, c.Err()
}
