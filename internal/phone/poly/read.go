package poly

import (
	"io"
	"regexp"
	"strconv"
	"strings"

	"linecard/internal/phone"
	"linecard/internal/phone/intake"
)

// ReadSettings reads configuration files, exports and overrides: every attribute of every element is a parameter, wherever it
// stands [S]. What belongs to XML itself is left out.
func (maker) ReadSettings(_ string, r io.Reader) ([]phone.Setting, error) {
	text, err := intake.Text(r)
	if err != nil {
		return nil, err
	}
	var all []phone.Setting
	elements := 0
	err = intake.XML(text, func(n intake.Node) error {
		if n.Kind != intake.Start {
			return nil
		}
		elements++
		for _, a := range n.Attrs {
			switch {
			case a.Space != "" || a.Name == "xmlns":
			case !attributeName(a.Name):
				return intake.Fault(n.Line, phone.ErrName.Message)
			case !phone.ValidText(a.Value):
				return intake.Fault(n.Line, phone.ErrText.Message)
			default:
				all = append(all, phone.Setting{Name: a.Name, Value: a.Value})
			}
		}
		return nil
	})
	if err == nil && elements == 0 {
		err = intake.ErrNothing
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Learn reads a schema: each attribute with its type, which is a base type or a restriction, its own or one with a name. How the
// maker's own schema is laid out is only known from those who use it, so nothing but the general form of schemas is counted on:
// whatever else there is does no harm.
func (maker) Learn(_ string, r io.Reader) (phone.Dictionary, error) {
	text, err := intake.Text(r)
	if err != nil {
		return phone.Dictionary{}, err
	}
	l := learner{types: map[string]phone.Parameter{}}
	if err := intake.XML(text, l.node); err != nil {
		return phone.Dictionary{}, err
	}
	if len(l.found) == 0 {
		return phone.Dictionary{}, intake.ErrSchema
	}
	for i, p := range l.found {
		l.found[i] = l.resolve(p, l.refs[i])
	}
	return phone.NewDictionary(Maker, "", l.version, l.found), nil
}

// learner is what a schema has told so far. open are the attribute or named type that is being read, innermost last.
type learner struct {
	version string
	found   []phone.Parameter
	refs    []string // type of each of found by name, when it has none of its own
	types   map[string]phone.Parameter
	open    []*draft
	inDoc   bool
}

type draft struct {
	phone.Parameter
	ref   string
	named bool // a type, not an attribute
	depth int
}

func (l *learner) node(n intake.Node) error {
	switch n.Kind {
	case intake.Start:
		return l.start(n)
	case intake.End:
		if n.Name == "documentation" {
			l.inDoc = false
		}
		if len(l.open) > 0 && l.top().depth == n.Depth {
			return l.close(n)
		}
	case intake.Chars:
		if l.inDoc && len(l.open) > 0 && len(l.top().Help) < intake.MaxHelp {
			l.top().Help = intake.Short(l.top().Help + " " + n.Text)
		}
	}
	return nil
}

func (l *learner) top() *draft { return l.open[len(l.open)-1] }

func (l *learner) start(n intake.Node) error {
	switch name := n.Attr("name"); n.Name {
	case "schema":
		l.version = intake.Short(n.Attr("version"))
	case "attribute":
		if name == "" { // a reference to another attribute
			return nil
		}
		if !attributeName(name) {
			return intake.Fault(n.Line, phone.ErrName.Message)
		}
		d := &draft{Parameter: phone.Parameter{Name: name, Type: phone.Text}, ref: local(n.Attr("type")), depth: n.Depth}
		for _, a := range n.Attrs {
			if a.Space == "" && (a.Name == "default" || a.Name == "fixed") {
				d.Default = &a.Value
			}
		}
		l.open = append(l.open, d)
	case "simpleType":
		if name != "" {
			l.open = append(l.open, &draft{Parameter: phone.Parameter{Name: name, Type: phone.Text}, named: true, depth: n.Depth})
		}
	case "documentation":
		l.inDoc = true
	case "restriction":
		if len(l.open) > 0 {
			l.top().ref = local(n.Attr("base"))
		}
	default:
		return l.facet(n)
	}
	return nil
}

// facet narrows the type that is being read.
func (l *learner) facet(n intake.Node) error {
	if len(l.open) == 0 {
		return nil
	}
	p, value := &l.top().Parameter, n.Attr("value")
	bound := func(at **int64, by int64) error {
		v, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			if _, float := strconv.ParseFloat(value, 64); float == nil { // a bound of a decimal is left out
				return nil
			}
			return intake.Fault(n.Line, "a bound is no number")
		}
		v += by
		*at = &v
		return nil
	}
	switch n.Name {
	case "enumeration":
		if len(p.Allowed) < 1000 {
			p.Allowed = append(p.Allowed, value)
		}
	case "minInclusive":
		return bound(&p.Min, 0)
	case "maxInclusive":
		return bound(&p.Max, 0)
	case "minExclusive":
		return bound(&p.Min, 1)
	case "maxExclusive":
		return bound(&p.Max, -1)
	case "maxLength", "length":
		if v, err := strconv.Atoi(value); err == nil && v > 0 {
			p.MaxBytes = 4 * v // the schema counts characters
		}
	case "pattern":
		if _, err := regexp.Compile("^(?:" + value + ")$"); err == nil && p.Pattern == "" && len(value) <= 1000 {
			p.Pattern = value
		}
	}
	return nil
}

func (l *learner) close(n intake.Node) error {
	d := l.top()
	l.open = l.open[:len(l.open)-1]
	if d.named {
		d.Parameter.Type = baseType(d.Parameter, d.ref)
		l.types[d.Name] = d.Parameter
		return nil
	}
	if len(l.found) >= intake.MaxParameters {
		return intake.Fault(n.Line, "more than 200,000 parameters")
	}
	l.found, l.refs = append(l.found, d.Parameter), append(l.refs, d.ref)
	return nil
}

// resolve gives a parameter the type that it names, one step deep.
func (l *learner) resolve(p phone.Parameter, ref string) phone.Parameter {
	t, known := l.types[ref]
	if !known {
		p.Type = baseType(p, ref)
		p.Allowed = booleans(p)
		return p
	}
	if p.Help == "" {
		p.Help = t.Help
	}
	if len(p.Allowed) == 0 {
		p.Allowed = t.Allowed
	}
	if p.Min == nil {
		p.Min = t.Min
	}
	if p.Max == nil {
		p.Max = t.Max
	}
	if p.Pattern == "" {
		p.Pattern = t.Pattern
	}
	if p.MaxBytes == 0 {
		p.MaxBytes = t.MaxBytes
	}
	p.Type = t.Type
	if len(p.Allowed) > 0 && p.Type == phone.Text {
		p.Type = phone.Enum
	}
	p.Allowed = booleans(p)
	return p
}

// baseType maps the types of XML Schema.
func baseType(p phone.Parameter, base string) phone.ParameterType {
	switch {
	case base == "boolean":
		return phone.Boolean
	case len(p.Allowed) > 0:
		return phone.Enum
	}
	switch base {
	case "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte", "negativeInteger", "nonPositiveInteger":
		return phone.Integer
	}
	if p.Min != nil || p.Max != nil {
		return phone.Integer
	}
	return phone.Text
}

// booleans are the spellings of a boolean that names none.
func booleans(p phone.Parameter) []string {
	if p.Type == phone.Boolean && len(p.Allowed) == 0 {
		return []string{"0", "1", "false", "true"}
	}
	return p.Allowed
}

func local(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }
