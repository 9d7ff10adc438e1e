package subscriber

import (
	"context"
	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/tenant"
	"linecard/internal/usage"
	"slices"
)

// PackageChange is another package or other add-ons (WS-136).
type PackageChange struct {
	Package                       string    // code or alias; "": the present one
	AddOns                        *[]string // nil: those that fit stay
	LocationID, Extension, Number string    // looked at only when calling is gained (WS-117, WS-119)
	Confirm                       bool      // losing calling may give number, extension and lines back
	Cascade                       bool      // add-ons that do not fit the new package go; else they refuse it (WS-11)
	Lenient                       bool      // as in NewUser
	IfVersion                     int64
}

// SetPackage changes the package of a user: the old assignment ends and the new one begins at the same instant.
func (s *Service) SetPackage(ctx context.Context, actor access.Actor, customerID, id string, p PackageChange) (User, error) {
	return s.repackage(ctx, actor, access.UserPackage, customerID, id, Person, p)
}

// SetWorkspacePackage changes the package of a workspace.
func (s *Service) SetWorkspacePackage(ctx context.Context, actor access.Actor, customerID, id string, p PackageChange) (Workspace, error) {
	return s.repackage(ctx, actor, access.WorkspaceSet, customerID, id, Place, p)
}

func (s *Service) repackage(ctx context.Context, actor access.Actor, act access.Action, customerID, id string, k Kind, p PackageChange) (Holder, error) {
	var out Holder
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, was, err := s.changing(ctx, tx, actor, customerID, id, k, p.IfVersion, act)
		if err != nil {
			return err
		}
		v, from, err := s.changed(ctx, tx, t, was, p)
		if err != nil {
			return err
		}
		out = v.holder
		if out.Package == was.Package && slices.Equal(out.AddOns, was.AddOns) {
			return nil
		}
		out.Updated, out.Version = tx.Now(), was.Version+1
		v.holder = out
		if err := s.reassign(ctx, tx, t, was, v); err != nil {
			return err
		}
		if err := s.recall(ctx, tx, t, was, v, from); err != nil {
			return err
		}
		return s.holderNews(ctx, tx, actor, t, out, "package_changed", "package", map[string]any{"from": was.Package, "add_ons": orEmpty(out.AddOns)})
	})
	return out, err
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// changed says what the holder is with the change, and which package it comes from.
func (s *Service) changed(ctx context.Context, tx *db.Tx, t tenant.Tenant, was Holder, p PackageChange) (verdict, catalog.Item, error) {
	if p.Package == "" {
		p.Package = was.Package
	}
	from, err := s.catalog.Code(ctx, tx, was.Package)
	if err != nil {
		return verdict{}, from, err
	}
	to, err := s.catalog.Code(ctx, tx, p.Package)
	if err != nil {
		return verdict{}, from, err
	}
	admin, err := was.admin(ctx, tx)
	if err == nil {
		err = catalog.Change(from, to, admin)
	}
	if err != nil {
		return verdict{}, from, err
	}
	a := ask{was.Kind, NewUser{DisplayName: was.DisplayName, Package: to.Code, LocationID: p.LocationID, Extension: p.Extension, Number: p.Number, Lenient: p.Lenient}}
	switch {
	case from.HasCalling() && to.HasCalling(): // what it is called at stays
		a.LocationID, a.Extension, a.Number = was.LocationID, was.Extension, was.Number
	case from.HasCalling() && !p.Confirm:
		return verdict{}, from, errConfirm
	}
	if p.AddOns != nil {
		a.AddOns = *p.AddOns
	} else {
		for _, code := range was.AddOns {
			x, err := s.catalog.Code(ctx, tx, code)
			if err != nil {
				return verdict{}, from, err
			}
			if !p.Cascade || catalog.Fits(x, to.Code) == nil {
				a.AddOns = append(a.AddOns, code)
			}
		}
	}
	v, err := s.rejudge(ctx, tx, t, was, a)
	if err == nil {
		err = v.err()
	}
	return v, from, err
}

// reassign moves counts, rows and spans from what was to what is.
func (s *Service) reassign(ctx context.Context, tx *db.Tx, t tenant.Tenant, was Holder, v verdict) error {
	now := v.holder
	counts := map[string]int64{was.Package: -1}
	counts[now.Package]++
	for _, c := range was.AddOns {
		counts[c]--
	}
	for _, c := range now.AddOns {
		counts[c]++
	}
	if now.Status == Provisioned {
		if err := s.reserve(ctx, tx, t.ID, counts, 1); err != nil {
			return err
		}
	}
	if err := updateHolder(ctx, tx, now); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM subscriber_add_ons WHERE holder_id = $1`, now.ID); err != nil {
		return err
	}
	if err := insertAddOns(ctx, tx, []Holder{now}); err != nil || now.Status != Provisioned {
		return err
	}
	var open []item
	for _, x := range append([]item{v.base}, v.addOns...) {
		if counts[x.Code] > 0 {
			open = append(open, x)
		}
	}
	for code, n := range counts {
		if n < 0 {
			if err := usage.Close(ctx, tx, code, now.Kind.usage(), now.ID); err != nil {
				return err
			}
		}
	}
	if len(open) == 0 {
		return nil
	}
	sold, err := s.catalog.SoldTo(ctx, tx, t)
	if err != nil {
		return err
	}
	return s.meter(ctx, tx, t, sold, []verdict{{holder: now, base: open[0], addOns: open[1:]}})
}

// recall follows a change of the package in what the holder is called at.
func (s *Service) recall(ctx context.Context, tx *db.Tx, t tenant.Tenant, was Holder, v verdict, from catalog.Item) error {
	now := v.holder
	if was.Number != now.Number {
		if err := renumber(ctx, tx, t, was, now); err != nil {
			return err
		}
	}
	switch {
	case from.HasCalling() && !v.base.HasCalling():
		ids, err := linesHeld(ctx, tx, now.ID)
		if err != nil {
			return err
		}
		return s.dropLines(ctx, tx, t, ids)
	case !from.HasCalling() && v.base.HasCalling() && now.Status == Provisioned:
		l, err := s.newLine(tx, now)
		if err == nil {
			err = insertLines(ctx, tx, []line{l})
		}
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, LineChange{CustomerID: t.ID, Scope: t.Scope, Set: []string{l.ID}})
	}
	return nil
}
