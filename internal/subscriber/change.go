package subscriber

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
	"linecard/internal/usage"
)

// HolderPatch is a partial change of a user or workspace; nil leaves a field as it is. The package has a change of its own (SetPackage).
type HolderPatch struct {
	Email, FirstName, LastName    *string // users
	DisplayName                   *string // the name of a workspace
	ExternalID                    *string
	LocationID, Extension, Number *string // "" takes extension or number away
	Active                        *bool   // users
	IfVersion                     int64   // 0: whatever the version is
}

// needs are the rights that the change of a user takes: names and address stay the customer's own (WS-156).
func (p HolderPatch) needs(k Kind) []access.Action {
	if k == Place {
		return []access.Action{access.WorkspaceSet}
	}
	var acts []access.Action
	if p.Email != nil || p.FirstName != nil || p.LastName != nil || p.DisplayName != nil {
		acts = append(acts, access.UserRename)
	}
	if p.Number != nil {
		acts = append(acts, access.NumberAssign)
	}
	if p.ExternalID != nil || p.LocationID != nil || p.Extension != nil || p.Active != nil || len(acts) == 0 {
		acts = append(acts, access.UserEdit)
	}
	return acts
}

var errConfirm = errs.New(errs.Conflict, "calling_in_use", "Without calling the user loses number, extension and lines. Confirm that.")

// EditUser changes a user. Stale when IfVersion is not the present version.
func (s *Service) EditUser(ctx context.Context, actor access.Actor, customerID, id string, p HolderPatch) (User, error) {
	return s.edit(ctx, actor, customerID, id, Person, p)
}

// EditWorkspace changes a workspace.
func (s *Service) EditWorkspace(ctx context.Context, actor access.Actor, customerID, id string, p HolderPatch) (Workspace, error) {
	return s.edit(ctx, actor, customerID, id, Place, p)
}

// changing decides about a change of a holder and locks it.
func (s *Service) changing(ctx context.Context, tx *db.Tx, actor access.Actor, customerID, id string, k Kind, ifVersion int64, acts ...access.Action) (tenant.Tenant, Holder, error) {
	var t tenant.Tenant
	for i, act := range acts {
		var err error
		if i == 0 {
			t, err = s.begin(ctx, tx, actor, act, customerID, false)
		} else {
			_, err = s.allowed(ctx, tx, actor, act, customerID)
		}
		if err != nil {
			return t, Holder{}, err
		}
	}
	if err := tx.LockToRead(ctx, "subscriber_holders", id); err != nil {
		return t, Holder{}, absent(err, errs.Missing(string(k)))
	}
	h, err := holder(ctx, tx, t.ID, id, k)
	if err == nil && ifVersion != 0 && ifVersion != h.Version {
		err = errStale
	}
	return t, h, err
}

func (s *Service) edit(ctx context.Context, actor access.Actor, customerID, id string, k Kind, p HolderPatch) (Holder, error) {
	return s.editAs(ctx, actor, customerID, id, k, p, p.needs(k)...)
}

// editAs is edit by these rights.
func (s *Service) editAs(ctx context.Context, actor access.Actor, customerID, id string, k Kind, p HolderPatch, acts ...access.Action) (Holder, error) {
	var out Holder
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, h, err := s.changing(ctx, tx, actor, customerID, id, k, p.IfVersion, acts...)
		if err != nil {
			return err
		}
		was := h
		fields, err := s.patch(ctx, tx, t, &h, p)
		out = h
		if err != nil || len(fields) == 0 {
			return err
		}
		out.Updated, out.Version = tx.Now(), was.Version+1
		if err := updateHolder(ctx, tx, out); err != nil {
			return err
		}
		if out.Status == Pending && out.EmailFold != was.EmailFold { // the person of the new address was not asked yet
			if _, err := tx.Exec(ctx, `DELETE FROM subscriber_moves WHERE id = $1`, out.ID); err != nil {
				return err
			}
		}
		if out.Number != was.Number {
			if err := renumber(ctx, tx, t, was, out); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(fields, func(f string) bool { return f != "external_id" && f != "email" }) {
			if err := s.relined(ctx, tx, t, out.ID); err != nil {
				return err
			}
		}
		return s.holderNews(ctx, tx, actor, t, out, "edited", "edit", map[string]any{"fields": fields})
	})
	return out, err
}

// patch applies p to h and names what differs.
func (s *Service) patch(ctx context.Context, tx *db.Tx, t tenant.Tenant, h *Holder, p HolderPatch) ([]string, error) {
	was := *h
	var c errs.Checker
	name := func(field string, to, from *string, min, max int) {
		if from != nil {
			*to = c.Text(field, *from, min, max)
		}
	}
	shown := "name"
	if h.Kind == Person {
		shown = "display_name"
		if p.Email != nil {
			h.Email = c.Email("email", *p.Email, true)
			h.EmailFold = db.Fold(h.Email)
		}
		name("first_name", &h.FirstName, p.FirstName, 1, 64)
		name("last_name", &h.LastName, p.LastName, 1, 64)
		if p.Active != nil {
			h.Active = *p.Active
		}
		if p.DisplayName == nil && was.DisplayName == whole(was.FirstName, was.LastName) {
			h.DisplayName = whole(h.FirstName, h.LastName)
		}
	}
	name(shown, &h.DisplayName, p.DisplayName, 1, 128)
	h.NameFold = db.Fold(h.DisplayName)
	name("external_id", &h.ExternalID, p.ExternalID, 0, 128)
	if err := c.Err(); err != nil {
		return nil, err
	}
	if p.LocationID != nil || p.Extension != nil || p.Number != nil {
		if err := s.replace(ctx, tx, t, h, p); err != nil {
			return nil, err
		}
	}
	var fields []string
	for _, f := range []struct {
		name   string
		differ bool
	}{
		{"email", was.Email != h.Email}, {"first_name", was.FirstName != h.FirstName}, {"last_name", was.LastName != h.LastName}, {shown, was.DisplayName != h.DisplayName},
		{"external_id", was.ExternalID != h.ExternalID}, {"location_id", was.LocationID != h.LocationID}, {"extension", was.Extension != h.Extension},
		{"number", was.Number != h.Number}, {"active", was.Active != h.Active},
	} {
		if f.differ {
			fields = append(fields, f.name)
		}
	}
	return fields, nil
}

func whole(first, last string) string {
	s := []rune(first + " " + last)
	if len(s) > 128 {
		s = s[:128]
	}
	return string(s)
}

// replace asks the rules of a new one about location, extension and number.
func (s *Service) replace(ctx context.Context, tx *db.Tx, t tenant.Tenant, h *Holder, p HolderPatch) error {
	a := ask{h.Kind, NewUser{DisplayName: h.DisplayName, Package: h.Package, LocationID: h.LocationID, Extension: h.Extension, Number: h.Number}}
	for _, f := range []struct{ to, from *string }{{&a.LocationID, p.LocationID}, {&a.Extension, p.Extension}, {&a.Number, p.Number}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	v, err := s.rejudge(ctx, tx, t, *h, a)
	if err == nil {
		err = v.err()
	}
	if err != nil {
		if p.Number == nil && h.Number != "" && a.LocationID != h.LocationID && errs.CodeOf(err) == errNumber.Code {
			err = errNumberBound
		}
		return err
	}
	h.LocationID, h.Extension, h.Number = v.holder.LocationID, v.holder.Extension, v.holder.Number
	return nil
}

// rejudge asks the rules about package, location, extension and number of somebody who is there already: what he has himself is
// not taken.
func (s *Service) rejudge(ctx context.Context, tx *db.Tx, t tenant.Tenant, h Holder, a ask) (verdict, error) {
	f, err := s.gather(ctx, tx, t, []ask{a}, true)
	if err != nil {
		return verdict{}, err
	}
	if h.Extension != "" {
		delete(f.taken, [2]string{h.place(), h.Extension})
	}
	delete(f.names, [2]string{h.place(), h.NameFold})
	if n, ok := f.numbers[h.Number]; ok && n.HolderID == h.ID {
		n.HolderID = ""
		f.numbers[h.Number] = n
	}
	for name, x := range f.items { // what is held is not counted again, also when it is not sold any more
		if x.Code == h.Package || slices.Contains(h.AddOns, x.Code) {
			x.Most, x.State = nil, catalog.Active
			f.items[name] = x
		}
	}
	v := verdict{holder: h}
	v.holder.AddOns, v.holder.LocationID, v.holder.Extension, v.holder.Number = nil, "", "", ""
	v.packages(f, a)
	v.calling(f, a)
	return v, nil
}

// renumber gives the old number back and takes the new one.
func renumber(ctx context.Context, tx *db.Tx, t tenant.Tenant, was, h Holder) error {
	if was.Number != "" {
		if err := release(ctx, tx, h.ID); err != nil {
			return err
		}
	}
	if h.Number == "" {
		return nil
	}
	n, err := tx.Exec(ctx, `UPDATE subscriber_numbers SET holder_id = $2, location_id = $3, updated = $4, version = version + 1
		WHERE number = $1 AND customer_id = $5 AND holder_id IS NULL AND (location_id IS NULL OR location_id = $6)`, h.Number, h.ID, orNil(h.LocationID), tx.Now(), t.ID, h.LocationID)
	if err == nil && n == 0 {
		err = taken409(errNumber, "number")
	}
	return err
}

// release puts the number of a holder back among the available ones of its location.
func release(ctx context.Context, tx *db.Tx, holderID string) error {
	_, err := tx.Exec(ctx, `UPDATE subscriber_numbers SET holder_id = NULL, updated = $2, version = version + 1 WHERE holder_id = $1`, holderID, tx.Now())
	return err
}

func (s *Service) holderNews(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, h Holder, what, verb string, data map[string]any) error {
	if data == nil {
		data = map[string]any{}
	}
	data["customer_id"], data["package"] = t.ID, h.Package
	if h.ExternalID != "" {
		data["external_id"] = h.ExternalID
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: string(h.Kind) + "." + what, Action: string(h.Kind) + "/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: string(h.Kind), ID: h.ID, Name: h.DisplayName}, Data: data})
}

// DeleteUser removes a user: lines and number go back, its assignments end, the ledger and the log keep what was (WS-119).
func (s *Service) DeleteUser(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.remove(ctx, actor, access.UserDelete, customerID, id, Person, ifVersion)
}

// DeleteWorkspace removes a workspace.
func (s *Service) DeleteWorkspace(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.remove(ctx, actor, access.WorkspaceSet, customerID, id, Place, ifVersion)
}

func (s *Service) remove(ctx context.Context, actor access.Actor, act access.Action, customerID, id string, k Kind, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, h, err := s.changing(ctx, tx, actor, customerID, id, k, ifVersion, act)
		if err != nil {
			return err
		}
		return s.dropHolder(ctx, tx, actor, t, h)
	})
}

// dropHolder removes a holder that the caller has locked.
func (s *Service) dropHolder(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, h Holder) error {
	return s.dropAs(ctx, tx, actor, t, h, "deleted", "delete")
}

// dropAs is dropHolder with the words of its event.
func (s *Service) dropAs(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, h Holder, what, verb string) error {
	ids, err := linesHeld(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	if err := s.dropLines(ctx, tx, t, ids); err != nil {
		return err
	}
	if h.Number != "" {
		if err := release(ctx, tx, h.ID); err != nil {
			return err
		}
	}
	if h.Status == Provisioned {
		counts := map[string]int64{h.Package: -1}
		for _, c := range h.AddOns {
			counts[c]--
		}
		if err := s.reserve(ctx, tx, t.ID, counts, 1); err != nil {
			return err
		}
		if err := usage.CloseAll(ctx, tx, h.Kind.usage(), h.ID); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM subscriber_holders WHERE id = $1`, h.ID); err != nil {
		return err
	}
	return s.holderNews(ctx, tx, actor, t, h, what, verb, nil)
}

// DropAll removes all users and workspaces of a customer, when the service is taken away as a whole (WS-141). The caller has decided.
// Numbers go back into the inventory of their locations.
func (s *Service) DropAll(ctx context.Context, actor access.Actor, t tenant.Tenant) error {
	for {
		var some []Holder
		if err := s.db.Select(ctx, &some, selectedHolders+` WHERE s.customer_id = $1 ORDER BY s.id LIMIT $2`, t.ID, chunk); err != nil {
			return err
		}
		if len(some) == 0 {
			return nil
		}
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, h := range some {
				if err := tx.LockToRead(ctx, "subscriber_holders", h.ID); err != nil {
					if errs.KindOf(err) == errs.NotFound {
						continue
					}
					return err
				}
				h, err := holder(ctx, tx, t.ID, h.ID, h.Kind)
				if errs.KindOf(err) == errs.NotFound && err != nil {
					continue
				}
				if err == nil {
					err = s.dropHolder(ctx, tx, actor, t, h)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// InUse counts users and workspaces of a customer. It decides nothing.
func (s *Service) InUse(ctx context.Context, q db.Q, customerID string) (int64, error) {
	var n int64
	err := q.Get(ctx, &n, `SELECT COUNT(*) FROM subscriber_holders WHERE customer_id = $1`, customerID)
	return n, err
}
