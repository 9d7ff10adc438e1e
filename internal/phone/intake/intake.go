// Package intake owns how files that people and phones bring are opened: bounded, turned into UTF-8, XML read token by token
// without document types and entities. Errors name the line. It must not know any maker.
package intake

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"linecard/internal/errs"
)

// Limits of a file. Elements counts elements and attributes together.
const (
	MaxBytes    = 20 << 20
	maxDepth    = 64
	maxElements = 1_000_000
)

var (
	errSize     = errs.New(errs.TooLarge, "file_too_large", "A file may have at most 20 MB.")
	errEncoding = errs.New(errs.Invalid, "file_encoding", "The file is neither UTF-8 nor UTF-16 text.")
	errBinary   = errs.New(errs.Invalid, "file_binary", "The file is no text.")
)

// What makers refuse when a file reads well but holds nothing of theirs.
var (
	ErrNothing = errs.New(errs.Invalid, "file_no_settings", "The file has no settings of this maker.")
	ErrSchema  = errs.New(errs.Invalid, "file_no_parameters", "The file describes no parameters of this maker.")
)

// MaxParameters and MaxHelp bound what is learned from a file: parameters, and bytes of help for one.
const (
	MaxParameters = 200_000
	MaxHelp       = 500
)

// Short makes one line of s, cut to MaxHelp bytes.
func Short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > MaxHelp {
		s = strings.ToValidUTF8(s[:MaxHelp], "")
	}
	return s
}

// Fault is the Invalid error for what is wrong in a line; lines count from 1.
func Fault(line int, fault string) error {
	n := strconv.Itoa(line)
	return &errs.Error{Kind: errs.Invalid, Code: "file_malformed", Message: "Line " + n + ": " + fault, Params: map[string]string{"line": n, "fault": fault}}
}

// Text reads all and gives it as UTF-8 without a byte order mark. UTF-16 is known by its mark, or by the zero bytes beside
// the first character.
func Text(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return "", errs.As(err)
	case len(b) > MaxBytes:
		return "", errSize
	}
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return wide(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return wide(b[2:], binary.BigEndian)
	case len(b) >= 2 && b[0] != 0 && b[1] == 0:
		return wide(b, binary.LittleEndian)
	case len(b) >= 2 && b[0] == 0 && b[1] != 0:
		return wide(b, binary.BigEndian)
	}
	return narrow(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))
}

func wide(b []byte, order binary.ByteOrder) (string, error) {
	if len(b)%2 != 0 {
		return "", errEncoding
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return narrow([]byte(string(utf16.Decode(units))))
}

func narrow(b []byte) (string, error) {
	if !utf8.Valid(b) {
		return "", errEncoding
	}
	if bytes.IndexByte(b, 0) >= 0 {
		return "", errBinary
	}
	return string(b), nil
}

// Lines calls fn with each line of the text without its end, counted from 1, until fn fails.
func Lines(text string, fn func(number int, line string) error) error {
	number := 0
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		number++
		if err := fn(number, strings.TrimSuffix(line, "\r")); err != nil {
			return err
		}
		text = rest
	}
	return nil
}

// Node is what XML calls fn with: an element that begins or ends, a text between, or a comment.
type Node struct {
	Kind  Kind
	Name  string // local name of an element
	Attrs []Attr
	Text  string // of a text or comment
	Line  int
	Depth int // of the element: 1 is the outermost; of a text or comment: of the element around it
}

// Attr is an attribute. Space is its name space or prefix, "" for none.
type Attr struct{ Space, Name, Value string }

// Kind is what a node is.
type Kind int

// The kinds of nodes.
const (
	Start Kind = iota
	End
	Chars
	Comment
)

// XML reads a document, or several elements one after another as people paste them, and calls fn with each node. A document
// type, an entity that is not one of XML's own five, and whatever else is broken is a Fault of its line.
func XML(text string, fn func(Node) error) error {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		switch strings.ToLower(charset) {
		case "utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii": // it is UTF-8 by now
			return in, nil
		}
		return nil, errors.New("the encoding " + charset + " is not known")
	}
	depth, count := 0, 0
	for {
		line, _ := d.InputPos()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			at, _ := d.InputPos()
			return Fault(at, plain(err))
		}
		n := Node{Line: line, Depth: depth}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			count += 1 + len(t.Attr)
			if depth > maxDepth || count > maxElements {
				return Fault(line, "too many elements, or too many inside each other")
			}
			n.Kind, n.Name, n.Depth = Start, t.Name.Local, depth
			for _, a := range t.Attr {
				n.Attrs = append(n.Attrs, Attr{Space: a.Name.Space, Name: a.Name.Local, Value: a.Value})
			}
		case xml.EndElement:
			n.Kind, n.Name = End, t.Name.Local
			depth--
		case xml.CharData:
			n.Kind, n.Text = Chars, string(t)
		case xml.Comment:
			n.Kind, n.Text = Comment, string(t)
		case xml.Directive:
			return Fault(line, "a document type or an entity declaration is not allowed")
		default:
			continue
		}
		if err := fn(n); err != nil {
			return err
		}
	}
}

// plain is what the reader of XML says, without its own numbering of lines.
func plain(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Msg
	}
	return strings.TrimPrefix(err.Error(), "xml: ")
}

// Attr gives an attribute without a name space; "" when there is none.
func (n Node) Attr(name string) string {
	for _, a := range n.Attrs {
		if a.Space == "" && a.Name == name {
			return a.Value
		}
	}
	return ""
}
