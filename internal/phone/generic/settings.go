package generic

import (
	"regexp"
	"slices"

	"linecard/internal/phone"
	"linecard/internal/phone/flatxml"
)

// element is one setting in the file.
func (m maker) element(s phone.Setting) flatxml.Element {
	e := flatxml.Element{Name: s.Name, Text: s.Value, Attributes: m.Attributes}
	if at := indexed.FindStringSubmatchIndex(s.Name); m.Indexed && at != nil {
		e.Name = s.Name[:at[2]-1]
		e.Attributes = append([]flatxml.Attribute{{Name: flatxml.Index, Value: s.Name[at[2]:]}}, m.Attributes...)
	}
	return e
}

// indexed is a name with an index: user_name.1.
var indexed = regexp.MustCompile(`^[^.]+\.(0|[1-9][0-9]{0,3})$`)

// Defaults are the template's, for these inputs.
func (m maker) Defaults(in phone.Inputs) []phone.Setting {
	all := make([]phone.Setting, 0, len(m.Standing))
	for _, s := range m.Standing {
		all = append(all, phone.Setting{Name: s.Name, Value: s.Value(in)})
	}
	return phone.ByName(all)
}

// Spell knows lines only as far as the template does, and no keys at all.
func (m maker) Spell(l phone.Layout) phone.Spelling {
	var s phone.Spelling
	var lines []phone.Line
	lines, s.Misfits = l.Split(m.Accounts(l.Model), m.MaxLines)
	for _, line := range lines {
		identity, rest, misfits := m.Lines(line)
		s.Identity, s.Rest, s.Misfits = append(s.Identity, identity...), append(s.Rest, rest...), append(s.Misfits, misfits...)
	}
	for _, n := range l.GoneLines() {
		if n <= m.MaxLines {
			s.Rest = append(s.Rest, m.Off(n)...)
		}
	}
	for _, k := range l.Keys {
		s.Misfits = append(s.Misfits, phone.Misfit{Key: k, Code: "key_no_such_type", Reason: "How this maker's keys are set is not known here."})
	}
	return s.Sorted()
}

// Account is the template's.
func (m maker) Account(a phone.Account) []phone.Setting {
	if m.Own == nil {
		return nil
	}
	return phone.ByName(m.Own(a))
}

// Check refuses what cannot stand in an XML file, and passwords of the factory.
func (m maker) Check(s phone.Setting) error {
	if slices.Contains(m.Factory[s.Name], s.Value) {
		return phone.ErrFactory
	}
	return flatxml.Check(s)
}

// Gone is false: what these phones do with a parameter that is left out was in no source.
func (maker) Gone(string) (phone.Setting, bool) { return phone.Setting{}, false }

// Accounts is how many lines a model has.
func (m maker) Accounts(model string) int {
	found, _ := phone.Find(m.Catalogue, model)
	return found.Lines
}

// Models are the template's.
func (m maker) Models() []phone.Model { return m.Catalogue }
