package subscriber

import (
	"context"
	"slices"
	"strconv"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// Number is a phone number of a customer's inventory (WS-110): in its pool while it has no location, else of one location, where one
// user or workspace can have it.
type Number struct {
	ID         string  `db:"id"`
	Number     string  `db:"number"` // E.164, once on the whole platform
	CustomerID string  `db:"customer_id"`
	Scope      string  `db:"scope"`
	LocationID string  `db:"location_id"` // "": in the customer's pool
	HolderID   string  `db:"holder_id"`   // "": available
	HolderKind Kind    `db:"holder_kind"` // "" when available
	Main       bool    `db:"main"`        // the number of its location
	Created    db.Time `db:"created"`
	Updated    db.Time `db:"updated"`
	Version    int64   `db:"version"`
}

// State is "available" or "assigned".
func (n Number) State() string {
	if n.HolderID == "" {
		return "available"
	}
	return "assigned"
}

const selectedNumbers = `SELECT n.id, n.number, n.customer_id, n.scope, COALESCE(n.location_id, '') AS location_id, COALESCE(n.holder_id, '') AS holder_id,
	COALESCE(h.kind, '') AS holder_kind, n.main, n.created, n.updated, n.version FROM subscriber_numbers n LEFT JOIN subscriber_holders h ON h.id = n.holder_id`

// maxNumbers is how many numbers one request brings, of lists and ranges together.
const maxNumbers = 10_000

var (
	errNumbers     = errs.New(errs.Invalid, "too_many_numbers", "At most 10000 numbers at once.")
	errNumberUsed  = errs.New(errs.Conflict, "number_exists", "This number is in an inventory already.")
	errAssigned    = errs.New(errs.Conflict, "number_assigned", "Somebody has this number. Take it away first.")
	errNumberBound = errs.New(errs.Conflict, "number_of_location", "The number belongs to the present location. Give another one, or none.")
	errMainNumber  = errs.New(errs.Conflict, "main_number", "This is the main number of its location. Choose another one first.")
	errPool        = errs.New(errs.Conflict, "number_in_pool", "Give the number to a location first.")
)

// NumberRange is a run of numbers; Last "" is First alone.
type NumberRange struct{ First, Last string }

// NewNumbers are numbers for an inventory.
type NewNumbers struct {
	LocationID string // "": into the customer's pool
	Ranges     []NumberRange
}

// NumberResult is what became of one number.
type NumberResult struct {
	Text   string // as it was given
	Number Number
	Err    error // nil when it is in the inventory now
}

// expand gives the texts of all numbers.
func (n NewNumbers) expand(country string) ([]string, error) {
	var all []string
	for i, r := range n.Ranges {
		if r.Last == "" {
			all = append(all, r.First)
			continue
		}
		at := "ranges[" + strconv.Itoa(i) + "]"
		first, err := E164(r.First, country)
		last, err2 := E164(r.Last, country)
		if err != nil || err2 != nil {
			return nil, errs.BadField(at, "bad_number", "This is not a phone number, for example +493012345.")
		}
		a, _ := strconv.ParseInt(first[1:], 10, 64)
		b, _ := strconv.ParseInt(last[1:], 10, 64)
		if len(first) != len(last) || b < a {
			return nil, errs.BadField(at, "bad_number_range", "A range goes from a number up to one of the same length.")
		}
		if b-a >= maxNumbers || len(all)+int(b-a) >= maxNumbers {
			return nil, errNumbers
		}
		for x := a; x <= b; x++ {
			all = append(all, "+"+strconv.FormatInt(x, 10))
		}
	}
	if len(all) == 0 || len(all) > maxNumbers {
		return nil, errNumbers
	}
	return all, nil
}

// AddNumbers brings numbers into the inventory, each for itself: one that is no number, or is in an inventory already, has its Err.
func (s *Service) AddNumbers(ctx context.Context, actor access.Actor, customerID string, n NewNumbers) ([]NumberResult, error) {
	var out []NumberResult
	t, err := s.allowed(ctx, s.db, actor, access.NumberEdit, customerID)
	if err != nil {
		return nil, err
	}
	texts, err := n.expand(t.Country)
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(texts, chunk*2) {
		var part []NumberResult
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			part, err = s.addNumbers(ctx, tx, actor, customerID, n.LocationID, some)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

func (s *Service) addNumbers(ctx context.Context, tx *db.Tx, actor access.Actor, customerID, locationID string, texts []string) ([]NumberResult, error) {
	t, err := s.begin(ctx, tx, actor, access.NumberEdit, customerID, false)
	if err != nil {
		return nil, err
	}
	if locationID != "" {
		if _, err := location(ctx, tx, t.ID, locationID); err != nil {
			return nil, err
		}
	}
	out := make([]NumberResult, len(texts))
	a := tx.Args()
	var rows, ids []string
	seen := map[string]bool{}
	for i, text := range texts {
		e164, err := E164(text, t.Country)
		out[i] = NumberResult{Text: text, Err: err}
		if err == nil && seen[e164] {
			out[i].Err = errNumberUsed
		}
		if out[i].Err != nil {
			continue
		}
		seen[e164] = true
		x := Number{ID: db.NewID(), Number: e164, CustomerID: t.ID, Scope: t.Scope, LocationID: locationID, Created: tx.Now(), Updated: tx.Now(), Version: 1}
		out[i].Number = x
		ids = append(ids, x.ID)
		rows = append(rows, row(a, x.ID, x.Number, t.ID, t.Scope, orNil(locationID), false, x.Created, x.Updated, x.Version))
	}
	if len(rows) == 0 {
		return out, nil
	}
	if _, err := tx.Exec(ctx, `INSERT INTO subscriber_numbers (id, number, customer_id, scope, location_id, main, created, updated, version) VALUES `+joinRows(rows)+
		` ON CONFLICT DO NOTHING`, a.List()...); err != nil {
		return nil, err
	}
	b := tx.Args()
	var there []string
	if err := tx.Select(ctx, &there, `SELECT id FROM subscriber_numbers WHERE `+b.In("id", ids), b.List()...); err != nil {
		return nil, err
	}
	added := 0
	for i := range out {
		if out[i].Err == nil && !slices.Contains(there, out[i].Number.ID) {
			out[i].Number, out[i].Err = Number{}, errNumberUsed
		} else if out[i].Err == nil {
			added++
		}
	}
	if added == 0 {
		return out, nil
	}
	data := map[string]any{"customer_id": t.ID, "count": added, "first": out[0].Text}
	return out, s.journal.Append(ctx, tx, actor, journal.News{Type: "number.added", Action: "number/add", Tenant: t.Access(),
		Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}, Data: data})
}

// number gives a number of a customer by its id or as E.164.
func number(ctx context.Context, q db.Q, customerID, id string) (Number, error) {
	var n Number
	err := q.Get(ctx, &n, selectedNumbers+` WHERE n.customer_id = $1 AND (n.id = $2 OR n.number = $3)`, customerID, id, id)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("number")
	}
	return n, err
}

// Number gives one number; NotFound when the customer has none with this id.
func (s *Service) Number(ctx context.Context, actor access.Actor, customerID, id string) (Number, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.NumberView, customerID); err != nil {
		return Number{}, err
	}
	return number(ctx, s.db, customerID, id)
}

// NumberQuery chooses numbers of a list; empty fields choose all.
type NumberQuery struct {
	LocationID, HolderID string
	Pool                 bool   // those without a location
	State                string // available or assigned
	Text                 string // digits that it contains
	Page                 db.Page
}

// Numbers lists the inventory of a customer in order of the numbers.
func (s *Service) Numbers(ctx context.Context, actor access.Actor, customerID string, by NumberQuery) ([]Number, string, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.NumberView, customerID); err != nil {
		return nil, "", err
	}
	var c errs.Checker
	a := s.db.Args()
	where := " WHERE n.customer_id = " + a.Add(customerID)
	if by.LocationID != "" {
		where += " AND n.location_id = " + a.Add(by.LocationID)
	}
	if by.Pool {
		where += " AND n.location_id IS NULL"
	}
	if by.HolderID != "" {
		where += " AND n.holder_id = " + a.Add(by.HolderID)
	}
	switch c.OneOf("state", by.State, "", "available", "assigned") {
	case "available":
		where += " AND n.holder_id IS NULL"
	case "assigned":
		where += " AND n.holder_id IS NOT NULL"
	}
	if text := c.Text("q", by.Text, 0, 40); text != "" {
		where += " AND n.number LIKE " + a.Add(db.Contains(text)) + ` ESCAPE '\'`
	}
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	k, err := by.Page.Keyset(a, "n.id", db.Sort{Name: "number", Column: "n.number"}, db.Sort{Name: "created", Column: "n.created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []Number
	if err := s.db.Select(ctx, &all, selectedNumbers+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(n Number) (any, string) {
		if k.SortName() == "created" {
			return n.Created.UnixMilli(), n.ID
		}
		return n.Number, n.ID
	})
	return all, next, nil
}

// NumberPatch moves a number; nil leaves a field as it is.
type NumberPatch struct {
	LocationID *string // "": back into the customer's pool
	HolderID   *string // "": available again
	Main       *bool
	IfVersion  int64
}

// EditNumber moves a number between pool, locations and holders. Bringing it to a location or taking it away needs the right to edit
// numbers, giving it to somebody the right to assign them.
func (s *Service) EditNumber(ctx context.Context, actor access.Actor, customerID, id string, p NumberPatch) (Number, error) {
	act, also := access.NumberAssign, access.NumberAssign
	if p.LocationID != nil || p.Main != nil {
		if act = access.NumberEdit; p.HolderID == nil {
			also = access.NumberEdit
		}
	}
	var out Number
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, act, customerID, false)
		if err == nil && also != act {
			_, err = s.allowed(ctx, tx, actor, also, customerID)
		}
		if err != nil {
			return err
		}
		n, err := number(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		if err := tx.LockToRead(ctx, "subscriber_numbers", n.ID); err != nil {
			return err
		}
		if n, err = number(ctx, tx, t.ID, n.ID); err != nil {
			return err
		}
		if p.IfVersion != 0 && p.IfVersion != n.Version {
			return errStale
		}
		was := n
		if err := s.moveNumber(ctx, tx, t, &n, p); err != nil {
			return err
		}
		if n == was {
			out = n
			return nil
		}
		n.Updated, n.Version = tx.Now(), n.Version+1
		if n.Main && !was.Main {
			if _, err := tx.Exec(ctx, `UPDATE subscriber_numbers SET main = FALSE, version = version + 1 WHERE location_id = $1 AND main`, n.LocationID); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE subscriber_numbers SET location_id = $2, holder_id = $3, main = $4, updated = $5, version = $6 WHERE id = $1`,
			n.ID, orNil(n.LocationID), orNil(n.HolderID), n.Main, n.Updated, n.Version); err != nil {
			if db.IsUnique(err, "subscriber_numbers", "holder_id") {
				err = errAssigned.Because(err)
			}
			return err
		}
		for _, h := range unique([]string{was.HolderID, n.HolderID}) {
			if err := s.refresh(ctx, tx, t, h); err != nil {
				return err
			}
		}
		if out, err = number(ctx, tx, t.ID, n.ID); err != nil {
			return err
		}
		return s.numberNews(ctx, tx, actor, t, out, "edited", "edit")
	})
	return out, err
}

// moveNumber checks a patch and applies it.
func (s *Service) moveNumber(ctx context.Context, tx *db.Tx, t tenant.Tenant, n *Number, p NumberPatch) error {
	if p.HolderID != nil && *p.HolderID != n.HolderID {
		if n.HolderID != "" && *p.HolderID != "" {
			return errAssigned
		}
		if err := s.releasable(ctx, tx, *n); err != nil {
			return err
		}
		n.HolderID, n.HolderKind = *p.HolderID, ""
	}
	if p.LocationID != nil && *p.LocationID != n.LocationID {
		if n.HolderID != "" && p.HolderID == nil {
			return errAssigned
		}
		if n.Main {
			return errMainNumber
		}
		if *p.LocationID != "" {
			if _, err := location(ctx, tx, t.ID, *p.LocationID); err != nil {
				return err
			}
		}
		n.LocationID = *p.LocationID
	}
	if p.Main != nil {
		n.Main = *p.Main
	}
	if n.LocationID == "" && (n.HolderID != "" || n.Main) {
		return errPool
	}
	if n.HolderID == "" || p.HolderID == nil {
		return nil
	}
	h, err := held(ctx, tx, t.ID, n.HolderID)
	if err != nil {
		return err
	}
	items, err := named(ctx, tx, t.ID, []string{h.Package})
	switch {
	case err != nil:
		return err
	case !items[h.Package].HasCalling():
		return errNotCalling
	case h.LocationID != n.LocationID:
		return errNumber.With("number", n.Number)
	case h.Number != "" && h.Number != n.Number:
		return errAssigned
	}
	return nil
}

// releasable refuses to take the number from who has nothing else to be called at (WS-117).
func (s *Service) releasable(ctx context.Context, tx *db.Tx, n Number) error {
	if n.HolderID == "" {
		return nil
	}
	h, err := held(ctx, tx, n.CustomerID, n.HolderID)
	if err == nil && h.Extension == "" {
		err = fieldOne
	}
	return err
}

// refresh follows a change of what a holder is called at: its version, the files of its phones, whoever publishes its lines.
func (s *Service) refresh(ctx context.Context, tx *db.Tx, t tenant.Tenant, holderID string) error {
	if _, err := tx.Exec(ctx, `UPDATE subscriber_holders SET updated = $2, version = version + 1 WHERE id = $1`, holderID, tx.Now()); err != nil {
		return err
	}
	return s.relined(ctx, tx, t, holderID)
}

// relined follows a change of a holder that its lines show.
func (s *Service) relined(ctx context.Context, tx *db.Tx, t tenant.Tenant, holderID string) error {
	ids, err := linesHeld(ctx, tx, holderID)
	if err != nil || len(ids) == 0 {
		return err
	}
	if err := touch(ctx, tx, ids); err != nil {
		return err
	}
	return s.tell(ctx, tx, LineChange{CustomerID: t.ID, Scope: t.Scope, Set: ids})
}

func (s *Service) numberNews(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, n Number, what, verb string) error {
	data := map[string]any{"customer_id": t.ID, "state": n.State()}
	if n.LocationID != "" {
		data["location_id"] = n.LocationID
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "number." + what, Action: "number/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "number", ID: n.ID, Name: n.Number}, Data: data})
}

// DeleteNumber takes an available number out of the inventory.
func (s *Service) DeleteNumber(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.NumberEdit, customerID, false)
		if err != nil {
			return err
		}
		n, err := number(ctx, tx, t.ID, id)
		switch {
		case err != nil:
			return err
		case ifVersion != 0 && ifVersion != n.Version:
			return errStale
		case n.HolderID != "":
			return errAssigned
		case n.Main:
			return errMainNumber
		}
		gone, err := tx.Exec(ctx, `DELETE FROM subscriber_numbers WHERE id = $1 AND holder_id IS NULL`, n.ID)
		if err == nil && gone == 0 {
			err = errAssigned
		}
		if err != nil {
			return err
		}
		return s.numberNews(ctx, tx, actor, t, n, "deleted", "delete")
	})
}
