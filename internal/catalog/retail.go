package catalog

import (
	"context"
	"slices"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// RetailPrice is what a provider asks of a customer for an item per unit and month (WS-2, WS-59).
type RetailPrice struct {
	CustomerID string `db:"customer_id"` // "": of all its customers that have no price of their own
	Price
}

// RetailList is the price list of a partner or sub-partner for its own customers. Only the provider and the operator see it.
type RetailList struct {
	ProviderID string
	Currency   string // "" while there is no list
	Prices     []RetailPrice
	Version    int64 // 0 while there is none
}

// Retail gives the price list of a provider. It is empty, not missing, before it was first set.
func (s *Service) Retail(ctx context.Context, actor access.Actor, providerID string) (RetailList, error) {
	if _, err := s.retailer(ctx, s.db, actor, access.RetailView, providerID); err != nil {
		return RetailList{}, err
	}
	return s.RetailOf(ctx, s.db, providerID)
}

// retailer decides: a parent does not see what its sub-partner asks, since that is the sub-partner's own business (WS-2).
func (s *Service) retailer(ctx context.Context, q db.Q, actor access.Actor, act access.Action, id string) (tenant.Tenant, error) {
	t, err := s.partner(ctx, q, actor, act, id)
	if err == nil && actor.Kind != access.System && actor.Tenant.Kind != access.Operator && actor.Place().ID != t.ID {
		err = errs.Missing("object")
	}
	return t, err
}

// RetailOf is Retail without a decision.
func (s *Service) RetailOf(ctx context.Context, q db.Q, providerID string) (RetailList, error) {
	l := RetailList{ProviderID: providerID, Prices: []RetailPrice{}}
	err := q.Get(ctx, &l, `SELECT id AS provider_id, currency, version FROM catalog_retail_lists WHERE id = $1`, providerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return l, nil
	}
	if err == nil {
		err = q.Select(ctx, &l.Prices, `SELECT customer_id, item_id, valid_from, price FROM catalog_retail_prices WHERE provider_id = $1
			ORDER BY customer_id, item_id, valid_from`, providerID)
	}
	return l, err
}

// SetRetail replaces the price list of a provider. Customers that prices name must be its own.
func (s *Service) SetRetail(ctx context.Context, actor access.Actor, providerID string, cur string, prices []RetailPrice, ifVersion int64) (RetailList, error) {
	var out RetailList
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockToRead(ctx, "tenant_tenants", providerID); err != nil {
			return err
		}
		t, err := s.retailer(ctx, tx, actor, access.RetailEdit, providerID)
		if err != nil {
			return err
		}
		have, err := s.RetailOf(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != have.Version {
			return errStale
		}
		var c errs.Checker
		out = RetailList{ProviderID: t.ID, Currency: currency(&c, "currency", cur), Prices: []RetailPrice{}, Version: have.Version + 1}
		byCustomer := map[string][]Price{}
		for _, p := range prices {
			byCustomer[p.CustomerID] = append(byCustomer[p.CustomerID], p.Price)
		}
		ids := make([]string, 0, len(byCustomer))
		for id := range byCustomer {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			if customer, err := s.tenants.Load(ctx, tx, id); id != "" && (err != nil || customer.ParentID != t.ID || customer.Kind != access.Customer) {
				c.Add(errs.Field{Name: "prices.customer_id", Code: "not_found", Message: "There is no such customer."})
			}
			checked, err := s.checkPrices(ctx, tx, &c, byCustomer[id])
			if err != nil {
				return err
			}
			for _, p := range checked {
				out.Prices = append(out.Prices, RetailPrice{id, p})
			}
		}
		if err := c.Err(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO catalog_retail_lists (id, currency, version) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET currency = excluded.currency, version = excluded.version`, t.ID, out.Currency, out.Version); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM catalog_retail_prices WHERE provider_id = $1`, t.ID); err != nil {
			return err
		}
		for _, p := range out.Prices {
			if _, err := tx.Exec(ctx, `INSERT INTO catalog_retail_prices (provider_id, customer_id, item_id, valid_from, price) VALUES ($1, $2, $3, $4, $5)`,
				t.ID, p.CustomerID, p.Item, p.ValidFrom, p.Price.Price); err != nil {
				return err
			}
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Action: "retail_prices/edit", Quiet: true, Tenant: t.Access(),
			Target: journal.Target{Kind: string(t.Kind), ID: t.ID, Name: t.Name}})
	})
	return out, err
}
