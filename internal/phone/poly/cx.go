package poly

import (
	"slices"
	"strings"

	"linecard/internal/phone"
)

// withUpdates tells a CX5100 or CX5500 where it finds its updates: it looks there by itself, each Sunday at 01:00, and takes no image
// from the master file (DM-186). What a profile says stands.
func withUpdates(in phone.Inputs, all []phone.Setting) []phone.Setting {
	m, _ := phone.Find(models, in.Model)
	if m.Family != "CX" || in.Image.Base == "" || in.Image.Version == "" {
		return all
	}
	for _, s := range []phone.Setting{
		{Name: "device.local.autoUpdateEnabled", Value: "1"}, {Name: "device.local.updateInterval", Value: "604800"}, {Name: "device.local.updateTime", Value: "3600"},
		{Name: "device.local.updateServer", Value: strings.TrimRight(in.Image.Base, "/") + "/swupdate/CX/" + in.Image.Version},
	} {
		if slices.ContainsFunc(all, func(x phone.Setting) bool { return x.Name == s.Name }) {
			continue
		}
		all = append(all, s)
		if companion := s.Name + ".set"; !slices.ContainsFunc(all, func(x phone.Setting) bool { return x.Name == companion }) {
			all = append(all, phone.Setting{Name: companion, Value: "1"})
		}
	}
	return phone.ByName(all)
}
