package profile

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/tenant"
)

// Dictionary is a dictionary in a list, without what it says.
type Dictionary struct {
	ID         string  `db:"id"` // "" for one that comes with the program
	TenantID   string  `db:"tenant_id"`
	Scope      string  `db:"scope"`
	Mode       string  `db:"mode"`
	Family     string  `db:"family"`    // models that it is for, as its source names them; "" all
	FileName   string  `db:"file_name"` // of the upload
	Edition    string  `db:"edition"`   // what the source calls its version
	Parameters int64   `db:"parameters"`
	CreatedBy  string  `db:"created_by"`
	Created    db.Time `db:"created"` // zero for one that comes with the program
}

// The limits.
const (
	MaxDictionary = 20 << 20 // bytes of an uploaded file (DM-123)
	maxParameters = 50_000
	maxUnpacked   = 64 << 20
	keptIndexes   = 64
	imageFamily   = "image:" // and the image's id: what is packed in an image (DM-144)
)

var (
	errNoLearner = errs.New(errs.Unsupported, "no_dictionaries", "No dictionary can be read for phones of this mode.")
	errTooLarge  = errs.New(errs.TooLarge, "dictionary_too_large", "A dictionary has at most 20 MB and 50,000 parameters.")
	errBuiltin   = errs.Missing("dictionary")
)

// dictionaries keeps what was read last: rows never change, so what is known of an id stays true.
type dictionaries struct {
	mu      sync.Mutex
	kept    map[string]*index
	builtin map[string][]*index // by mode
}

// builtins gives the dictionaries that come with the program for a mode.
func (s *Service) builtins(mode string) []*index {
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	if s.known.builtin == nil {
		s.known.builtin = map[string][]*index{}
		for _, m := range s.makers {
			lib, ok := m.(phone.Library)
			if !ok {
				continue
			}
			for _, d := range lib.Dictionaries() {
				at := ModeOf(m.Maker())
				s.known.builtin[at] = append(s.known.builtin[at], newIndex(d))
			}
		}
	}
	return s.known.builtin[mode]
}

// Schema gives the dictionaries in force for the profiles of a mode in the tenant with this scope: the one packed in the chosen image
// alone (DM-144); else for each family the nearest upload of the tenant and those above it, then what comes with the program.
func (s *Service) Schema(ctx context.Context, q db.Q, scope, mode, imageID string) (Schema, error) {
	a := q.Args()
	var rows []Dictionary
	if err := q.Select(ctx, &rows, `SELECT `+dictionaryColumns+` FROM profile_dictionaries WHERE mode = `+a.Add(mode)+` AND `+a.In("scope", above(scope))+
		` AND (family NOT LIKE 'image:%' OR family = `+a.Add(imageFamily+imageID)+`)`, a.List()...); err != nil {
		return Schema{}, err
	}
	slices.SortFunc(rows, nearest)
	var out Schema
	taken := map[string]bool{}
	for _, r := range rows {
		packed := strings.HasPrefix(r.Family, imageFamily)
		if taken[r.Family] {
			continue
		}
		x, err := s.index(ctx, q, r.ID)
		if err != nil {
			return out, err
		}
		if packed {
			return Schema{[]*index{x}}, nil
		}
		taken[r.Family] = true
		out.ranks = append(out.ranks, x)
	}
	for _, x := range s.builtins(mode) {
		if !taken[x.Family] {
			out.ranks = append(out.ranks, x)
		}
	}
	return out, nil
}

// nearest sorts what is packed in an image first, then the dictionaries of the lowest tenant, then by family.
func nearest(a, b Dictionary) int {
	first := func(d Dictionary) int {
		if strings.HasPrefix(d.Family, imageFamily) {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(first(a), first(b)), -cmp.Compare(len(a.Scope), len(b.Scope)), strings.Compare(a.Family, b.Family))
}

const dictionaryColumns = `id, tenant_id, scope, mode, family, file_name, edition, parameters, created_by, created`

// index gives a stored dictionary, read at most once by this process as long as there is room.
func (s *Service) index(ctx context.Context, q db.Q, id string) (*index, error) {
	s.known.mu.Lock()
	x := s.known.kept[id]
	s.known.mu.Unlock()
	if x != nil {
		return x, nil
	}
	var data []byte
	if err := q.Get(ctx, &data, `SELECT data FROM profile_dictionaries WHERE id = $1`, id); err != nil {
		return nil, err
	}
	d, err := unpack(data)
	if err != nil {
		return nil, err
	}
	x = newIndex(d)
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	if s.known.kept == nil || len(s.known.kept) >= keptIndexes {
		s.known.kept = map[string]*index{}
	}
	s.known.kept[id] = x
	return x, nil
}

func pack(d phone.Dictionary) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(d); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

func unpack(data []byte) (phone.Dictionary, error) {
	var d phone.Dictionary
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return d, err
	}
	return d, json.NewDecoder(io.LimitReader(z, maxUnpacked)).Decode(&d)
}

// Dictionaries lists what is in force in a tenant for a mode ("" all modes): its own uploads, those of the tenants above it, and what
// comes with the program. What a nearer one of the same family replaces is left out.
func (s *Service) Dictionaries(ctx context.Context, actor access.Actor, at Place, mode string) ([]Dictionary, error) {
	t, err := s.allowed(ctx, s.db, actor, access.ProfileView, at)
	if err != nil {
		return nil, err
	}
	a := s.db.Args()
	var rows, out []Dictionary
	if err := s.db.Select(ctx, &rows, `SELECT `+dictionaryColumns+` FROM profile_dictionaries WHERE family NOT LIKE 'image:%' AND `+a.In("scope", above(t.Scope)), a.List()...); err != nil {
		return nil, err
	}
	slices.SortFunc(rows, nearest)
	taken := map[[2]string]bool{}
	for _, r := range rows {
		if k := [2]string{r.Mode, r.Family}; !taken[k] && (mode == "" || r.Mode == mode) {
			taken[k] = true
			out = append(out, r)
		}
	}
	for _, m := range Modes {
		for _, x := range s.builtins(m) {
			if !taken[[2]string{m, x.Family}] && (mode == "" || mode == m) {
				out = append(out, Dictionary{Mode: m, Family: x.Family, Edition: x.Version, Parameters: int64(len(x.Parameters))})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Dictionary) int {
		return cmp.Or(strings.Compare(x.Mode, y.Mode), strings.Compare(x.Family, y.Family))
	})
	return out, nil
}

// Lesson is a file from which a dictionary is learned: a Poly XSD, a configuration exported by a Yealink phone, a Cisco config.xml.
type Lesson struct {
	Mode   string
	Family string // "": what the file says
	File   string // its name
	Data   []byte
}

// Learn replaces the tenant's dictionary of the file's family (DM-123). A file that is broken is Invalid and names the line; what there
// was stays then.
func (s *Service) Learn(ctx context.Context, actor access.Actor, at Place, in Lesson) (Dictionary, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.ProfileEdit, at); err != nil {
		return Dictionary{}, err
	}
	var c errs.Checker
	c.OneOf("mode", in.Mode, Modes...)
	in.File = c.Text("file", in.File, 0, 255)
	in.Family = c.Text("family", in.Family, 0, 64)
	if strings.HasPrefix(in.Family, imageFamily) {
		c.Add(errs.Field{Name: "family", Code: "reserved_family", Message: "Families that begin with image: belong to software images."})
	}
	if err := c.Err(); err != nil {
		return Dictionary{}, err
	}
	if len(in.Data) > MaxDictionary {
		return Dictionary{}, errTooLarge
	}
	d, err := s.learn(in)
	if err != nil {
		return Dictionary{}, err
	}
	var out Dictionary
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.ProfileEdit, at)
		if err != nil {
			return err
		}
		if out, err = keep(ctx, tx, t, d, Dictionary{Mode: in.Mode, Family: d.Family, FileName: in.File, CreatedBy: nameOf(actor)}); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, dictionaryNews(t, out, "uploaded", "upload"))
	})
	return out, err
}

// learn asks the makers of the mode, the first of which that can read the file wins.
func (s *Service) learn(in Lesson) (phone.Dictionary, error) {
	var first error
	for _, m := range s.makersOf(in.Mode) {
		l, ok := m.(phone.Learner)
		if !ok {
			continue
		}
		d, err := l.Learn(in.File, bytes.NewReader(in.Data))
		if err == nil {
			if in.Family != "" {
				d.Family = in.Family
			}
			return checked(d)
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = errNoLearner
	}
	return phone.Dictionary{}, first
}

// checked bounds a dictionary and puts it into order.
func checked(d phone.Dictionary) (phone.Dictionary, error) {
	if len(d.Parameters) > maxParameters || len(d.Family) > 128 {
		return d, errTooLarge
	}
	slices.SortStableFunc(d.Parameters, func(a, b phone.Parameter) int { return strings.Compare(a.Name, b.Name) })
	d.Parameters = slices.CompactFunc(d.Parameters, func(a, b phone.Parameter) bool { return a.Name == b.Name })
	return d, nil
}

func keep(ctx context.Context, tx *db.Tx, t tenant.Tenant, d phone.Dictionary, out Dictionary) (Dictionary, error) {
	data, err := pack(d)
	if err != nil {
		return out, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM profile_dictionaries WHERE tenant_id = $1 AND mode = $2 AND family = $3`, t.ID, out.Mode, out.Family); err != nil {
		return out, err
	}
	out.ID, out.TenantID, out.Scope, out.Created = db.NewID(), t.ID, t.Scope, tx.Now()
	out.Edition, out.Parameters = strings.ToValidUTF8(clip(strings.ReplaceAll(d.Version, "\x00", ""), 128), ""), int64(len(d.Parameters))
	_, err = tx.Exec(ctx, `INSERT INTO profile_dictionaries (`+dictionaryColumns+`, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		out.ID, out.TenantID, out.Scope, out.Mode, out.Family, out.FileName, out.Edition, out.Parameters, out.CreatedBy, out.Created, data)
	return out, err
}

// Restore takes an upload of the tenant away, so that what comes from above or with the program is in force again (DM-123).
func (s *Service) Restore(ctx context.Context, actor access.Actor, at Place, id string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.ProfileEdit, at)
		if err != nil {
			return err
		}
		var d Dictionary
		if err := tx.Get(ctx, &d, `SELECT `+dictionaryColumns+` FROM profile_dictionaries WHERE id = $1 AND tenant_id = $2 AND family NOT LIKE 'image:%'`, id, t.ID); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				err = errBuiltin
			}
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM profile_dictionaries WHERE id = $1`, id); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, dictionaryNews(t, d, "restored", "restore"))
	})
}

// Search finds parameters by a part of their name of two or more characters (DM-145).
func (s *Service) Search(ctx context.Context, actor access.Actor, at Place, mode, imageID, text string) ([]phone.Parameter, error) {
	t, err := s.allowed(ctx, s.db, actor, access.ProfileView, at)
	if err != nil {
		return nil, err
	}
	var c errs.Checker
	c.OneOf("mode", mode, Modes...)
	text = c.Text("q", text, 2, 200)
	if err := c.Err(); err != nil {
		return nil, err
	}
	schema, err := s.Schema(ctx, s.db, t.Scope, mode, imageID)
	return schema.Search(text), err
}

// Canonical gives names as the dictionaries in force spell them (DM-164), in the same order. It decides nothing.
func (s *Service) Canonical(ctx context.Context, q db.Q, scope, mode string, names []string) ([]string, error) {
	schema, err := s.Schema(ctx, q, scope, mode, "")
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = schema.Canonical(n)
	}
	return out, err
}

// SetImageDictionary keeps the dictionary that is packed in a software image (DM-144), in the caller's transaction. It decides
// nothing: room firmware calls it when an image becomes available.
func (s *Service) SetImageDictionary(ctx context.Context, tx *db.Tx, imageID, mode, file string, d phone.Dictionary) error {
	t, err := s.tenants.Operator(ctx, tx)
	if err == nil {
		d, err = checked(d)
	}
	if err == nil {
		_, err = keep(ctx, tx, t, d, Dictionary{Mode: mode, Family: imageFamily + imageID, FileName: file})
	}
	return err
}

func dictionaryNews(t tenant.Tenant, d Dictionary, what, verb string) journal.News {
	return journal.News{Type: "dictionary." + what, Action: "dictionary/" + verb, Tenant: t.Access(), Target: journal.Target{Kind: "dictionary", ID: d.ID, Name: d.FileName},
		Data: map[string]any{"mode": d.Mode, "family": d.Family, "parameters": d.Parameters}}
}
