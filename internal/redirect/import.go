package redirect

import (
	"context"
	"encoding/csv"
	"errors"
	"io"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/queue"
	"linecard/internal/tenant"
)

// The outcomes of a row.
const (
	Added     = "added"
	Updated   = "updated"
	Unchanged = "unchanged"
	Skipped   = "skipped" // the customer has it and the mode is not overwrite
	Failed    = "failed"
	NotDone   = "not_done" // fine by itself, but another row failed and all or none shall count
)

// Outcome is what became of one row; of a failed one it names the field (CH-36).
type Outcome struct {
	Line    int    `json:"line"`
	MAC     string `json:"mac"`
	Outcome string `json:"outcome"`
	Field   string `json:"field,omitempty"`
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason"`
}

// Report is the log of an import, the rows in the order of the file.
type Report struct {
	Added   int       `json:"added"`
	Updated int       `json:"updated"`
	Skipped int       `json:"skipped"` // unchanged ones too
	Failed  int       `json:"failed"`
	Rows    []Outcome `json:"rows"`
}

func (r *Report) count() {
	r.Added, r.Updated, r.Skipped, r.Failed = 0, 0, 0, 0
	for _, o := range r.Rows {
		switch o.Outcome {
		case Added:
			r.Added++
		case Updated:
			r.Updated++
		case Skipped, Unchanged:
			r.Skipped++
		case Failed:
			r.Failed++
		}
	}
}

// Sheet is what somebody imports.
type Sheet struct {
	Data      []byte
	Separator string // ",", ";", a tab, or "" for what the header uses
	Overwrite bool   // entries that are there get the values of the file; a column that the file does not have stays as it is
	AllOrNone bool   // one bad row and nothing is written; at most 1,000 rows
}

const (
	chunk     = 50   // rows of one transaction (decision 5)
	maxAtOnce = 1000 // rows of an all-or-none file
)

// errUndo rolls back what shall not count.
var errUndo = errors.New("redirect: not to be kept")

// Import takes a file of entries (CH-36). A fault of the file as a whole is an error and changes nothing; a bad row is Failed in
// the report and the others count, unless all or none shall. More than 50 rows are done in the background: then the report is nil
// and the operation holds it at its end. A dry run says at once what would happen, at any length.
func (s *Service) Import(ctx context.Context, actor access.Actor, customerID string, f Sheet) (*Report, operation.Operation, error) {
	var none operation.Operation
	t, err := s.allowed(ctx, s.db, actor, access.RedirectEdit, customerID)
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
	if f.AllOrNone && len(rows) > maxAtOnce {
		return nil, none, errRows
	}
	if len(rows) > chunk && !f.AllOrNone && !db.IsDryRun(ctx) {
		op, err := s.startImport(ctx, actor, t, f)
		return nil, op, err
	}
	report := Report{}
	done := 0
	for first := true; first || done < len(rows); first = false {
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			upTo := len(rows)
			if !f.AllOrNone { // a dry run of a long file gives way in between
				upTo = min(done+chunk, len(rows))
			}
			part := Report{Rows: report.Rows[:done:done]}
			if err := s.pass(ctx, tx, actor, customerID, rows, upTo, f.Overwrite, &part); err != nil {
				return err
			}
			report = part
			report.count()
			if f.AllOrNone && report.Failed > 0 {
				return errUndo
			}
			return nil
		})
		if err != nil && !errors.Is(err, errUndo) {
			return nil, none, err
		}
		if errors.Is(err, errUndo) {
			for i := range report.Rows {
				if o := &report.Rows[i]; o.Outcome != Failed {
					o.Outcome = NotDone
				}
			}
			report.count()
		}
		done = len(report.Rows)
	}
	return &report, none, nil
}

// pass does rows up to upTo that the report does not have yet, in the caller's transaction.
func (s *Service) pass(ctx context.Context, tx *db.Tx, actor access.Actor, customerID string, rows []record, upTo int, overwrite bool, r *Report) error {
	t, err := s.begin(ctx, tx, actor, access.RedirectEdit, customerID)
	if err != nil {
		return err
	}
	have, err := countEntries(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	earlier := map[string]int{}
	for _, o := range r.Rows {
		earlier[o.MAC] = o.Line
	}
	servers, err := serversByName(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	for i := len(r.Rows); i < upTo; i++ {
		o := s.row(ctx, tx, actor, t, rows[i], &have, overwrite, servers, earlier)
		if o.err != nil {
			if !isRefusal(o.err) {
				return o.err
			}
			o.blame(o.err)
		}
		earlier[o.MAC] = o.Line
		r.Rows = append(r.Rows, o.Outcome)
	}
	return nil
}

// isRefusal tells what a row is to blame for from what went wrong on our side.
func isRefusal(err error) bool {
	switch errs.KindOf(err) {
	case errs.Invalid, errs.Conflict, errs.NotFound:
		return true
	}
	return false
}

type rowOutcome struct {
	Outcome
	err error
}

func (o *rowOutcome) blame(err error) {
	e := errs.As(err)
	o.Outcome.Outcome, o.Code, o.Reason = Failed, e.Code, e.Message
	if len(e.Fields) > 0 {
		f := e.Fields[0]
		o.Field, o.Code, o.Reason = f.Name, f.Code, f.Message
		if f.Name == "server_id" {
			o.Field = "server"
		}
	}
	if o.Field == "" {
		o.Field = "mac"
	}
}

var (
	errTwice  = errs.BadField("mac", "row_repeated_mac", "A row before has the same MAC address.")
	errServer = errs.BadField("server", "unknown_redirect_server", "There is no such redirect server.")
)

// row does one row. Everything is checked before anything is written, so that a refusal leaves nothing behind.
func (s *Service) row(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, r record, have *int64, overwrite bool, servers map[string]string, earlier map[string]int) rowOutcome {
	o := rowOutcome{Outcome: Outcome{Line: r.line, MAC: printable(r.cells["mac"], 32)}}
	mac, err := phone.ParseMAC(r.cells["mac"])
	if err == nil {
		o.MAC = mac.String()
		if _, twice := earlier[o.MAC]; twice {
			err = errTwice
		}
	}
	server, named := r.cells["server"]
	serverID := ""
	if server != "" {
		if serverID = servers[db.Fold(server)]; serverID == "" && err == nil {
			err = errServer
		}
	}
	if err != nil {
		o.err = err
		return o
	}
	old, err := byMAC(ctx, tx, mac)
	switch {
	case err == nil && old.CustomerID == t.ID && !overwrite:
		o.Outcome.Outcome, o.Reason = Skipped, "There is an entry for this MAC address already."
		return o
	case err == nil && old.CustomerID == t.ID:
		p := EntryPatch{UniqueURL: cell(r, "unique_url"), Remark: cell(r, "remark"), Maker: cell(r, "maker"), Model: cell(r, "model"), Serial: cell(r, "serial")}
		if named {
			p.ServerID = &serverID
		}
		was := old.Version
		e, err := s.EditEntry(ctx, actor, t.ID, old.ID, p)
		o.err, o.Outcome.Outcome = err, Updated
		if err == nil && e.Version == was {
			o.Outcome.Outcome = Unchanged
		}
		return o
	case err != nil && errs.KindOf(err) != errs.NotFound:
		o.err = err
		return o
	}
	if *have >= MaxEntries {
		o.err = errEntryLimit
		return o
	}
	e, err := s.made(NewEntry{MAC: r.cells["mac"], ServerID: serverID, UniqueURL: r.cells["unique_url"], Remark: r.cells["remark"], Maker: r.cells["maker"], Model: r.cells["model"],
		Serial: r.cells["serial"]})
	if err == nil {
		_, err = s.add(ctx, tx, actor, t, e)
	}
	if o.err = err; err == nil {
		*have++
		o.Outcome.Outcome = Added
	}
	return o
}

func cell(r record, name string) *string {
	if v, ok := r.cells[name]; ok {
		return &v
	}
	return nil
}

func serversByName(ctx context.Context, q db.Q, customerID string) (map[string]string, error) {
	var rows []struct {
		ID   string `db:"id"`
		Name string `db:"name_fold"`
	}
	err := q.Select(ctx, &rows, `SELECT id, name_fold FROM redirect_servers WHERE customer_id = $1`, customerID)
	out := map[string]string{}
	for _, r := range rows {
		out[r.Name] = r.ID
	}
	return out, err
}

// The forms of an export.
const (
	FormLinecard = "linecard" // as Import reads it
	FormMaker    = "maker"    // MAC, serial number and effective address: for makers' portals that take a file
	FormTemplate = "template" // the header alone
)

// Export writes the entries of a customer. FormMaker takes those of one maker, or all with "", and is meant to be loaded into the
// maker's own portal, for makers without a connector: its columns are inferred, since no maker's format is public in our sources.
// Neither form holds a password.
func (s *Service) Export(ctx context.Context, actor access.Actor, customerID, separator, form, maker string, to io.Writer) error {
	t, err := s.allowed(ctx, s.db, actor, access.RedirectView, customerID)
	if err != nil {
		return err
	}
	out := csv.NewWriter(to)
	out.UseCRLF = true
	switch separator {
	case "", ",":
	case ";", "\t":
		out.Comma = rune(separator[0])
	default:
		return errSeparator
	}
	head := columns
	if form == FormMaker {
		head = []string{"MAC", "SN", "Server URL", "Remark"}
	}
	if err := out.Write(head); err != nil {
		return err
	}
	page := db.Page{Limit: db.MaxLimit}
	for form != FormTemplate {
		all, next, err := listEntries(ctx, s.db, db.Filter{Exactly: []string{t.Scope}}, EntryQuery{CustomerID: t.ID, Maker: maker, Page: page})
		if err != nil {
			return err
		}
		for _, e := range all {
			row := []string{e.MAC.String(), e.ServerName, e.UniqueURL, e.Remark, e.Maker, e.Model, e.Serial}
			if form == FormMaker {
				row = []string{e.MAC.String(), e.Serial, e.EffectiveURL, e.Remark}
			}
			for i := range row {
				row[i] = armed(row[i])
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
		if next == "" {
			break
		}
		page.Cursor = next
	}
	out.Flush()
	return out.Error()
}

const importKind = "redirect.import"

type importArgs struct {
	ID string `json:"id"` // of the operation
}

// startImport keeps the file and leaves the rest to a job, in one transaction.
func (s *Service) startImport(ctx context.Context, actor access.Actor, t tenant.Tenant, f Sheet) (operation.Operation, error) {
	var op operation.Operation
	actor.SessionID = "" // not to be kept
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if op, err = s.operations.Start(ctx, tx, actor, "redirect.import", t.Scope, t.ID); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `INSERT INTO redirect_imports (id, customer_id, actor, separator, overwrite, data, report, created) VALUES ($1, $2, $3, $4, $5, $6, '', $7)`,
			op.ID, t.ID, db.AsJSON(actor), f.Separator, f.Overwrite, f.Data, tx.Now()); err != nil {
			return err
		}
		return queue.Insert(ctx, tx, importKind, importArgs{op.ID}, queue.Opts{Unique: op.ID, Scope: t.Scope})
	})
	return op, err
}

// runImport does a file chunk by chunk; each is one transaction with what it did noted in the report, so that a second run goes on
// where the first one ended.
func (s *Service) runImport(ctx context.Context, j queue.Job[importArgs]) error {
	err := s.importAll(ctx, j)
	end := func(fault error) error {
		return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if fault != nil {
				if err := s.operations.Fail(ctx, tx, j.Args.ID, fault); err != nil && !errors.Is(err, operation.ErrCancelled) {
					return err
				}
			}
			return s.endImport(ctx, tx, j)
		})
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, operation.ErrCancelled):
		return end(nil)
	case ctx.Err() == nil && (j.Attempt == j.MaxAttempts || permanent(err)):
		return end(err)
	}
	return err
}

// permanent says whether trying again gives the same refusal: rights that are gone, a customer that is archived.
func permanent(err error) bool {
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
		Separator  string                `db:"separator"`
		Overwrite  bool                  `db:"overwrite"`
		Data       []byte                `db:"data"`
		Report     db.JSON[Report]       `db:"report"`
	}
	if err := s.db.Get(ctx, &in, `SELECT customer_id, actor, separator, overwrite, data, report FROM redirect_imports WHERE id = $1`, j.Args.ID); err != nil {
		return err
	}
	rows, err := readTable(in.Data, in.Separator)
	if err != nil {
		return err
	}
	report := in.Report.V
	for {
		ended := len(report.Rows) == len(rows)
		next := report
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if ended {
				report.count()
				if err := s.operations.Succeed(ctx, tx, j.Args.ID, report.bounded()); err != nil {
					return err
				}
				return s.endImport(ctx, tx, j)
			}
			next = Report{Rows: report.Rows[:len(report.Rows):len(report.Rows)]}
			if err := s.pass(ctx, tx, in.Actor.V, in.CustomerID, rows, min(len(report.Rows)+chunk, len(rows)), in.Overwrite, &next); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE redirect_imports SET report = $2 WHERE id = $1`, j.Args.ID, db.AsJSON(next))
			return err
		})
		if err != nil || ended {
			return err
		}
		report = next
		if err := s.operations.Progress(ctx, j.Args.ID, int64(len(report.Rows)), int64(len(rows))); err != nil {
			return err
		}
	}
}

// bounded keeps the log within what an operation may hold: of a very long file the rows that went well are only counted.
func (r Report) bounded() Report {
	if len(r.Rows) <= 4000 {
		return r
	}
	out := r
	out.Rows = []Outcome{}
	for _, o := range r.Rows {
		if o.Outcome == Failed && len(out.Rows) < 4000 {
			out.Rows = append(out.Rows, o)
		}
	}
	return out
}

func (s *Service) endImport(ctx context.Context, tx *db.Tx, j queue.Job[importArgs]) error {
	if _, err := tx.Exec(ctx, `DELETE FROM redirect_imports WHERE id = $1`, j.Args.ID); err != nil {
		return err
	}
	return j.Complete(ctx, tx)
}
