package profile

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/tenant"
)

// MaxFile bounds a file of attributes (DM-147).
const MaxFile = 5 << 20

var (
	errFileSize    = errs.New(errs.TooLarge, "attributes_file_too_large", "A file of attributes has at most 5 MB.")
	errFileType    = errs.New(errs.Unsupported, "attributes_file_type", "Attributes come from .cfg and .xml files.")
	errFileBroken  = errs.New(errs.Invalid, "attributes_file_broken", "The file is not well formed. Nothing was taken from it.")
	errFileMode    = errs.New(errs.Invalid, "attributes_file_mode", "The file holds a profile of another mode.")
	errFileEmpty   = errs.New(errs.Invalid, "attributes_file_empty", "There is no attribute in it.")
	errNothingHere = errs.New(errs.NotFound, "nothing_to_export", "There is no profile that can be exported.")
)

// Taken says what an import brought (DM-147).
type Taken struct {
	Attributes int // set by the file, each name once
	Unknown    int // of these no dictionary knows
}

// ImportFile adds the attributes of a file to a profile: what Export wrote, or a configuration file of the makers of its mode. The name
// must end in .cfg or .xml; attributes that no dictionary knows are taken all the same. A broken file is Invalid, names the line, and
// changes nothing.
func (s *Service) ImportFile(ctx context.Context, actor access.Actor, at Place, id, file string, data []byte, ifVersion int64) (Profile, []Finding, Taken, error) {
	lower := strings.ToLower(file)
	if !strings.HasSuffix(lower, ".cfg") && !strings.HasSuffix(lower, ".xml") {
		return Profile{}, nil, Taken{}, errFileType
	}
	return s.take(ctx, actor, at, id, file, data, ifVersion)
}

// Paste adds the attributes of a pasted text, which is read like a file (DM-148).
func (s *Service) Paste(ctx context.Context, actor access.Actor, at Place, id, text string, ifVersion int64) (Profile, []Finding, Taken, error) {
	return s.take(ctx, actor, at, id, "", []byte(text), ifVersion)
}

func (s *Service) take(ctx context.Context, actor access.Actor, at Place, id, file string, data []byte, ifVersion int64) (Profile, []Finding, Taken, error) {
	var taken Taken
	t, err := s.allowed(ctx, s.db, actor, access.ProfileEdit, at)
	if err != nil {
		return Profile{}, nil, taken, err
	}
	p, err := s.get(ctx, s.db, t.Scope, id) // its mode never changes, so the file can be read before the transaction
	if err == nil {
		err = p.changeable(t.ID)
	}
	if err != nil {
		return Profile{}, nil, taken, err
	}
	set, err := s.read(p.Mode, file, data)
	if err != nil {
		return Profile{}, nil, taken, err
	}
	set = slices.DeleteFunc(set, func(a Attribute) bool { _, has := p.Get(a.Name); return a.Value == Mask && !has }) // exported without its secret
	out, findings, err := s.Edit(ctx, actor, at, id, Patch{Set: set, Lenient: true, IfVersion: ifVersion})
	if err != nil {
		return Profile{}, nil, taken, err
	}
	once := map[string]bool{}
	for _, a := range set {
		once[a.Name] = true
	}
	taken.Attributes = len(once)
	for _, f := range findings {
		if f.Remark {
			taken.Unknown++
		}
	}
	return out, findings, taken, nil
}

// read gives the attributes of a file in its order.
func (s *Service) read(mode, file string, data []byte) ([]Attribute, error) {
	if len(data) > MaxFile {
		return nil, errFileSize
	}
	out, own, err := readOwn(mode, data)
	if !own {
		out, err = s.readForeign(mode, file, data)
	}
	switch {
	case err != nil:
		return nil, err
	case len(out) == 0:
		return nil, errFileEmpty
	case len(out) > 4*MaxAttributes:
		return nil, errFileSize
	}
	return out, nil
}

// readForeign asks the makers of the mode; the first that can read the file wins.
func (s *Service) readForeign(mode, file string, data []byte) ([]Attribute, error) {
	var first error
	for _, m := range s.makersOf(mode) {
		r, ok := m.(phone.Reader)
		if !ok {
			continue
		}
		settings, err := r.ReadSettings(file, bytes.NewReader(data))
		if err == nil {
			out := make([]Attribute, len(settings))
			for i, x := range settings {
				out[i] = Attribute{Name: x.Name, Value: x.Value}
			}
			return out, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = errFileType
	}
	return nil, first
}

// The form in which profiles are exported, the same for all modes, so that reading it gives exactly what was written.
type (
	sheet struct {
		XMLName     xml.Name `xml:"linecard-profile"`
		Mode        string   `xml:"mode,attr"`
		Name        string   `xml:"name,attr"`
		Description string   `xml:"description,attr,omitempty"`
		Entries     []entry  `xml:"attribute"`
	}
	entry struct {
		Name   string `xml:"name,attr"`
		Value  string `xml:"value,attr"`
		File   string `xml:"file,attr,omitempty"`
		Hidden bool   `xml:"hidden,attr,omitempty"` // a secret that was left out
	}
)

const ownRoot = "linecard-profile"

// writeOwn gives a profile as a file; without clear the values of secrets are left out.
func writeOwn(p Profile, clear bool) ([]byte, error) {
	out := sheet{Mode: p.Mode, Name: p.Name, Description: p.Description}
	for _, a := range p.Attributes {
		e := entry{Name: a.Name, Value: a.Value, File: a.File}
		if a.Secret && !clear {
			e.Value, e.Hidden = "", true
		}
		out.Entries = append(out.Entries, e)
	}
	b, err := xml.MarshalIndent(out, "", " ")
	return append(append([]byte(xml.Header), b...), '\n'), err
}

// readOwn reads what writeOwn wrote; own says whether it is such a file at all. No document type, no entities beyond the five of XML.
func readOwn(mode string, data []byte) (out []Attribute, own bool, err error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	depth := 0
	for {
		token, err := d.Token()
		if err == io.EOF && own && depth == 0 {
			return out, true, nil
		}
		if err != nil {
			return nil, own, broken(d, err)
		}
		switch x := token.(type) {
		case xml.Directive:
			return nil, own, broken(d, nil)
		case xml.EndElement:
			depth--
		case xml.CharData:
			if own && len(bytes.TrimSpace(x)) > 0 {
				return nil, true, broken(d, nil)
			}
		case xml.StartElement:
			if depth == 0 {
				if own || x.Name.Local != ownRoot {
					return nil, own, broken(d, nil)
				}
				own = true
				if value(x, "mode") != mode {
					return nil, true, errFileMode
				}
			} else if depth > 1 || x.Name.Local != "attribute" || len(out) > 4*MaxAttributes {
				return nil, true, broken(d, nil)
			}
			if depth++; depth == 2 {
				a := Attribute{Name: value(x, "name"), Value: value(x, "value"), File: value(x, "file")}
				if value(x, "hidden") == "true" {
					a.Value = Mask
				}
				out = append(out, a)
			}
		}
	}
}

func value(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func broken(d *xml.Decoder, err error) error {
	line, _ := d.InputPos()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		line = syntax.Line
	}
	return errFileBroken.With("line", strconv.Itoa(line)).Because(err)
}

// Export gives profiles of people as a ZIP, one file each: the one with this id, or all of the place with "" (DM-154). Without clear the
// values of secrets are left out; with it the right to reveal is needed, and the operation log has a row.
func (s *Service) Export(ctx context.Context, actor access.Actor, at Place, id string, clear bool) ([]byte, error) {
	act := access.ProfileEdit
	if clear {
		act = access.SecretReveal
	}
	var all []Profile
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.ProfileEdit, at)
		if err == nil && act != access.ProfileEdit {
			t, err = s.allowed(ctx, tx, actor, act, at)
		}
		if err != nil {
			return err
		}
		if all, err = s.exported(ctx, tx, t, id); err != nil || !clear {
			return err
		}
		target := journal.Target{Kind: "profile", ID: id, Name: "all"}
		if id != "" {
			target.Name = all[0].Name
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Action: "profile/export", Tenant: t.Access(), Quiet: true, Target: target})
	})
	if err != nil {
		return nil, err
	}
	return packed(all, clear)
}

func (s *Service) exported(ctx context.Context, q db.Q, t tenant.Tenant, id string) ([]Profile, error) {
	if id != "" {
		p, err := s.get(ctx, q, t.Scope, id)
		if err == nil {
			err = p.exportable(t.ID)
		}
		return []Profile{p}, err
	}
	var rows []row
	if err := q.Select(ctx, &rows, selected+` WHERE p.tenant_id = $1 AND p.type = 'user' ORDER BY p.name_fold`, t.ID); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNothingHere
	}
	return s.profilesOf(rows)
}

func packed(all []Profile, clear bool) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range all {
		body, err := writeOwn(p, clear)
		if err != nil {
			return nil, err
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.Name + ".xml", Method: zip.Deflate, Modified: p.Updated.Time})
		if err == nil {
			_, err = f.Write(body)
		}
		if err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}
