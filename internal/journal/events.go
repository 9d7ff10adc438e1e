package journal

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// EventQuery asks for events behind a cursor.
type EventQuery struct {
	Filter db.Filter // scopes the reader may see
	Types  []string  // exact types or "customer.*"; empty: all
	After  string    // cursor; "" is the oldest event that is kept
	Limit  int       // 1 to 1000; 0: 50
}

// window is how many positions one call looks through at most, so that a reader whose events are rare costs no more than
// others. Its cursor moves on all the same.
const window = 100_000

var errCursor = errs.BadField("after", "bad_cursor", "The cursor is damaged. Start again without it.")

// Events gives events in the order of their positions and the cursor behind them. Only rows with a position are seen, so a
// transaction that commits late is never skipped (decision 4). The cursor also moves over events that the filter hides; an
// empty answer whose cursor differs from the one given may be followed by more. A damaged cursor is Invalid.
func (j *Journal) Events(ctx context.Context, q db.Q, by EventQuery) ([]Entry, string, error) {
	after, err := parseCursor(by.After)
	if err != nil {
		return nil, "", err
	}
	if by.Limit == 0 {
		by.Limit = db.DefaultLimit
	}
	if by.Limit < 1 || by.Limit > db.MaxLimit {
		return nil, "", errs.BadField("limit", "out_of_range", "The limit must be from 1 to 1000.")
	}
	first, last, err := bounds(ctx, q)
	if err != nil {
		return nil, "", err
	}
	if after > last {
		return nil, "", errCursor // of another database, or of this one before it was restored
	}
	after = max(after, first)
	end := min(last, after+window)
	a := q.Args()
	query := `SELECT ` + columns + ` FROM journal_entries WHERE is_event AND position > ` + a.Add(after) + ` AND position <= ` + a.Add(end) +
		` AND ` + by.Filter.SQL(a, "scope")
	if len(by.Types) > 0 {
		query += ` AND ` + typesSQL(a, by.Types)
	}
	var rows []row
	if err := q.Select(ctx, &rows, query+` ORDER BY position LIMIT `+a.Add(by.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	if len(rows) == by.Limit {
		end = *rows[len(rows)-1].Position
	}
	return entries(rows), Cursor(end), nil
}

// Event gives one event by its id; NotFound when there is none, when it has no position yet, or when the filter hides it.
func (j *Journal) Event(ctx context.Context, q db.Q, filter db.Filter, id string) (Entry, error) {
	a := q.Args()
	var r row
	err := q.Get(ctx, &r, `SELECT `+columns+` FROM journal_entries WHERE is_event AND position IS NOT NULL AND id = `+a.Add(id)+
		` AND `+filter.SQL(a, "scope"), a.List()...)
	if err != nil {
		return Entry{}, err
	}
	return r.entry(), nil
}

// Latest is the cursor behind the newest event, for a reader that wants only what comes from now on.
func (j *Journal) Latest(ctx context.Context, q db.Q) (string, error) {
	_, last, err := bounds(ctx, q)
	return Cursor(last), err
}

// bounds gives the position before the oldest kept entry, and the newest position.
func bounds(ctx context.Context, q db.Q) (first, last int64, err error) {
	if err := q.Get(ctx, &first, `SELECT position FROM journal_anchor WHERE id = 'anchor'`); err != nil {
		return 0, 0, err
	}
	err = q.Get(ctx, &last, `SELECT position FROM journal_head WHERE id = 'head'`)
	return first, last, err
}

// Cursor is the opaque text for "behind this position".
func Cursor(position int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("p" + strconv.FormatInt(position, 10)))
}

// Position reads a cursor; "" is 0. A damaged one is Invalid.
func Position(cursor string) (int64, error) { return parseCursor(cursor) }

func parseCursor(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	text, ok := strings.CutPrefix(string(b), "p")
	if err != nil || !ok {
		return 0, errCursor
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || Cursor(n) != s {
		return 0, errCursor
	}
	return n, nil
}

// Matches says whether an event's type is chosen by types: exact names or "customer.*"; no types choose all.
func Matches(types []string, eventType string) bool {
	for _, t := range types {
		if prefix, all := strings.CutSuffix(t, "*"); t == eventType || all && strings.HasPrefix(eventType, prefix) {
			return true
		}
	}
	return len(types) == 0
}

// typesSQL is Matches for a statement.
func typesSQL(a *db.Args, types []string) string {
	var exact, any []string
	for _, t := range types {
		prefix, all := strings.CutSuffix(t, "*")
		switch {
		case all && prefix == "":
			return "1 = 1"
		case all:
			any = append(any, "(type >= "+a.Add(prefix)+" AND type < "+a.Add(db.ScopeEnd(prefix))+")")
		default:
			exact = append(exact, t)
		}
	}
	if len(exact) > 0 {
		any = append(any, a.In("type", exact))
	}
	return "(" + strings.Join(any, " OR ") + ")"
}
