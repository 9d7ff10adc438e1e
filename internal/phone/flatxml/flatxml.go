// Package flatxml owns the writing of XML files that hold one setting in one element, as Cisco, Grandstream and Snom phones read
// them, and the one rule by which a value is escaped in any maker's XML. It must not know any maker: names and order are what it is given, so equal documents have equal bytes.
package flatxml

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"linecard/internal/phone"
)

// ContentType is what servers of these files answer; phones are not known to look at it.
const ContentType = "text/xml; charset=utf-8"

// Element is one element: with children, or with a text.
type Element struct {
	Name       string
	Attributes []Attribute
	Text       string // only of elements without children
	Children   []Element
}

// Attribute is one attribute of an element.
type Attribute struct{ Name, Value string }

// Bytes writes the document, an element a line. A name that XML or a phone cannot read, and two children of one name, are
// Invalid: phones differ in which of two they take.
func Bytes(root Element) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	if err := root.write(&b, ""); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (e Element) write(b *bytes.Buffer, indent string) error {
	if !ValidName(e.Name) {
		return phone.ErrName
	}
	b.WriteString(indent + "<" + e.Name)
	for i, a := range e.Attributes {
		if !ValidName(a.Name) {
			return phone.ErrName
		}
		for _, before := range e.Attributes[:i] {
			if before.Name == a.Name {
				return phone.ErrTwice
			}
		}
		b.WriteString(" " + a.Name + `="`)
		Escape(b, a.Value)
		b.WriteByte('"')
	}
	b.WriteByte('>')
	if len(e.Children) == 0 {
		Escape(b, e.Text)
		b.WriteString("</" + e.Name + ">\n")
		return nil
	}
	b.WriteByte('\n')
	seen := make(map[string]bool, len(e.Children))
	for _, c := range e.Children {
		if seen[c.key()] {
			return phone.ErrTwice
		}
		seen[c.key()] = true
		if err := c.write(b, indent+"  "); err != nil {
			return err
		}
	}
	b.WriteString(indent + "</" + e.Name + ">\n")
	return nil
}

// key is what makes an element another one than its sisters: its name, and the index that Snom puts beside it.
func (e Element) key() string {
	for _, a := range e.Attributes {
		if a.Name == Index {
			return e.Name + "." + a.Value
		}
	}
	return e.Name
}

// Index is the attribute by which elements of one name are told apart.
const Index = "idx"

// ValidName says whether s may be the name of an element: narrower than XML, wide enough for all parameters of these makers.
func ValidName(s string) bool {
	return phone.ValidName(s) && (len(s) < 3 || !strings.EqualFold(s[:3], "xml") || strings.HasPrefix(s, "XML_"))
}

// Check refuses a setting that cannot stand in such a file as it is.
func Check(s phone.Setting) error {
	switch {
	case !ValidName(s.Name):
		return phone.ErrName
	case !phone.ValidText(s.Value):
		return phone.ErrText
	}
	return nil
}

// Escape writes s so that it reads back as s and cannot end the text or attribute. What XML 1.0 cannot carry at all (control
// characters, broken UTF-8) becomes U+FFFD.
func Escape(b *bytes.Buffer, s string) {
	for _, r := range s {
		switch r {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&quot;")
		case '\'':
			b.WriteString("&apos;")
		case '\t':
			b.WriteString("&#9;")
		case '\n':
			b.WriteString("&#10;")
		case '\r':
			b.WriteString("&#13;")
		default:
			if r < ' ' || r == 0xfffe || r == 0xffff {
				r = utf8.RuneError
			}
			b.WriteRune(r)
		}
	}
}
