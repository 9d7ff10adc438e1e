package catalog

import (
	"context"
	"slices"
	"strconv"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// PackageLimit is a package of a customer with the most that may be assigned of it.
type PackageLimit struct {
	Code string `db:"item_id"`
	Max  *int64 `db:"most"` // nil: as many as wanted (WS-13)
	Used int64  `db:"used"` // how many are; ignored by SetCustomerPackages
}

var (
	errLimit      = errs.New(errs.Conflict, "limit_reached", "The customer has as many of this package as it may have.")
	errNotOfIt    = errs.New(errs.Conflict, "package_not_in_customer", "The customer does not have this package.")
	errInUse      = errs.New(errs.Conflict, "package_in_use", "This package is still assigned. Take it away from everybody first.")
	errLimitBelow = errs.New(errs.Conflict, "limit_below_use", "More of this package is assigned than the limit allows.")
)

// CustomerPackages gives the packages and add-ons of a customer by code. It decides nothing.
func (s *Service) CustomerPackages(ctx context.Context, q db.Q, customerID string) ([]PackageLimit, error) {
	all := []PackageLimit{}
	err := q.Select(ctx, &all, `SELECT item_id, most, used FROM catalog_customer_packages WHERE customer_id = $1 ORDER BY item_id`, customerID)
	return all, err
}

// SetCustomerPackages makes these the packages of a customer. Each must be sold by the subscription (MaySell); one that is left out
// must not be assigned (package_in_use) and a limit not be below what is (limit_below_use). The caller has decided about rights.
func (s *Service) SetCustomerPackages(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, want []PackageLimit) error {
	if err := tx.LockRow(ctx, "tenant_tenants", t.ID); err != nil {
		return err
	}
	have, err := s.CustomerPackages(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	wanted, added, err := s.wanted(ctx, tx, want, have)
	if err != nil {
		return err
	}
	if len(added) > 0 {
		if _, err := s.MaySell(ctx, tx, t.ParentID, added); err != nil {
			return err
		}
	}
	changed := len(added) > 0
	for _, h := range have {
		w, keep := wanted[h.Code]
		switch {
		case !keep && h.Used > 0:
			return errInUse.With("package", h.Code)
		case !keep:
			_, err = tx.Exec(ctx, `DELETE FROM catalog_customer_packages WHERE customer_id = $1 AND item_id = $2 AND used = 0`, t.ID, h.Code)
		case same(w.Max, h.Max):
			continue
		case w.Max != nil && *w.Max < h.Used:
			return errLimitBelow.With("package", h.Code).With("used", strconv.FormatInt(h.Used, 10))
		default:
			_, err = tx.Exec(ctx, `UPDATE catalog_customer_packages SET most = $3 WHERE customer_id = $1 AND item_id = $2`, t.ID, h.Code, w.Max)
		}
		if err != nil {
			return err
		}
		changed = true
	}
	for _, code := range added {
		if _, err := tx.Exec(ctx, `INSERT INTO catalog_customer_packages (customer_id, item_id, most, used) VALUES ($1, $2, $3, 0)`, t.ID, code, wanted[code].Max); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	if _, err := tx.Exec(ctx, `INSERT INTO catalog_customers (id, version) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET version = catalog_customers.version + 1`, t.ID); err != nil {
		return err
	}
	codes := make([]string, 0, len(wanted))
	for c := range wanted {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "customer.packages_changed", Action: "customer/packages", Tenant: t.Access(),
		Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: map[string]any{"packages": codes}})
}

// wanted resolves aliases and says which codes are new.
func (s *Service) wanted(ctx context.Context, q db.Q, want, have []PackageLimit) (map[string]PackageLimit, []string, error) {
	out := map[string]PackageLimit{}
	var added []string
	var c errs.Checker
	for n, w := range want {
		i, err := s.Code(ctx, q, w.Code)
		if err != nil {
			return nil, nil, err
		}
		if w.Max != nil {
			c.Range("packages["+strconv.Itoa(n)+"].limit", *w.Max, 0, 1_000_000_000)
		}
		w.Code = i.Code
		if _, twice := out[w.Code]; twice {
			c.Add(errs.Field{Name: "packages[" + strconv.Itoa(n) + "].code", Code: "duplicate", Message: "Name each package once."})
			continue
		}
		out[w.Code] = w
		if !slices.ContainsFunc(have, func(h PackageLimit) bool { return h.Code == w.Code }) {
			added = append(added, w.Code)
		}
	}
	return out, added, c.Err()
}

func same(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }

// Reserve counts by more (or fewer, when negative) of a package as assigned, in the assigning transaction. The conflicts
// package_not_in_customer and limit_reached; the row is the lock and the constraint (WS-13).
func (s *Service) Reserve(ctx context.Context, tx *db.Tx, customerID, code string, by int64) error {
	n, err := tx.Exec(ctx, `UPDATE catalog_customer_packages SET used = used + $3 WHERE customer_id = $1 AND item_id = $2
		AND (most IS NULL OR used + $4 <= most OR $5 < 0)`, customerID, code, by, by, by)
	if err != nil || n == 1 {
		return err
	}
	var row PackageLimit
	err = tx.Get(ctx, &row, `SELECT item_id, most, used FROM catalog_customer_packages WHERE customer_id = $1 AND item_id = $2`, customerID, code)
	switch {
	case err != nil && errs.KindOf(err) == errs.NotFound:
		return errNotOfIt.With("package", code)
	case err != nil:
		return err
	case row.Max != nil:
		return errLimit.With("package", code).With("max", strconv.FormatInt(*row.Max, 10))
	}
	return errLimit.With("package", code)
}

// Packages is CustomerPackages for whoever may see the customer, with the version of the list (0: never set).
func (s *Service) Packages(ctx context.Context, actor access.Actor, customerID string) ([]PackageLimit, int64, error) {
	if _, err := s.customer(ctx, s.db, actor, access.CustomerView, customerID); err != nil {
		return nil, 0, err
	}
	return s.packages(ctx, s.db, customerID)
}

func (s *Service) packages(ctx context.Context, q db.Q, customerID string) ([]PackageLimit, int64, error) {
	all, err := s.CustomerPackages(ctx, q, customerID)
	if err != nil {
		return nil, 0, err
	}
	var version int64
	err = q.Get(ctx, &version, `SELECT version FROM catalog_customers WHERE id = $1`, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = nil
	}
	return all, version, err
}

func (s *Service) customer(ctx context.Context, q db.Q, actor access.Actor, act access.Action, id string) (tenant.Tenant, error) {
	t, target, err := s.tenants.Target(ctx, q, actor, id)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err == nil && t.Kind != access.Customer {
		err = errs.Missing("object")
	}
	return t, err
}

// ChangePackages is SetCustomerPackages as a use case. Stale when ifVersion is not 0 and not the present version.
func (s *Service) ChangePackages(ctx context.Context, actor access.Actor, customerID string, want []PackageLimit, ifVersion int64) ([]PackageLimit, int64, error) {
	var out []PackageLimit
	var version int64
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockToRead(ctx, "tenant_tenants", customerID); err != nil {
			return err
		}
		t, err := s.customer(ctx, tx, actor, access.PackagesEdit, customerID)
		if err != nil {
			return err
		}
		if t.State == tenant.Archived {
			return errArchived
		}
		_, have, err := s.packages(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != have {
			return errStale
		}
		if err := s.SetCustomerPackages(ctx, tx, actor, t, want); err != nil {
			return err
		}
		out, version, err = s.packages(ctx, tx, t.ID)
		return err
	})
	return out, version, err
}

var errArchived = errs.New(errs.Conflict, "archived", "It is archived and cannot be changed any more.")
