package tenant

import (
	"context"
	"strconv"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

func itoa(i int) string { return strconv.Itoa(i) }

const orderColumns = `SELECT o.id, o.customer_id, t.name AS customer_name, o.scope, o.number, o.state, o.note, o.history, o.version,
	o.created, o.updated FROM tenant_orders o JOIN tenant_tenants t ON t.id = o.customer_id`

// Order gives an order that the actor may see; else NotFound.
func (s *Service) Order(ctx context.Context, actor access.Actor, id string) (Order, error) {
	o, err := loadOrder(ctx, s.db, id)
	if err != nil {
		return Order{}, err
	}
	_, target, err := s.Target(ctx, s.db, actor, o.CustomerID)
	if err != nil {
		return Order{}, err
	}
	if err := access.Decide(actor, access.OrderView, target); err != nil {
		return Order{}, err
	}
	return o, nil
}

func loadOrder(ctx context.Context, q db.Q, id string) (Order, error) {
	var o Order
	if err := q.Get(ctx, &o, orderColumns+` WHERE o.id = $1`, id); err != nil {
		return Order{}, err
	}
	err := q.Select(ctx, &o.Lines, `SELECT item, quantity, wanted FROM tenant_order_lines WHERE order_id = $1 ORDER BY position`, id)
	return o, err
}

// Orders lists orders that the actor may see, newest first, with the cursor of the next page.
func (s *Service) Orders(ctx context.Context, actor access.Actor, query OrderQuery) ([]Order, string, error) {
	see, err := access.Visible(actor, access.OrderView, query.CustomerID != "")
	if err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	stmt := orderColumns + " WHERE " + see.SQL(a, "t.scope")
	if query.CustomerID != "" {
		stmt += " AND o.customer_id = " + a.Add(query.CustomerID)
	}
	if query.State != "" {
		var c errs.Checker
		c.OneOf("state", string(query.State), string(Draft), string(Submitted), string(Fulfilled), string(Cancelled))
		if err := c.Err(); err != nil {
			return nil, "", err
		}
		stmt += " AND o.state = " + a.Add(string(query.State))
	}
	k, err := query.Page.Keyset(a, "o.id", db.Sort{Name: "created", Column: "o.created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var out []Order
	if err := s.db.Select(ctx, &out, stmt+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	out, next := db.Cut(k, out, func(o Order) (any, string) { return o.Created.UnixMilli(), o.ID })
	return out, next, s.withLines(ctx, out)
}

func (s *Service) withLines(ctx context.Context, orders []Order) error {
	at := map[string]*Order{}
	var ids []string
	for i := range orders {
		at[orders[i].ID] = &orders[i]
		ids = append(ids, orders[i].ID)
	}
	a := s.db.Args()
	var rows []struct {
		OrderID string `db:"order_id"`
		OrderLine
	}
	if err := s.db.Select(ctx, &rows, `SELECT order_id, item, quantity, wanted FROM tenant_order_lines WHERE `+
		a.In("order_id", ids)+` ORDER BY order_id, position`, a.List()...); err != nil {
		return err
	}
	for _, r := range rows {
		at[r.OrderID].Lines = append(at[r.OrderID].Lines, r.OrderLine)
	}
	return nil
}

func openOrders(ctx context.Context, q db.Q, customerID string) (int64, error) {
	var n int64
	err := q.Get(ctx, &n, `SELECT COUNT(*) FROM tenant_orders WHERE customer_id = $1 AND state = 'submitted'`, customerID)
	return n, err
}

// Items lists what can be ordered, for pickers.
func (s *Service) Items(ctx context.Context, q db.Q) ([]Item, error) {
	var out []Item
	err := q.Select(ctx, &out, `SELECT code, name, active FROM tenant_items ORDER BY code`)
	return out, err
}

func items(ctx context.Context, q db.Q) (map[string]bool, error) {
	var codes []string
	if err := q.Select(ctx, &codes, `SELECT code FROM tenant_items WHERE active`); err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, c := range codes {
		out[c] = true
	}
	return out, nil
}

// PutItem adds an item to what can be ordered, or changes it. Only the operator holds this list.
func (s *Service) PutItem(ctx context.Context, actor access.Actor, i Item) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		root, err := s.operatorID(ctx)
		if err != nil {
			return err
		}
		t, target, err := s.Locked(ctx, tx, actor, root)
		if err != nil {
			return err
		}
		if err := access.Decide(actor, access.PlatformEdit, target); err != nil {
			return err
		}
		var c errs.Checker
		i.Code, i.Name = c.Text("code", i.Code, 1, 64), c.Text("name", i.Name, 1, 128)
		if err := c.Err(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO tenant_items (code, name, active) VALUES ($1, $2, $3)
			ON CONFLICT (code) DO UPDATE SET name = excluded.name, active = excluded.active`, i.Code, i.Name, i.Active); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "item.changed", Action: "item/edit", Tenant: t.Access(),
			Target: journal.Target{Kind: "item", ID: i.Code, Name: i.Name}, Data: map[string]any{"active": i.Active}})
	})
}

// Limits tells how much of each item a customer may use; items that were never ordered are absent.
func (s *Service) Limits(ctx context.Context, q db.Q, customerID string) (map[string]int64, error) {
	var rows []struct {
		Item     string `db:"item"`
		Quantity int64  `db:"quantity"`
	}
	if err := q.Select(ctx, &rows, `SELECT item, quantity FROM tenant_limits WHERE customer_id = $1`, customerID); err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, r := range rows {
		out[r.Item] = r.Quantity
	}
	return out, nil
}
