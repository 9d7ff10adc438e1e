package network

import (
	"context"
	"net/netip"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

const selected = `SELECT id, customer_id, scope, name, name_fold, description, location_name, download_path, fixed, created, updated, version FROM network_sites`

// ensure gives a customer its row and the two sites that everybody has (DM-35).
func ensure(ctx context.Context, tx *db.Tx, t tenant.Tenant) error {
	n, err := tx.Exec(ctx, `INSERT INTO network_customers (id, map) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, t.ID, db.NewID())
	if err != nil || n == 0 {
		return err
	}
	var all []Site
	for _, name := range []string{internet, intranet} {
		s := Site{ID: db.NewID(), CustomerID: t.ID, Scope: t.Scope, Name: name, NameFold: db.Fold(name), Fixed: name == internet,
			Created: tx.Now(), Updated: tx.Now(), Version: 1}
		if !s.Fixed {
			s.Subnets = []Subnet{{Public: zeros}}
		}
		all = append(all, s)
	}
	if err := insert(ctx, tx, all...); err != nil {
		return err
	}
	return insertSubnets(ctx, tx, all)
}

// founded is the hook of tenant: a new customer has its two sites from the beginning.
func founded(ctx context.Context, tx *db.Tx, _ access.Actor, c tenant.Change) error {
	if c.What != tenant.Created || c.After.Kind != access.Customer {
		return nil
	}
	return ensure(ctx, tx, c.After)
}

// insert writes new sites without their subnets; a few, since all are one statement.
func insert(ctx context.Context, tx *db.Tx, sites ...Site) error {
	a := tx.Args()
	var rows []string
	for _, s := range sites {
		rows = append(rows, row(a, s.ID, s.CustomerID, s.Scope, s.Name, s.NameFold, s.Description, s.LocationName, s.searchFold(), s.DownloadPath,
			s.Fixed, s.Created, s.Updated, s.Version))
	}
	_, err := tx.Exec(ctx, `INSERT INTO network_sites
		(id, customer_id, scope, name, name_fold, description, location_name, search_fold, download_path, fixed, created, updated, version)
		VALUES `+strings.Join(rows, ", "), a.List()...)
	return err
}

func update(ctx context.Context, tx *db.Tx, s Site) error {
	_, err := tx.Exec(ctx, `UPDATE network_sites SET name = $2, name_fold = $3, description = $4, location_name = $5, search_fold = $6,
		download_path = $7, updated = $8, version = $9 WHERE id = $1`,
		s.ID, s.Name, s.NameFold, s.Description, s.LocationName, s.searchFold(), s.DownloadPath, s.Updated, s.Version)
	return err
}

func (s Site) searchFold() string {
	return db.Fold(s.Name + " " + s.Description + " " + s.LocationName)
}

func remove(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM network_sites WHERE id = $1`, id)
	return err
}

func clearSubnets(ctx context.Context, tx *db.Tx, ids []string) error {
	a := tx.Args()
	_, err := tx.Exec(ctx, `DELETE FROM network_subnets WHERE `+a.In("site_id", ids), a.List()...)
	return err
}

// rowsAtOnce is how many subnets one statement writes.
const rowsAtOnce = 100

func insertSubnets(ctx context.Context, tx *db.Tx, sites []Site) error {
	a := tx.Args()
	var rows []string
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		_, err := tx.Exec(ctx, `INSERT INTO network_subnets (customer_id, public, private, site_id, place) VALUES `+strings.Join(rows, ", "), a.List()...)
		a, rows = tx.Args(), nil
		return err
	}
	for _, s := range sites {
		for i, p := range s.pairs() {
			private := ""
			if p.private.IsValid() {
				private = p.private.String()
			}
			rows = append(rows, "("+a.Add(s.CustomerID)+", "+a.Add(p.public.String())+", "+a.Add(private)+", "+a.Add(s.ID)+", CAST("+a.Add(strconv.Itoa(i))+" AS BIGINT))")
			if len(rows) == rowsAtOnce {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// load gives all sites of a customer with their subnets.
func load(ctx context.Context, q db.Q, customerID string) ([]Site, error) {
	var all []Site
	if err := q.Select(ctx, &all, selected+` WHERE customer_id = $1`, customerID); err != nil {
		return nil, err
	}
	return all, fill(ctx, q, all, "customer_id = $1", customerID)
}

func get(ctx context.Context, q db.Q, customerID, id string) (Site, error) {
	one := make([]Site, 1)
	err := q.Get(ctx, &one[0], selected+` WHERE id = $1 AND customer_id = $2`, id, customerID)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errs.Missing("site")
		}
		return Site{}, err
	}
	return one[0], fill(ctx, q, one[:1], "site_id = $1", id)
}

// fill gives sites their subnets, which the condition finds.
func fill(ctx context.Context, q db.Q, sites []Site, where string, args ...any) error {
	at := make(map[string]*Site, len(sites))
	for i := range sites {
		at[sites[i].ID] = &sites[i]
	}
	var rows []struct {
		SiteID  string `db:"site_id"`
		Public  string `db:"public"`
		Private string `db:"private"`
	}
	if err := q.Select(ctx, &rows, `SELECT site_id, public, private FROM network_subnets WHERE `+where+` ORDER BY site_id, place`, args...); err != nil {
		return err
	}
	for _, r := range rows {
		s := at[r.SiteID]
		if s == nil { // came while this was read
			continue
		}
		public, err := netip.ParsePrefix(r.Public)
		if err != nil {
			return err
		}
		if n := len(s.Subnets); n == 0 || s.Subnets[n-1].Public != public {
			s.Subnets = append(s.Subnets, Subnet{Public: public})
		}
		if r.Private == "" {
			continue
		}
		private, err := netip.ParsePrefix(r.Private)
		if err != nil {
			return err
		}
		last := &s.Subnets[len(s.Subnets)-1]
		last.Private = append(last.Private, private)
	}
	return nil
}

var sorts = []db.Sort{
	{Name: "name", Column: "name_fold"},
	{Name: "created", Column: "created", Number: true, Desc: true},
}

func list(ctx context.Context, q db.Q, customerID string, query Query) (Listing, error) {
	var c errs.Checker
	a := q.Args()
	where := " WHERE customer_id = " + a.Add(customerID)
	if text := c.Text("q", query.Text, 0, 200); text != "" {
		where += " AND search_fold LIKE " + a.Add(db.Contains(text)) + ` ESCAPE '\'`
	}
	if name := c.Text("name", query.Name, 0, 128); name != "" {
		where += " AND name_fold = " + a.Add(db.Fold(name))
	}
	var l Listing
	if err := c.Err(); err != nil {
		return l, err
	}
	if err := q.Get(ctx, &l.Total, `SELECT COUNT(*) FROM network_sites`+where, a.List()...); err != nil {
		return l, err
	}
	k, err := query.Page.Keyset(a, "id", sorts...)
	if err != nil {
		return l, err
	}
	if err := q.Select(ctx, &l.Items, selected+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return l, err
	}
	l.Items, l.Next = db.Cut(k, l.Items, func(s Site) (any, string) {
		if k.SortName() == "created" {
			return s.Created.UnixMilli(), s.ID
		}
		return s.NameFold, s.ID
	})
	ids := make([]string, len(l.Items))
	for i, s := range l.Items {
		ids[i] = s.ID
	}
	b := q.Args()
	return l, fill(ctx, q, l.Items, b.In("site_id", ids), b.List()...)
}

func row(a *db.Args, values ...any) string {
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = a.Add(v)
	}
	return "(" + strings.Join(places, ", ") + ")"
}
