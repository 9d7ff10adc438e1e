package config

import (
	"crypto/sha256"
	"encoding/base64"
	"hash"

	"linecard/internal/phone"
)

// difference is a parameter whose value a change makes another one, adds or takes away.
type difference struct {
	name          string
	before, after string
	had, has      bool
}

// differ compares what two resolutions give a phone; both are sorted by name.
func differ(before, after []Value) []difference {
	var out []difference
	for len(before) > 0 || len(after) > 0 {
		switch {
		case len(after) == 0 || len(before) > 0 && before[0].Name < after[0].Name:
			out = append(out, difference{name: before[0].Name, before: before[0].Value, had: true})
			before = before[1:]
		case len(before) == 0 || after[0].Name < before[0].Name:
			out = append(out, difference{name: after[0].Name, after: after[0].Value, has: true})
			after = after[1:]
		default:
			if before[0].Value != after[0].Value {
				out = append(out, difference{name: after[0].Name, before: before[0].Value, after: after[0].Value, had: true, has: true})
			}
			before, after = before[1:], after[1:]
		}
	}
	return out
}

// stays names the parameters that the change takes away but that phones of this maker keep (decision 14).
func stays(maker phone.Renderer, all []difference) []string {
	var out []string
	for _, d := range all {
		if d.has {
			continue
		}
		if _, reaches := maker.Gone(d.name); !reaches {
			out = append(out, d.name)
		}
	}
	return out
}

// reversed is what an undo makes different.
func reversed(all []difference) []difference {
	out := make([]difference, len(all))
	for i, d := range all {
		out[i] = difference{name: d.name, before: d.after, after: d.before, had: d.has, has: d.had}
	}
	return out
}

// digestOf is the same for phones for which the same becomes different.
func digestOf(maker string, all []difference, software [2]string) string {
	h := sha256.New()
	write(h, maker, software[0], software[1])
	for _, d := range all {
		write(h, d.name, mark(d.had, d.before), mark(d.has, d.after))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:15])
}

func mark(there bool, value string) string {
	if !there {
		return ""
	}
	return "=" + value
}

// write adds texts so that no two lists of them look alike.
func write(h hash.Hash, all ...string) {
	for _, s := range all {
		n := len(s)
		_, _ = h.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		_, _ = h.Write([]byte(s))
	}
}
