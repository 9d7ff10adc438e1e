package cisco

import (
	"io"
	"slices"
	"strings"

	"linecard/internal/phone"
	"linecard/internal/phone/flatxml"
	"linecard/internal/phone/intake"
)

// root is the element whose children are the settings; it may stand inside another [S].
const root = "flat-profile"

// ReadSettings reads profiles and what phones export as config.xml.
func (maker) ReadSettings(_ string, r io.Reader) ([]phone.Setting, error) {
	leaves, err := leaves(r)
	if err != nil {
		return nil, err
	}
	all := make([]phone.Setting, 0, len(leaves))
	for _, l := range leaves {
		all = append(all, phone.Setting{Name: l.Name, Value: strings.TrimSpace(l.Text)})
	}
	return all, nil
}

// Learn reads a config.xml: which parameters there are and, from the comment that devices write beside one
// (options: Yes/No), which values it takes. The value is the phone's own and says nothing about the default.
func (maker) Learn(_ string, r io.Reader) (phone.Dictionary, error) {
	leaves, err := leaves(r)
	if err != nil {
		return phone.Dictionary{}, err
	}
	if len(leaves) == 0 {
		return phone.Dictionary{}, intake.ErrSchema
	}
	found := make([]phone.Parameter, 0, len(leaves))
	for _, l := range leaves {
		p := phone.Parameter{Name: l.Name, Type: phone.Text, Help: intake.Short(l.Above)}
		if list, ok := strings.CutPrefix(l.Beside, "options:"); ok {
			p.Type = phone.Enum
			for _, option := range strings.Split(list, "/") {
				if option = strings.TrimSpace(option); option != "" && !slices.Contains(p.Allowed, option) && len(p.Allowed) < 1000 {
					p.Allowed = append(p.Allowed, option)
				}
			}
			if slices.Equal(p.Allowed, []string{"Yes", "No"}) || slices.Equal(p.Allowed, []string{"No", "Yes"}) {
				p.Type = phone.Boolean
			}
			// A value that is not among the options had a slash in it, or the list is not whole: then it is no list to check against.
			if v := strings.TrimSpace(l.Text); len(p.Allowed) == 0 || v != "" && !slices.Contains(p.Allowed, v) {
				p.Type, p.Allowed = phone.Text, nil
			}
		}
		found = append(found, p)
	}
	return phone.NewDictionary(Maker, "", "", found), nil
}

func leaves(r io.Reader) ([]flatxml.Leaf, error) {
	text, err := intake.Text(r)
	if err != nil {
		return nil, err
	}
	all, found, err := flatxml.Read(text, root)
	if err == nil && !found {
		err = intake.ErrNothing
	}
	return all, err
}
