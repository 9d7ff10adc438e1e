package tenant

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// OrderState is where an order stands: draft → submitted → fulfilled | cancelled (CH-28).
type OrderState string

// The states of an order.
const (
	Draft     OrderState = "draft"
	Submitted OrderState = "submitted"
	Fulfilled OrderState = "fulfilled"
	Cancelled OrderState = "cancelled"
)

// Order is what a provider orders for a customer.
type Order struct {
	ID           string                `db:"id"`
	CustomerID   string                `db:"customer_id"`
	CustomerName string                `db:"customer_name"`
	Scope        string                `db:"scope"`
	Number       int64                 `db:"number"` // counts from 1 for each customer
	State        OrderState            `db:"state"`
	Note         string                `db:"note"`
	Lines        []OrderLine           `db:"-"`
	History      db.JSON[[]OrderMoved] `db:"history"`
	Version      int64                 `db:"version"`
	Created      db.Time               `db:"created"`
	Updated      db.Time               `db:"updated"`
}

// OrderLine is one position of an order.
type OrderLine struct {
	Item     string `db:"item" json:"item"`
	Quantity int64  `db:"quantity" json:"quantity"`
	Wanted   string `db:"wanted" json:"wanted"` // date as 2006-01-02, "" for as soon as possible
}

// OrderMoved is one step of an order's history.
type OrderMoved struct {
	State OrderState `json:"state"`
	At    db.Time    `json:"at"`
	By    string     `json:"by"`
}

// NewOrder is the input of CreateOrder and EditOrder.
type NewOrder struct {
	Lines  []OrderLine
	Note   string
	Submit bool // submit it at once
}

// Item is something that can be ordered.
type Item struct {
	Code   string `db:"code"`
	Name   string `db:"name"`
	Active bool   `db:"active"` // may be ordered now
}

// OrderQuery says which orders a list shall hold.
type OrderQuery struct {
	CustomerID string
	State      OrderState
	Page       db.Page
}

const (
	orderLinesMost    = 100
	orderQuantityMost = 1_000_000
)

var errOrderState = errs.New(errs.Conflict, "order_state", "The order has moved on; this step is not possible any more.")

// CreateOrder orders something for a customer (CH-28).
func (s *Service) CreateOrder(ctx context.Context, actor access.Actor, customerID string, in NewOrder) (Order, error) {
	var o Order
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, target, err := s.Locked(ctx, tx, actor, customerID) // the lock also makes the numbers follow each other
		if err != nil {
			return err
		}
		if err := access.Decide(actor, access.OrderCreate, target); err != nil {
			return err
		}
		if t.Kind != access.Customer {
			return errWrongKind
		}
		note, err := checkOrder(ctx, tx, in)
		if err != nil {
			return err
		}
		o = Order{ID: db.NewID(), CustomerID: t.ID, CustomerName: t.Name, Scope: t.Scope, State: Draft, Note: note, Lines: in.Lines,
			Version: 1, Created: tx.Now(), Updated: tx.Now()}
		if err := tx.Get(ctx, &o.Number, `SELECT COALESCE(MAX(number), 0) + 1 FROM tenant_orders WHERE customer_id = $1`, t.ID); err != nil {
			return err
		}
		o.moved(actor)
		if in.Submit {
			o.State = Submitted
			o.moved(actor)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO tenant_orders (id, customer_id, scope, number, state, note, history, version, created, updated)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, o.ID, o.CustomerID, o.Scope, o.Number, string(o.State), o.Note, o.History,
			o.Version, o.Created, o.Updated); err != nil {
			return err
		}
		if err := insertLines(ctx, tx, o); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, orderNews(t, o, "created", "create"))
	})
	return o, err
}

func (o *Order) moved(actor access.Actor) {
	o.History.V = append(o.History.V, OrderMoved{State: o.State, At: o.Updated, By: actor.Name})
}

// EditOrder replaces lines and note of a draft.
func (s *Service) EditOrder(ctx context.Context, actor access.Actor, id string, in NewOrder, ifVersion int64) (Order, error) {
	return s.moveOrder(ctx, actor, id, ifVersion, access.OrderCreate, func(ctx context.Context, tx *db.Tx, o *Order) (string, error) {
		if o.State != Draft {
			return "", errOrderState
		}
		note, err := checkOrder(ctx, tx, in)
		if err != nil {
			return "", err
		}
		o.Note, o.Lines = note, in.Lines
		if in.Submit {
			o.State = Submitted
		}
		if _, err := tx.Exec(ctx, `DELETE FROM tenant_order_lines WHERE order_id = $1`, o.ID); err != nil {
			return "", err
		}
		return "edit", insertLines(ctx, tx, *o)
	})
}

// SubmitOrder hands a draft to the operator.
func (s *Service) SubmitOrder(ctx context.Context, actor access.Actor, id string, ifVersion int64) (Order, error) {
	return s.moveOrder(ctx, actor, id, ifVersion, access.OrderCreate, func(_ context.Context, _ *db.Tx, o *Order) (string, error) {
		if o.State != Draft {
			return "", errOrderState
		}
		o.State = Submitted
		return "submit", nil
	})
}

// FulfilOrder marks a submitted order as done and raises the customer's limits by its quantities, exactly once (CH-28).
func (s *Service) FulfilOrder(ctx context.Context, actor access.Actor, id string, ifVersion int64) (Order, error) {
	return s.moveOrder(ctx, actor, id, ifVersion, access.OrderFulfil, func(ctx context.Context, tx *db.Tx, o *Order) (string, error) {
		if o.State != Submitted {
			return "", errOrderState
		}
		o.State = Fulfilled
		for _, l := range o.Lines {
			if _, err := tx.Exec(ctx, `INSERT INTO tenant_limits (customer_id, item, quantity) VALUES ($1, $2, $3)
				ON CONFLICT (customer_id, item) DO UPDATE SET quantity = tenant_limits.quantity + excluded.quantity`,
				o.CustomerID, l.Item, l.Quantity); err != nil {
				return "", err
			}
		}
		return "fulfil", nil
	})
}

// CancelOrder ends a draft or submitted order without effect; the provider may, and the operator who would fulfil it.
func (s *Service) CancelOrder(ctx context.Context, actor access.Actor, id string, ifVersion int64) (Order, error) {
	action := access.OrderCreate
	if actor.Tenant.Kind == access.Operator {
		action = access.OrderFulfil
	}
	return s.moveOrder(ctx, actor, id, ifVersion, action, func(_ context.Context, _ *db.Tx, o *Order) (string, error) {
		if o.State != Draft && o.State != Submitted {
			return "", errOrderState
		}
		o.State = Cancelled
		return "cancel", nil
	})
}

// moveOrder is the frame of all steps: the order's row is locked, so that of two people only one moves it.
func (s *Service) moveOrder(ctx context.Context, actor access.Actor, id string, ifVersion int64, action access.Action,
	step func(context.Context, *db.Tx, *Order) (verb string, err error),
) (Order, error) {
	var o Order
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "tenant_orders", id); err != nil {
			return err
		}
		var err error
		if o, err = loadOrder(ctx, tx, id); err != nil {
			return err
		}
		t, target, err := s.Target(ctx, tx, actor, o.CustomerID)
		if err != nil {
			return err
		}
		if err := access.Decide(actor, action, target); err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != o.Version {
			return errStale
		}
		before := o.State
		verb, err := step(ctx, tx, &o)
		if err != nil {
			return err
		}
		o.Version++
		o.Updated = tx.Now()
		what := "edited"
		if o.State != before {
			o.moved(actor)
			what = string(o.State)
		}
		if _, err := tx.Exec(ctx, `UPDATE tenant_orders SET state = $1, note = $2, history = $3, version = $4, updated = $5 WHERE id = $6`,
			string(o.State), o.Note, o.History, o.Version, o.Updated, o.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, orderNews(t, o, what, verb))
	})
	return o, err
}

func orderNews(t Tenant, o Order, what, verb string) journal.News {
	return journal.News{Type: "order." + what, Action: "order/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "order", ID: o.ID, Name: t.Name},
		Data:   map[string]any{"customer_id": t.ID, "number": o.Number, "state": string(o.State), "lines": o.Lines}}
}

// checkOrder tells all faults of an order at once and gives the cleaned note.
func checkOrder(ctx context.Context, q db.Q, in NewOrder) (string, error) {
	var c errs.Checker
	note := c.Lines("note", in.Note, 0, 2000)
	c.Range("lines", int64(len(in.Lines)), 1, orderLinesMost)
	if len(in.Lines) > orderLinesMost {
		return "", c.Err()
	}
	sold, err := items(ctx, q)
	if err != nil {
		return "", err
	}
	for i, l := range in.Lines {
		at := "lines[" + itoa(i) + "]."
		if !sold[l.Item] {
			c.Add(errs.Field{Name: at + "item", Code: "unknown_item", Message: "This item cannot be ordered."})
		}
		c.Range(at+"quantity", l.Quantity, 1, orderQuantityMost)
		if _, err := time.Parse(time.DateOnly, l.Wanted); l.Wanted != "" && err != nil {
			c.Add(errs.Field{Name: at + "wanted", Code: "bad_date", Message: "A date looks like 2026-03-31."})
		}
	}
	return note, c.Err()
}

func insertLines(ctx context.Context, tx *db.Tx, o Order) error {
	for i, l := range o.Lines {
		if _, err := tx.Exec(ctx, `INSERT INTO tenant_order_lines (order_id, position, item, quantity, wanted) VALUES ($1, $2, $3, $4, $5)`,
			o.ID, i, l.Item, l.Quantity, l.Wanted); err != nil {
			return err
		}
	}
	return nil
}
