package usage

import (
	"context"
	"hash/fnv"

	"linecard/internal/db"
)

// Open begins a span in the caller's transaction, at the moment of that transaction in whole seconds. A one-off charge (Once) begins
// and ends there. The conflict already_metered says that the holder has the item already: a constraint, so that of two at once one wins.
func Open(ctx context.Context, tx *db.Tx, s Span) error {
	if err := s.check(); err != nil {
		return err
	}
	at, err := Moment(ctx, tx, s.CustomerID)
	if err != nil {
		return err
	}
	s.ID, s.Start, s.End = db.NewID(), at, Forever
	if s.Rule == Once {
		s.End = at
	}
	return insert(ctx, tx, s)
}

// Close ends the open span of an item. There being none is no fault: what was never metered needs no end.
func Close(ctx context.Context, tx *db.Tx, item string, holder Kind, holderID string) error {
	return end(ctx, tx, holder, holderID, " AND item = $3", item)
}

// CloseAll ends all open spans of a holder.
func CloseAll(ctx context.Context, tx *db.Tx, holder Kind, holderID string) error {
	return end(ctx, tx, holder, holderID, "")
}

// end needs the customers of the open spans first, because the moment is agreed with whoever settles by the customer's mark.
func end(ctx context.Context, tx *db.Tx, holder Kind, holderID, more string, args ...any) error {
	args = append([]any{string(holder), holderID}, args...)
	var open []struct {
		ID       string `db:"id"`
		Customer string `db:"customer_id"`
		Start    int64  `db:"started"`
	}
	if err := tx.Select(ctx, &open, `SELECT id, customer_id, started FROM usage_spans
		WHERE holder_kind = $1 AND holder_id = $2 AND ended IS NULL`+more+` ORDER BY id`, args...); err != nil {
		return err
	}
	for _, o := range open {
		at, err := Moment(ctx, tx, o.Customer)
		if err != nil {
			return err
		}
		// A clock that was set back does not make time run backwards: the stretch is empty then.
		if _, err := tx.Exec(ctx, `UPDATE usage_spans SET ended = $2 WHERE id = $1 AND ended IS NULL`, o.ID, max(at, o.Start)); err != nil {
			return err
		}
	}
	return nil
}

// Moment gives the instant of the transaction for the ledger of a customer, in unix seconds: the same however often it is asked, and
// never below the watermark, so that a settled day stays as it is whatever the clock says.
func Moment(ctx context.Context, tx *db.Tx, customerID string) (int64, error) {
	var settled int64
	err := tx.GetShared(ctx, &settled, `SELECT instant FROM usage_marks WHERE id = $1`, mark(customerID))
	return max(tx.Moment().Unix(), settled), err
}

// mark names the row on which those who write the ledger of a customer meet those who settle it.
func mark(customerID string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(customerID))
	return string("0123456789abcdef"[h.Sum32()%16])
}

func insert(ctx context.Context, tx *db.Tx, s Span) error {
	var ended any
	if s.End != Forever {
		ended = s.End
	}
	_, err := tx.Exec(ctx, `INSERT INTO usage_spans (id, item, sku, rule, partner_id, sub_partner_id, subscription_id, customer_id, scope,
		holder_kind, holder_id, external_id, units, started, ended, corrects, note, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		s.ID, s.Item, s.SKU, string(s.Rule), s.PartnerID, s.SubPartnerID, s.SubscriptionID, s.CustomerID, s.Scope,
		string(s.Holder), s.HolderID, s.ExternalID, s.Units, s.Start, ended, s.Corrects, s.Note, tx.Now())
	if db.IsUnique(err, "usage_spans", "holder_kind", "holder_id", "item") {
		return errOpen.With("item", s.Item).Because(err)
	}
	return err
}

// Correct writes a compensating span: units (negative to take away) of the span with this id from start to end, which must lie within
// it. The span itself stays as it was written.
func Correct(ctx context.Context, tx *db.Tx, id string, units, start, end int64, note string) error {
	var s Span
	if err := tx.Get(ctx, &s, selected+` WHERE id = $1`, id); err != nil {
		return err
	}
	if start < s.Start || end < start || end > min(s.End, tx.Now().Unix()) || units == 0 || s.Corrects != "" || s.Rule == Once && start != end {
		return errCorrect
	}
	s.ID, s.Corrects, s.Units, s.Start, s.End, s.Note = db.NewID(), id, units, start, end, note
	return insert(ctx, tx, s)
}
