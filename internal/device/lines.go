package device

import (
	"context"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
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

// Line is an external line of a device: people and files made it, nobody publishes or rotates it (decision 19). Its password is
// shown by RevealLine only, so the one in Line is empty.
type Line struct {
	ID          string
	DeviceID    string
	HasPassword bool
	Created     db.Time
	Updated     db.Time
	Version     int64 // grows with every change; the ETag
	phone.Line
}

// LinePatch is a line to make, or a partial change; nil leaves a field as it is.
type LinePatch struct {
	Number                             *int // nil for a new one: the lowest that is free
	Label, DisplayName, User, AuthUser *string
	Password                           *secret.String
	Registrars, Proxies                *[]phone.Server
	Transport                          *phone.Transport
	Expires                            *int
	SharedWith, Voicemail              *string
	IfVersion                          int64 // 0: whatever the version is
}

// MaxLines is the highest number that a line can have.
const MaxLines = 100

const maxServers = 4

var (
	errNoLine     = errs.Missing("line")
	errLineNumber = errs.New(errs.Conflict, "line_number_taken", "The device has a line with this number already.")
	errLinesFull  = errs.New(errs.Conflict, "line_limit", "The device has as many lines as it can have.")
	errNoPassword = errs.New(errs.NotFound, "line_password_missing", "The line has no password.")
)

// lineData is what stands of a line beside its number and its password.
type lineData struct {
	Label       string          `json:"label,omitempty"`
	DisplayName string          `json:"display_name,omitempty"`
	User        string          `json:"user"`
	AuthUser    string          `json:"auth_user,omitempty"`
	Registrars  []phone.Server  `json:"registrars,omitempty"`
	Proxies     []phone.Server  `json:"proxies,omitempty"`
	Transport   phone.Transport `json:"transport,omitempty"`
	Expires     int             `json:"expires,omitempty"`
	SharedWith  string          `json:"shared_with,omitempty"`
	Voicemail   string          `json:"voicemail,omitempty"`
}

func dataOf(l phone.Line) lineData {
	return lineData{l.Label, l.DisplayName, l.User, l.AuthUser, l.Registrars, l.Proxies, l.Transport, l.Expires, l.SharedWith, l.Voicemail}
}

func (d lineData) line(number int) phone.Line {
	return phone.Line{Number: number, Label: d.Label, DisplayName: d.DisplayName, User: d.User, AuthUser: d.AuthUser, Registrars: d.Registrars,
		Proxies: d.Proxies, Transport: d.Transport, Expires: d.Expires, SharedWith: d.SharedWith, Voicemail: d.Voicemail}
}

// lineRow is a row of device_lines.
type lineRow struct {
	ID         string            `db:"id"`
	DeviceID   string            `db:"device_id"`
	CustomerID string            `db:"customer_id"`
	Number     int               `db:"number"`
	Data       db.JSON[lineData] `db:"data"`
	Password   []byte            `db:"password"`
	Created    db.Time           `db:"created"`
	Updated    db.Time           `db:"updated"`
	Version    int64             `db:"version"`
}

const selectedLines = `SELECT id, device_id, customer_id, number, data, password, created, updated, version FROM device_lines`

func (r lineRow) shown() Line {
	return Line{ID: r.ID, DeviceID: r.DeviceID, HasPassword: r.Password != nil, Created: r.Created, Updated: r.Updated, Version: r.Version, Line: r.Data.V.line(r.Number)}
}

// openLine gives a stored line with its password in clear.
func (s *Service) openLine(id string, number int, data string, sealed []byte) (phone.Line, error) {
	var d lineData
	if err := json.Unmarshal([]byte(data), &d); err != nil {
		return phone.Line{}, err
	}
	l := d.line(number)
	if sealed != nil {
		word, err := s.box.Open(sealed, lineSealedAs(id))
		if err != nil {
			return phone.Line{}, err
		}
		l.Password = string(word)
	}
	return l, nil
}

func lineSealedAs(id string) string { return "device_lines/password/" + id }

// Lines gives the lines of a device by their numbers, without passwords.
func (s *Service) Lines(ctx context.Context, actor access.Actor, customerID, deviceID string) ([]Line, error) {
	if _, err := s.Get(ctx, actor, customerID, deviceID); err != nil {
		return nil, err
	}
	rows, err := linesOf(ctx, s.db, deviceID)
	out := make([]Line, len(rows))
	for i, r := range rows {
		out[i] = r.shown()
	}
	return out, err
}

func linesOf(ctx context.Context, q db.Q, deviceID string) ([]lineRow, error) {
	var rows []lineRow
	err := q.Select(ctx, &rows, selectedLines+` WHERE device_id = $1 ORDER BY number`, deviceID)
	return rows, err
}

// Line gives one line of a device; NotFound when it has none with this id.
func (s *Service) Line(ctx context.Context, actor access.Actor, customerID, deviceID, id string) (Line, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return Line{}, err
	}
	r, err := getLine(ctx, s.db, customerID, deviceID, id)
	return r.shown(), err
}

func getLine(ctx context.Context, q db.Q, customerID, deviceID, id string) (lineRow, error) {
	var r lineRow
	err := q.Get(ctx, &r, selectedLines+` WHERE id = $1 AND device_id = $2 AND customer_id = $3`, id, deviceID, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errNoLine
	}
	return r, err
}

// AddLine gives a device a line. A number that it has already is the conflict line_number_taken.
func (s *Service) AddLine(ctx context.Context, actor access.Actor, customerID, deviceID string, p LinePatch) (Line, error) {
	var out Line
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, d, err := s.locked(ctx, tx, actor, customerID, deviceID, 0)
		if err != nil {
			return err
		}
		all, err := linesOf(ctx, tx, d.ID)
		if err != nil {
			return err
		}
		r := lineRow{ID: db.NewID(), DeviceID: d.ID, CustomerID: t.ID, Number: free(all), Created: tx.Now(), Updated: tx.Now(), Version: 1}
		if p.Number == nil && r.Number > MaxLines {
			return errLinesFull
		}
		if p.User == nil {
			p.User = new(string) // an external line has one
		}
		if _, err := s.applyLine(&r, p); err != nil {
			return err
		}
		if numbered(all, r) {
			return errLineNumber
		}
		if err := insertLine(ctx, tx, r); err != nil {
			return err
		}
		out = r.shown()
		return s.relined(ctx, tx, actor, t, d, r, "created", "create", nil)
	})
	return out, err
}

// free is the lowest number without a line.
func free(all []lineRow) int {
	n := 1
	for slices.ContainsFunc(all, func(r lineRow) bool { return r.Number == n }) {
		n++
	}
	return n
}

func numbered(all []lineRow, r lineRow) bool {
	return slices.ContainsFunc(all, func(o lineRow) bool { return o.ID != r.ID && o.Number == r.Number })
}

// EditLine changes a line. Stale when IfVersion is not the present version.
func (s *Service) EditLine(ctx context.Context, actor access.Actor, customerID, deviceID, id string, p LinePatch) (Line, error) {
	var out Line
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, d, err := s.locked(ctx, tx, actor, customerID, deviceID, 0)
		if err != nil {
			return err
		}
		r, err := getLine(ctx, tx, t.ID, d.ID, id)
		if err == nil && p.IfVersion != 0 && p.IfVersion != r.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		changed, err := s.applyLine(&r, p)
		out = r.shown()
		if err != nil || len(changed) == 0 {
			return err
		}
		all, err := linesOf(ctx, tx, d.ID)
		if err == nil && numbered(all, r) {
			err = errLineNumber
		}
		if err != nil {
			return err
		}
		r.Version++
		r.Updated = tx.Now()
		if _, err := tx.Exec(ctx, `UPDATE device_lines SET number = $2, data = $3, password = $4, updated = $5, version = $6 WHERE id = $1`,
			r.ID, r.Number, r.Data, r.Password, r.Updated, r.Version); err != nil {
			return err
		}
		out = r.shown()
		return s.relined(ctx, tx, actor, t, d, r, "edited", "edit", changed)
	})
	return out, err
}

// DeleteLine takes a line away. The phone is told to forget it, because its number stays below what the phone ever had (decision 14).
func (s *Service) DeleteLine(ctx context.Context, actor access.Actor, customerID, deviceID, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, d, err := s.locked(ctx, tx, actor, customerID, deviceID, 0)
		if err != nil {
			return err
		}
		r, err := getLine(ctx, tx, t.ID, d.ID, id)
		if err == nil && ifVersion != 0 && ifVersion != r.Version {
			err = errStale
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM device_lines WHERE id = $1`, r.ID); err != nil {
			return err
		}
		return s.relined(ctx, tx, actor, t, d, r, "deleted", "delete", nil)
	})
}

// RevealLine gives the password of a line in clear. It is written into the operation log and needs a right of its own (decision 16).
// line_password_missing when it has none.
func (s *Service) RevealLine(ctx context.Context, actor access.Actor, customerID, deviceID, id string) (Line, secret.String, error) {
	var word []byte
	var r lineRow
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.SecretReveal, customerID)
		if err != nil {
			return err
		}
		if r, err = getLine(ctx, tx, t.ID, deviceID, id); err != nil {
			return err
		}
		if r.Password == nil {
			return errNoPassword
		}
		if word, err = s.box.Open(r.Password, lineSealedAs(r.ID)); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Action: "line/reveal", Tenant: t.Access(), Quiet: true,
			Target: journal.Target{Kind: "line", ID: r.ID, Name: r.Data.V.User}, Data: map[string]any{"device_id": r.DeviceID, "customer_id": t.ID}})
	})
	if err != nil {
		return Line{}, secret.String{}, err
	}
	return r.shown(), secret.Hide(string(word)), nil
}

func insertLine(ctx context.Context, tx *db.Tx, r lineRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO device_lines (id, device_id, customer_id, number, data, password, created, updated, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, r.ID, r.DeviceID, r.CustomerID, r.Number, r.Data, r.Password, r.Created, r.Updated, r.Version)
	return err
}

// relined is what follows each change of a line: what the device ever had, its counter, what it is found by, the journal.
func (s *Service) relined(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, d Device, r lineRow, what, verb string, fields []string) error {
	if err := had(ctx, tx, d, r.Number); err != nil {
		return err
	}
	if err := revision.Bump(ctx, tx, revision.Device, d.ID); err != nil {
		return err
	}
	if err := s.reindex(ctx, tx, d.ID); err != nil {
		return err
	}
	data := map[string]any{"customer_id": t.ID, "device_id": d.ID, "number": r.Number}
	if fields != nil {
		data["fields"] = fields
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "line." + what, Action: "line/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "line", ID: r.ID, Name: r.Data.V.User}, Data: data})
}

// had notes that a device had a line with this number.
func had(ctx context.Context, tx *db.Tx, d Device, number int) error {
	_, err := tx.Exec(ctx, `INSERT INTO device_layouts (device_id, customer_id, keys, ever, version) VALUES ($1, $2, '', $3, 0)
		ON CONFLICT (device_id) DO UPDATE SET ever = excluded.ever WHERE device_layouts.ever < excluded.ever`, d.ID, d.CustomerID, number)
	return err
}

// applyLine changes r as p says, names what differs now, and seals a new password. All faults come at once.
func (s *Service) applyLine(r *lineRow, p LinePatch) ([]string, error) {
	was, now := r.Data.V.line(r.Number), r.Data.V.line(r.Number)
	var c errs.Checker
	p.fill(&c, &now)
	changed := differences(was, now)
	if p.Password != nil {
		word := p.Password.Reveal()
		if n := c.Text("password", word, 0, 255); n != word && !c.Failed("password") {
			c.Add(errs.Field{Name: "password", Code: "password_spaces", Message: "No spaces at the ends."})
		}
		if err := c.Err(); err != nil {
			return nil, err
		}
		r.Password = nil
		if word != "" {
			sealed, err := s.box.Seal([]byte(word), lineSealedAs(r.ID))
			if err != nil {
				return nil, err
			}
			r.Password = sealed
		}
		changed = append(changed, "password")
	}
	r.Number, r.Data.V = now.Number, dataOf(now)
	return changed, c.Err()
}

// fill checks p and writes it into l.
func (p LinePatch) fill(c *errs.Checker, l *phone.Line) {
	if p.Number != nil {
		l.Number = int(c.Range("number", int64(*p.Number), 1, MaxLines))
	}
	text := func(field string, to, from *string, min, max int) {
		if from != nil {
			*to = c.Text(field, *from, min, max)
		}
	}
	text("label", &l.Label, p.Label, 0, 128)
	text("display_name", &l.DisplayName, p.DisplayName, 0, 128)
	text("user", &l.User, p.User, 1, 128)
	text("auth_user", &l.AuthUser, p.AuthUser, 0, 128)
	text("shared_with", &l.SharedWith, p.SharedWith, 0, 255)
	text("voicemail", &l.Voicemail, p.Voicemail, 0, 128)
	for field, v := range map[string]string{"user": l.User, "auth_user": l.AuthUser, "voicemail": l.Voicemail} {
		if strings.ContainsAny(v, " <>\"") && !c.Failed(field) {
			c.Add(errs.Field{Name: field, Code: "sip_characters", Message: "No spaces, quotes and angle brackets here."})
		}
	}
	if p.Registrars != nil {
		l.Registrars = servers(c, "registrars", *p.Registrars)
	}
	if p.Proxies != nil {
		l.Proxies = servers(c, "proxies", *p.Proxies)
	}
	if p.Transport != nil {
		l.Transport = phone.Transport(c.OneOf("transport", string(*p.Transport), string(phone.Auto), string(phone.UDP), string(phone.TCP), string(phone.TLS)))
	}
	if p.Expires != nil {
		if l.Expires = *p.Expires; l.Expires != 0 {
			c.Range("expires", int64(l.Expires), 10, 86400)
		}
	}
}

func differences(a, b phone.Line) []string {
	var out []string
	for _, f := range []struct {
		name   string
		differ bool
	}{
		{"number", a.Number != b.Number}, {"label", a.Label != b.Label}, {"display_name", a.DisplayName != b.DisplayName}, {"user", a.User != b.User},
		{"auth_user", a.AuthUser != b.AuthUser}, {"registrars", !slices.Equal(a.Registrars, b.Registrars)}, {"proxies", !slices.Equal(a.Proxies, b.Proxies)},
		{"transport", a.Transport != b.Transport}, {"expires", a.Expires != b.Expires}, {"shared_with", a.SharedWith != b.SharedWith}, {"voicemail", a.Voicemail != b.Voicemail},
	} {
		if f.differ {
			out = append(out, f.name)
		}
	}
	return out
}

// serverName is a name in the DNS in ASCII; an underscore is common in private ones.
var serverName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$`)

// servers checks addresses of registrars and proxies.
func servers(c *errs.Checker, field string, in []phone.Server) []phone.Server {
	if len(in) > maxServers {
		c.Add(errs.Field{Name: field, Code: "too_many", Message: "At most " + strconv.Itoa(maxServers) + " of them.", Params: map[string]string{"max": strconv.Itoa(maxServers)}})
		return nil
	}
	var out []phone.Server
	for i, v := range in {
		at := field + "[" + strconv.Itoa(i) + "]"
		v.Host = strings.TrimSpace(v.Host)
		if a, err := netip.ParseAddr(strings.Trim(v.Host, "[]")); err == nil && a.Zone() == "" {
			v.Host = a.String()
		} else if len(v.Host) > 253 || !serverName.MatchString(v.Host) {
			c.Add(errs.Field{Name: at + ".host", Code: "bad_host", Message: "Give a host name or an IP address."})
		}
		c.Range(at+".port", int64(v.Port), 0, 65535)
		out = append(out, v)
	}
	return out
}
