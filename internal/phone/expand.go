package phone

import "strings"

// macVariable is the one variable that every phone has (DM-184).
const macVariable = "mac_address"

// Expand replaces ${mac_address} everywhere, $mac_address where no letter, digit or _ follows, and ${name} of vars, none of
// them twice: what comes in is not read again. Any other ${name} stays as it is and is named in unknown, each once and in
// order, so that it can be shown (DM-184).
func Expand(value string, mac MAC, vars map[string]string) (expanded string, unknown []string) {
	if !strings.Contains(value, "$") {
		return value, nil
	}
	var b strings.Builder
	for {
		at := strings.IndexByte(value, '$')
		if at < 0 {
			b.WriteString(value)
			return b.String(), unknown
		}
		b.WriteString(value[:at])
		value = value[at:]
		name, rest, braced := variable(value)
		with, known := vars[name]
		if name == macVariable {
			with, known = mac.String(), true
		}
		switch {
		case name != "" && known:
			b.WriteString(with)
			value = rest
			continue
		case braced && !contains(unknown, name):
			unknown = append(unknown, name)
		}
		b.WriteByte('$')
		value = value[1:]
	}
}

// variable reads what stands at the beginning of s, which is a dollar sign. name is "" when it is no variable.
func variable(s string) (name, rest string, braced bool) {
	if strings.HasPrefix(s, "${") {
		end := strings.IndexByte(s, '}')
		if end < 3 || end > 66 || strings.ContainsFunc(s[2:end], notInVariable) {
			return "", s, false
		}
		return s[2:end], s[end+1:], true
	}
	if rest, ok := strings.CutPrefix(s[1:], macVariable); ok && (rest == "" || notInVariable(rune(rest[0])) || rest[0] == '.' || rest[0] == '-') {
		return macVariable, rest, false
	}
	return "", s, false
}

func notInVariable(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.' || r == '-')
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
