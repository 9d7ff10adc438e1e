package subscriber

import (
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/csvfile"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/tenant"
)

// The columns of a file of users (WS-133). The key is the e-mail address.
var columns = []string{"email", "first_name", "last_name", "display_name", "package", "add_ons", "location", "extension", "phone_number", "external_id", "status"}

// Columns gives the names of those columns, for pages that let people say what their own are called.
func Columns() []string { return slices.Clone(columns) }

// The outcomes of a row.
const (
	RowAdded     = "added"
	RowUpdated   = "updated"
	RowUnchanged = "unchanged"
	RowFailed    = "failed"
)

// Outcome is what became of one row. Reason is left out of all but the first two thousand failures.
type Outcome struct {
	Line    int    `json:"line"`
	Outcome string `json:"outcome"`
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// Report is the log of an import, the rows in the order of the file.
type Report struct {
	Added     int       `json:"added"`
	Updated   int       `json:"updated"`
	Unchanged int       `json:"unchanged"`
	Failed    int       `json:"failed"`
	Rows      []Outcome `json:"rows"`
}

func reportOf(rows []Outcome) *Report {
	r := &Report{Rows: rows}
	for i, o := range rows {
		switch o.Outcome {
		case RowAdded:
			r.Added++
		case RowUpdated:
			r.Updated++
		case RowUnchanged:
			r.Unchanged++
		case RowFailed:
			if r.Failed++; r.Failed > 2000 {
				r.Rows[i].Reason = ""
			}
		}
	}
	return r
}

// ImportFile is a file of users. Mapping says which header of the file stands for a column of ours; what it does not name is
// found by its own name.
type ImportFile struct {
	Data      []byte            `json:"-"`
	Separator string            `json:"separator"` // ",", ";", a tab, or "" for what the header uses
	Mapping   map[string]string `json:"mapping"`
}

const maxRows = 10_000

var (
	errRows   = errs.New(errs.TooLarge, "csv_too_many_users", "At most 10000 users per file.")
	errTwice  = errs.New(errs.Conflict, "row_repeated", "A row before has the same e-mail address.")
	errActive = errs.New(errs.Invalid, "bad_row_status", "The status is active or inactive.")
)

// record is one row of a file; cells has the columns that the file has.
type record struct {
	line  int
	cells map[string]string
}

// readFile reads a file of users.
func readFile(f ImportFile) ([]record, error) {
	t, err := csvfile.Read(f.Data, f.Separator, maxRows, errRows)
	if err != nil {
		return nil, err
	}
	ours := map[string]string{}
	for column, header := range f.Mapping {
		if !slices.Contains(columns, column) {
			return nil, csvfile.ErrHeader.With("header", csvfile.Clip(column, 64))
		}
		ours[strings.ToLower(strings.TrimSpace(header))] = column
	}
	names := make([]string, len(t.Header))
	for i, h := range t.Header {
		name := strings.ToLower(h)
		if mapped, ok := ours[name]; ok {
			name = mapped
		} else if len(f.Mapping) > 0 && !slices.Contains(columns, name) {
			continue // with a mapping, other columns of the other system do not matter
		}
		if !slices.Contains(columns, name) || slices.Contains(names[:i], name) {
			return nil, csvfile.ErrHeader.With("header", csvfile.Clip(h, 64))
		}
		names[i] = name
	}
	if !slices.Contains(names, "email") {
		return nil, csvfile.ErrHeader.With("header", "email")
	}
	rows := make([]record, len(t.Rows))
	for n, r := range t.Rows {
		rows[n] = record{line: r.Line, cells: map[string]string{}}
		for i, name := range names {
			if name != "" && i < len(r.Cells) {
				rows[n].cells[name] = csvfile.Plain(r.Cells[i])
			}
		}
	}
	return rows, nil
}

// wish is a row as it wants a user to be.
func (r record) wish() (NewUser, error) {
	n := NewUser{Email: r.cells["email"], FirstName: r.cells["first_name"], LastName: r.cells["last_name"], DisplayName: r.cells["display_name"],
		ExternalID: r.cells["external_id"], Package: strings.ToLower(r.cells["package"]), LocationName: r.cells["location"], Extension: r.cells["extension"], Number: r.cells["phone_number"]}
	for code := range strings.FieldsFuncSeq(r.cells["add_ons"], func(c rune) bool { return c == '|' || c == ' ' }) {
		n.AddOns = append(n.AddOns, strings.ToLower(code))
	}
	switch strings.ToLower(r.cells["status"]) {
	case "", "active":
	case "inactive":
		n.Inactive = true
	default:
		return n, errActive
	}
	return n, nil
}

// ImportUsers takes a file of users (WS-133): those whose address is new are added, the others become what their row says; a cell that is
// empty, and a column that is missing, changes nothing. A bad row is RowFailed and the others count. A file of more than a hundred rows is
// done in the background: then the report is nil and the operation holds it at its end. In a dry run the report says what would happen,
// at any length.
func (s *Service) ImportUsers(ctx context.Context, actor access.Actor, customerID string, f ImportFile) (*Report, operation.Operation, error) {
	var none operation.Operation
	t, err := s.allowed(ctx, s.db, actor, access.UserEdit, customerID)
	if err == nil && t.State == tenant.Archived {
		err = errArchived
	}
	if err != nil {
		return nil, none, err
	}
	rows, err := readFile(f)
	if err != nil {
		return nil, none, err
	}
	im := newImporting(actor, t, rows)
	switch {
	case db.IsDryRun(ctx):
		if err := s.rehearse(ctx, im); err != nil {
			return nil, none, err
		}
		return reportOf(im.out), none, nil
	case len(rows) > chunk:
		op, err := s.startImport(ctx, actor, t, f)
		return nil, op, err
	}
	if err := s.portion(ctx, im, 0, len(rows), nil); err != nil {
		return nil, none, err
	}
	return reportOf(im.out), none, nil
}

// importing is a file on its way.
type importing struct {
	actor access.Actor
	t     tenant.Tenant
	rows  []record
	first map[string]int // row of a folded address
	out   []Outcome
}

func newImporting(actor access.Actor, t tenant.Tenant, rows []record) *importing {
	im := &importing{actor: actor, t: t, rows: rows, first: map[string]int{}, out: make([]Outcome, len(rows))}
	for i, r := range rows {
		im.out[i].Line = r.line
		if e := db.Fold(r.cells["email"]); e != "" {
			if _, twice := im.first[e]; !twice {
				im.first[e] = i
			}
		}
	}
	return im
}

func (im *importing) fail(i int, err error) {
	e := errs.As(err)
	o := &im.out[i]
	o.Outcome, o.Code, o.Reason = RowFailed, e.Code, e.Message
	if len(e.Fields) > 0 {
		o.Code, o.Reason = e.Fields[0].Code, e.Fields[0].Name+": "+e.Fields[0].Message
	}
}

// sorted reads which of the rows are of users that are there, and gives the others as items to make.
func (s *Service) sorted(ctx context.Context, im *importing, from, to int) (fresh []int, asks []ask, known map[int]Holder, err error) {
	known = map[int]Holder{}
	var emails []string
	for i := from; i < to; i++ {
		emails = append(emails, db.Fold(im.rows[i].cells["email"]))
	}
	a := s.db.Args()
	var have []Holder
	if err := s.db.Select(ctx, &have, selectedHolders+` WHERE s.customer_id = `+a.Add(im.t.ID)+` AND s.kind = 'user' AND `+a.In("s.email_fold", unique(emails)), a.List()...); err != nil {
		return nil, nil, nil, err
	}
	if err := withAddOns(ctx, s.db, have); err != nil {
		return nil, nil, nil, err
	}
	by := map[string]Holder{}
	for _, h := range have {
		by[h.EmailFold] = h
	}
	for i := from; i < to; i++ {
		e := db.Fold(im.rows[i].cells["email"])
		wish, err := im.rows[i].wish()
		switch h, there := by[e]; {
		case err != nil:
			im.fail(i, err)
		case e != "" && im.first[e] != i:
			im.fail(i, errTwice)
		case there:
			known[i] = h
		default:
			fresh, asks = append(fresh, i), append(asks, ask{Person, wish})
		}
	}
	return fresh, asks, known, nil
}

// portion does some rows: changes of users that are there one by one, then all new ones and what is kept of the portion in one transaction,
// so that a second run after a crash finds them there.
func (s *Service) portion(ctx context.Context, im *importing, from, to int, keep func(ctx context.Context, tx *db.Tx) error) error {
	fresh, asks, known, err := s.sorted(ctx, im, from, to)
	if err != nil {
		return err
	}
	if err := s.updates(ctx, im, known, from, to); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if len(asks) > 0 {
			made, err := s.make(ctx, tx, im.actor, access.UserEdit, im.t.ID, asks)
			if err != nil {
				return err
			}
			for n, i := range fresh {
				if im.out[i].Outcome = RowAdded; made[n].Err != nil {
					im.fail(i, made[n].Err)
				}
			}
		}
		if keep == nil {
			return nil
		}
		return keep(ctx, tx)
	})
}

func (s *Service) updates(ctx context.Context, im *importing, known map[int]Holder, from, to int) error {
	for i := from; i < to; i++ {
		h, there := known[i]
		if !there {
			continue
		}
		changed, err := s.updated(ctx, im, h, im.rows[i])
		switch {
		case err != nil && !permanent(err):
			return err
		case err != nil:
			im.fail(i, err)
		case changed:
			im.out[i].Outcome = RowUpdated
		default:
			im.out[i].Outcome = RowUnchanged
		}
	}
	return nil
}

// updated makes a user what its row says, in one transaction, and says whether that was a change.
func (s *Service) updated(ctx context.Context, im *importing, h Holder, r record) (bool, error) {
	wish, err := r.wish()
	if err != nil {
		return false, err
	}
	var version int64
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		given := func(column, value, is string) *string {
			if r.cells[column] == "" || value == is {
				return nil
			}
			return &value
		}
		p := HolderPatch{FirstName: given("first_name", wish.FirstName, h.FirstName), LastName: given("last_name", wish.LastName, h.LastName),
			DisplayName: given("display_name", wish.DisplayName, h.DisplayName), ExternalID: given("external_id", wish.ExternalID, h.ExternalID)}
		if active := !wish.Inactive; r.cells["status"] != "" && active != h.Active {
			p.Active = &active
		}
		id := h.LocationID
		if wish.LocationName != "" {
			if err := tx.Get(ctx, &id, `SELECT id FROM subscriber_locations WHERE customer_id = $1 AND name_fold = $2`, im.t.ID, db.Fold(wish.LocationName)); err != nil {
				if errs.KindOf(err) == errs.NotFound {
					err = errNoLocation
				}
				return err
			}
		}
		c := PackageChange{Package: wish.Package, LocationID: id, Extension: wish.Extension, Number: wish.Number}
		if r.cells["add_ons"] != "" {
			c.AddOns = &wish.AddOns
		}
		now := h
		if c.Package != "" || c.AddOns != nil {
			if now, err = s.repackage(ctx, im.actor, access.UserPackage, im.t.ID, h.ID, Person, c); err != nil {
				return err
			}
		}
		p.LocationID, p.Extension, p.Number = given("location", id, now.LocationID), given("extension", wish.Extension, now.Extension), given("phone_number", wish.Number, now.Number)
		if p != (HolderPatch{}) {
			if now, err = s.edit(ctx, im.actor, im.t.ID, h.ID, Person, p); err != nil {
				return err
			}
		}
		version = now.Version
		return nil
	})
	return version > h.Version, err
}

// rehearse says what an import would do: new rows by the rules over the whole file, the others by doing them in transactions that are
// taken back.
func (s *Service) rehearse(ctx context.Context, im *importing) error {
	fresh, asks, known, err := s.sorted(ctx, im, 0, len(im.rows))
	if err != nil {
		return err
	}
	if err := s.updates(ctx, im, known, 0, len(im.rows)); err != nil || len(asks) == 0 {
		return err
	}
	f, err := s.gather(ctx, s.db, im.t, asks, false)
	if err != nil {
		return err
	}
	for n, i := range fresh {
		v := judge(f, asks[n])
		if err := v.err(); err != nil {
			im.fail(i, err)
			continue
		}
		f.note(v)
		im.out[i].Outcome = RowAdded
	}
	return nil
}

// permanent says whether trying again gives the same refusal.
func permanent(err error) bool {
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.NotFound, errs.Conflict, errs.Invalid, errs.TooLarge, errs.Stale:
		return true
	}
	return false
}

// ExportUsers writes all users of a customer as ImportUsers reads them, cells that a spreadsheet would run made harmless.
func (s *Service) ExportUsers(ctx context.Context, actor access.Actor, customerID string, to io.Writer) error {
	if _, err := s.allowed(ctx, s.db, actor, access.UserView, customerID); err != nil {
		return err
	}
	names := map[string]string{}
	var places []Location
	if err := s.db.Select(ctx, &places, selectedLocations+` WHERE customer_id = $1`, customerID); err != nil {
		return err
	}
	for _, l := range places {
		names[l.ID] = l.Name
	}
	out := csv.NewWriter(to)
	out.UseCRLF = true
	if err := out.Write(columns); err != nil {
		return err
	}
	for last := ""; ; {
		var some []Holder
		if err := s.db.Select(ctx, &some, selectedHolders+` WHERE s.customer_id = $1 AND s.kind = 'user' AND s.id > $2 ORDER BY s.id LIMIT 1000`, customerID, last); err != nil {
			return err
		}
		if err := withAddOns(ctx, s.db, some); err != nil {
			return err
		}
		for _, h := range some {
			status := "active"
			if !h.Active {
				status = "inactive"
			}
			cells := []string{h.Email, h.FirstName, h.LastName, h.DisplayName, h.Package, strings.Join(h.AddOns, "|"), names[h.LocationID], h.Extension, h.Number, h.ExternalID, status}
			for i, c := range cells {
				cells[i] = csvfile.Armed(c)
			}
			if err := out.Write(cells); err != nil {
				return err
			}
			last = h.ID
		}
		if len(some) < 1000 {
			out.Flush()
			return out.Error()
		}
	}
}
