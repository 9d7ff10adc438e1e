package subscriber

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Line is a managed line (decision 19): created with a calling package, with credentials of its own that nobody chose.
type Line struct {
	ID         string
	CustomerID string
	Scope      string
	HolderID   string
	HolderKind Kind
	User       string // user part of its address of record
	AuthID     string // with which it registers; while it is rotated, with which it did until now
	NextAuthID string // the one that its phones get now; "" when it is not rotated (decision 20)
	Rotated    db.Time
	Realm      string // domain of the address; "" as long as nobody said where lines register
	LineData          // what people may set of this line
	Calling    Calling
	LocationID string
	Extension  string
	Number     string // of the holder, E.164
	Name       string // of the holder
	Active     bool
	Phones     []Appearance
	Created    db.Time
	Updated    db.Time
	Version    int64
}

// NoEmergency says that an emergency call from this line would have no location (decision 22).
func (l Line) NoEmergency() bool { return l.LocationID == "" }

// Appearance is a phone on which a line is, with the number of the registration there.
type Appearance struct {
	DeviceID string `db:"device_id"`
	Number   int    `db:"number"`
}

// LineData is what people may set of one line. Empty servers and transport are the customer's (Calling).
type LineData struct {
	Label       string          `json:"label,omitempty"`        // "": extension, else number
	DisplayName string          `json:"display_name,omitempty"` // "": the holder's
	Registrars  []phone.Server  `json:"registrars,omitempty"`
	Proxies     []phone.Server  `json:"proxies,omitempty"`
	Transport   phone.Transport `json:"transport,omitempty"`
	Expires     int             `json:"expires,omitempty"`
	SharedWith  string          `json:"shared_with,omitempty"`
	Voicemail   string          `json:"voicemail,omitempty"`
}

// line is a row of subscriber_lines with what belongs to it elsewhere.
type line struct {
	ID           string            `db:"id"`
	CustomerID   string            `db:"customer_id"`
	Scope        string            `db:"scope"`
	HolderID     string            `db:"holder_id"`
	UserPart     string            `db:"user_part"`
	AuthID       string            `db:"auth_id"`
	Password     []byte            `db:"password"`
	NextAuthID   string            `db:"next_auth_id"`
	NextPassword []byte            `db:"next_password"`
	Rotated      db.Time           `db:"rotated"`
	Held         bool              `db:"held"` // the next credentials do not register yet
	Data         db.JSON[LineData] `db:"data"`
	Created      db.Time           `db:"created"`
	Updated      db.Time           `db:"updated"`
	Version      int64             `db:"version"`
	Kind         Kind              `db:"kind"`
	Name         string            `db:"display_name"`
	Extension    string            `db:"extension"`
	Number       string            `db:"number"`
	LocationID   string            `db:"location_id"`
	Active       bool              `db:"active"`
	Calling      db.JSON[Calling]  `db:"calling"`

	DeviceID string `db:"device_id"` // LinesOf only
	Place    int    `db:"place"`     // LinesOf only
}

const (
	lineColumns = `l.id, l.customer_id, l.scope, l.holder_id, l.user_part, l.auth_id, l.password, COALESCE(l.next_auth_id, '') AS next_auth_id, l.next_password, l.rotated, l.held,
	l.data, l.created, l.updated, l.version, s.kind, s.display_name, s.extension, COALESCE(n.number, '') AS number, COALESCE(s.location_id, '') AS location_id, s.active,
	COALESCE(c.calling, '') AS calling`
	lineJoins = ` JOIN subscriber_holders s ON s.id = l.holder_id LEFT JOIN subscriber_numbers n ON n.holder_id = s.id
	LEFT JOIN subscriber_customers c ON c.id = l.customer_id`
	selectedLines = `SELECT ` + lineColumns + ` FROM subscriber_lines l` + lineJoins
)

// maxLinesOf bounds the lines of one user or workspace, maxPhonesOf the phones on which one line is.
const (
	maxLinesOf  = 20
	maxPhonesOf = 35
	maxOnPhone  = 100
)

var (
	errNoLine      = errs.Missing("line")
	errLineLimit   = errs.New(errs.Conflict, "managed_line_limit", "A user has at most 20 lines.")
	errPhoneLimit  = errs.New(errs.Conflict, "line_phone_limit", "A line is on at most 35 phones.")
	errNotCalling  = errs.New(errs.Conflict, "package_without_calling", "The package does not include calling.")
	errLineNumber  = errs.New(errs.Conflict, "line_number_taken", "The device has a line with this number already.")
	errLineThere   = errs.New(errs.Conflict, "line_on_phone", "The line is on this phone already.")
	errNotOnPhone  = errs.New(errs.NotFound, "not_found", "The line is not on this phone.")
	errNoDevices   = errs.New(errs.NotFound, "not_found", "There is no such device.")
	errRotating    = errs.New(errs.Conflict, "line_rotating", "The line is being given new credentials already.")
	errNotRotating = errs.New(errs.Conflict, "line_not_rotating", "The line is not being given new credentials.")
)

var plainText = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// random gives text of n characters without those that look alike, 5 bits each.
func random(n int) string {
	b := make([]byte, (n*5+7)/8)
	_, _ = rand.Read(b) // never fails
	return plainText.EncodeToString(b)[:n]
}

func sealedAs(id, authID string) string { return "subscriber_lines/password/" + id + "/" + authID }

// credentials makes a pair that nobody has had before: 80 random bits name it, 120 are its secret.
func (s *Service) credentials(id string) (authID string, sealed []byte, err error) {
	authID = "a" + random(16)
	sealed, err = s.box.Seal([]byte(random(24)), sealedAs(id, authID))
	return authID, sealed, err
}

func (s *Service) newLine(tx *db.Tx, h Holder) (line, error) {
	l := line{ID: db.NewID(), CustomerID: h.CustomerID, Scope: h.Scope, HolderID: h.ID, UserPart: "u" + random(14), Created: tx.Now(), Updated: tx.Now(), Version: 1}
	var err error
	l.AuthID, l.Password, err = s.credentials(l.ID)
	return l, err
}

func insertLines(ctx context.Context, tx *db.Tx, all []line) error {
	if len(all) == 0 {
		return nil
	}
	a := tx.Args()
	rows := make([]string, len(all))
	for i, l := range all {
		rows[i] = row(a, l.ID, l.CustomerID, l.Scope, l.HolderID, l.UserPart, l.AuthID, l.Password, l.Data, l.Created, l.Updated, l.Version)
	}
	_, err := tx.Exec(ctx, `INSERT INTO subscriber_lines (id, customer_id, scope, holder_id, user_part, auth_id, password, data, created, updated, version) VALUES `+joinRows(rows), a.List()...)
	return err
}

func (l line) shown() Line {
	return Line{ID: l.ID, CustomerID: l.CustomerID, Scope: l.Scope, HolderID: l.HolderID, HolderKind: l.Kind, User: l.UserPart, AuthID: l.AuthID, NextAuthID: l.NextAuthID,
		Rotated: l.Rotated, Realm: l.Calling.V.realm(), LineData: l.Data.V, Calling: l.Calling.V, LocationID: l.LocationID, Extension: l.Extension, Number: l.Number, Name: l.Name,
		Active: l.Active, Created: l.Created, Updated: l.Updated, Version: l.Version}
}

// onPhone is the line as a phone gets it: with its next credentials as soon as they would register.
func (s *Service) onPhone(l line, number int) (phone.Line, error) {
	d, c := l.Data.V, l.Calling.V
	out := phone.Line{Number: number, Label: d.Label, DisplayName: d.DisplayName, User: l.UserPart, AuthUser: l.AuthID, Registrars: d.Registrars, Proxies: d.Proxies,
		Transport: d.Transport, Expires: d.Expires, SharedWith: d.SharedWith, Voicemail: d.Voicemail}
	if out.Label == "" {
		if out.Label = l.Extension; out.Label == "" {
			out.Label = l.Number
		}
	}
	if out.DisplayName == "" {
		out.DisplayName = l.Name
	}
	if len(out.Registrars) == 0 {
		out.Registrars = c.Registrars
	}
	if len(out.Proxies) == 0 {
		out.Proxies = c.Proxies
	}
	if out.Transport == phone.Auto {
		out.Transport = c.Transport
	}
	if out.Expires == 0 {
		out.Expires = c.Expires
	}
	sealed := l.Password
	if l.NextAuthID != "" && !l.Held {
		out.AuthUser, sealed = l.NextAuthID, l.NextPassword
	}
	word, err := s.box.Open(sealed, sealedAs(l.ID, out.AuthUser))
	out.Password = string(word)
	return out, err
}

// LinesOf gives the managed lines of these devices by number, with passwords in clear, for the files of phones. Lines of users who are
// switched off are left out. It decides nothing.
func (s *Service) LinesOf(ctx context.Context, q db.Q, deviceIDs []string) (map[string][]phone.Line, error) {
	a := q.Args()
	var rows []line
	err := q.Select(ctx, &rows, `SELECT `+lineColumns+`, p.device_id, p.number AS place FROM subscriber_appearances p JOIN subscriber_lines l ON l.id = p.line_id`+lineJoins+
		` WHERE `+a.In("p.device_id", deviceIDs)+` AND s.active ORDER BY p.device_id, p.number`, a.List()...)
	if err != nil {
		return nil, err
	}
	out := map[string][]phone.Line{}
	for _, r := range rows {
		l, err := s.onPhone(r, r.Place)
		if err != nil {
			return nil, err
		}
		out[r.DeviceID] = append(out[r.DeviceID], l)
	}
	return out, nil
}

func getLine(ctx context.Context, q db.Q, customerID, id string) (line, error) {
	var l line
	err := q.Get(ctx, &l, selectedLines+` WHERE l.id = $1 AND l.customer_id = $2`, id, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errNoLine
	}
	return l, err
}

// Line gives a managed line of a customer with the phones on which it is; NotFound when it has none with this id.
func (s *Service) Line(ctx context.Context, actor access.Actor, customerID, id string) (Line, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.LineView, customerID); err != nil {
		return Line{}, err
	}
	return s.entire(ctx, s.db, customerID, id)
}

func (s *Service) entire(ctx context.Context, q db.Q, customerID, id string) (Line, error) {
	l, err := getLine(ctx, q, customerID, id)
	if err != nil {
		return Line{}, err
	}
	one := []Line{l.shown()}
	err = withPhones(ctx, q, one)
	return one[0], err
}

func withPhones(ctx context.Context, q db.Q, all []Line) error {
	if len(all) == 0 {
		return nil
	}
	at, ids := map[string]int{}, make([]string, len(all))
	for i, l := range all {
		at[l.ID], ids[i] = i, l.ID
	}
	a := q.Args()
	var rows []struct {
		Line string `db:"line_id"`
		Appearance
	}
	err := q.Select(ctx, &rows, `SELECT line_id, device_id, number FROM subscriber_appearances WHERE `+a.In("line_id", ids)+` ORDER BY line_id, device_id`, a.List()...)
	for _, r := range rows {
		l := &all[at[r.Line]]
		l.Phones = append(l.Phones, r.Appearance)
	}
	return err
}

// LineQuery chooses managed lines of a list; empty fields choose all.
type LineQuery struct {
	HolderID, DeviceID string
	NoEmergency        *bool // those without a location (decision 22)
	Rotating           *bool
	Page               db.Page
}

// Lines lists the managed lines of a customer.
func (s *Service) Lines(ctx context.Context, actor access.Actor, customerID string, by LineQuery) ([]Line, string, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.LineView, customerID); err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	where := " WHERE l.customer_id = " + a.Add(customerID)
	if by.HolderID != "" {
		where += " AND l.holder_id = " + a.Add(by.HolderID)
	}
	if by.DeviceID != "" {
		where += " AND EXISTS (SELECT 1 FROM subscriber_appearances p WHERE p.line_id = l.id AND p.device_id = " + a.Add(by.DeviceID) + ")"
	}
	not := map[bool]string{true: "", false: " NOT"}
	if by.NoEmergency != nil {
		where += " AND s.location_id IS" + not[*by.NoEmergency] + " NULL"
	}
	if by.Rotating != nil {
		where += " AND l.rotated IS" + not[!*by.Rotating] + " NULL"
	}
	k, err := by.Page.Keyset(a, "l.id", db.Sort{Name: "created", Column: "l.created", Number: true})
	if err != nil {
		return nil, "", err
	}
	var rows []line
	if err := s.db.Select(ctx, &rows, selectedLines+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	rows, next := db.Cut(k, rows, func(l line) (any, string) { return l.Created.UnixMilli(), l.ID })
	out := make([]Line, len(rows))
	for i, r := range rows {
		out[i] = r.shown()
	}
	return out, next, withPhones(ctx, s.db, out)
}

// LinePatch is a partial change of a line; nil leaves a field as it is.
type LinePatch struct {
	Label, DisplayName, SharedWith, Voicemail *string
	Registrars, Proxies                       *[]phone.Server
	Transport                                 *phone.Transport
	Expires                                   *int
	IfVersion                                 int64 // 0: whatever the version is
}

func (p LinePatch) apply(d *LineData) error {
	var c errs.Checker
	text := func(name string, to, from *string, most int) {
		if from != nil {
			*to = c.Text(name, *from, 0, most)
		}
	}
	text("label", &d.Label, p.Label, 128)
	text("display_name", &d.DisplayName, p.DisplayName, 128)
	text("shared_with", &d.SharedWith, p.SharedWith, 255)
	text("voicemail", &d.Voicemail, p.Voicemail, 128)
	if strings.ContainsAny(d.Voicemail, " <>\"") && !c.Failed("voicemail") {
		c.Add(errs.Field{Name: "voicemail", Code: "sip_characters", Message: "No spaces, quotes and angle brackets here."})
	}
	if p.Registrars != nil {
		d.Registrars = servers(&c, "registrars", *p.Registrars)
	}
	if p.Proxies != nil {
		d.Proxies = servers(&c, "proxies", *p.Proxies)
	}
	if p.Transport != nil {
		d.Transport = transport(&c, *p.Transport)
	}
	if p.Expires != nil {
		if d.Expires = *p.Expires; d.Expires != 0 {
			c.Range("expires", int64(d.Expires), 10, 86400)
		}
	}
	return c.Err()
}

// AddLine gives a user or workspace with calling a further line.
func (s *Service) AddLine(ctx context.Context, actor access.Actor, customerID, holderID string, p LinePatch) (Line, error) {
	var out Line
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.LineEdit, customerID, false)
		if err != nil {
			return err
		}
		h, err := held(ctx, tx, t.ID, holderID)
		if err != nil {
			return err
		}
		items, err := named(ctx, tx, t.ID, []string{h.Package})
		if err != nil {
			return err
		}
		if !items[h.Package].HasCalling() || h.Status != Provisioned {
			return errNotCalling
		}
		have, err := linesHeld(ctx, tx, h.ID)
		if err == nil && len(have) >= maxLinesOf {
			err = errLineLimit
		}
		if err != nil {
			return err
		}
		l, err := s.newLine(tx, h)
		if err == nil {
			err = p.apply(&l.Data.V)
		}
		if err == nil {
			err = insertLines(ctx, tx, []line{l})
		}
		if err != nil {
			return err
		}
		if out, err = s.entire(ctx, tx, t.ID, l.ID); err != nil {
			return err
		}
		return s.lineNews(ctx, tx, actor, t, out, "created", "create", nil)
	})
	return out, err
}

// held gives a user or workspace of the customer and locks it, so that two changes of it take turns.
func held(ctx context.Context, tx *db.Tx, customerID, id string) (Holder, error) {
	if err := tx.LockToRead(ctx, "subscriber_holders", id); err != nil {
		return Holder{}, absent(err, errs.Missing("object"))
	}
	var h Holder
	err := tx.Get(ctx, &h, selectedHolders+` WHERE s.id = $1 AND s.customer_id = $2`, id, customerID)
	return h, err
}

func linesHeld(ctx context.Context, q db.Q, holderIDs ...string) ([]string, error) {
	a := q.Args()
	var ids []string
	err := q.Select(ctx, &ids, `SELECT id FROM subscriber_lines WHERE `+a.In("holder_id", holderIDs)+` ORDER BY id`, a.List()...)
	return ids, err
}

// EditLine changes a line. Stale when IfVersion is not the present version.
func (s *Service) EditLine(ctx context.Context, actor access.Actor, customerID, id string, p LinePatch) (Line, error) {
	return s.changeLine(ctx, actor, access.LineEdit, customerID, id, p.IfVersion, func(ctx context.Context, tx *db.Tx, _ tenant.Tenant, l *line) (string, map[string]any, error) {
		return "edited", nil, p.apply(&l.Data.V)
	})
}

// changeLine is the frame of changes of one line: its row is locked, changed and stored, its phones get new files, and everybody hears.
func (s *Service) changeLine(ctx context.Context, actor access.Actor, act access.Action, customerID, id string, ifVersion int64,
	change func(ctx context.Context, tx *db.Tx, t tenant.Tenant, l *line) (what string, data map[string]any, err error),
) (Line, error) {
	var out Line
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, act, customerID, false)
		if err != nil {
			return err
		}
		if err := tx.LockToRead(ctx, "subscriber_lines", id); err != nil {
			return absent(err, errNoLine)
		}
		l, err := getLine(ctx, tx, t.ID, id)
		if err == nil && ifVersion != 0 && ifVersion != l.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		what, data, err := change(ctx, tx, t, &l)
		if err != nil {
			return err
		}
		l.Updated, l.Version = tx.Now(), l.Version+1
		if err := updateLine(ctx, tx, l); err != nil {
			return err
		}
		if err := touch(ctx, tx, []string{l.ID}); err != nil {
			return err
		}
		if out, err = s.entire(ctx, tx, t.ID, l.ID); err != nil {
			return err
		}
		return s.lineNews(ctx, tx, actor, t, out, what, verbs[what], data)
	})
	return out, err
}

var verbs = map[string]string{"edited": "edit", "placed": "place", "removed": "remove", "rotation_started": "rotate", "rotation_ended": "rotate", "rotation_abandoned": "rotate"}

func updateLine(ctx context.Context, tx *db.Tx, l line) error {
	var next any
	if l.NextAuthID != "" {
		next = l.NextAuthID
	}
	_, err := tx.Exec(ctx, `UPDATE subscriber_lines SET auth_id = $2, password = $3, next_auth_id = $4, next_password = $5, rotated = $6, data = $7, updated = $8, version = $9,
		held = $10 WHERE id = $1`, l.ID, l.AuthID, l.Password, next, l.NextPassword, l.Rotated, l.Data, l.Updated, l.Version, l.Held)
	return err
}

// touch counts a change of every phone on which these lines are.
func touch(ctx context.Context, tx *db.Tx, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	a := tx.Args()
	var devices []string
	if err := tx.Select(ctx, &devices, `SELECT DISTINCT device_id FROM subscriber_appearances WHERE `+a.In("line_id", lines), a.List()...); err != nil || len(devices) == 0 {
		return err
	}
	return revision.BumpAll(ctx, tx, revision.Device, devices)
}

// lineNews tells of a line that is there.
func (s *Service) lineNews(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, l Line, what, verb string, data map[string]any) error {
	if data == nil {
		data = map[string]any{}
	}
	data["customer_id"], data["managed"], data[string(l.HolderKind)+"_id"] = t.ID, true, l.HolderID
	if l.NoEmergency() {
		data["no_emergency_location"] = true
	}
	if err := s.journal.Append(ctx, tx, actor, journal.News{Type: "line." + what, Action: "line/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "line", ID: l.ID, Name: l.User}, Data: data}); err != nil {
		return err
	}
	return s.tell(ctx, tx, LineChange{CustomerID: t.ID, Scope: t.Scope, Set: []string{l.ID}})
}

// DeleteLine removes a line from all its phones and for good.
func (s *Service) DeleteLine(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.LineEdit, customerID, false)
		if err != nil {
			return err
		}
		if err := tx.LockToRead(ctx, "subscriber_lines", id); err != nil {
			return absent(err, errNoLine)
		}
		l, err := getLine(ctx, tx, t.ID, id)
		if err == nil && ifVersion != 0 && ifVersion != l.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		if err := s.dropLines(ctx, tx, t, []string{l.ID}); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "line.deleted", Action: "line/delete", Tenant: t.Access(),
			Target: journal.Target{Kind: "line", ID: l.ID, Name: l.UserPart}, Data: map[string]any{"customer_id": t.ID, "managed": true, string(l.Kind) + "_id": l.HolderID}})
	})
}

// dropLines removes lines: their phones get files without them, registrars hear of it while everything is still there.
func (s *Service) dropLines(ctx context.Context, tx *db.Tx, t tenant.Tenant, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := touch(ctx, tx, ids); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, LineChange{CustomerID: t.ID, Scope: t.Scope, Gone: ids}); err != nil {
		return err
	}
	a := tx.Args()
	if _, err := tx.Exec(ctx, `DELETE FROM subscriber_lines WHERE `+a.In("id", ids), a.List()...); err != nil {
		return err
	}
	return nil
}

// RevealLine shows who a line registers as, with the password that its phones get, and leaves a log row (decision 16).
func (s *Service) RevealLine(ctx context.Context, actor access.Actor, customerID, id string) (user, authID string, word secret.String, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.SecretReveal, customerID)
		if err != nil {
			return err
		}
		l, err := getLine(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		p, err := s.onPhone(l, 1)
		if err != nil {
			return err
		}
		user, authID, word = l.UserPart, p.AuthUser, secret.Hide(p.Password)
		return s.journal.Append(ctx, tx, actor, journal.News{Action: "line/reveal", Tenant: t.Access(), Quiet: true,
			Target: journal.Target{Kind: "line", ID: l.ID, Name: l.UserPart}, Data: map[string]any{"customer_id": t.ID}})
	})
	return user, authID, word, err
}
