package poly

import (
	"bytes"
	"slices"
	"strings"

	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/phone/flatxml"
)

// document is a configuration file: one element, every setting an attribute. An attribute that stands there twice would make
// the phone drop the whole file.
type document struct {
	root       string
	attributes []attribute
}

type attribute = phone.Setting

var errFileList = errs.New(errs.Invalid, "bad_file_list", "The list of configuration files is too long, or a name in it cannot be fetched.")

// Limits of CONFIG_FILES (UC Software guides).
const (
	maxFileName = phone.MaxName
	maxFileList = 2047
)

// bytes writes the file, an attribute a line: SoundPoint IP 430 cannot read long lines. Order is as given, so equal
// documents have equal bytes.
func (d document) bytes() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n<" + d.root)
	seen := make(map[string]bool, len(d.attributes))
	for _, a := range d.attributes {
		if !attributeName(a.Name) {
			return nil, phone.ErrName
		}
		if seen[a.Name] {
			return nil, phone.ErrTwice
		}
		seen[a.Name] = true
		b.WriteString("\n  " + a.Name + `="`)
		flatxml.Escape(&b, a.Value)
		b.WriteByte('"')
	}
	b.WriteString("\n/>\n")
	return b.Bytes(), nil
}

// attributeName says whether s may stand as a parameter. Names of XML itself may not; those that people add to the master
// file begin with an underscore (DM-185).
func attributeName(s string) bool {
	if own, ok := strings.CutPrefix(s, "_"); ok {
		return strings.HasPrefix(s, ownAttribute) && phone.ValidName(own)
	}
	return phone.ValidName(s) && !strings.HasPrefix(strings.ToLower(s), "xml")
}

// fileList joins names for CONFIG_FILES: our own, then those of a profile as they are but for spaces around commas. Phones
// know no escapes there, so a space or backslash in a name cannot be written [S SIP 2.2 and 3.1 guides].
func fileList(own []string, appended string) (string, error) {
	names := slices.Clone(own)
	if strings.TrimSpace(appended) != "" {
		names = append(names, strings.Split(appended, ",")...)
	}
	for i, n := range names {
		n = strings.TrimSpace(n)
		if n == "" || len(n) > maxFileName || strings.ContainsAny(n, " \\\t\r\n") {
			return "", errFileList
		}
		names[i] = n
	}
	list := strings.Join(names, ", ")
	if len(list) > maxFileList {
		return "", errFileList
	}
	return list, nil
}
