package flatxml

import (
	"strings"

	"linecard/internal/phone"
	"linecard/internal/phone/intake"
)

// Leaf is an element with a text and no elements inside, as it stands in a file.
type Leaf struct {
	Name, Text, In string // In is the element around it
	Attrs          []intake.Attr
	Line           int
	// Above is the last comment before it, Beside the comments after it in the same line, as devices export them.
	Above, Beside string
}

// Attr gives an attribute; "" when there is none.
func (l Leaf) Attr(name string) string { return intake.Node{Attrs: l.Attrs}.Attr(name) }

// Read gives the leaves of a document whose settings are the elements inside an element of one of these names. Elements elsewhere
// are left out; an element inside a setting, and a name or value that could not be written again, is a fault of its line.
// found says whether one of the names was there.
func Read(text string, inside ...string) (leaves []Leaf, found bool, err error) {
	r := reader{inside: inside}
	err = intake.XML(text, r.node)
	return r.leaves, r.found, err
}

type reader struct {
	inside  []string
	path    []string
	leaves  []Leaf
	open    bool // the last leaf has not ended
	found   bool
	above   string
	endLine int
}

func (r *reader) node(n intake.Node) error {
	switch n.Kind {
	case intake.Start:
		return r.start(n)
	case intake.End:
		r.open, r.endLine = false, n.Line
		r.path = r.path[:len(r.path)-1]
	case intake.Chars:
		if r.open {
			leaf := &r.leaves[len(r.leaves)-1]
			if leaf.Text += n.Text; !phone.ValidText(leaf.Text) {
				return intake.Fault(n.Line, phone.ErrText.Message)
			}
		}
	case intake.Comment:
		if last := len(r.leaves) - 1; last >= 0 && !r.open && r.endLine == n.Line {
			r.leaves[last].Beside = strings.TrimSpace(n.Text)
			return nil
		}
		r.above = strings.TrimSpace(n.Text)
	}
	return nil
}

func (r *reader) start(n intake.Node) error {
	if r.open {
		return intake.Fault(n.Line, "there is an element inside the setting "+r.leaves[len(r.leaves)-1].Name)
	}
	in := ""
	if len(r.path) > 0 {
		in = r.path[len(r.path)-1]
	}
	r.path = append(r.path, n.Name)
	for _, name := range r.inside {
		r.found = r.found || n.Name == name
		if in != name {
			continue
		}
		if !ValidName(n.Name) {
			return intake.Fault(n.Line, phone.ErrName.Message)
		}
		r.leaves = append(r.leaves, Leaf{Name: n.Name, In: in, Attrs: n.Attrs, Line: n.Line, Above: r.above})
		r.open = true
	}
	return nil
}
