package generic

import (
	"io"
	"strings"

	"linecard/internal/phone"
	"linecard/internal/phone/flatxml"
	"linecard/internal/phone/intake"
)

// ReadSettings reads the XML files of the template's maker: the elements inside one of Template.Inside.
func (m maker) ReadSettings(_ string, r io.Reader) ([]phone.Setting, error) {
	text, err := intake.Text(r)
	if err != nil {
		return nil, err
	}
	leaves, found, err := flatxml.Read(text, m.Inside...)
	if err == nil && !found {
		err = intake.ErrNothing
	}
	if err != nil {
		return nil, err
	}
	all := make([]phone.Setting, 0, len(leaves))
	for _, l := range leaves {
		s := phone.Setting{Name: l.Name, Value: strings.TrimSpace(l.Text)}
		if idx := l.Attr(flatxml.Index); m.Indexed && idx != "" {
			s.Name += "." + idx
			if !indexed.MatchString(s.Name) {
				return nil, intake.Fault(l.Line, "the index is no number")
			}
		}
		all = append(all, s)
	}
	return all, nil
}
