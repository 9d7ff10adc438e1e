package usage

import (
	"context"
	"strings"

	"linecard/internal/db"
)

// openedAtOnce is how many spans one statement writes.
const openedAtOnce = 50

// OpenAll is Open for several holders of one customer in few statements. The same refusals; then none is opened.
func OpenAll(ctx context.Context, tx *db.Tx, spans []Span) error {
	if len(spans) == 0 {
		return nil
	}
	at, err := Moment(ctx, tx, spans[0].CustomerID)
	if err != nil {
		return err
	}
	for len(spans) > 0 {
		some := spans[:min(openedAtOnce, len(spans))]
		spans = spans[len(some):]
		a := tx.Args()
		now := tx.Now()
		var rows []string
		for _, s := range some {
			if err := s.check(); err != nil {
				return err
			}
			if s.CustomerID != some[0].CustomerID {
				return errSpan
			}
			var ended any
			if s.Rule == Once {
				ended = at
			}
			values := []any{db.NewID(), s.Item, s.SKU, string(s.Rule), s.PartnerID, s.SubPartnerID, s.SubscriptionID, s.CustomerID, s.Scope, string(s.Holder), s.HolderID,
				s.ExternalID, s.Units, at, ended, "", s.Note, now}
			places := make([]string, len(values))
			for i, v := range values {
				places[i] = a.Add(v)
			}
			rows = append(rows, "("+strings.Join(places, ", ")+")")
		}
		_, err := tx.Exec(ctx, `INSERT INTO usage_spans (id, item, sku, rule, partner_id, sub_partner_id, subscription_id, customer_id, scope,
			holder_kind, holder_id, external_id, units, started, ended, corrects, note, created) VALUES `+strings.Join(rows, ", "), a.List()...)
		if db.IsUnique(err, "usage_spans", "holder_kind", "holder_id", "item") {
			return errOpen.Because(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
