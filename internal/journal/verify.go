package journal

import (
	"context"
	"errors"
	"fmt"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// Report is what Verify found.
type Report struct {
	Entries int64  // rows with a position that were checked
	From    int64  // position behind which the kept chain begins (retention removed what was before)
	To      int64  // position of the last checked entry
	Waiting int64  // committed rows without a position yet; no fault
	Head    Head   // the head outside the database
	Behind  int64  // entries that came after that head, so that only the chain vouches for them
	Fault   *Fault // nil: nothing was altered, removed, added or reordered
}

// Fault is the first thing that is wrong.
type Fault struct {
	Position int64     `json:"position"` // where; 0 when it concerns the whole
	What     FaultKind `json:"what"`
	Text     string    `json:"text"` // one sentence for people
}

// FaultKind is a stable word for what is wrong.
type FaultKind string

// What can be wrong.
const (
	Altered    FaultKind = "altered"     // the entry is not what was written at this position: changed, exchanged or moved
	Missing    FaultKind = "missing"     // no entry at this position although later ones are there
	Inserted   FaultKind = "inserted"    // an entry where the sequencer put none
	Truncated  FaultKind = "truncated"   // the end of the chain was cut off
	Rewritten  FaultKind = "rewritten"   // the chain fits itself but not the head outside
	HeadForged FaultKind = "head_forged" // the head outside was not signed by this installation's key
	HeadGone   FaultKind = "head_gone"   // there is a chain but no head outside
	AnchorBad  FaultKind = "anchor_bad"  // the beginning of the chain was not signed by this installation's key
)

// errDone ends a walk over the rows early.
var errDone = errors.New("done")

// Verify walks the whole chain and compares it with the head outside the database (CH-85). It reads row by row and may run
// while the server works. progress, when not nil, is told now and then how many of how many entries are done. The error is
// about the check itself; what it found stands in the report.
func (j *Journal) Verify(ctx context.Context, progress func(done, all int64)) (Report, error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	for {
		v := verifier{j: j, progress: progress}
		again, err := v.run(ctx)
		if err != nil || !again {
			return v.report, err
		}
	}
}

type verifier struct {
	j        *Journal
	progress func(done, all int64)
	report   Report
	anchor   anchorRow
	at       point  // the end of what was checked
	outside  string // hash of the entry at the outside head's position, once seen
}

type anchorRow struct {
	Position int64  `db:"position"`
	Hash     string `db:"hash"`
	MAC      string `db:"mac"`
}

func (v *verifier) fault(position int64, what FaultKind, text string) {
	if v.report.Fault == nil {
		v.report.Fault = &Fault{position, what, text}
	}
}

// run checks once; again says that retention moved the beginning meanwhile.
func (v *verifier) run(ctx context.Context) (again bool, err error) {
	j := v.j
	// The head outside is read first: what comes later is only longer.
	head, headErr := j.ReadHead(ctx)
	if headErr != nil && errs.KindOf(headErr) != errs.NotFound && !errors.Is(headErr, ErrHeadForged) {
		return false, headErr
	}
	v.report.Head = head
	before, err := headOf(ctx, j.d)
	if err != nil {
		return false, err
	}
	if v.anchor, err = j.anchor(ctx, j.d); err != nil {
		return false, err
	}
	v.at = point{v.anchor.Position, v.anchor.Hash}
	v.report.From, v.report.To = v.anchor.Position, v.anchor.Position
	if !j.signed(v.anchor) {
		v.fault(v.anchor.Position, AnchorBad, "The mark of where the kept entries begin is not what this server signed.")
	}
	if v.anchor.Position == head.Position {
		v.outside = v.anchor.Hash
	}
	if v.report.Fault == nil {
		if again, err := v.walk(ctx, before); err != nil || again {
			return again, err
		}
	}
	after, err := headOf(ctx, j.d)
	if err != nil {
		return false, err
	}
	v.compare(headErr, before, after)
	return false, j.d.Get(ctx, &v.report.Waiting, `SELECT COUNT(*) FROM journal_entries WHERE position IS NULL`)
}

// walk follows the chain from the anchor until its end or the first fault. again says that retention moved the beginning.
func (v *verifier) walk(ctx context.Context, head point) (again bool, err error) {
	all := head.Position - v.anchor.Position
	err = v.j.d.Each(ctx, func(scan func(any) error) error {
		var r row
		if err := scan(&r); err != nil {
			return err
		}
		want := v.at.Position + 1
		switch {
		case *r.Position < want:
			v.fault(*r.Position, Inserted, fmt.Sprintf("There is an entry at position %d, before the kept entries begin.", *r.Position))
		case *r.Position > want:
			v.fault(want, Missing, fmt.Sprintf("The entry at position %d was removed; the next one is at %d.", want, *r.Position))
		case r.Hash == nil || *r.Hash != r.link(v.at.Hash, want):
			v.fault(want, Altered, fmt.Sprintf("The entry at position %d is not the one that was written there.", want))
		}
		if v.report.Fault != nil {
			return errDone
		}
		v.at = point{want, *r.Hash}
		v.report.Entries++
		v.report.To = want
		if want == v.report.Head.Position {
			v.outside = *r.Hash
		}
		if v.report.Entries%5000 == 0 {
			v.progress(v.report.Entries, max(all, v.report.Entries))
		}
		return nil
	}, `SELECT `+columns+` FROM journal_entries WHERE position IS NOT NULL ORDER BY position`)
	if err != nil && !errors.Is(err, errDone) {
		return false, err
	}
	if v.report.Fault != nil && v.report.Entries == 0 {
		if now, err := v.j.anchor(ctx, v.j.d); err != nil || now.Position > v.anchor.Position {
			return true, err
		}
	}
	v.progress(v.report.Entries, max(all, v.report.Entries))
	return false, nil
}

// compare holds the walked chain against the head in the database, as it was before and after, and the one outside.
func (v *verifier) compare(headErr error, before, after point) {
	last, head := v.at.Position, v.report.Head
	switch {
	case last < before.Position:
		v.fault(last+1, Truncated, fmt.Sprintf("The chain ends at position %d, but entries up to %d had been written.", last, before.Position))
	case last > after.Position:
		v.fault(after.Position+1, Inserted, fmt.Sprintf("There are entries behind position %d that the server did not put there.", after.Position))
	case last == after.Position && v.at.Hash != after.Hash:
		v.fault(last, Altered, fmt.Sprintf("The end of the chain at position %d is not the one that was written.", last))
	}
	switch {
	case errors.Is(headErr, ErrHeadForged):
		v.fault(0, HeadForged, "The head outside the database was changed, or the key file is another one.")
	case headErr != nil && last > 0:
		v.fault(0, HeadGone, "There is no head outside the database, so a chain that was cut would not show.")
	case headErr != nil:
	case head.Position > last:
		v.fault(last+1, Truncated, fmt.Sprintf("The chain ends at position %d, but its head outside the database proves entries up to %d.", last, head.Position))
	case head.Position > 0 && v.outside != "" && v.outside != head.Hash:
		v.fault(head.Position, Rewritten, fmt.Sprintf("The entry at position %d is not the one that the head outside the database proves.", head.Position))
	}
	v.report.Behind = max(0, last-max(head.Position, v.anchor.Position))
}

// anchor reads where the kept chain begins.
func (j *Journal) anchor(ctx context.Context, q db.Q) (anchorRow, error) {
	var a anchorRow
	err := q.Get(ctx, &a, `SELECT position, hash, mac FROM journal_anchor WHERE id = 'anchor'`)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return anchorRow{}, nil // removed by somebody: then the chain must begin at 1
	}
	return a, err
}

func (j *Journal) signed(a anchorRow) bool {
	if a.Position == 0 {
		return a.Hash == ""
	}
	return secret.Equal([]byte(a.MAC), []byte(j.anchorMAC(a.Position, a.Hash)))
}
