package profile

import (
	"context"
	"encoding/json"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// row is a row of profile_profiles.
type row struct {
	ID          string            `db:"id"`
	TenantID    string            `db:"tenant_id"`
	TenantKind  access.TenantKind `db:"tenant_kind"`
	Scope       string            `db:"scope"`
	Name        string            `db:"name"`
	NameFold    string            `db:"name_fold"`
	Description string            `db:"description"`
	SearchFold  string            `db:"search_fold"`
	Mode        string            `db:"mode"`
	Type        Type              `db:"type"`
	Builtin     string            `db:"builtin"` // hash of what came with the program, "" for all others
	DeviceID    string            `db:"device_id"`
	ImageID     string            `db:"image_id"`
	ImageLabel  string            `db:"image_label"`
	Attributes  string            `db:"attributes"`
	Sealed      []byte            `db:"sealed"`
	ModifiedBy  string            `db:"modified_by"`
	Modified    string            `db:"modified_fold"`
	Created     db.Time           `db:"created"`
	Updated     db.Time           `db:"updated"`
	Version     int64             `db:"version"`
}

var columns = []string{"id", "tenant_id", "tenant_kind", "scope", "name", "name_fold", "description", "search_fold", "mode", "type", "builtin", "device_id",
	"image_id", "image_label", "attributes", "sealed", "modified_by", "modified_fold", "created", "updated", "version"}

func (r row) args() []any {
	return []any{r.ID, r.TenantID, r.TenantKind, r.Scope, r.Name, r.NameFold, r.Description, r.SearchFold, r.Mode, r.Type, r.Builtin, r.DeviceID,
		r.ImageID, r.ImageLabel, r.Attributes, r.Sealed, r.ModifiedBy, r.Modified, r.Created, r.Updated, r.Version}
}

var selected = `SELECT p.` + strings.Join(columns, ", p.") + ` FROM profile_profiles p`

// open attribute as it is stored: of a secret only the name.
type stored struct {
	Name   string `json:"n"`
	Value  string `json:"v,omitempty"`
	File   string `json:"f,omitempty"`
	Secret bool   `json:"s,omitempty"`
}

func sealedAs(id string) string { return "profile_profiles/sealed/" + id }

// rowOf makes the row of a profile; hash is that of a built-in one, else "".
func (s *Service) rowOf(p Profile, hash string) (row, error) {
	open := make([]stored, len(p.Attributes))
	secrets := map[string]string{}
	for i, a := range p.Attributes {
		open[i] = stored(a)
		if a.Secret {
			open[i].Value = ""
			secrets[a.Name] = a.Value
		}
	}
	text, err := json.Marshal(open)
	if err != nil {
		return row{}, err
	}
	r := row{ID: p.ID, TenantID: p.TenantID, TenantKind: p.TenantKind, Scope: p.Scope, Name: p.Name, NameFold: db.Fold(p.Name), Description: p.Description,
		SearchFold: db.Fold(p.Name + " " + p.Description), Mode: p.Mode, Type: p.Type, Builtin: hash, DeviceID: p.DeviceID, ImageID: p.ImageID,
		ImageLabel: p.ImageLabel, Attributes: string(text), ModifiedBy: p.ModifiedBy, Modified: db.Fold(p.ModifiedBy), Created: p.Created, Updated: p.Updated, Version: p.Version}
	if len(secrets) > 0 {
		plain, err := json.Marshal(secrets)
		if err != nil {
			return row{}, err
		}
		if r.Sealed, err = s.box.Seal(plain, sealedAs(p.ID)); err != nil {
			return row{}, err
		}
	}
	return r, nil
}

// profileOf opens a row.
func (s *Service) profileOf(r row) (Profile, error) {
	p := Profile{ID: r.ID, TenantID: r.TenantID, TenantKind: r.TenantKind, Scope: r.Scope, Name: r.Name, Description: r.Description, Mode: r.Mode, Type: r.Type,
		Builtin: r.Builtin != "", DeviceID: r.DeviceID, ImageID: r.ImageID, ImageLabel: r.ImageLabel, ModifiedBy: r.ModifiedBy,
		Created: r.Created, Updated: r.Updated, Version: r.Version}
	var open []stored
	if err := json.Unmarshal([]byte(r.Attributes), &open); err != nil {
		return p, err
	}
	var secrets map[string]string
	if r.Sealed != nil {
		plain, err := s.box.Open(r.Sealed, sealedAs(r.ID))
		if err != nil {
			return p, err
		}
		if err := json.Unmarshal(plain, &secrets); err != nil {
			return p, err
		}
	}
	p.Attributes = make([]Attribute, len(open))
	for i, a := range open {
		p.Attributes[i] = Attribute(a)
		if a.Secret {
			p.Attributes[i].Value = secrets[a.Name]
		}
	}
	return p, nil
}

func (s *Service) profilesOf(rows []row) ([]Profile, error) {
	out := make([]Profile, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = s.profileOf(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// get gives a profile that is visible in the tenant with this scope: its own, or one of a tenant above it.
func (s *Service) get(ctx context.Context, q db.Q, scope, id string) (Profile, error) {
	a := q.Args()
	var r row
	err := q.Get(ctx, &r, selected+` WHERE p.id = `+a.Add(id)+` AND `+a.In("p.scope", above(scope)), a.List()...)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errs.Missing("profile")
		}
		return Profile{}, err
	}
	return s.profileOf(r)
}

// above gives the scope itself and those of all tenants above it.
func above(scope string) []string {
	var out []string
	for i, c := range scope {
		if c == '.' {
			out = append(out, scope[:i+1])
		}
	}
	return out
}

// insert adds profiles, many in one statement; a name that is taken in the tenant is the conflict name_taken.
func insert(ctx context.Context, tx *db.Tx, rows ...row) error { return write(ctx, tx, rows, "") }

// replace is insert that overwrites rows with the same id.
func replace(ctx context.Context, tx *db.Tx, rows ...row) error {
	var set []string
	for _, c := range columns[4:] {
		if c != "created" {
			set = append(set, c+" = excluded."+c)
		}
	}
	return write(ctx, tx, rows, " ON CONFLICT (id) DO UPDATE SET "+strings.Join(set, ", "))
}

// rowsAtOnce bounds the rows of a statement.
const rowsAtOnce = 40

func write(ctx context.Context, tx *db.Tx, rows []row, then string) error {
	for len(rows) > 0 {
		n := min(len(rows), rowsAtOnce)
		a := tx.Args()
		values := make([]string, n)
		for i, r := range rows[:n] {
			values[i] = tuple(a, r.args()...)
		}
		rows = rows[n:]
		_, err := tx.Exec(ctx, `INSERT INTO profile_profiles (`+strings.Join(columns, ", ")+`) VALUES `+strings.Join(values, ", ")+then, a.List()...)
		if db.IsUnique(err, "profile_profiles", "tenant_id", "name_fold") {
			return errName.Because(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func tuple(a *db.Args, values ...any) string {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = a.Add(v)
	}
	return "(" + strings.Join(marks, ", ") + ")"
}
