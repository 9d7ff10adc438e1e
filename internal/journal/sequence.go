package journal

import (
	"context"
	"strconv"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// batch is how many rows one transaction of the sequencer takes at most, so that on SQLite it holds the writer briefly.
const batch = 500

var errSequence = errs.New(errs.Internal, "journal_sequence_lost", "Something went wrong on our side.")

// Sequence gives the committed rows that wait their positions and hashes, in the order of their ids, and says how many there
// were. The queue runs it all the time (Register); tests call it themselves. Two at once do no harm: one waits for the other.
func (j *Journal) Sequence(ctx context.Context) (int, error) {
	return j.sequence(ctx, func(context.Context, *db.Tx) error { return nil })
}

// sequence repeats batches until nothing waits. fence fails the transaction of a node that has lost the duty.
func (j *Journal) sequence(ctx context.Context, fence func(context.Context, *db.Tx) error) (int, error) {
	for all := 0; ; {
		var waiting bool
		if err := j.d.Get(ctx, &waiting, `SELECT EXISTS (SELECT 1 FROM journal_entries WHERE position IS NULL)`); err != nil || !waiting {
			return all, err
		}
		n := 0
		err := j.d.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			if err := fence(ctx, tx); err != nil {
				return err
			}
			n, err = chain(ctx, tx)
			return err
		})
		all += n
		if err != nil || n < batch {
			return all, err
		}
	}
}

// chain appends one batch to the chain.
func chain(ctx context.Context, tx *db.Tx) (int, error) {
	if err := tx.LockRow(ctx, "journal_head", "head"); err != nil {
		return 0, err
	}
	head, err := headOf(ctx, tx)
	if err != nil {
		return 0, err
	}
	var rows []row
	if err := tx.Select(ctx, &rows, `SELECT `+columns+` FROM journal_entries WHERE position IS NULL ORDER BY id LIMIT $1`, batch); err != nil || len(rows) == 0 {
		return 0, err
	}
	places := make([]any, 0, 3*len(rows))
	for i := range rows {
		head.Hash = rows[i].link(head.Hash, head.Position+1)
		head.Position++
		places = append(places, rows[i].ID, head.Position, head.Hash)
	}
	if err := place(ctx, tx, places); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `UPDATE journal_head SET position = $1, hash = $2 WHERE id = 'head'`, head.Position, head.Hash)
	return len(rows), err
}

// place writes (id, position, hash) triples, many with one statement. The statement's texts are few, so all stay prepared.
func place(ctx context.Context, tx *db.Tx, places []any) error {
	for _, step := range placers {
		for len(places) >= 3*step.rows {
			n, err := tx.Exec(ctx, step.sql, places[:3*step.rows]...)
			if err != nil {
				return err
			}
			if n != int64(step.rows) {
				return errSequence
			}
			places = places[3*step.rows:]
		}
	}
	return nil
}

type placer struct {
	rows int
	sql  string
}

var placers = []placer{newPlacer(250), newPlacer(50), newPlacer(10), newPlacer(1)}

// newPlacer makes the statement for a number of rows. Both databases name the columns of VALUES column1, column2, …
func newPlacer(rows int) placer {
	var b strings.Builder
	b.WriteString(`UPDATE journal_entries SET position = v.column2, hash = v.column3 FROM (VALUES `)
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		n := 3 * i
		b.WriteString("($" + strconv.Itoa(n+1) + ", CAST($" + strconv.Itoa(n+2) + " AS BIGINT), $" + strconv.Itoa(n+3) + ")")
	}
	b.WriteString(`) AS v WHERE journal_entries.id = v.column1`)
	return placer{rows, b.String()}
}

// place of the chain: the position and hash of an entry, or 0 and "" before the first.
type point struct {
	Position int64  `db:"position"`
	Hash     string `db:"hash"`
}

func headOf(ctx context.Context, q db.Q) (point, error) {
	var p point
	err := q.Get(ctx, &p, `SELECT position, hash FROM journal_head WHERE id = 'head'`)
	return p, err
}
