package network

import (
	"context"
	"encoding/csv"
	"io"
	"maps"
	"slices"

	"linecard/internal/access"
	"linecard/internal/csvfile"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/tenant"
)

// The outcomes of a row (DM-60).
const (
	Added   = "added"
	Updated = "updated" // a site of this name was there; its subnets are those of the file now (DM-59)
	Failed  = "failed"
)

// Outcome is what became of one row.
type Outcome struct {
	Line    int    `json:"line"`
	Site    string `json:"site_name"`
	Outcome string `json:"outcome"`
	Code    string `json:"code,omitempty"` // of the fault
	Reason  string `json:"reason"`
}

// Report is the log of an import, the rows in the order of the file.
type Report struct {
	Added   int       `json:"added"`
	Updated int       `json:"updated"`
	Failed  int       `json:"failed"`
	Rows    []Outcome `json:"rows"`
}

func (r *Report) count() {
	r.Added, r.Updated, r.Failed = 0, 0, 0
	for _, o := range r.Rows {
		switch o.Outcome {
		case Added:
			r.Added++
		case Updated:
			r.Updated++
		case Failed:
			r.Failed++
		}
	}
}

// File is what somebody imports.
type File struct {
	Data      []byte
	Separator string // ",", ";", a tab, or "" for what the header uses
}

// chunk is how many rows one transaction takes, so that others get their turn in between (decision 5); a file that has no more
// is done at once.
const chunk = 50

// Import takes a file of sites (chapter 7). A fault of the file as a whole is an error and changes nothing; a bad row is Failed in
// the report and the others count. A file of more than 50 rows is done in the background: then the report is nil and the
// operation says how far it is and holds the report at its end. In a dry run the report says what would happen, at any length,
// and nothing is locked.
func (s *Service) Import(ctx context.Context, actor access.Actor, customerID string, f File) (*Report, operation.Operation, error) {
	var none operation.Operation
	t, err := s.allowed(ctx, s.db, actor, access.DeviceEdit, customerID)
	if err == nil && t.State == tenant.Archived {
		err = errArchived
	}
	if err != nil {
		return nil, none, err
	}
	rows, err := readTable(f.Data, f.Separator)
	if err != nil {
		return nil, none, err
	}
	if db.IsDryRun(ctx) {
		report, err := s.rehearse(ctx, customerID, rows)
		return report, none, err
	}
	if len(rows) > chunk {
		op, err := s.startImport(ctx, actor, t, f)
		return nil, op, err
	}
	var w *work
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		w = newWork(rows, Report{})
		return s.pass(ctx, tx, actor, customerID, w)
	})
	if err != nil {
		return nil, none, err
	}
	w.report.count()
	return &w.report, none, nil
}

// work is an import on its way. A row whose subnet another site still has is put off once, because a later row may free it.
type work struct {
	rows   []record
	report Report
	first  map[string]int // row of a folded name
	putOff []int
	tried  int // how many rows had their first try
}

// newWork begins with a report, of which an earlier run may have filled the beginning.
func newWork(rows []record, r Report) *work {
	w := &work{rows: rows, report: r, first: map[string]int{}}
	for i, row := range rows {
		if name := db.Fold(row.cells[columnName]); !has(w.first, name) {
			w.first[name] = i
		}
	}
	w.report.Rows = slices.Clone(r.Rows)
	for i, o := range w.report.Rows {
		w.tried = i + 1
		if o.Outcome == "" {
			w.putOff = append(w.putOff, i)
		}
	}
	return w
}

func has(m map[string]int, k string) bool { _, ok := m[k]; return ok }

// next gives the rows of the next chunk; none when all is done.
func (w *work) next() (rows []int, last bool) {
	for w.tried < len(w.rows) && len(rows) < chunk {
		rows = append(rows, w.tried)
		w.report.Rows = append(w.report.Rows, Outcome{Line: w.rows[w.tried].line, Site: csvfile.Clip(w.rows[w.tried].cells[columnName], 128)})
		w.tried++
	}
	if len(rows) > 0 {
		return rows, false
	}
	n := min(chunk, len(w.putOff))
	rows, w.putOff = w.putOff[:n], w.putOff[n:]
	return rows, true
}

func (w *work) done() int64 { return int64(w.tried - len(w.putOff)) }

// plan decides about the rows of a chunk and gives the steps that follow. All of them give their old subnets up at first, so
// they can swap them; one that cannot have its new ones keeps its old, which may cost another one, and so on.
func (w *work) plan(e *estate, rows []int, last bool) []step {
	steps := map[int]step{}
	for _, i := range rows {
		st, err := w.read(e, i)
		if err != nil {
			w.fail(i, err)
			continue
		}
		steps[i] = st
	}
	for {
		refused := false
		trial := &estate{sites: maps.Clone(e.sites), byName: maps.Clone(e.byName), owner: maps.Clone(e.owner)}
		order := slices.Sorted(maps.Keys(steps))
		for _, i := range order {
			if b := steps[i].before; b != nil {
				trial.drop(b.ID)
			}
		}
		for _, i := range order {
			if err := trial.admit(*steps[i].after); err != nil {
				if !last && errs.CodeOf(err) == errTaken.Code {
					w.putOff = append(w.putOff, i)
				} else {
					w.fail(i, err)
				}
				delete(steps, i)
				refused = true
				continue
			}
			trial.set(*steps[i].after)
		}
		if !refused {
			break
		}
	}
	var out []step
	for _, i := range slices.Sorted(maps.Keys(steps)) {
		st := steps[i]
		o := &w.report.Rows[i]
		o.Outcome, o.Code, o.Reason = Added, "", ""
		if st.before != nil {
			o.Outcome = Updated
		}
		if st.before == nil || len(st.fields) > 0 {
			out = append(out, st)
		}
	}
	return out
}

func (w *work) fail(i int, err error) {
	e := errs.As(err)
	o := &w.report.Rows[i]
	o.Outcome, o.Code, o.Reason = Failed, e.Code, e.Message
	if len(e.Fields) > 0 {
		f := e.Fields[0]
		o.Code, o.Reason = f.Code, f.Name+": "+f.Message
	}
	for _, name := range []string{"position", "subnet", "site"} {
		if v := e.Params[name]; v != "" {
			o.Reason += " (" + name + ": " + v + ")"
		}
	}
}

var errDouble = errs.New(errs.Conflict, "row_repeated", "A row before has the same site name.")

// read makes a step of a row. A column that the file does not have leaves the field as it is.
func (w *work) read(e *estate, i int) (step, error) {
	cells := w.rows[i].cells
	name := cells[columnName]
	if w.first[db.Fold(name)] != i {
		return step{}, errDouble
	}
	networks, err := readCell(cells[columnSubnets])
	if err != nil {
		return step{}, err
	}
	p := Patch{Name: &name, Subnets: &networks}
	if v, given := cells[columnDescription]; given {
		p.Description = &v
	}
	if v, given := cells[columnLocation]; given {
		p.LocationName = &v
	}
	var st step
	after := Site{}
	if was, known := e.named(name); known {
		if was.Fixed {
			return step{}, errFixed
		}
		st.before, after = &was, was
	} else {
		after.ID = db.NewID()
	}
	st.fields, err = p.apply(&after)
	st.after = &after
	return st, err
}

// pass does the whole of a short file, or the next chunk of a long one, in the caller's transaction.
func (s *Service) pass(ctx context.Context, tx *db.Tx, actor access.Actor, customerID string, w *work) error {
	t, e, err := s.begin(ctx, tx, actor, customerID)
	if err != nil {
		return err
	}
	for {
		rows, last := w.next()
		if len(rows) == 0 {
			return nil
		}
		if steps := w.plan(e, rows, last); len(steps) > 0 {
			if err := s.write(ctx, tx, actor, t, e, steps...); err != nil {
				return err
			}
		}
		if len(w.rows) > chunk {
			return nil
		}
	}
}

// rehearse tells what an import would do, without a transaction.
func (s *Service) rehearse(ctx context.Context, customerID string, rows []record) (*Report, error) {
	all, err := load(ctx, s.db, customerID)
	if err != nil {
		return nil, err
	}
	e, w := newEstate(all), newWork(rows, Report{})
	for {
		rows, last := w.next()
		if len(rows) == 0 {
			w.report.count()
			return &w.report, nil
		}
		steps := w.plan(e, rows, last)
		for _, st := range steps {
			if st.before != nil {
				e.drop(st.before.ID)
			}
		}
		for _, st := range steps {
			e.set(*st.after)
		}
	}
}

// Export writes all sites of the customer but Internet as Import reads them (DM-61). The separator is ",", ";" or a tab; "" is a
// comma. A failure breaks the file off with an error.
func (s *Service) Export(ctx context.Context, actor access.Actor, customerID, separator string, to io.Writer) error {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return err
	}
	out := csv.NewWriter(to)
	out.UseCRLF = true
	switch separator {
	case "", ",":
	case ";", "\t":
		out.Comma = rune(separator[0])
	default:
		return csvfile.ErrSeparator
	}
	all, err := load(ctx, s.db, customerID)
	if err != nil {
		return err
	}
	if err := out.Write(columns); err != nil {
		return err
	}
	for _, x := range newEstate(all).list() {
		if x.Fixed {
			continue
		}
		if err := out.Write([]string{csvfile.Armed(x.Name), csvfile.Armed(x.Description), csvfile.Armed(x.LocationName), writeCell(x.Subnets)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

const importKind = "network.import"

type importArgs struct {
	ID string `json:"id"` // of the operation
}

// startImport keeps the file and leaves the rest to a job, in one transaction.
func (s *Service) startImport(ctx context.Context, actor access.Actor, t tenant.Tenant, f File) (operation.Operation, error) {
	var op operation.Operation
	actor.SessionID = "" // not to be kept
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if err := s.Hold(ctx, tx, t); err != nil {
			return err
		}
		if op, err = s.operations.Start(ctx, tx, actor, "site.import", t.Scope, t.ID); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `INSERT INTO network_imports (id, customer_id, actor, separator, data, report, created) VALUES ($1, $2, $3, $4, $5, '', $6)`,
			op.ID, t.ID, db.AsJSON(actor), f.Separator, f.Data, tx.Now()); err != nil {
			return err
		}
		return queue.Insert(ctx, tx, importKind, importArgs{op.ID}, queue.Opts{Unique: op.ID, Scope: t.Scope})
	})
	return op, err
}
