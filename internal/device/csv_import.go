package device

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/csvfile"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/profile"
	"linecard/internal/queue"
	"linecard/internal/tenant"
)

// ImportedProfiles keeps the attributes of device files: one profile for each device that has any (DM-259).
type ImportedProfiles interface {
	SetImported(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, rows []profile.ImportedRow) ([]profile.RowFault, error)
	ForeseeImported(ctx context.Context, q db.Q, t tenant.Tenant, rows []profile.ImportedRow) (map[string]profile.Foreseen, []profile.RowFault, error)
	OfDevices(ctx context.Context, q db.Q, customerID string, fn func(deviceID string, ps []profile.Profile) error) error
}

// What an import does with devices that are there already.
const (
	ModeSkip      = "skip"      // leaves them alone (DM-249)
	ModeOverwrite = "overwrite" // their CSV profile and groups become what the file says (DM-250)
	ModeMerge     = "merge"     // adds to them (DM-251)
)

// ImportFile is what somebody imports.
type ImportFile struct {
	Data      []byte `json:"-"`
	Mode      string // one of the modes; "": skip
	Format    string // one of Formats; "": linecard
	Separator string // ",", ";", a tab, or "" for what the header uses
	Armed     bool   // cells that a spreadsheet would run have an apostrophe before them, as Export writes on request
}

// The outcomes of a row (DM-248).
const (
	RowAdded   = "added"
	RowUpdated = "updated"
	RowSkipped = "skipped"
	RowFailed  = "failed"
)

// Outcome is what became of one row.
type Outcome struct {
	Line     int       `json:"line"`
	Device   string    `json:"device"` // its identifier, as far as the row told
	Outcome  string    `json:"outcome"`
	Code     string    `json:"code,omitempty"` // of the fault, or why it was skipped
	Reason   string    `json:"reason,omitempty"`
	Warnings []Warning `json:"warnings,omitempty"`
}

// ImportReport is the log of an import (DM-256), the rows in the order of the file. No value of an attribute stands in it.
type ImportReport struct {
	Added    int       `json:"added"`
	Updated  int       `json:"updated"`
	Skipped  int       `json:"skipped"`
	Failed   int       `json:"failed"`
	Warnings int       `json:"warnings"` // rows with warnings; they count as what became of them too
	Rows     []Outcome `json:"rows"`
}

func reportOf(rows []Outcome) *ImportReport {
	r := &ImportReport{Rows: rows}
	slices.SortStableFunc(r.Rows, func(a, b Outcome) int { return a.Line - b.Line })
	for _, o := range rows {
		switch o.Outcome {
		case RowAdded:
			r.Added++
		case RowUpdated:
			r.Updated++
		case RowSkipped:
			r.Skipped++
		case RowFailed:
			r.Failed++
		}
		if len(o.Warnings) > 0 {
			r.Warnings++
		}
	}
	return r
}

// importChunk is how many devices one transaction takes, so that others get their turn in between (decision 5); a file that has no more
// is done at once.
const importChunk = 100

var errMode = errs.BadField("mode", "unknown_value", "Choose one of: skip, overwrite, merge.")

// Import takes a file of devices (chapter 19). A fault of the file as a whole is an error and changes nothing; a bad row is RowFailed in
// the report and the others count. A file of more than 100 devices is done in the background: then the report is nil and the operation
// says how far it is and holds the report at its end. In a dry run the report says what would happen, at any length, and nothing is
// locked.
func (s *Service) Import(ctx context.Context, actor access.Actor, customerID string, f ImportFile) (*ImportReport, operation.Operation, error) {
	var none operation.Operation
	t, units, err := s.importable(ctx, actor, customerID, &f)
	if err != nil {
		return nil, none, err
	}
	if db.IsDryRun(ctx) {
		report, err := s.rehearse(ctx, t, f, units)
		return report, none, err
	}
	if len(units) > importChunk {
		op, err := s.startImport(ctx, actor, t, f)
		return nil, op, err
	}
	var rows []Outcome
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		rows, err = s.importSome(ctx, tx, actor, t.ID, f, units)
		return err
	})
	if err != nil {
		return nil, none, err
	}
	return reportOf(rows), none, nil
}

// importable decides whether the actor may import, and reads the file; an empty mode becomes the usual one.
func (s *Service) importable(ctx context.Context, actor access.Actor, customerID string, f *ImportFile) (tenant.Tenant, []*unit, error) {
	t, err := s.allowed(ctx, s.db, actor, access.DeviceEdit, customerID)
	if err == nil && t.State == tenant.Archived {
		err = errArchived
	}
	if f.Mode = cmp.Or(f.Mode, ModeSkip); err == nil && f.Mode != ModeSkip && f.Mode != ModeOverwrite && f.Mode != ModeMerge {
		err = errMode
	}
	if err != nil {
		return t, nil, err
	}
	units, err := s.readUnits(*f)
	return t, units, err
}

// rehearse tells what an import would do, without a transaction.
func (s *Service) rehearse(ctx context.Context, t tenant.Tenant, f ImportFile, units []*unit) (*ImportReport, error) {
	c, err := load(ctx, s.db, t.ID)
	if err != nil {
		return nil, err
	}
	left := MaxDevices - c.Devices
	var rows []Outcome
	for some := range slices.Chunk(units, 500) {
		p, err := s.plan(ctx, s.db, t, f, some, left)
		if err != nil {
			return nil, err
		}
		left -= int64(len(p.fresh))
		rows = append(rows, p.outcomes()...)
	}
	return reportOf(rows), nil
}

const deviceImport = "device.import"

type importArgs struct {
	ID string `json:"id"` // of the operation
}

// startImport keeps the file, sealed because it may hold passwords, and leaves the rest to a job, in one transaction.
func (s *Service) startImport(ctx context.Context, actor access.Actor, t tenant.Tenant, f ImportFile) (operation.Operation, error) {
	var op operation.Operation
	actor.SessionID = "" // not to be kept
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := ensure(ctx, tx, t); err != nil {
			return err
		}
		var err error
		if op, err = s.operations.Start(ctx, tx, actor, deviceImport, t.Scope, t.ID); err != nil {
			return err
		}
		sealed, err := s.box.Seal(f.Data, importSealedAs(op.ID))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO device_imports (id, customer_id, actor, options, data, done, created) VALUES ($1, $2, $3, $4, $5, 0, $6)`,
			op.ID, t.ID, db.AsJSON(actor), db.AsJSON(f), sealed, tx.Now()); err != nil {
			return err
		}
		return queue.Insert(ctx, tx, deviceImport, importArgs{op.ID}, queue.Opts{Unique: op.ID, Scope: t.Scope})
	})
	return op, err
}

func importSealedAs(id string) string { return "device_imports/data/" + id }

// Register gives the queue the room's work: imports of long files.
func (s *Service) Register(q *queue.Queue) {
	queue.Handle(q, deviceImport, s.runImport, queue.Policy{MaxAttempts: 8, Timeout: 10 * time.Minute, Concurrency: 2})
	s.counts(q)
}

// runImport does a file chunk by chunk; each is one transaction with what it did noted beside it, so that a second run goes on where the
// first one ended.
func (s *Service) runImport(ctx context.Context, j queue.Job[importArgs]) error {
	err := s.importAll(ctx, j)
	end := func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM device_imports WHERE id = $1`, j.Args.ID); err != nil {
			return err
		}
		return j.Complete(ctx, tx)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, operation.ErrCancelled):
		return s.db.Tx(ctx, end)
	case ctx.Err() == nil && (j.Attempt == j.MaxAttempts || refusal(err)):
		return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := s.operations.Fail(ctx, tx, j.Args.ID, err); err != nil && !errors.Is(err, operation.ErrCancelled) {
				return err
			}
			return end(ctx, tx)
		})
	}
	return err
}

// refusal says whether trying again gives the same answer: rights that are gone, a customer that is archived.
func refusal(err error) bool {
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.NotFound, errs.Conflict, errs.Invalid, errs.TooLarge:
		return true
	}
	return false
}

func (s *Service) importAll(ctx context.Context, j queue.Job[importArgs]) error {
	var in struct {
		CustomerID string                `db:"customer_id"`
		Actor      db.JSON[access.Actor] `db:"actor"`
		Options    db.JSON[ImportFile]   `db:"options"`
		Data       []byte                `db:"data"`
		Done       int                   `db:"done"`
	}
	err := s.db.Get(ctx, &in, `SELECT customer_id, actor, options, data, done FROM device_imports WHERE id = $1`, j.Args.ID)
	if err != nil {
		return err
	}
	f := in.Options.V
	if f.Data, err = s.box.Open(in.Data, importSealedAs(j.Args.ID)); err != nil {
		return err
	}
	units, err := s.readUnits(f)
	if err != nil {
		return err
	}
	for done := min(in.Done, len(units)); done < len(units); {
		some := units[done:min(done+importChunk, len(units))]
		if err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			rows, err := s.importSome(ctx, tx, in.Actor.V, in.CustomerID, f, some)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE device_imports SET done = $2 WHERE id = $1`, j.Args.ID, done+len(some)); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO device_import_rows (import_id, first, rows) VALUES ($1, $2, $3)`, j.Args.ID, done, db.AsJSON(rows))
			return err
		}); err != nil {
			return err
		}
		done += len(some)
		if err := s.operations.Progress(ctx, j.Args.ID, int64(done), int64(len(units))); err != nil {
			return err
		}
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.endImport(ctx, tx, j) })
}

// endImport puts the log together and ends the operation.
func (s *Service) endImport(ctx context.Context, tx *db.Tx, j queue.Job[importArgs]) error {
	var chunks []string
	if err := tx.Select(ctx, &chunks, `SELECT rows FROM device_import_rows WHERE import_id = $1 ORDER BY first`, j.Args.ID); err != nil {
		return err
	}
	var rows []Outcome
	for _, c := range chunks {
		var some []Outcome
		if err := json.Unmarshal([]byte(c), &some); err != nil {
			return err
		}
		rows = append(rows, some...)
	}
	if err := s.operations.Succeed(ctx, tx, j.Args.ID, reportOf(rows)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM device_imports WHERE id = $1`, j.Args.ID); err != nil {
		return err
	}
	return j.Complete(ctx, tx)
}

// outcome of a unit that failed, as its row shows it.
func failure(o Outcome, err error) Outcome {
	e := errs.As(err)
	o.Outcome, o.Code, o.Reason = RowFailed, e.Code, e.Message
	if len(e.Fields) > 0 {
		f := e.Fields[0]
		o.Code, o.Reason = f.Code, f.Name+": "+f.Message
	}
	for _, name := range []string{"line", "proposal"} {
		if v := e.Params[name]; v != "" {
			o.Reason += " (" + name + ": " + v + ")"
		}
	}
	o.Reason = csvfile.Clip(o.Reason, 240)
	return o
}

// lines of a unit, the first one first.
func (u *unit) rows(o Outcome) []Outcome {
	o.Line, o.Device, o.Warnings = u.line, u.shown, u.warnings
	out := []Outcome{o}
	for _, l := range u.also {
		more := o
		more.Line, more.Warnings = l, nil
		out = append(out, more)
	}
	return out
}
