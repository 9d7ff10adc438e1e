package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"linecard/internal/errs"
)

const (
	depthMost = 32 // levels of a JSON body; no input of ours has more than a few
)

var (
	errNotJSON   = errs.New(errs.Invalid, "bad_json", "The body is not well-formed JSON.")
	errDeep      = errs.New(errs.Invalid, "json_too_deep", "The body is nested too deeply.")
	errNoBody    = errs.New(errs.Invalid, "no_body_expected", "This operation takes no body.")
	badEncoding  = errs.Field{Code: "bad_encoding", Message: "The text is not valid UTF-8."}
	forbidden    = errs.Field{Code: "forbidden_character", Message: "The text holds a control character or an invisible mark. Type it again."}
	doubledField = errs.Field{Code: "repeated_field", Message: "This field stands in the object twice."}
)

// checkJSON refuses what decoders let pass and people then wonder about: a field given twice, bytes that are not UTF-8, zero
// characters (which PostgreSQL does not store), great depth, something behind the value. Faults name the field.
func checkJSON(b []byte, expected bool) error {
	if !expected {
		if t := bytes.TrimSpace(b); len(t) > 0 && string(t) != "{}" {
			return errNoBody
		}
		return nil
	}
	s := scanner{dec: json.NewDecoder(bytes.NewReader(b)), broken: !utf8.Valid(b)}
	s.dec.UseNumber()
	if err := s.value(""); err != nil {
		var own *errs.Error
		if errors.As(err, &own) {
			return err
		}
		return errNotJSON.Because(err)
	}
	if _, err := s.dec.Token(); !errors.Is(err, io.EOF) {
		return errNotJSON
	}
	return errs.BadFields(s.faults)
}

// scanner walks through a body with the path of the place it is at.
type scanner struct {
	dec    *json.Decoder
	broken bool // the body is not UTF-8 somewhere
	depth  int
	faults []errs.Field
}

func (s *scanner) add(f errs.Field, path string) {
	if len(s.faults) < 20 {
		f.Name = strings.ToValidUTF8(path, "")
		s.faults = append(s.faults, f)
	}
}

func (s *scanner) value(path string) error {
	t, err := s.dec.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		if s.depth++; s.depth > depthMost {
			return errDeep
		}
		if t == '{' {
			err = s.object(path)
		} else {
			err = s.array(path)
		}
		s.depth--
		if err == nil {
			_, err = s.dec.Token() // the closing one
		}
	case string:
		s.text(t, path)
	case json.Number:
		if _, err := t.Float64(); err != nil {
			s.add(errs.Field{Code: "out_of_range", Message: "The number is out of range."}, path)
		}
	}
	return err
}

func (s *scanner) object(path string) error {
	seen := map[string]bool{}
	for s.dec.More() {
		t, err := s.dec.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		at := name
		if path != "" {
			at = path + "." + name
		}
		s.text(name, at)
		if seen[name] {
			s.add(doubledField, at)
		}
		seen[name] = true
		if err := s.value(at); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) array(path string) error {
	for i := 0; s.dec.More(); i++ {
		if err := s.value(path + "[" + strconv.Itoa(i) + "]"); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) text(t, path string) {
	switch {
	case s.broken && strings.ContainsRune(t, utf8.RuneError):
		s.add(badEncoding, path)
	case strings.ContainsRune(t, 0):
		s.add(forbidden, path)
	}
}

// newBody is the body for huma; nil when there is none.
func newBody(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
