// Package revision owns the counters that say whether anything changed for an operator, partner, sub-partner, customer or
// device (decision 9). Whoever changes something bumps the narrowest counter in the same transaction; whoever keeps
// something computed remembers the vector it was computed from and compares.
//
// It must not know what changed, nor how tenants relate: callers name the counters that count for them.
package revision

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/db"
)

// Kind says what a counter belongs to. It is part of the vector's text and must not change.
type Kind string

// The kinds, from the widest.
const (
	Operator   Kind = "operator"
	Partner    Kind = "partner"
	SubPartner Kind = "sub_partner"
	Customer   Kind = "customer"
	Device     Kind = "device"
)

// Key names a counter.
type Key struct {
	Kind Kind
	ID   string
}

// Bump counts one change in the caller's transaction. The counter's row stays locked until that commits, so on PostgreSQL
// changes of one customer wait for each other (on SQLite all changes do). Two transactions that bump several counters in
// different orders may have to run again: bump the widest first.
func Bump(ctx context.Context, tx *db.Tx, kind Kind, id string) error {
	_, err := tx.Exec(ctx, `INSERT INTO revision_counters (id, kind, n) VALUES ($1, $2, 1)
		ON CONFLICT (id) DO UPDATE SET n = revision_counters.n + 1`, id, string(kind))
	return err
}

// Drop forgets the counter of something that is gone for good. Ids are never used again, so no vector can come back.
func Drop(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM revision_counters WHERE id = $1`, id)
	return err
}

// Vector is the state of some counters at one moment. Two vectors over the same keys are == when nothing was bumped between
// them; it can be a map key, be stored as text and be read back with Parse. The zero Vector stands for no counters.
type Vector struct{ text string }

// String is the stable text of the vector, for storing and for ETags of things that only depend on it.
func (v Vector) String() string { return v.text }

// Of reads the counters in one statement, so they are of one moment. A counter that was never bumped is 0; the order and
// repetition of keys do not matter.
func Of(ctx context.Context, q db.Q, keys ...Key) (Vector, error) {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.ID
	}
	a := q.Args()
	var rows []struct {
		ID string
		N  int64
	}
	if err := q.Select(ctx, &rows, `SELECT id, n FROM revision_counters WHERE `+a.In("id", ids), a.List()...); err != nil {
		return Vector{}, err
	}
	n := make(map[string]int64, len(rows))
	for _, r := range rows {
		n[r.ID] = r.N
	}
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = string(k.Kind) + ":" + k.ID + "=" + strconv.FormatInt(n[k.ID], 10)
	}
	slices.Sort(parts)
	return Vector{strings.Join(slices.Compact(parts), " ")}, nil
}

// Holds says whether no counter has moved since the vector was read. Counters only grow, and one that was dropped is missing: so their
// number and their sum tell, in one short row.
func (v Vector) Holds(ctx context.Context, q db.Q) (bool, error) {
	var ids []string
	var sum, count int64
	for part := range strings.FieldsSeq(v.text) {
		key, text, _ := strings.Cut(part, "=")
		_, id, _ := strings.Cut(key, ":")
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return false, err
		}
		ids = append(ids, id)
		if sum += n; n > 0 {
			count++
		}
	}
	a := q.Args()
	var now struct {
		Count int64 `db:"count"`
		Sum   int64 `db:"sum"`
	}
	err := q.Get(ctx, &now, `SELECT COUNT(*) AS count, CAST(COALESCE(SUM(n), 0) AS BIGINT) AS sum FROM revision_counters WHERE `+a.In("id", ids), a.List()...)
	return now.Count == count && now.Sum == sum, err
}

// Parse reads what String gave. Text that no vector has is an error.
func Parse(text string) (Vector, error) {
	for _, part := range strings.Fields(text) {
		key, n, ok := strings.Cut(part, "=")
		_, err := strconv.ParseInt(n, 10, 64)
		if kind, id, named := strings.Cut(key, ":"); !ok || err != nil || !named || kind == "" || id == "" {
			return Vector{}, fmt.Errorf("revision: %q is no vector", text)
		}
	}
	return Vector{text}, nil
}

// Keys gives the counters that a vector speaks of, to read their present state: Of(ctx, q, v.Keys()...) == v says whether
// nothing has changed.
func (v Vector) Keys() []Key {
	var keys []Key
	for _, part := range strings.Fields(v.text) {
		key, _, _ := strings.Cut(part, "=")
		kind, id, _ := strings.Cut(key, ":")
		keys = append(keys, Key{Kind(kind), id})
	}
	return keys
}

// bumpedAtOnce is how many counters one statement moves.
const bumpedAtOnce = 150

// BumpAll counts one change of each of these in the caller's transaction, in the order of their ids so that two such transactions
// wait for each other instead of losing. Where hundreds change, bump what they have in common.
func BumpAll(ctx context.Context, tx *db.Tx, kind Kind, ids []string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for batch := range slices.Chunk(ids, bumpedAtOnce) {
		a := tx.Args()
		k := a.Add(string(kind))
		rows := make([]string, len(batch))
		for i, id := range batch {
			rows[i] = "(" + a.Add(id) + ", " + k + ", 1)"
		}
		if _, err := tx.Exec(ctx, `INSERT INTO revision_counters (id, kind, n) VALUES `+strings.Join(rows, ", ")+`
			ON CONFLICT (id) DO UPDATE SET n = revision_counters.n + 1`, a.List()...); err != nil {
			return err
		}
	}
	return nil
}
