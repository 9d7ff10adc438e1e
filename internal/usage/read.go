package usage

import (
	"context"

	"linecard/internal/db"
)

const selected = `SELECT id, customer_id, scope, partner_id, sub_partner_id, subscription_id, item, sku, holder_kind, holder_id, external_id, units, rule, note,
	started, COALESCE(ended, 4611686018427387903) AS ended, corrects FROM usage_spans`

// Query says which spans are wanted: those that touch From..Until (unix seconds, Until not included; a one-off charge by its instant).
type Query struct {
	PartnerID    string
	SubPartnerID string // of this sub-partner
	Direct       bool   // of the partner's own customers only; else, without SubPartnerID, all
	CustomerID   string // "": all
	Item         string // "": all
	From, Until  int64
}

// Each hands over the spans in the order item, customer, kind and id of the holder, start, without holding them. It decides nothing
// about rights.
func Each(ctx context.Context, q db.Q, want Query, fn func(Span) error) error {
	a := q.Args()
	stmt := selected + ` WHERE partner_id = ` + a.Add(want.PartnerID)
	switch {
	case want.SubPartnerID != "":
		stmt += ` AND sub_partner_id = ` + a.Add(want.SubPartnerID)
	case want.Direct:
		stmt += ` AND sub_partner_id = ''`
	}
	if want.Item != "" {
		stmt += ` AND item = ` + a.Add(want.Item)
	}
	if want.CustomerID != "" {
		stmt += ` AND customer_id = ` + a.Add(want.CustomerID)
	}
	from := a.Add(want.From)
	stmt += ` AND started < ` + a.Add(want.Until) + ` AND (ended IS NULL OR ended > ` + from + ` OR rule = 'once' AND started >= ` + from + `)
		ORDER BY item, customer_id, holder_kind, holder_id, started, id`
	return q.Each(ctx, func(scan func(any) error) error {
		var s Span
		if err := scan(&s); err != nil {
			return err
		}
		return fn(s)
	}, stmt, a.List()...)
}

// OfHolder gives all spans of a holder, oldest first: its assignment history (WS-56).
func OfHolder(ctx context.Context, q db.Q, holder Kind, holderID string) ([]Span, error) {
	var all []Span
	err := q.Select(ctx, &all, selected+` WHERE holder_kind = $1 AND holder_id = $2 ORDER BY started, id`, string(holder), holderID)
	return all, err
}
