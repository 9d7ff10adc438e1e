package yealink

import (
	"io"
	"strings"

	"linecard/internal/phone"
	"linecard/internal/phone/intake"
)

// ReadSettings reads configuration files and the -local.cfg that phones upload. What is encrypted or stands in another file is a
// fault of its line: it would be lost without a word.
func (maker) ReadSettings(_ string, r io.Reader) ([]phone.Setting, error) {
	var all []phone.Setting
	err := each(r, func(_ int, s phone.Setting, _ string) error {
		all = append(all, s)
		return nil
	})
	if err == nil && len(all) == 0 {
		err = intake.ErrNothing
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Learn reads an exported configuration or a template: it tells which parameters there are, not what values they take. The
// comment above a parameter becomes its help.
func (maker) Learn(_ string, r io.Reader) (phone.Dictionary, error) {
	var found []phone.Parameter
	err := each(r, func(line int, s phone.Setting, help string) error {
		if len(found) >= intake.MaxParameters {
			return intake.Fault(line, "more than 200,000 parameters")
		}
		found = append(found, phone.Parameter{Name: s.Name, Type: phone.Text, Help: help})
		return nil
	})
	if err == nil && len(found) == 0 {
		err = intake.ErrSchema
	}
	if err != nil {
		return phone.Dictionary{}, err
	}
	return phone.NewDictionary(Maker, "", "", found), nil
}

// each calls fn with every setting of the file and the comment above it.
func each(r io.Reader, fn func(line int, s phone.Setting, comment string) error) error {
	text, err := intake.Text(r)
	if err != nil {
		return err
	}
	comment := ""
	return intake.Lines(text, func(number int, line string) error {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			comment = ""
			return nil
		case strings.HasPrefix(line, "#!encrypt") || strings.HasPrefix(line, "#!conf_encryption"):
			return intake.Fault(number, "the file is encrypted")
		case line[0] == '#':
			comment = intake.Short(comment + " " + strings.Trim(line, "#! \t"))
			return nil
		case strings.HasPrefix(line, "include:"):
			return intake.Fault(number, "settings in another file cannot be read")
		}
		name, value, ok := strings.Cut(line, "=")
		s := phone.Setting{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)}
		switch {
		case !ok:
			return intake.Fault(number, "this is no setting: there is no equals sign")
		case !phone.ValidName(s.Name):
			return intake.Fault(number, phone.ErrName.Message)
		case !validValue(s.Value):
			return intake.Fault(number, phone.ErrValue.Message)
		}
		help := comment
		comment = ""
		return fn(number, s, help)
	})
}
