package account

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// View is a list as somebody keeps it: its filters, order and columns under a name. It belongs to one account in one tenant.
type View struct {
	ID    string `db:"id"`
	Name  string `db:"name"`
	Query string `db:"query"` // what stands behind the question mark of the list's address
}

const (
	maxViews = 50   // of one list
	maxQuery = 2000 // characters
)

var errViews = errs.New(errs.Conflict, "view_limit", "You keep 50 views of this list already. Delete one first.")

// Views gives the kept views of a list by name.
func (s *Service) Views(ctx context.Context, a access.Actor, list string) ([]View, error) {
	if err := access.Decide(a, access.Self, access.Target{Tenant: a.Place()}); err != nil {
		return nil, err
	}
	var all []View
	err := s.db.Select(ctx, &all, `SELECT id, name, query FROM account_views WHERE account_id = $1 AND tenant_id = $2 AND list = $3 ORDER BY name_fold`, a.Account, a.Place().ID, list)
	return all, err
}

// KeepView keeps a view; one of the same name becomes this. It changes nothing that anybody else sees, so nothing stands in the log.
func (s *Service) KeepView(ctx context.Context, a access.Actor, list string, v View) (View, error) {
	if err := access.Decide(a, access.Self, access.Target{Tenant: a.Place()}); err != nil {
		return View{}, err
	}
	var c errs.Checker
	v.Name = c.Text("name", v.Name, 1, 64)
	v.Query = c.Text("query", v.Query, 0, maxQuery)
	list = c.Text("list", list, 1, 64)
	if err := c.Err(); err != nil {
		return View{}, err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "account_accounts", a.Account); err != nil {
			return err
		}
		var n int64
		if err := tx.Get(ctx, &n, `SELECT COUNT(*) FROM account_views WHERE account_id = $1 AND tenant_id = $2 AND list = $3 AND name_fold <> $4`, a.Account, a.Place().ID, list, db.Fold(v.Name)); err != nil {
			return err
		}
		if n >= maxViews {
			return errViews
		}
		return tx.Get(ctx, &v.ID, `INSERT INTO account_views (id, account_id, tenant_id, list, name, name_fold, query, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (account_id, tenant_id, list, name_fold) DO UPDATE SET name = excluded.name, query = excluded.query RETURNING id`,
			db.NewID(), a.Account, a.Place().ID, list, v.Name, db.Fold(v.Name), v.Query, tx.Now())
	})
	return v, err
}

// DropView forgets a view; NotFound when the account keeps none with this id here.
func (s *Service) DropView(ctx context.Context, a access.Actor, id string) error {
	if err := access.Decide(a, access.Self, access.Target{Tenant: a.Place()}); err != nil {
		return err
	}
	n, err := s.db.Exec(ctx, `DELETE FROM account_views WHERE id = $1 AND account_id = $2 AND tenant_id = $3`, id, a.Account, a.Place().ID)
	if err == nil && n == 0 {
		err = errs.Missing("view")
	}
	return err
}
