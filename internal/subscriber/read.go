package subscriber

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// User gives one user of a customer; NotFound when it has none with this id.
func (s *Service) User(ctx context.Context, actor access.Actor, customerID, id string) (User, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.UserView, customerID); err != nil {
		return User{}, err
	}
	return holder(ctx, s.db, customerID, id, Person)
}

// UserByID is User for who knows no customer: a foreign id and an unknown one are NotFound alike.
func (s *Service) UserByID(ctx context.Context, actor access.Actor, id string) (User, error) {
	var customer string
	err := s.db.Get(ctx, &customer, `SELECT customer_id FROM subscriber_holders WHERE id = $1 AND kind = 'user'`, id)
	if err == nil {
		_, err = s.allowed(ctx, s.db, actor, access.UserView, customer)
	}
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errs.Missing("user")
		}
		return User{}, err
	}
	return holder(ctx, s.db, customer, id, Person)
}

// Workspace gives one workspace of a customer.
func (s *Service) Workspace(ctx context.Context, actor access.Actor, customerID, id string) (Workspace, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.UserView, customerID); err != nil {
		return Workspace{}, err
	}
	return holder(ctx, s.db, customerID, id, Place)
}

// HolderQuery chooses users or workspaces of a list; empty fields choose all.
type HolderQuery struct {
	ID                 string
	CustomerID         string // "": of all customers that the actor may see
	ProviderID         string // of the customers that this partner or sub-partner owns itself
	Text               string // part of the name, or the beginning of the address
	Email, ExternalID  string // exactly
	ExternalCustomerID string // the customer's
	Package            string // code
	LocationID         string
	Status             Status
	Active             *bool
	CreatedSince       db.Time
	ChangedSince       db.Time // of the status
	Page               db.Page
	Offset             int // for callers that page by number; then Page.Cursor is ""
}

var holderSorts = []db.Sort{
	{Name: "name", Column: "s.name_fold"},
	{Name: "created", Column: "s.created", Number: true, Desc: true},
	{Name: "status_changed", Column: "s.status_changed", Number: true, Desc: true},
}

// holderSortsOfFew are the same orders without their indexes: who sees few of very many is served by finding those and sorting them. A
// database would walk through everybody else's in order instead.
var holderSortsOfFew = []db.Sort{
	{Name: "name", Column: "(s.name_fold || '')"},
	{Name: "created", Column: "(s.created + 0)", Number: true, Desc: true},
	{Name: "status_changed", Column: "s.status_changed", Number: true, Desc: true},
}

const fewHolders = 10_000

// sortsFor gives the orders for who sees what the filter says, and the column of the kind.
func (s *Service) sortsFor(ctx context.Context, f db.Filter) (sorts []db.Sort, kind string, err error) {
	if slices.Contains(f.Within, "") {
		return holderSorts, "s.kind", nil
	}
	a := s.db.Args()
	var n int
	err = s.db.Get(ctx, &n, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM subscriber_holders s WHERE `+f.SQL(a, "s.scope")+` LIMIT `+a.Add(fewHolders+1)+`) AS l`, a.List()...)
	if n <= fewHolders {
		return holderSortsOfFew, "(s.kind || '')", err
	}
	return holderSorts, "s.kind", err
}

// Users lists users, page by page.
func (s *Service) Users(ctx context.Context, actor access.Actor, by HolderQuery) ([]User, string, error) {
	return s.list(ctx, actor, Person, by)
}

// Workspaces lists workspaces, page by page.
func (s *Service) Workspaces(ctx context.Context, actor access.Actor, by HolderQuery) ([]Workspace, string, error) {
	return s.list(ctx, actor, Place, by)
}

func (s *Service) list(ctx context.Context, actor access.Actor, kind Kind, by HolderQuery) ([]Holder, string, error) {
	a := s.db.Args()
	where, column, sorts := " WHERE ", "s.kind", holderSorts
	if by.CustomerID != "" {
		if _, err := s.allowed(ctx, s.db, actor, access.UserView, by.CustomerID); err != nil {
			return nil, "", err
		}
		where += "s.customer_id = " + a.Add(by.CustomerID)
	} else {
		f, err := s.tenants.Visible(ctx, s.db, actor, access.UserView, true)
		if err != nil {
			return nil, "", err
		}
		where += f.SQL(a, "s.scope")
		if sorts, column, err = s.sortsFor(ctx, f); err != nil {
			return nil, "", err
		}
	}
	where += " AND " + column + " = " + a.Add(string(kind))
	var c errs.Checker
	where += by.conditions(a, &c)
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	k, err := by.Page.Keyset(a, "s.id", sorts...)
	if err != nil {
		return nil, "", err
	}
	stmt := selectedHolders + where + " AND " + k.Where + " ORDER BY " + k.OrderBy + " LIMIT " + a.Add(k.Limit)
	if by.Offset > 0 {
		stmt += " OFFSET " + a.Add(by.Offset)
	}
	var all []Holder
	if err := s.db.Select(ctx, &all, stmt, a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(h Holder) (any, string) {
		switch k.SortName() {
		case "created":
			return h.Created.UnixMilli(), h.ID
		case "status_changed":
			return h.StatusChanged.UnixMilli(), h.ID
		}
		return h.NameFold, h.ID
	})
	return all, next, withAddOns(ctx, s.db, all)
}

func (by HolderQuery) conditions(a *db.Args, c *errs.Checker) string {
	out := ""
	if by.ID != "" {
		out += " AND s.id = " + a.Add(by.ID)
	}
	if by.ProviderID != "" {
		out += " AND s.customer_id IN (SELECT id FROM tenant_tenants WHERE parent_id = " + a.Add(by.ProviderID) + ")"
	}
	if text := c.Text("q", by.Text, 0, 200); text != "" {
		like := a.Add(db.Contains(text))
		out += " AND (s.name_fold LIKE " + like + ` ESCAPE '\' OR s.email_fold LIKE ` + like + ` ESCAPE '\')`
	}
	if v := c.Text("email", by.Email, 0, 254); v != "" {
		out += " AND s.email_fold = " + a.Add(db.Fold(v))
	}
	if v := c.Text("external_id", by.ExternalID, 0, 128); v != "" {
		out += " AND s.external_id = " + a.Add(v)
	}
	if v := c.Text("external_customer_id", by.ExternalCustomerID, 0, 128); v != "" {
		out += " AND s.customer_id IN (SELECT id FROM tenant_tenants WHERE external_id = " + a.Add(v) + ")"
	}
	if v := c.Text("package", by.Package, 0, 64); v != "" {
		out += " AND s.package = " + a.Add(v)
	}
	if by.LocationID != "" {
		out += " AND s.location_id = " + a.Add(by.LocationID)
	}
	if by.Status != "" {
		out += " AND s.status = " + a.Add(c.OneOf("status", string(by.Status), string(Provisioned), string(Pending)))
	}
	if by.Active != nil {
		out += " AND s.active = " + a.Add(*by.Active)
	}
	if !by.CreatedSince.IsZero() {
		out += " AND s.created > " + a.Add(by.CreatedSince)
	}
	if !by.ChangedSince.IsZero() {
		out += " AND s.status_changed > " + a.Add(by.ChangedSince)
	}
	return out
}

// EmailUsed says whether a user of any customer has this address. It decides nothing, and tells nothing about whose it is.
func (s *Service) EmailUsed(ctx context.Context, q db.Q, email string) (bool, error) {
	var n int64
	err := q.Get(ctx, &n, `SELECT COUNT(*) FROM subscriber_holders WHERE email_fold = $1 AND kind = 'user' AND status = 'provisioned'`, db.Fold(email))
	return n > 0, err
}

// HolderNames names those of the ids that there are, for lists that show what somebody has. It decides nothing.
func (s *Service) HolderNames(ctx context.Context, q db.Q, ids []string) (map[string]string, error) {
	out := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	a := q.Args()
	var rows []struct {
		ID   string `db:"id"`
		Name string `db:"display_name"`
	}
	err := q.Select(ctx, &rows, `SELECT id, display_name FROM subscriber_holders WHERE `+a.In("id", ids), a.List()...)
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, err
}
