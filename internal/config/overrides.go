package config

import (
	"bytes"
	"cmp"
	"slices"

	"linecard/internal/device"
	"linecard/internal/phone"
)

// OnPhone is the container of what was changed on the phone: above all others, because the phone holds on to it whatever we send, until
// it is cleared (decision 14). Key is the name of the file that the phone keeps it in.
const OnPhone Container = "phone"

// overlaid puts what was changed on a phone above its values. A file that cannot be read is named and changes nothing.
func overlaid(maker phone.Renderer, values []Value, files []device.Changed) (out []Value, unreadable []string) {
	reader, ok := maker.(phone.Reader)
	if !ok {
		for _, f := range files {
			unreadable = append(unreadable, f.Name)
		}
		return values, unreadable
	}
	out = slices.Clone(values)
	at := map[string]int{}
	for i, v := range out {
		at[v.Name] = i
	}
	for _, f := range slices.Backward(files) { // the one that counts most comes last and overrules the others
		settings, err := reader.ReadSettings(f.Name, bytes.NewReader(f.Body))
		if err != nil {
			unreadable = append(unreadable, f.Name)
			continue
		}
		from := Origin{Container: OnPhone, Key: f.Name}
		settings, _ = phone.Latest(settings)
		for _, s := range settings {
			i, known := at[s.Name]
			if !known {
				at[s.Name] = len(out)
				out = append(out, Value{Setting: s, Origin: from})
				continue
			}
			was := out[i]
			out[i] = Value{Setting: phone.Setting{Name: was.Name, Value: s.Value}, Origin: from, Overruled: append([]Losing{{was.Value, was.Origin}}, was.Overruled...)}
		}
	}
	slices.SortFunc(out, func(a, b Value) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(unreadable)
	return out, unreadable
}
