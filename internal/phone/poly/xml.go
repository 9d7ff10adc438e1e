package poly

import (
	"bytes"
	"strings"

	"linecard/internal/errs"
	"linecard/internal/phone/flatxml"
)

// document is a configuration file: one element, every setting an attribute. An attribute that stands there twice would make
// the phone drop the whole file.
type document struct {
	root       string
	attributes []attribute
}

type attribute struct{ name, value string }

var (
	errName     = errs.New(errs.Invalid, "bad_parameter_name", "A parameter name begins with a letter and has letters, digits and . _ - only.")
	errTwice    = errs.New(errs.Invalid, "parameter_twice", "A parameter stands in the file twice.")
	errFileList = errs.New(errs.Invalid, "bad_file_list", "The list of configuration files is too long, or a name in it cannot be fetched.")
)

// Limits of CONFIG_FILES (UC Software guides).
const (
	maxFileName = 255
	maxFileList = 2047
)

// bytes writes the file, an attribute a line: SoundPoint IP 430 cannot read long lines. Order is as given, so equal
// documents have equal bytes.
func (d document) bytes() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n<" + d.root)
	seen := make(map[string]bool, len(d.attributes))
	for _, a := range d.attributes {
		if !attributeName(a.name) {
			return nil, errName
		}
		if seen[a.name] {
			return nil, errTwice
		}
		seen[a.name] = true
		b.WriteString("\n  " + a.name + `="`)
		flatxml.Escape(&b, a.value)
		b.WriteByte('"')
	}
	b.WriteString("\n/>\n")
	return b.Bytes(), nil
}

// attributeName says whether s may stand as a parameter: what UC Software uses, and narrower than XML.
func attributeName(s string) bool {
	if s == "" || len(s) > maxFileName || strings.HasPrefix(strings.ToLower(s), "xml") {
		return false
	}
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-')) {
			return false
		}
	}
	return true
}

// fileList joins names for CONFIG_FILES. Phones know no escapes there, so a comma, a space or a percent sign cannot be
// written; a leading slash would not mean what it says.
func fileList(names []string) (string, error) {
	for _, n := range names {
		if n == "" || len(n) > maxFileName || n[0] == '/' || strings.ContainsAny(n, ", %\\\t\r\n") {
			return "", errFileList
		}
	}
	list := strings.Join(names, ", ")
	if len(list) > maxFileList {
		return "", errFileList
	}
	return list, nil
}
